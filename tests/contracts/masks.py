"""Images with random masks for the round trips: every size and every hard case, over pictures, maps and volumes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from map_samples import PLACES, on_map
from mask_samples import labelled, random_planes
from numpy.typing import NDArray
from volume_samples import AXIAL, OBLIQUE, records_of, with_mask, write_series

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.geometry import Size
from labeltool.formats.protocol import LabelledImage

Labels, Ids = NDArray[np.uint8], NDArray[np.uint32]
Rng = np.random.Generator
Planes = Callable[[Rng, Size, ClassCatalog], tuple[Labels, Ids]]

FIXED = [
    Size(1, 1), Size(1, 40), Size(61, 1), Size(2, 2), Size(257, 255), Size(3, 300), Size(256, 256), Size(515, 513),
]  # fmt: skip
"""Sizes that come by now and then: the smallest, lines, and those around the tiles of masks and files."""
EVERY = 40
"""In so many masks each of them comes once; the others have random sides."""
MOST_SIDE = 90
MOST_NOISE = 400
"""Pixels of a mask in which each is drawn by itself: VOC holds 254 objects an image."""
SLICES = 20
"""Masks a volume or a series."""
LEAST_OF_SEGMENTATIONS = 8
"""Pixels of an image: DICOM segmentations of less are refused."""
LAST_ID = 2**32 - 1

AFFINES = [
    np.diag([2.0, 3, 4, 1]),
    np.diag([-0.5, -0.5, 3, 1]),
    np.array([[0, 0, 2.5, -30], [-0.7, 0, 0, 11], [0, 0.8, 0, 5], [0, 0, 0, 1]]),
    np.array([[-0.9, 0.1, 0.2, 11], [0.1, 1.2, -0.3, -7], [0.15, 0.4, 2.9, 3.3], [0, 0, 0, 1]]),
]
"""Axes along the body's, against them, exchanged, and oblique."""


def sizes(rng: Rng, count: int) -> Iterator[Size]:
    """Sizes of ``count`` masks, small ones more often than large ones."""
    for number in range(count):
        if number % EVERY < len(FIXED):
            yield FIXED[number % EVERY]
        else:
            yield Size(*np.exp(rng.uniform(0, np.log(MOST_SIDE), 2)).astype(int).tolist())


def slice_sizes(rng: Rng) -> Iterator[Size]:
    """Sizes of the slices of one volume after the other."""
    yield from (Size(61, 40), Size(1, 40), Size(1, 1), Size(7, 1))
    while True:
        yield Size(*rng.integers(1, MOST_SIDE, 2).tolist())


def noise(rng: Rng, size: Size, catalog: ClassCatalog) -> tuple[Labels, Ids]:
    """Every pixel, or every block where there are many, has a class of its own: diagonals and one-pixel holes."""
    step = int(np.ceil(np.sqrt(size.pixels / MOST_NOISE)))
    shape = -(-size.height // step), -(-size.width // step)
    label = rng.choice(np.array([*catalog.values, IGNORE], np.uint8), shape)
    ids = rng.choice(np.array([0, 0, 0, 5, LAST_ID], np.uint32), shape)
    block = np.ones((step, step), np.uint8)
    height, width = size.height, size.width
    return np.kron(label, block)[:height, :width], np.kron(ids, block.astype(np.uint32))[:height, :width]


def nested(rng: Rng, size: Size, catalog: ClassCatalog) -> tuple[Labels, Ids]:
    """Frames in frames from the border to the middle: an object in the hole of an object in the hole of an object."""
    y, x = np.indices((size.height, size.width))
    depth = np.minimum.reduce([x, y, size.width - 1 - x, size.height - 1 - y])
    frame = depth // int(rng.integers(1, 4))
    values = rng.choice(np.array([*catalog.values, IGNORE], np.uint8), int(frame.max()) + 1)
    ids = rng.choice(np.array([0, 0, 7, 8], np.uint32), len(values))
    return values[frame], ids[frame]


def islands(rng: Rng, size: Size, catalog: ClassCatalog) -> tuple[Labels, Ids]:
    """Single pixels, in the corners and along the borders too, on one class or on ignored pixels."""
    values = np.array([*catalog.values, IGNORE], np.uint8)
    label = np.full((size.height, size.width), rng.choice(values), np.uint8)
    ids = np.zeros(label.shape, np.uint32)
    rows = np.r_[0, 0, -1, -1, 0, rng.integers(0, size.height, 9) // 2 * 2]
    cols = np.r_[0, -1, 0, -1, size.width // 2, rng.integers(0, size.width, 9) // 2 * 2]
    label[rows, cols] = rng.choice(values, len(rows))
    ids[rows, cols] = rng.choice(np.array([0, 1, LAST_ID], np.uint32), len(rows))
    return label, ids


def touching(rng: Rng, size: Size, catalog: ClassCatalog) -> tuple[Labels, Ids]:
    """Objects of one class side by side and corner to corner, from border to border, with an ignored seam."""
    y, x = np.indices((size.height, size.width))
    step = max(3, max(size) // 12)
    ids = (1 + x // step + 100 * (y // step)).astype(np.uint32)
    label = np.full(ids.shape, rng.choice([c.value for c in catalog.foreground]), np.uint8)
    label[(x + y) % (2 * step + 1) == 0] = IGNORE
    label[rng.random(label.shape) < 0.02] = catalog.unlabelled_value
    return label, ids


def full(rng: Rng, size: Size, catalog: ClassCatalog) -> tuple[Labels, Ids]:
    """One value from border to border."""
    label = np.full((size.height, size.width), rng.choice([*catalog.values, IGNORE]), np.uint8)
    return label, np.full(label.shape, rng.choice([0, 9]), np.uint32)


KINDS: Sequence[Planes] = (
    random_planes,
    nested,
    random_planes,
    noise,
    islands,
    random_planes,
    touching,
    full,
)


def planes(
    rng: Rng, number: int, size: Size, catalog: ClassCatalog
) -> tuple[Labels, Ids, NDArray[np.bool_] | None]:
    """Label and object plane of mask ``number``, and where somebody has set them: in every fifth not everywhere."""
    label, ids = KINDS[(number + number // EVERY) % len(KINDS)](rng, size, catalog)
    ids = np.where(np.isin(label, [c.value for c in catalog.foreground]), ids, 0).astype(np.uint32)
    if number % 5:
        return label, ids, None
    where = rng.random(label.shape) < 0.9
    where[0, 0] = True
    return label, ids, where


def pictures(folder: Path, count: int, catalog: ClassCatalog, seed: int) -> list[LabelledImage]:
    """Over PNG and JPEG, some turned by EXIF, in train, val and no split (VOC's judge knows no test set)."""
    rng = np.random.default_rng(seed)
    found = []
    for number, size in enumerate(sizes(rng, count)):
        label, ids, where = planes(rng, number, size, catalog)
        suffix, turned = ("jpg", 6 if number % 9 == 1 else 1) if number % 3 == 1 else ("png", 1)
        file, split = folder / f"m{number:04}.{suffix}", ("train", "val", "")[number % 3]
        found.append(labelled(file, label, catalog, ids, where=where, split=split, orientation=turned))
    return found


def maps(folder: Path, count: int, catalog: ClassCatalog, seed: int) -> list[LabelledImage]:
    """Over GeoTIFF: metres, degrees and feet, turned maps and those with the south on top."""
    rng = np.random.default_rng(seed)
    found = []
    for number, (size, place) in enumerate(zip(sizes(rng, count), cycle(sorted(PLACES)), strict=False)):
        label, ids, where = planes(rng, number, size, catalog)
        split = ("train", "val", "test", "")[number % 4]
        file = folder / f"m{number:04}_{place}.tif"
        found.append(on_map(file, label, catalog, ids, place=place, where=where, split=split))
    return found


def volumes(folder: Path, count: int, catalog: ClassCatalog, seed: int) -> list[LabelledImage]:
    """Over the slices of NIfTI volumes along each axis; the value of a voxel is its place in the file's array."""
    import nibabel

    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    found: list[LabelledImage] = []
    for number, (size, affine) in enumerate(zip(slice_sizes(rng), cycle(AFFINES), strict=False)):
        axis, file = "ijk"[number // 4 % 3], folder / f"v{number:03}.nii.gz"
        shape = np.insert(np.array(size), "ijk".index(axis), min(SLICES, count - len(found)))
        places = np.arange(int(np.prod(shape)), dtype=np.int32).reshape(shape)
        nibabel.save(nibabel.Nifti1Image(places, affine), file)
        split = ("train", "val", "test", "")[number % 4]
        found += _masked(records_of(file, axis=axis, split=split), rng, len(found), catalog)
        if len(found) == count:
            break
    return found


def series(folder: Path, count: int, catalog: ClassCatalog, seed: int) -> list[LabelledImage]:
    """Over the slices of DICOM series, lying straight and askew; smaller images go into no segmentation."""
    rng = np.random.default_rng(seed)
    found: list[LabelledImage] = []
    large = (size for size in slice_sizes(rng) if size.pixels >= LEAST_OF_SEGMENTATIONS)
    for number, (size, askew) in enumerate(zip(large, cycle((AXIAL, OBLIQUE)), strict=False)):
        depth, shape = min(SLICES, count - len(found)), (size.height, size.width)
        uid = f"1.2.826.0.1.3680043.8.498.{seed + 1}.{number + 1}"
        files = write_series(folder / f"s{number:03}", depth, shape, orientation=askew, uid=uid)
        split = ("train", "val", "test", "")[number % 4]
        found += _masked(records_of(*files, split=split), rng, len(found), catalog)
        if len(found) == count:
            break
    return found


def _masked(records: Sequence, rng: Rng, first: int, catalog: ClassCatalog) -> Iterator[LabelledImage]:  # type: ignore[type-arg]
    for number, record in enumerate(records, first):
        label, ids, where = planes(rng, number, record.size, catalog)
        yield with_mask(record, label, catalog, ids, where=where)
