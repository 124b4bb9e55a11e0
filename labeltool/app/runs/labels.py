"""The labels of a run: what people have set, or have verified, as it is when the run begins."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labeltool.app.provenance import verified_origins
from labeltool.app.truth import Origins, truth, truth_origins
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box
from labeltool.core.mask import LabelMask
from labeltool.core.project import ImageRecord
from labeltool.core.provenance import TRUTH
from labeltool.formats.index_png import pack_strips, write_packed
from labeltool.inference.run import LABELS, RunImage
from labeltool.inference.training_options import TrainingOptions
from labeltool.store.project import ProjectStore

_BAND_ROWS = 256


def learnt_origins(options: TrainingOptions, record: ImageRecord) -> Origins:
    """Whose pixels of an image a run learns from."""
    return verified_origins(record) if options.verified_only else truth_origins(record)


def write_label(folder: Path, image_id: str, mask: LabelMask, origins: Origins = TRUTH) -> str:
    """Write the truth of a mask, or what is of these origins, as PNG; the digest of its bytes as an array."""
    digest = hashlib.sha256()

    def strips() -> Iterator[NDArray[np.uint8]]:
        for top in range(0, mask.size.height, _BAND_ROWS):
            band = Box(0, top, mask.size.width, min(top + _BAND_ROWS, mask.size.height))
            strip = np.ascontiguousarray(truth(mask, band, origins))
            digest.update(strip.data)
            yield strip

    (folder / LABELS).mkdir(exist_ok=True)
    write_packed(folder / LABELS / f"{image_id}.png", pack_strips(strips(), mask.size))
    return digest.hexdigest()


def copy_label(source: Path, folder: Path, image: RunImage) -> bool:
    """Take the label from another run's folder, where there is one; whether there is."""
    label = source / LABELS / f"{image.id}.png"
    if label.is_file():
        (folder / LABELS).mkdir(exist_ok=True)
        shutil.copyfile(label, folder / LABELS / label.name)
    return label.is_file()


def write_same_label(
    store: ProjectStore, record: ImageRecord | None, folder: Path, image: RunImage, options: TrainingOptions
) -> None:
    """Write the label of an image as it is in the project, if it is the one that was learnt from."""
    if record is None:
        raise BadInputError(
            "the project does not have this image, nor is its label beside the manifest",
            file=image.path,
            hint="Add the image and its label, or name the folder of the run instead of the model's",
        )
    origins = learnt_origins(options, record)
    if write_label(folder, image.id, store.load_mask(record.id), origins) != image.label_sha256:
        raise BadInputError(
            "the label of this image is not the one that the model has learnt from",
            file=record.path,
            hint="Name the folder of the run, which keeps its labels, instead of the model's",
        )
