"""The image-level average of DeepLab, made so that tiles of one image fit together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional


class LocalAverage(nn.Module):
    """Takes the place of the image-level average: the mean over ``side`` x ``side`` cells around each cell.

    With the side of the training crops the network meets the averages that it was trained on, whatever the size
    of a window (Chu et al. 2022, arXiv 2112.04491); an average over all of a larger window it has never seen.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, cells: Tensor) -> Tensor:
        """Float [n, c, h, w] to the same; a side on which everything is within reach becomes 1."""
        return self._along(3, self._along(2, cells))

    def _along(self, axis: int, cells: Tensor) -> Tensor:
        """The mean of a square is the mean over columns of means over rows. No kernel depends on the cells' size,
        so that a graph that is traced holds for others too."""
        length, rows = cells.shape[axis], axis == 2
        if length <= self.side:
            return cells.mean(axis, keepdim=True)
        means = functional.avg_pool2d(cells, (self.side, 1) if rows else (1, self.side), stride=1)
        before, after = (self.side - 1) // 2, self.side // 2
        return functional.pad(
            means, (0, 0, before, after) if rows else (before, after, 0, 0), mode="replicate"
        )


class ImageAverage(nn.Module):
    """The mean over all cells, or the mean of a whole image where that is ``given`` (float [1 or n, c, 1, 1])."""

    def __init__(self) -> None:
        super().__init__()
        self.given: Tensor | None = None
        self.seen: Tensor | None = None

    def forward(self, cells: Tensor) -> Tensor:
        """Float [n, c, h, w] to [n, c, 1, 1]; what was averaged last is kept in ``seen``."""
        if self.given is not None:
            return self.given.to(cells.dtype).expand(cells.shape[0], -1, -1, -1)
        self.seen = cells.mean((2, 3), keepdim=True)
        return self.seen


def pooling(context: int, output_stride: int) -> nn.Module:
    """What a card's ``context`` asks for: the average of a square, or of the image where it is 0."""
    return LocalAverage(context // output_stride) if context else ImageAverage()


def averages(network: nn.Module) -> list[ImageAverage]:
    """The image-level averages of a network, in a fixed order."""
    return [module for module in network.modules() if isinstance(module, ImageAverage)]


@contextmanager
def with_context(network: nn.Module, context: Tensor | None) -> Iterator[None]:
    """Give all averages of a network their part of ``context`` (float [k] or [n, k]) for one call."""
    found = averages(network)
    parts: Sequence[Tensor | None] = [None] * len(found)
    if context is not None:
        flat = context.reshape(-1, context.shape[-1])
        parts = [part[:, :, None, None] for part in torch.split(flat, flat.shape[1] // len(found), 1)]
    for average, part in zip(found, parts, strict=True):
        average.given = part
    try:
        yield
    finally:
        for average in found:
            average.given = None
