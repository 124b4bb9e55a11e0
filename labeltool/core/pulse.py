"""Long work says that it gets on, to whoever watches it from outside: what stands still makes no beat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")


def _nobody() -> None:
    """Nobody watches."""


_watcher: ContextVar[Callable[[], None]] = ContextVar("watcher", default=_nobody)


def beat() -> None:
    """The work that is being done on this thread has got on."""
    _watcher.get()()


def beating(items: Iterable[T]) -> Iterator[T]:
    """The same items, with a beat for each."""
    for item in items:
        beat()
        yield item


@contextmanager
def felt(watcher: Callable[[], None]) -> Iterator[None]:
    """Have ``watcher`` called, on this thread, at every beat of the block."""
    before = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(before)
