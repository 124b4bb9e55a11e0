"""Decisions on an image: done, approved, rejected with a reason, or in work again. Each is about the pixels seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from labeltool.app.leaving_out import left_out
from labeltool.app.people.hidden import start
from labeltool.app.people.history import differing
from labeltool.core.errors import BadInputError
from labeltool.core.project import ImageRecord, Status
from labeltool.store.decisions import STATUS, Decision, decisions
from labeltool.store.project import ProjectStore

MAKES = (Status.IN_WORK, Status.DONE, Status.APPROVED, Status.REJECTED)
"""What people can decide; the other statuses come about."""


@dataclass(frozen=True)
class State:
    """How far an image is, and by whose word.

    ``decision`` is the one that the status comes from, None where it comes from the work. ``stale`` is the newest
    approval where the pixels are others now; when undo brings them back it is the decision again. Where somebody has
    put the image in work since, it was taken back, and there is none. ``rejection`` is what was decided last, where
    that is a rejection: its reason holds while somebody works on it.
    """

    status: Status
    decision: Decision | None
    stale: Decision | None
    rejection: Decision | None = None


def check(status: Status, reason: str) -> str:
    """The reason as it is kept; BadInputError for what nobody can decide, or a rejection that says no reason."""
    if status not in MAKES:
        raise BadInputError(f"nobody decides that an image is {status}", hint=f"It can be {', '.join(MAKES)}")
    reason = reason.strip()
    if status is Status.REJECTED and not reason:
        raise BadInputError("a rejection needs a reason", hint="Say what the annotator is to change")
    return reason


def decide(
    store: ProjectStore, image_id: str, status: Status, *, expected: int, reason: str = ""
) -> ImageRecord:
    """Write down what the user decides on the pixels of revision ``expected``.

    BadInputError as :func:`check`; ConflictError where somebody has gone on drawing.
    """
    return store.set_status(image_id, status, expected=expected, reason=check(status, reason))


def decided(store: ProjectStore, image_id: str) -> list[Decision]:
    """All that was decided on an image, oldest first; revisions are counted as people see them."""
    return [each for each in _told(store, image_id) if each.status is not Status.NEW]


def _told(store: ProjectStore, image_id: str) -> list[Decision]:
    """The same with *new*, which says that somebody begins afresh."""
    first = start(store, image_id)
    return [
        replace(each, revision=each.revision - first.revision)
        for each in decisions(store.events(image_id, {STATUS}))
        if each.number > first.event
    ]


def state(store: ProjectStore, image_id: str) -> State:
    """How far an image is, by whose word, and whether an approval has turned stale. What was decided before somebody
    began afresh is about another annotation."""
    made, status, root = _told(store, image_id), store.image(image_id).status, store.root_hash(image_id)
    afresh = max((k for k, each in enumerate(made, 1) if each.status is Status.NEW), default=0)
    made = made[afresh:]
    now = next((each for each in reversed(made) if each.root_hash == root), None)
    since = [each for each in made if each.status in (Status.APPROVED, Status.IN_WORK)]
    approval = since[-1] if since and since[-1].status is Status.APPROVED else None
    stale = approval is not None and approval.root_hash != root
    last = made[-1] if made and made[-1].status is Status.REJECTED else None
    return State(status, now if now and now.status is status else None, approval if stale else None, last)


def with_stale_approval(store: ProjectStore, records: Iterable[ImageRecord]) -> list[ImageRecord]:
    """The images whose pixels somebody has approved and somebody has changed since, which puts them in work. Of labels
    that are damaged or cannot be read nothing is said here."""
    found = []
    for record in records:
        with left_out():
            if record.status is Status.IN_WORK and state(store, record.id).stale is not None:
                found.append(record)
    return found


def changed_since(store: ProjectStore, image_id: str, decision: Decision) -> int:
    """Pixels that are others on disk now than those of a decision of :func:`decided`: in class, object or origin."""
    then = start(store, image_id).revision + decision.revision
    deltas = store.between(image_id, then, store.history(image_id).revision)
    differ = differing(deltas, store.load_mask(image_id))
    return sum(int(np.count_nonzero(each)) for each in differ.values())
