"""How large a pixel is in the world, where the file truly knows: GeoTIFF, ImageJ's and OME's microscopes.

Maps that the reader of GeoTIFF takes are measured on the ground instead (:mod:`labeltool.imaging.ground`).
The resolution tags of ordinary photographs tell a printer something and are no truth; they are not used.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

Unit = Literal["m", "°"]
SUFFIXES = (".tif", ".tiff")

_ORIENTATION, _DESCRIPTION, _X_RESOLUTION, _Y_RESOLUTION = 274, 270, 282, 283
_PIXEL_SCALE, _TRANSFORMATION, _GEO_KEYS = 33550, 34264, 34735
_MODEL_TYPE, _ANGULAR_UNITS, _CRS, _LINEAR_UNITS = 1024, 2054, 3072, 3076
_PROJECTED, _GEOGRAPHIC = 1, 2
_LINEAR = {9001: 1.0, 9002: 0.3048, 9003: 1200 / 3937, 9036: 1000.0}
_ANGULAR = {9101: 180 / math.pi, 9102: 1.0}
_WEB_MERCATOR = {3857, 3785, 900913}
"""Their metres are metres on the equator only."""
_UTM = (range(32601, 32661), range(32701, 32761), range(25828, 25839), range(26901, 26924))
_METRES = {
    "nm": 1e-9, "nanometer": 1e-9, "um": 1e-6, "µm": 1e-6, "μm": 1e-6, "micron": 1e-6, "microns": 1e-6,
    "micrometer": 1e-6, "mm": 1e-3, "millimeter": 1e-3, "cm": 1e-2, "centimeter": 1e-2, "m": 1.0, "meter": 1.0,
    "inch": 0.0254,
}  # fmt: skip
_STEPS = ((1e3, 1e3, "km"), (0.1, 1.0, "m"), (1e-3, 1e-3, "mm"), (1e-6, 1e-6, "µm"), (0.0, 1e-9, "nm"))
"""From which length in metres a unit is used, its metres, its name."""
_FINE_M = 0.005


@dataclass(frozen=True)
class PixelSize:
    """Width and height of a pixel, in metres, or in degrees where a map has no other unit."""

    x: float
    y: float
    unit: Unit = "m"

    @property
    def is_fine(self) -> bool:
        """True where people think in millimetres, as in medicine; on maps they think in metres."""
        return self.unit == "m" and min(self.x, self.y) < _FINE_M

    def text(self, length: float) -> str:
        """A length in words, in the unit that people use at this scale."""
        return length_text(length, self.unit, fine=self.is_fine)

    def length(self, dx: float, dy: float) -> float:
        """How long a line of so many pixels to the right and down is, in ``unit``."""
        return math.hypot(dx * self.x, dy * self.y)


def length_text(length: float, unit: Unit = "m", *, fine: bool = False) -> str:
    """A length in words, in the unit of its size: "12.3 µm", "4.57 km", "0.00012°"; with ``fine`` metres begin at 1."""
    if unit == "°":
        return f"{length:.7f}".rstrip("0").rstrip(".") + "°"
    if length == 0:
        return "0 m"
    metres, name = next(
        (own, name) for least, own, name in _STEPS if abs(length) >= (own if fine and least else least)
    )
    value = length / metres
    digits = max(0, 2 - int(math.log10(max(1.0, abs(value)))))
    return f"{value:.{digits}f} {name}"


def metres(unit: str) -> float | None:
    """Metres of a microscope's unit as ImageJ and OME write it (µm, micron, inch); None for one that is not known."""
    return _METRES.get(_unescaped(unit.strip()))


def pixel_size(path: Path) -> PixelSize | None:
    """What the header of an image file says; None where it says nothing, or nothing that can be trusted."""
    if path.suffix.lower() not in SUFFIXES:
        return None
    try:
        tags = _tags(path)
        found = _of_map(tags) or _of_imagej(tags) or _of_ome(tags)
    except (
        Exception
    ):  # a header may be broken in any way; it is the reader that says so, a ruler has its pixels
        return None
    if found is None or not all(math.isfinite(side) and side > 0 for side in (found.x, found.y)):
        return None
    return PixelSize(found.y, found.x, found.unit) if tags.get(_ORIENTATION, 1) >= 5 else found


def _tags(path: Path) -> ImageFileDirectory_v2:
    """Tags of the first page; Pillow's decoder would refuse pixels that it does not know."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2  # noqa: PLC0415 - the window is up sooner

    with path.open("rb") as file:
        head = file.read(8)
        if head[2:4] in (b"+\0", b"\0+"):
            head += file.read(8)
        tags = ImageFileDirectory_v2(head)
        file.seek(tags.next)
        tags.load(file)
        dict(tags)  # decodes what is read lazily, while the file is open
        return tags


def _of_map(tags: ImageFileDirectory_v2) -> PixelSize | None:
    sides = _sides(tags)
    keys = _geo_keys(tags)
    if sides is None or not keys:
        return None
    x, y = sides
    if keys.get(_MODEL_TYPE) == _GEOGRAPHIC:
        factor = _ANGULAR.get(keys.get(_ANGULAR_UNITS, 9102))
        return None if factor is None else PixelSize(x * factor, y * factor, "°")
    metres = _metres_of(keys)
    return None if metres is None else PixelSize(x * metres, y * metres)


def _sides(tags: ImageFileDirectory_v2) -> tuple[float, float] | None:
    """Width and height of a pixel in the map's unit."""
    if _PIXEL_SCALE in tags:
        x, y = tags[_PIXEL_SCALE][:2]
        return abs(float(x)), abs(float(y))
    if _TRANSFORMATION in tags:
        m = [float(v) for v in tags[_TRANSFORMATION]]
        return math.hypot(m[0], m[4]), math.hypot(m[1], m[5])
    return None


def _geo_keys(tags: ImageFileDirectory_v2) -> dict[int, int]:
    """The keys whose value stands in the directory itself."""
    values = [int(v) for v in tags.get(_GEO_KEYS, ())]
    entries = zip(*[iter(values[4:])] * 4, strict=False)
    return {key: value for key, place, _, value in entries if place == 0}


def _metres_of(keys: dict[int, int]) -> float | None:
    """Metres a unit of a projected map; None where the file leaves it open."""
    crs = keys.get(_CRS, 0)
    if keys.get(_MODEL_TYPE) != _PROJECTED or crs in _WEB_MERCATOR:
        return None
    if _LINEAR_UNITS in keys:
        return _LINEAR.get(keys[_LINEAR_UNITS])
    return 1.0 if any(crs in zones for zones in _UTM) else None


def _of_imagej(tags: ImageFileDirectory_v2) -> PixelSize | None:
    text = str(tags.get(_DESCRIPTION, ""))
    named = re.search(r"^unit=(.+)$", text, re.MULTILINE)
    if not text.startswith("ImageJ=") or named is None or _X_RESOLUTION not in tags:
        return None
    unit = metres(named[1])
    across, down = float(tags[_X_RESOLUTION]), float(tags.get(_Y_RESOLUTION, tags[_X_RESOLUTION]))
    return None if unit is None else PixelSize(unit / across, unit / down)


def _unescaped(unit: str) -> str:
    """ImageJ writes the micro sign as an escape, others as Latin-1."""
    return unit.replace("\\u00B5", "µ").replace("\\u00b5", "µ").replace("Â", "")


def _of_ome(tags: ImageFileDirectory_v2) -> PixelSize | None:
    text = str(tags.get(_DESCRIPTION, ""))
    if "<OME" not in text[:4096]:
        return None
    from xml.etree.ElementTree import ParseError  # noqa: PLC0415 - as few files as need it

    from defusedxml import DefusedXmlException, ElementTree  # noqa: PLC0415

    try:
        root = ElementTree.fromstring(text.strip().encode())
    except (ParseError, DefusedXmlException):
        return None
    pixels = next((each for each in root.iter() if each.tag.rpartition("}")[2] == "Pixels"), None)
    if pixels is None or "PhysicalSizeX" not in pixels.attrib:
        return None
    x, y = (metres(pixels.get(f"PhysicalSize{side}Unit", "µm")) for side in "XY")
    if x is None or y is None:
        return None
    width = float(pixels.attrib["PhysicalSizeX"])
    return PixelSize(width * x, float(pixels.get("PhysicalSizeY", width)) * y)
