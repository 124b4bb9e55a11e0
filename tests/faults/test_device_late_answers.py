"""A model that answers after somebody has gone to another image, or has drawn meanwhile (row 61)."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from labeltool.app import prelabel
from labeltool.app.project import add_images
from labeltool.app.workbench import Workbench
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.provenance import Origin
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore

MODEL = "m@1"
WIDTH, HEIGHT = 90, 60


class Desk:
    """A workbench whose answers are delivered by hand."""

    def __init__(self, root: Path) -> None:
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.store = ProjectStore.open(root)
        self.bench = Workbench(self.store, self.posted.put)
        self.a, self.b = self.store.images()

    def until(self, reached: Callable[[], object]) -> None:
        ends_s = time.monotonic() + 20
        while not reached():
            assert time.monotonic() < ends_s, "it did not come to that in time"
            try:
                self.posted.get(timeout=0.02)()
            except queue.Empty:
                continue

    def open(self, image_id: str) -> None:
        self.bench.open_image(image_id)
        self.until(lambda: self.bench.open is not None and self.bench.open.record.id == image_id)

    def settle(self) -> None:
        self.until(lambda: not self.bench.lanes.busy and not self.bench.saver.waiting and self.posted.empty())

    def predicted(self, label: int = 2) -> None:
        """The model has an answer for the first image, which says the same of every pixel."""
        values = np.full((HEIGHT, WIDTH), label, np.uint8)
        self.store.save_prediction(self.a.id, MODEL, [(Box(0, 0, WIDTH, HEIGHT), values, values)])

    def late(self, meanwhile: Callable[[], None]) -> None:
        """Pre-label the first image; its answers come when ``meanwhile`` is over."""
        model, done = SimpleNamespace(key=MODEL), list[object]()
        self.bench.prelabel([self.a], model, progress=lambda *_: None, done=done.append, failed=done.append)  # type: ignore[arg-type]
        answer = self.posted.get(timeout=20)
        assert not done, "the first that comes is the answer"
        meanwhile()
        answer()
        self.settle()

    def paint(self) -> None:
        assert self.bench.open is not None
        session = self.bench.open.session
        box = Box(5, 5, 25, 25)
        session.apply(write(session.mask, box, title="b", kind="brush", label=1, origin=Origin.HUMAN))

    def pixels(self, image_id: str) -> np.ndarray:
        return np.asarray(self.store.load_mask(image_id).read("label"))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for name in "ab":
        Image.new("RGB", (WIDTH, HEIGHT)).save(tmp_path / f"{name}.png")
    with ProjectStore.create(tmp_path / "project", "p", ClassCatalog.from_names(["x", "y"])) as store:
        add_images(store, [tmp_path / "a.png", tmp_path / "b.png"])

    def predict(store, records, model, how, *, make_do, progress, cancel, done):  # type: ignore[no-untyped-def]
        for record in records:
            done(record)
        return prelabel.PrelabelReport(model.key)

    monkeypatch.setattr(prelabel, "predict", predict)
    made = Desk(tmp_path / "project")
    yield made
    made.bench.abandon()


def test_an_answer_that_comes_when_another_image_is_at_hand_is_not_painted_on_that(desk: Desk) -> None:
    desk.open(desk.a.id)
    desk.settle()
    desk.predicted()
    desk.late(lambda: desk.open(desk.b.id))
    assert desk.store.history(desk.b.id).revision == 0 and not desk.pixels(desk.b.id).any()
    assert (desk.pixels(desk.a.id) == 2).all(), "it is filled in where it belongs"
    assert desk.bench.open is not None and desk.bench.open.record.id == desk.b.id
    assert [found for found in check(desk.store.root) if found.severity == "error"] == []


def test_an_answer_that_comes_after_a_stroke_leaves_the_stroke_as_it_is(desk: Desk) -> None:
    desk.open(desk.a.id)
    desk.settle()
    desk.predicted()
    desk.late(desk.paint)
    desk.settle()
    found = desk.pixels(desk.a.id)
    assert (found[5:25, 5:25] == 1).all(), "what a human has set stays"
    found[5:25, 5:25] = 2
    assert (found == 2).all()
    assert desk.bench.open is not None and desk.bench.open.session.undo_title is not None
