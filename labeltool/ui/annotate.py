"""The Annotate workspace: what of the image at hand is shown, and the hand that draws on it.

It connects a workbench with a canvas; how things are drawn is said in :mod:`labeltool.ui.rendering`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from labeltool.app.toolbox import Context
from labeltool.core.catalog import ClassCatalog
from labeltool.core.change import Change, Signal
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.memory import share
from labeltool.core.progress import CancelToken
from labeltool.imaging.pyramid import Arrival
from labeltool.imaging.view import values_of
from labeltool.tools.tool import Tool
from labeltool.tools.working import Promise
from labeltool.ui.canvas.frame import paint_frame
from labeltool.ui.canvas.layers import Layer, Render
from labeltool.ui.canvas.outlines import FINE_ZOOM
from labeltool.ui.canvas.viewport import Viewport
from labeltool.ui.canvas.widget import Canvas
from labeltool.ui.compare import Mode
from labeltool.ui.looks import Looks
from labeltool.ui.minimap import Minimap
from labeltool.ui.readout import Readout, readout
from labeltool.ui.rendering import Rendering, Shown, Strength

if TYPE_CHECKING:
    # What a project needs is imported when one is opened: the start page is up sooner.
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.workbench import Workbench
    from labeltool.store.predictions import PredictionPlanes

T = TypeVar("T")

OPACITY_STEP = 10
MINIMAP_FILL = 0.6
SEEN_SHARE, TAKEN_SHARE, CLOSEST = 0.05, 0.5, 8.0
"""What is smaller than the first share of the canvas is looked at so closely that it takes the other one, up to this
zoom."""


class Annotate:
    """Shows a workbench's image on a canvas and lets tools change it."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.minimap = Minimap(canvas)
        self.shown = Shown()
        self.looks = Looks()
        self._rendering = Rendering(self.shown, self._catalog, self._covers)
        self.changed: Signal[None] = Signal()
        self.chosen: Signal[int] = Signal()
        """A tool has picked up a class."""
        self.revealed: Signal[None] = Signal()
        """The mask was hidden and is shown again, as somebody paints."""
        self.dropped: Signal[None] = Signal()
        """What was being drawn is gone, as another image is opened."""
        self.fitted: Signal[None] = Signal()
        """The tool's options are others now, because the image at hand has other values."""
        self.tool: Tool | None = None
        """The tool at hand, fitted to the image at hand."""
        self._used: Tool | None = None
        self._bench: Workbench | None = None
        self._disconnect: Callable[[], None] = lambda: None
        self._series = ("", Size(0, 0))
        self._wanted: tuple[str, Box, float, float] | None = None
        self._marked: tuple[str, Box] | None = None
        self._then: LabelMask | None = None
        canvas.view_changed.connect(self._follow_zoom)
        self.looks.changed.connect(lambda _: self._look_changed())

    # ---- connecting

    def attach(self, bench: Workbench | None) -> None:
        """Show the images of this workbench from now on."""
        self._bench = bench
        self._show(None)
        self._prepare()
        if bench is not None:
            bench.image_opening.connect(lambda _: self._leave_image())
            bench.image_opened.connect(self._show)
            bench.pixels_arrived.connect(self._pixels_arrived)
            bench.prediction_changed.connect(self._show_prediction)
            bench.catalog_changed.connect(lambda _: self.redraw("mask", "model"))

    def _leave_image(self) -> None:
        """Another image is opened, or this one anew."""
        if self.canvas.busy:
            self.dropped.emit(None)
        self.canvas.cancel_gesture()

    def context(self) -> Context | None:
        """What a tool gets; None when there is nothing to draw on."""
        bench = self._bench
        if bench is None or bench.open is None or not bench.editable or bench.open.session.frozen:
            return None
        if self._then is not None:
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
            bench.open.pixel_size,
            self._run,
        )

    def _run(self, work: Callable[[CancelToken], T]) -> Promise[T]:
        """Have a tool's work done on a lane."""
        assert self._bench is not None
        answered, title = self.canvas.work_answered, "" if self.tool is None else self.tool.title
        job = self._bench.lanes.submit(
            "tools",
            "tool",
            lambda cancel, _: work(cancel),
            done=lambda _: answered(),
            failed=lambda _: answered(failed=True),
            title=title,
        )
        assert job.future is not None
        return Promise(job.future, job.cancel)

    def use(self, tool: Tool) -> None:
        """Draw with this tool."""
        self._used = tool
        self.tool = self._fitted(tool)
        self.canvas.set_tool(tool)
        self._prepare()

    def _fitted(self, tool: Tool) -> Tool:
        return tool.fitted(self.looks.values()) if any(each.of_values for each in tool.options) else tool

    def _fit(self) -> None:
        """The image at hand is another one, or more of it has come."""
        if self._used is not None and self.tool != (fitted := self._fitted(self._used)):
            self.tool = fitted
            self.fitted.emit(None)

    def _prepare(self) -> None:
        """Begin with what the tool needs at first use."""
        prepare = None if self.tool is None else self.tool.prepare
        if prepare is not None and self._bench is not None:
            self._bench.lanes.submit(
                "tools",
                "prepare",
                lambda *_: prepare(),
                done=lambda _: None,
                failed=lambda _: None,  # it fails again, and is heard, when the tool is used
                quiet=True,
            )

    @property
    def image(self) -> OpenImage | None:
        """The image at hand."""
        return self._bench.open if self._bench is not None else None

    def _show(self, image: OpenImage | None) -> None:
        self._disconnect()
        self._disconnect = lambda: None
        self._then = None
        self.looks.show(image)
        if image is None:
            self.canvas.show_image(None, {})
            self.minimap.show_image(None, {})
            self.changed.emit(None)
            return
        self._disconnect = image.session.changed.connect(self._pixels_changed)
        size = image.session.mask.size
        layers = self._own_layers(image, size, self._rendering.tile_strength)
        self.canvas.show_image(size, layers, keep_view=self._is_next_page(image))
        self._show_beside_tiles(image, size)
        self._show_prediction(image)
        self._look_there(image)

    def _show_beside_tiles(self, image: OpenImage, size: Size) -> None:
        """The mask where it is no layer of the canvas: its fine outlines, and the minimap."""
        labels = self._rendering.labels_of(self._mask_of(image))
        self.canvas.set_overlay("mask", self._rendering.fine_outlines(labels, size))
        self.minimap.show_image(size, self._own_layers(image, size, lambda: (MINIMAP_FILL, MINIMAP_FILL)))

    def _mask_of(self, image: OpenImage) -> LabelMask:
        """The mask that is shown."""
        return image.session.mask if self._then is None else self._then

    def show_then(self, mask: LabelMask | None) -> None:
        """Show the mask as it was once in the place of what it is now, which None brings back. Nothing can be drawn
        meanwhile; who changes the mask that is shown says so with :meth:`redraw_changed`."""
        self._then, image = mask, self.image
        if image is None:
            return
        size = image.session.mask.size
        self.canvas.set_layer("mask", self._own_layers(image, size, self._rendering.tile_strength)["mask"])
        self._show_beside_tiles(image, size)
        self._show_prediction(image)

    def go_to(self, image_id: str, box: Box, least: float = SEEN_SHARE, taken: float = TAKEN_SHARE) -> None:
        """Open an image where it is not at hand, and bring a box of it to the middle, large enough to be seen: where it
        takes less than the share ``least`` of the canvas along a side, or more than all, it gets a share ``taken``."""
        self._wanted = image_id, box, least, taken
        if self._bench is None:
            return
        if self.image is None or not self.image.record.id == self._bench.wanted == image_id:
            self._bench.open_image(image_id)
        else:
            self._look_there(self.image)

    def mark(self, image_id: str, box: Box) -> None:
        """Frame a box of an image wherever errors or doubt are shown, until another one is framed."""
        self._marked = image_id, box
        self.canvas.update()

    def _paint_mark(self, painter: QPainter, view: Viewport, dirty: QRect) -> None:
        if self._marked is not None and self.image is not None and self._marked[0] == self.image.record.id:
            paint_frame(painter, view, self._marked[1])

    def _look_there(self, image: OpenImage) -> None:
        """Look at the place that is wanted, if it is in this image."""
        wanted, self._wanted = self._wanted, None
        if wanted is None or wanted[0] != image.record.id or wanted[1].is_empty:
            return
        box, canvas = wanted[1], self.canvas
        room = min(canvas.width() / box.width, canvas.height() / box.height)
        if not wanted[2] <= canvas.view.zoom / room <= 1:
            canvas.zoom_to(min(CLOSEST, room * wanted[3]))
        canvas.centre_on((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)

    def _is_next_page(self, image: OpenImage) -> bool:
        """True for another page of the series that was at hand: it is looked at where the last one was."""
        series, self._series = self._series, (image.record.series, image.record.size)
        return bool(image.record.series) and self._series == series

    def _own_layers(self, image: OpenImage, size: Size, strength: Strength) -> dict[str, Layer]:
        """Layers that every image has."""
        return {
            "image": Layer(
                size,
                self._rendering.image(values_of(image.pyramid), lambda: self.looks.display),
                share("image layer"),
            ),
            "mask": Layer(
                size, self._rendering.mask(self._rendering.labels_of(self._mask_of(image)), size, strength)
            ),
        }

    def _show_prediction(self, image: OpenImage) -> None:
        self._rendering.overviews.clear()
        found = image.prediction
        size = image.session.mask.size
        answer = None
        if found is not None:
            labels = self._rendering.answer_of(found.label)
            answer = Layer(size, self._rendering.mask(labels, size, self._rendering.tile_strength))
            self.canvas.set_overlay("answer", self._rendering.fine_outlines(labels, size))
        self.canvas.set_layer("answer", answer)
        self.canvas.set_layer(
            "model",
            None if found is None else Layer(size, self._rendering.model(found.label, found.confidence)),
        )
        self.canvas.set_layer(
            "confidence", None if found is None else Layer(size, self._rendering.doubt(found.confidence))
        )
        self.canvas.set_layer(
            "error",
            None if found is None else Layer(size, self._errors(image, found)),
        )
        for name in ("error", "confidence"):
            self.canvas.set_overlay(name, self._paint_mark)
        self.redraw("mask")
        self.apply()

    def _errors(self, image: OpenImage, found: PredictionPlanes) -> Render:
        """Errors of what is shown, or what it has made better and worse than an earlier layer."""
        from labeltool.app.truth import truth_origins  # noqa: PLC0415

        mask, origins = self._mask_of(image), lambda: truth_origins(image.record)
        if image.earlier is None:
            return self._rendering.errors(mask, found.label, origins)
        return self._rendering.changes(mask, image.earlier.label, found.label, origins)

    def _pixels_arrived(self, arrival: Arrival) -> None:
        for view in (self.canvas, self.minimap):
            view.pixels_arrived("image", arrival.box, arrival.first, arrival.last)
        self._fit()

    def _pixels_changed(self, change: Change) -> None:
        if not self.shown.mask and not change.box.is_empty and self.canvas.drawing and self._painting:
            self.switch("mask", True)  # or what is painted would not be seen, and be saved
            self.revealed.emit(None)
        self.redraw_changed(change)
        self.canvas.mask_changed()

    def redraw_changed(self, change: Change) -> None:
        """Pixels of the mask that is shown differ."""
        self._rendering.overviews.changed(change)
        self.canvas.pixels_changed(change, ("mask", "error"))
        self.minimap.pixels_changed(change.box)

    @property
    def _painting(self) -> bool:
        """False while undo changes the mask under a gesture that rests."""
        return self.image is not None and self.image.session.painting

    # ---- what is shown

    def available(self, name: str) -> bool:
        """Whether the image at hand has this layer."""
        return self.canvas.layer(name) is not None

    def switch(self, name: str, on: bool | None = None) -> None:
        """Switch a layer on or off; without ``on`` the other way round."""
        setattr(self.shown, name, not self.shown.on(name) if on is None else on)
        look = {"confidence": ("mask", "model"), "error": ("mask",), "fill": ("mask",), "outlines": ("mask",)}
        if name in look:
            self.redraw(*look[name])
        self.apply()

    def set_opacity(self, percent: int) -> None:
        """How strongly the mask covers the image."""
        self.shown.opacity = max(0, min(100, percent))
        self.redraw("mask")
        self.apply()

    def _look_changed(self) -> None:
        self._fit()
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
        if fine != self._rendering.fine:
            self._rendering.fine = fine
            self.redraw("mask", "answer")

    def set_doubt_below(self, percent: int) -> None:
        """Show confidence below this many per cent, and of the model's outlines those that are no surer."""
        self.shown.doubt_below = percent
        if not self.shown.confidence:
            self.switch("confidence", True)
        self.redraw("confidence", "model")

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
        order = ("mask", "confidence", "error", "model", "unlooked")
        self.canvas.set_visible(["image", *(name for name in order if self.shown.on(name))])
        self.changed.emit(None)

    def readout(self, x: float, y: float) -> Readout | None:
        """Value, class and origin of the pixel at an image point; None outside."""
        return None if self.image is None else readout(self.image, self._mask_of(self.image), x, y)

    def _catalog(self) -> ClassCatalog:
        assert self._bench is not None
        return self._bench.catalog

    def _covers(self, name: str) -> bool:
        return self.available(name) and self.canvas.compare.mode == "off"
