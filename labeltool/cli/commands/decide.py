"""``labeltool decide``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from labeltool.cli import arguments
from labeltool.cli.damaged import tell_damaged
from labeltool.cli.naming import UsageError
from labeltool.cli.opening import open_project
from labeltool.cli.output import NAMED, Output
from labeltool.core.words import counted

if TYPE_CHECKING:
    from labeltool.core.project import ImageRecord, Skipped
    from labeltool.store.project import ProjectStore

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
    from labeltool.app.exporting import drawn_by_model
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
        records, skipped = _readable(store, chosen_by(store, args.images))
        verified = status.settled  # the decision says that the labels are right, so there had better be some
        unlabelled = [r.name for r in records if verified and not store.class_pixels(r.id)]
        drawn = [r.name for r in drawn_by_model(records) if verified and r.name not in unlabelled]
        for record in records:
            decide(store, record.id, status, expected=store.history(record.id).revision, reason=args.reason)
    left_out = out.skipped(skipped)
    tell_damaged(skipped, args.dir, out)
    are = "is" if len(records) == 1 else "are"
    out.say(f"{counted(len(records), 'image')} {are} {args.status.replace('-', ' ')} now.")
    if unlabelled:
        out.notice(_of_them(unlabelled, "nothing labelled"))
    if drawn:
        out.notice(_of_them(drawn, "only what a model has drawn"))
    return {
        "images": [record.name for record in records],
        "status": status.value,
        "unlabelled": unlabelled,
        "drawn_by_model": drawn,
        "skipped": left_out,
    }


def _readable(store: ProjectStore, records: list[ImageRecord]) -> tuple[list[ImageRecord], list[Skipped]]:
    """The images whose labels can be read: nobody can decide on others."""
    from labeltool.app.project import reason
    from labeltool.core.project import Skipped
    from labeltool.store.database import DamagedError

    found, skipped = [], []
    for record in records:
        try:
            store.load_mask(record.id)
            found.append(record)
        except DamagedError as error:
            skipped.append(Skipped(error.file or str(record.path), reason(error)))
    return found, skipped


def _of_them(names: list[str], what: str) -> str:
    some = ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
    return f"{len(names)} of them {'has' if len(names) == 1 else 'have'} {what} ({some})"
