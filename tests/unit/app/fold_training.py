"""What stands in for the process that trains the model of a fold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labeltool.app.runs import following
from labeltool.core.progress import CancelToken
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME, ModelCard
from labeltool.inference.run import BEST, MANIFEST, STATE, Manifest
from labeltool.inference.travelling import travelling


class FakeTraining:
    """Leaves what a training leaves. ``log`` has what was trained; after ``left`` trainings the next is cancelled."""

    log: list[str]
    left: int

    def __init__(self, folder: Path, **how: Any) -> None:
        self.folder = folder

    @classmethod
    def stands_in(cls, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Train no network from now on; the folds that are trained, in order."""
        done: list[str] = []
        monkeypatch.setattr(cls, "log", done, raising=False)
        monkeypatch.setattr(cls, "left", 99, raising=False)
        monkeypatch.setattr(following, "TrainingProcess", cls)
        return done

    def follow(self, progress: Any, cancel: CancelToken, log: Any) -> None:
        progress(1, 2, "step 1 of 2")
        self.log.append(self.folder.name)
        best = self.folder / BEST
        best.mkdir(exist_ok=True)
        manifest = Manifest.read(self.folder)
        card = ModelCard(
            manifest.options.name, "none", "none", manifest.catalog, sha256=self.folder.name * 64
        )
        (best / CARD_NAME).write_text(json.dumps(card.to_json()))
        (best / WEIGHTS_NAME).write_bytes(b"weights")
        (best / MANIFEST).write_text(json.dumps(travelling(manifest).to_json()))
        FakeTraining.left -= 1
        if FakeTraining.left < 0:
            cancel.cancel()
        (self.folder / STATE).write_text(
            json.dumps({"state": "cancelled" if cancel.cancelled else "finished"})
        )
