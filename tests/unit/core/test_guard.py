from __future__ import annotations

import numpy as np
import pytest

from labeltool.app.session import Session
from labeltool.core.geometry import Box, Size
from labeltool.core.guard import OPEN, Guard
from labeltool.core.mask import LabelMask, constant_value
from labeltool.core.patch import Patch, write
from labeltool.core.provenance import Origin

SIZE = Size(600, 300)


def filled(mask: LabelMask, box: Box, value: int, origin: int = Origin.HUMAN) -> Patch:
    return write(mask, box, title="t", kind="k", label=value, origin=origin)


@pytest.fixture
def mask() -> LabelMask:
    """Class 1 in the left third, by a model."""
    made = LabelMask(SIZE)
    made.apply(filled(made, Box(0, 0, 200, 300), 1, Origin.MODEL))
    return made


@pytest.mark.parametrize(
    ("guard", "changed"),
    [
        (OPEN, [True, True]),
        (Guard(locked=frozenset({1})), [False, True]),
        (Guard(locked=frozenset({2})), [False, False]),
        (Guard(only_over=frozenset({1})), [True, False]),
        (Guard(only_over=frozenset({0})), [False, False]),
        (Guard(only_unlabelled=True), [False, True]),
        (Guard(keep_truth=True), [True, True]),
        (
            Guard(between=(10, 20), grey=lambda box: np.full((box.height, box.width), 20, np.uint8)),
            [True, True],
        ),
        (
            Guard(between=(10, 20), grey=lambda box: np.full((box.height, box.width), 21, np.uint8)),
            [False, False],
        ),
    ],
)
def test_each_rule_by_itself_over_a_models_class_and_over_what_nobody_labelled(mask, guard, changed):
    mask.apply(guard.admit(mask, filled(mask, Box(100, 50, 400, 250), 2)))
    label = mask.read("label")
    assert [label[100, 150] == 2, label[100, 350] == 2] == changed


def test_what_a_human_has_set_stays_where_truth_is_kept(mask):
    mask.apply(filled(mask, Box(0, 0, 50, 50), 1))
    mask.apply(Guard(keep_truth=True).admit(mask, filled(mask, SIZE.box, 2)))
    assert (mask.read("label", Box(0, 0, 50, 50)) == 1).all()
    assert (mask.read("label")[50:] == 2).all()


@pytest.mark.parametrize(
    "guard", [Guard(only_unlabelled=True), Guard(keep_truth=True), Guard(only_over=frozenset({1}))]
)
def test_a_stroke_may_paint_over_itself_and_the_next_one_may_not(mask, guard):
    allowed = Box(120, 50, 180, 100) if guard.only_over else Box(220, 50, 280, 100)
    session = Session(mask, lambda operation: None)
    session.guard = guard
    with session.stroke("t", "k") as stroke:
        for value in (2, 3):
            stroke.add(filled(mask, allowed, value))
            assert (mask.read("label", allowed) == value).all()
    session.apply(filled(mask, allowed, 4))
    assert (mask.read("label", allowed) == 3).all()


def test_a_stroke_over_itself_does_not_open_what_is_locked_or_was_kept(mask):
    session = Session(mask, lambda operation: None)
    session.guard = Guard(locked=frozenset({2}), only_unlabelled=True)
    before = mask.read("label")
    with session.stroke("t", "k") as stroke:
        for value in (3, 2, 4, 2):
            stroke.add(filled(mask, SIZE.box, value))
    assert (mask.read("label") == np.where(before == 1, 1, 4)).all()


def test_brightness_is_asked_for_no_more_than_the_patch_touches(mask):
    asked: list[Box] = []

    def grey(box: Box) -> np.ndarray:
        asked.append(box)
        return np.zeros((box.height, box.width), np.uint8)

    Guard(between=(0, 5), grey=grey).admit(mask, filled(mask, Box(250, 10, 262, 20), 2))
    assert asked == [Box(250, 10, 256, 20), Box(256, 10, 262, 20)]


def test_an_open_guard_hands_a_patch_on_as_it_is(mask):
    patch = filled(mask, Box(0, 0, 10, 10), 2)
    assert Guard(grey=lambda box: np.zeros((1, 1), np.uint8)).admit(mask, patch) is patch


def test_tiles_of_one_class_stay_tiles_that_cost_nothing(mask):
    from labeltool.core.draw import polygon
    from labeltool.core.patch import paint

    whole = polygon([[(0, 0), (600, 0), (600, 300), (0, 300)]], SIZE)
    patch = paint(mask, whole, title="t", kind="k", label=2, origin=Origin.HUMAN)
    mask.apply(Guard(locked=frozenset({1})).admit(mask, patch))
    assert constant_value(mask.planes["label"], (0, 1)) == 2
    assert (mask.read("label")[:, :200] == 1).all()
