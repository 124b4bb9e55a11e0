from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest

from labeltool.app.session import Session
from labeltool.app.toolbox import Context, Hand, View
from labeltool.core.catalog import IGNORE, ClassCatalog, ClassDef
from labeltool.core.errors import CancelledError
from labeltool.core.geometry import Size
from labeltool.core.mask import LabelMask
from labeltool.core.provenance import Origin
from labeltool.imaging.pyramid import ArrayPyramid
from labeltool.tools.brush import BRUSH, ERASER, curve
from labeltool.tools.lasso import LASSO
from labeltool.tools.polygon import POLYGON
from labeltool.tools.ruler import RULER
from labeltool.tools.superpixel import SUPERPIXEL
from labeltool.tools.threshold import THRESHOLD
from labeltool.tools.tool import Pointer, Tool
from labeltool.tools.wand import WAND

SIZE = Size(120, 90)


class Desk:
    """A session, a hand and a tool, driven event by event."""

    def __init__(self, tool: Tool, catalog: ClassCatalog | None = None) -> None:
        catalog = catalog or ClassCatalog.from_names(["a", "b"])
        self.saved: list[object] = []
        self.session = Session(LabelMask(SIZE, catalog.unlabelled_value), self.saved.append)
        self.hand = Hand(value=1, radius_px=4)
        self.image = np.zeros((SIZE.height, SIZE.width, 3), np.uint8)
        self.context = Context(
            self.session,
            self.hand,
            lambda: catalog,
            ArrayPyramid(self.image),
            self.hand.options_of(tool),
            view=lambda: View(near_px=2),
        )
        self.tool, self.gesture = tool, None

    def send(self, *events: Pointer):
        for event in events:
            try:
                if self.gesture is None:
                    self.gesture = self.tool.gesture(self.context, event)
                    shown = next(self.gesture)
                else:
                    shown = self.gesture.send(event)
            except StopIteration:
                self.gesture = shown = None
        return shown

    @property
    def label(self):
        return self.session.mask.read("label")


def drag(*points: tuple[float, float], button: str = "left") -> list[Pointer]:
    first, *others = points
    return [
        Pointer("press", *first, button),
        *(Pointer("move", *p) for p in others),
        Pointer("release", *points[-1]),
    ]


def test_a_fast_stroke_leaves_no_gap():
    desk = Desk(BRUSH)
    desk.send(*drag((5, 40), (110, 42)))
    assert (desk.label[38:44, 5:110] == 1).any(axis=0).all()
    assert len(desk.saved) == 1


def test_what_a_brush_paints_is_a_humans():
    desk = Desk(BRUSH)
    desk.send(*drag((50, 40), (60, 40)))
    origin = desk.session.mask.read("origin")
    assert np.array_equal(origin == Origin.HUMAN, desk.label == 1)


@pytest.mark.parametrize(("tool", "button"), [(ERASER, "left"), (BRUSH, "right")])
def test_erasing_sets_the_background_as_a_humans_decision(tool, button):
    desk = Desk(BRUSH)
    desk.send(*drag((20, 40), (90, 40)))
    desk.tool = tool
    desk.send(*drag((50, 40), (60, 40), button=button))
    assert desk.label[40, 55] == 0
    assert desk.session.mask.read("origin")[40, 55] == Origin.HUMAN
    assert desk.label[40, 25] == 1


def test_erasing_where_there_is_no_background_class_sets_ignore():
    desk = Desk(BRUSH, ClassCatalog((ClassDef(0, "Sky", (1, 2, 3)), ClassDef(1, "Road", (3, 2, 1)))))
    desk.send(*drag((20, 40), (90, 40)))
    desk.tool = ERASER
    desk.send(*drag((50, 40), (60, 40)))
    assert desk.label[40, 55] == IGNORE


def test_a_cancelled_stroke_leaves_nothing():
    desk = Desk(BRUSH)
    desk.send(*drag((20, 40), (90, 40))[:-1])
    assert desk.label.any()
    desk.gesture.close()
    assert not desk.label.any()
    assert desk.saved == []


@pytest.mark.parametrize(
    "closing", [Pointer("key", key="accept"), Pointer("double", 10, 60), Pointer("press", 10.5, 10.5)]
)
def test_a_polygon_is_closed_by_enter_a_double_click_or_a_click_on_its_first_corner(closing):
    desk = Desk(POLYGON)
    desk.send(*(Pointer("press", *p) for p in [(10, 10), (60, 10), (60, 60), (10, 60)]), closing)
    assert desk.gesture is None
    assert (desk.label[10:60, 10:60] == 1).all()
    assert desk.label.sum() == 50 * 50


def test_backspace_takes_corners_off_and_the_last_one_ends_the_polygon():
    desk = Desk(POLYGON)
    shown = desk.send(Pointer("press", 10, 10), Pointer("press", 60, 10), Pointer("key", key="back"))
    assert shown.outlines[0].points.tolist() == [[10, 10]]
    desk.send(Pointer("key", key="back"))
    assert desk.gesture is None


def test_two_corners_make_no_polygon():
    desk = Desk(POLYGON)
    desk.send(Pointer("press", 10, 10), Pointer("press", 60, 10), Pointer("key", key="accept"))
    assert desk.gesture is None
    assert not desk.label.any()
    assert desk.saved == []


def test_a_fast_curve_is_round_and_passes_through_every_position_of_the_pointer():
    points = [(60 + 40 * np.cos(a), 45 + 40 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 9)]
    desk = Desk(BRUSH)
    desk.hand.radius_px = 1.5
    desk.send(*drag(*points))
    rows, cols = np.nonzero(desk.label == 1)
    distance = np.hypot(cols + 0.5 - 60, rows + 0.5 - 45)
    straight = (
        40 * np.cos(np.pi / 8) - 1.5
    )  # how far in the chords of an octagon would cut (the first one does)
    assert distance[cols < 86].min() > straight + 0.5
    assert all(desk.label[int(y), int(x)] == 1 for x, y in points if y < SIZE.height - 1)


def test_a_corner_stays_a_corner():
    assert curve((0, 0), (10, 0), (0, 0.5), 0.35) == [(0, 0.5)]


def test_a_fast_stroke_around_right_angles_paints_nothing_beside_the_way_of_the_pointer():
    desk, corners = Desk(BRUSH), [(10, 20), (90, 20), (90, 70), (30, 70)]
    desk.hand.radius_px = 2
    desk.send(*drag(*corners))
    wanted = np.zeros_like(desk.label)
    wanted[18:22, 8:92] = wanted[18:72, 88:92] = wanted[68:72, 28:92] = 1
    assert not (desk.label > wanted).any()


def test_a_short_step_after_a_long_one_and_a_long_one_after_a_short_one_do_not_swing_out():
    turn = np.array([np.cos(0.7), np.sin(0.7)])
    for before, start, end in (
        ((0, 0), (200, 0), tuple((200, 0) + 6 * turn)),
        ((0, 0), (6, 0), tuple((6, 0) + 200 * turn)),
    ):
        assert max(_beside(p, start, end) for p in curve(before, start, end, 0.35)) < 0.12 * 6


def _beside(point, start, end):
    """How far a point is from a line between two points."""
    way, to = np.subtract(end, start), np.subtract(point, start)
    share = np.clip(way @ to / (way @ way), 0, 1)
    return float(np.hypot(*(to - share * way)))


@pytest.mark.parametrize(
    "tool", [BRUSH, ERASER, LASSO, WAND, SUPERPIXEL, THRESHOLD, RULER], ids=lambda t: t.id
)
def test_undo_while_a_stroke_is_drawn_takes_the_stroke_back_and_nothing_else(tool):
    desk = Desk(BRUSH)
    desk.send(*drag((20, 20), (90, 20)))
    before = desk.session.mask.snapshot()
    desk.tool = tool
    desk.context.options = desk.hand.options_of(tool)
    desk.send(*drag((20, 10), (60, 60), (30, 70))[:-1])
    with suppress(CancelledError):  # the canvas takes this for the end of the gesture
        desk.send(Pointer("key", key="back"))
        assert desk.gesture is None
    assert desk.session.mask.same_pixels(before)
    assert not desk.session.painting
    assert len(desk.saved) == 1


def test_shift_and_a_click_draw_a_straight_line_from_the_end_of_the_last_stroke():
    desk = Desk(BRUSH)
    desk.send(*drag((10, 20), (12, 20)))
    desk.send(Pointer("press", 100, 70, shift=True), Pointer("release", 100, 70, shift=True))
    assert desk.label[45, 56] == 1
    assert desk.label[20, 80] == 0


def test_a_pen_pressed_lightly_draws_a_thin_line():
    desk = Desk(BRUSH)
    desk.send(
        Pointer("press", 20, 40, pressure=0.25),
        Pointer("move", 100, 40, pressure=1.0),
        Pointer("release", 100, 40),
    )
    assert (desk.label[:, 22] == 1).sum() < (desk.label[:, 98] == 1).sum()


def test_a_square_tip_has_corners():
    desk = Desk(BRUSH)
    desk.hand.set_option(BRUSH, "tip", 1)
    desk.context.options = desk.hand.options_of(BRUSH)
    desk.send(*drag((40, 40), (40, 40)))
    assert (desk.label[36:44, 36:44] == 1).all()
