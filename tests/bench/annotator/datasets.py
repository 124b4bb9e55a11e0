"""The data sets, each as a project would have it: images, truth, and how a network is taught a little of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from labeltool.core.catalog import ClassCatalog
from labeltool.inference.training import TrainingImage
from labeltool.inference.training_options import Augmentation, TrainingOptions, preset
from tests.bench.annotator.eye import Plane8

QUICK = replace(
    preset("quick"),
    preset="",
    encoder="tu-resnet10t",
    minutes=None,
    evaluations=1,
    steps=200,
    crop=160,
    batch=4,
)
STREETS = Augmentation(zoom=(0.6, 1.8), rotate=False, invert=0, colour=0.2, shade=0.2)


class Kind(NamedTuple):
    """``wanted`` says of an image's name whether it belongs; ``tolerance_px`` is how far off an outline may be."""

    options: TrainingOptions
    tolerance_px: int
    wanted: Callable[[str], bool] = lambda name: True


KINDS: Mapping[str, Kind] = {
    "nuclei": Kind(QUICK, tolerance_px=1),
    "camvid": Kind(
        replace(QUICK, steps=300, scale=0.5, stretch=None, tile=512, augmentation=STREETS),
        tolerance_px=2,
    ),
    "buildings": Kind(
        replace(QUICK, scale=0.5, stretch=None, tile=512, augmentation=preset("aerial").augmentation),
        tolerance_px=2,
        wanted=lambda name: name.startswith("banepa"),
    ),
}
"""Steps and crops are such that a round's training is over in half a minute on one core. The images of buildings that
are left out are of another place and another scale."""

_DRAWN_WITH = 20
"""The seed of which images take part: the same for every seed of the runs, so that all label the same set."""


@dataclass(frozen=True)
class DataSet:
    """Images of a folder: ``pool`` is to be labelled, models are measured on ``val``; names without endings."""

    name: str
    folder: Path
    pool: tuple[str, ...]
    val: tuple[str, ...]
    options: TrainingOptions
    tolerance_px: int

    @classmethod
    def of(cls, name: str, data: Path, images: int, options: TrainingOptions | None = None) -> DataSet:
        """At most so many images of the set, in the order of their names, and two thirds as many of val."""
        folder, kind = data / name, KINDS[name]
        pool, val = (
            _some([n for n in _names(folder, split) if kind.wanted(n)], most)
            for split, most in (("train", images), ("val", max(1, 2 * images // 3)))
        )
        return cls(name, folder, pool, val, options or kind.options, kind.tolerance_px)

    @cached_property
    def catalog(self) -> ClassCatalog:
        """Its classes."""
        text = (self.folder / "classes.json").read_text(encoding="utf-8")
        return ClassCatalog.from_json(json.loads(text))

    @property
    def values(self) -> list[int]:
        """The classes that quality is the mean IoU of: all but the background."""
        return [each.value for each in self.catalog.foreground]

    def truth(self, name: str) -> Plane8:
        """The class of every pixel, uint8 [h, w], 255 where nobody says."""
        return np.array(Image.open(self._file("labels", name)))

    def objects(self, name: str) -> Plane8 | None:
        """The objects of the only class, told apart: uint8 [h, w] such that those which touch differ, 0 elsewhere; None
        where the set does not say."""
        path = self.folder / "instances" / "train" / f"{name}.png"
        return _told_apart(np.array(Image.open(path)).astype(np.int64)) if path.is_file() else None

    def picture(self, name: str) -> Plane8:
        """What people see, uint8 [h, w, 3]."""
        return np.array(Image.open(self._file("images", name)).convert("RGB"))

    def images(self, names: Sequence[str], label: Callable[[str], Plane8]) -> list[TrainingImage]:
        """For a training or an evaluation."""
        return [TrainingImage(name, self._file("images", name), partial(label, name)) for name in names]

    def _file(self, what: str, name: str) -> Path:
        split = "val" if name in self.val else "train"
        return next((self.folder / what / split).glob(f"{name}.*"))


def _names(folder: Path, split: str) -> list[str]:
    return sorted(path.stem for path in (folder / "labels" / split).glob("*.png"))


def _some(names: Sequence[str], most: int) -> tuple[str, ...]:
    order = np.random.default_rng(_DRAWN_WITH).permutation(len(names))[:most]
    return tuple(names[k] for k in sorted(order.tolist()))


def _told_apart(ids: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Plane8:
    """Few numbers for many objects: no two that touch have the same, and none is 255."""
    touching: dict[int, set[int]] = {}
    pairs = (
        (ids[:, :-1], ids[:, 1:]),
        (ids[:-1], ids[1:]),
        (ids[:-1, :-1], ids[1:, 1:]),
        (ids[:-1, 1:], ids[1:, :-1]),
    )
    for a, b in pairs:
        both = (a != b) & (a > 0) & (b > 0)
        for one, other in np.unique(np.stack([a[both], b[both]]), axis=1).T.tolist():
            touching.setdefault(one, set()).add(other)
            touching.setdefault(other, set()).add(one)
    table = np.zeros(int(ids.max()) + 1, np.uint8)
    for number in np.unique(ids[ids > 0]).tolist():
        taken = {int(table[other]) for other in touching.get(number, ())}
        table[number] = next(value for value in range(1, 255) if value not in taken)
    return np.asarray(table[ids], np.uint8)
