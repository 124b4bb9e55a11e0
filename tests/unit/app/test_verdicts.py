"""Verdicts: patches of exactly a disagreement's pixels, whole or not at all, each one step of undo."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from labeltool.app.project import add_images
from labeltool.app.regions import change_mask
from labeltool.app.review.answering import Answering
from labeltool.app.review.listing import Entry, Listing
from labeltool.app.review.making import review
from labeltool.app.review.verdict import EVENT, TITLES, StaleError, Verdict, verdict_patch
from labeltool.app.session import Operation, Session
from labeltool.app.truth import truth
from labeltool.app.workbench import Workbench
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.disagreement import Disagreement, disagreements
from labeltool.core.errors import LabeltoolError, LockedError
from labeltool.core.geometry import Box, Size
from labeltool.core.guard import Guard
from labeltool.core.mask import LabelMask, Plane
from labeltool.core.patch import empty_patch, write
from labeltool.core.provenance import Origin
from labeltool.store.comparisons import Comparisons
from labeltool.store.project import ProjectStore

SIZE = Size(400, 300)
BLOB = Box(240, 200, 300, 280)
"""It lies in four tiles, and has a hole."""
MODEL = "m@1"
Labels = NDArray[np.uint8]


def blob() -> NDArray[np.bool_]:
    inside = np.zeros((SIZE.height, SIZE.width), bool)
    inside[BLOB.slices()] = True
    inside[230:240, 250:270] = False
    return inside


class Case:
    """A mask of background with an object beside the blob, which the other layer takes for the class 1."""

    def __init__(self, origin: Origin = Origin.HUMAN) -> None:
        self.mask = LabelMask(SIZE)
        label, objects = np.zeros((300, 400), np.uint8), np.zeros((300, 400), np.uint32)
        label[210:260, 300:320], objects[210:260, 300:320] = 1, 7
        self.mask.apply(
            write(self.mask, SIZE.box, title="", kind="", label=label, object_id=objects, origin=int(origin))
        )
        self.other = Plane(SIZE, np.dtype(np.uint8))
        predicted = label.copy()
        predicted[blob()] = 1
        for index, tile in _tiles(predicted).items():
            self.other.tiles.put(index, tile)
        self.saved: list[Operation] = []
        self.session = Session(self.mask, self.saved.append)

    @property
    def found(self) -> Disagreement:
        [found] = disagreements(
            lambda box: truth(self.mask, box),
            self.other.read,
            lambda box: np.full((box.height, box.width), 255, np.uint8),
            SIZE,
            0,
            answered=lambda box: self.mask.read("origin", box) == Origin.REVIEWER,
        )
        return found

    def planes(self) -> dict[str, NDArray[np.generic]]:
        return {name: self.mask.read(name) for name in ("label", "object", "origin")}


def _tiles(plane: Labels) -> dict:
    from labeltool.core.geometry import tile_box, tiles_in

    return {index: plane[tile_box(index, SIZE).slices()].copy() for index in tiles_in(SIZE.box, SIZE)}


@pytest.mark.parametrize(
    ("verdict", "label", "origin", "object_id"),
    [
        (Verdict.MODEL_RIGHT, 1, Origin.REVIEWER, 7),
        (Verdict.HUMAN_RIGHT, 0, Origin.REVIEWER, 0),
        (Verdict.BOTH_WRONG, IGNORE, Origin.NOBODY, 0),
        (Verdict.IGNORE, IGNORE, Origin.REVIEWER, 0),
    ],
)
def test_a_verdict_changes_exactly_the_pixels_of_the_disagreement_and_undo_brings_them_back(
    verdict: Verdict, label: int, origin: Origin, object_id: int
) -> None:
    case = Case()
    before = case.planes()
    found = case.found
    assert (found.area, found.box) == (int(blob().sum()), BLOB)
    case.session.apply(verdict_patch(case.mask, case.other, found, verdict))
    after = case.planes()
    for name, value in (("label", label), ("origin", origin), ("object", object_id)):
        assert np.array_equal(after[name], np.where(blob(), value, before[name])), name
    assert case.session.undo_title == TITLES[verdict]
    assert case.session.undo()
    assert all(np.array_equal(plane, before[name]) for name, plane in case.planes().items())


def test_a_human_who_is_right_keeps_the_object() -> None:
    case = Case()
    for index in list(case.other.tiles):
        case.other.tiles.put(index, np.zeros_like(case.other.tile(index)))  # the model has missed all
    found = case.found
    assert (found.truth, found.predicted) == (1, 0)
    case.session.apply(verdict_patch(case.mask, case.other, found, Verdict.HUMAN_RIGHT))
    assert (case.mask.read("object", found.box) == 7).all()
    assert (case.mask.read("origin", found.box) == Origin.REVIEWER).all()


def test_an_answered_disagreement_can_be_answered_again() -> None:
    case = Case()
    case.session.apply(verdict_patch(case.mask, case.other, case.found, Verdict.HUMAN_RIGHT))
    again = case.found
    assert again.answered
    case.session.apply(verdict_patch(case.mask, case.other, again, Verdict.MODEL_RIGHT))
    assert (case.mask.read("label")[blob()] == 1).all()


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("change", ["a pixel less", "a pixel more", "another origin", "gone"])
def test_pixels_that_have_changed_are_refused(verdict: Verdict, change: str) -> None:
    case = Case()
    found = case.found
    box, label, origin = {
        "a pixel less": (Box(299, 279, 300, 280), 1, Origin.HUMAN),
        "a pixel more": (Box(260, 235, 261, 236), 2, Origin.HUMAN),
        "another origin": (Box(299, 279, 300, 280), None, Origin.REVIEWER),
        "gone": (SIZE.box, 1, Origin.HUMAN),
    }[change]
    if change == "a pixel more":  # the blob grows by what the other layer says now
        tile = np.array(case.other.tile(next(iter(case.other.tiles))))
        tile[199, 240] = 1
        case.other.tiles.put(next(iter(case.other.tiles)), tile)
    else:
        case.mask.apply(write(case.mask, box, title="", kind="", label=label, origin=int(origin)))
    with pytest.raises(StaleError, match="have changed"):
        verdict_patch(case.mask, case.other, found, verdict)


@pytest.mark.parametrize("locked", [0, 1])
def test_a_locked_class_is_refused_by_name(locked: int) -> None:
    case = Case()
    with pytest.raises(LockedError) as refused:
        verdict_patch(
            case.mask, case.other, case.found, Verdict.MODEL_RIGHT, Guard(locked=frozenset({locked}))
        )
    assert refused.value.value == locked


def test_a_lock_of_another_class_is_no_hindrance() -> None:
    case = Case()
    assert verdict_patch(case.mask, case.other, case.found, Verdict.MODEL_RIGHT, Guard(locked=frozenset({2})))


def test_half_a_verdict_is_refused() -> None:
    case = Case()
    case.mask.apply(write(case.mask, SIZE.box, title="", kind="", origin=int(Origin.IMPORTED)))
    with pytest.raises(LabeltoolError, match="protected by the rules"):
        verdict_patch(case.mask, case.other, case.found, Verdict.IGNORE, Guard(keep_truth=True))


def test_a_layer_that_says_nothing_cannot_be_right() -> None:
    case = Case()
    silent = replace(case.found, predicted=IGNORE)
    with pytest.raises(LabeltoolError, match="says nothing"):
        verdict_patch(case.mask, case.other, silent, Verdict.MODEL_RIGHT)


# ---- on a workbench


class Desk:
    """A workbench on a project of two images, and the thread that owns it."""

    def __init__(self, root: Path) -> None:
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.store = ProjectStore.open(root)
        self.bench = Workbench(self.store, self.posted.put)
        self.said: list[tuple[Entry, Verdict]] = []
        self.failures: list[BaseException] = []
        self.answering = Answering(
            self.bench,
            MODEL,
            lambda entry, verdict, _: self.said.append((entry, verdict)),
            lambda _, error: self.failures.append(error),
        )

    def until(self, reached: Callable[[], object]) -> None:
        deadline = time.monotonic() + 60
        while not reached():
            assert time.monotonic() < deadline, "it did not come to that in time"
            try:
                self.posted.get(timeout=0.02)()
            except queue.Empty:
                continue

    def open(self, number: int) -> None:
        image_id = self.store.images()[number].id
        self.bench.open_image(image_id)
        self.until(lambda: self.bench.open is not None and self.bench.open.record.id == image_id)

    def listed(self) -> Listing:
        return review(self.store, Comparisons(self.store.root), self.store.images(), MODEL)

    def answered(self, *said: tuple[Entry, Verdict]) -> None:
        for entry, verdict in said:
            self.answering.say(entry, verdict)
        self.until(lambda: not self.answering.busy)
        self.bench.saver.after(lambda: None).result(10)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    root, folder = tmp_path / "project", tmp_path / "images"
    folder.mkdir()
    for grey, name in enumerate(("a", "b")):
        Image.new("L", SIZE, grey).save(folder / f"{name}.png")
    catalog = ClassCatalog.from_names(["nucleus", "cell"])
    with ProjectStore.create(root, "test", catalog) as store:
        add_images(store, [folder])
        for record in store.images():
            mask = store.load_mask(record.id)
            patch = write(mask, SIZE.box, title="", kind="brush", label=0, origin=int(Origin.HUMAN))
            store.commit(record.id, patch, expected=0)
            predicted = np.zeros((SIZE.height, SIZE.width), np.uint8)
            predicted[10:30, 10:50], predicted[100:200, 200:300] = 1, 2
            store.save_prediction(record.id, MODEL, [(SIZE.box, predicted, np.full_like(predicted, 200))])
    made = Desk(root)
    yield made
    made.bench.abandon()


def test_verdicts_said_in_a_row_are_each_a_step_of_undo_and_an_event(desk: Desk) -> None:
    desk.open(0)
    view = desk.listed().view()
    assert len(view) == 4
    mine = [view[n] for n in range(4) if view[n].record.id == desk.bench.open.record.id]
    desk.answered((mine[0], Verdict.MODEL_RIGHT), (mine[1], Verdict.HUMAN_RIGHT))
    assert desk.failures == []
    assert [verdict for _, verdict in desk.said] == [Verdict.MODEL_RIGHT, Verdict.HUMAN_RIGHT]
    assert desk.bench.open.session.undo_title == TITLES[Verdict.HUMAN_RIGHT]
    image_id = mine[0].record.id
    events = desk.store.events(image_id, {EVENT})
    assert [(e.data["verdict"], e.data["area"], e.data["layer"], e.data["revision"]) for e in events] == [
        ("model_right", 10_000, MODEL, 2),
        ("human_right", 800, MODEL, 3),
    ]
    after = desk.listed()
    assert after.made == 1
    assert {view.record.id for view in (after.view()[n] for n in range(len(after.view())))} == {
        desk.store.images()[1].id
    }
    desk.bench.open.session.undo()
    desk.bench.open.session.undo()
    desk.bench.saver.after(lambda: None).result(10)
    assert len(desk.listed().view()) == 4


def test_a_stale_verdict_is_refused_and_the_next_one_is_said(desk: Desk) -> None:
    desk.open(0)
    view = desk.listed().view()
    large, small = (view[n] for n in range(4) if view[n].record.id == desk.bench.open.record.id)
    session = desk.bench.open.session
    session.apply(
        write(session.mask, Box(200, 100, 210, 110), title="", kind="", label=1, origin=int(Origin.HUMAN))
    )
    desk.answered((large, Verdict.IGNORE), (small, Verdict.IGNORE))
    assert [type(error) for error in desk.failures] == [StaleError]
    assert [entry for entry, _ in desk.said] == [small]
    assert len(desk.store.events(small.record.id, {EVENT})) == 1


def test_a_verdict_is_not_lost_to_another_change_that_is_worked_out_meanwhile(desk: Desk) -> None:
    desk.open(0)
    view = desk.listed().view()
    entry = next(view[n] for n in range(4) if view[n].record.id == desk.bench.open.record.id)
    desk.answering.say(entry, Verdict.IGNORE)
    nothing = empty_patch("nothing", "nothing")
    change_mask(desk.bench, "nothing", lambda *_: nothing, done=lambda _: None, failed=desk.failures.append)
    desk.answered()
    assert desk.said == [(entry, Verdict.IGNORE)]


def test_a_verdict_on_an_image_that_is_not_open_is_refused(desk: Desk) -> None:
    desk.open(0)
    view = desk.listed().view()
    other = next(view[n] for n in range(4) if view[n].record.id != desk.bench.open.record.id)
    desk.answered((other, Verdict.IGNORE))
    assert "not open" in str(desk.failures[0])
    assert desk.said == []
    assert desk.store.events(other.record.id, {EVENT}) == []


def test_a_verdict_obeys_the_locks_of_the_project(desk: Desk) -> None:
    desk.open(0)
    desk.bench.change_catalog(desk.bench.catalog.lock(2, True))
    view = desk.listed().view()
    large, small = (view[n] for n in range(4) if view[n].record.id == desk.bench.open.record.id)
    desk.answered((large, Verdict.MODEL_RIGHT), (small, Verdict.MODEL_RIGHT))
    assert [type(error) for error in desk.failures] == [LockedError]
    assert [entry for entry, _ in desk.said] == [small]
