"""Use cases on regions, on masks of more than one tile."""

from __future__ import annotations

import numpy as np
import pytest

from labeltool.app.regions import OPERATIONS, Prepared, Wish, split_lines, split_objects
from labeltool.app.taking import copied_mask, taken_answer
from labeltool.app.targets import class_targets, region_target, targets
from labeltool.core.draw import capsule
from labeltool.core.errors import CancelledError, LabeltoolError
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask, Plane
from labeltool.core.patch import paint, write
from labeltool.core.progress import CancelToken
from labeltool.core.provenance import Origin
from labeltool.core.shape import seen_from_afar

SIZE = Size(600, 300)


def mask_with(*boxes: tuple[Box, int, int]) -> LabelMask:
    """Boxes of (class, object id), set by a model."""
    mask = LabelMask(SIZE)
    for box, label, number in boxes:
        mask.apply(write(mask, box, title="", kind="", label=label, object_id=number, origin=Origin.MODEL))
    return mask


def done(mask: LabelMask, id_: str, wish: Wish) -> LabelMask:
    prepared = Prepared(OPERATIONS[id_], mask, targets(mask, wish.at, wish.value), CancelToken())
    patch = prepared.patch(wish)
    shown = prepared.changed(wish)
    after = mask.snapshot()
    after.apply(patch)
    differs = after.read("label") != mask.read("label")
    assert np.array_equal(differs, np.broadcast_to(shown.part(SIZE.box), differs.shape))
    return after


def test_a_region_grows_over_background_and_keeps_its_object():
    mask = mask_with((Box(250, 100, 260, 110), 1, 7), (Box(262, 100, 270, 110), 2, 0))
    after = done(mask, "grow", Wish((255, 105), 1, 4))
    assert (after.read("label", Box(246, 100, 262, 110)) == 1).all()
    assert (after.read("object", Box(246, 100, 262, 110)) == 7).all()
    assert (after.read("origin", Box(246, 105, 247, 106)) == Origin.HUMAN).all()
    assert (after.read("label", Box(262, 100, 270, 110)) == 2).all()


def test_over_other_classes_it_grows_where_that_is_wished():
    mask = mask_with((Box(250, 100, 260, 110), 1, 0), (Box(262, 100, 270, 110), 2, 0))
    after = done(mask, "grow", Wish((255, 105), 1, 4, over_others=True))
    assert (after.read("label", Box(260, 100, 264, 110)) == 1).all()


def test_only_the_region_under_the_pointer_shrinks():
    mask = mask_with((Box(10, 10, 30, 30), 1, 0), (Box(300, 10, 330, 30), 1, 0))
    after = done(mask, "shrink", Wish((15, 15), 1, 3))
    assert np.count_nonzero(after.read("label", Box(0, 0, 200, 100))) == 14 * 14
    assert (after.read("label", Box(300, 10, 330, 30)) == 1).all()


def test_objects_that_grow_towards_each_other_keep_their_own_pixels():
    mask = mask_with((Box(10, 10, 20, 20), 1, 1), (Box(24, 10, 34, 20), 1, 2))
    after = done(mask, "grow", Wish(None, 1, 10))
    objects = after.read("object")
    assert (objects[10:20, 10:20] == 1).all()
    assert (objects[10:20, 24:34] == 2).all()
    assert (objects[after.read("label") == 1] > 0).all()


def test_holes_islands_and_all_but_the_largest_of_a_class():
    mask = mask_with(
        (Box(10, 10, 60, 60), 1, 0), (Box(400, 10, 404, 14), 1, 0), (Box(200, 10, 230, 40), 1, 0)
    )
    mask.apply(write(mask, Box(20, 20, 25, 25), title="", kind="", label=0))
    mask.apply(write(mask, Box(30, 30, 40, 40), title="", kind="", label=2))
    filled = done(mask, "fill_holes", Wish(None, 1, 0)).read("label")
    assert (filled[20:25, 20:25] == 1).all()
    assert (filled[30:40, 30:40] == 2).all()  # another class is no hole
    fewer = done(mask, "remove_islands", Wish(None, 1, 16)).read("label")
    assert not fewer[10:14, 400:404].any()
    assert (fewer[10:40, 200:230] == 1).all()
    one = done(mask, "keep_largest", Wish(None, 1)).read("label")
    assert not one[:, 200:].any()
    assert one[10, 10] == 1


def test_touching_discs_across_a_tile_border_become_objects():
    mask = LabelMask(SIZE)
    for x in (246, 266):
        shape = capsule((x, 100), (x, 100), 12, SIZE)
        mask.apply(paint(mask, shape, title="", kind="", label=1, origin=Origin.MODEL))
    patch = split_objects(mask, class_targets(mask, 1), 8)
    after = mask.snapshot()
    after.apply(patch)
    assert set(np.unique(after.read("object"))) == {0, 1, 2}
    assert np.array_equal(after.read("object") > 0, mask.read("label") == 1)
    assert after.read("object")[100, 240] != after.read("object")[100, 272]
    assert np.array_equal(after.read("label"), mask.read("label"))


def test_background_is_no_region_and_a_cancel_is_heard():
    mask = mask_with((Box(10, 10, 20, 20), 1, 0))
    assert region_target(mask, (100, 100)) == []
    assert region_target(mask, (-1, 5)) == []
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        class_targets(mask, 1, cancel)


def predicted(box: Box, value: int) -> Plane:
    plane = LabelMask(SIZE, 0)
    plane.apply(write(plane, box, title="", kind="", label=value))
    return plane.planes["label"]


def test_the_models_answer_takes_the_place_of_the_region_under_the_pointer():
    mask = mask_with((Box(240, 10, 260, 30), 1, 0), (Box(400, 10, 420, 30), 1, 0))
    patch = taken_answer(mask, predicted(Box(250, 15, 280, 40), 2), (255, 20), {1, 2})
    mask.apply(patch)
    label = mask.read("label")
    assert (label[15:40, 250:280] == 2).all()
    assert not label[10:30, 240:250].any()
    assert (label[10:30, 400:420] == 1).all()
    assert mask.read("origin")[12, 245] == Origin.HUMAN


@pytest.mark.parametrize(
    ("plane", "said"), [(None, "no model"), (predicted(Box(0, 0, 1, 1), 1), "neither the mask")]
)
def test_where_there_is_no_answer_that_is_said(plane, said):
    with pytest.raises(LabeltoolError, match=said):
        taken_answer(LabelMask(SIZE), plane, (100, 100), {1, 2})


def test_a_mask_is_copied_whole_and_is_a_humans():
    mask = mask_with((Box(400, 10, 420, 30), 2, 3))
    source = mask_with((Box(240, 10, 270, 30), 1, 5))
    patch = copied_mask(mask, source)
    mask.apply(patch)
    assert np.array_equal(mask.read("label"), source.read("label"))
    assert np.array_equal(mask.read("object"), source.read("object"))
    assert np.array_equal(mask.read("origin") == Origin.HUMAN, source.read("origin") == Origin.MODEL)
    assert mask.read("origin")[20, 410] == Origin.NOBODY


def test_masks_of_other_sizes_are_not_copied():
    with pytest.raises(LabeltoolError, match="600 x 300"):
        copied_mask(LabelMask(SIZE), LabelMask(Size(300, 600)))


def test_the_lines_of_a_split_lie_on_both_sides_of_where_it_cuts():
    mask = mask_with(*((Box(x, 100, x + 30, 130), 1, 0) for x in (240, 268, 400)))
    for y in (100, 120):  # a waist
        mask.apply(write(mask, Box(266, y, 272, y + 10), title="", kind="", label=0))
    wanted = class_targets(mask, 1)
    lines = split_lines(mask, wanted, 8, SIZE.box, 1).inside
    part = Box(250, 90, 290, 140)
    assert np.array_equal(split_lines(mask, wanted, 8, part, 1).inside, lines[part.slices()])
    assert split_lines(mask, wanted, 8, SIZE.box, 4).inside.any()
    mask.apply(split_objects(mask, wanted, 8))
    objects = mask.read("object")
    left, right = objects[:, :-1], objects[:, 1:]
    cut = (left != right) & (left > 0) & (right > 0)
    assert cut.any()
    assert (lines[:, :-1] & lines[:, 1:])[cut].all()
    assert not lines[objects == 0].any()
    assert not lines[:, 350:].any()


def test_from_afar_every_so_manyth_pixel_is_seen():
    shape = capsule((100.0, 80.0), (520.0, 200.0), 60.0, SIZE)
    whole = np.broadcast_to(shape.part(SIZE.box), (SIZE.height, SIZE.width))
    for box, step in ((SIZE.box, 4), (Box(96, 64, 599, 290), 8), (Box(13, 7, 520, 270), 1), (SIZE.box, 512)):
        found = seen_from_afar(shape, box, step)
        assert np.array_equal(found.inside, whole[box.slices()][::step, ::step])
