"""``labeltool loop``."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from labeltool.cli import arguments
from labeltool.cli.damaged import tell_damaged
from labeltool.cli.metrics import tell_row
from labeltool.cli.naming import UsageError
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.cli.table import figure, table
from labeltool.cli.training_flags import add_training_flags, typed_flags, with_typed
from labeltool.core.errors import BadInputError
from labeltool.core.words import counted

if TYPE_CHECKING:
    from labeltool.app.loop import Decision, LoopSettings, Point, Round
    from labeltool.core.project import Skipped
    from labeltool.inference.training_options import TrainingOptions
    from labeltool.store.project import ProjectStore

SUMMARY = "train on what was corrected, and put the model in use if it is no worse on the test images"

OF_SETTINGS = {
    "every": "every",
    "fresh": "fresh",
    "minutes": "minutes",
    "preset": "preset",
    "verified": "verified_only",
}
"""How the flag of each setting is called."""


class Action(NamedTuple):
    """What can be done with the loop of a project, and what it is for."""

    help: str
    run: Callable[[Namespace, Output], dict[str, Any]]


def add_arguments(parser: ArgumentParser) -> None:
    """The project, what to do, and how a round trains."""
    from labeltool.inference.training_options import PRESETS

    arguments.project(parser)
    acts = "; ".join(f"{name}: {action.help}" for name, action in ACTIONS.items())
    parser.add_argument(
        "action", choices=ACTIONS, nargs="?", default="status", help=f"default: status. {acts}"
    )
    parser.epilog = (
        "A round trains as the model in use was trained and begins with its weights; flags change that. It ends "
        "with a promotion unless a class is worse on the images of the split test beyond what chance explains. "
        "Until then the project cannot be changed elsewhere."
    )
    parser.add_argument(
        "--every",
        type=int,
        metavar="N",
        help="of settings: in the window a round begins by itself after so many approvals (0: by hand)",
    )
    parser.add_argument(
        "--fresh",
        action=BooleanOptionalAction,
        default=None,
        help="begin with random weights rather than with those in use",
    )
    parser.add_argument("--name", help="of the model (default: the project's name and a number)")
    parser.add_argument(
        "--preset", choices=PRESETS, help="train as there, not as the model in use was trained"
    )
    arguments.progress(parser)
    add_training_flags(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Show, do a round, or change the settings."""
    if args.every is not None and args.action != "settings":
        raise UsageError("--every is for: labeltool loop DIR settings")
    return ACTIONS[args.action].run(args, out)


# ---- a round


def _round(args: Namespace, out: Output) -> dict[str, Any]:
    from labeltool.app.loop import run_round

    with open_project(args.dir, out) as store:
        this = run_round(
            store,
            _options(args, store),
            fresh=args.fresh,
            progress=out.progress,
            cancel=out.cancel,
            begun=lambda run: out.say(
                f"Round: learning from {counted(len(run.manifest.of('train')), 'image')}, "
                f"choosing on {len(run.manifest.of('val'))} (run {run.name})."
            ),
            log=lambda row: tell_row(row, out),
        )
    if this.decision is not None:
        out.say(_classes(this.decision))
    out.say(f"{this.outcome.capitalize()}: {this.why}.")
    out.say(f"The model in use is {this.in_use}." if this.in_use else "No model is in use.")
    return this.to_json()


def _options(args: Namespace, store: ProjectStore) -> TrainingOptions:
    from labeltool.app.loop import read_settings, round_options
    from labeltool.inference.training_options import preset

    options = round_options(store, read_settings(store.root))
    if args.preset:
        wanted = preset(args.preset)
        options = replace(
            wanted,
            name=options.name,
            minutes=wanted.minutes or options.minutes,
            verified_only=options.verified_only,
        )
    return with_typed(args, replace(options, name=args.name or options.name), "loop", "DIR", "round")


def _classes(decision: Decision) -> str:
    rows = [
        [
            each.name,
            figure(each.before),
            figure(each.after),
            _signed(each.low),
            _signed(each.high),
            str(each.units),
            each.finding,
        ]
        for each in decision.classes
    ]
    return table(["class", "IoU before", "IoU now", "from", "to", "images", ""], rows)


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f}"


# ---- what there is


def _status(args: Namespace, out: Output) -> dict[str, Any]:
    from labeltool.app.effort import worked_in_all
    from labeltool.app.loop import LoopSettings, approved, is_due, read_settings, read_standing

    with open_project(args.dir, out, write=False) as store:
        try:
            settings = read_settings(store.root)
        except BadInputError as error:
            out.notice(f"the usual settings are shown instead: {error}")
            settings = LoopSettings()
        found = read_standing(store, settings)
        done, damaged, points = found.rounds, found.damaged, found.points
        skipped: list[Skipped] = []
        worked = worked_in_all(store, store.images(), skipped)
        result = {
            "rounds": [each.to_json() for each in done],
            "damaged_rounds": damaged,
            "curve": [each.to_json() for each in points],
            "approved": len(approved(store)),
            "worked": worked.to_json(),
            "settings": settings.to_json(),
            "due": is_due(store, settings),
            "skipped": out.skipped(skipped),
        }
    if damaged:
        out.notice(f"rounds that cannot be read, and are left out: {damaged}")
    out.say(
        f"People have worked on the images for {worked.seconds / 60:.1f} minutes: {worked.clicks} clicks, "
        f"{worked.strokes} strokes, {worked.keys} keys. Approved, the split test apart: {result['approved']}."
    )
    out.say(_rounds(done) if done else "There was no round yet: labeltool loop DIR round")
    if points:
        out.say(_curve(points))
    _say_settings(settings, out)
    tell_damaged(skipped, args.dir, out)
    return result


def _rounds(done: Sequence[Round]) -> str:
    rows = [[str(r.number), r.began[:16].replace("T", " "), r.outcome, r.model or "–"] for r in done]
    lines = [table(["round", "began (UTC)", "", "model"], rows)]
    return "\n".join([*lines, *(f"{r.number}: {r.why}" for r in done[-3:])])


def _curve(points: Sequence[Point]) -> str:
    heads = ["round", "images", "clicks", "minutes", "mIoU in use", "mIoU tried", *points[-1].per_class]
    rows = [
        [
            str(each.round),
            str(each.images),
            str(each.clicks),
            f"{each.minutes:.1f}",
            figure(each.miou),
            figure(each.tried),
            *(figure(each.per_class.get(name)) for name in points[-1].per_class),
        ]
        for each in points
    ]
    changes = [
        f"From round {each.round} on another yardstick, {each.changed}" for each in points if each.changed
    ]
    return "\n".join([table(heads, rows), *changes])


# ---- settings


def _settings(args: Namespace, out: Output) -> dict[str, Any]:
    from labeltool.app.loop import LoopSettings, read_settings, set_damaged_aside, write_settings

    known = [f"--{flag.replace('_', '-')}" for flag in OF_SETTINGS.values()]
    others = [flag for flag in typed_flags(args, "name") if flag not in known]
    if others:
        raise UsageError(f"settings are {', '.join(known)}: leave out {', '.join(others)}")
    given = {name: getattr(args, flag) for name, flag in OF_SETTINGS.items()}
    typed = {name: value for name, value in given.items() if value is not None}
    with open_project(args.dir, out, write=bool(typed)) as store:
        try:
            settings = replace(read_settings(store.root), **typed)
        except BadInputError as error:
            if not typed:
                raise
            settings = replace(LoopSettings(), **typed)
            settings.check()
            aside = set_damaged_aside(store.root)
            out.notice(f"{error.message}: the file was set aside as {aside}, what was not given is as usual")
        if typed:
            write_settings(store.root, settings)
    _say_settings(settings, out)
    return {"settings": settings.to_json()}


def _say_settings(settings: LoopSettings, out: Output) -> None:
    when = f"by itself after {counted(settings.every, 'approval')}" if settings.every else "by hand"
    start = "random weights" if settings.fresh else "the weights in use"
    labels = "verified pixels alone" if settings.verified else "all that people have labelled"
    minutes = f"{settings.minutes:g} minute{'' if settings.minutes == 1 else 's'}"
    out.say(
        f"A round begins {when}, trains for at most {minutes}, starts from {start} and learns from {labels}."
    )


ACTIONS = {
    "status": Action("rounds so far and the curve", _status),
    "round": Action("train, compare, and promote or refuse", _round),
    "settings": Action("when a round begins by itself, and how it trains", _settings),
}
