"""Disagreements: exactly the connected regions of one pair of classes, however the image is read."""

from __future__ import annotations

from collections.abc import Callable
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE
from labeltool.core.compare import ConfusionMatrix
from labeltool.core.disagreement import BLOCK, Disagreement, disagreement_table, disagreements
from labeltool.core.error_map import REACH_PX, Kind
from labeltool.core.errors import CancelledError
from labeltool.core.geometry import Box, Size
from labeltool.core.progress import CancelToken

Plane = NDArray[np.uint8]
SHAPE = (9, 13)
planes = arrays(np.uint8, SHAPE, elements=st.sampled_from([0, 0, 1, 2, IGNORE]))
confidences = arrays(np.uint8, SHAPE)
answers = arrays(np.bool_, SHAPE)


def read(plane: NDArray[np.generic]) -> Callable[[Box], NDArray[np.generic]]:
    return lambda box: plane[box.slices()]


def size_of(plane: Plane) -> Size:
    return Size(plane.shape[1], plane.shape[0])


def found(truth: Plane, other: Plane, confidence: Plane | None = None, **how: object) -> list[Disagreement]:
    confidence = np.full_like(truth, 255) if confidence is None else confidence
    return disagreements(read(truth), read(other), read(confidence), size_of(truth), 0, **how)


def near_an_outline(plane: Plane, row: int, col: int) -> bool:
    """By the definition: two classes no farther away than the reach."""
    around = plane[max(0, row - REACH_PX) : row + REACH_PX + 1, max(0, col - REACH_PX) : col + REACH_PX + 1]
    return len({*around.ravel().tolist()} - {IGNORE}) > 1


def flooded(truth: Plane, other: Plane, confidence: Plane, answered: NDArray[np.bool_], unsaid: bool) -> list:
    """The same by following every pixel to its neighbours: (pair, seed, box, area, interior, sum of confidence, mean
    logit, the usual one)."""
    height, width = truth.shape

    def pair(row: int, col: int) -> tuple[int, int, bool] | None:
        a, b = int(truth[row, col]), int(other[row, col])
        if a in (b, IGNORE) or (b == IGNORE and not unsaid):
            return None
        return a, b, bool(answered[row, col])

    def mean_logit(pixels: list[tuple[int, int]]) -> object:
        logits = [log(max(confidence[at], 0.5) / max(255.0 - confidence[at], 0.5)) for at in pixels]
        return pytest.approx(sum(logits) / len(logits), abs=0.001)

    everywhere = [(row, col) for row in range(height) for col in range(width)]
    left = {at for at in everywhere if pair(*at) is not None}
    result = []
    for seed in sorted(left):
        if seed not in left:
            continue
        wanted, region, ahead = pair(*seed), [], [seed]
        left.discard(seed)
        while ahead:
            row, col = ahead.pop()
            region.append((row, col))
            around = {(row + dy, col + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            same = [each for each in around if pair(*each) == wanted]
            left.difference_update(same)
            ahead += same
        rows, cols = [row for row, _ in region], [col for _, col in region]
        inside = [at for at in region if not near_an_outline(truth, *at) and not near_an_outline(other, *at)]
        box = Box(min(cols), min(rows), max(cols) + 1, max(rows) + 1)
        total = sum(int(confidence[at]) for at in region)
        agreed = [at for at in everywhere if truth[at] == other[at] == wanted[1] != IGNORE]
        means = mean_logit(region), mean_logit(region + agreed)
        result.append((wanted, (seed[1], seed[0]), box, len(region), len(inside), total, *means))
    return result


@settings(deadline=None, max_examples=150)
@given(planes, planes, confidences, answers, st.booleans(), st.integers(1, 14))
def test_they_are_what_a_flood_finds_whatever_the_blocks(
    truth: Plane, other: Plane, confidence: Plane, answered: Plane, unsaid: bool, block: int
) -> None:
    regions = found(truth, other, confidence, answered=read(answered), unsaid=unsaid, block=block)
    rows = [
        (
            (r.truth, r.predicted, r.answered),
            r.seed,
            r.box,
            r.area,
            r.interior,
            round(r.confidence * 255 * r.area),
            r.logit,
            r.usual,
        )
        for r in regions
    ]
    assert rows == flooded(truth, other, confidence, answered, unsaid)


@settings(deadline=None, max_examples=50)
@given(planes, planes)
def test_their_areas_are_the_confusion_matrix_off_its_diagonal(truth: Plane, other: Plane) -> None:
    counted = ConfusionMatrix()
    counted.add(truth, other)
    areas = np.zeros((256, 256), np.int64)
    for region in found(truth, other, unsaid=True):
        areas[region.truth, region.predicted] += region.area
    np.fill_diagonal(counted.counts, 0)
    assert np.array_equal(areas, counted.counts)


@pytest.mark.parametrize("block", [BLOCK, 256, 100, 37])
def test_fifty_planted_blobs_are_listed_exactly(block: int) -> None:
    truth, other = np.zeros((700, 900), np.uint8), np.zeros((700, 900), np.uint8)
    rng = np.random.default_rng(1)
    wanted = {}
    for number in range(50):
        row, col = 70 * (number // 10), 90 * (number % 10)
        height, width = rng.integers(5, 60, 2).tolist()
        top, left = row + int(rng.integers(0, 68 - height)), col + int(rng.integers(0, 88 - width))
        blob = np.zeros_like(truth, dtype=bool)
        blob[top : top + height, left : left + width] = rng.random((height, width)) < 0.95
        blob[top + 1 : top + height - 1, left + 1 : left + width - 1] |= (
            rng.random() < 0.5
        )  # some without holes
        blob[top, left : left + width] = blob[top : top + height, left] = True  # and all in one piece
        blob[top + height - 1, left : left + width] = blob[top : top + height, left + width - 1] = True
        pair = [(0, 1), (1, 0), (1, 2), (2, 1)][number % 4]
        truth[blob], other[blob] = pair
        wanted[left, top] = (*pair, int(blob.sum()), blob)
    regions = found(truth, other, block=block)
    main = {region.seed: region for region in regions if region.seed in wanted}
    assert len(main) == len(regions) == 50
    for seed, (a, b, area, blob) in wanted.items():
        region = main[seed]
        rows, cols = np.nonzero(blob)
        assert (region.truth, region.predicted, region.area) == (a, b, area)
        assert region.box == (cols.min(), rows.min(), cols.max() + 1, rows.max() + 1)
        assert region.kind is {(0, 1): Kind.FALSE_POSITIVE, (1, 0): Kind.FALSE_NEGATIVE}.get(
            (a, b), Kind.CONFUSION
        )


def drawn(*rows: str) -> Plane:
    return np.array([[int(each) if each != "." else IGNORE for each in row] for row in rows], np.uint8)


@pytest.mark.parametrize("block", [64, 2, 1])
def test_touching_blobs_of_other_pairs_stay_apart(block: int) -> None:
    truth, other = drawn("0011", "0011"), drawn("1122", "2222")
    rows = [(r.truth, r.predicted, r.area, r.seed) for r in found(truth, other, block=block)]
    assert rows == [(0, 1, 2, (0, 0)), (1, 2, 4, (2, 0)), (0, 2, 2, (0, 1))]


@pytest.mark.parametrize("block", [64, 3, 2, 1])
def test_a_diagonal_one_pixel_wide_is_one_and_two_that_cross_are_two(block: int) -> None:
    truth = np.zeros((6, 6), np.uint8)
    assert [(r.area, r.seed) for r in found(truth, np.eye(6, dtype=np.uint8), block=block)] == [(6, (0, 0))]
    crossing = np.eye(6, dtype=np.uint8) + 2 * np.eye(6, dtype=np.uint8)[::-1]
    regions = found(truth, crossing, block=block)
    assert sorted((r.predicted, r.area, r.seed) for r in regions) == [(1, 6, (0, 0)), (2, 6, (5, 0))]


@pytest.mark.parametrize("block", [64, 4, 3])
def test_a_ring_around_a_hole_is_one(block: int) -> None:
    other = np.zeros((9, 9), np.uint8)
    other[1:8, 1:8] = 1
    other[3:6, 3:6] = 0
    [ring] = found(np.zeros_like(other), other, block=block)
    assert (ring.area, ring.box, ring.seed) == (40, Box(1, 1, 8, 8), (1, 1))


def test_the_interior_lies_farther_than_two_pixels_from_an_outline() -> None:
    truth = np.zeros((40, 40), np.uint8)
    other = truth.copy()
    other[10:30, 10:30] = 1
    [blob] = found(truth, other)
    assert (blob.area, blob.interior) == (400, 16 * 16)
    truth[10:30, 10:31] = 1  # the layers now differ by a thin line
    [line] = found(truth, other)
    assert (line.area, line.interior) == (20, 0)


def test_the_weight_is_area_times_mean_confidence() -> None:
    truth, confidence = drawn("00000"), np.array([[255, 0, 51, 51, 255]], np.uint8)
    first, second = found(truth, drawn("11022"), confidence)
    assert (first.confidence, first.weight) == (0.5, 1.0)
    assert (second.confidence, second.weight) == (pytest.approx(0.6), pytest.approx(1.2))


def test_what_nobody_labelled_counts_nowhere_and_what_nobody_said_on_request() -> None:
    truth, other = drawn(".0110"), drawn("1..10")
    assert found(truth, other) == []
    regions = found(truth, other, unsaid=True)
    assert [(r.truth, r.predicted, r.kind, r.area) for r in regions] == [
        (0, IGNORE, Kind.FALSE_NEGATIVE, 1),
        (1, IGNORE, Kind.FALSE_NEGATIVE, 1),
    ]


def test_without_a_background_every_disagreement_is_a_confusion() -> None:
    table = disagreement_table(read(drawn("01")), read(drawn("10")), read(drawn("00")), Size(2, 1))
    assert [Disagreement.of(row, None).kind for row in table] == [Kind.CONFUSION] * 2
    assert [Disagreement.of(row, 0).kind for row in table] == [Kind.FALSE_POSITIVE, Kind.FALSE_NEGATIVE]


def test_planes_that_agree_have_none_and_a_cancel_is_heeded() -> None:
    plane = np.ones((5, 5), np.uint8)
    assert found(plane, plane) == []
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        found(plane, plane * 0, cancel=cancel)
