"""FAULTS.md says of every fault how it is injected, what came of it and which test shows that: the tests are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.faults.shown import Texts, phrases, runs

ROOT = Path(__file__).resolve().parents[2]
FAULTS = 76
NUMBER, WHAT, HOW, OFTEN, SHOWN, LOST, TESTS = range(7)

TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
"""A test, or a file of them all of which are about the fault."""
NOTHING_LOST = ("0", "–")
"""A dash where the fault cannot cost anything, or cannot be injected here, as the row says."""


def rows() -> dict[int, list[str]]:
    """The rows of the table by their number; a number that comes twice fails."""
    found: dict[int, list[str]] = {}
    for line in (ROOT / "FAULTS.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if cells[NUMBER].isdigit():
            assert int(cells[NUMBER]) not in found, f"row {cells[NUMBER]} comes twice"
            assert len(cells) == TESTS + 1, f"row {cells[NUMBER]} has {len(cells)} cells"
            found[int(cells[NUMBER])] = cells
    return found


@cache
def names_in(path: str) -> set[str]:
    """The names of the test functions in a file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@cache
def texts() -> Texts:
    """The texts of the program."""
    return Texts(ROOT / "labeltool")


def test_every_fault_has_its_row() -> None:
    assert sorted(rows()) == list(range(1, FAULTS + 1))


@pytest.mark.parametrize("number", range(1, FAULTS + 1))
def test_a_row_says_everything_and_its_tests_exist(number: int) -> None:
    cells = rows()[number]
    assert all(cells), "no cell is empty"
    assert cells[LOST].startswith(NOTHING_LOST)
    named = TEST.findall(cells[TESTS])
    assert named, "a row names its test"
    missing = [f"{path}::{name}" for path, name in named if name and name not in names_in(path)]
    missing += [path for path, _ in named if not names_in(path)]
    assert missing == []


@pytest.mark.parametrize("number", range(1, FAULTS + 1))
def test_what_people_are_shown_by_the_table_is_in_the_program(number: int) -> None:
    said = [run for phrase in phrases(rows()[number][SHOWN]) for run in runs(phrase)]
    assert [run for run in said if not texts().say(run)] == [], "see shown.py for what counts as an example"


def test_a_text_that_the_program_does_not_say_is_noticed() -> None:
    cell = '"a.png: recovered to r1, 1 stroke in progress was not saved" [Edit now] "2 rows of <folder> are gone"'
    assert [runs(phrase) for phrase in phrases(cell)] == [
        ["stroke in progress was not saved"],
        ["Edit now"],
        ["rows of", "are gone"],
    ]
    assert texts().say("stroke in progress was not saved") and texts().say("Edit now")
    for wrong in ("stroke in progress is not saved", "Edit soon", "was not saved, stroke in progress"):
        assert not texts().say(wrong), wrong
