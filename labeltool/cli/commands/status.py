"""``labeltool status``."""

from __future__ import annotations

import os
import shlex
from argparse import ArgumentParser, Namespace
from typing import Any

from labeltool.cli import arguments
from labeltool.cli.commands.prelabel import tell_shards
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.cli.table import table
from labeltool.core.words import counted

SUMMARY = "how far a project is"


def add_arguments(parser: ArgumentParser) -> None:
    """The project."""
    arguments.project(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Read the project, change nothing."""
    from labeltool.app.project import status
    from labeltool.app.provenance import share_looked_at
    from labeltool.app.shards import states

    with open_project(args.dir, out, write=False) as store:
        looked_at = share_looked_at(store, store.images())
        result = {**status(store), "looked_at": looked_at, "shards": states(store.root)}
    if os.access(store.root, os.W_OK):
        result["read_only"] = None  # it was opened for viewing, but others may write
    out.say(f"{result['name']} ({result['project']}): {counted(result['images'], 'image')}")
    for group in ("status", "splits"):
        if result[group]:
            out.say("  " + ", ".join(f"{name} {count}" for name, count in result[group].items()))
    out.say(
        table(
            ["class", "value", "pixels"],
            [[c["name"], str(c["value"]), f"{c['pixels']:,}"] for c in result["classes"]],
        )
    )
    if looked_at:
        out.say(f"Somebody has looked at {100 * looked_at:.1f} % of all pixels.")
    tell_shards(result["shards"], out)
    for path in result["missing"]:
        out.notice(f"{path}: the image is not there any more")
    repair = f"`labeltool fsck --repair {shlex.quote(str(args.dir))}` restores what can be restored"
    for path in result["damaged"]:
        out.notice(f"{path}: the mask is damaged. {repair}")
    for path in result["gone"]:
        out.notice(f"{path}: the mask file is gone. {repair}")
    return result
