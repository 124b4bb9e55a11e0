"""Thumbnails of the images of a project, for every list that shows them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QObject, QRect, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPalette, QPixmap

from labeltool.app.jobs import Lanes
from labeltool.app.sources import Problem, SourceError
from labeltool.core.errors import BadInputError
from labeltool.core.progress import CancelToken
from labeltool.core.project import ImageRecord
from labeltool.imaging.reader import Pixels
from labeltool.imaging.thumbnail import thumbnail
from labeltool.ui import icons
from labeltool.ui.troubles import Troubles, words_of_file

SIDE = 96
"""Larger than any list shows them, for screens with fine pixels."""
TROUBLE_PX, TROUBLE_ROOM_PX = 16, 3
AMBER, BEHIND = "#ffc107", QColor(0, 0, 0, 190)


class Pictures(QObject):
    """Each is made when it is first asked for, once for all who ask."""

    arrived = Signal(str)
    """There is a thumbnail of this image now, or a better one."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pictures: dict[str, QPixmap | None] = {}
        self._lanes: Lanes | None = None
        self.troubles = Troubles(self)
        """What is wrong with images, for every list that shows them."""

    def attach(self, records: Iterable[ImageRecord], lanes: Lanes | None) -> None:
        """These are the images now; thumbnails of others are let go of."""
        there = {record.id for record in records}
        if lanes is not self._lanes:
            self.troubles.forget()
        self._lanes = lanes
        self._pictures = {image_id: p for image_id, p in self._pictures.items() if image_id in there}

    def of(self, record: ImageRecord) -> QPixmap | None:
        """The thumbnail of an image; None until it is there."""
        if record.id not in self._pictures:
            self._pictures[record.id] = None
            self._ask_for(record)
        return self._pictures[record.id]

    def renew(self, record: ImageRecord) -> None:
        """Make a thumbnail again, where there is one; it stays until the new one is there."""
        if record.id in self._pictures:
            self._ask_for(record)

    def _ask_for(self, record: ImageRecord) -> None:
        if self._lanes is not None:
            self._lanes.submit(
                "thumbnails",
                f"thumbnail {record.id}",
                lambda cancel, progress: _thumbnail(record, cancel),
                done=lambda pixels: self._take(record.id, pixels),
                failed=lambda error: self._failed(record.id, error),
                quiet=True,
            )

    def _failed(self, image_id: str, error: BaseException) -> None:
        """It is told when the image is opened; until then there is a mark."""
        text = words_of_file(error) if isinstance(error, Exception) else ""
        if text:
            self.troubles.note(image_id, "file", text)

    def _take(self, image_id: str, pixels: Pixels) -> None:
        if image_id in self._pictures:
            rgb = np.ascontiguousarray(pixels)
            height, width, _ = rgb.shape
            image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
            self._pictures[image_id] = QPixmap.fromImage(image)
            self.arrived.emit(image_id)


def _thumbnail(record: ImageRecord, cancel: CancelToken) -> Pixels:
    """Of a file that is another one now no image of the project is shown."""
    try:
        length = record.path.stat().st_size
    except FileNotFoundError as error:
        raise SourceError(record, Problem.MISSING) from error
    if length != record.file_bytes:
        raise SourceError(record, Problem.CHANGED)
    try:
        return thumbnail(record.path, SIDE, cancel=cancel, page=record.page)
    except BadInputError as error:
        if not record.is_there:  # it went while it was read
            raise SourceError(record, Problem.MISSING) from error
        raise


def paint_picture(painter: QPainter, frame: QRect, picture: QPixmap | None, palette: QPalette) -> QRect:
    """Paint a thumbnail into the middle of a frame, which is grey until there is one. Returns where it lies."""
    if picture is None:
        painter.fillRect(frame, palette.mid())
        return frame
    target = QRect(frame.topLeft(), picture.size().scaled(frame.size(), Qt.AspectRatioMode.KeepAspectRatio))
    target.moveCenter(frame.center())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(target, picture)
    return target


def paint_trouble(painter: QPainter, frame: QRect) -> None:
    """Paint the mark of an image with which something is wrong over the lower right corner of its thumbnail."""
    sign = QRect(0, 0, TROUBLE_PX, TROUBLE_PX)
    sign.moveBottomRight(frame.bottomRight())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(BEHIND)
    painter.drawRoundedRect(
        sign.adjusted(-TROUBLE_ROOM_PX, -TROUBLE_ROOM_PX, 0, 0), TROUBLE_ROOM_PX, TROUBLE_ROOM_PX
    )
    painter.restore()
    icons.icon("ph.warning-fill", lambda mode, state: QColor(AMBER)).paint(
        painter, sign.adjusted(-1, -1, -1, -1), Qt.AlignmentFlag.AlignCenter, QIcon.Mode.Normal
    )
