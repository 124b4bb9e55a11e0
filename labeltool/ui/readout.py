"""What lies under the pointer."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labeltool.core.geometry import TILE, Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.provenance import Origin
from labeltool.imaging.ground import ground_of
from labeltool.imaging.reader import Georeference
from labeltool.imaging.scale import PixelSize
from labeltool.imaging.view import values_of

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage


@dataclass(frozen=True)
class Readout:
    """What lies under the pointer. ``values`` are the file's own, one a channel, None until the pixel has come from the
    disk, ``unit`` is theirs; ``confidence`` is 0..1, None where no model has been. ``object_id`` is 0 where an object
    is simply a connected region. ``on_map`` is where the pixel's middle lies on the map, in words; empty where the
    image does not say it."""

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
    on_map: str = ""


def readout(image: OpenImage, mask: LabelMask, x: float, y: float) -> Readout | None:
    """Value, class, object and origin of the pixel at an image point, by this mask of it; None outside."""
    col, row = int(np.floor(x)), int(np.floor(y))
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
        place_on_map(values.info.georeference, col + 0.5, row + 0.5),
    )


def place_on_map(georeference: Georeference | None, x: float, y: float) -> str:
    """A point of an image in the coordinates of its map, with as many digits as tell its pixels apart, and what the map
    is called: "E 601234  N 4000017  EPSG:32616"; empty where the map is not known."""
    if georeference is None or not georeference.crs:
        return ""
    a, b, c, d, e, f = georeference.transform
    step = min(math.hypot(a, d), math.hypot(b, e))
    digits = max(0, min(9, 1 - math.floor(math.log10(step)))) if step > 0 else 9
    ground = ground_of(georeference)
    in_degrees = ground is not None and ground.on_ellipsoid and ground.to_degrees is None
    names = ("lon", "lat") if in_degrees else ("E", "N") if ground is not None else ("x", "y")
    sign = "°" if in_degrees else ""
    placed = (a * x + b * y + c, d * x + e * y + f)
    parts = [f"{name} {value:.{digits}f}{sign}" for name, value in zip(names, placed, strict=True)]
    wkt = re.match(r'\w+\["([^"]*)"', georeference.crs)
    return "  ".join([*parts, wkt[1][:40] if wkt else georeference.crs])
