"""A project for the loop: images that tell their own labels, and models that are told how to answer them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from labeltool.app import prelabel
from labeltool.app.models import Model, finding, read_model
from labeltool.app.project import add_images
from labeltool.app.runs import following
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import Status
from labeltool.core.provenance import Origin
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME, ModelCard
from labeltool.inference.options import InferenceOptions
from labeltool.inference.process import WorkerInfo
from labeltool.inference.run import BEST, MANIFEST, METRICS, Manifest
from labeltool.inference.segmenter import Prediction
from labeltool.store.project import ProjectStore

CATALOG = ClassCatalog.from_names(["nucleus", "debris"])
GREY = 80
"""A pixel of class c is c * GREY bright, and a little more."""
TRAIN, TEST = 3, 6


def scene(seed: int) -> NDArray[np.uint8]:
    """uint8 [48, 64] of classes 0, 1 and 2: a nucleus and a piece of debris of some size, at some place."""
    dice = np.random.default_rng(seed)
    label = np.zeros((48, 64), np.uint8)
    for value, left in ((1, 0), (2, 32)):
        y, x = dice.integers(2, 10, 2)
        height, width = dice.integers(15, 28), dice.integers(12, 20)
        label[y : y + height, left + x : left + x + width] = value
    return label


def make_project(root: Path, images: Path) -> ProjectStore:
    """Images without a split that are learnt from, and labelled ones in the split test."""
    store = ProjectStore.create(root, "cells", CATALOG)
    for split, seeds in (("", range(TRAIN)), ("test", range(100, 100 + TEST))):
        folder = images / (split or "train")
        folder.mkdir(parents=True)
        for seed in seeds:
            pixels = scene(seed) * GREY + np.random.default_rng(seed).integers(0, 9, (48, 64), np.uint8)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{seed}.png")
        for record in add_images(store, [folder], split=split).added:
            label = scene(int(record.path.stem))
            mask = store.load_mask(record.id)
            patch = write(mask, record.size.box, title="", kind="", label=label, origin=Origin.HUMAN)
            store.commit(record.id, patch, expected=0, status=Status.IN_WORK)
    return store


def approve(store: ProjectStore, count: int) -> None:
    """Approve so many more of the images that are learnt from."""
    new = [r for r in store.images() if not r.split and r.status is not Status.APPROVED]
    for record in new[:count]:
        approve_image(store, record.id)


def approve_image(store: ProjectStore, image_id: str) -> None:
    """Approve an image as it is."""
    store.set_status(image_id, Status.APPROVED, expected=store.image(image_id).revision)


class Answers:
    """Stands in for the child process that runs a network: the model's weights say how it answers.

    ``{"bad": 2}`` calls half of class 2 background; ``{"noise": 0.05}`` calls so many pixels something else, by chance;
    ``{"says": 0}`` calls everything so.
    """

    def __init__(self, path: Path, how: InferenceOptions) -> None:
        self.notices: list[str] = []
        folder = path if path.is_dir() else path.parent
        self.weights: dict[str, Any] = json.loads((folder / WEIGHTS_NAME).read_bytes())

    def __enter__(self) -> Answers:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def ready(self, cancel: CancelToken | None = None) -> WorkerInfo:
        return WorkerInfo("cpu", "answers", "")

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
        pixels = np.asarray(Image.open(path))
        label = self._answer(pixels // GREY)
        progress(1, 1)
        yield Prediction(Size(*label.shape[::-1]).box, label, np.full(label.shape, 200, np.uint8))

    def _answer(self, label: NDArray[np.uint8]) -> NDArray[np.uint8]:
        weights, label = self.weights, label.copy()
        dice = np.random.default_rng([weights.get("seed", 0), int(label.sum())])
        if "says" in weights:
            label[:] = weights["says"]
        if "bad" in weights:
            label[(label == weights["bad"]) & (np.arange(label.shape[1]) % 2 == 0)] = 0
        wrong = dice.random(label.shape) < weights.get("noise", 0.0)
        label[wrong] = dice.integers(0, 3, int(wrong.sum()))
        return label


def write_model(folder: Path, manifest: Manifest | None = None, **weights: Any) -> Model:
    """A model's folder whose weights say how it answers."""
    folder.mkdir(parents=True, exist_ok=True)
    data = json.dumps(weights).encode()
    card = ModelCard(folder.name, "none", "none", CATALOG, sha256=hashlib.sha256(data).hexdigest())
    (folder / CARD_NAME).write_text(json.dumps(card.to_json()))
    (folder / WEIGHTS_NAME).write_bytes(data)
    if manifest is not None:
        (folder / MANIFEST).write_text(json.dumps(manifest.to_json()))
    return read_model(folder, "project")


class Trainer:
    """Stands in for the child process that trains: it learns what it is told to, or does what it is told to."""

    learns: dict[str, Any]
    meanwhile: Callable[[CancelToken], object]

    def __init__(self, folder: Path, **how: Any) -> None:
        self.folder = folder

    def follow(self, progress: Progress, cancel: CancelToken, log: Any) -> None:
        (self.folder / METRICS).write_text("")
        progress(1, 2, "step 1")
        write_model(self.folder / BEST, Manifest.read(self.folder), **Trainer.learns)
        Trainer.meanwhile(cancel)


def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have networks answered for and trained by what is above, and no embedded model."""
    monkeypatch.setattr(prelabel, "ModelProcess", Answers)
    monkeypatch.setattr(following, "TrainingProcess", Trainer)
    monkeypatch.setattr(finding, "embedded_models", list)
    monkeypatch.setattr(Trainer, "learns", {"noise": 0.02}, raising=False)
    monkeypatch.setattr(Trainer, "meanwhile", lambda cancel: None, raising=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that each test gets a copy of."""
    folder = tmp_path_factory.mktemp("made")
    make_project(folder / "project", folder / "images").close()
    return folder / "project"
