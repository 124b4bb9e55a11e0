"""Patches: the only thing that changes a mask. A patch knows its inverse and what it touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.cold import Held, at_rest, memory, warm
from labeltool.core.geometry import Box, Size, TileIndex, tile_box, tiles_in
from labeltool.core.mask import LabelMask, Plane, PlaneName, Tile, constant_tile, constant_value, freeze
from labeltool.core.memory import share
from labeltool.core.shape import Part, Shape, is_nowhere

Place = tuple[PlaneName, TileIndex]
Value = int | NDArray[np.uint8] | NDArray[np.uint32]

PATCH_BYTES = share("patch")
"""New tiles that a patch holds as arrays while it is made."""


class TileDelta(NamedTuple):
    """A tile before and after, in the form in which it is kept; None stands for a tile of the fill value."""

    held_before: Held | None
    held_after: Held | None

    @property
    def before(self) -> Tile | None:
        """The tile before, as an array."""
        return None if self.held_before is None else warm(self.held_before)

    @property
    def after(self) -> Tile | None:
        """The tile after, as an array."""
        return None if self.held_after is None else warm(self.held_after)

    def at_rest(self) -> TileDelta:
        """The same in the least memory."""
        return TileDelta(*(None if tile is None else at_rest(tile) for tile in self))


@dataclass(frozen=True)
class Patch:
    """A change of a mask, tile by tile.

    ``title`` completes the menu's "Undo ..."; ``kind`` is one word for machines (brush, eraser, polygon,
    prelabel, import); ``details`` is what the journal keeps beside it (model, file), plain JSON values.
    ``bounds`` is a box around the pixels that may differ, where it is known to be tighter than the tiles.
    Laws: a patch followed by its inverse is the identity; merging is associative.
    """

    title: str
    kind: str
    deltas: Mapping[Place, TileDelta]
    details: Mapping[str, str] = field(default_factory=dict)
    bounds: Box | None = None

    def __bool__(self) -> bool:
        return bool(self.deltas)

    @cached_property
    def touched(self) -> frozenset[TileIndex]:
        """The tiles in which a pixel of any plane may differ."""
        return frozenset(index for _, index in self.deltas)

    def box(self, size: Size) -> Box:
        """A box around every pixel that may differ, cut to the image."""
        if self.bounds is not None:
            return self.bounds.intersect(size.box)
        return reduce(Box.union, (tile_box(index, size) for index in self.touched), Box(0, 0, 0, 0))

    @cached_property
    def nbytes(self) -> int:
        """Bytes of pixels that this patch keeps alive."""
        return sum(memory(tile) for delta in self.deltas.values() for tile in delta)

    def inverse(self) -> Patch:
        """The patch that undoes this one."""
        return replace(
            self, deltas={p: TileDelta(after, before) for p, (before, after) in self.deltas.items()}
        )

    def at_rest(self) -> Patch:
        """The same patch in the least memory; it shares cold tiles with the mask and other patches."""
        return replace(self, deltas={place: delta.at_rest() for place, delta in self.deltas.items()})

    def then(self, later: Patch) -> Patch:
        """One patch that does this one and then ``later``; it keeps this one's title."""
        deltas = dict(self.deltas)
        for place, delta in later.deltas.items():
            known = deltas.get(place)
            deltas[place] = delta if known is None else TileDelta(known.held_before, delta.held_after)
        bounds = None if self.bounds is None or later.bounds is None else self.bounds.union(later.bounds)
        return replace(
            self,
            deltas=deltas,
            details={**later.details, **self.details},
            bounds=bounds,
        )


def empty_patch(title: str, kind: str) -> Patch:
    """A patch that changes nothing, to merge others into."""
    return Patch(title, kind, {}, bounds=Box(0, 0, 0, 0))


def replace_tile(plane: Plane, index: TileIndex, new: Tile) -> TileDelta | None:
    """The delta that puts ``new`` in the place of a tile, or None when no pixel differs. Takes ``new`` over."""
    if np.array_equal(plane.tile(index), new):
        return None
    value = int(new[0, 0])
    if (new == value).all():
        return _constant_delta(plane, index, value)
    return TileDelta(plane.tiles.held(index), freeze(new))


def tile_after(mask: LabelMask, patch: Patch, place: Place) -> Tile:
    """A tile of ``mask`` as a patch, made against it, will leave it."""
    name, index = place
    delta = patch.deltas.get(place)
    if delta is None:
        return mask.planes[name].tile(index)
    return mask.planes[name].empty_tile(index) if delta.after is None else delta.after


def gathered(deltas: Iterable[tuple[Place, TileDelta | None]]) -> dict[Place, TileDelta]:
    """The deltas that are any, by place; what is more than ``PATCH_BYTES`` is put to rest as it comes."""
    found: dict[Place, TileDelta] = {}
    hot = 0
    for place, delta in deltas:
        if delta is not None:
            hot += memory(delta.held_after)
            found[place] = delta if hot <= PATCH_BYTES else delta.at_rest()
    return found


def write(
    mask: LabelMask,
    box: Box,
    inside: NDArray[np.bool_] | None = None,
    *,
    title: str,
    kind: str,
    details: Mapping[str, str] | None = None,
    label: int | NDArray[np.uint8] | None = None,
    object_id: int | NDArray[np.uint32] | None = None,
    origin: int | NDArray[np.uint8] | None = None,
) -> Patch:
    """The patch that sets planes to values where ``inside`` is true.

    ``box`` may stick out of the image; ``inside`` is bool [box.height, box.width], or None for all of it.
    A value is one number or an array of the box's shape; a plane given as None stays as it is.
    """
    values: dict[PlaneName, Value] = {}
    if label is not None:
        values["label"] = label
    if object_id is not None:
        values["object"] = object_id
    if origin is not None:
        values["origin"] = origin
    return Patch(title, kind, gathered(_written(mask, box, inside, values)), dict(details or {}), box)


def _written(
    mask: LabelMask, box: Box, inside: NDArray[np.bool_] | None, values: Mapping[PlaneName, Value]
) -> Iterator[tuple[Place, TileDelta | None]]:
    for index in tiles_in(box, mask.size):
        place = tile_box(index, mask.size)
        part = place.intersect(box)
        where = None if inside is None else inside[part.slices(box)]
        if where is not None and not where.any():
            continue
        for name, value in values.items():
            plane = mask.planes[name]
            if name == "object" and isinstance(value, int) and value == 0 and index not in plane.tiles:
                continue  # the usual case: nobody has separated objects here
            new = np.array(plane.tile(index))
            source = value if isinstance(value, int) else value[part.slices(box)]
            if where is None:
                new[part.slices(place)] = source
            else:
                np.copyto(new[part.slices(place)], source, where=where, casting="unsafe")
            yield (name, index), replace_tile(plane, index, new)


def paint(
    mask: LabelMask,
    shape: Shape,
    *,
    title: str,
    kind: str,
    label: int | None = None,
    origin: int | None = None,
    object_id: int | None = 0,
    details: Mapping[str, str] | None = None,
) -> Patch:
    """The patch that gives every pixel of a shape one class, object and origin; None leaves what it stands for.

    Tiles that lie wholly inside cost nothing, so the price is that of the outline.
    """
    box = shape.box.intersect(mask.size.box)
    wanted: tuple[tuple[PlaneName, int | None], ...] = (
        ("label", label),
        ("object", object_id),
        ("origin", origin),
    )
    values = [(name, value) for name, value in wanted if value is not None]
    return Patch(title, kind, gathered(_painted(mask, shape, box, values)), dict(details or {}), box)


def _painted(
    mask: LabelMask, shape: Shape, box: Box, values: Sequence[tuple[PlaneName, int]]
) -> Iterator[tuple[Place, TileDelta | None]]:
    for index in tiles_in(box, mask.size):
        changes = [(n, v) for n, v in values if constant_value(mask.planes[n], index) != v]
        if not changes:
            continue
        place = tile_box(index, mask.size)
        common = place.intersect(box)
        part = shape.part(common)
        if is_nowhere(part):
            continue
        whole = common == place and (not isinstance(part, np.ndarray) or part.all())
        for name, value in changes:
            plane = mask.planes[name]
            if whole:
                yield (name, index), _constant_delta(plane, index, value)
            else:
                yield (name, index), _painted_tile(plane, index, common.slices(place), part, value)


def _constant_delta(plane: Plane, index: TileIndex, value: int) -> TileDelta:
    after = None if value == plane.fill else constant_tile(plane, index, value)
    return TileDelta(plane.tiles.held(index), after)


def _painted_tile(
    plane: Plane, index: TileIndex, where: tuple[slice, slice], part: Part, value: int
) -> TileDelta | None:
    old = plane.tile(index)
    changed = np.not_equal(old[where], value)
    changed &= part
    if not changed.any():
        return None
    new = np.array(old)
    np.copyto(new[where], value, where=changed, casting="unsafe")
    return TileDelta(plane.tiles.held(index), freeze(new))
