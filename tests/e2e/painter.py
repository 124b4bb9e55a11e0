"""A child for test_kill: paints in the real window without end, and tells what it does before and after.

Lines on standard output: ``{"do": [[x, y], ...], "value": 1}`` image points and class of a stroke that begins now,
``{"undo": true}``, ``{"saved": 12}`` whenever the status bar says so.
"""

from __future__ import annotations

import json
import random
import sys

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from labeltool.ui.main import open_window
from tests.e2e.pause import pause_ms

RADIUS_PX = 9.0


def tell(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main(project: str, seed: int) -> None:
    dice = random.Random(seed)
    window = open_window(project)
    canvas = window.findChild(QWidget, "canvas")
    status = window.findChild(QLabel, "status.saved")
    while window.annotate.image is None:
        pause_ms(5)
    window.bench.hand.radius_px = RADIUS_PX
    shown = ""

    def look() -> None:
        nonlocal shown
        if status.text() != shown:
            shown = status.text()
            if shown.startswith("saved r"):
                tell(saved=int(shown.removeprefix("saved r")))

    look()
    tell(ready=window.annotate.image.session.revision)
    while True:
        if dice.random() < 0.2 and window.annotate.image.session.undo_title:
            tell(undo=True)
            QTest.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        else:
            stroke(canvas, dice)
        for _ in range(dice.randrange(3)):
            pause_ms(3)
            look()
        look()


def stroke(canvas: QWidget, dice: random.Random) -> None:
    at = [QPoint(dice.randrange(canvas.width()), dice.randrange(canvas.height())) for _ in range(4)]
    value = dice.randrange(3)  # a mask that is full of one class would not change any more
    QTest.keyClick(canvas, Qt.Key(Qt.Key.Key_0 + value))
    tell(do=[canvas.widget_to_image(p.x(), p.y()) for p in at], value=value)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at[0])
    for point in at[1:]:
        QTest.mouseMove(canvas, point)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at[-1])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
