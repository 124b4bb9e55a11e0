"""What is done where memory runs out: smaller pieces, then the CPU, each said once, and the same answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.errors import ModelError
from labeltool.core.geometry import Size
from labeltool.imaging.windows import STRIDE, windows
from labeltool.inference.card import ModelCard
from labeltool.inference.cutting import joined, pieces
from labeltool.inference.segmenter import Answer, Prediction
from labeltool.inference.tiled import segment

from .conftest import CATALOG, ArrayReader, BoxFilter

CARD = ModelCard("fake", "none", "none", CATALOG, tile=256, halo=16)


class Small(BoxFilter):
    """Has memory for ``most`` pixels on its device, and for ``most_on_cpu`` after it fell back."""

    def __init__(self, card: ModelCard, most: int, most_on_cpu: int = 1 << 30) -> None:
        super().__init__(card)
        self.device, self.most, self.most_on_cpu = "cuda", most, most_on_cpu
        self.seen: list[tuple[int, ...]] = []

    def predict(self, windows: np.ndarray, context: np.ndarray | None = None) -> Answer:
        if windows[0].size // 3 > (self.most_on_cpu if self.device == "cpu" else self.most):
            raise MemoryError
        self.seen.append(windows.shape)
        return super().predict(windows)

    def fall_back(self) -> bool:
        fell = self.device != "cpu"
        if fell:
            self.notices.append("on the CPU")
        self.device = "cpu"
        return fell


def image() -> ArrayReader:
    return ArrayReader(np.random.default_rng(3).integers(0, 256, (600, 500, 3), np.uint8))


def confidence(segmenter: BoxFilter) -> np.ndarray:
    reader = image()
    found = joined(reader.info.size.box, list(segment(reader, segmenter)))
    return found.confidence


@pytest.mark.parametrize(("most", "cuts"), [(200 * 200, 1), (128 * 128, 2)])
def test_smaller_pieces_give_the_same_answer_and_are_announced_once(most: int, cuts: int) -> None:
    small = Small(CARD, most)
    assert np.array_equal(confidence(small), confidence(BoxFilter(CARD)))
    assert len(small.notices) == cuts
    assert small.device == "cuda"


def test_where_pieces_do_not_help_the_cpu_gets_whole_windows() -> None:
    small = Small(CARD, 0)
    assert np.array_equal(confidence(small), confidence(BoxFilter(CARD)))
    assert small.notices[-1] == "on the CPU"
    assert len(small.notices) == 3
    assert small.seen[0][1:3] == (256, 256)


def test_no_memory_anywhere_is_an_error_that_says_so() -> None:
    with pytest.raises(ModelError, match="memory ran out"):
        confidence(Small(CARD, 0, 0))


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 700), st.integers(1, 700), st.sampled_from([1, 2, 4]))
def test_pieces_are_a_windows_core_with_its_halo_on_the_networks_strides(
    width: int, height: int, cuts: int
) -> None:
    size = Size(width, height)
    for window in windows(size, 256, 16):
        seen = np.zeros((window.core.height, window.core.width), int)
        for core, read in pieces(window, cuts, 16):
            seen[core.slices(window.core)] += 1
            assert all(value % STRIDE == 0 for value in read)
            assert core.grow(16).intersect(window.read) == core.grow(16).intersect(read)
            assert read.intersect(window.read) == read
        assert (seen == 1).all()


def test_doubt_is_put_together_as_well() -> None:
    box = Size(4, 2).box
    halves = [replace_box(box, x) for x in (0, 2)]
    whole = joined(box, halves)
    assert whole.margin is not None and whole.margin.tolist() == [[0, 0, 2, 2]] * 2
    assert whole.entropy is None


def replace_box(box: object, x: int) -> Prediction:
    part = Size(2, 2).box._replace(x0=x, x1=x + 2)
    plane = np.full((2, 2), x, np.uint8)
    return Prediction(part, plane, plane, margin=plane)


def test_the_context_reaches_pieces_too() -> None:
    given: list[object] = []

    class Knowing(Small):
        def survey(self, samples):
            return np.float32([sum(1 for _ in samples)])

        def predict(self, windows, context=None):
            found = super().predict(windows)
            given.append(context)
            return found

    list(segment(image(), Knowing(replace(CARD, tile=256), 200 * 200)))
    assert {tuple(each) for each in given} == {(6.0,)}
