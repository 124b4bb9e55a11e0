"""How long work reports and how it is asked to stop."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Protocol

from labeltool.core.errors import CancelledError


class Progress(Protocol):
    """Called by long work, at most a few times a second; ``text`` says what is being done."""

    def __call__(self, done: float, total: float, text: str = "") -> None:
        """``done`` of ``total`` units are done; a total of 0 means that nobody knows it."""


def silent(done: float, total: float, text: str = "") -> None:
    """A progress that nobody watches."""


class CancelToken:
    """Set by whoever wants the work to stop, looked at by the work."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask for the work to stop."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """True once somebody asked."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise CancelledError once somebody asked."""
        if self._event.is_set():
            raise CancelledError


@dataclass
class TimeLeft:
    """Estimates the seconds left from the work done since the start."""

    started_s: float = 0.0

    def __post_init__(self) -> None:
        self.started_s = self.started_s or time.monotonic()

    def seconds(self, done: float, total: float) -> float | None:
        """Seconds left, or None while nothing is known."""
        if done <= 0 or total <= 0:
            return None
        return (time.monotonic() - self.started_s) / done * max(0.0, total - done)
