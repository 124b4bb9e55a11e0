"""``labeltool add``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from labeltool.cli import arguments
from labeltool.cli.opening import open_project
from labeltool.cli.output import SHOWN, Output
from labeltool.core.errors import shown
from labeltool.core.words import counted

SUMMARY = "put images into a project (referenced, never copied or changed)"


def add_arguments(parser: ArgumentParser) -> None:
    """The project and the images."""
    arguments.project(parser)
    parser.add_argument(
        "paths", metavar="PATH", nargs="+", type=arguments.place, help="an image, or a folder of images"
    )
    arguments.split(parser, "which split the images belong to")
    parser.add_argument(
        "--axis",
        choices=("i", "j", "k"),
        default="",
        help="along which of its stored axes a volume is cut into images (default: from feet to head)",
    )
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Read every file to its end, and reference those that are whole."""
    from labeltool.app.project import add_images

    with open_project(args.dir, out) as store:
        report = add_images(
            store,
            args.paths,
            split=args.split or "",
            axis=args.axis,
            progress=out.progress,
            cancel=out.cancel,
        )
    out.say(f"{counted(len(report.added), 'image')} added, {report.known} already there.")
    for record in report.relinked:
        out.say(f"{record.path} is an image that had gone from where it was; its labels are kept.")
    for alike in report.alike[:SHOWN]:
        names = " and ".join(shown(str(path)) for path in alike)
        out.notice(f"{names} are one name on some systems (Windows, macOS); exports number them")
    if len(report.alike) > SHOWN:
        out.notice(f"{len(report.alike) - SHOWN} more such names; --json lists every one")
    skipped = out.skipped(report.skipped)
    out.exit_code = int(bool(skipped) and not (report.added or report.known or report.relinked))
    return {
        "added": len(report.added),
        "known": report.known,
        "relinked": len(report.relinked),
        "alike": [[shown(str(path)) for path in alike] for alike in report.alike],
        "skipped": skipped,
    }
