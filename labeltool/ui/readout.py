"""What lies under the pointer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labeltool.core.geometry import TILE, Box, Size
from labeltool.core.provenance import Origin
from labeltool.imaging.scale import PixelSize
from labeltool.imaging.view import values_of

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage


@dataclass(frozen=True)
class Readout:
    """What lies under the pointer. ``values`` are the file's own, one a channel, None until the pixel has come from the
    disk, ``unit`` is theirs; ``confidence`` is 0..1, None where no model has been. ``object_id`` is 0 where an object
    is simply a connected region."""

    x: int
    y: int
    values: tuple[float, ...] | None
    label: int
    origin: Origin
    confidence: float | None
    size: Size
    scale: PixelSize | None = None
    object_id: int = 0
    unit: str = ""


def readout(image: OpenImage, x: float, y: float) -> Readout | None:
    """Value, class, object and origin of the pixel at an image point; None outside."""
    col, row = int(np.floor(x)), int(np.floor(y))
    mask = image.session.mask
    size = mask.size
    if not (0 <= col < size.width and 0 <= row < size.height):
        return None
    box = Box(col, row, col + 1, row + 1)
    values = values_of(image.pyramid)
    tile = values.tile(0, row // TILE, col // TILE)
    confidence = None
    if image.prediction is not None:
        confidence = int(image.prediction.confidence.read(box)[0, 0]) / 255
    return Readout(
        col,
        row,
        None if tile is None else tuple(tile[row % TILE, col % TILE].tolist()),
        int(mask.read("label", box)[0, 0]),
        Origin(int(mask.read("origin", box)[0, 0])),
        confidence,
        size,
        image.pixel_size,
        int(mask.read("object", box)[0, 0]),
        values.info.unit,
    )
