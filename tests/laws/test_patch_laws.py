"""Laws of patches and sessions: what undo, merging and snapshots rely on."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from labeltool.app.session import Operation, Session
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, write
from tests.laws.examples import law

SIZE = Size(600, 530)
QUICK = law(40)


@st.composite
def writes(draw: st.DrawFn) -> dict[str, object]:
    x0, y0 = draw(st.integers(-20, SIZE.width)), draw(st.integers(-20, SIZE.height))
    box = Box(x0, y0, x0 + draw(st.integers(1, 400)), y0 + draw(st.integers(1, 400)))
    seed = draw(st.integers(0, 2**16))
    inside = None
    if draw(st.booleans()):
        inside = np.random.default_rng(seed).random((box.height, box.width)) < draw(st.floats(0, 1))
    return {
        "box": box,
        "inside": inside,
        "label": draw(st.sampled_from([0, 1, 2, 255])),
        "object_id": draw(st.sampled_from([None, 0, 7, 70_000])),
        "origin": draw(st.sampled_from([0, 1, 2])),
    }


def made(mask: LabelMask, given_: dict[str, object]) -> Patch:
    return write(mask, title="t", kind="k", **given_)  # type: ignore[arg-type]


@QUICK
@given(st.lists(writes(), min_size=1, max_size=4), writes())
def test_a_patch_and_its_inverse_is_the_identity(
    before: list[dict[str, object]], last: dict[str, object]
) -> None:
    mask = LabelMask(SIZE)
    for each in before:
        mask.apply(made(mask, each))
    kept = mask.snapshot()
    patch = made(mask, last)
    mask.apply(patch)
    mask.apply(patch.inverse())
    assert mask.same_pixels(kept)


@QUICK
@given(writes(), writes(), writes())
def test_merging_is_associative_and_does_what_its_parts_do(
    first: dict[str, object], second: dict[str, object], third: dict[str, object]
) -> None:
    mask = LabelMask(SIZE)
    patches = []
    for each in (first, second, third):
        patches.append(made(mask, each))
        mask.apply(patches[-1])
    a, b, c = patches
    for merged in (a.then(b).then(c), a.then(b.then(c))):
        other = LabelMask(SIZE)
        other.apply(merged)
        assert other.same_pixels(mask)
        other.apply(merged.inverse())
        assert other.same_pixels(LabelMask(SIZE))


@QUICK
@given(writes())
def test_a_write_sets_exactly_the_pixels_it_names(given_: dict[str, object]) -> None:
    mask = LabelMask(SIZE)
    mask.apply(made(mask, given_))
    box = given_["box"]
    assert isinstance(box, Box)
    wanted = np.zeros((SIZE.height + 1000, SIZE.width + 1000), np.uint8)
    part = wanted[box.y0 + 100 : box.y1 + 100, box.x0 + 100 : box.x1 + 100]
    inside = given_["inside"]
    part[... if inside is None else inside] = given_["label"]
    assert np.array_equal(mask.read("label"), wanted[100 : 100 + SIZE.height, 100 : 100 + SIZE.width])


@QUICK
@given(writes(), writes())
def test_a_snapshot_never_changes(first: dict[str, object], second: dict[str, object]) -> None:
    mask = LabelMask(SIZE)
    mask.apply(made(mask, first))
    kept, pixels = mask.snapshot(), mask.read("label")
    mask.apply(made(mask, second))
    assert np.array_equal(kept.read("label"), pixels)


@QUICK
@given(writes(), writes())
def test_nothing_differs_outside_the_box_of_a_patch(
    first: dict[str, object], second: dict[str, object]
) -> None:
    mask = LabelMask(SIZE)
    mask.apply(made(mask, first))
    before = mask.read("label")
    patch = made(mask, second)
    mask.apply(patch)
    differs = before != mask.read("label")
    differs[patch.box(SIZE).slices()] = False
    assert not differs.any()


@law(30)
@given(st.lists(st.one_of(writes(), st.sampled_from(["undo", "redo"])), max_size=14))
def test_a_session_equals_a_list_of_states(steps: list[object]) -> None:
    saved: list[Operation] = []
    session = Session(LabelMask(SIZE), saved.append)
    states, at = [session.mask.snapshot()], 0
    for step in steps:
        if step == "undo":
            assert session.undo() == (at > 0)
            at = max(0, at - 1)
        elif step == "redo":
            assert session.redo() == (at + 1 < len(states))
            at = min(len(states) - 1, at + 1)
        else:
            assert isinstance(step, dict)
            patch = made(session.mask, step)
            session.apply(patch)
            if patch:
                states[at + 1 :] = [session.mask.snapshot()]
                at += 1
        assert session.mask.same_pixels(states[at])
    assert [operation.revision for operation in saved] == list(range(1, len(saved) + 1))
    replayed = LabelMask(SIZE)
    for operation in saved:
        replayed.apply(operation.patch)
    assert replayed.same_pixels(session.mask)
