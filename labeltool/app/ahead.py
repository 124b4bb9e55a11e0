"""The image that is likely to be opened next, decoded before anybody asks."""

from __future__ import annotations

from threading import Lock

from labeltool.core.errors import LabeltoolError
from labeltool.core.progress import CancelToken
from labeltool.core.project import ImageRecord
from labeltool.imaging.budget import WHOLE_PIXELS
from labeltool.imaging.file_pyramid import open_pyramid
from labeltool.imaging.pyramid import Pyramid


class Ahead:
    """At most one image, and only one that is kept whole: large ones open at once anyway."""

    def __init__(self) -> None:
        self._record: ImageRecord | None = None
        self._stamp = (0, 0)
        self._pyramid: Pyramid | None = None
        self._decoding = Lock()

    def want(self, record: ImageRecord | None) -> None:
        """This one is next; any other is dropped."""
        if record is None or self._record is None or record.id != self._record.id:
            self._record, self._pyramid = record, None

    def decode(self, cancel: CancelToken) -> None:
        """Decode what is wanted. What is wrong with it is told when it is opened."""
        record = self._record
        if record is None or record.size.pixels > WHOLE_PIXELS:
            return
        with self._decoding:
            cancel.check()
            try:
                stamp, pyramid = _stamp(record), open_pyramid(record.path)
            except (LabeltoolError, OSError):
                return
            if self._record is record:
                self._stamp, self._pyramid = stamp, pyramid

    def take(self, record: ImageRecord) -> Pyramid | None:
        """The pyramid of an image if it is at hand or being made, and the file is still the same."""
        wanted = self._record
        if wanted is None or wanted.id != record.id:
            return None
        with self._decoding:
            pyramid, self._pyramid, self._record = self._pyramid, None, None
        return pyramid if pyramid is not None and self._stamp == _stamp(record) else None


def _stamp(record: ImageRecord) -> tuple[int, int]:
    status = record.path.stat()
    return status.st_size, status.st_mtime_ns
