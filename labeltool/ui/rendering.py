"""From planes to premultiplied pixels: how image, mask, model's answer and confidence are drawn.

The view settings live here, because everything that is drawn depends on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.error_map import REACH_PX, change_plane, error_plane
from labeltool.core.geometry import Box, Size, tiles_in
from labeltool.core.mask import LabelMask, Plane
from labeltool.core.overview import Overviews
from labeltool.core.provenance import Origin
from labeltool.core.spots import sure_from
from labeltool.imaging.display import Display, render
from labeltool.imaging.halving import coarser
from labeltool.imaging.pyramid import Pyramid, seen
from labeltool.ui.canvas.colours import (
    CHANGES,
    ERRORS,
    MaskColours,
    dashed_outline,
    doubt_lut,
    image_argb,
    looked_up,
)
from labeltool.ui.canvas.layers import Argb
from labeltool.ui.canvas.outlines import Labels, Objects, paint_fine_outlines
from labeltool.ui.canvas.viewport import Viewport

if TYPE_CHECKING:
    from labeltool.app.truth import Origins  # what a project needs is imported when one is opened

Strength = Callable[[], tuple[float, float]]
"""Opacity of fill and outline, as they are now."""


@dataclass
class Shown:
    """What the user has switched on. ``doubt_below`` is a confidence in per cent: with the confidence layer what is
    surer is hidden, in it and in the model's outlines. ``unlooked`` is what nobody has looked at."""

    mask: bool = True
    model: bool = False
    confidence: bool = False
    error: bool = False
    unlooked: bool = False
    fill: bool = True
    outlines: bool = True
    opacity: int = 45
    doubt_below: int = 90
    hidden: frozenset[int] = frozenset()

    def on(self, name: str) -> bool:
        """Whether a layer is switched on."""
        return bool(getattr(self, name))


class Rendering:
    """Makes the functions that layers are rendered by; they draw by what is ``shown`` when they are called.

    ``covers`` says whether a layer lies over the mask. ``fine`` is true while outlines are
    painted over the tiles, not in them.
    """

    def __init__(
        self, shown: Shown, catalog: Callable[[], ClassCatalog], covers: Callable[[str], bool]
    ) -> None:
        self.shown, self._catalog, self._covers = shown, catalog, covers
        self.overviews = Overviews()
        self.fine = False

    def image(self, pyramid: Pyramid, display: Callable[[], Display]) -> Callable[[Box, int], Argb]:
        """The image itself, as it is shown now; ``pyramid`` has its values."""

        def render_box(box: Box, step: int) -> Argb:
            level = min(step.bit_length() - 1, pyramid.level_count - 1)
            extra = step >> level  # past the last level every so-manyth pixel of it will do
            part = coarser(box, level)
            values = seen(pyramid, level, part)[::extra, ::extra]
            return image_argb(render(values, display(), pyramid.info.nodata))

        return render_box

    def mask(self, labels: Labels, size: Size, strength: Strength) -> Callable[[Box, int], Argb]:
        """Classes filled, they and objects outlined, this strongly."""
        colours = lru_cache(maxsize=1)(MaskColours)

        def draw(box: Box, step: int, inner: tuple[slice, slice]) -> Argb:
            fill, edge = strength()
            objects = None if edge == fill else labels.objects(box, step)  # nobody would see their outlines
            look = colours(self._catalog(), fill, self.shown.hidden, edge)
            return look.render(labels.classes(box, step), inner, objects)

        return _with_neighbours(size, draw)

    def _every(self, plane: Plane, box: Box, step: int) -> NDArray[np.uint8]:
        """Every ``step``-th pixel of a box: the nearest, never an average of classes."""
        return self.overviews.read(plane, box, step).astype(np.uint8, copy=False)

    def labels_of(self, mask: LabelMask) -> Labels:
        """Classes as they are drawn: where unlabelled is no class, it has a value that nobody uses."""

        def classes(box: Box, step: int) -> NDArray[np.uint8]:
            values = self._every(mask.planes["label"], box, step)
            if mask.unlabelled_value == IGNORE:  # else unlabelled looks like background: transparent
                free = self._every(mask.planes["origin"], box, step) == Origin.NOBODY
                values = np.where(free, np.uint8(self._unused_value()), values)
            return values

        def objects(box: Box, step: int) -> Objects:
            plane = mask.planes["object"]
            if not plane.tiles or plane.tiles.keys().isdisjoint(tiles_in(box, plane.size)):
                return None  # as in most images
            return self.overviews.read(plane, box, step).astype(np.uint32, copy=False)

        return Labels(classes, objects)

    def answer_of(self, plane: Plane) -> Labels:
        """The model's classes as they are drawn; where it has said nothing there is nothing to see."""

        def classes(box: Box, step: int) -> NDArray[np.uint8]:
            values = self._every(plane, box, step)
            return np.where(values == IGNORE, np.uint8(self._unused_value()), values)

        return Labels(classes)

    def fine_outlines(self, labels: Labels, size: Size) -> Callable[[QPainter, Viewport, QRect], None]:
        """Outlines of classes and objects, for zooms at which they are painted over the tiles."""
        colours = lru_cache(maxsize=1)(MaskColours)

        def paint(painter: QPainter, view: Viewport, dirty: QRect) -> None:
            if self.fine and self.shown.outlines:
                _, edge = self._mask_strength()
                table = colours(self._catalog(), 0.0, self.shown.hidden, edge).edge
                paint_fine_outlines(painter, view, dirty, size, labels, table)

        return paint

    def tile_strength(self) -> tuple[float, float]:
        """As of the mask, but without the outlines that are painted over the tiles."""
        fill, edge = self._mask_strength()
        return fill, fill if self.fine else edge

    def _mask_strength(self) -> tuple[float, float]:
        """Opacity of fill and outline; under confidence or errors outlines alone, or one would hide the other."""
        shown = self.shown
        fill = shown.opacity / 100 if shown.fill else 0.0
        edge = min(1.0, 0.35 + shown.opacity / 100)
        if any(shown.on(name) and self._covers(name) for name in ("confidence", "error")):
            fill, edge = 0.0, 1.0
        return fill, edge if shown.outlines else fill

    def _unused_value(self) -> int:
        """A value that no class has, so that nothing is drawn for it; 254 classes leave one of 0..254."""
        return next(value for value in range(IGNORE) if value not in self._catalog().values)

    def model(self, plane: Plane, confidence: Plane) -> Callable[[Box, int], Argb]:
        """Dashed outlines of what a model says; with the confidence layer only of what it is less sure of than shown
        there."""

        def draw(box: Box, step: int, inner: tuple[slice, slice]) -> Argb:
            shown = {each.value for each in self._catalog().foreground} - self.shown.hidden
            corner = box.x0 // step + inner[1].start, box.y0 // step + inner[0].start
            outline = dashed_outline(self._every(plane, box, step), inner, shown, corner)
            if self.shown.confidence:
                sure = self._every(confidence, box, step)[inner] >= sure_from(self.shown.doubt_below / 100)
                outline[sure] = 0
            return outline

        return _with_neighbours(plane.size, draw)

    def doubt(self, confidence: Plane) -> Callable[[Box, int], Argb]:
        """Where a model is in doubt."""

        def render(box: Box, step: int) -> Argb:
            lut = doubt_lut(self.shown.doubt_below / 100)
            return lut[self._every(confidence, box, step)]

        return render

    def errors(
        self, mask: LabelMask, answer: Plane, origins: Callable[[], Origins]
    ) -> Callable[[Box, int], Argb]:
        """Where truth, the pixels of these ``origins``, and a model differ. Rims are told from the rest at full
        resolution only."""

        def draw(box: Box, step: int, inner: tuple[slice, slice]) -> Argb:
            true = self._truth(mask, box, step, origins())
            reach = REACH_PX if step == 1 else 0
            codes = error_plane(
                true, self._every(answer, box, step), self._catalog().background, reach_px=reach
            )
            return looked_up(ERRORS, np.ascontiguousarray(codes[inner]))

        return _with_neighbours(mask.size, draw, REACH_PX)

    def changes(
        self, mask: LabelMask, before: Plane, after: Plane, origins: Callable[[], Origins]
    ) -> Callable[[Box, int], Argb]:
        """What a layer has made right and wrong that an earlier one had otherwise, by what people have set."""

        def render(box: Box, step: int) -> Argb:
            planes = (self._every(plane, box, step) for plane in (before, after))
            return looked_up(CHANGES, change_plane(self._truth(mask, box, step, origins()), *planes))

        return render

    def _truth(self, mask: LabelMask, box: Box, step: int, origins: Origins) -> NDArray[np.uint8]:
        true = self._every(mask.planes["label"], box, step)
        return np.where(
            np.isin(self._every(mask.planes["origin"], box, step), origins), true, np.uint8(IGNORE)
        )


def _with_neighbours(
    size: Size, draw: Callable[[Box, int, tuple[slice, slice]], Argb], around: int = 1
) -> Callable[[Box, int], Argb]:
    """Draw a box with a pixel more on every side, or several, on which outlines depend.

    ``draw`` gets the larger box, the step on whose grid its corner lies, and the part that is wanted of its pixels.
    """

    def render(box: Box, step: int) -> Argb:
        wide = box.grow(around * step).intersect(size.box)
        aligned = Box(wide.x0 // step * step, wide.y0 // step * step, wide.x1, wide.y1)
        left, top = (box.x0 - aligned.x0) // step, (box.y0 - aligned.y0) // step
        inner = slice(top, top - (-box.height // step)), slice(left, left - (-box.width // step))
        return draw(aligned, step, inner)

    return render
