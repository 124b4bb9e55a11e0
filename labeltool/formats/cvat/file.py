"""A CVAT XML file, read image by image, so that a large one does not fill the memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree as Xml

import defusedxml
import defusedxml.ElementTree

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.formats.protocol import ForeignClass
from labeltool.formats.untrusted import DECLARED, check_file, stated_side

MAX_XML_BYTES: Final = 1 << 30
_DEEPEST: Final = 32
_LONGEST_NUMBER: Final = 10


class Shape(NamedTuple):
    """A shape: its tag, the attributes of the tag, and the values that it has of its label's attributes.

    ``track`` counts tracks from 1; 0 for a shape of an image.
    """

    kind: str
    data: dict[str, str]
    values: dict[str, str]
    track: int = 0

    @property
    def z_order(self) -> int:
        """How near it is; nearer ones hide others."""
        return whole_number(self.data.get("z_order")) or 0


class Frame(NamedTuple):
    """An image or a frame of a video; ``number`` is None for an image, ``size`` None where the file gives none."""

    name: str | None
    number: int | None
    size: Size | None
    subset: str
    shapes: list[Shape]


def classes(path: Path) -> list[ForeignClass]:
    """The labels of the file, with their colours, then those that only shapes have; each once."""
    found: dict[str, ForeignClass] = {}
    for element in _children(path):
        if element.tag == "meta":
            for label in element.iter("label"):
                name = label.findtext("name") or ""
                found.setdefault(name, ForeignClass(name, _color(label.findtext("color"))))
        for shape in element if element.tag == "image" else [element]:
            name = shape.get("label") or ""
            found.setdefault(name, ForeignClass(name))
    found.pop("", None)
    return list(found.values())


def frames(path: Path) -> Iterator[Frame]:
    """The images, then the frames of tracks by number; BadInputError as soon as the file turns out not to be CVAT's."""
    tracked: dict[int | None, list[Shape]] = defaultdict(list)
    size, tracks = None, 0
    for element in _children(path):
        if element.tag == "image":
            shapes = [_shape(each) for each in element]
            name, subset = element.get("name"), element.get("subset") or ""
            yield Frame(name, None, _size(element.get("width"), element.get("height")), subset, shapes)
        elif element.tag == "meta":
            size = _size(
                element.findtext(".//original_size/width"), element.findtext(".//original_size/height")
            )
        elif element.tag == "track":
            tracks += 1
            for each in element:
                shape = _shape(each)
                shape.data.setdefault("label", element.get("label") or "")
                tracked[whole_number(each.get("frame"))].append(shape._replace(track=tracks))
    for number in sorted(tracked, key=lambda n: -1 if n is None else n):
        yield Frame(None, -1 if number is None else number, size, "", tracked[number])


def whole_number(text: str | None) -> int | None:
    """A whole number of a few digits, or None."""
    digits = (text or "").strip()
    plain = digits.removeprefix("-")
    if plain.isascii() and plain.isdigit() and len(plain) <= _LONGEST_NUMBER:
        return int(digits)
    return None


def _children(path: Path) -> Iterator[Xml.Element]:
    """The elements below the root, each complete, and forgotten after it was looked at."""
    check_file(path, MAX_XML_BYTES)
    if not path.stat().st_size:
        raise BadInputError("the file is empty", file=path)
    try:
        with path.open("rb") as file:
            yield from _below_root(file, path)
    except defusedxml.DefusedXmlException as error:
        raise BadInputError(DECLARED, file=path) from error
    except (OSError, Xml.ParseError, ValueError, LookupError) as error:
        raise BadInputError(f"the XML cannot be read: {error}", file=path) from error


def _below_root(file: object, path: Path) -> Iterator[Xml.Element]:
    depth, root = 0, None
    for event, element in defusedxml.ElementTree.iterparse(file, events=("start", "end"), forbid_dtd=True):
        if event == "end":
            depth -= 1
            if depth == 1 and root is not None:
                yield element
                root.clear()
            continue
        depth += 1
        if root is None:
            root = element
            if root.tag != "annotations":
                raise BadInputError(f"this is not CVAT's XML: it begins with <{root.tag[:40]}>", file=path)
        if depth > _DEEPEST:
            raise BadInputError("the XML is nested too deeply", file=path)


def _shape(element: Xml.Element) -> Shape:
    values = {each.get("name") or "": each.text or "" for each in element if each.tag == "attribute"}
    return Shape(element.tag, dict(element.attrib), values)


def _size(width: str | None, height: str | None) -> Size | None:
    found = Size(stated_side(width), stated_side(height))
    return found if all(found) else None


def _color(text: str | None) -> tuple[int, int, int] | None:
    digits = (text or "").strip().removeprefix("#")
    try:
        r, g, b = bytes.fromhex(digits)
    except ValueError:
        return None
    return r, g, b
