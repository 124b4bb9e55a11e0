"""Images whose file was moved, renamed or replaced: they are found again by what is in the file, never by its name."""

from __future__ import annotations

import os
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from labeltool.app import sources
from labeltool.app.project import reason, records_of
from labeltool.core.digest import file_hash
from labeltool.core.errors import BadInputError, StoreError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.regular import no_file
from labeltool.imaging.open import pages
from labeltool.imaging.readers.naming import series_of

if TYPE_CHECKING:
    from labeltool.store.project import ProjectStore


@dataclass
class RelinkReport:
    """What became of a search: images found again (as they are now), those still lost, files that could not be read,
    and how many files were looked at and read."""

    found: list[ImageRecord] = field(default_factory=list)
    lost: list[ImageRecord] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    looked_at: int = 0
    read: int = 0


def search(
    store: ProjectStore,
    folders: Sequence[Path],
    *,
    also: Iterable[ImageRecord] = (),
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> RelinkReport:
    """Look below some folders for the files of all images that are lost, and take those that hold the same bytes.

    Only files of the right length are read. ``also`` are images whose file is known to be another one now. After a
    cancel what was found before stays found.
    """
    cancel, report = cancel or CancelToken(), RelinkReport()
    lost = {record.id: record for record in (*sources.lost(store.images()), *also)}
    wanted = _Wanted(lost.values())
    for path in _files(folders, report):
        cancel.check()
        if not wanted:
            break
        report.looked_at += 1
        progress(len(report.found), len(report.found) + len(wanted), path.name)
        try:
            if path.stat().st_size not in wanted.lengths:
                continue
            report.read += 1
            digest = file_hash(path, cancel)
        except OSError as error:
            report.skipped.append(Skipped(str(path), reason(error)))
            continue
        for record in wanted.take(digest, path, store):
            report.found.append(_relink(store, record, path))
    again = {record.id for record in report.found}
    report.lost = [store.image(image_id) for image_id in lost if image_id not in again]
    return report


def locate(store: ProjectStore, record: ImageRecord, path: Path) -> list[ImageRecord]:
    """Take this file for that of an image, and for those of all lost images with the same bytes (pages of it).

    BadInputError where it holds other bytes: the labels would lie on another picture.
    """
    path = path.absolute()
    try:
        if what := no_file(path):
            raise BadInputError(what, file=path, hint="Choose the image's file")
        digest = file_hash(path)
    except OSError as error:
        raise BadInputError(f"the file cannot be read: {reason(error)}", file=path) from error
    if digest != record.sha256:
        raise BadInputError(
            f"this is not the image that was labelled as {record.path.name}: it holds other bytes",
            file=path,
            hint="Choose the original file, or keep both: then this one is an image of its own",
        )
    there = store.find(path, record.page)
    if there is not None and there.id != record.id and there.sha256 == digest:
        raise BadInputError(
            "this file is an image of the project already, a copy of the one that is missing", file=path
        )
    lost = [r for r in sources.lost(store.images()) if r.sha256 == digest and r.id != record.id]
    wanted = _Wanted(lost)
    return [_relink(store, each, path) for each in (record, *wanted.take(digest, path, store))]


def keep_both(store: ProjectStore, record: ImageRecord) -> list[ImageRecord]:
    """Another picture has taken the place of an image's file: add it as an image of its own. The image it was keeps
    its labels, and is missing until its own file is found. BadInputError where the file cannot be read or is the old
    one."""
    path = record.path
    found = [page for page in pages(path) if not _is_added(store, path, page.key)]
    new = records_of(path, found) if found else []
    if any(each.sha256 == record.sha256 for each in new):
        raise BadInputError("this is the very file that was added; open the image again", file=path)
    if not new:
        raise StoreError("the new picture is an image of the project already", file=path)
    new = [replace(each, id=uuid.uuid4().hex, split="") for each in new]
    store.add_images(new)
    return new


def _is_added(store: ProjectStore, path: Path, page: str) -> bool:
    """Whether what lies there now was added: an image whose bytes were others does not count."""
    digest = file_hash(path)
    return any(r.path == path and r.page == page and r.sha256 == digest for r in store.images())


def _relink(store: ProjectStore, record: ImageRecord, path: Path) -> ImageRecord:
    """A series may be called by the place of its file, where another file may lie now."""
    series = record.series.replace(series_of(record.path), series_of(path))
    moved = replace(store.image(record.id), path=path, series=series)
    store.update_image(moved)
    return store.image(record.id)


class _Wanted:
    """Images that are looked for, by what their files hold."""

    def __init__(self, records: Iterable[ImageRecord]) -> None:
        self._by_digest: dict[str, list[ImageRecord]] = defaultdict(list)
        for record in records:
            self._by_digest[record.sha256].append(record)

    @property
    def lengths(self) -> set[int]:
        """Bytes of the files that are looked for."""
        return {record.file_bytes for records in self._by_digest.values() for record in records}

    def __len__(self) -> int:
        return sum(map(len, self._by_digest.values()))

    def take(self, digest: str, path: Path, store: ProjectStore) -> Iterator[ImageRecord]:
        """The images that this file is: of each page one, that of the same name where there is a choice."""
        by_page: dict[str, list[ImageRecord]] = defaultdict(list)
        for record in self._by_digest.pop(digest, []):
            by_page[record.page].append(record)
        for page, records in by_page.items():
            records.sort(key=lambda record: record.path.name != path.name)
            there = store.find(path, page)
            free = there is None or there.sha256 != digest or there in records
            if free:
                yield records.pop(0)
            if records:  # a copy of it lies somewhere else
                self._by_digest[digest] += records


def _files(folders: Sequence[Path], report: RelinkReport) -> Iterator[Path]:
    """All files below; no link leads anywhere, so there are no loops."""

    def unreadable(error: OSError) -> None:
        report.skipped.append(Skipped(str(error.filename), f"cannot be read: {error.strerror}"))

    for folder in folders:
        top = folder.expanduser().absolute()
        if top.is_file():
            yield top
            continue
        for above, below, names in os.walk(top, onerror=unreadable):
            below.sort()
            yield from (Path(above, name) for name in sorted(names) if not Path(above, name).is_symlink())
