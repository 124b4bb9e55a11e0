"""Does ranking help on this data? Ranked suggestions against those that were drawn at random for comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from labeltool.app.queue.queue import Outcome, Queue, outcomes
from labeltool.core.progress import CancelToken
from labeltool.learning.control import Interval, difference
from labeltool.learning.pool import Floats
from labeltool.store.project import ProjectStore


@dataclass(frozen=True)
class Helping:
    """How many ranked suggestions and controls are done, the mean pixels of a suggestion that had to be corrected, and
    by how much the ranked ones are ahead: in pixels, and in pixels for each minute of work where both were measured.
    None where there are too few of either to say."""

    ranked: int
    control: int
    ranked_pixels: float | None
    control_pixels: float | None
    corrected: Interval | None
    per_minute: Interval | None

    @property
    def sentence(self) -> str:
        """What it comes to, for people."""
        if self.corrected is None or self.ranked_pixels is None or self.control_pixels is None:
            return (
                f"Too early to say whether ranking helps: {self.ranked} ranked suggestions and {self.control} of the "
                "random control are done, and two of each are needed"
            )
        found = self.corrected
        verdict = (
            "so ranking helps here"
            if found.low > 0
            else "so random choice would be better here"
            if found.high < 0
            else "which may be chance"
        )
        return (
            f"Ranked suggestions had {self.ranked_pixels:,.0f} wrong pixels on average, those drawn at random "
            f"{self.control_pixels:,.0f}: a difference of {found.estimate:,.0f} (95 % interval {found.low:,.0f} to "
            f"{found.high:,.0f}), {verdict}"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        intervals = {name: each and each._asdict() for name, each in self._intervals().items()}
        return {**asdict(self), **intervals, "sentence": self.sentence}

    def _intervals(self) -> dict[str, Interval | None]:
        return {"corrected": self.corrected, "per_minute": self.per_minute}


def helping(store: ProjectStore, queue: Queue, cancel: CancelToken | None = None) -> Helping:
    """Compare what was wrong in ranked suggestions and in controls that are done, of this queue and those before it.

    What teaches a model is what it had wrong: a ranking that finds no more of that than chance does is worth nothing.
    """
    return compared([*queue.past, *outcomes(store, queue, cancel)])


def compared(found: Sequence[Outcome]) -> Helping:
    """The comparison of suggestions that are done."""
    ranked = [each for each in found if not each.control]
    control = [each for each in found if each.control]
    pixels = _each(ranked, _wrong), _each(control, _wrong)
    measured = [[each for each in group if each.seconds] for group in (ranked, control)]
    minutes = _each(measured[0], _per_minute), _each(measured[1], _per_minute)
    return Helping(
        len(ranked),
        len(control),
        float(pixels[0].mean()) if ranked else None,
        float(pixels[1].mean()) if control else None,
        difference(*pixels),
        difference(*minutes),
    )


def _each(outcomes: Sequence[Outcome], what: Callable[[Outcome], float]) -> Floats:
    return np.array([what(each) for each in outcomes], np.float64)


def _wrong(outcome: Outcome) -> float:
    return float(outcome.wrong)


def _per_minute(outcome: Outcome) -> float:
    return 60 * outcome.wrong / (outcome.seconds or 1)
