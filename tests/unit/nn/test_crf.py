"""The conditional random field against a mean field over all pairs of pixels, and the laws it obeys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import ModelError
from labeltool.inference.card import ModelCard
from labeltool.nn.crf import CRF, CrfSettings
from labeltool.nn.pipeline import Pipeline

from .conftest import CARD

Planes = NDArray[np.float64]


def brute_force(logits: Planes, image: Planes, how: CrfSettings) -> Planes:
    """The fully connected mean field of the formulas, over a matrix of all pairs of pixels: [k, h, w]."""
    classes, height, width = logits.shape
    place = np.stack(np.mgrid[:height, :width], -1).reshape(-1, 2).astype(np.float64)
    apart = place[:, None] - place[None]
    distance = (apart**2).sum(-1)
    colours = image.reshape(len(image), -1).T
    colour = 3 * ((colours[:, None] - colours[None]) ** 2).mean(-1)
    bilateral = np.exp(-distance / (2 * how.reach**2) - colour / (2 * how.contrast**2))
    smoothness = np.exp(-distance / (2 * how.smoothing**2))
    pairs = np.zeros_like(distance)
    for weight, kernel in ((how.bilateral_weight, bilateral), (how.smoothness_weight, smoothness)):
        near = np.where(np.abs(apart).max(-1) <= how.window // 2, kernel, 0)
        count = near.sum(1)
        pairs += weight * near / np.sqrt(count[:, None] * count[None])
    np.fill_diagonal(pairs, 0)
    unary = np.log(softmax(logits.reshape(classes, -1).T))
    shares = np.exp(unary)
    for _ in range(int(how.iterations)):
        shares = softmax(unary + pairs @ shares)
    return shares.T.reshape(logits.shape)


def softmax(values: Planes) -> Planes:
    raised = np.exp(values - values.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True))


def field(logits: NDArray[np.floating], image: NDArray[np.generic], how: CrfSettings) -> Planes:
    return CRF(how)(torch.tensor(logits[None]), torch.tensor(image[None]))[0].numpy().astype(np.float64)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_window_over_all_of_the_image_is_the_fully_connected_field(channels: int) -> None:
    rng = np.random.default_rng(channels)
    logits = rng.normal(0, 2, (3, 32, 32))
    image = rng.integers(0, 256, (channels, 32, 32)).astype(np.float64)
    how = CrfSettings(window=63, iterations=10, contrast=60)
    assert np.abs(field(logits, image, how) - brute_force(logits, image, how)).max() < 1e-5


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 10_000),
    classes=st.integers(1, 5),
    size=st.tuples(st.integers(1, 14), st.integers(1, 14)),
    radius=st.integers(1, 16),
    iterations=st.integers(1, 4),
)
def test_any_window_is_the_field_of_the_pixels_within_it(
    seed: int, classes: int, size: tuple[int, int], radius: int, iterations: int
) -> None:
    rng = np.random.default_rng(seed)
    logits, image = rng.normal(0, 3, (classes, *size)), rng.integers(0, 256, (3, *size)).astype(np.float64)
    how = CrfSettings(2 * radius + 1, iterations, *rng.uniform([0, 1, 5, 0, 1], [6, 40, 90, 6, 9]).tolist())
    found = field(logits, image, how)
    assert np.abs(found - brute_force(logits, image, how)).max() < 1e-5
    assert np.abs(found.sum(0) - 1).max() < 1e-5 and found.min() >= 0


def stripe() -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Two halves, dark and bright, and logits that say so weakly."""
    image = np.full((3, 32, 32), 60, np.uint8)
    image[:, :, 16:] = 190
    logits = np.where(np.arange(32) < 16, 1.0, -1.0) * np.ones((32, 1))
    return np.stack([logits, -logits]).astype(np.float32), image


def test_wrong_pixels_are_set_right_and_the_edge_stays() -> None:
    logits, image = stripe()
    truth = logits.argmax(0)
    wrong = np.random.default_rng(0).random((32, 32)) < 0.1
    noisy = np.where(wrong, -logits, logits)
    assert (noisy.argmax(0) != truth).sum() == wrong.sum() > 50
    assert np.array_equal(field(noisy, image, CrfSettings()).argmax(0), truth)


def test_labels_that_reach_beyond_an_edge_are_drawn_back_to_it() -> None:
    logits, image = stripe()
    shifted = np.roll(logits, 2, axis=2)
    shifted[:, :, :2] = logits[:, :, :2]
    assert (shifted.argmax(0) != logits.argmax(0)).sum() == 64
    drawn = field(
        shifted, image, CrfSettings(window=15, bilateral_weight=8, smoothness_weight=0.5, iterations=10)
    )
    assert (drawn.argmax(0) != logits.argmax(0)).sum() == 0


def test_in_an_even_image_colour_adds_nothing_to_place() -> None:
    """The bilateral kernel is then a smoothness kernel of its reach: which of the two it is called changes nothing."""
    logits = np.random.default_rng(1).normal(0, 1, (2, 20, 20))
    grey = np.full((3, 20, 20), 77.0)
    one = CrfSettings(bilateral_weight=3, reach=4, smoothness_weight=0, smoothing=1)
    other = CrfSettings(bilateral_weight=0, reach=1, smoothness_weight=3, smoothing=4)
    assert np.allclose(field(logits, grey, one), field(logits, grey, other), atol=1e-6)
    assert np.array_equal(field(logits, grey, one), field(logits, grey + 100, one))
    edged = grey.copy()
    edged[:, :, 10:] += 100
    assert not np.allclose(field(logits, edged, one), field(logits, grey, one), atol=1e-2)


def test_without_weights_nothing_changes() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 1, (4, 12, 9))
    how = CrfSettings(bilateral_weight=0, smoothness_weight=0)
    expected = softmax(logits.reshape(4, -1).T).T.reshape(logits.shape)
    assert np.allclose(field(logits, rng.integers(0, 256, (3, 12, 9)), how), expected, atol=1e-6)


def test_probabilities_may_be_given_as_their_logarithms() -> None:
    rng = np.random.default_rng(3)
    logits, image = rng.normal(0, 1, (3, 16, 16)), rng.integers(0, 256, (3, 16, 16))
    logarithms = np.log(softmax(logits.reshape(3, -1).T)).T.reshape(logits.shape)
    assert np.allclose(
        field(logits, image, CrfSettings()), field(logarithms, image, CrfSettings()), atol=1e-6
    )


def test_images_of_a_batch_do_not_see_each_other() -> None:
    rng = np.random.default_rng(4)
    logits, image = (
        torch.tensor(rng.normal(0, 1, (3, 2, 16, 16))),
        torch.tensor(rng.integers(0, 256, (3, 3, 16, 16))),
    )
    together = CRF(CrfSettings())(logits, image)
    for number in range(3):
        alone = CRF(CrfSettings())(logits[number, None], image[number, None])[0]
        assert torch.allclose(alone, together[number], atol=1e-6)


@pytest.mark.slow
def test_a_field_can_be_exported_and_takes_any_size_then() -> None:
    """What is exported is made of slices, products and sums."""

    def inputs(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        rng = torch.Generator().manual_seed(height)
        return torch.randn(1, 3, height, width, generator=rng), 255 * torch.rand(
            1, 3, height, width, generator=rng
        )

    crf = CRF(CrfSettings(window=3, iterations=2))
    sides = {2: torch.export.Dim("h", min=8, max=512), 3: torch.export.Dim("w", min=8, max=512)}
    program = torch.export.export(crf, inputs(32, 32), dynamic_shapes=(sides, sides)).module()
    other = inputs(24, 40)
    assert torch.allclose(program(*other), crf(*other), atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"window": 10}, "window of 10"),
        ({"window": 1}, "window of 1"),
        ({"iterations": 0}, "0 iterations"),
        ({"reach": 0}, "above 0"),
        ({"bilateral_weight": -1}, "below 0"),
    ],
)
def test_settings_that_make_no_field_are_refused(changes: dict[str, float], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        CrfSettings(**changes)


def test_a_card_asks_for_its_field_and_confidence_stays_a_probability() -> None:
    """The pipeline runs it on the file's own grey levels; a network that knows nothing learns nothing from it."""

    class Half(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.segmentation_head = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1))
            torch.nn.init.zeros_(self.segmentation_head[0].weight)
            self.segmentation_head[0].bias.data = torch.tensor([2.0, 0.0])

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            return self.segmentation_head(pixels)

    card: ModelCard = replace(
        CARD, catalog=ClassCatalog.from_names(["disc"]), crf={"window": 5, "iterations": 3}
    )
    windows = torch.randint(0, 256, (1, 32, 32, 3), dtype=torch.uint8)
    plain = Pipeline(replace(card, crf=None), Half()).probabilities(windows)
    drawn = Pipeline(card, Half()).probabilities(windows)
    logits = torch.tensor([2.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, 32, 32)
    expected = CRF(CrfSettings(window=5, iterations=3))(logits, windows.permute(0, 3, 1, 2))
    assert torch.allclose(drawn, expected, atol=1e-5)
    assert drawn[:, 0].min() > plain[:, 0].max()
