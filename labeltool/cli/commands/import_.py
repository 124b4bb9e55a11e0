"""``labeltool import``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from labeltool import plugins
from labeltool.cli import arguments
from labeltool.cli.naming import UsageError
from labeltool.cli.opening import open_project
from labeltool.cli.options import add_options, format_options, read_options
from labeltool.cli.output import Output
from labeltool.core.errors import BadInputError
from labeltool.core.words import counted
from labeltool.formats.options import ImportOptions

GROUP = "labeltool.importers"
SUMMARY = "read other people's labels into a project"


def add_arguments_for(parser: ArgumentParser, words: list[str]) -> None:
    """The project, the labels, their format, and the options of the format that was typed."""
    arguments.project(parser)
    parser.add_argument("src", metavar="SRC", type=arguments.place, help="the file or folder of labels")
    arguments.format_(parser, GROUP)
    parser.add_argument(
        "--as",
        dest="reference",
        metavar="NAME",
        help="keep the labels as those of another annotator beside the annotation, which stays as it is",
    )
    arguments.progress(parser)
    add_options(
        parser.add_argument_group("options of the format"), format_options(GROUP, words, ImportOptions)
    )


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Commit what fits, one undoable step an image."""
    from labeltool.app.importing import import_labels

    reference = _reference(args.reference)
    with open_project(args.dir, out) as store:
        options = read_options(args, plugins.load(GROUP, args.format).Options)
        report = import_labels(
            store,
            args.src,
            args.format,
            options,
            reference=reference,
            progress=out.progress,
            cancel=out.cancel,
        )
    for notice in report.notices:
        out.notice(notice)
    skipped = out.skipped(report.skipped)
    where = f", as the reference {reference!r}" if reference else ""
    out.say(
        f"Labels of {counted(report.images, 'image')} with {counted(report.objects, 'object')} imported{where}."
    )
    out.exit_code = int(bool(report.unkept) or (bool(skipped) and not report.images))
    return {
        "images": report.images,
        "objects": report.objects,
        "skipped": skipped,
        "notices": report.notices,
    }


def _reference(typed: str | None) -> str | None:
    """The name that was typed; None where the labels are to go into the annotation."""
    from labeltool.app.people.references import checked_name

    if typed is None:
        return None
    try:
        return checked_name(typed)
    except BadInputError as error:
        hint = error.hint or "--as NAME; without --as the labels go into the annotation"
        raise UsageError(f"--as {typed!r}: {error.message}", hint=hint) from error
