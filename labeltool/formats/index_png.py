"""PNG files whose pixels are numbers, not colours: 8-bit class values, 8- or 16-bit object ids."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import PngImagePlugin

from labeltool.core.errors import BadInputError
from labeltool.core.flate import zlib
from labeltool.core.geometry import Size
from labeltool.core.runs import STRIP, Runs
from labeltool.formats.rgb import color_of, packed
from labeltool.formats.untrusted import check_file
from labeltool.formats.values import counted
from labeltool.imaging import vips
from labeltool.imaging.budget import check_budget

Palette = NDArray[np.uint8]
"""uint8 [n, 3]: the colours of the values below n, which is 256 in everything we write."""

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_STRIP: Final = 256
"""Rows that are deflated together."""
_MOST_BYTES: Final = 1 << 30
_LARGEST: Final = 1 << 32
_SMALL: Final = 1 << 20
_MOST_CHUNKS: Final = 100_000
_SIMPLE: Final = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tEXt"))
_OBJECT_IDS: Final = "labeltool:object-ids"
_GREY, _PALETTE, _GREY_ALPHA = 0, 3, 4
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
    write_packed(path, pack(values), palette, object_ids)


MOST_COLORS: Final = 255
"""Different colours of an RGB mask: the index 255 is kept for ignored pixels."""


class Packed(NamedTuple):
    """The pixels of a PNG, deflated: they may be written to several files."""

    size: Size
    depth: int
    data: bytes


def pack(values: NDArray[np.uint8] | NDArray[np.uint16]) -> Packed:
    """Values [h, w] of 8 or 16 bits."""
    height, width = values.shape
    strips = (values[top : top + _STRIP] for top in range(0, height, _STRIP))
    return pack_strips(strips, Size(width, height), 8 * values.itemsize)


def pack_strips(
    strips: Iterable[NDArray[np.uint8] | NDArray[np.uint16]], size: Size, depth: int = 8
) -> Packed:
    """The same of a picture that comes as strips of rows [r, w] from the top, for those too large to be held.

    Masks are runs of one value: run lengths are as small as they are quick.
    """
    deflate = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_RLE)
    parts = []
    for strip in strips:
        rows = strip.astype(strip.dtype.newbyteorder(">"), copy=False).view(np.uint8)
        lines = np.zeros(
            (len(rows), rows.shape[1] + 1), np.uint8
        )  # each begins with the number of its filter
        lines[:, 1:] = rows
        parts.append(deflate.compress(lines.data))
    return Packed(size, depth, b"".join((*parts, deflate.flush())))


def pack_runs(runs: Runs, values: NDArray[np.uint8] | NDArray[np.uint16]) -> Packed:
    """The same of a raster in which each run has its value; no more than a strip of it is in memory."""
    strips = (part.plane(values[at]) for at, part in runs.strips())
    return pack_strips(strips, runs.size, 8 * values.itemsize)


def write_packed(
    path: Path, pixels: Packed, palette: Palette | None = None, object_ids: Mapping[int, int] | None = None
) -> None:
    """As :func:`write_index`."""
    header = struct.pack(
        ">IIBBBBB", *pixels.size, pixels.depth, _GREY if palette is None else _PALETTE, 0, 0, 0
    )
    text = json.dumps(object_ids, separators=(",", ":")) if object_ids else ""
    with path.open("wb") as file:
        file.write(_SIGNATURE + _chunk(b"IHDR", header))
        if palette is not None:
            file.write(_chunk(b"PLTE", palette.tobytes()))
        if text:
            file.write(_chunk(b"tEXt", f"{_OBJECT_IDS}\0{text}".encode("ascii")))
        for at in range(0, len(pixels.data), _MOST_BYTES):
            file.write(_chunk(b"IDAT", pixels.data[at : at + _MOST_BYTES]))
        file.write(_chunk(b"IEND", b""))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def read_index(path: Path, size: Size) -> tuple[NDArray[np.uint8], Palette | None]:
    """Class values uint8 [h, w] and the palette if there is one; BadInputError for anything but an index mask."""
    depth, kind = _header(path, size)
    if kind in _KINDS:
        raise BadInputError(f"this is {_KINDS[kind]}, not an index mask", file=path, hint=_HINT)
    if kind == _GREY and depth != 8:
        raise BadInputError(f"this is a {depth}-bit grey picture, not an index mask", file=path, hint=_HINT)
    plain = _plain(path, size) if depth == 8 else None
    if plain is not None:
        return plain.values.astype(np.uint8, copy=False), plain.palette
    image = _decode(path)
    colors = image.getpalette("RGB") if kind == _PALETTE else None
    values = np.array(image, np.uint8)
    return values, None if colors is None else np.array(colors, np.uint8).reshape(-1, 3)


class Strips(NamedTuple):
    """A mask that is read a strip of :data:`labeltool.core.runs.STRIP` rows at a time."""

    strips: Iterator[NDArray[np.uint8] | NDArray[np.uint16]]
    object_ids: dict[int, int]
    """As :func:`write_index` was told."""
    palette: Palette | None


def read_strips(path: Path, size: Size) -> Strips:
    """A mask as :func:`write_packed` writes it, for those too large to be held; BadInputError for any other PNG."""
    _header(path, size)
    stored = _stored(path, size)
    if stored is None:
        raise BadInputError("the PNG file is cut off or damaged", file=path)
    strips = vips.grey_png_strips(stored.as_file, STRIP)
    return Strips(strips, _object_ids(stored.object_ids, path), stored.palette)


def read_pixels(path: Path, size: Size) -> tuple[NDArray[Any], Palette | None]:
    """What a mask of any kind stores: [h, w] of uint8 (with the palette if there is one) or uint16, or colours
    uint8 [h, w, 3]. BadInputError for what is not decoded exactly: grey of fewer than 8 bits, colours of 16."""
    depth, kind = _header(path, size)
    if kind != _PALETTE and (depth < 8 or (kind != _GREY and depth != 8) or kind == _GREY_ALPHA):
        raise BadInputError(
            f"this is a PNG of the kind {kind} with {depth} bits, not a mask",
            file=path,
            hint="Masks are PNG with 8 or 16 bits grey, a palette, or 8-bit RGB",
        )
    image = _decode(path)
    if kind in (_GREY, _PALETTE):
        colors = image.getpalette("RGB") if kind == _PALETTE else None
        values = np.array(image, np.uint16 if depth == 16 else np.uint8)
        if values.shape != (size.height, size.width):
            raise _contradiction(path)
        return values, None if colors is None else np.array(colors, np.uint8).reshape(-1, 3)
    values = np.array(image)[..., :3]
    if values.shape != (size.height, size.width, 3):
        raise _contradiction(path)
    return values, None


def _contradiction(path: Path) -> BadInputError:
    return BadInputError(
        "the PNG is damaged: it has two headers that say different things", file=path, hint=_HINT
    )


def read_coloured(path: Path, size: Size) -> tuple[NDArray[np.uint8], Palette | None]:
    """Indices uint8 [h, w] and the colours they stand for: those of a palette mask, or the different colours of an RGB
    one, at most 255. None for grey. BadInputError for what is no mask of few colours."""
    pixels, palette = read_pixels(path, size)
    if pixels.ndim == 3:
        colors, index = np.unique(packed(pixels), return_inverse=True)
        if len(colors) > MOST_COLORS:
            raise BadInputError(
                f"an RGB picture of {len(colors):,} colours is no mask",
                file=path,
                hint=f"A mask has a colour for each class, at most {MOST_COLORS}",
            )
        palette = np.array([color_of(int(number)) for number in colors], np.uint8)
        return index.reshape(pixels.shape[:2]).astype(np.uint8), palette
    if pixels.dtype != np.uint8:
        raise BadInputError("this is a 16-bit grey picture, not a mask of colours", file=path, hint=_HINT)
    return pixels, palette


def used_colors(path: Path) -> set[tuple[int, int, int]]:
    """The colours that occur in a mask, by palette or as RGB; none for what is no mask of colours."""
    values, palette = _read_any(path, read_coloured)
    if palette is None:
        return set()
    used = np.flatnonzero(counted(values)[: len(palette)])
    return {(r, g, b) for r, g, b in palette[used].tolist()}


def used_values(path: Path) -> set[int]:
    """The values that occur in an index mask; none for what is not one."""
    values, _ = _read_any(path, read_index)
    return set(np.flatnonzero(counted(values)).tolist())


def any_size(path: Path) -> Size | None:
    """The size that a PNG file states; None where there is none, or none that an image may have."""
    try:
        check_file(path, _LARGEST)
        with path.open("rb") as file:
            size = Size(*struct.unpack(">II", file.read(24)[16:24]))
        check_budget(size, path)
    except (OSError, struct.error, BadInputError):
        return None
    return size


Read = Callable[[Path, Size], tuple[NDArray[np.uint8], Palette | None]]


def _read_any(path: Path, read: Read) -> tuple[NDArray[np.uint8], Palette | None]:
    """A mask of any size that an image may have; an empty one for what is not one."""
    size = any_size(path)
    try:
        if size is not None:
            return read(path, size)
    except BadInputError:
        pass
    return np.zeros((0, 0), np.uint8), None


def read_objects(path: Path, size: Size) -> NDArray[np.uint32]:
    """Object ids uint32 [h, w] of a grey PNG with 8 or 16 bits, or of a palette PNG; BadInputError otherwise."""
    depth, kind = _header(path, size)
    if kind not in (_GREY, _PALETTE) or (kind == _GREY and depth < 8):
        raise BadInputError(
            "this is not a map of object ids", file=path, hint="8- or 16-bit grey PNG is read"
        )
    plain = _plain(path, size) if depth >= 8 else None
    if plain is None:
        image = _decode(path)
        plain = _Plain(np.array(image), None, str(image.text.get(_OBJECT_IDS, "")))
    values, others = plain.values, _object_ids(plain.object_ids, path)
    if not others:
        return values.astype(np.uint32)
    lookup = np.arange(1 << 16, dtype=np.uint32)
    for value, object_id in others.items():
        lookup[value] = object_id
    return lookup[values]


def _object_ids(text: str, path: Path) -> dict[int, int]:
    try:
        ids = {int(k): int(v) for k, v in json.loads(text or "{}").items()}
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise BadInputError(f"the text about object ids is damaged: {error}", file=path) from error
    if not all(0 <= k < 1 << 16 and 0 <= v < 1 << 32 for k, v in ids.items()):
        raise BadInputError("the text about object ids holds numbers that are no ids", file=path)
    return ids


def _header(path: Path, size: Size) -> tuple[int, int]:
    """Bit depth and colour type; checks the size before anything is decoded."""
    check_file(path, _LARGEST)
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


class _Plain(NamedTuple):
    values: NDArray[np.uint8] | NDArray[np.uint16]
    palette: Palette | None
    object_ids: str


class _Stored(NamedTuple):
    """A simple PNG as it lies on the disk: its header, its deflated pixels, and the rest as in :class:`_Plain`."""

    head: bytes
    pixels: bytes
    palette: Palette | None
    object_ids: str

    @property
    def as_grey(self) -> bytes:
        """The header where the indices of a palette are shades of grey."""
        return self.head[:9] + bytes([_GREY]) + self.head[10:]

    @property
    def as_file(self) -> bytes:
        """A whole PNG file of the indices."""
        return (
            _SIGNATURE + _chunk(b"IHDR", self.as_grey) + _chunk(b"IDAT", self.pixels) + _chunk(b"IEND", b"")
        )


def _plain(path: Path, size: Size) -> _Plain | None:
    """What a PNG of one channel with 8 or 16 bits holds, in a third of Pillow's time.

    None for what is not that simple or not whole: Pillow takes it, and says what is wrong with it.
    """
    stored = _stored(path, size)
    if stored is None:
        return None
    try:
        values = vips.grey_png(stored.as_file)
    except (BadInputError, MemoryError):
        return None
    if values.shape != (size.height, size.width):
        return None
    return _Plain(values, stored.palette, stored.object_ids)


def same_pixels(one: Path, other: Path, size: Size) -> bool:
    """True where two masks hold the same bytes for the same values: who has decoded one knows the other."""
    first, second = _stored(one, size), _stored(other, size)
    if first is None or second is None:
        return False
    return (first.as_grey, first.pixels) == (second.as_grey, second.pixels)


def _stored(path: Path, size: Size) -> _Stored | None:
    """None for what is not that simple, or where a checksum is wrong."""
    try:
        if path.stat().st_size > _SMALL + 2 * size.pixels:
            return None
        return _of_chunks(_chunks(path.read_bytes()))
    except (OSError, ValueError, IndexError, struct.error, MemoryError):
        return None


def _of_chunks(chunks: list[tuple[bytes, bytes]]) -> _Stored:
    """ValueError for what is not simple."""
    kinds, head = [kind for kind, _ in chunks], chunks[0][1]
    if not _SIMPLE.issuperset(kinds) or kinds[0] != b"IHDR" or kinds[-1] != b"IEND":
        raise ValueError("other chunks")
    *_, kind, _, _, interlaced = struct.unpack(">IIBBBBB", head)
    colors = [np.frombuffer(data, np.uint8).reshape(-1, 3) for chunk, data in chunks if chunk == b"PLTE"]
    if interlaced or (kind == _PALETTE and len(colors) != 1):
        raise ValueError("interlaced, or no palette")
    key = _OBJECT_IDS.encode("ascii") + b"\0"
    texts = [data for chunk, data in chunks if chunk == b"tEXt" and data.startswith(key)]
    return _Stored(
        head,
        b"".join(data for chunk, data in chunks if chunk == b"IDAT"),
        colors[0] if kind == _PALETTE else None,
        texts[-1][len(key) :].decode("latin-1") if texts else "",
    )


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and content of every chunk; ValueError where a checksum is wrong or they are too many."""
    found: list[tuple[bytes, bytes]] = []
    at = len(_SIGNATURE)
    while at < len(data):
        if len(found) == _MOST_CHUNKS:
            raise ValueError("too many chunks")
        length, kind = struct.unpack_from(">I4s", data, at)
        content = data[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, at + 8 + length)
        if zlib.crc32(content, zlib.crc32(kind)) != checksum:
            raise ValueError("wrong checksum")
        found.append((kind, content))
        at += 12 + length
    return found


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
