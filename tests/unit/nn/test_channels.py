"""Images of other channels than red, green and blue, from the file to the labels and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

from labeltool import plugins
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.progress import CancelToken, silent
from labeltool.inference.feeding import open_fed
from labeltool.inference.tiled import segment
from labeltool.inference.training import TrainingImage
from labeltool.inference.training_options import Augmentation
from labeltool.nn.checkpoint import load_network, save_network
from labeltool.nn.engines.eager import TorchSegmenter
from labeltool.nn.training.cards import first_card
from labeltool.nn.training.data import CropSampler, Examples
from labeltool.nn.training.evaluate import evaluate
from labeltool.nn.training.learner import Learner

from .conftest import CATALOG, options

PLAIN = Augmentation(brightness=0, contrast=0, gamma=0, invert=0, colour=0, shade=0, blur=0, noise=0)


def banded(path: Path, channels: int) -> TrainingImage:
    """An image of noise of 16 bits, of which the last channel alone tells where the object is."""
    rng = np.random.default_rng(channels)
    values = rng.integers(0, 4000, (96, 96, channels), np.uint16)
    label = np.zeros((96, 96), np.uint8)
    label[24:80, 16:60] = 1
    values[..., -1] = np.where(label == 1, 3000, 1000)
    tifffile.imwrite(path, values, photometric="minisblack", planarconfig="contig")
    return TrainingImage(path.stem, path, lambda: label)


@pytest.mark.parametrize(
    ("channels", "bands"),
    [
        (4, (0, 1, 2, 3)),
        *(
            pytest.param(*each, marks=pytest.mark.slow)
            for each in [(6, (5,)), (5, (4, 0)), (6, tuple(range(6)))]
        ),
    ],
)
def test_a_network_learns_from_bands_that_no_eye_sees(
    channels: int, bands: tuple[int, ...], tmp_path: Path
) -> None:
    image = banded(tmp_path / "image.tif", channels)
    how = options(bands=bands, stretch=None, steps=30, learning_rate=1e-2, augmentation=PLAIN, averaging=0.5)
    card = first_card(CATALOG, how)
    assert card.channels == len(bands) == len(card.mean) == len(card.std)
    torch.manual_seed(0)
    network = plugins.load("labeltool.architectures", card.arch)(card)
    learner = Learner(network, card, how, "cpu")
    sampler = CropSampler(Examples([image], card), how, cancel=CancelToken(), progress=silent)
    losses = []
    for step in range(30):
        batch = sampler.batch(step)
        assert batch.pixels.shape == (2, 64, 64, len(bands))
        losses.append(learner.step(batch, step / 30, step)["loss"])
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])
    card = save_network(tmp_path / "model", card, learner.averaged)
    figures = evaluate([image], TorchSegmenter(card, network, "cpu"), CancelToken()).figures
    assert set(figures["per_class"]) == {"background", "disc"}


def test_a_model_of_four_bands_labels_a_map_and_refuses_a_photo(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "geotiff" / "naip_2010_rgbn_cog.tif"
    card = first_card(ClassCatalog.from_names(["field"]), options(bands=(3, 0, 1, 2), tile=256, halo=32))
    torch.manual_seed(0)
    network = plugins.load("labeltool.architectures", card.arch)(card)
    card = save_network(tmp_path / "model", card, network)
    segmenter = TorchSegmenter(*load_network(tmp_path / "model"), "cpu")
    with open_fed(path, bands=card.bands) as reader:
        size = reader.info.size
        seen = np.zeros((size.height, size.width), int)
        for part in segment(reader, segmenter):
            seen[part.box.slices()] += 1
    assert (seen == 1).all()
    tifffile.imwrite(tmp_path / "photo.tif", np.zeros((40, 40, 3), np.uint8), photometric="rgb")
    with pytest.raises(BadInputError, match="has 3 channels"):
        open_fed(tmp_path / "photo.tif", bands=card.bands)
