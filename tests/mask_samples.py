"""Labelled images for the tests of exports and imports: small, random, and full of hard cases."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from labeltool.core.catalog import IGNORE, ClassCatalog, ClassDef
from labeltool.core.geometry import Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.provenance import Origin
from labeltool.formats.protocol import ImportedMask, Importer, LabelledImage

CELLS = ClassCatalog.from_names(["nucleus", "cell wall", "débris: #1"], "cells")
STREETS = ClassCatalog(
    (
        ClassDef(0, "Sky", (128, 128, 128)),
        ClassDef(3, "Road", (128, 64, 128)),
        ClassDef(10, "Car", (128, 64, 128)),  # the same colour as Road
        ClassDef(254, "Sign", (224, 224, 192)),  # the colour that VOC gives to ignored pixels
    ),
    "streets",
)
"""No background: 0 is a class like any other."""


def random_planes(
    rng: np.random.Generator, size: Size, catalog: ClassCatalog
) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Label and object planes with nested holes, one-pixel islands, touching objects, ignore, and full borders."""
    height, width = size.height, size.width
    values = np.array([*catalog.values, IGNORE], np.uint8)
    block = max(6, width // 12)
    coarse = rng.integers(0, len(values), (height // block + 2, width // block + 2))
    label = values[np.kron(coarse, np.ones((block, block), int))[:height, :width]]
    y, x = np.indices((height, width))
    rings = np.hypot(x - width / 2, y - height / 2).astype(int) // 3
    label = np.where(rings < 4, values[rings % len(values)], label)
    islands = rng.integers(0, height, 15), rng.integers(0, width, 15)
    label[islands] = rng.choice(values, 15)
    ids = rng.choice(np.array([0, 0, 1, 2, 300, 70_000], np.uint32), coarse.shape)
    object_ = np.kron(ids, np.ones((block, block), np.uint32))[1 : height + 1, 1 : width + 1]
    object_[~np.isin(label, [c.value for c in catalog.foreground])] = 0
    return label.astype(np.uint8), object_.astype(np.uint32)


def labelled(
    file: Path,
    label: NDArray[np.uint8],
    catalog: ClassCatalog,
    object_: NDArray[np.uint32] | None = None,
    *,
    where: NDArray[np.bool_] | None = None,
    split: str = "",
    orientation: int = 1,
) -> LabelledImage:
    """An image file made for a mask; pixels outside ``where`` are labelled by nobody."""
    height, width = label.shape
    write_picture(file, Size(width, height), orientation)
    mask = LabelMask(Size(width, height), catalog.unlabelled_value)
    ids = np.zeros(label.shape, np.uint32) if object_ is None else object_
    patch = write(
        mask,
        mask.size.box,
        where,
        title="",
        kind="brush",
        label=label,
        object_id=ids,
        origin=int(Origin.HUMAN),
    )
    mask.apply(patch)
    return LabelledImage(record_of(file, mask.size, split), mask)


def write_picture(file: Path, shown: Size, orientation: int = 1) -> None:
    """A picture that is ``shown`` in this size once its EXIF orientation is applied."""
    stored = (shown.height, shown.width) if orientation >= 5 else (shown.width, shown.height)
    exif = Image.Exif()
    if orientation > 1:
        exif[274] = orientation
    file.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(len(file.name)).integers(0, 255, (stored[1], stored[0], 3), np.uint8)
    kind = Image.registered_extensions()[Path(file.name.rstrip(" .")).suffix.lower()]
    Image.fromarray(noise).save(file, kind, exif=exif)


def record_of(file: Path, size: Size, split: str = "") -> ImageRecord:
    """What a project would know of an image file."""
    data = file.read_bytes()
    key = hashlib.md5(str(file).encode()).hexdigest()
    kind = "png" if file.suffix == ".png" else "jpeg"
    return ImageRecord(key, file, size, kind, hashlib.sha256(data).hexdigest(), len(data), split)


def several(folder: Path, catalog: ClassCatalog, seed: int = 0) -> list[LabelledImage]:
    """Six images of all splits, sizes from 1 x 1 on, one turned by EXIF, one not wholly labelled."""
    rng = np.random.default_rng(seed)
    kinds = [
        (Size(1, 1), "a.png", "train", 1),
        (Size(37, 53), "b.jpg", "val", 1),
        (Size(64, 40), "c c.png", "", 1),
        (Size(31, 45), "turned.jpg", "test", 6),
        (Size(300, 3), "sub/b.png", "train", 1),
        (Size(270, 90), "é😀.png", "train", 1),
    ]
    images = []
    for size, name, split, orientation in kinds:
        label, object_ = random_planes(rng, size, catalog)
        where = rng.random(label.shape) < 0.9 if name == "c c.png" else None
        images.append(
            labelled(
                folder / name, label, catalog, object_, where=where, split=split, orientation=orientation
            )
        )
    return images


def imported(
    importer: Importer, src: Path, catalog: ClassCatalog, images: Sequence[LabelledImage]
) -> tuple[dict[str, ImportedMask], list[Skipped]]:
    """Everything an importer yields: masks by image id, and what was skipped."""
    entries = list(importer.read(src, catalog, [image.record for image in images], importer.Options()))
    masks = [entry for entry in entries if not isinstance(entry, Skipped)]
    skipped = [entry for entry in entries if isinstance(entry, Skipped)]
    assert len({mask.image_id for mask in masks}) == len(masks)
    return {mask.image_id: mask for mask in masks}, skipped


def assert_same_planes(image: LabelledImage, mask: ImportedMask) -> None:
    """Label and object planes came back as they were."""
    assert np.array_equal(mask.label, image.mask.read("label"))
    ids = np.zeros_like(mask.label) if mask.object is None else mask.object
    assert np.array_equal(ids, image.mask.read("object"))
