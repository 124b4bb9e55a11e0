"""A project that is only looked at: what others do to it meanwhile is taken up."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from labeltool.core.errors import StoreError
from labeltool.core.patch import Patch
from labeltool.core.project import ImageRecord
from labeltool.store.layout import INDEX, mask_path

if TYPE_CHECKING:
    from labeltool.store.project import ProjectStore

FRESH_S = 3.0
"""A file that was written so short a time ago may be written again within what its disk takes for the same moment."""

Stamp = tuple[int, int] | None
"""Time of change in nanoseconds and length in bytes; None for a file that may have changed."""


@dataclass
class News:
    """What has become of a project since the last look: which records are others by id, whether there are other images
    (``listed``) or classes (``classed``), and of one image the patch from ``since`` to ``revision``. ``lost``: it
    cannot be followed, only read anew; ``gone``: it is no image of the project any more."""

    changed: list[str] = field(default_factory=list)
    listed: bool = False
    classed: bool = False
    image_id: str = ""
    since: int = 0
    revision: int = 0
    patch: Patch | None = None
    lost: bool = False
    gone: bool = False


class Following:
    """Looks at one project again and again, on any thread, one look at a time. A file that was not written since is
    not opened."""

    def __init__(self, store: ProjectStore) -> None:
        self._store = store
        store.followed = True
        self._records: dict[str, ImageRecord] | None = None
        self._list_seen: Stamp = None
        self._mask_seen: tuple[Path, Stamp, int] | None = None

    def look(self, image_id: str, revision: int) -> News:
        """What is new of the list, and of the image that is shown as ``revision``; StoreError where the disk fails, or
        somebody was writing: then the next look finds it."""
        news = News(image_id=image_id, since=revision, revision=revision)
        if self._look_at_list(news):
            self._mask_seen = None  # the list may lag behind what the mask file says
        known = {} if self._records is None else self._records
        news.gone = bool(image_id) and image_id not in known
        if image_id in known:
            self._look_at_image(news)
        return news

    def _look_at_list(self, news: News) -> bool:
        """True where it was read."""
        stamp = _stamp(self._store.root / INDEX)
        if stamp is not None and self._list_seen == stamp:
            return False
        before, now = self._records, {record.id: record for record in self._store.reread_images()}
        if before is not None:
            news.listed = list(before) != list(now)
            news.changed = [each for each in now if each in before and before[each] != now[each]]
        news.classed = self._store.reread_catalog()
        self._records, self._list_seen = now, stamp
        return True

    def _look_at_image(self, news: News) -> None:
        path = mask_path(self._store.root, news.image_id)
        stamp = _stamp(path)
        if stamp is not None and self._mask_seen == (path, stamp, news.since):
            return
        before = self._store.image(news.image_id)
        record = self._store.reread(news.image_id)
        if record != before and record.id not in news.changed:
            news.changed.append(record.id)
        news.revision = record.revision
        if record.revision != news.since:
            try:
                tiles = self._store.between(record.id, news.since, record.revision)
            except StoreError:  # another file lies there now, a backup perhaps
                news.lost = True
            else:
                news.patch = Patch("", "", tiles)
        self._mask_seen = path, stamp, record.revision


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    fresh = abs(time.time() - status.st_mtime) < FRESH_S
    return None if fresh else (status.st_mtime_ns, status.st_size)
