"""The monkey's trainings: tiny ones, and what must be so of them once their project is closed."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QAbstractButton, QWidget

from labeltool.app.models import broken_models, project_models
from labeltool.app.runs.run import runs
from labeltool.core.digest import file_hash
from labeltool.inference.card import WEIGHTS_NAME
from tests.e2e.pause import pause_ms

ENCODER = "tu-mobilenetv3_small_100"
TINY = {"crop": 64, "batch": 2, "scale": 1.0, "minutes": 1}
STEPS = 3, 30, 300
"""Some are over at once, others are still at work when somebody closes the project."""
PATIENCE_S = 10.0


def begin(window: Any, chance: random.Random) -> bool:
    """Fill in the page New training and press its button; False where nothing can be trained now."""
    window.actions_["train_new"].trigger()
    pause_ms(50)
    start = window.findChild(QAbstractButton, "train.new.start")
    if start is None or not start.isEnabled():
        return False
    for name, value in {**TINY, "steps": chance.choice(STEPS)}.items():
        window.findChild(QWidget, f"train.new.{name}").setValue(value)
    window.findChild(QWidget, "train.new.encoder").setCurrentText(ENCODER)
    start.click()
    return True


def wrong(root: Path) -> Iterator[str]:
    """Of a project that is closed: trainings that go on all the same, and models that are half there."""
    ends_s = time.monotonic() + PATIENCE_S
    while any(run.at_work for run in runs(root)) and time.monotonic() < ends_s:
        pause_ms(50)
    yield from (f"run {run.name}: it is trained after the end" for run in runs(root) if run.at_work)
    yield from (f"model {each.file}: {each.reason}" for each in broken_models(root))
    for model in project_models(root):
        weights = model.path / WEIGHTS_NAME
        if weights.is_file() and file_hash(weights) != model.card.sha256:
            yield f"model {model.path.name}: its weights are not those of its card"
