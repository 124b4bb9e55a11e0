"""The sample projects: cells (real images that scikit-image ships and synthetic fields) and a town from the air.

What is synthetic has a truth that is known, because we drew it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray
from platformdirs import user_data_path

from labeltool.app.aerial import town
from labeltool.app.evaluate import Evaluation
from labeltool.app.exporting import export_images
from labeltool.app.models import Model
from labeltool.app.project import add_images
from labeltool.app.synthetic import Optics, fluorescence
from labeltool.core.atomic import write_bytes
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, StoreError
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord
from labeltool.core.provenance import Origin
from labeltool.formats.protocol import ExportReport
from labeltool.formats.voc.exporter import VocOptions
from labeltool.store.layout import is_project
from labeltool.store.project import ProjectStore

IMAGES, TRUTH, EXPORTS = "images", "truth", "exports"
"""Folders beside the project's own: the sources, what the synthetic ones show, and what was exported."""

REAL: dict[str, Box | None] = {
    "ihc.png": Box(64, 64, 448, 448),
    "cell.png": None,
    "retina.jpg": Box(300, 300, 1100, 1100),
    "coins.png": None,
    "microaneurysms.png": None,
}
"""Images of scikit-image and the part that is taken, so that two cores need seconds for all of them."""


class Drawn(NamedTuple):
    """``image`` uint8 [h, w] or [h, w, 3] RGB; ``instances`` uint32 [h, w], 0 outside and 1.. one number an object."""

    image: NDArray[np.uint8]
    instances: NDArray[np.uint32]


@dataclass(frozen=True)
class Cells:
    """A synthetic field of nuclei, as its file is called and as it is made."""

    name: str
    size: Size
    seed: int
    nuclei: int
    radius_px: float
    optics: Optics

    def draw(self) -> Drawn:
        """Equal seeds give equal pixels."""
        field = fluorescence(
            self.size, self.seed, nuclei=self.nuclei, radius_px=self.radius_px, optics=self.optics
        )
        return Drawn(field.image, field.instances)


@dataclass(frozen=True)
class Roofs:
    """A synthetic part of a town, as its file is called and as it is made."""

    name: str
    size: Size
    seed: int
    density: float = 0.75

    def draw(self) -> Drawn:
        """Equal seeds give equal pixels."""
        drawn = town(self.size, self.seed, density=self.density)
        return Drawn(drawn.image, drawn.instances)


@dataclass(frozen=True)
class Kind:
    """A sample project: the name of its classes (and folder), its one class, what is drawn, and what is real."""

    name: str
    class_name: str
    synthetic: Sequence[Cells | Roofs]
    real: Mapping[str, Box | None]


KINDS = {
    "cells": Kind(
        "demo",
        "nucleus",
        (
            Cells("nuclei_1.png", Size(512, 384), 11, 45, 11, Optics()),
            Cells("nuclei_2_dim.png", Size(384, 384), 12, 30, 12, Optics(photons=45, background=9)),
            Cells("nuclei_3_crowded.png", Size(384, 384), 13, 110, 10, Optics()),
            Cells("nuclei_4_blurred.png", Size(512, 384), 14, 30, 14, Optics(blur_px=2.6)),
            Cells("nuclei_5_large.png", Size(512, 512), 15, 24, 22, Optics(background=30)),
        ),
        REAL,
    ),
    "aerial": Kind(
        "demo-aerial",
        "building",
        (
            Roofs("town_1.png", Size(640, 512), 1),
            Roofs("town_2.png", Size(640, 512), 2),
            Roofs("town_3_sparse.png", Size(512, 512), 3, density=0.35),
            Roofs("town_4_dense.png", Size(512, 512), 4, density=1.0),
            Roofs("town_5_large.png", Size(1024, 768), 5),
        ),
        {},
    ),
}


def default_root(kind: str = "cells") -> Path:
    """Where a sample project lies when nobody says where: in the user's data folder."""
    return user_data_path("labeltool", appauthor=False) / KINDS[kind].name


def open_demo(root: Path, name: str = "cells") -> ProjectStore:
    """The sample project ``name`` of KINDS at ``root``, made where it does not exist yet. StoreError where another
    project is."""
    kind = KINDS[name]
    if is_project(root):
        store = ProjectStore.open(root)
    else:
        store = ProjectStore.create(root, kind.name, ClassCatalog.from_names([kind.class_name], kind.name))
    if store.catalog.name != kind.name:
        store.close()
        raise StoreError(
            "this is a project of your own", file=root, hint="Choose a new folder for the samples"
        )
    if not store.read_only_reason:
        add_images(store, _write_images(root, kind))
    return store


def evaluate_synthetic(store: ProjectStore, model: Model) -> Evaluation:
    """The model's predictions against what we drew; the annotation of the project is not looked at."""
    result = Evaluation(store.catalog)
    for record, truth in _with_truth(store):
        kept = store.prediction(record.id, model.key)
        if kept is not None:
            result.add(record.name, kept, _mask_of(truth))
    return result


def export_demo(store: ProjectStore, format_name: str) -> tuple[Path, ExportReport]:
    """Export everything beside the project, in the place of the last export.

    A model may draw more specks than VOC can number: then the classes are exported without objects.
    """
    out = store.root / EXPORTS / format_name
    out.parent.mkdir(exist_ok=True)
    if out.exists():
        shutil.rmtree(out)
    try:
        return out, export_images(store, out, format_name, inside_project=True)
    except BadInputError as error:
        if format_name != "voc":
            raise
        report = export_images(store, out, format_name, VocOptions(objects=False), inside_project=True)
        return out, replace(report, notices=(*report.notices, f"without objects: {error.message}"))


def _write_images(root: Path, kind: Kind) -> list[Path]:
    """Write the files that are not there; what is there stays as it is. All of them, synthetic ones first."""
    for folder in (root / IMAGES, root / TRUTH):
        folder.mkdir(parents=True, exist_ok=True)
    for sample in kind.synthetic:
        if not (root / IMAGES / sample.name).exists():
            _write_synthetic(root, sample)
    real = {(root / IMAGES / name).with_suffix(".png"): (name, part) for name, part in kind.real.items()}
    for target, (name, part) in real.items():
        if not target.exists():
            write_bytes(target, _real(name, part))
    return [*(root / IMAGES / sample.name for sample in kind.synthetic), *real]


def _real(name: str, part: Box | None) -> bytes:
    """The bytes of an image that scikit-image ships, or its part as PNG."""
    with as_file(files("skimage") / "data" / name) as source:
        data = source.read_bytes()
    if part is None:
        return data
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise BadInputError("scikit-image's sample image is damaged", file=name, hint="Install it again")
    return _png(pixels[part.slices()])


def _write_synthetic(root: Path, sample: Cells | Roofs) -> None:
    image, instances = sample.draw()
    write_bytes(root / TRUTH / sample.name, _png(instances.astype(np.uint16)))
    write_bytes(root / IMAGES / sample.name, _png(image[..., ::-1] if image.ndim == 3 else image))


def _with_truth(store: ProjectStore) -> Iterator[tuple[ImageRecord, NDArray[np.uint16]]]:
    kind = next(kind for kind in KINDS.values() if kind.name == store.catalog.name)
    for sample in kind.synthetic:
        record = store.find(store.root / IMAGES / sample.name)
        file = store.root / TRUTH / sample.name
        truth = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_UNCHANGED) if file.exists() else None
        if record is None or truth is None or truth.shape != (record.size.height, record.size.width):
            raise BadInputError(
                "the sample project is not whole", file=file, hint="Delete it: it is made again"
            )
        yield record, truth.astype(np.uint16)


def _mask_of(instances: NDArray[np.uint16]) -> LabelMask:
    height, width = instances.shape
    mask = LabelMask(Size(width, height))
    label = (instances > 0).astype(np.uint8)
    mask.apply(write(mask, mask.size.box, title="", kind="reference", label=label, origin=Origin.IMPORTED))
    return mask


def _png(pixels: MatLike) -> bytes:
    return bytes(cv2.imencode(".png", pixels)[1])
