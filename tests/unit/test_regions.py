"""The objects of a mask."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.catalog import ClassCatalog, ClassDef
from labeltool.core.geometry import Box
from labeltool.core.regions import Region, regions

CATALOG = ClassCatalog.from_names(["a", "b"])


def planes(label: str, object_: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Planes drawn as digits, one line a row; 9 stands for ignore."""
    rows = np.array([[int(c) for c in line] for line in label.split()])
    ids = rows * 0 if object_ is None else np.array([[int(c) for c in line] for line in object_.split()])
    return np.where(rows == 9, 255, rows).astype(np.uint8), ids.astype(np.uint32)


def found(label: str, object_: str | None = None) -> list[Region]:
    return regions(*planes(label, object_), CATALOG)


def test_background_and_ignore_are_no_objects() -> None:
    assert found("090 000") == []


def test_pixels_that_touch_at_a_corner_are_one_object() -> None:
    (region,) = found("10 01")
    assert (region.class_value, region.object_id, region.area, region.box) == (1, 0, 2, Box(0, 0, 2, 2))


def test_classes_that_touch_are_two_objects() -> None:
    assert [(r.class_value, r.area) for r in found("1122")] == [(1, 2), (2, 2)]


def test_regions_that_do_not_touch_are_two_objects() -> None:
    assert [r.box for r in found("101")] == [Box(0, 0, 1, 1), Box(2, 0, 3, 1)]


def test_pixels_with_one_id_are_one_object_even_apart() -> None:
    (region,) = found("101", "505")
    assert (region.object_id, region.area, region.inside.tolist()) == (5, 2, [[True, False, True]])


def test_touching_objects_with_ids_of_their_own_stay_apart() -> None:
    assert [(r.object_id, r.area) for r in found("1111", "1223")] == [(1, 1), (2, 2), (3, 1)]


def test_one_id_in_two_classes_is_two_objects() -> None:
    assert [(r.class_value, r.object_id) for r in found("12", "77")] == [(1, 7), (2, 7)]


def test_a_hole_belongs_to_what_is_in_it() -> None:
    ring, core = found("111 121 111")
    assert (ring.area, ring.inside[1, 1], core.class_value, core.box) == (8, False, 2, Box(1, 1, 2, 2))


def test_zero_is_an_object_where_it_is_no_background() -> None:
    sky = ClassCatalog((ClassDef(0, "Sky", (1, 2, 3)),))
    (region,) = regions(*planes("00 00"), sky)
    assert (region.class_value, region.area) == (0, 4)


def test_a_mask_without_pixels_has_no_objects() -> None:
    assert regions(np.zeros((0, 0), np.uint8), np.zeros((0, 0), np.uint32), CATALOG) == []


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12))
def test_objects_cover_each_pixel_of_the_classes_once(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    label = rng.choice(np.array([0, 1, 2, 255], np.uint8), (height, width))
    object_ = rng.choice(np.array([0, 1, 2**32 - 1], np.uint32), (height, width))
    times = np.zeros(label.shape, int)
    for region in regions(label, object_, CATALOG):
        times[region.box.slices()] += region.inside
        assert region.area == region.inside.sum() > 0
        assert region.inside.any(axis=0)[[0, -1]].all()
        assert region.inside.any(axis=1)[[0, -1]].all()
        assert set(label[region.box.slices()][region.inside]) == {region.class_value}
        assert set(object_[region.box.slices()][region.inside]) == {region.object_id}
    assert np.array_equal(times, np.isin(label, [1, 2]).astype(int))
