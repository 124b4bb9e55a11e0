"""Comments at a place: opened, answered, resolved, reopened, and never lost."""

from __future__ import annotations

import pytest

from labeltool.app.people.comments import all_threads, answer, comment, folded, resolve, threads
from labeltool.core.errors import BadInputError
from labeltool.store.events import Event
from labeltool.store.project import ProjectStore


def test_a_comment_is_answered_resolved_and_reopened(store: ProjectStore) -> None:
    image = store.images()[0]
    store.author = "ada"
    opened = comment(store, image.id, 12.5, 30, "Is this one cell?")
    other = comment(store, image.id, 250, 3, "blurred")
    store.author = "ben"
    answered = answer(store, image.id, opened.number, " Two. ")
    assert [(c.author, c.text) for c in answered.comments] == [("ada", "Is this one cell?"), ("ben", "Two.")]
    assert (answered.x, answered.y, answered.resolved) == (12.5, 30.0, False)
    assert resolve(store, image.id, opened.number).resolved
    assert [t.resolved for t in threads(store, image.id)] == [True, False]
    assert not resolve(store, image.id, opened.number, resolved=False).resolved
    assert [t.number for t in threads(store, image.id)] == [opened.number, other.number]


def test_threads_of_a_project_come_with_their_images(store: ProjectStore) -> None:
    a, b = store.images()
    comment(store, b.id, 1, 1, "here")
    assert [(r.id, t.comments[0].text) for r, t in all_threads(store, [a, b])] == [(b.id, "here")]


@pytest.mark.parametrize(("x", "y"), [(-1, 5), (5, 61), (301, 5), (float("nan"), 5), (float("inf"), 5)])
def test_a_comment_outside_the_image_is_refused(store: ProjectStore, x: float, y: float) -> None:
    image = store.images()[0]
    with pytest.raises(BadInputError, match="outside"):
        comment(store, image.id, x, y, "lost")
    assert store.events(image.id) == []


@pytest.mark.parametrize("text", ["", " \n ", "a" * 10_001])
def test_a_comment_that_says_nothing_or_far_too_much_is_refused(store: ProjectStore, text: str) -> None:
    image = store.images()[0]
    with pytest.raises(BadInputError):
        comment(store, image.id, 1, 1, text)
    number = comment(store, image.id, 1, 1, "here").number
    with pytest.raises(BadInputError):
        answer(store, image.id, number, text)
    assert len(threads(store, image.id)[0].comments) == 1


def test_an_answer_to_nothing_is_refused(store: ProjectStore) -> None:
    with pytest.raises(BadInputError, match="no comment 7"):
        answer(store, store.images()[0].id, 7, "what?")


def test_what_belongs_to_no_comment_is_left_out() -> None:
    def event(number: int, **data: object) -> Event:
        return Event(number, "comment", "2026-01-01T00:00:00+00:00", "ada", dict(data))

    events = [
        event(1, to=9, text="an answer to nothing"),
        event(2, text="nowhere"),
        event(3, x=1, y=2, text="here"),
        event(4, to=3, mood="of a newer version"),
    ]
    (thread,) = folded(events)
    assert (thread.number, len(thread.comments)) == (3, 1)
