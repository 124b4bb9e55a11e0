"""What a strategy chooses from, and what it chooses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Vectors = NDArray[np.float32]

NO_VECTORS: Vectors = np.zeros((0, 0), np.float32)


@dataclass(frozen=True)
class Pool:
    """n candidates, whole images or regions of them (``place`` is what people call one), and c classes (``names``).

    By the class that the model predicts, of each candidate: ``counts`` int64 [n, c] pixels, ``doubtful`` int64 [n, c]
    those of them that it is unsure of, and for each plane of ``doubts`` the doubt over them, float64 [n, c], where a
    pixel is worth 0..1. ``background`` is the column of the class background, None without one. ``embeddings``
    float32 [n, d] and ``labelled`` [m, d] are of the candidates' images and of those that are labelled already.
    ``costs`` float64 [n], above 0, is what labelling one costs: seconds, or its pixels where nobody counts seconds.
    What nobody needs may be left out.
    """

    costs: Floats
    names: tuple[str, ...] = ()
    background: int | None = None
    counts: Ints = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    doubtful: Ints = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    doubts: Mapping[str, Floats] = field(default_factory=dict)
    embeddings: Vectors = field(default_factory=lambda: NO_VECTORS)
    labelled: Vectors = field(default_factory=lambda: NO_VECTORS)
    place: str = "image"

    def __len__(self) -> int:
        return len(self.costs)

    @property
    def foreground(self) -> Floats:
        """The share of each candidate's pixels that the model takes for an object: float64 [n]."""
        pixels = self.counts.sum(1)
        objects = pixels if self.background is None else pixels - self.counts[:, self.background]
        return np.asarray(objects / np.maximum(pixels, 1), np.float64)

    def unsure(self, index: int, column: int) -> str:
        """Of which class the model is unsure in a candidate, and over how much of it."""
        share = self.doubtful[index, column] / max(int(self.counts[index].sum()), 1)
        said = f"{100 * share:.1f} %" if share >= 0.001 else "less than 0.1 %"
        return f"unsure about class {self.names[column]} over {said} of the {self.place}"


class Pick(NamedTuple):
    """The ``number`` of a candidate, how much a strategy thinks of it (comparable within one queue), and why."""

    number: int
    score: float
    why: str


class Strategy(Protocol):
    """A way to choose. What is a number in one is a field of it, so that it can be made with another."""

    @property
    def title(self) -> str:
        """What people call it."""
        ...

    @property
    def help(self) -> str:
        """When to take it, as the rest of a sentence."""
        ...

    @property
    def predictions(self) -> bool:
        """Whether a model must have looked at the candidates."""
        ...

    @property
    def doubts(self) -> tuple[str, ...]:
        """The planes of doubt that it must have left."""
        ...

    @property
    def embeddings(self) -> bool:
        """Whether it looks at embeddings."""
        ...

    def choose(self, pool: Pool, count: int, rng: np.random.Generator) -> Iterator[Pick]:
        """All candidates, each once, the one to be labelled first in front; ``count`` of them are wanted. The same pool
        and draws give the same order."""
        ...
