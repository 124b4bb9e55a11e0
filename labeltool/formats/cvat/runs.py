"""CVAT's run lengths of a mask: along the rows of a box, the first run outside; not to be taken for COCO's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.core.shape import Dense


def encode(inside: NDArray[np.bool_]) -> str:
    """The run lengths of ``inside``, bool [h, w], as CVAT writes them."""
    flat = inside.ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    first = [0] if flat[0] else []
    counts = np.diff(np.concatenate((first, changes, [flat.size])), prepend=0)
    return ", ".join(map(str, counts.astype(np.int64).tolist()))


def changes(inside: NDArray[np.bool_]) -> int:
    """How often the pixels change along the rows: the number of runs, but for the ends."""
    flat = inside.ravel()
    return int(np.count_nonzero(flat[1:] != flat[:-1]))


def decode(text: str, box: Box, size: Size) -> Dense:
    """The pixels; BadInputError where the box leaves the image or the run lengths do not fill it."""
    if box.is_empty or box.intersect(size.box) != box:
        raise BadInputError(
            f"the mask's box {tuple(box)} does not lie in the image of {size.width} x {size.height}"
        )
    pixels = box.width * box.height
    if len(text) > 22 * (pixels + 1):
        raise BadInputError("the run lengths are longer than any mask of this box")
    try:
        counts = np.array([int(part) for part in text.split(",")], np.int64)
    except (ValueError, OverflowError) as error:
        raise BadInputError("the run lengths are not a list of whole numbers") from error
    if int(counts.min()) < 0 or int(counts.max()) > pixels or int(counts.sum()) != pixels:
        raise BadInputError(f"the run lengths do not fill the box of {box.width} x {box.height} pixels")
    inside = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return Dense(box, inside.reshape(box.height, box.width))
