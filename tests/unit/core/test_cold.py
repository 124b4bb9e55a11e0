from __future__ import annotations

import gc

import numpy as np
import pytest

from labeltool.core import cold, scratch
from labeltool.core.cold import ColdTile, Shelf, TileMap, at_rest
from labeltool.core.geometry import TileIndex
from labeltool.core.scratch import Scratch, Spilled, fetch


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (256, 256)).astype(np.uint8)


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr(cold, "SHELF", Shelf(100_000))
    monkeypatch.setattr(cold, "_RECENT", cold._Recent(0))
    return cold.SHELF


def test_memory_stays_within_the_bound_whatever_comes(shelf: Shelf):
    resting = [at_rest(noise(seed)) for seed in range(6)]
    assert shelf.held <= 100_000
    assert all(np.array_equal(tile.array(), noise(seed)) for seed, tile in enumerate(resting))


def test_a_tile_nobody_holds_gives_its_memory_back(shelf: Shelf):
    resting = at_rest(noise(1))
    assert shelf.held > 0
    del resting
    gc.collect()
    assert shelf.held == 0


def test_a_full_disk_costs_memory_not_work(shelf: Shelf, monkeypatch: pytest.MonkeyPatch):
    def full(self: Scratch, data: bytes) -> int:
        raise OSError("no space left on device")

    monkeypatch.setattr(Scratch, "append", full)
    resting = [at_rest(noise(seed)) for seed in range(3)]
    assert shelf.held > 100_000
    assert np.array_equal(resting[2].array(), noise(2))


def test_a_scratch_file_that_has_grown_is_followed_by_another(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scratch, "SCRATCH_BYTES", 10)
    shelf = Shelf(0)
    places = [shelf.put(data) for data in (b"0123456789", b"abc", b"defghijk", b"l")]
    assert all(isinstance(place, Spilled) for place in places)
    assert len({id(place.scratch) for place in places}) == 3
    assert [fetch(place) for place in places] == [b"0123456789", b"abc", b"defghijk", b"l"]


def test_scratch_files_are_read_where_the_system_has_no_pread(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(scratch.os, "pread", raising=False)
    file = Scratch()
    assert [file.append(b"abc"), file.append(b"de")] == [0, 3]
    assert file.read(3, 2) == b"de"


def test_what_was_written_last_stays_hot(shelf: Shelf):
    tiles = TileMap()
    for col in (0, 1, 2):
        tiles[TileIndex(0, col)] = noise(col)
    tiles[TileIndex(0, 0)] = noise(9)
    tiles.cool(2 * 256 * 256)
    assert [isinstance(tiles.held(TileIndex(0, col)), ColdTile) for col in (0, 1, 2)] == [False, True, False]


def test_a_tile_of_one_value_rests_as_one_pixel(shelf: Shelf):
    resting = at_rest(np.full((256, 256), 3, np.uint8))
    assert isinstance(resting, np.ndarray)
    assert resting.strides == (0, 0) and resting[5, 5] == 3
    assert shelf.held == 0


def test_reading_the_form_of_a_tile_inflates_nothing(shelf: Shelf, monkeypatch: pytest.MonkeyPatch):
    tiles = TileMap({TileIndex(0, 0): at_rest(noise(1))})
    monkeypatch.setattr(ColdTile, "array", lambda self: pytest.fail("inflated"))
    assert TileIndex(0, 0) in tiles
    assert list(tiles) == [TileIndex(0, 0)]
    copy = tiles.copy()
    copy.discard(TileIndex(0, 0))
    assert len(tiles) == 1 and len(copy) == 0
