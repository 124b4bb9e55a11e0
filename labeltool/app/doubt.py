"""Where a model is in doubt and nobody has looked yet: the spots of an image, and how much of its doubt is resolved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeltool.app.provenance import verified
from labeltool.core import spots as core
from labeltool.core.catalog import IGNORE
from labeltool.core.geometry import Box, TileIndex
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken
from labeltool.core.project import ImageRecord
from labeltool.core.shape import Bools
from labeltool.core.spots import MOST_DOUBT, Mass, Spot, sure_from
from labeltool.store.predictions import PredictionPlanes


@dataclass(frozen=True)
class Doubt:
    """The doubt of a prediction of an image, and what of it people have verified in a mask of that image."""

    prediction: PredictionPlanes
    mask: LabelMask
    record: ImageRecord

    @property
    def by_confidence(self) -> bool:
        """True where the prediction has no entropy: then what its confidence lacks to certainty stands in for it."""
        return self.prediction.entropy is None

    def read(self, box: Box) -> NDArray[np.uint8]:
        """How unsure the model is of each pixel, 0..255; 0 where it has said nothing."""
        if self.prediction.entropy is not None:
            return self.prediction.entropy.read(box).astype(np.uint8, copy=False)
        confidence = self.prediction.confidence.read(box).astype(np.uint8, copy=False)
        return np.where(self._spoken(box), MOST_DOUBT - confidence, 0).astype(np.uint8)

    def spots(self, below: float, cancel: CancelToken | None = None) -> list[Spot]:
        """Where the model is less sure than ``below`` (0..1) and nobody has verified what is there, most doubt first.
        Where that is goes by confidence, as it is shown; how much it is by :meth:`read`."""
        limit = sure_from(below)

        def where(box: Box) -> Bools:
            unsure = self.prediction.confidence.read(box).astype(np.uint8, copy=False) < limit
            return unsure & self._spoken(box) & ~self._verified(box)

        return core.spots(self.read, where, self.mask.size, cancel)

    def masses(
        self, indices: Iterable[TileIndex] | None = None, cancel: CancelToken | None = None
    ) -> dict[TileIndex, Mass]:
        """How much doubt there is tile by tile, or in some tiles, and how much of it is verified."""
        return core.masses(self.read, self._verified, self.mask.size, indices, cancel)

    def _spoken(self, box: Box) -> Bools:
        spoken: Bools = self.prediction.label.read(box) != IGNORE
        return spoken

    def _verified(self, box: Box) -> Bools:
        return verified(self.mask, box, self.record)
