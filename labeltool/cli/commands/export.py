"""``labeltool export``."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeltool import plugins
from labeltool.cli import arguments
from labeltool.cli.opening import open_project
from labeltool.cli.options import add_options, read_options
from labeltool.cli.output import Output

if TYPE_CHECKING:
    from labeltool.formats.protocol import ExportReport

SUMMARY = "write VOC, COCO or index masks, and read them back to be sure"
GROUP = "labeltool.exporters"


def add_arguments_for(parser: ArgumentParser, words: list[str]) -> None:
    """The project, the target, the format, and the options of the format that was typed."""
    names = plugins.names(GROUP)
    parser.epilog = f"Each format has options of its own: labeltool export --format {names[-1]} --help"
    arguments.project(parser)
    parser.add_argument("out", metavar="OUT", type=Path, help="a folder that is new or empty")
    parser.add_argument("--format", metavar="F", required=True, choices=names, help=", ".join(names))
    arguments.split(parser, "only images of this split (default: all)")
    parser.add_argument(
        "--verify",
        action="store_true",
        help="read everything back and compare; every export does, asked or not",
    )
    arguments.progress(parser)
    name = _format(words)
    if name in names:
        add_options(parser.add_argument_group(f"options of {name}"), plugins.load(GROUP, name).Options)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Export and verify."""
    from labeltool.app.exporting import export_images

    options = read_options(args, plugins.load(GROUP, args.format).Options)
    with open_project(args.dir, out, write=False) as store:
        report = export_images(
            store, args.out, args.format, options, split=args.split, progress=out.progress, cancel=out.cancel
        )
    return tell(report, args.out, out)


def tell(report: ExportReport, folder: Path, out: Output) -> dict[str, Any]:
    """What an export came to, for people and for programs."""
    for notice in report.notices:
        out.notice(notice)
    skipped = out.skipped(report.skipped)
    out.say(
        f"{report.images} images with {report.objects} objects exported as {report.format} to {folder}: "
        f"{report.files} files, read back and equal."
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


def _format(words: list[str]) -> str | None:
    """The value of --format, found before the whole line can be parsed."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False, usage=SUPPRESS)
    parser.add_argument("--format", nargs="?")
    name: str | None = parser.parse_known_args(words)[0].format
    return name
