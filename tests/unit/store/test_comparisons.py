"""The cache of comparisons: gives back what it was given, or nothing; and nothing in it is needed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.disagreement import TABLE
from labeltool.store import comparisons
from labeltool.store.comparisons import Comparisons, ImageComparison, Sparse, State

LAYER, IMAGE = "model@1", "ab" * 16


def compared(seed: int, rows: int = 3, stamp: str = "1 2") -> tuple[ImageComparison, Sparse]:
    rng = np.random.default_rng(seed)
    table = np.zeros(rows, TABLE)
    for name in TABLE.names or ():
        table[name] = rng.integers(0, 2, rows)
    table["area"], table["confidence"] = rng.integers(1, 2**40, rows), rng.random(rows)
    counts = np.zeros((256, 256), np.int64)
    counts[rng.integers(0, 256, 5), rng.integers(0, 256, 5)] = rng.integers(1, 2**50, 5)
    calibration = np.zeros((256, 256, 2), np.int64)
    calibration[255, 255, 1] = seed + 1
    boundary = {0: float(rng.random()), 7: None}
    found = ImageComparison(State(seed, f"{seed} now", stamp), Sparse.of(counts), boundary, table)
    return found, Sparse.of(calibration)


def same(a: ImageComparison, b: ImageComparison) -> bool:
    return (
        (a.state, a.boundary) == (b.state, b.boundary)
        and all(np.array_equal(x, y) for x, y in zip(a.counted, b.counted, strict=True))
        and np.array_equal(a.regions, b.regions)
    )


def test_what_is_put_comes_back(tmp_path: Path) -> None:
    cache = Comparisons(tmp_path)
    assert cache.of_layer(LAYER) == {}
    first, second = compared(1), compared(2, rows=0)
    cache.put(LAYER, "a", *compared(9))
    cache.put(LAYER, "a", *first)
    cache.put(LAYER, "b", *second)
    cache.put("another", "a", *compared(3))
    found = Comparisons(tmp_path).of_layer(LAYER)
    assert [*found] == ["a", "b"]
    assert same(found["a"], first[0])
    assert same(found["b"], second[0])
    counts = np.zeros((256, 256, 2), np.int64)
    cache.add_calibration(LAYER, ["a", "b", "gone"], counts)
    assert counts.sum() == counts[255, 255, 1] == 2 + 3
    cache.forget(LAYER, ["a"])
    assert [*cache.of_layer(LAYER)] == ["b"]
    assert [*cache.of_layer("another")] == ["a"]
    assert cache.notices == []


def test_a_new_stamp_changes_nothing_else(tmp_path: Path) -> None:
    cache = Comparisons(tmp_path)
    before = compared(1)
    cache.put(LAYER, IMAGE, *before)
    cache.still_holds(LAYER, [(IMAGE, "3 4")])
    [after] = cache.of_layer(LAYER).values()
    assert after.state == (1, "1 now", "3 4")
    assert np.array_equal(after.regions, before[0].regions)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 2**62), max_size=30))
def test_sparse_counts_are_the_dense_ones(values: list[int]) -> None:
    dense = np.array(values, np.int64)
    back = np.zeros_like(dense)
    Sparse.of(dense).add_to(back)
    assert np.array_equal(back, dense)


def damage(path: Path, how: str) -> None:
    if how == "a bit of a value":
        with sqlite3.connect(path) as db:
            (blob,) = db.execute("SELECT regions FROM comparisons").fetchone()
            db.execute("UPDATE comparisons SET regions=?", (blob[:-9] + bytes([blob[-9] ^ 1]) + blob[-8:],))
        db.close()
        return
    data = path.read_bytes()
    path.write_bytes({"other bytes": b"?" * 5000, "cut": data[: len(data) // 2], "a hole": data[:100]}[how])


@pytest.mark.parametrize("how", ["other bytes", "cut", "a hole", "a bit of a value"])
def test_a_damaged_cache_is_made_anew_with_a_notice(tmp_path: Path, how: str) -> None:
    cache = Comparisons(tmp_path)
    for number in range(30):
        cache.put(LAYER, f"{number}", *compared(number, rows=200))
    damage(cache.path, how)
    assert cache.of_layer(LAYER) == {}
    [notice] = cache.notices
    assert "was damaged" in notice
    cache.put(LAYER, IMAGE, *compared(1))
    assert [*cache.of_layer(LAYER)] == [IMAGE]
    assert len(cache.notices) == 1


def test_the_cache_of_another_version_is_made_anew_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Comparisons(tmp_path)
    cache.put(LAYER, IMAGE, *compared(1))
    monkeypatch.setattr(comparisons, "FORMAT", comparisons.FORMAT + 1)
    assert cache.of_layer(LAYER) == {}
    cache.put(LAYER, IMAGE, *compared(1))
    assert [*cache.of_layer(LAYER)] == [IMAGE]
    assert cache.notices == []


def test_where_the_project_cannot_be_written_the_cache_lies_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparisons, "writable", lambda folder: False)
    cache = Comparisons(tmp_path)
    cache.put(LAYER, IMAGE, *compared(1))
    assert [*cache.of_layer(LAYER)] == [IMAGE]
    assert [*tmp_path.iterdir()] == []
