"""A conditional random field that draws labels to the edges of the image, as DeepLab v1 and v2 have it behind them.

Every pixel i is joined with every other pixel j within a window (Teichmann & Cipolla 2018, arXiv 1805.04777; a window
over all of the image is the fully connected field of Krähenbühl & Koltun 2011, arXiv 1210.5644) by two kernels:

    bilateral   exp(-|place_i - place_j|^2 / (2 reach^2) - |colour_i - colour_j|^2 / (2 contrast^2))
    smoothness  exp(-|place_i - place_j|^2 / (2 smoothing^2))

Each is divided by sqrt(n_i n_j), where n_i is what the kernel adds up to around i, the pixel itself (1) included; so
weights mean the same whatever the window. Equal labels attract each other (Potts). A mean field is iterated:

    Q_i <- softmax(log p_i + sum over j != i of (bilateral_weight k_ij + smoothness_weight k'_ij) Q_j),   Q = p at first

It is made of slices, products and sums alone, so it can be traced and exported; it needs no training.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from labeltool.core.errors import ModelError

Offset = tuple[int, int]
"""Rows and columns from a pixel to another: (y, x) with y >= 0, so that each pair is met once."""

_RGB = 3


@dataclass(frozen=True)
class CrfSettings:
    """What a card's ``crf`` may hold.

    ``window`` is the side of the window in pixels of the network (odd), ``iterations`` of the mean field. ``reach``,
    ``contrast`` and ``smoothing`` are the standard deviations of the kernels, in pixels and in grey levels of 0..255.
    ModelError for anything that makes no field.
    """

    window: float = 11
    iterations: float = 5
    bilateral_weight: float = 4.0
    reach: float = 30.0
    contrast: float = 13.0
    smoothness_weight: float = 2.0
    smoothing: float = 2.0

    def __post_init__(self) -> None:
        if self.window < 3 or self.window % 2 != 1:
            raise ModelError(
                f"a CRF cannot have a window of {self.window:g} pixels", hint="Its side is odd: 7, 11, 15 ..."
            )
        if self.iterations < 1 or self.iterations % 1:
            raise ModelError(f"a CRF cannot have {self.iterations:g} iterations", hint="5 to 10 are usual")
        if min(self.reach, self.contrast, self.smoothing) <= 0:
            raise ModelError("a CRF's reach, contrast and smoothing must be above 0")
        if min(self.bilateral_weight, self.smoothness_weight) < 0:
            raise ModelError("a CRF's weights must not be below 0")


class CRF(nn.Module):
    """The field as a layer without weights of its own. It keeps (window^2 - 1) / 2 float32 a pixel."""

    def __init__(self, settings: CrfSettings) -> None:
        super().__init__()
        self.settings = settings
        radius = int(settings.window) // 2
        self._offsets = [(y, x) for y in range(radius + 1) for x in range(-radius, radius + 1) if y or x > 0]

    def forward(self, logits: Tensor, image: Tensor) -> Tensor:
        """Logits (or log probabilities) [n, k, h, w] and the image's pixels [n, c, h, w], 0..255, of any type, to
        probabilities float32 [n, k, h, w]."""
        offsets = self._within(image)
        pairs = self._pairs(image.float(), offsets)
        unary = logits.float().log_softmax(1)
        shares = unary.exp()
        for _ in range(int(self.settings.iterations)):
            message = unary
            for offset, weight in zip(offsets, pairs, strict=True):
                here, there = _ends(shares, offset)
                message = message + _at_start(weight * there, offset) + _at_end(weight * here, offset)
            shares = message.softmax(1)
        return shares

    def _within(self, image: Tensor) -> list[Offset]:
        """The offsets that fit into the image. A traced field has all, and wants images as large as its window."""
        if torch.jit.is_tracing():  # type: ignore[attr-defined,no-untyped-call]
            return self._offsets
        height, width = image.shape[2:]
        return [(y, x) for y, x in self._offsets if y < height and abs(x) < width]

    def _pairs(self, image: Tensor, offsets: list[Offset]) -> list[Tensor]:
        """For each offset the weights of all pairs of pixels that lie so, float [n, 1, h - |y|, w - |x|]."""
        settings, everywhere = self.settings, torch.ones_like(image[:1, :1])
        near = [_gauss(offset, settings.smoothing) for offset in offsets]
        pairs = [self._bilateral(image, offset) for offset in offsets]
        root = _root(everywhere, zip(offsets, pairs, strict=True))
        other = zip(
            offsets, (n * _ends(everywhere, o)[0] for n, o in zip(near, offsets, strict=True)), strict=True
        )
        other_root = _root(everywhere, other)
        for k, offset in enumerate(offsets):  # in place, because they take most of the memory
            here, there = _ends(root, offset)
            smooth_here, smooth_there = _ends(other_root, offset)
            pairs[k] = settings.bilateral_weight * pairs[k] * here * there
            pairs[k] = pairs[k] + settings.smoothness_weight * near[k] * smooth_here * smooth_there
        return pairs

    def _bilateral(self, image: Tensor, offset: Offset) -> Tensor:
        here, there = _ends(image, offset)
        # The sum over red, green and blue; of another number of channels as much as if they were three.
        colour = _RGB * (here - there).square().mean(1, keepdim=True)
        return _gauss(offset, self.settings.reach) * torch.exp(colour / (-2 * self.settings.contrast**2))


def _gauss(offset: Offset, deviation: float) -> float:
    return math.exp(-(offset[0] ** 2 + offset[1] ** 2) / (2 * deviation**2))


def _root(ones: Tensor, kernel: Iterable[tuple[Offset, Tensor]]) -> Tensor:
    """1 / sqrt(n) of a kernel, where n is what it adds up to around a pixel."""
    total = ones
    for offset, weight in kernel:
        total = total + _at_start(weight, offset) + _at_end(weight, offset)
    return total.rsqrt()


def _ends(planes: Tensor, offset: Offset) -> tuple[Tensor, Tensor]:
    """Of all pairs of pixels that lie (y, x) apart, y >= 0, the first of each and the second. Written without the
    planes' size, so that a traced field takes any."""
    y, x = offset
    last_row, left, right = -y or None, max(0, -x), max(0, x)
    here = planes[:, :, :last_row, left : -right or None]
    there = planes[:, :, y:, right : -left or None]
    return here, there


def _at_start(pairs: Tensor, offset: Offset) -> Tensor:
    """What belongs to the first of each pair, in its place, with 0 where there is no second."""
    y, x = offset
    return functional.pad(pairs, (max(0, -x), max(0, x), 0, y))


def _at_end(pairs: Tensor, offset: Offset) -> Tensor:
    """What belongs to the second of each pair, in its place, with 0 where there is no first."""
    y, x = offset
    return functional.pad(pairs, (max(0, x), max(0, -x), y, 0))
