from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from labeltool.core.draw import polygon
from labeltool.core.errors import CancelledError, LabeltoolError
from labeltool.core.geometry import Box, Size
from labeltool.core.guard import Guard
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken
from labeltool.core.regions import regions
from labeltool.core.shape import dense
from labeltool.tools import picked
from labeltool.tools.contour import PICK
from labeltool.tools.lasso import LASSO
from labeltool.tools.picked import regions_in, tiled
from labeltool.tools.polygon import POLYGON
from labeltool.tools.tool import Pointer
from tests.unit.tools.test_tools import Desk, drag
from tests.unit.tools.test_working import DONE, Elsewhere


def desk_with(*boxes, tool=PICK, label=1):
    desk = Desk(tool)
    for box in boxes:
        desk.session.apply(write(desk.session.mask, Box(*box), title="t", kind="k", label=label, origin=1))
    desk.saved.clear()
    return desk


def click(x, y, **held):
    return Pointer("press", x, y, **held), Pointer("release", x, y)


def held_drag(start, end, **held):
    return Pointer("press", *start, **held), Pointer("move", *end), Pointer("release", *end)


def square(label, x0, y0, x1, y1):
    wanted = np.zeros_like(label)
    wanted[y0:y1, x0:x1] = 1
    return wanted


def objects(desk):
    label, ids = desk.label, desk.session.mask.read("object")
    return regions(label, ids, desk.context.catalog())


def test_a_click_picks_a_region_up_with_a_handle_at_each_corner():
    desk = desk_with((20, 20, 60, 60))
    shown = desk.send(*click(40, 40))
    assert shown.outlines[0].points.tolist() == [[20, 20], [60, 20], [60, 60], [20, 60]]
    assert shown.idle
    assert desk.saved == []


def test_a_dragged_vertex_changes_only_what_lies_between_the_outlines():
    desk = desk_with((20, 20, 60, 60))
    desk.session.apply(write(desk.session.mask, Box(30, 30, 35, 35), title="t", kind="k", label=2))
    desk.saved.clear()
    desk.send(*click(50, 50), *drag((60, 60), (70, 80)))
    assert (desk.label[30:35, 30:35] == 2).all()
    assert desk.label[70, 62] == 1
    assert len(desk.saved) == 1
    desk.session.undo()
    assert desk.label[70, 62] == 0
    assert (desk.label[20:60, 20:60] > 0).all()


def test_what_the_outline_leaves_is_erased_for_its_own_region_only():
    desk = desk_with((20, 20, 60, 60))
    desk.session.apply(write(desk.session.mask, Box(54, 54, 60, 60), title="t", kind="k", label=2))
    desk.send(*click(30, 30))
    points = desk.send(Pointer("move", 30, 30)).outlines[0].points
    assert [54, 54] in points.tolist()
    desk.send(*drag((60, 20), (40, 40)))
    assert desk.label[25, 55] == 0
    assert (desk.label[54:60, 54:60] == 2).all()


def test_a_click_without_a_move_changes_nothing():
    desk = desk_with((20, 20, 60, 60))
    desk.send(*click(40, 40), *click(60, 60))
    assert desk.saved == []


def desk_with_a_ragged_edge():
    """A region whose right edge goes in and out by a pixel, which its outline does not show."""
    desk = desk_with((20, 20, 60, 60), (60, 22, 61, 24), (60, 26, 61, 30), (60, 35, 61, 36))
    for y in (32, 44, 50):
        desk.session.apply(
            write(desk.session.mask, Box(59, y, 60, y + 1), title="t", kind="k", label=0, origin=1)
        )
    desk.saved.clear()
    return desk


@pytest.mark.parametrize("to", [(70, 40), (45, 40)], ids=["outwards", "inwards"])
def test_along_an_edge_that_was_dragged_away_no_holes_and_no_crumbs_stay(to):
    desk = desk_with_a_ragged_edge()
    shown = desk.send(*click(40, 40))
    assert shown.outlines[0].points.tolist() == [[20, 20], [60, 20], [60, 60], [20, 60]]
    shown = desk.send(*drag((60, 40), to))
    filled = dense(polygon([shown.outlines[0].points], desk.context.size), desk.context.size.box).inside
    assert np.array_equal(desk.label == 1, filled)


def test_edges_that_were_not_dragged_stay_as_ragged_as_they_were():
    desk = desk_with_a_ragged_edge()
    before = desk.label.copy()
    desk.send(*click(40, 40), *drag((20, 60), (10, 70)))
    assert len(desk.saved) == 1
    assert np.array_equal(desk.label[:55, 50:], before[:55, 50:])


def test_a_click_on_an_edge_puts_a_vertex_in_and_changes_no_pixel():
    desk = desk_with_a_ragged_edge()
    shown = desk.send(*click(40, 40), *click(60.5, 40))
    assert shown.outlines[0].points.tolist() == [[20, 20], [60, 20], [60, 40], [60, 60], [20, 60]]
    assert shown.outlines[0].held == 2
    assert desk.saved == []


def test_dragging_an_edge_inserts_a_vertex_and_delete_takes_it_out():
    desk = desk_with((20, 20, 60, 60))
    shown = desk.send(*click(40, 40), *drag((60, 40), (80, 40)))
    assert len(shown.outlines[0].points) == 5
    assert desk.label[40, 75] == 1
    shown = desk.send(Pointer("key", key="delete"))
    assert len(shown.outlines[0].points) == 4
    assert np.array_equal(desk.label, square(desk.label, 20, 20, 60, 60))


def test_a_right_click_takes_a_vertex_out_and_three_stay():
    desk = desk_with((20, 20, 60, 60))
    desk.send(*click(40, 40))
    shown = desk.send(*click(60, 60, button="right"))
    assert len(shown.outlines[0].points) == 3
    assert desk.label[55, 55] == 0
    shown = desk.send(*click(20, 20, button="right"))
    assert len(shown.outlines[0].points) == 3
    assert "three" in shown.text


def test_ctrl_drag_moves_a_region_and_leaves_nothing_behind():
    desk = desk_with((20, 20, 60, 60))
    desk.send(*click(40, 40), *held_drag((40, 40), (45.2, 52), ctrl=True))
    assert np.array_equal(desk.label, square(desk.label, 25, 32, 65, 72))
    assert len(desk.saved) == 1


def test_shift_drag_cuts_a_region_in_two_objects_without_losing_a_pixel():
    desk = desk_with((20, 20, 60, 60))
    shown = desk.send(*click(40, 40), *held_drag((15, 30), (66, 41), shift=True))
    assert len(shown.outlines) == 2
    assert np.array_equal(desk.label, square(desk.label, 20, 20, 60, 60))
    assert len(objects(desk)) == 2


def test_a_cut_with_a_gap_erases_the_line():
    desk = desk_with((20, 20, 60, 60))
    desk.context.options = {**desk.context.options, "gap": 1}
    desk.send(*click(40, 40), *held_drag((15, 30), (66, 41), shift=True))
    assert len(objects(desk)) == 2
    assert not desk.session.mask.read("object").any()
    assert 40 <= (square(desk.label, 20, 20, 60, 60) != desk.label).sum() <= 80


def test_a_line_that_ends_inside_cuts_nothing():
    desk = desk_with((20, 20, 60, 60))
    shown = desk.send(*click(40, 40), *held_drag((15, 30), (40, 41), shift=True))
    assert "across" in shown.text
    assert desk.saved == []


def test_ctrl_click_joins_two_regions_to_one_object():
    desk = desk_with((20, 20, 40, 40), (60, 20, 80, 40))
    assert len(objects(desk)) == 2
    desk.send(*click(30, 30), *click(70, 30, ctrl=True))
    assert len(objects(desk)) == 1
    assert len(desk.saved) == 1


def test_regions_of_two_classes_are_not_joined():
    desk = desk_with((20, 20, 40, 40))
    desk.session.apply(write(desk.session.mask, Box(60, 20, 80, 40), title="t", kind="k", label=2))
    desk.saved.clear()
    shown = desk.send(*click(30, 30), *click(70, 30, ctrl=True))
    assert "same class" in shown.text
    assert desk.saved == []


def test_a_great_many_small_regions_are_picked_up_in_little_memory():
    label = np.zeros((600, 800), np.uint8)
    label[::6, ::6] = 1  # 13,400 of them
    mask = LabelMask(Size(800, 600))
    mask.apply(write(mask, Box(0, 0, 800, 600), title="t", kind="k", label=label))
    tracemalloc.start()
    try:
        found = [tiled(shape, mask.size) for _, shape in regions_in(mask, mask.size.box, 1, CancelToken())]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) == 100 * 134
    assert held < 40e6  # as arrays of their tiles they took over 800 MB


def test_regions_of_a_window_are_whole_and_told_apart_by_their_objects():
    mask = LabelMask(Size(1500, 1400))
    for box, number in (((10, 10, 40, 1390), 0), ((40, 10, 60, 1200), 7), ((900, 900, 1000, 1300), 7)):
        mask.apply(write(mask, Box(*box), title="t", kind="k", label=1, object_id=number))
    found = list(regions_in(mask, Box(30, 1000, 950, 1100), 1, CancelToken()))
    areas = [(number, dense(shape, mask.size.box).inside.sum()) for number, shape in found]
    assert areas == [(0, 30 * 1380), (7, 20 * 1190), (7, 100 * 400)]


def test_more_regions_than_anybody_could_edit_are_not_picked_up(monkeypatch):
    monkeypatch.setattr(picked, "MOST_REGIONS", 2)
    mask = desk_with((20, 20, 30, 30), (40, 20, 50, 30), (20, 60, 30, 70)).session.mask
    with pytest.raises(LabeltoolError, match="more than 2 regions are on the screen"):
        list(regions_in(mask, mask.size.box, 1, CancelToken()))


def test_shift_click_picks_up_another_and_a_double_click_on_the_ground_picks_up_all():
    desk = desk_with((20, 20, 40, 40), (60, 20, 80, 40), (60, 60, 80, 80))
    assert len(desk.send(*click(30, 30), *click(70, 30, shift=True)).outlines) == 2
    assert len(desk.send(*click(5, 5), Pointer("double", 5, 5)).outlines) == 3


def test_after_an_undo_the_outline_is_that_of_the_mask_or_is_gone():
    desk = desk_with((20, 20, 60, 60))
    desk.send(*click(40, 40), *drag((60, 60), (70, 80)))
    desk.session.undo()
    shown = desk.send(Pointer("key", key="refresh"))
    assert shown.outlines[0].points.tolist() == [[20, 20], [60, 20], [60, 60], [20, 60]]
    desk.session.undo()
    assert desk.send(Pointer("key", key="refresh")).outlines == ()


def test_a_drag_shares_all_other_outlines_and_repaints_two_edges():
    desk = desk_with((20, 20, 40, 40), (60, 20, 80, 40))
    before = desk.send(*click(30, 30), *click(70, 30, shift=True))
    shown = desk.send(Pointer("press", 80, 40), Pointer("move", 82, 43))
    assert [a is b for a, b in zip(before.outlines, shown.outlines, strict=True)] == [True, False]
    assert shown.changed is not None
    assert shown.changed.x0 > 55


def test_a_lasso_fills_what_was_drawn_around_and_right_erases():
    desk = desk_with(tool=LASSO)
    way = [(20, 20), (60, 20), (60, 60), (20, 60)]
    desk.send(*drag(*way))
    assert np.array_equal(desk.label, square(desk.label, 20, 20, 60, 60))
    desk.send(*drag(*way, button="right"))
    assert not desk.label.any()


@pytest.mark.parametrize("tool", [LASSO, POLYGON])
def test_with_ctrl_a_hole_is_cut_into_the_current_class_only(tool):
    desk = desk_with((20, 20, 60, 60), tool=tool)
    desk.session.apply(write(desk.session.mask, Box(40, 20, 60, 60), title="t", kind="k", label=2))
    first, *others = [(30, 30), (50, 30), (50, 50), (30, 50)]
    kind = "move" if tool is LASSO else "press"
    desk.send(Pointer("press", *first, ctrl=True), *(Pointer(kind, *p) for p in others))
    desk.send(Pointer("release", 30, 50) if tool is LASSO else Pointer("key", key="accept"))
    assert not desk.label[30:50, 30:40].any()
    assert (desk.label[30:50, 40:50] == 2).all()


def test_shift_keeps_an_edge_to_45_degrees_and_the_area_is_said():
    desk = desk_with(tool=POLYGON)
    desk.send(Pointer("press", 10, 10), Pointer("press", 50, 13, shift=True))
    shown = desk.send(Pointer("press", 47, 40, shift=True))
    assert np.allclose(shown.outlines[0].points, [[10, 10], [50, 10], [50, 40]])
    assert shown.text == "600 px"


def test_a_polygon_begun_with_the_right_button_erases():
    desk = desk_with((20, 20, 60, 60), tool=POLYGON)
    desk.send(
        Pointer("press", 20, 20, "right"), *(Pointer("press", *p) for p in [(60, 20), (60, 60), (20, 60)])
    )
    desk.send(Pointer("key", key="accept"))
    assert not desk.label.any()


# ---- what takes long


@pytest.fixture
def elsewhere(monkeypatch):
    monkeypatch.setattr("labeltool.tools.working.GRACE_S", 0.0)
    return Elsewhere()


def test_a_region_that_takes_long_is_picked_up_once_it_is_found(elsewhere):
    desk = desk_with((20, 20, 60, 60), (65, 20, 90, 60))
    before = desk.send(*click(40, 40))
    desk.context.run = elsewhere
    shown = desk.send(*click(80, 40, shift=True))
    assert shown.working
    assert not shown.idle  # nobody else changes the mask meanwhile
    assert shown.outlines == before.outlines
    elsewhere.catch_up()
    shown = desk.send(DONE)
    assert len(shown.outlines) == 2
    assert shown.idle
    assert desk.saved == []
    assert not desk.session.painting


def test_a_model_that_paints_where_a_region_is_picked_up_is_no_error():
    desk = desk_with((20, 20, 60, 60))
    desk.send(*click(40, 40))
    desk.session.changed.connect(lambda _: desk.send(Pointer("key", key="refresh")))
    desk.session.apply(write(desk.session.mask, Box(60, 20, 70, 60), title="t", kind="k", label=1))
    shown = desk.send(Pointer("move", 1, 1))
    assert shown.outlines[0].points.tolist() == [[20, 20], [70, 20], [70, 60], [20, 60]]


EDITS = {
    "vertex": held_drag((60, 60), (75, 80)),
    "edge": held_drag((60, 40), (80, 40)),
    "taken out": click(60, 60, button="right"),
    "move": held_drag((40, 40), (45, 52), ctrl=True),
    "cut": held_drag((15, 30), (66, 41), shift=True),
    "join": click(90, 30, ctrl=True),
}


def desk_with_one_picked_up():
    desk = desk_with((20, 20, 60, 60), (82, 20, 100, 60))
    desk.send(*click(40, 40))
    return desk


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_that_takes_long_is_made_once_it_is_worked_out(elsewhere, edit):
    here, there = desk_with_one_picked_up(), desk_with_one_picked_up()
    expected = here.send(*edit)
    before = there.session.mask.snapshot()
    there.context.run = elsewhere
    shown = there.send(*edit)
    assert shown.working
    assert not shown.idle
    assert there.session.mask.same_pixels(before)
    while elsewhere.catch_up():
        shown = there.send(DONE)
    assert there.session.mask.same_pixels(here.session.mask)
    assert [each.points.tolist() for each in shown.outlines] == [
        each.points.tolist() for each in expected.outlines
    ]
    assert shown.idle
    assert len(there.saved) == 1


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_that_is_left_while_it_is_worked_out_leaves_nothing(elsewhere, edit):
    desk = desk_with_one_picked_up()
    before = desk.session.mask.snapshot()
    desk.context.run = elsewhere
    desk.send(*edit)
    desk.gesture.close()
    assert all(token.cancelled for token in elsewhere.tokens)
    assert desk.session.mask.same_pixels(before)
    assert desk.saved == []
    assert not desk.session.painting


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_stops_when_it_is_cancelled(elsewhere, edit):
    desk = desk_with_one_picked_up()
    desk.context.run = elsewhere
    desk.send(*edit)
    work, promise = elsewhere.begun[-1]
    promise.token.cancel()
    with pytest.raises(CancelledError):
        work(promise.token)


def test_all_of_a_class_is_picked_up_once_it_is_found_and_that_stops_when_it_is_cancelled(elsewhere):
    desk = desk_with((20, 20, 40, 40), (60, 20, 80, 40))
    desk.send(*click(5, 5))
    desk.context.run = elsewhere
    desk.send(Pointer("double", 5, 5))
    elsewhere.catch_up()
    assert desk.send(DONE).working  # there is no region here: now all of them are looked for
    work = elsewhere.begun[-1][0]
    stopped = CancelToken()
    stopped.cancel()
    with pytest.raises(CancelledError):
        work(stopped)
    elsewhere.catch_up()
    assert len(desk.send(DONE).outlines) == 2
    assert desk.saved == []


@pytest.mark.parametrize("held", [{}, {"ctrl": True}, {"shift": True}], ids=["vertex", "move", "cut"])
def test_an_answer_that_comes_late_does_not_end_a_drag(held):
    here, there = desk_with_one_picked_up(), desk_with_one_picked_up()
    start = (40, 40) if "ctrl" in held else (60, 60)
    press, move, release = held_drag(start, (5, 10), **held)
    here.send(press, move, release)
    there.send(press, DONE, move, DONE, release)
    assert len(here.saved) == len(there.saved) == 1
    assert there.session.mask.same_pixels(here.session.mask)


def test_what_is_worked_out_for_an_edit_passes_the_guard_as_the_brush_does(elsewhere):
    desk = desk_with_one_picked_up()
    desk.session.guard = Guard(only_over=frozenset({0}))
    desk.context.run = elsewhere
    desk.send(*held_drag((60, 60), (40, 40)))
    elsewhere.catch_up()
    desk.send(DONE)
    assert (desk.label[20:60, 20:60] == 1).all()
