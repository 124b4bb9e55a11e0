"""What of a run's manifest goes with its model. Names and places of images are often those of patients or of people,
and a model travels: there images are their digests, by which the project that has them knows them again."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import PureWindowsPath

from labeltool.inference.run import Manifest
from labeltool.inference.training_options import TrainingOptions

_WEIGHTS = "--weights"


def travelling(manifest: Manifest) -> Manifest:
    """The same without names and places, and without words about single images."""
    images = tuple(replace(image, name="", path="") for image in manifest.images)
    options = travelling_options(manifest.options)
    return replace(manifest, options=options, images=images, skipped=(), notices=())


def travelling_options(options: TrainingOptions) -> TrainingOptions:
    """The same with the bare name of the file of weights to begin with, in the command as well."""
    if not options.weights:
        return options
    return replace(options, weights=_name(options.weights), command=_without_places(options.command))


def _without_places(command: str) -> str:
    """A command as this program writes it; an empty one where it is somebody else's."""
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    before = ("", *words)
    return shlex.join(_name(word) if last == _WEIGHTS else word for last, word in zip(before, words))  # noqa: B905


def _name(place: str) -> str:
    """The last part of a path of whatever system."""
    return PureWindowsPath(place).name
