"""Windows over an image: what a network is shown, and which part of its answer counts.

Origins lie at multiples of 32 and a window reaches past the image only to complete the last 32, where the image
is mirrored. So a pixel sees the same neighbours at the same place in the network's strides whatever the tile is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np

from labeltool.core.geometry import Box, Size
from labeltool.imaging.reader import Pixels, Reader

STRIDE = 32
"""Pixels that a window's origin and sides are multiples of."""


class Window(NamedTuple):
    """``read`` is shown (it may reach past the right and bottom border), only ``core`` is kept (it does not)."""

    core: Box
    read: Box


def windows(size: Size, tile: int, halo: int) -> Iterator[Window]:
    """The windows of an image, row by row; every pixel is in exactly one core.

    ``tile`` is the largest side of a window, ``halo`` what is cut off at each side that is not the image's
    border. A side of at most ``tile`` pixels has one window.
    """
    for y in _spans(size.height, tile, halo):
        for x in _spans(size.width, tile, halo):
            yield Window(
                core=Box(x.core[0], y.core[0], x.core[1], y.core[1]),
                read=Box(x.read[0], y.read[0], x.read[1], y.read[1]),
            )


class _Span(NamedTuple):
    core: tuple[int, int]
    read: tuple[int, int]


def _spans(length: int, tile: int, halo: int) -> list[_Span]:
    step = (tile - 2 * halo) // STRIDE * STRIDE
    if step <= 0 or halo < 0:
        raise ValueError(f"a tile of {tile} leaves nothing between halos of {halo}")
    end = -(-length // STRIDE) * STRIDE
    origins = [0]
    while origins[-1] + tile < end:
        origins.append(origins[-1] + step)
    cuts = [0, *(origin + halo for origin in origins[1:]), length]
    return [
        _Span(core, (origin, min(origin + tile, end)))
        for core, origin in zip(pairwise(cuts), origins, strict=True)
    ]


def sampled_boxes(reader: Reader, boxes: Sequence[Box], most: int) -> Iterator[Box]:
    """At most ``most`` of ``boxes`` that have values, from all over the image; always the same ones.

    Every n-th is taken; where some of these are no data, others.
    """
    step = max(1, -(-len(boxes) // most))
    spread = (box for first in range(step) for box in boxes[first::step])
    yield from islice(filter(reader.has_values, spread), most)


def sampled_windows(reader: Reader, tile: int, most: int) -> Iterator[Pixels]:
    """At most ``most`` windows from all over the image, as :func:`read_window` gives them.

    All are of one size: ``tile``, or the image's side to the next multiple of 32 where that is less.
    """
    size = reader.info.size
    rows, cols = _origins(size.height, tile), _origins(size.width, tile)
    boxes = [Box(x, y, x + tile, y + tile).intersect(size.box) for y in rows for x in cols]
    width, height = (min(tile, -(-length // STRIDE) * STRIDE) for length in size)
    for box in sampled_boxes(reader, boxes, most):
        yield read_window(reader, Window(box, Box(box.x0, box.y0, box.x0 + width, box.y0 + height)))


def _origins(length: int, tile: int) -> list[int]:
    """Where windows without halos begin; the last is moved back until it lies inside, if it can."""
    return [min(start, max(0, length - tile)) for start in range(0, length, tile)]


def read_window(reader: Reader, window: Window) -> Pixels:
    """The pixels of ``window.read``, uint8 [read.height, read.width, 3], mirrored past the image's border."""
    inside = window.read.intersect(reader.info.size.box)
    pixels = reader.read(inside)
    right, bottom = window.read.x1 - inside.x1, window.read.y1 - inside.y1
    if not right and not bottom:
        return pixels
    return np.pad(pixels, ((0, bottom), (0, right), (0, 0)), mode="reflect")
