"""The models that come with the program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.core.compare import ConfusionMatrix
from labeltool.core.resources import resource
from labeltool.inference.card import WEIGHTS_NAME
from labeltool.inference.feeding import open_fed
from labeltool.inference.options import InferenceOptions
from labeltool.inference.run import Manifest
from labeltool.inference.tiled import segment
from labeltool.nn.engines.choose import load_segmenter

MODELS = resource("models")
MOST_BYTES = 12_000_000

EMBEDDED = pytest.mark.parametrize(
    ("name", "class_name", "source", "licence", "least_iou"),
    [("nuclei", "nucleus", "BBBC038", "CC0", 0.79), ("buildings", "building", "Banepa", "CC BY 4.0", 0.74)],
)


@EMBEDDED
def test_an_embedded_model_is_small_loads_and_says_where_it_comes_from(
    name: str, class_name: str, source: str, licence: str, least_iou: float
) -> None:
    card = load_segmenter(MODELS / name, InferenceOptions("cpu")).card
    assert card.name == name
    assert (MODELS / name / WEIGHTS_NAME).stat().st_size <= MOST_BYTES
    assert [c.name for c in card.catalog.classes] == ["background", class_name]
    assert licence in card.licence and source in card.data
    assert {"seed", "steps", "data_sha256", "options"} <= set(card.training)
    assert card.figures["per_class"][class_name]["iou"] >= least_iou


def test_what_an_embedded_model_has_seen_is_told_without_anybodys_paths() -> None:
    manifest = Manifest.read(MODELS / "buildings")
    assert {image.subset for image in manifest.images} == {"train", "val"}
    assert len({image.sha256 for image in manifest.images}) == 36
    assert not any(Path(image.path).parent.name for image in manifest.images)


@pytest.mark.slow
@EMBEDDED
def test_an_embedded_model_reaches_the_figures_of_its_card(
    name: str, class_name: str, source: str, licence: str, least_iou: float, shared_data: Path
) -> None:
    segmenter = load_segmenter(MODELS / name, InferenceOptions("cpu"))
    pooled, folder = ConfusionMatrix(), shared_data / name
    images = sorted((folder / "images" / "val").glob("banepa*" if name == "buildings" else "*"))
    for image in images:
        truth = np.asarray(Image.open(folder / "labels" / "val" / f"{image.stem}.png"))
        with open_fed(image) as reader:
            for part in segment(reader, segmenter):
                pooled.add(truth[part.box.slices()], part.label)
    expected = segmenter.card.figures["per_class"][class_name]["iou"]
    assert pooled.of(1).iou == pytest.approx(expected, abs=0.003)
