"""The smallest network, and a few drawn images to learn from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from labeltool.core.catalog import ClassCatalog
from labeltool.inference.card import ModelCard
from labeltool.inference.training import TrainingImage, TrainingSet
from labeltool.inference.training_options import TrainingOptions

CATALOG = ClassCatalog.from_names(["disc"])
ENCODER = "tu-mobilenetv3_small_050"
CARD = ModelCard("tiny", "deeplabv3plus", ENCODER, CATALOG, decoder_channels=16, tile=64, halo=0)


def options(**changes: object) -> TrainingOptions:
    small = TrainingOptions(
        name="tiny",
        encoder=ENCODER,
        decoder_channels=16,
        scale=1.0,
        tile=64,
        halo=0,
        device="cpu",
        crop=64,
        batch=2,
        steps=3,
        evaluations=1,
    )
    return replace(small, **changes)  # type: ignore[arg-type]


def drawn(folder: Path, name: str, seed: int, *, value: int = 1) -> TrainingImage:
    """An image of 80 x 70 pixels with a bright disc on noise, its left rows not counted."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 60, (70, 80, 3), np.uint8)
    label = np.zeros((70, 80), np.uint8)
    centre = (int(rng.integers(20, 60)), int(rng.integers(20, 50)))
    cv2.circle(pixels, centre, 14, (220, 210, 200), -1)
    cv2.circle(label, centre, 14, value, -1)
    label[:3] = 255
    Image.fromarray(pixels).save(folder / f"{name}.png")
    return TrainingImage(name, folder / f"{name}.png", lambda: label, group="drawn")


def drawn_set(folder: Path) -> TrainingSet:
    """Three images to learn from and one to choose on."""
    images = [drawn(folder, f"image{i}", i) for i in range(4)]
    return TrainingSet(tuple(images[:3]), tuple(images[3:]), CATALOG)


@pytest.fixture
def discs(tmp_path: Path) -> TrainingSet:
    """The drawn set."""
    return drawn_set(tmp_path)


@pytest.fixture(autouse=True)
def subnormal_numbers() -> Iterator[None]:
    """OpenVINO has the thread that calls it take them for zero; in the program that is a process of its own."""
    yield
    torch.set_flush_denormal(False)
