"""Laws of tiles at rest: in whatever form a tile is kept, the same pixels are read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeltool.app.session import Session
from labeltool.core import cold, overview
from labeltool.core.cold import ColdTile, Shelf, at_rest, deflate
from labeltool.core.geometry import Box, Size, TileIndex
from labeltool.core.mask import PLANES, LabelMask, constant_value
from labeltool.core.overview import Overview
from labeltool.core.patch import Patch, write
from labeltool.store.tiles import pack, pack_held, tile_hash
from tests.laws.examples import law

SIZE = Size(1300, 1100)
QUICK = law(25)


@pytest.fixture(autouse=True, scope="module", params=["in memory", "spilled"])
def shelf(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every law holds for tiles in memory and for tiles in a file, and with nothing inflated kept."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cold, "SHELF", Shelf(2**30 if request.param == "in memory" else 0))
        patched.setattr(cold, "_RECENT", cold._Recent(0))
        patched.setattr(overview, "LEVEL_BYTES", 2**16)
        patched.setattr(overview, "FEW_PIXELS", 0)
        yield


@st.composite
def patches(draw: st.DrawFn) -> dict[str, object]:
    x0, y0 = draw(st.integers(-20, SIZE.width)), draw(st.integers(-20, SIZE.height))
    box = Box(x0, y0, x0 + draw(st.integers(1, 900)), y0 + draw(st.integers(1, 900)))
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    inside = None if draw(st.booleans()) else random.random((box.height, box.width)) < draw(st.floats(0, 1))
    return {
        "box": box,
        "inside": inside,
        "label": draw(st.sampled_from([0, 1, 255])),
        "object_id": draw(st.sampled_from([None, 7, 70_000])),
        "origin": draw(st.sampled_from([0, 2])),
    }


def made(mask: LabelMask, given_: dict[str, object]) -> Patch:
    return write(mask, title="t", kind="k", **given_)  # type: ignore[arg-type]


def painted(steps: list[dict[str, object]]) -> LabelMask:
    mask = LabelMask(SIZE)
    for each in steps:
        mask.apply(made(mask, each))
    return mask


@QUICK
@given(st.lists(patches(), min_size=1, max_size=3))
def test_hot_and_cold_planes_hold_the_same_pixels(steps: list[dict[str, object]]) -> None:
    hot = painted(steps)
    pixels = {name: hot.read(name) for name in PLANES}
    resting = hot.snapshot()
    resting.cool(0)
    assert all(plane.tiles.hot_bytes == 0 for plane in resting.planes.values())
    del hot
    assert all(np.array_equal(resting.read(name), pixels[name]) for name in PLANES)


@QUICK
@given(st.lists(patches(), min_size=1, max_size=3), patches())
def test_a_snapshot_of_cold_tiles_never_changes(
    steps: list[dict[str, object]], last: dict[str, object]
) -> None:
    mask = painted(steps)
    kept, pixels = mask.snapshot(), mask.read("label")
    mask.cool(0)
    mask.apply(made(mask, last))
    kept.cool(0)
    assert np.array_equal(kept.read("label"), pixels)


@QUICK
@given(st.lists(st.one_of(patches(), st.sampled_from(["undo", "redo"])), max_size=10))
def test_undo_across_cold_patches_is_bit_exact(steps: list[object]) -> None:
    session = Session(LabelMask(SIZE), lambda operation: None, undo_bytes=0)
    states, at = [session.mask.read("label")], 0
    for step in steps:
        session.mask.cool(0)
        if step == "undo":
            at -= session.undo()
        elif step == "redo":
            at += session.redo()
        else:
            assert isinstance(step, dict)
            patch = made(session.mask, step)
            session.apply(patch)
            if patch:
                states[at + 1 :] = [session.mask.read("label")]
                at += 1
        assert np.array_equal(session.mask.read("label"), states[at])
    while session.undo():
        at -= 1
        assert np.array_equal(session.mask.read("label"), states[at])
    assert at == 0


@QUICK
@given(st.lists(patches(), min_size=1, max_size=4), st.sampled_from([1, 2, 4, 8, 16, 64, 512]), st.booleans())
def test_an_overview_equals_plain_subsampling_after_every_patch(
    steps: list[dict[str, object]], step: int, cool: bool
) -> None:
    mask = LabelMask(SIZE)
    plane = mask.planes["label"]
    levels = Overview(plane)
    for each in steps:
        patch = made(mask, each)
        mask.apply(patch)
        if cool:
            mask.cool(0)
        levels.changed(patch.box(SIZE))
        assert np.array_equal(levels.read(SIZE.box, step), plane.dense()[::step, ::step])


@QUICK
@given(patches(), st.sampled_from([1, 2, 3, 4, 8, 24, 300]), st.integers(0, 1299), st.integers(0, 1099))
def test_every_so_manyth_pixel_of_any_box_is_read(
    given_: dict[str, object], step: int, x: int, y: int
) -> None:
    mask = painted([given_])
    box = Box(x, y, min(x + 700, SIZE.width), min(y + 500, SIZE.height))
    wanted = mask.read("label", box)[::step, ::step]
    mask.cool(0)
    assert np.array_equal(mask.planes["label"].read(box, step), wanted)


@QUICK
@given(st.integers(0, 2**16), st.sampled_from([np.uint8, np.uint32]))
def test_a_cold_tile_has_the_hash_and_the_bytes_of_the_hot_one(seed: int, dtype: type[np.generic]) -> None:
    tile = np.random.default_rng(seed).integers(0, 200, (40, 256)).astype(dtype)
    stored = pack(tile)
    resting = at_rest(tile)
    assert isinstance(resting, ColdTile)
    assert pack_held(resting) == stored == pack_held(tile)
    assert tile_hash(resting.array()) == stored.sha256


def test_a_tile_is_deflated_once_for_all_who_hold_it() -> None:
    tile = np.arange(256 * 256, dtype=np.uint8).reshape(256, 256)
    first = at_rest(tile)
    assert isinstance(first, ColdTile)
    assert at_rest(tile) is first
    assert at_rest(first.array()) is first
    assert first.deflated == deflate(tile)


def test_a_tile_painted_all_over_bit_by_bit_becomes_constant() -> None:
    mask = LabelMask(SIZE)
    for box in (Box(0, 0, 200, 256), Box(200, 0, 256, 256)):
        mask.apply(write(mask, box, title="t", kind="k", label=3, origin=2))
    assert constant_value(mask.planes["label"], TileIndex(0, 0)) == 3
