"""Polygons in map coordinates onto the pixels of an image: a pixel belongs to a polygon that holds its centre."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.draw import polygon
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.core.project import ImageRecord
from labeltool.core.shape import Dense, dense
from labeltool.formats.canvas import Canvas, Painted, free_numbers, whole
from labeltool.formats.foreign import is_background, is_class
from labeltool.formats.outlines import FARTHEST
from labeltool.formats.places import in_pixels, on_map
from labeltool.formats.values import by_number
from labeltool.formats.vector.classes import Classes
from labeltool.formats.vector.layer import IGNORED, UNLABELLED, Feature, Layer, Ring
from labeltool.imaging.reader import Georeference

_MARGIN: Final = 0.05
"""Share of the image's extent that is added where features are looked for, because its edges are bent elsewhere."""


class Burner:
    """Paints what the layers say of one image; ``reached`` are the places of the features that lie on it, by layer."""

    def __init__(
        self, record: ImageRecord, place: Georeference, catalog: ClassCatalog, classes: Classes
    ) -> None:
        self._record, self._place, self._catalog, self._classes = record, place, catalog, classes
        self.reached: list[set[int]] = []
        self._by_number = False

    def paint(self, layers: Sequence[Layer]) -> Painted:
        """The image's mask. Features that hold no pixel's centre are told of and set nothing."""
        canvas = Canvas(self._record, self._catalog)
        shape = self._record.size.height, self._record.size.width
        found: list[tuple[Feature, Dense]] = []
        empty = ignored = 0
        for layer in layers:
            reached: set[int] = set()
            for number, polygons in self._near(layer):
                feature = layer.features[number]
                try:
                    pixels = _burnt(polygons, self._record.size)
                except BadInputError as error:
                    reached.add(number)
                    canvas.fail(feature.called, str(error))
                    continue
                if pixels is None:
                    continue
                reached.add(number)
                if pixels.inside.any():
                    found.append((feature, pixels))
                else:
                    empty += 1
            self.reached.append(reached)
            if layer.skipped:  # nobody knows where the broken ones lie
                canvas.leave(whole(np.ones(shape, bool)))
        numbers = free_numbers([_own_id(feature) for feature, _ in found])
        for (feature, pixels), number in zip(found, numbers, strict=True):
            try:
                ignored += self._put(canvas, feature, pixels, number)
            except BadInputError as error:
                canvas.leave(pixels)
                canvas.fail(feature.called, str(error))
        told = (
            (empty, "features hold no pixel's centre and set nothing"),
            (ignored, "features are ignored pixels and no objects"),
        )
        notices = (by_number(self._catalog),) if self._by_number else ()
        return canvas.result(
            str(layers[0].file), notices=(*notices, *(f"{count:,} {what}" for count, what in told if count))
        )

    def _near(self, layer: Layer) -> list[tuple[int, list[list[Ring]]]]:
        """The features around the image, by their places, with their polygons in pixels."""
        if not layer.features:
            return []
        transformer = _transformer(layer.crs, self._place.crs)
        near = self._around(layer, transformer)
        found = []
        for number in near:
            polygons = layer.features[number].polygons
            rings = [ring for polygon in polygons for ring in polygon]
            points = np.concatenate(rings)
            if transformer is not None:
                points = np.column_stack(transformer.transform(points[:, 0], points[:, 1]))
            pixels = in_pixels(points, self._place)
            each = iter(np.split(pixels, np.cumsum([len(ring) for ring in rings])[:-1]))
            found.append((number, [[next(each) for _ in polygon] for polygon in polygons]))
        return found

    def _around(self, layer: Layer, transformer: Any) -> list[int]:
        """The places of the features whose bounds meet those of the image in the layer's coordinates."""
        width, height = self._record.size
        corners = on_map(
            np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64), self._place
        )
        low, high = corners.min(axis=0), corners.max(axis=0)
        margin = (high - low) * _MARGIN
        box = np.concatenate((low - margin, high + margin))
        if transformer is not None:
            box = _bounds_there(transformer, box)
        x0, y0, x1, y1 = box
        bounds = layer.bounds
        meet = (bounds[:, 0] <= x1) & (bounds[:, 2] >= x0) & (bounds[:, 1] <= y1) & (bounds[:, 3] >= y0)
        near: list[int] = np.flatnonzero(meet | (x0 > x1)).tolist()  # beyond 180 degrees x0 is the larger one
        return near

    def _put(self, canvas: Canvas, feature: Feature, pixels: Dense, number: int) -> bool:
        """Paint a feature; true for one of ignored pixels."""
        if feature.is_own and feature.attributes["value"] in (IGNORE, None):
            called, value = feature.attributes["class"], feature.attributes["value"]
            if value is None and called == UNLABELLED:
                canvas.leave(pixels)
                return False
            if value == IGNORE and called == IGNORED:
                canvas.ignore(pixels)
                return False
        found = self._classes.of_feature(feature)
        name = _name_of(found, self._catalog)
        known = self._catalog.by_name(name)
        if found == IGNORE or (known is None and not is_class(name) and not is_background(name)):
            canvas.ignore(pixels)
            return True
        if is_background(name) if known is None else known.value == self._catalog.background:
            canvas.erase(pixels)
        else:
            canvas.add(pixels, name, number)
            self._by_number |= known is not None and name != str(found)
        return False


def _name_of(found: str | int, catalog: ClassCatalog) -> str:
    """The name of a class: a number is its value, unless a class is called so."""
    text = str(found)
    if catalog.by_name(text) is None and text.isdecimal() and len(text) < 4:
        own = catalog.by_value(int(text))
        return f"class {text}" if own is None else own.name
    return text


def _own_id(feature: Feature) -> int | None:
    stated = feature.attributes.get("object_id") if feature.is_own else None
    return stated if type(stated) is int and 0 <= stated < 1 << 32 else None


def _burnt(polygons: list[list[Ring]], size: Size) -> Dense | None:
    """The pixels of an object, perhaps none; None where it lies beside the image. BadInputError where a corner is
    beyond any image."""
    corners = np.concatenate([ring for rings in polygons for ring in rings])
    if not np.isfinite(corners).all():
        raise BadInputError("the polygon cannot be brought into the image's coordinate system")
    low, high = corners.min(axis=0), corners.max(axis=0)
    if (low > size).any() or (high < 0).any():
        return None
    if np.abs(corners).max() > FARTHEST:
        raise BadInputError("the polygon reaches farther than any image")
    box = Box(*np.floor(low).astype(int).tolist(), *np.ceil(high).astype(int).tolist()).intersect(size.box)
    if box.is_empty:
        return None
    inside = np.zeros((box.height, box.width), bool)
    for rings in polygons:
        own = dense(polygon(rings, size))
        common = own.box.intersect(box)
        if not common.is_empty:
            inside[common.slices(box)] |= own.inside[common.slices(own.box)]
    return Dense(box, inside)


@lru_cache(maxsize=64)
def _transformer(source: str, target: str) -> Any:
    """From one coordinate system to another, x before y; None where they are the same."""
    from pyproj import CRS, Transformer  # noqa: PLC0415 - an extra

    one, other = CRS.from_user_input(source), CRS.from_user_input(target)
    return (
        None
        if one.equals(other, ignore_axis_order=True)
        else Transformer.from_crs(one, other, always_xy=True)
    )


def _bounds_there(transformer: Any, box: NDArray[np.float64]) -> NDArray[np.float64]:
    """The bounds of a box in the coordinates that are transformed from; everything where they are not known."""
    from pyproj.enums import TransformDirection  # noqa: PLC0415 - an extra
    from pyproj.exceptions import ProjError  # noqa: PLC0415

    everything = np.array((-np.inf, -np.inf, np.inf, np.inf))
    try:
        found = np.array(transformer.transform_bounds(*box, direction=TransformDirection.INVERSE))
    except ProjError:
        return everything
    return found if np.isfinite(found).all() else everything
