"""A large image in the real window: its levels are made in sight, and that can be cancelled and gone on with."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QListView, QToolButton, QWidget

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.progress import CancelToken, Progress
from labeltool.imaging.pyramid_cache import LIMIT_VARIABLE, PyramidCache
from labeltool.imaging.pyramid_file import PyramidFile
from labeltool.store.project import ProjectStore
from labeltool.ui.main import application, open_window
from labeltool.ui.panels import pictures
from tests.e2e.pause import pause_ms, until
from tests.e2e.tidy import tidy

pyvips = pytest.importorskip("pyvips")

LEFT = Qt.MouseButton.LeftButton
SIDE = 8000
DOT = np.zeros((1, 1, 3), np.uint8)
DARK, BRIGHT = (20, 40, 60), (220, 200, 180)


@pytest.fixture(autouse=True)
def _settings_and_cache_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with tidy(application()):
        yield


def halves() -> pyvips.Image:
    """8,000 x 8,000 pixels: the left half is dark, the right one bright."""
    left = pyvips.Image.black(SIDE // 2, SIDE, bands=3) + DARK
    return left.join(left + (np.array(BRIGHT) - DARK).tolist(), "horizontal").cast("uchar")


class Hands:
    """A person at the window of a project with one image."""

    def __init__(self, folder: Path, name: str) -> None:
        path = folder / name
        if path.suffix == ".png":
            halves().pngsave(str(path), compression=1)
        else:
            halves().tiffsave(str(path), tile=True, compression="jpeg", Q=95)
        with ProjectStore.create(folder / "project", "p", ClassCatalog.from_names(["nucleus"])) as store:
            add_images(store, [path])
        self.window = open_window(folder / "project")
        self.canvas = self.window.findChild(QWidget, "canvas")

    def until(self, reached: Callable[[], object]) -> None:
        until(reached)

    def text(self, name: str) -> str:
        return self.window.findChild(QLabel, name).text()

    @property
    def working(self) -> bool:
        return self.window.findChild(QWidget, "status.progress").isVisible()

    def cancel(self) -> None:
        QTest.mouseClick(self.window.findChild(QToolButton, "status.cancel"), LEFT)

    def choose_in_list(self) -> None:
        images = self.window.findChild(QListView, "images.list")
        QTest.mouseClick(images.viewport(), LEFT, pos=images.visualRect(images.model().index(0, 0)).center())

    def color(self, x: float, y: float) -> tuple[int, ...]:
        at = QPointF(*self.canvas.image_to_widget(x, y)).toPoint()
        return self.canvas.grab().toImage().pixelColor(at).getRgb()[:3]

    @property
    def dialog_text(self) -> str:
        boxes = [w for w in self.window.findChildren(QWidget) if w.isWindow() and w.isVisible()]
        return " ".join(label.text() for box in boxes for label in box.findChildren(QLabel))


def near(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return max(abs(x - y) for x, y in zip(a, b, strict=True)) < 5


def kept() -> list[Path]:
    return list(PyramidCache().folder.glob("*.tiles"))


def test_the_thumbnail_is_made_again_when_the_levels_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[int] = []  # pyramids, whenever one is asked for
    monkeypatch.setattr(pictures, "thumbnail", lambda *_, **__: there.append(len(kept())) or DOT)
    hands = Hands(tmp_path, "slide.tif")
    hands.until(lambda: there)
    hands.until(lambda: there[-1] == 1)


def test_the_levels_of_a_large_image_are_made_in_sight(tmp_path: Path) -> None:
    hands = Hands(tmp_path, "slide.tif")
    hands.until(lambda: " % · " in hands.text("status.work"))
    assert hands.text("status.work").startswith("Preparing overview of slide.tif · ")
    assert hands.text("status.work").endswith(" left")
    hands.until(lambda: not hands.working)
    assert len(kept()) == 1
    assert hands.text("banner.text") == ""


def test_a_cancel_leaves_an_image_that_works_and_says_how_to_go_on(tmp_path: Path) -> None:
    hands = Hands(tmp_path, "slide.tif")
    hands.until(lambda: hands.working)
    hands.cancel()
    hands.until(lambda: not hands.working)
    assert "slide.tif is not finished" in hands.text("banner.text")
    assert kept() == []
    hands.canvas.zoom_to(1.0)
    hands.until(lambda: near(hands.color(SIDE / 2 - 9.5, SIDE / 2), DARK))
    hands.until(lambda: near(hands.color(SIDE / 2 + 9.5, SIDE / 2), BRIGHT))
    hands.choose_in_list()
    hands.until(lambda: hands.working)
    assert not hands.window.findChild(QWidget, "banner").isVisible()
    hands.until(lambda: not hands.working)
    assert len(kept()) == 1


def test_other_work_takes_the_status_bar_and_gives_it_back(tmp_path: Path) -> None:
    hands = Hands(tmp_path, "slide.tif")
    hands.until(lambda: hands.working)

    def work(cancel: CancelToken, progress: Progress) -> None:
        while not cancel.cancelled:
            time.sleep(0.001)
        cancel.check()

    window = hands.window
    window._work.run(window.bench.lanes, "files", "Counting", work, lambda _: None)
    pause_ms(50)
    assert hands.text("status.work") == "Counting"
    hands.cancel()
    hands.until(lambda: hands.text("status.work").startswith("Preparing"))
    hands.until(lambda: not hands.working)
    assert len(kept()) == 1  # the cancel was not meant for the levels


def test_a_png_that_does_not_fit_the_cache_is_refused_with_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "1")
    hands = Hands(tmp_path, "slide.png")
    hands.until(lambda: hands.dialog_text)
    assert "slide.png" in hands.dialog_text
    assert "Unpacking the image needs 269 MB" in hands.dialog_text
    assert not hands.working


def test_a_disk_that_fills_up_meanwhile_is_told_and_ends_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(PyramidFile, "write", full)
    hands = Hands(tmp_path, "slide.tif")
    hands.until(lambda: hands.dialog_text)
    assert str(tmp_path / "slide.tif") in hands.dialog_text
    assert f"cannot be kept in {PyramidCache().folder}: No space left on device" in hands.dialog_text
    assert not hands.working
    assert kept() == []
