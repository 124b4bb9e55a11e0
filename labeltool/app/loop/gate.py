"""Whether a model may take the place of the one in use: not if any class is worse beyond the noise of test images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np

from labeltool.app.choices import Draw
from labeltool.app.comparing import compare
from labeltool.app.evaluate import Row, evaluate
from labeltool.app.models import Model, digest_of, is_recorded, subsets
from labeltool.app.splits import units_of
from labeltool.core.bootstrap import LEVEL, Counts, Difference, differences, iou
from labeltool.core.compare import mean
from labeltool.core.errors import BadInputError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord
from labeltool.core.words import counted
from labeltool.inference.options import InferenceOptions
from labeltool.store.project import ProjectStore

COARSE = 0.1
"""A loss of so much IoU is to be noticed. Where chance alone goes as far there are too few images to tell, and a loss
of so much is taken for one."""

NAMED = 3
"""Images that a sentence names."""

Finding = Literal["worse", "better", "same", "unclear"]
Verdict = Literal["promoted", "refused", "undecided"]


@dataclass(frozen=True)
class ClassChange:
    """Of one class: its IoU before and after, the interval of the difference, as many units as have it, and what
    follows. ``same`` is within the noise; ``unclear`` says that there are too few images to tell."""

    name: str
    before: float | None
    after: float | None
    low: float | None
    high: float | None
    units: int
    finding: Finding


@dataclass(frozen=True)
class Decision:
    """What becomes of a model, and why, in words that name classes and figures.

    ``images`` are the test images that count, ``miou_before`` is of the model in use (None where there was none).
    """

    verdict: Verdict
    why: str
    images: int
    miou_before: float | None
    miou_after: float | None
    classes: tuple[ClassChange, ...]

    @property
    def worse(self) -> list[str]:
        """The classes that are worse."""
        return [each.name for each in self.classes if each.finding == "worse"]

    @property
    def unclear(self) -> list[str]:
        """The classes of which there are too few images to tell."""
        return [each.name for each in self.classes if each.finding == "unclear"]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "classes": [asdict(each) for each in self.classes]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What :meth:`to_json` gave; TypeError, ValueError or KeyError for anything else."""
        return cls(**{**data, "classes": tuple(ClassChange(**each) for each in data["classes"])})


def judge(
    store: ProjectStore,
    candidate: Model,
    in_use: Model | None,
    records: Sequence[ImageRecord],
    how: InferenceOptions | None = None,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Decision:
    """Hold both models against the present truth of the test images ``records``; what is missing is predicted.

    BadInputError where the candidate has learnt from one of them, or nobody has labelled any.
    """
    refuse_learnt(candidate, records)
    if in_use is None:
        return _alone(store, candidate, records, how, progress, cancel)
    found = compare(store, records, in_use, candidate, how, progress, cancel)
    names = [each.name for each in store.catalog.classes]
    unit = units_of(records, Draw(unit="subject"))
    before, after = (_counts(found.unseen.rows, side, names, unit) for side in ("a", "b"))
    notes = []
    if found.seen.rows:
        notes.append(
            f"{len(found.seen.rows)} test images, from which the model in use has learnt, are left out"
        )
    if found.skipped:
        named = ", ".join(each.name for each in found.skipped[:NAMED])
        notes.append(f"test images that could not be looked at: {len(found.skipped)} ({named})")
    if not is_recorded(candidate.folder):
        notes.append("nobody wrote down all that the new model has learnt from")
    return decide(names, before, after, images=len(found.unseen.rows), notes=notes)


def refuse_learnt(model: Model, records: Sequence[ImageRecord]) -> None:
    """BadInputError names the test image that a model was trained or chosen on, under whatever name."""
    used = subsets(model.folder)
    for record in records:
        if digest_of(record) in used:
            raise BadInputError(
                f"the model {model.card.name} has learnt from this image, which is in the split test",
                file=record.path,
                hint="Take the image out of the split, or train without it",
            )


def decide(
    names: Sequence[str], before: Counts, after: Counts, *, images: int, notes: Sequence[str] = ()
) -> Decision:
    """The decision on counts [units, classes, 3] of the classes ``names`` by both models; ``notes`` go into its why."""
    changes = tuple(
        ClassChange(name, found.before, found.after, found.low, found.high, found.units, finding(found))
        for name, found in zip(names, differences(before, after), strict=True)
        if found.units
    )
    verdict: Verdict = "promoted"
    if not changes:
        verdict = "undecided"
    elif any(each.finding == "worse" for each in changes):
        verdict = "refused"
    why = "; ".join([_why(verdict, changes, images), *notes])
    return Decision(verdict, why, images, _miou(before), _miou(after), changes)


def finding(found: Difference) -> Finding:
    """What the figures of a class say."""
    if found.value is None:
        return "unclear"
    if found.high is not None and found.high < 0:
        return "worse"
    if found.low is None or found.high is None or found.high - found.low > 2 * COARSE:
        return "worse" if found.value <= -COARSE else "unclear"
    return "better" if found.low > 0 else "same"


def _why(verdict: Verdict, changes: Sequence[ClassChange], images: int) -> str:
    if verdict == "undecided":
        return "there is no test image that neither model has learnt from and somebody has labelled"
    worse = [each for each in changes if each.finding == "worse"]
    unclear = [each for each in changes if each.finding == "unclear"]
    parts = [_worse(each) for each in worse] or [
        f"no class is worse beyond the noise of {images} test images"
    ]
    if unclear:
        shown = ", ".join(f"{each.name} ({counted(each.units, 'image')})" for each in unclear)
        parts.append(f"too few images to tell whether a class has lost {COARSE:g} of IoU: {shown}")
    return "; ".join(parts)


def _worse(change: ClassChange) -> str:
    before, after = change.before or 0.0, change.after or 0.0
    text = f"{change.name} is worse: IoU {after:.3f} instead of {before:.3f} ({after - before:+.3f}"
    if change.high is None or change.low is None or change.high >= 0:
        return f"{text}, in too few images to call it chance: {counted(change.units, 'image')})"
    return f"{text}; with {100 * LEVEL:g} % certainty {change.low:+.3f} to {change.high:+.3f})"


def _counts(rows: Sequence[Row], side: str, names: Sequence[str], unit: Mapping[str, str]) -> Counts:
    """What each unit of images counts of each class: [units, classes, 3]."""
    number = {name: at for at, name in enumerate(dict.fromkeys(unit[row["id"]] for row in rows))}
    found = np.zeros((len(number), len(names), 3), np.int64)
    for row in rows:
        found[number[unit[row["id"]]]] += _of_image(row[side], names)
    return found


def _of_image(row: Row, names: Sequence[str]) -> Counts:
    """[classes, 3]"""
    pixels = [row["pixels"][name] for name in names]
    return np.array([[each["both"], each["truth"], each["predicted"]] for each in pixels], np.int64)


def _miou(counts: Counts) -> float | None:
    return mean(None if np.isnan(value) else float(value) for value in iou(counts.sum(0)))


def _alone(
    store: ProjectStore,
    candidate: Model,
    records: Sequence[ImageRecord],
    how: InferenceOptions | None,
    progress: Progress,
    cancel: CancelToken | None,
) -> Decision:
    """Where no model is in use one may take the place that knows more than to call all pixels the same class."""
    found, _ = evaluate(store, records, candidate, how, progress=progress, cancel=cancel)
    names = [each.name for each in store.catalog.classes]
    counts = np.array([_of_image(row, names) for row in found.all.rows], np.int64).reshape(-1, len(names), 3)
    whole, reached = counts.sum(0), _miou(counts)
    changes = tuple(
        ClassChange(name, None, None if np.isnan(value) else float(value), None, None, int(units), "unclear")
        for name, value, units in zip(names, iou(whole), counts.any(2).sum(0), strict=True)
        if units
    )
    truth = whole[:, 1]
    if reached is None:
        return Decision("undecided", _why("undecided", (), 0), 0, None, None, changes)
    alike = float(truth.max() / truth.sum() / np.count_nonzero(truth))
    figures = f"mIoU {reached:.3f} on {len(counts)} test images"
    if reached > alike:
        why = f"no model was in use, and this one tells classes apart: {figures}"
        return Decision("promoted", why, len(counts), None, reached, changes)
    commonest = names[int(truth.argmax())]
    why = f"no better than to call every pixel {commonest}, which has an mIoU of {alike:.3f}: {figures}"
    return Decision("refused", why, len(counts), None, reached, changes)
