"""The annotator: mends a label fault by fault, each by the tool that costs least, and hands over real pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from labeltool.core.catalog import IGNORE
from labeltool.core.shape import Bools
from tests.bench.annotator.effort import CHANGE, NOTICE, Effort, looking, stroke, total
from tests.bench.annotator.eye import Eye, Fault, Plane8
from tests.bench.annotator.tools import Deed, Scene, Tool, brush, fill, polygon, taking

ALL_TOOLS: tuple[Tool, ...] = (fill, brush, polygon)
"""Of equally good ones the first is taken."""

Offer = Callable[[Plane8, Bools], Sequence[Plane8]]
"""Other answers for an image, uint8 [h, w] each: of its label now, and which pixels somebody has set (bool [h, w])."""

_PASSES = 3
_TOUCH = NOTICE + CHANGE + stroke(0.0, 1.0)
"""What it costs at least to mend something more."""


class Worked(NamedTuple):
    """A label, uint8 [h, w], 255 where the truth has that; what it cost, by tool and for "looking"; how many faults
    were mended, by tool."""

    label: Plane8
    efforts: Mapping[str, Effort]
    faults: Mapping[str, int]

    @property
    def effort(self) -> Effort:
        """Of all tools together."""
        return total(self.efforts.values())


def fixed(given: Plane8, eye: Eye, tools: Sequence[Tool] = ALL_TOOLS, offer: Offer | None = None) -> Worked:
    """What becomes of a label that somebody looks over and mends.

    The largest faults come first; what a tool leaves, or does beside them, is mended with the brush, which does no
    harm. So nothing is wrong in the end but specks, and what lies within the hand's tolerance.
    """
    work = _Work(given, eye)
    for number in range(_PASSES):
        faults = eye.faults(work.label)
        if not faults:
            break
        work.mend(faults, tools if number == 0 else (brush,), offer if number == 0 else None)
    return work.done()


def drawn(eye: Eye, background: int | None, tools: Sequence[Tool] = (polygon,)) -> Worked:
    """A label drawn from nothing: from background, or where there is none from the class that covers most.

    What lies behind is drawn first, so that no outline is drawn twice.
    """
    counts = np.bincount(eye.truth.ravel(), minlength=256)[:IGNORE]
    value = int(counts.argmax()) if background is None else background
    return fixed(np.full_like(eye.truth, value), eye, tools)


def corrected(given: Plane8, eye: Eye, anew: Worked, offer: Offer | None = None) -> Worked:
    """A pre-label mended, or where that costs less cleared by two keys and drawn ``anew``."""
    mended = fixed(given, eye, ALL_TOOLS, offer)
    cleared = anew._replace(efforts={**anew.efforts, "clearing": NOTICE + CHANGE * 2})
    return min(mended, cleared, key=lambda worked: worked.effort.seconds())


class _Work:
    """A label while it is mended."""

    def __init__(self, given: Plane8, eye: Eye) -> None:
        self.label = np.where(eye.truth == IGNORE, np.uint8(IGNORE), given)
        self._eye = eye
        self._set = np.zeros(given.shape, bool)
        self._efforts: dict[str, Effort] = {"looking": looking(given.shape[1], given.shape[0])}
        self._faults: dict[str, int] = {}
        self._hand: tuple[str, int] = ("", -1)
        self._size = 0.0

    def mend(self, faults: Sequence[Fault], tools: Sequence[Tool], offer: Offer | None) -> None:
        """One fault after the other."""
        pending = np.zeros(self.label.shape, np.int32)
        for fault in faults:
            pending[fault.box.slices()] += fault.inside
        for fault in faults:
            pending[fault.box.slices()] -= fault.inside
            left = self._left(fault)
            if int(left.wrong.sum()) >= self._eye.speck_px:
                scene = Scene(self._eye, self.label, left, pending > 0)
                offered = (taking(offer(self.label, self._set)),) if offer is not None else ()
                self._do(self._cheapest(scene, (*tools, *offered)), fault)

    def done(self) -> Worked:
        """All that was done."""
        self.label[self._eye.truth == IGNORE] = IGNORE
        return Worked(self.label, self._efforts, self._faults)

    def _left(self, fault: Fault) -> Fault:
        """What earlier deeds have left of a fault."""
        inside = fault.inside & (self.label[fault.box.slices()] != fault.value)
        return fault._replace(inside=inside, wrong=inside & self._eye.wrong(self.label, fault.box))

    def _cheapest(self, scene: Scene, tools: Sequence[Tool]) -> Deed:
        """The deed that costs least together with touching up what it leaves; the brush where all leave too much."""
        found: list[tuple[float, Deed]] = []
        for deed in (deed for tool in tools for deed in tool(scene)):
            after = self.label.copy()
            after[deed.box.slices()] = deed.after
            lumps, pixels = self._eye.remains(self.label, after, deed.box, scene.fault, scene.pending)
            if pixels < scene.fault.wrong.sum() / 2:
                found.append((deed.effort.seconds() + lumps * _TOUCH.seconds(), deed))
        return min(found, key=lambda each: each[0])[1] if found else next(brush(scene))

    def _do(self, deed: Deed, fault: Fault) -> None:
        hand, size = (deed.tool, fault.value), deed.size or self._size
        changes = sum(a != b for a, b in zip(hand, self._hand, strict=True)) + (size != self._size)
        self._hand, self._size = hand, size
        here = deed.box.slices()
        self._set[here] |= deed.after != self.label[here]
        self.label[here] = deed.after
        self._efforts[deed.tool] = total(
            (self._efforts.get(deed.tool, Effort()), NOTICE, deed.effort, CHANGE * changes)
        )
        self._faults[deed.tool] = self._faults.get(deed.tool, 0) + 1
