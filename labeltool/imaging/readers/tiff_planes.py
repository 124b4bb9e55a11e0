"""Windows of one directory of a TIFF: only the strips or tiles that they touch are read and decoded."""

from __future__ import annotations

import contextlib
import logging
import struct
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from labeltool.core.errors import BadInputError
from labeltool.core.extras import MICROSCOPY
from labeltool.core.geometry import Box, Size
from labeltool.core.memory import MIB, share
from labeltool.imaging.damage import damaged
from labeltool.imaging.reader import RGB, Raw
from labeltool.imaging.readers.turning import turned_back, upright

MOST_SAMPLES = 1024
"""Values a pixel; who claims more is damaged rather than hyperspectral."""

CODECS = MICROSCOPY.part("imagecodecs")
"""What decodes all but the plainest compressions."""

_MOST_LEVELS = 64
_MOST_BLOCK_BYTES = 256 * MIB
_TILES = "Save it again with tiles of 256 or 512 pixels"

_NONE, _JPEG, _JPEG_2000, _LERC = 1, 7, (34712, 33003, 33005), 34887
_COMPRESSIONS = {
    1: "no", 2: "CCITT", 3: "CCITT", 4: "CCITT", 5: "LZW", 7: "JPEG", 8: "Deflate", 32773: "PackBits",
    32946: "Deflate", 33003: "JPEG 2000", 33005: "JPEG 2000", 34712: "JPEG 2000", 34887: "LERC", 34925: "LZMA",
    50000: "ZSTD",
}  # fmt: skip
"""Those that are read: the output of each is bounded by what the directory says of its pieces."""

_WITHOUT_EXTRA = {1, 8, 32773, 32946}
_WHITE_IS_ZERO, _GREY, _RGB, _PALETTE, _CMYK, _YCBCR, _LAB = 0, 1, 2, 3, 5, 6, 8
_COLOURS = {
    _RGB: RGB,
    _CMYK: ("cyan", "magenta", "yellow", "black"),
    _YCBCR: ("Y", "Cb", "Cr"),
    _LAB: ("L*", "a*", "b*"),
}
_ALPHA = (1, 2)
_ORIENTATION, _COLOUR_MAP, _SUB_DIRECTORIES, _SOFTWARE_STACKS, _NO_DATA = 274, 320, 330, (33628, 34412), 42113


class Pieces:
    """The strips and tiles of a file that were decoded last, as many as its share of the memory holds."""

    def __init__(self) -> None:
        self._pieces: OrderedDict[Hashable, Raw] = OrderedDict()
        self._held = 0

    def get(self, key: Hashable, decode: Callable[[], Raw]) -> Raw:
        """A piece, decoded where it is not kept."""
        found = self._pieces.pop(key, None)
        if found is None:
            found = decode()
            self._held += found.nbytes
        self._pieces[key] = found
        while self._held > share("decoding") and len(self._pieces) > 1:
            self._held -= self._pieces.popitem(last=False)[1].nbytes
        return found


class Plane:
    """The picture of one directory, or the one that lies ``shift`` bytes behind it (ImageJ writes a single directory
    for thousands). Not for several threads at once.

    ``size`` is that of the displayed pixels, ``channels`` names the samples, ``dtype`` is that of the values.
    """

    def __init__(self, path: Path, file: Any, directory: Any, kept: Pieces, shift: int = 0) -> None:
        self.path = path
        self._kept = kept
        self._file = file
        self._directory = directory
        self._shift = shift
        self._stored = Size(int(directory.imagewidth), int(directory.imagelength))
        self._refuse_unread()
        turned = directory.tags.valueof(_ORIENTATION)
        self.orientation = turned if turned in range(1, 9) else 1
        self.size = Size(*self._stored[::-1]) if self.orientation >= 5 else self._stored
        self._palette = _palette(directory)
        self.dtype = np.dtype(np.uint8) if directory.dtype.kind == "b" else directory.dtype.newbyteorder("=")
        self.channels = _channels(directory)
        if self._palette is not None:
            self.dtype, self.channels = self._palette.dtype, RGB
        self._planar = directory.planarconfig == 2 and directory.samplesperpixel > 1
        self._block = _block(directory)
        self._across = -(-self._stored.width // self._block.width)
        self._down = -(-self._stored.height // self._block.height)
        self._by_rows = _is_by_rows(directory)
        self._refuse_lies()

    @property
    def is_tiled(self) -> bool:
        """True when it is stored in tiles, False for strips."""
        return bool(self._directory.is_tiled)

    @property
    def piece(self) -> int:
        """What is best read at once: the larger side of a tile, the height of a strip."""
        if self._by_rows:
            return 1
        return max(self._block) if self.is_tiled else self._block.height

    @property
    def inverted(self) -> bool:
        """True when large values are dark."""
        return self._palette is None and self._directory.photometric in (_WHITE_IS_ZERO, _CMYK)

    @property
    def bits(self) -> int:
        """Bits of a sample as stored."""
        return int(self._directory.bitspersample)

    @property
    def has_colour(self) -> bool:
        """True when the first three channels are what they are named, and no mere bands."""
        return self._palette is not None or self._directory.photometric in _COLOURS

    @property
    def nodata(self) -> float | None:
        """What GDAL's tag says stands for no value."""
        text = self._directory.tags.valueof(_NO_DATA)
        try:
            return None if text is None else float(str(text).strip("\0 "))
        except ValueError:
            return None

    @property
    def mode(self) -> str:
        """Type, number of samples and compression in words."""
        samples = int(self._directory.samplesperpixel)
        packed = "" if self.bits == self._directory.dtype.itemsize * 8 else f" ({self.bits} bits)"
        bands = "" if samples == 1 else f" x {samples}"
        return f"{self.dtype.name}{packed}{bands}, {_COMPRESSIONS[self._compression]} compression"

    def below(self) -> list[Plane]:
        """Its sub-directories, which are smaller versions of it."""
        offsets = self._directory.tags.get(_SUB_DIRECTORIES)
        if self._shift or offsets is None or offsets.count > _MOST_LEVELS:
            return []
        return [Plane(self.path, self._file, each, self._kept) for each in self._directory.pages]

    @property
    def bytes_as_stored(self) -> int:
        """Bytes of all pixels, uncompressed."""
        return int(self._directory.nbytes)

    @property
    def complete(self) -> bool:
        """False when pixels lie behind the end of the file."""
        length = self._file.filehandle.size
        return all(
            at + self._shift + count <= length
            for at, count in zip(self._directory.dataoffsets, self._directory.databytecounts, strict=False)
            if count
        )

    def read(self, box: Box) -> Raw:
        """The values of a box of the displayed pixels, [h, w, channels]; BadInputError when they are damaged."""
        with refusing(self.path):
            stored = turned_back(box, self._stored, self.orientation)
            values = self._rows(stored) if self._by_rows else self._pieces(stored)
            if self._palette is not None:
                values = self._palette[np.minimum(values[..., 0], len(self._palette) - 1)]
            return upright(values, self.orientation).astype(self.dtype, copy=False)

    # ---- pieces

    @property
    def _compression(self) -> int:
        return int(self._directory.compression)

    @property
    def _samples_together(self) -> int:
        return 1 if self._planar else int(self._directory.samplesperpixel)

    def _pieces(self, box: Box) -> Raw:
        width, height = self._block
        samples = int(self._directory.samplesperpixel)
        out = np.empty((box.height, box.width, samples), self._directory.dtype.newbyteorder("="))
        for layer in range(samples if self._planar else 1):
            into = out[..., layer : layer + 1] if self._planar else out
            for row in range(box.y0 // height, -(-box.y1 // height)):
                for col in range(box.x0 // width, -(-box.x1 // width)):
                    corner = Box(col * width, row * height, (col + 1) * width, (row + 1) * height)
                    part = corner.intersect(box)
                    piece = self._piece((layer * self._down + row) * self._across + col)
                    into[part.slices(box)] = piece[part.slices(corner)]
        return out

    def _piece(self, number: int) -> Raw:
        """A decoded strip or tile [h, w, samples]."""
        at = self._directory.dataoffsets[number] + self._shift
        return self._kept.get((at, self._directory.offset, number), partial(self._decode, number))

    def _decode(self, number: int) -> Raw:
        directory = self._directory
        at, count = directory.dataoffsets[number] + self._shift, directory.databytecounts[number]
        if not at or not count:  # a piece that was never written
            return np.full((*self._block[::-1], self._samples_together), directory.nodata, directory.dtype)
        most = 2 * self._block_bytes + (1 << 16)  # more than any compression makes of noise
        data = self._bytes(at, min(count, most))
        _refuse_other_size(data, self._compression, self._block)
        pixels = directory.decode(data, number, jpegtables=directory.jpegtables)[0]
        return np.asarray(pixels[0])

    @property
    def _block_bytes(self) -> int:
        return self._block.pixels * self._samples_together * int(self._directory.dtype.itemsize)

    # ---- uncompressed strips, of which any row is one seek away

    def _rows(self, box: Box) -> Raw:
        samples = int(self._directory.samplesperpixel)
        dtype = np.dtype(self._file.byteorder + self._directory.dtype.char)
        pixel = dtype.itemsize * self._samples_together
        out = np.empty((box.height, box.width, samples), dtype.newbyteorder("="))
        whole = box.width == self._stored.width
        for layer in range(samples if self._planar else 1):
            into = out[..., layer : layer + 1] if self._planar else out
            top = box.y0
            while top < box.y1:
                strip = top // self._block.height
                bottom = min(box.y1, (strip + 1) * self._block.height) if whole else top + 1
                start = self._directory.dataoffsets[layer * self._down + strip]
                row = top - strip * self._block.height
                at = start + self._shift + (row * self._stored.width + box.x0) * pixel
                shape = (bottom - top, box.width, self._samples_together)
                data = self._bytes(at, shape[0] * shape[1] * pixel)
                into[top - box.y0 : bottom - box.y0] = np.frombuffer(data, dtype).reshape(shape)
                top = bottom
        return out

    def _bytes(self, at: int, count: int) -> bytes:
        handle = self._file.filehandle
        handle.seek(at)
        data: bytes = handle.read(count)
        if len(data) != count:
            raise damaged("TIFF file", "pixels lie behind its end", self.path)
        return data

    # ---- what is not read

    def _refuse_unread(self) -> None:
        """BadInputError, by name, for what a directory may hold and is not read."""
        directory, compression = self._directory, self._compression
        if self._stored.width < 1 or self._stored.height < 1:
            raise damaged("TIFF file", "an image without pixels", self.path)
        if not 1 <= directory.samplesperpixel <= MOST_SAMPLES:
            raise damaged("TIFF file", f"{directory.samplesperpixel:,} values a pixel", self.path)
        if any(tag in directory.tags for tag in _SOFTWARE_STACKS):
            raise BadInputError(
                "this is a stack of Zeiss LSM or MetaMorph",
                file=self.path,
                hint="Export it as OME-TIFF, for example with Fiji",
            )
        if directory.imagedepth > 1:
            raise BadInputError(
                "this TIFF holds a volume in one directory",
                file=self.path,
                hint="Save each slice as a page of its own",
            )
        if compression not in _COMPRESSIONS:
            name = getattr(directory.compression, "name", compression)
            raise BadInputError(
                f"the TIFF compression {name} is not read",
                file=self.path,
                hint="Save it again with LZW or Deflate",
            )
        if directory.dtype is None or directory.dtype.kind not in "buif":
            raise BadInputError(
                f"TIFF values of {_type_in_words(directory)} are not read",
                file=self.path,
                hint="Save them as integers or floating-point numbers of 8, 16, 32 or 64 bits",
            )
        packed = directory.bitspersample % 8 or directory.bitspersample == 24
        if CODECS.missing and (compression not in _WITHOUT_EXTRA or packed or directory.predictor == 3):
            what = f"a TIFF of {directory.bitspersample} bits with {_COMPRESSIONS[compression]} compression"
            raise CODECS.refusal(what, self.path)

    def _refuse_lies(self) -> None:
        """BadInputError for a directory that lists too few pieces, or pieces that exceed the memory or the file."""
        wanted = self._across * self._down * (self._directory.samplesperpixel if self._planar else 1)
        listed = min(len(self._directory.dataoffsets), len(self._directory.databytecounts))
        if listed < wanted:
            raise damaged("TIFF file", f"{wanted - listed:,} of {wanted:,} pieces are missing", self.path)
        if self._by_rows:
            if self.bytes_as_stored > self._file.filehandle.size:
                raise damaged(
                    "TIFF file",
                    f"{self._stored.width:,} x {self._stored.height:,} pixels are more than the file holds",
                    self.path,
                )
        elif self._block_bytes > _MOST_BLOCK_BYTES:
            raise BadInputError(
                f"the TIFF is stored in pieces of {self._block.width:,} x {self._block.height:,} pixels, "
                "too large to be read by parts",
                file=self.path,
                hint=_TILES,
            )


@contextlib.contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Whatever goes wrong inside comes out as BadInputError: of broken files the library raises nearly everything."""
    try:
        with np.errstate(all="ignore"):
            yield
    except MemoryError as error:
        raise BadInputError("not enough memory to decode the image", file=path) from error
    except Exception as error:
        if isinstance(error, BadInputError) and error.file:
            raise
        raise damaged("TIFF file", error, path) from error


def opened(path: Path) -> Any:
    """A file inside tifffile, which tells no log of what is wrong with it."""
    import tifffile  # noqa: PLC0415 - takes longer to load than most images to read

    log = logging.getLogger("tifffile")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    with refusing(path):
        return tifffile.TiffFile(path)


def _type_in_words(directory: Any) -> str:
    if directory.sampleformat in (5, 6):
        return f"{directory.bitspersample}-bit complex numbers"
    if isinstance(directory.bitspersample, tuple):
        return "different bits, " + ", ".join(map(str, directory.bitspersample[:8])) + ","
    return f"{directory.bitspersample} bits (sample format {int(directory.sampleformat)})"


def _block(directory: Any) -> Size:
    """What is decoded at once."""
    if directory.is_tiled:
        block = Size(int(directory.tilewidth), int(directory.tilelength))
    else:
        block = Size(int(directory.imagewidth), min(int(directory.rowsperstrip), int(directory.imagelength)))
    if block.width < 1 or block.height < 1:
        raise BadInputError("its pieces have no pixels")
    return block


def _is_by_rows(directory: Any) -> bool:
    """True of strips whose rows lie in the file as they are in memory."""
    return bool(
        not directory.is_tiled
        and directory.compression == _NONE
        and directory.predictor == 1
        and directory.fillorder == 1
        and directory.bitspersample == directory.dtype.itemsize * 8
        and all(directory.dataoffsets)
        and (directory.photometric != _YCBCR or directory.subsampling in (None, (1, 1)))
    )


def _channels(directory: Any) -> tuple[str, ...]:
    """Names of the samples: colours, then transparency, then bands that have no name."""
    number, extra = int(directory.samplesperpixel), tuple(directory.extrasamples or ())
    if number == 1:
        return ("grey",)
    known = _COLOURS.get(int(directory.photometric), ())
    if _is_rgb_of_jpeg(directory):
        known = RGB
    names = list(known[:number])
    if not names and len(extra) == number - 1:
        names = ["grey"]
    for place in range(len(names), number):
        which = place - (number - len(extra))
        is_alpha = 0 <= which < len(extra) and extra[which] in _ALPHA and "alpha" not in names
        names.append("alpha" if is_alpha else f"band {place + 1}")
    if names[0] == "grey" and "alpha" not in names:
        names[0] = "band 1"
    return tuple(names)


def _is_rgb_of_jpeg(directory: Any) -> bool:
    """True where the decoder makes RGB of the luminance and chrominance that a JPEG keeps."""
    return bool(directory.compression == _JPEG and directory.photometric == _YCBCR)


def _palette(directory: Any) -> Raw | None:
    """The colours [n, 3] that the values of a palette image stand for: 8 bits for up to 256 of them, as viewers of
    images show them, else all 16."""
    colours = directory.tags.valueof(_COLOUR_MAP)
    if directory.photometric != _PALETTE or directory.samplesperpixel != 1 or colours is None:
        return None
    table = np.asarray(colours, np.uint16).reshape(3, -1).T
    if directory.bitspersample > 8:
        return np.ascontiguousarray(table)
    wide = table.max(initial=0) > 255  # some programs write 8 bits where 16 belong
    return np.ascontiguousarray(table >> 8 if wide else table).astype(np.uint8)


def _refuse_other_size(data: bytes, compression: int, block: Size) -> None:
    """BadInputError for a piece that says it is larger than the directory's pieces: its decoder would believe it."""
    size = None
    if compression == _JPEG:
        size = _jpeg_size(data)
    elif compression in _JPEG_2000:
        at = data.find(b"\xff\x4f\xff\x51", 0, 4096)
        if at >= 0 and len(data) >= at + 24:
            right, bottom, left, top = struct.unpack_from(">4I", data, at + 8)
            size = Size(right - left, bottom - top)
    elif compression == _LERC and data.startswith(b"Lerc2 ") and len(data) >= 22:
        version = struct.unpack_from("<i", data, 6)[0]
        height, width = struct.unpack_from("<2i", data, 14 if version >= 3 else 10)
        size = Size(width, height)
    else:
        return
    if size is None or size.width > block.width or size.height > block.height:
        raise BadInputError("a piece is no image of the size that the directory says")


def _jpeg_size(data: bytes) -> Size | None:
    """What the header of a JPEG says."""
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">2H", data, at + 5)
            return Size(width, height)
        at += 1 if marker == 0xFF else 2 + struct.unpack_from(">H", data, at + 2)[0]
    return None
