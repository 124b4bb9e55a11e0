"""Where two label planes differ, and how: what a view of errors draws.

Of the pixels that differ, those along an outline of either plane are the *rim*: nobody draws an outline to the pixel.
The others are the *interior*, where somebody is wrong.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE
from labeltool.core.shape import Bools

Labels = NDArray[np.uint8]

REACH_PX = 2
"""Pixels no farther than this from one of another class, diagonally too, belong to the rim."""


class Kind(StrEnum):
    """What is wrong, if the truth is right. Without a background class everything is a confusion."""

    FALSE_POSITIVE = "false_positive"
    FALSE_NEGATIVE = "false_negative"
    CONFUSION = "confusion"


class Code(IntEnum):
    """A pixel of an error plane; the ``INTERIOR`` is added to it. A pixel that does not count is as one that agrees."""

    AGREE = 0
    FALSE_POSITIVE = 1
    FALSE_NEGATIVE = 2
    CONFUSION = 3
    INTERIOR = 4


class Fate(IntEnum):
    """A pixel of a change plane: what the second of two answers made of the first."""

    NOT_COUNTED = 0
    STAYS_RIGHT = 1
    BECAME_RIGHT = 2
    BECAME_WRONG = 3
    STAYS_WRONG = 4


KINDS: Final = (None, Kind.FALSE_POSITIVE, Kind.FALSE_NEGATIVE, Kind.CONFUSION)
"""By the code of a pixel."""


def kinds_of(truth: Labels, other: Labels, background: int | None) -> NDArray[np.uint8]:
    """The codes of pixels that differ. Where the other says nothing (255) it has missed what is there."""
    codes = np.full(truth.shape, Code.CONFUSION, np.uint8)
    if background is not None:
        codes[truth == background] = Code.FALSE_POSITIVE
        codes[other == background] = Code.FALSE_NEGATIVE
    codes[other == IGNORE] = Code.FALSE_NEGATIVE
    return codes


def kind_of(truth: int, other: int, background: int | None) -> Kind:
    """The kind of one pair of classes."""
    code = kinds_of(np.array([truth], np.uint8), np.array([other], np.uint8), background)
    kind = KINDS[int(code[0])]
    assert kind is not None  # noqa: S101 - a pair that differs has one
    return kind


def differing(truth: Labels, other: Labels, *, unsaid: bool = False) -> Bools:
    """Where two planes differ; nowhere where the truth is 255, and where the other is only if ``unsaid``."""
    found = (truth != other) & (truth != IGNORE)
    return np.asarray(found if unsaid else found & (other != IGNORE))


def near_outlines(plane: Labels, reach_px: int = REACH_PX) -> Bools:
    """The pixels with two classes no farther than ``reach_px`` from them, diagonally too. 255 is no class, and the
    image's border no outline."""
    around = np.ones((2 * reach_px + 1, 2 * reach_px + 1), np.uint8)
    most = cv2.dilate(np.where(plane == IGNORE, np.uint8(0), plane), around)
    least = cv2.erode(plane, around)  # of 255 and a class it takes the class
    return np.asarray(most > least, np.bool_)


def error_plane(
    truth: Labels, other: Labels, background: int | None, *, unsaid: bool = False, reach_px: int = REACH_PX
) -> NDArray[np.uint8]:
    """The :class:`Code` of each pixel, uint8 [h, w]. Outlines beyond the edges of the planes are not seen."""
    wrong = differing(truth, other, unsaid=unsaid)
    codes = np.where(wrong, kinds_of(truth, other, background), np.uint8(0))
    if wrong.any():
        interior = wrong & ~near_outlines(truth, reach_px) & ~near_outlines(other, reach_px)
        codes[interior] += np.uint8(Code.INTERIOR)
    return codes


def change_plane(truth: Labels, before: Labels, after: Labels) -> NDArray[np.uint8]:
    """The :class:`Fate` of each pixel, uint8 [h, w]. An answer that says nothing (255) is wrong."""
    was, now = before == truth, after == truth
    fates = np.select(
        [was & now, now, was], [Fate.STAYS_RIGHT, Fate.BECAME_RIGHT, Fate.BECAME_WRONG], Fate.STAYS_WRONG
    ).astype(np.uint8)
    fates[truth == IGNORE] = Fate.NOT_COUNTED
    return fates
