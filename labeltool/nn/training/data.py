"""Random crops for training: which image, where, how large; the same seed gives the same crops."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE
from labeltool.core.errors import BadInputError
from labeltool.core.progress import CancelToken, Progress
from labeltool.imaging.reader import Pixels
from labeltool.inference.card import ModelCard
from labeltool.inference.feeding import open_fed
from labeltool.inference.levels import apply, image_levels
from labeltool.inference.segmenter import Plane8
from labeltool.inference.training import TrainingImage
from labeltool.inference.training_options import Augmentation, TrainingOptions
from labeltool.nn.training.augment import vary
from labeltool.nn.training.ranks import rank, ranks
from labeltool.nn.training.semi import Views, paste_box, stronger

_CACHE_BYTES = 1 << 30
_SITES = 500
_ATTEMPTS = 20
_ONE_AT_A_TIME = threading.Lock()
_SUMMARY, _CROP, _UNLABELLED = range(3)


class Example(NamedTuple):
    """``pixels`` uint8 [h, w, c], stretched; ``label`` uint8 [h, w], values of the catalog or 255."""

    pixels: Pixels
    label: Plane8


class Batch(NamedTuple):
    """Crops: ``pixels`` uint8 [n, crop, crop, c], ``labels`` uint8 [n, crop, crop], and views of unlabelled ones."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    unlabelled: Views | None = None


@dataclass(frozen=True)
class _Summary:
    """What choosing crops needs to know of an image: places [k, (x, y)] and number of pixels of each class of interest,
    places of labelled pixels (None where there is nothing or everything), and a signature."""

    sites: dict[int, NDArray[np.int32]]
    labelled: NDArray[np.int32] | None
    pixels: dict[int, int]
    area: int
    signature: NDArray[np.float64]


class Examples:
    """Images as the network of ``card`` sees them, with their labels, read when wanted and kept while they fit.

    Labels of images that are not ``labelled`` are never loaded; they are 255 everywhere.
    """

    def __init__(self, images: Sequence[TrainingImage], card: ModelCard, *, labelled: bool = True) -> None:
        self.images = images
        self.card = card
        self._labelled = labelled
        self._known = np.isin(np.arange(256), [*card.catalog.values, IGNORE])
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
        with open_fed(image.path, image.page, self.card.values, self.card.bands) as reader:
            pixels = apply(image_levels(reader, self.card.stretch), reader.read())
        if not self._labelled:
            return Example(pixels, np.full(pixels.shape[:2], IGNORE, np.uint8))
        label = label_of(image)
        if label.shape != pixels.shape[:2]:
            raise BadInputError(f"the image is {pixels.shape[:2]}, its label {label.shape}", file=image.path)
        unknown = np.unique(label[~self._known[label]])
        if unknown.size:
            raise BadInputError(f"the label has the value {unknown[0]} without a class", file=image.path)
        return Example(pixels, label)


def label_of(image: TrainingImage) -> Plane8:
    """The label of an image; the thread that makes crops and the one that evaluates take turns."""
    with _ONE_AT_A_TIME:
        return image.load_label()


class CropSampler:
    """Draws batches of crops: half of them around a pixel of a foreground class, rare classes as often as others.

    Images are drawn more often when they are large and when few others look like them. The crops of a step depend on
    the seed, the step and their place in the batch alone; of several processes each draws its part of the same batch.
    """

    def __init__(
        self,
        examples: Examples,
        options: TrainingOptions,
        *,
        cancel: CancelToken,
        progress: Progress,
        unlabelled: Examples | None = None,
    ) -> None:
        self._options = options
        self._labelled = _Drawer(examples, options, cancel, progress)
        wanted = unlabelled is not None and len(unlabelled) > 0 and options.unlabelled > 0
        self._unlabelled = _Drawer(unlabelled, options, cancel, progress) if unlabelled and wanted else None

    def batches(self, first_step: int = 0) -> Generator[Batch, None, None]:
        """The batches from a step on, without end, made one ahead."""
        with ThreadPoolExecutor(1, "crops") as thread:
            step = first_step
            coming = thread.submit(self.batch, step)
            while True:
                ready = coming.result()
                step += 1
                coming = thread.submit(self.batch, step)
                yield ready

    def batch(self, step: int) -> Batch:
        """This process' part of the batch of a step."""
        places = range(rank(), self._options.batch, ranks())
        crops = [self._crop(step, place) for place in places]
        views = [self._views(self._unlabelled, step, place) for place in places] if self._unlabelled else []
        return Batch(
            np.stack([crop.pixels for crop in crops]),
            np.stack([crop.label for crop in crops]),
            Views(*map(np.stack, zip(*views, strict=True))) if views else None,
        )

    def _crop(self, step: int, place: int) -> Example:
        """A crop of which enough is labelled, if a few attempts find one."""
        rng = self._rng(_CROP, step, place)
        for _ in range(_ATTEMPTS):
            crop = self._labelled.draw(rng)
            if (crop.label != IGNORE).mean() >= self._options.least_labelled:
                break
        return Example(vary(crop.pixels, self._options.augmentation, rng), crop.label)

    def _views(self, drawer: _Drawer, step: int, place: int) -> tuple[NDArray[np.generic], ...]:
        """A crop as it is, changed strongly, and the box of it that takes another's pixels."""
        rng = self._rng(_UNLABELLED, step, place)
        weak = drawer.draw(rng).pixels
        strong = vary(weak, stronger(self._options.augmentation), rng)
        return weak, strong, np.array(paste_box(self._options.crop, rng), np.int64)

    def _rng(self, *what: int) -> np.random.Generator:
        return np.random.default_rng([self._options.seed, *what])


class _Drawer:
    """Draws crops from some images; geometry alone."""

    def __init__(
        self, examples: Examples, options: TrainingOptions, cancel: CancelToken, progress: Progress
    ) -> None:
        self._examples, self._options = examples, options
        self._summaries = []
        catalog = examples.card.catalog
        wanted = [each.value for each in catalog.foreground or catalog.classes]
        for index in range(len(examples)):
            cancel.check()
            progress(index, len(examples), "reading images")
            rng = np.random.default_rng([options.seed, _SUMMARY, index])
            self._summaries.append(_summary(examples[index], wanted, rng))
        self._chances = _chances(self._summaries)
        self._classes = _class_chances(self._summaries)
        self._with = {value: self._chances_with(value) for value in self._classes}

    def draw(self, rng: np.random.Generator) -> Example:
        """A crop of a random image: around a pixel of a class of interest for every second, anywhere in what is
        labelled for the others."""
        zoom = self._options.scale * float(np.exp(rng.uniform(*np.log(self._options.augmentation.zoom))))
        reach = self._options.crop / zoom / 2
        index, wanted = self._place(rng, reach)
        pixels, label = self._examples[index]
        size = np.array([label.shape[1], label.shape[0]])
        lowest = np.minimum(reach, size / 2)
        centre = np.clip(wanted, lowest, size - lowest)
        matrix = _placement(centre, zoom, self._options.crop, self._options.augmentation, rng)
        return Example(
            _warped(pixels, matrix, self._options.crop, cv2.INTER_LINEAR),
            _warped(label, matrix, self._options.crop, cv2.INTER_NEAREST),
        )

    def _place(self, rng: np.random.Generator, reach: float) -> tuple[int, NDArray[np.float64]]:
        """The number of an image and where in it (x, y) a crop is to be centred."""
        if self._classes and rng.random() < 0.5:
            value = int(rng.choice(list(self._classes), p=list(self._classes.values())))
            index = int(rng.choice(len(self._chances), p=self._with[value]))
            return index, _near(self._summaries[index].sites[value], reach, rng)
        index = int(rng.choice(len(self._chances), p=self._chances))
        if (labelled := self._summaries[index].labelled) is not None:
            return index, _near(labelled, reach, rng)
        height, width = self._examples[index].label.shape
        return index, rng.uniform(0, (width, height))

    def _chances_with(self, value: int) -> NDArray[np.float64]:
        """How often each image is drawn for a crop around that class."""
        chances = self._chances * np.array([value in summary.sites for summary in self._summaries])
        return np.asarray(chances / chances.sum(), np.float64)


def _near(sites: NDArray[np.int32], reach: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A point not far from one of those pixels."""
    point = sites[rng.integers(len(sites))] + rng.uniform(-reach / 2, reach / 2, 2)
    return np.asarray(point, np.float64)


def _warped(planes: NDArray[np.uint8], matrix: NDArray[np.float64], side: int, how: int) -> NDArray[np.uint8]:
    """The square of an image that ``matrix`` places; beyond the border it is mirrored."""
    flags = cv2.WARP_INVERSE_MAP | how
    warped = cv2.warpAffine(planes, matrix, (side, side), None, flags, cv2.BORDER_REFLECT_101)
    return np.asarray(warped, np.uint8).reshape(side, side, *planes.shape[2:])


def _placement(
    centre: NDArray[np.float64], zoom: float, crop: int, how: Augmentation, rng: np.random.Generator
) -> NDArray[np.float64]:
    """2x3 matrix from crop pixels to image pixels, turned and mirrored as far as that is allowed."""
    turns = int(rng.integers(4)) if how.rotate else 0
    turn = np.linalg.matrix_power(np.array([[0.0, -1.0], [1.0, 0.0]]), turns)
    if how.tilt:
        angle = np.deg2rad(rng.uniform(-how.tilt, how.tilt))
        turn = turn @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if how.mirror and rng.random() < 0.5:
        turn = turn @ np.diag([-1.0, 1.0])
    linear = turn / zoom
    offset = (centre - 0.5) - linear @ np.full(2, (crop - 1) / 2)
    return np.column_stack([linear, offset])


def _summary(example: Example, wanted: Sequence[int], rng: np.random.Generator) -> _Summary:
    sites, pixels = {}, {}
    for value in wanted:
        here = np.flatnonzero(example.label == value)
        if len(here):
            sites[value] = _some(here, example.label.shape[1], rng)
            pixels[value] = len(here)
    known = np.flatnonzero(example.label != IGNORE)
    partly = 0 < len(known) < example.label.size
    labelled = _some(known, example.label.shape[1], rng) if partly else None
    return _Summary(sites, labelled, pixels, example.label.size, _signature(example.pixels))


def _some(flat: NDArray[np.int64], width: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """A few hundred of these pixels as (x, y)."""
    chosen = flat[rng.integers(len(flat), size=min(_SITES, len(flat)))]
    return np.column_stack([chosen % width, chosen // width]).astype(np.int32)


def _signature(pixels: Pixels) -> NDArray[np.float64]:
    """Of an image of any number of channels the roots of a coarse histogram of three of them, float64 [64]."""
    channels = pixels.shape[2]
    three = np.ascontiguousarray(pixels[..., [0, channels // 2, channels - 1]])
    thumbnail = cv2.resize(three, (64, 64), interpolation=cv2.INTER_AREA).reshape(-1, 3)
    bins = (thumbnail // 64).astype(np.int64) @ (16, 4, 1)
    return np.sqrt(np.bincount(bins, minlength=64) / len(bins))


def _chances(summaries: Sequence[_Summary]) -> NDArray[np.float64]:
    """How often each image is drawn: by the square root of its area over the number that look like it."""
    signatures = np.stack([summary.signature for summary in summaries])
    alike = [(np.clip(signatures @ each, 0, 1) ** 4).sum() for each in signatures]  # counts itself as 1
    weights = np.sqrt(np.array([summary.area for summary in summaries]) / alike)
    return np.asarray(weights / weights.sum(), np.float64)


def _class_chances(summaries: Sequence[_Summary]) -> dict[int, float]:
    """How often crops are centred on each class that appears: by the inverse square root of its number of pixels."""
    counts: dict[int, int] = {}
    for summary in summaries:
        for value, pixels in summary.pixels.items():
            counts[value] = counts.get(value, 0) + pixels
    weights = {value: pixels**-0.5 for value, pixels in counts.items()}
    return {value: weight / sum(weights.values()) for value, weight in weights.items()}
