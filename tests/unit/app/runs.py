"""What a training would leave beside a model."""

from __future__ import annotations

import json
from collections.abc import Sequence

from labeltool.app.models import Model
from labeltool.inference.run import MANIFEST, Manifest, RunImage
from labeltool.inference.training_options import TrainingOptions


def trained_on(model: Model, **digests: Sequence[str]) -> None:
    """Write a manifest that says which images (train, val, unlabelled) a model came of."""
    images = tuple(
        RunImage(f"{subset}{number}", "image.png", "/nowhere/image.png", "", subset, digest)
        for subset, of_subset in digests.items()
        for number, digest in enumerate(of_subset)
    )
    manifest = Manifest(TrainingOptions(), model.card.catalog, images, "2026-01-01T00:00:00+00:00")
    (model.folder / MANIFEST).write_text(json.dumps(manifest.to_json()), encoding="utf-8")
