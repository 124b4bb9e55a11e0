"""Whether the pixels of a JPEG are all there. libjpeg fills what it misses with grey and merely warns, which Pillow
does not hear: a file that was cut off and ends as a whole one does would come in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.imaging.damage import damaged
from labeltool.imaging.vips import decode_jpeg

_SCAN, _END = 0xDA, 0xD9
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_TABLES = {0xC4, 0xCC, 0xDB, 0xDD}
"""Huffman and arithmetic codes, quantisation, restart interval. Of FF C0 to FF CF the others begin frames."""

_BEHIND_CODES = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""A marker that ends the codes of a scan; among them stand FF 00 and restart markers."""

_MOST_TABLES = 1 << 20
_FEW_PIXELS = 1_000_000
_BLOCK = 1 << 20
_MOST_PADDING = 1 << 16
_ASKED_AHEAD = 64
"""Bytes that a decoder may have left when it is done: less than two pieces of 16 and what the padding of bits takes."""


def refuse_damaged_pixels(path: Path, size: Size) -> None:
    """BadInputError when libjpeg warns of a JPEG's pixels: they end too soon, or a part of them is no code; or when it
    has them all long before the codes end. What it says of anything before them (a wrong header, stray bytes) does no
    harm, and nor do bytes behind the end.

    Bits that changed so that they are as many valid codes again cannot be told from a picture.
    """
    try:
        with path.open("rb") as file:
            head = _all_that_decodes(file)
            start = file.tell()
            end = _end_of_codes(file) if head else start
    except OSError as error:
        raise BadInputError(f"the file cannot be read: {error.strerror}", file=path) from error
    if not head:
        return  # nothing that can be decoded: whoever tries says why
    shrink = 8 if size.pixels > _FEW_PIXELS else 1
    found = decode_jpeg(path, head, start, end, shrink)
    if found.warning.lower().startswith(("corrupt jpeg data", "premature end")):
        words = found.warning.removeprefix("Corrupt JPEG data: ")
        where = f" behind about {found.share * 100:.0f} % of its rows" if found.share else ""
        raise damaged("JPEG file", words + where, path)
    if not found.warning and end - found.asked > _ASKED_AHEAD:
        raise damaged("JPEG file", f"{end - found.asked:,} bytes of its pixels belong to none", path)


def _all_that_decodes(file: IO[bytes]) -> bytes:
    """The start of a JPEG with its frame and tables alone, up to where the file stands then: at its first scan. Empty
    where there is none."""
    kept = bytearray(file.read(2))
    while len(kept) < _MOST_TABLES:
        marker = _next_marker(file)
        if marker == _SCAN:
            file.seek(-2, 1)
            return bytes(kept)
        if marker is None or marker == _END:
            return b""
        if marker in _WITHOUT_LENGTH:
            continue
        length = file.read(2)
        behind = max(0, int.from_bytes(length, "big") - 2)
        if marker in _TABLES or 0xC0 <= marker <= 0xCF:
            kept += bytes((0xFF, marker)) + length + file.read(behind)
        else:
            file.seek(behind, 1)
    return b""


def _next_marker(file: IO[bytes]) -> int | None:
    """The code of the next marker, stray bytes before it left out; None at the end of the file."""
    last = b""
    while byte := file.read(1):
        if last == b"\xff" and byte not in (b"\xff", b"\0"):
            return byte[0]
        last = byte
    return None


def _end_of_codes(file: IO[bytes]) -> int:
    """Where the codes of the scan at which the file stands end: before the next marker, or the end of the file, and
    what pads them."""
    header = file.read(4)
    file.seek(max(0, int.from_bytes(header[2:], "big") - 2), 1)
    first = end = file.tell()
    last = b""
    while block := file.read(_BLOCK):
        found = _BEHIND_CODES.search(last + block)
        end += found.start() - len(last) if found else len(block)
        if found:
            break
        last = block[-1:]
    file.seek(max(first, end - _MOST_PADDING))
    tail = file.read(end - file.tell())
    return end - len(tail) + len(tail.rstrip(b"\0\xff"))
