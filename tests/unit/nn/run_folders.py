"""The folder of a run, as the program would have made it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from labeltool.core.digest import image_digest
from labeltool.formats.index_png import write_index
from labeltool.inference.run import LABELS, MANIFEST, SUBSETS, Manifest, RunImage
from labeltool.inference.training import TrainingImage, TrainingSet
from labeltool.inference.training_options import TrainingOptions
from labeltool.ui.train.reading import RowReader


def begun(folder: Path, data: TrainingSet, options: TrainingOptions) -> Path:
    """Write manifest and labels into a new folder."""
    (folder / LABELS).mkdir(parents=True)
    images = tuple(
        _image(folder, image, subset)
        for subset, of_subset in zip(SUBSETS, (data.train, data.val, data.unlabelled), strict=True)
        for image in of_subset
    )
    write_manifest(folder, Manifest(options, data.catalog, images, "2026-01-01T00:00:00+00:00"))
    return folder


def rows(folder: Path) -> Iterator[dict[str, Any]]:
    """What a run has written so far, as the window reads it."""
    yield from RowReader(folder).news().rows


def write_manifest(folder: Path, manifest: Manifest) -> None:
    (folder / MANIFEST).write_text(json.dumps(manifest.to_json()), encoding="utf-8")


def change_options(folder: Path, **changes: object) -> None:
    manifest = Manifest.read(folder)
    write_manifest(folder, replace(manifest, options=replace(manifest.options, **changes)))  # type: ignore[arg-type]


def _image(folder: Path, image: TrainingImage, subset: str) -> RunImage:
    digest = ""
    if subset != "unlabelled":
        label = image.load_label()
        write_index(folder / LABELS / f"{image.id}.png", label)
        digest = hashlib.sha256(label.tobytes()).hexdigest()
    return RunImage(
        image.id,
        image.path.name,
        str(image.path),
        image.page,
        subset,
        image_digest(image.path, image.page),
        digest,
        image.group,
    )
