"""From the shapes of one image to its planes."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final

from labeltool.core.catalog import ClassCatalog
from labeltool.core.draw import Point
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.shape import Dense
from labeltool.formats.canvas import Canvas, Painted, free_numbers
from labeltool.formats.cvat import runs
from labeltool.formats.cvat.file import Frame, Shape, whole_number
from labeltool.formats.outlines import MOST_POINTS, coordinate, ellipse, filled, ring
from labeltool.formats.untrusted import address_told

OBJECT_ID: Final = "object_id"
"""Attribute of a shape: the object's id in the project, 0 for a connected region."""
IGNORED: Final = "ignored"
UNLABELLED: Final = "unlabelled"
"""Tags of our own below an image, which other readers pass over: run lengths of pixels that are no object's."""
AREAS: Final = ("mask", "polygon", "box", "ellipse")
TAG: Final = "tag"


def paint(
    frame: Frame, path: Path, called: str, record: ImageRecord, catalog: ClassCatalog, split: str
) -> Painted:
    """Paint the shapes in the order of their z_order; BadInputError when the image's size is not what it should be.

    Every shape is painted or reported: lines, points, tags and what is outside its frame have no pixels.
    """
    if frame.size is not None and frame.size != record.size:
        raise BadInputError(
            f"the file takes it for {frame.size.width} x {frame.size.height} pixels, "
            f"and it is {record.size.width} x {record.size.height} as it is displayed"
        )
    canvas = Canvas(record, catalog)
    for shape in frame.shapes:
        if shape.kind in (IGNORED, UNLABELLED):
            pixels = _mask(shape, record.size)
            (canvas.ignore if shape.kind == IGNORED else canvas.leave)(pixels)
    seen = sorted((s for s in frame.shapes if is_area(s)), key=lambda shape: shape.z_order)
    boxes = sum(shape.kind == "box" for shape in seen)
    for shape, object_id in zip(seen, free_numbers([_stated_id(shape) for shape in seen]), strict=True):
        try:
            canvas.add(_pixels(shape, record.size), _label(shape), object_id)
        except BadInputError as error:
            canvas.fail(f"{path}: {shape.kind} of {called}", error.message)
    others = _leave_out(frame, canvas, f"{path}: {called}")
    notices = (f"{boxes} boxes are painted as rectangles",) if boxes else ()
    painted = canvas.result(str(path), split=split, notices=(*notices, *address_told(frame.name)))
    return replace(painted, skipped=(*painted.skipped, *others))


def is_area(shape: Shape) -> bool:
    """True for what covers pixels of its frame."""
    return shape.kind in AREAS and not _is_outside(shape)


def _is_outside(shape: Shape) -> bool:
    """True for a shape of a track that is not in sight."""
    return shape.data.get("outside") == "1"


def _leave_out(frame: Frame, canvas: Canvas, called: str) -> list[Skipped]:
    """Count what covers no pixels. A line or a point stands for something that is there; what is outside its frame, or
    a tag, says nothing of any pixel."""
    gone = [shape for shape in frame.shapes if not is_area(shape) and shape.kind not in (IGNORED, UNLABELLED)]
    harmless = Counter(
        "outside its frame" if _is_outside(s) else "a tag" for s in gone if _is_outside(s) or s.kind == TAG
    )
    flat = Counter(shape.kind for shape in gone if not _is_outside(shape) and shape.kind != TAG)
    for kind, number in flat.items():
        canvas.fail(called, f"{number} shapes left out: {kind[:40]} has no area", number)
    return [Skipped(called, f"{number} shapes left out: each is {what}") for what, number in harmless.items()]


def _label(shape: Shape) -> str:
    name = shape.data.get("label")
    if not name:
        raise BadInputError("the shape has no label")
    return name


def _stated_id(shape: Shape) -> int | None:
    if shape.track:
        return shape.track
    stated = whole_number(shape.values.get(OBJECT_ID))
    return stated if stated is not None and 0 <= stated < 1 << 32 else None


def _pixels(shape: Shape, size: Size) -> Dense:
    if shape.kind == "mask":
        pixels = _mask(shape, size)
        if not pixels.inside.any():
            raise BadInputError("the mask is empty")
        return pixels
    if shape.kind == "polygon":
        return filled([_points(shape.data.get("points") or "")], size)
    if shape.kind == "box":
        left, top, right, bottom = (_number(shape, key) for key in ("xtl", "ytl", "xbr", "ybr"))
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        return filled([ring(_turned(corners, ((left + right) / 2, (top + bottom) / 2), _angle(shape)))], size)
    x, y, across, down = (_number(shape, key) for key in ("cx", "cy", "rx", "ry"))
    return ellipse((x, y), (across, down), size, _angle(shape))


def _mask(shape: Shape, size: Size) -> Dense:
    left, top, width, height = (whole_number(shape.data.get(k)) for k in ("left", "top", "width", "height"))
    if left is None or top is None or width is None or height is None:
        raise BadInputError("the mask has no box of whole numbers")
    return runs.decode(shape.data.get("rle") or "", Box(left, top, left + width, top + height), size)


def _points(text: str) -> list[Point]:
    pairs = [pair.split(",", 2) for pair in text.strip().split(";", MOST_POINTS + 1)]
    if not all(len(pair) == 2 for pair in pairs):
        raise BadInputError("the points are not written as x,y;x,y")
    return ring([(_float(x), _float(y)) for x, y in pairs])


def _number(shape: Shape, key: str) -> float:
    return coordinate(_float(shape.data.get(key, "")))


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise BadInputError(f"{text[:40]!r} is not a number") from error


def _angle(shape: Shape) -> float:
    """The shape's rotation, in radians clockwise on the screen."""
    return math.radians(_number(shape, "rotation")) if "rotation" in shape.data else 0.0


def _turned(points: list[Point], centre: Point, angle: float) -> list[Point]:
    (x, y), sine, cosine = centre, math.sin(angle), math.cos(angle)
    return [(x + (a - x) * cosine - (b - y) * sine, y + (a - x) * sine + (b - y) * cosine) for a, b in points]
