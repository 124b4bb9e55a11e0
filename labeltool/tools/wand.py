"""Magic wand: click, and what is coloured alike gets the class; drag before letting go to widen or narrow that.

Colours are compared by the largest difference of a channel, in per cent of its range: it is exact in eight bits, means
the same on grey and false-colour images as on photographs, where a perceptual distance such as CIELAB's has no
meaning, and is quick enough to be seen while dragging.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box, Size
from labeltool.core.guard import Admitted
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Bools, Dense
from labeltool.tools.painting import painted_ahead
from labeltool.tools.tool import (
    Gesture,
    ImagePixels,
    Option,
    Pointer,
    Preview,
    Scene,
    Tool,
    ToolContext,
    dragged,
)
from labeltool.tools.working import worked

LIVE_PX = 2_000_000
MOST_PX = 64_000_000
"""Pixels looked through. On a larger image that is at most what is on the screen: nothing happens out of sight."""
WIDER_PX = (8_000_000, MOST_PX)
"""Windows in which an area is looked for that goes on beyond what is seen."""
STRIP_PX = 4_000_000
SMOOTHING = 5
"""Side of the median that smooths an edge, in pixels."""
SCREEN_PX_A_PERCENT = 4


@dataclass(frozen=True)
class Pixel:
    """A pixel of the image."""

    x: int
    y: int


@dataclass(frozen=True, eq=False)
class Difference:
    """How far the pixels of ``box`` are from the clicked one: uint8 [h, w]."""

    box: Box
    levels: NDArray[np.uint8]


def difference(image: ImagePixels, box: Box, pixel: Pixel, cancel: CancelToken) -> Difference:
    """Largest difference of a channel from ``pixel``, a strip of the box at a time.

    Raises CancelledError after a cancel.
    """
    color = np.append(image.read(Box(pixel.x, pixel.y, pixel.x + 1, pixel.y + 1))[0, 0], 0).astype(
        np.float64
    )  # a scalar of OpenCV
    levels = np.empty((box.height, box.width), np.uint8)
    rows = max(1, STRIP_PX // box.width)
    for y0 in range(box.y0, box.y1, rows):
        cancel.check()
        strip = Box(box.x0, y0, box.x1, min(y0 + rows, box.y1))
        channels = cv2.split(cv2.absdiff(np.ascontiguousarray(image.read(strip)), color))
        levels[strip.slices(box)] = cv2.max(cv2.max(channels[0], channels[1]), channels[2])
    return Difference(box, levels)


def alike(found: Difference, pixel: Pixel, tolerance: float, *, contiguous: bool, smooth: bool) -> Bools:
    """Which pixels are within ``tolerance`` per cent of the clicked one; ``contiguous``: and 4-connected to it."""
    inside = cv2.threshold(found.levels, int(tolerance * 2.55), 1, cv2.THRESH_BINARY_INV)[1]
    if contiguous:
        cv2.floodFill(inside, None, (pixel.x - found.box.x0, pixel.y - found.box.y0), 2)
        inside = (inside == 2).view(np.uint8)
    if smooth:
        inside = cv2.medianBlur(inside, SMOOTHING)
    return inside.astype(bool)


def reaches_out(inside: Bools, box: Box, size: Size) -> bool:
    """True when the area comes so near to a border of ``box`` inside the image that it may go on beyond."""
    m = SMOOTHING
    return bool(
        (box.x0 > 0 and inside[:, :m].any())
        or (box.y0 > 0 and inside[:m].any())
        or (box.x1 < size.width and inside[:, -m:].any())
        or (box.y1 < size.height and inside[-m:].any())
    )


def window(pixel: Pixel, pixels: int, within: Box) -> Box:
    """A box of about so many pixels around a pixel, cut to ``within``; what one side lacks the other gets."""
    height = min(within.height, max(int(pixels**0.5), pixels // within.width))
    width = min(within.width, pixels // height)
    x0 = min(max(pixel.x - width // 2, within.x0), within.x1 - width)
    y0 = min(max(pixel.y - height // 2, within.y0), within.y1 - height)
    return Box(x0, y0, x0 + width, y0 + height)


def _seen(scene: Scene, pixel: Pixel) -> Box:
    at = Box(pixel.x, pixel.y, pixel.x + 1, pixel.y + 1)
    return scene.visible.intersect(scene.size.box).union(at)


def reach(scene: Scene, pixel: Pixel) -> Box:
    """Where a click takes pixels: in all of an image that is not too large if contiguous, else on the screen."""
    if scene.option("contiguous") and scene.size.pixels <= MOST_PX:
        return scene.size.box
    return window(pixel, MOST_PX, _seen(scene, pixel))


def _limits(scene: Scene, pixel: Pixel) -> str:
    """What is to be said of the reach; nothing where it is the whole image."""
    box = reach(scene, pixel)
    if box == scene.size.box:
        return ""
    if box == _seen(scene, pixel):
        return ", on the screen only"
    return f", in {box.width:,} × {box.height:,} pixels only"


class Wand:
    """One click of the wand: the pixels alike, live in a window of the view, whole when they are applied."""

    def __init__(self, scene: Scene, pixel: Pixel, cancel: CancelToken) -> None:
        self._scene, self._pixel = scene, pixel
        self._contiguous, self._smooth = bool(scene.option("contiguous")), bool(scene.option("smooth"))
        self._scope = reach(scene, pixel)
        live = window(pixel, LIVE_PX, _seen(scene, pixel))
        self._live = difference(scene.image, live, pixel, cancel)

    def _inside(self, found: Difference, tolerance: float) -> Bools:
        return alike(found, self._pixel, tolerance, contiguous=self._contiguous, smooth=self._smooth)

    def preview(self, tolerance: float) -> Dense:
        """The area as far as it is on the screen."""
        return Dense(self._live.box, self._inside(self._live, tolerance))

    def area(self, tolerance: float, cancel: CancelToken) -> Dense:
        """All of the area within :func:`reach`. Raises CancelledError after a cancel."""
        found, wider = self._live, list(WIDER_PX)
        while True:
            inside = self._inside(found, tolerance)
            known = self._contiguous and not reaches_out(inside, found.box, self._scene.size)
            if known or found.box == self._scope:
                return Dense(found.box, inside)
            box = window(self._pixel, wider.pop(0), self._scope) if wider else self._scope
            found = difference(self._scene.image, box, self._pixel, cancel)


def _tolerance(context: ToolContext, first: Pointer, now: Pointer) -> float:
    """Dragging to the right or up widens, to the left or down narrows."""
    way = (now.x - first.x) - (now.y - first.y)
    percent = way / context.screen_px(SCREEN_PX_A_PERCENT)
    return min(100.0, max(0.0, context.option("tolerance") + percent))


def _gesture(context: ToolContext, first: Pointer) -> Gesture:
    value = context.erase_value if first.button == "right" else context.paint_value
    pixel = Pixel(int(first.x // 1), int(first.y // 1))
    if Box(pixel.x, pixel.y, pixel.x + 1, pixel.y + 1).intersect(context.size.box).is_empty:
        return
    tolerance, released, limits = context.option("tolerance"), False, _limits(context, pixel)
    looking = context.begin(lambda scene, cancel: Wand(scene, pixel, cancel))
    try:
        while not (released and looking.done):
            area = looking.result().preview(tolerance) if looking.done else None
            shown = Preview(area=area, text=f"{tolerance:.0f} %{limits}", working=released)
            event = yield from dragged(shown)
            if event.kind in ("move", "release") and not released:
                tolerance, released = _tolerance(context, first, event), event.kind == "release"
    finally:
        looking.cancel()
    wand = looking.result()

    def selected(scene: Scene, cancel: CancelToken) -> Admitted:
        return painted_ahead(scene, wand.area(tolerance, cancel), value, cancel)

    with context.stroke("magic wand", "wand") as stroke:
        stroke.add((yield from worked(context, selected, Preview(area=wand.preview(tolerance)))))


OPTIONS = (
    Option("tolerance", "Tolerance", 12, 0, 100, unit="%"),
    Option("contiguous", "Contiguous", 1, step=0),
    Option("smooth", "Smooth edge", 0, step=0),
)
WAND = Tool(
    "wand",
    "Magic wand",
    "W",
    "ph.magic-wand",
    "cross",
    _gesture,
    OPTIONS,
    help="Click a colour; drag right for more, left for less; the right button erases",
)
