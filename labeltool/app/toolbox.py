"""What the hands are set to: class, brush radius; and the context that tools get."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from labeltool.app.session import Session, Stroke
from labeltool.core.catalog import ClassCatalog
from labeltool.core.draw import Point
from labeltool.core.geometry import Box, Size
from labeltool.core.guard import Admitted, Guard
from labeltool.core.mask import LabelMask, Plane
from labeltool.core.patch import Patch
from labeltool.core.progress import CancelToken
from labeltool.imaging.scale import PixelSize
from labeltool.tools.tool import ImagePixels, Pending, Scene, Tool
from labeltool.tools.working import at_once

T = TypeVar("T")
Begin = Callable[[Callable[[CancelToken], Any]], Pending[Any]]
"""Has work done, and tells the gesture when it is."""

MOST_HOT_BYTES = 16 * 2**20
"""Tiles that a patch made on another thread holds as arrays."""

MIN_RADIUS, MAX_RADIUS = 0.5, 2000.0
RADIUS_STEP = 1.2


@dataclass
class Hand:
    """The class being painted, the one before it, and the size of the brush; kept from image to image."""

    value: int = 1
    previous: int = 1
    radius_px: float = 8.0
    object_id: int = 0
    """Object that is painted; 0 where objects are simply connected regions."""
    options: dict[tuple[str, ...], float] = field(default_factory=dict)
    """What the options of tools are set to, by tool, option, and the kind of values that it is among, if any; those
    not in it have their default."""

    def options_of(self, tool: Tool) -> Options:
        """The options of a tool, as they are whenever they are asked for."""
        return Options(self, tool)

    def set_option(self, tool: Tool, id_: str, value: float) -> None:
        """Set an option of a tool, for images of the kind that the tool is fitted to."""
        self.options[_keys(tool)[id_]] = value

    def take(self, value: int) -> None:
        """Paint this class from now on."""
        if value != self.value:
            self.previous, self.value = self.value, value

    def swap(self) -> None:
        """Back to the class before."""
        self.value, self.previous = self.previous, self.value

    def resize(self, steps: int) -> None:
        """A larger (+) or smaller (-) brush: by a fifth, at least by half a pixel."""
        wanted = self.radius_px * RADIUS_STEP**steps
        if abs(wanted - self.radius_px) < 0.5:
            wanted = self.radius_px + 0.5 * (1 if steps > 0 else -1)
        self.radius_px = min(MAX_RADIUS, max(MIN_RADIUS, round(wanted * 2) / 2))


class Options(Mapping[str, float]):
    """A live view of a tool's options: a gesture that goes on for long sees what is set meanwhile."""

    def __init__(self, hand: Hand, tool: Tool) -> None:
        self._set, self._keys = hand.options, _keys(tool)
        self._defaults = {each.id: each.default for each in tool.options}

    def __getitem__(self, id_: str) -> float:
        return self._set.get(self._keys[id_], self._defaults[id_])

    def __iter__(self) -> Iterator[str]:
        return iter(self._defaults)

    def __len__(self) -> int:
        return len(self._defaults)


def _keys(tool: Tool) -> dict[str, tuple[str, ...]]:
    return {option.id: (tool.id, option.id, *option.kind) for option in tool.options}


@dataclass
class View:
    """What a tool may ask of the screen: how much of the image it shows, and how large."""

    zoom: float = 1.0
    """Pixels of the screen a pixel of the image."""
    visible: Box | None = None
    near_px: float = 9.0
    """Points closer than this on the screen are one to the hand."""


@dataclass(frozen=True)
class Still:
    """A scene as it was when it was asked for, for work on another thread (see
    :class:`labeltool.tools.tool.Scene`)."""

    mask: LabelMask
    image: ImagePixels
    paint_value: int
    erase_value: int
    object_id: int
    visible: Box
    options: Mapping[str, float]
    guard: Guard

    @property
    def size(self) -> Size:
        """Size of the image."""
        return self.mask.size

    def option(self, id_: str) -> float:
        """The value that one of the tool's options had."""
        return self.options[id_]

    def admitted(self, patch: Patch) -> Admitted:
        """What the guard lets through; put to rest here where it is much, and not while somebody waits."""
        patch = self.guard.admit(self.mask, patch)
        return Admitted(patch.at_rest() if patch.nbytes > MOST_HOT_BYTES else patch, self.guard)


@dataclass
class Context:
    """A tool's view of the session it draws on (see :class:`labeltool.tools.tool.ToolContext`)."""

    session: Session
    hand: Hand
    catalog: Callable[[], ClassCatalog]
    image: ImagePixels
    options: Mapping[str, float] = field(default_factory=dict)
    """Of the tool at hand."""
    predicted: Plane | None = None
    view: Callable[[], View] = View
    choose: Callable[[int], None] = lambda value: None
    pixel_size: PixelSize | None = None
    """How large a pixel of the image is in the world, where its file knows."""
    run: Begin = at_once

    @property
    def mask(self) -> LabelMask:
        """The mask as it is now."""
        return self.session.mask

    @property
    def size(self) -> Size:
        """Size of the image."""
        return self.session.mask.size

    @property
    def paint_value(self) -> int:
        """Class value that painting sets."""
        return self.hand.value

    @property
    def erase_value(self) -> int:
        """Class value that erasing sets."""
        return self.catalog().unlabelled_value

    @property
    def object_id(self) -> int:
        """Object that is painted."""
        return self.hand.object_id

    @property
    def radius_px(self) -> float:
        """Radius of the brush in pixels of the image."""
        return self.hand.radius_px

    @property
    def visible(self) -> Box:
        """The part of the image that is on the screen."""
        return self.view().visible or self.size.box

    @property
    def last_point(self) -> Point | None:
        """Where the last stroke on this image ended."""
        return self.session.last_point

    @last_point.setter
    def last_point(self, point: Point | None) -> None:
        self.session.last_point = point

    def option(self, id_: str) -> float:
        """The value of one of the tool's options."""
        return self.options[id_]

    def stroke(self, title: str, kind: str) -> Stroke:
        """Begin one step of undo."""
        return self.session.stroke(title, kind)

    def still(self) -> Still:
        """The scene as it is now."""
        return Still(
            self.mask.snapshot(),
            self.image,
            self.paint_value,
            self.erase_value,
            self.object_id,
            self.visible,
            dict(self.options),
            self.session.guard,
        )

    def admitted(self, patch: Patch) -> Admitted:
        """What the guard lets through."""
        return self.still().admitted(patch)

    def begin(self, work: Callable[[Scene, CancelToken], T]) -> Pending[T]:
        """Have something worked out on the scene as it is now."""
        scene = self.still()
        return self.run(lambda cancel: work(scene, cancel))

    def is_near(self, a: Point, b: Point) -> bool:
        """True when two points are one to the hand."""
        view = self.view()
        return math.dist(a, b) * view.zoom <= view.near_px

    def screen_px(self, pixels: float) -> float:
        """How many pixels of the image so many pixels of the screen are."""
        return pixels / self.view().zoom
