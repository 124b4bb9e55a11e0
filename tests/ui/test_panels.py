"""Panels and bars say what is so, in no more room than that takes."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QLabel

from labeltool.ui.panels.layers import LayerPanel
from labeltool.ui.statusbar import StatusBar

ALL = {"mask": True, "model": True, "confidence": True}


def test_the_layers_give_back_the_room_of_a_legend_that_is_hidden(app: QApplication) -> None:
    panel = LayerPanel()
    without = {**ALL, "confidence": False}
    panel.show_state(without, ALL, 45)
    low = panel.preferred_height()
    panel.show_state(ALL, ALL, 45)
    assert panel.preferred_height() > low
    panel.show_state(without, ALL, 45)
    assert panel.preferred_height() == low


def test_long_work_says_how_many_are_done(app: QApplication) -> None:
    bar = StatusBar()
    bar.show_work("Pre-labelling")
    bar.show_progress("Pre-labelling", 4.3, 40)
    shown = bar.findChild(QLabel, "status.work").text()
    assert shown.startswith("Pre-labelling · 4 of 40 · ")
    assert shown.endswith(" left")
