"""Decisions on an image (done, approved, rejected, in work again): each is about the very pixels that somebody saw.

So the status of an image follows from its pixels: where an edit ends an approval, undoing that edit brings it back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from labeltool.core.project import Status
from labeltool.store import events
from labeltool.store.contents import Contents, read_meta
from labeltool.store.events import Entry, Event

STATUS = "status"
"""The kind of event that a decision is."""


@dataclass(frozen=True)
class Decision:
    """What somebody decided, on which pixels (the root hash of the mask), at which revision, who and when, and why."""

    status: Status
    root_hash: str
    revision: int
    reason: str
    author: str
    at_utc: str
    number: int
    """That of the event."""
    class_pixels: Mapping[str, int]
    """Pixels by class value, as text. Where they differ the pixels do, which spares looking at the hash."""


def decisions(found: Iterable[Event]) -> list[Decision]:
    """The decisions among events, in their order. One of a newer version whose status nobody knows is left out, and one
    that holds what no version writes."""
    made = (_decision(event) for event in found if event.kind == STATUS)
    return [each for each in made if each is not None]


def _decision(event: Event) -> Decision | None:
    try:
        return Decision(
            Status(event.data["status"]),
            str(event.data.get("root_hash", "")),
            int(event.data.get("revision", 0)),
            str(event.data.get("reason", "")),
            event.author,
            event.at_utc,
            event.number,
            dict(event.data.get("class_pixels", {})),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def decide(file: Contents, status: Status, reason: str, author: str) -> None:
    """Write a decision on the pixels as they are, inside the caller's transaction. Who says again what was said last
    adds nothing: the outcome may have been unclear."""
    about = {
        "status": status.value,
        "root_hash": file.root_hash(),
        "revision": file.revision,
        "class_pixels": json.loads(read_meta(file.db)["class_pixels"]),
        "reason": reason,
    }
    if _said_last(file) != (about, author):
        events.add(file.db, Entry.now(STATUS, about, author))


def _said_last(file: Contents) -> tuple[dict[str, Any], str] | None:
    try:
        return next(((each.data, each.author) for each in reversed(events.read(file.db, {STATUS}))), None)
    except (TypeError, ValueError):
        return None  # fsck tells of it


def standing(file: Contents, class_pixels: Mapping[str, int]) -> Status | None:
    """What the newest decision on the pixels as they are says; None where nobody has decided on them.

    ``class_pixels`` are those of the mask as it is. *New* means that somebody begins afresh: it ends all before it.
    """
    try:
        made = decisions(events.read(file.db, {STATUS}))
    except (TypeError, ValueError):
        return None  # fsck tells of it; a stroke must not get lost over it
    root = ""
    for each in reversed(made):
        if each.status is Status.NEW:
            return None
        if each.class_pixels == class_pixels:
            root = root or file.root_hash()
            if each.root_hash == root:
                return each.status
    return None
