"""A veil over the parts of an image that nobody has looked at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from labeltool.core.geometry import Box
from labeltool.core.looked import CELL, Cells
from labeltool.ui.canvas.colours import Argb, premultiplied

SHADE, LINE = premultiplied((24, 24, 28), 0.55), premultiplied((255, 255, 255), 0.4)
"""Dark with light lines across: one of the two is seen on any image."""
LINE_EVERY_PX, LINE_PX = 14, 2


def veil(never: Callable[[], Cells]) -> Callable[[Box, int], Argb]:
    """Renders the cells that are true, as they are when it is called."""

    def render(box: Box, step: int) -> Argb:
        rows, columns = np.arange(box.y0, box.y1, step), np.arange(box.x0, box.x1, step)
        veiled = never()[np.ix_(rows // CELL, columns // CELL)]
        lines = np.add.outer(rows // step, columns // step) % LINE_EVERY_PX < LINE_PX
        return np.where(veiled, np.where(lines, LINE, SHADE), 0).astype(np.uint32)

    return render
