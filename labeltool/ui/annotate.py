"""The Annotate workspace: what of the image at hand is shown, and the hand that draws on it.

It connects a workbench with a canvas. The view settings live here, because they belong to the view.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from labeltool.app.toolbox import Context, ImageArray
from labeltool.app.workbench import OpenImage, Workbench
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.change import Change, Signal
from labeltool.core.geometry import Box
from labeltool.core.mask import LabelMask, Plane
from labeltool.core.provenance import Origin
from labeltool.imaging.display import percentile_stretch
from labeltool.imaging.pyramid import Pyramid
from labeltool.tools.tool import Tool
from labeltool.ui.canvas.colours import MaskColours, dashed_outline, doubt_lut, image_argb
from labeltool.ui.canvas.layers import Argb, Layer
from labeltool.ui.canvas.widget import Canvas

OPACITY_STEP = 10


@dataclass
class Shown:
    """What the user has switched on. ``doubt_below`` is a confidence in per cent."""

    mask: bool = True
    model: bool = False
    confidence: bool = False
    auto_contrast: bool = False
    opacity: int = 45
    doubt_below: int = 90
    hidden: frozenset[int] = frozenset()

    def on(self, name: str) -> bool:
        """Whether a layer is switched on."""
        return bool(getattr(self, name))


@dataclass(frozen=True)
class Readout:
    """What lies under the pointer. ``confidence`` is 0..1, None where no model has been."""

    x: int
    y: int
    rgb: tuple[int, int, int]
    label: int
    origin: Origin
    confidence: float | None


class Annotate:
    """Shows a workbench's image on a canvas and lets tools change it."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.shown = Shown()
        self.changed: Signal[None] = Signal()
        self.chosen: Signal[int] = Signal()
        """A tool has picked up a class."""
        self.tool: Tool | None = None
        self._bench: Workbench | None = None
        self._disconnect: Callable[[], None] = lambda: None

    # ---- connecting

    def attach(self, bench: Workbench | None) -> None:
        """Show the images of this workbench from now on."""
        self._bench = bench
        self._show(None)
        if bench is not None:
            bench.image_opening.connect(lambda _: self.canvas.cancel_gesture())
            bench.image_opened.connect(self._show)
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
            ImageArray(bench.open.pyramid.level(0)),
            {} if self.tool is None else bench.hand.options_of(self.tool),
            None if prediction is None else prediction.label,
            self.canvas.what_is_seen,
            self.chosen.emit,
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
            self.changed.emit(None)
            return
        self._disconnect = image.session.changed.connect(self._pixels_changed)
        size = image.session.mask.size
        layers = {
            "image": Layer(size, self._render_image(image.pyramid)),
            "mask": Layer(size, self._render_mask(image.session.mask)),
        }
        self.canvas.show_image(size, layers)
        self._show_prediction(image)

    def _show_prediction(self, image: OpenImage) -> None:
        found = image.prediction
        size = image.session.mask.size
        self.canvas.set_layer(
            "model", None if found is None else Layer(size, self._render_model(found.label))
        )
        self.canvas.set_layer(
            "confidence", None if found is None else Layer(size, self._render_doubt(found.confidence))
        )
        self.redraw("mask")
        self.apply()

    def _pixels_changed(self, change: Change) -> None:
        self.canvas.pixels_changed(change.box, ("mask",))
        self.canvas.mask_changed()

    # ---- what is shown

    def available(self, name: str) -> bool:
        """Whether the image at hand has this layer."""
        return self.canvas.layer(name) is not None

    def switch(self, name: str, on: bool | None = None) -> None:
        """Switch a layer or auto contrast on or off; without ``on`` the other way round."""
        setattr(self.shown, name, not self.shown.on(name) if on is None else on)
        look = {"auto_contrast": "image", "confidence": "mask"}
        if name in look:
            self.redraw(look[name])
        self.apply()

    def set_opacity(self, percent: int) -> None:
        """How strongly the mask covers the image."""
        self.shown.opacity = max(0, min(100, percent))
        self.redraw("mask")
        self.apply()

    def set_doubt_below(self, percent: int) -> None:
        """Show confidence below this many per cent."""
        self.shown.doubt_below = percent
        self.redraw("confidence")

    def set_hidden(self, values: frozenset[int]) -> None:
        """Classes that are not drawn."""
        self.shown.hidden = values
        self.redraw("mask", "model")

    def redraw(self, *names: str) -> None:
        """These layers look different now."""
        for name in names:
            layer = self.canvas.layer(name)
            if layer is not None:
                layer.clear()
        self.canvas.update()

    def apply(self) -> None:
        """Hand the switches to the canvas, and tell who shows them."""
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
        r, g, b = (int(v) for v in image.pyramid.level(0)[row, col])
        mask = image.session.mask
        confidence = None
        if image.prediction is not None:
            confidence = int(image.prediction.confidence.read(box)[0, 0]) / 255
        return Readout(
            col,
            row,
            (r, g, b),
            int(mask.read("label", box)[0, 0]),
            Origin(int(mask.read("origin", box)[0, 0])),
            confidence,
        )

    # ---- rendering: from planes to premultiplied pixels

    def _render_image(self, pyramid: Pyramid) -> Callable[[Box, int], Argb]:
        tables: dict[str, NDArray[np.uint8]] = {}

        def render(box: Box, step: int) -> Argb:
            if self.shown.auto_contrast and not tables:
                tables["lut"] = percentile_stretch(pyramid.level(0))
            level = min(step.bit_length() - 1, pyramid.level_count - 1)
            extra = step >> level  # past the last level every so-manyth pixel of it will do
            side = 1 << level
            part = Box(box.x0 // side, box.y0 // side, -(-box.x1 // side), -(-box.y1 // side))
            pixels = pyramid.level(level)[part.slices()][::extra, ::extra]
            return image_argb(pixels, tables.get("lut") if self.shown.auto_contrast else None)

        return render

    def _render_mask(self, mask: LabelMask) -> Callable[[Box, int], Argb]:
        def label(box: Box, step: int) -> NDArray[np.uint8]:
            values = _every(mask.planes["label"], box, step)
            if mask.unlabelled_value == IGNORE:  # else unlabelled looks like background: transparent
                free = _every(mask.planes["origin"], box, step) == Origin.NOBODY
                values = np.where(free, self._unused_value(), values)
            return values

        colours = lru_cache(maxsize=1)(MaskColours)

        def draw(values: NDArray[np.uint8], inner: tuple[slice, slice], corner: tuple[int, int]) -> Argb:
            fill, edge = self._mask_strength()
            return colours(self._catalog(), fill, self.shown.hidden, edge).render(values, inner)

        return _render_labels(label, mask, draw)

    def _mask_strength(self) -> tuple[float, float | None]:
        """Opacity of fill and outline; under the confidence layer outlines alone, or one would hide the other."""
        if self.shown.confidence and self.available("confidence"):
            return 0.0, 1.0
        return self.shown.opacity / 100, None

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

        return _render_labels(lambda box, step: _every(plane, box, step), plane, draw)

    def _render_doubt(self, confidence: Plane) -> Callable[[Box, int], Argb]:
        def render(box: Box, step: int) -> Argb:
            lut = doubt_lut(self.shown.doubt_below / 100)
            return lut[_every(confidence, box, step)]

        return render


def _every(plane: Plane, box: Box, step: int) -> NDArray[np.uint8]:
    """Every ``step``-th pixel of a box: the nearest, never an average of classes."""
    return plane.read(box)[::step, ::step].astype(np.uint8, copy=False)


def _render_labels(
    label: Callable[[Box, int], NDArray[np.uint8]],
    sized: LabelMask | Plane,
    draw: Callable[[NDArray[np.uint8], tuple[slice, slice], tuple[int, int]], Argb],
) -> Callable[[Box, int], Argb]:
    """Draw classes with a pixel more on every side, on which outlines depend.

    ``draw`` gets the values, the part of them that is wanted, and the corner (x, y) of that on the step's grid.
    """

    def render(box: Box, step: int) -> Argb:
        wide = box.grow(step).intersect(sized.size.box)
        aligned = Box(wide.x0 // step * step, wide.y0 // step * step, wide.x1, wide.y1)
        left, top = (box.x0 - aligned.x0) // step, (box.y0 - aligned.y0) // step
        inner = slice(top, top - (-box.height // step)), slice(left, left - (-box.width // step))
        return draw(label(aligned, step), inner, (box.x0 // step, box.y0 // step))

    return render
