"""Masks taken from elsewhere: the model's answer for one region, the mask of another image."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from labeltool.app.regions import Draft
from labeltool.core.algebra import Alike, Both, Either
from labeltool.core.catalog import IGNORE
from labeltool.core.components import component, region_at
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import Box, tile_box, tiles_in
from labeltool.core.mask import PLANES, LabelMask, Plane, constant_value
from labeltool.core.patch import Patch, Place, TileDelta, replace_tile
from labeltool.core.progress import CancelToken
from labeltool.core.project import ImageRecord
from labeltool.core.provenance import Origin
from labeltool.core.shape import Shape, is_nowhere
from labeltool.tools.objects import Pixel

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench

FLUSH_S = 10.0
"""How long copying waits for strokes on the other image to be saved."""


def taken_answer(
    mask: LabelMask,
    predicted: Plane | None,
    at: Pixel,
    foreground: Collection[int],
    cancel: CancelToken | None = None,
) -> Patch:
    """Write what the model says over the region at a pixel, as a human's decision.

    The region is that of the annotation and that of the prediction together, as far as each is of a class in
    ``foreground``. Pixels of which the model has said nothing stay. LabeltoolError where there is nothing to take.
    """
    if predicted is None:
        raise LabeltoolError("no model has seen this image yet", hint="Pre-label it first")
    region = _region(mask, predicted, at, foreground, cancel)
    if region is None:
        raise LabeltoolError("neither the mask nor the model has a region here", hint="Point at one")
    draft = Draft(mask, "model's answer", "take")
    for value in sorted(_values(predicted, region) - {IGNORE}):
        draft.paint(Both(region, Alike((predicted,), (value,), region.box)), value)
    return draft.patch


def _region(
    mask: LabelMask, predicted: Plane, at: Pixel, foreground: Collection[int], cancel: CancelToken | None
) -> Shape | None:
    box = Box(*at, at[0] + 1, at[1] + 1)
    if box.intersect(mask.size.box).is_empty:
        return None
    shapes: list[Shape] = []
    if int(mask.read("label", box)[0, 0]) in foreground:
        shapes.append(region_at(mask, at, cancel))
    said = int(predicted.read(box)[0, 0])
    if said in foreground:
        alike = Alike((predicted,), (said,), mask.size.box)
        shapes.append(component(alike, mask.size, at, cancel=cancel))
    return Either(shapes) if shapes else None


def _values(predicted: Plane, region: Shape) -> set[int]:
    """What a model has said in a region."""
    found: set[int] = set()
    for index in tiles_in(region.box, predicted.size):
        part = region.part(tile_box(index, predicted.size))
        if is_nowhere(part):
            continue
        known = constant_value(predicted, index)
        tile = predicted.tile(index)
        values = tile[part] if isinstance(part, np.ndarray) else tile
        found |= {known} if known is not None else {int(value) for value in np.unique(values)}
    return found


def copied_mask(mask: LabelMask, source: LabelMask, name: str = "") -> Patch:
    """Replace a whole mask by that of another image of the same size; what was labelled there is a human's here."""
    if source.size != mask.size:
        raise LabeltoolError(
            f"the previous image is {source.size.width} x {source.size.height} pixels,"
            f" this one {mask.size.width} x {mask.size.height}",
            file=name or None,
            hint="Masks are copied between images of one size only",
        )
    deltas: dict[Place, TileDelta] = {}
    for index in sorted({*mask.occupied(), *source.occupied()}):
        for plane_name in PLANES:
            new = source.planes[plane_name].tile(index)
            if plane_name == "origin":
                new = np.where(new == Origin.NOBODY, new, np.uint8(Origin.HUMAN))
            delta = replace_tile(mask.planes[plane_name], index, new)
            if delta is not None:
                deltas[plane_name, index] = delta
    return Patch("copy of the previous image", "copy", deltas)


def copied_from(bench: Workbench, record: ImageRecord, mask: LabelMask) -> Patch:
    """The patch that copies the mask of another image of the project. Reads from disk: not for the GUI's thread."""
    if not bench.saver.flush(FLUSH_S, record.id):
        raise LabeltoolError(
            "strokes on the previous image are still waiting to be saved",
            file=record.path,
            hint="Try again in a moment",
        )
    return copied_mask(mask, bench.store.load_mask(record.id), record.name)
