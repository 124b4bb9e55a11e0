from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.imaging.cache import ByteCache
from labeltool.imaging.pyramid import Pyramid

sides = st.integers(1, 1100)


@settings(deadline=None, max_examples=30)
@given(width=sides, height=sides)
def test_the_tiles_of_a_level_make_up_the_level(width: int, height: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    pyramid = Pyramid(pixels)
    for level in range(pyramid.level_count):
        size = pyramid.sizes[level]
        rows = [
            np.hstack([pyramid.tile(level, row, col) for col in range(-(-size.width // 256))])
            for row in range(-(-size.height // 256))
        ]
        assert np.array_equal(np.vstack(rows), pyramid.level(level))
        assert pyramid.level(level).shape == (size.height, size.width, 3)
    assert np.array_equal(pyramid.level(0), pixels)
    assert max(pyramid.sizes[-1]) <= 256


def test_levels_lie_exactly_on_each_other() -> None:
    pixels = np.zeros((1001, 1003, 3), np.uint8)
    pixels[:, 500:] = 255
    pyramid = Pyramid(pixels)
    assert pyramid.level(1)[0, 249].tolist() == [0, 0, 0]
    assert pyramid.level(1)[0, 250].tolist() == [255, 255, 255]
    assert pyramid.level(2)[0, 125].tolist() == [255, 255, 255]


def test_an_image_wider_than_qt_allows_has_levels() -> None:
    pyramid = Pyramid(np.full((3, 40_000, 3), 7, np.uint8))
    assert pyramid.sizes[-1].width <= 256
    assert (pyramid.level(pyramid.level_count - 1) == 7).all()


def test_a_view_is_painted_from_a_level_that_is_not_enlarged() -> None:
    pyramid = Pyramid(np.zeros((4096, 4096, 3), np.uint8))
    assert [pyramid.level_for(zoom) for zoom in (8, 1, 0.6, 0.5, 0.25, 0.001)] == [0, 0, 0, 1, 2, 4]


def test_the_cache_forgets_what_was_not_used_for_longest() -> None:
    cache: ByteCache[str, bytes] = ByteCache(10, len)
    cache.put("a", b"aaaa")
    cache.put("b", b"bbbb")
    assert cache.get("a") == b"aaaa"
    cache.put("c", b"cccc")
    assert [cache.get(key) for key in "abc"] == [b"aaaa", None, b"cccc"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.binary(max_size=12)), max_size=30))
def test_the_cache_never_holds_more_than_its_limit(puts: list[tuple[str, bytes]]) -> None:
    cache: ByteCache[str, bytes] = ByteCache(20, len)
    for key, value in puts:
        cache.put(key, value)
        assert cache.nbytes <= 20
        assert cache.get(key) == value


def test_the_cache_makes_a_value_once() -> None:
    cache: ByteCache[str, bytes] = ByteCache(10, len)
    assert cache.get_or_make("a", lambda: b"x") == b"x"
    assert cache.get_or_make("a", lambda: pytest.fail("made twice")) == b"x"
    cache.drop(lambda key: key == "a")
    assert (len(cache), cache.nbytes) == (0, 0)
