"""The flags of `labeltool train`: fields of its options, and how each is typed."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from labeltool import plugins
from labeltool.cli import arguments

if TYPE_CHECKING:
    from labeltool.inference.training_options import TrainingOptions


def _several(kind: type[Any]) -> Any:
    def read(text: str) -> tuple[Any, ...]:
        try:
            return tuple(kind(word) for word in text.split(",") if word)
        except ValueError as error:
            raise ArgumentTypeError(f"{text!r} is not a list of {kind.__name__}, as in 1,2,3") from error

    return read


def _pair(text: str) -> tuple[float, ...]:
    """Two numbers, or nothing for none."""
    values: tuple[float, ...] = () if text == "none" else _several(float)(text)
    if text != "none" and len(values) != 2:
        raise ArgumentTypeError(f"{text!r} is not two numbers, as in 0.5,99.9, nor none")
    return values


class Flag(NamedTuple):
    """How a field of TrainingOptions is typed: what reads it, a word for it, and what it is."""

    read: Any
    metavar: str
    text: str


NUMBER, SHARE, COUNT, NAME, YES = (float, "X"), (float, "0..1"), (int, "N"), (str, "NAME"), (bool, "")

GROUPS: dict[str, dict[str, Flag]] = {
    "network": {
        "encoder": Flag(*NAME, "as timm names it, tu-..."),
        "weights": Flag(
            str, "FILE", "local weights to begin with, of a whole model or of an encoder as timm names them"
        ),
        "frozen_encoder": Flag(*YES, "the encoder stays as it is"),
        "encoder_rate": Flag(*NUMBER, "times the learning rate, what the encoder learns at"),
        "decoder_channels": Flag(*COUNT, "channels of the decoder"),
        "output_stride": Flag(*COUNT, "8 or 16: by how much the deepest features are smaller than the image"),
        "atrous_rates": Flag(
            _several(int), "N,N,..", "of the atrous convolutions (default: the architecture's)"
        ),
        "dropout": Flag(*SHARE, "before the last layer, in training"),
        "image_pooling": Flag(
            *YES, "average over all of an image in the pooling branch, not over a crop's side"
        ),
        "crf": Flag(*YES, "a fully connected conditional random field after the network"),
    },
    "images": {
        "bands": Flag(_several(int), "N,N,..", "the channels to see, from 0 (default: red, green and blue)"),
        "scale": Flag(*NUMBER, "enlarge images by this factor before the network sees them"),
        "stretch": Flag(
            _pair, "LOW,HIGH", "percentiles of an image's values that become black and white, or none"
        ),
        "values": Flag(
            _pair, "LOW,HIGH", "values of the files that become black and white, as --values=-150,250"
        ),
        "tile": Flag(*COUNT, "side of the windows that the model is shown later, in pixels of the image"),
        "halo": Flag(*COUNT, "pixels around them that are seen and not answered for"),
        "crop": Flag(*COUNT, "side of a training crop in pixels, after scaling"),
        "least_labelled": Flag(*SHARE, "how much of a crop must be labelled"),
        "verified_only": Flag(
            *YES, "learn only from pixels that people have set here, or imported and then approved"
        ),
    },
    "schedule": {
        "steps": Flag(*COUNT, "optimiser steps"),
        "minutes": Flag(*NUMBER, "take as many steps as there is time for, if that is fewer"),
        "batch": Flag(*COUNT, "crops a step, in all processes together"),
        "optimiser": Flag(*NAME, "adamw or sgd"),
        "schedule": Flag(*NAME, "one_cycle or poly: how the learning rate goes down"),
        "learning_rate": Flag(*NUMBER, "the highest learning rate of the schedule"),
        "warm_up": Flag(*SHARE, "part of the schedule in which the learning rate rises"),
        "weight_decay": Flag(*NUMBER, "of kernels"),
        "momentum": Flag(*SHARE, "of the optimiser"),
        "averaging": Flag(*SHARE, "of the running average of the weights, what a step keeps"),
        "evaluations": Flag(*COUNT, "how often the weights are evaluated"),
        "patience": Flag(*SHARE, "end when the score has not risen for this part of the schedule (0: never)"),
        "precision": Flag(*NAME, "auto, float32 or bfloat16"),
        "seed": Flag(*COUNT, "of everything that is left to chance"),
    },
    "variations of the training images": {
        "zoom": Flag(_pair, "LOW,HIGH", "the range of random enlargements"),
        "rotate": Flag(*YES, "quarter turns"),
        "tilt": Flag(*NUMBER, "degrees by which crops may be turned either way besides"),
        "mirror": Flag(*YES, "mirror images"),
        "brightness": Flag(*NUMBER, "strength"),
        "contrast": Flag(*NUMBER, "strength"),
        "gamma": Flag(*NUMBER, "strength"),
        "invert": Flag(*SHARE, "how often bright on dark becomes dark on bright"),
        "colour": Flag(*SHARE, "how often the channels are mixed, as by another stain"),
        "shade": Flag(*SHARE, "how often a tint is laid over the image, as by uneven light"),
        "blur": Flag(*SHARE, "how often it is blurred"),
        "noise": Flag(*SHARE, "how often it gets noise"),
    },
    "losses": {
        "losses": Flag(_several(str), "NAME,..", "to be added up, of cross_entropy, dice, focal, lovasz"),
        "lovasz": Flag(*SHARE, "last part of the schedule in which the Lovasz loss takes the place of Dice"),
        "class_weights": Flag(*YES, "count pixels of rare classes for more"),
        "unlabelled": Flag(*NUMBER, "weight of what images without labels teach (0: they are not used)"),
        "certain": Flag(*SHARE, "how sure the network must be of a pixel to learn from its own answer"),
    },
    "words for the model's card": {
        "data": Flag(str, "TEXT", "what it was trained on"),
        "licence": Flag(str, "TEXT", "under which licence it may be used"),
    },
}
"""Fields of TrainingOptions and of its Augmentation that can be typed; what is not typed is the preset's."""

TYPED = ("arch", "device", *(name for flags in GROUPS.values() for name in flags))


def add_training_flags(parser: ArgumentParser) -> None:
    """All of them, in groups; each says what it is where nobody types it."""
    from labeltool.inference.training_options import TrainingOptions

    defaults = TrainingOptions()
    arguments.device(parser)
    parser.set_defaults(device=None)
    for title, flags in GROUPS.items():
        group = parser.add_argument_group(title)
        if title == "network":
            names = plugins.names("labeltool.architectures")
            group.add_argument("--arch", choices=names, help=f"default: {defaults.arch}")
        for name, flag in flags.items():
            _add(group, name, flag, vars(defaults).get(name, vars(defaults.augmentation).get(name)))


def _add(group: Any, name: str, flag: Flag, default: Any) -> None:
    text = flag.text if default in (None, "", (), False) else f"{flag.text} (default: {_shown(default)})"
    word = "--" + name.replace("_", "-")
    if flag.read is bool:
        group.add_argument(word, action=BooleanOptionalAction, default=None, help=text)
    else:
        group.add_argument(word, type=flag.read, metavar=flag.metavar, help=text)


def _shown(value: Any) -> str:
    return ",".join(str(each) for each in value) if isinstance(value, tuple) else str(value)


def read_training_flags(args: Namespace, name: str) -> TrainingOptions:
    """The options that were typed, on top of those of the preset."""
    from labeltool.inference.training_options import TrainingOptions, preset

    base = preset(args.preset) if args.preset else TrainingOptions()
    return with_typed(args, replace(base, name=name), "train", "DIR")


def with_typed(args: Namespace, base: TrainingOptions, *words: str) -> TrainingOptions:
    """``base`` with the options that were typed instead; the card says ``words`` and them."""
    typed = {key: _meant(key, getattr(args, key)) for key in TYPED if getattr(args, key) is not None}
    varied = {key: typed.pop(key) for key in vars(base.augmentation) if key in typed}
    command = shlex.join(["labeltool", *words, *_as_typed(args)])
    augmentation = replace(base.augmentation, **varied)
    return replace(base, command=command, augmentation=augmentation, **typed)


def typed_flags(args: Namespace, *others: str) -> list[str]:
    """The flags that somebody has typed, as they are written."""
    return [f"--{key.replace('_', '-')}" for key in (*TYPED, *others) if getattr(args, key) is not None]


def _meant(name: str, value: Any) -> Any:
    """What a field holds for what was typed."""
    if name in ("stretch", "values"):
        return value or None
    if name == "crf":
        return {} if value else None
    return value


def _as_typed(args: Namespace) -> list[str]:
    """The options for the model's card; the project, the target and the device are another's."""
    words: list[str] = []
    for name in ("name", "preset", *TYPED):
        value, flag = getattr(args, name), name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        elif value is not None and name not in ("data", "licence", "device"):
            words += [f"--{flag}", _shown(value) or "none"]
    return words
