"""Human work on images: seconds with pauses left out, clicks, strokes, keys. Fed with the times of inputs, without Qt.

What a hand does follows each other within seconds: in the keystroke-level model (Card, Moran and Newell 1980) a key
takes 0.2 s, pointing 1.1 s, thinking of what comes next 1.35 s, and a drawn line of 50 cm 9 s. People look at a picture
for longer, but then the pointer moves or the view. So what lies between two inputs counts as work up to ``IDLE_S``, and
a longer time without any is a pause that counts for nothing: the figure is never more than the time on the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from labeltool.app.leaving_out import left_out
from labeltool.core.project import ImageRecord, Skipped
from labeltool.store.project import ProjectStore

IDLE_S = 30.0
KEPT_EVERY_S = 120.0
"""A crash loses at most so much of what was counted."""

WORKED = "worked"
"""The kind of the events that hold what was counted."""

Input = Literal["move", "click", "key"]
"""A pointer that moves or a wheel that turns says that somebody is there."""


@dataclass(frozen=True)
class Worked:
    """What somebody did."""

    seconds: float = 0.0
    clicks: int = 0
    strokes: int = 0
    keys: int = 0

    def __add__(self, other: Worked) -> Worked:
        return Worked(
            self.seconds + other.seconds,
            self.clicks + other.clicks,
            self.strokes + other.strokes,
            self.keys + other.keys,
        )

    @property
    def is_nothing(self) -> bool:
        """True where nobody did anything that takes time."""
        return self == Worked()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; milliseconds say enough."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """What :meth:`to_json` gave; TypeError or ValueError for anything else."""
        counts = (int(data.get(name, 0)) for name in ("clicks", "strokes", "keys"))
        return cls(float(data.get("seconds", 0.0)), *counts)


class Effort:
    """Adds up the inputs of one person; times are seconds of a clock that only goes forward."""

    def __init__(self, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._last_s: float | None = None
        self._seconds = 0.0
        self._clicks = self._strokes = self._keys = 0

    def input(self, at_s: float, kind: Input = "move") -> None:
        """Somebody moved, clicked or pressed a key."""
        last_s = at_s if self._last_s is None else self._last_s
        if 0 < at_s - last_s <= self._idle_s:
            self._seconds += at_s - last_s
        self._clicks += kind == "click"
        self._keys += kind == "key"
        self._last_s = max(last_s, at_s)

    def stroke(self) -> None:
        """A step of undo was done by hand."""
        self._strokes += 1

    def pause(self) -> None:
        """Somebody turned to something else: nothing counts until the next input."""
        self._last_s = None

    def take(self) -> Worked:
        """What has come together since this was called last."""
        taken = Worked(self._seconds, self._clicks, self._strokes, self._keys)
        self._seconds = 0.0
        self._clicks = self._strokes = self._keys = 0
        return taken


class Timesheet:
    """Books inputs to the image they are about, on the thread that owns the state. ``keep`` gets what was done to an
    image when another one follows, when somebody turns to something else, and every few minutes.

    The time from the last input on one image to the first on the next belongs to the next, which was looked at.
    """

    def __init__(self, keep: Callable[[str, Worked], None], idle_s: float = IDLE_S) -> None:
        self._keep = keep
        self._effort = Effort(idle_s)
        self._image_id = ""
        self._kept_s = 0.0

    def input(self, image_id: str, at_s: float, kind: Input = "move") -> None:
        """An input that is about an image; an empty id: about none."""
        if image_id != self._image_id:
            self.flush()
            self._image_id, self._kept_s = image_id, at_s
        elif at_s - self._kept_s >= KEPT_EVERY_S:
            self.flush()
            self._kept_s = at_s
        if image_id:
            self._effort.input(at_s, kind)
        else:
            self._effort.pause()

    def stroke(self, image_id: str) -> None:
        """A step of undo was done by hand to the image that the last input was about."""
        if image_id and image_id == self._image_id:
            self._effort.stroke()

    def flush(self) -> None:
        """Hand over what has come together."""
        worked = self._effort.take()
        if self._image_id and not worked.is_nothing:
            self._keep(self._image_id, worked)

    def leave(self) -> None:
        """Nobody works on an image any more."""
        self.flush()
        self._effort.pause()
        self._image_id = ""


def worked_on(store: ProjectStore, image_id: str) -> Worked:
    """All that people did to an image, as far as the window has counted it."""
    return sum((_read(event.data) for event in store.events(image_id, {WORKED})), Worked())


def worked_in_all(
    store: ProjectStore, records: Iterable[ImageRecord], skipped: list[Skipped] | None = None
) -> Worked:
    """The same over images; it opens one file for each. One that is damaged or cannot be read counts for nothing,
    and is named in ``skipped`` where that is given."""
    total = Worked()
    for record in records:
        with left_out(skipped):
            total += worked_on(store, record.id)
    return total


def _read(data: dict[str, Any]) -> Worked:
    """An event that is not what it should be counts for nothing."""
    try:
        return Worked.from_json(data)
    except (TypeError, ValueError, OverflowError):
        return Worked()
