"""A monkey at the real window: seeded, with every tool, key and panel it can reach, for as long as it is let.

    python tests/e2e/monkey.py --minutes 30 --seed 7

It ends with 1 when something raised, when an unexpected error was shown, when more memory was taken than the bound, or
when fsck finds fault afterwards.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np
import pyvips
from PySide6.QtCore import QEvent, QPoint, QPointF, QSettings, Qt, qInstallMessageHandler
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.guard import Guard
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from labeltool.ui.collecting import Collector
from labeltool.ui.main import application, open_window
from tests.e2e.pause import pause_ms

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NO, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
ENDS = {
    "quit",
    "close_project",
    "new_project",
    "open_project",
    "add_images",
    "add_folder",
    "import",
    "export",
    "about",
}
"""Actions that end the game, or ask the system's file dialog, which nobody is there to answer."""
SETTLE_EVERY = 50
CLASSES = ("nucleus", "cell", "vessel")
SIZES = {"small": (300, 200), "odd": (777, 513), "same": (777, 513), "wide": (2100, 700), "line": (1, 300)}
LARGE = 9_000, 7_000
MOST_MB = 1_000
"""What the program may take whatever is done with it, its own code and libraries included."""
KEYS = tuple(
    getattr(Qt.Key, f"Key_{name}")
    for name in "Escape Return Backspace Delete Space Tab X V M C O T F N".split()
)


def sample_project(folder: Path, *, large: bool = False) -> Path:
    """Images of several sizes with something on them for the tools that look at the image; with ``large`` also one
    that is read by parts."""
    rng = np.random.default_rng(0)
    images = folder / "images"
    images.mkdir(parents=True)
    for name, (width, height) in SIZES.items():
        pixels = np.full((height, width, 3), 40, np.uint8)
        for _ in range(40):
            at = int(rng.integers(0, width)), int(rng.integers(0, height))
            color = [int(v) for v in rng.integers(80, 255, 3)]
            cv2.circle(pixels, at, int(rng.integers(4, 60)), color, -1)
        noise = rng.integers(-12, 12, pixels.shape)
        pixels = np.clip(pixels + noise, 0, 255).astype(np.uint8)
        (images / f"{name}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    if large:
        part = pyvips.Image.new_from_file(str(images / "wide.png"))
        whole = part.replicate(1 + LARGE[0] // part.width, 1 + LARGE[1] // part.height).crop(0, 0, *LARGE)
        whole.tiffsave(str(images / "large.tif"), tile=True, compression="deflate")
    with ProjectStore.create(folder / "project", "monkey", ClassCatalog.from_names(list(CLASSES))) as store:
        add_images(store, [images])
    return folder / "project"


class Monkey:
    """Does things at random; ``faults`` is what went wrong, ``did`` counts what it did."""

    def __init__(self, project: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.did: Counter[str] = Counter()
        self.faults: list[str] = []
        self.window = open_window(project)
        self.canvas = self.window.findChild(QWidget, "canvas")
        self.tools = [
            a for a in self.window.actions_ if self.window.findChild(QWidget, f"tool.{a}") is not None
        ]
        for name in ENDS:
            self.window.actions_[name].triggered.disconnect()
        sys.excepthook = lambda kind, error, trace: self.fault("".join(traceback.format_exception(error)))
        qInstallMessageHandler(lambda kind, context, text: self._message(text))
        self._deadline = time.monotonic() + 20
        while self.window.annotate.image is None and time.monotonic() < self._deadline:
            pause_ms(10)
        weights = {
            self.stroke: 30, self.click: 12, self.tool: 10, self.key: 10, self.action: 8, self.digit: 6, self.undo: 10,
            self.wheel: 8, self.pan: 3, self.option: 5, self.image: 2, self.resize: 1, self.rest: 2, self.rules: 1,
        }  # fmt: skip
        self._deeds, self._weights = list(weights), list(weights.values())

    def fault(self, text: str) -> None:
        self.faults.append(text)
        print(f"FAULT after {sum(self.did.values())} deeds:\n{text}", flush=True)

    def _message(self, text: str) -> None:
        known = ("propagateSizeHints", "This plugin does not support", "setKeyboardGrabEnabled")
        if not any(words in text for words in known):
            self.fault(f"Qt: {text}")

    def play(
        self,
        seconds: float,
        tell: Callable[[str], None] = lambda text: None,
        most_mb: float = math.inf,
        least: int = 0,
    ) -> None:
        """Go on for so long, and until ``least`` deeds are done; taking more than ``most_mb`` of memory is a fault."""
        ends = time.monotonic() + seconds
        told = 0.0
        while (time.monotonic() < ends or self.did.total() < least) and len(self.faults) < 5:
            deed = self.random.choices(self._deeds, self._weights)[0]
            try:
                deed()
            except Exception:
                self.fault(traceback.format_exc())
            self.did[deed.__name__] += 1
            pause_ms(0)
            self._close_dialogs()
            if sum(self.did.values()) % SETTLE_EVERY == 0:
                pause_ms(5)
            if time.monotonic() - told > 60:
                told = time.monotonic()
                tell(f"{sum(self.did.values())} deeds, {resident_mb():.0f} MB, faults {len(self.faults)}")
                if resident_mb() > most_mb:
                    self.fault(f"{resident_mb():.0f} MB of memory, more than {most_mb:.0f}")

    def _close_dialogs(self) -> None:
        for widget in QApplication.topLevelWidgets():
            if widget is self.window or not widget.isVisible():
                continue
            if isinstance(widget, QMessageBox):
                text = f"{widget.text()} {widget.informativeText()}"
                if "unexpected" in text or "does not know" in text:
                    self.fault(text + widget.detailedText())
            widget.close()

    def _point(self) -> QPoint:
        size = self.canvas.size()
        return QPoint(
            self.random.randrange(-20, size.width() + 20), self.random.randrange(-20, size.height() + 20)
        )

    def _modifier(self) -> Qt.KeyboardModifier:
        return self.random.choices((NO, SHIFT, CTRL), (8, 1, 1))[0]

    def _mouse(
        self, kind: QEvent.Type, at: QPoint, button: Qt.MouseButton, held: Qt.KeyboardModifier
    ) -> None:
        place = QPointF(at)
        down = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
        now = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
        QApplication.sendEvent(
            self.canvas, QMouseEvent(kind, place, QPointF(self.canvas.mapToGlobal(at)), now, down, held)
        )

    def stroke(self) -> None:
        button, held = self.random.choices((LEFT, RIGHT), (4, 1))[0], self._modifier()
        at = self._point()
        self._mouse(QEvent.Type.MouseButtonPress, at, button, held)
        for _ in range(self.random.randrange(1, 25)):
            at += QPoint(self.random.randrange(-60, 61), self.random.randrange(-60, 61))
            self._mouse(QEvent.Type.MouseMove, at, button, held)
            if self.random.random() < 0.2:
                QApplication.processEvents()
        self._mouse(QEvent.Type.MouseButtonRelease, at, button, held)

    def click(self) -> None:
        held, at = self._modifier(), self._point()
        self._mouse(QEvent.Type.MouseButtonPress, at, LEFT, held)
        self._mouse(QEvent.Type.MouseButtonRelease, at, LEFT, held)
        if self.random.random() < 0.2:
            self._mouse(QEvent.Type.MouseButtonDblClick, at, LEFT, held)
            self._mouse(QEvent.Type.MouseButtonRelease, at, LEFT, held)

    def pan(self) -> None:
        at = self._point()
        self._mouse(QEvent.Type.MouseButtonPress, at, MIDDLE, NO)
        self._mouse(QEvent.Type.MouseMove, self._point(), MIDDLE, NO)
        self._mouse(QEvent.Type.MouseButtonRelease, at, MIDDLE, NO)

    def wheel(self) -> None:
        at = QPointF(self._point())
        turn = QPoint(0, 120 * self.random.choice((-2, -1, 1, 1, 2)))
        held = self.random.choices((NO, SHIFT), (3, 1))[0]
        event = QWheelEvent(
            at,
            self.canvas.mapToGlobal(at),
            QPoint(),
            turn,
            Qt.MouseButton.NoButton,
            held,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.canvas, event)

    def tool(self) -> None:
        self.window.actions_[self.random.choice(self.tools)].trigger()

    def key(self) -> None:
        QTest.keyClick(self.canvas, self.random.choice(KEYS), self._modifier())

    def action(self) -> None:
        name = self.random.choice([n for n in sorted(self.window.actions_) if n not in ENDS])
        action = self.window.actions_[name]
        if action.isEnabled():
            action.trigger()

    def digit(self) -> None:
        self.window.actions_[f"class_{self.random.randrange(10)}"].trigger()

    def undo(self) -> None:
        self.window.actions_[self.random.choice(("undo", "undo", "redo"))].trigger()

    def option(self) -> None:
        bench, tool = self.window.bench, self.window.annotate.tool
        if bench is not None and tool is not None and tool.options:
            chosen = self.random.choice(tool.options)
            top = len(chosen.choices) - 1 if chosen.choices else chosen.high
            value = self.random.uniform(chosen.low, top)
            bench.hand.set_option(
                tool, chosen.id, round(value) if chosen.choices or chosen.step in (0, 1) else value
            )

    def image(self) -> None:
        self.window.actions_[self.random.choice(("next_image", "previous_image"))].trigger()
        pause_ms(self.random.choice((0, 0, 60)))

    def rules(self) -> None:
        """Paint by other rules, or by none."""
        if self.window.bench is not None:
            values = self.window.bench.catalog.values
            rules = Guard(
                only_over=frozenset(self.random.sample(values, 1)) if self.random.random() < 0.2 else None,
                only_unlabelled=self.random.random() < 0.2,
                keep_truth=self.random.random() < 0.2,
                between=(60, 200) if self.random.random() < 0.2 else None,
            )
            self.window.bench.protection.set_rules(rules)

    def resize(self) -> None:
        self.window.resize(self.random.randrange(700, 1700), self.random.randrange(500, 1000))

    def rest(self) -> None:
        pause_ms(30)

    def leave(self, project: Path) -> None:
        """Close the window, and look at what is on disk."""
        QTest.keyClick(self.canvas, Qt.Key.Key_Escape)
        self.window.close()
        pause_ms(50)
        qInstallMessageHandler(None)
        sys.excepthook = sys.__excepthook__
        wrong = [finding for finding in check(project) if finding.severity == "error"]
        if wrong:
            self.fault(f"fsck: {wrong}")


def resident_mb() -> float:
    """Memory of this process that is in use now; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)
        project = sample_project(Path(folder), large=True)
        Collector(application())
        monkey = Monkey(project, given.seed)
        monkey.play(60 * given.minutes, lambda text: print(text, flush=True), MOST_MB)
        monkey.leave(project)
        print(f"{sum(monkey.did.values())} deeds {dict(monkey.did)}, {resident_mb():.0f} MB at the end")
        print("no fault" if not monkey.faults else f"{len(monkey.faults)} faults")
    return 1 if monkey.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
