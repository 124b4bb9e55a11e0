from __future__ import annotations

import numpy as np
import pytest

from labeltool.core.draw import capsule
from labeltool.core.geometry import Box, Size
from labeltool.core.patch import write
from labeltool.core.shape import dense
from labeltool.tools import objects
from labeltool.tools.objects import MERGE, fresh_object, split
from labeltool.tools.tool import Pointer, Preview
from tests.unit.tools.test_tools import SIZE, Desk, drag
from tests.unit.tools.test_working import DONE, Elsewhere


def desk_with(*numbers: int) -> Desk:
    """Squares of class 1 side by side with a gap, each with an object id."""
    desk = Desk(MERGE)
    for place, number in enumerate(numbers):
        box = Box(10 + 20 * place, 10, 20 + 20 * place, 20)
        desk.session.apply(
            write(desk.session.mask, box, title="", kind="", label=1, object_id=number, origin=1)
        )
    return desk


@pytest.mark.parametrize(("numbers", "joined"), [((7, 4), 4), ((0, 9), 9), ((0, 0), 1)])
def test_a_drag_across_objects_makes_one_of_them(numbers, joined):
    desk = desk_with(*numbers)
    desk.send(*drag((15, 15), (35, 15)))
    objects = desk.session.mask.read("object")
    assert (objects[desk.label == 1] == joined).all()
    assert not objects[desk.label == 0].any()
    assert (desk.session.mask.read("origin")[desk.label == 1] == 1).all()
    assert desk.session.undo_title == "merge objects"


def test_all_of_an_object_is_merged_even_what_the_drag_did_not_touch():
    desk = desk_with(3, 5, 5)
    desk.send(*drag((15, 15), (35, 15)))
    assert (desk.session.mask.read("object")[desk.label == 1] == 3).all()


def test_objects_of_another_class_are_not_merged():
    desk = desk_with(3, 5)
    desk.session.apply(write(desk.session.mask, Box(30, 10, 40, 20), title="", kind="", label=2))
    saved = len(desk.saved)
    desk.send(*drag((15, 15), (35, 15)))
    assert len(desk.saved) == saved


def test_a_fresh_object_has_the_next_id():
    assert fresh_object(desk_with(3, 70_000, 5).session.mask) == 70_001
    assert fresh_object(Desk(MERGE).session.mask) == 1


def test_discs_that_touch_are_split_and_no_pixel_is_lost():
    size = Size(SIZE.width, SIZE.height)
    inside = np.zeros((size.height, size.width), bool)
    for x in (30, 50, 70):
        inside |= dense(capsule((x, 40), (x, 40), 12, size), size.box).inside
    pieces = split(inside, 8)
    assert set(np.unique(pieces)) == {0, 1, 2, 3}
    assert np.array_equal(pieces > 0, inside)
    assert len({int(pieces[40, x]) for x in (30, 50, 70)}) == 3


def test_what_is_one_object_stays_one():
    assert split(np.ones((1, 1), bool), 10).max() == 1
    assert split(np.ones((20, 20), bool), 10).max() == 1


# ---- what is shown, and work that takes long


def tinted(preview: Preview) -> np.ndarray:
    return (
        np.zeros((SIZE.height, SIZE.width), bool)
        if preview.area is None
        else dense(preview.area, SIZE.box).inside
    )


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    monkeypatch.setattr("labeltool.tools.working.GRACE_S", 0.0)
    monkeypatch.setattr("labeltool.tools.objects._UNDER", type(objects._UNDER)())
    return Elsewhere()


def desk_elsewhere(elsewhere: Elsewhere, *numbers: int) -> Desk:
    """The same, with work done elsewhere."""
    desk = desk_with(*numbers)
    desk.context.run = elsewhere
    return desk


@pytest.mark.parametrize("numbers", [(3, 5, 3), (0, 5, 0)])
def test_the_object_under_the_pointer_is_shown_before_it_is_merged(elsewhere: Elsewhere, numbers):
    desk = desk_elsewhere(elsewhere, *numbers)
    MERGE.hover(desk.context, (15, 15))
    elsewhere.catch_up()
    shown = tinted(MERGE.hover(desk.context, (15, 15)))
    assert shown[15, 15]
    assert not shown[15, 35]
    assert shown[15, 55] == (numbers[0] == 3)  # it has the same id
    for point in ((5, 5), (-3, 15), (SIZE.width, 15)):
        assert MERGE.hover(desk.context, point).area is None


def test_a_region_is_found_once_while_the_pointer_rests_on_it_and_again_when_it_has_changed(
    elsewhere: Elsewhere,
):
    desk = desk_elsewhere(elsewhere, 0)
    for x in (11, 12, 15):
        MERGE.hover(desk.context, (x, 15))
        elsewhere.catch_up()
    assert len(elsewhere.begun) == 1
    desk.session.apply(write(desk.session.mask, Box(20, 10, 30, 20), title="", kind="", label=1))
    assert MERGE.hover(desk.context, (15, 15)).area is None
    elsewhere.catch_up()
    assert tinted(MERGE.hover(desk.context, (15, 15)))[15, 25]
    desk.session.undo()
    MERGE.hover(desk.context, (15, 15))
    elsewhere.catch_up()
    assert not tinted(MERGE.hover(desk.context, (15, 15)))[15, 25]


def test_the_same_object_is_the_same_preview_wherever_the_pointer_is_on_it():
    desk = desk_with(3, 5, 0)
    for x in (15, 35, 55):
        shown = MERGE.hover(desk.context, (x, 15))
        assert MERGE.hover(desk.context, (x + 2, 17)) is shown
    assert MERGE.hover(desk.context, (15, 15)) is not shown
    assert MERGE.hover(desk_with(3, 5, 0).context, (15, 15)) is not MERGE.hover(desk.context, (15, 15))


def test_both_objects_are_shown_while_the_drag_is_under_way():
    desk = desk_with(3, 0)
    shown = desk.send(Pointer("press", 15, 15), Pointer("move", 35, 15))
    assert np.array_equal(tinted(shown), desk.label == 1)


@pytest.mark.parametrize("numbers", [(0, 0, 0), (7, 0, 4), (0, 4, 0)])
def test_a_drag_goes_on_while_regions_are_searched_and_merges_the_same(elsewhere: Elsewhere, numbers):
    here, there = desk_with(*numbers), desk_elsewhere(elsewhere, *numbers)
    events = drag((15, 15), (35, 15), (35, 5), (55, 15))
    here.send(*events)
    before = there.session.mask.read("object")
    shown = there.send(*events)
    assert shown.working
    assert np.array_equal(there.session.mask.read("object"), before)
    while elsewhere.catch_up():
        there.send(DONE)
    assert there.session.mask.same_pixels(here.session.mask)
    assert there.session.undo_title == "merge objects"
    there.session.undo()
    assert np.array_equal(there.session.mask.read("object"), before)


def test_a_merge_that_is_left_stops_its_work_and_changes_nothing(elsewhere: Elsewhere):
    desk = desk_elsewhere(elsewhere, 0, 0)
    before, saved = desk.session.mask.read("object"), len(desk.saved)
    desk.send(*drag((15, 15), (35, 15)))
    desk.gesture.close()
    assert all(token.cancelled for token in elsewhere.tokens)
    assert np.array_equal(desk.session.mask.read("object"), before)
    assert len(desk.saved) == saved


def test_a_click_on_one_object_is_no_step_of_undo():
    desk = desk_with(3)
    saved = len(desk.saved)
    desk.send(*drag((15, 15), (16, 15)))
    assert len(desk.saved) == saved
