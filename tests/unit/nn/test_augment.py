"""Random variations of pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labeltool.inference.training_options import Augmentation
from labeltool.nn.training.augment import vary

NOTHING = Augmentation(brightness=0, contrast=0, gamma=0, invert=0, colour=0, shade=0, blur=0, noise=0)


def crop() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)


def test_no_variation_leaves_the_pixels() -> None:
    assert np.array_equal(vary(crop(), NOTHING, np.random.default_rng(1)), crop())


def test_inversion_turns_bright_into_dark() -> None:
    inverted = vary(crop(), replace(NOTHING, invert=1), np.random.default_rng(1))
    assert np.abs(255 - crop().astype(int) - inverted).max() <= 1


@pytest.mark.parametrize("what", ["brightness", "contrast", "gamma", "colour", "shade", "blur", "noise"])
def test_each_variation_changes_pixels_and_the_seed_decides_how(what: str) -> None:
    how = replace(NOTHING, **{what: 1.0})  # type: ignore[arg-type]
    first, again, other = (vary(crop(), how, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.shape == (32, 32, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other) and not np.array_equal(first, crop())


@pytest.mark.parametrize("channels", [1, 2, 4, 7])
def test_any_number_of_channels_is_varied(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, channels), np.uint8)
    everything = Augmentation(invert=0.5, colour=1, shade=1, blur=1, noise=1)
    for seed in range(8):
        varied = vary(pixels, everything, np.random.default_rng(seed))
        assert varied.shape == pixels.shape and varied.dtype == np.uint8
        assert not np.array_equal(varied, pixels)
    assert np.array_equal(vary(pixels, NOTHING, np.random.default_rng(1)), pixels)
