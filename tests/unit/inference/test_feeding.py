"""What a network is given: the file's own values as its card says, whatever the eye is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from labeltool.core.geometry import Box
from labeltool.inference.feeding import open_fed


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    values = np.linspace(1000, 3000, 60 * 50).astype(np.uint16).reshape(60, 50)
    tifffile.imwrite(tmp_path / "deep.tif", values)
    return tmp_path / "deep.tif"


def test_eight_bits_go_in_as_they_are(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    with open_fed(tmp_path / "a.png") as reader:
        assert np.array_equal(reader.read(), pixels)


def test_values_are_scaled_by_the_range_of_the_card(deep: Path) -> None:
    with open_fed(deep, values=(1000, 5000)) as reader:
        found = reader.read()
    assert found.shape == (60, 50, 3)
    assert found.dtype == np.uint8
    assert found.min() == 0
    assert abs(int(found.max()) - 255 / 2) <= 1


def test_without_a_range_deep_values_are_scaled_by_their_percentiles(deep: Path) -> None:
    with open_fed(deep) as reader:
        found = reader.read()
        assert np.array_equal(reader.read(Box(10, 20, 40, 50)), found[20:50, 10:40])
    assert found.min() == 0
    assert found.max() == 255
