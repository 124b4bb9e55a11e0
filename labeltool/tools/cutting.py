"""Cutting a region in two along a straight line."""

from __future__ import annotations

import math

import cv2
import numpy as np

from labeltool.core.algebra import Both, without
from labeltool.core.draw import Point, connected_regions, polygon
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import Size
from labeltool.core.shape import Dense, Shape, Tiles, dense
from labeltool.tools.draft import Draft
from labeltool.tools.objects import fresh_object
from labeltool.tools.picked import MOST_PX, Contour, Picked, picked_up, tiled

AROUND = np.ones((3, 3), np.uint8)


def band(start: Point, end: Point, size: Size) -> Shape:
    """The pixels of a line just wide enough that no two 8-connected pixels face each other across it."""
    (ax, ay), (bx, by) = start, end
    length = math.dist(start, end)
    dx, dy = (bx - ax) / length, (by - ay) / length
    half = (abs(dx) + abs(dy)) / 2 + 1e-6
    nx, ny, ex, ey = -dy * half, dx * half, dx / 2, dy / 2
    return polygon(
        [
            [
                (ax - ex + nx, ay - ey + ny),
                (bx + ex + nx, by + ey + ny),
                (bx + ex - nx, by + ey - ny),
                (ax - ex - nx, ay - ey - ny),
            ]
        ],
        size,
    )


def parted(region: Tiles, gap: Shape, start: Point, end: Point) -> tuple[Tiles, Tiles] | None:
    """The larger part of a region, with the pixels of the line, and what is cut off; None where nothing is."""
    box = region.box
    if gap.box.intersect(box).is_empty:
        return None
    if box.width * box.height > MOST_PX:
        raise LabeltoolError(
            f"this region is too large to be cut: more than {MOST_PX // 1_000_000} million pixels",
            hint="Erase a line across it with the brush",
        )
    inside, line = dense(region, box).inside, dense(gap, box).inside
    count, ids, stats = connected_regions(inside & ~line)
    beside = cv2.dilate((inside & line).view(np.uint8), AROUND).astype(bool) & (ids > 0)
    rows, cols = np.nonzero(beside)
    side = (end[0] - start[0]) * (rows + box.y0 + 0.5 - start[1]) > (end[1] - start[1]) * (
        cols + box.x0 + 0.5 - start[0]
    )
    number = ids[rows, cols]
    right, left = (np.bincount(number[which], minlength=count + 1) > 0 for which in (side, ~side))
    touching = np.flatnonzero(right | left)
    if not len(touching):
        return None
    largest = touching[stats[touching - 1, 4].argmax()]
    off = (right & ~left) if left[largest] else (left & ~right)
    off[largest] = False
    if not off.any() or (right[largest] and left[largest]):
        return None
    small = off[ids]
    return tiled(Dense(box, inside & ~small), region.size), tiled(Dense(box, small), region.size)


def cut(draft: Draft, picked: Picked, start: Point, end: Point) -> Picked | None:
    """Cut the first region that the line crosses wholly, and pick its parts up instead; None where there is none."""
    gap = band(start, end, draft.size)
    for number, contour in enumerate(picked.contours):
        halves = parted(draft.kept(draft.own(contour)), gap, start, end)
        if halves is not None:
            return picked.with_contour(number, *_set_apart(draft, contour, *halves, gap))
    return None


def _set_apart(draft: Draft, contour: Contour, large: Tiles, small: Tiles, gap: Shape) -> list[Contour]:
    """Make two objects of the halves of a region, or leave a gap between them."""
    object_id = contour.object_id
    if draft.scene.option("gap"):
        line_px = draft.kept(Both(large, gap))
        large = draft.kept(without(large, line_px))
        draft.erase(line_px)
    if object_id or not draft.scene.option("gap"):
        object_id = fresh_object(draft.mask, draft.cancel)
        draft.set_to(small, contour.value, object_id)
    tolerance, ids = draft.scene.option("tolerance"), ((large, contour.object_id), (small, object_id))
    return [
        picked_up(half, draft.mask, contour.value, id_, tolerance, contour.seeds)
        for half, id_ in ids
        if half.parts
    ]
