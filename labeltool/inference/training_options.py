"""How to train: options, and the presets that people choose among. No torch here: windows and commands offer these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from typing import Any

from labeltool.core.errors import BadInputError

OPTIMISERS = ("adamw", "sgd")
SCHEDULES = ("one_cycle", "poly")
LOSSES = ("cross_entropy", "dice", "focal", "lovasz")
PRECISIONS = ("auto", "float32", "bfloat16")
_STRIDE = 32
_SHARES = ("dropout", "warm_up", "momentum", "lovasz", "averaging", "patience", "certain", "least_labelled")


@dataclass(frozen=True)
class Augmentation:
    """How training images are varied. Probabilities in 0..1; strengths are standard deviations.

    ``zoom`` is the range of the random enlargement (log-uniform), ``rotate`` allows quarter turns, ``tilt`` is how many
    degrees a crop may be turned either way besides (45 and quarter turns: any direction), ``mirror`` allows mirror
    images left to right (with quarter turns: upside down, too), ``invert`` turns bright on dark into dark on bright,
    ``colour`` mixes the channels where there are three (other stains), ``shade`` lays a smooth tint or tinted patches
    over the crop (uneven light, other tissue).
    """

    zoom: tuple[float, float] = (0.6, 1.7)
    rotate: bool = True
    tilt: float = 0.0
    mirror: bool = True
    brightness: float = 0.08
    contrast: float = 0.15
    gamma: float = 0.2
    invert: float = 0.1
    colour: float = 0.5
    shade: float = 0.4
    blur: float = 0.15
    noise: float = 0.25

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """What cannot be, and what can."""
        if not 0 < self.zoom[0] <= self.zoom[1]:
            yield f"the zoom cannot go from {self.zoom[0]} to {self.zoom[1]}", "Swap them"
        if not 0 <= self.tilt <= 180:
            yield f"a crop cannot be tilted by {self.tilt:g} degrees", "Give 0 to 180"


@dataclass(frozen=True)
class TrainingOptions:
    """How to train. The schedule ends after ``steps`` or ``minutes``, whichever comes first.

    ``bands``, ``scale``, ``stretch``, ``values``, ``tile``, ``decoder_channels``, ``output_stride``, ``dropout`` and
    ``crf`` go into the model's card; ``crop`` is the side in pixels of what the network sees (after ``scale``), and so
    the context over which its pooling branch averages later, unless ``image_pooling`` lets it average over all of an
    image. ``weights`` is a local file to begin with: of a whole model, or of an encoder as timm names its tensors;
    ``encoder_rate`` times the learning rate is what the encoder learns at, and a ``frozen_encoder`` not at all.

    ``losses`` are added up, each over labelled pixels alone; ``lovasz`` is the last share of the schedule in which the
    Lovasz loss takes the place of Dice. ``class_weights`` counts a class's pixels in cross entropy and focal loss by
    the inverse square root of their number in the batch. ``averaging`` is how much of the running average of the
    weights a step keeps (0: the last weights are used). ``warm_up`` is the share of the schedule in which the learning
    rate rises. ``momentum`` is that of SGD, and of AdamW's first moment. Training ends early when the score on
    validation images has not risen for ``patience`` of the schedule (0: never), and never before three evaluations.
    ``unlabelled`` is the weight of what unlabelled images teach (0: they are not used), ``certain`` how sure the
    network must be of a pixel to learn from its own answer; a step takes as many of their crops as labelled ones.
    ``least_labelled`` is the share of a crop that must be labelled. With ``verified_only`` labels that nobody has
    verified are not learnt from: imported ones of images that are not approved. ``data``, ``licence`` and ``command``
    are words for the card.
    """

    name: str = "model"
    version: str = "1"
    preset: str = ""
    arch: str = "deeplabv3plus"
    encoder: str = "tu-resnet10t"
    decoder_channels: int = 96
    output_stride: int = 16
    atrous_rates: tuple[int, ...] = ()
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
    steps: int = 4000
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
    verified_only: bool = False
    unlabelled: float = 0.0
    certain: float = 0.95
    data: str = ""
    licence: str = ""
    command: str = ""
    augmentation: Augmentation = field(default_factory=lambda: Augmentation(tilt=45.0))

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

    def check(self) -> None:
        """BadInputError says what cannot be, and what can."""
        for words, hint in chain(self._mistakes(), self.augmentation.mistakes()):
            raise BadInputError(words, hint=hint)

    def _mistakes(self) -> Iterator[tuple[str, str]]:
        for what, names in (("optimiser", OPTIMISERS), ("schedule", SCHEDULES), ("precision", PRECISIONS)):
            if getattr(self, what) not in names:
                yield f"there is no {what} {getattr(self, what)!r}", f"There are: {', '.join(names)}"
        if not self.losses or not set(self.losses) <= set(LOSSES):
            yield f"losses cannot be {', '.join(self.losses) or 'none'}", f"There are: {', '.join(LOSSES)}"
        for what in ("steps", "crop", "batch", "evaluations", "scale", "learning_rate"):
            if not getattr(self, what) > 0:
                yield (
                    f"{what.replace('_', ' ')} must be above 0, not {getattr(self, what)}",
                    "Give a larger one",
                )
        if self.crop % _STRIDE:
            yield f"a crop of {self.crop} pixels cannot be halved five times", "Give a multiple of 32"
        if self.halo < 0 or self.tile - 2 * self.halo < _STRIDE:
            yield (
                f"a tile of {self.tile} pixels leaves nothing between halos of {self.halo}",
                f"A tile is at least {_STRIDE} pixels larger than two halos",
            )
        if self.minutes is not None and not self.minutes > 0:
            yield f"there is no training of {self.minutes:g} minutes", "Without minutes all steps are taken"
        for what in _SHARES:
            if not 0 <= getattr(self, what) <= 1:
                yield (
                    f"{what.replace('_', ' ')} must be from 0 to 1, not {getattr(self, what)}",
                    "It is a share",
                )
        if self.seed < 0 or self.unlabelled < 0:
            yield "the seed and the weight of unlabelled images cannot be below 0", "Give 0 or more"
        if (self.frozen_encoder or self.encoder_rate < 1) and not self.weights:
            yield (
                "the encoder is to learn slowly or not at all, but there are no weights for it to begin with",
                "Name a file of weights, or choose another preset",
            )


@dataclass(frozen=True)
class Preset:
    """A way to train with a name and a sentence that says when to choose it."""

    name: str
    summary: str
    options: TrainingOptions


_SMALL_THINGS = TrainingOptions()

_AERIAL = TrainingOptions(
    scale=0.5,
    stretch=None,
    tile=1536,
    halo=192,
    steps=1500,
    augmentation=Augmentation(tilt=45.0, invert=0.0),
)

_SCENES = TrainingOptions(
    encoder="tu-resnet18",
    scale=1.0,
    stretch=None,
    crop=320,
    augmentation=Augmentation(zoom=(0.5, 2.0), rotate=False, invert=0.0, colour=0.2, shade=0.2),
)

_PRETRAINED = TrainingOptions(
    encoder="tu-resnet50",
    decoder_channels=256,
    scale=1.0,
    stretch=None,
    tile=1024,
    encoder_rate=0.1,
    steps=1500,
    crop=512,
    schedule="poly",
    warm_up=0.05,
    learning_rate=3e-4,
    averaging=0.995,
    patience=0.2,
    augmentation=Augmentation(zoom=(0.5, 2.0), invert=0.0, colour=0.2, shade=0.2),
)

_QUICK = replace(
    _SMALL_THINGS,
    encoder="tu-regnetx_002",
    decoder_channels=64,
    scale=1.0,
    steps=400,
    minutes=2.0,
    evaluations=3,
)

PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "small-things",
            "Cells and other small things, from random weights, with no file needed.",
            _SMALL_THINGS,
        ),
        Preset(
            "aerial",
            "Roofs and fields from above at 10 to 20 cm a pixel (coarser: scale 1), from random weights.",
            _AERIAL,
        ),
        Preset(
            "scenes", "Streets, rooms and whatever has an above and a below, from random weights.", _SCENES
        ),
        Preset(
            "pretrained",
            "The best with few images and a GPU; needs a file of the encoder's weights.",
            _PRETRAINED,
        ),
        Preset("quick", "A minute or two, to see whether labels and classes can be learnt at all.", _QUICK),
    )
}
"""What people choose among; the first is the default."""


def preset(name: str) -> TrainingOptions:
    """The options of a preset, with its name in them. KeyError for an unknown one."""
    return replace(PRESETS[name].options, preset=name)
