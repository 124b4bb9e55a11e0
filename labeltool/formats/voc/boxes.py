"""``Annotations/<name>.xml``: the objects of an image with their boxes, one-based and inclusive."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as Xml
from xml.sax.saxutils import escape

from labeltool.core.geometry import Box, Size
from labeltool.formats.untrusted import load_xml


class VocObject(NamedTuple):
    """An object: ``number`` is its value in SegmentationObject, ``object_id`` its id in the project."""

    name: str
    box: Box
    number: int
    object_id: int


_HEAD = """<annotation>
  <folder>VOC2012</folder>
  <filename>{picture}</filename>
  <source>
    <database>labeltool</database>
  </source>
  <size>
    <width>{width}</width>
    <height>{height}</height>
    <depth>3</depth>
  </size>
  <segmented>1</segmented>
"""
_OBJECT = """  <object>
    <name>{name}</name>
    <pose>Unspecified</pose>
    <truncated>0</truncated>
    <difficult>0</difficult>
    <bndbox>
      <xmin>{xmin}</xmin>
      <ymin>{ymin}</ymin>
      <xmax>{box.x1}</xmax>
      <ymax>{box.y1}</ymax>
    </bndbox>
    <attributes>
      <attribute>
        <name>number</name>
        <value>{number}</value>
      </attribute>
      <attribute>
        <name>object_id</name>
        <value>{object_id}</value>
      </attribute>
    </attributes>
  </object>
"""


def write_boxes(file: Path, picture: str, size: Size, objects: Iterable[VocObject]) -> None:
    """Write the objects of one image."""
    parts = [_HEAD.format(picture=escape(picture), width=size.width, height=size.height)]
    parts += [
        _OBJECT.format(
            name=escape(each.name),
            xmin=each.box.x0 + 1,
            ymin=each.box.y0 + 1,
            box=each.box,
            number=each.number,
            object_id=each.object_id,
        )
        for each in objects
    ]
    file.write_text("".join((*parts, "</annotation>\n")), encoding="utf-8", newline="\n")


def read_object_ids(file: Path) -> dict[int, int]:
    """Ids by number for the objects that state both, as ours do; BadInputError for broken or hostile XML."""
    return {
        int(a["number"]): int(a["object_id"])
        for a in map(_attributes, load_xml(file).iter("object"))
        if _is_number(a.get("number"), 1 << 8) and _is_number(a.get("object_id"), 1 << 32)
    }


def read_boxes(file: Path) -> list[VocObject]:
    """The objects as :func:`write_boxes` wrote them."""
    return [_object(node) for node in load_xml(file).iter("object")]


def _object(node: Xml.Element) -> VocObject:
    x0, y0, x1, y1 = (int(node.findtext(f"bndbox/{side}", "0")) for side in ("xmin", "ymin", "xmax", "ymax"))
    a = _attributes(node)
    return VocObject(
        node.findtext("name", ""), Box(x0 - 1, y0 - 1, x1, y1), int(a["number"]), int(a["object_id"])
    )


def _attributes(node: Xml.Element) -> dict[str, str]:
    return {a.findtext("name", ""): a.findtext("value", "") for a in node.iterfind("attributes/attribute")}


def _is_number(text: str | None, limit: int) -> bool:
    return text is not None and len(text) <= 10 and text.isascii() and text.isdigit() and int(text) < limit
