"""Slices of a volume in the window: turned by keys and slider, each with a mask of its own, shown alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QSlider, QWidget

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.store.project import ProjectStore
from labeltool.ui.looks import Numbers
from labeltool.ui.main import open_window
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def window(app: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    values = np.arange(40 * 30 * 5, dtype=np.int16).reshape(40, 30, 5)
    nibabel.save(nibabel.Nifti1Image(values, np.diag([2.0, 2.0, 3.0, 1.0])), tmp_path / "brain.nii.gz")
    with ProjectStore.create(tmp_path / "p", "p", ClassCatalog.from_names(["lesion"])) as store:
        report = add_images(store, [tmp_path / "brain.nii.gz"])
        assert len(report.added) == 5
    window = open_window(tmp_path / "p")
    until(lambda: window.bench is not None and window.bench.open is not None)
    yield window
    window.close()


def page(window: MainWindow) -> str:
    opened = window.bench.open
    return "" if opened is None else opened.record.page


def turn(window: MainWindow, action: str) -> None:
    before = page(window)
    window.actions_[action].trigger()
    until(lambda: page(window) not in ("", before))


def test_page_down_and_up_turn_the_slices(window: MainWindow) -> None:
    first = page(window)
    turn(window, "next_page")
    assert page(window) > first
    assert window.findChild(QLabel, "pages.says").text() == "2 / 5"
    turn(window, "previous_page")
    assert page(window) == first


def test_the_slider_opens_the_slice_it_rests_on(window: MainWindow) -> None:
    assert window.findChild(QWidget, "pages").isVisible()
    slider = window.findChild(QSlider, "pages.slider")
    slider.setValue(4)
    last = window.bench.series()[-1]
    until(lambda: page(window) == last.page)
    assert window.findChild(QLabel, "pages.says").text() == "5 / 5"


def test_every_slice_has_a_mask_of_its_own(window: MainWindow) -> None:
    canvas = window.annotate.canvas
    at = QPoint(canvas.width() // 2, canvas.height() // 2)
    QTest.mouseClick(canvas, LEFT, NO, at)
    until(lambda: window.bench.open.session.revision == 1)
    painted = window.bench.open.session.mask.read("label").any()
    turn(window, "next_page")
    assert painted
    assert not window.bench.open.session.mask.read("label").any()
    turn(window, "previous_page")
    assert window.bench.open.session.mask.read("label").any()


def half_a_polygon(window: MainWindow) -> None:
    canvas, middle = window.annotate.canvas, window.annotate.canvas.rect().center()
    window.actions_["polygon"].trigger()
    for corner in (QPoint(0, 0), QPoint(30, 0), QPoint(30, 30)):
        QTest.mouseClick(canvas, LEFT, NO, middle + corner)
    assert canvas.busy


@pytest.mark.parametrize("action", ["next_page", "next_image"])
def test_a_key_that_would_leave_a_half_drawn_polygon_says_what_to_do_first(
    window: MainWindow, action: str
) -> None:
    half_a_polygon(window)
    window.actions_[action].trigger()
    assert window.annotate.canvas.busy
    assert window.findChild(QLabel, "status.note").text().startswith("Finish what you are drawing first")


def test_who_opens_another_image_by_hand_is_told_that_a_half_drawn_polygon_is_gone(
    window: MainWindow,
) -> None:
    half_a_polygon(window)
    window._image.open(window.bench.series()[2].id)
    assert not window.annotate.canvas.busy
    assert "is gone" in window.findChild(QLabel, "status.note").text()


def test_a_stroke_whose_button_is_still_held_when_the_window_is_closed_is_kept(
    window: MainWindow, tmp_path: Path
) -> None:
    canvas, middle = window.annotate.canvas, window.annotate.canvas.rect().center()
    image_id = window.bench.open.record.id
    QTest.mousePress(canvas, LEFT, NO, middle)
    QTest.mouseMove(canvas, middle + QPoint(20, 20))
    assert window.bench.open.session.painting
    window.close()
    with ProjectStore.open(tmp_path / "p", write=False) as store:
        assert [entry.title for entry in store.journal(image_id)] == ["brush stroke"]
        assert store.load_mask(image_id).read("label").any()


def test_zoom_place_and_window_stay_from_slice_to_slice(window: MainWindow) -> None:
    window.annotate.canvas.zoom_to(20)
    window.annotate.looks.set_numbers(Numbers(3000, 500, 1.0))
    view = window.annotate.canvas.view
    turn(window, "next_page")
    assert window.annotate.canvas.view == view
    assert window.annotate.looks.numbers == Numbers(3000, 500, 1.0)


def test_the_status_bar_shows_the_files_own_values(window: MainWindow) -> None:
    found = {window.annotate.readout(x + 0.5, y + 0.5).values for x in range(40) for y in range(30)}
    assert len(found) == 40 * 30
    assert max(found)[0] > 255


def wheel(window: MainWindow, notches: float, modifiers: Qt.KeyboardModifier) -> None:
    canvas = window.annotate.canvas
    middle = QPointF(canvas.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(canvas.mapToGlobal(middle.toPoint())),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_the_wheel_turns_slices_with_alt_and_where_it_is_wanted_alone(window: MainWindow) -> None:
    pages = [record.page for record in window.bench.series()]
    zoom = window.annotate.canvas.view.zoom
    wheel(window, -1, Qt.KeyboardModifier.AltModifier)
    until(lambda: page(window) == pages[1])
    assert window.annotate.canvas.view.zoom == zoom
    window.actions_["wheel_turns"].trigger()
    assert window.actions_["wheel_turns"].isChecked()
    for _ in range(4):
        wheel(window, -0.25, NO)
    until(lambda: page(window) == pages[2])
    assert window.annotate.canvas.view.zoom == zoom
    wheel(window, 1, Qt.KeyboardModifier.ControlModifier)
    assert window.annotate.canvas.view.zoom > zoom
    assert MainWindow().annotate.canvas.wheel_turns, "it is remembered"


def test_the_wheel_zooms_unless_somebody_wants_otherwise(window: MainWindow) -> None:
    zoom, first = window.annotate.canvas.view.zoom, page(window)
    wheel(window, 1, NO)
    assert window.annotate.canvas.view.zoom > zoom
    assert page(window) == first


def test_windows_of_ct_do_not_apply_to_other_volumes(window: MainWindow) -> None:
    assert not window.actions_["window_bone"].isEnabled()
    assert not window.actions_["window_file"].isEnabled()
    window.actions_["window_auto"].trigger()
    assert window.annotate.looks.auto
