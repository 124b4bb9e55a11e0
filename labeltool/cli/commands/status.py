"""``labeltool status``."""

from __future__ import annotations

import math
import os
import shlex
from argparse import ArgumentParser, Namespace
from typing import Any

from labeltool.cli import arguments
from labeltool.cli.commands.prelabel import tell_shards
from labeltool.cli.opening import open_project
from labeltool.cli.output import NAMED, Output
from labeltool.cli.table import table
from labeltool.cli.unsaved import tell_unsaved
from labeltool.core.errors import shown
from labeltool.core.words import counted

SUMMARY = "how far a project is"
CHECK_S = 2.0
"""Labels are read to the last tile for so long; what that leaves is fsck's."""


def add_arguments(parser: ArgumentParser) -> None:
    """The project."""
    arguments.project(parser)
    parser.add_argument(
        "--sources",
        action="store_true",
        help="read all image files whose time of change is not the one that was noted when they were added, however "
        "large they are, and name those that are others now",
    )
    parser.epilog = (
        "Ends with 1 where labels are damaged, gone or cannot be read, and names their images. Labels are read for "
        f"{CHECK_S:.0f} seconds, those that were saved last first; `labeltool fsck` checks everything."
    )


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Read the project, change nothing."""
    from labeltool.app.people.deciding import with_stale_approval
    from labeltool.app.project import status
    from labeltool.app.provenance import share_looked_at
    from labeltool.app.shards import states

    with open_project(args.dir, out, write=False) as store:
        looked_at = share_looked_at(store, store.images())
        sources_s = math.inf if args.sources else CHECK_S
        numbers = status(store, at_most_s=CHECK_S, sources_s=sources_s, cancel=out.cancel)
        stale = [record.name for record in with_stale_approval(store, store.images())]
        result = {**numbers, "stale": stale, "looked_at": looked_at, "shards": states(store.root)}
        result["unsaved"] = tell_unsaved(store, args.dir, out)
    if os.access(store.root, os.W_OK):
        result["read_only"] = None  # it was opened for viewing, but others may write
    out.say(f"{shown(result['name'])} ({shown(result['project'])}): {counted(result['images'], 'image')}")
    for group, called in (("status", _words), ("splits", str)):
        if result[group]:
            out.say("  " + ", ".join(f"{called(name)} {count}" for name, count in result[group].items()))
    if stale:
        some = ", ".join(stale[:NAMED]) + (", ..." if len(stale) > NAMED else "")
        out.say(f"  of those in work, approved before and changed since (the approval is stale): {some}")
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
        out.notice(f"{shown(path)}: the image is not there any more")
    for path in result["replaced"]:
        out.notice(
            f"{shown(path)}: is no longer the file that was added; its labels are kept, and are not shown on it"
        )
    for path in result["unsure"]:
        compare = f"`labeltool status --sources {shlex.quote(str(args.dir))}` compares it with what was added"
        out.notice(f"{shown(path)}: was written since it was added, and may be another image now; {compare}")
    _tell_labels(result["labels"], shlex.quote(str(args.dir)), out)
    return result


def _words(status: str) -> str:
    from labeltool.core.project import Status

    return Status(status).words


def _tell_labels(labels: dict[str, Any], root: str, out: Output) -> None:
    """Whose labels are damaged, and how many were looked at."""
    damaged, unread = labels["damaged"], labels["unread"]
    checked, labelled = labels["checked"], labels["labelled"]
    if checked < labelled:
        out.say(
            f"The labels of {checked:,} of {counted(labelled, 'labelled image')} were read to the last tile; "
            f"`labeltool fsck {root}` checks all."
        )
    for name in labels["interrupted"]:
        out.notice(f"{name}: saving was interrupted; it is put right when the project is opened for writing")
    for each in damaged:
        out.notice(f"{each['image']} ({each['file']}): the labels are damaged: {each['what']}")
    for each in unread:
        out.notice(f"{each['image']} ({each['file']}): the labels cannot be read: {each['what']}")
        out.exit_code = 1
    if damaged:
        have = "image has" if len(damaged) == 1 else "images have"
        out.notice(
            f"{len(damaged):,} {have} damaged labels. `labeltool fsck {root}` says what can be done, "
            f"`labeltool fsck --repair {root}` restores what can be restored"
        )
        out.exit_code = 1
