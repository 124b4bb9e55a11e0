"""Images into a project, and what a project comes to."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path
from typing import Any

from labeltool.app import soundness, sources
from labeltool.core.digest import file_hash
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.geometry import MOST_SIDE
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.spelling import Spellings, folded
from labeltool.imaging.find import find_images
from labeltool.imaging.open import pages, verify
from labeltool.imaging.reader import Page
from labeltool.store.project import ProjectStore

BATCH = 100
"""Images that are put into the index at once."""


@dataclass
class AddReport:
    """What became of the files: added, in the project already, found again elsewhere, left out; ``read`` are those that
    were read to their end, and what they were like from outside just before. ``alike`` are files
    whose names some systems (Windows, macOS) take for one, at least one of each tuple new."""

    added: list[ImageRecord] = field(default_factory=list)
    known: int = 0
    relinked: list[ImageRecord] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    alike: list[tuple[Path, ...]] = field(default_factory=list)
    read: list[tuple[ImageRecord, sources.Stamp]] = field(default_factory=list, repr=False)


def add_images(
    store: ProjectStore,
    paths: Iterable[Path],
    *,
    split: str = "",
    axis: str = "",
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> AddReport:
    """Reference files, and the files in folders. Each is read to its end first: a broken one is left out.

    Of a file that holds several images (a stack, a volume cut along ``axis``, frames) each becomes an image of the
    project; those of one series come in its order. A file with the bytes of an image that is not where it was is taken
    for that image, labels and all; one that is there already under another spelling of its name, where the file system
    does not mind, is that one. ``progress`` is told of folders first, with a total of 0. After a cancel what was
    added before stays.
    """
    cancel = cancel or CancelToken()
    files, skipped = find_images(list(paths), progress, cancel)
    report = AddReport(skipped=list(skipped))
    before = store.images()
    spellings = Spellings(record.path for record in before)
    files = list(dict.fromkeys(spellings.first(path) for path in files))
    lost = {(r.sha256, r.page): r for r in sources.lost(before)}
    batch: list[ImageRecord] = []
    surveyed = _in_order(_surveyed(files, axis, report, cancel))
    for number, (path, found) in enumerate(surveyed):
        cancel.check()
        progress(number, len(surveyed), path.name)
        for new in _new_records(store, path, found, split, report):
            if (new.sha256, new.page) in lost:
                # A series may be called by the place of its file, where another file lies now.
                moved = replace(
                    lost.pop((new.sha256, new.page)), path=new.path, series=new.series, place=new.place
                )
                store.update_image(moved)
                report.relinked.append(moved)
            else:
                batch.append(new)
        if len(batch) >= BATCH or number + 1 == len(surveyed):
            store.add_images(batch)
            report.added += batch
            batch = []
    sources.Known(store.root, write=True).note(report.read, sources.ADDED)
    report.alike = _alike(before, report.added)
    return report


def _alike(before: Iterable[ImageRecord], added: Iterable[ImageRecord]) -> list[tuple[Path, ...]]:
    """Files whose names some file systems take for one."""
    new: dict[str, dict[Path, None]] = {}
    for record in added:
        new.setdefault(folded(str(record.path)), {})[record.path] = None
    for record in before:
        if (known := new.get(folded(str(record.path)))) is not None:
            known[record.path] = None
    return [tuple(paths) for paths in new.values() if len(paths) > 1]


def _surveyed(
    files: Iterable[Path], axis: str, report: AddReport, cancel: CancelToken
) -> Iterator[tuple[Path, list[Page]]]:
    """Each file with its images, headers only; the unreadable ones go to the report."""
    for path in files:
        cancel.check()
        try:
            yield path, pages(path, axis)
        except (BadInputError, OSError) as error:
            report.skipped.append(Skipped(str(path), reason(error)))


def _in_order(surveyed: Iterable[tuple[Path, list[Page]]]) -> list[tuple[Path, list[Page]]]:
    """The same files, but those of one series together and in its order, at the place of the first of them."""
    found = list(surveyed)
    first: dict[str, int] = {}
    for number, (_, its_pages) in enumerate(found):
        first.setdefault(its_pages[0].info.series or f"\0{number}", number)

    def key(entry: tuple[int, tuple[Path, list[Page]]]) -> tuple[int, float]:
        number, (_, its_pages) = entry
        info = its_pages[0].info
        return (first[info.series], info.place) if info.series else (number, 0.0)

    return [entry for _, entry in sorted(enumerate(found), key=key)]


def _new_records(
    store: ProjectStore, path: Path, found: list[Page], split: str, report: AddReport
) -> list[ImageRecord]:
    new = [page for page in found if store.find(path, page.key) is None]
    report.known += len(found) - len(new)
    if not new:
        return []
    try:
        stamp = sources.stamp_of(path)  # who writes it while it is read leaves another one
        made = records_of(path, new, split)
        report.read += [(made[0], stamp)]
        return made
    except (BadInputError, OSError) as error:
        report.skipped.append(Skipped(str(path), reason(error)))
        return []


def records_of(path: Path, found: list[Page], split: str = "") -> list[ImageRecord]:
    """Read the images of a file to their end and describe them. BadInputError when one is not whole."""
    path = path.absolute()
    for page in found:
        if not page.info.size.is_possible:
            size = page.info.size
            raise BadInputError(
                f"the image has {size.width:,} x {size.height:,} pixels; a side can have {MOST_SIDE:,}",
                file=path,
                hint="Cut it into parts",
            )
        verify(path, page.key)
    digest, length = file_hash(path), path.stat().st_size
    return [
        ImageRecord(
            id=uuid.uuid4().hex,
            path=path,
            size=page.info.size,
            kind=page.info.kind,
            sha256=digest,
            file_bytes=length,
            split=split,
            page=page.key,
            series=page.info.series,
            place=page.info.place,
            subject=page.info.subject,
        )
        for page in found
    ]


def record_of(path: Path, split: str = "") -> ImageRecord:
    """The same of a file that holds one image."""
    return records_of(path, pages(path), split)[0]


def source_problem(record: ImageRecord) -> str:
    """Why the file is not the one that was added; empty when it is."""
    try:
        status = record.path.stat()
        # Pages of one file are opened one after the other, and reading all of it each time would be felt.
        digest = _hash_of_pages(record.path, status.st_mtime_ns) if record.page else file_hash(record.path)
        if status.st_size == record.file_bytes and digest == record.sha256:
            return ""
    except FileNotFoundError:
        return "the image is not there any more. Put it back, or add it again from where it is now"
    except OSError as error:
        return f"the image cannot be read: {error.strerror}"
    return "the image has changed since it was added. Put the old file back, or add the new one under another name"


@lru_cache(maxsize=64)
def _hash_of_pages(path: Path, changed_ns: int) -> str:
    """The hash of a file that was last changed then."""
    return file_hash(path)


def reason(error: Exception) -> str:
    """An error in a list that names the file already."""
    if isinstance(error, LabeltoolError):
        return ". ".join(filter(None, (error.message, error.hint)))
    return getattr(error, "strerror", None) or str(error)


def chosen(store: ProjectStore, split: str | None = None, pattern: str | None = None) -> list[ImageRecord]:
    """The images of a split whose name or path matches a shell pattern. BadInputError when there is none."""
    found = [
        r
        for r in store.images()
        if split in (None, r.split)
        and (pattern in (None, r.name) or fnmatch(r.name, pattern) or fnmatch(str(r.path), pattern))
    ]
    if not found:
        raise BadInputError(
            "no image of the project was meant"
            + (f" by {pattern!r}" if pattern is not None else "")
            + (f" in the split {split!r}" if split is not None else ""),
            file=store.root,
            hint="`labeltool add` puts images into a project, `labeltool status` shows its splits",
        )
    return found


def chosen_by(store: ProjectStore, patterns: Iterable[str]) -> list[ImageRecord]:
    """The images that any of some shell patterns means, each once. BadInputError when one of them means none."""
    found = {record.id: record for pattern in patterns for record in chosen(store, pattern=pattern)}
    return list(found.values())


def status(
    store: ProjectStore,
    *,
    at_most_s: float = 0.0,
    sources_s: float = 0.0,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """The project in numbers. Pixels of a class are counted as the mask files say; labels are read to the last tile for
    ``at_most_s``, and ``labels`` says how far that went, whose are damaged, and whose nobody could look at. Image files
    that may be others now are read for ``sources_s``; ``unsure`` are those that were written and not read."""
    records = store.images()
    found = soundness.look(store, records, at_most_s=at_most_s, cancel=cancel)
    files = sources.compared(store.root, records, at_most_s=sources_s, cancel=cancel)
    damaged = [each.file for each in found.unsound]
    return {
        "project": str(store.root),
        "name": store.name,
        "images": len(records),
        "missing": [str(r.path) for r in _missing(records)],
        "replaced": [str(r.path) for r in (*sources.replaced(records), *files.changed)],
        "unsure": [str(r.path) for r in files.unsure],
        "damaged": [str(file) for file in damaged if file.exists()],
        "gone": [str(file) for file in damaged if not file.exists()],
        "labels": {
            "labelled": found.labelled,
            "checked": found.checked,
            "damaged": [{"image": e.image, "file": str(e.file), "what": e.what} for e in found.unsound],
            "unread": [{"image": e.image, "file": str(e.file), "what": e.what} for e in found.unread],
            "interrupted": [e.image for e in found.interrupted],
        },
        "status": dict(Counter(str(r.status) for r in records)),
        "splits": dict(Counter(r.split for r in records if r.split)),
        "classes": [
            {"value": c.value, "name": c.name, "pixels": found.pixels.get(c.value, 0)}
            for c in store.catalog.classes
        ],
        "read_only": store.read_only_reason or None,
    }


def _missing(records: Iterable[ImageRecord]) -> Iterator[ImageRecord]:
    return (r for r in records if not r.is_there)
