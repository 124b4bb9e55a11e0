"""The stored numbers of a DICOM frame: decoded by the libraries that pydicom knows, colours made RGB.

Which library decodes what is decided here, as not all of them survive a damaged file: GDCM would end the program.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError
from labeltool.imaging.damage import AGAIN, damaged
from labeltool.imaging.quiet import quiet
from labeltool.imaging.readers.dicom_header import DicomHeader, numbers_of
from labeltool.imaging.volumes import LastRead

_BASELINE, _EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
_LOSSLESS = ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")
_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
_JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.20")
_RLE = "1.2.840.10008.1.2.5"
_NO_FRAME = {0xC4, 0xC8, 0xCC}
_HUFFMAN, _SCAN = 0xC4, 0xDA
_FRAMES = {_EXTENDED: {0xC0, 0xC1}, _LOSSLESS[0]: {0xC3}, _LOSSLESS[1]: {0xC3}}
_MOST_RUN = 64
"""What a byte of run-length code can stand for at most."""

_Offsets = tuple[list[int], list[int]] | None
_offsets: LastRead[_Offsets] = LastRead()


def stored_numbers(header: DicomHeader, frame: int) -> NDArray[Any]:
    """A frame as it is stored, [h, w] or [h, w, 3]; colours in RGB. BadInputError when it is damaged or compressed in
    a way that nothing here decodes."""
    try:
        with quiet():
            return _decoded(header, frame)
    except BadInputError:
        raise
    except MemoryError as error:
        raise BadInputError("not enough memory to decode the image", file=header.path) from error
    except Exception as error:  # decoders of broken files raise nearly everything
        raise damaged("DICOM file", error, header.path) from error


def _decoded(header: DicomHeader, frame: int) -> NDArray[Any]:
    from pydicom.pixels.decoders.base import get_decoder  # noqa: PLC0415 - the window is up sooner
    from pydicom.pixels.utils import as_pixel_options  # noqa: PLC0415

    try:
        decoder = get_decoder(header.syntax)
    except NotImplementedError as error:
        raise _not_decoded(header) from error
    options: dict[str, Any] = as_pixel_options(
        header.dataset,
        transfer_syntax_uid=header.syntax,
        pixel_keyword=header.keyword,
        pixel_vr=header.vr,
        number_of_frames=header.frames,
    )
    with header.open() as file:
        if header.bits == 1 and not header.syntax.is_encapsulated:
            return _bits(file, header, frame)
        if header.syntax.is_encapsulated:
            offsets = _offsets.get(header.path, lambda: _offsets_of(header, file))
            if offsets is not None:
                options["extended_offsets"] = offsets
            code = _code_of(file, header, frame, options.get("extended_offsets"))
            if _is_for_libjpeg(header):
                return _by_libjpeg(code, header)
            options["decoding_plugin"] = _library(header)
        return np.asarray(decoder.as_array(file, index=frame, **options)[0])


def _bits(file: BinaryIO, header: DicomHeader, frame: int) -> NDArray[np.uint8]:
    """A frame of single bits. pydicom 3.0 drops the last bits of frames that begin within a byte."""
    if header.samples != 1:
        raise damaged("DICOM file", "it has colours of one bit", header.path)
    count = header.size.pixels
    first, before = divmod(frame * count, 8)
    file.seek(first, io.SEEK_CUR)
    packed = np.frombuffer(file.read(-(-(before + count) // 8)), np.uint8)
    if header.vr == "OW" and not header.syntax.is_little_endian:
        raise BadInputError(
            "DICOM files of one bit a pixel in big-endian words are not read",
            file=header.path,
            hint="Export them little-endian",
        )
    numbers = np.unpackbits(packed, bitorder="little")[before : before + count]
    return numbers.reshape(header.size.height, header.size.width)


def _is_for_libjpeg(header: DicomHeader) -> bool:
    return header.syntax in _LOSSLESS or (header.syntax == _EXTENDED and header.bits > 8)


def _library(header: DicomHeader) -> str:
    """What pydicom calls the library that decodes a file."""
    if header.syntax == _RLE:
        return "pydicom"
    if header.syntax in (_BASELINE, _EXTENDED):
        return "pillow"
    return "pyjpegls" if header.syntax in _JPEG_LS else "pylibjpeg"


def _not_decoded(header: DicomHeader) -> BadInputError:
    return BadInputError(
        f"DICOM files compressed as {header.syntax.name} are not read",
        file=header.path,
        hint="Export them uncompressed, as RLE, JPEG, JPEG-LS or JPEG 2000",
    )


def _offsets_of(header: DicomHeader, file: BinaryIO) -> tuple[_Offsets, int]:
    """Where each frame begins and how long it is, where the file holds one piece a frame: without a table of its own
    each frame would be looked for from the first on."""
    from pydicom.encaps import parse_basic_offsets, parse_fragments  # noqa: PLC0415

    start = file.tell()
    try:
        if header.frames == 1 or "ExtendedOffsetTable" in header.dataset or parse_basic_offsets(file):
            return None, 0
        first = file.tell()
        count, places = parse_fragments(file)
        if count != header.frames:
            return None, 0
        lengths = []
        for place in places:
            file.seek(place + 4)
            lengths.append(int.from_bytes(file.read(4), "little"))
        return ([place - first for place in places], lengths), 64 * count
    finally:
        file.seek(start)


def _code_of(file: BinaryIO, header: DicomHeader, frame: int, offsets: Any) -> bytes:
    """The compressed bytes of a frame; BadInputError where they hold an image of another size, for which a decoder
    would make room first."""
    from pydicom.encaps import get_frame  # noqa: PLC0415

    start = file.tell()
    code = bytes(get_frame(file, frame, number_of_frames=header.frames, extended_offsets=offsets))
    file.seek(start)
    if not code:
        raise BadInputError(f"frame {frame + 1} of the DICOM file is empty", file=header.path, hint=AGAIN)
    if header.syntax == _RLE:
        least = header.size.pixels * header.samples * header.bits // 8
        if len(code) * _MOST_RUN < least:
            raise BadInputError(
                f"frame {frame + 1} of the DICOM file is cut off", file=header.path, hint=AGAIN
            )
        return code
    is_2000 = header.syntax.startswith(_JPEG_2000)
    found = _size_in_jpeg_2000(code) if is_2000 else _size_in_jpeg(code)
    if found is not None and found != (header.size.width, header.size.height):
        raise BadInputError(
            f"the DICOM header says {header.size.width} x {header.size.height} pixels, the compressed image "
            f"{found[0]} x {found[1]}",
            file=header.path,
            hint=AGAIN,
        )
    return code


def _segments(code: bytes) -> Iterator[tuple[int, int]]:
    """Marker and place of each segment of a JPEG or JPEG-LS, up to the first scan."""
    place = 2
    while 0 < place < len(code) - 9:
        marker = code[place + 1]
        if code[place] != 0xFF:
            place = code.find(b"\xff", place)
        elif marker in {0, 0xFF} or 0xD0 <= marker <= 0xD9:
            place += 1 if marker == 0xFF else 2
        else:
            yield marker, place
            if marker == _SCAN:
                return
            place += 2 + int.from_bytes(code[place + 2 : place + 4], "big")


def _is_frame(marker: int) -> bool:
    return marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in _NO_FRAME)


def _size_in_jpeg(code: bytes) -> tuple[int, int] | None:
    """Width and height in the frame header of a JPEG or JPEG-LS; None where there is none."""
    for marker, place in _segments(code):
        if _is_frame(marker):
            height, width = (int.from_bytes(code[at : at + 2], "big") for at in (place + 5, place + 7))
            return width, height
    return None


def _size_in_jpeg_2000(code: bytes) -> tuple[int, int] | None:
    """Width and height in the header of a JPEG 2000 code stream, bare or in its file format."""
    place = code.find(b"\xff\x4f\xff\x51", 0, 1 << 16)
    if place < 0:
        return None
    right, bottom, left, top = (
        int.from_bytes(code[at : at + 4], "big") for at in range(place + 8, place + 24, 4)
    )
    return right - left, bottom - top


def _by_libjpeg(code: bytes, header: DicomHeader) -> NDArray[Any]:
    """Lossless JPEG, and such of more than 8 bits. Numbers below zero are in it as if they were none."""
    import imagecodecs  # noqa: PLC0415

    if header.samples == 3 and header.photometric != "RGB":
        raise _not_decoded(header)
    markers = [marker for marker, _ in _segments(code)]
    frames = [marker for marker in markers if _is_frame(marker)]
    if len(frames) != 1 or frames[0] not in _FRAMES[header.syntax] or markers.count(_SCAN) != 1:
        raise damaged("DICOM file", "its JPEG is not of the kind that the header says", header.path)
    if _HUFFMAN not in markers:  # the decoder would not ask
        raise damaged("DICOM file", "its JPEG lacks a table", header.path)
    decode = imagecodecs.jpeg_decode if header.syntax == _EXTENDED else imagecodecs.jpegsof3_decode
    found = np.asarray(decode(code)).astype(f"u{header.bits // 8}")
    if not header.is_signed:
        return found
    spare = header.bits - header.bits_used
    return np.asarray((found.view(f"i{header.bits // 8}") << spare) >> spare)


def palette_of(header: DicomHeader) -> tuple[int, NDArray[np.uint8]]:
    """The stored number that the first entry is for, and the entries, uint8 [n, 3]: of 16-bit tables the upper eight
    bits, as nothing shows more. BadInputError for tables that are broken or cut into segments."""
    if "SegmentedRedPaletteColorLookupTableData" in header.dataset:
        raise BadInputError(
            "the DICOM file has a palette in segments, which is not read",
            file=header.path,
            hint="Export it as RGB",
        )
    tables = [_entries(header, f"{colour}PaletteColorLookupTable") for colour in ("Red", "Green", "Blue")]
    if len({len(entries) for _, entries in tables}) != 1:
        raise BadInputError("the palette of the DICOM file is broken", file=header.path, hint=AGAIN)
    table = np.stack([entries for _, entries in tables], axis=-1)
    if table.dtype.itemsize == 2 and table.max() > 255:  # some write 8-bit colours into 16-bit tables
        table = table >> 8
    return tables[0][0], table.astype(np.uint8)


def _entries(header: DicomHeader, name: str) -> tuple[int, NDArray[Any]]:
    """The stored number that the first entry of a colour is for, and its entries."""
    described = numbers_of(header.dataset, f"{name}Descriptor")
    data = header.dataset.get(f"{name}Data")
    if len(described) != 3 or not isinstance(data, bytes):
        raise BadInputError("the DICOM file has no whole palette", file=header.path, hint=AGAIN)
    count = int(described[0]) % 65536 or 65536
    words = np.frombuffer(data[: len(data) // 2 * 2], "<u2" if header.syntax.is_little_endian else ">u2")
    entries = words if len(words) >= count else words.astype("<u2").view(np.uint8)
    if len(entries) < count:
        raise BadInputError("the palette of the DICOM file is cut off", file=header.path, hint=AGAIN)
    return _as_stored(int(described[1]), header), entries[:count]


def coloured(stored: NDArray[Any], palette: tuple[int, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Stored numbers [h, w] through a palette: uint8 [h, w, 3]."""
    first, table = palette
    return np.asarray(table[np.clip(stored.astype(np.int64) - first, 0, len(table) - 1)])


def _as_stored(number: int, header: DicomHeader) -> int:
    """A number of the header that stands for a stored one: some write signed ones as if they were not."""
    bits = 16 if header.bits <= 16 else header.bits
    if header.is_signed and number >= 1 << (bits - 1):
        return number - (1 << bits)
    if not header.is_signed and number < 0:
        return number + (1 << bits)
    return number


def padding_of(header: DicomHeader) -> int | None:
    """The stored number that fills what lies outside the image; None where the header names none, or one that cannot
    be stored."""
    found = numbers_of(header.dataset, "PixelPaddingValue")
    if len(found) != 1 or header.keyword != "PixelData":
        return None
    number = _as_stored(int(found[0]), header)
    low, high = stored_range(header)
    return number if low <= number <= high else None


def stored_range(header: DicomHeader) -> tuple[int, int]:
    """The least and the largest number that the bits can hold."""
    if header.is_signed:
        return -(1 << (header.bits_used - 1)), (1 << (header.bits_used - 1)) - 1
    return 0, (1 << header.bits_used) - 1
