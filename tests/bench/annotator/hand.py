"""The annotator: mends a label fault by fault, each by the tool that costs least, and hands over real pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from labeltool.core.catalog import IGNORE
from labeltool.core.geometry import Box
from labeltool.core.shape import Bools
from labeltool.inference.segmenter import Prediction
from tests.bench.annotator.effort import CHANGE, NOTICE, Effort, looking, stroke, total
from tests.bench.annotator.eye import Eye, Fault, Plane8
from tests.bench.annotator.tools import Deed, Scene, Tool, around, brush, fill, lasso, polygon
from tests.bench.annotator.trying import Offering, Try

ALL_TOOLS: tuple[Tool, ...] = (fill, brush, lasso, around, polygon)
"""Of equally good ones the first is taken."""

LESSONS = (1, 3, 10, 30)
"""After so many faults are mended a light head is taught what was painted."""

Teach = Callable[[Plane8, Bools], Prediction]
"""What a light head says of an image once it is taught the pixels of a label (uint8 [h, w]) that somebody has set
(bool [h, w])."""

_PASSES = 3
_MOST_S = 1000.0
_AT_FIRST = 1, 4
"""How many of how many offers are right, as somebody expects who has not seen one of this image."""
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


def fixed(given: Plane8, eye: Eye, tools: Sequence[Tool] = ALL_TOOLS, teach: Teach | None = None) -> Worked:
    """What becomes of a label that somebody looks over and mends.

    The largest faults come first; what a tool leaves, or does beside them, is mended with the brush, which does no
    harm. So nothing is wrong in the end but specks, and what lies within the hand's tolerance.
    """
    work = _Work(given, eye)
    for number in range(_PASSES):
        faults = eye.faults(work.label)
        if not faults:
            break
        work.mend(faults, tools if number == 0 else (brush,), teach if number == 0 else None)
    return work.done()


def drawn(eye: Eye, background: int | None, tools: Sequence[Tool] = (polygon,)) -> Worked:
    """A label drawn from nothing: from background, or where there is none from the class that covers most.

    What lies behind is drawn first, so that no outline is drawn twice.
    """
    counts = np.bincount(eye.truth.ravel(), minlength=256)[:IGNORE]
    value = int(counts.argmax()) if background is None else background
    return fixed(np.full_like(eye.truth, value), eye, tools)


def corrected(given: Plane8, eye: Eye, anew: Worked, teach: Teach | None = None) -> Worked:
    """A pre-label mended, or where that costs less cleared by two keys and drawn ``anew``."""
    mended = fixed(given, eye, ALL_TOOLS, teach)
    cleared = anew._replace(efforts={**anew.efforts, "clearing": NOTICE + CHANGE * 2})
    return min(mended, cleared, key=lambda worked: worked.effort.seconds())


class _Judged(NamedTuple):
    """A deed, and its seconds with those of touching up what it leaves, less those of faults that it mends beside."""

    seconds: float
    deed: Deed


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
        self._tries: dict[str, tuple[int, int]] = {}
        self._refused: set[tuple[str, Box, int]] = set()
        self._offering: Offering | None = None

    def mend(self, faults: Sequence[Fault], tools: Sequence[Tool], teach: Teach | None) -> None:
        """One fault after the other."""
        pending = np.zeros(self.label.shape, np.int32)
        for fault in faults:
            pending[fault.box.slices()] += fault.inside
        for number, fault in enumerate(faults):
            pending[fault.box.slices()] -= fault.inside
            left = self._left(fault)
            if int(left.wrong.sum()) < self._eye.speck_px:
                continue
            scene, rest = Scene(self._eye, self.label, left, pending > 0), faults[number + 1 :]
            best = self._cheapest(scene, (deed for tool in tools for deed in tool(scene)), rest)
            best = best or _Judged(np.inf, next(brush(scene)))
            self._do((self._tried(scene, best, rest) or best).deed, fault)
            done = sum(self._faults.values())
            if teach is not None and done in LESSONS:
                self._offering = Offering(teach(self.label, self._set), done)

    def done(self) -> Worked:
        """All that was done."""
        self.label[self._eye.truth == IGNORE] = IGNORE
        return Worked(self.label, self._efforts, self._faults)

    def _left(self, fault: Fault) -> Fault:
        """What earlier deeds have left of a fault."""
        inside = fault.inside & (self.label[fault.box.slices()] != fault.value)
        return fault._replace(inside=inside, wrong=inside & self._eye.wrong(self.label, fault.box))

    def _cheapest(self, scene: Scene, deeds: Iterable[Deed], rest: Sequence[Fault]) -> _Judged | None:
        """The deed that costs least; None where all leave too much."""
        found: list[_Judged] = []
        for deed in deeds:
            after = self.label.copy()
            after[deed.box.slices()] = deed.after
            box = deed.box.union(scene.fault.box)
            lumps, pixels = self._eye.remains(self.label, after, box, scene.fault, scene.pending)
            if pixels < scene.fault.wrong.sum() / 2:
                more = lumps - self._beside(scene.fault, deed, after, rest)
                found.append(_Judged(deed.effort.seconds() + more * _TOUCH.seconds(), deed))
        return min(found, key=lambda each: each.seconds) if found else None

    def _beside(self, fault: Fault, deed: Deed, after: Plane8, rest: Sequence[Fault]) -> int:
        """How many of the other faults a deed mends."""
        changed = deed.after != self.label[deed.box.slices()]
        common = fault.box.intersect(deed.box)
        changed[common.slices(deed.box)] &= ~fault.inside[common.slices(fault.box)]
        if not changed.any():
            return 0
        x, y, width, height = cv2.boundingRect(changed.view(np.uint8))
        x, y = x + deed.box.x0, y + deed.box.y0
        box = Box(x, y, x + width, y + height)
        mended = self._eye.wrong(self.label, box) & ~self._eye.wrong(after, box)
        found, speck = 0, self._eye.speck_px
        for other in rest:
            shared = other.box.intersect(box)
            if not shared.is_empty:
                gone = int((mended[shared.slices(box)] & other.wrong[shared.slices(other.box)]).sum())
                found += int(other.wrong.sum()) - gone < speck <= gone
        return found

    def _tried(self, scene: Scene, best: _Judged, rest: Sequence[Fault]) -> _Judged | None:
        """What is offered, if that promises more than a look at it costs, and is better than the best that is sure.

        A look is paid for, whatever comes of it; the more looks were in vain on this image, the less is promised. What
        was once refused is not looked at again until something else is offered.
        """
        if self._offering is None:
            return None
        hopes: list[tuple[float, Try]] = []
        for each in self._offering.tries(self.label, self._set, scene.fault):
            if (each.tool, each.box, self._offering.lesson) not in self._refused:
                good, all_ = self._tries.get(each.tool, _AT_FIRST)
                others = sum(other.box.intersect(each.box) == other.box for other in rest)
                hope = good / all_ * (min(best.seconds, _MOST_S) + others * _TOUCH.seconds())
                hopes.append((hope - each.effort.seconds(), each))
        promised, tried = max(hopes, key=lambda pair: pair[0], default=(0.0, None))
        if tried is None or promised <= 0:
            return None
        found = self._cheapest(scene, [tried.outcome()], rest)
        is_good = found is not None and found.seconds < best.seconds
        good, all_ = self._tries.get(tried.tool, _AT_FIRST)
        self._tries[tried.tool] = (good + is_good, all_ + 1)
        self._spend("offers", tried.effort)
        if not is_good:
            self._refused.add((tried.tool, tried.box, self._offering.lesson))
            return None
        return found

    def _do(self, deed: Deed, fault: Fault) -> None:
        here, changes = deed.box.slices(), 0
        if deed.tool != "take":  # which is an action's key, and sets a model's pixels
            hand, size = (deed.tool, fault.value), deed.size or self._size
            changes = sum(a != b for a, b in zip(hand, self._hand, strict=True)) + (size != self._size)
            self._hand, self._size = hand, size
            self._set[here] |= deed.after != self.label[here]
        self.label[here] = deed.after
        self._spend(deed.tool, total((NOTICE, deed.effort, CHANGE * changes)))
        self._faults[deed.tool] = self._faults.get(deed.tool, 0) + 1

    def _spend(self, tool: str, cost: Effort) -> None:
        self._efforts[tool] = self._efforts.get(tool, Effort()) + cost
