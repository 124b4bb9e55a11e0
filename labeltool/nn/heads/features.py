"""What a network sees of an image in front of its last convolution, and its answer again from there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn

from labeltool.core.geometry import Box
from labeltool.imaging.reader import Reader
from labeltool.imaging.windows import Window, read_window, windows
from labeltool.inference.levels import apply, image_levels
from labeltool.inference.segmenter import Context, Plane8
from labeltool.inference.tiled import context_of
from labeltool.nn.engines.eager import EagerEngine, memory_errors
from labeltool.nn.engines.segmenter import EngineSegmenter
from labeltool.nn.engines.sides import MULTIPLE, scaled
from labeltool.nn.pipeline import Pipeline

_LARGEST_HALF = 65504.0


class Cells(NamedTuple):
    """What a network saw of one window, cell by cell: ``seen`` float [rows * cols, k] is what went into its last
    convolution or was made of that, ``logits`` float32 [classes, rows, cols] what the convolution made of it.

    ``given`` are the window's pixels, uint8 [1, channels, h, w]; ``pitch`` is how many pixels of the image a cell is
    high and wide.
    """

    window: Window
    given: Tensor
    seen: Tensor
    logits: Tensor
    pitch: tuple[float, float]

    @property
    def places(self) -> Tensor:
        """The centre of each cell, (x, y) in pixels of the image: float32 [rows * cols, 2]."""
        _, rows, cols = self.logits.shape
        y = self.window.read.y0 + (torch.arange(rows) + 0.5) * self.pitch[0]
        x = self.window.read.x0 + (torch.arange(cols) + 0.5) * self.pitch[1]
        return torch.stack((x.repeat(rows), y.repeat_interleave(cols)), 1)

    def at(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """``seen`` and ``logits`` at pixels of the image (int [n] each), between cells bilinear: float32 [n, k] and
        [n, classes]."""
        _, rows, cols = self.logits.shape
        row = ((y - self.window.read.y0 + 0.5) / self.pitch[0] - 0.5).clamp(0, rows - 1)
        col = ((x - self.window.read.x0 + 0.5) / self.pitch[1] - 0.5).clamp(0, cols - 1)
        top, left = row.floor().long(), col.floor().long()
        bottom, right = (top + 1).clamp(max=rows - 1), (left + 1).clamp(max=cols - 1)
        down, across = (row - top)[:, None], (col - left)[:, None]

        def between(flat: Tensor) -> Tensor:
            upper = flat[top * cols + left] * (1 - across) + flat[top * cols + right] * across
            lower = flat[bottom * cols + left] * (1 - across) + flat[bottom * cols + right] * across
            return upper * (1 - down) + lower * down

        return between(self.seen), between(self.logits.flatten(1).T)


class CutNetwork:
    """A model's network in float32, cut in front of its last convolution: the first module of its head."""

    def __init__(self, pipeline: Pipeline, device: str) -> None:
        self.card = pipeline.card
        self._engine = EagerEngine(pipeline, device, torch.float32)
        self.name = self._engine.name
        self._pipeline = self._engine.pipeline
        self._segmenter = EngineSegmenter(self.card, self._engine)
        self._values = self._pipeline.values.cpu().numpy()
        head = cast(nn.Sequential, self._pipeline.network.segmentation_head)
        self._last, self._rest = head[0], nn.Sequential(*list(head)[1:])

    def cells(self, reader: Reader, box: Box) -> Iterator[Cells]:
        """What the network sees of the windows whose cores meet ``box``, in the grid of a pre-label; ``seen`` are
        float16 features. A window without a single value is left out. Raises what reading raises, and MemoryError."""
        grid = list(windows(reader.info.size, self.card.tile, self.card.halo))
        levels = image_levels(reader, self.card.stretch)
        context = context_of(reader, self._segmenter, levels, grid)
        for window in grid:
            if window.core.intersect(box).is_empty:
                continue
            if reader.has_values(window.read.intersect(reader.info.size.box)):
                yield self._seen(window, apply(levels, read_window(reader, window)), context)

    def answer(self, cells: Cells, box: Box, change: Tensor | None = None) -> tuple[Plane8, Plane8]:
        """Class values and confidence (0..255) of a box in a window's core, where ``change`` (float32
        [rows * cols, classes]) is added to what the last convolution said; without it the network's own answer."""
        logits = cells.logits
        if change is not None:
            logits = logits + change.T.reshape(logits.shape)
        inside = box.slices(cells.window.read)
        with torch.inference_mode():
            whole = self._pipeline.finished(self._rest(logits[None]), cells.given)
            confidence, index = whole[0, :, *inside].softmax(0).max(0)
            return self._values[index.numpy()], (confidence * 255).round().to(torch.uint8).numpy()

    def _seen(self, window: Window, pixels: Plane8, context: Context | None) -> Cells:
        shown = self._engine.tensor(np.ascontiguousarray(pixels[None]))
        known = None if context is None else self._engine.tensor(context[None])
        with torch.inference_mode(), memory_errors(), self._watched() as watched:
            self._pipeline.logits(shown, known)
        features, logits = watched
        scale, read = self.card.scale, window.read
        pitch = _pitch(read.height, logits.shape[1], scale), _pitch(read.width, logits.shape[2], scale)
        half = features.flatten(1).T.clamp(-_LARGEST_HALF, _LARGEST_HALF).half().contiguous()
        return Cells(window, shown.cpu().permute(0, 3, 1, 2), half, logits.float(), pitch)

    @contextmanager
    def _watched(self) -> Iterator[list[Tensor]]:
        """What goes into the last convolution and what comes out of it, float [k, rows, cols] each."""
        seen: list[Tensor] = []

        def note(module: nn.Module, given: Any, made: Tensor) -> None:
            seen.extend((given[0][0].cpu(), made[0].cpu()))

        hook = self._last.register_forward_hook(note)
        try:
            yield seen
        finally:
            hook.remove()


def _pitch(side: int, cells: int, scale: float) -> float:
    """Pixels of the image in a cell, along a window's side: the network is given the side scaled, and completed."""
    inner = scaled(side, scale)
    return (inner + -inner % MULTIPLE) / cells * side / inner
