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
    from labeltool.core.project import ImageRecord, Skipped, Status
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
    from labeltool.app.people.deciding import check
    from labeltool.app.project import chosen_by
    from labeltool.core.errors import BadInputError
    from labeltool.core.project import Status

    status = Status(args.status.replace("-", "_"))
    try:
        check(status, args.reason)
    except BadInputError as error:
        raise UsageError(error.message, hint='--reason "..."') from error
    with open_project(args.dir, out) as store:
        records, empty, skipped = _decided(store, chosen_by(store, args.images), status, args.reason)
    verified = status.settled  # the decision says that the labels are right, so there had better be some
    unlabelled = empty if verified else []
    drawn = [r.name for r in drawn_by_model(records) if verified and r.name not in unlabelled]
    left_out = out.skipped(skipped)
    tell_damaged(skipped, args.dir, out)
    are = "is" if len(records) == 1 else "are"
    out.say(f"{counted(len(records), 'image')} {are} {status.words} now.")
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


def _decided(
    store: ProjectStore, records: list[ImageRecord], status: Status, why: str
) -> tuple[list[ImageRecord], list[str], list[Skipped]]:
    """The images that were decided on, as they were before; the names of those without labels; and those whose labels
    cannot be read, on which nobody can decide."""
    from labeltool.app.leaving_out import left_out
    from labeltool.app.people.deciding import decide

    found: list[ImageRecord] = []
    empty: list[str] = []
    skipped: list[Skipped] = []
    for record in records:
        with left_out(skipped):
            store.load_mask(record.id)
            labelled = bool(store.class_pixels(record.id))
            decide(store, record.id, status, expected=store.history(record.id).revision, reason=why)
            found.append(record)
            empty += [] if labelled else [record.name]
    return found, empty, skipped


def _of_them(names: list[str], what: str) -> str:
    some = ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
    return f"{len(names)} of them {'has' if len(names) == 1 else 'have'} {what} ({some})"
