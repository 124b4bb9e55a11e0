"""Reading what strangers wrote: limits on size and depth, and no way out of the folder that was given."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import xml.etree.ElementTree as Xml
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import defusedxml
import defusedxml.ElementTree

from labeltool.core.errors import BadInputError
from labeltool.core.project import Skipped

MAX_JSON_BYTES = 1 << 30
MAX_TEXT_BYTES = 1 << 24
MAX_FILES = 1_000_000
DECLARED = "the XML declares a document type or entities, which no annotation needs, and is refused"
_LONGEST_NAME = 255
"""Bytes of one part of a path; no file system in use takes more."""


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
        raise BadInputError(f"this is {kind} and not a file", file=path)
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
    """The value of a JSON file; BadInputError with line and column, also for NaN, repeated keys and deep nesting."""
    return parse_json(read_text(path, limit), path)


def parse_json(text: str, path: Path) -> Any:
    """The value of a JSON text that stands in ``path``; BadInputError as in :func:`load_json`."""
    if not text.strip():
        raise BadInputError("the file is empty", file=path)
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_repeated_keys)
    except RecursionError as error:
        raise BadInputError("the JSON is nested too deeply", file=path) from error
    except ValueError as error:
        told = "a number has thousands of digits" if "int_max_str_digits" in str(error) else error
        raise BadInputError(f"this is not valid JSON: {told}", file=path) from error


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
    raise ValueError(f"{text} is not a JSON number")


def _no_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(k for k, number in Counter(keys).items() if number > 1)
        raise ValueError(f"the key {twice[:80]!r} occurs twice in one object")
    return found


def left_out(error: BadInputError, file: str | Path) -> Skipped:
    """The entry of a report for what ``error`` refuses; ``file`` names it where the error does not."""
    return Skipped(error.file or str(file), str(BadInputError(error.message, hint=error.hint)))


def files_below(root: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Files with one of the suffixes in ``root`` and below, by name; links to folders are not followed, and pipes and
    devices, which one could wait for without end, are no files."""
    seen = 0
    for folder, folders, files in os.walk(root):
        folders.sort()
        seen += len(files) + len(folders)
        if seen > MAX_FILES:
            raise BadInputError(f"the folder holds more than {MAX_FILES:,} files", file=root)
        found = (Path(folder, name) for name in sorted(files) if name.lower().endswith(suffixes))
        yield from (path for path in found if not _is_special(path))


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False  # whoever reads it says so
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
