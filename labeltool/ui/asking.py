"""What only a drive can tell is asked beside the window: a network share may never answer, and freezes nothing then.

One question is open at a time. Who asks again, because another path is typed, hears nothing any more of what was asked
before. What is done beside the window must hold no widget: it may end after the window, on another thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QCoreApplication, QObject, QTimer
from PySide6.QtWidgets import QLabel

from labeltool.app import watching
from labeltool.ui.dialogs.frame import show_problem

T = TypeVar("T")
LOOK_MS = 50
SOON_S = 0.3
"""While an earlier question has no answer the next is asked only once nothing was typed for so long."""

translate = QCoreApplication.translate


class Answer(Generic[T]):
    """What is known by now of a question about ``place``."""

    def __init__(self, place: Path, future: Future[T] | None, *, is_late: bool) -> None:
        self.place = place
        self._future = future
        self.is_known = future is not None and future.done()
        self.is_late = is_late and not self.is_known
        """The drive does not answer; it is heard should it do so yet."""

    def result(self) -> T:
        """The answer, or the error with which the look has ended; only once it is known."""
        assert self._future is not None and self.is_known
        return self._future.result()

    def words(self) -> str:
        """What is said while it is not known."""
        if self.is_late:
            text = translate(
                "Asking",
                "The drive does not answer: {place}. Look after the drive or the network share; this goes on by itself "
                "when it answers.",
            )
        else:
            text = translate("Asking", "Looking at {place} …")
        return text.format(place=self.place)

    def show(self, shown: QLabel) -> None:
        """Say that on a label."""
        show_problem(shown, self.words() if self.is_late else "", self.words())


@dataclass(eq=False)
class _Question:
    """One that somebody wants an answer to."""

    place: Path
    work: Callable[[], Any]
    told: Callable[[Answer[Any]], object]
    unwanted: Callable[[Any], object] | None
    asked_s: float
    future: Future[Any] | None = None
    is_late: bool = False

    def begin(self) -> Future[Any]:
        """Ask the drive."""
        self.future = watching.begun(self.work)
        return self.future


class Asking(QObject):
    """Asks drives for its parent, and is gone with it. While ``is_held`` says so a late answer waits."""

    def __init__(self, parent: QObject, is_held: Callable[[], bool] = lambda: False) -> None:
        super().__init__(parent)
        self._is_held = is_held
        self._question: _Question | None = None
        self._last: Future[Any] | None = None  # wanted or not
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def place(self) -> Path | None:
        """What is asked about now."""
        return None if self._question is None else self._question.place

    def ask(
        self,
        place: Path,
        work: Callable[[], T],
        told: Callable[[Answer[T]], object],
        *,
        at_once: bool = True,
        unwanted: Callable[[T], object] | None = None,
    ) -> None:
        """Do ``work``, a look at ``place``, on a thread of its own. ``told`` hears at once what is known of it (a drive
        at hand answers while it is waited for, if ``at_once``), again when the drive is late, and when it answers.

        ``unwanted`` gets what ``work`` has made once nobody asks for it any more, on any thread.
        """
        self.forget()
        question = self._question = _Question(place, work, told, unwanted, time.monotonic())
        if self._last is None or self._last.done():
            self._last = question.begin()
            if at_once:
                wait([self._last], watching.AT_ONCE_S)
        self._tell(question)

    def forget(self) -> None:
        """Nobody wants to know any more."""
        question, self._question = self._question, None
        self._timer.stop()
        if question is not None and question.future is not None and question.unwanted is not None:
            question.future.add_done_callback(partial(_drop, question.unwanted))

    def _look(self) -> None:
        question = self._question
        if question is None:
            return
        since_s = time.monotonic() - question.asked_s
        if question.future is None:
            if since_s >= SOON_S:
                self._last = question.begin()
            return
        if question.future.done() and self._is_held():
            return
        is_late = since_s >= watching.ANSWER_S
        if question.future.done() or is_late != question.is_late:
            question.is_late = is_late
            self._tell(question)

    def _tell(self, question: _Question) -> None:
        answer = Answer(question.place, question.future, is_late=question.is_late)
        if answer.is_known:
            self._question = self._last = None  # else the answer, a project maybe, would stay
            self._timer.stop()
        else:
            self._timer.start()
        question.told(answer)


def _drop(unwanted: Callable[[Any], object], future: Future[Any]) -> None:
    if not future.cancelled() and future.exception() is None:
        unwanted(future.result())
