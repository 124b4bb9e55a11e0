"""Tiles without seams: with what a pixel sees inside the halo, tiled and whole are equal to the bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.errors import CancelledError
from labeltool.core.progress import CancelToken
from labeltool.inference.card import ModelCard
from labeltool.inference.tiled import segment

from .conftest import CATALOG, ArrayReader, BoxFilter

CARD = ModelCard("fake", "none", "none", CATALOG, tile=96, halo=16)


def image(width: int, height: int, seed: int = 0) -> ArrayReader:
    return ArrayReader(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def planes(reader: ArrayReader, segmenter: BoxFilter) -> tuple[np.ndarray, np.ndarray]:
    height, width = reader.pixels.shape[:2]
    label, confidence = np.full((height, width), 99, np.uint8), np.zeros((height, width), np.uint8)
    for part in segment(reader, segmenter):
        assert part.label.shape == part.confidence.shape == (part.box.height, part.box.width)
        label[part.box.slices()], confidence[part.box.slices()] = part.label, part.confidence
    return label, confidence


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 260), st.integers(1, 260), st.integers(0, 3), st.sampled_from([None, (1.0, 99.0)]))
def test_tiled_and_whole_are_equal(
    width: int, height: int, seed: int, stretch: tuple[float, float] | None
) -> None:
    reader = image(width, height, seed)
    card = replace(CARD, stretch=stretch)
    tiled = planes(reader, BoxFilter(card))
    whole = planes(reader, BoxFilter(replace(card, tile=1024)))
    assert np.array_equal(tiled[0], whole[0])
    assert np.array_equal(tiled[1], whole[1])


def test_a_reach_beyond_the_halo_shows_that_the_comparison_can_fail() -> None:
    reader = image(260, 260)
    tiled = planes(reader, BoxFilter(CARD, reach=25))
    whole = planes(reader, BoxFilter(replace(CARD, tile=1024), reach=25))
    assert not np.array_equal(tiled[1], whole[1])


def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = image(260, 200)
    single = planes(reader, BoxFilter(CARD))
    monkeypatch.setitem(__import__("labeltool.inference.tiled", fromlist=["BATCH"]).BATCH, "cpu", 3)
    assert np.array_equal(planes(reader, BoxFilter(CARD))[1], single[1])


def test_no_more_than_a_tile_is_read_at_once() -> None:
    reader = image(700, 120)
    planes(reader, BoxFilter(CARD))
    assert reader.largest <= CARD.tile


def test_cancelling_stops_before_the_next_window() -> None:
    cancel, parts = CancelToken(), []
    with pytest.raises(CancelledError):
        for part in segment(image(260, 260), BoxFilter(CARD), cancel=cancel):
            parts.append(part)
            cancel.cancel()
    assert len(parts) == 1


def test_progress_reaches_its_total() -> None:
    told: list[tuple[float, float]] = []
    list(
        segment(
            image(200, 200), BoxFilter(CARD), progress=lambda done, total, text="": told.append((done, total))
        )
    )
    assert told[0] == (0, 9) and told[-1] == (9, 9)
