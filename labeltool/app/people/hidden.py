"""Where the history of an image begins for those who annotate it.

A hidden gold image was labelled before. Whoever annotates it must not see that: neither its history, nor what was said
of it, nor may undo bring the labels back.
"""

from __future__ import annotations

from typing import NamedTuple

from labeltool.store.project import ProjectStore

HIDING = "gold"
"""The kind of event that makes an image a hidden gold image, or ends that."""


class Start(NamedTuple):
    """What came later than this event and this revision may be seen; ``hidden`` when there is something before.

    People see revisions counted from here, as if nothing had been before.
    """

    event: int = 0
    revision: int = 0
    hidden: bool = False


def start(store: ProjectStore, image_id: str) -> Start:
    """Where the history of an image begins."""
    told = store.events(image_id, {HIDING})
    if not told or not told[-1].data.get("hidden"):
        return Start()
    return Start(told[-1].number, int(told[-1].data["revision"]), hidden=True)
