"""A whole image through a network, window by window; memory is a few windows whatever the image's size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.imaging.reader import Reader
from labeltool.imaging.windows import Window, read_window, windows
from labeltool.inference.levels import Levels, apply, image_levels
from labeltool.inference.segmenter import Prediction, Segmenter

BATCH = {"cuda": 8}
"""Windows of one size that go to the device together; one where nothing is said."""


def segment(
    reader: Reader,
    segmenter: Segmenter,
    *,
    cancel: CancelToken | None = None,
    progress: Progress = silent,
) -> Iterator[Prediction]:
    """The image's predictions, each pixel in exactly one. Progress counts windows.

    Raises CancelledError between batches once ``cancel`` is set, and whatever reading and the network raise.
    """
    card = segmenter.card
    levels = image_levels(reader, card.stretch)
    grid = list(windows(reader.info.size, card.tile, card.halo))
    done = 0
    progress(0, len(grid))
    for batch in _batches(grid, BATCH.get(segmenter.device, 1)):
        if cancel is not None:
            cancel.check()
        yield from _predict(reader, segmenter, levels, batch)
        done += len(batch)
        progress(done, len(grid))


def _predict(
    reader: Reader, segmenter: Segmenter, levels: Levels, batch: Sequence[Window]
) -> Iterator[Prediction]:
    pixels = np.stack([apply(levels, read_window(reader, window)) for window in batch])
    answer = segmenter.predict(pixels)
    for i, window in enumerate(batch):
        yield answer.part(i, window.core, window.core.slices(window.read))


def _batches(grid: Sequence[Window], most: int) -> Iterator[Sequence[Window]]:
    """Neighbours in the grid whose windows have one size, at most ``most`` together."""
    for _, same in groupby(grid, key=lambda w: (w.read.width, w.read.height)):
        run = list(same)
        for start in range(0, len(run), most):
            yield run[start : start + most]
