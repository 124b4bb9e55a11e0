"""What a tool is: a generator that gets pointer events and yields previews; its state is its local variables."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from labeltool.core.draw import Point
from labeltool.core.errors import CancelledError
from labeltool.core.geometry import Box, Size
from labeltool.core.guard import Admitted
from labeltool.core.mask import LabelMask, Plane
from labeltool.core.patch import Patch
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Shape
from labeltool.imaging.scale import PixelSize

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
LARGEST_VALUE = 1e15
"""Of an image: what may be chosen. What lies beyond stands for no value, or is infinite."""
Key = Literal["", "accept", "back", "delete", "refresh", "done"]


@dataclass(frozen=True)
class Pointer:
    """An event in image coordinates. ``kind`` "key" carries accept, back (take the last point off), delete,
    refresh (the mask has been changed by somebody else, as by undo), or done (work that was begun has an answer).
    ``pressure`` is a pen's, 0..1."""

    kind: Literal["press", "move", "release", "double", "key"]
    x: float = 0.0
    y: float = 0.0
    button: Literal["left", "right"] = "left"
    key: Key = ""
    pressure: float = 1.0
    shift: bool = False
    ctrl: bool = False

    @property
    def point(self) -> Point:
        """(x, y)."""
        return self.x, self.y


@dataclass(frozen=True, eq=False)
class Outline:
    """A line on the canvas: ``points`` float64 [n, 2] in image coordinates, never written to again.

    ``handles`` shows its points as handles, ``held`` is the index of the one that is marked (-1: none).
    """

    points: NDArray[np.float64]
    closed: bool = True
    handles: bool = False
    held: int = -1
    dashed: bool = False

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def line(
    points: Sequence[Point], *, closed: bool = False, handles: bool = False, dashed: bool = False
) -> Outline:
    """An outline through points."""
    return Outline(np.asarray(points, np.float64).reshape(-1, 2), closed, handles, dashed=dashed)


@dataclass(frozen=True, eq=False)
class Preview:
    """What the canvas shows while a tool is at work.

    ``rubber`` draws on from the last point of the last outline to the pointer. ``area`` is tinted, ``text`` is said
    beside the pointer, or beside ``text_at``. ``changed`` is the box in which this preview differs from the one
    before; None means anywhere.
    ``idle`` says that nothing would be lost if the gesture were left now: undo is then the session's again.
    ``working`` says that the tool waits for work that it has begun.
    """

    outlines: tuple[Outline, ...] = ()
    rubber: bool = False
    area: Shape | None = None
    text: str = ""
    changed: Box | None = None
    idle: bool = False
    text_at: Point | None = None
    working: bool = False


NO_PREVIEW = Preview()


class StrokeSink(Protocol):
    """Where a tool's patches go; they show at once and are one step of undo together."""

    def add(self, patch: Patch | Admitted) -> None:
        """Apply a patch now, as far as the session's guard allows."""
        ...


class ImagePixels(Protocol):
    """The image that is labelled."""

    def read(self, box: Box) -> NDArray[np.uint8]:
        """Pixels uint8 [h, w, 3], RGB, of a box inside the image; not to be written to. May wait for the disk."""
        ...


class Scene(Protocol):
    """What a tool reads."""

    @property
    def mask(self) -> LabelMask:
        """The mask; a tool reads it and never changes it."""
        ...

    @property
    def size(self) -> Size:
        """Size of the image."""
        ...

    @property
    def image(self) -> ImagePixels:
        """The image."""
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
    def object_id(self) -> int:
        """Object that is painted; 0 where objects are simply connected regions."""
        ...

    @property
    def visible(self) -> Box:
        """The part of the image that is on the screen."""
        ...

    def option(self, id_: str) -> float:
        """The value of one of the tool's options."""
        ...

    def admitted(self, patch: Patch) -> Admitted:
        """The part of a patch that the guard lets through, judged here and now."""
        ...


class Pending(Protocol[T_co]):
    """Work that has been begun."""

    @property
    def done(self) -> bool:
        """True once there is an answer, or an error."""
        ...

    def wait(self, seconds: float) -> None:
        """Until it is done, but no longer than this."""
        ...

    def result(self) -> T_co:
        """The answer of work that is done; raises what the work raised, CancelledError after a cancel."""
        ...

    def cancel(self) -> None:
        """Ask the work to stop; no harm where it is done."""
        ...


class ToolContext(Scene, Protocol):
    """What a tool may know and do. Values are those at the time of asking."""

    @property
    def predicted(self) -> Plane | None:
        """Class values of the newest prediction, 255 where the model has said nothing; None without one."""
        ...

    @property
    def pixel_size(self) -> PixelSize | None:
        """How large a pixel of the image is in the world; None where nobody knows."""
        ...

    @property
    def radius_px(self) -> float:
        """Radius of the brush in pixels of the image."""
        ...

    @property
    def last_point(self) -> Point | None:
        """Where the last stroke on this image ended."""
        ...

    @last_point.setter
    def last_point(self, point: Point | None) -> None: ...

    def choose(self, value: int) -> None:
        """Paint this class from now on."""
        ...

    def stroke(self, title: str, kind: str) -> AbstractContextManager[StrokeSink]:
        """Begin one step of undo."""
        ...

    def begin(self, work: Callable[[Scene, CancelToken], T]) -> Pending[T]:
        """Have something worked out that may take longer than a hand should wait, on a scene that stays as it is now.

        Once it is done the gesture gets the key "done", or ``hover`` is asked again. Work that was begun before and
        is not done is dropped: its result is a CancelledError. Where there is no window it is done at once.
        """
        ...

    def is_near(self, a: Point, b: Point) -> bool:
        """True when two points lie so close on the screen that a click on one means the other."""
        ...

    def screen_px(self, pixels: float) -> float:
        """How many pixels of the image so many pixels of the screen are."""
        ...


Gesture = Generator[Preview, Pointer, None]


def dragged(shown: Preview) -> Generator[Preview, Pointer, Pointer]:
    """``event = yield from dragged(...)``: what happens next in a drag, which is one step and is taken back as a whole.

    Raises CancelledError when it is.
    """
    event = yield shown
    if event.key == "back":
        raise CancelledError
    return event


class ValueRange(NamedTuple):
    """What the values of an image are that are not 8-bit RGB: of what ``kind`` (numbers mean the same in all images of
    one kind), from where to where, how finely they are told apart, and in what unit."""

    kind: tuple[str, ...]
    low: float
    high: float
    step: float
    unit: str


@dataclass(frozen=True)
class Option:
    """A setting of a tool, shown while it is in use. With ``choices`` the value is an index into them;
    a ``step`` of 0 makes it a switch, 0 or 1.

    ``of_values`` says that it is a number among an image's values; the rest then goes for 8-bit RGB, and ``fitted``
    for other images: ``kind`` is what those are (empty: 8-bit RGB).
    """

    id: str
    title: str
    default: float
    low: float = 0
    high: float = 1
    step: float = 1
    unit: str = ""
    choices: tuple[str, ...] = ()
    of_values: bool = False
    kind: tuple[str, ...] = ()

    def fitted(self, values: ValueRange) -> Option:
        """The same for an image with these values; by default as far up in its range as in that of 8 bits."""
        if not self.of_values:
            return self
        share = (self.default - self.low) / (self.high - self.low)
        default = values.low + round(share * (values.high - values.low) / values.step) * values.step
        kind, low, high, step, unit = values
        return replace(self, default=default, low=low, high=high, step=step, unit=unit, kind=kind)


@dataclass(frozen=True)
class Tool:
    """A tool as the window lists it. ``gesture`` is started by a press and ends by returning.

    ``cursor`` "brush" shows the brush's outline at true size, "cross" a cross. ``hover`` is asked what to show while
    the pointer merely moves. ``prepare`` is what takes long at first use, such as an import; it is done on another
    thread when the tool is chosen. ``help`` begins with the line that is always in sight.
    """

    id: str
    title: str
    key: str
    icon: str
    cursor: Literal["brush", "cross"]
    gesture: Callable[[ToolContext, Pointer], Gesture]
    options: tuple[Option, ...] = ()
    hover: Callable[[ToolContext, Point], Preview] | None = None
    help: str = ""
    prepare: Callable[[], object] | None = None

    def fitted(self, values: ValueRange | None) -> Tool:
        """The same with options for an image with these values; None stands for 8-bit RGB."""
        if values is None:
            return self
        return replace(self, options=tuple(option.fitted(values) for option in self.options))
