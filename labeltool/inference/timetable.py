"""How long a training lasts, in steps, and when its weights are evaluated. A function of steps alone, never of time, so
that a run that goes on after a kill, or is made again, does the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Timetable:
    """``pieces`` are (step, steps): from that step on there will be so many. A second piece means that the machine's
    pace became another than it was when the time that was given was turned into steps. ``stop`` is the step after which
    the training is left off, though its schedule has more: so are weights made again that somebody stopped at."""

    pieces: tuple[tuple[int, int], ...]
    evaluations: int
    stop: int | None = None

    @property
    def steps(self) -> int:
        """How many steps there will be."""
        return self.pieces[-1][1]

    @property
    def last(self) -> int:
        """The step after which nothing follows."""
        return self.steps if self.stop is None else self.stop

    def share(self, step: int) -> float:
        """How much of the schedule is over when that many steps are done, 0..1."""
        if step >= self.steps:
            return 1.0
        over, ends = 0.0, [begin for begin, _ in self.pieces[1:]]
        for (begin, steps), end in zip(self.pieces, [*ends, step], strict=True):
            if begin < step:
                over += (1 - over) * (min(step, end) - begin) / (steps - begin)
        return over

    def evaluates(self, step: int) -> bool:
        """Whether the weights after that many steps are evaluated: more often towards the end, and at the end."""
        return step > 0 and self._passed(step) > self._passed(step - 1)

    def left(self, step: int) -> int:
        """How many evaluations come after that many steps."""
        return self.evaluations - self._passed(step)

    def ending(self, step: int, steps: int) -> Timetable:
        """The same until ``step``, then going on evenly to end with ``steps``."""
        return replace(self, pieces=(*(p for p in self.pieces if p[0] < step), (step, steps)))

    def _passed(self, step: int) -> int:
        share, n = self.share(step), self.evaluations
        return sum(1 - (1 - (k + 1) / n) ** 1.5 <= share for k in range(n))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "pieces": [list(piece) for piece in self.pieces],
            "evaluations": self.evaluations,
            "stop": self.stop,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Timetable:
        """What :meth:`to_json` gave; TypeError, KeyError or ValueError for anything else."""
        pieces = tuple((int(begin), int(steps)) for begin, steps in data["pieces"])
        if not pieces or pieces[0][0] != 0 or min(steps for _, steps in pieces) < 1:
            raise ValueError(f"a timetable of {pieces}")
        stop = data.get("stop")
        if stop is not None and not 0 < int(stop) <= pieces[-1][1]:
            raise ValueError(f"a timetable of {pieces} that stops at {stop}")
        return cls(pieces, int(data["evaluations"]), None if stop is None else int(stop))
