"""From pixels of image, mask and confidence to premultiplied ARGB."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.imaging.display import apply

Argb = NDArray[np.uint32]
IGNORE_COLOR = (128, 128, 128)

# Doubt from just worth a look (amber) to a coin's toss (red): lightness falls with it, so that it reads in grey too.
DOUBT_LOW, DOUBT_HIGH = (255, 214, 102), (214, 40, 57)


def premultiplied(color: tuple[int, int, int], alpha: float) -> int:
    """One pixel of Qt's ARGB32_Premultiplied."""
    a = round(255 * alpha)
    r, g, b = (round(c * a / 255) for c in color)
    return a << 24 | r << 16 | g << 8 | b


def image_argb(rgb: NDArray[np.uint8], lut: NDArray[np.uint8] | None = None) -> Argb:
    """Opaque pixels of an RGB image [h, w, 3]; ``lut`` [256] changes how values are shown, not what they are."""
    shown = rgb if lut is None else apply(lut, rgb)
    return np.asarray(cv2.cvtColor(shown, cv2.COLOR_RGB2BGRA), np.uint8).view(np.uint32)[..., 0]


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

    def render(self, label: NDArray[np.uint8], inner: tuple[slice, slice]) -> Argb:
        """Pixels of ``label`` [h, w] inside ``inner``; what lies around it decides where outlines run."""
        edges = np.zeros(label.shape, bool)
        across, down = label[:, 1:] != label[:, :-1], label[1:] != label[:-1]
        edges[:, 1:] |= across
        edges[:, :-1] |= across
        edges[1:] |= down
        edges[:-1] |= down
        core = label[inner]
        return np.where(edges[inner], self._edge[core], self._fill[core])


def doubt_lut(threshold: float) -> Argb:
    """Colours by confidence 0..255: transparent at ``threshold`` (0..1) and above, then amber to red."""
    lut = np.zeros(256, np.uint32)
    limit = round(255 * threshold)
    for confidence in range(limit):
        doubt = 1 - confidence / max(1, limit)
        color = tuple(round(a + (b - a) * doubt) for a, b in zip(DOUBT_LOW, DOUBT_HIGH, strict=True))
        lut[confidence] = premultiplied((color[0], color[1], color[2]), 0.25 + 0.55 * doubt)
    return lut
