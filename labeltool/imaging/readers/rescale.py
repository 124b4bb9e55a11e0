"""From stored numbers to the values they stand for: times a slope, plus an intercept."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_WHOLE = ("int16", "uint16", "int32", "uint32", "int64")
_LARGEST = 2**53
"""Up to here floating point holds every whole number."""


class Rescale(NamedTuple):
    """value = stored * ``slope`` + ``intercept``."""

    slope: float = 1.0
    intercept: float = 0.0

    @property
    def is_identity(self) -> bool:
        """True when stored numbers are the values."""
        return self.slope == 1 and self.intercept == 0

    @property
    def is_whole(self) -> bool:
        """True when whole numbers stay whole."""
        return all(float(each).is_integer() and abs(each) < _LARGEST for each in self)

    def dtype(self, stored: np.dtype[Any], low: int = 0, high: int = 0) -> np.dtype[Any]:
        """The type of the values, of stored numbers of this type that lie in ``low``..``high`` (used for whole numbers
        alone): the stored type where it holds them, else a larger one; floating point, single where that is exact
        enough, for slopes that are no whole numbers."""
        native = stored.newbyteorder("=")
        if self.is_identity:
            return native
        if stored.kind == "f" or not self.is_whole:
            return np.dtype(np.float32 if stored.itemsize <= (4 if stored.kind == "f" else 2) else np.float64)
        ends = [int(each) * int(self.slope) + int(self.intercept) for each in (low, high)]
        for name in (native, *map(np.dtype, _WHOLE)):
            limits = np.iinfo(name)
            if all(limits.min <= end <= limits.max for end in ends):
                return name
        return np.dtype(np.float64)

    def apply(self, stored: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
        """The values, in the type that :meth:`dtype` gave; a new array unless nothing changes."""
        if self.is_identity:
            return stored.astype(dtype, copy=False)
        if dtype.kind in "ui":  # what overflows on the way wraps around and comes back, as the outcome fits
            slope, intercept = (np.array(int(each)).astype(dtype) for each in self)
            return np.asarray(stored.astype(dtype) * slope + intercept)
        with np.errstate(over="ignore", invalid="ignore"):
            values = stored.astype(np.float64)
            values *= self.slope
            values += self.intercept
            return values.astype(dtype, copy=False)

    def value(self, stored: float, dtype: np.dtype[Any]) -> float:
        """One value, as it is found in an array of the type."""
        with np.errstate(over="ignore", invalid="ignore"):
            return float(dtype.type(stored * self.slope + self.intercept))
