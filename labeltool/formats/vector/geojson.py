"""GeoJSON files: RFC 7946, and the older ones that name a coordinate system."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np

from labeltool.core.errors import BadInputError
from labeltool.core.project import Skipped
from labeltool.formats.untrusted import load_json
from labeltool.formats.vector.layer import Layer, Polygon, Ring, crs_named
from labeltool.formats.vector.outline import Outline

LONLAT: Final = "OGC:CRS84"
"""Longitude and latitude in degrees of WGS 84, in this order: what RFC 7946 demands."""

_MOST_BYTES: Final = 1 << 29
_DIGITS: Final = 10
"""Of a degree: a hundredth of a millimetre."""


def read_geojson(file: Path) -> list[Layer]:
    """The features of a file; BadInputError when it is no GeoJSON or names a coordinate system that is none."""
    data = load_json(file, _MOST_BYTES)
    kind = data.get("type") if isinstance(data, dict) else None
    found = data.get("features") if kind == "FeatureCollection" else [data] if kind == "Feature" else None
    if not isinstance(found, list):
        raise BadInputError(
            "this is not GeoJSON", file=file, hint="A FeatureCollection or a Feature is expected"
        )
    layer = Layer(file, _crs(data, file))
    for number, feature in enumerate(found, start=1):
        called = f"{file}: feature {number}"
        try:
            _add(layer, called, feature)
        except BadInputError as error:
            if error.file:
                raise
            layer.skipped.append(Skipped(called, str(error)))
    _refuse_no_degrees(layer, data)
    return [layer]


def _crs(data: dict[str, Any], file: Path) -> str:
    named = data.get("crs")
    if named is None:
        return LONLAT
    properties = named.get("properties") if isinstance(named, dict) else None
    return crs_named(properties.get("name") if isinstance(properties, dict) else None, file)


def _refuse_no_degrees(layer: Layer, data: dict[str, Any]) -> None:
    if data.get("crs") is None and layer.features and not (np.abs(layer.bounds) <= (361, 91, 361, 91)).all():
        raise BadInputError(
            "the file names no coordinate system, and its coordinates are no degrees",
            file=layer.file,
            hint='Save it as RFC 7946 (longitude and latitude), or with a "crs" member',
        )


def _add(layer: Layer, called: str, feature: Any) -> None:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise BadInputError("this is no feature")
    geometry, attributes = feature.get("geometry"), feature.get("properties") or {}
    if geometry is None:
        layer.flat["features without a geometry"] += 1
        return
    if not isinstance(geometry, dict) or not isinstance(attributes, dict):
        raise BadInputError("its geometry or its attributes are no objects")
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Polygon":
        layer.add(called, [_polygon(coordinates)], attributes)
    elif kind == "MultiPolygon":
        layer.add(called, [_polygon(each) for each in _list(coordinates)], attributes)
    elif isinstance(kind, str) and kind in _FLAT:
        layer.flat[_FLAT[kind]] += 1
    else:
        raise BadInputError(f"a geometry of the type {str(kind)[:40]!r} is not known")


_FLAT: Final = {
    "Point": "points",
    "MultiPoint": "points",
    "LineString": "lines",
    "MultiLineString": "lines",
    "GeometryCollection": "geometry collections",
}


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise BadInputError("its coordinates are no lists of points")
    return value


def _polygon(rings: Any) -> Polygon:
    return [_ring(ring) for ring in _list(rings)]


def _ring(points: Any) -> Ring:
    pairs = []
    for point in _list(points):
        if (
            not isinstance(point, list)
            or len(point) < 2
            or not all(type(n) in (int, float) for n in point[:2])
        ):
            raise BadInputError("its coordinates are no lists of points")
        pairs.append(point[:2])
    try:
        return np.array(pairs, np.float64).reshape(-1, 2)
    except OverflowError as error:
        raise BadInputError("a coordinate is no number") from error


def write_geojson(file: Path, outlines: Iterable[Outline], crs: str, *, source_crs: bool) -> None:
    """Write outlines whose polygons are in map coordinates; with ``source_crs`` the file names ``crs``, else they are
    degrees already."""
    with file.open("w", encoding="ascii", newline="\n") as text:
        text.write('{"type": "FeatureCollection"')
        if source_crs:
            text.write(f', "crs": {json.dumps({"type": "name", "properties": {"name": urn_of(crs, file)}})}')
        text.write(', "features": [')
        separator = "\n"
        for outline in outlines:
            polygons = [[_closed(ring, source_crs) for ring in polygon] for polygon in outline.polygons]
            is_one = len(polygons) == 1
            geometry = {
                "type": "Polygon" if is_one else "MultiPolygon",
                "coordinates": polygons[0] if is_one else polygons,
            }
            feature = {"type": "Feature", "properties": outline.attributes(), "geometry": geometry}
            text.write(separator + json.dumps(feature, ensure_ascii=True, allow_nan=False))
            separator = ",\n"
        text.write("\n]}\n")


def _closed(ring: Ring, exact: bool) -> list[list[float]]:
    points = ring if exact else np.round(ring, _DIGITS)
    pairs: list[list[float]] = points.tolist()
    return [*pairs, pairs[0]]


def urn_of(crs: str, file: Path) -> str:
    """What GeoJSON calls a coordinate system; BadInputError where it has no code. ``file`` is for the message."""
    authority, _, code = crs.partition(":")
    if not code.isalnum():
        raise BadInputError(
            "the image's coordinate system has no code that GeoJSON could name",
            file=file,
            hint="Export GeoPackage, or GeoJSON in EPSG:4326",
        )
    return f"urn:ogc:def:crs:{authority}::{code}"
