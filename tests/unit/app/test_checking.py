"""What lies in a project beside its masks is checked, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from labeltool.app.checking import check
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
        ("models/mine/card.json", "error", "backup"),
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
