"""``labeltool relink``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from labeltool.cli import arguments
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.core.words import counted

SUMMARY = "find images again that were moved or renamed, by what is in the files"


def add_arguments(parser: ArgumentParser) -> None:
    """The project, and where to look."""
    arguments.project(parser)
    parser.add_argument(
        "folders",
        metavar="FOLDER",
        nargs="+",
        type=arguments.place,
        help="where to look, with everything below it",
    )
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Take the files that hold the same bytes; ends with 1 when an image is still lost."""
    from labeltool.app.relinking import search

    with open_project(args.dir, out) as store:
        report = search(store, args.folders, progress=out.progress, cancel=out.cancel)
    for record in report.found:
        out.say(f"{record.name} lies here now: {record.path}")
    for record in report.lost:
        out.notice(f"{record.path}: the image is not there any more, or another one; its labels are safe")
    out.say(f"{counted(len(report.found), 'image')} found again, {len(report.lost)} still missing.")
    out.exit_code = int(bool(report.lost))
    return {
        "found": [{"image": record.id, "path": str(record.path)} for record in report.found],
        "missing": [str(record.path) for record in report.lost],
        "looked_at": report.looked_at,
        "skipped": out.skipped(report.skipped),
    }
