"""What small pictures say of images where no network has looked at them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.learning.pool import Vectors

Picture = NDArray[np.uint8]
"""uint8 [h, w, 3]."""

_SIDE = 16
_BINS = 16
_FLAT = 1e-3
"""Mean slope, of black to white, below which a picture shows nothing."""


def fingerprint(picture: Picture) -> Vectors:
    """What a picture shows and where, float32 [k]: its slopes at 16 x 16 pixels at length 1, as difference hashes have
    their signs, and its mean colour. Near for copies that were scaled, compressed or brightened a little."""
    small = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    grey = small.mean(2)
    slopes = np.concatenate([np.diff(grey, axis=0).ravel(), np.diff(grey, axis=1).ravel()])
    length = float(np.linalg.norm(slopes))
    flat = length < _FLAT * len(slopes) ** 0.5
    slopes = np.zeros_like(slopes) if flat else slopes / length
    return np.concatenate([slopes, small.mean((0, 1))]).astype(np.float32)


def appearance(picture: Picture) -> Vectors:
    """What kind of picture it is, wherever things lie in it, float32 [k]: its histogram of brightness, its mean colour
    and contrast, and how rough it is at three scales, each about 0..1."""
    values = picture.astype(np.float32) / 255
    grey = values.mean(2)
    histogram = np.histogram(grey, _BINS, (0, 1))[0] / grey.size
    rough = []
    for side in (64, 32, 16):
        small = cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA)
        rough.append(np.abs(np.diff(small, axis=0)).mean() + np.abs(np.diff(small, axis=1)).mean())
    colour = values.mean((0, 1))
    return np.concatenate([histogram, colour, [2 * grey.std()], 4 * np.array(rough)]).astype(np.float32)
