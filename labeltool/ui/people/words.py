"""Who did something and when, and what a status is called, as the window says it."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QCoreApplication

from labeltool.core.project import Status

translate = QCoreApplication.translate

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400
MANY_DAYS = 30
"""What is longer ago is told by its date."""


def status_text(status: Status) -> str:
    """A status for people."""
    return {
        Status.NEW: translate("People", "new"),
        Status.PRELABELLED: translate("People", "pre-labelled"),
        Status.IN_WORK: translate("People", "in work"),
        Status.DONE: translate("People", "done"),
        Status.APPROVED: translate("People", "approved"),
        Status.REJECTED: translate("People", "rejected"),
    }[status]


def who(author: str) -> str:
    """The name of an account, which some have not."""
    return author or translate("People", "somebody")


def ago(at_utc: str, now: datetime | None = None) -> str:
    """How long ago a moment was (ISO 8601); one that nobody can read is told as it is."""
    at = _read(at_utc)
    if at is None:
        return at_utc
    seconds = ((now or datetime.now(UTC)) - at).total_seconds()
    steps = (
        (MINUTE_S, 1, translate("People", "just now")),
        (HOUR_S, MINUTE_S, translate("People", "{n} min ago")),
        (DAY_S, HOUR_S, translate("People", "{n} h ago")),
        (2 * DAY_S, DAY_S, translate("People", "yesterday")),
        (MANY_DAYS * DAY_S, DAY_S, translate("People", "{n} days ago")),
    )
    for below, unit, text in steps:
        if seconds < below:
            return text.format(n=int(seconds // unit))
    return f"{at.astimezone():%Y-%m-%d}"


def exact(at_utc: str) -> str:
    """A moment by the clock on the wall, to the minute."""
    at = _read(at_utc)
    return at_utc if at is None else f"{at.astimezone():%Y-%m-%d %H:%M}"


def _read(at_utc: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(at_utc)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
