"""Superpixel brush: the pieces of even colour that the pointer passes get the class."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.draw import Point
from labeltool.core.geometry import Box
from labeltool.core.shape import Dense
from labeltool.imaging.superpixels import block_at, superpixels
from labeltool.tools.painting import painted
from labeltool.tools.tool import NO_PREVIEW, Gesture, Option, Outline, Pointer, Preview, Tool, ToolContext


class Piece(NamedTuple):
    """A superpixel: a number in a block."""

    block: Box
    number: int


def _numbers(context: ToolContext, block: Box) -> NDArray[np.int32]:
    segment_px = round(context.option("size"))
    return superpixels(context.image.read, block, context.size, segment_px, context.option("compactness"))


def passed(context: ToolContext, start: Point, end: Point) -> set[Piece]:
    """The superpixels under the line between two points, looked at every pixel."""
    steps = max(1, math.ceil(math.dist(start, end)))
    way = np.floor(np.linspace(start, end, steps + 1)).astype(np.int64)
    inside = ((way >= 0) & (way < context.size)).all(axis=1)
    pixels = np.unique(way[inside], axis=0)
    found: set[Piece] = set()
    for block in {block_at(x, y, context.size) for x, y in pixels.tolist()}:
        here = pixels[((pixels >= block[:2]) & (pixels < block[2:])).all(axis=1)]
        numbers = _numbers(context, block)[here[:, 1] - block.y0, here[:, 0] - block.x0]
        found |= {Piece(block, number) for number in np.unique(numbers).tolist()}
    return found


def shapes(context: ToolContext, pieces: set[Piece]) -> Iterator[Dense]:
    """The pixels of superpixels, one shape a block."""
    for block in sorted({piece.block for piece in pieces}):
        numbers = _numbers(context, block)
        chosen = np.zeros(int(numbers.max()) + 1, bool)
        chosen[[piece.number for piece in pieces if piece.block == block]] = True
        yield tight(Dense(block, chosen[numbers]))


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
    found = list(shapes(context, passed(context, point, point)))
    return Preview(outlines(found[0])) if found else NO_PREVIEW


def _gesture(context: ToolContext, first: Pointer) -> Gesture:
    erase = first.button == "right"
    value = context.erase_value if erase else context.paint_value
    done: set[Piece] = set()
    at = event = first
    with context.stroke("superpixels", "superpixel") as stroke:
        while True:
            if event.kind in ("press", "move", "release"):
                fresh = passed(context, at.point, event.point) - done
                for shape in shapes(context, fresh):
                    stroke.add(painted(context, shape, value))
                done |= fresh
                at = event
            if event.kind == "release":
                return
            event = yield NO_PREVIEW


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
)
