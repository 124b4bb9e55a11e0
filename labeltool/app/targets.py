"""Which pixels an operation on regions is about: the region under the pointer, or each object of a class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labeltool.core.algebra import Alike
from labeltool.core.components import region_at
from labeltool.core.geometry import Box, TileIndex, tile_box, tiles_in
from labeltool.core.mask import LabelMask, constant_value
from labeltool.core.progress import CancelToken
from labeltool.core.shape import NO_BOX, Shape
from labeltool.tools.objects import Pixel


@dataclass(frozen=True)
class Target:
    """Pixels that are treated as one thing: of a class, with one object id."""

    value: int
    object_id: int
    shape: Shape


def is_region(mask: LabelMask, at: Pixel) -> bool:
    """True where there is a region at a pixel; False where that is background, unlabelled or outside."""
    box = Box(*at, at[0] + 1, at[1] + 1)
    inside = not box.intersect(mask.size.box).is_empty
    return inside and int(mask.read("label", box)[0, 0]) != mask.unlabelled_value


def region_target(mask: LabelMask, at: Pixel, cancel: CancelToken | None = None) -> list[Target]:
    """The region at a pixel; none where that is background or unlabelled."""
    if not is_region(mask, at):
        return []
    box = Box(*at, at[0] + 1, at[1] + 1)
    value = int(mask.read("label", box)[0, 0])
    return [Target(value, int(mask.read("object", box)[0, 0]), region_at(mask, at, cancel))]


def class_targets(mask: LabelMask, value: int, cancel: CancelToken | None = None) -> list[Target]:
    """All of a class: what has no object id together, and each object by itself."""
    label, objects = mask.planes["label"], mask.planes["object"]
    boxes: dict[int, Box] = {}
    for index in tiles_in(mask.size.box, mask.size):
        if constant_value(label, index) not in (None, value):
            continue
        if cancel is not None:
            cancel.check()
        place = tile_box(index, mask.size)
        for number in _numbers(mask, index, value):
            boxes[number] = boxes.get(number, NO_BOX).union(place)
    return [
        Target(value, number, Alike((label, objects), (value, number), boxes[number]))
        for number in sorted(boxes)
    ]


def targets(mask: LabelMask, at: Pixel | None, value: int, cancel: CancelToken | None = None) -> list[Target]:
    """The region at a pixel, or with None all of a class."""
    return class_targets(mask, value, cancel) if at is None else region_target(mask, at, cancel)


def _numbers(mask: LabelMask, index: TileIndex, value: int) -> list[int]:
    """The object ids that occur with a class in a tile."""
    inside = mask.planes["label"].tile(index) == value
    known = constant_value(mask.planes["object"], index)
    if known is not None:
        return [known] if inside.any() else []
    return [int(number) for number in np.unique(mask.planes["object"].tile(index)[inside])]
