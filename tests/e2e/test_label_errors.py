"""Label errors with networks that really learn, by `labeltool label-errors` and in the window: what somebody has missed
comes first."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QSpinBox

from labeltool.app.review.choices import FoldChoices
from labeltool.core.geometry import Box
from labeltool.inference.training_options import TrainingOptions
from labeltool.ui.dialogs.label_errors import FindingDialog
from labeltool.ui.main import application, open_window
from tests.e2e.pause import until

from .conftest import Run
from .tidy import tidy

pytestmark = pytest.mark.slow
OPTIONS = TrainingOptions(crop=64, batch=8, averaging=0.98, steps=200, seed=3, device="cpu")
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


def test_in_the_window_it_is_found_shown_and_mended(
    missed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(FoldChoices, "options", lambda _: OPTIONS)
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    with tidy(application()):
        window = open_window(missed)
        window.show()
        until(lambda: window.annotate.image is not None)
        QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
        until(lambda: window.spaces.review is not None and not window._work.busy)
        layers = window.findChild(QComboBox, "review.layer")
        assert isinstance(layers, QComboBox)
        layers.setFocus()
        QTest.keyClick(layers, Qt.Key.Key_End)
        until(lambda: window.findChildren(FindingDialog))
        (dialog,) = window.findChildren(FindingDialog)
        count = dialog.findChild(QSpinBox, "dialog.label_errors.count")
        assert isinstance(count, QSpinBox)
        count.setValue(2)
        QTest.keyClick(dialog, Qt.Key.Key_Return)
        window.activateWindow()
        until(lambda: window.spaces.review is not None and window.spaces.review.can_walk, 400)
        canvas = window.annotate.canvas
        QTest.keyClick(canvas, Qt.Key.Key_N)
        until(window.actions_["model_right"].isEnabled)
        image = window.annotate.image
        assert image is not None and image.record.name == "5.png"
        here = Box(*MISSED, MISSED[0] + 1, MISSED[1] + 1)
        assert image.session.mask.read("label", here)[0, 0] == 0
        QTest.keyClick(canvas, Qt.Key.Key_Return)
        until(lambda: image.session.mask.read("label", here)[0, 0] == 1)
        window.close()
