"""Laws that every tool obeys, whatever is drawn with it: locks hold, undo is exact, no border of a tile shows."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeltool import plugins
from labeltool.app.session import Session
from labeltool.app.toolbox import Context, Hand, View
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import TILE, Box, Size
from labeltool.core.guard import Guard
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.provenance import TRUTH, Origin
from labeltool.imaging.pyramid import ArrayPyramid
from labeltool.tools.brush import curve
from labeltool.tools.tool import Pointer, Tool
from tests.laws.examples import law
from tests.laws.grid import PLAIN, tiles_of

SIZE = Size(TILE + 70, 90)
CATALOG = ClassCatalog.from_names(["a", "b", "c"])
TOOLS = plugins.names("labeltool.tools")

seeds = st.integers(0, 9999)
BLOCK = 16
"""Side of the blocks that the mask is made of; where tiles meet some touch at a corner only."""

corners = st.tuples(
    st.integers(0, SIZE.width // BLOCK).map(lambda col: float(col * BLOCK)),
    st.integers(0, SIZE.height // BLOCK).map(lambda row: float(row * BLOCK)),
)
places = corners | st.tuples(
    st.floats(-20, SIZE.width + 20, width=16), st.floats(-20, SIZE.height + 20, width=16)
)


@st.composite
def drags(draw: st.DrawFn) -> list[Pointer]:
    """A few clicks and drags with keys between them."""
    events: list[Pointer] = []
    for _ in range(draw(st.integers(1, 4))):
        button = draw(st.sampled_from(["left", "left", "right"]))
        held = {
            "shift": draw(st.booleans()) and draw(st.booleans()),
            "ctrl": draw(st.booleans()) and draw(st.booleans()),
        }
        way = draw(st.lists(places, min_size=1, max_size=4))
        events.append(Pointer("press", *way[0], button, **held))
        events += [Pointer("move", *point, button, **held) for point in way[1:]]
        events.append(Pointer("release", *way[-1], button, **held))
        key = draw(st.sampled_from(["", "accept", "back", "delete", "refresh", "done", "double"]))
        if key == "double":
            events.append(Pointer("double", *way[-1], button))
        elif key:
            events.append(Pointer("key", key=key))
    return [*events, Pointer("key", key="accept")]


@st.composite
def clicks(draw: st.DrawFn) -> list[Pointer]:
    """A ring of clicks, closed by Enter."""
    held = {"button": draw(st.sampled_from(["left", "right"])), "ctrl": draw(st.booleans())}
    ring = draw(st.lists(places, min_size=3, max_size=6))
    events = [Pointer(kind, *point, **held) for point in ring for kind in ("press", "release")]
    return [*events, Pointer("key", key="accept")]


@st.composite
def edits(draw: st.DrawFn) -> list[Pointer]:
    """A block is clicked; then it, a corner of it, or what lies around is dragged, or the pointer drawn across it."""
    left, top = draw(corners)
    x, y = left + BLOCK / 2, top + BLOCK / 2
    events = [Pointer("press", x, y), Pointer("release", x, y)]
    for _ in range(draw(st.integers(1, 4))):
        held = draw(st.sampled_from([{}, {}, {"shift": True}, {"ctrl": True}, {"button": "right"}]))
        start = draw(st.sampled_from([(left, top), (left, y), (x, y), (left - 5, y), (x, top - 5)]) | places)
        across = 2 * x - start[0], 2 * y - start[1]
        end = draw(st.just(across) | places | st.just(start))
        events += [
            Pointer(kind, *point, **held)
            for kind, point in (("press", start), ("move", end), ("release", end))
        ]
        key = draw(st.sampled_from(["", "", "delete", "refresh"]))
        events += [Pointer("key", key=key)] if key else []
    return [*events, Pointer("key", key="accept")]


gestures = edits() | drags() | clicks() | edits()


@cache
def _image() -> ArrayPyramid:
    rng = np.random.default_rng(5)
    blocks = rng.integers(0, 255, (SIZE.height // 15 + 1, SIZE.width // 15 + 1, 3), np.uint8)
    grown = blocks.repeat(15, axis=0).repeat(15, axis=1)[: SIZE.height, : SIZE.width]
    noisy = grown.astype(int) + rng.integers(-4, 4, grown.shape)
    return ArrayPyramid(np.clip(noisy, 0, 255).astype(np.uint8))


def _session(seed: int) -> Session:
    rng = np.random.default_rng(seed)

    def blocks(values: list[int], dtype: type[np.integer]) -> np.ndarray:
        coarse = rng.choice(np.array(values, dtype), (SIZE.height // BLOCK + 1, SIZE.width // BLOCK + 1))
        return coarse.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)[: SIZE.height, : SIZE.width]

    mask = LabelMask(SIZE)
    origin = blocks([0, 1, 2, 3], np.uint8)
    label = np.where(origin == Origin.NOBODY, 0, blocks([0, 1, 1, 2, 2, 3], np.uint8))
    object_id = np.where(label == 0, 0, blocks([0, 0, 0, 7, 70_000], np.uint32))
    patch = write(mask, SIZE.box, title="", kind="", label=label, object_id=object_id, origin=origin)
    mask.apply(patch)
    return Session(mask, lambda operation: None)


def _grey(box: Box) -> np.ndarray:
    return _image().read(box).mean(axis=2).astype(np.uint8)


guards = st.builds(
    Guard,
    locked=st.frozensets(st.sampled_from([1, 2, 3])),
    only_over=st.none() | st.frozensets(st.sampled_from([0, 1, 2, 3])),
    only_unlabelled=st.booleans(),
    keep_truth=st.booleans(),
    between=st.none() | st.tuples(st.integers(0, 120), st.integers(120, 255)),
    grey=st.just(_grey),
)


@st.composite
def hands(draw: st.DrawFn, tool: Tool) -> Hand:
    """A class, a brush, an object, and options of a tool."""
    hand = Hand(
        value=draw(st.integers(0, 3)),
        radius_px=draw(st.floats(0.5, 40)),
        object_id=draw(st.sampled_from([0, 0, 9])),
    )
    for option in tool.options:
        last = len(option.choices) - 1 if option.choices else option.high
        steps = round((last - option.low) / (option.step or 1))
        value = option.low + draw(st.integers(0, steps)) * (option.step or 1)
        hand.set_option(tool, option.id, draw(st.sampled_from([option.default, value])))
    return hand


def play(tool: Tool, session: Session, events: list[Pointer], hand: Hand) -> None:
    context = Context(
        session, hand, lambda: CATALOG, _image(), hand.options_of(tool),
        predicted=session.mask.snapshot().planes["label"], view=lambda: View(2.0, SIZE.box),
    )  # fmt: skip
    gesture = None
    for event in events:
        try:
            if gesture is not None:
                gesture.send(event)
            elif event.kind == "press":
                gesture = tool.gesture(context, event)
                next(gesture)
        except StopIteration:
            gesture = None
        except LabeltoolError:  # said to the user; the stroke has been taken back
            gesture = None
    if gesture is not None:
        gesture.close()


def _planes(session: Session) -> dict[str, np.ndarray]:
    return {name: session.mask.read(name) for name in ("label", "object", "origin")}


@pytest.mark.parametrize("name", TOOLS)
@law(20)
@given(seed=seeds, events=gestures, guard=guards, data=st.data())
def test_no_tool_changes_a_locked_or_guarded_pixel(name: str, seed: int, events, guard: Guard, data):
    tool, session = plugins.load("labeltool.tools", name), _session(seed)
    session.guard = guard
    before = _planes(session)
    play(tool, session, events, data.draw(hands(tool)))
    after = _planes(session)
    changed = np.any([before[n] != after[n] for n in before], axis=0)
    for locked in guard.locked:
        assert np.array_equal(before["label"] == locked, after["label"] == locked)
        assert not changed[before["label"] == locked].any()
    if guard.only_over is not None:
        assert np.isin(before["label"][changed], list(guard.only_over)).all()
    if guard.only_unlabelled:
        assert (before["origin"][changed] == Origin.NOBODY).all()
    if guard.keep_truth:
        assert not np.isin(before["origin"][changed], TRUTH).any()
    if guard.between is not None:
        grey = _grey(SIZE.box)[changed]
        assert ((grey >= guard.between[0]) & (grey <= guard.between[1])).all()


@pytest.mark.parametrize("name", TOOLS)
@law(20)
@given(seed=seeds, events=gestures, data=st.data())
def test_undo_after_any_tool_restores_every_pixel(name: str, seed: int, events, data):
    tool, session = plugins.load("labeltool.tools", name), _session(seed)
    before = _planes(session)
    play(tool, session, events, data.draw(hands(tool)))
    after = _planes(session)
    steps = 0
    while session.undo():
        steps += 1
    restored = _planes(session)
    assert all(np.array_equal(before[n], restored[n]) for n in before)
    for _ in range(steps):
        assert session.redo()
    again = _planes(session)
    assert all(np.array_equal(after[n], again[n]) for n in after)


@pytest.mark.parametrize("name", TOOLS)
@law(20)
@given(seed=seeds, events=gestures, side=st.sampled_from([64, 256]), data=st.data())
def test_a_tool_does_to_tiles_what_it_does_to_one_plain_array(name: str, seed: int, events, side: int, data):
    tool = plugins.load("labeltool.tools", name)
    hand = data.draw(hands(tool))
    done = []
    for each in (side, PLAIN):
        with tiles_of(each):
            session = _session(seed)
            play(tool, session, events, replace(hand))
            done.append(_planes(session))
    assert all(np.array_equal(done[0][n], done[1][n]) for n in done[0])


spots = st.tuples(st.floats(-500, 500, width=32), st.floats(-500, 500, width=32))


@law(200)
@given(before=st.none() | spots, start=spots, end=spots, finest_px=st.floats(0.35, 5))
def test_a_brush_stays_near_the_straight_way_and_ends_where_the_pointer_is(before, start, end, finest_px):
    way = np.array([start, *curve(before, start, end, finest_px)])
    assert tuple(way[-1]) == end
    length = np.hypot(*(way[-1] - way[0]))
    if length < 1e-6:
        return
    direction = (way[-1] - way[0]) / length
    on, off = (way - start) @ direction, (way - start) @ np.array([-direction[1], direction[0]])
    came = length if before is None else np.hypot(*np.subtract(start, before))
    assert np.abs(off).max() <= 0.12 * min(length, came) + 1e-6
    assert (np.diff(on) > -1e-6).all()  # it never turns back


@law(100)
@given(turn=st.floats(1, 50), length=st.floats(5, 500), heading=st.floats(0, 360))
def test_a_brush_bulges_no_farther_than_the_arc_of_its_turn_and_nearly_as_far(turn, length, heading):
    a, b = np.radians(heading), np.radians(heading + turn)
    start = (float(length * np.cos(a)), float(length * np.sin(a)))
    end = (float(start[0] + length * np.cos(b)), float(start[1] + length * np.sin(b)))
    way = np.array(curve((0.0, 0.0), start, end, 0.01))
    off = np.abs((way - start) @ np.array([-np.sin(b), np.cos(b)])).max()
    arc = length / 2 * np.tan(np.radians(turn) / 4)
    assert 0.75 * arc - 0.02 <= off <= arc + 1e-6
