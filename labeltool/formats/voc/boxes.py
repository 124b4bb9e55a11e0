"""``Annotations/<name>.xml``: the objects of an image with their boxes, one-based and inclusive."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as Xml

import defusedxml
import defusedxml.ElementTree

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.formats.untrusted import MAX_TEXT_BYTES


class VocObject(NamedTuple):
    """An object: ``number`` is its value in SegmentationObject, ``object_id`` its id in the project."""

    name: str
    box: Box
    number: int
    object_id: int


def write_boxes(file: Path, picture: str, size: Size, objects: Iterable[VocObject]) -> None:
    """Write the objects of one image."""
    root = Xml.Element("annotation")
    _add(root, folder="VOC2012", filename=picture)
    _add(Xml.SubElement(root, "source"), database="labeltool")
    _add(Xml.SubElement(root, "size"), width=size.width, height=size.height, depth=3)
    _add(root, segmented=1)
    for each in objects:
        node = Xml.SubElement(root, "object")
        _add(node, name=each.name, pose="Unspecified", truncated=0, difficult=0)
        box = each.box
        _add(Xml.SubElement(node, "bndbox"), xmin=box.x0 + 1, ymin=box.y0 + 1, xmax=box.x1, ymax=box.y1)
        attributes = Xml.SubElement(node, "attributes")
        _add(Xml.SubElement(attributes, "attribute"), name="number", value=each.number)
        _add(Xml.SubElement(attributes, "attribute"), name="object_id", value=each.object_id)
    Xml.indent(root)
    Xml.ElementTree(root).write(file, encoding="utf-8")


def read_object_ids(file: Path) -> dict[int, int]:
    """Ids by number for the objects that state both, as ours do; BadInputError for broken or hostile XML."""
    return {
        int(a["number"]): int(a["object_id"])
        for a in map(_attributes, _parse(file).iter("object"))
        if _is_number(a.get("number"), 1 << 8) and _is_number(a.get("object_id"), 1 << 32)
    }


def read_boxes(file: Path) -> list[VocObject]:
    """The objects as :func:`write_boxes` wrote them."""
    return [_object(node) for node in _parse(file).iter("object")]


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


def _parse(file: Path) -> Xml.Element:
    try:
        if file.stat().st_size > MAX_TEXT_BYTES:
            raise BadInputError(f"the file is larger than {MAX_TEXT_BYTES // 1_000_000} MB", file=file)
        root: Xml.Element = defusedxml.ElementTree.fromstring(file.read_bytes(), forbid_dtd=True)
    except defusedxml.DefusedXmlException as error:
        raise BadInputError(
            f"the XML holds what no annotation needs and is refused ({error})", file=file
        ) from error
    except (OSError, Xml.ParseError, ValueError, LookupError) as error:
        raise BadInputError(f"the XML cannot be read: {error}", file=file) from error
    return root


def _add(parent: Xml.Element, **texts: str | int) -> None:
    for tag, text in texts.items():
        Xml.SubElement(parent, tag).text = str(text)
