"""Where the images of a project lie on the map."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError
from labeltool.core.project import ImageRecord
from labeltool.formats.manifest import Manifest, read_manifest
from labeltool.imaging.open import open_image
from labeltool.imaging.reader import Georeference
from labeltool.imaging.readers.gdal import GdalReader

Points = NDArray[np.float64]
"""x, y of points, float64 [n, 2]."""


class Place(NamedTuple):
    """What an image's file says of its place; ``gcps`` (rasterio's points, and their CRS) and ``rpcs`` are those of
    files that say it without a transform."""

    georeference: Georeference | None
    gcps: tuple[list[Any], Any] = ([], None)
    rpcs: Any = None

    @property
    def is_nowhere(self) -> bool:
        """True where the file says nothing."""
        return self.georeference is None and not self.gcps[0] and self.rpcs is None


def place_of(record: ImageRecord) -> Place:
    """What an image's file says; BadInputError where it cannot be read or has another size than when it was added."""
    with open_image(record.path, record.page) as reader:
        if reader.info.size != record.size:
            raise BadInputError(
                "the image file is no longer the one that was added",
                file=record.path,
                hint="Put the original file back, or add this one to the project as an image of its own",
            )
        if isinstance(reader, GdalReader):
            return Place(reader.info.georeference, reader.gcps, reader.rpcs)
        return Place(reader.info.georeference)


def georeference_of(record: ImageRecord) -> Georeference | None:
    """Where an image lies; None where its file does not say it, or cannot be read."""
    try:
        return place_of(record).georeference
    except BadInputError:
        return None


def manifest_near(src: Path) -> Manifest | None:
    """That of one of our exports, where ``src`` is one, or a folder or a file of one."""
    folders = (src, *src.parents[:3])
    return next((found for folder in folders if (found := read_manifest(folder)) is not None), None)


def on_map(ring: Points, georeference: Georeference) -> Points:
    """Points in pixels to map coordinates."""
    a, b, c, d, e, f = georeference.transform
    x, y = ring.T
    return np.column_stack((a * x + b * y + c, d * x + e * y + f))


def in_pixels(points: Points, georeference: Georeference) -> Points:
    """Map coordinates to points in pixels."""
    a, b, c, d, e, f = georeference.transform
    x, y = points[:, 0] - c, points[:, 1] - f
    area = a * e - b * d
    return np.column_stack(((e * x - b * y) / area, (a * y - d * x) / area))
