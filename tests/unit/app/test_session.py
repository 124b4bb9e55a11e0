from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labeltool.app.session import Operation, Session, Step
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import Box, Size
from labeltool.core.guard import Admitted, Guard
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord
from labeltool.store.project import ProjectStore

SIZE = Size(300, 200)
IMAGE = "a" * 32
BUDGET_BYTES = 500_000


def dab(mask: LabelMask, x: int, value: int = 1):
    return write(mask, Box(x, 5, x + 10, 15), title="dab", kind="brush", label=value, origin=2)


def test_a_stroke_of_many_dabs_is_one_step_of_undo_and_one_operation():
    saved: list[Operation] = []
    session = Session(LabelMask(SIZE), saved.append)
    with session.stroke("brush stroke", "brush") as stroke:
        for x in range(0, 250, 5):
            stroke.add(dab(session.mask, x))
    assert [op.patch.title for op in saved] == ["brush stroke"]
    assert session.undo_title == "brush stroke"
    assert session.undo()
    assert session.mask.same_pixels(LabelMask(SIZE))


def test_a_stroke_shows_before_it_ends_and_a_failing_one_is_taken_back():
    saved: list[Operation] = []
    session = Session(LabelMask(SIZE), saved.append)
    with pytest.raises(ZeroDivisionError), session.stroke("brush stroke", "brush") as stroke:
        stroke.add(dab(session.mask, 0))
        assert session.mask.read("label").any()
        raise ZeroDivisionError
    assert not session.mask.read("label").any()
    assert saved == []
    assert not session.painting


def test_a_stroke_that_changes_nothing_is_no_step():
    saved: list[Operation] = []
    session = Session(LabelMask(SIZE), saved.append)
    session.apply(dab(session.mask, 0))
    session.apply(dab(session.mask, 0))
    assert len(saved) == 1


def test_two_strokes_cannot_be_drawn_at_once():
    session = Session(LabelMask(SIZE), lambda operation: None)
    with session.stroke("a", "brush"), pytest.raises(LabeltoolError, match="finish it first"):
        session.stroke("b", "brush")


def test_undo_waits_until_a_stroke_has_ended():
    session = Session(LabelMask(SIZE), lambda operation: None)
    session.apply(dab(session.mask, 0))
    with session.stroke("a", "brush"):
        assert not session.undo()


def test_a_new_stroke_ends_redo():
    session = Session(LabelMask(SIZE), lambda operation: None)
    session.apply(dab(session.mask, 0))
    session.undo()
    session.apply(dab(session.mask, 50))
    assert not session.redo()


def test_undo_goes_on_into_the_journal_after_a_restart():
    mask = LabelMask(SIZE)
    patch = dab(mask, 0)
    mask.apply(patch)
    saved: list[Operation] = []
    session = Session(
        mask, saved.append, revision=1, undo=[Step(1, "brush stroke")], load_patch=lambda revision: patch
    )
    assert session.undo()
    assert session.mask.same_pixels(LabelMask(SIZE))
    assert (saved[0].kind, saved[0].target, saved[0].revision) == ("undo", 1, 2)


def test_a_journal_that_cannot_be_read_leaves_everything_as_it_was():
    mask = LabelMask(SIZE)
    mask.apply(dab(mask, 0))
    before = mask.snapshot()

    def broken(revision: int):
        raise LabeltoolError("the file is damaged")

    session = Session(mask, lambda operation: None, revision=1, undo=[Step(1, "x")], load_patch=broken)
    with pytest.raises(LabeltoolError):
        session.undo()
    assert session.mask.same_pixels(before)
    assert session.undo_title == "x"


def test_changes_name_the_pixels_and_the_revision():
    session = Session(LabelMask(SIZE), lambda operation: None)
    seen = []
    session.changed.connect(seen.append)
    session.apply(dab(session.mask, 20))
    assert seen[0].box == Box(20, 5, 30, 15)
    assert seen[-1].revision == 1


def test_old_steps_are_left_to_the_journal_and_come_back_from_there():
    saved: dict[int, Operation] = {}

    def save(operation: Operation) -> None:
        saved[operation.revision] = operation

    session = Session(LabelMask(SIZE), save, load_patch=lambda revision: saved[revision].patch, undo_bytes=0)
    for x in range(0, 100, 7):
        session.apply(dab(session.mask, x))
    assert all(step.patch is None for step in session._undo)
    while session.undo():
        pass
    assert session.mask.same_pixels(LabelMask(SIZE))


def test_recent_steps_stay_as_they_are_and_older_ones_are_deflated():
    session = Session(LabelMask(SIZE), lambda operation: None, undo_bytes=4 * 500_000)
    for x in range(0, 100, 7):
        session.apply(dab(session.mask, x))
    resting = [step.resting is not None for step in session._undo]
    assert resting[0] and not resting[-1]
    assert resting == sorted(resting, reverse=True)


def test_what_a_guard_has_admitted_elsewhere_is_judged_again_only_by_another_guard():
    session = Session(LabelMask(SIZE), lambda operation: None)
    session.apply(dab(session.mask, 10))
    session.guard = Guard(only_unlabelled=True)
    judged = Admitted(dab(session.mask, 10, 2), session.guard)
    with session.stroke("fill", "fill") as stroke:
        stroke.add(judged)
    assert (session.mask.read("label") == 2).any()
    session.guard = Guard(locked=frozenset({2}))
    revision = session.revision
    with session.stroke("fill", "fill") as stroke:
        stroke.add(Admitted(dab(session.mask, 10, 3), Guard()))
    assert session.revision == revision


@pytest.mark.slow
def test_a_thousand_steps_are_undone_with_a_small_budget_from_the_journal_of_the_project(tmp_path: Path):
    with ProjectStore.create(tmp_path / "p", "p", ClassCatalog.from_names(["a", "b"])) as store:
        store.add_images([ImageRecord(IMAGE, Path("/images/a.tif"), SIZE, "raster", "0" * 64, 1)])

        def save(operation: Operation) -> None:
            store.commit(
                IMAGE,
                operation.patch,
                expected=operation.revision - 1,
                kind=operation.kind,
                target=operation.target,
            )

        session = Session(
            LabelMask(SIZE), save, load_patch=lambda r: store.patch(IMAGE, r), undo_bytes=BUDGET_BYTES
        )
        rng, states = np.random.default_rng(3), [session.mask.snapshot()]
        for _ in range(1_000):
            x, value = int(rng.integers(0, 280)), int(rng.integers(1, 3))
            box, inside = Box(x, 5, x + 20, 190), rng.random((185, 20)) < 0.5
            session.apply(write(session.mask, box, inside, title="dab", kind="brush", label=value, origin=2))
            states.append(session.mask.snapshot())
        (file,) = (tmp_path / "p" / "masks").rglob("*.ltm")
        print(f"the file grew by {file.stat().st_size / 1000:,.0f} bytes a stroke")
        held = [step.patch.nbytes for step in session._undo if step.patch is not None]
        assert len(held) < 100 and sum(held) < 2 * BUDGET_BYTES, "the journal holds the rest"
        for state in reversed(states[:-1]):
            assert session.undo()
            assert session.mask.same_pixels(state)
        assert not session.undo()
        assert store.load_mask(IMAGE).same_pixels(states[0])
        assert store.history(IMAGE).revision == 2_000
