"""From a picture of segments to the planes of its image."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.core.project import ImageRecord
from labeltool.core.regions import extents
from labeltool.core.shape import Dense
from labeltool.formats.canvas import Canvas, Painted, free_numbers, whole
from labeltool.formats.coco.file import CocoFile, CocoImage
from labeltool.formats.coco.layout import IGNORED, OBJECT_ID, UNLABELLED
from labeltool.formats.coco.segmentation import pixels_of
from labeltool.formats.foreign import meaning
from labeltool.formats.index_png import read_pixels
from labeltool.formats.panoptic import layout
from labeltool.formats.rgb import MAX_NUMBER, packed
from labeltool.formats.untrusted import address_told

MAX_SEGMENTS: Final = 1_000_000


def segment_ids(picture: Path, size: Size) -> NDArray[np.uint32]:
    """The segment of every pixel, uint32 [h, w]; BadInputError when it is no picture of colours of this size."""
    colors, palette = read_pixels(picture, size)
    if palette is not None:
        if int(colors.max()) >= len(palette):
            raise BadInputError("pixels have values beyond the picture's palette", file=picture)
        colors = palette[colors]
    if colors.ndim != 3:
        raise BadInputError("this is a grey picture; segments are numbered by colours", file=picture)
    return packed(colors)


def paint(file: CocoFile, image: CocoImage, record: ImageRecord, catalog: ClassCatalog, src: Path) -> Painted:
    """Paint the segments of ``image``; what belongs to none stays as it is.

    BadInputError when there is not one picture of segments for it, or one of another size.
    """
    annotations = file.annotations_of(image)
    if len(annotations) != 1:
        raise BadInputError(f"the file has {len(annotations)} annotations for it, and one is needed")
    segments = annotations[0].get("segments_info")
    if not isinstance(segments, list) or len(segments) > MAX_SEGMENTS:
        raise BadInputError("the annotation has no list of segments, or one of more than a million")
    picture = layout.picture_of(annotations[0], file.path, src)
    ids = segment_ids(picture, record.size)
    if image.size is not None and image.size != record.size:
        raise BadInputError(
            f"the file takes it for {image.size.width} x {image.size.height} pixels, "
            f"and it is {record.size.width} x {record.size.height} as it is displayed"
        )
    canvas = Canvas(record, catalog)
    canvas.leave(whole(ids == layout.VOID))
    notices = _paint_segments(canvas, file, segments, ids, f"{file.path}: segment {{}} of {image.file_name}")
    if IGNORED in image.data:
        canvas.ignore(pixels_of(image.data[IGNORED], record.size))
    if UNLABELLED in image.data:
        canvas.leave(pixels_of(image.data[UNLABELLED], record.size))
    return canvas.result(str(picture), notices=(*notices, *address_told(image.file_name)))


def _paint_segments(
    canvas: Canvas, file: CocoFile, segments: list[Any], ids: NDArray[np.uint32], called: str
) -> tuple[str, ...]:
    """Paint what is listed and lies in the picture, and report the rest."""
    boxes = {
        number: box for _, number, box in extents(np.zeros(ids.shape, np.uint8), ids) if number != layout.VOID
    }
    times = Counter(number for s in segments if (number := _number(s)) is not None)
    names = free_numbers([_stated_id(s) for s in segments])
    lies = 0
    for segment, object_id in zip(segments, names, strict=True):
        number = _number(segment)
        try:
            if number is None:
                raise BadInputError("the segment has no id that a colour can have (1 to 16,777,215)")
            if times[number] > 1:
                raise BadInputError(f"{times[number]} segments have this id")
            if number not in boxes:
                raise BadInputError("no pixel of the picture has its colour")
            pixels = _pixels(ids, number, boxes[number])
            lies += segment.get("area") != int(np.count_nonzero(pixels.inside))
            _paint_one(canvas, file, segment, pixels, object_id)
        except BadInputError as error:
            canvas.fail(called.format(str(number)[:40]), str(error))
    strays = [number for number in boxes if number not in times]
    for number in strays:
        canvas.leave(_pixels(ids, number, boxes[number]))
    if strays:
        count = int(np.isin(ids, strays).sum())
        canvas.fail(
            called.format(", ".join(map(str, strays[:5]))),
            f"{len(strays)} colours in {count:,} pixels belong to no segment that the file lists",
        )
    return (
        (f"{lies} segments state an area that is not that of their pixels; the pixels count",) if lies else ()
    )


def _paint_one(
    canvas: Canvas, file: CocoFile, segment: dict[str, Any], pixels: Dense, object_id: int
) -> None:
    name = file.category_of(segment)
    own = meaning(name, canvas.catalog)
    if own == canvas.catalog.unlabelled_value:
        canvas.erase(pixels, told=False)  # the background is no object
    elif own == IGNORE:
        canvas.ignore(pixels)
    else:
        canvas.add(pixels, name, object_id, crowd=segment.get("iscrowd") in (1, "1"))


def _pixels(ids: NDArray[np.uint32], number: int, box: Box) -> Dense:
    return Dense(box, ids[box.slices()] == number)


def _number(segment: Any) -> int | None:
    number = segment.get("id") if isinstance(segment, dict) else None
    return number if type(number) is int and 0 < number <= MAX_NUMBER else None


def _stated_id(segment: Any) -> int | None:
    attributes = segment.get("attributes") if isinstance(segment, dict) else None
    stated = attributes.get(OBJECT_ID) if isinstance(attributes, dict) else None
    return stated if type(stated) is int and 0 <= stated < 1 << 32 else None
