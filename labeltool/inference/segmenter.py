"""The protocol every network is run through."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box
from labeltool.inference.card import ModelCard

Plane8 = NDArray[np.uint8]


class Prediction(NamedTuple):
    """What a model says of the pixels of ``box``, both planes uint8 [box.height, box.width].

    ``label`` holds class values of the model's card, ``confidence`` the probability of that class, 0..255.
    """

    box: Box
    label: Plane8
    confidence: Plane8


class Segmenter(Protocol):
    """A loaded network on a device.

    ``card`` says classes, tile side and halo in pixels of the image; preprocessing, rescaling and the device
    stay inside. ``device`` is "cpu" or "cuda", ``engine`` names what runs the network ("torch 2.13.0").
    """

    card: ModelCard
    device: str
    engine: str

    def predict(self, windows: NDArray[np.uint8]) -> tuple[Plane8, Plane8]:
        """Class values and confidence, uint8 [n, h, w], of uint8 RGB windows [n, h, w, 3] at image resolution."""
        ...
