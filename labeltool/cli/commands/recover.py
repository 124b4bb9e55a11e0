"""``labeltool recover``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from labeltool.cli import arguments
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output

SUMMARY = "bring back changes that could not be saved"


def add_arguments(parser: ArgumentParser) -> None:
    """The project, and files that were saved elsewhere."""
    arguments.project(parser)
    parser.add_argument(
        "files",
        nargs="*",
        type=arguments.place,
        metavar="FILE",
        help="files (*.unsaved) that were saved elsewhere when the project was closed; without any, what is kept"
        " for this project in your own folder of unsaved work",
    )


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Save what follows on the project as it is; what does not becomes a layer beside the annotation."""
    from labeltool.app.rescuing import bring_back, bring_back_all

    with open_project(args.dir, out) as store:
        told = len(store.notices)
        found = [bring_back(store, path) for path in args.files] if args.files else bring_back_all(store)
        problems = store.notices[told:]
    for each in found:
        out.say(
            str(each) if each.operations else f"{each.image_name}: these changes are in the project already"
        )
    for problem in problems:
        out.notice(problem)
    if not found and not problems:
        out.say("Nothing waits for this project.")
    out.exit_code = int(bool(problems))
    return {
        "brought_back": [
            {"image": each.image_name, "changes": each.operations, "layer": each.layer or None}
            for each in found
        ],
        "problems": problems,
    }
