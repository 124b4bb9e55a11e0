"""What must come of each attack: what comes in of the valid files, and what is said."""

from __future__ import annotations

import re
from typing import Final

from fuzz.messages import Told
from fuzz.samples import BUILDERS

NAME_ONLY: Final = frozenset({"labelme", "isat", "labelme_xml"})
"""Importers whose annotation files are called as their pictures: a name in them is a hint, and is told of."""

_LEADS_OUT: Final = (
    "leads out of the folder|outside the folder|the file name is longer than|no file name|control char"
)

EXPECTED: Final = {
    ("paths", "../../secret.png"): "leads out of the folder",
    ("paths", "..\\..\\secret.png"): "leads out of the folder",
    ("paths", "a/../../x.png"): "leads out of the folder",
    ("paths", "/etc/passwd"): "is absolute|leads out of the folder",
    ("paths", "the whole path of a picture that is there"): "is absolute|leads out of the folder",
    ("paths", "\\\\host\\share\\x.png (UNC)"): "is absolute|leads out of the folder",
    ("paths", "C:x.png (relative to a drive)"): "is absolute|leads out of the folder",
    ("paths", "file:///x.png"): "named by an address|there is no",
    ("paths", "no name"): "no file name",
    (
        "paths",
        "a name that is a number",
    ): "no file name|no image of the project is called 7|no mask called '7'",
    ("paths", "a name of 5,000 characters"): "longer than any file system",
    ("paths", "CON"): "called '?CON",
    ("paths", "a line break and an escape"): "control characters|cannot be read|called 'x",
    ("paths", "half a character (surrogate)"): "control characters|cannot be read",
    (
        "paths",
        "an image nobody has",
    ): "no image of the project is called nobody|no picture of segments|no mask called",
    ("coordinates", "1e12"): "beyond any image|shares of the image",
    ("coordinates", "-1e12"): "beyond any image|shares of the image",
    ("coordinates", "1e400"): "beyond any image|shares of the image",
    ("coordinates", "10**400"): "beyond any image|shares of the image",
    ("coordinates", "NaN"): r"not a JSON number \(line 1 column \d+\)|beyond any image|shares of the image",
    (
        "coordinates",
        "Infinity",
    ): r"not a JSON number \(line 1 column \d+\)|beyond any image|shares of the image",
    ("coordinates", "crosses itself"): "1 outlines are self-crossing",
    ("coordinates", "no points"): "points|shares|coordinates",
    ("coordinates", "two points"): "three points|three or more|boxes without a mask",
    (
        "coordinates",
        "half a point",
    ): "not a list of points|three points|not written as x,y|a polygon|is no number",
    ("coordinates", "texts"): "not a list of|is not a number|no number|coordinate",
    ("coordinates", "outside the image"): "covers no pixel of the image|shares of the image",
    ("coordinates", "without area"): "covers no pixel of the image",
    ("coordinates", "110,000 points"): "more than 100,000 points|not written as x,y",
    ("run lengths", "negative"): "negative|not a list of whole numbers|do not fill the box",
    ("run lengths", "too long in sum"): "run lengths",
    ("run lengths", "too short in sum"): "run lengths",
    ("run lengths", "no numbers"): "not a list of whole numbers|whole numbers",
    ("run lengths", "fractions"): "whole numbers",
    ("run lengths", "10**400"): "more pixels than|too large|whole numbers|longer than any",
    ("run lengths", "characters of no RLE"): "COCO's|whole numbers|run lengths",
    ("run lengths", "ends in the middle"): "end in the middle|whole numbers",
    ("run lengths", "a huge number"): "too large|whole numbers|more pixels",
    ("run lengths", "empty"): "sum to 0|whole numbers|run lengths",
    ("run lengths", "a million runs"): "more pixels than|longer than any mask",
    ("run lengths", "of another size"): "takes it for 4 x 4 pixels",
    ("run lengths", "of an image of 10**9 sides"): "1000000000|larger than any image",
    ("sizes", "another size"): "13 x 9|run lengths are for the size",
    (
        "names of classes",
        "5,000 characters",
    ): "printable name of 1 to 200 characters|no class|without a class",
    ("masks", "0 bytes"): "the file is empty|not a PNG",
    ("masks", "another size"): "13 x 9",
    ("masks", "22.5 Gpx in 1 MB"): "150000 x 150000",
    ("masks", "a value without a class"): "without a class|no class|colour|segment|values have no names",
    ("masks", "16 bits"): "16-bit|16 bits|without a class|colours|palette|not in",
    ("masks", "RGB noise"): "RGB|colour",
    ("masks", "RGBA noise"): "RGBA|transparen|colour",
    ("masks", "a palette of one colour"): "palette|colour|without a class",
    ("masks", "a JPEG of this name"): "not a PNG",
    ("masks", "a checksum is wrong"): "cut off or damaged",
    ("masks", "cut off"): "cut off or damaged",
    (".json files", "a key twice"): r"occurs twice in one object \(line 1 column \d+\)",
    (".json files", "nested 100,000 deep"): r"nested too deeply \(line 1 column \d+\)",
    (".json files", "objects 100,000 deep"): r"nested too deeply \(line 1 column \d+\)",
    (".xml files", "billion laughs"): "document type or entities",
    (".xml files", "an external entity"): "document type or entities",
    (".xml files", "a DTD elsewhere"): "document type or entities",
    (".yaml files", "aliases (billion laughs)"): "alias",
    (".yaml files", "a Python object"): "it holds a tag .*python/object",
    (".yaml files", "nested 10,000 deep"): "nested too deeply",
}
"""What the answer to some attacks must say, whoever gives it."""

_OF_FILES: Final = {
    "0 bytes": "empty|not a PNG|no list|no names|no file|cut off or damaged|is here|without a class",
    "UTF-16": "not UTF-8|XML cannot be read|not well-formed",
    "no UTF-8": "not UTF-8|XML cannot be read",
    "a folder of this name": "a folder and not a file|there is no|holds no|is here",
    "a pipe of this name": "a pipe or a device|there is no|holds no",
    "a link out of the folder": "link that leads out|there is no|holds no|no list",
    "a link to /dev/zero": "a pipe or a device|link that leads out|there is no|holds no|no list",
    "a link to nothing": "link that leads out|cannot be read|there is no|holds no|no list",
}
_OF_GROUPS: Final = {
    "sizes": "takes it for|larger than any|run lengths are for|no size|wide",
    "numbers and ids": "number|class|no id|group|value|segment|not a list of labels",
    "names of classes": "class|name|label|category|XML cannot be read|not UTF-8",
    "masks": "mask|PNG|picture|pixels",
    "folders": "there is no|there are no|holds no|no such|this is not|is a file|is here|are here|cut off|XML|no volume",
}

_COMES_IN: Final = {
    *(
        (".json files", "a byte order mark"),
        (".xml files", "a byte order mark"),
        (".txt files", "a byte order mark"),
    ),
    *(
        (".yaml files", "a byte order mark"),
        (".geojson files", "a byte order mark"),
        ("folders", "a loop of links"),
    ),
}
"""What is odd and well: all of it comes in."""

_ANOTHER: Final = {
    ("coordinates", "crosses itself", ""): "it is painted by the even-odd rule, and told",
    ("coordinates", "without area", "isat"): "the pixels on an outline belong to it",
    ("numbers and ids", "zero", "yolo"): "0 is the number of another class of the list",
    (
        "masks",
        "512 MB of pixels behind a small header",
        "",
    ): "the rows that the header names are read, and no more",
    ("masks", "RGB noise", "labelme_xml"): "what is not black is inside",
    ("masks", "RGBA noise", "labelme_xml"): "what is not transparent is inside",
    ("masks", "a palette of one colour", "mapillary"): "values are numbers, whatever their colours",
    ("masks", "a value without a class", "mapillary"): "200 is object 200 of the class 0",
    (".txt files", "0 bytes", "yolo"): "a label file without a line says that there is no object",
    (".txt files", "a blank", "yolo"): "the same",
    (".txt files", "the first half", "yolo"): "half a line of points is a polygon",
    (
        ".xml files",
        "nested 100,000 deep",
        "labelme_xml",
    ): "the annotation holds no object, only other elements",
}
"""What comes in otherwise than the valid files have it, and why that is right; with "" of every importer."""

_UNCHECKED_LISTS: Final = frozenset({"geojson", "gpkg", "nifti"})
"""Without the list or the files beside them their features and labels mean something else, as of a stranger's files."""


def attacked(told: Told) -> str:
    """The image that the attack is about."""
    in_a_mask = told.importer == "mapillary" and told.group in ("masks", ".png files")
    return "other.png" if in_a_mask else "x.png"


def problem(told: Told) -> str:
    """Why the answer to an attack is not what it must be, or nothing: what comes in is what the valid files hold or
    less of it, what is refused is named with its file, and what lies beside it comes in."""
    if told.answer.wrong or not told.text:
        return "an error, or silence"
    return _wrong_pixels(told) or _wrong_words(told)


def _wrong_pixels(told: Told) -> str:
    for image, state in told.came_in.items():
        if state == "other" and not _may_be_another(told):
            return f"something else than the valid files hold came in for {image}"
        if _is_separate(told) and image != attacked(told) and state != "all":
            return f"{state} of {image} came in, about which there is nothing wrong"
    if (told.group, told.called) in _COMES_IN and set(told.came_in.values()) != {"all"}:
        return "not all came in, and nothing is wrong"
    if told.importer in BUILDERS and told.came_in[attacked(told)] == "all" and _is_refused(told):
        return "it came in"
    return ""


def _wrong_words(told: Told) -> str:
    whole = set(told.came_in.values()) == {"all"}
    expected = _expected(told, whole)
    if expected and not re.search(expected, told.text):
        return f"nothing is said of {expected!r}"
    if not whole and not _may_be_another(told) and not any(name in told.text for name in told.files):
        return "no file is named"
    return ""


def _is_separate(told: Told) -> bool:
    """True where the attack is on what one image alone has."""
    if told.importer not in BUILDERS or (told.group, told.called) in _COMES_IN:
        return False
    if "JSON number" in told.text or "XML cannot be read" in told.text or told.importer == "datumaro":
        return False  # the whole file is none
    return told.group in ("paths", "coordinates", "run lengths", "sizes", "masks")


def _is_refused(told: Told) -> bool:
    """True for what must not come in."""
    if told.group == "paths":
        return told.importer not in NAME_ONLY and told.called != "file:///x.png"
    if told.group == "masks":
        return told.importer not in ("labelme_xml", "png") or told.called not in (
            "16 bits",
            "a value without a class",
            "a palette of one colour",
        )
    return told.group in ("coordinates", "run lengths") or (told.group, told.called) == (
        "sizes",
        "another size",
    )


def _may_be_another(told: Told) -> bool:
    known = {(told.group, told.called, told.importer), (told.group, told.called, "")} & _ANOTHER.keys()
    doubled = told.called in ("everything listed twice", "everything twice")
    return bool(known) or doubled or (told.importer in _UNCHECKED_LISTS and told.group.endswith("files"))


def _expected(told: Told, whole: bool) -> str:
    """What must be said; of what came in whole only what is said of it by name."""
    by_name = EXPECTED.get((told.group, told.called), "")
    if whole:
        if told.group == "paths" and told.importer in NAME_ONLY:
            return by_name if re.search("leads out|address", by_name) else ""
        return by_name if told.group == "paths" else ""
    if _may_be_another(told) and told.called != "crosses itself":
        return ""
    if told.group.endswith("files"):
        return by_name or _OF_FILES.get(told.called, "")
    return by_name or _OF_GROUPS[told.group]
