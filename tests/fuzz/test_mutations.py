"""A few of the mutations that ``python tests/fuzz/run.py`` plays by the thousand."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from fuzz.imports import ImportBench
from fuzz.mutations import PNG, chunks_of, mutated, png_of
from fuzz.run import run
from fuzz.samples import BUILDERS, sample

from labeltool import plugins

IMPORTERS = plugins.names("labeltool.importers")


@pytest.mark.parametrize("name", IMPORTERS)
def test_mutated_files_come_in_or_are_refused_by_name(name: str, tmp_path: Path) -> None:
    bench = ImportBench(name, tmp_path)
    events = [bench.play(number, seed=1) for number in range(1, 100)]
    assert [(e["case"], e["what"], e["wrong"]) for e in events if e["wrong"]] == []
    assert any(e["came_in"] for e in events)
    assert any(e["messages"] for e in events)


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", IMPORTERS)
def test_thousands_of_mutated_files_do_no_harm(name: str) -> None:
    assert run(name, seed=2, count=2_000).findings == {}


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_a_mutation_is_the_same_every_time_and_changes_something(name: str) -> None:
    files = sample(name).files
    same = [mutated(files, random.Random(number)) for number in range(50)]
    assert same == [mutated(files, random.Random(number)) for number in range(50)]
    assert sum(changed != files for changed, _ in same) > 40


def test_an_importer_that_fails_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = ImportBench("via", tmp_path)

    def read(file: Path) -> object:
        json.loads(file.read_bytes())  # refuses nothing and names nothing
        return 1 // 0

    monkeypatch.setattr("labeltool.formats.via.importer.read_via", read)
    assert any(
        "ZeroDivisionError" in wrong for wrong in bench.play(1, 1)["wrong"] + bench.play(2, 1)["wrong"]
    )


def test_a_file_that_is_written_elsewhere_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = ImportBench("via", tmp_path)

    def read(file: Path) -> object:
        (bench.bait / "new.json").write_text("")
        raise AssertionError

    monkeypatch.setattr("labeltool.formats.via.importer.read_via", read)
    assert any("new.json" in wrong for wrong in bench.play(1, 1)["wrong"])


def test_a_png_taken_apart_and_put_together_is_the_same() -> None:
    data = next(data for data in sample("voc").files.values() if data.startswith(PNG))
    assert png_of(chunks_of(data)) == data
