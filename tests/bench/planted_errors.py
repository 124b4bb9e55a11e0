"""Errors that people make when they label nuclei, planted into labels by a seed, with their places recorded.

    missed     a nucleus is background
    invented   a blob of the size and kind of the image's nuclei is painted where there is none
    merged     what lies between two neighbours is painted, to the hull of both
    shifted    a nucleus lies 5 to 7 pixels beside its place
    fat        a nucleus is 5 or 6 pixels larger on all sides
    halved     one side of a line through a nucleus is background

Labels are uint8 [h, w] of 0 and 1, instances give each nucleus a number. An error is a set of pixels that are the other
class; the zones of errors do not overlap, so the same errors may be planted together or one seed at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box

Bools = NDArray[np.bool_]
Labels = NDArray[np.uint8]
Numbers = NDArray[np.int32]
Random = np.random.Generator

SHARES = {"missed": 10, "invented": 10, "merged": 10, "shifted": 5, "fat": 5, "halved": 10}
"""Of 50 errors, how many are of each kind."""

LEAST_AREA = 80
"""Pixels of the smallest nucleus that an error is made of: what is 5 pixels wide is outline all over."""
LEAST_CHANGED = 40
"""Pixels of the smallest error."""
THICKNESS = 5
"""Side in pixels of a square that every error holds: what is thinner is a matter of where outlines are drawn."""
APART = 6
"""Pixels between the zones of two errors."""

_TRIES = 4000


@dataclass(frozen=True)
class Truth:
    """What is right in an image, and a word for its kind."""

    instances: Numbers
    appearance: str = ""

    @property
    def label(self) -> Labels:
        """Class values."""
        return (self.instances > 0).astype(np.uint8)


@dataclass(frozen=True)
class Planted:
    """An error: the pixels of ``box`` that are the other class, bool [box.height, box.width]."""

    image: str
    kind: str
    box: Box
    changed: Bools

    @property
    def area(self) -> int:
        """Pixels that are wrong."""
        return int(np.count_nonzero(self.changed))

    def put_into(self, label: Labels) -> None:
        """Make the error in a label plane; made twice it is gone again."""
        label[self.box.slices()][self.changed] ^= 1


def plant(truths: Mapping[str, Truth], seed: int, taken: dict[str, Bools], count: int = 50) -> list[Planted]:
    """``count`` errors in the shares of :data:`SHARES`, each in an image drawn at random, at a nucleus drawn at random.

    ``taken`` are pixels of each image where there are errors already; it is added to. RuntimeError where the images
    have no room for so many.
    """
    random, names = np.random.default_rng(seed), sorted(truths)
    found: list[Planted] = []
    for kind in _kinds(count):
        for _ in range(_TRIES):
            name = names[random.integers(len(names))]
            truth = truths[name]
            changed = MAKERS[kind](truth.instances, random)
            if changed is None or not _is_error(changed):
                continue
            here = taken.setdefault(name, np.zeros(changed.shape, np.bool_))
            if (_grown(changed, APART) & here).any():
                continue
            here |= _grown(changed, APART)
            box = _box(changed)
            found.append(Planted(name, kind, box, changed[box.slices()].copy()))
            break
        else:
            raise RuntimeError(f"no image has room for another nucleus that is {kind}")
    return found


def _kinds(count: int) -> Iterator[str]:
    """Kinds in turns, so that the first ``count`` are in the shares of all."""
    order = [(number / share, kind) for kind, share in SHARES.items() for number in range(share)]
    kinds = [kind for _, kind in sorted(order)]
    return (kinds[number % len(kinds)] for number in range(count))


def _is_error(changed: Bools) -> bool:
    """Whether it is large enough that somebody would call it one."""
    if np.count_nonzero(changed) < LEAST_CHANGED:
        return False
    square = np.ones((THICKNESS, THICKNESS), np.uint8)
    core = cv2.erode(changed.view(np.uint8), square, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return bool(core.any())


def _missed(instances: Numbers, random: Random) -> Bools | None:
    return _some(instances, random)


def _invented(instances: Numbers, random: Random) -> Bools | None:
    like = _some(instances, random)
    if like is None:
        return None
    box = _box(like)
    shape = np.array(like[box.slices()]).view(np.uint8)
    turned = np.ascontiguousarray(np.rot90(shape, int(random.integers(4)))).view(np.bool_)
    (height, width), (rows, columns) = instances.shape, turned.shape
    if rows >= height or columns >= width:
        return None
    top, left = int(random.integers(height - rows)), int(random.integers(width - columns))
    painted = np.zeros(instances.shape, np.bool_)
    painted[top : top + rows, left : left + columns] = turned
    return None if instances[_grown(painted, 4)].any() else painted


def _merged(instances: Numbers, random: Random) -> Bools | None:
    one = _some(instances, random)
    if one is None:
        return None
    near = [n for n in np.unique(instances[_grown(one, 14)]) if n and not (one & (instances == n)).any()]
    if not near:
        return None
    other = instances == near[random.integers(len(near))]
    if (_grown(one, 2) & other).any():
        return None  # they touch: labels of classes show one thing already
    points = cv2.findNonZero((one | other).view(np.uint8))
    hull = cv2.fillConvexPoly(np.zeros(instances.shape, np.uint8), cv2.convexHull(points), 1).view(np.bool_)
    bridge: Bools = hull & ~one & ~other
    return None if instances[bridge].any() else bridge


def _shifted(instances: Numbers, random: Random) -> Bools | None:
    old = _some(instances, random)
    if old is None:
        return None
    angle, length = random.uniform(0, 2 * np.pi), random.uniform(5, 7)
    by = round(length * np.sin(angle)), round(length * np.cos(angle))
    rows, columns = np.nonzero(old)
    rows, columns = rows + by[0], columns + by[1]
    inside = (rows >= 0) & (rows < old.shape[0]) & (columns >= 0) & (columns < old.shape[1])
    new = np.zeros_like(old)
    new[rows[inside], columns[inside]] = True
    others = (instances > 0) & ~old
    return None if (new & _grown(others, 2)).any() else old ^ new


def _fat(instances: Numbers, random: Random) -> Bools | None:
    old = _some(instances, random)
    if old is None:
        return None
    return _grown(old, int(random.integers(5, 7))) & (instances == 0)


def _halved(instances: Numbers, random: Random) -> Bools | None:
    old = _some(instances, random)
    if old is None:
        return None
    rows, columns = np.nonzero(old)
    angle = random.uniform(0, 2 * np.pi)
    side = (rows - rows.mean()) * np.sin(angle) + (columns - columns.mean()) * np.cos(angle)
    half = np.zeros_like(old)
    half[rows[side > 0], columns[side > 0]] = True
    return half


MAKERS: Mapping[str, Callable[[Numbers, Random], Bools | None]] = {
    "missed": _missed,
    "invented": _invented,
    "merged": _merged,
    "shifted": _shifted,
    "fat": _fat,
    "halved": _halved,
}
"""Each gives the pixels that become the other class, or None where this time it cannot be done."""


def _some(instances: Numbers, random: Random) -> Bools | None:
    """The pixels of one nucleus that is large enough."""
    areas = np.bincount(instances.ravel())
    large = np.flatnonzero(areas[1:] >= LEAST_AREA) + 1
    return instances == large[random.integers(len(large))] if len(large) else None


def _grown(inside: Bools, by: int) -> Bools:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
    grown: Bools = cv2.dilate(inside.view(np.uint8), disc).view(np.bool_)
    return grown


def _box(inside: Bools) -> Box:
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
