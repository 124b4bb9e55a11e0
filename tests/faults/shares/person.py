"""Somebody at the real window, on a computer of their own: ``python -m tests.faults.shares.person SETTINGS``.

A line of JSON on standard input asks for a deed, ``["draw", 100]``; a line answers it, ``{"done": ...}``. A thread
looks whether the event loop turns; where it stands still it is asked where, so ``["stalls"]`` is answered also
while the window is frozen.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections import Counter
from pathlib import Path

from PySide6.QtCore import QObject, QPointF, QSettings, Qt, QTimer, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QLineEdit, QListWidget, QWidget

from labeltool.ui.collecting import Collector
from labeltool.ui.main import application, open_window
from labeltool.ui.start import StartPage

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
TURN_MS = 20
STILL_S = 0.4
"""An event loop that did not turn for longer stands still."""


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Loop:
    """Whether the event loop turns, and where it stood still: seconds, and the innermost lines of the program with how
    often each was seen there, ten times a second."""

    def __init__(self) -> None:
        self._turned_s = time.monotonic()
        self._main = threading.get_ident()
        self._still: Counter[str] = Counter()
        self.stalls: list[tuple[float, dict[str, int]]] = []
        self._timer = QTimer(interval=TURN_MS)
        self._timer.timeout.connect(self._turn)
        self._timer.start()
        threading.Thread(target=self._look, daemon=True).start()

    def _turn(self) -> None:
        now_s = time.monotonic()
        if self._still:
            self.stalls.append((round(now_s - self._turned_s, 2), dict(self._still)))
            self._still = Counter()
        self._turned_s = now_s

    def _look(self) -> None:
        while True:
            time.sleep(0.1)
            if time.monotonic() - self._turned_s > STILL_S:
                self._still[" < ".join(self.where()[:-4:-1]) or "?"] += 1

    def now(self) -> float:
        """Seconds for which it has stood still by now."""
        return round(time.monotonic() - self._turned_s, 2)

    def where(self) -> list[str]:
        """The lines of the program that are being done, the outermost first."""
        frame = sys._current_frames()[self._main]
        return [
            f"{each.filename.partition('labeltool/')[2]}:{each.lineno} {each.name}"
            for each in traceback.extract_stack(frame)
            if "/labeltool/" in each.filename
        ]


class Person(QObject):
    """Does in the window what is asked."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.window = open_window(None)
        self.loop = Loop()
        self.asked.connect(self._do, Qt.ConnectionType.QueuedConnection)

    def read(self) -> None:
        """On a thread of its own."""
        for line in sys.stdin:
            what = json.loads(line)[0]
            if what == "stalls":
                say({"done": self.loop.stalls, "now": self.loop.now(), "where": self.loop.where()})
                continue
            self.asked.emit(line)
        os._exit(0)

    def _do(self, line: str) -> None:
        what, *more = json.loads(line)
        if what in ("leave", "click", "open", "act"):  # these may block, or end in a dialog's own loop
            say({"done": True})
            getattr(self, what)(*more)
            return
        try:
            say({"done": getattr(self, what)(*more)})
        except Exception as error:
            say({"error": repr(error)})

    def open(self, path: str) -> None:
        self.window.open_path(Path(path))

    def recent(self, *paths: str) -> None:
        """What was opened last."""
        QSettings().setValue("recent", list(paths))

    def refresh(self) -> None:
        """The start page is shown again."""
        self.window.findChild(StartPage).refresh()

    def act(self, name: str) -> None:
        """An action of the menus."""
        self.window.actions_[name].trigger()

    def click(self, name: str) -> None:
        """A button of the window or of a dialog."""
        for top in QApplication.topLevelWidgets():
            found = top.findChild(QAbstractButton, name)
            if found is not None and found.isVisible():
                found.click()
                return

    def type(self, name: str, text: str) -> None:
        """A line of a dialog is filled in."""
        for top in QApplication.topLevelWidgets():
            found = top.findChild(QLineEdit, name)
            if found is not None and found.isVisible():
                found.setText(text)
                return
        raise LookupError(name)

    def check(self, name: str) -> None:
        """A box of a dialog is ticked."""
        for top in QApplication.topLevelWidgets():
            found = top.findChild(QAbstractButton, name)
            if found is not None and found.isVisible():
                found.setChecked(True)

    def draw(self, y: int) -> None:
        """A stroke of the brush from left to right."""
        canvas = self.window.findChild(QWidget, "canvas")

        def at(x: float):
            return QPointF(*canvas.image_to_widget(x, y)).toPoint()

        QTest.mousePress(canvas, LEFT, NO, at(50))
        QTest.mouseMove(canvas, at(100))
        QTest.mouseRelease(canvas, LEFT, NO, at(150))

    def shot(self, path: str) -> None:
        """What it looks like."""
        self.window.grab().save(path)

    def leave(self) -> None:
        """Close the window."""
        self.window.close()

    def state(self) -> dict[str, object]:
        """What is seen."""
        image, bench = self.window.annotate.image, self.window.bench
        dialogs = [
            [top.objectName(), *(each.text() for each in top.findChildren(QLabel) if each.text())]
            for top in QApplication.topLevelWidgets()
            if isinstance(top, QDialog) and top.isVisible()
        ]
        listed = self.window.findChild(QListWidget, "start.recent")
        return {
            "status": self._text("status.saved"),
            "banner": self._text("banner.text"),
            "dialogs": dialogs,
            "image": None if image is None else image.record.name,
            "revision": None if image is None else image.session.revision,
            "pixels": None if image is None else int((image.session.mask.read("label") > 0).sum()),
            "open": bench is not None,
            "editable": bench is not None and bench.editable,
            "error": None if bench is None or bench.saver.error is None else str(bench.saver.error),
            "recent": [listed.item(i).text() for i in range(listed.count())],
            "labels": [
                each.text()
                for each in self.window.findChildren(QLabel)
                if each.isVisible() and each.objectName().startswith(("canvas", "unopened"))
            ],
        }

    def _text(self, name: str) -> str:
        found = self.window.findChild(QLabel, name)
        return "" if found is None or not found.isVisible() else found.text()


def main(settings: str) -> int:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, settings)
    app = application()
    collector = Collector(app)
    person = Person()
    threading.Thread(target=person.read, daemon=True).start()
    say({"done": "ready"})
    code = app.exec()
    collector.stop()
    say({"left": code})
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
