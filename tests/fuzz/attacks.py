"""What hostile, broken or merely strange annotation looks like, for every importer that has a place for it."""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from fuzz.basic import VALUES, parts
from fuzz.beside import with_others
from fuzz.mutations import chunks_of, png_of
from fuzz.samples import BUILDERS, INSIDE, SIZE, Raw, Sample, png, sample
from numpy.typing import NDArray

FACTS: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "paths": {
        "../../secret.png": {"picture": "../../secret.png"},
        "..\\..\\secret.png": {"picture": "..\\..\\secret.png"},
        "a/../../x.png": {"picture": "a/../../x.png"},
        "/etc/passwd": {"picture": "/etc/passwd"},
        "\\\\host\\share\\x.png (UNC)": {"picture": "\\\\host\\share\\x.png"},
        "C:x.png (relative to a drive)": {"picture": "C:x.png"},
        "file:///x.png": {"picture": "file:///x.png"},
        "no name": {"picture": ""},
        "a name that is a number": {"picture": 7},
        "a name of 5,000 characters": {"picture": "n" * 5000},
        "CON": {"picture": "CON"},
        "a line break and an escape": {"picture": "x\n\x1b[31m.png"},
        "half a character (surrogate)": {"picture": "x\ud800.png"},
        "an image nobody has": {"picture": "nobody.png"},
    },
    "coordinates": {
        "1e12": {"points": ((1e12, 2), (8, 2), (8, 5))},
        "1e400": {"points": ((Raw("1e400"), 2), (8, 2), (8, 5))},
        "10**400": {"points": ((10**400, 2), (8, 2), (8, 5))},
        "-1e12": {"points": ((-1e12, 2), (8, 2), (8, 5))},
        "NaN": {"points": ((Raw("NaN"), 2), (8, 2), (8, 5))},
        "Infinity": {"points": ((Raw("Infinity"), 2), (8, 2), (8, 5))},
        "crosses itself": {"points": ((2, 2), (9, 7), (9, 2), (2, 7))},
        "no points": {"points": ()},
        "two points": {"points": ((2, 2), (9, 7))},
        "half a point": {"points": ((2, 2), (9, 7), (3,), (2, 7))},
        "texts": {"points": (("2", "2"), ("9", "x"), (None, True))},
        "outside the image": {"points": ((200, 200), (300, 200), (300, 300))},
        "without area": {"points": ((2, 2), (9, 2), (4, 2))},
        "110,000 points": {"points": ((2, 2), (9, 2), (9, 7), (2, 7)) * 27_500},
    },
    "run lengths": {
        "too long in sum": {"counts": [10, 500, 3]},
        "too short in sum": {"counts": [10, 5]},
        "negative": {"counts": [10, -5, 103]},
        "no numbers": {"counts": ["a", None]},
        "fractions": {"counts": [10.5, 97.5]},
        "10**400": {"counts": [10**400, 1]},
        "characters of no RLE": {"counts": "~~é\x7f"},
        "ends in the middle": {"counts": "oooo"},
        "a huge number": {"counts": "oooooooooooooooo0"},
        "empty": {"counts": ""},
        "of another size": {"counts": "\\3`0", "width": 4, "height": 4},
        "of an image of 10**9 sides": {"counts": "0", "width": 10**9, "height": 10**9},
        "a million runs": {"counts": [0, 1] * 500_000},
    },
    "sizes": {
        "another size": {"width": 13},
        "negative": {"width": -12},
        "10**400": {"width": 10**400},
        "a text": {"width": "wide"},
        "true": {"width": True},
        "1e400": {"height": Raw("1e400")},
    },
    "numbers and ids": {
        "a text": {"number": "one"},
        "a number as text": {"number": "1"},
        "true": {"number": True},
        "null": {"number": None},
        "negative": {"number": -1},
        "10**400": {"number": 10**400},
        "1e400": {"number": Raw("1e400")},
        "a fraction": {"number": 1.5},
        "zero": {"number": 0},
        "2**32": {"number": 2**32},
    },
    "names of classes": {
        "5,000 characters": {"class_name": "n" * 5000},
        "CON": {"class_name": "CON"},
        "../x": {"class_name": "../x"},
        "emoji": {"class_name": "🧫🔬"},
        "right to left": {"class_name": "\u202enucleus\u202c"},
        "Hebrew": {"class_name": "גרעין"},
        "NFD of a name that exists as NFC": {"class_name": "cafe\u0301"},
        "trailing dot and blank": {"class_name": "nucleus. "},
        "control characters": {"class_name": "nu\x00cl\x1b[31meus"},
        "a line break": {"class_name": "nucleus\nwall"},
        "half a character (surrogate)": {"class_name": "nu\ud800"},
        "empty": {"class_name": ""},
        "unknown": {"class_name": "galaxy"},
        "a number": {"class_name": 7},
        "null": {"class_name": None},
    },
}
"""What may stand in a file, by what it is about."""

OUTSIDE: Final = "outside"
SECRET: Final = "secret.png"
"""Where whoever plays an attack puts what nobody may read."""

BOMB_BYTES: Final = 512 << 20


@dataclass(frozen=True)
class Attack:
    """``write`` puts it into a folder and says what is to be imported; ``options`` are those of the importer."""

    group: str
    called: str
    write: Callable[[Path], Path]
    options: dict[str, Any]


def attacks(name: str, plain: Sample) -> Iterator[Attack]:
    """Everything that the importer has a place for; ``plain`` is what is well, with others beside it."""
    for group, entries in FACTS.items():
        for called, facts in entries.items():
            if name in BUILDERS and set(facts) <= plain.places:
                yield Attack(group, called, _in_set(with_others(name, sample(name, **facts))), plain.options)
    if "picture" in plain.places:
        called = "the whole path of a picture that is there"
        yield Attack("paths", called, partial(_of_a_picture_outside, name), plain.options)
    for path in sample(name).files if name in BUILDERS else plain.files:
        kind = Path(path).suffix.lower()
        for called, data in _contents(kind, plain.files[path]):
            yield Attack(f"{kind} files", called, _in_set(_with(plain, path, data)), plain.options)
        for called, put in _OTHERS.items() if path != plain.src else ():  # a link that is given is meant
            yield Attack(f"{kind} files", called, _replaced(plain, path, put), plain.options)
    if name in BUILDERS and "png" in plain.places:
        for called, data in _pictures(_png_of(plain)).items():
            yield Attack("masks", called, _in_set(with_others(name, sample(name, png=data))), plain.options)
    yield Attack("folders", "an empty folder", _in_set(Sample({"readme.md": b""})), plain.options)
    yield Attack(
        "folders", "a file of another kind", _in_set(Sample({"x.pdf": b"%PDF"}, "x.pdf")), plain.options
    )
    yield Attack("folders", "a loop of links", _looped(plain), plain.options)


def _in_set(what: Sample) -> Callable[[Path], Path]:
    return lambda root: what.write(root / "set")


def _of_a_picture_outside(name: str, root: Path) -> Path:
    return _in_set(with_others(name, sample(name, picture=str(root / OUTSIDE / SECRET))))(root)


def _with(plain: Sample, path: str, data: bytes) -> Sample:
    return Sample({**plain.files, path: data}, plain.src, plain.places, plain.options)


# A file's content replaced by something else


def _contents(kind: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    yield "0 bytes", b""
    yield "the first half", data[: len(data) // 2]
    yield "zeros", bytes(1000)
    if kind == ".png" or kind not in (".json", ".xml", ".yaml", ".txt", ".csv", ".geojson"):
        yield "a text of this name", b"not a picture\n"
        return
    yield "a blank", b" "
    yield "UTF-16", data.decode("utf-8").encode("utf-16")
    yield "a byte order mark", b"\xef\xbb\xbf" + data
    yield "no UTF-8", b"\xff\xfe\xfa" + data
    yield "NUL characters", data.replace(b"1", b"\0")
    yield from _of_json(data) if kind in (".json", ".geojson") else _of_xml(data) if kind == ".xml" else ()
    if kind == ".yaml":
        yield "aliases (billion laughs)", _LAUGHING_YAML
        yield "a Python object", b"names: !!python/object/apply:os.system ['touch hacked']\n"
        yield "nested 10,000 deep", b"names: " + b"[" * 10_000


def _of_json(data: bytes) -> Iterator[tuple[str, bytes]]:
    yield "nested 100,000 deep", b'{"images": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    yield "objects 100,000 deep", b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield "null", b"null"
    yield "[]", b"[]"
    yield "{}", b"{}"
    yield "a number", b"1"
    yield "NaN for a number", data.replace(b": 1,", b": NaN,", 1).replace(b": 12", b": NaN", 1)
    yield "a key twice", data.replace(b"{", b'{"info": 1, "info": 2, ', 1)
    yield "two documents", data + data
    yield (
        "a number of 5,000 digits",
        data.replace(b": 1", b": 1" + b"0" * 5000, 1).replace(b": 12", b": 12" + b"0" * 5000, 1),
    )
    yield "everything listed twice", _doubled(data)
    yield "no class has a name", _without(data, ("name", "readable", "category", "label"))


def _doubled(data: bytes) -> bytes:
    value = json.loads(data)
    for above, key in list(parts(value)):
        if isinstance(above[key], list) and above[key] and isinstance(above[key][0], dict):
            above[key] = above[key] * 2
    return json.dumps(value).encode()


def _without(data: bytes, names: tuple[str, ...]) -> bytes:
    value = json.loads(data)
    for above, key in list(parts(value)):
        if isinstance(above, dict) and key in names:
            above.pop(key, None)
    return json.dumps(value).encode()


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))
_LAUGHING_YAML = b"a0: &a0 [x, x]\n" + b"".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n".encode() for n in range(1, 10)
)


def _of_xml(data: bytes) -> Iterator[tuple[str, bytes]]:
    text = data.decode().partition("?>")[2] or data.decode()
    root = text.lstrip().partition(">")[0].lstrip("<").split()[0]
    yield "billion laughs", f"<!DOCTYPE {root} [{_LAUGHS}]><{root}>&l9;</{root}>".encode()
    yield (
        "an external entity",
        f'<!DOCTYPE {root} [<!ENTITY x SYSTEM "file:///etc/passwd">]><{root}>&x;</{root}>'.encode(),
    )
    yield "a DTD elsewhere", f'<!DOCTYPE {root} SYSTEM "http://example.org/x.dtd">{text}'.encode()
    yield (
        "nested 100,000 deep",
        f"<{root}>".encode() + b"<a>" * 100_000 + b"</a>" * 100_000 + f"</{root}>".encode(),
    )
    yield "another encoding than stated", f'<?xml version="1.0" encoding="utf-16"?>{text}'.encode()
    yield "an encoding nobody has", f'<?xml version="1.0" encoding="klingon"?>{text}'.encode()
    yield "another root", b"<html><body/></html>"
    yield "everything twice", text.replace(f"</{root}>", "").encode() + text.split(">", 1)[1].encode()


# A file replaced by something that is none


def _directory(path: Path, outside: Path) -> None:
    path.mkdir()


def _pipe(path: Path, outside: Path) -> None:
    os.mkfifo(path)


def _link_out(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


def _dangling(path: Path, outside: Path) -> None:
    path.symlink_to(outside.with_name("gone"))


def _endless(path: Path, outside: Path) -> None:
    path.symlink_to("/dev/zero")


_OTHERS: Final = {
    "a folder of this name": _directory,
    "a pipe of this name": _pipe,
    "a link out of the folder": _link_out,
    "a link to nothing": _dangling,
    "a link to /dev/zero": _endless,
}


def _replaced(plain: Sample, path: str, put: Callable[[Path, Path], None]) -> Callable[[Path], Path]:
    def write(root: Path) -> Path:
        src = plain.write(root / "set")
        outside = root / OUTSIDE / Path(path).name
        outside.parent.mkdir(exist_ok=True)
        (root / "set" / path).rename(outside)
        put(root / "set" / path, outside)
        return src

    return write


def _looped(plain: Sample) -> Callable[[Path], Path]:
    def write(root: Path) -> Path:
        src = plain.write(root / "set")
        (root / "set" / "again").symlink_to(root / "set")
        return src

    return write


# Pictures


def _png_of(plain: Sample) -> bytes:
    return next(data for name, data in sorted(plain.files.items()) if name.endswith(".png"))


def _pictures(good: bytes) -> dict[str, bytes]:
    """Masks that are none, made from a good one."""
    head, *others = chunks_of(good)
    side = struct.pack(">II", 150_000, 150_000)
    wide, grey = np.zeros((SIZE.height, SIZE.width + 1), np.uint8), INSIDE.astype(np.uint8)
    noise = np.random.default_rng(1).integers(0, 256, (*INSIDE.shape, 4), np.uint8)
    palette = [each for each in others if each[0] == b"PLTE"]
    return {
        "0 bytes": b"",
        "another size": png(wide),
        "22.5 Gpx in 1 MB": png_of(
            [(b"IHDR", side + head[1][8:]), *palette, (b"IDAT", _zeros()), (b"IEND", b"")]
        ),
        "512 MB of pixels behind a small header": png_of(
            [head, *palette, (b"IDAT", _zeros()), (b"IEND", b"")]
        ),
        "a value without a class": png(grey * 200),
        "16 bits": png(grey.astype(np.uint16) * 60_000),
        "RGB noise": png(noise[..., :3].copy()),
        "RGBA noise": png(noise),
        "a checksum is wrong": good[:-20] + bytes([good[-20] ^ 1]) + good[-19:],
        "cut off": good[: len(good) * 2 // 3],
        "a palette of one colour": png(grey, [0, 0, 0]).replace(b"PLTE", b"PLTE")
        and png_of([(k, c[:3] if k == b"PLTE" else c) for k, c in chunks_of(png(grey, [0, 0, 0, 1, 2, 3]))]),
        "a JPEG of this name": b"\xff\xd8\xff\xe0" + bytes(100),
    }


def _short_palette(values: NDArray[np.uint8]) -> bytes:
    return png_of(
        [(kind, data[:3] if kind == b"PLTE" else data) for kind, data in chunks_of(png(values, [0, 0, 0]))]
    )


@cache
def _zeros() -> bytes:
    """What inflates to :data:`BOMB_BYTES` of zeros."""
    deflate, block = zlib.compressobj(9), bytes(1 << 20)
    return b"".join([*(deflate.compress(block) for _ in range(BOMB_BYTES >> 20)), deflate.flush()])


def wrong_types(name: str) -> Iterator[tuple[str, Callable[[Path], Path]]]:
    """Every place of every JSON file of the sample, with a value of every other type in it, and without it."""
    plain = sample(name)
    for path, data in plain.files.items():
        if not path.endswith(".json"):
            continue
        for number in range(len(list(parts(json.loads(data))))):
            for put in (*VALUES, _GONE):
                value = json.loads(data)
                above, key = list(parts(value))[number]
                if put is _GONE:
                    del above[key]
                else:
                    above[key] = put
                yield (
                    f"{path}, place {number}: {str(put)[:30]!a}",
                    _in_set(_with(plain, path, json.dumps(value).encode())),
                )


_GONE: Final = object()
