"""How to train: options, and the presets that people choose among. No torch here: windows and commands offer these."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

OPTIMISERS = ("adamw", "sgd")
SCHEDULES = ("one_cycle", "poly")
LOSSES = ("cross_entropy", "dice", "focal", "lovasz")
PRECISIONS = ("auto", "float32", "bfloat16")


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

    ``bands``, ``scale``, ``stretch``, ``values``, ``tile``, ``decoder_channels``, ``output_stride``, ``dropout`` and
    ``crf`` go into the model's card; ``crop`` is the side in pixels of what the network sees (after ``scale``), and so
    the context over which its pooling branch averages later, unless ``image_pooling`` lets it average over all of an
    image. ``weights`` is a local file to begin with: of a whole model, or of an encoder as timm names its tensors;
    ``encoder_rate`` times the learning rate is what the encoder learns at, and a ``frozen_encoder`` not at all.

    ``losses`` are added up, each the mean over labelled pixels; ``lovasz`` is the last share of the schedule in which
    the Lovasz loss takes the place of Dice. ``class_weights`` counts a class's pixels by the inverse square root of
    their number. ``averaging`` is how much of the running average of the weights a step keeps (0: none is made).
    ``warm_up`` is the share of the schedule in which the learning rate rises. Training ends early when the score
    on validation images has not risen for ``patience`` of the schedule (0: never), and never before three evaluations.
    ``unlabelled`` is the weight of what unlabelled images teach (0: they are not used), ``certain`` how sure the
    network must be of a pixel to learn from its own answer. ``least_labelled`` is the share of a crop that must be
    labelled. ``data``, ``licence`` and ``command`` are words for the card.
    """

    name: str = "model"
    version: str = "1"
    preset: str = ""
    arch: str = "deeplabv3plus"
    encoder: str = "tu-resnet10t"
    decoder_channels: int = 96
    output_stride: int = 16
    atrous_rates: tuple[int, ...] = (6, 12, 18)
    dropout: float = 0.1
    image_pooling: bool = False
    crf: dict[str, float] | None = None
    bands: tuple[int, ...] = ()
    scale: float = 1.5
    stretch: tuple[float, float] | None = (0.5, 99.9)
    values: tuple[float, float] | None = None
    tile: int = 768
    halo: int = 64
    weights: str = ""
    frozen_encoder: bool = False
    encoder_rate: float = 1.0
    steps: int = 3000
    minutes: float | None = None
    seed: int = 1
    device: str = "auto"
    precision: str = "auto"
    crop: int = 256
    batch: int = 8
    optimiser: str = "adamw"
    schedule: str = "one_cycle"
    warm_up: float = 0.1
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    momentum: float = 0.9
    losses: tuple[str, ...] = ("cross_entropy", "dice")
    lovasz: float = 0.2
    class_weights: bool = False
    averaging: float = 0.998
    patience: float = 0.0
    evaluations: int = 8
    least_labelled: float = 0.01
    unlabelled: float = 0.0
    certain: float = 0.95
    data: str = ""
    licence: str = ""
    command: str = ""
    augmentation: Augmentation = field(default_factory=Augmentation)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> TrainingOptions:
        """What :meth:`to_json` gave; TypeError or ValueError for anything else."""
        augmentation: dict[str, Any] = dict(data.get("augmentation", {}))
        augmentation["zoom"] = tuple(augmentation.get("zoom", Augmentation().zoom))
        plain: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in data.items()}
        plain["augmentation"] = Augmentation(**augmentation)
        return cls(**plain)


@dataclass(frozen=True)
class Preset:
    """A way to train with a name and a sentence that says when to choose it."""

    name: str
    summary: str
    options: TrainingOptions


_SCRATCH = TrainingOptions()

PRESETS = {
    preset.name: preset
    for preset in (
        Preset("scratch", "from random weights, for small images of cells and other small things", _SCRATCH),
    )
}
"""What people choose among; the first is the default."""


def preset(name: str) -> TrainingOptions:
    """The options of a preset, with its name in them. KeyError for an unknown one."""
    return replace(PRESETS[name].options, preset=name)
