"""What the hands are set to: class, brush radius; and the context that tools get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from labeltool.app.session import Session, Stroke
from labeltool.core.catalog import ClassCatalog
from labeltool.core.draw import Point
from labeltool.core.geometry import Size
from labeltool.core.mask import LabelMask

MIN_RADIUS, MAX_RADIUS = 0.5, 500.0
RADIUS_STEP = 1.2


@dataclass
class Hand:
    """The class being painted, the one before it, and the size of the brush; kept from image to image."""

    value: int = 1
    previous: int = 1
    radius_px: float = 8.0

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


@dataclass
class Context:
    """A tool's view of the session it draws on (see :class:`labeltool.tools.tool.ToolContext`)."""

    session: Session
    hand: Hand
    catalog: Callable[[], ClassCatalog]
    near: Callable[[Point, Point], bool] = field(default=lambda a, b: a == b)

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
    def radius_px(self) -> float:
        """Radius of the brush in pixels of the image."""
        return self.hand.radius_px

    def stroke(self, title: str, kind: str) -> Stroke:
        """Begin one step of undo."""
        return self.session.stroke(title, kind)

    def is_near(self, a: Point, b: Point) -> bool:
        """True when two points are one to the hand."""
        return self.near(a, b)
