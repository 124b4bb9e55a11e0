"""What a human says of a disagreement, as a patch of exactly its pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np

from labeltool.app.truth import Origins
from labeltool.core.algebra import Alike, Both, Either, without
from labeltool.core.catalog import IGNORE
from labeltool.core.components import component
from labeltool.core.disagreement import Disagreement
from labeltool.core.errors import LabeltoolError, LockedError
from labeltool.core.geometry import Box, tile_box, tiles_in
from labeltool.core.guard import OPEN, Guard
from labeltool.core.mask import LabelMask, Plane
from labeltool.core.morphology import grown
from labeltool.core.patch import Patch, paint
from labeltool.core.progress import CancelToken
from labeltool.core.provenance import TRUTH, Origin
from labeltool.core.shape import Shape, Tiles

EVENT = "verdict"
"""The kind of event that a verdict leaves in the mask file."""


class Verdict(StrEnum):
    """MODEL_RIGHT gives the pixels the other layer's class, HUMAN_RIGHT leaves theirs; both are a reviewer's word from
    then on. BOTH_WRONG takes their class away, for it is known to be wrong: nobody has labelled them until somebody
    paints them. IGNORE says that nobody shall count them."""

    MODEL_RIGHT = "model_right"
    HUMAN_RIGHT = "human_right"
    BOTH_WRONG = "both_wrong"
    IGNORE = "ignore"


TITLES: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.MODEL_RIGHT: "verdict: model right",
        Verdict.HUMAN_RIGHT: "verdict: human right",
        Verdict.BOTH_WRONG: "verdict: both wrong",
        Verdict.IGNORE: "verdict: ignore",
    }
)
"""They complete "Undo ..."."""


class StaleError(LabeltoolError):
    """The pixels of a disagreement are not those of the list any more."""


def pixels_of(
    mask: LabelMask,
    other: Plane,
    found: Disagreement,
    cancel: CancelToken | None = None,
    origins: Origins = TRUTH,
) -> Tiles:
    """The pixels of a disagreement, found anew from its seed; ``origins`` are whose pixels counted when it was listed.
    StaleError where they are not what they were."""
    near = found.box.grow(1).intersect(mask.size.box)
    wanted = {Origin.REVIEWER} if found.answered else {*origins} - {Origin.REVIEWER}
    pair = Alike((mask.planes["label"], other), (found.truth, found.predicted), near)
    set_by = Either([Alike((mask.planes["origin"],), (origin,), near) for origin in sorted(wanted)])
    pixels = component(Both(pair, set_by), mask.size, found.seed, 8, cancel)
    if (_area(pixels, found.box), _area(pixels, near)) != (found.area, found.area):
        raise StaleError(
            "these pixels have changed since the list was made", hint="The list is brought up to date"
        )
    return pixels


def verdict_patch(
    mask: LabelMask,
    other: Plane,
    found: Disagreement,
    verdict: Verdict,
    guard: Guard = OPEN,
    cancel: CancelToken | None = None,
    origins: Origins = TRUTH,
) -> Patch:
    """The patch that a verdict comes to. ``other`` is the label plane of the other layer, ``origins`` as in
    :func:`pixels_of`.

    Done whole or not at all: StaleError where the pixels are not those of the list, LockedError where a class is
    locked, LabeltoolError where another rule of ``guard`` protects some of them, or where the other layer says nothing
    that could be right.
    """
    if verdict is Verdict.MODEL_RIGHT and found.predicted == IGNORE:
        raise LabeltoolError("the other layer says nothing of these pixels, so it cannot be right")
    pixels = pixels_of(mask, other, found, cancel, origins)
    label, origin, object_id = {
        Verdict.MODEL_RIGHT: (
            found.predicted,
            Origin.REVIEWER,
            _object_beside(mask, pixels, found.predicted),
        ),
        Verdict.HUMAN_RIGHT: (None, Origin.REVIEWER, None),
        Verdict.BOTH_WRONG: (IGNORE, Origin.NOBODY, 0),
        Verdict.IGNORE: (IGNORE, Origin.REVIEWER, 0),
    }[verdict]
    patch = paint(
        mask, pixels, title=TITLES[verdict], kind=EVENT, label=label, origin=origin, object_id=object_id
    )
    _refuse_protected(guard, mask, patch)
    return patch


def event_of(layer: str, found: Disagreement, verdict: Verdict, revision: int) -> dict[str, Any]:
    """What is written down of a verdict: plain JSON values; ``revision`` is the one its patch led to."""
    return {
        "verdict": str(verdict),
        "layer": layer,
        "truth": found.truth,
        "predicted": found.predicted,
        "box": list(found.box),
        "seed": list(found.seed),
        "area": found.area,
        "revision": revision,
    }


def _area(pixels: Tiles, box: Box) -> int:
    """How many of the pixels lie in a box."""
    area = 0
    for index, part in pixels.parts.items():
        common = tile_box(index, pixels.size).intersect(box)
        if common.is_empty:
            continue
        if isinstance(part, np.ndarray):
            area += int(np.count_nonzero(part[common.slices(tile_box(index, pixels.size))]))
        elif part:
            area += common.width * common.height
    return area


def _object_beside(mask: LabelMask, pixels: Shape, value: int) -> int:
    """The object of a class that most of the pixels beside these belong to: what they become a part of."""
    label, objects = mask.planes["label"], mask.planes["object"]
    ring = Both(without(grown(pixels, 1, mask.size), pixels), Alike((label,), (value,), mask.size.box))
    counts: Counter[int] = Counter()
    for index in tiles_in(ring.box if objects.tiles else Box(0, 0, 0, 0), mask.size):
        part = ring.part(tile_box(index, mask.size))
        counts.update(objects.tile(index)[part].ravel().tolist())
    return min(counts, key=lambda number: (-counts[number], number), default=0)


def _refuse_protected(guard: Guard, mask: LabelMask, patch: Patch) -> None:
    """Half of a verdict would be what nobody has said."""
    locked = guard.violated(mask, patch)
    if locked is not None:
        raise LockedError("this verdict would change a class that is locked", locked)
    if not guard.allows(mask, patch):
        raise LabeltoolError(
            "some of these pixels are protected by the rules of where painting counts",
            hint="Switch these rules off first",
        )
