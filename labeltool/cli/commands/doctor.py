"""``labeltool doctor``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from labeltool.cli import arguments
from labeltool.cli.output import Output

SUMMARY = "is everything here that the program needs?"
MARKS = {"ok": " ", "notice": "!", "error": "X"}


def add_arguments(parser: ArgumentParser) -> None:
    """Where the models are tried out."""
    arguments.device(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Ends with 1 when something is missing that is needed."""
    from dataclasses import asdict

    from labeltool.app.doctor import examine
    from labeltool.core.extras import EXTRAS

    findings = []
    for finding in examine(args.device):
        out.cancel.check()
        out.say(f"{MARKS[finding.verdict]} {finding.topic:8} {finding.name:34} {finding.text}")
        findings.append(finding)
    errors = [f"{f.name}: {f.text}" for f in findings if f.verdict == "error"]
    for error in errors:
        out.notice(error)
    found = "1 problem." if len(errors) == 1 else f"{len(errors)} problems."
    left_out = "; ".join(part for extra in EXTRAS for part in extra.left_out)
    well = f"Everything that is needed is here; left out: {left_out}." if left_out else "Everything is here."
    out.say(found if errors else well)
    out.exit_code = int(bool(errors))
    return {"usable": not errors, "findings": [asdict(f) for f in findings]}
