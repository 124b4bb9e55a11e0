"""Correction that teaches at once, in the real window: the switch, the offer on the canvas, the keys that take it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRect, QSettings, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from labeltool.app import teaching
from labeltool.app.offering import Offer, offer_of, taken
from labeltool.app.project import add_images
from labeltool.app.session import Session
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import ModelError
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken
from labeltool.core.project import Status
from labeltool.core.provenance import TRUTH, Origin
from labeltool.inference.segmenter import Prediction
from labeltool.inference.teaching import Painted
from labeltool.inference.teaching_process import View
from labeltool.store.project import ProjectStore
from labeltool.ui.canvas.viewport import Viewport
from labeltool.ui.main import open_window
from labeltool.ui.offers.button import TeachButton
from labeltool.ui.offers.picture import Picture, inks
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
CATALOG = ClassCatalog.from_names(["nucleus"])
WIDTH, HEIGHT, GREY = 400, 300, 100
LARGE, SMALL, SPECK = Box(40, 40, 140, 140), Box(200, 40, 240, 80), Box(300, 200, 303, 203)
"""What the model says is nucleus once somebody has painted one: two regions, and a speck."""
FREE = (300, 100)
"""Where nothing is offered."""


class Pupil:
    """Stands in for the model's process."""

    made: ClassVar[list[Pupil]] = []
    go_on: ClassVar[threading.Event]
    fails: ClassVar[Exception | None] = None

    def __init__(self, model: Path) -> None:
        self.model, self.closed = model, False
        self.looked: list[View] = []
        self.taught = 0
        self.made.append(self)

    def look(self, view: View, cancel: CancelToken | None = None) -> None:
        self.closed = False
        if view not in self.looked[-1:]:
            self.looked.append(view)

    def teach(self, view: View, painted: Sequence[Painted]) -> Prediction:
        self.taught += 1
        while not self.go_on.wait(0.01) and not self.closed:
            pass
        if Pupil.fails is not None:
            raise Pupil.fails
        label = np.zeros((view.box.height, view.box.width), np.uint8)
        for box in (LARGE, SMALL, SPECK):
            inside = box.intersect(view.box)
            if not inside.is_empty:
                label[inside.slices(view.box)] = 1
        return Prediction(view.box, label, np.full_like(label, 204))

    def close(self) -> None:
        self.closed = True


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two grey images, and a large one."""
    folder = tmp_path_factory.mktemp("original")
    for number, name in enumerate("ab"):
        grey = np.full((HEIGHT, WIDTH, 3), GREY + number, np.uint8)
        cv2.imwrite(str(folder / f"{name}.png"), grey)
    cv2.imwrite(str(folder / "c.png"), np.full((2500, 3000), GREY, np.uint8))
    with ProjectStore.create(folder / "project", "p", CATALOG) as store:
        add_images(store, [folder / f"{name}.png" for name in "abc"])
    return folder / "project"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, original: Path) -> Path:
    """A copy of it; the images are those of all tests."""
    go_on = threading.Event()
    go_on.set()
    for name, value in (("made", []), ("go_on", go_on), ("fails", None)):
        monkeypatch.setattr(Pupil, name, value, raising=False)
    monkeypatch.setattr("labeltool.app.pupil.TeachingProcess", Pupil, raising=False)
    monkeypatch.setattr(teaching, "TeachingProcess", Pupil)
    return Path(shutil.copytree(original, tmp_path / "project"))


@pytest.fixture
def window(app: QApplication, project: Path) -> Iterator[MainWindow]:
    made = shown(project)
    yield made
    Pupil.go_on.set()
    made.close()


def shown(project: Path) -> MainWindow:
    made = open_window(project)
    made.resize(1280, 720)
    until(lambda: made.annotate.image is not None and made._top.model() is not None)
    QTest.qWaitForWindowExposed(made)
    made.activateWindow()
    made.annotate.canvas.setFocus()
    made.annotate.canvas.fit()
    QApplication.processEvents()
    return made


def settle(window: MainWindow) -> None:
    """Until nothing is on its way any more."""
    assert window.bench is not None
    bench = window.bench
    until(lambda: not any(job.key == "teach" for job in bench.lanes.busy) and not bench.saver.waiting)
    for _ in range(3):
        QApplication.processEvents()


def key(window: MainWindow, which: Qt.Key, modifier: Qt.KeyboardModifier = NO) -> None:
    QTest.keyClick(window.annotate.canvas, which, modifier)
    QApplication.processEvents()


def at(window: MainWindow, x: float, y: float) -> QPoint:
    return QPointF(*window.annotate.canvas.image_to_widget(x + 0.5, y + 0.5)).toPoint()


def point(window: MainWindow, x: float, y: float) -> None:
    QTest.mouseMove(window.annotate.canvas, at(window, x, y))
    QApplication.processEvents()


def stroke(window: MainWindow, x: float, y: float, radius_px: float = 5) -> None:
    """A dab of the brush, by a real press and release."""
    window.bench.hand.radius_px = radius_px
    QTest.mouseClick(window.annotate.canvas, LEFT, NO, at(window, x, y))


def teach(window: MainWindow) -> None:
    """Switch it on, and paint where nothing will be offered."""
    key(window, Qt.Key.Key_G, SHIFT)
    settle(window)
    stroke(window, *FREE)
    settle(window)


def offered(window: MainWindow) -> Offer | None:
    taught = window._offers._teaching
    return None if taught is None else taught.offer


def hint(window: MainWindow) -> str:
    found = window.findChild(QLabel, "offer.hint")
    return found.text() if found.isVisible() else ""


def switch(window: MainWindow) -> TeachButton:
    found = window.findChild(TeachButton, "top.teach")
    assert found is not None
    return found


def color(window: MainWindow, x: float, y: float) -> tuple[int, int, int]:
    QApplication.processEvents()
    return window.annotate.canvas.grab().toImage().pixelColor(at(window, x, y)).getRgb()[:3]


def marked(window: MainWindow, box: Box) -> float:
    """The share of the box's pixels on the screen that differ from the grey of the image."""
    QApplication.processEvents()
    canvas = window.annotate.canvas
    (left, top), (right, bottom) = (canvas.image_to_widget(*box[:2]), canvas.image_to_widget(*box[2:]))
    image = canvas.grab(QRect(round(left), round(top), round(right - left), round(bottom - top))).toImage()
    pixels = [
        image.pixelColor(x, y).getRgb()[:3] for y in range(image.height()) for x in range(0, image.width(), 2)
    ]
    return sum(max(pixel) - min(pixel) > 6 for pixel in pixels) / len(pixels)


def plane(window: MainWindow, name: str = "label") -> np.ndarray:
    assert window.annotate.image is not None
    return window.annotate.image.session.mask.read(name)


def nuclei(window: MainWindow, box: Box) -> int:
    return int((plane(window)[box.slices()] == 1).sum())


def pixels(box: Box) -> int:
    return box.width * box.height


def undo_title(window: MainWindow) -> str:
    assert window.annotate.image is not None
    return window.annotate.image.session.undo_title


def open_image(window: MainWindow, number: int) -> None:
    record = window.bench.store.images()[number]
    window.bench.open_image(record.id)
    until(lambda: window.annotate.image is not None and window.annotate.image.record.id == record.id)


# ---- the switch


def test_it_is_off_until_somebody_switches_it_on_and_then_remembered(
    window: MainWindow, project: Path
) -> None:
    stroke(window, *FREE)
    settle(window)
    assert not Pupil.made
    assert not switch(window).isChecked()
    QTest.mouseClick(switch(window), LEFT)
    settle(window)
    assert switch(window).isChecked()
    assert window.actions_["teach"].isChecked()
    assert offered(window) is not None  # what was painted before counts as well
    window.close()
    assert Pupil.made[0].closed
    again = shown(project)
    settle(again)
    assert offered(again) is not None
    key(again, Qt.Key.Key_G, SHIFT)
    assert offered(again) is None
    assert not switch(again).isChecked()
    assert all(each.closed for each in Pupil.made)
    assert not QSettings().value("teach/on", True, bool)
    again.close()


def test_the_button_says_how_far_it_is(window: MainWindow) -> None:
    assert "Off" in switch(window).toolTip()
    assert "Shift+G" in switch(window).toolTip()
    key(window, Qt.Key.Key_G, SHIFT)
    settle(window)
    assert "Ready" in switch(window).toolTip()
    stroke(window, *FREE)
    settle(window)
    assert "offered: 2" in switch(window).toolTip()


def test_a_failure_is_told_with_its_reason_and_the_next_image_is_tried(window: MainWindow) -> None:
    Pupil.fails = ModelError("the model process was killed", hint="Close other programs")
    teach(window)
    assert offered(window) is None
    assert "was killed. Close other programs" in switch(window).toolTip()
    Pupil.fails = None
    open_image(window, 1)
    stroke(window, *FREE)
    settle(window)
    assert offered(window) is not None


def test_a_project_that_is_only_read_cannot_teach(
    app: QApplication, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    QSettings().setValue("teach/on", True)
    open_store = ProjectStore.open
    monkeypatch.setattr(ProjectStore, "open", lambda root, **_: open_store(root, write=False))
    window = shown(project)
    assert not window.bench.editable
    assert not switch(window).isEnabled()
    assert "reading only" in switch(window).toolTip()
    assert not Pupil.made
    window.close()


def test_where_no_model_knows_the_classes_it_says_what_to_do(app: QApplication, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((HEIGHT, WIDTH, 3), GREY, np.uint8))
    with ProjectStore.create(tmp_path / "p", "p", ClassCatalog.from_names(["unheard of"])) as store:
        add_images(store, [tmp_path / "a.png"])
    window = open_window(tmp_path / "p")
    until(lambda: window.annotate.image is not None)
    key(window, Qt.Key.Key_G, SHIFT)
    settle(window)
    assert "No model knows" in switch(window).toolTip()
    assert "Train" in switch(window).toolTip()
    window.close()


def test_another_model_that_is_chosen_is_taught_instead(window: MainWindow) -> None:
    teach(window)
    first = window._top.model()
    assert first is not None
    other = replace(first, path=first.path.parent / "other", card=replace(first.card, name="other"))
    window._top.show_models([first, other])
    settle(window)
    assert len(Pupil.made) == 1
    window._top.choose_model(other)
    settle(window)
    until(lambda: len(Pupil.made) == 2 and offered(window) is not None)
    assert Pupil.made[1].model == other.path
    assert Pupil.made[0].closed


# ---- what is offered, and taking it


def test_what_is_offered_is_seen_at_once_and_which_keys_take_it(window: MainWindow) -> None:
    key(window, Qt.Key.Key_G, SHIFT)
    settle(window)
    before = marked(window, LARGE)
    stroke(window, *FREE)
    settle(window)
    assert before == 0
    assert marked(window, LARGE) > 0.5
    assert marked(window, SMALL) > 0.5
    assert marked(window, Box(160, 160, 280, 200)) == 0
    text = hint(window)
    assert "offered: 2" in text
    for words in ("Enter", "Shift+Enter", "Shift+Esc", "Ctrl+G"):
        assert words in text
    point(window, 60, 60)
    assert "nucleus" in hint(window)
    assert "10,000 px, 80 % sure" in hint(window)


def test_enter_takes_the_region_under_the_pointer_and_undo_brings_it_back(window: MainWindow) -> None:
    teach(window)
    stroke(window, 60, 60)
    settle(window)
    human = plane(window, "origin") == Origin.HUMAN
    point(window, 100, 100)
    key(window, Qt.Key.Key_Return)
    assert undo_title(window) == "taught region"
    assert nuclei(window, LARGE) == pixels(LARGE)
    assert nuclei(window, SMALL) == 0
    assert np.array_equal(plane(window, "origin") == Origin.HUMAN, human)
    assert marked(window, Box(80, 80, 120, 120)) > 0.9  # the mask now
    settle(window)
    assert [region.box for region in offered(window).regions] == [SMALL]
    key(window, Qt.Key.Key_Z, CTRL)
    settle(window)
    assert len(offered(window).regions) == 2
    assert nuclei(window, LARGE) == human[LARGE.slices()].sum()


def test_enter_beside_all_regions_takes_nothing_and_says_what_to_do(window: MainWindow) -> None:
    teach(window)
    point(window, *FREE)
    key(window, Qt.Key.Key_Return)
    assert undo_title(window) == "brush stroke"
    assert "Point at one" in window.findChild(QLabel, "status.note").text()


def test_shift_enter_takes_all_specks_too_in_one_step(window: MainWindow) -> None:
    teach(window)
    key(window, Qt.Key.Key_Return, SHIFT)
    for box in (LARGE, SMALL, SPECK):
        assert nuclei(window, box) == pixels(box)
    settle(window)
    assert offered(window) is None
    assert not hint(window)
    assert not window.actions_["take_offers"].isEnabled()
    key(window, Qt.Key.Key_Z, CTRL)
    assert nuclei(window, LARGE) == 0
    settle(window)
    assert offered(window) is not None


def test_what_is_declined_is_gone_until_the_next_stroke(window: MainWindow) -> None:
    teach(window)
    key(window, Qt.Key.Key_Escape, SHIFT)
    assert offered(window) is None
    assert marked(window, LARGE) == 0
    assert not hint(window)
    stroke(window, FREE[0] + 20, FREE[1])
    settle(window)
    assert offered(window) is not None


def test_regions_are_walked_the_largest_first_and_enter_takes_the_one_shown(window: MainWindow) -> None:
    teach(window)
    point(window, *FREE)
    key(window, Qt.Key.Key_G, CTRL)
    assert "10,000 px" in hint(window)
    key(window, Qt.Key.Key_G, CTRL)
    assert "1,600 px" in hint(window)
    seen = window.annotate.canvas.what_is_seen().visible
    assert seen.intersect(SMALL) == SMALL
    key(window, Qt.Key.Key_Return)
    assert (nuclei(window, SMALL), nuclei(window, LARGE)) == (pixels(SMALL), 0)
    settle(window)
    key(window, Qt.Key.Key_G, CTRL | SHIFT)
    assert "10,000 px" in hint(window)


# ---- painting goes on


def test_a_click_into_an_offered_region_paints_and_cuts_it_away(window: MainWindow) -> None:
    teach(window)
    canvas = window.annotate.canvas
    window.bench.hand.radius_px = 10
    window.actions_["class_0"].trigger()
    assert marked(window, Box(60, 60, 66, 66)) > 0.1
    Pupil.go_on.clear()
    QTest.mousePress(canvas, LEFT, NO, at(window, 63, 63))
    assert marked(window, Box(60, 60, 66, 66)) == 0  # background by now, while the stroke is under way
    QTest.mouseRelease(canvas, LEFT, NO, at(window, 63, 63))
    assert undo_title(window) == "brush stroke"
    point(window, 63, 63)
    key(window, Qt.Key.Key_Return)  # of the older offer, which is still the one that is shown
    assert nuclei(window, LARGE) == 0
    point(window, 120, 120)
    key(window, Qt.Key.Key_Return)
    taken_px = nuclei(window, LARGE)
    assert 0 < taken_px < pixels(LARGE)
    assert plane(window)[63, 63] == 0
    Pupil.go_on.set()
    settle(window)


def test_nothing_changes_under_a_stroke(window: MainWindow) -> None:
    key(window, Qt.Key.Key_G, SHIFT)
    settle(window)
    Pupil.go_on.clear()
    stroke(window, *FREE)
    canvas = window.annotate.canvas
    QTest.mousePress(canvas, LEFT, NO, at(window, 320, 40))
    Pupil.go_on.set()
    settle(window)
    assert offered(window) is None
    key(window, Qt.Key.Key_Escape)  # the stroke is dropped, and teaches nothing
    QTest.mouseRelease(canvas, LEFT, NO, at(window, 320, 40))
    assert offered(window) is not None
    assert Pupil.made[0].taught == 1


def test_enter_closes_a_polygon_over_an_offered_region(window: MainWindow) -> None:
    teach(window)
    window.actions_["polygon"].trigger()
    for x, y in ((50, 50), (70, 50), (60, 70)):
        QTest.mouseClick(window.annotate.canvas, LEFT, NO, at(window, x, y))
    key(window, Qt.Key.Key_Return, SHIFT)
    assert undo_title(window) == "brush stroke"
    key(window, Qt.Key.Key_Return)
    assert undo_title(window) == "polygon"


# ---- where it keeps out


def test_in_review_enter_takes_no_offer_and_none_is_shown(window: MainWindow) -> None:
    teach(window)
    point(window, 60, 60)
    window.actions_["workspace_review"].trigger()
    QApplication.processEvents()
    assert marked(window, SMALL) == 0
    assert not hint(window)
    key(window, Qt.Key.Key_Return)
    key(window, Qt.Key.Key_Return, SHIFT)
    assert undo_title(window) == "brush stroke"
    window.actions_["workspace_annotate"].trigger()
    until(lambda: hint(window))
    window.annotate.canvas.fit()
    assert marked(window, SMALL) > 0.5


def test_who_hides_the_mask_sees_the_image_alone(window: MainWindow) -> None:
    teach(window)
    window.annotate.switch("mask", False)
    assert marked(window, LARGE) == 0
    assert not hint(window)
    assert not window.actions_["take_offers"].isEnabled()
    window.annotate.switch("mask", True)
    assert marked(window, LARGE) > 0.5


def test_of_an_approved_image_nothing_is_offered(window: MainWindow) -> None:
    teach(window)
    window.bench.approve()
    until(lambda: window.annotate.image.record.status is Status.APPROVED)
    assert offered(window) is None
    assert "approved" in switch(window).toolTip()
    window.bench.approve()
    until(lambda: window.annotate.image.record.status is not Status.APPROVED)
    settle(window)
    assert offered(window) is not None


def test_a_large_image_is_looked_at_where_somebody_works(window: MainWindow) -> None:
    key(window, Qt.Key.Key_G, SHIFT)
    settle(window)
    open_image(window, 2)
    settle(window)
    assert "zoom in" in switch(window).toolTip()
    looked = Pupil.made[0].looked
    assert all(view.path.name == "a.png" for view in looked)
    canvas = window.annotate.canvas
    canvas.zoom_to(1.0)
    canvas.centre_on(2800, 2300)
    until(lambda: looked[-1].path.name == "c.png")
    assert looked[-1].box == Box(952, 452, 3000, 2500)
    settle(window)
    canvas.centre_on(500, 400)
    stroke(window, 500, 400)
    settle(window)
    assert looked[-1].box == Box(0, 0, 2048, 2048)


def test_the_hint_steps_aside_where_the_pointer_comes_near(window: MainWindow) -> None:
    teach(window)
    line = window.findChild(QLabel, "offer.hint")
    QTest.mouseMove(window.annotate.canvas, line.geometry().center())
    QApplication.processEvents()
    assert not line.isVisible()
    point(window, 200, 20)
    assert line.isVisible()


def test_over_the_mask_as_it_was_once_nothing_is_offered(window: MainWindow) -> None:
    teach(window)
    point(window, 60, 60)
    window.annotate.show_then(window.annotate.image.session.mask.snapshot())
    assert marked(window, LARGE) == 0
    key(window, Qt.Key.Key_Return)
    assert nuclei(window, LARGE) == 0
    window.annotate.show_then(None)
    assert marked(window, LARGE) > 0.5


# ---- with a real network


@pytest.mark.slow
def test_one_stroke_on_a_nucleus_has_the_network_offer_the_others(
    app: QApplication, shared_data: Path, tmp_path: Path
) -> None:
    """On an image that nobody has labelled, with the embedded model in its process."""
    sizes = {path: cv2.imread(str(path)).shape[:2] for path in (shared_data / "nuclei/images/val").glob("*")}
    path = next(path for path, size in sorted(sizes.items()) if size == (520, 696))
    truth = cv2.imread(str(shared_data / "nuclei/labels/val" / path.name), cv2.IMREAD_UNCHANGED)
    if truth is None:
        pytest.skip(f"no mask beside {path.name}")
    with ProjectStore.create(tmp_path / "p", "p", CATALOG) as store:
        add_images(store, [path])
    window = shown(tmp_path / "p")
    key(window, Qt.Key.Key_G, SHIFT)
    until(lambda: window._offers._teaching.state in ("ready", "failed"))
    assert window._offers._teaching.error is None
    depth = cv2.distanceTransform((truth > 0).astype(np.uint8), cv2.DIST_L2, 5)
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    stroke(window, int(x), int(y), 3)
    settle(window)
    offer = offered(window)
    assert offer is not None
    assert len(offer.regions) > 10
    right = (truth > 0)[offer.inside & (offer.label == 1)]
    assert right.mean() > 0.8
    key(window, Qt.Key.Key_Return, SHIFT)
    assert (plane(window) == 1)[truth > 0].mean() > 0.6
    process = window._offers._teaching._pupil._process
    window.close()
    assert process._child is None


# ---- laws


SIZE = Size(24, 20)


@given(seed=st.integers(0, 2**32 - 1), only=st.booleans(), data=st.data())
def test_no_pixel_that_a_human_has_set_ever_changes(seed: int, only: bool, data: st.DataObject) -> None:
    """Neither one that was set before the offer was made, nor one that was set after."""
    dice, shape = np.random.default_rng(seed), (SIZE.height, SIZE.width)
    session = Session(LabelMask(SIZE), lambda _: None)
    label, said, origins = (dice.integers(0, high, shape, np.uint8) for high in (4, 4, len(Origin)))
    session.apply(write(session.mask, SIZE.box, title="", kind="", label=label, origin=origins))
    offer = offer_of(session.mask, Prediction(SIZE.box, said, np.full(shape, 200, np.uint8)), "m", least=3)
    if offer is None:
        return
    painted = dice.random(shape) < 0.3
    reviewed = write(session.mask, SIZE.box, painted, title="", kind="", label=2, origin=Origin.REVIEWER)
    session.apply(reviewed)
    before = {name: session.mask.read(name) for name in ("label", "origin", "object")}
    region = data.draw(st.sampled_from(offer.regions)) if only else None
    patch = taken(session.mask, offer, region)
    session.apply(patch)
    after = {name: session.mask.read(name) for name in before}
    held = np.isin(before["origin"], TRUTH)
    for name in before:
        assert np.array_equal(before[name][held], after[name][held])
    wanted = (offer.inside if region is None else offer.ids == region.number) & ~held
    assert np.array_equal(after["label"][wanted], said[wanted])
    assert np.array_equal(after["label"][~wanted], before["label"][~wanted])
    assert not patch or session.undo()
    assert np.array_equal(session.mask.read("label"), before["label"])


def painted_picture(picture: Picture, view: Viewport) -> np.ndarray:
    image = QImage(320, 260, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    with QPainter(image) as painter:
        picture.paint(painter, view, image.rect())
    return np.frombuffer(image.constBits(), np.uint32).reshape(260, 320).copy()


@pytest.mark.parametrize("zoom", [0.4, 1.0, 2.7, 12.0])
@given(seed=st.integers(0, 10_000))
def test_a_picture_that_is_kept_up_to_date_is_the_one_drawn_anew(zoom: float, seed: int) -> None:
    dice = np.random.default_rng(seed)
    box = Box(5, 3, 45, 33)

    def blobs() -> tuple[np.ndarray, np.ndarray]:
        noise = cv2.blur(dice.random((box.height, box.width)), (5, 5))
        values = np.where(noise > 0.53, noise > 0.56, IGNORE).astype(np.uint8)
        return values, (values != IGNORE) & (dice.random() > 0.3)

    colours = inks(CATALOG)
    (values, regions), (others, of_others) = blobs(), blobs()
    picture, view = Picture(box, values, regions, colours), Viewport(zoom, -3.3 * zoom, 7.2)
    painted_picture(picture, view)
    part = Box(box.x0 + 7, box.y0 + 9, box.x0 + 31, box.y0 + 22)
    values = values.copy()
    values[part.slices(box)] = others[part.slices(box)]
    picture.changed(part, values[part.slices(box)])
    moved = Viewport(zoom, view.left + 11, view.top - 4)
    fresh = Picture(box, values, regions, colours)
    assert np.array_equal(painted_picture(picture, moved), painted_picture(fresh, moved))
    picture.replace(others, of_others)
    fresh = Picture(box, others, of_others, colours)
    assert np.array_equal(painted_picture(picture, moved), painted_picture(fresh, moved))
