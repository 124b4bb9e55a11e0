"""Valid files made invalid a little, in the terms of their kind: keys of JSON, chunks of PNG, lines of text."""

from __future__ import annotations

import gzip
import random
import re
import struct
import zlib
from pathlib import PurePosixPath
from typing import Final

from fuzz.basic import (
    WORDS,
    Change,
    cut,
    flip,
    json_,
    key_twice,
    nested,
    splice,
    word,
)
from fuzz.file_mutations import directory, frames, headed, json_line, literal, segment, setting
from fuzz.samples import Files
from fuzz.sqlite_mutations import cells, pages, schema

PNG: Final = b"\x89PNG\r\n\x1a\n"
_NOT_OF_ITS_KIND: Final = (
    ValueError, LookupError, EOFError, OverflowError, OSError, struct.error, zlib.error, RecursionError,
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
                changed[name] = flip(changed[name], rng)  # what was broken before has no keys and no chunks
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
        called = f"{stem}{rng.choice((path.suffix, '.png', '.json', '.txt'))}" or path.name
        files[str(path.with_name(called))] = files.pop(name)
    else:
        other = rng.choice(sorted(files))
        files[name], files[other] = files[other], files[name]


def _kinds(name: str, data: bytes) -> list[Change]:
    """Changes for a file: any file's bytes may flip, and its kind has more."""
    own = _OF_SUFFIX.get(PurePosixPath(name).suffix.lower(), [_lines, _numbers])
    if data.startswith(PNG):
        own = _OF_SUFFIX[".png"]
    return [flip, cut, splice, *own, *own]


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
    pixels = rng.choice((flip, flip, cut, splice))(zlib.decompress(packed), rng)
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
        chunks[place] = (kind, cut(content, rng))
    elif how == 5:
        chunks[place] = (kind, flip(content, rng))
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
    return gzip.compress(rng.choice((flip, cut, splice, word))(gzip.decompress(data), rng), 1, mtime=0)


_OF_SUFFIX: Final[dict[str, list[Change]]] = {
    ".json": [*[json_] * 8, key_twice, nested, _numbers],
    ".geojson": [*[json_] * 8, key_twice, nested, _numbers],
    ".xml": [_tag, _tag, _element, _declared, _numbers],
    ".png": [_header, _pixels, _chunk],
    ".txt": [_lines, _numbers],
    ".yaml": [_lines, _numbers],
    ".csv": [_lines, _numbers],
    ".gz": [_unzipped, _unzipped],
    ".nii": [word],
    ".tif": [directory, directory, word],
    ".dcm": [word],
    ".gpkg": [word],
    ".svs": [directory, directory, word],
    ".jpg": [segment, segment, word],
    ".bmp": [word],
    ".webp": [word],
    ".gif": [word],
    ".db": [*[cells] * 6, *[pages] * 3, schema],
    ".ltm": [*[cells] * 6, *[pages] * 3, schema],
    ".jsonl": [*[json_line] * 4, _lines, _numbers],
    ".ini": [setting, setting, _lines],
    ".safetensors": [headed, headed, word],
    ".windows": [frames, frames, word],
    ".npy": [literal, word],
    ".tiles": [word],
    ".pth": [word],
    ".pt": [word],
}
