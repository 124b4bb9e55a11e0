"""``<split>/<name>.json`` beside its picture, which labelme opens and its converters read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from labeltool.core.catalog import ClassCatalog
from labeltool.core.contour import Ring, signed_area
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import Box
from labeltool.core.regions import Region
from labeltool.formats.dataset import Checker, DatasetExporter, Findings, Writer, same, same_size
from labeltool.formats.drawings import paint
from labeltool.formats.items import Item
from labeltool.formats.labelme import layout
from labeltool.formats.labelme.importer import read_drawing
from labeltool.formats.options import ExportOptions
from labeltool.formats.outlines import outlines_of
from labeltool.formats.pictures import copy_picture
from labeltool.formats.png_mask import to_base64

_INSET = 0.25
_POLYGON, _MASK = "polygon", "mask"
_BYTES_A_FILE = 300


@dataclass(frozen=True)
class LabelmeOptions(ExportOptions):
    """What one can choose for labelme."""

    shapes: Literal["polygons", "masks"] = field(
        default="polygons",
        metadata={
            "label": "Shapes",
            "choices": {"polygons": "Polygons", "masks": "Masks"},
            "help": "polygons: polygons, which people can edit, wherever they hold the very same pixels, and masks "
            "elsewhere (objects with holes); masks: masks throughout, which labelme reads from 5.2 on",
        },
    )


class LabelmeExporter(DatasetExporter):
    """A JSON file a picture, in the form of labelme 5."""

    name: ClassVar[str] = "labelme"
    title: ClassVar[str] = "labelme (JSON)"
    Options: ClassVar[type[ExportOptions]] = LabelmeOptions
    bytes_a_pixel: ClassVar[int] = 17

    def judge(self, item: Item, options: Any, found: Findings) -> int:
        """Counts what becomes a mask, and refuses a class that labelme takes for no class."""
        shapes = [_shapes(region, "", options) for region in item.regions]
        as_masks = sum(each[0]["shape_type"] == _MASK for each in shapes)
        name = item.record.name
        if as_masks and options.shapes == "polygons":
            found.notices.add(
                "Objects that no polygon of labelme holds exactly (holes, corners that touch) become masks, "
                "which labelme reads from 5.2 on",
                name,
                as_masks,
            )
        if as_masks < len(shapes):
            found.notices.add(
                "Objects become polygons a quarter of a pixel inside their edge, which give the same pixels "
                "with and without the outline drawn",
                name,
                len(shapes) - as_masks,
            )
        if item.ignored.any():
            found.notices.add(f"Ignored pixels become a mask labelled {layout.IGNORED}", name)
        for taken in (layout.IGNORED, layout.BACKGROUND):
            if item.catalog.by_name(taken) is not None:
                found.problems.add(f"labelme takes {taken} for no class; rename the class of this name", name)
        return _BYTES_A_FILE + 2 * len(json.dumps(shapes)) + item.label.size // 8

    def about_unlabelled(self, catalog: ClassCatalog) -> str:
        """Only we read the key that holds them."""
        return "Some pixels are not labelled yet; other programs take them for background"

    @contextmanager
    def writer(self, out: Path, catalog: ClassCatalog, options: Any) -> Iterator[Writer]:
        """The list of classes comes first, with the two names in front that labelme's converters ask for."""
        names = (layout.IGNORED, layout.BACKGROUND, *(each.name for each in catalog.foreground))
        (out / layout.LABELS).write_text("\n".join(names) + "\n", encoding="utf-8", newline="\n")
        yield _LabelmeFiles(out, catalog, options)

    def check(self, out: Path, catalog: ClassCatalog, options: Any) -> Checker:
        """Compares what our importer reads."""
        return _LabelmeFiles(out, catalog, options)


@dataclass(frozen=True)
class _LabelmeFiles:
    out: Path
    catalog: ClassCatalog
    options: LabelmeOptions

    def add(self, item: Item) -> None:
        folder = self._folder(item)
        folder.mkdir(exist_ok=True)
        picture = copy_picture(item.record, folder, item.name)
        data = document(item, picture.name, self.options)
        self._file(item).write_text(json.dumps(data, ensure_ascii=True), encoding="ascii")

    def compare(self, item: Item) -> None:
        file = self._file(item)
        (drawing,) = read_drawing(file)
        painted = paint(drawing, item.record, self.catalog)
        if painted.skipped:
            raise LabeltoolError(painted.skipped[0].reason, file=painted.skipped[0].file)
        mask = painted.mask
        if mask.objects != len(item.regions) or mask.object is None:
            raise LabeltoolError(f"the file has {mask.objects} objects, not {len(item.regions)}", file=file)
        same(file, "mask", mask.label, item.label)
        same(file, "object ids", mask.object, item.object_)
        known = np.ones(item.label.shape, bool) if mask.known is None else mask.known
        same(file, "labelled pixels", known, ~item.unlabelled)
        same_size(self._folder(item) / drawing.names[0].name, item)

    def _folder(self, item: Item) -> Path:
        return self.out / (item.record.split or layout.WITHOUT_SPLIT)

    def _file(self, item: Item) -> Path:
        return self._folder(item) / f"{item.name}.json"


def document(item: Item, picture: str, options: LabelmeOptions) -> dict[str, Any]:
    """The file of one image; ``picture`` lies beside it."""
    names = {each.value: each.name for each in item.catalog.classes}
    shapes = [
        shape for region in item.regions for shape in _shapes(region, names[region.class_value], options)
    ]
    if item.ignored.any():
        shapes.append(_shape(layout.IGNORED, _MASK, 0) | _mask(*_cut(item.ignored)))
    return {
        "version": layout.VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": picture,
        "imageData": None,
        "imageHeight": item.record.size.height,
        "imageWidth": item.record.size.width,
        **({layout.UNLABELLED: _mask(*_cut(item.unlabelled))} if item.unlabelled.any() else {}),
    }


def _shapes(region: Region, name: str, options: LabelmeOptions) -> list[dict[str, Any]]:
    """An object as polygons, one for each part of it, or as one mask."""
    polygons = exact_polygons(region) if options.shapes == "polygons" else []
    if not polygons:
        return [_shape(name, _MASK, region.object_id) | _mask(region.box, region.inside)]
    return [
        _shape(name, _POLYGON, region.object_id) | {"points": polygon.tolist(), "mask": None}
        for polygon in polygons
    ]


def _shape(name: str, kind: str, object_id: int) -> dict[str, Any]:
    return {
        "label": name,
        "group_id": object_id or None,
        "description": "",
        "shape_type": kind,
        "flags": {},
        layout.OBJECT_ID: object_id,
    }


def _mask(box: Box, inside: NDArray[np.bool_]) -> dict[str, Any]:
    """A PNG for the box between two pixels, both of which belong to it."""
    corners = [[float(box.x0), float(box.y0)], [box.x1 - 1.0, box.y1 - 1.0]]
    return {"points": corners, "mask": to_base64(inside)}


def _cut(inside: NDArray[np.bool_]) -> tuple[Box, NDArray[np.bool_]]:
    """The box around the pixels of a whole image, and what it holds of them."""
    rows, cols = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    box = Box(int(cols[0]), int(rows[0]), int(cols[-1]) + 1, int(rows[-1]) + 1)
    return box, inside[box.slices()]


def exact_polygons(region: Region) -> list[Ring]:
    """Polygons that give an object's pixels however they are filled; none where it has no such.

    They lie a quarter of a pixel inside the pixels' edges. So a centre is inside when its pixel is, and a reader that
    cuts coordinates to whole numbers and draws the outline too, as labelme's converters do with Pillow, meets pixels
    of the object only. Where that fails (holes, corners that touch) is found by doing as they do.
    """
    rings = outlines_of(region)
    if any(signed_area(ring) < 0 for ring in rings):
        return []
    polygons = [_inset(ring) for ring in rings]
    return polygons if np.array_equal(_as_pillow_fills(polygons, region.box), region.inside) else []


def _inset(ring: Ring) -> Ring:
    """Each edge moved to the inside, which is to the right of somebody who walks along the ring on the screen."""
    ahead = np.sign(np.roll(ring, -1, axis=0) - ring)
    inward = np.column_stack((-ahead[:, 1], ahead[:, 0]))
    moved: Ring = ring + _INSET * (inward + np.roll(inward, 1, axis=0))
    return moved


def _as_pillow_fills(polygons: list[Ring], box: Box) -> NDArray[np.bool_]:
    picture = Image.new("1", (box.width, box.height))
    draw = ImageDraw.Draw(picture)
    for polygon in polygons:
        draw.polygon((polygon - (box.x0, box.y0)).ravel().tolist(), fill=1, outline=1)
    return np.array(picture, bool)
