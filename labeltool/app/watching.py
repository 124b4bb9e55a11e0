"""Work that stands still is noticed, and not waited for: a disk that does not answer raises no error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Condition, Thread
from typing import TypeVar

from labeltool.core.pulse import felt

T = TypeVar("T")
AT_ONCE_S = 0.15
"""Who draws the window waits for no longer for a drive; one at hand takes milliseconds."""
ANSWER_S = 3.0
"""A drive that says nothing for so long does not answer."""


def begun(work: Callable[[], T]) -> Future[T]:
    """Do this on a thread of its own. A drive may never answer, and nobody waits for that thread, not even the end of
    the program."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, name="labeltool-asked", daemon=True).start()
    return future


class Watch:
    """Looks, from a thread of its own, at work that another thread does one piece at a time.

    ``late`` is called when a piece has not ended after ``patience_s`` and has not got on for as long
    (:func:`labeltool.core.pulse.beat`), and every ``again_s`` until it does. It may find that the piece has just ended:
    whoever shares anything with the work asks for :attr:`is_late` under a lock of both.
    """

    def __init__(self, late: Callable[[], None], patience_s: float, again_s: float) -> None:
        self._late, self._patience_s, self._again_s = late, patience_s, again_s
        self._changed = Condition()
        self._heard_s: float | None = None
        self._ended = False
        self._thread: Thread | None = None

    @property
    def is_late(self) -> bool:
        """True while the piece of work that is being done has stood still for too long."""
        with self._changed:
            return self._left_s() <= 0

    @contextmanager
    def over(self) -> Iterator[None]:
        """Watch this piece of work."""
        with self._changed:
            self._heard_s = time.monotonic()
            if self._thread is None and not self._ended:  # a project that is only looked at needs none
                self._thread = Thread(target=self._look, name="labeltool-watch", daemon=True)
                self._thread.start()
            self._changed.notify()
        try:
            with felt(self._gets_on):
                yield
        finally:
            with self._changed:
                self._heard_s = None

    def end(self) -> None:
        """Look no more."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _gets_on(self) -> None:
        self._heard_s = time.monotonic()

    def _left_s(self) -> float:
        if self._heard_s is None:
            return float("inf")
        return self._heard_s + self._patience_s - time.monotonic()

    def _look(self) -> None:
        while True:
            with self._changed:
                if self._ended:
                    return
                left_s = self._left_s()
                if left_s > 0:
                    self._changed.wait(None if self._heard_s is None else left_s)
                    continue
            self._late()
            with self._changed:
                if not self._ended:
                    self._changed.wait(self._again_s)
