"""The offer on the canvas, and the region of it that a key would take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.change import Change, Signal
from labeltool.core.geometry import Box
from labeltool.ui.canvas.viewport import Viewport
from labeltool.ui.canvas.widget import Canvas
from labeltool.ui.offers.picture import REACH_PX, Picture, Plane8, inks, strong_inks

if TYPE_CHECKING:
    # What a project needs is imported when one is opened: the start page is up sooner.
    from labeltool.app.offering import Offer, Region

NAME = "offer"
AROUND_PX = REACH_PX + 1
"""What is painted again around pixels that are offered otherwise."""

Remaining = Callable[[Box], Plane8]
"""What still stands of the offer in a part of its box."""


class Overlay:
    """Floats over the canvas while it is ``seen``. What the pointer is on stands out, or what was chosen otherwise
    until the pointer moves."""

    def __init__(self, canvas: Canvas, seen: Callable[[], bool]) -> None:
        self._canvas, self._seen = canvas, seen
        self.offer: Offer | None = None
        self.region: Region | None = None
        """The region that stands out."""
        self.chosen: Signal[None] = Signal()
        """Another region stands out now, or none any more."""
        self._catalog: ClassCatalog | None = None
        self._remaining: Remaining = _nothing
        self._picture: Picture | None = None
        self._strong: Picture | None = None
        canvas.pointed.connect(self._point)

    def clear(self) -> None:
        """Nothing is offered any more."""
        self.offer = self.region = self._picture = self._strong = None
        self._canvas.set_float(NAME, None)
        self.chosen.emit(None)

    def show(self, offer: Offer, remaining: Remaining, catalog: ClassCatalog) -> None:
        """Another offer; only where it differs from the one before it is painted again."""
        values, before = remaining(offer.box), self.region
        if self._picture is None or self._picture.box != offer.box or self._catalog != catalog:
            self._picture = Picture(offer.box, values, offer.ids >= 0, inks(catalog))
            self._canvas.set_float(NAME, self._paint)
        else:
            self._canvas.repaint_box(self._picture.replace(values, offer.ids >= 0), AROUND_PX)
        self.offer, self._remaining, self._catalog = offer, remaining, catalog
        self.region = self._strong = None
        if before is not None:
            self._canvas.repaint_box(before.box, AROUND_PX)
        self._point()

    def pixels_changed(self, change: Change) -> None:
        """What is truth by now, or has that class already, is offered no more."""
        if self.offer is None or self._picture is None:
            return
        part = change.box.intersect(self.offer.box)
        if part.is_empty or not self._picture.changed(part, self._remaining(part)):
            return
        self._canvas.repaint_box(part, AROUND_PX)
        if self.region is not None and self._strong is not None:
            common = part.intersect(self.region.box)
            if not common.is_empty:
                self._strong.changed(common, self._values(self.offer, self.region, common))

    def stands(self, region: Region) -> bool:
        """Whether anything of a region is still offered."""
        return self.offer is not None and bool((self._values(self.offer, region, region.box) != IGNORE).any())

    def choose(self, region: Region | None) -> None:
        """This one stands out from now on."""
        offer, before = self.offer, self.region
        if region == before or offer is None or self._catalog is None:
            return
        self.region, self._strong = region, None
        if region is not None:
            values = self._values(offer, region, region.box)
            regions = np.ones_like(values, bool)
            self._strong = Picture(region.box, values, regions, strong_inks(self._catalog))
        for each in (before, region):
            if each is not None:
                self._canvas.repaint_box(each.box, AROUND_PX)
        self.chosen.emit(None)

    def _point(self) -> None:
        """The pointer is on another region now, or on none."""
        offer, at = self.offer, self._canvas.pointer
        if offer is None or self._canvas.drawing:
            return
        region = None
        if at is not None:
            x, y = int(at[0] // 1), int(at[1] // 1)
            region = offer.at(x, y)
            if region is not None and self._remaining(Box(x, y, x + 1, y + 1))[0, 0] == IGNORE:
                region = None
        self.choose(region)

    def _values(self, offer: Offer, region: Region, part: Box) -> Plane8:
        """What still stands of a region in a part of its box."""
        values = self._remaining(part)
        values[offer.ids[part.slices(offer.box)] != region.number] = IGNORE
        return values

    def _paint(self, painter: QPainter, view: Viewport, dirty: QRect) -> None:
        if self._seen():
            for picture in (self._picture, self._strong):
                if picture is not None:
                    picture.paint(painter, view, dirty)


def _nothing(box: Box) -> Plane8:
    return np.full((box.height, box.width), IGNORE, np.uint8)
