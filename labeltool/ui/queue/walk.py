"""From one suggestion to the next."""

from __future__ import annotations

from collections.abc import Sequence

from labeltool.ui.queue.words import Entry


def following(entries: Sequence[Entry], at: int | None, by: int) -> int | None:
    """The next (+1) or previous (-1) entry with something to do, from the other end on where there is none; None where
    the one ``at`` hand is the last. Without that the way begins at an end of the list."""
    count = len(entries)
    start = at if at is not None else (-1 if by > 0 else count)
    for step in range(1, count + 1):
        index = (start + by * step) % count
        if index != at and entries[index].is_left:
            return index
    return None


def entry_of(entries: Sequence[Entry], image_id: str) -> int | None:
    """The entry of an image, of several the first with something to do; None where there is none."""
    found = [index for index, entry in enumerate(entries) if entry.suggestion.image == image_id]
    return next((index for index in found if entries[index].is_left), found[0] if found else None)
