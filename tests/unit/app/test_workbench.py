"""A workbench without a window: closures are delivered by hand, so that every order of events can be tried."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from labeltool.app import ahead, at_hand, prelabel
from labeltool.app.importing import import_labels
from labeltool.app.people.deciding import decided
from labeltool.app.people.gold import hide
from labeltool.app.project import add_images
from labeltool.app.workbench import Workbench
from labeltool.core.errors import BadInputError, LabeltoolError, StoreError
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord, Status
from labeltool.core.provenance import Origin
from labeltool.imaging import budget
from labeltool.imaging.file_pyramid import FilePyramid
from labeltool.imaging.pyramid import Pyramid
from labeltool.store.backups import of_image
from labeltool.store.fsck import check
from labeltool.store.predictions import reference_key
from labeltool.store.project import ProjectStore

MODEL = "m@1"


class Desk:
    """A workbench on a project of two images of 300 x 60 pixels, and the thread that owns it."""

    def __init__(self, root: Path) -> None:
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.root = root
        self.store = ProjectStore.open(root)
        self.bench = Workbench(self.store, self.posted.put)
        self.a, self.b = self.store.images()
        self.failures: list[tuple[ImageRecord, LabeltoolError]] = []
        self.bench.image_failed.connect(self.failures.append)

    def until(self, reached: Callable[[], object], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < deadline, "it did not come to that in time"
            self.pump()

    def pump(self, timeout_s: float = 0.02) -> None:
        try:
            self.posted.get(timeout=timeout_s)()
        except queue.Empty:
            return

    def settle(self) -> None:
        self.until(lambda: not self.bench.lanes.busy and not self.bench.saver.waiting)
        while not self.posted.empty():
            self.pump()

    def open(self, record: ImageRecord) -> None:
        self.bench.open_image(record.id)
        self.until(lambda: self.bench.open is not None and self.bench.open.record.id == record.id)

    def paint(self, x: int, label: int = 1) -> bool:
        """A stroke on the image at hand; False when drawing is held."""
        session = self.bench.open.session
        if session.frozen:
            return False
        box = Box(x, 5, x + 10, 15)
        session.apply(
            write(session.mask, box, title="brush stroke", kind="brush", label=label, origin=Origin.HUMAN)
        )
        return True

    def keep_prediction(self, record: ImageRecord, label: int = 1) -> None:
        values = np.full((60, 300), label, np.uint8)
        self.store.save_prediction(record.id, MODEL, [(Box(0, 0, 300, 60), values, values)])

    def prelabel(self, *records: ImageRecord) -> None:
        model = SimpleNamespace(key=MODEL)
        done: list[object] = []
        self.bench.prelabel(records, model, progress=lambda *_: None, done=done.append, failed=done.append)
        self.until(lambda: done)


@pytest.fixture
def desk(tmp_path: Path, images: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    from labeltool.core.catalog import ClassCatalog

    with ProjectStore.create(
        tmp_path / "project", "test", ClassCatalog.from_names(["nucleus", "cell"])
    ) as store:
        add_images(store, [images])

    def predict(store, records, model, how, *, make_do, progress, cancel, done):
        for record in records:
            done(record)
        return prelabel.PrelabelReport(model.key)

    monkeypatch.setattr(prelabel, "predict", predict)
    made = Desk(tmp_path / "project")
    yield made
    made.bench.abandon()


def healthy(desk: Desk) -> bool:
    errors = [found for found in check(desk.root) if found.severity == "error"]
    return desk.bench.saver.error is None and not desk.failures and not errors


def test_nothing_can_be_drawn_on_an_image_while_it_is_loaded_again(desk: Desk):
    desk.open(desk.a)
    desk.paint(10)
    desk.settle()
    before = desk.bench.open
    desk.bench.open_image(desk.b.id)
    desk.bench.open_image(desk.a.id)
    time.sleep(0.2)  # the mask has been read; the answer waits for its turn
    assert not desk.paint(60)
    desk.until(lambda: desk.bench.open is not before)
    assert desk.paint(100)
    desk.settle()
    assert desk.bench.open.session.revision == desk.store.image(desk.a.id).revision == 2
    assert healthy(desk)


def test_a_pre_label_of_the_image_that_is_being_left_does_not_make_its_last_stroke_fail(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    desk.keep_prediction(desk.a)
    desk.open(desk.a)
    gate, real = threading.Event(), at_hand.sources.check

    def slowly(record: ImageRecord):
        gate.wait(5)
        return real(record)

    monkeypatch.setattr(at_hand.sources, "check", slowly)
    desk.paint(10, label=2)
    desk.bench.open_image(desk.b.id)
    desk.prelabel(desk.a)
    assert not desk.paint(60)
    gate.set()
    desk.until(lambda: desk.bench.open.record.id == desk.b.id)
    desk.settle()
    mask = desk.store.load_mask(desk.a.id)
    assert (mask.read("label")[8, 12], mask.read("origin")[8, 12]) == (2, Origin.HUMAN)
    assert (mask.read("label")[40, 200], mask.read("origin")[40, 200]) == (1, Origin.MODEL)
    assert healthy(desk)


def test_a_pre_label_that_arrives_under_a_brush_waits_for_the_end_of_the_stroke(desk: Desk):
    desk.keep_prediction(desk.a)
    desk.open(desk.a)
    session = desk.bench.open.session
    with session.stroke("brush stroke", "brush") as stroke:
        stroke.add(
            write(session.mask, Box(0, 0, 9, 9), title="t", kind="brush", label=2, origin=Origin.HUMAN)
        )
        desk.prelabel(desk.a)
        for _ in range(20):
            desk.pump()
        assert session.mask.read("label")[40, 200] == 0
    desk.until(lambda: session.mask.read("label")[40, 200] == 1)
    assert session.mask.read("label")[4, 4] == 2
    desk.settle()
    assert healthy(desk)


def test_an_import_into_the_image_at_hand_is_seen_once_it_is_loaded_again(desk: Desk, tmp_path: Path):
    from PIL import Image

    masks = tmp_path / "masks"
    masks.mkdir()
    Image.fromarray(np.full((60, 300), 2, np.uint8)).save(masks / "a.png")
    desk.open(desk.a)
    desk.paint(10)
    desk.bench.hold()
    assert desk.bench.saver.flush()
    assert import_labels(desk.store, masks, "png").images == 1
    assert not desk.paint(60)
    desk.open(desk.a)
    desk.until(lambda: not desk.bench.open.session.frozen)
    assert desk.bench.open.session.mask.read("label")[40, 200] == 2
    assert desk.bench.open.session.mask.read("label")[8, 12] == 1
    assert desk.paint(100)
    desk.settle()
    assert healthy(desk)


def test_where_somebody_else_changed_an_annotation_both_are_kept_and_other_images_are_saved(desk: Desk):
    told = []
    desk.bench.kept_both.connect(told.append)
    desk.open(desk.a)
    foreign = desk.store.load_mask(desk.a.id)
    desk.store.commit(
        desk.a.id,
        write(foreign, Box(0, 0, 9, 9), title="t", kind="brush", label=1, origin=Origin.HUMAN),
        expected=0,
    )
    desk.paint(100)
    desk.until(lambda: told)
    desk.until(lambda: desk.bench.open is not None and not desk.bench.open.session.frozen)
    theirs = desk.bench.open.session.mask.read("label")
    assert (theirs[4, 4], theirs[8, 102]) == (1, 0)
    (layer,) = desk.store.references(desk.a.id)
    assert told[0].layer == layer
    mine = desk.store.prediction(desk.a.id, reference_key(layer))
    assert (mine.label.read(Box(0, 0, 300, 60))[8, 102], desk.bench.open.prediction is not None) == (1, True)
    desk.paint(200)
    desk.open(desk.b)
    desk.paint(50)
    desk.until(lambda: desk.store.image(desk.b.id).revision == 1)
    desk.until(lambda: desk.bench.saver.waiting == 0)
    assert desk.bench.close()
    assert check(desk.root) == []


def test_a_model_never_overtakes_a_stroke_that_could_not_be_saved(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    desk.keep_prediction(desk.a)
    desk.open(desk.a)
    real, full = desk.store.commit, threading.Event()
    full.set()

    def commit(image_id, patch, **more):
        if full.is_set() and patch.kind == "brush":
            raise StoreError("not saved: the disk is full")
        return real(image_id, patch, **more)

    monkeypatch.setattr(desk.store, "commit", commit)
    monkeypatch.setattr(at_hand, "FLUSH_S", 0.2)
    desk.paint(10, label=2)
    desk.bench.open_image(desk.b.id)
    desk.until(lambda: desk.bench.open.record.id == desk.b.id)
    desk.prelabel(desk.a)
    full.clear()
    desk.bench.saver.retry()
    desk.settle()
    mask = desk.store.load_mask(desk.a.id)
    assert (mask.read("label")[8, 12], mask.read("origin")[8, 12]) == (2, Origin.HUMAN)


def test_an_approval_is_for_the_pixels_that_were_seen(desk: Desk):
    desk.open(desk.a)
    desk.paint(10)
    desk.settle()
    desk.bench.approve()
    desk.until(lambda: desk.store.image(desk.a.id).status is Status.APPROVED)
    desk.paint(60)
    desk.settle()
    assert desk.store.image(desk.a.id).status is Status.IN_WORK
    desk.bench.approve()
    desk.paint(100)
    desk.settle()
    assert desk.store.image(desk.a.id).status is Status.IN_WORK


def test_an_undo_makes_an_approval_valid_again(desk: Desk):
    desk.open(desk.a)
    desk.paint(10)
    desk.settle()
    desk.bench.approve()
    desk.until(lambda: desk.bench.open.record.status is Status.APPROVED)
    desk.paint(60)
    desk.settle()
    assert desk.bench.open.record.status is Status.IN_WORK
    desk.bench.open.session.undo()
    desk.settle()
    assert desk.bench.open.record.status is Status.APPROVED


def test_an_image_is_rejected_with_a_reason_or_not_at_all(desk: Desk):
    desk.open(desk.a)
    desk.paint(10)
    desk.settle()
    with pytest.raises(BadInputError, match="reason"):
        desk.bench.decide(Status.REJECTED)
    desk.bench.decide(Status.REJECTED, "the left half is missing")
    desk.until(lambda: desk.bench.open.record.status is Status.REJECTED)
    assert decided(desk.store, desk.a.id)[-1].reason == "the left half is missing"


def test_a_gold_image_is_opened_without_its_past(desk: Desk):
    desk.open(desk.a)
    desk.paint(10)
    desk.settle()
    desk.bench.hold()
    assert hide(desk.store, [desk.store.image(desk.a.id)]).skipped == []
    desk.open(desk.b)
    desk.open(desk.a)
    image = desk.bench.open
    assert (image.prediction, image.session.undo_title, image.session.undo()) == (None, "", False)
    assert (image.record.status, image.session.revision - image.first) == (Status.NEW, 0)
    desk.paint(60)
    desk.settle()
    assert image.session.undo() and not image.session.undo()
    desk.settle()
    assert [finding for finding in check(desk.root) if finding.severity == "error"] == []


@pytest.mark.parametrize("status", [Status.APPROVED, Status.DONE])
def test_a_model_leaves_a_finished_image_as_it_is(desk: Desk, status: Status):
    desk.keep_prediction(desk.a, label=1)
    desk.open(desk.a)
    desk.prelabel(desk.a)
    desk.until(lambda: desk.bench.open.session.revision == 1)
    desk.settle()
    desk.bench.decide(status)
    desk.until(lambda: desk.bench.open.record.status is status)
    desk.keep_prediction(desk.a, label=2)
    desk.prelabel(desk.a)
    desk.settle()
    desk.open(desk.b)
    desk.prelabel(desk.a)
    desk.settle()
    assert (desk.store.load_mask(desk.a.id).read("label") == 1).all()
    assert desk.store.image(desk.a.id).status is status


def test_answers_that_come_after_closing_do_nothing(desk: Desk):
    desk.keep_prediction(desk.a)
    desk.open(desk.a)
    desk.bench.filling.fill(desk.a.id, MODEL)
    assert desk.bench.close()
    while not desk.posted.empty():
        desk.pump()


def test_an_image_that_comes_after_closing_is_not_shown(desk: Desk):
    opened: list[object] = []
    desk.bench.image_opened.connect(opened.append)
    desk.bench.open_image(desk.a.id)
    (job,) = desk.bench.lanes.busy
    job.future.result(10)
    assert desk.bench.close()
    while not desk.posted.empty():
        desk.pump()
    assert opened == []


@pytest.fixture
def pyramids(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[FilePyramid]:
    """Every image is read by parts; what is opened is put into this list."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(desk.root / "cache"))
    monkeypatch.setattr(budget, "WHOLE_PIXELS", 0)
    made: list[FilePyramid] = []
    real = at_hand.open_view

    def opened(path: Path, page: str) -> FilePyramid:
        made.append(real(path, page))
        return made[-1]

    monkeypatch.setattr(at_hand, "open_view", opened)
    return made


def closed(pyramid: FilePyramid) -> bool:
    pyramid.join(60)
    return pyramid._cancel.cancelled


def test_images_that_were_passed_over_are_let_go_of(desk: Desk, pyramids: list[FilePyramid]):
    for record in (desk.a, desk.b):  # the first has come, and nobody has looked at it yet
        desk.bench.open_image(record.id)
        (job,) = desk.bench.lanes.busy
        job.future.result(10)
    desk.until(lambda: desk.bench.open is not None)
    assert [closed(each) for each in pyramids if each is not desk.bench.open.pyramid] == [True]


def test_an_image_that_cannot_be_loaded_to_the_end_is_let_go_of(
    desk: Desk, pyramids: list[FilePyramid], monkeypatch: pytest.MonkeyPatch
):
    def broken(image_id: str):
        raise StoreError("the mask is damaged")

    monkeypatch.setattr(desk.store, "load_mask", broken)
    desk.bench.open_image(desk.a.id)
    desk.until(lambda: desk.failures)
    assert [closed(each) for each in pyramids] == [True]


def test_an_image_that_is_on_its_way_when_the_project_is_closed_is_let_go_of(
    desk: Desk, pyramids: list[FilePyramid]
):
    desk.bench.open_image(desk.a.id)
    (job,) = desk.bench.lanes.busy
    job.future.result(10)
    assert desk.bench.close()
    assert [closed(each) for each in pyramids] == [True]


def test_the_next_image_is_decoded_before_it_is_asked_for(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    desk.open(desk.a)
    desk.settle()
    monkeypatch.setattr(at_hand, "open_view", lambda path, page: pytest.fail("decoded twice"))
    desk.bench.step(1, [desk.a, desk.b])
    desk.until(lambda: desk.bench.open.record.id == desk.b.id)
    assert desk.failures == []


@pytest.fixture
def three(desk: Desk, tmp_path: Path) -> list[ImageRecord]:
    """A third image."""
    Image.fromarray(np.zeros((60, 300), np.uint8)).save(tmp_path / "c.png")
    add_images(desk.store, [tmp_path / "c.png"])
    return desk.store.images()


def test_who_goes_back_finds_the_image_before_decoded(
    desk: Desk, three: list[ImageRecord], monkeypatch: pytest.MonkeyPatch
):
    desk.open(three[2])
    desk.bench.step(-1, three)
    desk.until(lambda: desk.bench.open.record.id == three[1].id)
    desk.settle()
    monkeypatch.setattr(at_hand, "open_view", lambda path, page: pytest.fail("decoded twice"))
    desk.bench.step(-1, three)
    desk.until(lambda: desk.bench.open.record.id == three[0].id)
    assert desk.failures == []


def test_images_are_opened_while_one_that_nobody_wants_is_decoded(
    desk: Desk, three: list[ImageRecord], monkeypatch: pytest.MonkeyPatch
):
    begun, gate, real = threading.Event(), threading.Event(), ahead.open_whole_view

    def slowly(path: Path, page: str) -> Pyramid | None:
        begun.set()
        gate.wait(10)
        return real(path, page)

    monkeypatch.setattr(ahead, "open_whole_view", slowly)
    try:
        desk.open(three[0])
        assert begun.wait(60)
        for each in (three[2], three[0], three[2], three[0]):
            desk.open(each)
        assert not gate.is_set()
    finally:
        gate.set()
    desk.settle()


def test_a_large_image_is_shown_by_parts_and_let_go_of(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(desk.root / "cache"))
    monkeypatch.setattr(budget, "WHOLE_PIXELS", 0)
    arrivals: list[object] = []
    desk.bench.pixels_arrived.connect(arrivals.append)
    desk.open(desk.a)
    pyramid = desk.bench.open.pyramid
    assert isinstance(pyramid, FilePyramid)
    desk.until(lambda: pyramid.complete and pyramid.tile(0, 0, 1) is not None)
    desk.until(lambda: arrivals)
    desk.open(desk.b)
    pyramid.join()
    with pytest.raises(LabeltoolError, match="closed"):
        pyramid.read(Box(0, 0, 10, 10))


def test_a_step_never_leads_to_an_image_that_was_removed_meanwhile(desk: Desk) -> None:
    desk.open(desk.b)
    desk.bench.step(-1, desk.store.images())  # from now on "next" goes through this list
    desk.until(lambda: desk.bench.open.record.id == desk.a.id)
    desk.bench.step(1, desk.store.images())
    desk.until(lambda: desk.bench.open.record.id == desk.b.id)
    desk.settle()
    desk.store.remove_images([desk.a.id])
    desk.bench.step(-1, desk.store.images())
    desk.open(desk.b)
    desk.settle()
    assert desk.failures == []
    assert desk.bench.open.record.id == desk.b.id


def test_a_look_ahead_passes_over_what_was_removed(desk: Desk) -> None:
    desk.open(desk.b)
    desk.bench.step(-1, desk.store.images())
    desk.until(lambda: desk.bench.open.record.id == desk.a.id)
    desk.bench._direction = 1
    desk.store.remove_images([desk.b.id])
    desk.open(desk.a)
    desk.settle()
    assert desk.failures == []


def test_that_strokes_are_saved_may_be_heard_once_their_image_was_removed(desk: Desk) -> None:
    desk.open(desk.a)
    changed: list[ImageRecord] = []
    desk.bench.record_changed.connect(changed.append)
    assert desk.paint(20)
    assert desk.bench.saver.flush()
    desk.store.remove_images([desk.a.id])  # before this thread has turned to what it was told
    desk.settle()
    assert changed == []


def test_who_closes_a_project_leaves_backups_of_what_was_changed(desk: Desk) -> None:
    desk.open(desk.a)
    assert desk.paint(20)
    assert desk.bench.close()
    assert [each.revision for each in of_image(desk.root, desk.a.id)] == [1]
    assert of_image(desk.root, desk.b.id) == []


def test_who_only_looks_at_a_project_writes_no_backups(desk: Desk) -> None:
    desk.open(desk.a)
    assert desk.paint(20)
    desk.bench.abandon()
    desk.store = ProjectStore.open(desk.root, write=False)
    desk.bench = Workbench(desk.store, desk.posted.put)
    desk.open(desk.a)
    assert desk.bench.close()
    assert of_image(desk.root, desk.a.id) == []
