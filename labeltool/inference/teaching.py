"""The protocol of a network that can be taught on one image by what is painted on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from labeltool.core.geometry import Box
from labeltool.imaging.reader import Reader
from labeltool.inference.card import ModelCard
from labeltool.inference.segmenter import Plane8, Prediction

GROUP = "labeltool.teachable"
"""The entry points of what loads a model as a :class:`Teachable`, by the name of the card's ``segmenter``."""


class Painted(NamedTuple):
    """What is known of a part of an image: ``label`` uint8 [box.height, box.width], the class values of the model's
    card, 255 where nothing is known."""

    box: Box
    label: Plane8


class Teachable(Protocol):
    """A loaded network that keeps what it sees of one image at a time. ``device`` is "cpu" or "cuda"."""

    card: ModelCard
    device: str
    engine: str

    def look(self, reader: Reader, box: Box, wanted: Wanted) -> Box | None:
        """See all that lies in a box, and maybe more: gives the box that is answered for. It takes the time of a
        pre-label; None where it is not ``wanted`` any more, which is asked between windows. What was seen before is
        forgotten. Raises what reading raises, and MemoryError."""
        ...

    def taught(self, painted: Sequence[Painted]) -> Prediction:
        """What the network says of the box it looked at once it has been taught all of ``painted``, and nothing else;
        of nothing painted, what it says by itself."""
        ...


class Wanted(Protocol):
    """Whether somebody still wants what is worked on."""

    def __call__(self) -> bool:
        """False as soon as nobody does."""
        ...


Loader = Any
"""``load(folder, how)`` of an entry point: a Path and an :class:`~labeltool.inference.options.InferenceOptions` to a
Teachable; ModelError says why it cannot be."""
