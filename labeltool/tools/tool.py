"""What a tool is: a generator that gets pointer events and yields previews; its state is its local variables."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from labeltool.core.draw import Point
from labeltool.core.geometry import Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch


@dataclass(frozen=True)
class Pointer:
    """An event in image coordinates. ``kind`` "key" carries accept, back (take the last point off) or nothing."""

    kind: Literal["press", "move", "release", "double", "key"]
    x: float = 0.0
    y: float = 0.0
    button: Literal["left", "right"] = "left"
    key: Literal["", "accept", "back"] = ""

    @property
    def point(self) -> Point:
        """(x, y)."""
        return self.x, self.y


@dataclass(frozen=True)
class Preview:
    """What the canvas shows while a tool is at work: a line through ``points``, on to the pointer if ``open``."""

    points: tuple[Point, ...] = ()
    open: bool = False


NO_PREVIEW = Preview()


class StrokeSink(Protocol):
    """Where a tool's patches go; they show at once and are one step of undo together."""

    def add(self, patch: Patch) -> None:
        """Apply a patch now."""
        ...


class ToolContext(Protocol):
    """What a tool may know and do. Values are those at the time of asking."""

    @property
    def mask(self) -> LabelMask:
        """The mask as it is now; a tool reads it and never changes it."""
        ...

    @property
    def size(self) -> Size:
        """Size of the image."""
        ...

    @property
    def paint_value(self) -> int:
        """Class value that the brush and the polygon set."""
        ...

    @property
    def erase_value(self) -> int:
        """Class value that erasing sets: the background, or ignore where there is none."""
        ...

    @property
    def radius_px(self) -> float:
        """Radius of the brush in pixels of the image."""
        ...

    def stroke(self, title: str, kind: str) -> AbstractContextManager[StrokeSink]:
        """Begin one step of undo."""
        ...

    def is_near(self, a: Point, b: Point) -> bool:
        """True when two points lie so close on the screen that a click on one means the other."""
        ...


Gesture = Generator[Preview, Pointer, None]


@dataclass(frozen=True)
class Tool:
    """A tool as the window lists it. ``gesture`` is started by a press and ends by returning.

    ``cursor`` "brush" shows the brush's outline at true size, "cross" a cross.
    """

    id: str
    title: str
    key: str
    icon: str
    cursor: Literal["brush", "cross"]
    gesture: Callable[[ToolContext, Pointer], Gesture]
