"""The gate that every patch passes: what is locked or protected stays as it is, whoever wants to change it.

A locked class is frozen as a set of pixels: none leaves it and none enters it. The other rules say where painting
counts; they hold for what is done, not for taking it back, or one's own last stroke could not be undone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box, TileIndex, tile_box
from labeltool.core.mask import LabelMask, PlaneName
from labeltool.core.patch import Patch, Place, TileDelta, replace_tile
from labeltool.core.provenance import TRUTH, Origin

Bools = NDArray[np.bool_]
Grey = Callable[[Box], NDArray[np.uint8]]
"""Brightness of the image's pixels in a box, uint8 [h, w]."""


@dataclass(frozen=True)
class Guard:
    """What patches may change.

    ``locked`` are class values. ``only_over`` are the class values that may be painted over (None: any).
    ``only_unlabelled`` allows only pixels nobody has labelled, ``keep_truth`` leaves what a human, an import or a
    reviewer has set. ``between`` allows only pixels whose brightness, asked of ``grey``, lies in a..b, both included.
    """

    locked: frozenset[int] = frozenset()
    only_over: frozenset[int] | None = None
    only_unlabelled: bool = False
    keep_truth: bool = False
    between: tuple[int, int] | None = None
    grey: Grey | None = None

    @property
    def is_open(self) -> bool:
        """True when nothing is protected."""
        return self == OPEN or replace(self, grey=None) == OPEN

    def admit(self, mask: LabelMask, patch: Patch) -> Patch:
        """The part of a patch, made against ``mask`` as it is now, that is allowed."""
        if self.is_open or not patch:
            return patch
        deltas: dict[Place, TileDelta] = {}
        for index in sorted(patch.touched):
            kept = self._protected(mask, patch, index)
            deltas.update(_without(mask, patch, index, kept))
        return replace(patch, deltas=deltas)

    def violated(self, mask: LabelMask, patch: Patch) -> int | None:
        """The locked class whose pixels a patch would change, or None. This alone decides about undo and redo."""
        if not self.locked:
            return None
        for index in sorted(patch.touched):
            before, after = _label_before(mask, index), _label_after(mask, patch, index)
            for value in sorted(self.locked):
                if (((before == value) | (after == value)) & _changed(mask, patch, index)).any():
                    return value
        return None

    def _protected(self, mask: LabelMask, patch: Patch, index: TileIndex) -> Bools:
        label, after = _label_before(mask, index), _label_after(mask, patch, index)
        kept = np.zeros(label.shape, bool)
        if self.locked:
            locked = np.zeros(256, bool)
            locked[list(self.locked)] = True
            kept |= locked[label] | locked[after]
        origin = mask.planes["origin"].tile(index)
        if self.only_over is not None:
            kept |= ~np.isin(label, list(self.only_over)) | (origin == Origin.NOBODY)
        if self.only_unlabelled:
            kept |= origin != Origin.NOBODY
        if self.keep_truth:
            kept |= np.isin(origin, TRUTH)
        if self.between is not None and self.grey is not None:
            grey = self.grey(tile_box(index, mask.size))
            kept |= (grey < self.between[0]) | (grey > self.between[1])
        return kept


OPEN = Guard()


def _label_before(mask: LabelMask, index: TileIndex) -> NDArray[np.uint8]:
    return mask.planes["label"].tile(index).astype(np.uint8, copy=False)


def _label_after(mask: LabelMask, patch: Patch, index: TileIndex) -> NDArray[np.uint8]:
    plane = mask.planes["label"]
    delta = patch.deltas.get(("label", index))
    if delta is None:
        return _label_before(mask, index)
    after = plane.empty_tile(index) if delta.after is None else delta.after
    return after.astype(np.uint8, copy=False)


def _changed(mask: LabelMask, patch: Patch, index: TileIndex) -> Bools:
    box = tile_box(index, mask.size)
    changed = np.zeros((box.height, box.width), bool)
    for name, plane in mask.planes.items():
        delta = patch.deltas.get((name, index))
        if delta is not None:
            after = plane.empty_tile(index) if delta.after is None else delta.after
            changed |= plane.tile(index) != after
    return changed


def _without(mask: LabelMask, patch: Patch, index: TileIndex, kept: Bools) -> dict[Place, TileDelta]:
    names: tuple[PlaneName, ...] = ("label", "object", "origin")
    mine = {(n, index): patch.deltas[n, index] for n in names if (n, index) in patch.deltas}
    if not kept.any():
        return {**mine}
    found: dict[Place, TileDelta] = {}
    if kept.all():
        return found
    for (name, _), delta in mine.items():
        plane = mask.planes[name]
        after = plane.empty_tile(index) if delta.after is None else delta.after
        new = replace_tile(plane, index, np.where(kept, plane.tile(index), after))
        if new is not None:
            found[name, index] = new
    return found
