"""A small, quick model that needs no torch: a threshold, which comes as a plug-in that only the child process has."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from labeltool.core.catalog import ClassCatalog
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME, ModelCard

THRESHOLD = """
import cv2
import numpy as np

class Threshold:
    batch = 1

    def __init__(self, card, device):
        self.card, self.device, self.engine, self.notices = card, "cpu", "threshold", []

    def survey(self, samples):
        return None

    def predict(self, windows, context=None):
        from labeltool.inference.segmenter import Answer
        bright = (windows[..., 0] > 127).astype(np.uint8)
        label = np.stack([cv2.morphologyEx(each, cv2.MORPH_OPEN, np.ones((5, 5))) for each in bright])
        return Answer(label, np.full_like(label, 230))

def load(folder, how):
    from labeltool.inference.card import ModelCard
    return Threshold(ModelCard.read(folder if folder.is_dir() else folder.parent), how.device)
"""


def install(site: Path) -> str:
    """Write the plug-in to a folder; what PYTHONPATH must be for a child process to find it."""
    info = site / "threshold-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "threshold.py").write_text(THRESHOLD, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: threshold\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[labeltool.segmenters]\nthreshold = threshold:load\n", encoding="utf-8"
    )
    return os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH", "")]))


def write_model(folder: Path, names: Sequence[str] = ("nucleus",)) -> Path:
    """The model's folder; what is bright is the first of the classes."""
    folder.mkdir(parents=True)
    catalog = ClassCatalog.from_names(list(names))
    card = ModelCard(folder.name, "none", "none", catalog, segmenter="threshold", tile=256, halo=32)
    (folder / CARD_NAME).write_text(json.dumps(card.to_json()), encoding="utf-8")
    (folder / WEIGHTS_NAME).write_bytes(b"a threshold has none")
    return folder
