"""Images in memory and models without networks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import pytest

from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box, Size
from labeltool.imaging.reader import ImageInfo, Pixels
from labeltool.inference.card import ModelCard
from labeltool.inference.segmenter import Answer

CATALOG = ClassCatalog.from_names(["cell"])


class ArrayReader:
    """An image that is an array; remembers the largest box that was asked for."""

    path = Path("array")

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self.info = ImageInfo(Size(pixels.shape[1], pixels.shape[0]), "png", "RGB")
        self.largest = 0

    def read(self, box: Box | None = None) -> Pixels:
        box = box or self.info.size.box
        assert box.intersect(self.info.size.box) == box
        self.largest = max(self.largest, box.width, box.height)
        return self.pixels[box.slices()]

    def has_values(self, box: Box) -> bool:
        return True

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class BoxFilter:
    """A "network" that sees ``reach`` pixels in each direction: the mean of the green channel."""

    device = "cpu"
    engine = "box filter"
    batch = 1

    def __init__(self, card: ModelCard, reach: int = 7) -> None:
        self.card = card
        self.reach = reach
        self.notices: list[str] = []

    def survey(self, samples: Iterable[np.ndarray]) -> None:
        return None

    def fall_back(self) -> bool:
        return False

    def predict(self, windows: np.ndarray, context: np.ndarray | None = None) -> Answer:
        side = 2 * self.reach + 1
        mean = np.stack(
            [cv2.blur(w[..., 1], (side, side), borderType=cv2.BORDER_REFLECT_101) for w in windows]
        )
        return Answer((mean > 127).astype(np.uint8), mean)


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """A folder with a card and no weights, for segmenters that need none."""
    import json

    folder = tmp_path / "model"
    folder.mkdir()
    card = ModelCard("fake", "none", "none", CATALOG, tile=64, halo=0, sha256="0123456789abcdef")
    (folder / "card.json").write_text(json.dumps(card.to_json()))
    return folder
