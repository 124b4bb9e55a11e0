"""Masks as runs: planes come back from them, and objects are those that pixels make."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.geometry import TILE, Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.provenance import Origin
from labeltool.core.runs import Objects, objects_of, runs_of_mask, runs_of_planes

Found = set[tuple[int, int, Box, bytes, int]]


def planes(seed: int, height: int, width: int, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Class values 0..3 in blocks, and an object id here and there."""
    rng = np.random.default_rng(seed)
    shape = height // block + 1, width // block + 1
    square = np.ones((block, block), np.uint32)
    label = np.kron(rng.integers(0, 4, shape), square)[:height, :width].astype(np.uint8)
    ids = rng.integers(1, 4, shape) * (rng.random(shape) < 0.3)
    return label, np.kron(ids, square)[:height, :width].astype(np.uint32)


def objects_in_pixels(label: np.ndarray, ids: np.ndarray) -> Found:
    """The objects of classes 1 to 3, found in full-size masks."""
    found: Found = set()
    for value, object_id in {
        (v, i) for v, i in zip(label.ravel().tolist(), ids.ravel().tolist(), strict=True) if v
    }:
        whole = ((label == value) & (ids == object_id)).astype(np.uint8)
        count, parts = (2, whole) if object_id else cv2.connectedComponents(whole, connectivity=8)
        for number in range(1, count):
            inside = parts == number
            rows, columns = np.nonzero(inside)
            box = Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
            found.add((value, object_id, box, inside[box.slices()].tobytes(), int(inside.sum())))
    return found


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40), st.integers(1, 5))
def test_objects_of_runs_are_those_of_the_pixels(seed: int, height: int, width: int, block: int) -> None:
    label, ids = planes(seed, height, width, block)
    runs = runs_of_planes(label, ids)
    assert np.array_equal(runs.plane(runs.label), label)
    assert np.array_equal(runs.plane(runs.object_), ids)
    objects = objects_of(runs, [1, 2, 3])
    found = [
        (e.class_value, e.object_id, e.box, inside.tobytes(), e.area)
        for e, inside in zip(objects.extents, objects.insides(), strict=True)
    ]
    assert len(found) == len(set(found))
    assert set(found) == objects_in_pixels(label, ids)
    assert [key[:2] for key in found] == sorted(key[:2] for key in found)


def test_a_region_that_meets_itself_only_at_the_end_is_one() -> None:
    drawn = ["1.1.1.1", "1.1.1.1", "1.111.1", "1.....1", "1111111"]
    label = np.array([[c == "1" for c in row] for row in drawn]).astype(np.uint8)
    objects = objects_of(runs_of_planes(label, np.zeros(label.shape, np.uint32)), [1])
    assert [(e.box, e.area) for e in objects.extents] == [(Box(0, 0, 7, 5), 15), (Box(2, 0, 5, 3), 7)]


def test_the_last_and_the_first_pixel_of_neighbouring_rows_do_not_touch() -> None:
    label = np.array([[0, 0, 1], [1, 0, 0]], np.uint8)
    assert len(objects_of(runs_of_planes(label, np.zeros((2, 3), np.uint32)), [1]).extents) == 2


@pytest.mark.parametrize("size", [Size(1, 1), Size(TILE + 3, 2 * TILE + 1)])
def test_the_runs_of_a_mask_know_what_nobody_has_set(size: Size) -> None:
    label, ids = planes(3, size.height, size.width, 7)
    where = np.random.default_rng(3).random(label.shape) < 0.8
    mask = LabelMask(size, 0)
    mask.apply(
        write(
            mask,
            size.box,
            where,
            title="",
            kind="brush",
            label=label,
            object_id=ids,
            origin=int(Origin.HUMAN),
        )
    )
    runs = runs_of_mask(mask, 0)
    assert np.array_equal(runs.plane(runs.label), np.where(where, label, 0))
    assert np.array_equal(runs.plane(runs.object_), np.where(where, ids, 0))
    assert np.array_equal(runs.plane(runs.unlabelled), ~where)
    objects = objects_of(runs, [1, 2, 3])
    again = Objects.from_bytes(objects.to_bytes(), size)
    assert again.extents == objects.extents
    assert np.array_equal(again.of_run, objects.of_run)
    for name in ("lengths", "label", "object_", "unlabelled"):
        assert np.array_equal(getattr(again.runs, name), getattr(runs, name))
        assert getattr(again.runs, name).dtype == getattr(runs, name).dtype


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 7, 300]),
    st.sampled_from([(3, 5), (TILE, 2 * TILE), (TILE + 9, TILE + 1)]),
)
def test_a_mask_in_tiles_has_the_runs_of_its_planes(seed: int, block: int, shape: tuple[int, int]) -> None:
    """A run ends where a value changes and where a row ends, and nowhere else: not where a tile ends."""
    label, ids = planes(seed, *shape, block)
    mask = LabelMask(Size(shape[1], shape[0]), 0)
    mask.apply(
        write(
            mask, mask.size.box, None, title="", kind="brush", label=label, object_id=ids, origin=Origin.HUMAN
        )
    )
    runs, same = runs_of_mask(mask, 0), runs_of_planes(label, ids)
    for name in ("lengths", "label", "object_", "unlabelled"):
        assert np.array_equal(getattr(runs, name), getattr(same, name))
    row = runs.starts // shape[1]
    pairs = np.stack((runs.label, runs.object_, row), axis=1).astype(np.int64)
    assert (pairs[1:] != pairs[:-1]).any(axis=1).all()
    assert np.array_equal(runs.plane(runs.object_), ids)


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 9))
def test_a_plane_is_told_from_every_other(seed: int, height: int, width: int) -> None:
    label, ids = planes(seed, height, width, 2)
    runs = runs_of_planes(label, ids)
    assert runs.fit(label, runs.label)
    assert not runs.fit(label[:, :-1], runs.label)
    for at in np.ndindex(label.shape):
        other = label.copy()
        other[at] += 1
        assert not runs.fit(other, runs.label)
