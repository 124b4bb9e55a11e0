"""How many steps there is time for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from labeltool.inference.timetable import Timetable

_RESERVE = 0.97
_LATE, _EARLY = 0.03, 0.1
"""Shares of the time by which the end may be off before the number of steps is set anew."""
_SETTLED = 0.9
"""From this share of the steps on the schedule is not made longer any more: the learning rate is all but gone."""
_MEMORY = 0.05
"""Share of the time in which a change of the machine's pace is believed: a moment's load is not the machine's pace."""
_EVALUATING = 0.4
"""Share of the time that evaluations may take; rather than more there are fewer of them."""


@dataclass
class Pace:
    """What was measured, in seconds: of a step, an evaluation and the calibration at the end, which together may not
    take longer than ``limit_s``."""

    limit_s: float
    step_s: float
    evaluation_s: float
    calibration_s: float

    def timetable(self, spent_s: float, steps: int, evaluations: int) -> Timetable:
        """As many steps and evaluations as there is time for after ``spent_s``, and no more than these."""
        left_s = max(0.0, self.limit_s - spent_s - self.calibration_s)
        if evaluations * self.evaluation_s > _EVALUATING * left_s:
            evaluations = max(1, int(_EVALUATING * left_s / self.evaluation_s))
        in_time = int(_RESERVE * (left_s - evaluations * self.evaluation_s) / self.step_s)
        return Timetable(((0, min(steps, max(1, in_time))),), evaluations)

    def saw(self, steps: int, seconds: float) -> None:
        """That many steps have just taken so long."""
        believed = 1 - math.exp(-seconds / (_MEMORY * self.limit_s))
        self.step_s += believed * (seconds / steps - self.step_s)

    def kept_up(self, timetable: Timetable, step: int, spent_s: float, most: int) -> Timetable:
        """The timetable after ``step`` steps: with fewer where what is left would end late, with more where it would
        end early, but never more than ``most``."""
        ahead_s = timetable.left(step) * self.evaluation_s + self.calibration_s
        off_s = spent_s + ahead_s + (timetable.steps - step) * self.step_s - self.limit_s
        late, early = off_s > _LATE * self.limit_s, off_s < -_EARLY * self.limit_s
        in_time = max(0, int(_RESERVE * (self.limit_s - spent_s - ahead_s) / self.step_s))
        steps = min(most, max(1, step + in_time))
        if late or (early and steps > timetable.steps and step < _SETTLED * timetable.steps):
            return timetable.ending(step, steps)
        return timetable
