"""The rounds of a project, one line each in a file that only grows: ``loop/rounds.jsonl``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from labeltool.app.effort import Worked
from labeltool.app.loop.gate import Decision
from labeltool.app.loop.settings import LOOP
from labeltool.core import lines

ROUNDS = "rounds.jsonl"
_MOST = 2.0**53
"""No number in a line is as large; NaN and infinity are none."""

Outcome = Literal["promoted", "refused", "undecided", "cancelled", "failed"]


@dataclass(frozen=True)
class Round:
    """One round: what people had done by then, what was trained, and what became of it.

    ``began`` and ``ended`` are UTC in ISO 8601. ``approved`` and ``worked`` are of all images but those of the split
    test, as they were when it began; ``labelled`` images were learnt from or chosen on. ``run`` is the name of the
    training run, ``model`` the key of the model that came of it; both are empty where it did not come so far.
    ``in_use`` is the key of the model in use afterwards (empty: none), ``against`` of the one that the new model was
    held against (empty: none, or an older round, which did not say), ``yardstick`` the digest of the test images and
    their labels. ``why`` says in a sentence what led to the outcome.
    """

    number: int
    outcome: Outcome
    began: str
    ended: str
    why: str
    approved: int = 0
    labelled: int = 0
    worked: Worked = field(default_factory=Worked)
    run: str = ""
    model: str = ""
    in_use: str = ""
    yardstick: str = ""
    decision: Decision | None = None
    against: str = ""

    @property
    def miou(self) -> float | None:
        """The mIoU on the test images of the model that was in use from then on; None where it was not measured."""
        if self.decision is None:
            return None
        return self.decision.miou_after if self.outcome == "promoted" else self.decision.miou_before

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        decision = None if self.decision is None else self.decision.to_json()
        return {**asdict(self), "worked": self.worked.to_json(), "decision": decision}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What :meth:`to_json` gave; TypeError, ValueError, KeyError or AttributeError for anything else."""
        values = dict(data)
        decision = values.pop("decision")
        found = cls(
            **{**values, "number": int(values["number"]), "worked": Worked.from_json(values["worked"])},
            decision=None if decision is None else Decision.from_json(decision),
        )
        _check_kinds(found)
        return found


def _check_kinds(this: Round) -> None:
    """TypeError where a line holds something else than it will be shown as."""
    texts = [
        this.outcome,
        this.began,
        this.ended,
        this.why,
        this.run,
        this.model,
        this.in_use,
        this.yardstick,
    ]
    numbers: list[Any] = [this.number, this.approved, this.labelled, *vars(this.worked).values()]
    if this.decision is not None:
        texts += [this.decision.verdict, this.decision.why]
        numbers += [this.decision.images, this.decision.miou_before, this.decision.miou_after]
        for each in this.decision.classes:
            texts += [each.name, each.finding]
            numbers += [each.before, each.after, each.low, each.high, each.units]
    if not all(isinstance(each, str) for each in (*texts, this.against)):
        raise TypeError("something is no text")
    if not all(each is None or (type(each) in (int, float) and abs(each) < _MOST) for each in numbers):
        raise TypeError("something is no number")


class Rounds(NamedTuple):
    """The rounds of a project, oldest first, and how many lines of its journal are damaged."""

    rounds: list[Round]
    damaged: int


def read_rounds(root: Path) -> Rounds:
    """What the journal holds. OSError when there is one that cannot be read."""
    found = [_read(values) for values in lines.read(root / LOOP / ROUNDS)]
    whole = [each for each in found if each is not None]
    return Rounds(whole, len(found) - len(whole))


def write_round(root: Path, this: Round) -> None:
    """Add a round; it is on the disk when this returns. OSError when it cannot be written."""
    lines.append(root / LOOP / ROUNDS, this.to_json())


def _read(values: Any) -> Round | None:
    try:
        return Round.from_json(values)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        return None
