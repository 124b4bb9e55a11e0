"""How far an image is, and by whose word."""

from __future__ import annotations

import pytest

from labeltool.__main__ import main
from labeltool.app.people.deciding import changed_since, decide, decided, state
from labeltool.app.people.references import set_aside
from labeltool.core.errors import BadInputError, ConflictError
from labeltool.core.geometry import Box
from labeltool.core.project import Status
from labeltool.store.project import ProjectStore
from tests.unit.app.people.conftest import Draw

HERE, THERE = Box(0, 0, 20, 20), Box(40, 0, 60, 20)


def test_an_approval_turns_stale_when_a_pixel_changes_and_holds_when_it_is_back(
    store: ProjectStore, draw: Draw
) -> None:
    image = store.images()[0]
    store.author = "ada"
    decide(store, image.id, Status.APPROVED, expected=draw(image, HERE))
    now = state(store, image.id)
    assert (now.status, now.decision.author, now.stale) == (Status.APPROVED, "ada", None)
    draw(image, THERE)
    now = state(store, image.id)
    assert (now.status, now.decision, now.stale.author) == (Status.IN_WORK, None, "ada")
    patch = store.patch(image.id, 2)
    store.commit(image.id, patch.inverse(), kind="undo", target=2, expected=2, status=Status.IN_WORK)
    now = state(store, image.id)
    assert (now.status, now.decision.revision, now.stale) == (Status.APPROVED, 1, None)


def test_the_commands_say_of_a_stale_approval_what_the_window_says(
    store: ProjectStore, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = store.images()[:2]
    for image in (first, second):
        decide(store, image.id, Status.APPROVED, expected=draw(image, HERE))
    assert main(["history", str(store.root), first.name]) == 0
    assert "stale" not in capsys.readouterr().out
    draw(first, THERE)
    store.close()  # which brings the list of images up to date
    assert main(["status", str(store.root)]) == 0
    said = capsys.readouterr().out
    assert "in work 1" in said and "in_work" not in said
    assert f"(the approval is stale): {first.name}\n" in said
    assert main(["history", str(store.root), first.name]) == 0
    assert f"{first.name}: in work (the approval is stale)\n" in capsys.readouterr().out


def test_an_approval_that_somebody_has_taken_back_is_gone_and_not_stale(
    store: ProjectStore, draw: Draw
) -> None:
    image = store.images()[0]
    revision = draw(image, HERE)
    decide(store, image.id, Status.APPROVED, expected=revision)
    decide(store, image.id, Status.IN_WORK, expected=revision)
    draw(image, THERE)
    assert state(store, image.id).stale is None


def test_a_rejected_image_goes_back_with_a_reason(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    now = draw(image, HERE)
    with pytest.raises(BadInputError, match="needs a reason"):
        decide(store, image.id, Status.REJECTED, expected=now, reason="  ")
    assert decided(store, image.id) == []
    decide(store, image.id, Status.REJECTED, expected=now, reason=" two cells are one ")
    found = state(store, image.id)
    assert (found.status, found.decision.reason) == (Status.REJECTED, "two cells are one")
    draw(image, THERE)
    assert state(store, image.id).status is Status.IN_WORK
    assert [each.reason for each in decided(store, image.id)] == ["two cells are one"]


def test_nobody_decides_that_an_image_is_new(store: ProjectStore) -> None:
    with pytest.raises(BadInputError, match="nobody decides"):
        decide(store, store.images()[0].id, Status.NEW, expected=0)


def test_who_has_not_seen_the_last_stroke_decides_nothing(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    draw(image, HERE)
    draw(image, THERE)
    with pytest.raises(ConflictError):
        decide(store, image.id, Status.DONE, expected=1)
    assert decided(store, image.id) == []


def test_what_was_changed_since_an_approval_is_counted_pixel_by_pixel(
    store: ProjectStore, draw: Draw
) -> None:
    image = store.images()[0]
    decide(store, image.id, Status.APPROVED, expected=draw(image, HERE))
    draw(image, THERE)
    draw(image, THERE, 2)
    approval = state(store, image.id).stale
    assert changed_since(store, image.id, approval) == THERE.width * THERE.height


def test_the_reason_of_a_rejection_holds_while_somebody_works_on_it(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    decide(store, image.id, Status.REJECTED, expected=draw(image, HERE), reason="cut the halves apart")
    revision = draw(image, THERE)
    assert state(store, image.id).rejection.reason == "cut the halves apart"
    decide(store, image.id, Status.DONE, expected=revision)
    assert state(store, image.id).rejection is None


def test_who_begins_afresh_is_told_of_nothing_that_was_decided_before(
    store: ProjectStore, draw: Draw
) -> None:
    image = store.images()[0]
    decide(store, image.id, Status.APPROVED, expected=draw(image, HERE))
    set_aside(store, image.id, "ada", clear=True)
    now = state(store, image.id)
    assert (now.status, now.decision, now.stale, now.rejection) == (Status.NEW, None, None, None)
