"""``labeltool doctor``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import Counter
from typing import TYPE_CHECKING, Any

from labeltool.cli import arguments
from labeltool.cli.output import Output
from labeltool.core.words import counted

if TYPE_CHECKING:
    from labeltool.app.doctor import Finding

SUMMARY = "is everything here that the program needs?"
MARKS = {"ok": " ", "notice": "!", "error": "X"}
PLUGIN = "plug-in"


def add_arguments(parser: ArgumentParser) -> None:
    """Where the models are tried out, and how much is said."""
    arguments.device(parser)
    parser.add_argument(
        "--plugins", action="store_true", help="name every plug-in, and not only those that cannot be loaded"
    )
    parser.epilog = "Ends with 1 where something is missing that is needed."


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Ends with 1 when something is missing that is needed."""
    from dataclasses import asdict

    from labeltool.app.doctor import examine
    from labeltool.core.extras import EXTRAS

    findings = []
    for finding in examine(args.device):
        out.cancel.check()
        findings.append(finding)
        if args.plugins or finding.topic != PLUGIN or finding.verdict != "ok":
            _say(out, finding.verdict, finding.topic, finding.name, finding.text)
    if not args.plugins:
        _count_plugins(findings, out)
    errors = [f"{f.name}: {f.text}" for f in findings if f.verdict == "error"]
    for error in errors:
        out.notice(error)
    left_out = "; ".join(part for extra in EXTRAS for part in extra.left_out)
    well = f"Everything that is needed is here; left out: {left_out}." if left_out else "Everything is here."
    out.say(f"{counted(len(errors), 'problem')}." if errors else well)
    out.exit_code = int(bool(errors))
    return {"usable": not errors, "findings": [asdict(f) for f in findings]}


def _count_plugins(findings: list[Finding], out: Output) -> None:
    """How many of each group can be loaded; the others were named."""
    groups = Counter(f.name.partition("/")[0] for f in findings if f.topic == PLUGIN and f.verdict == "ok")
    for group, count in groups.items():
        _say(out, "ok", PLUGIN, group, str(count))
    if groups:
        out.say("--plugins names them all.")


def _say(out: Output, verdict: str, topic: str, name: str, text: str) -> None:
    out.say(f"{MARKS[verdict]} {topic:8} {name:34} {text}")
