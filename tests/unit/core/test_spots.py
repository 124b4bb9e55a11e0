"""Spots of doubt: whole, in order of their mass, and resolved by exactly what is verified."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from labeltool.core.errors import CancelledError
from labeltool.core.geometry import Box, Size, TileIndex
from labeltool.core.progress import CancelToken
from labeltool.core.spots import Spot, following, masses, share_resolved, spots

Pixels = NDArray[np.uint8]


@st.composite
def planes(draw: st.DrawFn) -> tuple[Pixels, NDArray[np.bool_]]:
    """Doubt and what is verified, of an image of several tiles: blobs, lines over tile borders, and noise."""
    width, height = draw(st.integers(1, 600)), draw(st.integers(1, 400))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    doubt = np.zeros((height, width), np.uint8)
    for _ in range(draw(st.integers(0, 8))):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        value, reach = int(rng.integers(1, 256)), int(rng.integers(1, 120))
        axes, turned = (reach, int(rng.integers(1, reach + 1))), int(rng.integers(0, 180))
        cv2.ellipse(doubt, (x, y), axes, turned, 0, 360, value, -1)
        cv2.line(doubt, (x, y), (int(rng.integers(0, width)), int(rng.integers(0, height))), value)
    noise = rng.random(doubt.shape) < 0.02
    doubt[noise] = rng.integers(0, 256, int(noise.sum()))
    verified = np.zeros(doubt.shape, bool)
    if draw(st.booleans()):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        verified[y : y + int(rng.integers(1, 300)), x : x + int(rng.integers(1, 300))] = True
    return doubt, verified


def found(doubt: Pixels, where: NDArray[np.bool_]) -> list[Spot]:
    size = Size(doubt.shape[1], doubt.shape[0])
    return spots(lambda box: doubt[box.slices()], lambda box: where[box.slices()], size)


def at_once(doubt: Pixels, where: NDArray[np.bool_]) -> list[Spot]:
    """The same, from the whole plane in one piece."""
    _, ids, stats, _ = cv2.connectedComponentsWithStats(where.astype(np.uint8), connectivity=8)
    result = []
    for number, (x, y, width, height, _) in enumerate(stats.tolist()):
        if number == 0:
            continue
        rows, columns = np.nonzero(ids[y : y + height, x : x + width] == number)
        rows, columns = rows + y, columns + x
        values = doubt[rows, columns].astype(int)
        peak = int(values.argmax())
        box = Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
        mass = int(values.sum()) / 255
        result.append(Spot(box, len(rows), mass, (int(columns[peak]), int(rows[peak]))))
    return sorted(result, key=lambda spot: spot.rank)


def resolved(doubt: Pixels, verified: NDArray[np.bool_]) -> float | None:
    size = Size(doubt.shape[1], doubt.shape[0])
    read, where = (lambda box: doubt[box.slices()]), (lambda box: verified[box.slices()])
    return share_resolved(masses(read, where, size).values())


@settings(max_examples=60, deadline=None)
@given(planes(), st.integers(1, 255))
def test_spots_are_those_of_the_whole_plane_whatever_tiles_they_lie_in(
    drawn: tuple[Pixels, NDArray[np.bool_]], threshold: int
) -> None:
    doubt, verified = drawn
    where = (doubt >= threshold) & ~verified
    assert found(doubt, where) == at_once(doubt, where)


@settings(max_examples=60, deadline=None)
@given(planes())
def test_verifying_a_spot_raises_the_share_resolved_by_exactly_its_mass(
    drawn: tuple[Pixels, NDArray[np.bool_]],
) -> None:
    doubt, verified = drawn
    where = (doubt >= 100) & ~verified
    whole = int(doubt.sum(dtype=np.int64))
    _, ids = cv2.connectedComponents(where.astype(np.uint8), connectivity=8)
    for spot in found(doubt, where)[:3]:
        before = int(doubt[verified].sum(dtype=np.int64))
        assert resolved(doubt, verified) == before / whole
        verified = verified | (ids == ids[spot.peak[1], spot.peak[0]])
        assert resolved(doubt, verified) == (before + round(spot.mass * 255)) / whole


def test_without_doubt_nothing_is_resolved_or_open() -> None:
    nothing = np.zeros((5, 7), np.uint8)
    assert resolved(nothing, nothing > 0) is None
    assert found(nothing, nothing > 0) == []


def test_after_a_change_only_the_tiles_it_touched_are_looked_at() -> None:
    doubt = np.full((300, 600), 10, np.uint8)
    asked: list[Box] = []

    def read(box: Box) -> Pixels:
        asked.append(box)
        return doubt[box.slices()]

    one = masses(read, lambda box: doubt[box.slices()] > 99, Size(600, 300), [TileIndex(1, 2)])
    assert asked == [Box(512, 256, 600, 300)]
    assert one == {TileIndex(1, 2): (10 * 88 * 44, 0)}


@pytest.fixture
def three() -> list[Spot]:
    doubt = np.zeros((20, 40), np.uint8)
    doubt[2:4, 2:4], doubt[10:14, 10:14], doubt[2:5, 30:33] = 250, 200, 100
    return found(doubt, doubt > 0)


def test_the_heaviest_spot_comes_first_and_its_peak_is_its_first_highest_pixel(three: list[Spot]) -> None:
    assert [spot.area for spot in three] == [16, 4, 9]
    assert [spot.peak for spot in three] == [(10, 10), (2, 2), (30, 2)]
    assert three[1].mass == 1000 / 255


def test_there_and_back_through_all_spots(three: list[Spot]) -> None:
    last, seen = None, []
    for _ in range(4):
        last = following(three, last, 1)
        seen.append(last)
    assert seen == [*three, three[0]]
    assert following(three, three[0], -1) == three[2]
    assert following(three, None, -1) == three[2]


def test_a_spot_that_was_verified_is_passed_over(three: list[Spot]) -> None:
    assert following([three[1], three[2]], three[0], 1) == three[1]
    assert following([three[0], three[2]], three[1], 1) == three[2]
    assert following([three[0], three[2]], three[1], -1) == three[0]
    assert following([], three[0], 1) is None


def test_looking_for_spots_can_be_cancelled() -> None:
    cancel = CancelToken()
    cancel.cancel()
    some = np.ones((5, 5), np.uint8)
    read, where = (lambda box: some[box.slices()]), (lambda box: some[box.slices()] > 0)
    for work in (spots, lambda *args: masses(*args[:3], None, args[3])):
        with pytest.raises(CancelledError):
            work(read, where, Size(5, 5), cancel)
