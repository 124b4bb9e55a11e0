"""A disk that is full or fails, at every operation of every call: the caller is told so in the right words, the project
is as it was or as the call leaves it, and a retry loses and doubles nothing, not even with a power cut right behind."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("apsw", reason="the simulated disk needs apsw: pip install -e '.[dev]'")
if os.name == "nt":
    pytest.skip("the simulated disk knows the files of POSIX alone", allow_module_level=True)

from faults.power.failing import CASES, FAILURES, fail, prepare

QUICK = (
    ("first stroke", "full until freed"),
    ("stroke on another image", "fails once"),
    ("promote", "fails until replugged"),
    ("classes", "half written, then full"),
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    disk = tmp_path_factory.mktemp("template").resolve()
    prepare(disk)
    return disk


@pytest.mark.parametrize(("name", "failure"), QUICK)
def test_a_call_that_fails_somewhere_is_told_and_can_be_repeated(
    name: str, failure: str, template: Path
) -> None:
    told = fail(name, FAILURES[failure], template, most=3)
    assert told.notes == []
    assert told.faults >= told.refused > 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", CASES)
def test_a_call_that_fails_anywhere_is_told_and_can_be_repeated(name: str, template: Path) -> None:
    refused = 0
    for failure in FAILURES.values():
        told = fail(name, failure, template)
        assert told.notes == []
        assert told.faults > 0
        refused += told.refused
    assert refused > 0


def test_a_stroke_is_not_reported_as_saved_while_its_folder_cannot_be_flushed(template: Path) -> None:
    """SQLite's journal is gone then, but may be back after a power cut, and takes the stroke back."""
    for name in ("fails once", "fails until replugged"):
        told = fail("stroke", replace(FAILURES[name], kinds=frozenset({"names"})), template)
        assert told.notes == []
        assert told.faults > 0


@pytest.mark.parametrize("name", CASES)
def test_what_is_done_again_because_its_folder_could_not_be_flushed_is_there_once(
    template: Path, name: str
) -> None:
    told = fail(name, replace(FAILURES["fails until replugged"], kinds=frozenset({"names"})), template)
    assert told.notes == []
    assert told.faults > 0


def test_the_simulator_bites_where_a_repeated_stroke_does_not_flush_its_folder(
    template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeltool.store.database.sync_folder", lambda path: None)
    failure = replace(FAILURES["fails until replugged"], kinds=frozenset({"names"}))
    told = fail("stroke on another image", failure, template)
    assert any("then a power cut" in note for note in told.notes)
