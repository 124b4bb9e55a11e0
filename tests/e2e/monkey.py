"""A monkey at the real window: seeded, with every tool, key, panel and dialog, for as long as it is let.

    python tests/e2e/monkey.py --minutes 30 --seed 7
    python tests/e2e/monkey.py --minutes 120 --seed 1 --rate 8 --figures soak.jsonl

It ends with 1 when something raised, when Qt or the log complained, when an unexpected error was shown, when a stroke
that was done or acknowledged is not on disk after closing, when fsck finds fault, or when more memory was taken than
the bound. A fault comes with the seed, the number of the deed and the deeds before it.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import json
import logging
import math
import os
import random
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TextIO

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

import shiboken6
from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QEventLoop,
    QMimeData,
    QPoint,
    QPointF,
    QSettings,
    Qt,
    QTimer,
    QUrl,
    qInstallMessageHandler,
)
from PySide6.QtGui import QDesktopServices, QDropEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QFileDialog,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPushButton,
    QWidget,
)

from labeltool.core.guard import Guard
from labeltool.ui.collecting import Collector
from labeltool.ui.main import application, open_window
from tests.e2e import monkey_training
from tests.e2e.monkey_fingers import Fingers, below
from tests.e2e.monkey_ledger import Ledger, errors
from tests.e2e.monkey_world import World, megabytes
from tests.e2e.pause import pause_ms
from tests.e2e.soak import Figures, allocated_bytes, resident_mb

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NO, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
ENDS = {"quit", "close_project"}
"""Actions that end the game; there are deeds for them."""
TRAINS = {"train_go_on", "train_round"}
"""Actions that begin a training, which takes minutes and all processors."""
TRAIN_BUTTONS = (  # by how their names begin
    "train.new.start",
    "dialog.label_errors.",
    "train.train_round",
    "train.train_go_on",
    "train_round",
)
NEVER = ("start.sample",)
"""Buttons that make a sample project for models with a network."""
SPACES = ("annotate", "annotate", "annotate", "review", "train")
SETTLE_EVERY = 50
MOST_MB = 1_000
"""What the program may take whatever is done with it, its own code and libraries included."""
STUCK_S = 0.3
"""A deed that takes longer while events are handled waits for an answer in a dialog."""
PATIENCE_S = 20.0
REST_MS = 100
HANGS_S = 120
MANY_FAULTS = 5
REMEMBERED = 40
FSCK_EVERY = 8
"""Closings after which fsck looks through the whole project; what was done last is compared after each."""
PRELABEL_EVERY_S = 8.0
KEYS = tuple(
    getattr(Qt.Key, f"Key_{name}")
    for name in "Escape Return Backspace Delete Space Tab X V M C O T F N".split()
)
HARMLESS = ("propagateSizeHints", "This plugin does not support", "setKeyboardGrabEnabled")


class Monkey:
    """Does things at random; ``faults`` is what went wrong, ``did`` counts what it did, ``seen`` which dialogs it saw,
    ``told`` which failures the window told of. With ``training`` it may begin a training, with ``one_window`` it never
    begins anew with another window."""

    def __init__(self, world: World, seed: int, *, training: bool = False, one_window: bool = False) -> None:
        self.world, self.seed = world, seed
        self.random = random.Random(seed)
        self.did: Counter[str] = Counter()
        self.acted: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        """Exports, imports and new projects that came to their end, and trainings that were begun."""
        self.told: Counter[str] = Counter()
        self.faults: list[str] = []
        self.trail: TextIO | None = None
        """Gets every deed before it is done: what is left where the whole process ends."""
        self.prelabelled = self.closings = 0
        self.at_rest_mb = self.window_at_rest_mb = 0.0
        """What was allocated when the last project had just been closed: a state that comes again and again."""
        self.ledger = Ledger()
        self._barred = NEVER if training else (*NEVER, *TRAIN_BUTTONS)
        self._no_actions = ENDS if training else ENDS | TRAINS
        self.fingers = Fingers(self.random, world, lambda name: name.startswith(self._barred))
        self._last: deque[str] = deque(maxlen=REMEMBERED)
        self._since = time.monotonic()
        self._in_hand: QWidget | None = None
        self._idle_since = time.monotonic()
        self._project = 0
        self._listen()
        self._open_window(world.projects[0])
        self._watch = QTimer()
        self._watch.timeout.connect(self._look_for_questions)
        self._watch.start(100)
        weights = {
            self.stroke: 30, self.click: 10, self.tool: 8, self.key: 8, self.action: 8, self.digit: 4, self.undo: 10,
            self.wheel: 6, self.pan: 3, self.option: 5, self.image: 3, self.resize: 0.5, self.rest: 2, self.rules: 1,
            self.dialog: 2, self.widget: 7, self.workspace: 1, self.focus: 1, self.dock: 0.5, self.drop: 0.2,
            self.screen: 0.2, self.turn: 0.4, self.hand_over: 0.3,
            self.take_in: 0.2, self.make: 0.1, self.reopen: 0.08, self.begin_to_paint: 2,
        }  # fmt: skip
        if one_window:
            del weights[self.reopen]
        if training:
            weights[self.train] = 0.3
        self._deeds, self._weights = list(weights), list(weights.values())

    # ---- faults

    def _listen(self) -> None:
        """Everything that goes wrong anywhere in this process is a fault."""
        self._handler = _Complaints(self.fault)
        logging.getLogger().addHandler(self._handler)
        self._hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
        sys.excepthook = lambda kind, error, trace: self.fault("".join(traceback.format_exception(error)))
        sys.unraisablehook = lambda what: self.fault(f"unraisable: {what.exc_value!r} in {what.object!r}")
        threading.excepthook = lambda args: self.fault(f"in thread {args.thread}: {args.exc_value!r}")
        qInstallMessageHandler(lambda kind, context, text: self._message(text))
        self._open_url = QDesktopServices.openUrl
        QDesktopServices.openUrl = lambda url: True  # type: ignore[method-assign]
        self._static = {name: getattr(QFileDialog, name) for name in _ASKED}
        for name, answer in _ASKED.items():
            choose = self._named if name == "getSaveFileName" else self._chosen
            setattr(QFileDialog, name, staticmethod(partial(answer, choose)))

    def _stop_listening(self) -> None:
        logging.getLogger().removeHandler(self._handler)
        sys.excepthook, sys.unraisablehook, threading.excepthook = self._hooks
        qInstallMessageHandler(None)
        QDesktopServices.openUrl = self._open_url  # type: ignore[method-assign]
        for name, method in self._static.items():
            setattr(QFileDialog, name, method)

    def _chosen(self) -> str:
        """What somebody chose in a dialog of the system; empty for nothing."""
        path = "" if self.random.random() < 0.25 else str(self.world.any_path(self.random))
        self._say(f"chose {path!r}")
        return path

    def _named(self) -> str:
        """Where somebody wants something written: never over what the others play with."""
        name = self.random.choice(("", "a.csv", "report.zip", "no/such/folder.csv"))
        return str(self.world.out / name) if name else ""

    def fault(self, text: str) -> None:
        """Something went wrong."""
        told = f"seed {self.seed}, deed {self.did.total()}: {text}\nbefore it: {' | '.join(self._last)}"
        self.faults.append(told)
        print(f"FAULT {told}", flush=True)

    def _message(self, text: str) -> None:
        if not any(words in text for words in HARMLESS):
            self.fault(f"Qt: {text}\n{''.join(traceback.format_stack(limit=12))}")

    def _say(self, what: str) -> None:
        self._last.append(f"{self.did.total()} {what}")
        if self.trail is not None:
            self.trail.write(f"{self.did.total()} {what}\n")
            self.trail.flush()

    # ---- the game

    def play(
        self,
        seconds: float,
        tell: Callable[[str], None] = lambda text: None,
        most_mb: float = math.inf,
        least: int = 0,
        rate: float = math.inf,
        every_s: float = 60.0,
        most_faults: int = MANY_FAULTS,
    ) -> None:
        """Go on for so long, and until ``least`` deeds are done, at most ``rate`` a second and half of the time; taking
        more than ``most_mb`` of memory is a fault."""
        in_loop(lambda: self._play(seconds, tell, most_mb, least, rate, every_s, most_faults))

    def _play(
        self,
        seconds: float,
        tell: Callable[[str], None],
        most_mb: float,
        least: int,
        rate: float,
        every_s: float,
        most_faults: int,
    ) -> None:
        ends = time.monotonic() + seconds
        told = 0.0
        while (time.monotonic() < ends or self.did.total() < least) and len(self.faults) < most_faults:
            began = time.monotonic()
            self._do(self.random.choices(self._deeds, self._weights)[0])
            self._background()
            if rate < math.inf:
                took = time.monotonic() - began
                pause_ms(1000 * max(1 / rate - took, took))
            if self.did.total() % SETTLE_EVERY == 0:
                pause_ms(5)
            if time.monotonic() - told > every_s:
                told = time.monotonic()
                tell(f"{self.did.total()} deeds, {resident_mb():.0f} MB, faults {len(self.faults)}")
                if resident_mb() > most_mb:
                    self.fault(f"{resident_mb():.0f} MB of memory, more than {most_mb:.0f}")

    def see_the_rest(self) -> None:
        """Have every dialog come up that has not yet."""
        in_loop(self._see_the_rest)

    def _see_the_rest(self) -> None:
        for name in self.dialogs:
            for _ in range(4):
                if self.acted[name]:
                    break
                if self.window.bench is None:
                    self._do(self.turn)
                self._do(self.begin_to_paint)
                self._do(partial(self.show, name))

    def _do(self, deed: Callable[[], None]) -> None:
        if self.window.bench is None and self.random.random() < 0.3:
            deed = self.turn  # there is little to do without one
        name = getattr(deed, "__name__", "show")
        self._say(name)
        self._since = time.monotonic()
        try:
            deed()
        except Exception:
            self.fault(traceback.format_exc())
        self.did[name] += 1
        pause_ms(0)
        self._close_dialogs()
        self._since = math.inf

    def _background(self) -> None:
        """Nearly always a model is at work; between two runs there is room for an import."""
        window = self.window
        if window.bench is None or window._work.busy:
            self._idle_since = time.monotonic()
        elif time.monotonic() - self._idle_since > PRELABEL_EVERY_S * self.random.random():
            self._say("pre-label in the background")
            everything = self.random.random() < 0.3
            window.actions_["prelabel_all" if everything else "prelabel"].trigger()
            self._idle_since = time.monotonic()

    def figures(self) -> dict[str, Any]:
        """What a minute's line says of the game."""
        return {
            "deeds": self.did.total(),
            "operations": self.ledger.operations,
            "images": self.ledger.opened,
            "prelabels": self.prelabelled,
            "closings": self.closings,
            "at_rest_mb": self.at_rest_mb,
            "window_at_rest_mb": self.window_at_rest_mb,
            "faults": len(self.faults),
            "widgets": len(QApplication.allWidgets()),
            "windows": len(QApplication.topLevelWidgets()),
            "qobjects": sum(1 for _ in below(self.window)) if self.window else 0,
            "project_mb": round(megabytes(self.world.projects[self._project]), 1),
        }

    # ---- questions that wait for an answer

    def _look_for_questions(self) -> None:
        """A deed that does not come back waits in a loop of events of its own: for a menu or a dialog. Answered from
        another timer, since this one would not come again while its own answer asks something."""
        if time.monotonic() - self._since > STUCK_S:
            QTimer.singleShot(0, self._answer)

    def _answer(self) -> None:
        if time.monotonic() - self._since <= STUCK_S:
            return
        asks = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if asks is None or asks is self._in_hand:
            return
        self._since = time.monotonic()
        if isinstance(asks, QMenu):
            self._say(f"menu: {self.fingers.menu(asks)}")
        else:
            self._read(asks)
            self._say(f"asked by {_name(asks)}: {self.fingers.end(asks)}")

    def _close_dialogs(self) -> None:
        """Play with what came up, then close it."""
        for widget in self._others():
            if not _is_open(widget):
                continue
            if isinstance(widget, QMenu):
                self._say(f"menu: {self.fingers.menu(widget)}")
            elif isinstance(widget, QDialog):
                self._play_with(widget)
            else:
                widget.close()
        self._in_hand = None

    def _others(self) -> list[QWidget]:
        """What is open beside the window; what came last is over the others."""
        found = [w for w in QApplication.topLevelWidgets() if w.isVisible() and w is not self.window]
        return [w for w in reversed(found) if not isinstance(w, QDockWidget)]

    def _play_with(self, dialog: QWidget) -> None:
        self._read(dialog)
        name = _name(dialog)
        for _ in range(self.random.randrange(1, 16)):
            if not _is_open(dialog) or isinstance(dialog, QMessageBox | QFileDialog):
                break
            self._in_hand, self._since = dialog, time.monotonic()
            self._say(f"in {name}: {self.fingers.touch(dialog)}")
            if self.random.random() < 0.2:
                self.fingers.walk(dialog)
            pause_ms(self.random.choice((0, 0, 0, 30)))
            if QApplication.activeModalWidget() is not dialog:
                break  # there is a dialog over it; it comes next
        if _is_open(dialog) and QApplication.activeModalWidget() in (None, dialog):
            self._since = time.monotonic()
            self._say(f"left {name}: {self.fingers.end(dialog)}")
            pause_ms(0)

    def _read(self, dialog: QWidget) -> None:
        """What it says: an error that nobody expected is a fault."""
        self.seen[_name(dialog)] += 1
        if isinstance(dialog, QMessageBox):
            text = f"{dialog.text()} {dialog.informativeText()}"
            self.told[text[:160]] += 1
            if _unexpected(text) or "could not be saved" in text:
                self.fault(text + dialog.detailedText())

    # ---- the window and its projects

    def _open_window(self, project: Path) -> None:
        self.window = open_window(project)
        self.canvas = self.window.findChild(QWidget, "canvas")
        self.tools = [
            a for a in self.window.actions_ if self.window.findChild(QWidget, f"tool.{a}") is not None
        ]
        self.dialogs = [
            "about",
            *(i for i, each in self.window.actions_.items() if each.text().endswith("…")),
        ]
        for name in ENDS:
            self.window.actions_[name].triggered.disconnect()
        for id_, action in self.window.actions_.items():
            action.triggered.connect(partial(self._count_action, id_))
        self.window._prelabelling.told.connect(self._count_prelabel)
        self.window.projects.opened.connect(self._follow)
        self._project = self.world.projects.index(project)
        if self.window.bench is not None:
            self._follow(self.window.bench)
        deadline = time.monotonic() + 20
        while self.window.annotate.image is None and time.monotonic() < deadline:
            pause_ms(10)

    def _count_action(self, id_: str, *_: object) -> None:
        self.acted[id_] += 1

    def _count_prelabel(self, text: str) -> None:
        self.prelabelled += 1

    def _follow(self, bench: Any) -> None:
        """Another project is open, perhaps one that the monkey made."""
        self.ledger.follow(bench)

    @contextmanager
    def _closing(self) -> Iterator[None]:
        """What was open is closed within; then everything that was done must be there."""
        bench = self.window.bench
        root = None if bench is None else bench.store.root
        QTest.keyClick(self.canvas, Qt.Key.Key_Escape)
        self.ledger.leave()
        yield
        if root is None or (self.window.bench is not None and self.window.bench is bench):
            return
        self.closings += 1
        for lost in (*self.ledger.lost(root), *monkey_training.wrong(root)):
            self.fault(f"{root}: {lost}")
        if self.closings % FSCK_EVERY == 0:
            self.check(root)
        if self.window.bench is None:
            pause_ms(REST_MS)
            gc.collect()
            self.at_rest_mb = round(allocated_bytes() / 2**20, 1)
            self.window_at_rest_mb = round(resident_mb(), 1)
            if root in self.world.projects:
                self.world.tidy(root)

    def check(self, root: Path) -> None:
        """Have fsck look at a project that is closed."""
        for wrong in errors(root):
            self.fault(f"fsck: {wrong}")

    def turn(self) -> None:
        """Close the project, whatever it is busy with, and open the other one, or the same."""
        self._perhaps_busy()
        if self._is_blocked():
            return
        with self._closing():
            if not self.window._close_project():
                return
        self._project = self.random.randrange(len(self.world.projects))
        if self.random.random() < 0.3:
            self._start_page()
        self.window.open_path(self.world.projects[self._project])
        pause_ms(self.random.choice((0, 20, 200)))

    def _start_page(self) -> None:
        """Some play with the first page before a project is open again."""
        for _ in range(self.random.randrange(6)):
            self._since = time.monotonic()
            self._say(f"start page: {self.fingers.touch(self.window)}")
            pause_ms(10)
            self._close_dialogs()
            if self.window.bench is not None:
                return

    def reopen(self) -> None:
        """Close the window, whatever it is busy with, and open another."""
        self._perhaps_busy()
        if self._is_blocked():
            return
        window = self.window
        with self._closing():
            window.close()
        if window.isVisible():
            return  # somebody chose to stay, or a training was not to be stopped
        window.deleteLater()
        pause_ms(0)
        del window
        self._open_window(self.world.projects[self._project])

    def _is_blocked(self) -> bool:
        """True while a dialog lies over the window that lets nobody close it, or drop anything on it."""
        return any(isinstance(each, QDialog) and each.isModal() for each in self._others())

    def _perhaps_busy(self) -> None:
        """Often something has just begun when it is closed: an image is loading, a model or an export is at work."""
        bench = self.window.bench
        if bench is None:
            return
        begin = self.random.choice(("next_image", "prelabel", "prelabel_all", "review_compare", "stroke", ""))
        self._say(f"close while {begin or 'idle'}")
        if begin == "stroke":
            self.stroke()
        elif begin:
            self.window.actions_[begin].trigger()
        pause_ms(self.random.choice((0, 0, 10, 100, 400)))
        self._close_dialogs()

    # ---- the hand

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
        name = self.random.choice([n for n in sorted(self.window.actions_) if n not in self._no_actions])
        action = self.window.actions_[name]
        if action.isEnabled():
            self._say(f"action {name}")
            action.trigger()

    def dialog(self) -> None:
        """Have a dialog come up; it is played with as soon as the deed is done."""
        self.show(self.random.choice(self.dialogs))

    def show(self, name: str) -> None:
        """Trigger an action where it most likely applies: on its page, with nothing else at work."""
        self._say(f"dialog {name}")
        if self.window._work.busy and self.random.random() < 0.5:
            self._stop_work()
        if name.startswith(("model_", "train_", "round_", "label_errors")):
            self.window.actions_["workspace_train"].trigger()
        if name.startswith("model_"):
            self._look_at_a_model()
        self.window.actions_[name].trigger()
        pause_ms(self.random.choice((0, 0, 100)))

    def _look_at_a_model(self) -> None:
        """What is done with one model needs its page."""
        train = self.window.spaces.train
        if train is not None and train._known and train._shelf.models:
            train.show_thing(("model", self.random.choice(train._shelf.models).key))
            pause_ms(0)

    def hand_over(self) -> None:
        """Export in some format, to the end or until somebody loses patience."""
        folder = self.world.out / f"e{self.random.randrange(100)}"
        if self._fill_in("export", {"dialog.export.folder": str(folder)}):
            self._say(f"export to {folder.name}")
            self.done["export"] += folder.is_dir()

    def take_in(self) -> None:
        """Import labels: the masks that are there, or something that was exported before."""
        exports = [path for path in self.world.out.iterdir() if path.is_dir()]
        source = self.random.choice([self.world.masks, *exports])
        if self._fill_in("import", {"dialog.import.source": str(source)}):
            self._say(f"import from {source.name}")
            self.done["import"] += 1

    def make(self) -> None:
        """Make a new project, which is open then in the place of this one."""
        root = self.world.made / f"n{self.random.randrange(10_000)}"
        asked = {"dialog.new.folder": str(root), "dialog.new.classes": "bright, edge, rest"}
        if self._is_blocked():
            return
        if self.random.random() < 0.5:
            self.window.projects.ask_new([self.world.more])
        with self._closing():
            self._fill_in("new", asked)
        self.done["new"] += root.is_dir()

    def train(self) -> None:
        """Begin a training that takes seconds, and go on working beside it."""
        if self._is_blocked():
            return
        self.done["training"] += monkey_training.begin(self.window, self.random)
        if self.random.random() < 0.8:
            self.begin_to_paint()

    def _fill_in(self, name: str, texts: dict[str, str]) -> bool:
        """Open a dialog, choose among its formats, type, press its button, and wait for what comes of it; now and then
        it is closed, or the project is, while it is at work. False where it could not be begun."""
        if self._dialog(name) is None:
            self._stop_work()
            if self._is_blocked():
                return False
            self.window.actions_["new_project" if name == "new" else name].trigger()
        dialog = self._dialog(name)
        if dialog is None:
            return False
        self._in_hand = dialog
        self.seen[_name(dialog)] += 1
        kind = dialog.findChild(QComboBox, f"dialog.{name}.format")
        if kind is not None and name == "export":
            kind.setCurrentIndex(self.random.randrange(kind.count()))
        for line, text in texts.items():
            dialog.findChild(QLineEdit, line).setText(text)
        run = dialog.findChild(QPushButton, f"dialog.{name}.run")
        began = self._wait(run.isEnabled, 2.0)
        if began:
            run.click()
            patience = self.random.choice((0.02, 0.2, PATIENCE_S, PATIENCE_S))
            self._wait(lambda: not _is_open(dialog) or dialog.close_button.isEnabled(), patience)
        if _is_open(dialog):
            dialog.reject()
        return began

    def _dialog(self, name: str) -> QDialog | None:
        found = [
            d
            for d in self.window.children()
            if isinstance(d, QDialog) and d.objectName() == f"dialog.{name}" and d.isVisible()
        ]
        return found[-1] if found else None

    def _wait(self, reached: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not reached() and time.monotonic() < deadline:
            pause_ms(10)
            self._since = time.monotonic()
        return reached()

    def _stop_work(self) -> None:
        """Press cancel, since much can be asked for only when nothing else is at work."""
        self.window.findChild(QAbstractButton, "status.cancel").click()
        self._wait(lambda: not self.window._work.busy, 2.0)

    def widget(self) -> None:
        """Touch anything in the window."""
        self._say(f"touched {self.fingers.touch(self.window)}")

    def focus(self) -> None:
        """Go through the window by keys."""
        self.fingers.walk(self.window)

    def workspace(self) -> None:
        self.window.actions_[f"workspace_{self.random.choice(SPACES)}"].trigger()
        pause_ms(self.random.choice((0, 0, 50)))

    def dock(self) -> None:
        """Drag a panel by its title, let it float or bring it back, or bring its tab to the front."""
        docks = [d for d in self.window.children() if isinstance(d, QDockWidget) and d.isVisible()]
        if not docks:
            return
        dock, how = self.random.choice(docks), self.random.random()
        if how < 0.4:
            dock.raise_()
        elif how < 0.6:
            dock.setFloating(not dock.isFloating())
        elif how < 0.8:
            at = QPoint(20, 8)
            QTest.mousePress(dock, LEFT, NO, at)
            for _ in range(5):
                at += QPoint(self.random.randrange(-90, 30), self.random.randrange(-60, 60))
                QTest.mouseMove(dock, at)
            QTest.mouseRelease(dock, LEFT, NO, at)
        else:
            dock.toggleViewAction().trigger()
            pause_ms(0)
            dock.show()

    def drop(self) -> None:
        """Drop files on the window: images, folders, a project, something else."""
        data = QMimeData()
        paths = [self.world.any_path(self.random) for _ in range(self.random.randrange(1, 4))]
        paths = [p for p in paths if p.exists()]
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        self._say(f"drop {[path.name for path in paths]}")
        if self._is_blocked():
            return
        at = QPointF(200, 200)
        event = QDropEvent(at, Qt.DropAction.CopyAction, data, LEFT, NO)
        with self._closing():
            self.window.dropEvent(event)

    def screen(self) -> None:
        """Full screen, as large as it gets, or a window again; and the other colours."""
        self.random.choice((self.window.showFullScreen, self.window.showMaximized, self.window.showNormal))()
        if self.random.random() < 0.5:
            self.window.actions_["scheme"].trigger()

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

    def begin_to_paint(self) -> None:
        """What somebody does who wants to go on painting: without it there is soon a rule or a lock in the way."""
        bench = self.window.bench
        for name in ("workspace_annotate", "paint_anywhere", "brush", f"class_{self.random.randrange(4)}"):
            self.window.actions_[name].trigger()
        if bench is not None and bench.editable:
            for value in bench.catalog.locked:
                self.window._protection.lock(value)
        if self.random.random() < 0.3:
            self.window.actions_["fit"].trigger()
        for _ in range(self.random.randrange(5)):
            self.stroke()

    def resize(self) -> None:
        self.window.resize(self.random.randrange(700, 1700), self.random.randrange(500, 1000))

    def rest(self) -> None:
        pause_ms(30)

    def leave(self) -> None:
        """Close the window, and look at what is on disk."""
        in_loop(self._leave)
        self._watch.stop()
        self._stop_listening()
        for project in self.world.projects:
            self.check(project)

    def _leave(self) -> None:
        self._since = math.inf
        with self._closing():
            self.window.close()
        pause_ms(50)


def in_loop(work: Callable[[], None]) -> None:
    """Do it as the program does everything, within its loop of events. Outside of one, what is to be deleted later
    would be deleted by the first dialog that waits for an answer, even a list whose click has asked for that dialog."""
    loop = QEventLoop()
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)
        loop.quit()

    QTimer.singleShot(0, run)
    loop.exec()
    if raised:
        raise raised[0]


class _Complaints(logging.Handler):
    """An error in the log is a fault, but for a job's that says what is wrong."""

    def __init__(self, fault: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._fault = fault

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or record.name != "labeltool.app.jobs":  # a job's error that is known has none
            self._fault(f"log: {logging.Formatter().format(record)}")


_ASKED: dict[str, Callable[..., object]] = {
    "getExistingDirectory": lambda choose, *_, **__: choose(),
    "getOpenFileName": lambda choose, *_, **__: (choose(), ""),
    "getOpenFileNames": lambda choose, *_, **__: (list(filter(None, [choose()])), ""),
    "getSaveFileName": lambda choose, *_, **__: (choose(), ""),
}
"""Dialogs of the system that block, and what they answer."""


def _name(widget: QWidget) -> str:
    return widget.objectName() or f"{type(widget).__name__} {widget.windowTitle()!r}"


def _unexpected(text: str) -> bool:
    """In any language."""
    words = "something went wrong that the program does not know: {error}"
    said = QCoreApplication.translate("Failure", words).split("{error}")[0]
    return "unexpected" in text or said[1:] in text  # but for a capital


def _is_open(dialog: QWidget) -> bool:
    """False, too, where it has been deleted meanwhile."""
    return shiboken6.isValid(dialog) and dialog.isVisible()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=math.inf, help="deeds a second at most")
    parser.add_argument("--figures", type=Path, help="file that gets a line of JSON a minute")
    parser.add_argument("--trail", type=Path, help="file that gets every deed before it is done")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two lines of figures")
    parser.add_argument("--most-faults", type=int, default=MANY_FAULTS, help="end after so many")
    parser.add_argument("--training", action="store_true", help="begin trainings, too")
    parser.add_argument(
        "--one-window", action="store_true", help="as the program: its window is never made anew"
    )
    parser.add_argument("--language", default="en", help="of the window: en or zh_CN")
    parser.add_argument("--most-mb", type=float, default=MOST_MB)
    given = parser.parse_args()
    figures, trail = (file.absolute() if file else None for file in (given.figures, given.trail))
    faulthandler.enable()
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), large=True)
        _settings().setValue("language", given.language)
        Collector(application())
        monkey = Monkey(world, given.seed, training=given.training, one_window=given.one_window)
        if trail is not None:
            monkey.trail = trail.open("w", encoding="utf-8")
        game = _Game(monkey, Figures(figures, monkey.figures) if figures else None)
        bounds = {"rate": given.rate, "every_s": given.every, "most_faults": given.most_faults}
        monkey.play(60 * given.minutes, game.tell, given.most_mb, **bounds)
        monkey.leave()
        world.close()
        print(f"{monkey.did.total()} deeds {dict(monkey.did)}, {resident_mb():.0f} MB at the end")
        print(
            f"dialogs {dict(monkey.seen)}\nactions {dict(monkey.acted)}\nwidgets {dict(monkey.fingers.touched)}"
        )
        print(f"done {dict(monkey.done)}\ntold {json.dumps(monkey.told, indent=1)}")
        print("no fault" if not monkey.faults else f"{len(monkey.faults)} faults")
    return 1 if monkey.faults else 0


def _settings() -> QSettings:
    """Those of the program before there is one."""
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "labeltool", "labeltool")


class _Game:
    """What is told once a minute."""

    def __init__(self, monkey: Monkey, figures: Figures | None) -> None:
        self._monkey, self._figures = monkey, figures

    def tell(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)
        faulthandler.dump_traceback_later(60 + HANGS_S, exit=True)
        if self._figures is not None:
            gc.collect()
            self._figures.write()


if __name__ == "__main__":
    raise SystemExit(main())
