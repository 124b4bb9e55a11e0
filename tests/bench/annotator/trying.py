"""What a light head offers while an image is mended: nobody knows before whether it is right, and looking takes time.

The offers are the program's own: what its teaching says otherwise than the label where nobody has painted, region by
region, or all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from labeltool.app.offering import Offer, offer_of, taken
from labeltool.core.catalog import IGNORE
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, write
from labeltool.core.provenance import Origin
from labeltool.core.shape import Bools
from labeltool.inference.segmenter import Prediction
from tests.bench.annotator.effort import CHANGE, JUDGE, Effort, effort, looking
from tests.bench.annotator.eye import Fault, Plane8
from tests.bench.annotator.tools import Deed


class Try(NamedTuple):
    """``effort`` to look at it; ``outcome`` is what comes of it, with what it costs on top; ``box`` is what may
    change."""

    tool: str
    effort: Effort
    box: Box
    outcome: Callable[[], Deed]


@dataclass(frozen=True)
class Offering:
    """What a light head says of an image, taught ``lesson`` times."""

    said: Prediction
    lesson: int

    def tries(self, label: Plane8, by_hand: Bools, fault: Fault) -> Iterator[Try]:
        """To look at the region that is offered at a fault, and to take it with a key, pointing at it; or to look at
        all that is offered, and to take all. ``by_hand`` (bool [h, w]) is what somebody has set."""
        desk = _Open(label, by_hand)
        offer = offer_of(desk.mask, self.said, "")
        if offer is None:
            return
        numbers = offer.ids[fault.box.slices(offer.box)][fault.wrong]
        numbers = numbers[numbers >= 0]
        if len(numbers):
            region = offer.regions[int(np.bincount(numbers).argmax())]
            key = effort(pointing=1, key=1)
            yield Try("take", JUDGE, region.box, lambda: desk.deed(key, taken(desk.mask, offer, region)))
        yield Try(
            "take all",
            looking(*desk.size),
            _around(offer),
            lambda: desk.deed(CHANGE, taken(desk.mask, offer)),
        )


@dataclass(frozen=True)
class _Open:
    """An image as the program has it open."""

    label: Plane8
    by_hand: Bools

    @property
    def size(self) -> Size:
        """Of the image."""
        return Size(self.label.shape[1], self.label.shape[0])

    @cached_property
    def mask(self) -> LabelMask:
        """As a session has it."""
        mask = LabelMask(self.size, IGNORE)
        origin = np.where(self.by_hand, np.uint8(Origin.HUMAN), np.uint8(Origin.MODEL))
        mask.apply(write(mask, self.size.box, title="", kind="", label=self.label, origin=origin))
        return mask

    def deed(self, cost: Effort, patch: Patch) -> Deed:
        """What a patch makes of the label."""
        mask, box = self.mask.snapshot(), patch.box(self.size)
        mask.apply(patch)
        return Deed("take", cost, box, np.asarray(mask.read("label", box), np.uint8))


def _around(offer: Offer) -> Box:
    """A box around all regions."""
    box = offer.regions[0].box
    for region in offer.regions:
        box = box.union(region.box)
    return box
