"""A conditional random field with two labels whose pixels are connected within a window.

Mean field with Gaussian kernels, cut off at a window so that all pairs at one offset are one shifted array: the locally
connected CRF of Teichmann and Cipolla (ConvCRF, 2018), which makes the dense CRF of Krähenbühl and Koltun (2011) local.

With two labels the state of a pixel is one number: s = q(1) - q(0) = tanh(logit / 2), and an update is
logit = unary + sum over the neighbours of kernel * s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Offset = tuple[int, int]


@dataclass(frozen=True)
class Kernels:
    """Weights and widths: an appearance kernel over place and colour, a smoothness kernel over place alone."""

    reach: int = 5
    """Pixels further apart than this in x or y are not connected."""
    appearance: float = 8.0
    appearance_px: float = 4.0
    appearance_levels: float = 12.0
    """Standard deviation in grey levels of a channel."""
    smoothness: float = 1.0
    smoothness_px: float = 1.5
    iterations: int = 5

    @property
    def halo(self) -> int:
        """A pixel's result depends on no pixel further away than this."""
        return self.reach * self.iterations

    def offsets(self) -> list[Offset]:
        """One of each pair of opposite offsets (dx, dy) in the window."""
        span = range(-self.reach, self.reach + 1)
        return [(dx, dy) for dy in span for dx in span if (dy, dx) > (0, 0)]

    def at(self, dx: int, dy: int) -> tuple[float, float]:
        """Weight of the appearance kernel for equal colours and of the smoothness kernel; each sums to its weight."""
        return (
            self.appearance * _gauss(dx, dy, self.appearance_px) / _total(self.reach, self.appearance_px),
            self.smoothness * _gauss(dx, dy, self.smoothness_px) / _total(self.reach, self.smoothness_px),
        )


def _gauss(dx: int, dy: int, sigma: float) -> float:
    return float(np.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma)))


def _total(reach: int, sigma: float) -> float:
    span = range(-reach, reach + 1)
    return sum(_gauss(dx, dy, sigma) for dx in span for dy in span) - 1


def _overlap(offset: Offset, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Index of the pixels that have a neighbour at an offset inside an array [h, w], and of these neighbours."""
    dx, dy = offset
    height, width = shape[:2]
    rows, cols = slice(0, max(0, height - dy)), slice(max(0, -dx), max(0, width - max(0, dx)))
    return (rows, cols), (slice(dy, height), slice(max(0, dx), max(0, width + min(0, dx))))


def _pairs(image: NDArray[np.uint8], kernels: Kernels) -> Iterator[tuple[Offset, Floats]]:
    """The kernel between all pixels and their neighbours at each offset."""
    # A Gaussian over colours is a product over channels: the squared difference of uint8 colours is tabled.
    squares = np.arange(-255, 256, dtype=np.float32) ** 2
    scale = np.float32(-1 / (2 * kernels.appearance_levels**2))
    colors = image.astype(np.int16)
    for offset in kernels.offsets():
        here, there = _overlap(offset, image.shape)
        apart = squares[colors[here] - colors[there] + 255].sum(axis=-1)
        near, smooth = kernels.at(*offset)
        yield offset, np.exp(apart * scale) * np.float32(near) + np.float32(smooth)


def mean_field(unary: Floats, image: NDArray[np.uint8], kernels: Kernels) -> Floats:
    """Logits float32 [h, w] of label 1 after the iterations.

    ``unary`` float32 [h, w] are the logits that each pixel has by itself, ``image`` uint8 [h, w, 3].
    """
    pairs = list(_pairs(image, kernels))
    logit = unary
    for _ in range(kernels.iterations):
        state = np.tanh(logit / 2)
        logit = unary.copy()
        for offset, kernel in pairs:
            here, there = _overlap(offset, unary.shape)
            logit[here] += kernel * state[there]
            logit[there] += kernel * state[here]
    return logit
