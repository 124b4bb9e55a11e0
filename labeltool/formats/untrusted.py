"""Reading what strangers wrote: limits on size and depth, and no way out of the folder that was given."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import xml.etree.ElementTree as Xml
from collections import Counter
from pathlib import Path
from typing import Any

import defusedxml
import defusedxml.ElementTree

from labeltool.core.errors import BadInputError
from labeltool.core.memory import physical_memory
from labeltool.core.project import Skipped
from labeltool.formats import json_places
from labeltool.formats.values import StrangeValuesError

MAX_JSON_BYTES = 1 << 30
MAX_TEXT_BYTES = 1 << 24
MAX_FILES = 1_000_000
_CONTAINER_BYTES, _VALUE_BYTES = 64, 40
"""What a list or an object, and a value in one, take at most where there are many."""
DECLARED = "the XML declares a document type or entities, which no annotation needs, and is refused"
_NO_FILE = "this is {} and not a file"
_LONGEST_NAME = 255
"""Bytes of one part of a path; no file system in use takes more."""
_WHOLE = re.compile(r"\s*([0-9]{1,10})(?:\.0*)?\s*")


def refused_name(name: object) -> str:
    """Why a file name found inside a file is not followed, or nothing when it stays below its folder."""
    if not isinstance(name, str) or not name.strip():
        return "the entry has no file name"
    parts = re.split(r"[/\\]", name)
    if not name.isprintable():
        return "the file name holds control characters"
    if len(name) > 4096 or max(len(part.encode()) for part in parts) > _LONGEST_NAME:
        return "the file name is longer than any file system takes"
    if parts[0] == "" or re.match(r"[A-Za-z]:", name):
        return f"the file name {name!r} is absolute; names must stay inside the folder"
    if ".." in parts:
        return f"the file name {name!r} leads out of the folder"
    return ""


def address_told(name: object) -> tuple[str, ...]:
    """The notice that a file calls its picture by an address, where it does: the name in it counts, nothing is fetched
    or opened."""
    found = re.match(r"[A-Za-z][A-Za-z0-9+.-]+://[^/]*", name) if isinstance(name, str) else None
    if found is None:
        return ()
    return (
        f"the picture is named by an address ({found[0][:80]}…); nothing is fetched, only its name counts",
    )


def stays_inside(path: Path, root: Path) -> bool:
    """True when ``path``, after its links are followed, lies in ``root``."""
    return path.resolve().is_relative_to(root.resolve())


def check_file(path: Path, limit: int) -> None:
    """BadInputError unless there is a file of at most ``limit`` bytes: a pipe would be waited for without end."""
    try:
        about = path.stat()
    except (OSError, ValueError) as error:
        raise BadInputError(f"the file cannot be read: {error}", file=path) from error
    if not stat.S_ISREG(about.st_mode):
        kind = "a folder" if stat.S_ISDIR(about.st_mode) else "a pipe or a device"
        raise BadInputError(_NO_FILE.format(kind), file=path)
    if about.st_size > limit:
        raise BadInputError(f"the file is larger than {limit // 1_000_000} MB", file=path)


def check_folder(path: Path) -> None:
    """BadInputError unless there is a folder, which masks in files of their own are read from."""
    if path.is_file():
        raise BadInputError(
            "this is a file, and masks are read from a folder", file=path, hint="Give the folder it lies in"
        )
    if not path.is_dir():
        raise BadInputError("there is no such folder of masks", file=path)


def is_given(path: Path, root: Path) -> bool:
    """True where there is such a file in ``root``, false where there is nothing; BadInputError where it is something
    that must not be read, for to pass over it would change what the others mean."""
    if not os.path.lexists(path):
        return False
    if not stays_inside(path, root):
        raise BadInputError("the file is a link that leads out of the folder", file=path)
    check_file(path, sys.maxsize)
    return True


def stated_side(value: object) -> int:
    """A side of a picture in pixels, however a file writes the number (640, 640.0, "640"), so that it is never believed
    unchecked; 0 for anything else, which states none."""
    if isinstance(value, str):
        found = _WHOLE.fullmatch(value)
        return int(found[1]) if found else 0
    if isinstance(value, float):
        return int(value) if value.is_integer() and value > 0 else 0
    return value if type(value) is int and value > 0 else 0


def told(error: Exception) -> str:
    """What is wrong with a value that is built otherwise than expected, for people."""
    if isinstance(error, KeyError):
        return f"{str(error)[:80]} is missing"
    return str(error) if isinstance(error, ValueError) else "a part of it is not of the right kind"


def read_text(path: Path, limit: int = MAX_TEXT_BYTES) -> str:
    """A text in UTF-8, with or without a byte order mark; BadInputError when it is too large or not that."""
    check_file(path, limit)
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInputError(f"the file cannot be read: {error.strerror}", file=path) from error
    except UnicodeDecodeError as error:
        raise BadInputError(
            f"the file is not UTF-8 text (byte {error.start})", file=path, hint="Save it as UTF-8"
        ) from error


def load_json(path: Path, limit: int = MAX_JSON_BYTES) -> Any:
    """The value of a JSON file. BadInputError with line and column where it is broken, holds NaN, a number of thousands
    of digits or a key twice, or is nested too deeply; and where it is larger than ``limit`` bytes, or would take more
    memory than half of what the machine has."""
    return parse_json(read_text(path, limit), path)


def parse_json(text: str, path: Path) -> Any:
    """The value of a JSON text that stands in ``path``; BadInputError as in :func:`load_json`."""
    if not text or text.isspace():
        raise BadInputError("the file is empty", file=path)
    _check_room(text, path)
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_repeated_keys)
    except RecursionError as error:
        raise BadInputError(
            f"the JSON is nested too deeply{json_places.of_depth(text)}", file=path
        ) from error
    except MemoryError as error:
        raise BadInputError("there is not enough memory for what the JSON holds", file=path) from error
    except ValueError as error:
        raise BadInputError(f"this is not valid JSON: {_not_json(error, text)}", file=path) from error


def _check_room(text: str, path: Path) -> None:
    """BadInputError where what the text holds would take more than half of the machine's memory; an empty list is two
    characters, and dozens of bytes."""
    room = physical_memory() // 2
    needed = 2 * len(text) + _CONTAINER_BYTES * (text.count("[") + text.count("{"))
    needed += _VALUE_BYTES * text.count(",")
    if needed > room:
        raise BadInputError(
            f"the file has {len(text):,} characters and would take about {needed // 1_000_000:,} MB of memory; "
            f"at most {room // 1_000_000:,} MB are given to it",
            file=path,
            hint="Split it into several files",
        )


def _not_json(error: ValueError, text: str) -> str:
    """What is wrong with a text, and where."""
    if isinstance(error, _TwiceError):
        return f"{error}{json_places.of_repeated_key(text, error.key)}"
    if isinstance(error, _ConstantError):
        return f"{error}{json_places.of_constant(text)}"
    if "int_max_str_digits" in str(error):
        return f"a number has thousands of digits{json_places.of_long_number(text)}"
    return str(error)


class _ConstantError(ValueError):
    """A word that stands for a number and is no JSON."""


class _TwiceError(ValueError):
    """An object that names a key twice."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the key {key[:80]!r} occurs twice in one object")
        self.key = key


def load_xml(path: Path, limit: int = MAX_TEXT_BYTES) -> Xml.Element:
    """The root of an XML file; BadInputError where it is too large or broken, or declares entities or a DTD."""
    check_file(path, limit)
    try:
        data = path.read_bytes()
        if not data.strip():
            raise BadInputError("the file is empty", file=path)
        root: Xml.Element = defusedxml.ElementTree.fromstring(data, forbid_dtd=True)
    except defusedxml.DefusedXmlException as error:
        raise BadInputError(DECLARED, file=path) from error
    except (OSError, Xml.ParseError, ValueError, LookupError) as error:
        raise BadInputError(f"the XML cannot be read: {error}", file=path) from error
    return root


def _no_constant(text: str) -> Any:
    raise _ConstantError(f"{text} is not a JSON number")


def _no_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(k for k, number in Counter(keys).items() if number > 1)
        raise _TwiceError(twice)
    return found


def left_out(error: BadInputError, file: str | Path) -> Skipped:
    """The entry of a report for what ``error`` refuses; ``file`` names it where the error does not."""
    lacks = error.names if isinstance(error, StrangeValuesError) else ()
    return Skipped(error.file or str(file), str(BadInputError(error.message, hint=error.hint)), lacks)


def files_below(root: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Files with one of the suffixes in ``root`` and below, as :func:`found_below` finds them."""
    return found_below(root, suffixes)[0]


def found_below(root: Path, suffixes: tuple[str, ...]) -> tuple[list[Path], list[Skipped]]:
    """Files with one of the suffixes in ``root`` and below, by name, and what is called so and is no file: pipes and
    devices, which one could wait for without end, and folders that hold no such file. Links to folders are not
    followed. BadInputError where there are more than :data:`MAX_FILES`."""
    seen = 0
    files: list[Path] = []
    named: list[Path] = []
    skipped: list[Skipped] = []
    for folder, folders, names in os.walk(root):
        folders.sort()
        seen += len(names) + len(folders)
        if seen > MAX_FILES:
            raise BadInputError(f"the folder holds more than {MAX_FILES:,} files", file=root)
        named += [Path(folder, name) for name in folders if name.lower().endswith(suffixes)]
        for path in (Path(folder, name) for name in sorted(names) if name.lower().endswith(suffixes)):
            if _is_special(path):
                skipped.append(Skipped(str(path), _NO_FILE.format("a pipe or a device")))
            else:
                files.append(path)
    if "" not in suffixes:
        full = {above for file in files for above in file.parents} if named else set()
        skipped += [Skipped(str(path), _NO_FILE.format("a folder")) for path in named if path not in full]
    return files, skipped


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False  # whoever reads it says so
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
