"""Memory that was freed goes back to the system."""

from __future__ import annotations

import math

import numpy as np
import pytest

from labeltool.core import heap

pytestmark = pytest.mark.skipif(
    heap._glibc() is None, reason="needs a glibc that can be asked (2.33 and newer)"
)


def test_what_was_freed_is_given_back_but_not_at_once_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "_last", [-math.inf])
    tiles = [np.ones(64 << 10, np.uint8) for _ in range(3_000)]
    kept = tiles[::100]
    del tiles
    assert heap.unused_bytes() > heap.WORTH_IT_BYTES
    assert heap.give_back()
    assert not heap.give_back(), "it was a moment ago"
    assert all(tile.all() for tile in kept)


def test_a_little_is_not_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "_last", [-math.inf])
    monkeypatch.setattr(heap, "unused_bytes", lambda: heap.WORTH_IT_BYTES - 1)
    assert not heap.give_back()


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "_glibc", lambda: None)
    heap.keep_small()
    assert heap.unused_bytes() == 0
    assert not heap.give_back()
