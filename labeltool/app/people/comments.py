"""Comments that are pinned to a place of an image: threads that are answered, resolved and reopened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from labeltool.app.leaving_out import left_out
from labeltool.app.people.hidden import start
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord
from labeltool.store.events import Event
from labeltool.store.project import ProjectStore

COMMENT = "comment"
"""The kind of event. With x, y and text it opens a thread; with ``to`` it answers the one that this event opened, or
says by ``resolved`` whether it is settled."""

LONGEST = 10_000
"""Characters of a comment."""


@dataclass(frozen=True)
class Comment:
    """What one person said; ``at_utc`` is ISO 8601."""

    text: str
    author: str
    at_utc: str


@dataclass(frozen=True)
class Thread:
    """A comment at a point of the image (x, y in pixels), and the answers to it. ``number`` is that of its event."""

    number: int
    x: float
    y: float
    comments: tuple[Comment, ...]
    resolved: bool = False


def comment(store: ProjectStore, image_id: str, x: float, y: float, text: str) -> Thread:
    """Pin a comment to a point. BadInputError for no text, or a point outside the image."""
    _check_inside(x, y, store.image(image_id).size)
    store.add_event(image_id, COMMENT, {"x": float(x), "y": float(y), "text": _checked(text)})
    return threads(store, image_id)[-1]


def answer(store: ProjectStore, image_id: str, thread: int, text: str) -> Thread:
    """Say something in a thread. BadInputError for no text, or where there is no such thread."""
    return _add(store, image_id, thread, {"text": _checked(text)})


def resolve(store: ProjectStore, image_id: str, thread: int, *, resolved: bool = True) -> Thread:
    """Say that a thread is settled, or (``resolved`` False) that it is not. BadInputError where there is none."""
    return _add(store, image_id, thread, {"resolved": resolved})


def threads(store: ProjectStore, image_id: str) -> list[Thread]:
    """The threads of an image, in the order in which they were opened."""
    first = start(store, image_id).event
    return folded(event for event in store.events(image_id, {COMMENT}) if event.number > first)


def all_threads(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Iterator[tuple[ImageRecord, Thread]]:
    """The threads of many images; mask files that are damaged or cannot be read are passed over. One file is opened for
    each image, so this is work for a lane."""
    cancel = cancel or CancelToken()
    for number, record in enumerate(records):
        cancel.check()
        progress(number, len(records), record.name)
        found = list[Thread]()
        with left_out():
            found = threads(store, record.id)
        for thread in found:
            yield record, thread


def folded(events: Iterable[Event]) -> list[Thread]:
    """Threads from events, oldest first. What belongs to no thread, or says nothing known, is left out."""
    found: dict[int, Thread] = {}
    for event in events:
        said = event.data
        text = said.get("text")
        texts = (Comment(text, event.author, event.at_utc),) if isinstance(text, str) else ()
        to = said.get("to", 0)
        thread = found.get(to) if isinstance(to, int) else None
        if thread is not None:
            resolved = bool(said.get("resolved", thread.resolved))
            found[thread.number] = replace(thread, comments=(*thread.comments, *texts), resolved=resolved)
        elif texts and "to" not in said and _is_place(said.get("x"), said.get("y")):
            found[event.number] = Thread(event.number, float(said["x"]), float(said["y"]), texts)
    return list(found.values())


def _is_place(*values: object) -> bool:
    return all(isinstance(each, int | float) for each in values)


def _add(store: ProjectStore, image_id: str, thread: int, data: dict[str, Any]) -> Thread:
    if all(each.number != thread for each in threads(store, image_id)):
        raise BadInputError(f"there is no comment {thread}", file=store.image(image_id).path)
    store.add_event(image_id, COMMENT, {"to": thread, **data})
    return next(each for each in threads(store, image_id) if each.number == thread)


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise BadInputError("the comment is empty", hint="Say something")
    if len(text) > LONGEST:
        raise BadInputError(f"the comment has {len(text):,} characters", hint=f"Up to {LONGEST:,} are kept")
    return text


def _check_inside(x: float, y: float, size: Size) -> None:
    if not (0 <= x <= size.width and 0 <= y <= size.height):
        raise BadInputError(f"({x:g}, {y:g}) lies outside the image of {size.width} x {size.height} pixels")
