"""``labeltool export``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeltool import plugins
from labeltool.cli import arguments
from labeltool.cli.damaged import tell_damaged
from labeltool.cli.opening import open_project
from labeltool.cli.options import add_options, format_options, read_options
from labeltool.cli.output import Output
from labeltool.cli.unsaved import tell_unsaved
from labeltool.core.words import counted
from labeltool.formats.options import ExportOptions

if TYPE_CHECKING:
    from labeltool.formats.protocol import ExportPlan, ExportReport

SUMMARY = "write masks in other people's formats, and read them back to be sure"
GROUP = "labeltool.exporters"


def add_arguments_for(parser: ArgumentParser, words: list[str]) -> None:
    """The project, the target, the format, and the options of the format that was typed."""
    arguments.project(parser)
    parser.add_argument("out", metavar="OUT", type=arguments.place, help="a folder that is new or empty")
    arguments.format_(parser, GROUP)
    arguments.split(parser, "only images of this split (default: all)")
    parser.add_argument(
        "--verify",
        action="store_true",
        help="read everything back and compare; every export does, asked or not",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="say what would be written and what would be lost, and stop there",
    )
    parser.add_argument(
        "--remove-left-over",
        action="store_true",
        help="first delete what exports that were killed left beside OUT",
    )
    arguments.progress(parser)
    add_options(
        parser.add_argument_group("options of the format"), format_options(GROUP, words, ExportOptions)
    )


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Export and verify."""
    from labeltool.app.exporting import export_images, plan_export

    options = read_options(args, plugins.load(GROUP, args.format).Options)
    _left_over(args, out)
    with open_project(args.dir, out, write=False) as store:
        unsaved = tell_unsaved(store, args.dir, out, " and are not exported")
        if args.dry_run:
            plan = plan_export(
                store,
                args.out,
                args.format,
                options,
                split=args.split,
                progress=out.progress,
                cancel=out.cancel,
            )
            tell_damaged(plan.skipped, store.root, out)
            return {**_tell_plan(plan, args, out), "unsaved": unsaved}
        report = export_images(
            store, args.out, args.format, options, split=args.split, progress=out.progress, cancel=out.cancel
        )
    result = {**tell(report, args.out, out), "unsaved": unsaved}
    tell_damaged(report.skipped, args.dir, out)
    return result


def _left_over(args: Namespace, out: Output) -> None:
    """Offer to delete what exports that were killed have left, or do it."""
    from labeltool.formats.left_over import delete, described, left_over

    for left in left_over(args.out.absolute().parent):
        words = described(left)
        if args.remove_left_over and not args.dry_run:
            delete(left)
            out.notice(f"deleted what an export that was killed had left: {words}")
        else:
            out.notice(f"an export that was killed has left this: {words}. --remove-left-over deletes it")


def tell(report: ExportReport, folder: Path, out: Output) -> dict[str, Any]:
    """What an export came to, for people and for programs."""
    for notice in report.notices:
        out.notice(notice)
    skipped = out.skipped(report.skipped)
    out.say(
        f"{counted(report.images, 'image')} with {counted(report.objects, 'object')} exported as {report.format} "
        f"to {folder}: {counted(report.files, 'file')}, read back and equal."
    )
    return {
        "format": report.format,
        "out": str(folder),
        "images": report.images,
        "objects": report.objects,
        "files": report.files,
        "verified": True,
        "notices": list(report.notices),
        "skipped": skipped,
    }


def _tell_plan(plan: ExportPlan, args: Namespace, out: Output) -> dict[str, Any]:
    for notice in plan.notices:
        out.notice(notice)
    skipped = out.skipped(plan.skipped)
    out.say(
        f"{counted(plan.images, 'image')} with {counted(plan.objects, 'object')} would be exported as {args.format} "
        f"to {args.out}, at most {plan.nbytes / 1e6:,.0f} MB. Nothing was written."
    )
    return {
        "format": args.format,
        "out": str(args.out),
        "images": plan.images,
        "objects": plan.objects,
        "at_most_bytes": plan.nbytes,
        "written": False,
        "notices": list(plan.notices),
        "skipped": skipped,
    }
