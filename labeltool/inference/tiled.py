"""A whole image through a network, window by window; memory is a few windows whatever the image's size.

Windows are read on a thread while the network works on those before, and whoever takes the predictions may do that on
another (:func:`labeltool.inference.stages.behind`). Their order is that of the grid, whatever happens.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.imaging.reader import Reader
from labeltool.imaging.windows import Window, read_window, sampled_windows, windows
from labeltool.inference.cutting import Network
from labeltool.inference.levels import Levels, apply, image_levels
from labeltool.inference.segmenter import Context, Embedding, Prediction, Segmenter
from labeltool.inference.stages import ahead

T = TypeVar("T")

_BATCHES_AHEAD = 2
_SAMPLES = 16
"""Windows that an image's context and its embedding are taken from, at most."""


class _Fed(NamedTuple):
    """Windows of one size, the first of them number ``number`` of the grid, and the pixels (uint8 [n, h, w, channels])
    of those ``there``; the others are no data."""

    number: int
    batch: Sequence[Window]
    there: Sequence[Window]
    pixels: NDArray[np.uint8] | None


def segment(
    reader: Reader,
    segmenter: Segmenter,
    *,
    cancel: CancelToken | None = None,
    progress: Progress = silent,
    first: int = 0,
) -> Generator[Prediction]:
    """The image's predictions, each pixel in exactly one, one for each window of the grid and in its order.

    Those before number ``first`` are left out, for who has them already; the others are the same to the bit. A window
    without a single value is not shown to the network. Progress counts windows.

    Raises CancelledError between batches once ``cancel`` is set, and whatever reading and the network raise.
    """
    card = segmenter.card
    grid = list(windows(reader.info.size, card.tile, card.halo))
    progress(first, len(grid))
    levels = image_levels(reader, card.stretch)
    network = Network(segmenter, context_of(reader, segmenter, levels, grid))
    fed = _fed(reader, levels, grid, segmenter.batch, first)
    with closing(ahead(fed, _BATCHES_AHEAD, cancel)) as batches:
        for start, batch, there, pixels in batches:
            found = iter([] if pixels is None else network.predict(there, pixels))
            for number, window in enumerate(batch, start):
                prediction = next(found) if window in there else Prediction.nothing(window.core)
                if number >= first:
                    progress(number + 1, len(grid))
                    yield prediction


def context_of(
    reader: Reader, segmenter: Segmenter, levels: Levels, grid: Sequence[Window]
) -> Context | None:
    """What all windows are to know of the image; of one that is one window the network sees all there is."""
    return None if len(grid) == 1 else _asked(reader, segmenter, levels, segmenter.survey)


def embedding(reader: Reader, segmenter: Segmenter) -> Embedding:
    """What the network makes of an image as a whole, from windows all over it; always the same ones. BadInputError
    where the image holds no values."""
    if next(sampled_windows(reader, segmenter.card.tile, 1), None) is None:
        raise BadInputError("the image holds no data anywhere", file=reader.path)
    return _asked(reader, segmenter, image_levels(reader, segmenter.card.stretch), segmenter.embed)


def _asked(
    reader: Reader, segmenter: Segmenter, levels: Levels, ask: Callable[[Iterable[NDArray[np.uint8]]], T]
) -> T:
    """What a network says of windows from all over an image; on the CPU where the device has no room for them."""
    while True:
        samples = sampled_windows(reader, segmenter.card.tile, _SAMPLES)
        try:
            return ask(apply(levels, each) for each in samples)
        except MemoryError:
            if not segmenter.fall_back():
                raise


def _fed(reader: Reader, levels: Levels, grid: Sequence[Window], most: int, first: int) -> Iterator[_Fed]:
    """Batches from the one on that holds window ``first``; they are the same wherever one begins, because what a
    network says to the last bit may depend on how many windows it sees."""
    number = 0
    for batch in _batches(grid, most):
        if number + len(batch) > first:
            there = []
            pixels = []
            for window in batch:
                if reader.has_values(window.read.intersect(reader.info.size.box)):
                    there.append(window)
                    pixels.append(apply(levels, read_window(reader, window)))
            yield _Fed(number, batch, there, np.stack(pixels) if pixels else None)
        number += len(batch)


def _batches(grid: Sequence[Window], most: int) -> Iterator[Sequence[Window]]:
    """Neighbours in the grid whose windows have one size, at most ``most`` together."""
    for _, same in groupby(grid, key=lambda w: (w.read.width, w.read.height)):
        run = list(same)
        for start in range(0, len(run), most):
            yield run[start : start + most]
