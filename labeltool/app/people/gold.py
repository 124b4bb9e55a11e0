"""Hidden gold images: labelled by somebody who knows, and put among the others to see how well people label.

What makes an image one is kept beside its annotation. It looks new to whoever opens it, and is nowhere listed but here.
Its truth is never trained with: training reads annotations, and this one is emptied. Once it is labelled again it is
an image like any other, in the split that it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from labeltool.app.leaving_out import left_out
from labeltool.app.people.agreement import agree
from labeltool.app.people.deciding import decided
from labeltool.app.people.hidden import HIDING, start
from labeltool.app.people.history import mask_at
from labeltool.app.people.references import annotation_layer, keep_annotation, reference_layer
from labeltool.app.project import reason
from labeltool.core.agreement import Agreement
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError, StoreError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped, Status
from labeltool.core.provenance import TRUTH
from labeltool.store.decisions import Decision
from labeltool.store.predictions import GOLD, reference_key
from labeltool.store.project import ProjectStore

FINISHED = (Status.DONE, Status.APPROVED)
"""Decisions that say: these pixels are right."""


@dataclass
class Hidden:
    """What became of the images: those that are gold now, what was left out and why, and what to think of."""

    images: list[ImageRecord] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def hide(store: ProjectStore, records: Sequence[ImageRecord], cancel: CancelToken | None = None) -> Hidden:
    """Keep the truth of images as gold, and empty their annotation. No session of them is valid any more then."""
    cancel, found = cancel or CancelToken(), Hidden()
    for record in records:
        cancel.check()
        try:
            with left_out(found.skipped, record):
                found.notices += _hide(store, record)
                found.images.append(record)
        except StoreError:
            raise  # of all images
        except LabeltoolError as error:
            found.skipped.append(Skipped(str(record.path), reason(error)))
    return found


def _hide(store: ProjectStore, record: ImageRecord) -> list[str]:
    """Make an image gold; sentences about it. After a kill in between it can be called again."""
    if start(store, record.id).hidden:
        raise BadInputError("is a hidden gold image already")
    notices = []
    if not store.prediction_planes(record.id, reference_key(GOLD)) or store.class_pixels(record.id):
        pixels = keep_annotation(store, record.id, GOLD, TRUTH, clear=True)
        without = 1 - pixels / record.size.pixels
        if without > 0:
            notices.append(
                f"{record.name}: {without:.1%} of it has no truth, and what people label there is not judged"
            )
    store.add_event(record.id, HIDING, {"hidden": True, "revision": store.image(record.id).revision})
    if record.split == "train":
        notices.append(f"{record.name} is in train: a model that has learnt it pre-labels it too well")
    if record.split in ("val", "test"):
        notices.append(f"{record.name} is in {record.split}, and judges no model until it is labelled again")
    return notices


def reveal(store: ProjectStore, record: ImageRecord) -> int:
    """Make a gold image one like any other; returns the revision that holds its truth, which stays in its history.

    The annotation stays as people have made it meanwhile. BadInputError where the image is no gold image.
    """
    first = start(store, record.id)
    if not first.hidden:
        raise BadInputError("is no hidden gold image", file=record.path)
    store.add_event(record.id, HIDING, {"hidden": False})
    store.remove_prediction(record.id, reference_key(GOLD))
    return first.revision - 1


@dataclass(frozen=True)
class Judged:
    """An annotation that somebody called done or approved, against gold. In ``found`` gold is a, the annotation b."""

    record: ImageRecord
    decision: Decision
    found: Agreement

    def to_json(self, catalog: ClassCatalog) -> dict[str, Any]:
        """A row of the report."""
        return {
            "image": self.record.name,
            "id": self.record.id,
            "author": self.decision.author,
            "at_utc": self.decision.at_utc,
            "status": self.decision.status.value,
            "revision": self.decision.revision,
            **figures(self.found, catalog),
        }


@dataclass
class GoldReport:
    """How well people label: ``judged`` in order of time, ``waiting`` gold images that nobody has finished yet."""

    catalog: ClassCatalog
    judged: list[Judged] = field(default_factory=list)
    waiting: int = 0
    skipped: list[Skipped] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values. A person's figures are pooled over their newest word on each image."""
        newest = {(each.decision.author, each.record.id): each for each in self.judged}
        authors = sorted({author for author, _ in newest})
        return {
            "images": len({each.record.id for each in self.judged}),
            "waiting": self.waiting,
            "annotators": {
                author: self._pooled([each for (by, _), each in newest.items() if by == author])
                for author in authors
            },
            "over_time": [each.to_json(self.catalog) for each in self.judged],
        }

    def _pooled(self, judged: Sequence[Judged]) -> dict[str, Any]:
        total = Agreement()
        for each in judged:
            total += each.found
        return {"images": len(judged), **figures(total, self.catalog)}


def report(store: ProjectStore, progress: Progress = silent, cancel: CancelToken | None = None) -> GoldReport:
    """Hold what people have called done or approved against gold, as it was when they did. Goes through all images."""
    cancel, found, records = cancel or CancelToken(), GoldReport(store.catalog), store.images()
    for number, record in enumerate(records):
        cancel.check()
        progress(number, len(records), record.name)
        with left_out(found.skipped):
            if start(store, record.id).hidden:
                judged = _judged(store, record)
                found.judged += judged
                found.waiting += not judged
    found.judged.sort(key=lambda each: each.decision.at_utc)
    return found


def _judged(store: ProjectStore, record: ImageRecord) -> list[Judged]:
    gold = reference_layer(store, record.id, GOLD, IGNORE)  # only where there is truth anybody is judged
    made = [each for each in decided(store, record.id) if each.status in FINISHED]
    if gold is None or not made:
        return []
    fill = store.catalog.unlabelled_value
    return [
        Judged(record, each, agree(gold, annotation_layer(mask_at(store, record.id, each.revision), fill)))
        for each in made
    ]


def figures(found: Agreement, catalog: ClassCatalog) -> dict[str, Any]:
    """What is told of an annotation against gold; ``missed`` are pixels of gold to which it gives no class."""
    scores = {c.name: found.counted.of(c.value) for c in catalog.classes}
    return {
        "kappa": found.kappa,
        "pixel_accuracy": found.counted.pixel_accuracy,
        "miou": found.counted.miou(catalog.values),
        "pixels": found.counted.pixels,
        "missed": found.only_a,
        "per_class": {
            name: {"iou": s.iou, "dice": s.f1, "precision": s.precision, "recall": s.recall}
            for name, s in scores.items()
        },
    }
