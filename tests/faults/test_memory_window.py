"""The real window with little memory: it saves what it showed, and what it showed as saved is there (row 65)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QMessageBox

from labeltool.ui.main import application
from tests.e2e.tidy import tidy
from tests.faults.kills.deeds import Toll
from tests.faults.kills.victims import NoReaperError, victims
from tests.faults.kills.window import Desk
from tests.faults.saving_scene import Hand, make_project

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS as Linux has it")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_window_without_memory_saves_nothing_but_what_it_showed(tmp_path: Path) -> None:
    toll = Toll()
    try:
        with victims(tmp_path / "victims") as run:
            for number, spare_mb in enumerate((4, 16, 24, 26, 28, 32, 40, 60, 100)):
                toll.add(Desk(tmp_path / f"desk{number}", run).starve(number, spare_mb))
    except NoReaperError as error:
        pytest.skip(str(error))
    print(toll)
    assert toll.lost == []
    assert toll.left["told"] > 20 and toll.left["words of want"] > 0


def test_an_image_for_which_there_is_not_enough_memory_is_told_and_the_window_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))

    def no_room(*_: object) -> None:
        raise MemoryError

    with tidy(application()):
        hand = Hand(make_project(tmp_path / "project", tmp_path / "images"))
        hand.draw(40)
        hand.saved()
        first = hand.image_id
        with monkeypatch.context() as starved:
            starved.setattr(hand.store, "load_mask", no_room)
            hand.window.actions_["next_image"].trigger()
            hand.until(lambda: hand.window.findChild(QMessageBox, "dialog.failure"))
        box = hand.window.findChild(QMessageBox, "dialog.failure")
        assert box.text() == "There is not enough memory for this."
        assert "Close other programs, or open a smaller image. What was saved" in box.informativeText()
        box.close()
        hand.window.actions_["previous_image"].trigger()
        hand.until(lambda: hand.window.annotate.image is not None and hand.image_id == first)
        hand.draw(100)
        hand.saved()
        assert hand.status() == "saved r2"
        hand.window.close()
