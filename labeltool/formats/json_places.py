"""Where in a JSON text something stands that Python's parser refuses without saying where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"(?P<key>\s*:)?|[\[\]{}]|-?Infinity|NaN|[0-9]{4301,}', re.DOTALL)
_MOST: Final = 1 << 26
"""Characters of a text that are gone through for a place."""
_DEEP: Final = 500
"""Levels that no parser finds too many."""


def of_constant(text: str) -> str:
    """The place of the first NaN or Infinity, as " (line 3 column 7)"; nothing where none is found."""
    return _first(text, r"-?Infinity|NaN")


def of_long_number(text: str) -> str:
    """The place of the first number of more digits than Python takes."""
    return _first(text, r"[0-9]+")


def of_depth(text: str) -> str:
    """The place where more levels are open than any parser refuses."""
    depth = 0
    for token in _tokens(text):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if depth > _DEEP:
            return _place(text, token.start())
    return ""


def of_repeated_key(text: str, name: str) -> str:
    """The place where an object names ``name`` for the second time."""
    open_: list[set[str]] = []
    for token in _tokens(text):
        if token[0] in "[{":
            open_.append(set())
        elif token[0] in "]}":
            del open_[-1:]
        elif token["key"] and open_ and _value(token[0]) == name:
            if name in open_[-1]:
                return _place(text, token.start())
            open_[-1].add(name)
    return ""


def _value(token: str) -> str:
    return str(json.loads(token.rstrip(": \t\r\n")))


def _first(text: str, kind: str) -> str:
    found = (token.start() for token in _tokens(text) if re.fullmatch(kind, token[0]))
    return next((_place(text, at) for at in found), "")


def _tokens(text: str) -> Iterator[re.Match[str]]:
    yield from _TOKEN.finditer(text) if len(text) <= _MOST else ()


def _place(text: str, at: int) -> str:
    return f" (line {text.count(chr(10), 0, at) + 1} column {at - text.rfind(chr(10), 0, at)})"
