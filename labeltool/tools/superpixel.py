"""Superpixel brush: the pieces of even colour that the pointer passes get the class.

They are made block by block; the outline under the pointer, and what is painted, come as soon as their block has been
made, and the blocks beside it are made while the pointer rests.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.draw import Point
from labeltool.core.geometry import Box, Size
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Dense
from labeltool.imaging.superpixels import Numbers, Superpixels, Wanted, block_at, blocks_around, load
from labeltool.tools.painting import painted
from labeltool.tools.tool import (
    NO_PREVIEW,
    Gesture,
    Option,
    Outline,
    Pending,
    Pointer,
    Preview,
    Scene,
    Tool,
    ToolContext,
    dragged,
)

KEPT = Superpixels()

Pixels = NDArray[np.int64]
"""(x, y) of pixels of the image: [n, 2]."""


def _wanted(scene: Scene, block: Box) -> Wanted:
    return Wanted(block, round(scene.option("size")), scene.option("compactness"))


def _at_hand(context: ToolContext, block: Box) -> Numbers | None:
    return KEPT.at_hand(context.image, _wanted(context, block))


def _begin(context: ToolContext, block: Box) -> Pending[Numbers]:
    def made(scene: Scene, cancel: CancelToken) -> Numbers:
        return KEPT.of(scene.image, _wanted(scene, block), scene.size)

    return context.begin(made)


def passed(start: Point, end: Point, size: Size) -> Iterator[tuple[Box, Pixels]]:
    """Block by block, the pixels under the line between two points, looked at every half pixel."""
    steps = max(1, math.ceil(2 * math.dist(start, end)))
    way = np.floor(np.linspace(start, end, steps + 1)).astype(np.int64)
    pixels = way[((way >= 0) & (way < size)).all(axis=1)]
    for block in dict.fromkeys(block_at(x, y, size) for x, y in pixels.tolist()):
        yield block, pixels[((pixels >= block[:2]) & (pixels < block[2:])).all(axis=1)]


def numbers_at(numbers: Numbers, around: Box, pixels: Pixels) -> set[int]:
    """The superpixels of a block and its surroundings that hold some pixels."""
    return set(numbers[pixels[:, 1] - around.y0, pixels[:, 0] - around.x0].tolist())


def shape_of(numbers: Numbers, around: Box, chosen: set[int]) -> Dense:
    """The pixels of some superpixels."""
    table = np.zeros(int(numbers.max()) + 1, bool)
    table[list(chosen)] = True
    return tight(Dense(around, table[numbers]))


def tight(shape: Dense) -> Dense:
    """The same pixels in the smallest box."""
    x, y, width, height = cv2.boundingRect(shape.inside.view(np.uint8))
    left, top = shape.box.x0 + x, shape.box.y0 + y
    return Dense(Box(left, top, left + width, top + height), shape.inside[y : y + height, x : x + width])


def outlines(shape: Dense) -> tuple[Outline, ...]:
    """The borders of a shape along the edges of its pixels."""
    # At twice the size the line that OpenCV traces, through centres of pixels, runs a quarter of a pixel inside.
    large = np.pad(np.kron(shape.inside.view(np.uint8), np.ones((2, 2), np.uint8)), 1)
    rings, _ = cv2.findContours(large.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    corner = (shape.box.x0, shape.box.y0)
    return tuple(Outline((ring[:, 0] - 0.5) / 2 + corner) for ring in rings)


def _hover(context: ToolContext, point: Point) -> Preview:
    for block, pixels in passed(point, point, context.size):
        numbers = _at_hand(context, block)
        if numbers is None:
            begun = _begin(context, block)
            if not begun.done:
                return Preview(working=True)  # it is asked again
            numbers = begun.result()
        else:
            _look_ahead(context, block)
        around = _wanted(context, block).around(context.size)
        return Preview(outlines(shape_of(numbers, around, numbers_at(numbers, around, pixels))))
    return NO_PREVIEW


def _look_ahead(context: ToolContext, block: Box) -> None:
    """Make the next one of the blocks beside this one; after it this is asked again."""
    for near in blocks_around(block, context.visible, context.size):
        if _at_hand(context, near) is None:
            _begin(context, near)
            return


def _gesture(context: ToolContext, first: Pointer) -> Gesture:
    value = context.erase_value if first.button == "right" else context.paint_value
    done: dict[Wanted, set[int]] = defaultdict(set)
    ahead: deque[tuple[Box, Pixels]] = deque()  # what has been passed and waits for its superpixels
    making: tuple[Wanted, Pending[Numbers]] | None = None
    at, event, released = first, first, False
    with context.stroke("superpixels", "superpixel") as stroke:
        while ahead or not released:
            if event.kind in ("press", "move", "release") and not released:
                ahead.extend(passed(at.point, event.point, context.size))
                at, released = event, event.kind == "release"
            while ahead:
                block, pixels = ahead[0]
                numbers, wanted = _at_hand(context, block), _wanted(context, block)
                if numbers is None:
                    if making is None or making[0] != wanted:  # what was begun last has come to hand since
                        making = wanted, _begin(context, block)
                    if not making[1].done:
                        break
                    numbers = making[1].result()
                making, around = None, wanted.around(context.size)
                fresh = numbers_at(numbers, around, pixels) - done[wanted]
                if fresh:
                    stroke.add(painted(context, shape_of(numbers, around, fresh), value))
                done[wanted] |= fresh
                ahead.popleft()
            if ahead or not released:
                event = yield from dragged(Preview(working=released))


OPTIONS = (
    Option("size", "Size", 20, 8, 64, unit="px"),
    Option("compactness", "Compactness", 10, 1, 50),
)
SUPERPIXEL = Tool(
    "superpixel",
    "Superpixels",
    "S",
    "ph.puzzle-piece",
    "cross",
    _gesture,
    OPTIONS,
    hover=_hover,
    help="Drag over the pieces; the right button erases",
    prepare=load,
)
