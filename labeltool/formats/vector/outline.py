"""The objects of an image as polygons along the edges of their pixels, in pixels and on the map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE
from labeltool.core.contour import rings, signed_area
from labeltool.core.geometry import Box
from labeltool.core.shape import Dense
from labeltool.formats.items import Item
from labeltool.formats.vector.layer import IGNORED, UNLABELLED, Polygon, Ring
from labeltool.imaging.ground import ground_of
from labeltool.imaging.reader import Georeference

STEP_PX: Final = 64
"""How far apart points lie along an edge that is to be bent by another projection."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Outline:
    """An object: its class, its id, the image's name, its area on the ground in m² where that is known."""

    name: str
    value: int | None
    object_id: int | None
    image: str
    area_m2: float | None
    polygons: tuple[Polygon, ...]

    def attributes(self) -> dict[str, Any]:
        """What the file says of it."""
        return {
            "class": self.name,
            "value": self.value,
            "object_id": self.object_id,
            "image": self.image,
            "area_m2": self.area_m2,
        }

    def moved(self, points: Callable[[Ring], Ring]) -> Outline:
        """The outline with every ring put through ``points``; outer rings run anticlockwise on the map."""
        return replace(
            self,
            polygons=tuple(
                [_turned(points(ring), outer=not place) for place, ring in enumerate(polygon)]
                for polygon in self.polygons
            ),
        )


def outlines_of(item: Item, georeference: Georeference) -> Iterator[Outline]:
    """The objects of an image in pixels, then ignored pixels and those that nobody has set, where there are some."""
    names = {each.value: each.name for each in item.catalog.classes}
    ground = ground_of(georeference)
    areas = None if ground is None else ground.row_areas(item.record.size)

    def one(name: str, value: int | None, object_id: int | None, box: Box, inside: Bools) -> Outline:
        area = None
        if areas is not None:
            area = float(np.dot(inside.sum(axis=1), areas[box.y0 : box.y1]))
        image = item.record.name
        return Outline(name, value, object_id, image, area, tuple(polygons_of(box, inside)))

    for region in item.regions:
        yield one(names[region.class_value], region.class_value, region.object_id, region.box, region.inside)
    whole = item.record.size.box
    if (ignored := item.ignored).any():
        yield one(IGNORED, IGNORE, None, whole, ignored)
    if (unlabelled := item.unlabelled).any():
        yield one(UNLABELLED, None, None, whole, unlabelled)


def polygons_of(box: Box, inside: Bools) -> Iterator[Polygon]:
    """Rings along the edges of the pixels, an outer one and its holes for each 4-connected part.

    Pixels that touch at a corner alone are parts of their own: then no ring meets itself, and every polygon is valid.
    """
    count, parts, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=4)
    for number in range(1, count):
        x, y, width, height, _ = stats[number].tolist()
        part = parts[y : y + height, x : x + width] == number
        found = rings(Dense(Box(0, 0, width, height), part))
        corner = np.array((box.x0 + x, box.y0 + y), np.float64)
        yield [ring + corner for ring in found]


def divided(ring: Ring) -> Ring:
    """A ring with points on its edges, none farther from the next than ``STEP_PX``."""
    after = np.roll(ring, -1, axis=0)
    steps = np.maximum(1, np.ceil(np.abs(after - ring).max(axis=1) / STEP_PX).astype(int))
    start = np.repeat(np.cumsum(steps) - steps, steps)
    share = (np.arange(int(steps.sum())) - start) / np.repeat(steps, steps)
    points: Ring = np.repeat(ring, steps, axis=0) + share[:, None] * np.repeat(after - ring, steps, axis=0)
    return points


def _turned(ring: Ring, *, outer: bool) -> Ring:
    return ring if (signed_area(ring) > 0) == outer else ring[::-1]
