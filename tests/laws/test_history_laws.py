"""Whatever is painted, undone and redone, the history gives back every state there ever was."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeltool.app.journal import Journal
from labeltool.app.people.history import Extent, Replay, mask_at, restore
from labeltool.app.session import Operation, Session
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord, Status
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from tests.laws.examples import law

IMAGE = "0a" * 16
SIZE = Size(300, 270)

boxes = st.tuples(st.integers(-20, 299), st.integers(-20, 269), st.integers(1, 300), st.integers(1, 300)).map(
    lambda b: Box(b[0], b[1], b[0] + b[2], b[1] + b[3])
)
strokes = st.tuples(boxes, st.sampled_from([0, 1, 2, 255]), st.sampled_from([0, 7]), st.integers(0, 4))
scripts = st.lists(st.one_of(strokes, st.sampled_from(["undo", "undo", "redo"])), min_size=1, max_size=10)


pytestmark = pytest.mark.usefixtures("quick_disk")


def _act(session: Session, step: object) -> None:
    """Paint, undo or redo; where there is nothing to undo or redo, nothing happens."""
    if isinstance(step, tuple):
        box, label, object_id, origin = step
        patch = write(session.mask, box, title="b", kind="b", label=label, object_id=object_id, origin=origin)
        session.apply(patch)
    else:
        session.undo() if step == "undo" else session.redo()


@law(25)
@given(scripts, st.data())
def test_the_history_gives_back_what_the_session_had(script: list[object], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = ProjectStore.create(Path(folder) / "p", "laws", ClassCatalog.from_names(["a", "b"]))
        store.add_images([ImageRecord(IMAGE, Path("/images/a.png"), SIZE, "raster", "0" * 64, 1)])
        journal = Journal(store)
        seen: list[LabelMask] = []

        def save(operation: Operation) -> None:
            journal.commit_operation(IMAGE, operation)
            seen.append(session.mask.snapshot())

        session = Session(LabelMask(SIZE), save)
        seen.append(session.mask.snapshot())
        for step in script:
            _act(session, step)
        revisions = st.integers(0, len(seen) - 1)
        for revision, mask in enumerate(seen):
            assert mask_at(store, IMAGE, revision).same_pixels(mask)
        replay = Replay(store, IMAGE, data.draw(revisions))
        for revision in data.draw(st.lists(revisions, max_size=5)):
            before = replay.mask.snapshot()
            touched = replay.go(revision)
            assert replay.mask.same_pixels(seen[revision])
            assert {i for i in seen[revision].occupied() if _differ(before, seen[revision], i)} <= touched
        since, until = data.draw(revisions), data.draw(revisions)
        _check_extent(replay.changed(since, until), seen[since], seen[until])
        wanted = data.draw(revisions)
        restore(store, IMAGE, wanted)
        assert store.load_mask(IMAGE).same_pixels(seen[wanted])
        store.close()
        assert check(store.root) == []


def _check_extent(found: Extent, a: LabelMask, b: LabelMask) -> None:
    """The box is the smallest one, and no pixel is counted twice."""
    differ = np.zeros((SIZE.height, SIZE.width), bool)
    for name in a.planes:
        differ |= a.read(name) != b.read(name)
    rows, cols = np.nonzero(differ)
    box = Box(cols.min(), rows.min(), cols.max() + 1, rows.max() + 1) if len(rows) else Box(0, 0, 0, 0)
    assert found == (box, int(differ.sum()))


def _differ(a: LabelMask, b: LabelMask, index: object) -> bool:
    return any((a.planes[n].tile(index) != b.planes[n].tile(index)).any() for n in a.planes)  # type: ignore[arg-type]


@law(25)
@given(scripts, st.lists(st.integers(0, 9), max_size=3))
def test_an_image_is_approved_whenever_its_pixels_are_those_that_were_approved(
    script: list[object], approving: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = ProjectStore.create(Path(folder) / "p", "laws", ClassCatalog.from_names(["a", "b"]))
        store.add_images([ImageRecord(IMAGE, Path("/images/a.png"), SIZE, "raster", "0" * 64, 1)])
        journal = Journal(store)
        session = Session(LabelMask(SIZE), lambda operation: journal.commit_operation(IMAGE, operation))
        approved: list[LabelMask] = []
        for number, step in enumerate(script):
            _act(session, step)
            if number in approving and session.revision:
                store.set_status(IMAGE, Status.APPROVED, expected=session.revision)
                approved.append(session.mask.snapshot())
            if session.revision:
                holds = any(session.mask.same_pixels(mask) for mask in approved)
                assert (store.image(IMAGE).status is Status.APPROVED) == holds
        store.close()
        assert check(store.root) == []
