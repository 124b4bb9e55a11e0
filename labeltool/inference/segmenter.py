"""The protocol every network is run through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE
from labeltool.core.geometry import Box
from labeltool.inference.card import ModelCard

Plane8 = NDArray[np.uint8]

Context = NDArray[np.float32]
"""What a network with image-wide pooling knows of the whole image: float32 [k], the averages of its deepest cells."""

Embedding = NDArray[np.float32]
"""What a network makes of an image as a whole: float32 [k], the mean of its encoder's deepest features."""


class Answer(NamedTuple):
    """What a network says of windows: planes uint8 [n, h, w].

    ``label`` holds class values of the model's card, ``confidence`` the probability of that class, 0..255. On request
    ``margin`` is by how much that probability is ahead of the next, and ``entropy`` the entropy of all classes'
    probabilities over its largest possible value, both 0..255; else None. ``bald`` is how far the network's answers
    differ while its dropout is on (the mutual information over its largest possible value); it is small nearly
    everywhere, so what is kept is its square root, 0..255.
    """

    label: Plane8
    confidence: Plane8
    margin: Plane8 | None = None
    entropy: Plane8 | None = None
    bald: Plane8 | None = None

    def part(self, number: int, box: Box, inside: tuple[slice, slice]) -> Prediction:
        """Of window ``number`` what lies ``inside``, the rows and columns of the window that are ``box``."""
        return Prediction(
            box,
            self.label[number][inside],
            self.confidence[number][inside],
            None if self.margin is None else self.margin[number][inside],
            None if self.entropy is None else self.entropy[number][inside],
            None if self.bald is None else self.bald[number][inside],
        )


class Prediction(NamedTuple):
    """What a model says of the pixels of ``box``: the planes of an :class:`Answer`, each [box.height, box.width]."""

    box: Box
    label: Plane8
    confidence: Plane8
    margin: Plane8 | None = None
    entropy: Plane8 | None = None
    bald: Plane8 | None = None

    @classmethod
    def nothing(cls, box: Box) -> Prediction:
        """Of pixels that hold no data: ignore, with no confidence. Takes the memory of two pixels."""
        label, confidence = (np.broadcast_to(np.uint8(v), (box.height, box.width)) for v in (IGNORE, 0))
        return cls(box, label, confidence)

    @property
    def is_nothing(self) -> bool:
        """True of what :meth:`nothing` gives."""
        return self.label.size > 1 and self.label.strides == (0, 0) and int(self.label[0, 0]) == IGNORE

    @property
    def planes(self) -> dict[str, Plane8]:
        """The planes that are there, by name."""
        return {name: plane for name, plane in self._asdict().items() if name != "box" and plane is not None}


class Segmenter(Protocol):
    """A loaded network on a device.

    ``card`` says classes, tile side and halo in pixels of the image; preprocessing, rescaling and the device
    stay inside. ``device`` is "cpu" or "cuda", ``engine`` names what runs the network ("torch 2.13.0", "openvino
    2026.4 bf16"), ``batch`` is how many windows are best given at once. ``notices`` are sentences for the user about
    what had to be done otherwise, such as a smaller batch where memory ran out; whoever shows them takes them off the
    list.
    """

    card: ModelCard
    device: str
    engine: str
    batch: int
    notices: list[str]

    def predict(self, windows: NDArray[np.uint8], context: Context | None = None) -> Answer:
        """The answer to uint8 windows [n, h, w, channels] at image resolution, with the context of their image. Its
        arrays are the caller's to keep.

        MemoryError where not even one of them alone fits the device; the caller tries smaller ones, then
        :meth:`fall_back`.
        """
        ...

    def survey(self, samples: Iterable[NDArray[np.uint8]]) -> Context | None:
        """The context of an image of which ``samples`` are windows, uint8 [h, w, channels] each and all of one size;
        None, and no sample is looked at, for a network that needs none."""
        ...

    def embed(self, samples: Iterable[NDArray[np.uint8]]) -> Embedding:
        """The embedding of an image of which ``samples`` are windows, as for :meth:`survey`. MemoryError as
        :meth:`predict`."""
        ...

    def fall_back(self) -> bool:
        """Go on on the CPU from now on, and say so in ``notices``; False where it runs there already."""
        ...


Loader = Any
"""``load(folder, how)`` of the entry point group labeltool.segmenters: a Path and an
:class:`~labeltool.inference.options.InferenceOptions` to a Segmenter; ModelError says why it cannot be."""
