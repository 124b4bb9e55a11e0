"""Disagreements: the connected regions in which two layers of an image differ, each of one pair of classes.

An image is read a block at a time. Runs of equal pairs are joined within a block, and across the borders of blocks
where they touch; so memory follows the number of regions, and nothing tells how the image was read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core.boundary import Read
from labeltool.core.catalog import IGNORE
from labeltool.core.error_map import REACH_PX, Kind, differing, kind_of, near_outlines
from labeltool.core.geometry import Box, Size, blocks
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.runs import connected, joined
from labeltool.core.shape import Bools

BLOCK = 1024
"""Side in pixels of the parts an image is looked at in."""

TABLE: Final = np.dtype(
    [
        *((name, "u1") for name in ("truth", "predicted")),
        ("answered", "?"),
        *((name, "<i4") for name in ("x0", "y0", "x1", "y1", "x", "y")),
        *((name, "<i8") for name in ("area", "interior")),
        *((name, "<f8") for name in ("confidence", "logit", "usual")),
    ]
)
"""A disagreement as a row of numbers; the names are those of :class:`Disagreement`, and x, y its seed."""
Table = NDArray[np.void]

Numbers = NDArray[np.int64]
ReadBools = Callable[[Box], Bools]

AGREED: Final = np.uint32(2**32 - 1)
ANSWERED: Final = np.uint32(1 << 16)
"""Added to a pair, truth * 256 + other."""

_REDUCED: Final[dict[str, np.ufunc]] = {
    **dict.fromkeys(("pair", "x0", "y0", "first"), np.minimum),
    **dict.fromkeys(("x1", "y1"), np.maximum),
    **dict.fromkeys(("area", "interior", "confidence", "logit"), np.add),
}
"""How the parts of a region make it up. ``first`` is the place of its first pixel in reading order, ``confidence`` and
``logit`` are sums."""
_PARTS: Final = np.dtype([(name, np.int64) for name in _REDUCED])

_LOGIT: Final = 1000
"""Logits are added up as so many parts of 1, so that sums are exact."""
LOGITS: Final = np.rint([_LOGIT * log(max(c, 0.5) / max(255 - c, 0.5)) for c in range(256)]).astype(np.int64)
"""By confidence, in those parts; certainty counts as half a step of 255 short of it."""


@dataclass(frozen=True)
class Disagreement:
    """A connected (8) region of pixels where the truth is one class and the other layer says another one.

    ``seed`` (column, row) is its first pixel in reading order, ``area`` its pixels, ``interior`` those of them that are
    farther than 2 px from an outline of either layer, ``confidence`` the mean of the other layer's, 0..1, and ``logit``
    the mean of log(p / (1 - p)), p being that confidence. ``usual`` is the same mean over these pixels and all those of
    the image that both layers call ``predicted``. ``answered`` regions hold only pixels that a reviewer has set, and
    the others none of them.
    """

    truth: int
    predicted: int
    kind: Kind
    box: Box
    seed: tuple[int, int]
    area: int
    interior: int
    confidence: float
    logit: float
    usual: float
    answered: bool = False

    @property
    def weight(self) -> float:
        """Area times confidence: what should be looked at first has most."""
        return self.area * self.confidence

    @classmethod
    def of(cls, row: np.void, background: int | None) -> Disagreement:
        """The row of a table."""
        truth, predicted, answered, x0, y0, x1, y1, x, y, area, interior, confidence, logit, usual = (
            row.item()
        )
        kind = kind_of(truth, predicted, background)
        return cls(
            truth,
            predicted,
            kind,
            Box(x0, y0, x1, y1),
            (x, y),
            area,
            interior,
            confidence,
            logit,
            usual,
            bool(answered),
        )


def disagreements(
    truth: Read, other: Read, confidence: Read, size: Size, background: int | None = None, **how: Any
) -> list[Disagreement]:
    """All of them, by their seeds in reading order; ``how`` is passed on to :func:`disagreement_table`."""
    table = disagreement_table(truth, other, confidence, size, **how)
    return [Disagreement.of(row, background) for row in table]


def disagreement_table(
    truth: Read,
    other: Read,
    confidence: Read,
    size: Size,
    *,
    answered: ReadBools | None = None,
    unsaid: bool = False,
    block: int = BLOCK,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Table:
    """The disagreements of two layers as a table of type ``TABLE``, by their seeds in reading order.

    Pixels whose truth is 255 belong to none; those of which the other layer says nothing (255) only if ``unsaid``.
    ``answered`` says which pixels a reviewer has set: they make regions of their own. Raises CancelledError after a
    cancel.
    """
    regions, agreed = _Regions(size), np.zeros((256, 2), np.int64)
    parts = list(blocks(size, block))
    for number, box in enumerate(parts):
        progress(number, len(parts))
        if cancel is not None:
            cancel.check()
        wide = box.grow(REACH_PX).intersect(size.box)
        planes = [read(wide) for read in (truth, other)]
        here, sure = box.slices(wide), confidence(box)
        agreed += _agreed(planes[0][here], planes[1][here], sure)
        pairs = _pairs(planes[0][here], planes[1][here], unsaid)
        if (pairs == AGREED).all():
            regions.skip(box)
            continue
        if answered is not None:
            pairs[answered(box) & (pairs != AGREED)] |= ANSWERED
        interior = ~(near_outlines(planes[0]) | near_outlines(planes[1]))[here]
        regions.add(box, pairs, interior, sure)
    return _table(regions.whole(), size, agreed)


def _agreed(truth: NDArray[np.uint8], other: NDArray[np.uint8], confidence: NDArray[np.uint8]) -> Numbers:
    """For each class how many pixels both layers call so, and the sum of their logits, int64 [256, 2]."""
    both = (truth == other) & (truth != IGNORE)
    places = other[both].astype(np.int64) * 256 + confidence[both]
    counts = np.bincount(places, minlength=256 * 256).reshape(256, 256)
    return np.stack([counts.sum(1), counts @ LOGITS], axis=1)


def _pairs(truth: NDArray[np.uint8], other: NDArray[np.uint8], unsaid: bool) -> NDArray[np.uint32]:
    where = differing(truth, other, unsaid=unsaid)
    pairs = np.full(truth.shape, AGREED, np.uint32)
    pairs[where] = truth[where].astype(np.uint32) << 8 | other[where]
    return pairs


class _Regions:
    """The parts of regions met so far, block by block in reading order, and which of them touch."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._count = 0
        self._parts: list[Table] = []
        self._touching: list[Numbers] = []
        self._above = self._below = _nothing(size.width + 2)
        """Numbers of the parts along the last row of the blocks above, and of those beside: one more at each end."""
        self._beside = _nothing(0)
        """The same along the last column of the block to the left."""

    def skip(self, box: Box) -> None:
        """Nothing differs in a block."""
        self._begin(box)
        self._beside = _nothing(box.height)

    def add(
        self, box: Box, pairs: NDArray[np.uint32], interior: Bools, confidence: NDArray[np.uint8]
    ) -> None:
        """Find the regions of a block."""
        self._begin(box)
        change = np.ones(pairs.shape, bool)
        np.not_equal(pairs[:, 1:], pairs[:, :-1], out=change[:, 1:])
        first = np.flatnonzero(change)
        numbers = _nothing(len(first))  # of each run, in the end
        differ = pairs.ravel()[first] != AGREED
        runs = self._runs(box, pairs, first, differ)
        starts = np.cumsum(runs["area"]) - runs["area"]
        far, sure = (plane[pairs != AGREED] for plane in (interior, confidence))
        for name, values in (("interior", far), ("confidence", sure), ("logit", LOGITS[sure])):
            runs[name] = np.add.reduceat(values, starts, dtype=np.int64)
        left, right, row = (runs[name] - by for name, by in (("x0", box.x0), ("x1", box.x0), ("y0", box.y0)))
        own = _dense(connected(row, left, right, runs["pair"].astype(np.uint64)))
        numbers[differ] = own + self._count
        self._parts.append(_merged(runs, own))
        self._count += len(self._parts[-1])
        self._join(box, numbers, first)

    def _join(self, box: Box, numbers: Numbers, first: Numbers) -> None:
        """Note what touches across the borders of a block, whose runs begin at ``first`` and belong to ``numbers``."""
        begins = np.flatnonzero(first % box.width == 0)  # the first run of each row
        ends = np.append(begins[1:], len(first))
        lengths = np.diff(first, append=box.width * box.height)
        top, bottom = (
            np.repeat(numbers[begins[at] : ends[at]], lengths[begins[at] : ends[at]]) for at in (0, -1)
        )
        self._touch(self._above[box.x0 : box.x1 + 2], top)
        self._touch(np.pad(self._beside, 1, constant_values=-1), numbers[begins])
        self._below[box.x0 + 1 : box.x1 + 1] = bottom
        self._beside = numbers[ends - 1]

    def _begin(self, box: Box) -> None:
        if box.x0 == 0:
            self._above, self._below = self._below, _nothing(self._size.width + 2)
            self._beside = _nothing(box.height)

    def _runs(self, box: Box, pairs: NDArray[np.uint32], first: Numbers, differ: Bools) -> Table:
        """The runs of a block that differ, as parts without sums."""
        row, left = np.divmod(first[differ], box.width)
        runs = np.zeros(len(row), _PARTS)
        runs["pair"] = pairs.ravel()[first[differ]]
        runs["area"] = np.diff(first, append=pairs.size)[differ]
        runs["x0"], runs["y0"] = left + box.x0, row + box.y0
        runs["x1"], runs["y1"] = runs["x0"] + runs["area"], runs["y0"] + 1
        runs["first"] = runs["y0"] * self._size.width + runs["x0"]
        return runs

    def _touch(self, near: Numbers, line: Numbers) -> None:
        """Note which parts along a line touch one of the line beside it, which is one longer at each end."""
        for by in range(3):
            beside = near[by : by + len(line)]
            both = (beside >= 0) & (line >= 0)
            if both.any():
                self._touching.append(np.unique(np.stack([beside[both], line[both]]), axis=1))

    def whole(self) -> Table:
        """The regions, in the order of their first pixels."""
        if not self._parts:
            return np.zeros(0, _PARTS)
        parts = np.concatenate(self._parts)
        a, b = np.concatenate([np.zeros((2, 0), np.int64), *self._touching], axis=1)
        same = parts["pair"][a] == parts["pair"][b]
        found = _merged(parts, _dense(joined(len(parts), a[same], b[same])))
        return found[np.argsort(found["first"])]


def _nothing(count: int) -> Numbers:
    return np.full(count, -1, np.int64)


def _dense(heads: Numbers) -> Numbers:
    """Numbers 0..n-1 in place of the places of first ones."""
    found: Numbers = np.unique(heads, return_inverse=True)[1]
    return found


def _merged(parts: Table, number: Numbers) -> Table:
    """One row for each number 0..n-1, made up of the parts that carry it."""
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    merged = np.zeros(len(starts), _PARTS)
    for name, ufunc in _REDUCED.items():
        merged[name] = ufunc.reduceat(parts[name][order], starts)
    return merged


def _table(regions: Table, size: Size, agreed: Numbers) -> Table:
    table = np.zeros(len(regions), TABLE)
    table["truth"], table["predicted"] = regions["pair"] >> 8 & 255, regions["pair"] & 255
    table["answered"] = regions["pair"] & int(ANSWERED) != 0
    for name in ("x0", "y0", "x1", "y1", "area", "interior"):
        table[name] = regions[name]
    table["y"], table["x"] = np.divmod(regions["first"], size.width)
    table["confidence"] = regions["confidence"] / (255 * regions["area"])
    table["logit"] = regions["logit"] / (_LOGIT * regions["area"])
    pixels, logits = agreed[table["predicted"]].T
    table["usual"] = (logits + regions["logit"]) / (_LOGIT * (pixels + regions["area"]))
    return table
