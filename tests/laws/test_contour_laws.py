"""Laws of outlines: they are another form of the same pixels, wherever the borders of tiles and boxes lie."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from labeltool.core import contour
from labeltool.core.algebra import Either
from labeltool.core.components import region_at
from labeltool.core.contour import rings, signed_area, simplified
from labeltool.core.draw import Point, capsule, connected_regions, polygon
from labeltool.core.geometry import Box, Size, tile_box, tiles_in
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.shape import Dense, Tiles, dense
from labeltool.tools.contour import PICK
from labeltool.tools.tool import Outline, Pointer
from tests.laws.examples import law
from tests.unit.tools.test_tools import SIZE, Desk

Bools = NDArray[np.bool_]
QUICK = law(60)


@st.composite
def pixels(draw: st.DrawFn) -> Bools:
    """Noise, blobs, and islands in holes in islands; with pixels on the border and pixels that touch at a corner."""
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    if draw(st.booleans()):
        return random.random((height, width)) < draw(st.floats(0, 1))
    inside = np.zeros((height, width), bool)
    for _ in range(draw(st.integers(1, 8))):
        y, x = random.integers(-3, height), random.integers(-3, width)
        h, w = random.integers(1, 20, 2)
        part = inside[max(0, y) : y + h, max(0, x) : x + w]
        part ^= True
    return inside


def filled(shape_rings: list[contour.Ring], size: Size) -> Bools:
    return dense(polygon(shape_rings, size), size.box).inside


def size_of(inside: Bools) -> Size:
    return Size(inside.shape[1], inside.shape[0])


@QUICK
@given(pixels())
def test_filling_the_rings_of_a_region_gives_it_back(inside: Bools) -> None:
    size = size_of(inside)
    assert np.array_equal(filled(rings(Dense(size.box, inside)), size), inside)


@QUICK
@given(pixels())
def test_a_connected_region_has_one_outer_ring_and_one_ring_for_each_hole(inside: Bools) -> None:
    areas = [signed_area(ring) for ring in rings(Dense(size_of(inside).box, inside))]
    outside = np.pad(~inside, 1, constant_values=True)
    holes = cv2.connectedComponents(outside.view(np.uint8), connectivity=4)[0] - 2
    assert sum(area > 0 for area in areas) == connected_regions(inside)[0]
    assert sum(area < 0 for area in areas) == holes
    assert sum(areas) == inside.sum()


@QUICK
@given(pixels(), st.integers(0, 20), st.integers(0, 20), st.integers(2, 9))
def test_rings_do_not_know_where_boxes_and_tiles_end(inside: Bools, dx: int, dy: int, block: int) -> None:
    size = Size(300, 290)
    x0, y0 = 240 + dx - 20, 240 + dy - 20
    whole = np.zeros((size.height, size.width), bool)
    whole[y0 : y0 + inside.shape[0], x0 : x0 + inside.shape[1]] = inside
    box = Box(x0, y0, x0 + inside.shape[1], y0 + inside.shape[0])
    tiles = {i: whole[tile_box(i, size).slices()] for i in tiles_in(size.box, size)}
    wanted = [ring.tolist() for ring in rings(Dense(box, inside))]
    assert [ring.tolist() for ring in rings(Tiles(size, tiles))] == wanted
    kept, contour.BLOCK = contour.BLOCK, block
    try:
        assert [ring.tolist() for ring in rings(Dense(box, inside))] == wanted
    finally:
        contour.BLOCK = kept


points = st.tuples(st.floats(-30, 330, width=32), st.floats(-30, 330, width=32))


@QUICK
@given(st.lists(st.lists(points, min_size=3, max_size=9), min_size=1, max_size=3))
def test_a_polygon_is_the_same_whichever_box_is_asked_for(corners: list[list[tuple[float, float]]]) -> None:
    size = Size(300, 290)
    shape = polygon(corners, size)
    whole = dense(shape, size.box).inside
    for index in tiles_in(size.box, size):
        box = tile_box(index, size)
        assert np.array_equal(dense(shape, box).inside, whole[box.slices()])


@QUICK
@given(pixels(), st.floats(0.5, 5))
def test_simplified_rings_stay_near_the_tolerance(inside: Bools, tolerance: float) -> None:
    for ring in rings(Dense(size_of(inside).box, inside)):
        short = simplified(ring, tolerance)
        assert contour.CORNERS <= len(short) <= len(ring)
        line = short.astype(np.float32)
        assert all(
            distance <= 1.5 * tolerance or len(short) == len(ring)
            for distance in (min(_from(p, a, b) for a, b in _edges(line)) for p in ring)
        )


def _edges(ring: NDArray[np.float32]) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    return list(zip(ring, np.roll(ring, -1, axis=0), strict=True))


def _from(p: NDArray[np.float64], a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    way = b - a
    share = np.clip(np.dot(p - a, way) / max(float(np.dot(way, way)), 1e-9), 0, 1)
    return float(np.hypot(*(a + share * way - p)))


@law(25)
@given(pixels(), st.sampled_from([0.5, 1, 3, 5]), st.integers(0, 2**32))
def test_picking_up_and_putting_back_untouched_changes_nothing(
    inside: Bools, tolerance: float, seed: int
) -> None:
    desk = Desk(PICK)
    desk.context.options = {"tolerance": tolerance, "gap": 0}
    mask, random = desk.session.mask, np.random.default_rng(seed)
    ids = random.choice([0, 0, 7], inside.shape)
    box = Box(60, 40, 60 + inside.shape[1], 40 + inside.shape[0])
    values = np.where(inside, 1, 2 * random.integers(0, 2)).astype(np.uint8)
    desk.session.apply(
        write(
            mask, box, title="t", kind="k", label=values, object_id=np.where(inside, ids, 0).astype(np.uint32)
        )
    )
    desk.saved.clear()
    before = mask.snapshot()
    desk.send(Pointer("press", 5, 5), Pointer("release", 5, 5), Pointer("double", 5, 5))
    shown = desk.send(Pointer("release", 5, 5))
    assert bool(shown.outlines) == inside[: SIZE.height - 40].any()
    for outline in shown.outlines[:4]:  # take each by a vertex, carry it about, and let it go where it was
        x, y = outline.points[0].tolist()
        desk.send(
            Pointer("press", x, y),
            Pointer("move", x + 9, y - 4),
            Pointer("move", x, y),
            Pointer("release", x, y),
        )
    assert mask.same_pixels(before)
    assert desk.saved == []


@law(40)
@given(
    pixels(),
    st.sampled_from([0.5, 1, 3, 5]),
    st.integers(0, 50),
    st.integers(-40, 40),
    st.integers(-40, 40),
)
def test_a_dragged_vertex_decides_beside_the_edges_that_moved_and_between_the_outlines_and_nowhere_else(
    inside: Bools, tolerance: float, vertex: int, dx: int, dy: int
) -> None:
    inside[0, 0] = True
    desk, size = Desk(PICK), Size(130, 130)
    desk.session.mask = mask = LabelMask(size)
    desk.context.options = {"tolerance": tolerance, "gap": 0}
    box = Box(45, 45, 45 + inside.shape[1], 45 + inside.shape[0])
    desk.session.apply(write(mask, box, inside, title="t", kind="k", label=1))
    before, untouched = mask.read("label") == 1, mask.snapshot()
    old = desk.send(Pointer("press", 45.5, 45.5), Pointer("release", 45.5, 45.5)).outlines
    x, y = old[0].points[vertex % len(old[0].points)].tolist()
    desk.send(Pointer("press", x, y), Pointer("move", x + dx, y + dy), Pointer("release", x + dx, y + dy))
    after = mask.read("label") == 1
    points = old[0].points.copy()
    points[(points == (x, y)).all(axis=1).argmax()] += (dx, dy)  # of two at one place the first is taken
    new = (Outline(points), *old[1:])
    was, is_now = (filled([ring.points for ring in each], size) for each in (old, new))
    gone = {edge for ring in old for edge in _pairs(ring)} - {edge for ring in new for edge in _pairs(ring)}
    assert len(gone) <= 2
    beside, near = (
        dense(Either([capsule(*edge, r * tolerance + 1, size) for edge in gone]), size.box).inside
        for r in (1, 1.5)
    )
    own = dense(region_at(untouched, (45, 45)), size.box).inside
    assert np.array_equal(after[beside & own], is_now[beside & own])
    assert not (is_now & beside & ~after).any()
    assert not ((after != before) & ~near & (was == is_now)).any()


def _pairs(ring: Outline) -> set[tuple[Point, Point]]:
    points = [(x, y) for x, y in ring.points.tolist()]
    return set(zip(points, points[1:] + points[:1], strict=True))


@law(25)
@given(pixels(), st.integers(0, 50), st.integers(-40, 40), st.integers(-40, 40), st.booleans())
def test_no_border_of_a_tile_shows_in_an_edited_region(
    inside: Bools, vertex: int, dx: int, dy: int, moved: bool
) -> None:
    inside[0, 0] = True
    assert np.array_equal(
        _edited(inside, (100, 100), vertex, (dx, dy), moved),
        _edited(inside, (240, 236), vertex, (dx, dy), moved),
    )


def _edited(inside: Bools, corner: tuple[int, int], vertex: int, way: tuple[int, int], moved: bool) -> Bools:
    """What is there around ``corner`` after a drag of a vertex, or of the region, that holds the corner's pixel."""
    x0, y0 = corner
    desk = Desk(PICK)
    desk.session.mask = mask = LabelMask(Size(400, 390))
    box = Box(x0, y0, x0 + inside.shape[1], y0 + inside.shape[0])
    desk.session.apply(write(mask, box, inside, title="t", kind="k", label=1))
    start = (x0 + 0.5, y0 + 0.5)
    shown = desk.send(Pointer("press", *start), Pointer("release", *start))
    if not moved:
        points = shown.outlines[0].points
        start = tuple(points[vertex % len(points)].tolist())
    end = start[0] + way[0], start[1] + way[1]
    desk.send(Pointer("press", *start, ctrl=moved), Pointer("move", *end), Pointer("release", *end))
    around = Box(x0 - 60, y0 - 60, x0 + 110, y0 + 110)
    return np.stack([mask.read(name, around) for name in ("label", "origin")])
