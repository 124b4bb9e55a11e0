"""From what a mask stores, colours or values, to places in a list of classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE
from labeltool.core.errors import BadInputError
from labeltool.formats.colours.lists import LISTS, ClassList
from labeltool.formats.index_png import Palette
from labeltool.formats.rgb import color_of, number_of, packed

PROJECT: Final = "the project"
"""What a list is called that is the project's own."""

IGNORED: Final = 1 << 16
"""The number of ignored pixels; no mask has such a value."""

_UNKNOWN: Final = IGNORED + 1
"""The number of a colour that the list does not name."""


def numbers_of(
    file: Path, listed: ClassList, pixels: NDArray[Any], palette: Palette | None, ignore_value: int = IGNORE
) -> NDArray[np.int32]:
    """The number in the list of every pixel, int32 [h, w]; BadInputError names the colours that it lacks."""
    by_color = bool(listed.colors) and (pixels.ndim == 3 or palette is not None)
    if by_color and not (palette is not None and listed.file == PROJECT):
        return _by_color(file, listed, pixels, palette)
    if pixels.ndim == 3:
        raise BadInputError(
            "the mask is a picture of colours, and no list of classes says what they mean",
            file=file,
            hint=f"Lay one beside it: {', '.join(LISTS[1:4])}",
        )
    if not listed.counts:
        raise BadInputError(f"the mask holds values, and {listed.file} gives colours only", file=file)
    lookup = np.arange(1 << 16, dtype=np.int32)
    for value in {IGNORE, ignore_value} - (set(listed.names) - {ignore_value}):
        if 0 <= value < len(lookup):
            lookup[value] = IGNORED
    numbers: NDArray[np.int32] = lookup[pixels]
    return numbers


def _by_color(
    file: Path, listed: ClassList, pixels: NDArray[Any], palette: Palette | None
) -> NDArray[np.int32]:
    if palette is not None:
        table = [listed.colors.get((r, g, b), _UNKNOWN) for r, g, b in palette.tolist()]
        lookup = np.array(table + [_UNKNOWN] * (256 - len(table)), np.int32)
        numbers: NDArray[np.int32] = lookup[pixels]
        colors = None
    else:
        colors = packed(pixels)
        lookup = np.full(1 << 24, _UNKNOWN, np.int32)
        for color, number in listed.colors.items():
            lookup[number_of(color)] = number
        numbers = lookup[colors]
    strange = numbers == _UNKNOWN
    if not strange.any():
        return numbers
    told, count = np.unique((pixels if colors is None else colors)[strange], return_counts=True)
    named = [
        f"{_told(n, palette)} in {c:,} pixels" for n, c in zip(told.tolist(), count.tolist(), strict=True)
    ]
    more = f" and {len(named) - 10} more" if len(named) > 10 else ""
    raise BadInputError(
        f"the mask holds colours that are not in {listed.file}: {'; '.join(named[:10])}{more}",
        file=file,
        hint="Add them to the list, or take them out of the mask",
    )


def _told(number: int, palette: Palette | None) -> str:
    if palette is None:
        return f"colour {color_of(number)}"
    return f"value {number}, colour {tuple(palette[number].tolist()) if number < len(palette) else None}"
