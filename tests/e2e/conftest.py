"""The command line on small images, with a model that needs no torch: a threshold, installed as a plug-in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from labeltool.__main__ import main
from tests.e2e.threshold import install, write_model


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its one object on standard output."""
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture
def labeltool(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process."""

    def run(*words: object) -> Ended:
        capsys.readouterr()
        code = main([str(word) for word in words])
        return Ended(code, *capsys.readouterr())

    return run


def two_blobs() -> np.ndarray:
    """uint8 [80, 120] of 0 and 1: two rectangles."""
    label = np.zeros((80, 120), np.uint8)
    label[10:40, 10:50] = 1
    label[50:70, 60:110] = 1
    return label


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Three images: black, with two white rectangles."""
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("a", "b", "c"):
        Image.fromarray(two_blobs() * 200).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    """Index masks of the three images; a column of each is 255."""
    folder = tmp_path / "masks"
    folder.mkdir()
    label = two_blobs()
    label[:, 0] = 255
    for name in ("a", "b", "c"):
        Image.fromarray(label).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def project(tmp_path: Path, images: Path, labeltool: Run) -> Path:
    """A project of the three images and the class nucleus."""
    root = tmp_path / "project"
    assert labeltool("new", root, "--classes", "nucleus").code == 0
    assert labeltool("add", root, images).code == 0
    return root


@pytest.fixture
def distinct(images: Path, tmp_path: Path, labeltool: Run) -> Path:
    """Another project, of three images of which none is another's copy."""
    root, folder = tmp_path / "distinct", tmp_path / "distinct_images"
    folder.mkdir()
    for number, path in enumerate(sorted(images.iterdir())):
        noise = np.random.default_rng(number).integers(0, 40, (80, 120), np.uint8)
        Image.fromarray(two_blobs() * 200 + noise).save(folder / path.name)
    assert labeltool("new", root, "--classes", "nucleus").code == 0
    assert labeltool("add", root, folder).code == 0
    return root


@pytest.fixture
def threshold_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model's folder whose segmenter comes from a plug-in that only the child process has."""
    monkeypatch.setenv("PYTHONPATH", install(tmp_path / "site"))
    return write_model(tmp_path / "models" / "bright")
