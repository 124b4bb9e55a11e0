"""``labeltool train``."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeltool import plugins
from labeltool.cli import arguments
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output

if TYPE_CHECKING:
    from labeltool.inference.training_options import TrainingOptions

SUMMARY = "train a model on what people have labelled in a project"

OPTIONS: dict[str, tuple[type[Any], str]] = {
    "encoder": (str, "the network's encoder, by its timm name (tu-...)"),
    "steps": (int, "optimiser steps"),
    "minutes": (float, "stop after this time, if the steps are not done before"),
    "seed": (int, "of everything that is left to chance"),
    "scale": (float, "enlarge images by this factor before the network sees them"),
    "crop": (int, "side of a training crop in pixels, after scaling"),
    "batch": (int, "crops a step"),
    "learning_rate": (float, "the highest learning rate of the schedule"),
    "data": (str, "words for the model's card: what it was trained on"),
    "licence": (str, "words for the model's card: under which licence it may be used"),
}
"""Fields of TrainingOptions that can be typed; what is not typed has the default of the field."""


def add_arguments(parser: ArgumentParser) -> None:
    """The project, the network and the schedule."""
    from labeltool.inference.training_options import TrainingOptions

    defaults = TrainingOptions()
    arguments.project(parser)
    parser.add_argument(
        "--arch", choices=plugins.names("labeltool.architectures"), help=f"default: {defaults.arch}"
    )
    for name, (kind, text) in OPTIONS.items():
        default = getattr(defaults, name)
        parser.add_argument(
            "--" + name.replace("_", "-"),
            type=kind,
            metavar=kind.__name__.upper(),
            help=text if default in (None, "") else f"{text} (default: {default})",
        )
    arguments.device(parser)
    parser.add_argument("--name", help="of the model (default: the project's name and a number)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: models/NAME in the project")
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Train; after Ctrl+C the best weights so far are kept."""
    from labeltool.app.models import free_name, model_folder
    from labeltool.app.training import train_model, training_set

    with open_project(args.dir, out) as store:
        name = args.name or free_name(store.root, store.name)
        options = _options(args, name)
        data, skipped = training_set(store, options.seed)
        out.say(f"Learning from {len(data.train)} images, choosing on {len(data.val)}.")
        left_out = out.skipped(skipped)
        model = train_model(
            store,
            data,
            options,
            args.out.absolute() if args.out else model_folder(store.root, name),
            progress=out.progress,
            cancel=out.cancel,
            log=lambda row: out.event("metrics", **row),
        )
    out.say(f"The model is {model.folder}. Use it with --model {name if args.out is None else model.folder}.")
    if out.cancel.cancelled:
        out.notice("cancelled; the best weights so far were kept")
        out.exit_code = 130
    return {
        "model": model.key,
        "folder": str(model.folder),
        "images": len(data.train),
        "cancelled": out.cancel.cancelled,
        "figures": model.card.figures,
        "skipped": left_out,
    }


def _options(args: Namespace, name: str) -> TrainingOptions:
    from labeltool.inference.training_options import TrainingOptions

    typed = {key: getattr(args, key) for key in ("arch", "device", *OPTIONS)}
    command = shlex.join(["labeltool", "train", "DIR", *_as_typed(args)])
    return TrainingOptions(
        name=name, command=command, **{key: value for key, value in typed.items() if value is not None}
    )


def _as_typed(args: Namespace) -> list[str]:
    """The options for the model's card; the project and the target are another's."""
    names = ("name", "arch", *OPTIONS)
    flags = [("--" + n.replace("_", "-"), getattr(args, n)) for n in names if n not in ("data", "licence")]
    return [word for flag, value in flags if value is not None for word in (flag, str(value))]
