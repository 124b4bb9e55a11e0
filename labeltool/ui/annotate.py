"""The Annotate workspace: what of the image at hand is shown, and the hand that draws on it.

It connects a workbench with a canvas. The view settings live here, because they belong to the view.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from labeltool.app.toolbox import Context
from labeltool.app.workbench import OpenImage, Workbench
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.change import Change, Signal
from labeltool.core.geometry import TILE, Box, Size
from labeltool.core.mask import LabelMask, Plane
from labeltool.core.overview import Overviews
from labeltool.core.provenance import Origin
from labeltool.imaging.budget import share
from labeltool.imaging.display import NEUTRAL, Lut, Tone, after, identity, percentile_stretch, tone_curve
from labeltool.imaging.halving import coarser
from labeltool.imaging.pyramid import Arrival, Pyramid, seen
from labeltool.imaging.reader import Pixels
from labeltool.imaging.scale import PixelSize, pixel_size
from labeltool.tools.tool import Tool
from labeltool.ui.canvas.colours import MaskColours, dashed_outline, doubt_lut, image_argb
from labeltool.ui.canvas.layers import Argb, Layer
from labeltool.ui.canvas.outlines import FINE_ZOOM, Labels, paint_fine_outlines
from labeltool.ui.canvas.viewport import Viewport
from labeltool.ui.canvas.widget import Canvas
from labeltool.ui.compare import Mode
from labeltool.ui.minimap import Minimap

OPACITY_STEP = 10
MINIMAP_FILL = 0.6

Strength = Callable[[], tuple[float, float]]
"""Opacity of fill and outline, as they are now."""


@dataclass
class Shown:
    """What the user has switched on. ``doubt_below`` is a confidence in per cent."""

    mask: bool = True
    model: bool = False
    confidence: bool = False
    auto_contrast: bool = False
    fill: bool = True
    outlines: bool = True
    tone: Tone = NEUTRAL
    opacity: int = 45
    doubt_below: int = 90
    hidden: frozenset[int] = frozenset()

    def on(self, name: str) -> bool:
        """Whether a layer is switched on."""
        return bool(getattr(self, name))


@dataclass(frozen=True)
class Readout:
    """What lies under the pointer. ``rgb`` is None until the pixel has come from the disk, ``confidence`` is 0..1,
    None where no model has been."""

    x: int
    y: int
    rgb: tuple[int, int, int] | None
    label: int
    origin: Origin
    confidence: float | None
    size: Size
    scale: PixelSize | None = None


class Annotate:
    """Shows a workbench's image on a canvas and lets tools change it."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.minimap = Minimap(canvas)
        self.shown = Shown()
        self._overviews = Overviews()
        self.changed: Signal[None] = Signal()
        self.chosen: Signal[int] = Signal()
        """A tool has picked up a class."""
        self.tool: Tool | None = None
        self._bench: Workbench | None = None
        self._disconnect: Callable[[], None] = lambda: None
        self._scale: PixelSize | None = None
        self._fine = False
        canvas.view_changed.connect(self._follow_zoom)

    # ---- connecting

    def attach(self, bench: Workbench | None) -> None:
        """Show the images of this workbench from now on."""
        self._bench = bench
        self._show(None)
        if bench is not None:
            bench.image_opening.connect(lambda _: self.canvas.cancel_gesture())
            bench.image_opened.connect(self._show)
            bench.pixels_arrived.connect(self._pixels_arrived)
            bench.prediction_changed.connect(self._show_prediction)
            bench.catalog_changed.connect(lambda _: self.redraw("mask", "model"))

    def context(self) -> Context | None:
        """What a tool gets; None when there is nothing to draw on."""
        bench = self._bench
        if bench is None or bench.open is None or not bench.editable or bench.open.session.frozen:
            return None
        prediction = bench.open.prediction
        return Context(
            bench.open.session,
            bench.hand,
            lambda: bench.catalog,
            bench.open.pyramid,
            {} if self.tool is None else bench.hand.options_of(self.tool),
            None if prediction is None else prediction.label,
            self.canvas.what_is_seen,
            self.chosen.emit,
            self._scale,
        )

    def use(self, tool: Tool) -> None:
        """Draw with this tool."""
        self.tool = tool
        self.canvas.set_tool(tool)

    @property
    def image(self) -> OpenImage | None:
        """The image at hand."""
        return self._bench.open if self._bench is not None else None

    def _show(self, image: OpenImage | None) -> None:
        self._disconnect()
        self._disconnect = lambda: None
        if image is None:
            self.canvas.show_image(None, {})
            self.minimap.show_image(None, {})
            self.changed.emit(None)
            return
        self._disconnect = image.session.changed.connect(self._pixels_changed)
        size = image.session.mask.size
        self._scale = pixel_size(image.record.path)
        self.canvas.show_image(size, self._own_layers(image, size, self._tile_strength))
        self.canvas.set_overlay("mask", self._fine_outlines(self._labels_of(image.session.mask), size))
        self.minimap.show_image(size, self._own_layers(image, size, lambda: (MINIMAP_FILL, MINIMAP_FILL)))
        self._show_prediction(image)

    def _own_layers(self, image: OpenImage, size: Size, strength: Strength) -> dict[str, Layer]:
        """Layers that every image has."""
        return {
            "image": Layer(size, self._render_image(image.pyramid), share("image layer")),
            "mask": Layer(
                size,
                self._render_mask(self._labels_of(image.session.mask), size, strength),
                share("mask layer"),
            ),
        }

    def _show_prediction(self, image: OpenImage) -> None:
        self._overviews.clear()
        found = image.prediction
        size = image.session.mask.size
        answer = None
        if found is not None:
            labels = self._answer_of(found.label)
            answer = Layer(size, self._render_mask(labels, size, self._tile_strength))
            self.canvas.set_overlay("answer", self._fine_outlines(labels, size))
        self.canvas.set_layer("answer", answer)
        self.canvas.set_layer(
            "model", None if found is None else Layer(size, self._render_model(found.label))
        )
        self.canvas.set_layer(
            "confidence", None if found is None else Layer(size, self._render_doubt(found.confidence))
        )
        self.redraw("mask")
        self.apply()

    def _pixels_arrived(self, arrival: Arrival) -> None:
        for view in (self.canvas, self.minimap):
            view.pixels_arrived("image", arrival.box, arrival.first, arrival.last)

    def _pixels_changed(self, change: Change) -> None:
        self._overviews.changed(change)
        self.canvas.pixels_changed(change, ("mask",))
        self.minimap.pixels_changed(change.box)
        self.canvas.mask_changed()

    # ---- what is shown

    def available(self, name: str) -> bool:
        """Whether the image at hand has this layer."""
        return self.canvas.layer(name) is not None

    def switch(self, name: str, on: bool | None = None) -> None:
        """Switch a layer or auto contrast on or off; without ``on`` the other way round."""
        setattr(self.shown, name, not self.shown.on(name) if on is None else on)
        look = {"auto_contrast": "image", "confidence": "mask", "fill": "mask", "outlines": "mask"}
        if name in look:
            self.redraw(look[name])
        self.apply()

    def set_opacity(self, percent: int) -> None:
        """How strongly the mask covers the image."""
        self.shown.opacity = max(0, min(100, percent))
        self.redraw("mask")
        self.apply()

    def set_tone(self, tone: Tone) -> None:
        """Brightness, contrast and gamma of the image, for the eye."""
        self.shown.tone = tone
        self.redraw("image")
        self.apply()

    def set_compare(self, mode: str, left: str, right: str) -> None:
        """Compare two layers, or stop doing so."""
        self.canvas.set_compare(cast("Mode", mode), left, right)
        self.redraw("mask")
        self.apply()

    def _follow_zoom(self) -> None:
        """From some zoom on outlines are painted over the tiles, not in them."""
        fine = self.canvas.view.zoom * self.canvas.devicePixelRatio() >= FINE_ZOOM
        if fine != self._fine:
            self._fine = fine
            self.redraw("mask", "answer")

    def set_doubt_below(self, percent: int) -> None:
        """Show confidence below this many per cent."""
        self.shown.doubt_below = percent
        self.redraw("confidence")

    def set_hidden(self, values: frozenset[int]) -> None:
        """Classes that are not drawn."""
        self.shown.hidden = values
        self.redraw("mask", "model", "answer")

    def redraw(self, *names: str) -> None:
        """These layers look different now."""
        for name in names:
            layer = self.canvas.layer(name)
            if layer is not None:
                layer.clear()
        self.minimap.redraw(*names)
        self.canvas.update()

    def apply(self) -> None:
        """Hand the switches to the canvas, and tell who shows them."""
        self.minimap.mask_shown = self.shown.mask
        order = ("mask", "confidence", "model")
        self.canvas.set_visible(["image", *(name for name in order if self.shown.on(name))])
        self.changed.emit(None)

    # ---- what is under the pointer

    def readout(self, x: float, y: float) -> Readout | None:
        """Value, class and origin of the pixel at an image point; None outside."""
        image = self.image
        if image is None:
            return None
        col, row = int(np.floor(x)), int(np.floor(y))
        size = image.session.mask.size
        if not (0 <= col < size.width and 0 <= row < size.height):
            return None
        box = Box(col, row, col + 1, row + 1)
        tile = image.pyramid.tile(0, row // TILE, col // TILE)
        mask = image.session.mask
        confidence = None
        if image.prediction is not None:
            confidence = int(image.prediction.confidence.read(box)[0, 0]) / 255
        return Readout(
            col,
            row,
            None if tile is None else _rgb(tile[row % TILE, col % TILE]),
            int(mask.read("label", box)[0, 0]),
            Origin(int(mask.read("origin", box)[0, 0])),
            confidence,
            size,
            self._scale,
        )

    # ---- rendering: from planes to premultiplied pixels

    def _render_image(self, pyramid: Pyramid) -> Callable[[Box, int], Argb]:
        judged: list[tuple[Pixels, Lut]] = []

        def stretch() -> Lut:
            pixels = pyramid.sample()
            if pixels is None:
                return identity()
            if not judged or judged[0][0] is not pixels:
                judged[:] = [(pixels, percentile_stretch(pixels))]
            return judged[0][1]

        def lut() -> NDArray[np.uint8] | None:
            if not self.shown.auto_contrast and self.shown.tone == NEUTRAL:
                return None
            return after(stretch() if self.shown.auto_contrast else identity(), tone_curve(self.shown.tone))

        def render(box: Box, step: int) -> Argb:
            level = min(step.bit_length() - 1, pyramid.level_count - 1)
            extra = step >> level  # past the last level every so-manyth pixel of it will do
            part = coarser(box, level)
            pixels = seen(pyramid, level, part)[::extra, ::extra]
            return image_argb(pixels, lut())

        return render

    def _render_mask(self, labels: Labels, size: Size, strength: Strength) -> Callable[[Box, int], Argb]:
        colours = lru_cache(maxsize=1)(MaskColours)

        def draw(values: NDArray[np.uint8], inner: tuple[slice, slice], corner: tuple[int, int]) -> Argb:
            fill, edge = strength()
            return colours(self._catalog(), fill, self.shown.hidden, edge).render(values, inner)

        return _render_labels(labels, size, draw)

    def _every(self, plane: Plane, box: Box, step: int) -> NDArray[np.uint8]:
        """Every ``step``-th pixel of a box: the nearest, never an average of classes."""
        return self._overviews.read(plane, box, step).astype(np.uint8, copy=False)

    def _labels_of(self, mask: LabelMask) -> Labels:
        """Classes as they are drawn: where unlabelled is no class, it has a value that nobody uses."""

        def labels(box: Box, step: int) -> NDArray[np.uint8]:
            values = self._every(mask.planes["label"], box, step)
            if mask.unlabelled_value == IGNORE:  # else unlabelled looks like background: transparent
                free = self._every(mask.planes["origin"], box, step) == Origin.NOBODY
                values = np.where(free, np.uint8(self._unused_value()), values)
            return values

        return labels

    def _answer_of(self, plane: Plane) -> Labels:
        """The model's classes as they are drawn; where it has said nothing there is nothing to see."""

        def labels(box: Box, step: int) -> NDArray[np.uint8]:
            values = self._every(plane, box, step)
            return np.where(values == IGNORE, np.uint8(self._unused_value()), values)

        return labels

    def _fine_outlines(self, labels: Labels, size: Size) -> Callable[[QPainter, Viewport, QRect], None]:
        colours = lru_cache(maxsize=1)(MaskColours)

        def paint(painter: QPainter, view: Viewport, dirty: QRect) -> None:
            if self._fine and self.shown.outlines:
                _, edge = self._mask_strength()
                table = colours(self._catalog(), 0.0, self.shown.hidden, edge).edge
                paint_fine_outlines(painter, view, dirty, size, labels, table)

        return paint

    def _tile_strength(self) -> tuple[float, float]:
        """As of the mask, but without the outlines that are painted over the tiles."""
        fill, edge = self._mask_strength()
        return fill, fill if self._fine else edge

    def _mask_strength(self) -> tuple[float, float]:
        """Opacity of fill and outline; under the confidence layer outlines alone, or one would hide the other."""
        shown = self.shown
        fill = shown.opacity / 100 if shown.fill else 0.0
        edge = min(1.0, 0.35 + shown.opacity / 100)
        if shown.confidence and self.available("confidence") and self.canvas.compare.mode == "off":
            fill, edge = 0.0, 1.0
        return fill, edge if shown.outlines else fill

    def _catalog(self) -> ClassCatalog:
        assert self._bench is not None
        return self._bench.catalog

    def _unused_value(self) -> int:
        """A value that no class has, so that nothing is drawn for it; 254 classes leave one of 0..254."""
        return next(value for value in range(IGNORE) if value not in self._catalog().values)

    def _render_model(self, plane: Plane) -> Callable[[Box, int], Argb]:
        def draw(values: NDArray[np.uint8], inner: tuple[slice, slice], corner: tuple[int, int]) -> Argb:
            shown = {each.value for each in self._catalog().foreground} - self.shown.hidden
            return dashed_outline(values, inner, shown, corner)

        return _render_labels(lambda box, step: self._every(plane, box, step), plane.size, draw)

    def _render_doubt(self, confidence: Plane) -> Callable[[Box, int], Argb]:
        def render(box: Box, step: int) -> Argb:
            lut = doubt_lut(self.shown.doubt_below / 100)
            return lut[self._every(confidence, box, step)]

        return render


def _rgb(pixel: Pixels) -> tuple[int, int, int]:
    r, g, b = (int(value) for value in pixel)
    return r, g, b


def _render_labels(
    label: Labels,
    size: Size,
    draw: Callable[[NDArray[np.uint8], tuple[slice, slice], tuple[int, int]], Argb],
) -> Callable[[Box, int], Argb]:
    """Draw classes with a pixel more on every side, on which outlines depend.

    ``draw`` gets the values, the part of them that is wanted, and the corner (x, y) of that on the step's grid.
    """

    def render(box: Box, step: int) -> Argb:
        wide = box.grow(step).intersect(size.box)
        aligned = Box(wide.x0 // step * step, wide.y0 // step * step, wide.x1, wide.y1)
        left, top = (box.x0 - aligned.x0) // step, (box.y0 - aligned.y0) // step
        inner = slice(top, top - (-box.height // step)), slice(left, left - (-box.width // step))
        return draw(label(aligned, step), inner, (box.x0 // step, box.y0 // step))

    return render
