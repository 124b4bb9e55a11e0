"""Object ids from the maps of a Cityscapes image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Size
from labeltool.formats.cityscapes import layout
from labeltool.formats.index_png import read_objects
from labeltool.formats.untrusted import is_given


def classes_in(raw: NDArray[Any]) -> NDArray[Any]:
    """The class ids [h, w] that the values of instanceIds name: 26,001 is an object of 26, and 26 a group of them."""
    wide = raw.astype(np.int32, copy=False)  # 1000 is no value of 8 bits
    return np.where(wide < 1000, wide, wide // 1000)


def read_ids(file: Path, size: Size, raw: NDArray[Any]) -> NDArray[np.uint32]:
    """Object ids uint32 [h, w] of an instanceIds file whose values are ``raw``; those of our own exports come back as
    they were, other people's are the values themselves."""
    ids = read_objects(file, size)
    ids[raw < 1000] = 0
    hidden = file.with_name(file.name.replace(layout.INSTANCES, layout.OBJECTS))
    if is_given(hidden, file.parent):
        ids = np.where(raw < 1000, read_objects(hidden, size), ids)
    return ids
