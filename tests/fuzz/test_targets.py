"""A few mutants of every target, those that were findings once among them; thousands are played by ``make fuzz``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from fuzz.bench import Asked, FileBench, Specimen, Target
from fuzz.corpus import Corpus, read_entry
from fuzz.run import bench_of, names, regressions, replay, run
from fuzz.targets import HEAVY, TARGETS

from labeltool.core.errors import BadInputError

T = TypeVar("T")

SLOW = {
    "index": 1,
    "mask": 2,
    "lock": 1,
    "mosaic-images": 3,
    "tiff-images": 6,
    "map-images": 6,
    "dicom-images": 6,
}
"""Cases that take their time."""

QUICK = sorted(TARGETS.keys() - HEAVY)


@pytest.mark.parametrize("name", QUICK)
def test_mutants_of_a_file_are_refused_by_name_or_do_no_harm(name: str, tmp_path: Path) -> None:
    bench = _bench(name, tmp_path)
    events = [bench.play(number, seed=1) for number in range(SLOW.get(name, 12))]
    assert [(e["case"], e["what"], e["wrong"]) for e in events if e["wrong"]] == []


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", sorted({each.name for each in regressions()}))
def test_what_was_found_once_stays_mended(name: str, tmp_path: Path) -> None:
    played = _with_extras(lambda: replay([each for each in regressions() if each.name == name], tmp_path))
    assert played
    assert {each: wrong for each, wrong in played.items() if wrong} == {}


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", sorted(TARGETS))
def test_thousands_of_mutants_do_no_harm(name: str) -> None:
    assert run(name, seed=2, count=200 if name in ("index", "mask", "lock") else 2_000).findings == {}


def _bench(name: str, root: Path) -> FileBench:
    found = _with_extras(lambda: bench_of(name, root))
    assert isinstance(found, FileBench)
    return found


def _with_extras(make: Callable[[], T]) -> T:
    try:
        return make()
    except ImportError as error:
        pytest.skip(f"an extra is not installed: {error}")


class _Notes(Target):
    """A file of one word, and what a program may do wrong with it."""

    def __init__(self) -> None:
        self.fault = ""

    def specimens(self, folder: Path) -> list[Specimen]:
        return [Specimen("notes", {"note.txt": b"word " * 20, "other.txt": b"1"}, ("note.txt",))]

    def read(self, folder: Path, ask: Asked) -> None:
        path = folder / "note.txt"
        if self.fault == "writes":
            (folder / "other.txt").write_text("2")
        ask("the note", lambda: self._note(path), exact=True)

    def write(self, folder: Path, ask: Asked) -> None:
        if self.fault == "deletes":
            (folder / "note.txt").unlink(missing_ok=True)

    def _note(self, path: Path) -> bytes:
        data = path.read_bytes() if path.exists() else b""
        if data == b"word " * 20 or self.fault == "believes":
            return data
        if self.fault == "fails":
            raise ZeroDivisionError
        raise BadInputError("not a note", file=None if self.fault == "names nothing" else path)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("", ""),
        ("believes", "came in as something else"),
        ("fails", "ZeroDivisionError"),
        ("names nothing", "names no file"),
        ("writes", "what only reads has changed ['other.txt']"),
        ("deletes", "what was left of note.txt is gone"),
    ],
)
def test_a_bench_finds_every_kind_of_harm(fault: str, words: str, tmp_path: Path) -> None:
    target = _Notes()
    bench = FileBench("notes", tmp_path, target)
    target.fault = fault
    events = [bench.play(number, seed=1) for number in range(20)]
    wrong = [each for event in events for each in event["wrong"]]
    assert any(words in each for each in wrong) if words else not wrong
    assert any(event["messages"] or wrong for event in events)


def test_a_mutant_with_a_new_answer_is_kept_once_and_found_again(tmp_path: Path) -> None:
    bench = FileBench("notes", tmp_path / "bench", _Notes())
    kept = Corpus(bench, tmp_path / "corpus")
    for number in range(20):
        kept.consider(bench.case(number, 1), bench.play(number, 1))
    (path,) = kept.entries
    again = read_entry(bench, path)
    assert again is not None
    assert bench.judge(again, 0)["messages"]
    assert Corpus(bench, tmp_path / "corpus").seen == kept.seen
    further = [bench.case(number, 2, again) for number in range(5)]
    assert all(each.what.startswith(again.what) for each in further)
    assert further == [bench.case(number, 2, again) for number in range(5)]


def test_a_finding_is_kept_apart(tmp_path: Path) -> None:
    target = _Notes()
    bench = FileBench("notes", tmp_path / "bench", target)
    target.fault = "fails"
    kept = Corpus(bench, tmp_path / "corpus")
    for number in range(20):
        kept.consider(bench.case(number, 1), bench.play(number, 1))
    assert not kept.entries
    assert list((tmp_path / "corpus" / "notes" / "findings").glob("*.zip"))


def test_every_line_of_the_regressions_names_something_that_can_be_played() -> None:
    assert {each.name for each in regressions()} <= {*names()}
