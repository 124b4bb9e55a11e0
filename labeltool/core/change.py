"""What changed, said once to everybody who wants to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from labeltool.core.geometry import Box

T = TypeVar("T")


@dataclass(frozen=True)
class Change:
    """A mutation of a session: the pixels that may differ, and the revision reached. Never how."""

    box: Box
    revision: int


@dataclass
class Signal(Generic[T]):
    """Listeners that are told of values, in the order they came, on the thread that tells."""

    _listeners: list[Callable[[T], None]] = field(default_factory=list)

    def connect(self, listener: Callable[[T], None]) -> Callable[[], None]:
        """Add a listener; call what comes back to take it off again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def emit(self, value: T) -> None:
        """Tell every listener."""
        for listener in list(self._listeners):
            listener(value)
