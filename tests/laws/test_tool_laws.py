"""Laws that every tool obeys, whatever is drawn with it: locks hold, undo is exact, nothing outside is touched."""

from __future__ import annotations

import os
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool import plugins
from labeltool.app.session import Session
from labeltool.app.toolbox import Context, Hand, ImageArray, View
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import TILE, Box, Size
from labeltool.core.guard import Guard
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.provenance import TRUTH, Origin
from labeltool.tools.tool import Pointer, Tool

EXAMPLES = int(os.environ.get("LABELTOOL_LAW_EXAMPLES", "30"))
SIZE = Size(TILE + 70, 90)
CATALOG = ClassCatalog.from_names(["a", "b", "c"])
TOOLS = plugins.names("labeltool.tools")

places = st.tuples(st.floats(-20, SIZE.width + 20, width=16), st.floats(-20, SIZE.height + 20, width=16))


@st.composite
def gestures(draw: st.DrawFn) -> list[Pointer]:
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
        key = draw(st.sampled_from(["", "accept", "back", "delete", "refresh", "double"]))
        if key == "double":
            events.append(Pointer("double", *way[-1], button))
        elif key:
            events.append(Pointer("key", key=key))
    return [*events, Pointer("key", key="accept")]


@cache
def _picture() -> np.ndarray:
    rng = np.random.default_rng(5)
    blocks = rng.integers(0, 255, (SIZE.height // 15 + 1, SIZE.width // 15 + 1, 3), np.uint8)
    grown = blocks.repeat(15, axis=0).repeat(15, axis=1)[: SIZE.height, : SIZE.width]
    return np.clip(grown.astype(int) + rng.integers(-4, 4, grown.shape), 0, 255).astype(np.uint8)


def _session() -> Session:
    rng = np.random.default_rng(6)
    mask = LabelMask(SIZE)
    label = (
        rng.integers(0, 4, (6, 17), np.uint8)
        .repeat(18, axis=0)
        .repeat(20, axis=1)[: SIZE.height, : SIZE.width]
    )
    origin = (
        rng.integers(0, 4, (6, 17), np.uint8)
        .repeat(18, axis=0)
        .repeat(20, axis=1)[: SIZE.height, : SIZE.width]
    )
    mask.apply(
        write(
            mask,
            SIZE.box,
            title="",
            kind="",
            label=np.where(origin == 0, 0, label).astype(np.uint8),
            origin=origin,
        )
    )
    return Session(mask, lambda operation: None)


def _grey(box: Box) -> np.ndarray:
    return _picture()[box.slices()].mean(axis=2).astype(np.uint8)


guards = st.builds(
    Guard,
    locked=st.frozensets(st.sampled_from([1, 2, 3])),
    only_over=st.none() | st.frozensets(st.sampled_from([0, 1, 2, 3])),
    only_unlabelled=st.booleans(),
    keep_truth=st.booleans(),
    between=st.none() | st.tuples(st.integers(0, 120), st.integers(120, 255)),
    grey=st.just(_grey),
)


def play(tool: Tool, session: Session, events: list[Pointer], value: int, radius: float) -> None:
    hand = Hand(value=value, radius_px=radius)
    context = Context(
        session, hand, lambda: CATALOG, ImageArray(_picture()), hand.options_of(tool),
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
@settings(max_examples=EXAMPLES, deadline=None)
@given(events=gestures(), guard=guards, value=st.integers(0, 3), radius=st.floats(0.5, 40))
def test_no_tool_changes_a_locked_or_guarded_pixel(
    name: str, events, guard: Guard, value: int, radius: float
):
    session = _session()
    session.guard = guard
    before = _planes(session)
    play(plugins.load("labeltool.tools", name), session, events, value, radius)
    after = _planes(session)
    changed = np.any([before[n] != after[n] for n in before], axis=0)
    for locked in guard.locked:
        assert np.array_equal(before["label"] == locked, after["label"] == locked)
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
@settings(max_examples=EXAMPLES, deadline=None)
@given(events=gestures(), value=st.integers(0, 3), radius=st.floats(0.5, 40))
def test_undo_after_any_tool_restores_every_pixel(name: str, events, value: int, radius: float):
    session = _session()
    before = _planes(session)
    play(plugins.load("labeltool.tools", name), session, events, value, radius)
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
