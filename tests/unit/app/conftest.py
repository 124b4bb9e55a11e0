"""A small project on disk, and a model that is a threshold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.app import prelabel
from labeltool.app.models import Model, adding, read_model
from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.progress import CancelToken, Progress
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME, ModelCard
from labeltool.inference.options import InferenceOptions
from labeltool.inference.process import WorkerInfo
from labeltool.inference.segmenter import Prediction
from labeltool.store.project import ProjectStore

CATALOG = ClassCatalog.from_names(["nucleus"])


@pytest.fixture(autouse=True, scope="module")
def _quick_disk(quick_disk: None) -> None:
    """What is on the disk after a power cut is looked at elsewhere."""


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two images of 300 x 60 pixels, equal but for their files' bytes: the left half is black, the right half white."""
    folder = tmp_path / "images"
    folder.mkdir()
    pixels = np.zeros((60, 300), np.uint8)
    pixels[:, 150:] = 255
    for name, level in (("a.png", 0), ("b.png", 9)):
        Image.fromarray(pixels).save(folder / name, compress_level=level)
    return folder


@pytest.fixture
def store(tmp_path: Path, images: Path) -> Iterator[ProjectStore]:
    with ProjectStore.create(tmp_path / "project", "test", CATALOG) as project:
        add_images(project, [images])
        yield project


class ThresholdProcess:
    """Stands in for the child process: white is the class 1. ``runs`` counts the images that it saw."""

    runs: list[str]

    def __init__(self, path: Path, how: InferenceOptions) -> None:
        self.how = how
        self.notices: list[str] = []

    def __enter__(self) -> ThresholdProcess:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def ready(self, cancel: CancelToken | None = None) -> WorkerInfo:
        return WorkerInfo("cpu", "threshold", "")

    def segment(
        self,
        path: Path,
        cancel: CancelToken,
        progress: Progress,
        *,
        page: str = "",
        first: int = 0,
        grid: object = None,
    ) -> Iterator[Prediction]:
        self.runs.append(path.name)
        pixels = np.asarray(Image.open(path).convert("L"))
        if pixels.max() == 7:
            raise BadInputError("the model choked on it", file=path)
        label = (pixels > 127).astype(np.uint8)
        progress(1, 1)
        planes = {name: np.full(label.shape, 33, np.uint8) for name in self.how.doubts}
        yield Prediction(Size(*label.shape[::-1]).box, label, np.full(label.shape, 200, np.uint8), **planes)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images that a model has run on, in order."""
    seen: list[str] = []
    monkeypatch.setattr(ThresholdProcess, "runs", seen, raising=False)
    for module in (adding, prelabel):
        monkeypatch.setattr(module, "ModelProcess", ThresholdProcess)
    return seen


@pytest.fixture
def make_model(tmp_path: Path) -> Callable[..., Model]:
    """Writes a model's folder: classes by name, and weights that nobody will load."""

    def make(*classes: str, name: str = "thresholds", folder: Path | None = None) -> Model:
        folder = folder or tmp_path / "some models" / name
        folder.mkdir(parents=True)
        catalog = ClassCatalog.from_names(list(classes or ("nucleus",)))
        card = ModelCard(name, "none", "none", catalog)
        (folder / CARD_NAME).write_text(json.dumps(card.to_json()), encoding="utf-8")
        (folder / WEIGHTS_NAME).write_bytes(name.encode())
        return read_model(folder)

    return make


@pytest.fixture
def model(make_model: Callable[..., Model]) -> Model:
    return make_model()
