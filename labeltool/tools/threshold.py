"""Threshold: drag a box; what is brighter or darker in it gets the class.

Of 8-bit RGB the luminance decides; of all other images the file's own values, however they are displayed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Bools, Dense
from labeltool.imaging.view import View
from labeltool.tools.dragbox import select_in_box
from labeltool.tools.tool import Option, Scene, Tool

BRIGHT, DARK, BETWEEN = 0, 1, 2
MOST_PX, LIVE_PX = 64_000_000, 4_000_000
STRIP_PX = 4_000_000
STEPS = 4096
"""How finely Otsu's method tells values apart that are not 8-bit."""


def strips(box: Box, cancel: CancelToken) -> Iterator[Box]:
    """A box in parts of at most ``STRIP_PX`` pixels, from top to bottom."""
    rows = max(1, STRIP_PX // box.width)
    for y0 in range(box.y0, box.y1, rows):
        cancel.check()
        yield Box(box.x0, y0, box.x1, min(y0 + rows, box.y1))


def brightness(scene: Scene, box: Box, cancel: CancelToken) -> NDArray[np.uint8]:
    """Luminance (Rec. 601) uint8 [h, w] of a box inside the image; colours are in memory a strip at a time."""
    grey = np.empty((box.height, box.width), np.uint8)
    for strip in strips(box, cancel):
        pixels = np.ascontiguousarray(scene.image.read(strip))
        grey[strip.slices(box)] = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return grey


def otsu(grey: NDArray[np.uint8]) -> int | None:
    """The value that parts dark (up to and with it) from bright best; None where all pixels are alike."""
    if grey.min() == grey.max():
        return None
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return int(level)


def measured(view: View, box: Box, cancel: CancelToken) -> tuple[NDArray[Any], Bools]:
    """The file's own values [h, w] of the channel that is shown, or the mean of those that are; and where there are
    any, which is neither at NaN nor at the no-data value."""
    info, channels = view.values.info, sorted(set(view.display.composite))
    several = len(channels) > 1
    dtype = np.result_type(info.dtype, np.float32) if several else np.dtype(info.dtype)
    values, known = np.empty((box.height, box.width), dtype), np.ones((box.height, box.width), bool)
    for strip in strips(box, cancel):
        raw, at = view.values.read(strip)[..., channels], strip.slices(box)
        values[at] = raw.mean(axis=2, dtype=dtype) if several else raw[..., 0]
        known[at] = ~np.isnan(values[at])
        if info.nodata is not None:
            known[at] &= (raw != info.nodata).all(axis=2)
    return values, known


def otsu_of_values(values: NDArray[Any], known: Bools, cancel: CancelToken) -> np.float64 | None:
    """The value that parts low from high (it and what is above it) best, told apart in ``STEPS`` steps from the least
    to the largest finite value that is ``known``; None where there are no two of them."""
    whole = Box(0, 0, values.shape[1], values.shape[0])

    def finite(strip: Box) -> NDArray[np.float64]:
        some = values[strip.slices()][known[strip.slices()]].astype(np.float64)
        return some[np.isfinite(some)]

    low, high = np.inf, -np.inf
    for some in map(finite, strips(whole, cancel)):
        low, high = some.min(initial=low), some.max(initial=high)
    if not low < high:
        return None
    counts = np.zeros(STEPS)
    for some in map(finite, strips(whole, cancel)):
        # Of halves: from the least to the largest float64 is farther than float64 reaches.
        steps = (some / 2 - low / 2) / (high / 2 - low / 2) * STEPS
        counts += np.bincount(np.minimum(steps.astype(np.intp), STEPS - 1), minlength=STEPS)
    below, sums = np.cumsum(counts)[:-1], np.cumsum(counts * np.arange(STEPS))
    total = counts.sum()
    between = (sums[-1] * below / total - sums[:-1]) ** 2 / (below * (total - below))
    share = (int(between.argmax()) + 1) / STEPS
    level = np.float64(low * (1 - share) + high * share)
    return level if level > low else np.float64(high)


def without_specks(inside: Bools, least_px: int) -> Bools:
    """Without the 8-connected parts of fewer than ``least_px`` pixels."""
    if least_px <= 1:
        return inside
    _, ids, stats, _ = cv2.connectedComponentsWithStats(inside.view(np.uint8), connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] >= least_px
    kept[0] = False
    found: Bools = kept[ids]
    return found


def _inside_values(scene: Scene, view: View, box: Box, cancel: CancelToken) -> Bools:
    """Bright are large values, but for a file that says that its large values are dark."""
    values, known = measured(view, box, cancel)
    which = scene.option("which")
    if which == BETWEEN:
        return (values >= scene.option("low")) & (values <= scene.option("high")) & known
    level = otsu_of_values(values, known, cancel)
    if level is None:
        return np.zeros(values.shape, bool)
    large = (which == BRIGHT) != view.values.info.inverted
    return (values >= level if large else values < level) & known


def _inside(scene: Scene, grey: NDArray[np.uint8]) -> Bools:
    which = scene.option("which")
    if which == BETWEEN:
        low, high = (round(scene.option(name)) for name in ("low", "high"))
        return (grey >= low) & (grey <= high)
    level = otsu(grey)
    if level is None:
        return np.zeros(grey.shape, bool)
    return grey > level if which == BRIGHT else grey <= level


def find(scene: Scene, box: Box, cancel: CancelToken) -> Dense:
    """The pixels of ``box`` on the chosen side of the threshold."""
    if isinstance(scene.image, View):
        inside = _inside_values(scene, scene.image, box, cancel)
    else:
        inside = _inside(scene, brightness(scene, box, cancel))
    return Dense(box, without_specks(inside, round(scene.option("least"))))


OPTIONS = (
    Option("which", "Select", BRIGHT, choices=("bright (Otsu)", "dark (Otsu)", "between")),
    Option("low", "Low", 128, 0, 255, of_values=True),
    Option("high", "High", 255, 0, 255, of_values=True),
    Option("least", "At least", 1, 1, 10_000, unit="px"),
)
THRESHOLD = Tool(
    "threshold",
    "Threshold",
    "H",
    "ph.circle-half",
    "cross",
    select_in_box("threshold", "threshold", find, most_px=MOST_PX, live_px=LIVE_PX),
    OPTIONS,
    help="Drag a box; right-drag erases",
)
