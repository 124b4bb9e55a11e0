"""The directories of a TIFF, walked with care: neither tifffile nor Pillow minds a circle."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from labeltool.core.errors import BadInputError
from labeltool.imaging.damage import damaged

REDUCED, MASK = 1, 4
"""Bits of NewSubfileType: a smaller version of another page, a mask of transparency."""

MOST_DIRECTORIES = 50_000
_BYTE_COUNTS, _SIDES = (279, 325), (322, 323)
_MOST_SIDE = 8192
_UNSIGNED = {3: 2, 4: 4, 16: 8}
_MOST_TAGS = 4096
_KIND, _OLD_KIND, _WIDTH, _HEIGHT = 254, 255, 256, 257
_TAGS_THAT_MATTER = frozenset({254, 256, 257, 258, 259, 262, 270, 273, 274, 277, 278, 279, 284, 317, 320, 322, 323,
                               324, 325, 330, 338, 339, 347, 42113})  # fmt: skip
_TYPE_BYTES = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


class Directory(NamedTuple):
    """Where a directory of the file lies, and what is known of it at a glance: the bits of NewSubfileType, the size."""

    offset: int
    kind: int
    width: int
    height: int

    @property
    def is_page(self) -> bool:
        """False for a smaller version of another picture, and for a mask."""
        return not self.kind & (REDUCED | MASK)


def directories(path: Path, *, every_tag: bool = False) -> Iterator[Directory]:
    """The directories of a TIFF, one after the other.

    BadInputError when they lead in a circle, out of the file, or are too many, or when the value of a tag that matters
    (with ``every_tag``: of any tag) lies outside: tifffile would go on as if the tag were not there.
    """
    length = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(16).ljust(16, b"\0")
        order = ">" if head[:2] == b"MM" else "<"
        big = head[2:4] in (b"+\0", b"\0+")
        count_form, offset_form = struct.Struct(order + "HQ"[big]), struct.Struct(order + "IQ"[big])
        at = offset_form.unpack_from(head, 8 if big else 4)[0]
        seen: set[int] = set()
        if not at:
            raise damaged("TIFF file", "it has no directory", path)
        while at:
            if at in seen:
                raise damaged("TIFF file", "its directories lead in a circle", path)
            seen.add(at)
            if len(seen) > MOST_DIRECTORIES:
                raise BadInputError(
                    f"the TIFF holds more than {MOST_DIRECTORIES:,} pages",
                    file=path,
                    hint="Split it into smaller files",
                )
            try:
                file.seek(min(at, length))
                count = count_form.unpack(file.read(count_form.size))[0]
                if count > _MOST_TAGS:
                    raise struct.error
                found = _directory(at, file.read(count * (20 if big else 12)), order, big, length, every_tag)
                at = offset_form.unpack(file.read(offset_form.size))[0]
            except struct.error as error:
                raise damaged("TIFF file", "a directory or a tag lies behind its end", path) from error
            yield found


def check_tags(path: Path) -> None:
    """BadInputError where a tag, a strip or a tile claims more bytes than the file has, or a tile sides that none has:
    there are libraries that ask the system for as much, and end the program when they do not get it."""
    length = path.stat().st_size
    found = list(directories(path, every_tag=True))
    with path.open("rb") as file:
        pieces = [_piece(file, each.offset) for each in found]
    if any(most > length or side > _MOST_SIDE for most, side in pieces):
        raise damaged("TIFF file", "a piece of it claims more than it can be", path)


def _piece(file: IO[bytes], offset: int) -> tuple[int, int]:
    """The most bytes that a strip or a tile of a directory claims, and the longer side of its tiles."""
    most: dict[int, int] = {}
    file.seek(0)
    head = file.read(4)
    order, big = (">" if head[:2] == b"MM" else "<"), head[2:4] in (b"+\0", b"\0+")
    form, counter = (order + "HHQQ", order + "Q") if big else (order + "HHII", order + "H")
    file.seek(offset)
    (entries,) = struct.unpack(counter, file.read(struct.calcsize(counter)))
    start = file.tell()
    for place, (code, kind, count, value) in enumerate(
        struct.iter_unpack(form, file.read(entries * struct.calcsize(form)))
    ):
        if code not in (*_BYTE_COUNTS, *_SIDES) or kind not in _UNSIGNED:
            continue
        each = np.dtype(f"{order}u{_UNSIGNED[kind]}")
        inside = count * each.itemsize <= (8 if big else 4)
        file.seek(start + (place + 1) * struct.calcsize(form) - (8 if big else 4) if inside else value)
        counts = np.frombuffer(file.read(count * each.itemsize), each)
        most[code] = int(counts.max(initial=0))
    return max(most.get(code, 0) for code in _BYTE_COUNTS), max(most.get(code, 0) for code in _SIDES)


def check_directories(path: Path) -> None:
    """BadInputError as :func:`directories`."""
    for _ in directories(path):
        pass


def _directory(offset: int, entries: bytes, order: str, big: bool, length: int, every_tag: bool) -> Directory:
    """struct.error when the value of a tag that matters lies behind the end of the file."""
    form, room = (order + "HHQQ", 8) if big else (order + "HHII", 4)
    known = dict.fromkeys((_KIND, _OLD_KIND, _WIDTH, _HEIGHT), 0)
    for code, kind, count, value in struct.iter_unpack(form, entries):
        needed = count * _TYPE_BYTES.get(kind, 1)
        if needed > room and (every_tag or code in _TAGS_THAT_MATTER) and value + needed > length:
            raise struct.error
        if code in known:  # a number stands at the front of its room
            bits = 8 * min(_TYPE_BYTES.get(kind, 1), room)
            known[code] = value >> (8 * room - bits) if order == ">" else value & ((1 << bits) - 1)
    # The old SubfileType calls a smaller version 2.
    reduced = known[_KIND] or (REDUCED if known[_OLD_KIND] == 2 else 0)
    return Directory(offset, reduced, known[_WIDTH], known[_HEIGHT])
