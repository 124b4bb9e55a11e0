"""Run lengths in COCO's two forms: what comes out, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from labeltool.core import rle
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20))


def size_of(mask: np.ndarray) -> Size:
    return Size(mask.shape[1], mask.shape[0])


def test_runs_go_down_the_columns_and_begin_outside() -> None:
    mask = np.array([[0, 1], [0, 1], [1, 0]], bool)
    assert rle.encode(mask).tolist() == [2, 3, 1]


def test_a_mask_that_begins_inside_has_an_empty_first_run() -> None:
    assert rle.encode(np.ones((2, 2), bool)).tolist() == [0, 4]


def test_an_empty_mask_is_one_run() -> None:
    assert rle.encode(np.zeros((2, 3), bool)).tolist() == [6]


def test_the_string_is_that_of_coco() -> None:
    # Worked out by hand: 2 -> "2"; 35 -> 3 + 32 = "S" and 1 = "1"; -1 -> 31 -> "O".
    assert rle.to_string(np.array([2, 35])) == "2S1"
    assert rle.to_string(np.array([0, 3, 0, 2])) == "030O"


@settings(deadline=None, max_examples=60)
@given(masks)
def test_decoding_gives_back_what_was_encoded(mask: np.ndarray) -> None:
    assert np.array_equal(rle.decode(rle.encode(mask), size_of(mask)), mask)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 1 << 20), min_size=1, max_size=30))
def test_the_string_gives_back_the_numbers(numbers: list[int]) -> None:
    counts = np.array(numbers, np.int64)
    size = Size(int(counts.sum()), 1)
    if size.pixels:
        assert rle.from_string(rle.to_string(counts), size).tolist() == numbers


@settings(deadline=None, max_examples=60)
@given(masks, st.integers(0, 5), st.integers(0, 5), st.integers(0, 3), st.integers(0, 3))
def test_a_box_is_encoded_as_the_whole_image_would_be(
    mask: np.ndarray, left: int, top: int, right: int, bottom: int
) -> None:
    whole = np.pad(mask, ((top, bottom), (left, right)))
    box = Box(left, top, left + mask.shape[1], top + mask.shape[0])
    assert rle.encode(mask, box, size_of(whole)).tolist() == rle.encode(whole).tolist()


@settings(deadline=None, max_examples=60)
@given(masks)
def test_area_and_box_are_those_of_the_pixels(mask: np.ndarray) -> None:
    area, box = rle.area_and_box(rle.encode(mask), size_of(mask))
    assert area == mask.sum()
    if area:
        rows, cols = np.nonzero(mask)
        assert box == Box(cols.min(), rows.min(), cols.max() + 1, rows.max() + 1)


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=12), st.integers(1, 9), st.integers(1, 9))
def test_any_text_is_a_mask_or_a_refusal(text: str, width: int, height: int) -> None:
    size = Size(width, height)
    try:
        counts = rle.from_string(text, size)
    except BadInputError:
        return
    assert rle.decode(counts, size).shape == (height, width)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "end in the middle"),
        ("5", "sum to 5 and not to 2 x 2 = 4"),
        ("S", "end in the middle"),
        ("2 2", "characters that are not COCO's"),
        ("2é2", "characters that are not COCO's"),
        ("O5", "negative"),
        ("oooooooo0", "too large"),
        ("0" * 1000, "longer than any mask"),
    ],
)
def test_a_bad_string_is_refused_with_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        rle.from_string(text, Size(2, 2))


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([1, 2], "sum to 3"),
        ([5, -1], "negative"),
        ([5], "sum to 5"),
        ([1, True, 2], "whole numbers"),
        ([1.0, 3.0], "whole numbers"),
        ("4", "whole numbers"),
        ([10**30], "more pixels"),
        ([0] * 100, "more pixels"),
    ],
)
def test_a_bad_list_is_refused_with_what_is_wrong(numbers: object, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        rle.from_list(numbers, Size(2, 2))


@settings(deadline=None, max_examples=100)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 20),
    st.integers(1, 20),
    st.sampled_from([np.uint8, np.uint16, np.int32]),
)
def test_all_objects_at_once_are_encoded_as_one_by_one(
    seed: int, height: int, width: int, dtype: type
) -> None:
    numbers = np.random.default_rng(seed).integers(0, 5, (height, width)).astype(dtype)
    found = rle.encode_numbers(numbers, 4)
    assert [c.tolist() for c in found] == [rle.encode(numbers == n).tolist() for n in range(1, 5)]
    back = rle.decode_numbers(found, Size(width, height))
    assert back is not None
    assert np.array_equal(back, numbers)


def test_objects_that_share_a_pixel_make_no_raster() -> None:
    one, other = rle.encode(np.array([[1, 1, 0]], bool)), rle.encode(np.array([[0, 1, 1]], bool))
    assert rle.decode_numbers([one, other], Size(3, 1)) is None
    assert rle.decode_numbers([], Size(3, 1)).tolist() == [[0, 0, 0]]  # type: ignore[union-attr]


def test_many_masks_have_the_strings_of_each() -> None:
    objects = [rle.encode(np.random.default_rng(n).random((n % 7 + 1, n)) < 0.4) for n in range(1, 40)]
    objects.append(np.array([2**31 - 2, 2, 0, 2**31 - 1, 1, 0], np.int64))
    assert rle.to_strings(objects) == [rle.to_string(each) for each in objects]
    assert rle.to_strings([]) == []
