"""Where the image lies in the widget. Pure geometry: no Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from labeltool.core.draw import Point
from labeltool.core.geometry import Box, Size

MAX_ZOOM = 64.0
FIT_MARGIN = 0.98


@dataclass(frozen=True)
class Viewport:
    """``zoom`` widget pixels an image pixel; (``left``, ``top``) is where the image's corner lies in the widget."""

    zoom: float = 1.0
    left: float = 0.0
    top: float = 0.0

    @classmethod
    def fitted(cls, image: Size, widget: Size) -> Viewport:
        """The whole image in the middle of the widget."""
        zoom = min(MAX_ZOOM, FIT_MARGIN * min(widget.width / image.width, widget.height / image.height))
        return cls(zoom).centred_on((image.width / 2, image.height / 2), widget)

    def centred_on(self, point: Point, widget: Size) -> Viewport:
        """The same zoom with an image point in the middle of the widget."""
        x, y = point
        return replace(self, left=widget.width / 2 - x * self.zoom, top=widget.height / 2 - y * self.zoom)

    def to_widget(self, x: float, y: float) -> Point:
        """Image point to widget point."""
        return x * self.zoom + self.left, y * self.zoom + self.top

    def to_image(self, x: float, y: float) -> Point:
        """Widget point to image point."""
        return (x - self.left) / self.zoom, (y - self.top) / self.zoom

    def zoomed(self, factor: float, x: float, y: float, lowest: float) -> Viewport:
        """Zoomed by ``factor`` with the image point under widget point (x, y) staying there."""
        zoom = min(MAX_ZOOM, max(lowest, self.zoom * factor))
        ratio = zoom / self.zoom
        return Viewport(zoom, x - (x - self.left) * ratio, y - (y - self.top) * ratio)

    def moved(self, dx: float, dy: float) -> Viewport:
        """Moved by widget pixels."""
        return replace(self, left=self.left + dx, top=self.top + dy)

    def kept_in_sight(self, image: Size, widget: Size, least: float = 48) -> Viewport:
        """Moved so that at least a strip of the image stays visible."""
        left = min(widget.width - least, max(least - image.width * self.zoom, self.left))
        top = min(widget.height - least, max(least - image.height * self.zoom, self.top))
        return replace(self, left=left, top=top)

    def visible(self, x0: float, y0: float, x1: float, y1: float, image: Size) -> Box:
        """The image pixels that a rectangle of the widget shows."""
        left, top = self.to_image(x0, y0)
        right, bottom = self.to_image(x1, y1)
        return Box(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)).intersect(
            image.box
        )

    def level(self, device_ratio: float = 1.0) -> int:
        """Pyramid level to draw from: each halves the image; the drawn scale stays within 0.5..1 below 100 %.

        ``device_ratio`` is the number of pixels the screen has for one of the widget's.
        """
        zoom = self.zoom * device_ratio
        return max(0, math.floor(math.log2(1 / zoom) + 1e-9)) if zoom < 1 else 0
