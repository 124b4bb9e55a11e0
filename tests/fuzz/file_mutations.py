"""Changes in the terms of a kind of file: directories of TIFF, segments of JPEG, headers in front of raw bytes."""

from __future__ import annotations

import json
import random
import re
import struct
from typing import Final

from fuzz.basic import BYTES, RAW, WHOLE, WORDS, cut, flip, json_

_KINDS: Final = (1, 2, 3, 4, 5, 6, 8, 9, 11, 12, 13, 16, 0, 255)


def directory(data: bytes, rng: random.Random) -> bytes:
    """A field of an entry of one of a TIFF's directories: tag, type, count, value."""
    found = bytearray(data)
    order = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(order + "H", data, 2)[0] == 43
    at, entries = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0], []
    for _ in range(8):
        if not 0 < at < len(data) - 8:
            break
        (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, at)
        first, size = at + (8 if big else 2), 20 if big else 12
        entries += [first + n * size for n in range(min(count, 100))]
        (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, first + count * size)
    entry, how = rng.choice(entries), rng.randrange(6)
    long, value = ("Q", entry + 12) if big else ("I", entry + 8)
    most = 2 ** (64 if big else 32)
    if how == 0:
        struct.pack_into(
            order + "H",
            found,
            entry,
            rng.choice((256, 257, 258, 259, 262, 273, 277, 278, 279, 322, 339, 330, 34665, 42113)),
        )
    elif how == 1:
        struct.pack_into(order + "H", found, entry + 2, rng.choice(_KINDS))
    elif how == 2:
        struct.pack_into(order + long, found, entry + 4, rng.choice((0, 1, 2, 3, 1000, *WHOLE)) % most)
    else:
        struct.pack_into(
            order + long,
            found,
            value,
            rng.choice((*range(10), 16, 32, 64, 99, len(data), len(data) - 1, *WHOLE)) % most,
        )
    return bytes(found)


def segment(data: bytes, rng: random.Random) -> bytes:
    """A segment of a JPEG gone, doubled, moved, changed, or of another length."""
    segments, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in (0xDA, 0xD9):
        (length,) = struct.unpack_from(">H", data, at + 2)
        segments.append(data[at : at + 2 + length])
        at += 2 + length
    rest = data[at:]
    place, how = rng.randrange(len(segments)), rng.randrange(6)
    if how == 0:
        del segments[place]
    elif how == 1:
        segments.insert(place, segments[place])
    elif how == 2:
        segments.insert(rng.randrange(len(segments)), segments.pop(place))
    elif how == 3:
        segments[place] = segments[place][:4] + flip(segments[place][4:], rng)
    elif how == 4:
        segments[place] = (
            segments[place][:2] + struct.pack(">H", rng.choice((0, 1, 2, 3, 8, 65535))) + segments[place][4:]
        )
    else:
        rest = flip(rest, rng)
    return data[:2] + b"".join(segments) + rest


def headed(data: bytes, rng: random.Random) -> bytes:
    """The JSON in front of the tensors of a safetensors file."""
    (length,) = struct.unpack_from("<Q", data)
    head = json_(data[8 : 8 + length], rng)
    said = (
        len(head)
        if rng.random() < 0.8
        else rng.choice((0, 1, len(head) - 1, len(head) + 1, len(data), *WHOLE, 2**63))
    )
    return struct.pack("<Q", said) + head + data[8 + length :]


def frames(data: bytes, rng: random.Random) -> bytes:
    """The line of JSON in front of a frame, or whole frames in another order."""
    found, at = [], 0
    while at < len(data):
        end = data.index(b"\n", at) + 1
        body = end + int(json.loads(data[at:end])["bytes"] or 0)
        found.append((data[at:end], data[end:body]))
        at = body
    place, how = rng.randrange(len(found)), rng.randrange(5)
    line, body_ = found[place]
    if how == 0:
        del found[place]
    elif how == 1:
        found.insert(rng.randrange(len(found)), found.pop(place))
    elif how == 2:
        found[place] = (line, rng.choice((flip, cut))(body_, rng))
    else:
        found[place] = (json_(line, rng) + b"\n", body_)
    return b"".join(line + body for line, body in found)


def json_line(data: bytes, rng: random.Random) -> bytes:
    """One line of a journal."""
    lines = data.splitlines(keepends=True)
    place = rng.randrange(len(lines))
    lines[place] = json_(lines[place], rng) + rng.choice((b"\n", b"\n", b"\n", b""))
    return b"".join(lines)


def setting(data: bytes, rng: random.Random) -> bytes:
    """The value of a line of an INI file."""
    found = list(re.finditer(rb"(?m)^([^=\n\[]+)=(.*)$", data))
    at = rng.choice(found)
    words = (
        *WORDS[:-1],
        *RAW,
        "@Invalid()",
        "@ByteArray()",
        "@ByteArray(\\x0\\xff)",
        "@Variant(\\0\\0\\0\\x7f\\0)",
        "@Rect(1 2 3 4)",
        "true",
        "9" * 30,
    )
    value = rng.choice(words).encode("utf-8", "replace") if rng.random() < 0.6 else flip(at[2] or b"x", rng)
    return data[: at.start(2)] + value + data[at.end(2) :]


def literal(data: bytes, rng: random.Random) -> bytes:
    """The header of a numpy file."""
    at = rng.randrange(min(len(data), 128))
    return data[:at] + bytes([rng.choice(BYTES)]) + data[at + 1 :]
