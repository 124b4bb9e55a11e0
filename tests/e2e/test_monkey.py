"""The monkey for a few seconds; `python tests/e2e/monkey.py --minutes 30` plays longer."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from tests.e2e.monkey import Monkey, resident_mb, sample_project


@pytest.mark.parametrize("seed", [1, 2])
def test_a_monkey_at_the_window_breaks_nothing(tmp_path: Path, seed: int):
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    project = sample_project(tmp_path)
    monkey = Monkey(project, seed)
    before = resident_mb()
    monkey.play(6, least=60)
    monkey.leave(project)
    assert monkey.faults == []
    assert monkey.did.total() >= 60
    assert resident_mb() - before < 700
