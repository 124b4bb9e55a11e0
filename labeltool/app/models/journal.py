"""Which model of a project is in use: a journal that only grows, ``models/promotions.jsonl``.

Each line is one event and is written at once, so that a kill leaves the line whole or cut off; what is cut off has not
happened. A line that is damaged otherwise might have been anything: from there on nobody knows which model is in use,
until one is promoted again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from labeltool.core import lines

MODELS = "models"
JOURNAL = "promotions.jsonl"

Event = Literal["promoted", "rolled back", "unreadable"]


@dataclass(frozen=True)
class Promotion:
    """From ``at`` (UTC, ISO 8601) on the model with the key ``model`` is in use, in place of ``before`` (empty: of
    none). All are empty in an event that is ``unreadable``."""

    event: Event
    model: str = ""
    before: str = ""
    at: str = ""


UNREADABLE = Promotion("unreadable")


def promotions(root: Path) -> list[Promotion]:
    """The events of a project, oldest first. OSError when there is a journal that cannot be read."""
    return [_read(values) for values in lines.read(root / MODELS / JOURNAL)]


def line_of_use(events: Sequence[Promotion]) -> list[str]:
    """The keys of the models that were in use one after the other, but for those that were rolled back: the last one
    is in use, the one before it is what a rollback returns to. An empty key stands for what cannot be read."""
    line: list[str] = []
    for event in events:
        if event.event == "rolled back":
            while line and line[-1] != event.model:
                line.pop()
        elif not line and event.before:
            line.append(event.before)
        if line[-1:] != [event.model]:
            line.append(event.model)
    return line


def note(root: Path, event: Event, model: str, before: str) -> Promotion:
    """Add an event to the journal; it is on the disk when this returns. OSError when it cannot be written."""
    happened = Promotion(event, model, before, datetime.now(UTC).isoformat(timespec="seconds"))
    lines.append(root / MODELS / JOURNAL, asdict(happened))
    return happened


def _read(values: Any) -> Promotion:
    try:
        event = Promotion(**values)
    except TypeError:
        return UNREADABLE
    texts = (event.model, event.before, event.at)
    known = event.event in ("promoted", "rolled back") and all(isinstance(text, str) for text in texts)
    return event if known and event.model else UNREADABLE
