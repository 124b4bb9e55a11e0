"""Contrast for the eye. Nothing here changes an image, and no model sees the outcome."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.imaging.reader import Pixels

Lut = NDArray[np.uint8]
"""uint8 [256]: what each value is shown as."""

_SAMPLE = 1_000_000


def identity() -> Lut:
    """Show every value as it is."""
    return np.arange(256, dtype=np.uint8)


def percentile_stretch(pixels: Pixels, low: float = 0.5, high: float = 99.8) -> Lut:
    """The table that shows the percentile ``low`` of all values as 0 and ``high`` as 255.

    One table for the three channels, so that hues stay. An image of one value is shown as it is.
    """
    step = max(1, int(np.sqrt(pixels.size / _SAMPLE)))
    counts = np.bincount(pixels[::step, ::step].ravel(), minlength=256)
    share = np.cumsum(counts) / max(1, counts.sum()) * 100
    first, last = int(np.searchsorted(share, low)), int(np.searchsorted(share, high))
    if last <= first:
        return identity()
    scaled = (np.arange(256) - first) * (255.0 / (last - first))
    return np.asarray(np.clip(np.rint(scaled), 0, 255), np.uint8)


def apply(lut: Lut, pixels: Pixels) -> Pixels:
    """A new array in which every value is looked up."""
    return np.asarray(cv2.LUT(pixels, lut), np.uint8)


@dataclass(frozen=True)
class Tone:
    """How the image is shown: ``brightness`` and ``contrast`` -100..100, ``gamma`` 0.2..5; all neutral at first."""

    brightness: int = 0
    contrast: int = 0
    gamma: float = 1.0


NEUTRAL = Tone()


def tone_curve(tone: Tone) -> Lut:
    """The table of a tone: gamma, then contrast about middle grey, then brightness; never falls."""
    values = (np.arange(256) / 255) ** (1 / tone.gamma)
    slope = np.tan(np.pi / 4 * (1 + tone.contrast / 101))
    shown = (values - 0.5) * slope + 0.5 + tone.brightness / 100
    return np.asarray(np.clip(np.rint(255 * shown), 0, 255), np.uint8)


def after(first: Lut, then: Lut) -> Lut:
    """One table that does the work of two."""
    return np.asarray(then[first], np.uint8)
