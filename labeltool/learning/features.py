"""What a prediction says of a part of an image, in numbers that can be added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE
from labeltool.core.draw import connected_regions
from labeltool.learning.pool import Floats, Ints

Plane8 = NDArray[np.uint8]

DOUBTFUL = 128
"""Entropy, of 255, from which a pixel counts as doubtful: half of what it can be."""


@dataclass(frozen=True)
class Features:
    """By predicted class, int64 and float64 [c]: ``counts`` of pixels, ``doubtful`` ones of them, and the ``doubts`` of
    each plane, a pixel being worth 0..1. ``regions`` are the connected regions of objects, ``outline`` the doubtful
    pixels along outlines."""

    counts: Ints
    doubtful: Ints
    doubts: Mapping[str, Floats]
    regions: int
    outline: int

    def __add__(self, other: Features) -> Features:
        """Of two parts together; a region that lies in both counts twice."""
        doubts = {name: plane + other.doubts[name] for name, plane in self.doubts.items()}
        return Features(
            self.counts + other.counts,
            self.doubtful + other.doubtful,
            doubts,
            self.regions + other.regions,
            self.outline + other.outline,
        )

    @cached_property
    def pixels(self) -> int:
        """Of how many the model has spoken."""
        return int(self.counts.sum())

    @property
    def effort(self) -> Floats:
        """What :class:`~labeltool.learning.seconds.Seconds` predicts from, float64 [4]."""
        mass = float(self.doubts["entropy"].sum()) if "entropy" in self.doubts else 0.0
        return np.array([self.regions, self.outline, mass, self.pixels / 1e6])


def measured(
    label: Plane8, planes: Mapping[str, Plane8], values: Sequence[int], background: int | None
) -> Features:
    """The features of label and doubts, uint8 [h, w]. ``values`` are those of the c classes, ``background`` that of
    the background; other values in ``label`` count nowhere."""
    columns = np.full(256, len(values), np.int64)
    columns[list(values)] = np.arange(len(values))
    columns[IGNORE] = len(values)
    place = columns[label]

    def by_class(weights: Floats | None = None) -> NDArray[np.generic]:
        return np.bincount(place.ravel(), weights, minlength=len(values) + 1)[: len(values)]

    unsure = planes["entropy"] >= DOUBTFUL if "entropy" in planes else np.zeros(label.shape, bool)
    return Features(
        by_class().astype(np.int64),
        by_class(unsure.ravel().astype(np.float64)).astype(np.int64),
        {name: by_class(_doubt(name, plane).ravel()).astype(np.float64) for name, plane in planes.items()},
        sum(
            connected_regions(label == value)[0]
            for value in np.unique(label)
            if value not in (background, IGNORE)
        ),
        int(np.count_nonzero(_outline(label) & unsure)),
    )


def _doubt(name: str, plane: Plane8) -> Floats:
    """A plane as doubt, 0..1: of a margin the rest to 1, of BALD the square, for its root is what is kept."""
    share = plane.astype(np.float64) / 255
    return np.asarray(1 - share if name == "margin" else share**2 if name == "bald" else share, np.float64)


def _outline(label: Plane8) -> NDArray[np.bool_]:
    """The pixels next to one of another class, on its right or below, and these."""
    found = np.zeros(label.shape, bool)
    across, down = label[:, 1:] != label[:, :-1], label[1:] != label[:-1]
    found[:, 1:] |= across
    found[:, :-1] |= across
    found[1:] |= down
    found[:-1] |= down
    return found
