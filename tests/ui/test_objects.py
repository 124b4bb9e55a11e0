"""Where one object ends and the next of its class begins is seen, at every zoom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from labeltool.app.project import add_images
from labeltool.app.session import Session
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import TILE, Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.provenance import Origin
from labeltool.store.project import ProjectStore
from labeltool.tools.objects import MERGE
from labeltool.ui.canvas.colours import MaskColours
from labeltool.ui.canvas.outlines import fine_outlines
from labeltool.ui.main import open_window
from labeltool.ui.rendering import Rendering, Shown
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until

CATALOG = ClassCatalog.from_names(["nucleus"])
FILL, EDGE = 0.45, 0.8
WHOLE = (slice(None), slice(None))
SIZE = Size(4 * TILE, 2 * TILE)
LEFT, RIGHT = Box(100, 64, 512, 448), Box(512, 64, 900, 448)
"""Two objects side by side; each lies in several tiles of the mask, and they meet on a tile's border."""


def put(mask: LabelMask, box: Box, object_id: int | None) -> None:
    mask.apply(write(mask, box, title="", kind="", label=1, object_id=object_id, origin=int(Origin.HUMAN)))


class Drawn:
    """A mask and what is drawn of it, at every step."""

    def __init__(self) -> None:
        self.session = Session(LabelMask(SIZE, CATALOG.unlabelled_value), lambda _: None)
        self.rendering = Rendering(Shown(), lambda: CATALOG, lambda: False)
        self.session.changed.connect(self.rendering.overviews.changed)
        self._draw = self.rendering.mask(
            self.rendering.labels_of(self.session.mask), SIZE, lambda: (FILL, EDGE)
        )

    def set_object(self, box: Box, object_id: int) -> None:
        mask = self.session.mask
        with self.session.stroke("objects", "objects") as stroke:
            stroke.add(write(mask, box, title="", kind="", label=1, object_id=object_id, origin=2))

    def look(self, step: int) -> np.ndarray:
        """All of it, put together from tiles as the canvas asks for them."""
        side = TILE * step
        rows = [
            np.hstack(
                [
                    self._draw(Box(x, y, x + side, y + side).intersect(SIZE.box), step)
                    for x in range(0, SIZE.width, side)
                ]
            )
            for y in range(0, SIZE.height, side)
        ]
        return np.vstack(rows)


def expected(mask: LabelMask, step: int) -> np.ndarray:
    """By the words of it: a pixel has the outline's colour where one beside it is another class or object."""
    label, objects = (mask.read(name)[::step, ::step].astype(np.int64) for name in ("label", "object"))
    kind = label * 2**32 + objects
    around = np.pad(kind, 1, mode="edge")
    sides = (around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:])
    edges = np.any([side != kind for side in sides], axis=0)
    look = MaskColours(CATALOG, FILL, frozenset(), EDGE)
    return np.where(edges, look.edge[label], look._fill[label])


@pytest.fixture(autouse=True)
def _always_by_overviews(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labeltool.core.overview.FEW_PIXELS", 0)


@pytest.mark.parametrize("step", [1, 2, 4, 8, 32])
def test_a_line_runs_between_two_objects_of_one_class_and_goes_with_undo(step: int) -> None:
    drawn = Drawn()
    drawn.set_object(LEFT.union(RIGHT), 0)
    without = drawn.look(step)
    drawn.set_object(LEFT, 4)
    drawn.set_object(RIGHT, 70_000)
    shown = drawn.look(step)
    assert np.array_equal(shown, expected(drawn.session.mask, step))
    rows, columns = np.nonzero(shown != without)
    assert set(columns.tolist()) == {512 // step - 1, 512 // step}  # one pixel on either side
    inner = LEFT.height // step - 2  # the ends of the line lie in the outline around both
    assert len(rows) == 2 * inner
    drawn.session.undo()
    drawn.session.undo()
    assert np.array_equal(drawn.look(step), without)
    drawn.session.redo()
    assert np.array_equal(drawn.look(step), expected(drawn.session.mask, step))


@pytest.mark.parametrize("step", [1, 2, 8, 32])
def test_no_line_runs_through_an_object_that_lies_in_several_tiles(step: int) -> None:
    drawn = Drawn()
    drawn.set_object(LEFT, 0)
    without = drawn.look(step)
    drawn.set_object(LEFT, 9)
    assert np.array_equal(drawn.look(step), without)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_line_runs_between_objects_of_any_two_ids_that_differ(one: int, other: int) -> None:
    look = MaskColours(CATALOG, FILL, frozenset(), EDGE)
    label = np.ones((2, 4), np.uint8)
    objects = np.array([[one, one, other, other]] * 2, np.uint32)
    line = [0, 1, 1, 0] if one != other else [0] * 4
    assert ((look.render(label, WHOLE, objects) == look.edge[1]) == line).all()
    ends = np.arange(0, 20, 4)
    drawn = fine_outlines(label, ends, np.array([0, 4, 8]), look.edge, objects=objects)
    assert (drawn != 0).any(axis=0).nonzero()[0].tolist() == ([7, 8] if one != other else [])


def test_objects_are_not_read_where_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Drawn()
    drawn.set_object(LEFT, 0)
    drawn.set_object(Box(900, 400, 910, 410), 3)
    labels = drawn.rendering.labels_of(drawn.session.mask)
    assert labels.objects(LEFT, 1) is None
    assert labels.objects(Box(760, 380, 1000, 440), 1) is not None


# ---- in the window


@pytest.fixture
def window(app: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    """The window with a grey image, on which two nuclei touch."""
    cv2.imwrite(str(tmp_path / "a.png"), np.full((SIZE.height, SIZE.width, 3), 100, np.uint8))
    with ProjectStore.create(tmp_path / "project", "p", CATALOG) as store:
        add_images(store, [tmp_path / "a.png"])
    made = open_window(tmp_path / "project")
    made.resize(1280, 720)
    until(lambda: made.annotate.image is not None)
    QTest.qWaitForWindowExposed(made)
    set_objects(made, LEFT.union(RIGHT), 0)
    yield made
    made.close()


def set_objects(window: MainWindow, box: Box, object_id: int) -> None:
    session = window.annotate.image.session
    with session.stroke("objects", "objects") as stroke:
        stroke.add(
            write(
                session.mask, box, title="", kind="", label=1, object_id=object_id, origin=int(Origin.HUMAN)
            )
        )


def across(window: MainWindow) -> list[tuple[int, ...]]:
    """Colours of the screen along a way from one object into the other, 12 pixels on either side."""
    QApplication.processEvents()
    canvas = window.annotate.canvas
    middle = QPointF(*canvas.image_to_widget(RIGHT.x0, 200)).toPoint()
    shown = canvas.grab().toImage()
    return [shown.pixelColor(middle + QPoint(dx, 0)).getRgb()[:3] for dx in range(-12, 12)]


@pytest.mark.parametrize("zoom", [0.3, 1, 1.9, 8])
def test_the_canvas_shows_at_once_where_one_object_ends_and_the_next_begins(
    window: MainWindow, zoom: float
) -> None:
    canvas = window.annotate.canvas
    canvas.zoom_to(zoom)
    canvas.centre_on(RIGHT.x0, 200)
    before = across(window)
    assert len(set(before)) == 1
    set_objects(window, RIGHT, 12)
    after = across(window)
    changed = [place for place, color in enumerate(after) if color != before[0]]
    assert changed
    assert all(8 <= place <= 15 for place in changed)
    window.annotate.image.session.undo()
    assert across(window) == before


def test_the_status_bar_names_the_object_under_the_pointer(window: MainWindow) -> None:
    set_objects(window, RIGHT, 12)
    canvas, said = window.annotate.canvas, window.findChild(QLabel, "status.pointer")
    QTest.mouseMove(canvas, QPointF(*canvas.image_to_widget(RIGHT.x0 + 50, 200)).toPoint())
    until(lambda: "object 12" in said.text())
    QTest.mouseMove(canvas, QPointF(*canvas.image_to_widget(RIGHT.x0 - 50, 200)).toPoint())
    until(lambda: "nucleus" in said.text() and "object" not in said.text())


@pytest.mark.parametrize("mode", ["swipe", "side"])
def test_a_comparison_shows_the_line_too(window: MainWindow, mode: str) -> None:
    window.annotate.set_compare(mode, "mask", "mask")
    canvas = window.annotate.canvas
    canvas.zoom_to(1)
    canvas.centre_on(RIGHT.x0 + 60, 200)  # not below the divider
    before = canvas.grab().toImage()
    set_objects(window, RIGHT, 12)
    QApplication.processEvents()
    after = canvas.grab().toImage()
    row = after.height() // 2
    changed = [x for x in range(after.width()) if before.pixel(x, row) != after.pixel(x, row)]
    assert len(changed) == (2 if mode == "swipe" else 4)  # two pixels wide, in each pane


def test_the_merge_tool_shows_what_it_joins_and_the_line_between_goes(window: MainWindow) -> None:
    set_objects(window, RIGHT, 12)
    canvas, session = window.annotate.canvas, window.annotate.image.session
    canvas.zoom_to(1)
    canvas.centre_on(RIGHT.x0, 200)
    window.annotate.use(MERGE)
    left, right = (QPointF(*canvas.image_to_widget(RIGHT.x0 + dx, 200)).toPoint() for dx in (-100.5, 100.5))
    plain = across(window)
    QTest.mouseMove(canvas, left)
    until(lambda: canvas.preview.area is not None)  # it has no id, and is found elsewhere
    assert shown_at(window, left) != shown_at(window, right)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, left)
    QTest.mouseMove(canvas, right)
    until(lambda: shown_at(window, left) == shown_at(window, right))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, right)
    until(lambda: session.undo_title == "merge objects")
    QTest.mouseMove(canvas, QPoint(3, 3))
    until(lambda: canvas.preview.area is None)
    assert (session.mask.read("object", LEFT.union(RIGHT)) == 12).all()
    assert len(set(plain)) > len(set(across(window))) == 1


def shown_at(window: MainWindow, point: QPoint) -> tuple[int, ...]:
    QApplication.processEvents()
    return window.annotate.canvas.grab().toImage().pixelColor(point).getRgb()
