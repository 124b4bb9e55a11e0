"""How long people take: a keystroke-level model. All its constants are here, and nowhere else.

What somebody does is counted (keys, clicks, bits of aiming ...) and kept as counts; seconds are counts times constants.
So figures can be worked out again with other constants, without doing anything again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Constant(NamedTuple):
    """Seconds for one of what is counted, and who says so."""

    seconds: float
    source: str


CONSTANTS: Mapping[str, Constant] = {
    "key": Constant(0.28, "K, somebody who types 40 words a minute: Card, Moran & Newell 1980"),
    "button": Constant(0.10, "B, a mouse button pressed or let go: Kieras 2001"),
    "pointing": Constant(1.10, "P, the pointer to a place anywhere on the screen: Card, Moran & Newell 1980"),
    "homing": Constant(0.40, "H, a hand from the mouse to the keyboard or back: Card, Moran & Newell 1980"),
    "mental": Constant(1.35, "M, to judge and to decide what to do: Card, Moran & Newell 1980"),
    "response": Constant(0.50, "R, the next image is read and shown: an allowance"),
    "fixation": Constant(0.23, "the eye moves and rests: Card, Moran & Newell 1983 (0.07 to 0.70)"),
    "cycle": Constant(0.07, "a step of thought, where the next corner is: Card, Moran & Newell 1983"),
    "bit": Constant(1 / 4.3, "Fitts's law, a mouse: 3.7 to 4.9 bits a second, Soukoreff & MacKenzie 2004"),
    "steering": Constant(
        0.10, "steering law, length over width: between straight and round, Accot & Zhai 1997"
    ),
}

FIXATION_PX = 100
"""Side of the square of an image, shown two to three times its size, that one fixation judges: some five degrees."""

SCREEN_PX = (640, 400)
"""Width and height of what is on a screen of 1600 x 1000 at that size; the rest of an image is reached by panning."""

ANCHORS_S = (54.0, 79.0)
"""Seconds that people were measured to take for the polygon of an object of a photo: Jain & Grauman 2013, and COCO (Lin
et al. 2014). Such polygons have some 34 corners (Cityscapes, by Castrejon et al. 2017)."""


@dataclass(frozen=True)
class Effort:
    """How often each of ``CONSTANTS`` was needed."""

    counts: Mapping[str, float] = field(default_factory=dict)

    def __add__(self, other: Effort) -> Effort:
        return total((self, other))

    def __mul__(self, times: float) -> Effort:
        return Effort({name: times * count for name, count in self.counts.items()})

    def seconds(self, factors: Mapping[str, float] | None = None) -> float:
        """With each constant times its factor, 1 where none is given."""
        factors = factors or {}
        return sum(
            count * CONSTANTS[name].seconds * factors.get(name, 1.0) for name, count in self.counts.items()
        )


def effort(**counts: float) -> Effort:
    """By the names of ``CONSTANTS``; KeyError for another one."""
    for name in counts:
        CONSTANTS[name]
    return Effort(counts)


def total(efforts: Iterable[Effort]) -> Effort:
    """All of them together."""
    counts: dict[str, float] = {}
    for each in efforts:
        for name, count in each.counts.items():
            counts[name] = counts.get(name, 0.0) + count
    return Effort(counts)


def variations() -> dict[str, dict[str, float]]:
    """Factors for :meth:`Effort.seconds`, by a name: as it is, and each constant by half less and by half more."""
    varied = {f"{name} x {by}": {name: by} for name in CONSTANTS for by in (0.5, 1.5)}
    return {"as it is": {}, **varied}


CLICK = effort(button=2)
NOTICE = effort(fixation=1, mental=1)
"""To see that a region is wrong, and to decide how to mend it."""

JUDGE = NOTICE
"""To look at what is offered, and to decide whether it is right."""

CHANGE = effort(key=1)
"""Another class, tool or size: one key each."""


def looking(width: int, height: int) -> Effort:
    """An image is opened, looked over, judged as a whole and approved; pixels."""
    across, down = (math.ceil(side / most) for side, most in zip((width, height), SCREEN_PX, strict=True))
    pans = (effort(pointing=1) + CLICK) * (across * down - 1)
    eyes = effort(fixation=math.ceil(width / FIXATION_PX) * math.ceil(height / FIXATION_PX))
    return effort(response=1, mental=1, key=2, homing=2) + eyes + pans


def aimed(distance: float, width: float) -> Effort:
    """The pointer to a target ``distance`` away that is ``width`` wide, and a click; any one unit of length."""
    return effort(bit=math.log2(distance / width + 1), fixation=1, cycle=1) + CLICK


def stroke(length: float, width: float) -> Effort:
    """Along a path that may be missed by half of ``width`` to either side, the button held; any one unit of length."""
    return effort(pointing=1, steering=length / width) + CLICK
