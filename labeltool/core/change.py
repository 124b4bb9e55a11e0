"""What changed, said once to everybody who wants to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from labeltool.core.geometry import TILE, Box, Size, TileIndex

T = TypeVar("T")
MANY_TILES = 32
"""Of fewer the box around them says enough."""


@dataclass(frozen=True)
class Change:
    """A mutation of a session: the pixels that may differ, and the revision reached. Never how.

    They lie in ``box``, and in ``tiles`` where those are known: a long stroke touches few of the tiles in its box.
    """

    box: Box
    revision: int
    tiles: frozenset[TileIndex] | None = None

    def boxes(self, size: Size, shift: int = 0) -> list[Box]:
        """Boxes around the tiles that changed, one for each block of 2**shift tiles a side; the one box if they
        are few."""
        if self.tiles is None or len(self.tiles) < MANY_TILES:
            return [self.box]
        found: dict[tuple[int, int], list[int]] = {}
        for row, col in self.tiles:
            edges = found.setdefault((row >> shift, col >> shift), [col, row, col, row])
            edges[:] = min(edges[0], col), min(edges[1], row), max(edges[2], col), max(edges[3], row)
        inside = self.box.intersect(size.box)
        return [
            Box(left * TILE, top * TILE, (right + 1) * TILE, (bottom + 1) * TILE).intersect(inside)
            for left, top, right, bottom in found.values()
        ]


@dataclass
class Signal(Generic[T]):
    """Listeners that are told of values, in the order they came, on the thread that tells."""

    _listeners: list[Callable[[T], None]] = field(default_factory=list)

    def connect(self, listener: Callable[[T], None]) -> Callable[[], None]:
        """Add a listener; call what comes back to take it off again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def emit(self, value: T) -> None:
        """Tell every listener, also where one fails; the first failure is raised when all have been told."""
        failure: Exception | None = None
        for listener in list(self._listeners):
            try:
                listener(value)
            except Exception as error:  # of a view, say: the others must know all the same
                failure = failure or error
        if failure is not None:
            raise failure
