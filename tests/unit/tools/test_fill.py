from __future__ import annotations

import numpy as np

from labeltool.app.toolbox import View
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.provenance import Origin
from labeltool.core.shape import dense
from labeltool.tools.fill import FILL
from labeltool.tools.tool import Pointer
from tests.unit.tools.test_tools import Desk


def framed() -> Desk:
    """A frame of class 2 one pixel wide, closed only by corners that touch."""
    desk = Desk(FILL)
    inside = np.zeros((21, 21), bool)
    middle = np.abs(np.arange(21) - 10)
    inside[middle[:, None] + middle == 10] = True
    desk.session.apply(write(desk.session.mask, Box(40, 30, 61, 51), inside, title="", kind="", label=2))
    return desk


def test_a_fill_of_background_does_not_leak_through_a_diagonal_line():
    desk = framed()
    desk.send(Pointer("press", 50.5, 40.5), Pointer("release", 50.5, 40.5))
    assert desk.gesture is None
    assert np.count_nonzero(desk.label == 1) == 181
    assert desk.session.mask.read("origin")[40, 50] == Origin.HUMAN
    assert desk.session.undo_title == "fill"


def test_a_diagonal_line_is_one_region_and_the_right_button_erases_it():
    desk = framed()
    desk.send(Pointer("press", 40.5, 40.5, "right"))
    assert not desk.label.any()


def test_a_fill_stays_inside_its_object():
    desk = Desk(FILL)
    for x, number in ((10, 5), (20, 6)):
        desk.session.apply(
            write(desk.session.mask, Box(x, 10, x + 10, 20), title="", kind="", label=2, object_id=number)
        )
    desk.send(Pointer("press", 15, 15))
    assert (desk.label[10:20, 10:20] == 1).all()
    assert (desk.label[10:20, 20:30] == 2).all()


def test_a_click_beside_the_image_fills_nothing():
    desk = framed()
    saved = len(desk.saved)
    desk.send(Pointer("press", -3, 500))
    assert len(desk.saved) == saved


def tinted(desk: Desk, x: float, y: float) -> np.ndarray | None:
    """What is shown while the pointer is there: bool of the image's size, or nothing."""
    area = FILL.hover(desk.context, (x, y)).area
    return None if area is None else dense(area, desk.session.mask.size.box).inside


def test_the_region_under_the_pointer_is_shown_and_nothing_is_done():
    desk = framed()
    before, saved = desk.label, len(desk.saved)
    shown = tinted(desk, 50.5, 40.5)
    assert np.array_equal(desk.label, before) and len(desk.saved) == saved
    desk.send(Pointer("press", 50.5, 40.5))
    assert np.array_equal(shown, desk.label == 1)


def test_ground_that_goes_on_beyond_the_screen_on_all_sides_is_not_shown():
    desk = framed()
    assert tinted(desk, 5, 5) is None
    assert tinted(desk, -3, 500) is None


def test_only_what_is_on_the_screen_is_shown():
    desk = framed()
    desk.context.view = lambda: View(1.0, Box(45, 0, 55, 60))
    shown = tinted(desk, 50.5, 40.5)
    assert not shown[:, :45].any() and not shown[:, 55:].any()
    assert shown[40, 45:55].all()


def test_a_region_is_looked_for_once_while_nothing_changes():
    desk = framed()
    first = FILL.hover(desk.context, (50.5, 40.5))
    assert FILL.hover(desk.context, (51.5, 41.5)) is first
    desk.session.apply(write(desk.session.mask, Box(50, 40, 51, 41), title="", kind="", label=2))
    again = FILL.hover(desk.context, (51.5, 41.5))
    assert again is not first
    assert not dense(again.area, desk.session.mask.size.box).inside[40, 50]
