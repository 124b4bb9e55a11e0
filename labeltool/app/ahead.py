"""The image that is likely to be opened next, decoded before anybody asks."""

from __future__ import annotations

from threading import Condition

from labeltool.core.errors import LabeltoolError
from labeltool.core.project import ImageRecord
from labeltool.imaging.budget import fits_whole
from labeltool.imaging.pyramid import Pyramid
from labeltool.imaging.view import open_whole_view

_Stamp = tuple[int, int]


class Ahead:
    """At most one image, and only one that is kept whole: large ones open at once anyway."""

    def __init__(self) -> None:
        self._wanted: str | None = None
        self._decoding: str | None = None
        self._found: tuple[_Stamp, Pyramid] | None = None
        self._decoded = Condition()

    def want(self, image_id: str | None) -> None:
        """This one is next; any other is dropped."""
        with self._decoded:
            if image_id != self._wanted:
                self._wanted, self._found = image_id, None

    def decode(self, record: ImageRecord) -> None:
        """Decode an image if it is still wanted; on one thread. What is wrong with it is told when it is opened."""
        with self._decoded:
            if record.id != self._wanted or self._found or not fits_whole(record.size):
                return
            self._decoding = record.id
        found = None
        try:
            stamp, pyramid = _stamp(record), open_whole_view(record.path, record.page)
            found = (stamp, pyramid) if pyramid is not None else None
        except (LabeltoolError, OSError):
            pass
        finally:
            with self._decoded:
                if self._wanted == record.id:
                    self._found = found
                self._decoding = None
                self._decoded.notify_all()

    def take(self, record: ImageRecord) -> Pyramid | None:
        """The pyramid of an image if it is at hand and the file is still the same. One that is just being decoded is
        worth waiting for, one that waits for another is not."""
        with self._decoded:
            if self._decoding == record.id:
                self._wanted, self._found = record.id, None
                self._decoded.wait_for(lambda: self._decoding != record.id)
            if self._wanted != record.id:
                return None
            found, self._found, self._wanted = self._found, None, None
        return found[1] if found is not None and found[0] == _stamp(record) else None


def _stamp(record: ImageRecord) -> _Stamp:
    status = record.path.stat()
    return status.st_size, status.st_mtime_ns
