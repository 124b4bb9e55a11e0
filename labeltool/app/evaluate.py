"""Predictions against what people have labelled: what a human, an import or a reviewer has set, and all of an approved
image.

What a model was trained on it knows by heart: figures of these images are kept apart from the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeltool.app.models import Model, digest_of, is_recorded, subsets
from labeltool.app.models.seen import CHOSEN_ON, TRAINED_ON
from labeltool.app.prelabel import predict
from labeltool.app.truth import Origins, truth, truth_origins, with_truth
from labeltool.core.boundary import boundary_ious
from labeltool.core.calibration import Calibration
from labeltool.core.catalog import ClassCatalog
from labeltool.core.compare import ConfusionMatrix, mean
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, tile_box, tiles_in
from labeltool.core.mask import LabelMask, Plane
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.provenance import TRUTH
from labeltool.inference.options import InferenceOptions
from labeltool.store.predictions import PredictionPlanes
from labeltool.store.project import ProjectStore

Row = dict[str, Any]


@dataclass
class Sums:
    """Counts over images, and a row for each; memory does not grow with an image's size."""

    catalog: ClassCatalog
    counted: ConfusionMatrix = field(default_factory=ConfusionMatrix)
    calibration: Calibration = field(default_factory=Calibration)
    rows: list[Row] = field(default_factory=list)

    def add(self, image: Measured) -> None:
        """Count an image."""
        self.counted += image.counted
        self.calibration += image.calibration
        self.rows.append(image.row)

    def to_json(self) -> dict[str, Any]:
        """The figures; null where a class neither occurs nor was predicted."""
        return {
            **self.counted.report(self.catalog),
            "mean_iou_over_images": self._means("iou"),
            "boundary_iou": self._means("boundary_iou"),
            "ece": self.calibration.error,
            "ece_per_class": {c.name: self.calibration.error_of(c.value) for c in self.catalog.classes},
            "reliability": [each._asdict() for each in self.calibration.bins()],
            "images": len(self.rows),
        }

    def _means(self, figure: str) -> dict[str, float | None]:
        return {c.name: mean(row[figure][c.name] for row in self.rows) for c in self.catalog.classes}


@dataclass(frozen=True)
class Measured:
    """One image: its counts, and its row."""

    counted: ConfusionMatrix
    calibration: Calibration
    row: Row


def measured(
    name: str,
    kept: PredictionPlanes,
    mask: LabelMask,
    catalog: ClassCatalog,
    subset: str = "",
    cancel: CancelToken | None = None,
    origins: Origins = TRUTH,
) -> Measured | None:
    """Count an image, tile by tile; None for a mask without truth. ``kept`` holds the project's class values;
    ``subset`` is what the model's training used the image for: train, val, unlabelled or nothing; ``origins`` are those
    that count. Raises CancelledError after a cancel."""
    cancel = cancel or CancelToken()

    def read(box: Box) -> NDArray[np.uint8]:
        cancel.check()
        return truth(mask, box, origins)

    counted, calibration = ConfusionMatrix(), Calibration()
    for index in tiles_in(mask.size.box, mask.size):
        box = tile_box(index, mask.size)
        true, found = read(box), _read(kept.label, box)
        counted.add(true, found)
        calibration.add(true, found, _read(kept.confidence, box))
    if not counted.pixels:
        return None
    boundaries = boundary_ious(read, lambda box: _read(kept.label, box), mask.size, catalog.values)
    classes = catalog.classes
    row = {
        "name": name,
        "used_for": subset,
        "miou": counted.miou(catalog.values),
        "iou": {c.name: counted.of(c.value).iou for c in classes},
        "boundary_iou": {c.name: boundaries[c.value] for c in classes},
        "ece": calibration.error,
        "pixels": {c.name: _pixels(counted, c.value) for c in classes},
    }
    return Measured(counted, calibration, row)


@dataclass
class Evaluation:
    """Figures of all images, and of those that the model was trained on (``seen``) and was not (``unseen``).

    ``known`` is False where nobody recorded all that the model was trained on. ``left_out`` counts images that were not
    looked at because the model was trained on them; ``notices`` are sentences for the user.
    """

    catalog: ClassCatalog
    known: bool = True
    left_out: int = 0
    notices: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.all, self.seen, self.unseen = (Sums(self.catalog) for _ in range(3))

    def add(
        self,
        name: str,
        kept: PredictionPlanes,
        mask: LabelMask,
        subset: str = "",
        origins: Origins = TRUTH,
    ) -> None:
        """Count an image as :func:`measured` does; one without truth adds nothing."""
        image = measured(name, kept, mask, self.catalog, subset, origins=origins)
        if image is not None:
            self.all.add(image)
            (self.seen if subset in TRAINED_ON else self.unseen).add(image)

    def to_json(self) -> dict[str, Any]:
        """The figures of all images; ``seen`` and ``unseen`` are null where there is no such image."""
        return {
            **self.all.to_json(),
            "training_known": self.known,
            "trained_on": len(self.seen.rows),
            "chosen_on": sum(row["used_for"] == CHOSEN_ON for row in self.all.rows),
            "left_out": self.left_out,
            **{
                name: sums.to_json() if sums.rows else None
                for name, sums in (("seen", self.seen), ("unseen", self.unseen))
            },
            "per_image": self.all.rows,
        }


def evaluate(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    model: Model,
    how: InferenceOptions | None = None,
    *,
    unseen: bool = False,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> tuple[Evaluation, list[Skipped]]:
    """Compare images that have truth with the model's predictions, which are made and kept where they are missing.

    With ``unseen`` the images that the model was trained on are left out. BadInputError when no image has a pixel
    that counts.
    """
    how = how or InferenceOptions()
    used = subsets(model.folder)
    labelled, skipped = labelled_images(store, records)
    fresh = [r for r in labelled if not (unseen and used_for(used, r) in TRAINED_ON)]
    if not fresh:
        raise BadInputError(
            f"the model was trained on all {len(labelled)} of these images",
            file=store.root,
            hint="Label others, or evaluate these without --unseen",
        )
    result = Evaluation(store.catalog, is_recorded(model.folder), len(labelled) - len(fresh))

    def count(record: ImageRecord) -> None:
        kept = store.prediction(record.id, model.prediction_key(how))
        if kept is not None:
            mask = store.load_mask(record.id)
            result.add(record.name, kept, mask, used_for(used, record), truth_origins(record))

    report = predict(store, fresh, model, how, progress=progress, cancel=cancel, done=count)
    result.notices = report.notices
    return result, skipped + report.skipped


def labelled_images(
    store: ProjectStore, records: Sequence[ImageRecord]
) -> tuple[list[ImageRecord], list[Skipped]]:
    """The images that a model can be judged on, and those whose mask is damaged. BadInputError when there is none."""
    labelled, skipped = with_truth(store, records)
    if not labelled:
        raise BadInputError(
            "nobody has labelled a pixel of these images",
            file=store.root,
            hint="Evaluation counts what was painted, imported or reviewed, never a pre-label",
        )
    return labelled, skipped


def used_for(used: Mapping[str, str], record: ImageRecord) -> str:
    """What a training that used these digests took an image for; empty for nothing, or where nobody knows."""
    return used.get(digest_of(record), "")


def _pixels(counted: ConfusionMatrix, value: int) -> dict[str, int]:
    """What is needed to pool images in other groups than all of them."""
    counts = counted.counts
    return {
        "both": int(counts[value, value]),
        "truth": int(counts[value].sum()),
        "predicted": int(counts[:, value].sum()),
    }


def _read(plane: Plane, box: Box) -> NDArray[np.uint8]:
    return plane.read(box).astype(np.uint8, copy=False)
