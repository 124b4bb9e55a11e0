"""Tiles without seams: with what a pixel sees inside the halo, tiled and whole are equal to the bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.errors import BadInputError, CancelledError
from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken
from labeltool.imaging.windows import windows
from labeltool.inference.card import ModelCard
from labeltool.inference.segmenter import Answer
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
    monkeypatch.setattr(BoxFilter, "batch", 3)
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


class Holed(ArrayReader):
    """An image that has no values left of column ``edge``; remembers what was read."""

    def __init__(self, pixels: np.ndarray, edge: int) -> None:
        super().__init__(pixels)
        self.edge = edge
        self.read_boxes: list[Box] = []

    def has_values(self, box: Box) -> bool:
        return box.x1 > self.edge

    def read(self, box: Box | None = None) -> np.ndarray:
        self.read_boxes.append(box)
        return super().read(box)


def test_windows_without_a_value_are_ignored_without_asking_the_network() -> None:
    reader = Holed(image(400, 100).pixels, 200)
    parts = list(segment(reader, BoxFilter(CARD)))
    empty = [part for part in parts if part.is_nothing]
    assert {part.box.x0 for part in empty} == {0, 80}
    assert all((part.label == 255).all() and not part.confidence.any() for part in empty)
    assert all(box.x1 > 200 for box in reader.read_boxes)
    assert [part.box for part in parts] == [w.core for w in windows(reader.info.size, CARD.tile, CARD.halo)]


def test_an_image_without_a_value_is_ignored_whole() -> None:
    parts = list(segment(Holed(image(200, 100).pixels, 900), BoxFilter(replace(CARD, stretch=(1.0, 99.0)))))
    assert parts and all(part.is_nothing for part in parts)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("first", [0, 1, 4, 8, 9])
def test_going_on_at_a_window_gives_the_rest_to_the_bit(
    first: int, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoxFilter, "batch", batch)
    reader, network = image(200, 200), Counting(CARD)
    rest = list(segment(reader, network, first=first))
    whole = list(segment(reader, Counting(CARD)))
    assert len(whole) == 9
    for one, other in zip(rest, whole[first:], strict=True):
        assert one.box == other.box and np.array_equal(one.confidence, other.confidence)


class Counting(BoxFilter):
    """Its last bit depends on how many windows it sees at once."""

    def predict(self, windows: np.ndarray, context: np.ndarray | None = None) -> Answer:
        label, confidence, *_ = super().predict(windows)
        return Answer(label, confidence ^ np.uint8(len(windows) & 1))


class Relative(BoxFilter):
    """A network with image-wide pooling: it compares with the mean of all it sees, or of the whole image."""

    def survey(self, samples) -> np.ndarray:
        means = [sample[..., 1].mean() for sample in samples]
        self.samples = len(means)
        return np.float32([np.mean(means)])

    def predict(self, windows: np.ndarray, context: np.ndarray | None = None) -> Answer:
        mean = windows[..., 1].mean() if context is None else context[0]
        return Answer((windows[..., 1] > mean).astype(np.uint8), windows[..., 1].copy())


def graded(width: int, height: int) -> ArrayReader:
    ramp = np.linspace(0, 200, width, dtype=np.uint8)
    return ArrayReader(np.repeat(np.tile(ramp, (height, 1))[..., None], 3, 2))


def test_image_wide_pooling_leaves_no_seams() -> None:
    reader = graded(512, 128)
    whole, _ = planes(reader, Relative(replace(CARD, tile=1024)))
    cut, _ = planes(reader, Relative(replace(CARD, tile=128)))
    assert (whole != cut).mean() < 0.005
    without, _ = planes(
        reader, type("Blind", (Relative,), {"survey": BoxFilter.survey})(replace(CARD, tile=128))
    )
    assert (whole != without).mean() > 0.1  # so the comparison can fail


def test_the_context_comes_from_a_bounded_number_of_windows() -> None:
    network = Relative(replace(CARD, tile=64))
    list(segment(graded(1000, 600), network))
    assert network.samples == 16


@settings(deadline=None, max_examples=20)
@given(st.integers(100, 260), st.integers(100, 260))
def test_the_grid_moved_by_half_a_step_gives_the_same(width: int, height: int) -> None:
    pixels = image(width + 32, height).pixels
    moved = planes(ArrayReader(pixels), BoxFilter(CARD))
    here = planes(ArrayReader(np.ascontiguousarray(pixels[:, 32:])), BoxFilter(CARD))
    inner = slice(16, None)  # at the border of the image one sees what the other mirrors
    assert np.array_equal(moved[1][:, 32:][:, inner], here[1][:, inner])


def test_what_reading_raises_comes_after_what_was_read_before() -> None:
    class Broken(ArrayReader):
        def read(self, box: Box | None = None) -> np.ndarray:
            if box is not None and box.y0 > 100:
                raise BadInputError("cut off")
            return super().read(box)

    parts = []
    with pytest.raises(BadInputError, match="cut off"):
        for part in segment(Broken(image(200, 260).pixels), BoxFilter(CARD)):
            parts.append(part)
    assert len(parts) == 6
