"""Which images of a project a network learns from, which choose among its checkpoints, and which it must not see."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labeltool.app.choices import Draw
from labeltool.app.models import digest_of
from labeltool.app.provenance import Verified, count_verified
from labeltool.app.runs.labels import learnt_origins
from labeltool.app.splits import leaks, units_of
from labeltool.app.truth import with_truth
from labeltool.core.errors import BadInputError
from labeltool.core.project import ImageRecord, Skipped
from labeltool.inference.run import Manifest
from labeltool.inference.training_options import TrainingOptions
from labeltool.store.project import ProjectStore

UNVERIFIED = "nobody has verified a pixel of it: correct or approve it first"
"""Why an image is left out of a run that learns from nothing else."""

HELD_OUT = 0.2
"""Share of the images that only choose among the checkpoints, where the project has no split `val`."""


@dataclass(frozen=True)
class TrainingImages:
    """The images of a run. ``test`` are those of the split test, which no run sees; ``notices`` say what of them is in
    two splits at once, such as a patient: figures would be better than on new images. ``verified`` says how much of the
    labels of ``train`` and ``val`` is left where only what is verified counts; None where all of it does."""

    train: list[ImageRecord]
    val: list[ImageRecord]
    unlabelled: list[ImageRecord]
    test: list[ImageRecord]
    skipped: list[Skipped]
    notices: list[str]
    verified: Verified | None = None


def training_images(
    store: ProjectStore, options: TrainingOptions, problem: Callable[[ImageRecord], str]
) -> TrainingImages:
    """The images that somebody but a model has labelled; ``problem`` says why one has to be left out, or nothing.

    The splits `train` and `val` are taken as they are. Images without a split are learnt from where the
    project has no split `train`; without a split `val` a fifth is held out by chance (the seed of ``options``): of
    subjects and volumes, where there is more than one. An image of `train` that is in `val` as well, as a copy, is
    left out, and so is one of which nobody has verified a pixel, where ``options`` want no others. Images that nobody
    has labelled are taken where ``options`` want them and they are in neither `val` nor `test`.

    BadInputError where there is nothing to learn from, or an image of `train` or `val` is one of the split `test`, too.
    """
    records = store.images()
    labelled, skipped = with_truth(store, records)
    damaged = {each.file for each in skipped}
    bare = _without(records, labelled) if options.unlabelled > 0 else []
    bare = [r for r in bare if r.split in ("", "train") and str(r.path) not in damaged]
    problems = {r.id: problem(r) for r in (*labelled, *bare)}
    skipped += [Skipped(str(r.path), problems[r.id]) for r in (*labelled, *bare) if problems[r.id]]
    whole = [r for r in labelled if not problems[r.id]]
    if options.verified_only:
        whole, unverified = _split_by_verified(store, options, whole)
        skipped += [Skipped(str(r.path), UNVERIFIED) for r in unverified if r.split != "test"]
    train = [r for r in whole if r.split == "train"] or [r for r in whole if not r.split]
    val = [r for r in whole if r.split == "val"]
    train, twins = _apart(train, val)
    skipped += twins
    if not train:
        raise _nothing_to_learn_from(store, options.verified_only and bool(labelled))
    if not val and len(train) > 1:
        train, val = _hold_out(train, options.seed)
    test = [r for r in records if r.split == "test"]
    _refuse_test([*train, *val], test)
    kept_out = {digest_of(r) for r in (*test, *val)}
    unlabelled = [r for r in bare if not problems[r.id] and digest_of(r) not in kept_out]
    splits = {"train": [*train, *unlabelled], "val": val, "test": test}
    notices = leaks(records, {r.id: split for split, those in splits.items() for r in those})
    verified = count_verified(store, [*train, *val]) if options.verified_only else None
    return TrainingImages(train, val, unlabelled, test, skipped, notices, verified)


def _split_by_verified(
    store: ProjectStore, options: TrainingOptions, records: Sequence[ImageRecord]
) -> tuple[list[ImageRecord], list[ImageRecord]]:
    """The images of which somebody has verified a pixel, and the others."""
    verified, _ = with_truth(store, records, lambda record: learnt_origins(options, record))
    return verified, _without(records, verified)


def _nothing_to_learn_from(store: ProjectStore, unverified: bool) -> BadInputError:
    done, hint = (
        ("verified", "Correct or approve images first: what was imported counts once it is approved")
        if unverified
        else ("labelled", "Paint or import labels first: what a model has drawn does not count")
    )
    return BadInputError(f"nobody has {done} an image to learn from", file=store.root, hint=hint)


def _without(records: Sequence[ImageRecord], those: Sequence[ImageRecord]) -> list[ImageRecord]:
    known = {record.id for record in those}
    return [record for record in records if record.id not in known]


def _apart(
    train: Sequence[ImageRecord], val: Sequence[ImageRecord]
) -> tuple[list[ImageRecord], list[Skipped]]:
    """What is learnt from without copies of what judges it: a network would be praised for what it knows by heart."""
    judging = {digest_of(record): record for record in val}
    copies = [(record, judging[digest_of(record)]) for record in train if digest_of(record) in judging]
    left_out = [
        Skipped(str(r.path), f"it is the same as {twin.path}, which is in the split val")
        for r, twin in copies
    ]
    return _without(train, [record for record, _ in copies]), left_out


def _refuse_test(used: Sequence[ImageRecord], test: Sequence[ImageRecord]) -> None:
    """No copy of a test image under another name: figures on the test images would mean nothing."""
    tested = {digest_of(record): record for record in test}
    for record in used:
        twin = tested.get(digest_of(record))
        if twin is not None:
            raise BadInputError(
                f"this image would be trained with, but it is the same as {twin.path}, which is in the split test",
                file=record.path,
                hint="Take one of the two out of its split: `labeltool split` or the Images panel",
            )


def refuse_test_images(store: ProjectStore, manifest: Manifest) -> None:
    """BadInputError where an image of a run, or one that its weights were trained on before, is now in the split test:
    images may be put there after a run has begun, or by another project."""
    tested = {digest_of(record): record for record in store.images() if record.split == "test"}
    for image in manifest.images:
        if image.sha256 in tested:
            raise BadInputError(
                f"the run learns from this image as {image.name}, but it is in the split test",
                file=tested[image.sha256].path,
                hint="Take it out of the split, or begin a new run",
            )
    for digest in manifest.seen_before:
        if digest in tested:
            raise BadInputError(
                "the weights to begin with were trained on this image, but it is in the split test",
                file=tested[digest].path,
                hint="Begin with other weights, or take it out of the split",
            )


def _hold_out(records: Sequence[ImageRecord], seed: int) -> tuple[list[ImageRecord], list[ImageRecord]]:
    """Units that are never divided: a slice tells too much of the one beside it."""
    unit = units_of(records, Draw(unit="subject"))
    units = list(dict.fromkeys(unit.values()))
    if len(units) == 1:
        unit = {record.id: digest_of(record) for record in records}
        units = list(dict.fromkeys(unit.values()))
    if len(units) == 1:
        return list(records), []
    count = max(1, round(HELD_OUT * len(units)))
    held = set(random.Random(seed).sample(units, count))  # noqa: S311 - a draw, not a secret
    return [r for r in records if unit[r.id] not in held], [r for r in records if unit[r.id] in held]
