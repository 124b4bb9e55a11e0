"""The gate that every patch passes: what is locked or protected stays as it is, whoever wants to change it.

A locked class is frozen as a set of pixels: none leaves it and none enters it. The other rules say where painting
counts. They judge a pixel as it was before the stroke, so that a stroke may paint over itself; and they hold for what
is done, not for taking it back, or one's own last stroke could not be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box, TileIndex, tile_box
from labeltool.core.mask import LabelMask, Tile
from labeltool.core.patch import Patch, Place, TileDelta, empty_patch, gathered, replace_tile, tile_after
from labeltool.core.provenance import TRUTH, Origin

Bools = NDArray[np.bool_]
Grey = Callable[[Box], NDArray[np.uint8]]
"""Brightness of the image's pixels in a box, uint8 [h, w]."""
NOTHING_DONE = empty_patch("", "")


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

    def admit(self, mask: LabelMask, patch: Patch, done: Patch = NOTHING_DONE) -> Patch:
        """The part of a patch, made against ``mask`` as it is now, that is allowed.

        ``done`` is what the same stroke has changed already: the rules judge what was there before.
        """
        if self.is_open or not patch:
            return patch
        return replace(patch, deltas=gathered(self._admitted(mask, patch, done)))

    def allows(self, mask: LabelMask, patch: Patch) -> bool:
        """True when a patch, made against ``mask`` as it is now, would pass whole."""
        admitted = self.admit(mask, patch)
        return all(
            np.array_equal(tile_after(mask, admitted, place), tile_after(mask, patch, place))
            for place in patch.deltas
        )

    def _admitted(self, mask: LabelMask, patch: Patch, done: Patch) -> Iterator[tuple[Place, TileDelta]]:
        bounds = patch.box(mask.size)
        for index in sorted(patch.touched):
            part = bounds.intersect(tile_box(index, mask.size))
            kept = self._protected(mask, patch, done, index, part)
            yield from _without(mask, patch, index, part, kept).items()

    def violated(self, mask: LabelMask, patch: Patch) -> int | None:
        """The locked class whose pixels a patch would change, or None. This alone decides about undo and redo."""
        if not self.locked:
            return None
        for index in sorted(patch.touched):
            place: Place = ("label", index)
            labels = [_now(mask, place), tile_after(mask, patch, place)]
            frozen = [_looked_up(self._frozen, label) for label in labels]
            if not any(where.any() for where in frozen):
                continue
            changed = _changed(mask, patch, index)
            for label, where in zip(labels, frozen, strict=True):
                hit = label[changed & where]
                if hit.size:
                    return int(hit[0])
        return None

    @cached_property
    def _frozen(self) -> Bools:
        """By class value: whether the class is locked."""
        return _table(self.locked)

    @cached_property
    def _kept_origin(self) -> Bools:
        """By origin: whether a pixel that had it before the stroke stays."""
        kept = _table(TRUTH if self.keep_truth else ())
        if self.only_unlabelled:
            kept = kept | ~_table((Origin.NOBODY,))
        return kept if self.only_over is None else kept | _table((Origin.NOBODY,))

    def _protected(self, mask: LabelMask, patch: Patch, done: Patch, index: TileIndex, part: Box) -> Bools:
        """What stays as it is: bool of the part's shape, or [1, 1] where all its pixels are alike.

        What is locked is judged by the pixel as it is now, everything else by what it was before the stroke.
        """
        at = part.slices(tile_box(index, mask.size))
        label: Place = ("label", index)
        kept = [np.zeros((1, 1), bool)]
        if self.locked:
            kept += [
                _looked_up(self._frozen, t[at]) for t in (_now(mask, label), tile_after(mask, patch, label))
            ]
        if self.only_over is not None:
            kept.append(~_looked_up(_table(self.only_over), _before(mask, done, label)[at]))
        if self._kept_origin.any():
            kept.append(_looked_up(self._kept_origin, _before(mask, done, ("origin", index))[at]))
        if self.between is not None and self.grey is not None:
            grey = self.grey(part)
            kept.append((grey < self.between[0]) | (grey > self.between[1]))
        return reduce(np.logical_or, kept)


OPEN = Guard()


@dataclass(frozen=True)
class Admitted:
    """A patch that a guard has let through already, where nobody had to wait for that."""

    patch: Patch
    guard: Guard


def _table(values: Iterable[int]) -> Bools:
    """True at these values of 0..255."""
    table = np.zeros(256, bool)
    table[list(values)] = True
    return table


def _looked_up(table: Bools, tile: Tile) -> Bools:
    """The table's entry for each pixel: bool of the tile's shape, or [1, 1] where all its pixels are alike."""
    values = (tile[:1, :1] if tile.strides == (0, 0) else tile).astype(np.uint8, copy=False)
    return np.asarray(cv2.LUT(values, table.view(np.uint8)), np.uint8).view(np.bool_)


def _now(mask: LabelMask, place: Place) -> Tile:
    name, index = place
    return mask.planes[name].tile(index)


def _before(mask: LabelMask, done: Patch, place: Place) -> Tile:
    """A tile as it was before ``done``, which has been applied."""
    delta = done.deltas.get(place)
    return _now(mask, place) if delta is None else _filled(mask, place, delta.before)


def _filled(mask: LabelMask, place: Place, tile: Tile | None) -> Tile:
    name, index = place
    return mask.planes[name].empty_tile(index) if tile is None else tile


def _changed(mask: LabelMask, patch: Patch, index: TileIndex) -> Bools:
    box = tile_box(index, mask.size)
    changed = np.zeros((box.height, box.width), bool)
    for name in mask.planes:
        if (name, index) in patch.deltas:
            changed |= _now(mask, (name, index)) != tile_after(mask, patch, (name, index))
    return changed


def _without(
    mask: LabelMask, patch: Patch, index: TileIndex, part: Box, kept: Bools
) -> dict[Place, TileDelta]:
    """A patch's deltas of one tile, less the pixels of ``part`` that are kept."""
    mine: list[Place] = [(name, index) for name in mask.planes if (name, index) in patch.deltas]
    if not kept.any():
        return {place: patch.deltas[place] for place in mine}
    if kept.all():
        return {}
    at = part.slices(tile_box(index, mask.size))
    found: dict[Place, TileDelta] = {}
    for place in mine:
        new = np.array(tile_after(mask, patch, place))
        np.copyto(new[at], _now(mask, place)[at], where=kept)
        less = replace_tile(mask.planes[place[0]], index, new)
        if less is not None:
            found[place] = less
    return found
