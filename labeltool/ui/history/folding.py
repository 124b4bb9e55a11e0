"""The rows of a history: operations and events in one order, runs of strokes folded into one row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from labeltool.store.events import Event
from labeltool.store.history import JournalEntry

if TYPE_CHECKING:
    from labeltool.app.people.history import Past

ALONE = frozenset({"prelabel", "import", "clear", "restore", "copy"})
"""Changes that somebody looks for: each has a row of its own."""
SMALL_TILES = 32
"""What changed more tiles is no small stroke."""
FEWEST = 3
"""Fewer strokes are rows of their own."""
PAUSE_S, LONGEST_S = 180.0, 600.0
"""After such a pause another run begins, and so it does where one has lasted so long."""


class Item(NamedTuple):
    """One thing that was done. ``revision`` is what it left or was said of, ``since`` the revision before, ``at_s`` the
    time in seconds since 1970."""

    what: JournalEntry | Event
    since: int
    revision: int
    at_s: float

    @property
    def number(self) -> int:
        """Other items of the image have other ones."""
        what = self.what
        return 2 * what.revision if isinstance(what, JournalEntry) else 2 * what.number + 1

    @property
    def is_operation(self) -> bool:
        """Whether it has changed pixels."""
        return isinstance(self.what, JournalEntry)

    @property
    def folds(self) -> bool:
        """Whether it is a small stroke, or the undo of one."""
        what = self.what
        return isinstance(what, JournalEntry) and what.patch_kind not in ALONE and what.tiles <= SMALL_TILES


class Row(NamedTuple):
    """A run of strokes by one person, or one thing that was done."""

    items: tuple[Item, ...]

    @property
    def first(self) -> Item:
        """The oldest."""
        return self.items[0]

    @property
    def last(self) -> Item:
        """The newest."""
        return self.items[-1]

    @property
    def is_run(self) -> bool:
        """Whether it can be opened."""
        return len(self.items) > 1


def rows_of(past: Past) -> list[Row]:
    """The rows, newest first."""
    found: list[Row] = []
    run: list[Item] = []
    for item in _in_order(past):
        if run and not _goes_on(run, item):
            found += _rows(run)
            run = []
        run.append(item)
    found += _rows(run)
    return found[::-1]


def _in_order(past: Past) -> Iterator[Item]:
    """All items, oldest first: a decision after the revision that it is about, anything else by its time."""
    events, at = list(past.events), 0
    revision = 0
    for entry in past.operations:
        at_s = _seconds(entry.at_utc)
        while at < len(events) and _is_before(events[at], entry, at_s):
            yield _event_item(events[at], revision)
            at += 1
        yield Item(entry, revision, entry.revision, at_s)
        revision = entry.revision
    for event in events[at:]:
        yield _event_item(event, revision)


def _is_before(event: Event, entry: JournalEntry, at_s: float) -> bool:
    about = event.data.get("revision")
    return about < entry.revision if isinstance(about, int) else _seconds(event.at_utc) < at_s


def _event_item(event: Event, revision: int) -> Item:
    return Item(event, revision, revision, _seconds(event.at_utc))


def _seconds(at_utc: str) -> float:
    return datetime.fromisoformat(at_utc).timestamp()


def _goes_on(run: Sequence[Item], item: Item) -> bool:
    first, last = run[0], run[-1]
    return (
        item.folds
        and last.folds
        and item.what.author == first.what.author
        and item.at_s - last.at_s <= PAUSE_S
        and item.at_s - first.at_s <= LONGEST_S
    )


def _rows(run: Sequence[Item]) -> list[Row]:
    return [Row((item,)) for item in run] if len(run) < FEWEST else [Row(tuple(run))]
