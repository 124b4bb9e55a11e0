"""Tiles of a trained network against the whole image, on real pictures; tests/bench/bench_raster.py has the table."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from tests.bench.bench_raster import BOUND, MODEL, MOSAIC, Tiled, classes_of, mosaic, segmenter_of


@pytest.mark.slow
@pytest.mark.parametrize("context", [None, 0], ids=["squares", "image-wide"])
def test_tiles_and_the_whole_image_differ_in_few_pixels(
    shared_data: Path, tmp_path: Path, context: int | None
) -> None:
    cv2.imwrite(str(tmp_path / "mosaic.png"), mosaic(shared_data / "nuclei", "histology")[..., ::-1])
    network = segmenter_of(MODEL, tmp_path, context, "auto")
    whole, _ = classes_of(tmp_path / "mosaic.png", Tiled(network, MOSAIC, 0))
    cut, _ = classes_of(tmp_path / "mosaic.png", Tiled(network, 1024, 64))
    assert 0.05 < (whole == 1).mean() < 0.95
    assert 100 * (whole != cut).mean() <= BOUND
