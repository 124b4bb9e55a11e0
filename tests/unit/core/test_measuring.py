"""Objects are measured as their pixels say, in whatever strips the image is read, and lengths come near the truth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from labeltool.core.geometry import TILE, Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.measuring import Measured, Values, lengths, measure, set_in_rows
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken
from labeltool.core.provenance import Origin
from labeltool.core.runs import objects_of, runs_of_planes

Bools = NDArray[np.bool_]


def mask_of(label: NDArray[np.uint8], object_: NDArray[np.uint32] | None = None) -> LabelMask:
    size = Size(label.shape[1], label.shape[0])
    mask = LabelMask(size)
    ids = np.zeros(label.shape, np.uint32) if object_ is None else object_
    mask.apply(
        write(mask, size.box, title="", kind="", label=label, object_id=ids, origin=Origin.HUMAN.value)
    )
    return mask


def measured(inside: Bools, **more: object) -> Measured:
    """The one object whose pixels are given, with a border of nothing around."""
    return measure(mask_of(np.pad(inside, 3).astype(np.uint8)), [1], **more)  # type: ignore[arg-type]


def perimeter(inside: Bools, width: float = 1.0, height: float = 1.0) -> float:
    return float(lengths(measured(inside), np.diag([width, height])).perimeter.sum())


def disc(
    radius: float, *, width: float = 1.0, height: float = 1.0, at: tuple[float, float] = (0, 0)
) -> Bools:
    columns, rows = int(radius / width) + 2, int(radius / height) + 2
    y, x = np.mgrid[-rows : rows + 1, -columns : columns + 1]
    return ((x - at[0]) * width) ** 2 + ((y - at[1]) * height) ** 2 <= radius**2


def turned_rectangle(width: float, height: float, degrees: float) -> Bools:
    reach = int(np.hypot(width, height) / 2) + 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1] - 0.3
    turn = np.radians(degrees)
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    return (abs(along) <= width / 2) & (abs(across) <= height / 2)


PLACES = [(x / 4, y / 4) for x in range(4) for y in range(4)]


@pytest.mark.parametrize(("radius", "within"), [(3, 0.065), (5, 0.065), (10, 0.025), (20, 0.01), (40, 0.005)])
def test_the_perimeter_of_a_disc_is_near_the_truth_wherever_it_lies(radius: float, within: float) -> None:
    found = np.array([perimeter(disc(radius, at=place)) for place in PLACES]) / (2 * np.pi * radius)
    assert np.abs(found - 1).max() < within
    assert found.mean() == pytest.approx(1, abs=0.012 if radius < 10 else 0.002)


@pytest.mark.parametrize("height", [0.5, 3.0])
def test_pixels_that_are_not_square_measure_the_same_disc(height: float) -> None:
    for place in PLACES:
        found = perimeter(disc(10, height=height, at=place), height=height)
        assert found == pytest.approx(2 * np.pi * 10, rel=0.04)
        assert perimeter(disc(40, height=height, at=place), height=height) == pytest.approx(
            80 * np.pi, rel=0.01
        )


@pytest.mark.parametrize(("side", "within"), [(1, 0.115), (5, 0.115), (10, 0.061), (100, 0.02)])
def test_the_corners_of_a_square_are_cut_a_little(side: int, within: float) -> None:
    found = perimeter(np.ones((side, side), bool))
    assert 4 * side * (1 - within) <= found <= 4 * side


@pytest.mark.parametrize("degrees", [0, 5, 10, 15, 22.5, 30, 45, 60, 80])
def test_a_rectangle_is_as_long_around_in_every_direction(degrees: float) -> None:
    found = perimeter(turned_rectangle(240, 120, degrees))
    assert found == pytest.approx(720, rel=0.018)


def test_a_line_of_one_pixel_has_two_sides() -> None:
    assert perimeter(np.ones((1, 100), bool)) == pytest.approx(202, rel=0.02)
    assert perimeter(np.eye(100, dtype=bool)) == pytest.approx(200 * np.sqrt(2), rel=0.02)


def test_the_outline_of_a_hole_counts() -> None:
    ring = disc(40) & ~np.pad(disc(20), 20)
    found = measured(ring)
    assert lengths(found).perimeter[0] == pytest.approx(2 * np.pi * 60, rel=0.01)
    assert found.holes.tolist() == [1]


def test_calipers_hold_pixels_with_their_whole_area() -> None:
    found = lengths(measured(np.ones((30, 40), bool)), np.diag([0.5, 2.0]))
    assert (found.longest[0], found.shortest[0]) == pytest.approx((np.hypot(20, 60), 20))
    pixel = lengths(measured(np.ones((1, 1), bool)))
    assert (pixel.longest[0], pixel.shortest[0]) == pytest.approx((np.sqrt(2), 1))
    turned = lengths(measured(turned_rectangle(200, 50, 30)))
    assert (turned.longest[0], turned.shortest[0]) == pytest.approx((np.hypot(200, 50), 50), abs=2)


def test_a_matrix_that_turns_changes_no_length() -> None:
    found, turn = measured(turned_rectangle(90, 40, 10)), np.radians(33)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    for straight, turned in zip(lengths(found), lengths(found, matrix), strict=True):
        assert turned == pytest.approx(straight)
    each = lengths(found, np.stack([matrix * 2]))
    assert each.longest == pytest.approx(2 * lengths(found).longest)


def test_pieces_of_one_object_are_measured_together() -> None:
    label = np.zeros((20, 60), np.uint8)
    label[5:10, 5:10] = label[5:10, 45:50] = 1
    one = measure(mask_of(label, (label * 7).astype(np.uint32)), [1])
    assert (one.pieces.tolist(), one.object_ids.tolist(), one.holes.tolist()) == ([2], [7], [0])
    assert one.box(0) == Box(5, 5, 50, 10)
    assert one.centroids.tolist() == [[27.5, 7.5]]
    assert lengths(one).longest[0] == pytest.approx(np.hypot(45, 5))
    two = measure(mask_of(label), [1])
    assert len(two) == 2
    assert lengths(one).perimeter[0] == pytest.approx(lengths(two).perimeter.sum())


def random_planes(seed: int, height: int, width: int) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    rng = np.random.default_rng(seed)
    block = int(rng.integers(1, 5))
    shape = height // block + 1, width // block + 1
    label = rng.choice([0, 1, 1, 2, 3], shape)
    ids = rng.integers(1, 4, shape) * (rng.random(shape) < 0.3)
    square = np.ones((block, block), int)
    return (
        np.kron(label, square)[:height, :width].astype(np.uint8),
        np.kron(ids, square)[:height, :width].astype(np.uint32),
    )


sides = st.integers(1, 40)


@settings(max_examples=25, deadline=None)  # of some dozens of objects each
@given(st.integers(0, 2**32), sides, sides, st.integers(1, 41))
def test_every_object_is_what_its_pixels_say(seed: int, height: int, width: int, rows: int) -> None:
    label, ids = random_planes(seed, height, width)
    row_areas = np.linspace(1, 2, height)
    found = measure(mask_of(label, ids), [1, 2], row_areas=row_areas, rows=rows)
    objects = objects_of(runs_of_planes(label, ids), [1, 2])
    assert len(found) == len(objects.extents)
    for number, (extent, inside) in enumerate(zip(objects.extents, objects.insides(), strict=True)):
        own = found.class_values[number], found.object_ids[number], found.box(number), found.pixels[number]
        assert own == tuple(extent)
        y, x = np.nonzero(inside)
        assert found.area[number] == pytest.approx(row_areas[y + extent.box.y0].sum())
        centre = x.mean() + extent.box.x0 + 0.5, y.mean() + extent.box.y0 + 0.5
        assert found.centroids[number] == pytest.approx(centre)
        pieces = cv2.connectedComponents(inside.astype(np.uint8), connectivity=8)[0] - 1
        outside = np.pad(~inside, 1, constant_values=True).astype(np.uint8)
        assert found.pieces[number] == pieces
        assert found.holes[number] == cv2.connectedComponents(outside, connectivity=4)[0] - 2
        alone = np.pad(inside, 3).astype(np.uint8)
        apart = measure(mask_of(alone, alone.astype(np.uint32)), [1])
        assert found.crossings[number].tolist() == apart.crossings[0].tolist()
        calipers = lengths(found).longest[number], lengths(found).shortest[number]
        assert calipers == pytest.approx((lengths(apart).longest[0], lengths(apart).shortest[0]))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), sides, sides, st.integers(1, 41), st.integers(1, 41))
def test_how_an_image_is_cut_into_strips_changes_nothing(
    seed: int, height: int, width: int, rows: int, others: int
) -> None:
    label, ids = random_planes(seed, height, width)
    mask, pixels = mask_of(label, ids), np.random.default_rng(seed).normal(1e6, 1, (height, width, 2))

    def read(box: Box) -> NDArray[np.float64]:
        return pixels[box.slices()]

    a, b = (measure(mask, [1, 2, 3], read=read, rows=each) for each in (rows, others))
    for name in ("class_values", "object_ids", "pixels", "boxes", "crossings", "pieces", "holes"):
        assert getattr(a, name).tolist() == getattr(b, name).tolist()
    for one, other in zip(lengths(a), lengths(b), strict=True):
        assert one == pytest.approx(other)
    if a.values is not None and b.values is not None:
        assert a.values.mean == pytest.approx(b.values.mean)
        assert a.values.deviation() == pytest.approx(b.values.deviation(), rel=1e-6, abs=1e-6, nan_ok=True)


def test_an_object_across_the_borders_of_tiles_is_one() -> None:
    label = np.zeros((2 * TILE + 10, 2 * TILE + 10), np.uint8)
    label[TILE - 20 : TILE + 20, TILE - 20 : TILE + 20] = 1
    found, alone = measure(mask_of(label), [1]), measured(np.ones((40, 40), bool))
    assert found.pixels.tolist() == [1600]
    assert lengths(found).perimeter == pytest.approx(lengths(alone).perimeter)


def test_objects_far_apart_are_measured_as_each_alone() -> None:
    label = np.zeros((40, 5 * TILE), np.uint8)
    places = [0, 30, 3 * TILE + 7, 5 * TILE - 21]
    for x in places:
        label[10:31, x : x + 21] = disc(9.4, at=(0.2, 0.1))[:21, :21] if x else 1
    found = measure(mask_of(label), [1])
    assert len(found) == len(places)
    for number, x in enumerate(sorted(places)):
        alone = measured(label[:, x : x + 21] > 0)
        assert found.crossings[number].tolist() == alone.crossings[0].tolist()
        assert found.holes[number] == 0


def test_values_leave_no_data_and_nan_out() -> None:
    pixels = np.array([[[1.0], [np.nan], [3.0], [-99.0], [np.inf], [5.0]]])
    found = measure(
        mask_of(np.array([[1, 1, 1, 1, 1, 2]], np.uint8)),
        [1, 2],
        read=lambda box: pixels[box.slices()],
        nodata=-99,
    ).values
    assert found is not None
    assert found.count.ravel().tolist() == [2, 1]
    assert found.mean.ravel().tolist() == [2, 5]
    assert found.deviation().ravel().tolist() == [1, 0]
    assert (found.least.ravel().tolist(), found.most.ravel().tolist()) == ([1, 5], [3, 5])


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-100, 100)), min_size=1, max_size=40))
def test_objects_put_together_have_the_values_of_their_pixels(given_: list[tuple[int, float]]) -> None:
    group = np.array([g for g, _ in given_])
    numbers = np.array([v for _, v in given_]).reshape(-1, 1)
    single = Values(np.ones_like(numbers), numbers, np.zeros_like(numbers), numbers, numbers)
    found = single.grouped(group, 4)
    for each in set(group.tolist()):
        own = numbers[group == each]
        assert found.mean[each, 0] == pytest.approx(own.mean(), abs=1e-9)
        assert found.deviation()[each, 0] == pytest.approx(own.std(), abs=1e-6)


def test_only_what_somebody_has_set_counts_as_set() -> None:
    mask = LabelMask(Size(10, 4))
    mask.apply(write(mask, Box(2, 1, 5, 3), title="", kind="", label=0, origin=Origin.HUMAN.value))
    assert set_in_rows(mask, 0).tolist() == [0, 3, 3, 0]


def test_an_empty_mask_has_no_objects_and_a_cancel_is_heeded() -> None:
    assert len(measure(LabelMask(Size(300, 300)), [1])) == 0
    assert lengths(measure(LabelMask(Size(5, 5)), [1])).perimeter.tolist() == []
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Exception, match="cancel"):
        measure(LabelMask(Size(300, 300)), [1], cancel=cancel)
