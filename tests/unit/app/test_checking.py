"""What lies in a project beside its masks is checked, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from labeltool.app.checking import check, repair
from labeltool.app.models import line_of_use, promotions
from labeltool.app.models.journal import note
from labeltool.core.catalog import ClassCatalog
from labeltool.store.project import ProjectStore


@pytest.fixture
def project(tmp_path: Path) -> Path:
    ProjectStore.create(tmp_path / "p", "p", ClassCatalog.from_names(["cell"])).close()
    return tmp_path / "p"


def test_nothing_is_wrong_with_a_new_project(project: Path) -> None:
    assert check(project) == []


@pytest.mark.parametrize(
    ("file", "severity", "hint"),
    [
        ("loop/settings.json", "notice", "labeltool loop"),
        ("loop/rounds.jsonl", "notice", "nothing needs to be done"),
        ("models/promotions.jsonl", "error", "promote"),
        ("queue.json", "notice", "Rank again"),
        ("models/mine/card.json", "error", "--repair"),
    ],
)
def test_rubbish_is_found_with_what_to_do(project: Path, file: str, severity: str, hint: str) -> None:
    path = project / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("rubbish\n", encoding="utf-8")
    (found,) = check(project)
    assert found.file in (path, path.parent)
    assert found.severity == severity
    assert hint in found.hint


@pytest.mark.parametrize(
    "file",
    [
        "loop/settings.json",
        "loop/rounds.jsonl",
        "models/promotions.jsonl",
        "queue.json",
        "models/mine/card.json",
    ],
)
def test_rubbish_is_set_aside_and_nothing_is_left_to_find(project: Path, file: str) -> None:
    path = project / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("rubbish\n", encoding="utf-8")
    (step,) = repair(project)
    assert step.mended and "quarantine" in step.done
    (kept,) = (project / "quarantine").iterdir()
    assert (kept / "card.json" if kept.is_dir() else kept).read_text(encoding="utf-8") == "rubbish\n"
    assert check(project) == []
    assert repair(project) == []


def test_of_damaged_promotions_only_those_behind_the_damage_are_certain(project: Path) -> None:
    note(project, "promoted", "a", "")
    journal = project / "models" / "promotions.jsonl"
    with journal.open("a", encoding="utf-8") as file:
        file.write("rubbish\n")
    whole = journal.read_bytes()
    note(project, "promoted", "c", "b")
    repair(project)
    assert line_of_use(promotions(project)) == ["b", "c"]
    journal.write_bytes(whole)
    repair(project)  # nobody knows what the damaged line said, so no model is in use
    assert line_of_use(promotions(project)) == []
