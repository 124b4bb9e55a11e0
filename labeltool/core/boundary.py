"""Boundary IoU (Cheng et al. 2021, arXiv 2103.16562): how well outlines agree, whatever lies between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE
from labeltool.core.geometry import Box, Size, blocks

BOUNDARY_SHARE = 0.02
"""Width of the boundary that counts, as a share of the image's diagonal."""

BLOCK = 2048
"""Side in pixels of the parts an image is looked at in; the boundary's width is read around each."""

Read = Callable[[Box], NDArray[np.uint8]]
"""The class values in a box, [box.height, box.width]."""


def boundary_ious(truth: Read, predicted: Read, size: Size, values: Iterable[int]) -> dict[int, float | None]:
    """For each class value the IoU of the two bands along its outlines, inside its pixels; None where neither has one.

    Pixels whose truth is 255 belong to neither. Reads a block at a time, whatever the size of the image.
    """
    values = list(values)
    reach = max(1, round(BOUNDARY_SHARE * float(np.hypot(size.width, size.height))))
    both: Counter[int] = Counter()
    either: Counter[int] = Counter()
    for block in blocks(size, BLOCK):
        wide = block.grow(reach + 1).intersect(size.box)
        true = truth(wide)
        found = np.where(true == IGNORE, IGNORE, predicted(wide))
        there = block.slices(wide)
        for value in values:
            inside = [label == value for label in (true, found)]
            if any(each[there].any() for each in inside):
                a, b = (_boundary(each, wide, size, reach)[there] for each in inside)
                both[value] += int(np.count_nonzero(a & b))
                either[value] += int(np.count_nonzero(a | b))
    return {value: both[value] / either[value] if either[value] else None for value in values}


def _boundary(inside: NDArray[np.bool_], box: Box, size: Size, reach: int) -> NDArray[np.bool_]:
    """The pixels of ``inside`` within ``reach`` of a pixel outside; beyond the image all is outside."""
    edges = [(int(box.y0 == 0), int(box.y1 == size.height)), (int(box.x0 == 0), int(box.x1 == size.width))]
    padded = np.pad(inside, edges).view(np.uint8)
    away = cv2.distanceTransform(padded, cv2.DIST_C, 3)
    (top, _), (left, _) = edges
    rows, columns = inside.shape
    near = away[top : top + rows, left : left + columns] <= reach
    return np.asarray(inside & near, np.bool_)
