"""What a model says otherwise than an annotation, offered region by region, and the patch that takes it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE
from labeltool.core.geometry import Box
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, empty_patch, write
from labeltool.core.provenance import TRUTH, Origin
from labeltool.core.shape import Bools, Dense
from labeltool.inference.segmenter import Plane8, Prediction

LEAST_PX = 20
"""Smaller regions are not offered alone; they are taken with all."""


class Region(NamedTuple):
    """Connected pixels (8-connected) that are offered to become the class ``value``; ``area`` in pixels, ``box`` around
    them, ``confidence`` the mean of the model's, 0..255."""

    number: int
    value: int
    area: int
    box: Box
    confidence: float


@dataclass(frozen=True, eq=False)
class Offer:
    """What is offered in ``box``: ``label`` uint8 [box.height, box.width] where ``inside`` (bool) is true.

    ``ids`` int32 holds the number of the region that a pixel is of, -1 where it is of none. ``regions`` are in the
    order of their numbers; ``model`` is the key of the model that says so.
    """

    model: str
    box: Box
    label: Plane8
    inside: Bools
    ids: NDArray[np.int32]
    regions: tuple[Region, ...]

    def at(self, x: int, y: int) -> Region | None:
        """The region of a pixel of the image."""
        pixel = Box(x, y, x + 1, y + 1)
        if pixel.intersect(self.box) != pixel:
            return None
        number = int(self.ids[y - self.box.y0, x - self.box.x0])
        return self.regions[number] if number >= 0 else None

    def shape(self, region: Region | None = None) -> Dense:
        """The pixels of one region, or of all that are offered."""
        if region is None:
            return Dense(self.box, self.inside)
        return Dense(region.box, self.ids[region.box.slices(self.box)] == region.number)


def offer_of(
    mask: LabelMask, said: Prediction, model: str, locked: Collection[int] = (), least: int = LEAST_PX
) -> Offer | None:
    """What a prediction in the project's class values says otherwise than a mask, where nothing counts as truth, and
    no class that is ``locked`` would lose or win a pixel. None where no region has ``least`` pixels."""
    now = mask.read("label", said.box)
    inside = _otherwise(mask, said.box, said.label) & (said.label != IGNORE)
    if locked:
        inside &= ~(np.isin(said.label, list(locked)) | np.isin(now, list(locked)))
    ids = np.full(inside.shape, -1, np.int32)
    regions: list[Region] = []
    for value in np.flatnonzero(np.bincount(said.label[inside], minlength=1)).tolist():
        alike = (inside & (said.label == value)).view(np.uint8)
        count, numbers, stats, _ = cv2.connectedComponentsWithStats(alike, connectivity=8)
        sums = np.bincount(numbers.ravel(), said.confidence.ravel(), count)
        kept = np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] >= least) + 1
        table = np.full(count, -1, np.int32)
        table[kept] = np.arange(len(regions), len(regions) + len(kept))
        np.copyto(ids, table[numbers], where=alike.view(np.bool_))
        for number in kept.tolist():
            x, y, width, height, area = (int(each) for each in stats[number])
            x, y = x + said.box.x0, y + said.box.y0
            box = Box(x, y, x + width, y + height)
            regions.append(Region(len(regions), value, area, box, float(sums[number]) / area))
    return Offer(model, said.box, said.label, inside, ids, tuple(regions)) if regions else None


def remaining(mask: LabelMask, offer: Offer, box: Box) -> Plane8:
    """What of an offer still stands in a part of its box, uint8: the class values that are offered, ignore where none
    is. The mask may have gone on since: what counts as truth by now, or has that class already, is offered no more."""
    part = box.slices(offer.box)
    label = offer.label[part]
    return np.where(offer.inside[part] & _otherwise(mask, box, label), label, np.uint8(IGNORE))


def taken(mask: LabelMask, offer: Offer, region: Region | None = None) -> Patch:
    """The patch that puts what still stands of a region of an offer, or of all of it, into a mask. Where the model
    writes, objects end."""
    title = "taught mask" if region is None else "taught region"
    box, inside = offer.shape(region)
    if box.is_empty:
        return empty_patch(title, "taught")
    label = remaining(mask, offer, box)
    return write(
        mask,
        box,
        inside & (label != IGNORE),
        title=title,
        kind="taught",
        details={"model": offer.model},
        label=label,
        object_id=0,
        origin=Origin.MODEL,
    )


def _otherwise(mask: LabelMask, box: Box, label: Plane8) -> Bools:
    """Where a mask has another class than ``label`` and nothing counts as truth, bool [box.height, box.width]."""
    other = mask.read("label", box) != label
    return np.asarray(other & ~np.isin(mask.read("origin", box), TRUTH))
