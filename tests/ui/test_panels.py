"""Panels and bars say what is so, in no more room than that takes."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QLabel

from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.core.provenance import Origin
from labeltool.ui.panels.layers import LayerPanel
from labeltool.ui.readout import Readout
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


def test_what_is_said_never_makes_the_window_wider(app: QApplication) -> None:
    bar = StatusBar()
    bar.show_work("Preparing overview of a slide · 43 % · 12 s left")
    before = bar.minimumSizeHint().width()
    catalog = ClassCatalog.from_names(["a class with a name of some length"])
    bar.show_readout(Readout(9, 9, (200, 100, 50), 1, Origin.HUMAN, 0.9, Size(30_000, 30_000)), catalog)
    assert "a class with" in bar.findChild(QLabel, "status.pointer").text()
    assert bar.minimumSizeHint().width() == before


def test_long_work_says_how_many_are_done(app: QApplication) -> None:
    bar = StatusBar()
    bar.show_work("Pre-labelling")
    bar.show_progress("Pre-labelling", 4.3, 40, 9)
    shown = bar.findChild(QLabel, "status.work")
    assert shown.text() == "Pre-labelling · 4 of 40 · 9 s left"
    bar.show_progress("Pre-labelling", 0.43, 1, None)
    assert shown.text() == "Pre-labelling · 43 %"
