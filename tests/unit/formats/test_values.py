"""Counting and translating the values of masks."""

from __future__ import annotations

import numpy as np
import pytest

from labeltool.formats import values
from labeltool.formats.values import counted


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_values_are_counted_strip_by_strip_as_numpy_counts_them_at_once(
    dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values, "_STRIP", 7)
    numbers = np.random.default_rng(1).integers(0, np.iinfo(dtype).max + 1, (30, 11)).astype(dtype)
    assert np.array_equal(counted(numbers), np.bincount(numbers.ravel(), minlength=256))
    assert counted(np.zeros((0, 4), dtype)).tolist() == [0] * 256
