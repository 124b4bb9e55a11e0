"""Windows through a network, in smaller pieces where memory does not suffice for whole ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import ModelError
from labeltool.core.geometry import Box
from labeltool.imaging.reader import Pixels
from labeltool.imaging.windows import STRIDE, Window
from labeltool.inference.segmenter import Context, Plane8, Prediction, Segmenter

_MOST_CUTS = 4


class Network:
    """A segmenter at work on one image.

    Where it has no memory for a window, that and all later ones are cut into 2 x 2 pieces, then into 4 x 4, each with
    the whole halo around it; where that does not help either, it falls back to the CPU. Each step is said once.
    """

    def __init__(self, segmenter: Segmenter, context: Context | None) -> None:
        self._segmenter, self._context = segmenter, context
        self._cuts = 1

    def predict(self, windows: Sequence[Window], pixels: NDArray[np.uint8]) -> list[Prediction]:
        """What the network says of the cores of windows that all have one size, uint8 [n, h, w, channels].

        ModelError where memory does not suffice for the smallest pieces on the CPU either.
        """
        while True:
            try:
                if self._cuts == 1:
                    return self._together(windows, pixels)
                return [self._in_pieces(*each) for each in zip(windows, pixels, strict=True)]
            except MemoryError as error:
                self._make_do_with_less(error)

    def _make_do_with_less(self, error: MemoryError) -> None:
        if self._cuts < _MOST_CUTS:
            self._cuts *= 2
            self._segmenter.notices.append(
                f"Memory ran out on {self._segmenter.device}: windows are cut into {self._cuts} x {self._cuts} pieces"
            )
        elif self._segmenter.fall_back():
            self._cuts = 1
        else:
            raise ModelError(
                "memory ran out, even for small pieces of the image",
                hint="Close other programs and try again",
            ) from error

    def _together(self, windows: Sequence[Window], pixels: NDArray[np.uint8]) -> list[Prediction]:
        answer = self._segmenter.predict(pixels, self._context)
        return [answer.part(i, core, core.slices(read)) for i, (core, read) in enumerate(windows)]

    def _in_pieces(self, window: Window, pixels: Pixels) -> Prediction:
        found = []
        for piece in pieces(window, self._cuts, self._segmenter.card.halo):
            shown = np.ascontiguousarray(pixels[piece.read.slices(window.read)])
            found += self._together([piece], shown[None])
        return joined(window.core, found)


def pieces(window: Window, cuts: int, halo: int) -> Iterator[Window]:
    """A window in at most ``cuts`` x ``cuts`` parts. Their cores are its core, their origins lie on the network's
    strides, and each has its halo as far as the window has."""
    core, read = window
    for top, bottom in _cut(core.y0, core.y1, cuts):
        for left, right in _cut(core.x0, core.x1, cuts):
            part = Box(left, top, right, bottom)
            around = part.grow(halo)
            aligned = Box(
                around.x0 // STRIDE * STRIDE,
                around.y0 // STRIDE * STRIDE,
                -(-around.x1 // STRIDE) * STRIDE,
                -(-around.y1 // STRIDE) * STRIDE,
            )
            yield Window(part, aligned.intersect(read))


def _cut(start: int, stop: int, cuts: int) -> Iterator[tuple[int, int]]:
    side = -(-(stop - start) // cuts)
    for first in range(start, stop, side):
        yield first, min(first + side, stop)


def joined(box: Box, parts: Sequence[Prediction]) -> Prediction:
    """Predictions of boxes that make up ``box``, as one."""
    planes: dict[str, Plane8] = {}
    for name in parts[0].planes:
        planes[name] = np.empty((box.height, box.width), np.uint8)
        for part in parts:
            planes[name][part.box.slices(box)] = part.planes[name]
    return Prediction(box, **planes)
