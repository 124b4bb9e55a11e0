"""Changes of any bytes, and of JSON."""

from __future__ import annotations

import json
import random
import re
import struct
from collections.abc import Callable, Iterator
from typing import Any, Final

Change = Callable[[bytes, random.Random], bytes]

BYTES: Final = (0, 1, 0x7F, 0x80, 0xFE, 0xFF, 0x0A, 0x22, 0x5B, 0x7B)
WHOLE: Final = (0, 1, 2, 3, 255, 256, 65_535, 65_536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
RAW: Final = tuple(
    "1e12 -1e12 1e400 NaN -Infinity 0 -1 1e-300 true null 2147483648 18446744073709551616".split()
)
VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 2, 255, 256, 2**31, 2**32, 2**63, 10**40, -(10**40), 0.5, 1e12, -1e12, 1e300, 1e-300,
    "", " ", "x", "x.png", "other.png", "../x.png", "/etc/passwd", "1", "-1", "é", "e\u0301", "\u202eabc", "\0",
    "\ud800", "a" * 5000, "CON", [], {}, [[]], [{}], [1, 2, 3], [[1, 2], [3, 4], [5, 6]],
    {"counts": "04", "size": [1, 1]},
)  # fmt: skip
WORDS: Final = (
    "", "0", "-1", "1", "255", "1e12", "1e400", "nan", "inf", "-inf", "9" * 400, "x", "../x.png", "/etc/passwd", "é",
    "\u202e", "\x00", "#", ":", ",", ";", "[", "{", "!!python/object:os.system", "&a", "*a", "true", "a" * 5000,
)  # fmt: skip

# Bytes


def flip(data: bytes, rng: random.Random) -> bytes:
    found = bytearray(data or b"\0")
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        place = rng.randrange(len(found))
        found[place] = rng.choice(BYTES) if rng.random() < 0.5 else found[place] ^ 1 << rng.randrange(8)
    return bytes(found)


def cut(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data) + 1)
    return (
        data[:start] if rng.random() < 0.5 else data[:start] + data[start + rng.choice((1, 2, 4, 16, 64)) :]
    )


def splice(data: bytes, rng: random.Random) -> bytes:
    """A piece of it once more, somewhere."""
    start, to = rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)
    piece = data[start : start + rng.choice((1, 2, 4, 8, 16, 64, 256))]
    return data[:to] + piece * rng.choice((1, 1, 1, 2, 50)) + data[to:]


def word(data: bytes, rng: random.Random) -> bytes:
    """A number of a binary header, as either end first."""
    form = rng.choice(("<H", ">H", "<I", ">I", "<i", "<f", "<d"))
    size = struct.calcsize(form)
    place = rng.randrange(max(1, min(len(data), 1024) - size))
    value = rng.choice(WHOLE) % (1 << 8 * min(size, 4) - (form == "<i"))
    number: float = (
        rng.choice((0.0, -1.0, 1e30, float("nan"), float("inf"))) if form in ("<f", "<d") else value
    )
    return data[:place] + struct.pack(form, number) + data[place + size :]


# JSON


def parts(value: Any, above: Any = None, key: Any = None) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value: the container and the key."""
    if above is not None:
        yield above, key
    for k, v in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from parts(v, value, k)


def json_(data: bytes, rng: random.Random) -> bytes:
    value = json.loads(data)
    places = (
        list(parts(value))
        if len(data) < 100_000
        else [(value, k) for k in value]
        if isinstance(value, dict)
        else []
    )
    above, key = rng.choice(places)
    how = rng.randrange(8)
    if how == 0:
        del above[key]
    elif how == 1 and isinstance(above, dict):
        above[rng.choice(("id", "name", "x", "", key + "_", "size", "counts", "points"))] = above.pop(key)
    elif how == 2 and isinstance(above, list):
        above.insert(rng.randrange(len(above) + 1), above[key])
    elif how == 3:
        other, where = rng.choice(places)
        above[key], other[where] = other[where], above[key]
    elif how == 4:
        above[key] = [above[key]] if rng.random() < 0.5 else {"a": above[key]}
    elif how == 5:
        above[key] = f"@@{rng.choice(RAW)}@@"
    elif how == 6 and isinstance(above[key], str) and above[key]:
        place = rng.randrange(len(above[key]))
        above[key] = (
            above[key][:place]
            + rng.choice(("\0", "é", "/", "..", "~", "\U0001f600"))
            + above[key][place + 1 :]
        )
    else:
        above[key] = rng.choice(VALUES)
    text = json.dumps(value)
    return re.sub(r'"@@(.*?)@@"', r"\1", text).encode()


def key_twice(data: bytes, rng: random.Random) -> bytes:
    pairs = list(re.finditer(rb'"[^"]{0,40}"\s*:\s*("[^"]{0,200}"|[-\d.]+)', data))
    pair = rng.choice(pairs)
    return data[: pair.end()] + b"," + pair[0] + data[pair.end() :]


def nested(data: bytes, rng: random.Random) -> bytes:
    depth = rng.choice((50, 1_000, 100_000))
    numbers = list(re.finditer(rb"[-\d.]+", data))
    at = rng.choice(numbers)
    opening, closing = rng.choice(((b"[", b"]"), (b'{"a":', b"}")))
    return data[: at.start()] + opening * depth + b"1" + closing * depth + data[at.end() :]
