"""What a network makes of a few validation images while it learns: its prediction filled, the truth as an outline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.progress import CancelToken
from labeltool.imaging.reader import Pixels
from labeltool.imaging.thumbnail import thumbnail
from labeltool.inference.run import LABELS, Manifest, RunImage
from labeltool.ui.dialogs.frame import GRID

SIDE, MOST = 384, 4
FILL = 0.45
NAME_PX = 20


@dataclass(frozen=True)
class Sample:
    """An image with what was drawn over it, uint8 [h, w, 3]."""

    name: str
    picture: Pixels


def load_samples(run: Path, manifest: Manifest, samples: str, cancel: CancelToken) -> list[Sample]:
    """The samples of one evaluation, ``samples`` being their folder as the log names it; off the GUI thread.

    One whose image or masks cannot be read is left out.
    """
    found: list[Sample] = []
    for number, image in enumerate(manifest.of("val")):
        mask = run / samples / f"{number}.png"
        if not mask.is_file() or len(found) == MOST:
            continue
        cancel.check()
        try:
            picture = draw(
                thumbnail(Path(image.path), SIDE, cancel=cancel, page=image.page),
                _truth(run, image),
                _mask(mask),
                manifest.catalog,
            )
        except (OSError, ValueError):
            continue
        found.append(Sample(image.name, picture))
    return found


def draw(
    pixels: Pixels, truth: NDArray[np.uint8], predicted: NDArray[np.uint8], catalog: ClassCatalog
) -> Pixels:
    """uint8 [h, w, 3]: the image, the predicted classes filled, the truth's outlines. The masks may be larger."""
    size = (pixels.shape[1], pixels.shape[0])
    truth, predicted = (
        np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)
        for mask in (truth, predicted)
    )
    shown = pixels.astype(np.float32)
    for each in catalog.foreground:
        inside = predicted == each.value
        shown[inside] = (1 - FILL) * shown[inside] + FILL * np.array(each.color, np.float32)
    edge = np.zeros(truth.shape, np.bool_)
    edge[:, 1:] |= truth[:, 1:] != truth[:, :-1]
    edge[1:] |= truth[1:] != truth[:-1]
    unknown = cv2.dilate((truth == IGNORE).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    shown[edge & ~unknown] = 255
    return np.asarray(shown, np.uint8)


def _truth(run: Path, image: RunImage) -> NDArray[np.uint8]:
    return _mask(run / LABELS / f"{image.id}.png")


def _mask(path: Path) -> NDArray[np.uint8]:
    """An index mask of 8 bits; OSError when it cannot be read."""
    mask = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if mask is None or mask.ndim != 2:
        raise OSError(f"{path} is no mask")
    return np.asarray(mask, np.uint8)


class SampleStrip(QWidget):
    """Samples side by side, each as large as the room allows, its name below."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("train.samples")
        self.setAccessibleName(self.tr("Sample predictions"))
        self.setMinimumHeight(14 * GRID)
        self.samples: list[Sample] = []
        self._pictures: list[QPixmap] = []
        self._empty = ""

    def show_samples(self, samples: Sequence[Sample], empty: str = "") -> None:
        """Show these, or say why there are none."""
        self.samples, self._empty = list(samples), empty
        self._pictures = [_pixmap(each.picture) for each in samples]
        self.setAccessibleDescription(", ".join(each.name for each in samples))
        self.update()

    def sizeHint(self) -> QSize:
        """A strip."""
        return QSize(80 * GRID, 20 * GRID)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt asks."""
        with QPainter(self) as painter:  # ended here, whatever goes wrong
            self._paint_all(painter)

    def _paint_all(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if not self._pictures:
            painter.setPen(QPen(self.palette().placeholderText(), 1))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, self._empty)
            return
        width = (self.width() - (len(self._pictures) - 1) * GRID) // max(len(self._pictures), 1)
        left = 0
        for sample, picture in zip(self.samples, self._pictures, strict=True):
            room = QSize(width, self.height() - NAME_PX)
            place = QRect(0, 0, *picture.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio).toTuple())
            place.moveTo(left, 0)
            painter.drawPixmap(place, picture)
            below = QRect(left, place.bottom() + 3, place.width(), NAME_PX - 3)
            name = self.fontMetrics().elidedText(sample.name, Qt.TextElideMode.ElideMiddle, below.width())
            painter.setPen(QPen(self.palette().placeholderText(), 1))
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            left = place.right() + 1 + GRID


def _pixmap(pixels: Pixels) -> QPixmap:
    rgb = np.ascontiguousarray(pixels)
    height, width = rgb.shape[:2]
    return QPixmap.fromImage(QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888))
