"""A YOLO label file: one object a line, its class and its points as shares of the image's width and height."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from labeltool.core.draw import Point
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import Skipped
from labeltool.core.shape import Dense
from labeltool.formats.drawings import Drawing, Mark, Marks, NoAreaError
from labeltool.formats.outlines import MOST_POINTS, filled, ring
from labeltool.formats.untrusted import read_text

_BOX_NUMBERS: Final = (4, 5)
"""x, y, width, height, and perhaps a confidence."""
MOST_LINES: Final = 100_000
_MOST_BYTES: Final = 1 << 28
_LOW, _HIGH = -1.0, 2.0
"""Shares that an object may have which reaches out of the image."""


def drawing(file: Path, names: Sequence[str | None], split: str = "") -> Drawing:
    """What a label file says of the picture of its name; BadInputError when it is no text or has too many lines.

    Lines are in the file's order. Boxes have no mask and are not painted.
    """
    lines = [
        (n, line) for n, line in enumerate(read_text(file, _MOST_BYTES).splitlines(), start=1) if line.strip()
    ]

    if len(lines) > MOST_LINES:
        raise BadInputError(f"the file has more than {MOST_LINES:,} lines", file=file)

    def marks() -> Marks:
        return [_mark(line, f"{file}: line {number}", names) for number, line in lines]

    return Drawing(file, (file,), None, len(lines), marks, split=split)


def _mark(line: str, called: str, names: Sequence[str | None]) -> Mark | Skipped:
    number, *shares = line.split(maxsplit=2 * MOST_POINTS + 2)
    value = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else len(names)
    name = names[value] if value < len(names) else None
    if name is None:
        return Skipped(called, f"the list of classes has no number {number[:20]!r}")
    return Mark(called, name, partial(_pixels, shares))


def _pixels(shares: list[str], size: Size) -> Dense:
    if len(shares) in _BOX_NUMBERS:
        raise NoAreaError("boxes without a mask")
    return filled([_points(shares, size)], size)


def _points(shares: list[str], size: Size) -> list[Point]:
    if len(shares) % 2 or len(shares) < 6:
        raise BadInputError(
            f"a line has {len(shares)} coordinates; three points or more are needed, two numbers each"
        )
    if len(shares) > 2 * MOST_POINTS:
        raise BadInputError(f"a polygon has more than {MOST_POINTS:,} points")
    try:
        numbers = [float(share) for share in shares]
    except ValueError as error:
        raise BadInputError("a coordinate is not a number") from error
    if not all(_LOW <= number <= _HIGH for number in numbers):  # neither is what is no number
        raise BadInputError("coordinates must be shares of the image's width and height, from 0 to 1")
    return ring(
        [(x * size.width, y * size.height) for x, y in zip(numbers[0::2], numbers[1::2], strict=True)]
    )
