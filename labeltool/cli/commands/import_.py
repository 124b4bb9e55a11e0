"""``labeltool import``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from labeltool import plugins
from labeltool.cli import arguments
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output

SUMMARY = "read other people's labels into a project"


def add_arguments(parser: ArgumentParser) -> None:
    """The project, the labels and their format."""
    arguments.project(parser)
    parser.add_argument("src", metavar="SRC", type=Path, help="the file or folder of labels")
    parser.add_argument(
        "--format",
        metavar="F",
        required=True,
        choices=plugins.names("labeltool.importers"),
        help=", ".join(plugins.names("labeltool.importers")),
    )
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Commit what fits, one undoable step an image."""
    from labeltool.app.importing import import_labels

    with open_project(args.dir, out) as store:
        report = import_labels(store, args.src, args.format, progress=out.progress, cancel=out.cancel)
    for notice in report.notices:
        out.notice(notice)
    skipped = out.skipped(report.skipped)
    out.say(f"Labels of {report.images} images with {report.objects} objects imported.")
    out.exit_code = int(bool(skipped) and not report.images)
    return {
        "images": report.images,
        "objects": report.objects,
        "skipped": skipped,
        "notices": report.notices,
    }
