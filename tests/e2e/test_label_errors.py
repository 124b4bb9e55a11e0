"""`labeltool label-errors` with networks that really learn: what somebody has missed comes first."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from .conftest import Run

pytestmark = pytest.mark.slow
QUICK = "--crop 64 --batch 8 --averaging 0.98 --steps 200 --seed 3 --device cpu".split()
MISSED = 60, 40


def dots(seed: int) -> np.ndarray:
    """uint8 [80, 120] of 0 and 1: one dot at MISSED, and three elsewhere."""
    label = np.zeros((80, 120), np.uint8)
    rng = np.random.default_rng(seed)
    for x, y in ((20, 20), (100, 20), (25, 62)):
        cv2.circle(label, (x + int(rng.integers(-5, 6)), y + int(rng.integers(-5, 6))), 9, 1, -1)
    cv2.circle(label, MISSED, 11, 1, -1)
    return label


@pytest.fixture
def missed(tmp_path: Path, labeltool: Run) -> Path:
    """A project of eight images of white dots, all labelled but for one dot of the image 5."""
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    for number in range(8):
        label = dots(number)
        noise = np.random.default_rng(number).integers(0, 40, label.shape)
        Image.fromarray((label * 190 + noise).astype(np.uint8)).save(tmp_path / f"images/{number}.png")
        if number == 5:
            cv2.circle(label, MISSED, 11, 0, -1)
        Image.fromarray(label).save(tmp_path / f"masks/{number}.png")
    root = tmp_path / "project"
    for words in (
        ("new", root, "--classes", "nucleus"),
        ("add", root, tmp_path / "images"),
        ("import", root, tmp_path / "masks", "--format", "png"),
    ):
        assert labeltool(*words).code == 0
    return root


def test_what_somebody_has_missed_comes_first(missed: Path, labeltool: Run) -> None:
    ended = labeltool("label-errors", missed, *QUICK, "--folds", 2, "--json")
    assert ended.code == 0, ended.err
    first = ended.json["errors"][0]
    assert (first["image"], first["truth"], first["predicted"]) == ("5.png", "background", "nucleus")
    x0, y0, x1, y1 = first["box"]
    assert x0 <= MISSED[0] < x1 and y0 <= MISSED[1] < y1
    assert Path(ended.json["image_scores"][0]["file"]).name == "5.png"
    known = labeltool("models", missed, "--json").json["models"]
    assert {model["source"] for model in known} == {"embedded"}
    assert labeltool("fsck", missed, "--json").json["errors"] == 0
