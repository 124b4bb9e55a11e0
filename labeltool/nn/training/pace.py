"""How many steps there is time for."""

from __future__ import annotations

from dataclasses import dataclass

from labeltool.inference.timetable import Timetable

_RESERVE = 0.97
_TOLERANCE = 0.03
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

    def kept_up(self, timetable: Timetable, step: int, spent_s: float) -> Timetable:
        """The timetable after ``step`` steps, with fewer of them where what is left would end late."""
        ahead_s = timetable.left(step) * self.evaluation_s + self.calibration_s
        late_s = spent_s + ahead_s + (timetable.steps - step) * self.step_s - self.limit_s
        if late_s <= _TOLERANCE * self.limit_s:
            return timetable
        in_time = max(0, int((self.limit_s - spent_s - ahead_s) / self.step_s))
        return timetable.shortened(step, max(1, step + in_time))
