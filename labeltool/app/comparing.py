"""Two models on the same images: which is better at what, on how many images, and where they disagree.

Images that one of them was trained on are kept apart, because that one knows them by heart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labeltool.app.evaluate import Measured, Row, Sums, labelled_images, measured, used_for
from labeltool.app.models import Model, class_mapping, is_recorded, subsets
from labeltool.app.models.seen import TRAINED_ON
from labeltool.app.prelabel import part, predict
from labeltool.app.truth import Origins, truth, truth_origins
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import tile_box, tiles_in
from labeltool.core.mask import LabelMask, Plane
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped
from labeltool.inference.options import InferenceOptions
from labeltool.store.project import ProjectStore

FIGURES = ("iou", "boundary_iou", "ece")
"""What is compared class by class."""


@dataclass
class Pair:
    """The sums of both models over the same images, and a row for each image."""

    catalog: ClassCatalog
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.a, self.b = Sums(self.catalog), Sums(self.catalog)

    def add(self, a: Measured, b: Measured, row: Row) -> None:
        """Count an image."""
        self.a.add(a)
        self.b.add(b)
        self.rows.append(row)

    def to_json(self) -> dict[str, Any] | None:
        """The figures of both, class by class with ``difference``, which is b's less a's; None without images."""
        if not self.rows:
            return None
        a, b = self.a.to_json(), self.b.to_json()
        better = Counter(row["better"] for row in self.rows)
        return {
            "images": len(self.rows),
            "better": {name: better[name] for name in ("a", "b", "same")},
            "pixels": {
                name: sum(row["pixels"][name] for row in self.rows) for name in self.rows[0]["pixels"]
            },
            **{name: _against(a[name], b[name]) for name in ("miou", "pixel_accuracy", "ece")},
            "per_class": {
                c.name: {
                    figure: _against(_of(a, figure, c.name), _of(b, figure, c.name)) for figure in FIGURES
                }
                for c in self.catalog.classes
            },
        }


@dataclass
class Comparison:
    """What came of it: ``unseen`` counts the images that neither model was trained on, as far as anybody knows,
    ``seen`` the others.

    ``unrecorded`` are the models of which nobody knows all that they were trained on, ``lacking`` the classes of the
    project that each does not know, ``skipped`` the images that were left out, ``notices`` sentences for the user.
    """

    a: Model
    b: Model
    unseen: Pair
    seen: Pair
    unrecorded: list[str]
    lacking: dict[str, list[str]]
    skipped: list[Skipped]
    notices: list[str]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "a": self.a.key,
            "b": self.b.key,
            "unseen": self.unseen.to_json(),
            "seen": self.seen.to_json(),
            "unrecorded": self.unrecorded,
            "lacking": self.lacking,
            "per_image": [*self.unseen.rows, *self.seen.rows],
        }


def compare(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    a: Model,
    b: Model,
    how: InferenceOptions | None = None,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Comparison:
    """Judge two models by the truth of the same images; predictions are made and kept where they are missing.

    BadInputError when nobody has labelled any of the images, or when both are the same model.
    """
    if a.key == b.key:
        raise BadInputError(f"both are the same model, {a.key}", file=store.root, hint="Choose another one")
    how = how or InferenceOptions()
    labelled, skipped = labelled_images(store, records)
    used = [subsets(model.folder) for model in (a, b)]
    unseen, seen = Pair(store.catalog), Pair(store.catalog)

    def count(record: ImageRecord) -> None:
        kept_a, kept_b = (store.prediction(record.id, model.prediction_key(how)) for model in (a, b))
        if kept_a is None or kept_b is None:
            return  # a could not be run on it, and its report says why
        mask, origins = store.load_mask(record.id), truth_origins(record)
        of_a, of_b = (
            measured(record.name, kept, mask, store.catalog, used_for(known, record), origins=origins)
            for kept, known in zip((kept_a, kept_b), used, strict=True)
        )
        if of_a is not None and of_b is not None:
            pixels = {"counted": of_a.counted.pixels, **_agreement(kept_a.label, kept_b.label, mask, origins)}
            row = {"name": record.name, "id": record.id, "better": _better(of_a, of_b), "pixels": pixels}
            row |= {"a": of_a.row, "b": of_b.row}
            known_to_one = any(each.row["used_for"] in TRAINED_ON for each in (of_a, of_b))
            (seen if known_to_one else unseen).add(of_a, of_b, row)

    first = predict(store, labelled, a, how, progress=part(progress, 0, 2, a.card.name), cancel=cancel)
    second = predict(
        store, labelled, b, how, progress=part(progress, 1, 2, b.card.name), cancel=cancel, done=count
    )
    return Comparison(
        a,
        b,
        unseen,
        seen,
        [model.key for model in (a, b) if not is_recorded(model.folder)],
        {name: _lacking(model, store.catalog) for name, model in (("a", a), ("b", b))},
        list(dict.fromkeys([*skipped, *first.skipped, *second.skipped])),
        list(dict.fromkeys([*first.notices, *second.notices])),
    )


def _better(a: Measured, b: Measured) -> str:
    """Which of two has the higher mIoU on an image."""
    by = (b.row["miou"] or 0.0) - (a.row["miou"] or 0.0)
    return "b" if by > 0 else "a" if by < 0 else "same"


def _agreement(a: Plane, b: Plane, mask: LabelMask, origins: Origins) -> dict[str, int]:
    """Pixels where two answers differ, and, of those whose class somebody has set, where only one of them is right."""
    found = {"disagree": 0, "only_a_right": 0, "only_b_right": 0}
    for index in tiles_in(mask.size.box, mask.size):
        true = truth(mask, tile_box(index, mask.size), origins)
        from_a, from_b = a.tile(index), b.tile(index)
        differ, counted = from_a != from_b, true != IGNORE
        found["disagree"] += int(np.count_nonzero(differ))
        found["only_a_right"] += int(np.count_nonzero(differ & counted & (from_a == true)))
        found["only_b_right"] += int(np.count_nonzero(differ & counted & (from_b == true)))
    return found


def _of(figures: dict[str, Any], figure: str, name: str) -> float | None:
    """A figure of a class as :meth:`Sums.to_json` has it."""
    found: float | None = {
        "iou": figures["per_class"][name]["iou"],
        "boundary_iou": figures["boundary_iou"][name],
        "ece": figures["ece_per_class"][name],
    }[figure]
    return found


def _against(a: float | None, b: float | None) -> dict[str, float | None]:
    return {"a": a, "b": b, "difference": None if a is None or b is None else b - a}


def _lacking(model: Model, catalog: ClassCatalog) -> list[str]:
    known = set(class_mapping(model.card, catalog).values())
    return [c.name for c in catalog.classes if c.value not in known]
