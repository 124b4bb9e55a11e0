"""From the values of a file to those of the project; a value without a class is never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError


class StrangeValuesError(BadInputError):
    """A mask holds values without a class; ``names`` is what the file calls them."""

    names: tuple[str, ...] = ()


_STRIP = 1 << 22
"""Pixels counted at once: numpy counts them as 64-bit numbers."""

_TOLD = 10
"""Classes that a notice names."""


def counted(numbers: NDArray[Any], least: int = 256) -> NDArray[np.int64]:
    """How often each whole number occurs, int64 [n], n the largest number and one, but not below ``least``."""
    flat, counts = numbers.reshape(-1), np.zeros(least, np.int64)
    for start in range(0, flat.size, _STRIP):
        part = np.bincount(flat[start : start + _STRIP], minlength=len(counts))
        part[: len(counts)] += counts
        counts = part
    return counts


def translate(
    label: NDArray[np.uint8], values: Mapping[int, int], names: Mapping[int, str] | None = None
) -> NDArray[np.uint8]:
    """``label`` with each value replaced as ``values`` says; 255 stays ignore.

    BadInputError names the values that occur and have no class in the project; ``names`` is what the file calls them.
    """
    return mapped(label, {**values, IGNORE: IGNORE}, names)


def mapped(
    raw: NDArray[Any],
    values: Mapping[int, int],
    names: Mapping[int, str] | None = None,
) -> NDArray[np.uint8]:
    """Whole numbers from 0 on, each replaced as ``values`` says; BadInputError as in :func:`translate`."""
    counts = counted(raw)
    refuse_strange(counts, values, names)
    lookup = np.full(len(counts), IGNORE, np.uint8)
    for value, own in values.items():
        if value < len(counts):
            lookup[value] = own
    label: NDArray[np.uint8] = lookup[raw]
    return label


def refuse_strange(
    counts: NDArray[np.int64], values: Mapping[int, int], names: Mapping[int, str] | None = None
) -> None:
    """StrangeValuesError naming the values that occur, ``counts`` times each, and are none of ``values``."""
    strange = [v for v in np.flatnonzero(counts).tolist() if v not in values]
    if strange:
        told = ", ".join(_told(v, int(counts[v]), names or {}) for v in strange[:10])
        more = f" and {len(strange) - 10} more" if len(strange) > 10 else ""
        error = StrangeValuesError(
            f"the mask holds values without a class in the project: {told}{more}",
            hint="Add the class, or leave them out",
        )
        error.names = tuple((names or {}).get(value, f"class {value}") for value in strange)
        raise error


def by_name(foreign: ClassCatalog, own: ClassCatalog) -> dict[int, int]:
    """Values of ``own`` by values of ``foreign``, for the classes that both have under one name, and the background."""
    known = {name: value for value, name in reversed(own.meanings.items())}
    pairs = ((value, known.get(name)) for value, name in foreign.meanings.items())
    return {value: found for value, found in pairs if found is not None}


def identity(own: ClassCatalog) -> dict[int, int]:
    """The values of a file that counts as the project does."""
    return {value: value for value in own.values}


def by_number(own: ClassCatalog) -> str:
    """The notice that a file has no names for its classes, so that its numbers are those of the project."""
    told = [f"{c.value} is {c.name}" for c in own.foreground]
    more = f" and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
    return f"classes by number, for the file has no names: {', '.join(told[:_TOLD])}{more}"


def _told(value: int, pixels: int, names: Mapping[int, str]) -> str:
    name = f" ({names[value]})" if value in names else ""
    return f"{value}{name} in {pixels:,} pixels"
