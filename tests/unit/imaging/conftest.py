from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

from labeltool.core.geometry import Size
from labeltool.imaging import budget, building


@pytest.fixture
def everything_is_large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Small files are read by parts, and pyramids of a few hundred pixels go to disk, to a folder of the test's own."""
    monkeypatch.setattr(budget, "WHOLE_PIXELS", 0)
    monkeypatch.setattr(building, "MOSAIC_PIXELS", 256 * 256)
    monkeypatch.setattr(building, "_BLOCK", 256)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    yield


def noise(height: int, width: int, bands: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, bands), np.uint8)


def tiled(path: Path, pixels: np.ndarray, tile: int = 128, overviews: int = 0, subifds: bool = False) -> Path:
    """A tiled TIFF of which level k is every 2**k-th pixel, rounded down, as some programs do it."""
    options = {"tile": (tile, tile), "compression": "zlib", "photometric": "rgb"}
    with tifffile.TiffWriter(path, bigtiff=True) as file:
        file.write(pixels, subifds=overviews if subifds else None, **options)
        for level in range(1, overviews + 1):
            size = Size(pixels.shape[1] >> level, pixels.shape[0] >> level)
            small = pixels[:: 1 << level, :: 1 << level][: size.height, : size.width]
            file.write(np.ascontiguousarray(small), subfiletype=1, **options)
    return path
