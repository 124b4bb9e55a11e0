"""Run lengths of binary masks as COCO writes them: down the columns, the first run outside.

``counts`` is an int64 array of run lengths that alternate between outside and inside and sum to h * w. The string
form is COCO's: each number (from the fourth on its difference to the number two before) in groups of five bits,
lowest first, as characters from "0" on. Everything read here may come from strangers, so every function that
reads checks first and allocates what the numbers claim only after they were found consistent.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.core.shape import Dense

Counts = NDArray[np.int64]

MAX_PIXELS = 1 << 31
"""Larger masks are refused: other readers are silently wrong from 2**32 pixels on."""

_CHARACTERS = 7
"""Characters that hold any difference between two numbers below 2**31."""


def encode(inside: NDArray[np.bool_], box: Box | None = None, size: Size | None = None) -> Counts:
    """Run lengths of ``inside``, bool [h, w]; with ``box`` those of an image of ``size`` that holds it there.

    Costs time and memory by the pixels of the box, not of the image.
    """
    height, width = inside.shape
    place, whole = box or Box(0, 0, width, height), size or Size(width, height)
    if not inside.any():
        return np.array([whole.pixels], np.int64)
    # Every column begins with a pixel outside, so that a change at an edge of the box is seen as well.
    columns = np.zeros(width * (height + 1) + 1, np.uint8)
    columns[:-1].reshape(width, height + 1)[:, 1:] = cv2.transpose(inside.view(np.uint8)).reshape(
        width, height
    )
    column, row = np.divmod(np.flatnonzero(columns[1:] != columns[:-1]), height + 1)
    edges = (column + place.x0) * whole.height + (row + place.y0)
    starts, ends = edges[0::2], edges[1::2]
    apart = starts[1:] != ends[:-1]  # a run that reaches the bottom goes on at the top of the next column
    edges = np.stack((starts[np.r_[True, apart]], ends[np.r_[apart, True]]), axis=1).ravel()
    counts = np.diff(edges, prepend=0, append=whole.pixels)
    return counts if counts[-1] else counts[:-1]


def encode_numbers(numbers: NDArray[Any], count: int) -> list[Counts]:
    """Run lengths of each of the objects 1..``count`` of a raster [h, w] of their numbers (uint8, uint16 or int32).

    One pass over the image for all of them.
    """
    columns = cv2.transpose(numbers).ravel()
    first = np.flatnonzero(columns[1:] != columns[:-1]) + 1
    first = np.concatenate((np.zeros(1, np.int64), first))
    values = columns[first]
    order = np.argsort(values, kind="stable")
    edges = np.stack((first, np.append(first[1:], columns.size)), axis=1)[order].ravel()
    between = np.diff(edges)
    at = 2 * np.searchsorted(values[order], np.arange(1, count + 2))
    found = []
    for start, stop in pairwise(at.tolist()):
        if start == stop:
            found.append(np.array([columns.size]))
            continue
        after = columns.size - edges[stop - 1]
        counts = np.concatenate((edges[start : start + 1], between[start : stop - 1], [after]))
        found.append(counts if after else counts[:-1])
    return found


def number_type(count: int) -> type[np.uint8 | np.uint16 | np.int32]:
    """The smallest type that holds the numbers 0..``count`` of objects and that a raster may have here."""
    types = (np.uint8, np.uint16, np.int32)
    return next(each for each in types if count <= np.iinfo(each).max)


def decode_numbers(objects: Sequence[Counts], size: Size) -> NDArray[Any] | None:
    """The raster [h, w] of the numbers 1.. of objects given by checked counts, 0 where there is none; None where a
    pixel is in two of them."""
    dtype = number_type(len(objects))
    ends = np.concatenate([np.zeros(0, np.int64), *(np.cumsum(counts)[1::2] for counts in objects)])
    lengths = np.concatenate([np.zeros(0, np.int64), *(counts[1::2] for counts in objects)])
    values = np.repeat(np.arange(1, len(objects) + 1, dtype=dtype), [len(c) // 2 for c in objects])
    order = np.argsort(ends, kind="stable")
    ends, lengths = ends[order], lengths[order]
    gaps = np.diff(ends - lengths, prepend=0, append=size.pixels)
    gaps[1:] -= lengths
    if gaps.min() < 0:
        return None
    between = np.zeros(2 * len(lengths) + 1, np.int64)
    inside = np.zeros(len(between), dtype)
    between[0::2], between[1::2], inside[1::2] = gaps, lengths, values[order]
    columns = np.repeat(inside, between).reshape(size.width, size.height)
    numbers: NDArray[Any] = cv2.transpose(columns)
    return numbers


def check(counts: Counts, size: Size) -> Counts:
    """The counts themselves when they describe a mask of ``size``; BadInputError says what is wrong otherwise."""
    if size.pixels > MAX_PIXELS:
        raise BadInputError(f"a mask of {size.width} x {size.height} is too large for COCO's run lengths")
    if len(counts) and int(counts.min()) < 0:
        raise BadInputError("the run lengths hold a negative number")
    total = int(counts.sum())
    if total != size.pixels:
        raise BadInputError(
            f"the run lengths sum to {total} and not to {size.height} x {size.width} = {size.pixels}"
        )
    return counts


def positions(counts: Counts) -> NDArray[np.int64]:
    """Places of the inside pixels of checked counts, counted down the columns: x * h + y, ascending."""
    ends = np.cumsum(counts)[1::2]
    lengths = counts[1::2]
    first = ends - lengths
    before = np.cumsum(lengths) - lengths
    return np.repeat(first - before, lengths) + np.arange(lengths.sum())


def decode(counts: Counts, size: Size) -> NDArray[np.bool_]:
    """The mask, bool [h, w]; BadInputError when the counts do not fit ``size``."""
    flat = np.zeros(check(counts, size).sum(), bool)
    flat[positions(counts)] = True
    return np.ascontiguousarray(flat.reshape(size.width, size.height).T)


def decode_box(counts: Counts, size: Size) -> Dense:
    """The inside pixels of checked counts, in the smallest box around them."""
    _, box = area_and_box(counts, size)
    inside = np.zeros((box.width, box.height), bool)
    x, y = np.divmod(positions(counts), size.height)
    inside[x - box.x0, y - box.y0] = True
    return Dense(box, np.ascontiguousarray(inside.T))


def area_and_box(counts: Counts, size: Size) -> tuple[int, Box]:
    """Number of inside pixels of checked counts, and the smallest box around them."""
    lengths = counts[1::2]
    some = lengths > 0
    ends = np.cumsum(counts)[1::2][some]
    if not len(ends):
        return 0, Box(0, 0, 0, 0)
    left, top = np.divmod(ends - lengths[some], size.height)
    right, bottom = np.divmod(ends - 1, size.height)
    if (left != right).any():  # such a run holds the bottom pixel of one column and the top pixel of the next
        top, bottom = np.array([0]), np.array([size.height - 1])
    box = Box(int(left.min()), int(top.min()), int(right.max()) + 1, int(bottom.max()) + 1)
    return int(lengths.sum()), box


def to_string(counts: Counts) -> str:
    """COCO's compressed string, ASCII."""
    return to_strings([counts])[0]


def to_strings(objects: Sequence[Counts]) -> list[str]:
    """The compressed strings of several masks, in one go."""
    counts = np.concatenate([np.zeros(0, np.int64), *objects])
    lengths = np.array([len(each) for each in objects], np.int64)
    stops = np.cumsum(lengths)
    later = np.flatnonzero(np.arange(len(counts)) - np.repeat(stops - lengths, lengths) >= 3)
    rest = counts.copy()
    rest[later] -= counts[later - 2]
    left = np.ones(len(rest), np.int64)  # characters of each number
    for bits in range(4, 5 * _CHARACTERS - 1, 5):
        left += (rest >= 1 << bits) | (rest < -(1 << bits))
    ends = np.cumsum(left)
    at, characters = ends - left, np.empty(left.sum(), np.uint8)
    while len(rest):
        more = left > 1
        characters[at] = (rest & 31) + np.where(more, 80, 48)
        rest, at, left = rest[more] >> 5, at[more] + 1, left[more] - 1
    text = characters.tobytes().decode("ascii")
    bounds = np.append(0, ends)[np.append(0, stops)].tolist()
    return [text[start:stop] for start, stop in pairwise(bounds)]


def from_list(numbers: object, size: Size) -> Counts:
    """Checked counts of COCO's uncompressed form, a list of integers as JSON gives it."""
    if not isinstance(numbers, list) or not all(type(n) is int for n in numbers):
        raise BadInputError("the run lengths are not a list of whole numbers")
    if len(numbers) > size.pixels + 2 or any(abs(n) > MAX_PIXELS for n in numbers):
        raise BadInputError("the run lengths describe more pixels than the image has")
    return check(np.array(numbers, np.int64), size)


def from_string(text: str, size: Size) -> Counts:
    """Checked counts of a compressed string for an image of ``size``; BadInputError says what is wrong."""
    if len(text) > _CHARACTERS * (size.pixels + 1):
        raise BadInputError("the compressed run lengths are longer than any mask of this image")
    try:
        codes = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - 48
    except UnicodeEncodeError as error:
        raise BadInputError("the compressed run lengths hold characters that are not COCO's") from error
    if len(codes) and (codes.min() < 0 or codes.max() > 63):
        raise BadInputError("the compressed run lengths hold characters that are not COCO's")
    ends = np.flatnonzero(codes < 32)
    if not len(ends) or ends[-1] != len(codes) - 1:
        raise BadInputError("the compressed run lengths end in the middle of a number")
    starts = np.concatenate(([0], ends[:-1] + 1))
    length = ends - starts + 1
    if length.max() > _CHARACTERS:
        raise BadInputError("the compressed run lengths hold a number that is too large")
    shift = 5 * (np.arange(len(codes)) - np.repeat(starts, length))
    numbers = np.add.reduceat((codes & 31) << shift, starts)
    numbers -= np.where(codes[ends] & 16, np.int64(1) << (5 * length), 0)
    for first in (1, 2):
        numbers[first::2] = np.cumsum(numbers[first::2])
    return check(numbers, size)
