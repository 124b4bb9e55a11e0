"""Random crops for training: which image, where, how large; the same seed gives the same crops."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.progress import CancelToken, Progress
from labeltool.imaging.reader import Pixels
from labeltool.inference.feeding import ValueRange, open_fed
from labeltool.inference.levels import apply, image_levels
from labeltool.inference.segmenter import Plane8
from labeltool.inference.training import TrainingImage
from labeltool.inference.training_options import TrainingOptions
from labeltool.nn.training.augment import vary

_CACHE_BYTES = 1 << 30
_SITES = 2000
_LEAST_LABELLED = 0.01
_ATTEMPTS = 20
_ONE_AT_A_TIME = threading.Lock()


class Example(NamedTuple):
    """``pixels`` uint8 [h, w, 3], stretched; ``label`` uint8 [h, w], values of the catalog or 255."""

    pixels: Pixels
    label: Plane8


@dataclass(frozen=True)
class _Summary:
    """What choosing crops needs to know of an image: pixel places [k, (x, y)] of each class, and a signature."""

    sites: dict[int, NDArray[np.int32]]
    area: int
    signature: NDArray[np.float64]


class Examples:
    """Images with their labels, read when wanted and kept while they fit."""

    def __init__(
        self,
        images: Sequence[TrainingImage],
        catalog: ClassCatalog,
        stretch: tuple[float, float] | None,
        values: ValueRange | None = None,
    ) -> None:
        self.images = images
        self._known = np.isin(np.arange(256), [*catalog.values, IGNORE])
        self._stretch, self._values = stretch, values
        self._kept: OrderedDict[int, Example] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Example:
        example = self._kept.pop(index, None)
        if example is None:
            example = self._read(self.images[index])
            self._bytes += example.pixels.nbytes + example.label.nbytes
        self._kept[index] = example
        while self._bytes > _CACHE_BYTES and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.pixels.nbytes + oldest.label.nbytes
        return example

    def _read(self, image: TrainingImage) -> Example:
        with open_fed(image.path, image.page, self._values) as reader:
            pixels = apply(image_levels(reader, self._stretch), reader.read())
        label = label_of(image)
        if label.shape != pixels.shape[:2]:
            raise BadInputError(f"the image is {pixels.shape[:2]}, its label {label.shape}", file=image.path)
        unknown = np.unique(label[~self._known[label]])
        if unknown.size:
            raise BadInputError(f"the label has the value {unknown[0]} without a class", file=image.path)
        return Example(pixels, label)


def digest(images: Sequence[TrainingImage], cancel: CancelToken) -> str:
    """SHA-256 over the images' bytes and labels, the same whatever their order and names."""
    parts = []
    for image in images:
        cancel.check()
        label = np.ascontiguousarray(label_of(image))
        parts.append(hashlib.sha256(image.path.read_bytes() + image.page.encode() + label.tobytes()).digest())
    return hashlib.sha256(b"".join(sorted(parts))).hexdigest()


def label_of(image: TrainingImage) -> Plane8:
    """The label of an image; the thread that makes crops and the one that evaluates take turns."""
    with _ONE_AT_A_TIME:
        return image.load_label()


class CropSampler:
    """Draws batches of crops: half of them around a pixel of a foreground class, rare classes as often as others.

    Images are drawn more often when they are large and when few others look like them.
    """

    def __init__(
        self,
        examples: Examples,
        catalog: ClassCatalog,
        options: TrainingOptions,
        *,
        cancel: CancelToken,
        progress: Progress,
    ) -> None:
        self._examples = examples
        self._options = options
        self._rng = np.random.default_rng(options.seed)
        self._summaries = []
        for index in range(len(examples)):
            cancel.check()
            progress(index, len(examples), "reading images")
            self._summaries.append(_summary(examples[index], catalog, self._rng))
        self._chances = _chances(self._summaries)

    def batches(self) -> Generator[tuple[NDArray[np.uint8], NDArray[np.uint8]], None, None]:
        """Pixels uint8 [n, crop, crop, 3] and labels uint8 [n, crop, crop], without end, made one ahead."""
        with ThreadPoolExecutor(1, "crops") as thread:
            coming = thread.submit(self._batch)
            while True:
                ready = coming.result()
                coming = thread.submit(self._batch)
                yield ready

    def _batch(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        crops = [self._crop() for _ in range(self._options.batch)]
        return np.stack([c.pixels for c in crops]), np.stack([c.label for c in crops])

    def _crop(self) -> Example:
        """A crop of which at least one pixel in a hundred is labelled, if a few attempts find one."""
        for _ in range(_ATTEMPTS):
            crop = self._attempt()
            if (crop.label != IGNORE).mean() >= _LEAST_LABELLED:
                break
        return Example(vary(crop.pixels, self._options.augmentation, self._rng), crop.label)

    def _attempt(self) -> Example:
        rng, options = self._rng, self._options
        index = int(rng.choice(len(self._chances), p=self._chances))
        pixels, label = self._examples[index]
        low, high = np.log(options.augmentation.zoom)
        zoom = options.scale * float(np.exp(rng.uniform(low, high)))
        reach = options.crop / zoom / 2
        height, width = label.shape
        centre = self._centre(index, reach, (width, height))
        matrix = _placement(centre, zoom, options.crop, rng if options.augmentation.rotate else None)
        side = (options.crop, options.crop)
        flags = cv2.WARP_INVERSE_MAP
        border = cv2.BORDER_REFLECT_101
        return Example(
            np.asarray(
                cv2.warpAffine(pixels, matrix, side, None, flags | cv2.INTER_LINEAR, border), np.uint8
            ),
            np.asarray(
                cv2.warpAffine(label, matrix, side, None, flags | cv2.INTER_NEAREST, border), np.uint8
            ),
        )

    def _centre(self, index: int, reach: float, size: tuple[int, int]) -> NDArray[np.float64]:
        """Where a crop is centred (x, y): near a foreground pixel or anywhere, inside where it can be."""
        rng, sites = self._rng, self._summaries[index].sites
        if sites and rng.random() < 0.5:
            places = sites[int(rng.choice(list(sites)))]
            wanted = places[rng.integers(len(places))] + rng.uniform(-reach / 2, reach / 2, 2)
        else:
            wanted = rng.uniform(0, size)
        lowest = np.minimum(reach, np.array(size) / 2)
        return np.asarray(np.clip(wanted, lowest, size - lowest), np.float64)


def _placement(
    centre: NDArray[np.float64], zoom: float, crop: int, rng: np.random.Generator | None
) -> NDArray[np.float64]:
    """2x3 matrix from crop pixels to image pixels; with ``rng`` also turned by quarters and mirrored."""
    turn = np.eye(2)
    if rng is not None:
        turn = np.linalg.matrix_power(np.array([[0.0, -1.0], [1.0, 0.0]]), int(rng.integers(4)))
        turn = turn @ np.diag([1.0 if rng.random() < 0.5 else -1.0, 1.0])
    linear = turn / zoom
    offset = (centre - 0.5) - linear @ np.full(2, (crop - 1) / 2)
    return np.column_stack([linear, offset])


def _summary(example: Example, catalog: ClassCatalog, rng: np.random.Generator) -> _Summary:
    sites = {}
    for each in catalog.foreground or catalog.classes:
        rows, cols = np.nonzero(example.label == each.value)
        if len(rows):
            some = rng.integers(len(rows), size=min(_SITES, len(rows)))
            sites[each.value] = np.column_stack([cols[some], rows[some]]).astype(np.int32)
    thumbnail = cv2.resize(example.pixels, (64, 64), interpolation=cv2.INTER_AREA).reshape(-1, 3)
    bins = (thumbnail // 64).astype(np.int64) @ (16, 4, 1)
    return _Summary(sites, example.label.size, np.sqrt(np.bincount(bins, minlength=64) / len(bins)))


def _chances(summaries: Sequence[_Summary]) -> NDArray[np.float64]:
    """How often each image is drawn: by the square root of its area over the number that look like it."""
    signatures = np.stack([s.signature for s in summaries])
    likeness = np.clip(signatures @ signatures.T, 0, 1) ** 4  # 1 for the same colours, 0 for none in common
    area = np.array([s.area for s in summaries])
    weights = np.sqrt(area / likeness.sum(1))
    return np.asarray(weights / weights.sum(), np.float64)
