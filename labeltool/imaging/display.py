"""From the values of a file to what is shown. Nothing here changes an image, and no model sees the outcome."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.imaging.reader import ImageInfo, Pixels, Raw, ValueWindow

Lut = NDArray[np.uint8]
"""uint8 [n]: what each value is shown as."""

LOW_PERCENTILE, HIGH_PERCENTILE = 0.5, 99.8
_SAMPLE = 1_000_000
_MOST_CLASSES = 16
_STEPS = 4096
"""How finely values are told apart that are too many for a table of their own."""

CT_WINDOWS = (
    ValueWindow("Bone", 400, 1800),
    ValueWindow("Lung", -600, 1500),
    ValueWindow("Brain", 40, 80),
    ValueWindow("Abdomen", 50, 400),
    ValueWindow("Soft tissue", 40, 350),
)
"""Centre and width in Hounsfield units, as radiologists use them."""


class Limits(NamedTuple):
    """What is shown black and what white; black may be the larger one."""

    black: float
    white: float


@dataclass(frozen=True)
class Display:
    """How an image is shown: which channel as red, green and blue (three times the same for grey), between which values
    each of the three, and with what gamma (above 1 is brighter)."""

    composite: tuple[int, int, int] = (0, 1, 2)
    limits: tuple[Limits, Limits, Limits] = (Limits(0, 255), Limits(0, 255), Limits(0, 255))
    gamma: tuple[float, float, float] = (1.0, 1.0, 1.0)
    inverted: bool = False

    @property
    def is_identity(self) -> bool:
        """True when 8-bit RGB is shown as it is."""
        return self == AS_STORED

    def windowed(self, window: ValueWindow) -> Display:
        """The same channels, all in one window."""
        limits = Limits(*window.limits)
        return replace(self, limits=(limits, limits, limits))

    def moved(self, centre: float, width: float) -> Display:
        """All three limits with their centre moved by ``centre`` and their width multiplied by ``width``."""

        def one(limits: Limits) -> Limits:
            middle = (limits.black + limits.white) / 2 + centre
            half = (limits.white - limits.black) / 2 * width
            return Limits(middle - half, middle + half)

        red, green, blue = self.limits
        return replace(self, limits=(one(red), one(green), one(blue)))


AS_STORED = Display()
"""8-bit RGB as it is."""


def render(pixels: Raw, display: Display, nodata: float | None = None) -> Pixels:
    """What is shown of values [h, w, channels]: uint8 [h, w, 3]. No value (NaN, ``nodata``) is black."""
    if pixels.dtype == np.uint8 and pixels.shape[2] == 3 and nodata is None and display.is_identity:
        return pixels
    shown = [
        _shown(pixels[..., channel], limits, gamma, display.inverted, nodata)
        for channel, limits, gamma in _different(display)
    ]
    return np.asarray(cv2.merge(shown if len(shown) == 3 else shown * 3), np.uint8)


def scaled(values: NDArray[Any], limits: Limits, nodata: float | None = None) -> NDArray[np.uint8]:
    """One channel [h, w] as uint8 between two limits, as it is fed to networks. No value is 0."""
    return _shown(values, limits, 1.0, inverted=False, nodata=nodata)


def _different(display: Display) -> list[tuple[int, Limits, float]]:
    """What the three colours are made from; once where they are the same."""
    each = list(zip(display.composite, display.limits, display.gamma, strict=True))
    return each[:1] if each[0] == each[1] == each[2] else each


def _shown(
    values: NDArray[Any], limits: Limits, gamma: float, inverted: bool, nodata: float | None
) -> NDArray[np.uint8]:
    values = values.astype(np.int16) if values.dtype == np.int8 else values
    dtype = values.dtype
    if dtype.kind in "ui" and dtype.itemsize <= 2:
        low = int(np.iinfo(dtype).min)
        table = _table(low, int(np.iinfo(dtype).max), limits, gamma, inverted)
        if dtype == np.uint8:
            shown = np.asarray(cv2.LUT(np.ascontiguousarray(values), table), np.uint8)
        else:
            unsigned = np.ascontiguousarray(values).view(np.uint16)
            shown = (table if low == 0 else np.roll(table, low))[unsigned]
    else:
        shown = _by_steps(values, limits, gamma, inverted)
    if nodata is not None and not np.isnan(nodata):
        shown[values == nodata] = 0
    return shown


@lru_cache(maxsize=16)
def _table(low: int, high: int, limits: Limits, gamma: float, inverted: bool) -> Lut:
    """What each whole number from ``low`` to ``high`` is shown as."""
    return _curve(np.arange(low, high + 1, dtype=np.float64), limits, gamma, inverted)


def _curve(values: NDArray[np.floating], limits: Limits, gamma: float, inverted: bool) -> Lut:
    span = limits.white - limits.black
    share = np.clip((values - limits.black) / (span if span else 1e-9), 0, 1) ** (1 / gamma)
    return np.asarray(np.rint(255 * (1 - share if inverted else share)), np.uint8)


def _by_steps(values: NDArray[Any], limits: Limits, gamma: float, inverted: bool) -> NDArray[np.uint8]:
    """Values of any number are brought to a few thousand steps between the limits, infinities to the ends."""
    span = limits.white - limits.black
    scale = (_STEPS - 1) / (span if span else 1e-9)
    with np.errstate(invalid="ignore", over="ignore"):
        steps = (values.astype(np.float64) - limits.black) * scale
    missing = np.isnan(steps)
    place = np.clip(np.nan_to_num(steps, nan=0.0, posinf=_STEPS, neginf=-1), 0, _STEPS - 1)
    ends = Limits(0, _STEPS - 1)
    shown = _table(0, _STEPS - 1, ends, gamma, inverted)[np.rint(place).astype(np.intp)]
    shown[missing] = 0
    return shown


def first_display(info: ImageInfo, sample: Raw | None) -> Display:
    """How an image is shown when it is opened: 8 bits as they are, else by the file's own window, else between
    percentiles of what there is of it (``sample``, [h, w, channels])."""
    composite = info.composite
    if info.windows:
        return Display(composite, inverted=info.inverted).windowed(info.windows[0])
    if info.dtype == "uint8":
        display = Display(composite, inverted=info.inverted)
        return _class_numbers(display, sample) if sample is not None and len(info.channels) == 1 else display
    if sample is None:
        return full_range(Display(composite, inverted=info.inverted), info)
    return stretched(Display(composite, inverted=info.inverted), info, sample)


def _class_numbers(display: Display, sample: Raw) -> Display:
    """A mask of few small values would be black in black; they are spread from black to white."""
    largest = float(sample.max(initial=0))
    limits = Limits(0, largest)
    return replace(display, limits=(limits, limits, limits)) if 0 < largest <= _MOST_CLASSES else display


def stretched(
    display: Display,
    info: ImageInfo,
    sample: Raw,
    low: float = LOW_PERCENTILE,
    high: float = HIGH_PERCENTILE,
    *,
    together: bool = False,
) -> Display:
    """Limits at two percentiles of the finite values of ``sample``: of each channel by itself, or with ``together`` of
    all that are shown, so that hues stay."""
    found = [percentiles(sample[..., channel], low, high, info.nodata) for channel in display.composite]
    if together:
        everything = percentiles(sample[..., sorted(set(display.composite))], low, high, info.nodata)
        found = [everything] * 3
    red, green, blue = found
    return replace(display, limits=(red, green, blue))


def full_range(display: Display, info: ImageInfo) -> Display:
    """From the least to the largest value that the type can hold; 0 to 1 for floating point."""
    dtype = np.dtype(info.dtype)
    ends = Limits(np.iinfo(dtype).min, np.iinfo(dtype).max) if dtype.kind in "ui" else Limits(0.0, 1.0)
    return replace(display, limits=(ends, ends, ends))


def percentiles(values: NDArray[Any], low: float, high: float, nodata: float | None) -> Limits:
    """Two percentiles of the values there are; a span of at least one step of whole numbers."""
    step = max(1, int(np.sqrt(values.size / _SAMPLE)))
    some = values[::step, ::step].ravel()
    if some.dtype.kind == "f":
        some = some[np.isfinite(some)]
    if nodata is not None and not np.isnan(nodata):
        some = some[some != nodata]
    if not some.size:
        return Limits(0, 1)
    black, white = (float(value) for value in np.percentile(some, (low, high)))
    if white <= black:
        white = black + (1 if some.dtype.kind in "ui" else max(abs(black) * 1e-6, 1e-6))
    return Limits(black, white)


def presets(info: ImageInfo) -> list[ValueWindow]:
    """The windows that an image offers: the file's own, then those for its modality."""
    own = [each for each in info.windows if each.width > 0]
    return [*own, *(CT_WINDOWS if info.modality == "CT" else ())]
