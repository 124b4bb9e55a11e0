"""The tools that mend a fault, each with what it costs and the pixels that come of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box
from labeltool.core.shape import Bools, Dense, dense
from tests.bench.annotator.effort import CHANGE, CLICK, Effort, aimed, effort, stroke, total
from tests.bench.annotator.eye import Eye, Fault, Plane8, grown

Floats = NDArray[np.float32]

RADII = (0.5, 1.5, 2.5, 4.0, 6.0, 9.0, 13.0, 19.0, 28.0)
"""Of brushes, in pixels of the image; the first paints one pixel."""

_MOST_CLICKS = 4


class Deed(NamedTuple):
    """One way to mend a fault: ``after`` is uint8 [box], what the label is then; ``size`` of the brush, else 0."""

    tool: str
    effort: Effort
    box: Box
    after: Plane8
    size: float = 0.0


@dataclass(frozen=True)
class Scene:
    """A fault of ``label`` and what lies around it. ``pending`` (bool [h, w]) are the pixels that will be painted later
    anyway, so that nobody minds what becomes of them now."""

    eye: Eye
    label: Plane8
    fault: Fault
    pending: Bools

    def of(self, fault: Fault) -> Scene:
        """The same of another fault."""
        return replace(self, fault=fault)

    @property
    def hand_px(self) -> float:
        """How wide the path is on which a hand has to stay."""
        return 2.0 * self.eye.tolerance_px + 1

    @cached_property
    def radii(self) -> list[float]:
        """Of the brushes that may be of use: up to the first that hides the fault."""
        half = max(self.fault.box.width, self.fault.box.height) / 2
        return [r for r, before in zip(RADII, (0.0, *RADII), strict=False) if before <= half]

    @cached_property
    def window(self) -> Box:
        """The fault with room for the largest brush around it."""
        return self.fault.box.grow(2 * math.ceil(self.radii[-1]) + 2).intersect(self.eye.box)

    @cached_property
    def depth(self) -> Floats:
        """How far each pixel of the window is from the nearest that must not be painted; large where there is none."""
        here = self.window.slices()
        truth = self.eye.truth[here]
        free = (truth == self.fault.value) | (truth == 255) | self.pending[here]
        if free.all():
            return np.full(free.shape, 1e6, np.float32)
        return np.asarray(cv2.distanceTransform(free.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))

    def widened(self, inside: Bools) -> Bools:
        """Pixels of the fault's box in the window."""
        wide = np.zeros((self.window.height, self.window.width), bool)
        wide[self.fault.box.slices(self.window)] = inside
        return wide

    def painted(self, inside: Bools) -> Plane8:
        """The window's labels with the fault's class there."""
        after = self.label[self.window.slices()].copy()
        after[inside] = self.fault.value
        return after


Tool = Callable[[Scene], Iterator[Deed]]


def brush(scene: Scene, most_px: float = math.inf) -> Iterator[Deed]:
    """With the radius that costs least, and a smaller one for the corners where that leaves some.

    A disc never leaves what may be painted; of what it covers the fault's own pixels count. ``most_px`` is the largest
    radius.
    """
    inside, wrong = scene.widened(scene.fault.inside), scene.widened(scene.fault.wrong)
    covered = {radius: inside & _opened(scene.depth, radius) for radius in scene.radii if radius <= most_px}
    plans: list[tuple[Effort, float, Bools]] = []
    for radius, first in covered.items():
        cost, rest = _swept(scene, first, radius), wrong & ~first
        if not first.any():
            continue
        if rest.any():
            smaller = max(r for r, each in covered.items() if not (rest & ~each).any())
            cost = cost + CHANGE + _swept(scene, rest, smaller)
        plans.append((cost, radius, first | rest))
    cost, radius, painted = min(plans, key=lambda plan: plan[0].seconds())
    yield Deed("brush", cost, scene.window, scene.painted(painted), radius)


def _opened(depth: Floats, radius: float) -> Bools:
    """What a disc covers that stays within where ``depth`` is above 0."""
    centres = depth > radius
    if not centres.any():
        return centres
    away = cv2.distanceTransform((~centres).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away <= radius)


def _swept(scene: Scene, pixels: Bools, radius: float) -> Effort:
    """Strokes over pixels of the window: their area over the width that a stroke covers is how long they are. Along
    what must not be painted the hand has a narrow path, elsewhere one as wide as the brush."""
    area = int(pixels.sum())
    if not area:
        return Effort()
    count, ids = cv2.connectedComponents(grown(pixels, 1).view(np.uint8), connectivity=8)
    padded = np.pad(pixels, 1).view(np.uint8)
    across = 4 * cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1] - 2
    edge = pixels & (scene.depth <= 1.5)
    sizes, strips, edges = (
        np.bincount(ids[pixels], weights, count)[1:]
        for weights in (None, across[pixels], edge[pixels].astype(float))
    )
    strokes = []
    for size, strip, along in zip(sizes.tolist(), strips.tolist(), edges.tolist(), strict=True):
        if size:
            width = max(1.0, min(2 * radius, strip / size))
            length = max(0.0, size / width - 2 * radius)
            narrow = min(1.0, along * width / size)
            loose = max(scene.hand_px, 2 * radius)
            strokes.append(stroke(length * (narrow + (1 - narrow) * scene.hand_px / loose), scene.hand_px))
    return total(strokes)


def polygon(scene: Scene) -> Iterator[Deed]:
    """Around the fault, with as few corners as a hand's tolerance allows, with more, and with all there are; fewer
    where it lies within what may be painted."""
    inside = scene.widened(scene.fault.inside)
    here = scene.window.slices()
    target = inside | (grown(inside, scene.eye.tolerance_px + 1) & scene.pending[here])
    for off_px in (scene.eye.tolerance_px, scene.eye.tolerance_px / 2, 0.0):
        cost, painted = _outlined(scene, target, off_px)
        if painted.any():
            yield Deed("polygon", cost, scene.window, scene.painted(painted))


def lasso(scene: Scene) -> Iterator[Deed]:
    """Around the fault by free hand, never farther off than half a hand's tolerance."""
    target = scene.widened(scene.fault.inside)
    cost, painted = _outlined(scene, target, scene.eye.tolerance_px / 2, _drawn)
    if painted.any():
        yield Deed("lasso", cost, scene.window, scene.painted(painted))


Outlining = Callable[[Scene, NDArray[Any]], Effort]
"""What it costs to go around points, int32 [n, 2]."""


def _outlined(
    scene: Scene, target: Bools, off_px: float, outlining: Outlining | None = None
) -> tuple[Effort, Bools]:
    """The polygons of a set of pixels, its holes cut out; what they cost, and what they hold."""
    outlining = outlining or _clicked
    outer, _ = cv2.findContours(target.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    solid, painted, costs = np.zeros(target.shape, np.uint8), np.zeros(target.shape, np.uint8), []
    for contour in outer:
        cv2.drawContours(solid, [contour], -1, 1, cv2.FILLED)
        if cv2.contourArea(contour) + len(contour) / 2 >= scene.eye.speck_px:
            corners = cv2.approxPolyDP(contour, off_px, closed=True)
            cv2.fillPoly(painted, [corners], 1)
            costs.append(outlining(scene, corners[:, 0]))
    holes = solid.view(bool) & ~target
    if int(holes.sum()) < scene.eye.speck_px:
        return total(costs), painted.view(bool)
    cost, cut = _outlined(scene, holes, off_px, outlining)
    return total([*costs, cost]), painted.view(bool) & ~cut


def _clicked(scene: Scene, corners: NDArray[Any]) -> Effort:
    """A polygon's corners clicked, and a key to close it. Of corners that follow each other where nobody minds, two
    are enough."""
    depths = scene.depth[corners[:, 1], corners[:, 0]]
    exact = depths <= 2 * scene.hand_px
    around = list(range(len(corners)))
    kept = [k for k in around if exact[k] or exact[k - 1] or exact[(k + 1) % len(corners)]] or around[:3]
    points = corners[kept].astype(float)
    aims = [aimed(float(np.hypot(*(b - a))), scene.hand_px) for a, b in pairwise(points)]
    more = max(0, 3 - len(points))  # a polygon has three corners at least
    return total([effort(pointing=1, key=1), CLICK, *aims, aimed(1.0, scene.hand_px) * more])


RIMS_PX = (3, 7)
"""How wide the strip is that a stroke along an outline paints."""

MOST_AROUND_PX = 60_000
"""Of an object's box: nobody goes around a larger one by a single stroke."""


def around(scene: Scene) -> Iterator[Deed]:
    """Not the fault alone: all of the object that it is of by free hand, or one stroke along its outline on the side of
    the fault, over what is right already and over the other faults that lie there."""
    fault, truth = scene.fault, scene.eye.truth
    own = _held(truth == fault.value, fault.box, fault.inside)
    near = fault.box.grow(2).intersect(scene.eye.box)
    touching = np.zeros((near.height, near.width), bool)
    touching[fault.box.slices(near)] = fault.inside
    spilt = int(np.bincount(scene.label[fault.box.slices()][fault.wrong]).argmax())
    other = _held(truth == spilt, near, grown(touching, 2))
    for object_, is_own in ((own, True), (other, False)):
        if object_ is None or object_.box.width * object_.box.height > MOST_AROUND_PX:
            continue
        if is_own and _crowded(scene, object_):
            yield from lasso(scene.of(Fault(fault.value, object_.box, object_.inside, object_.inside)))
        for rim_px in RIMS_PX:
            box = object_.box.grow(rim_px).intersect(scene.eye.box)
            inside = dense(object_, box).inside
            beyond = ~inside & (truth[box.slices()] == fault.value)
            rim = inside & grown(~inside, rim_px) if is_own else grown(inside, rim_px) & beyond
            whole = np.zeros(truth.shape, bool)
            whole[box.slices()] = rim
            strip = _held(whole, fault.box, fault.inside)  # one stroke, where the rim is in several pieces
            if strip is not None and _crowded(scene, strip):
                stroke_ = Fault(fault.value, strip.box, strip.inside, strip.inside)
                deed = next(brush(scene.of(stroke_), most_px=rim_px))
                yield deed._replace(tool="around")


def _held(alike: Bools, box: Box, inside: Bools) -> Dense | None:
    """The connected pixels among some that have most of a box's; None where they have none."""
    count, ids, stats, _ = cv2.connectedComponentsWithStats(alike.view(np.uint8), connectivity=8)
    held = np.bincount(ids[box.slices()][inside], minlength=count)
    held[0] = 0
    number = int(held.argmax())
    if not held[number]:
        return None
    x, y, width, height, _ = stats[number].tolist()
    own = Box(x, y, x + width, y + height)
    return Dense(own, ids[own.slices()] == number)


def _crowded(scene: Scene, where: Dense) -> bool:
    """Whether another fault lies there."""
    return int((scene.pending[where.box.slices()] & where.inside).sum()) >= scene.eye.speck_px


def _drawn(scene: Scene, corners: NDArray[Any]) -> Effort:
    """A ring drawn by free hand: along what must not be painted on a narrow path, elsewhere on one thrice as wide."""
    ring = np.vstack([corners, corners[:1]]).astype(float)
    lengths = np.hypot(*np.diff(ring, axis=0).T)
    exact = scene.depth[corners[:, 1], corners[:, 0]] <= 2 * scene.hand_px
    sides = exact | np.roll(exact, -1)
    return stroke(float(lengths[sides].sum() + lengths[~sides].sum() / 3), scene.hand_px)


def fill(scene: Scene) -> Iterator[Deed]:
    """Whole regions of the label get the class, by a click each: for what is there and should be something else."""
    box, label = scene.fault.box, scene.label
    left = scene.fault.wrong & (label[box.slices()] != scene.fault.value)
    after, changed, clicks = label.copy(), box, 0
    while left.any() and clicks < _MOST_CLICKS:
        y, x = np.argwhere(left)[0].tolist()
        before = after.copy()
        _, _, _, (x0, y0, width, height) = cv2.floodFill(
            after, None, (x + box.x0, y + box.y0), scene.fault.value, flags=8
        )
        changed = changed.union(Box(x0, y0, x0 + width, y0 + height))
        left &= ~(before != after)[box.slices()]
        clicks += 1
    if clicks and not left.any():
        cost = (effort(pointing=1) + CLICK) * clicks
        yield Deed("fill", cost, changed, after[changed.slices()])
