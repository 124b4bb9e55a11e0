"""Numbers for objects in files that hold few of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Size
from labeltool.core.regions import Region
from labeltool.core.runs import Extent


def numbered(regions: Sequence[Region] | Sequence[Extent], limit: int) -> list[int]:
    """A different number in 1..limit for each object: its own id where that is possible, else a free one.

    There must be at most ``limit`` objects.
    """
    taken: set[int] = set()
    own = [r.object_id if 0 < r.object_id <= limit else 0 for r in regions]
    for place, number in enumerate(own):
        if number in taken:
            own[place] = 0
        elif number:
            taken.add(number)
    free = (n for n in range(1, limit + 1) if n not in taken)
    return [number or next(free) for number in own]


def drawn(regions: Sequence[Region], numbers: Sequence[int], size: Size, dtype: type[Any]) -> NDArray[Any]:
    """A raster [h, w] of the objects' numbers, 0 elsewhere."""
    raster = np.zeros((size.height, size.width), dtype)
    for region, number in zip(regions, numbers, strict=True):
        raster[region.box.slices()][region.inside] = number
    return raster
