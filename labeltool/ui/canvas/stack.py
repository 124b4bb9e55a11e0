"""What is painted: the layers of one image, from the lowest to the highest, as a viewport shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QPainter

from labeltool.core.change import Change
from labeltool.core.geometry import Box, Size
from labeltool.ui.canvas.backdrop import Backdrop
from labeltool.ui.canvas.layers import Layer, places_in, step_of
from labeltool.ui.canvas.viewport import Viewport

Overlay = Callable[[QPainter, Viewport, QRect], None]
"""Paints over a layer what depends on the zoom: view and dirty rectangle of the widget."""
IMAGE = "image"


class LayerStack:
    """Layers by name, and how they are painted on a screen of ``ratio`` device pixels a pixel of the widget."""

    def __init__(self) -> None:
        self.size: Size | None = None
        self.surround = QColor("#2b2b2b")
        self._layers: dict[str, Layer] = {}
        self._overlays: dict[str, Overlay] = {}
        self._floats: dict[str, Overlay] = {}
        self._backdrop = Backdrop()

    def show(self, size: Size | None, layers: dict[str, Layer]) -> None:
        """Another image, or none."""
        self.size, self._layers = size, layers
        self._backdrop = Backdrop()  # the one before would keep the image before

    def put(self, name: str, layer: Layer | None) -> None:
        """Put in, replace or take out one layer."""
        if layer is None:
            self._layers.pop(name, None)
        else:
            self._layers[name] = layer

    def put_over(self, name: str, overlay: Overlay) -> None:
        """What is painted whenever this layer has been."""
        self._overlays[name] = overlay

    def float_over(self, name: str, overlay: Overlay | None) -> None:
        """What is painted over all layers, whichever are shown; None takes it away."""
        self._floats.pop(name, None)
        if overlay is not None:
            self._floats[name] = overlay

    def layer(self, name: str) -> Layer | None:
        """A layer by name."""
        return self._layers.get(name)

    def changed(self, change: Change, names: Iterable[str], level: int, seen: Box) -> list[Box]:
        """Pixels of these layers differ: render those that are seen. Returns boxes around them."""
        assert self.size is not None
        boxes = change.boxes(self.size, level)
        for name in names:
            if name in self._layers:
                self._layers[name].changed(boxes, level, seen)
        return boxes

    def arrived(self, name: str, box: Box, first: int, last: int, rect: QRect) -> None:
        """There is more to see of a layer inside ``box``, on these levels; ``rect`` is that on the screen."""
        if name in self._layers:
            self._layers[name].forget(box, first, last)
        if name == IMAGE:
            self._backdrop.forget(rect)

    def paint(
        self,
        painter: QPainter,
        names: tuple[str, ...],
        view: Viewport,
        ratio: float,
        room: QRect,
        dirty: QRect,
    ) -> None:
        """Paint a rectangle of the widget, to which the painter is clipped; ``room`` is all that the picture has."""
        image = self._layers.get(IMAGE) if IMAGE in names else None
        if image is None:
            painter.fillRect(dirty, self.surround)
        else:
            key = view, image, image.version, self.surround

            def draw(below: QPainter, rect: QRect) -> None:
                below.fillRect(rect, self.surround)
                self._paint_layer(below, image, view, ratio, rect, smooth=True)

            self._backdrop.paint(painter, dirty, room, ratio, key, draw)
        for name in names:
            layer = self._layers.get(name)
            if layer is None or name == IMAGE:
                continue
            self._paint_layer(painter, layer, view, ratio, dirty, smooth=False)
            if name in self._overlays:
                self._overlays[name](painter, view, dirty)
        for overlay in self._floats.values():
            overlay(painter, view, dirty)

    def _paint_layer(
        self, painter: QPainter, layer: Layer, view: Viewport, ratio: float, dirty: QRect, *, smooth: bool
    ) -> None:
        level = view.level(ratio)
        one_to_one = view.zoom * ratio * step_of(level) == 1
        box = view.visible(dirty.left(), dirty.top(), dirty.right() + 1, dirty.bottom() + 1, layer.size)
        hint = QPainter.RenderHint.SmoothPixmapTransform
        painter.setRenderHint(hint, smooth and view.zoom < 2 and not one_to_one)
        for place in places_in(box, level):
            tile = layer.tile(place)
            # Rounded edges are shared by neighbours, so that no gap can show between tiles.
            left, top = (round(v) for v in view.to_widget(tile.box.x0, tile.box.y0))
            right, bottom = (round(v) for v in view.to_widget(tile.box.x1, tile.box.y1))
            painter.drawImage(QRect(left, top, max(1, right - left), max(1, bottom - top)), tile.image)
