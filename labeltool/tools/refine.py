"""Refine: paint along a ragged edge of the class at hand, and the edge moves to where the image has one.

What is labelled is taken as sure far from the edge and as a guess near it; a locally connected CRF decides those.
It works on the labels as they were at the press, so neither the speed of the pointer nor a tile border is seen in the
result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.draw import capsule
from labeltool.core.geometry import Box, TileIndex, tile_box, tiles_in
from labeltool.core.morphology import squared_distance
from labeltool.core.progress import CancelToken
from labeltool.core.shape import NO_BOX, Bools, Part, Shape, Tiles, dense
from labeltool.imaging.crf import Floats, Kernels, mean_field
from labeltool.tools.painting import painted
from labeltool.tools.tool import Gesture, Option, Pointer, Preview, Scene, Tool, ToolContext, dragged
from labeltool.tools.working import worked

SURE = 6.0
"""Logit of a label as far from the edge as the edge may move; it falls off with the square of the distance."""


@dataclass(frozen=True)
class Union:
    """The pixels in any of some shapes."""

    shapes: tuple[Shape, ...]
    box: Box = NO_BOX

    def with_(self, shape: Shape) -> Union:
        """One more shape."""
        return Union((*self.shapes, shape), self.box.union(shape.box))

    def part(self, box: Box) -> Part:
        """See :class:`Shape`."""
        inside: Part = False
        for shape in self.shapes:
            if shape.box.intersect(box).is_empty:
                continue
            part = shape.part(box)
            if part is True:
                return True
            inside = part | inside
        return inside


def signed_distance(inside: Bools, reach: int) -> Floats:
    """Distance in pixels to the edge, positive inside, cut off at ``reach``."""
    near, far = (np.sqrt(squared_distance(each)) for each in (inside, ~inside))
    # The edge runs between two pixels, half a pixel from the centre of each.
    apart = np.where(inside, near - 0.5, 0.5 - far)
    return np.clip(apart, -reach, reach).astype(np.float32)


def refined(inside: Bools, image: NDArray[np.uint8], reach: int, kernels: Kernels) -> Bools:
    """``inside`` bool [h, w] with its edges moved, by at most about ``reach`` pixels, to those of the image."""
    apart = signed_distance(inside, reach) / reach
    unary = (SURE * apart * np.abs(apart)).astype(np.float32)
    found: Bools = mean_field(unary, image, kernels) > 0
    return found


def nearest_other(labels: NDArray[np.uint8], value: int, reach: int) -> NDArray[np.uint8]:
    """For every pixel the label other than ``value`` that lies nearest; ``value`` where there is none within reach."""
    ours = (labels == value).view(np.uint8)
    apart, index = cv2.distanceTransformWithLabels(ours, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    table = np.full(int(index.max()) + 1, value, np.uint8)
    others = ours == 0
    table[index[others]] = labels[others]
    return np.where(apart <= reach, table[index], value).astype(np.uint8)


@dataclass(frozen=True)
class Refinement:
    """What the tool is set to."""

    value: int
    reach: int
    kernels: Kernels

    def new_labels(self, scene: Scene, box: Box) -> NDArray[np.uint8] | None:
        """Labels uint8 of a box inside the image after refinement; None where no edge is near."""
        # A pixel's label depends on the CRF's halo, and that on edges within reach; a lost pixel looks twice as far.
        around = box.grow(self.kernels.halo + 2 * self.reach + 2).intersect(scene.size.box)
        labels = scene.mask.planes["label"].read(around).astype(np.uint8, copy=False)
        ours = labels == self.value
        if ours.all() or not ours.any():
            return None
        inside = refined(ours, scene.image.read(around), self.reach, self.kernels)
        new = np.where(inside, self.value, nearest_other(labels, self.value, 2 * self.reach))
        kept = ours == inside
        return np.where(kept, labels, new).astype(np.uint8)[box.slices(around)]


def changes(
    scene: Scene, footprint: Shape, how: Refinement, cancel: CancelToken
) -> Iterator[tuple[int, Tiles]]:
    """Label by label, the pixels of the footprint that get it. Raises CancelledError after a cancel."""
    found: dict[int, dict[TileIndex, Bools | bool]] = {}
    for index in tiles_in(footprint.box, scene.size):
        cancel.check()
        place = tile_box(index, scene.size)
        box = place.intersect(footprint.box)
        footing = dense(footprint, box).inside
        new = how.new_labels(scene, box) if footing.any() else None
        if new is None:
            continue
        changed = footing & (new != scene.mask.planes["label"].read(box))
        for value in np.unique(new[changed]).tolist():
            whole = np.zeros((place.height, place.width), bool)
            whole[box.slices(place)] = changed & (new == value)
            found.setdefault(value, {})[index] = whole
    for value, parts in found.items():
        yield value, Tiles(scene.size, parts)


def _gesture(context: ToolContext, first: Pointer) -> Gesture:
    value = context.erase_value if first.button == "right" else context.paint_value
    how = Refinement(
        value, round(context.option("reach")), Kernels(appearance_levels=context.option("contrast"))
    )
    at = event = first
    footprint = Union(())
    while event.kind != "release":
        if event.kind in ("press", "move"):
            footprint = footprint.with_(capsule(at.point, event.point, context.radius_px, context.size))
            at = event
        event = yield from dragged(Preview(area=footprint))

    def moved(scene: Scene, cancel: CancelToken) -> list[tuple[int, Tiles]]:
        return list(changes(scene, footprint, how, cancel))

    with context.stroke("refinement", "refine") as stroke:
        for new, shape in (yield from worked(context, moved, Preview(area=footprint))):
            stroke.add(painted(context, shape, new))


OPTIONS = (
    Option("reach", "Reach", 8, 2, 32, unit="px"),
    Option("contrast", "Contrast", 12, 2, 60),
)
REFINE = Tool(
    "refine",
    "Refine edge",
    "J",
    "ph.sparkle",
    "brush",
    _gesture,
    OPTIONS,
    help="Paint along a ragged edge; it moves to the edge in the image",
)
