"""Valid files made invalid a little, in the terms of their kind: keys of JSON, chunks of PNG, lines of text."""

from __future__ import annotations

import gzip
import json
import random
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from fuzz.samples import Files

PNG: Final = b"\x89PNG\r\n\x1a\n"
BYTES: Final = (0, 1, 0x7F, 0x80, 0xFE, 0xFF, 0x0A, 0x22, 0x5B, 0x7B)
WHOLE: Final = (0, 1, 2, 3, 255, 256, 65_535, 65_536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
RAW: Final = tuple(
    "1e12 -1e12 1e400 NaN -Infinity 0 -1 1e-300 true null 2147483648 18446744073709551616".split()
)
_NOT_OF_ITS_KIND: Final = (
    ValueError, LookupError, EOFError, OSError, struct.error, zlib.error, RecursionError,
)  # fmt: skip
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


def mutated(files: Files, rng: random.Random) -> tuple[Files, str]:
    """The files with one to three things changed, and which: the path and the kind of each change.

    Files that are to be gone have no entry.
    """
    changed, told = dict(files), []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        names = sorted(changed)
        if not names:
            break
        name = rng.choice(names)
        if rng.random() < 0.04:
            how = rng.choice(("removed", "emptied", "renamed", "swapped"))
            _move(changed, name, how, rng)
        else:
            kinds = _kinds(name, changed[name])
            change = rng.choice(kinds)
            how = change.__name__.strip("_")
            try:
                changed[name] = change(changed[name], rng)
            except _NOT_OF_ITS_KIND:
                changed[name] = _flip(changed[name], rng)  # what was broken before has no keys and no chunks
        told.append(f"{name} {how}")
    return changed, ", ".join(told)


def _move(files: Files, name: str, how: str, rng: random.Random) -> None:
    if how == "removed":
        del files[name]
    elif how == "emptied":
        files[name] = b""
    elif how == "renamed":
        path = PurePosixPath(name)
        stem = rng.choice(("other", "x", "", "CON", "é", "a" * 60))
        files[str(path.with_name(f"{stem}{rng.choice((path.suffix, '.png', '.json', '.txt'))}"))] = files.pop(
            name
        )
    else:
        other = rng.choice(sorted(files))
        files[name], files[other] = files[other], files[name]


def _kinds(name: str, data: bytes) -> list[Callable[[bytes, random.Random], bytes]]:
    """Changes for a file: any file's bytes may flip, and its kind has more."""
    own = _OF_SUFFIX.get(PurePosixPath(name).suffix.lower(), [_lines, _numbers])
    if data.startswith(PNG):
        own = _OF_SUFFIX[".png"]
    return [_flip, _cut, _splice, *own, *own]


# Bytes


def _flip(data: bytes, rng: random.Random) -> bytes:
    found = bytearray(data or b"\0")
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        place = rng.randrange(len(found))
        found[place] = rng.choice(BYTES) if rng.random() < 0.5 else found[place] ^ 1 << rng.randrange(8)
    return bytes(found)


def _cut(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data) + 1)
    return (
        data[:start] if rng.random() < 0.5 else data[:start] + data[start + rng.choice((1, 2, 4, 16, 64)) :]
    )


def _splice(data: bytes, rng: random.Random) -> bytes:
    """A piece of it once more, somewhere."""
    start, to = rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)
    piece = data[start : start + rng.choice((1, 2, 4, 8, 16, 64, 256))]
    return data[:to] + piece * rng.choice((1, 1, 1, 2, 50)) + data[to:]


def _word(data: bytes, rng: random.Random) -> bytes:
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


def _json(data: bytes, rng: random.Random) -> bytes:
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


def _key_twice(data: bytes, rng: random.Random) -> bytes:
    pairs = list(re.finditer(rb'"[^"]{0,40}"\s*:\s*("[^"]{0,200}"|[-\d.]+)', data))
    pair = rng.choice(pairs)
    return data[: pair.end()] + b"," + pair[0] + data[pair.end() :]


def _nested(data: bytes, rng: random.Random) -> bytes:
    depth = rng.choice((50, 1_000, 100_000))
    numbers = list(re.finditer(rb"[-\d.]+", data))
    at = rng.choice(numbers)
    opening, closing = rng.choice(((b"[", b"]"), (b'{"a":', b"}")))
    return data[: at.start()] + opening * depth + b"1" + closing * depth + data[at.end() :]


# XML


def _tag(data: bytes, rng: random.Random) -> bytes:
    """An attribute's value or an element's text replaced."""
    found = list(re.finditer(rb'"[^"<]*"|>[^<>]*<', data))
    at = rng.choice(found)
    word = rng.choice(WORDS).encode("utf-8", "replace")
    return data[: at.start() + 1] + word + data[at.end() - 1 :]


def _element(data: bytes, rng: random.Random) -> bytes:
    """An element removed, doubled, renamed, or an attribute of it removed."""
    how = rng.randrange(4)
    if how == 3:
        at = rng.choice(list(re.finditer(rb'\s[\w:]+="[^"]*"', data)))
        return data[: at.start()] + data[at.end() :]
    at = rng.choice(list(re.finditer(rb"<(\w+)[^<>]*(?:/>|>[^<]*</\1>)", data)))
    if how == 0:
        return data[: at.start()] + data[at.end() :]
    if how == 1:
        return data[: at.end()] + at[0] * rng.choice((1, 1, 30)) + data[at.end() :]
    other = rng.choice(re.findall(rb"<(\w+)", data))
    return data[: at.start()] + at[0].replace(at[1], other) + data[at.end() :]


def _declared(data: bytes, rng: random.Random) -> bytes:
    """Entities, another encoding, or a processing instruction in front."""
    head = rng.choice(
        (
            b'<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;&b;">]>',
            b'<!DOCTYPE a SYSTEM "file:///etc/passwd">',
            b'<?xml version="1.0" encoding="utf-16"?>',
            b'<?xml version="1.0" encoding="utf-7"?>',
            b'<?xml version="1.0" encoding="idna"?>',
            b"<?a b?>",
            b"\xef\xbb\xbf",
        )
    )
    return head + re.sub(rb"^<\?xml[^>]*\?>\s*", b"", data)


# Lines and numbers of texts


def _lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    place = rng.randrange(len(lines))
    how = rng.randrange(5)
    if how == 0:
        del lines[place]
    elif how == 1:
        lines.insert(place, lines[place])
    elif how == 2:
        other = rng.randrange(len(lines))
        lines[place], lines[other] = lines[other], lines[place]
    elif how == 3:
        words = re.split(rb"([ :,;]+)", lines[place])
        words[rng.randrange(len(words))] = rng.choice(WORDS).encode("utf-8", "replace")
        lines[place] = b"".join(words)
    else:
        lines[place] = lines[place] * rng.choice((2, 3, 40))
    return b"\n".join(lines)


def _numbers(data: bytes, rng: random.Random) -> bytes:
    at = rng.choice(list(re.finditer(rb"-?\d+(\.\d+)?", data)))
    return data[: at.start()] + rng.choice(WORDS[1:11]).encode() + data[at.end() :]


# PNG, every checksum right


def chunks_of(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and content of every chunk."""
    found, at = [], len(PNG)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def png_of(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """The file of some chunks."""
    return PNG + b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))
        for kind, content in chunks
    )


def _header(data: bytes, rng: random.Random) -> bytes:
    """Sides, depth, kind, or interlacing."""
    chunks = chunks_of(data)
    width, height, *rest = struct.unpack(">IIBBBBB", chunks[0][1])
    how = rng.randrange(4)
    if how == 0:
        width, height = rng.choice(
            ((height, width), (width, 0), (2**31 - 1, 2**31 - 1), (150_000, 150_000), (width + 1, height))
        )
    elif how == 1:
        rest[0] = rng.choice((1, 2, 4, 8, 16, 0, 3, 255))
    elif how == 2:
        rest[1] = rng.choice((0, 2, 3, 4, 6, 1, 255))
    else:
        rest[rng.randrange(2, 5)] = rng.choice((0, 1, 2, 255))
    return png_of([(b"IHDR", struct.pack(">IIBBBBB", width, height, *rest)), *chunks[1:]])


def _pixels(data: bytes, rng: random.Random) -> bytes:
    """What is deflated in it: other bytes, fewer, more."""
    chunks = chunks_of(data)
    packed = b"".join(content for kind, content in chunks if kind == b"IDAT")
    pixels = rng.choice((_flip, _flip, _cut, _splice))(zlib.decompress(packed), rng)
    if rng.random() < 0.05:
        pixels += bytes(10_000_000)
    others = [each for each in chunks if each[0] != b"IDAT"]
    return png_of([*others[:-1], (b"IDAT", zlib.compress(pixels)), *others[-1:]])


def _chunk(data: bytes, rng: random.Random) -> bytes:
    """A chunk removed, doubled, moved, renamed, cut or changed; or one more."""
    chunks = chunks_of(data)
    place = rng.randrange(len(chunks))
    kind, content = chunks[place]
    how = rng.randrange(7)
    if how == 0:
        del chunks[place]
    elif how == 1:
        chunks.insert(place, chunks[place])
    elif how == 2:
        chunks.insert(rng.randrange(len(chunks)), chunks.pop(place))
    elif how == 3:
        chunks[place] = (
            rng.choice((b"IDAT", b"PLTE", b"tRNS", b"IEND", b"zTXt", b"iCCP", b"acTL", b"fdAT")),
            content,
        )
    elif how == 4:
        chunks[place] = (kind, _cut(content, rng))
    elif how == 5:
        chunks[place] = (kind, _flip(content, rng))
    else:
        more = rng.choice(
            (
                (b"zTXt", b"a\0\0" + zlib.compress(bytes(5_000_000))),
                (b"iCCP", b"a\0\0" + zlib.compress(bytes(5_000_000))),
                (b"tEXt", b'labeltool:object-ids\0{"1": 4294967296, "x": []}'),
                (b"tEXt", b"labeltool:object-ids\0" + b"[" * 10_000),
                (b"acTL", struct.pack(">II", 2**31, 0)),
                (b"eXIf", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"),
                (b"tRNS", b"\0"),
            )
        )
        chunks.insert(place, more)
    return png_of(chunks)


def _unzipped(data: bytes, rng: random.Random) -> bytes:
    """What is zipped in it."""
    return gzip.compress(rng.choice((_flip, _cut, _splice, _word))(gzip.decompress(data), rng), 1, mtime=0)


_OF_SUFFIX: Final[dict[str, list[Callable[[bytes, random.Random], bytes]]]] = {
    ".json": [*[_json] * 8, _key_twice, _nested, _numbers],
    ".geojson": [*[_json] * 8, _key_twice, _nested, _numbers],
    ".xml": [_tag, _tag, _element, _declared, _numbers],
    ".png": [_header, _pixels, _chunk],
    ".txt": [_lines, _numbers],
    ".yaml": [_lines, _numbers],
    ".csv": [_lines, _numbers],
    ".gz": [_unzipped, _unzipped],
    ".nii": [_word],
    ".tif": [_word, _word],
    ".dcm": [_word],
    ".gpkg": [_word],
}
