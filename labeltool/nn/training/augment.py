"""Random variations of a crop's pixels; geometry is the sampler's."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.imaging.reader import Pixels
from labeltool.inference.training_options import Augmentation


def vary(pixels: Pixels, how: Augmentation, rng: np.random.Generator) -> Pixels:
    """Other stain, light, contrast, sharpness and noise; uint8 [side, side, channels] in and out.

    What mixes colours is left out where there are not three channels.
    """
    side, _, channels = pixels.shape
    varied: NDArray[Any] = pixels
    if rng.random() < how.colour and channels == 3:
        varied = cv2.transform(varied, _colour_mix(rng))
    if rng.random() < how.shade:
        varied = np.clip(varied * _tint(side, channels, rng), 0, 255).astype(np.uint8)
    varied = cv2.LUT(varied, _tones(how, channels, rng))
    if rng.random() < how.blur:
        varied = cv2.GaussianBlur(varied, (0, 0), rng.uniform(0.4, 1.5))
    varied = varied.reshape(pixels.shape)  # OpenCV drops the axis of a single channel
    if rng.random() < how.noise:
        noise = rng.standard_normal(varied.shape, np.float32) * np.float32(rng.uniform(2, 15))
        varied = np.clip(varied + noise, 0, 255)
    return varied.astype(np.uint8, copy=False)


def _colour_mix(rng: np.random.Generator) -> NDArray[np.float64]:
    """Channel matrix: saturation from grey to strong, and sometimes the channels in another order."""
    saturation = rng.uniform(0, 1.5) if rng.random() < 0.7 else 0.0
    order = rng.permutation(3) if rng.random() < 0.2 else np.arange(3)
    mix: NDArray[np.float64] = saturation * np.eye(3)[order] + (1 - saturation) / 3
    return mix


def _tint(side: int, channels: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A factor for each value, float32 [side, side, channels]: smooth as uneven light, or patches as of tissue."""
    cells = int(rng.integers(2, 7))
    if rng.random() < 0.5:
        light = rng.normal(0, 0.2, (cells, cells, 1)) + rng.normal(0, 0.2, (cells, cells, channels))
        return np.exp(_enlarged(light, side))
    steepness, threshold = rng.uniform(4, 40), rng.uniform(-0.5, 1)
    field = _enlarged(rng.normal(0, 1, (cells, cells, 1)), side)
    inside = 1 / (1 + np.exp(np.clip(steepness * (threshold - field), -30, 30)))
    return np.asarray(np.exp(inside * rng.normal(-0.3, 0.4, channels)), np.float32)


def _enlarged(coarse: NDArray[np.float64], side: int) -> NDArray[np.float32]:
    enlarged = cv2.resize(coarse.astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(enlarged, np.float32).reshape(side, side, coarse.shape[2])


def _tones(how: Augmentation, channels: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """One tone curve for each channel: uint8 [1, 256, channels] for cv2.LUT."""
    value = np.linspace(0, 1, 256)
    if rng.random() < how.invert:
        value = 1 - value
    value = value ** np.exp(rng.normal(0, how.gamma))
    own = (
        rng.normal(0, 0.3, channels) if rng.random() < 0.5 else np.zeros(channels)
    )  # beside the common change
    contrast = np.exp(rng.normal(0, how.contrast) + how.contrast * own)
    brightness = rng.normal(0, how.brightness) + how.brightness * own
    curves = (value[:, None] - 0.5) * contrast + 0.5 + brightness
    return np.asarray(np.round(np.clip(curves, 0, 1) * 255), np.uint8)[None]
