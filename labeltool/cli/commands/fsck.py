"""``labeltool fsck``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from labeltool.cli import arguments
from labeltool.cli.output import Output

SUMMARY = "check every file of a project"


def add_arguments(parser: ArgumentParser) -> None:
    """The project, and whether to make its index again."""
    arguments.project(parser)
    parser.add_argument(
        "--rebuild", action="store_true", help="make project.db again from the masks before checking"
    )


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Report what is wrong; ends with 1 when something is."""
    from labeltool.app.checking import check
    from labeltool.store import fsck

    if args.rebuild:
        fsck.rebuild_index(args.dir)
    findings = check(args.dir)
    for finding in findings:
        out.notice(str(finding))
    errors = sum(str(finding.severity) == "error" for finding in findings)
    out.say(f"{errors} errors, {len(findings) - errors} notices." if findings else "Nothing is wrong.")
    out.exit_code = int(errors > 0)
    return {
        "errors": errors,
        "findings": [
            {"file": str(f.file), "what": f.what, "severity": str(f.severity), "hint": f.hint}
            for f in findings
        ],
    }
