"""The outline of an object as the one closed line that a YOLO label holds.

Readers of the format disagree on what a point is. Ours takes the pixels whose centre lies inside; Ultralytics cuts the
coordinates down to whole numbers and fills with cv2.fillPoly, the line included. The outline here runs a quarter of
a pixel inside the edges of the pixels, where both see the very same ones: cut down, its points are those of the
border's own pixels. Two pixels that touch at a corner are joined across it, and a hole by a line there and back,
which runs over pixels of the object only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.contour import rings
from labeltool.core.draw import connected_regions
from labeltool.core.geometry import Box
from labeltool.core.regions import Region
from labeltool.core.shape import Dense

INSET: Final = 0.25
"""Pixels between the outline and the edges of the pixels: more than rounding ever shifts, less than to the centre."""

Points = NDArray[np.float64]
"""x, y of a closed line in pixels of the image, float64 [n, 2]."""


class Part(NamedTuple):
    """The pixels of an object that hang together, corners included; ``inside`` is bool [box.height, box.width]."""

    box: Box
    inside: NDArray[np.bool_]


def parts_of(region: Region) -> Iterator[Part]:
    """An object's parts; a connected region is one."""
    _, ids, stats = connected_regions(region.inside)
    for number, (x, y, width, height, _) in enumerate(stats.tolist(), start=1):
        own = Box(x, y, x + width, y + height)
        corner_x, corner_y = region.box.x0, region.box.y0
        at = Box(x + corner_x, y + corner_y, x + width + corner_x, y + height + corner_y)
        yield Part(at, ids[own.slices()] == number)


def lattice_rings(part: Part) -> list[NDArray[np.int64]]:
    """Rings along the edges of the pixels, in pixels of the part's box: the outer one first, then the holes."""
    own = Box(0, 0, part.box.width, part.box.height)
    return [ring.astype(np.int64) for ring in rings(Dense(own, part.inside))]


def outline(part: Part, *, holes: bool) -> Points:
    """The line around a part; with ``holes`` it leads to each of them and back, without them they are filled."""
    corner = np.array((part.box.x0, part.box.y0), np.float64)
    found = lattice_rings(part)
    touching = _met_twice(found)
    lines = [_inset(ring, touching) for ring in (found if holes else found[:1])]
    return np.concatenate(list(_walk(lines, part.inside))) + corner


def _met_twice(found: list[NDArray[np.int64]]) -> set[tuple[int, int]]:
    """Lattice points at which two pixels touch only by a corner."""
    points, counts = np.unique(np.concatenate(found), axis=0, return_counts=True)
    return {(x, y) for x, y in points[counts > 1].tolist()}


@dataclass
class _Line:
    """A ring moved inwards. ``first`` gives the place in ``points`` where the part that belongs to corner k begins (int
    [n + 1]); ``hung`` the holes that hang on the edge behind corner k, and ``stops`` these corners one by one."""

    ring: NDArray[np.int64]
    points: Points
    first: NDArray[np.int64]
    hung: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    stops: Iterator[int] = field(default_factory=lambda: iter(()))


def _inset(ring: NDArray[np.int64], touching: set[tuple[int, int]]) -> _Line:
    leaving = np.sign(np.roll(ring, -1, axis=0) - ring)
    coming = np.roll(leaving, 1, axis=0)
    right_of = np.array(((0, 1), (-1, 0)))  # the object lies on the right hand
    inward_in, inward_out = coming @ right_of, leaving @ right_of
    double = np.array([(x, y) in touching for x, y in ring.tolist()])
    first_point = np.where(double[:, None], inward_in - coming, inward_in + inward_out)
    second_point = inward_out + leaving
    both = np.stack((ring + INSET * first_point, ring + INSET * second_point), axis=1)
    keep = np.stack((np.ones(len(ring), bool), double), axis=1)
    first = np.concatenate(([0], np.cumsum(1 + double)))
    return _Line(ring, both[keep], first)


def _walk(lines: list[_Line], inside: NDArray[np.bool_]) -> Iterator[Points]:
    """The pieces of the one line that leads along all of them."""
    where = _hang(lines, inside)
    todo: list[tuple[int, int] | Points] = [(0, 0)]
    while todo:
        step = todo.pop()
        if isinstance(step, np.ndarray):
            yield step
            continue
        number, corner = step
        line = lines[number]
        next_corner = next(line.stops, len(line.ring) - 1)
        yield line.points[line.first[corner] : line.first[next_corner + 1]]
        if next_corner + 1 < len(line.ring):
            todo.append((number, next_corner + 1))
        for hole in line.hung.get(next_corner, ()):
            here, there = where[hole]
            todo += [here, there, (hole, 0), there, here]


def _hang(lines: list[_Line], inside: NDArray[np.bool_]) -> dict[int, tuple[Points, Points]]:
    """Hang every hole on the line that lies left of its first pixel; both ends of the way there, by hole.

    That line is the outer one or that of a hole which reading the image meets earlier, so all hang together.
    """
    upward: dict[int, list[tuple[int, int, int, int]]] = defaultdict(list)
    for number, line in enumerate(lines if len(lines) > 1 else []):
        ends = np.roll(line.ring, -1, axis=0)
        for k in np.flatnonzero(ends[:, 1] < line.ring[:, 1]).tolist():
            upward[int(line.ring[k, 0])].append((int(ends[k, 1]), int(line.ring[k, 1]), number, k))
    where = {}
    for hole in range(1, len(lines)):
        x, y = lines[hole].ring[-1].tolist()
        outside = np.flatnonzero(~inside[y, :x])
        edge = int(outside[-1]) + 1 if len(outside) else 0
        number, k = next((n, k) for top, bottom, n, k in upward[edge] if top <= y < bottom)
        lines[number].hung[k].append(hole)
        where[hole] = (np.array([[edge + INSET, y + 0.5]]), np.array([[x - INSET, y + 0.5]]))
    for line in lines:
        for hung in line.hung.values():  # an edge leads up; what is put on the pile last is walked first
            hung.sort(key=lambda hole: int(lines[hole].ring[-1, 1]))
        line.stops = iter(sorted(line.hung))
    return where
