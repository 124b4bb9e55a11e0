"""The history of an image: who did what, the mask as it was, and the way back."""

from __future__ import annotations

import pytest

from labeltool.app.people.history import Replay, mask_at, operations, restore, restoring
from labeltool.app.session import Operation, Session
from labeltool.core.errors import BadInputError, LockedError
from labeltool.core.geometry import Box
from labeltool.core.guard import Guard
from labeltool.core.patch import Patch
from labeltool.core.project import Status
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from tests.unit.app.people.conftest import Draw, label_of

FIRST, SECOND = Box(0, 0, 30, 30), Box(260, 10, 290, 40)


def test_all_operations_are_told_with_who_and_when(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    store.author = "ada"
    draw(image, FIRST)
    store.author = "ben"
    draw(image, SECOND)
    store.commit(image.id, store.patch(image.id, 2).inverse(), kind="undo", target=2, expected=2)
    found = operations(store, image.id)
    assert [(e.revision, e.kind, e.target, e.title, e.author) for e in found] == [
        (1, "do", None, "brush stroke", "ada"),
        (2, "do", None, "brush stroke", "ben"),
        (3, "undo", 2, "brush stroke", "ben"),
    ]
    assert [e.tiles for e in found] == [2, 2, 2]
    assert [e.at_utc for e in found] == sorted(e.at_utc for e in found)


def test_a_replay_shows_every_revision_and_what_changed(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    draw(image, FIRST)
    draw(image, SECOND)
    replay = Replay(store, image.id, 0)
    assert list(replay.mask.occupied()) == []
    assert [index.col for index in replay.go(1)] == [0]
    assert [index.col for index in replay.go(2)] == [1]
    assert replay.mask.same_pixels(store.load_mask(image.id))
    assert {index.col for index in replay.go(0)} == {0, 1}
    assert list(replay.mask.occupied()) == []


def test_restoring_is_one_step_that_can_be_undone(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    draw(image, FIRST)
    wanted = store.root_hash(image.id)
    draw(image, SECOND)
    before = store.root_hash(image.id)
    assert restore(store, image.id, 1) == 3
    assert (store.root_hash(image.id), store.history(image.id).undo[-1].title) == (
        wanted,
        "Restore revision 1",
    )
    store.commit(image.id, store.patch(image.id, 3).inverse(), kind="undo", target=3, expected=3)
    assert store.root_hash(image.id) == before
    store.close()
    assert check(store.root) == []


def test_restoring_what_was_approved_makes_it_approved_again(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    store.set_status(image.id, Status.APPROVED, expected=draw(image, FIRST))
    draw(image, SECOND)
    assert store.image(image.id).status is Status.IN_WORK
    restore(store, image.id, 1)
    assert store.image(image.id).status is Status.APPROVED


def test_restoring_what_is_there_changes_nothing(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    draw(image, FIRST)
    assert restore(store, image.id, 1) is None
    assert store.history(image.id).revision == 1


@pytest.mark.parametrize("revision", [-1, 2, 999])
def test_a_revision_that_never_was_is_refused(store: ProjectStore, draw: Draw, revision: int) -> None:
    image, empty = store.images()
    draw(image, FIRST)
    for call in (mask_at, restore):
        with pytest.raises(BadInputError, match=f"no revision {revision} "):
            call(store, image.id, revision)
    with pytest.raises(BadInputError, match="newest is 0"):
        mask_at(store, empty.id, 1)
    assert list(mask_at(store, empty.id, 0).occupied()) == []


def test_a_locked_class_is_not_restored_away(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    draw(image, FIRST)
    store.set_catalog(store.catalog.lock(1, True))
    with pytest.raises(LockedError):
        restore(store, image.id, 0)
    assert (label_of(store, image)[:30, :30] == 1).all()


def test_a_session_restores_past_the_rules_of_the_hand_but_not_past_locks(
    store: ProjectStore, draw: Draw
) -> None:
    image = store.images()[0]
    draw(image, FIRST)
    draw(image, SECOND)
    done: list[Operation] = []
    session = Session(store.load_mask(image.id), done.append, revision=2)
    patch = restoring(store, image.id, 1)
    session.guard = Guard(only_unlabelled=True)
    session.restore(patch)
    assert session.mask.same_pixels(mask_at(store, image.id, 1))
    assert (session.undo_title, [op.kind for op in done]) == ("Restore revision 1", ["do"])
    session.guard = Guard(locked=frozenset({1}))
    with pytest.raises(LockedError):
        session.restore(Patch("", "", store.between(image.id, 1, 0)))
    assert session.mask.same_pixels(mask_at(store, image.id, 1))
