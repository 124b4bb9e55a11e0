"""From pixels of image, mask and confidence to premultiplied ARGB."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.error_map import Code, Fate
from labeltool.core.spots import sure_from

Argb = NDArray[np.uint32]
IGNORE_COLOR = (128, 128, 128)

# Doubt from just worth a look (pale cyan) to a coin's toss (magenta): neither is a colour of the classes' palette, and
# lightness falls with doubt, so that it reads in grey too.
DOUBT_LOW, DOUBT_HIGH = (208, 255, 255), (255, 0, 200)

MISSED, NONE_THERE, CONFUSED = (64, 156, 255), (255, 84, 54), (255, 214, 10)
"""Of errors. Blue, red and yellow differ in lightness too, so that they can be told apart without seeing colours."""
STILL = (150, 150, 150)
"""Of what is as wrong as before; blue is what became right and red what became wrong."""
RIM, INSIDE = 0.4, 0.85
"""How strongly they are drawn along outlines and elsewhere."""

DASH_PX = 3
"""Length of the dashes in which the model's outline is drawn."""
WHITE, BLACK = 0xFFFFFFFF, 0xFF000000

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def premultiplied(color: tuple[int, int, int], alpha: float) -> int:
    """One pixel of Qt's ARGB32_Premultiplied."""
    a = round(255 * alpha)
    r, g, b = (round(c * a / 255) for c in color)
    return a << 24 | r << 16 | g << 8 | b


def image_argb(rgb: NDArray[np.uint8]) -> Argb:
    """Opaque pixels of an RGB image [h, w, 3]."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA), np.uint8).view(np.uint32)[..., 0]


@dataclass
class MaskColours:
    """How classes are drawn: a fill of some opacity and an outline one pixel wide."""

    catalog: ClassCatalog
    opacity: float = 0.45
    hidden: frozenset[int] = frozenset()
    edge_opacity: float | None = None
    _fill: Argb = field(init=False, repr=False)
    _edge: Argb = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._fill, self._edge = np.zeros(256, np.uint32), np.zeros(256, np.uint32)
        edge = min(1.0, 0.35 + self.opacity) if self.edge_opacity is None else self.edge_opacity
        shown = [(c.value, c.color) for c in self.catalog.foreground] + [(IGNORE, IGNORE_COLOR)]
        for value, color in shown:
            if value not in self.hidden:
                self._fill[value] = premultiplied(color, self.opacity)
                self._edge[value] = premultiplied(color, edge)

    @property
    def edge(self) -> Argb:
        """Colours of outlines by value, uint32 [256]."""
        return self._edge

    def render(
        self,
        label: NDArray[np.uint8],
        inner: tuple[slice, slice],
        objects: NDArray[np.uint32] | None = None,
    ) -> Argb:
        """Pixels of ``label`` [h, w] inside ``inner``; what lies around it decides where outlines run.

        They run between different ``objects`` [h, w], too; None says that all are the same.
        """
        core = label[inner]
        pixels = looked_up(self._fill, core)
        edges = _edges(label)[inner]
        if objects is not None:
            edges |= _edges(objects)[inner]
        np.copyto(pixels, looked_up(self._edge, core), where=edges)
        return pixels


def dashed_outline(
    label: NDArray[np.uint8], inner: tuple[slice, slice], values: Collection[int], corner: tuple[int, int]
) -> Argb:
    """Outlines of the classes ``values``, dashed white and black, that no class's colour is taken for.

    ``corner`` (x, y) is where ``inner`` begins in the whole picture, so that dashes run on from tile to tile.
    """
    drawn = _edges(label)[inner] & np.isin(label[inner], list(values))
    rows, columns = np.ogrid[: drawn.shape[0], : drawn.shape[1]]
    white = (rows + columns + sum(corner)) // DASH_PX % 2 == 0
    return np.where(drawn, np.where(white, WHITE, BLACK), 0).astype(np.uint32)


def looked_up(table: Argb, values: NDArray[np.uint8]) -> Argb:
    """The colour of every value: uint32 [256] and uint8 [h, w] to uint32 [h, w], ten times as fast as indexing."""
    return cv2.LUT(values, table.view(np.int32)).view(np.uint32)


def _error_lut() -> Argb:
    """Colours by the code of an error plane."""
    lut = np.zeros(256, np.uint32)
    colours = {
        Code.FALSE_NEGATIVE: MISSED,
        Code.FALSE_POSITIVE: NONE_THERE,
        Code.CONFUSION: CONFUSED,
    }
    for code, colour in colours.items():
        lut[code] = premultiplied(colour, RIM)
        lut[code + Code.INTERIOR] = premultiplied(colour, INSIDE)
    return lut


def _change_lut() -> Argb:
    """Colours by the fate of a pixel. What stays right is not drawn."""
    lut = np.zeros(256, np.uint32)
    for fate, colour in (
        (Fate.BECAME_RIGHT, MISSED),
        (Fate.BECAME_WRONG, NONE_THERE),
        (Fate.STAYS_WRONG, STILL),
    ):
        lut[fate] = premultiplied(colour, INSIDE)
    return lut


ERRORS = _error_lut()
CHANGES = _change_lut()


def _edges(values: NDArray[np.uint8] | NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Pixels [h, w] beside one of another value."""
    # OpenCV knows no uint32. Two differ where one of their bytes does, and bytes it takes as channels.
    each = np.ascontiguousarray(values).view(np.uint8).reshape(*values.shape, values.itemsize)
    found = np.asarray(cv2.morphologyEx(each, cv2.MORPH_GRADIENT, _CROSS), np.uint8)
    return np.asarray(found.view(values.dtype).reshape(values.shape), bool)


def doubt_lut(threshold: float) -> Argb:
    """Colours by confidence 0..255: transparent at ``threshold`` (0..1) and above, then pale cyan to magenta."""
    lut = np.zeros(256, np.uint32)
    limit = sure_from(threshold)
    for confidence in range(limit):
        doubt = 1 - confidence / max(1, limit)
        color = tuple(round(a + (b - a) * doubt) for a, b in zip(DOUBT_LOW, DOUBT_HIGH, strict=True))
        lut[confidence] = premultiplied((color[0], color[1], color[2]), 0.4 + 0.45 * doubt)
    return lut
