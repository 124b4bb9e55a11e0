"""The gate that every patch passes: what is locked or protected stays as it is, whoever wants to change it.

A locked class is frozen as a set of pixels: none leaves it and none enters it. The other rules say where painting
counts; they hold for what is done, not for taking it back, or one's own last stroke could not be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

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
        bounds = patch.box(mask.size)
        deltas: dict[Place, TileDelta] = {}
        for index in sorted(patch.touched):
            part = bounds.intersect(tile_box(index, mask.size))
            kept = self._protected(mask, patch, index, part)
            deltas.update(_without(mask, patch, index, part, kept))
        return replace(patch, deltas=deltas)

    def violated(self, mask: LabelMask, patch: Patch) -> int | None:
        """The locked class whose pixels a patch would change, or None. This alone decides about undo and redo."""
        if not self.locked:
            return None
        for index in sorted(patch.touched):
            changed = _changed(mask, patch, index)
            for label in (_label_before(mask, index), _label_after(mask, patch, index)):
                hit = label[changed & self._frozen[label]]
                if hit.size:
                    return int(hit[0])
        return None

    @cached_property
    def _frozen(self) -> Bools:
        """By class value: whether the class is locked."""
        return _table(self.locked)

    @cached_property
    def _kept_label(self) -> Bools:
        """By class value: whether a pixel that holds it now stays."""
        return self._frozen if self.only_over is None else self._frozen | ~_table(self.only_over)

    @cached_property
    def _kept_origin(self) -> Bools:
        """By origin: whether a pixel that has it now stays."""
        kept = _table(TRUTH if self.keep_truth else ())
        if self.only_unlabelled:
            kept = kept | ~_table((Origin.NOBODY,))
        return kept if self.only_over is None else kept | _table((Origin.NOBODY,))

    def _protected(self, mask: LabelMask, patch: Patch, index: TileIndex, part: Box) -> Bools:
        """What stays as it is: bool of the part's shape, or [1, 1] where all its pixels are alike."""
        at = part.slices(tile_box(index, mask.size))
        origin = mask.planes["origin"].tile(index).astype(np.uint8, copy=False)
        planes = [_label_before(mask, index)[at], _label_after(mask, patch, index)[at], origin[at]]
        if self.between is None and all(plane.strides == (0, 0) for plane in planes):
            planes = [plane[:1, :1] for plane in planes]
        before, after, origin = planes
        kept: Bools = self._kept_label[before] | self._frozen[after]
        if self._kept_origin.any():
            kept |= self._kept_origin[origin]
        if self.between is not None and self.grey is not None:
            grey = self.grey(part)
            kept |= (grey < self.between[0]) | (grey > self.between[1])
        return kept


OPEN = Guard()


def _table(values: Iterable[int]) -> Bools:
    """True at these values of 0..255."""
    table = np.zeros(256, bool)
    table[list(values)] = True
    return table


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


def _without(
    mask: LabelMask, patch: Patch, index: TileIndex, part: Box, kept: Bools
) -> dict[Place, TileDelta]:
    """A patch's deltas of one tile, less the pixels of ``part`` that are kept."""
    names: tuple[PlaneName, ...] = ("label", "object", "origin")
    mine = {(name, index): patch.deltas[name, index] for name in names if (name, index) in patch.deltas}
    if not kept.any():
        return mine
    if kept.all():
        return {}
    at = part.slices(tile_box(index, mask.size))
    found: dict[Place, TileDelta] = {}
    for (name, _), delta in mine.items():
        plane = mask.planes[name]
        new = np.array(plane.empty_tile(index) if delta.after is None else delta.after)
        np.copyto(new[at], plane.tile(index)[at], where=kept)
        less = replace_tile(plane, index, new)
        if less is not None:
            found[name, index] = less
    return found
