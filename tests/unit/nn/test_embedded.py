"""The models that come with the program."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.core.compare import ConfusionMatrix
from labeltool.core.resources import resource
from labeltool.imaging.open import open_image
from labeltool.inference.options import InferenceOptions
from labeltool.inference.tiled import segment
from labeltool.nn.engines.choose import load_segmenter

NUCLEI = resource("models") / "nuclei"
MOST_BYTES = 12_000_000


def test_the_nuclei_model_is_small_loads_and_says_where_it_comes_from() -> None:
    card = load_segmenter(NUCLEI, InferenceOptions("cpu")).card
    assert (NUCLEI / "weights.safetensors").stat().st_size <= MOST_BYTES
    assert [c.name for c in card.catalog.classes] == ["background", "nucleus"]
    assert "CC0" in card.licence and "BBBC038" in card.data
    assert card.training["command"].startswith("labeltool train")
    assert {"seed", "steps", "data_sha256"} <= set(card.training)
    assert card.figures["per_class"]["nucleus"]["iou"] >= 0.7


@pytest.mark.slow
def test_the_nuclei_model_reaches_the_figures_of_its_card(shared_data: Path) -> None:
    segmenter = load_segmenter(NUCLEI, InferenceOptions("cpu"))
    pooled, folder = ConfusionMatrix(), shared_data / "nuclei"
    with (folder / "manifest_val.csv").open(encoding="utf-8") as rows:
        names = [f"{row['id']}.png" for row in csv.DictReader(rows)]
    for name in names:
        truth = np.asarray(Image.open(folder / "labels" / "val" / name))
        with open_image(folder / "images" / "val" / name) as reader:
            for part in segment(reader, segmenter):
                pooled.add(truth[part.box.slices()], part.label)
    expected = segmenter.card.figures["per_class"]["nucleus"]["iou"]
    assert pooled.of(1).iou == pytest.approx(expected, abs=0.002)
