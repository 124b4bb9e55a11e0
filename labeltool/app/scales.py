"""How large an image's pixels are in the world, as its file says it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError
from labeltool.core.extras import MissingExtraError
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord
from labeltool.imaging.ground import Ground, ground_of
from labeltool.imaging.open import probe
from labeltool.imaging.reader import ImageInfo
from labeltool.imaging.scale import PixelSize

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """The pixels of an image: all of one size in metres, or with ``ground`` by their place on the map."""

    size: Size
    pixel: PixelSize
    ground: Ground | None = None

    def row_areas(self) -> Numbers:
        """m² of a pixel of each row, [height]."""
        if self.ground is not None:
            return self.ground.row_areas(self.size)
        return np.full(self.size.height, self.pixel.x * self.pixel.y)

    def matrix(self, centroids: Numbers) -> Numbers:
        """Metres of steps (columns, rows): [2, 2], or where they depend on the place, around each centroid x, y
        [n, 2, 2]. An object that reaches over many latitudes is measured as if it lay at its centroid."""
        if self.ground is None:
            return np.diag([self.pixel.x, self.pixel.y])
        if not self.ground.on_ellipsoid:
            a, b, _, d, e, _ = self.ground.transform
            return np.array([[a, b], [d, e]]) * self.ground.unit
        rows, of_row = np.unique(np.floor(centroids[:, 1]), return_inverse=True)
        pixels = [_pixel_at(self.ground, self.size.width / 2, row + 0.5) for row in rows.tolist()]
        return np.array(pixels).reshape(-1, 2, 2)[of_row]


def _pixel_at(ground: Ground, x: float, y: float) -> Numbers:
    """Width and height in m of the pixel around a point, as a matrix."""
    return np.diag([ground.line([(x - 0.5, y), (x + 0.5, y)]), ground.line([(x, y - 0.5), (x, y + 0.5)])])


@dataclass(frozen=True)
class Surveyed:
    """What the header of an image says, and its scale; or in ``problem`` why there is none."""

    info: ImageInfo | None
    scale: Scale | None
    problem: str = ""


def survey(record: ImageRecord) -> Surveyed:
    """Read the header of an image; never an error: a mask can be measured in pixels without its image."""
    try:
        info = probe(record.path, record.page)
    except MissingExtraError as error:
        return Surveyed(None, None, f"{error.message} ({error.hint}), and nothing is known of the scale")
    except (BadInputError, OSError):
        return Surveyed(
            None, None, "the file is missing or cannot be read, and nothing is known of its scale"
        )
    if info.size != record.size:
        return Surveyed(
            None, None, "the file has another size than when it was added, and nothing is known of its scale"
        )
    ground = ground_of(info.georeference)
    if ground is not None:
        return Surveyed(info, Scale(info.size, ground.pixel_size(info.size), ground))
    if info.pixel_size is not None and info.pixel_size.unit == "m":
        return Surveyed(info, Scale(info.size, info.pixel_size))
    return Surveyed(info, None, "the file does not say how large a pixel is")
