"""``labeltool train``."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from labeltool.cli import arguments
from labeltool.cli.metrics import tell_row
from labeltool.cli.naming import UsageError
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.cli.training_flags import add_training_flags, read_training_flags, typed_flags
from labeltool.core.errors import LabeltoolError
from labeltool.core.words import counted

if TYPE_CHECKING:
    from labeltool.app.models import Model
    from labeltool.app.runs import Run

FEW_STEPS = 100
"""With fewer nothing is learnt."""

SUMMARY = "train a model on what people have labelled in a project"


def add_arguments(parser: ArgumentParser) -> None:
    """The project, the network and the schedule."""
    from labeltool.inference.training_options import PRESETS

    arguments.project(parser)
    parser.add_argument("--name", help="of the model (default: the project's name and a number)")
    presets = "; ".join(f"{each.name}: {each.summary.rstrip('.')}" for each in PRESETS.values())
    parser.add_argument("--preset", choices=PRESETS, help=f"what is not typed is as there. {presets}")
    parser.add_argument("--resume", metavar="RUN", help="go on with a run of this project that has not ended")
    parser.add_argument(
        "--manifest",
        type=arguments.place,
        metavar="FOLDER",
        help="make the run again that lies there or that the model there came of: on the same machine its weights",
    )
    parser.add_argument(
        "--processes", type=int, default=1, metavar="N", help="train in N, each on a GPU of its own"
    )
    parser.add_argument(
        "--out", type=arguments.place, metavar="FOLDER", help="default: models/NAME in the project"
    )
    arguments.progress(parser)
    add_training_flags(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Train; after Ctrl+C the best weights so far are kept, and the run can go on."""
    from labeltool.app.runs import follow, read_run

    root = args.dir.absolute()
    this = _run(args, out)
    manifest = this.manifest
    if this.state.state == "finished":
        out.say(f"The training {this.name} has ended already.")
    else:
        out.say(_plan_in_words(this))
    left_out = out.skipped(manifest.skipped)
    for text in manifest.notices:
        out.notice(f"{text}: figures will be better than on new images")
    with _telling_how_to_go_on(args, this, out):
        model = follow(
            root,
            this,
            progress=out.progress,
            cancel=out.cancel,
            log=lambda row: tell_row(row, out),
            processes=args.processes,
            target=args.out.absolute() if args.out else None,
        )
    _tell_what_came_of_it(args, model, read_run(this.folder), out)
    if out.cancel.cancelled:
        out.notice("cancelled; the best weights so far were kept")
        out.exit_code = 130
    return {
        "model": model.key,
        "folder": str(model.folder),
        "run": str(this.folder),
        "images": len(manifest.of("train")),
        "cancelled": out.cancel.cancelled,
        "figures": model.card.figures,
        "skipped": left_out,
        "notices": list(manifest.notices),
    }


def _plan_in_words(this: Run) -> str:
    options, images = this.manifest.options, [len(this.manifest.of(subset)) for subset in ("train", "val")]
    minutes = (
        f"{options.minutes:g} minute{'' if options.minutes == 1 else 's'} or " if options.minutes else ""
    )
    train = counted(images[0], "image")
    return f"Learning from {train}, choosing on {images[1]}, for {minutes}{options.steps:,} steps."


def _run(args: Namespace, out: Output) -> Run:
    """The run that is meant: a new one, one that goes on, or one that is made again."""
    from labeltool.app.runs import RUNS, again, begin, new_name, read_run

    if args.resume is not None:
        _refuse("--resume", typed_flags(args, "preset", "name", "manifest"))
        return read_run(args.dir.absolute() / RUNS / args.resume)
    with open_project(args.dir, out, write=False) as store:
        name = args.name or new_name(store.root, store.name)
        if args.manifest is not None:
            _refuse("--manifest", typed_flags(args, "preset"))
            return again(store, args.manifest.absolute(), name, progress=out.progress, cancel=out.cancel)
        return begin(store, read_training_flags(args, name), progress=out.progress, cancel=out.cancel)


def _tell_what_came_of_it(args: Namespace, model: Model, this: Run, out: Output) -> None:
    name = model.card.name if args.out is None else str(model.folder)
    score = f", IoU {this.state.score:.3f} on validation images" if this.state.score is not None else ""
    out.say(f"The model is {model.folder}{score}. Use it with --model {shlex.quote(name)}.")
    if args.out is None:
        project = shlex.quote(str(args.dir))
        out.say(
            f"To see whether it is better than another: labeltool models {project} compare {name} OTHER; "
            f"to have it taken from now on: labeltool models {project} promote {name}"
        )
    if this.manifest.options.minutes and this.state.step < FEW_STEPS and not out.cancel.cancelled:
        out.notice(f"there was time for {this.state.step} steps only; give it more minutes")


def _refuse(flag: str, typed: list[str]) -> None:
    """A run that exists has its options."""
    if typed:
        raise UsageError(f"{flag} goes by what the run began with: leave out {', '.join(typed)}")


@contextmanager
def _telling_how_to_go_on(args: Namespace, this: Run, out: Output) -> Iterator[None]:
    from labeltool.app.runs import read_run

    try:
        yield
    except LabeltoolError:
        if this.folder.exists():  # else it could not begin
            _tell_how(args, read_run(this.folder), out)
        raise
    if out.cancel.cancelled:
        _tell_how(args, read_run(this.folder), out)


def _tell_how(args: Namespace, this: Run, out: Output) -> None:
    if this.can_go_on:
        words = shlex.join(["labeltool", "train", str(args.dir), "--resume", this.name])
        step, steps = this.state.step, this.state.steps
        where = f"stopped at step {step} of {steps}" if steps else "stopped before its first step"
        out.notice(f"the run {where}; go on with: {words}")
