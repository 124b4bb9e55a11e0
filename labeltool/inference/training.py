"""What a training is given, without torch: images with their labels, and options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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
    """``train`` is learnt from, ``val`` only chooses among the checkpoints; without it the last one is kept."""

    train: tuple[TrainingImage, ...]
    val: tuple[TrainingImage, ...]
    catalog: ClassCatalog


@dataclass(frozen=True)
class Augmentation:
    """How training images are varied. Probabilities in 0..1; strengths are standard deviations.

    ``zoom`` is the range of the random enlargement (log-uniform), ``rotate`` allows quarter turns and mirror
    images, ``invert`` turns bright on dark into dark on bright, ``colour`` mixes the channels (other stains),
    ``shade`` lays a smooth tint or tinted patches over the crop (uneven light, other tissue).
    """

    zoom: tuple[float, float] = (0.6, 1.7)
    rotate: bool = True
    brightness: float = 0.08
    contrast: float = 0.15
    gamma: float = 0.2
    invert: float = 0.1
    colour: float = 0.5
    shade: float = 0.4
    blur: float = 0.15
    noise: float = 0.25


@dataclass(frozen=True)
class TrainingOptions:
    """How to train. The schedule ends after ``steps`` or ``minutes``, whichever comes first.

    ``scale``, ``stretch``, ``values``, ``tile``, ``decoder_channels`` and ``output_stride`` go into the model's card;
    ``crop`` is the side in pixels of what the network sees (after ``scale``), and
    so the context over which its pooling branch averages later. ``lovasz`` is the last share of
    the schedule in which the Lovasz loss takes the place of Dice. ``data``, ``licence`` and ``command`` are
    words for the card.
    """

    name: str = "model"
    version: str = "1"
    arch: str = "deeplabv3plus"
    encoder: str = "tu-resnet10t"
    decoder_channels: int = 96
    output_stride: int = 16
    atrous_rates: tuple[int, int, int] = (6, 12, 18)
    scale: float = 1.5
    stretch: tuple[float, float] | None = (0.5, 99.9)
    values: tuple[float, float] | None = None
    tile: int = 768
    halo: int = 64
    steps: int = 3000
    minutes: float | None = None
    seed: int = 1
    device: str = "auto"
    crop: int = 256
    batch: int = 8
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    lovasz: float = 0.2
    evaluations: int = 8
    data: str = ""
    licence: str = ""
    command: str = ""
    augmentation: Augmentation = field(default_factory=Augmentation)
