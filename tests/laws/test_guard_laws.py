"""What is protected stays as it is, whatever is drawn, and undo brings everything back or changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeltool.app.protection import guard_of
from labeltool.app.session import Session
from labeltool.app.toolbox import Context, Hand, View
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import LockedError
from labeltool.core.geometry import Box, Size
from labeltool.core.guard import OPEN, Guard
from labeltool.core.mask import PLANES, LabelMask
from labeltool.core.patch import Patch, write
from labeltool.core.provenance import TRUTH, Origin
from labeltool.imaging.pyramid import ArrayPyramid
from labeltool.tools.brush import BRUSH, ERASER
from labeltool.tools.polygon import POLYGON
from labeltool.tools.tool import Pointer, Tool
from tests.laws.examples import law

SIZE = Size(300, 280)
"""Four tiles, three of them cut."""
CATALOG = ClassCatalog.from_names(["a", "b", "c"])
VALUES = (*CATALOG.values, IGNORE)

values = st.frozensets(st.sampled_from(CATALOG.values))
seeds = st.integers(0, 2**32 - 1)
rules = st.builds(
    Guard,
    only_over=st.none() | values,
    only_unlabelled=st.booleans(),
    keep_truth=st.booleans(),
    between=st.none() | st.tuples(st.integers(0, 160), st.integers(90, 255)),
)
corners = st.tuples(st.floats(-20, SIZE.width + 20), st.floats(-20, SIZE.height + 20))


def painted_mask(seed: int) -> LabelMask:
    """Blocks of random class and origin; some tiles wholly of one class, some that nobody has touched."""
    rng = np.random.default_rng(seed)
    mask = LabelMask(SIZE, CATALOG.unlabelled_value)
    side = int(rng.choice([7, 40, 256]))
    shape = SIZE.height // side + 1, SIZE.width // side + 1

    def blocks(choices: object) -> np.ndarray:
        coarse = rng.choice(np.array(choices, np.uint8), shape)
        return coarse.repeat(side, 0).repeat(side, 1)[: SIZE.height, : SIZE.width]

    origin = blocks([int(each) for each in Origin])
    label = np.where(origin == Origin.NOBODY, mask.unlabelled_value, blocks(VALUES)).astype(np.uint8)
    mask.apply(write(mask, SIZE.box, title="", kind="", label=label, origin=origin))
    return mask


def picture(seed: int) -> ArrayPyramid:
    rng = np.random.default_rng(seed + 1)
    return ArrayPyramid(rng.integers(0, 256, (SIZE.height, SIZE.width, 3), np.uint8))


def anything(mask: LabelMask, rng: np.random.Generator) -> Patch:
    """A patch of random pixels of a random box; its bounds are known or not."""
    x0, y0 = int(rng.integers(0, SIZE.width)), int(rng.integers(0, SIZE.height))
    box = Box(x0, y0, x0 + int(rng.integers(1, 290)), y0 + int(rng.integers(1, 270))).intersect(SIZE.box)
    shape = box.height, box.width
    patch = write(
        mask,
        box,
        rng.random(shape) < 0.7,
        title="",
        kind="",
        label=rng.choice(np.array(VALUES, np.uint8), shape),
        object_id=rng.integers(0, 3, shape).astype(np.uint32),
        origin=rng.integers(0, 5, shape).astype(np.uint8),
    )
    return patch if rng.random() < 0.5 else Patch(patch.title, patch.kind, patch.deltas)


def allowed(before: LabelMask, guard: Guard) -> np.ndarray:
    """Pixels that the rules let change, worked out plainly on whole arrays."""
    label, origin = before.read("label"), before.read("origin")
    free = ~np.isin(label, list(guard.locked))
    if guard.only_over is not None:
        free &= np.isin(label, list(guard.only_over)) & (origin != Origin.NOBODY)
    if guard.only_unlabelled:
        free &= origin == Origin.NOBODY
    if guard.keep_truth:
        free &= ~np.isin(origin, TRUTH)
    if guard.between is not None and guard.grey is not None:
        grey = guard.grey(SIZE.box)
        free &= (grey >= guard.between[0]) & (grey <= guard.between[1])
    return free


def changed(before: LabelMask, after: LabelMask) -> np.ndarray:
    different = [before.read(name) != after.read(name) for name in PLANES]
    return np.logical_or.reduce(different)


def same_members(before: LabelMask, after: LabelMask, locked: frozenset[int]) -> bool:
    """No pixel has left a locked class, none has come to it."""
    a, b = before.read("label"), after.read("label")
    return all(np.array_equal(a == value, b == value) for value in locked)


@law(100)
@given(seeds, values, rules)
def test_exactly_what_the_rules_allow_of_a_patch_gets_through(seed, locked, by):
    mask, rng = painted_mask(seed), np.random.default_rng(seed)
    guard = guard_of(ClassCatalog(CATALOG.classes, locked=locked), by, picture(seed))
    before, wanted = mask.snapshot(), mask.snapshot()
    patch = anything(mask, rng)
    wanted.apply(patch)
    free = allowed(before, guard) & ~np.isin(wanted.read("label"), list(locked))
    mask.apply(guard.admit(mask, patch))
    for name in PLANES:
        expected = np.where(free, wanted.read(name), before.read(name))
        assert np.array_equal(mask.read(name), expected)
    assert same_members(before, mask, locked)


@law(60)
@given(seeds, values, rules, st.integers(2, 4))
def test_a_stroke_is_judged_by_what_was_there_when_it_began(seed, locked, by, patches):
    mask, rng = painted_mask(seed), np.random.default_rng(seed)
    session = Session(mask, lambda operation: None)
    session.guard = guard_of(ClassCatalog(CATALOG.classes, locked=locked), by, picture(seed))
    start = mask.snapshot()
    free = allowed(start, session.guard)
    with session.stroke("", "") as stroke:
        for _ in range(patches):
            before, wanted = mask.snapshot(), mask.snapshot()
            patch = anything(mask, rng)
            wanted.apply(patch)
            through = free & ~np.isin(wanted.read("label"), list(locked))
            stroke.add(patch)
            for name in PLANES:
                assert np.array_equal(
                    mask.read(name), np.where(through, wanted.read(name), before.read(name))
                )
    assert same_members(start, mask, locked)
    session.undo()
    assert mask.same_pixels(start)


def gesture(tool: Tool, points: list[tuple[float, float]], button: str) -> list[Pointer]:
    first, *others = points
    if tool is POLYGON:
        return [*(Pointer("press", *p, button) for p in points), Pointer("key", key="accept")]
    moves = [Pointer("move", *p) for p in others]
    return [Pointer("press", *first, button), *moves, Pointer("release", *points[-1])]


def draw(
    session: Session, image: ArrayPyramid, tool: Tool, value: int, radius: float, events: list[Pointer]
) -> None:
    hand = Hand(value=value, radius_px=radius)
    context = Context(
        session, hand, lambda: CATALOG, image, hand.options_of(tool), view=lambda: View(near_px=0)
    )
    running = None
    for event in events:
        try:
            if running is None:
                running = tool.gesture(context, event)
                next(running)
            else:
                running.send(event)
        except StopIteration:
            return


strokes = st.lists(
    st.tuples(
        st.sampled_from([BRUSH, ERASER, POLYGON]),
        st.lists(corners, min_size=3, max_size=5, unique=True),
        st.sampled_from(["left", "right"]),
        st.sampled_from(CATALOG.values),
        st.sampled_from([0.5, 6.0, 60.0]),
    ),
    min_size=1,
    max_size=4,
)


@law(60)
@given(seeds, values, rules, strokes)
def test_no_tool_changes_what_is_protected_and_undo_restores_every_bit(seed, locked, by, drawn):
    mask, image = painted_mask(seed), picture(seed)
    session = Session(mask, lambda operation: None)
    session.guard = guard_of(ClassCatalog(CATALOG.classes, locked=locked), by, image)
    first = mask.snapshot()
    for tool, points, button, value, radius in drawn:
        before = mask.snapshot()
        draw(session, image, tool, value, radius, gesture(tool, points, button))
        assert not (changed(before, mask) & ~allowed(before, session.guard)).any()
        assert same_members(before, mask, locked)
    while session.undo():
        pass
    assert mask.same_pixels(first)
    while session.redo():
        pass
    while session.undo():
        pass
    assert mask.same_pixels(first)


@law(60)
@given(seeds, values, strokes)
def test_undo_that_would_change_a_locked_class_is_refused_and_changes_nothing(seed, locked, drawn):
    mask, image = painted_mask(seed), picture(seed)
    session = Session(mask, lambda operation: None)
    for tool, points, button, value, radius in drawn:
        draw(session, image, tool, value, radius, gesture(tool, points, button))
    before, title = mask.snapshot(), session.undo_title
    if not title:
        return
    revision, step = session.revision, session._undo[-1].patch
    after = mask.snapshot()
    after.apply(step.inverse())
    touched = changed(before, after)
    members = {*before.read("label")[touched].tolist(), *after.read("label")[touched].tolist()}
    session.guard = Guard(locked)
    if members & locked:
        with pytest.raises(LockedError) as refused:
            session.undo()
        assert refused.value.value in members & locked
        assert mask.same_pixels(before)
        assert (session.undo_title, session.redo_title, session.revision) == (title, "", revision)
        session.guard = OPEN
    assert session.undo()
    assert mask.same_pixels(after)
