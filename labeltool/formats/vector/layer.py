"""What a vector file holds, whichever its format: polygons with attributes, in one coordinate system."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError
from labeltool.core.project import Skipped

Ring = NDArray[np.float64]
"""Corners x, y of a closed line, float64 [n, 2]; the last one is joined to the first."""
Polygon = Sequence[Ring]
"""An outer ring and those of its holes."""

IGNORED, UNLABELLED = "ignore", "unlabelled"
"""What our exports call pixels of no class; the value of the one is 255, the other has none."""
OWN: Final = frozenset({"class", "value", "object_id", "image"})
"""The attributes of our exports."""

MOST_FEATURES: Final = 1_000_000
MOST_POINTS: Final = 2_000_000
"""In one polygon."""

_URN = re.compile(r"urn:(?:x-)?ogc:def:crs:(EPSG|ESRI|OGC|IAU):[\w.]*:(\w+)", re.IGNORECASE)
_URL = re.compile(
    r"https?://www\.opengis\.net/(?:def/crs/|gml/srs/)(EPSG|ESRI|OGC)(?:/[\w.]+/|\.xml#)(\w+)", re.IGNORECASE
)
_CODE = re.compile(r"(EPSG|ESRI|OGC|IAU)::?(\w+)", re.IGNORECASE)


class Feature(NamedTuple):
    """An object of a file: what a report calls it, its polygons, its attributes."""

    called: str
    polygons: tuple[Polygon, ...]
    attributes: Mapping[str, Any]

    @property
    def is_own(self) -> bool:
        """True for one of our exports."""
        return self.attributes.keys() >= OWN


@dataclass
class Layer:
    """The features of a file, or of one of its layers. ``crs`` is what pyproj understands.

    ``skipped`` are the broken ones, ``flat`` counts those without an area by kind.
    """

    file: Path
    crs: str
    features: list[Feature] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    flat: Counter[str] = field(default_factory=Counter)

    @cached_property
    def bounds(self) -> NDArray[np.float64]:
        """Least x, least y, largest x, largest y of every feature, float64 [n, 4]."""
        found = np.empty((len(self.features), 4))
        for place, feature in enumerate(self.features):
            corners = np.concatenate([ring for polygon in feature.polygons for ring in polygon])
            found[place] = *corners.min(axis=0), *corners.max(axis=0)
        return found

    def add(self, called: str, polygons: Sequence[Polygon], attributes: Mapping[str, Any]) -> None:
        """Add a feature; BadInputError where its corners are none."""
        if not any(len(ring) for polygon in polygons for ring in polygon):
            self.flat["features without a geometry"] += 1
            return
        if sum(len(ring) for polygon in polygons for ring in polygon) > MOST_POINTS:
            raise BadInputError(f"the polygon has more than {MOST_POINTS:,} points")
        for polygon in polygons:
            for ring in polygon:
                if len(ring) < 3:
                    raise BadInputError(f"a ring has {len(ring)} points, and three or more are needed")
                if not np.isfinite(ring).all():
                    raise BadInputError("a coordinate is no number")
        if len(self.features) >= MOST_FEATURES:
            raise BadInputError(f"the file holds more than {MOST_FEATURES:,} features", file=self.file)
        self.features.append(Feature(called, tuple(polygons), attributes))


def crs_named(name: object, file: Path) -> str:
    """The coordinate system of a name like ``urn:ogc:def:crs:EPSG::32616``, as "EPSG:32616"; BadInputError for others.

    Only codes are taken: other texts would have the library look for files.
    """
    text = name.strip() if isinstance(name, str) else ""
    found = _URN.fullmatch(text) or _URL.fullmatch(text) or _CODE.fullmatch(text)
    if found is None:
        raise BadInputError(f"the coordinate system {str(name)[:80]!r} is not known", file=file, hint=_HINT)
    return known_crs(f"{found[1].upper()}:{found[2]}", file)


def known_crs(text: str, file: Path) -> str:
    """The code or WKT itself; BadInputError where it stands for no coordinate system."""
    from pyproj import CRS  # noqa: PLC0415 - an extra
    from pyproj.exceptions import CRSError  # noqa: PLC0415

    try:
        CRS.from_user_input(text)
    except CRSError as error:
        raise BadInputError(
            f"the coordinate system {text[:80]!r} is not known", file=file, hint=_HINT
        ) from error
    return text


_HINT = "Save the layer again in a coordinate system with an EPSG code"
