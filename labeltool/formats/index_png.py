"""PNG files whose pixels are numbers, not colours: 8-bit class values, 8- or 16-bit object ids."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.imaging.budget import check_budget

Palette = NDArray[np.uint8]
"""uint8 [n, 3]: the colours of the values below n, which is 256 in everything we write."""

_OBJECT_IDS = "labeltool:object-ids"
_GREY, _PALETTE = 0, 3
_KINDS = {2: "an RGB picture", 4: "a grey picture with transparency", 6: "an RGBA picture"}
_HINT = "Masks are single-channel 8-bit PNG files whose pixels are class values, 255 = ignore"


def write_index(
    path: Path,
    values: NDArray[np.uint8] | NDArray[np.uint16],
    palette: Palette | None = None,
    object_ids: Mapping[int, int] | None = None,
) -> None:
    """Write values [h, w] as grey, or with a full palette of 256 colours (a shorter one loses indices).

    ``object_ids`` says which values stand for another object id than themselves; other readers pass over it.
    """
    image = Image.fromarray(values)
    if palette is not None:
        image.putpalette(palette.tobytes())
    extra = PngImagePlugin.PngInfo()
    if object_ids:
        extra.add_text(_OBJECT_IDS, json.dumps(object_ids, separators=(",", ":")))
    image.save(path, format="PNG", pnginfo=extra)


def read_index(path: Path, size: Size) -> tuple[NDArray[np.uint8], Palette | None]:
    """Class values uint8 [h, w] and the palette if there is one; BadInputError for anything but an index mask."""
    depth, kind = _header(path, size)
    if kind in _KINDS:
        raise BadInputError(f"this is {_KINDS[kind]}, not an index mask", file=path, hint=_HINT)
    if kind == _GREY and depth != 8:
        raise BadInputError(f"this is a {depth}-bit grey picture, not an index mask", file=path, hint=_HINT)
    image = _decode(path)
    colors = image.getpalette("RGB") if kind == _PALETTE else None
    values = np.array(image, np.uint8)
    return values, None if colors is None else np.array(colors, np.uint8).reshape(-1, 3)


def used_colors(path: Path) -> set[tuple[int, int, int]]:
    """The colours of a palette mask that occur in it; none for what is not one."""
    values, palette = _read_any(path)
    if palette is None:
        return set()
    used = np.flatnonzero(np.bincount(values.ravel(), minlength=256)[: len(palette)])
    return {(r, g, b) for r, g, b in palette[used].tolist()}


def used_values(path: Path) -> set[int]:
    """The values that occur in an index mask; none for what is not one."""
    values, _ = _read_any(path)
    return set(np.flatnonzero(np.bincount(values.ravel(), minlength=256)).tolist())


def _read_any(path: Path) -> tuple[NDArray[np.uint8], Palette | None]:
    """An index mask of any size that an image may have; an empty one for what is not one."""
    try:
        with path.open("rb") as file:
            size = Size(*struct.unpack(">II", file.read(24)[16:24]))
        check_budget(size, path)
        return read_index(path, size)
    except (OSError, struct.error, BadInputError):
        return np.zeros((0, 0), np.uint8), None


def read_objects(path: Path, size: Size) -> NDArray[np.uint32]:
    """Object ids uint32 [h, w] of a grey PNG with 8 or 16 bits, or of a palette PNG; BadInputError otherwise."""
    depth, kind = _header(path, size)
    if kind not in (_GREY, _PALETTE) or (kind == _GREY and depth < 8):
        raise BadInputError(
            "this is not a map of object ids", file=path, hint="8- or 16-bit grey PNG is read"
        )
    image = _decode(path)
    values = np.array(image).astype(np.uint32)
    lookup = np.arange(1 << 16, dtype=np.uint32)
    for value, object_id in _object_ids(image, path).items():
        lookup[value] = object_id
    return lookup[values]


def _object_ids(image: Any, path: Path) -> dict[int, int]:
    try:
        ids = {int(k): int(v) for k, v in json.loads(image.text.get(_OBJECT_IDS, "{}")).items()}
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise BadInputError(f"the text about object ids is damaged: {error}", file=path) from error
    if not all(0 <= k < 1 << 16 and 0 <= v < 1 << 32 for k, v in ids.items()):
        raise BadInputError("the text about object ids holds numbers that are no ids", file=path)
    return ids


def _header(path: Path, size: Size) -> tuple[int, int]:
    """Bit depth and colour type; checks the size before anything is decoded."""
    try:
        with path.open("rb") as file:
            head = file.read(33)
    except OSError as error:
        raise BadInputError(f"the file cannot be read: {error.strerror}", file=path) from error
    if not head:
        raise BadInputError("the file is empty (0 bytes)", file=path)
    if len(head) < 33 or not head.startswith(b"\x89PNG\r\n\x1a\n") or head[12:16] != b"IHDR":
        raise BadInputError("this is not a PNG file", file=path, hint=_HINT)
    width, height, depth, kind = struct.unpack(">IIBB", head[16:26])
    if (width, height) != size:
        raise BadInputError(
            f"the mask is {width} x {height} pixels and the image {size.width} x {size.height}",
            file=path,
            hint="Masks must have the size of the image as it is displayed",
        )
    return depth, kind


def _decode(path: Path) -> Any:
    """The decoded image; the header was found to be as large as the image, so no limit of Pillow is needed."""
    try:
        with path.open("rb") as file:
            PngImagePlugin.PngImageFile(file).verify()  # checksums: a flipped bit may well decode
        with path.open("rb") as file:
            image = PngImagePlugin.PngImageFile(file)
            image.load()
    except MemoryError as error:
        raise BadInputError("not enough memory to decode the mask", file=path) from error
    except Exception as error:  # decoders of broken files raise nearly everything
        raise BadInputError(f"the PNG file is cut off or damaged ({error})", file=path) from error
    return image
