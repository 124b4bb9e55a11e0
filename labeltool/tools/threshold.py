"""Threshold: drag a box; what is brighter or darker in it gets the class."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Bools, Dense
from labeltool.tools.dragbox import select_in_box
from labeltool.tools.tool import Option, Scene, Tool

BRIGHT, DARK, BETWEEN = 0, 1, 2
MOST_PX, LIVE_PX = 64_000_000, 4_000_000
STRIP_PX = 4_000_000


def brightness(scene: Scene, box: Box, cancel: CancelToken) -> NDArray[np.uint8]:
    """Luminance (Rec. 601) uint8 [h, w] of a box inside the image; colours are in memory a strip at a time."""
    grey = np.empty((box.height, box.width), np.uint8)
    rows = max(1, STRIP_PX // box.width)
    for y0 in range(box.y0, box.y1, rows):
        cancel.check()
        strip = Box(box.x0, y0, box.x1, min(y0 + rows, box.y1))
        pixels = np.ascontiguousarray(scene.image.read(strip))
        grey[strip.slices(box)] = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return grey


def otsu(grey: NDArray[np.uint8]) -> int | None:
    """The value that parts dark (up to and with it) from bright best; None where all pixels are alike."""
    if grey.min() == grey.max():
        return None
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return int(level)


def without_specks(inside: Bools, least_px: int) -> Bools:
    """Without the 8-connected parts of fewer than ``least_px`` pixels."""
    if least_px <= 1:
        return inside
    _, ids, stats, _ = cv2.connectedComponentsWithStats(inside.view(np.uint8), connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] >= least_px
    kept[0] = False
    found: Bools = kept[ids]
    return found


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
    inside = _inside(scene, brightness(scene, box, cancel))
    return Dense(box, without_specks(inside, round(scene.option("least"))))


OPTIONS = (
    Option("which", "Select", BRIGHT, choices=("bright (Otsu)", "dark (Otsu)", "between")),
    Option("low", "Low", 128, 0, 255),
    Option("high", "High", 255, 0, 255),
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
    help="Drag a box around objects; right-drag erases",
)
