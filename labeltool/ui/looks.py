"""How the image at hand is shown: its display, what was chosen for images like it, and the ways to change it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from labeltool.core.change import Signal
from labeltool.imaging.display import (
    AS_STORED,
    Display,
    Limits,
    full_range,
    percentiles,
    presets,
    stretched,
)
from labeltool.imaging.reader import ImageInfo, Raw, ValueWindow
from labeltool.imaging.view import View, values_of
from labeltool.tools.tool import LARGEST_VALUE, ValueRange

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage

COLOURS = 3
FINER_THAN_REACH = 3
"""Values that are not whole numbers are chosen to so many digits after the first one of their range, and to tenths."""
WIDER_A_ROOM = 8.0
"""By how much dragging across the whole canvas widens a window."""

Preset = Literal["opened", "auto", "full", "custom"]


class Numbers(NamedTuple):
    """Level and width of the window, and gamma, of the colours that are adjusted."""

    level: float
    width: float
    gamma: float


class Looks:
    """One display an image; images of one series share theirs, and what is chosen for one is taken for the next of its
    kind. ``adjusted`` is which of red, green and blue the next change is for (None: all)."""

    def __init__(self) -> None:
        self.changed: Signal[None] = Signal()
        self.auto = False
        self.adjusted: int | None = None
        self.info: ImageInfo | None = None
        self._image: OpenImage | None = None
        self._chosen: dict[object, Display] = {}
        self._judged: tuple[Raw, Display] | None = None
        self._reach: tuple[Raw, Limits] | None = None

    def show(self, image: OpenImage | None) -> None:
        """Another image is at hand."""
        self._image, self._judged, self._reach = image, None, None
        self.info = None if image is None else values_of(image.pyramid).info
        if image is not None and image.record.series:
            self._chosen.setdefault(image.record.series, self._of_kind() or self.opened)
        self._tell()

    # ---- what is shown

    @property
    def display(self) -> Display:
        """How the image at hand is shown."""
        if self._image is None:
            return AS_STORED
        return self._automatic() if self.auto else self._own()

    @property
    def opened(self) -> Display:
        """How an image like this is shown at first."""
        image = self._image
        if image is None or self.info is None or self.info.is_plain:
            return AS_STORED
        pyramid = image.pyramid
        assert isinstance(pyramid, View)
        return pyramid.opened

    @property
    def preset(self) -> Preset | ValueWindow:
        """What the display is called."""
        display = self.display
        if self.auto:
            return "auto"
        if display == self.opened:
            return "opened"
        if self.info is not None and display == full_range(self.opened, self.info):
            return "full"
        plain = replace(self.opened, composite=display.composite)
        return next((each for each in self.windows if display == plain.windowed(each)), "custom")

    @property
    def windows(self) -> list[ValueWindow]:
        """The windows that the image offers."""
        return [] if self.info is None else presets(self.info)

    def offers(self, name: str) -> ValueWindow | None:
        """The window of a name among those for the image's modality; without a name the first of the file."""
        own = 0 if self.info is None else sum(each.width > 0 for each in self.info.windows)
        some = self.windows[own:] if name else self.windows[:own]
        return next((each for each in some if name in ("", each.name)), None)

    @property
    def is_grey(self) -> bool:
        """True when one channel is shown."""
        return len(set(self.display.composite)) == 1

    @property
    def numbers(self) -> Numbers:
        """Level, width and gamma of what is adjusted; of red where that is all."""
        black, white = self.display.limits[self.adjusted or 0]
        return Numbers((black + white) / 2, white - black, self.display.gamma[self.adjusted or 0])

    def span(self) -> Limits:
        """Between which values a slider goes: those of the image, as far as a part of its pixels tells."""
        sample = None if self._image is None else values_of(self._image.pyramid).sample()
        if sample is None or self.info is None or self.info.dtype == "uint8":
            return Limits(0, 255)
        if self._reach is None or self._reach[0] is not sample:
            self._reach = sample, percentiles(sample, 0, 100, self.info.nodata)
        return self._reach[1]

    def values(self) -> ValueRange | None:
        """Among which numbers a tool may choose: the file's own, rounded outwards; None for 8-bit RGB."""
        info = self.info
        if info is None or info.is_plain:
            return None
        low, high = (min(LARGEST_VALUE, max(-LARGEST_VALUE, end)) for end in self.span())
        digits = 0
        if np.dtype(info.dtype).kind == "f":
            digits = max(1, FINER_THAN_REACH - math.floor(math.log10(max(high - low, 1e-9))))
        parts = 10**digits
        low, high = math.floor(low * parts) / parts, math.ceil(high * parts) / parts
        kind = (info.modality, info.dtype, info.unit)
        return ValueRange(kind, low, max(high, low + 1 / parts), 1 / parts, info.unit)

    # ---- changing it

    def set(self, display: Display) -> None:
        """Show it so, and images like it."""
        self.auto = False
        if self._image is not None and self.info is not None:
            self._chosen[_kind(self._image, self.info)] = display
            if self._image.record.series:
                self._chosen[self._image.record.series] = display
        self._tell()

    def set_auto(self, on: bool) -> None:
        """Between percentiles of each image, or as before."""
        self.auto = on
        self._tell()

    def choose(self, preset: Preset | ValueWindow) -> None:
        """One of the presets."""
        if preset == "auto":
            self.set_auto(True)
        elif isinstance(preset, ValueWindow):
            self.set(replace(self.opened, composite=self.display.composite).windowed(preset))
        elif preset == "full" and self.info is not None:
            self.set(full_range(self.display, self.info))
        elif preset == "opened":
            self._forget()

    def choose_window(self, name: str) -> None:
        """A window by its name, as :meth:`offers`; nothing happens where there is none."""
        window = self.offers(name)
        if window is not None:
            self.choose(window)

    def set_numbers(self, numbers: Numbers) -> None:
        """Level, width and gamma of what is adjusted."""
        half = numbers.width / 2
        limits, gamma = list(self.display.limits), list(self.display.gamma)
        for colour in range(COLOURS) if self.adjusted is None else (self.adjusted,):
            limits[colour] = Limits(numbers.level - half, numbers.level + half)
            gamma[colour] = numbers.gamma
        self.set(
            replace(
                self.display, limits=(limits[0], limits[1], limits[2]), gamma=(gamma[0], gamma[1], gamma[2])
            )
        )

    def set_composite(self, composite: tuple[int, int, int]) -> None:
        """Which channels are shown as red, green and blue; a channel that was not shown before gets its own limits."""
        limits = list(self.display.limits)
        before = self.display.composite
        judged = self._stretched(replace(self.display, composite=composite))
        for colour in range(COLOURS):
            if composite[colour] in before:
                limits[colour] = self.display.limits[before.index(composite[colour])]
            elif self.info is not None and self.info.dtype != "uint8":
                limits[colour] = judged.limits[colour]
        self.adjusted = None
        self.set(replace(self.display, composite=composite, limits=(limits[0], limits[1], limits[2])))

    def set_inverted(self, inverted: bool) -> None:
        """Large values dark."""
        self.set(replace(self.display, inverted=inverted))

    def drag(self, across: float, down: float) -> None:
        """The pointer went so far, in shares of the canvas: across widens the window, down raises its level (and so
        darkens the image)."""
        level, width, gamma = self.numbers
        self.set_numbers(Numbers(level + down * width, width * WIDER_A_ROOM**across, gamma))

    # ---- inside

    def _forget(self) -> None:
        """Show it as it was opened, and images like it as they are."""
        self.set(self.opened)
        if self._image is not None and self.info is not None:
            self._chosen.pop(_kind(self._image, self.info), None)

    def _own(self) -> Display:
        assert self._image is not None
        return self._chosen.get(self._image.record.series or None) or self._of_kind() or self.opened

    def _of_kind(self) -> Display | None:
        if self._image is None or self.info is None:
            return None
        return self._chosen.get(_kind(self._image, self.info))

    def _automatic(self) -> Display:
        """Judged anew whenever more of the image is at hand."""
        assert self._image is not None
        sample = values_of(self._image.pyramid).sample()
        if sample is None:
            return self._own()
        if self._judged is None or self._judged[0] is not sample:
            self._judged = sample, self._stretched(self._own())
        return self._judged[1]

    def _stretched(self, display: Display) -> Display:
        sample = None if self._image is None else values_of(self._image.pyramid).sample()
        if sample is None or self.info is None:
            return display
        return stretched(display, self.info, sample, together=self.info.is_plain)

    def _tell(self) -> None:
        if self._image is not None and isinstance(self._image.pyramid, View):
            # Tools see what is inside the window; how its greys are spread is for the eye alone.
            self._image.pyramid.display = replace(self.display, gamma=(1.0, 1.0, 1.0))
        self._judged = None
        self.changed.emit(None)


def _kind(image: OpenImage, info: ImageInfo) -> tuple[object, ...]:
    """Images of one kind are shown alike, once somebody has chosen how: those of one folder whose channels mean the
    same. Maps have channels without names, which say nothing; those of one resolution are of one camera."""
    size = info.pixel_size if info.georeference is not None else None
    resolution = f"{size.x:.1g}" if size is not None else ""
    return (
        image.record.path.parent,
        info.is_plain,
        info.modality,
        info.dtype,
        info.channels,
        info.composite,
        resolution,
    )
