"""From the annotations of one image to its planes."""

from __future__ import annotations

from typing import Any

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.project import ImageRecord
from labeltool.formats.canvas import Canvas, Painted, free_numbers
from labeltool.formats.coco import layout
from labeltool.formats.coco.file import CocoFile, CocoImage
from labeltool.formats.coco.segmentation import pixels_of
from labeltool.formats.untrusted import address_told


def paint(file: CocoFile, image: CocoImage, record: ImageRecord, catalog: ClassCatalog) -> Painted:
    """Paint the annotations of ``image`` in the file's order, and the extra masks of our own exports.

    BadInputError when the image's size or one of its extra masks is not what it should be.
    """
    if image.size is not None and image.size != record.size:
        raise BadInputError(
            f"the file takes it for {image.size.width} x {image.size.height} pixels, "
            f"and it is {record.size.width} x {record.size.height} as it is displayed"
        )
    canvas = Canvas(record, catalog)
    annotations = file.annotations_of(image)
    ids = free_numbers([_stated_id(annotation) for annotation in annotations])
    boxes = 0
    for annotation, object_id in zip(annotations, ids, strict=True):
        if not annotation.get("segmentation") and "bbox" in annotation:
            boxes += 1
            continue
        try:
            pixels = pixels_of(annotation.get("segmentation"), record.size)
            crowd = annotation.get("iscrowd") in (1, "1")  # True is 1
            canvas.add(pixels, file.category_of(annotation), object_id, crowd=crowd)
        except BadInputError as error:
            number = str(annotation.get("id"))[:40]
            canvas.fail(f"{file.path}: annotation {number} of {image.file_name}", str(error))
    if boxes:
        reason = f"{boxes} annotations are boxes without a mask; nothing is painted for them"
        canvas.fail(f"{file.path}: {image.file_name}", reason, boxes)
    if layout.IGNORED in image.data:
        canvas.ignore(pixels_of(image.data[layout.IGNORED], record.size))
    if layout.UNLABELLED in image.data:
        canvas.leave(pixels_of(image.data[layout.UNLABELLED], record.size))
    repeated = file.repeated_ids.get(image.key)
    more = (f"annotation ids that occur more than once: {repeated[:10]}",) if repeated else ()
    return canvas.result(str(file.path), notices=(*more, *address_told(image.file_name)))


def _stated_id(annotation: dict[str, Any]) -> int | None:
    attributes = annotation.get("attributes")
    stated = attributes.get(layout.OBJECT_ID) if isinstance(attributes, dict) else None
    return stated if type(stated) is int and 0 <= stated < 1 << 32 else None
