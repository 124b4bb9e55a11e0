"""``labeltool decide``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from labeltool.cli import arguments
from labeltool.cli.naming import UsageError
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output

SUMMARY = "say that images are done, approved, rejected, or in work again"
WORDS = ("done", "approved", "rejected", "in-work")


def add_arguments(parser: ArgumentParser) -> None:
    """The project, the decision, the images, and why."""
    arguments.project(parser)
    parser.add_argument("status", choices=WORDS, help="what is decided on the labels as they are now")
    parser.add_argument("images", metavar="IMAGES", nargs="+", help="shell patterns for names or paths")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; needed where images are rejected")


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Write it down, who and when. It holds for the pixels as they are."""
    from labeltool.app.people.deciding import check, decide
    from labeltool.app.project import chosen_by
    from labeltool.core.errors import BadInputError
    from labeltool.core.project import Status

    status = Status(args.status.replace("-", "_"))
    try:
        check(status, args.reason)
    except BadInputError as error:
        raise UsageError(error.message, hint='--reason "..."') from error
    with open_project(args.dir, out) as store:
        records = chosen_by(store, args.images)
        for record in records:
            decide(store, record.id, status, expected=store.history(record.id).revision, reason=args.reason)
    out.say(f"{len(records)} images are {args.status.replace('-', ' ')} now.")
    return {"images": [record.name for record in records], "status": status.value}
