"""PNG pictures of which only inside and outside count, as some formats keep them in a text or in a file."""

from __future__ import annotations

import base64
import binascii
import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size

_GREY_ALPHA, _RGBA = 4, 6


def to_base64(inside: NDArray[np.bool_]) -> str:
    """A grey PNG of bool [h, w], 1 inside and 0 outside, as a text."""
    file = io.BytesIO()
    Image.fromarray(inside.astype(np.uint8)).save(file, format="PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")


def from_base64(text: object, size: Size) -> NDArray[np.bool_]:
    """The inside pixels, bool [h, w], of a PNG in a text; BadInputError as in :func:`inside_of`."""
    if not isinstance(text, str):
        raise BadInputError("the mask is not a text")
    try:
        return inside_of(base64.b64decode(text, validate=True), size)
    except (binascii.Error, ValueError) as error:
        raise BadInputError(f"the mask is not base64 ({error})") from error


def inside_of(data: bytes, size: Size) -> NDArray[np.bool_]:
    """The inside pixels, bool [h, w]: those that are not transparent, or where nothing can be, not black.

    BadInputError when the bytes are no whole PNG of this size. The size is looked at before anything is unpacked.
    """
    if len(data) < 33 or not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR":
        raise BadInputError("the mask is not a PNG picture")
    width, height, _, kind = struct.unpack(">IIBB", data[16:26])
    if (width, height) != size:
        raise BadInputError(f"the mask is {width} x {height} pixels and not {size.width} x {size.height}")
    try:
        PngImagePlugin.PngImageFile(io.BytesIO(data)).verify()  # checksums: a flipped bit may well decode
        image = PngImagePlugin.PngImageFile(io.BytesIO(data))
        values: NDArray[Any] = np.asarray(image)
    except MemoryError as error:
        raise BadInputError("not enough memory to decode the mask") from error
    except Exception as error:  # decoders of broken files raise nearly everything
        raise BadInputError(f"the PNG of the mask is cut off or damaged ({error})") from error
    if kind in (_GREY_ALPHA, _RGBA):
        values = values[..., -1]
    inside: NDArray[np.bool_] = np.greater(values, 0)
    return inside if inside.ndim == 2 else np.asarray(inside.any(axis=2))
