"""``annotations.xml`` (CVAT for images 1.1) and ``images/<subset>``, as CVAT exports a project."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, ClassVar, Final, Literal
from xml.etree import ElementTree as Xml

import numpy as np

from labeltool.core.catalog import ClassCatalog
from labeltool.core.contour import Ring
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import Box
from labeltool.core.regions import Region
from labeltool.core.shape import Bools
from labeltool.formats.cvat import runs
from labeltool.formats.cvat.file import Frame, frames
from labeltool.formats.cvat.painting import IGNORED, OBJECT_ID, UNLABELLED, paint
from labeltool.formats.dataset import Checker, DatasetExporter, Findings, Writer, same, same_size
from labeltool.formats.items import Item
from labeltool.formats.options import ExportOptions
from labeltool.formats.outlines import MOST_POINTS, outlines_of
from labeltool.formats.pictures import copy_picture

FILE: Final = "annotations.xml"
PICTURES: Final = "images"
UNSPLIT: Final = "default"
"""CVAT's name for the subset of what is in none."""


@dataclass(frozen=True)
class CvatOptions(ExportOptions):
    """What one can choose for CVAT."""

    shapes: Literal["masks", "polygons"] = field(
        default="masks",
        metadata={
            "label": "Shapes",
            "choices": {"masks": "Masks", "polygons": "Polygons"},
            "help": "masks hold every object; polygons can be dragged in CVAT, and objects with holes or of "
            "several parts stay masks",
        },
    )


class CvatExporter(DatasetExporter):
    """One shape an object, exact to the pixel; ids, ignored and unlabelled pixels in places that CVAT passes over."""

    name: ClassVar[str] = "cvat"
    title: ClassVar[str] = "CVAT for images 1.1"
    Options: ClassVar[type[ExportOptions]] = CvatOptions
    bytes_a_pixel: ClassVar[int] = 17

    def judge(self, item: Item, options: Any, found: Findings) -> int:
        """Says how many objects no polygon holds."""
        if options.shapes == "polygons":
            masks = sum(_one_ring(region) is None for region in item.regions)
            if masks:
                found.notices.add(
                    "Objects with holes or of several parts are written as masks",
                    f"{item.record.name} ({masks:,})",
                )
        if item.ignored.any():
            found.notices.add(
                "Only labeltool reads which pixels are ignored; CVAT shows no object there", item.record.name
            )
        changes: int = sum(runs.changes(region.inside) for region in item.regions)
        return 400 * (len(item.regions) + 3) + 12 * (changes + 4 * item.record.size.height)

    def about_unlabelled(self, catalog: ClassCatalog) -> str:
        """Only we read the tag that holds them."""
        return "Some pixels are not labelled yet; only labeltool reads which"

    @contextmanager
    def writer(self, out: Path, catalog: ClassCatalog, options: Any) -> Iterator[Writer]:
        """The images are written as they come; the head, which lists their subsets, is put before them at the end."""
        body = out / f"{FILE}.body"
        with body.open("w", encoding="utf-8", newline="\n") as text:
            writer = _CvatWriter(out, catalog, options, text)
            yield writer
        with (out / FILE).open("wb") as whole, body.open("rb") as images:
            whole.write(_head(catalog, sorted(writer.subsets)).encode())
            shutil.copyfileobj(images, whole)
            whole.write(b"</annotations>\n")
        body.unlink()

    def check(self, out: Path, catalog: ClassCatalog, options: Any) -> Checker:
        """Compares what our importer reads, image after image in the order of writing."""
        return _CvatChecker(out, catalog, frames(out / FILE))


@dataclass
class _CvatWriter:
    out: Path
    catalog: ClassCatalog
    options: CvatOptions
    text: IO[str]
    subsets: set[str] = field(default_factory=set)
    images: int = 0

    def add(self, item: Item) -> None:
        subset, size = item.record.split or UNSPLIT, item.record.size
        folder = self.out / PICTURES / subset
        folder.mkdir(parents=True, exist_ok=True)
        picture = copy_picture(item.record, folder, item.name)
        node = Xml.Element(
            "image",
            id=str(self.images),
            name=picture.name,
            subset=subset,
            width=str(size.width),
            height=str(size.height),
        )
        names = {each.value: each.name for each in self.catalog.classes}
        for region in item.regions:
            shape = self._shape(node, region)
            shape.attrib.update(label=names[region.class_value], source="manual", occluded="0", z_order="0")
            Xml.SubElement(shape, "attribute", name=OBJECT_ID).text = str(region.object_id)
        for tag, pixels in ((IGNORED, item.ignored), (UNLABELLED, item.unlabelled)):
            if pixels.any():
                _mask(node, tag, pixels, size.box)
        self.text.write(Xml.tostring(node, encoding="unicode") + "\n")
        self.images += 1
        self.subsets.add(subset)

    def _shape(self, node: Xml.Element, region: Region) -> Xml.Element:
        ring = _one_ring(region) if self.options.shapes == "polygons" else None
        if ring is None:
            return _mask(node, "mask", region.inside, region.box)
        points = ";".join(f"{x:.0f},{y:.0f}" for x, y in ring.tolist())
        return Xml.SubElement(node, "polygon", points=points)


def _one_ring(region: Region) -> Ring | None:
    """The outline of an object that one polygon holds, None for any other."""
    rings = outlines_of(region)
    return rings[0] if len(rings) == 1 and len(rings[0]) <= MOST_POINTS else None


def _mask(node: Xml.Element, tag: str, inside: Bools, box: Box) -> Xml.Element:
    place = {"left": box.x0, "top": box.y0, "width": box.width, "height": box.height}
    return Xml.SubElement(node, tag, {key: str(n) for key, n in place.items()}, rle=runs.encode(inside))


def _head(catalog: ClassCatalog, subsets: list[str]) -> str:
    """Everything before the images; datumaro looks for the subsets of a project in its tasks."""
    meta = Xml.Element("meta")
    project = Xml.SubElement(meta, "project")
    Xml.SubElement(project, "name").text = catalog.name
    tasks = Xml.SubElement(project, "tasks")
    for subset in subsets:
        Xml.SubElement(Xml.SubElement(tasks, "task"), "subset").text = subset
    labels = Xml.SubElement(project, "labels")
    for each in catalog.foreground:
        label = Xml.SubElement(labels, "label")
        Xml.SubElement(label, "name").text = each.name
        Xml.SubElement(label, "color").text = "#{:02x}{:02x}{:02x}".format(*each.color)
        Xml.SubElement(label, "type").text = "any"
        attribute = Xml.SubElement(Xml.SubElement(label, "attributes"), "attribute")
        number = {"name": OBJECT_ID, "mutable": "False", "input_type": "number", "default_value": "0"}
        for tag, text in (*number.items(), ("values", f"0\n{(1 << 32) - 1}\n1")):
            Xml.SubElement(attribute, tag).text = text
    Xml.indent(meta)
    start = '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n'
    return f"{start}{Xml.tostring(meta, encoding='unicode')}\n"


@dataclass
class _CvatChecker:
    out: Path
    catalog: ClassCatalog
    frames: Iterator[Frame]

    def compare(self, item: Item) -> None:
        file, frame = self.out / FILE, next(self.frames, None)
        if frame is None or frame.name is None or Path(frame.name).stem != item.name:
            raise LabeltoolError(f"the file does not list {item.name} in its place", file=file)
        same_size(self.out / PICTURES / (item.record.split or UNSPLIT) / frame.name, item)
        painted = paint(frame, file, item.name, item.record, self.catalog, "")
        if painted.skipped or painted.unknown or painted.mask.objects != len(item.regions):
            raise LabeltoolError(f"the shapes of {item.name} are not its objects", file=file)
        mask = painted.mask
        known = np.ones(item.label.shape, bool) if mask.known is None else mask.known
        ids = np.zeros_like(item.object_) if mask.object is None else mask.object
        same(file, f"mask of {item.name}", mask.label, item.label)
        same(file, f"object ids of {item.name}", ids, item.object_)
        same(file, f"labelled pixels of {item.name}", known, ~item.unlabelled)
