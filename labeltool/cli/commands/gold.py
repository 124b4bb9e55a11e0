"""``labeltool gold``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from labeltool.cli import arguments
from labeltool.cli.damaged import tell_damaged
from labeltool.cli.naming import UsageError
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.cli.table import figure, table
from labeltool.core.words import counted

if TYPE_CHECKING:
    from labeltool.core.project import ImageRecord
    from labeltool.store.project import ProjectStore

SUMMARY = "hide images whose labels are known among the others, and see how well people label them"
ACTIONS = ("add", "remove", "report")


def add_arguments(parser: ArgumentParser) -> None:
    """The project, what to do, and the images."""
    arguments.project(parser)
    parser.add_argument(
        "action",
        choices=ACTIONS,
        help="add: keep the truth of IMAGES as gold and empty their annotation; "
        "remove: make IMAGES images like any others; report: hold what people call done or approved against gold",
    )
    parser.add_argument("images", metavar="IMAGES", nargs="*", help="shell patterns for names or paths")
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Do it."""
    from labeltool.app.project import chosen_by

    if (args.action == "report") == bool(args.images):
        hint = "labeltool gold DIR report" if args.images else f"labeltool gold DIR {args.action} IMAGES..."
        raise UsageError("this is not understood", hint=hint)
    with open_project(args.dir, out, write=args.action != "report") as store:
        if args.action == "report":
            return _report(store, out)
        records = chosen_by(store, args.images)
        return _add(store, records, out) if args.action == "add" else _remove(store, records, out)


def _add(store: ProjectStore, records: list[ImageRecord], out: Output) -> dict[str, Any]:
    from labeltool.app.people.gold import hide

    found = hide(store, records, out.cancel)
    for notice in found.notices:
        out.notice(notice)
    skipped = out.skipped(found.skipped)
    number = len(found.images)
    out.say(f"{counted(number, 'image')} {'is' if number == 1 else 'are'} hidden as gold now.")
    out.exit_code = int(bool(skipped))
    return {
        "added": [record.name for record in found.images],
        "skipped": skipped,
        "notices": found.notices,
    }


def _remove(store: ProjectStore, records: list[ImageRecord], out: Output) -> dict[str, Any]:
    from labeltool.app.people.gold import reveal

    revisions = {record.name: reveal(store, record) for record in records}
    for name, revision in revisions.items():
        out.say(f"{name}: `labeltool history {store.root} {name} --restore {revision}` brings its truth back")
    return {"removed": revisions}


def _report(store: ProjectStore, out: Output) -> dict[str, Any]:
    from labeltool.app.people.gold import report

    found = report(store, out.progress, out.cancel)
    result = found.to_json()
    out.say(describe(result))
    skipped = out.skipped(found.skipped)
    tell_damaged(found.skipped, store.root, out)
    return {**result, "skipped": skipped}


def describe(result: dict[str, Any]) -> str:
    """The figures for people: each annotator by class, then everything in order of time."""
    number = result["waiting"]
    wait = "waits" if number == 1 else "wait"
    waiting = f"{counted(number, 'gold image')} {wait} for somebody to say done or approved."
    if not result["annotators"]:
        return waiting
    parts = []
    for author, found in result["annotators"].items():
        rows = [
            [name, *(figure(scores[key]) for key in ("iou", "dice", "precision", "recall"))]
            for name, scores in found["per_class"].items()
        ]
        heads = ["class", "IoU", "Dice", "precision", "recall"]
        parts.append(
            f"{author or 'unknown'}, {counted(found['images'], 'image')}: {_summary(found)}\n{table(heads, rows)}"
        )
    heads = ["image", "when (UTC)", "who", "status", "mIoU", "kappa"]
    rows = [
        [
            row["image"],
            row["at_utc"][:16],
            row["author"],
            row["status"],
            figure(row["miou"]),
            figure(row["kappa"]),
        ]
        for row in result["over_time"]
    ]
    return "\n\n".join([*parts, table(heads, rows), waiting])


def _summary(found: dict[str, Any]) -> str:
    return (
        f"mIoU {figure(found['miou'])}, kappa {figure(found['kappa'])}, "
        f"{figure(found['pixel_accuracy'])} of {found['pixels']:,} pixels right, {found['missed']:,} not labelled"
    )
