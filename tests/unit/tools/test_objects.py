from __future__ import annotations

import numpy as np
import pytest

from labeltool.core.draw import capsule
from labeltool.core.geometry import Box, Size
from labeltool.core.patch import write
from labeltool.core.shape import dense
from labeltool.tools.objects import MERGE, fresh_object, split
from tests.unit.tools.test_tools import SIZE, Desk, drag


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
