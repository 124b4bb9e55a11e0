"""True areas and lengths on the ground of an image that has its place on a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from labeltool.core.draw import Point
from labeltool.core.extras import GEO
from labeltool.core.geometry import Size
from labeltool.imaging.reader import Georeference
from labeltool.imaging.scale import PixelSize

if TYPE_CHECKING:
    from pyproj import Transformer

Numbers = NDArray[np.float64]

_FLAT_MERCATOR = ("pseudo mercator", "auxiliary sphere", "mercator (variant", "mercator (spherical")
"""Words in the names of those methods of projection whose scale grows with the latitude so much that a metre of the map
is no metre anywhere but at the equator; transverse Mercator (UTM) is none of them."""


_WEB_MERCATOR = {"EPSG:3785": "EPSG:3857"}
"""A withdrawn code that took the earth for a sphere; who writes it means the other."""


@dataclass(frozen=True)
class Ground:
    """What pixels and lines of an image measure on the ground.

    Maps in metres or feet are measured in their plane, in metres. Maps in degrees and Mercator's are measured on the
    ellipsoid: areas exactly between the parallels, lengths along geodesics.

    ``transform`` is that of :class:`Georeference`, ``unit`` the map's unit in metres (in radians for maps in degrees).
    """

    transform: tuple[float, float, float, float, float, float]
    unit: float
    on_ellipsoid: bool
    axis_m: float = 0.0
    eccentricity: float = 0.0
    to_degrees: Transformer | None = None

    def row_areas(self, size: Size) -> Numbers:
        """m² of a pixel of each row, float64 [height]; of a map in degrees that is turned, of the row's middle."""
        a, b, _, d, e, _ = self.transform
        if not self.on_ellipsoid:
            return np.full(size.height, abs(a * e - b * d) * self.unit**2)
        column = size.width // 2
        y = np.arange(size.height + 1, dtype=np.float64)
        left = self._equal_area(np.full_like(y, column), y)
        right = self._equal_area(np.full_like(y, column + 1), y)
        across, down = right[1:] - left[:-1], left[1:] - right[:-1]  # the diagonals of each pixel
        areas: Numbers = np.abs(across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]) / 2
        return areas

    def area(self, pixels_of_row: NDArray[np.integer[Any]], size: Size) -> float:
        """m² of so many pixels in each row of the image, [height]."""
        return float(np.dot(pixels_of_row.astype(np.float64), self.row_areas(size)))

    def line(self, points: Sequence[Point]) -> float:
        """Length in m of the line through points x, y of the image."""
        xy = np.asarray(points, np.float64).reshape(-1, 2)
        if len(xy) < 2:
            return 0.0
        if not self.on_ellipsoid:
            return float(np.hypot(*np.diff(self._map(xy[:, 0], xy[:, 1]) * self.unit, axis=0).T).sum())
        from pyproj import Geod  # noqa: PLC0415 - an extra

        flattening = 1 - np.sqrt(1 - self.eccentricity**2)
        longitude, latitude = np.degrees(self._radians(xy[:, 0], xy[:, 1])).T
        return float(Geod(a=self.axis_m, f=flattening).line_length(longitude, latitude))

    def pixel_size(self, size: Size) -> PixelSize:
        """Width and height in metres of a pixel in the middle of the image."""
        x, y = size.width / 2, size.height / 2
        return PixelSize(
            self.line([(x - 0.5, y), (x + 0.5, y)]),
            self.line([(x, y - 0.5), (x, y + 0.5)]),
        )

    def _map(self, x: Numbers, y: Numbers) -> Numbers:
        """Points of the image on the map, [n, 2]."""
        a, b, c, d, e, f = self.transform
        return np.column_stack((a * x + b * y + c, d * x + e * y + f))

    def _radians(self, x: Numbers, y: Numbers) -> Numbers:
        """Longitude and latitude of points of the image, [n, 2]."""
        placed = self._map(x, y)
        if self.to_degrees is None:
            return np.asarray(placed * self.unit)
        degrees = np.column_stack(self.to_degrees.transform(placed[:, 0], placed[:, 1]))
        return np.asarray(np.radians(degrees))

    def _equal_area(self, x: Numbers, y: Numbers) -> Numbers:
        """Points of the image in m on Lambert's cylinder, where areas are those of the ellipsoid, [n, 2]."""
        longitude, latitude = self._radians(x, y).T
        sine, e = np.sin(latitude), self.eccentricity
        # Snyder, Map Projections: A Working Manual (1987), equation 3-12
        height = sine / (1 - (e * sine) ** 2)
        height = sine * 2 if e == 0 else (1 - e**2) * (height + np.arctanh(e * sine) / e)
        points: Numbers = np.column_stack((longitude, height / 2)) * self.axis_m
        return points


@lru_cache(maxsize=64)
def ground_of(georeference: Georeference | None) -> Ground | None:
    """How an image is measured on the ground; None where its map is not known, or not to us."""
    if georeference is None or not georeference.crs or GEO.missing:
        return None
    from pyproj.exceptions import ProjError  # noqa: PLC0415 - an extra

    try:
        return _ground(georeference)
    except (ProjError, IndexError, TypeError):
        return None


def _ground(georeference: Georeference) -> Ground | None:
    from pyproj import CRS, Transformer  # noqa: PLC0415 - an extra

    crs = CRS.from_user_input(_WEB_MERCATOR.get(georeference.crs, georeference.crs))
    crs = crs.sub_crs_list[0] if crs.is_compound else crs
    geodetic, unit = crs.geodetic_crs, crs.axis_info[0].unit_conversion_factor
    if geodetic is None or geodetic.ellipsoid is None or not unit > 0:
        return None
    if crs.is_projected and not _is_flat_mercator(crs):
        return Ground(georeference.transform, unit, False)
    if not crs.is_projected and not crs.is_geographic:
        return None
    to_degrees = Transformer.from_crs(crs, geodetic, always_xy=True) if crs.is_projected else None
    long, short = geodetic.ellipsoid.semi_major_metre, geodetic.ellipsoid.semi_minor_metre
    return Ground(
        georeference.transform, unit, True, long, float(np.sqrt(1 - (short / long) ** 2)), to_degrees
    )


def _is_flat_mercator(crs: Any) -> bool:
    method = (
        crs.coordinate_operation.method_name.lower().replace("_", " ") if crs.coordinate_operation else ""
    )
    return method == "mercator" or any(words in method for words in _FLAT_MERCATOR)
