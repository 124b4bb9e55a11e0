"""Panels and bars say what is so, in no more room than that takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QLabel

from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.core.provenance import Origin
from labeltool.imaging.reader import Georeference
from labeltool.imaging.scale import PixelSize
from labeltool.ui.panels.classes import SHARE, ClassPanel
from labeltool.ui.panels.layers import LayerPanel
from labeltool.ui.readout import Readout, place_on_map
from labeltool.ui.statusbar import StatusBar

ALL = {"mask": True, "model": True, "confidence": True, "error": True, "unlooked": True}


def test_the_layers_give_back_the_room_of_a_legend_that_is_hidden(app: QApplication) -> None:
    panel = LayerPanel()
    without = {**ALL, "confidence": False}
    panel.show_state(without, ALL, 45)
    low = panel.preferred_height()
    panel.show_state(ALL, ALL, 45)
    assert panel.preferred_height() > low
    panel.show_state(without, ALL, 45)
    assert panel.preferred_height() == low


@pytest.mark.parametrize("point_size", [8, 10, 12])
def test_no_share_of_a_class_is_cut(app: QApplication, point_size: int) -> None:
    """Whatever the font of the system is: a number that is cut says another one."""
    font = app.font()
    larger = QFont(font)
    larger.setPointSize(point_size)
    app.setFont(larger)
    try:
        panel = ClassPanel()
        panel.show_catalog(ClassCatalog.from_names(["cell", "nucleus"]), 1)
        panel.resize(288, 300)
        panel.list.grab()  # the columns get their widths
        cut = QRect(panel.list.columnViewportPosition(SHARE), 0, panel.list.columnWidth(SHARE), 96)
        for pixels in ({}, {1: 1000}, {0: 1, 1: 888}, {1: 999}):
            panel.show_shares(pixels, 1000)
            shown = panel.list.viewport().grab(cut).toImage()
            panel.list.setTextElideMode(Qt.TextElideMode.ElideNone)
            assert panel.list.viewport().grab(cut).toImage() == shown
            panel.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        assert panel.list.topLevelItem(1).text(SHARE).strip() == "99.9 %"
        panel.show_shares({}, 1000)
        rest = panel.list.topLevelItem(panel.list.topLevelItemCount() - 1)
        assert (rest.text(1), rest.text(SHARE).strip()) == ("unlabelled", "100 %")
    finally:
        app.setFont(font)


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


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (("EPSG:32616", (0.5, 0, 733601, 0, -0.5, 3725139)), "E 733606.25  N 3725128.75  EPSG:32616"),
        (("EPSG:32616", (30, 0, 733600, 0, -30, 3725100)), "E 733915  N 3724485  EPSG:32616"),
        (("EPSG:4326", (0.001, 0, -74.5, 0, -0.001, -8.25)), "lon -74.4895°  lat -8.2705°  EPSG:4326"),
        (('LOCAL_CS["the yard",UNIT["metre",1]]', (1, 0, 0, 0, 1, 0)), "x 10.5  y 20.5  the yard"),
        (("", (1, 0, 0, 0, 1, 0)), ""),
    ],
    ids=["half a metre", "30 m", "degrees", "a local grid", "no coordinate system"],
)
def test_a_place_on_the_map_has_the_digits_that_tell_pixels_apart(place: tuple, said: str) -> None:
    pytest.importorskip("pyproj", reason="the extra geo is not installed")
    assert place_on_map(Georeference(*place), 10.5, 20.5) == said


def test_the_status_bar_says_the_place_on_the_map_rather_than_that_in_the_image(app: QApplication) -> None:
    bar, catalog = StatusBar(), ClassCatalog.from_names(["a"])
    found = Readout(9, 8, (1,), 1, Origin.HUMAN, None, Size(99, 99), PixelSize(1, 1))
    bar.show_readout(found, catalog)
    assert bar.findChild(QLabel, "status.world").text() == "9.00 m, 8.00 m"
    bar.show_readout(replace(found, on_map="E 7  N 8  EPSG:32616"), catalog)
    assert bar.findChild(QLabel, "status.world").text() == "E 7  N 8  EPSG:32616"
    assert "x \u20079" in bar.findChild(QLabel, "status.pointer").text()
