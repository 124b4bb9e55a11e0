"""What a human sees to be wrong in a label: where it differs from the truth by more than a hand's tolerance."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE
from labeltool.core.geometry import Box
from labeltool.core.shape import Bools

Plane8 = NDArray[np.uint8]


class Fault(NamedTuple):
    """A connected region to be mended: all of ``inside`` (bool [box]) is truly ``value`` and is labelled otherwise, of
    which ``wrong`` is what a human would not leave."""

    value: int
    box: Box
    inside: Bools
    wrong: Bools


class Eye:
    """Compares labels of an image with its truth, uint8 [h, w]; 255 in the truth is looked at by nobody.

    A wrong pixel is left where, within ``tolerance_px``, there is truly the class that it has, and somebody labelled
    the class that it should have: the outline between the two is that much off. What is wrong of a place is also left
    where it is smaller than a speck, (tolerance + 1) squared.
    """

    def __init__(self, truth: Plane8, tolerance_px: int) -> None:
        self.truth = truth
        self.tolerance_px = tolerance_px
        self.speck_px = (tolerance_px + 1) ** 2
        self.box = Box(0, 0, truth.shape[1], truth.shape[0])
        self._near: dict[int, Bools] = {}

    def differing(self, label: Plane8, box: Box) -> Bools:
        """Where a label is not the truth, bool [box]."""
        truth = self.truth[box.slices()]
        return np.asarray((truth != label[box.slices()]) & (truth != IGNORE))

    def wrong(self, label: Plane8, box: Box) -> Bools:
        """Which pixels of a box would not be left, specks among them."""
        wide = box.grow(self.tolerance_px + 1).intersect(self.box)
        truth, given = self.truth[wide.slices()], label[wide.slices()]
        differing = self.differing(label, wide)
        left = differing.copy()
        for value in np.unique(given[differing]):
            left &= (given != value) | self._truly_near(int(value))[wide.slices()]
        for value in np.unique(truth[differing]):
            left &= (truth != value) | grown(given == value, self.tolerance_px)
        return np.asarray((differing & ~left)[box.slices(wide)])

    def faults(self, label: Plane8) -> list[Fault]:
        """What is to be mended, the largest first; what lies a few pixels apart is one."""
        wrong = self.wrong(label, self.box)
        found: list[Fault] = []
        for value in np.unique(self.truth[wrong]):
            those = wrong & (self.truth == value)
            around = grown(those, 2 * self.tolerance_px + 2)
            inside = (self.truth == value) & (label != value) & around
            found += self._regions(int(value), inside, those)
        return sorted(found, key=lambda fault: (-int(fault.inside.sum()), fault.box))

    def _regions(self, value: int, inside: Bools, wrong: Bools) -> Iterator[Fault]:
        count, ids, stats, _ = cv2.connectedComponentsWithStats(inside.view(np.uint8), connectivity=8)
        seen = np.bincount(ids[wrong], minlength=count)
        for number in range(1, count):
            if seen[number] >= self.speck_px:
                x, y, width, height, _ = stats[number].tolist()
                box = Box(x, y, x + width, y + height)
                here = ids[box.slices()] == number
                yield Fault(value, box, here, here & wrong[box.slices()])

    def remains(
        self, before: Plane8, after: Plane8, box: Box, fault: Fault, pending: Bools
    ) -> tuple[int, int]:
        """What a change within ``box`` leaves of a fault, and what harm it does but where all is ``pending`` (bool
        [h, w]): how many places larger than a speck, and how many pixels they have."""
        wide = box.grow(self.tolerance_px + 1).intersect(self.box)
        off = self.wrong(after, wide) & ~self.wrong(before, wide) & ~pending[wide.slices()]
        off[fault.box.slices(wide)] |= self.wrong(after, fault.box) & fault.wrong
        count, _, stats, _ = cv2.connectedComponentsWithStats(off.view(np.uint8), connectivity=8)
        sizes = stats[1:count, cv2.CC_STAT_AREA]
        lumps = sizes[sizes >= self.speck_px]
        return len(lumps), int(lumps.sum())

    def _truly_near(self, value: int) -> Bools:
        if value not in self._near:
            self._near[value] = grown(self.truth == value, self.tolerance_px)
        return self._near[value]


def grown(inside: Bools, by_px: int) -> Bools:
    """The pixels no further than that from one inside, and half a pixel."""
    return np.asarray(cv2.dilate(inside.view(np.uint8), _disc(by_px)).view(bool))


@lru_cache
def _disc(radius_px: int) -> Plane8:
    across = np.arange(-radius_px, radius_px + 1)
    return (across[:, None] ** 2 + across**2 <= (radius_px + 0.5) ** 2).astype(np.uint8)
