"""Threads of comments as the window reads and keeps them; each of these waits for the disk, so it is work for a lane
or for the saver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord
from labeltool.ui.people.card import Place
from labeltool.ui.people.comment_rows import Row

if TYPE_CHECKING:
    from labeltool.app.people.comments import Thread
    from labeltool.store.project import ProjectStore


def rows_of(record: ImageRecord, threads: list[Thread]) -> list[Row]:
    """The threads of an image, numbered in the order in which they were opened."""
    return [Row(record, number, thread) for number, thread in enumerate(threads, 1)]


def read(store: ProjectStore, image_id: str) -> list[Thread]:
    """The threads of an image."""
    from labeltool.app.people.comments import threads  # noqa: PLC0415

    return threads(store, image_id)


def read_all(store: ProjectStore, cancel: CancelToken, progress: Progress) -> list[Row]:
    """Those of all images."""
    from labeltool.app.people.comments import all_threads  # noqa: PLC0415

    found: dict[str, tuple[ImageRecord, list[Thread]]] = {}
    for record, thread in all_threads(store, store.images(), progress, cancel):
        found.setdefault(record.id, (record, []))[1].append(thread)
    return [row for record, threads in found.values() for row in rows_of(record, threads)]


def say(store: ProjectStore, place: Place, text: str) -> None:
    """Answer the thread of a place, or open one there."""
    from labeltool.app.people.comments import answer, comment  # noqa: PLC0415

    if place.thread:
        answer(store, place.image_id, place.thread, text)
    else:
        comment(store, place.image_id, place.x, place.y, text)


def settle(store: ProjectStore, place: Place, resolved: bool) -> None:
    """Resolve the thread of a place, or open it again."""
    from labeltool.app.people.comments import resolve  # noqa: PLC0415

    resolve(store, place.image_id, place.thread, resolved=resolved)
