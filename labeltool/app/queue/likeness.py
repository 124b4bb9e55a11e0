"""What images of a project are alike: embeddings of a model, which are kept, and prints of thumbnails."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tokenize import TokenError

import numpy as np

from labeltool.app.models import Model, digest_of
from labeltool.app.project import reason, source_problem
from labeltool.core.atomic import replacing
from labeltool.core.errors import BadInputError, LabeltoolError, ModelError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord, Skipped
from labeltool.imaging.thumbnail import thumbnail
from labeltool.inference.options import InferenceOptions
from labeltool.inference.process import ModelProcess
from labeltool.learning.doubles import doubles, unit
from labeltool.learning.pool import NO_VECTORS, Vectors
from labeltool.learning.thumbnails import Picture, appearance, fingerprint
from labeltool.store.project import ProjectStore

CACHE = "cache"
"""The folder of a project for what can be made again: it may be deleted."""

NEAR = 0.25
"""Distance of two fingerprints up to which images are nearly the same. Measured on 100 images of nuclei, streets and
roofs: copies that were compressed, brightened or scaled are at most 0.10 apart, different images at least 0.50.
Embeddings do not tell them apart: a copy's is up to 0.20 away, and another image's no more than 0.01, because a network
has learnt to see the same in both."""

_SIDE = 64


@dataclass(frozen=True)
class Described:
    """Images [n], a vector for each [n, d], and which images could not be read."""

    records: list[ImageRecord]
    vectors: Vectors
    skipped: list[Skipped] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def of(self, records: Sequence[ImageRecord]) -> Vectors:
        """The vectors of those of ``records`` that could be read, in their order."""
        rows = {record.id: row for row, record in enumerate(self.records)}
        found = [rows[record.id] for record in records if record.id in rows]
        return self.vectors[found] if found else NO_VECTORS.reshape(0, self.vectors.shape[-1])


def near_doubles(
    candidates: Sequence[ImageRecord],
    labelled: Sequence[ImageRecord],
    progress: Progress,
    cancel: CancelToken,
) -> dict[str, str]:
    """Which candidates are nearly the same as an earlier one or as a labelled image: id -> id of that. An image that
    cannot be read is none."""
    prints = _pictured([*candidates, *labelled], fingerprint, progress, cancel)
    readable = {record.id for record in prints.records}
    mine, theirs = ([r for r in group if r.id in readable] for group in (candidates, labelled))
    everybody = [record.id for record in (*mine, *theirs)]
    found = doubles(prints.of(mine), prints.of(theirs), NEAR)
    return {everybody[one]: everybody[other] for one, other in found.items()}


def embeddings(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    model: Model | None,
    how: InferenceOptions,
    progress: Progress,
    cancel: CancelToken,
) -> Described:
    """The embeddings of images; without a model, or where it gives none, what their thumbnails look like."""
    if model is None:
        return _pictured(records, appearance, progress, cancel)
    try:
        return _embedded(store, records, model, how, progress, cancel)
    except ModelError as error:
        cancel.check()
        said = f"The model gives no embeddings, thumbnails tell what images are alike: {error.message}"
        return replace(_pictured(records, appearance, progress, cancel), notices=[said])


def _embedded(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    model: Model,
    how: InferenceOptions,
    progress: Progress,
    cancel: CancelToken,
) -> Described:
    folder = store.root / CACHE / "embeddings" / hashlib.sha256(model.key.encode()).hexdigest()[:16]
    found: list[tuple[ImageRecord, Vectors]] = []
    skipped: list[Skipped] = []
    with ModelProcess(model.path, replace(how, doubts=())) as process:
        for number, record in enumerate(records):
            cancel.check()
            progress(number, len(records), record.name)
            file = folder / f"{record.id}-{digest_of(record)[:16]}.npy"
            kept = _read(file)
            try:
                if kept is None:
                    kept = _asked(process, record, cancel)
                    _write(file, kept)
                found.append((record, kept))
            except (BadInputError, ModelError) as error:
                cancel.check()
                if isinstance(error, ModelError) and not found:
                    raise  # what the model cannot do at all it will not do for the next image either
                skipped.append(Skipped(str(record.path), reason(error)))
        notices = list(dict.fromkeys(process.notices))
    vectors = unit(np.stack([vector for _, vector in found])) if found else NO_VECTORS
    return Described([record for record, _ in found], vectors, skipped, notices)


def _asked(process: ModelProcess, record: ImageRecord, cancel: CancelToken) -> Vectors:
    problem = source_problem(record)
    if problem:
        raise BadInputError(problem, file=record.path)
    return process.embed(record.path, cancel, page=record.page)


def _pictured(
    records: Sequence[ImageRecord],
    describe: Callable[[Picture], Vectors],
    progress: Progress,
    cancel: CancelToken,
) -> Described:
    """What ``describe`` says of the images' thumbnails."""
    found: list[tuple[ImageRecord, Vectors]] = []
    skipped: list[Skipped] = []
    for number, record in enumerate(records):
        cancel.check()
        progress(number, len(records), record.name)
        try:
            picture = thumbnail(record.path, _SIDE, cancel=cancel, page=record.page)
            found.append((record, describe(picture)))
        except (LabeltoolError, OSError) as error:
            cancel.check()
            skipped.append(Skipped(str(record.path), reason(error)))
    vectors = np.stack([vector for _, vector in found]) if found else NO_VECTORS
    return Described([record for record, _ in found], vectors, skipped)


def _read(file: Path) -> Vectors | None:
    """A vector that is kept; None where it is not, or is damaged."""
    with suppress(OSError, ValueError, EOFError, SyntaxError, TokenError, ArithmeticError, MemoryError):
        vector: Vectors = np.load(file, allow_pickle=False)
        if vector.dtype == np.float32 and vector.ndim == 1 and np.isfinite(vector).all():
            return vector
    return None


def _write(file: Path, vector: Vectors) -> None:
    """Keep a vector; what cannot be kept is made again."""
    with suppress(OSError):
        for folder in reversed(file.parents[:3]):  # not the project's own: its drive may be away
            folder.mkdir(exist_ok=True)
        with replacing(file) as temporary, temporary.open("wb") as out:
            np.save(out, vector, allow_pickle=False)
