"""What a training is given, without torch: images with their labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # `labeltool train --help` shows the defaults and loads nothing heavy.
    from labeltool.core.catalog import ClassCatalog
    from labeltool.inference.segmenter import Plane8


@dataclass(frozen=True)
class TrainingImage:
    """One image and how to get its label, so that ten thousand of them are not held in memory.

    ``load_label`` gives uint8 [height, width] of class values, 255 where nothing is known; it is called from
    several threads, one at a time. ``group`` (a kind of image) only splits the figures of an evaluation.
    """

    id: str
    path: Path
    load_label: Callable[[], Plane8]
    group: str = ""
    page: str = ""


@dataclass(frozen=True)
class TrainingSet:
    """``train`` is learnt from, ``val`` only chooses among the checkpoints; without it the last one is kept.

    ``unlabelled`` images teach nothing but that small changes of an image must not change the answer; their labels
    are never loaded.
    """

    train: tuple[TrainingImage, ...]
    val: tuple[TrainingImage, ...]
    catalog: ClassCatalog
    unlabelled: tuple[TrainingImage, ...] = ()
