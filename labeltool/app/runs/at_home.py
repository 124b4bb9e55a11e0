"""The manifest that a model brought along, with the names and places that a project has for its digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from labeltool.app.models import embedded_models, project_models
from labeltool.core.errors import BadInputError
from labeltool.core.project import ImageRecord
from labeltool.inference.run import Manifest, RunImage
from labeltool.inference.training_options import TrainingOptions

_HINT = "or name the folder of the run instead of the model's"


def at_home(source: Path, root: Path, by_digest: Mapping[str, ImageRecord]) -> Manifest:
    """The manifest in ``source``, a run's folder or a model's. BadInputError where it does not say itself where an
    image or the weights to begin with are, and the project does not have them."""
    manifest = Manifest.read(source)
    images = tuple(_image(image, by_digest.get(image.sha256), source) for image in manifest.images)
    options = manifest.options
    if manifest.weights_sha256 and not Path(options.weights).is_absolute():
        options = _with_weights(options, manifest.weights_sha256, source, root)
    return replace(manifest, options=options, images=images)


def _image(image: RunImage, record: ImageRecord | None, source: Path) -> RunImage:
    if record is not None:
        return replace(image, name=record.name, path=str(record.path))
    if image.path:
        return image
    raise BadInputError(
        f"the project does not have an image that this has learnt from: SHA-256 {image.sha256[:16]}…",
        file=source,
        hint=f"Add all of its images and their labels, {_HINT}",
    )


def _with_weights(options: TrainingOptions, sha256: str, source: Path, root: Path) -> TrainingOptions:
    for model in (*project_models(root), *embedded_models()):
        if model.card.sha256 == sha256:
            return replace(options, weights=str(model.weights.absolute()))
    raise BadInputError(
        f"the project has no model with the weights that this began with: {options.weights}",
        file=source,
        hint=f"Add that model, {_HINT}",
    )
