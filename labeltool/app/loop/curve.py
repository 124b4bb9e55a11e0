"""How good the model in use was on the test images, against what it had cost people by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeltool.app.loop.journal import Outcome, Round
from labeltool.app.loop.yardstick import difference


@dataclass(frozen=True)
class Point:
    """After a round that came to a decision. ``images`` were labelled, ``clicks`` and ``minutes`` spent on them by
    people, ``miou`` and ``per_class`` (IoU by name, None where nothing is to be scored) are of the model in use from
    then on, ``tried`` is the mIoU of the model that the round had trained.

    ``changed`` says in words how the test images or their labels differ from those of the point before, with whose
    figures these are then not to be compared; it is empty where they do not.
    """

    round: int
    outcome: Outcome
    images: int
    clicks: int
    minutes: float
    miou: float | None
    tried: float | None
    per_class: dict[str, float | None]
    changed: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**vars(self), "minutes": round(self.minutes, 2)}


def curve(root: Path, rounds: Sequence[Round]) -> list[Point]:
    """The points of a project's rounds, oldest first; what has failed or was cancelled is on none."""
    found: list[Point] = []
    yardstick = ""
    for each in rounds:
        decision = each.decision
        if decision is None or each.outcome in ("failed", "cancelled"):
            continue
        new = each.outcome == "promoted"
        found.append(
            Point(
                each.number,
                each.outcome,
                each.labelled,
                each.worked.clicks,
                each.worked.seconds / 60,
                each.miou,
                decision.miou_after,
                {c.name: c.after if new else c.before for c in decision.classes},
                difference(root, yardstick, each.yardstick) if yardstick else "",
            )
        )
        yardstick = each.yardstick
    return found
