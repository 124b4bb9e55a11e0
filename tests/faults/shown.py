"""What FAULTS.md says that people are shown, held against the texts in the program.

A text stands in the table between double quotes, or in square brackets for a button. In it "…" stands for
words that are left out. What holds a digit, stands in round brackets or in quotation marks of its own, is a
path (``<folder>``, PATH, FILE, DIR, NAME), the name of a file, a device, a computer or a person is an
example. Every other run of words has to stand in a text of the program one word after the other; in one place
of it up to five words may be what the program fills in there (``{...}``, ``%1``, ``%n``, ``%s``). A run may
be put together from several texts where a mark ends a sentence or a part of one; what the system says of an
error counts as ours. Runs of one or two words are passed over beside longer ones.
"""

from __future__ import annotations

import ast
import errno
import os
import re
from collections.abc import Iterator
from itertools import chain, product
from pathlib import Path

QUOTED = re.compile(r'"([^"]+)"|\[([^\]]+)\](?!\()')
ASIDE = re.compile(r"\((?:[^()]|\([^()]*\))*\)|`[^`]*`|“[^”]*”|'[^' ]+'")
EXAMPLE = re.compile(r"\d|<\w+>|^(PATH|FILE|DIR|NAME|anna|root|vm|ward|cuda)\b|^\w+\.(png|ltm|db)\b")
FIELD = "\0"
FILLED_IN = re.compile(r"\{[\w.:,]*\}|%[\dnLs]+|%\(\w+\)s")
MARKS = ".,:;!?()[]“”\"'’‘…·☐—–"
FEW = 3
MOST = 5
"""Words that the program may fill in at one place."""


def words(text: str) -> str:
    """The words of a text in small letters without marks, one blank before and after each; a field is one."""
    found = (word.strip(MARKS).lower() for word in text.replace(FIELD, f" {FIELD} ").split())
    return f" {' '.join(filter(None, found))} "


def phrases(cell: str) -> list[str]:
    """The texts that a cell of the table quotes."""
    return [quoted or button for quoted, button in QUOTED.findall(cell)]


def runs(phrase: str) -> list[str]:
    """The stretches of a phrase without an example in them: those of three words and more, or else all of them."""
    found: list[list[str]] = [[]]
    for word in ASIDE.sub(" … ", phrase).replace("…", " … ").split():
        if word == "…" or EXAMPLE.search(word.lstrip("(“'\"")):
            found.append([])
        else:
            found[-1].append(word)
    all_ = [" ".join(run) for run in found if words(" ".join(run)).strip()]
    return [run for run in all_ if len(words(run).split()) >= FEW] or all_


class Texts:
    """The texts of a program: every string in its source but what documents it."""

    def __init__(self, folder: Path) -> None:
        found = chain.from_iterable(map(strings, sorted(folder.rglob("*.py"))))
        system = map(os.strerror, errno.errorcode)
        self._all = "\n".join(set(map(words, chain(found, system))))

    def say(self, run: str) -> bool:
        """Whether a text has these words one after the other, or several have them, cut at a mark."""
        cuts = [found.end() for found in re.finditer(r"[.:;?!]\s+|\s·\s", run)]
        return self._one_says(run) or any(self._one_says(run[:cut]) and self.say(run[cut:]) for cut in cuts)

    def _one_says(self, run: str) -> bool:
        found = words(run)
        return found in self._all or any(each in self._all for each in _with_a_field(found.split()))


def _with_a_field(run: list[str]) -> Iterator[str]:
    """The run with some words of it as one field; three words or more are left."""
    for start in range(len(run)):
        for end in range(start + 1, min(start + MOST, len(run)) + 1):
            if len(run) - (end - start) >= FEW:
                yield f" {' '.join([*run[:start], FIELD, *run[end:]])} "


def strings(path: Path) -> Iterator[str]:
    """The strings of a source file, fields as ``\\0``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if id(node) not in documents | inside and isinstance(node, ast.JoinedStr | ast.Constant):
            yield from _texts(node)


def _texts(node: ast.expr) -> Iterator[str]:
    """What a string may be: where one of two words is filled in, it is two texts."""
    match node:
        case ast.Constant(value=str(text)):
            yield FILLED_IN.sub(FIELD, text)
        case ast.JoinedStr(values=parts):
            yield from map("".join, product(*(list(_texts(part)) for part in parts)))
        case ast.FormattedValue(value=ast.IfExp(body=body, orelse=other)):
            yield from chain(_texts(body), _texts(other))
        case ast.FormattedValue():
            yield FIELD
        case ast.Constant():
            pass
        case _:
            yield FIELD
