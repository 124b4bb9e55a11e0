"""GrabCut: drag a box around an object; it is told from what surrounds it by colour and edges.

The cut is found on a small copy and made exact at full resolution along its border, with the colours learnt before. The
random numbers of the colour models start from a fixed seed: the same box gives the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Bools, Dense
from labeltool.tools.dragbox import select_in_box
from labeltool.tools.tool import Option, Scene, Tool

MOST_PX = 16_000_000
COARSE_PX = 30_000
CONTEXT = 0.25
"""Surroundings of the box on each side that teach what is not the object, in sides of the box."""
PIECE, PIECE_HALO = 256, 16
"""The border is made exact in pieces of the image of this side."""
LEAST_PX = 3
NO_RECT = (0, 0, 0, 0)

Trimap = NDArray[np.uint8]


def is_foreground(trimap: Trimap) -> Bools:
    """Sure or probable foreground, bool [h, w]."""
    found: Bools = (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)
    return found


@dataclass
class Cutter:
    """GrabCut with the colour models it has learnt."""

    background: NDArray[np.float64] = field(default_factory=lambda: np.zeros((1, 65)))
    foreground: NDArray[np.float64] = field(default_factory=lambda: np.zeros((1, 65)))

    def cut(self, pixels: NDArray[np.uint8], trimap: Trimap, iterations: int) -> Bools:
        """Learn the colours and cut: bool [h, w]. ``trimap`` has background in it and foreground, be it probable."""
        cv2.setRNGSeed(0)
        return self._run(pixels, trimap, iterations, cv2.GC_INIT_WITH_MASK)

    def cut_again(self, pixels: NDArray[np.uint8], trimap: Trimap) -> Bools:
        """Cut with the colours that have been learnt."""
        return self._run(pixels, trimap, 1, cv2.GC_EVAL_FREEZE_MODEL)

    def _run(self, pixels: NDArray[np.uint8], trimap: Trimap, iterations: int, mode: int) -> Bools:
        found = trimap.copy()
        bgr = np.ascontiguousarray(pixels)
        cv2.grabCut(bgr, found, NO_RECT, self.background, self.foreground, iterations, mode)
        return is_foreground(found)


def trimap_of(scene: Scene, box: Box, around: Box) -> Trimap:
    """Background around the box, what is likely inside; pixels of the class are sure where they are to be seeds."""
    trimap = np.full((around.height, around.width), cv2.GC_BGD, np.uint8)
    inside = trimap[box.slices(around)]
    inside[...] = cv2.GC_PR_FGD
    if box == around:  # the box is the whole image: its frame is all there is to learn from
        trimap[[0, -1]] = trimap[:, [0, -1]] = cv2.GC_BGD
    if scene.option("seeds"):
        labels = scene.mask.planes["label"].read(box)
        inside[labels == scene.paint_value] = cv2.GC_FGD
    return trimap


def _small(pixels: NDArray[np.uint8], trimap: Trimap) -> tuple[NDArray[np.uint8], Trimap]:
    scale = (COARSE_PX / trimap.size) ** 0.5
    height, width = (max(LEAST_PX, round(side * scale)) for side in trimap.shape)
    return (
        cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False),
        cv2.resize(trimap, (width, height), interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False),
    )


def _is_mixed(trimap: Trimap) -> bool:
    """True when there is something to tell apart: GrabCut refuses less."""
    foreground = is_foreground(trimap)
    return bool(foreground.any() and not foreground.all())


def cut(pixels: NDArray[np.uint8], trimap: Trimap, iterations: int, cancel: CancelToken) -> Bools:
    """The object: bool [h, w] of pixels RGB uint8 [h, w, 3]. Raises CancelledError after a cancel."""
    nothing = np.zeros(trimap.shape, bool)
    if not _is_mixed(trimap):
        return nothing
    cutter = Cutter()
    if trimap.size <= COARSE_PX:
        return cutter.cut(pixels, trimap, iterations)
    small_pixels, small_trimap = _small(pixels, trimap)
    if not _is_mixed(small_trimap):
        return nothing
    coarse = cutter.cut(small_pixels, small_trimap, iterations).view(np.uint8)
    height, width = trimap.shape
    guess = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST).astype(bool)
    return _exact(cutter, pixels, trimap, guess, 1 + round(2 * width / coarse.shape[1]), cancel)


def _exact(
    cutter: Cutter,
    pixels: NDArray[np.uint8],
    trimap: Trimap,
    guess: Bools,
    band_px: int,
    cancel: CancelToken,
) -> Bools:
    """The guess with its border cut again at full resolution, in a band on both sides, piece by piece."""
    tip = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * band_px + 1, 2 * band_px + 1))
    border = cv2.morphologyEx(guess.view(np.uint8), cv2.MORPH_GRADIENT, tip).astype(bool)
    sure = np.where(guess, cv2.GC_FGD, cv2.GC_BGD).astype(np.uint8)
    open_ = border & ((trimap == cv2.GC_PR_FGD) | (trimap == cv2.GC_PR_BGD))
    sure[open_] = np.where(guess[open_], cv2.GC_PR_FGD, cv2.GC_PR_BGD)
    sure[trimap == cv2.GC_FGD] = cv2.GC_FGD
    sure[trimap == cv2.GC_BGD] = cv2.GC_BGD
    found = is_foreground(sure)
    whole = Box(0, 0, guess.shape[1], guess.shape[0])
    for y0 in range(0, whole.y1, PIECE):
        for x0 in range(0, whole.x1, PIECE):
            cancel.check()
            piece = Box(x0, y0, x0 + PIECE, y0 + PIECE).intersect(whole)
            around = piece.grow(PIECE_HALO).intersect(whole)
            part = sure[around.slices()]
            if open_[piece.slices()].any() and _is_mixed(part):
                again = cutter.cut_again(pixels[around.slices()], part)
                found[piece.slices()] = again[piece.slices(around)]
    return found


def find(scene: Scene, box: Box, cancel: CancelToken) -> Dense:
    """The object inside ``box``."""
    if min(box.width, box.height) < LEAST_PX:
        return Dense(box, np.zeros((box.height, box.width), bool))
    margin = max(8, round(CONTEXT * max(box.width, box.height)))
    around = box.grow(margin).intersect(scene.size.box)
    trimap = trimap_of(scene, box, around)
    found = cut(scene.image.read(around), trimap, round(scene.option("iterations")), cancel)
    return Dense(box, found[box.slices(around)])


OPTIONS = (
    Option("iterations", "Iterations", 3, 1, 10),
    Option("seeds", "Labels inside are sure", 0, step=0),
)
GRABCUT = Tool(
    "grabcut",
    "GrabCut",
    "K",
    "ph.selection-foreground",
    "cross",
    select_in_box("GrabCut", "grabcut", find, most_px=MOST_PX),
    OPTIONS,
    help="Drag a box around an object; the right button erases",
)
