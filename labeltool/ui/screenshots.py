"""Pictures of the real window, for the README and for a demo without a display."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from labeltool.core.errors import LabeltoolError
from labeltool.core.project import ImageRecord
from labeltool.ui import theme
from labeltool.ui.main import application, open_window
from labeltool.ui.train.listing import LOOP
from labeltool.ui.window import MainWindow

WAIT_S = 30.0
TELLING_SHARE = 0.25
SMALL, LARGE = (1280, 720), (2560, 1440)


def write(project: Path, out: Path) -> list[Path]:
    """Drive the window over ``project`` and save what it shows as PNG files in ``out``; their paths."""
    out.mkdir(parents=True, exist_ok=True)
    app = application()
    before = theme.scheme()
    taken: list[Path] = []

    def shot(window: QWidget, name: str) -> None:
        _pause(150)
        taken.append(out / f"{name}.png")
        window.grab().save(str(taken[-1]))

    theme.choose("dark")
    window = open_window()
    window.resize(*SMALL)
    shot(window, "start")
    window.open_path(project)
    _until(lambda: window.annotate.image is not None)
    _open_a_crowded_image(window)
    _pause(700)  # thumbnails
    window.annotate.switch("mask", True)
    shot(window, "annotate")
    window.actions_["polygon"].trigger()
    _begin_polygon(window)
    shot(window, "polygon")
    QTest.keyClick(window.annotate.canvas, Qt.Key.Key_Escape)
    window.actions_["brush"].trigger()
    if window.annotate.available("confidence"):
        window.annotate.switch("confidence", True)
        shot(window, "confidence")
        window.annotate.switch("confidence", False)
    window.actions_["export"].trigger()
    dialog = window.findChild(QWidget, "dialog.export")
    if dialog is not None:
        run = dialog.findChild(QWidget, "dialog.export.run")
        _until(lambda: run is None or run.isEnabled())
        shot(dialog, "export")
        dialog.close()
    window.bring("queue")
    window.actions_["next_suggestion"].trigger()
    _pause(1500)
    shot(window, "queue")
    _other_workspaces(window, shot)
    window.actions_["workspace_annotate"].trigger()
    window.resize(*LARGE)
    shot(window, "annotate-large")
    window.resize(*SMALL)
    theme.choose("light")
    window.refresh_theme()
    shot(window, "light")
    theme.choose(before)
    window.close()
    app.processEvents()
    return taken


def _other_workspaces(window: MainWindow, shot: Callable[[QWidget, str], None]) -> None:
    window.actions_["workspace_review"].trigger()
    _pause(1500)  # what differs is listed
    window.actions_["next_spot"].trigger()
    _pause(700)
    shot(window, "review")
    window.actions_["workspace_train"].trigger()
    _pause(1500)  # models, runs and curves are read
    shot(window, "train")
    if window.spaces.train is not None:
        window.spaces.train.show_thing(LOOP)
        _pause(1500)
        shot(window, "loop")


def _begin_polygon(window: MainWindow) -> None:
    canvas, image = window.annotate.canvas, window.annotate.image
    if image is None:
        return
    width, height = image.session.mask.size
    for x, y in ((0.4, 0.3), (0.6, 0.35), (0.65, 0.55), (0.5, 0.65)):
        at = QPointF(*window.annotate.canvas.image_to_widget(x * width, y * height)).toPoint()
        QTest.mouseMove(canvas, at)
        QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    QTest.mouseMove(canvas, at + QPoint(-60, -20))


def _pause(ms: int) -> None:
    """Let the window work. QTest.qWait would hold the interpreter, and with it every other thread."""
    deadline = time.monotonic() + ms / 1000
    while time.monotonic() < deadline:
        QApplication.processEvents()
        time.sleep(0.005)


def _until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not reached():
        if time.monotonic() > deadline:
            raise LabeltoolError("the window did not show an image in time")
        _pause(20)


def _open_a_crowded_image(window: MainWindow) -> None:
    """An image that is a quarter covered shows most: neither empty nor drowned."""
    bench = window.bench
    if bench is None:
        return
    classes = [each.value for each in bench.catalog.foreground]

    def share(record: ImageRecord) -> float:
        pixels = bench.store.class_pixels(record.id)
        return sum(pixels.get(value, 0) for value in classes) / record.size.pixels

    chosen = min(bench.store.images(), key=lambda record: abs(share(record) - TELLING_SHARE))
    bench.open_image(chosen.id)
    _until(lambda: window.annotate.image is not None and window.annotate.image.record.id == chosen.id)


def main() -> int:
    """``python -m labeltool.ui.screenshots PROJECT OUT``."""
    for path in write(Path(sys.argv[1]), Path(sys.argv[2])):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
