"""Teaching on the image at hand: what is looked at when, what is offered, and what becomes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from labeltool.app import teaching
from labeltool.app.models import Model
from labeltool.app.offering import Offer
from labeltool.app.project import add_images
from labeltool.app.teaching import Teaching, part_around
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import ModelError
from labeltool.core.geometry import Box, Size
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken
from labeltool.core.provenance import Origin
from labeltool.inference.segmenter import Prediction
from labeltool.inference.teaching import Painted
from labeltool.inference.teaching_process import View
from labeltool.store.project import ProjectStore

from .test_workbench import Desk


class Pupil:
    """Stands in for the child process: it says that what is white has the class that is painted most, what is black is
    background, and that a speck in the corner is something else."""

    def __init__(self) -> None:
        self.looked: list[View] = []
        self.taught: list[list[Painted]] = []
        self.closed = 0
        self.fails: Exception | None = None
        self.go_on = threading.Event()
        self.go_on.set()

    def look(self, view: View, cancel: CancelToken | None = None) -> None:
        while not self.go_on.wait(0.01):
            assert cancel is not None
            cancel.check()
        if view not in self.looked[-1:]:
            self.looked.append(view)

    def teach(self, view: View, painted: Sequence[Painted]) -> Prediction:
        self.taught.append(list(painted))
        if self.fails is not None:
            raise self.fails
        part = painted[-1].label
        value = int(np.bincount(part[part != IGNORE]).argmax())
        box = view.box
        white = np.arange(box.x0, box.x1) >= 150
        label = np.where(np.broadcast_to(white, (box.height, box.width)), value, 0).astype(np.uint8)
        label[:4, :4] = 5 - value  # a speck
        return Prediction(box, label, np.full_like(label, 200))

    def close(self) -> None:
        self.closed += 1


class Class(SimpleNamespace):
    desk: Desk
    teaching: Teaching
    pupil: Pupil
    offers: list[Offer | None]

    def ready(self) -> Offer | None:
        self.desk.settle()
        return self.teaching.offer


@pytest.fixture
def lesson(tmp_path: Path, images: Path, make_model: Callable[..., Model]) -> Iterator[Class]:
    """A desk with image a open and teaching on; the model gives the classes other values, and knows all but hair."""
    with ProjectStore.create(
        tmp_path / "project", "test", ClassCatalog.from_names(["nucleus", "cell", "dirt", "glue", "hair"])
    ) as store:
        add_images(store, [images])
    desk, pupil, offers = Desk(tmp_path / "project"), Pupil(), []
    model = make_model("cell", "nucleus", "glue", "dirt")
    taught = Teaching(desk.bench, lambda: model, lambda _: pupil)  # type: ignore[arg-type,return-value]
    taught.offered.connect(offers.append)
    desk.open(desk.a)
    taught.switch(True)
    yield Class(desk=desk, teaching=taught, pupil=pupil, offers=offers)
    pupil.go_on.set()
    taught.close()
    desk.bench.abandon()


def labels(lesson: Class) -> np.ndarray:
    return lesson.desk.bench.open.session.mask.read("label")


def test_an_image_is_looked_at_when_it_is_opened_and_nothing_is_offered(lesson: Class) -> None:
    assert lesson.ready() is None
    assert lesson.teaching.state == "ready"
    assert [view.box for view in lesson.pupil.looked] == [Box(0, 0, 300, 60)]
    assert not lesson.pupil.taught


def test_a_stroke_teaches_and_what_differs_is_offered(lesson: Class) -> None:
    lesson.ready()
    lesson.desk.paint(200, 1)
    offer = lesson.ready()
    (painted,) = lesson.pupil.taught[-1]
    assert painted.box == Box(200, 5, 210, 15)
    assert (painted.label == 2).all()  # nucleus, as the model calls it
    assert offer is not None
    (region,) = offer.regions
    assert (region.value, region.area, region.confidence) == (1, 150 * 60 - 100, 200)
    assert offer.at(205, 10) is None
    assert offer.at(205, 30) == region


def test_taking_a_region_never_changes_what_a_human_painted_and_undo_brings_the_offer_back(
    lesson: Class,
) -> None:
    lesson.ready()
    lesson.desk.paint(200, 2)
    offer = lesson.ready()
    assert offer is not None
    lesson.teaching.take(offer.regions[0])
    session = lesson.desk.bench.open.session
    assert session.undo_title == "taught region"
    origin = session.mask.read("origin")
    assert (origin[5:15, 200:210] == Origin.HUMAN).all()
    assert (origin[20:, 150:] == Origin.MODEL).all()
    assert (labels(lesson)[:, 150:] == labels(lesson)[20, 200]).all()
    assert lesson.ready() is None
    assert len(lesson.pupil.taught) == 1  # nothing new was painted
    session.undo()
    assert lesson.ready() is not None
    assert len(lesson.pupil.taught) == 1


def test_all_is_taken_in_one_step_specks_too(lesson: Class) -> None:
    lesson.ready()
    lesson.desk.paint(200, 1)
    before = labels(lesson)
    lesson.ready()
    lesson.teaching.take_all()
    assert lesson.desk.bench.open.session.undo_title == "taught mask"
    assert (labels(lesson) != before).sum() == 150 * 60 - 100 + 16
    lesson.desk.bench.open.session.undo()
    assert np.array_equal(labels(lesson), before)


def test_what_is_declined_comes_back_only_with_another_stroke(lesson: Class) -> None:
    lesson.ready()
    lesson.desk.paint(200)
    assert lesson.ready() is not None
    before = labels(lesson)
    lesson.teaching.decline()
    assert lesson.offers[-1] is None
    lesson.teaching.take_all()
    assert np.array_equal(labels(lesson), before)
    session = lesson.desk.bench.open.session
    session.apply(write(session.mask, Box(0, 0, 9, 9), title="", kind="", label=1, origin=Origin.MODEL))
    assert lesson.ready() is None
    lesson.desk.paint(230)
    assert lesson.ready() is not None


def test_strokes_that_come_while_it_works_are_taught_together_newest_last(lesson: Class) -> None:
    lesson.ready()
    lesson.pupil.go_on.clear()
    for x in (160, 180, 200):
        lesson.desk.paint(x)
    lesson.pupil.go_on.set()
    assert lesson.ready() is not None
    assert len(lesson.pupil.taught) <= 2
    assert lesson.pupil.taught[-1][0].box == Box(160, 5, 210, 15)
    assert len(lesson.offers) == 1


def test_another_image_cancels_the_look_and_has_its_own(lesson: Class) -> None:
    lesson.ready()
    lesson.desk.paint(200)
    assert lesson.ready() is not None
    lesson.pupil.go_on.clear()
    lesson.desk.open(lesson.desk.b)
    assert lesson.offers[-1] is None
    lesson.desk.open(lesson.desk.a)
    lesson.pupil.go_on.set()
    lesson.ready()
    assert lesson.teaching.state == "ready"
    assert lesson.pupil.looked[-1].path.name == "a.png"


def test_switched_off_nothing_is_looked_at_and_the_process_is_gone(lesson: Class) -> None:
    lesson.ready()
    lesson.desk.paint(200)
    lesson.ready()
    lesson.teaching.switch(False)
    assert lesson.teaching.offer is None
    assert lesson.teaching.state == "off"
    assert lesson.pupil.closed
    taught = len(lesson.pupil.taught)
    lesson.desk.paint(100)
    lesson.desk.open(lesson.desk.b)
    assert lesson.ready() is None
    assert len(lesson.pupil.taught) == taught
    lesson.teaching.switch(True)
    lesson.ready()
    assert lesson.teaching.state == "ready"


def test_a_failure_is_told_once_and_the_next_image_is_tried(lesson: Class) -> None:
    lesson.ready()
    states: list[str] = []
    lesson.teaching.state_changed.connect(states.append)
    lesson.pupil.fails = ModelError("the model process was killed")
    lesson.desk.paint(200)
    assert lesson.ready() is None
    lesson.desk.paint(220)
    lesson.ready()
    assert states == ["failed"]
    assert "killed" in str(lesson.teaching.error)
    lesson.pupil.fails = None
    lesson.desk.open(lesson.desk.b)
    lesson.desk.paint(200)
    assert lesson.ready() is not None
    assert lesson.teaching.state == "ready"


def test_a_class_that_the_model_does_not_know_teaches_nothing(lesson: Class) -> None:
    lesson.ready()
    lesson.desk.paint(200, 5)
    assert lesson.ready() is None
    assert not lesson.pupil.taught


def test_no_pixel_of_a_locked_class_is_offered(lesson: Class) -> None:
    lesson.ready()
    lesson.desk.paint(200, 2)
    assert lesson.ready() is not None
    lesson.desk.bench.protection.set_locked(2, True)
    assert lesson.ready() is None
    lesson.desk.bench.protection.set_locked(2, False)
    assert lesson.ready() is not None
    lesson.desk.bench.protection.set_locked(0, True)  # what is unlabelled has its value
    assert lesson.ready() is None


def test_where_no_model_fits_it_says_so(lesson: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Model:
        raise ModelError("no model knows the classes of this project")

    lesson.ready()
    monkeypatch.setattr(lesson.teaching, "_chosen", lambda: None)
    monkeypatch.setattr(teaching, "find_model", refuse)
    lesson.desk.open(lesson.desk.b)
    lesson.ready()
    assert lesson.teaching.state == "failed"
    assert "no model knows the classes" in str(lesson.teaching.error)


def test_of_a_large_image_the_part_around_the_stroke_is_looked_at(
    lesson: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teaching, "SIDE_PX", 50)
    lesson.desk.open(lesson.desk.b)
    lesson.ready()
    assert lesson.teaching.state == "waiting"
    lesson.desk.paint(200)
    lesson.ready()
    assert lesson.pupil.looked[-1].box == Box(180, 0, 230, 50)
    lesson.desk.paint(185)
    lesson.ready()
    assert lesson.pupil.looked[-1].box == Box(180, 0, 230, 50)
    lesson.desk.paint(20)
    lesson.ready()
    assert lesson.pupil.looked[-1].box == Box(0, 0, 50, 50)
    lesson.teaching.visible = lambda: Box(250, 0, 290, 60)
    lesson.desk.open(lesson.desk.a)
    lesson.ready()
    assert lesson.pupil.looked[-1].box == Box(245, 5, 295, 55)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (Box(10, 10, 20, 20), Box(0, 0, 2048, 500)),
        (Box(2000, 10, 2010, 20), Box(981, 0, 3029, 500)),
        (Box(3990, 490, 4000, 500), Box(1952, 0, 4000, 500)),
        (Box(0, 0, 4000, 500), Box(976, 0, 3024, 500)),
    ],
)
def test_a_part_lies_in_the_image_around_the_middle(box: Box, expected: Box) -> None:
    assert part_around(box, Size(4000, 500)) == expected
