"""``labeltool history``."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from labeltool.cli import arguments
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.cli.table import table

if TYPE_CHECKING:
    from labeltool.store.decisions import Decision
    from labeltool.store.history import JournalEntry

SUMMARY = "what was done to an image, by whom and when, and the way back to it"


def add_arguments(parser: ArgumentParser) -> None:
    """The project, the image, and the revision to go back to."""
    arguments.project(parser)
    parser.add_argument(
        "image", metavar="IMAGE", help="its name, its path, or a shell pattern that means one"
    )
    parser.add_argument(
        "--restore",
        metavar="R",
        type=_revision,
        help="bring back the labels as they were at revision R, as one step that can be undone",
    )


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Tell, or restore and tell."""
    from labeltool.app.people.comments import threads
    from labeltool.app.people.deciding import decided, with_stale_approval
    from labeltool.app.people.history import operations, restore
    from labeltool.app.project import chosen
    from labeltool.core.errors import BadInputError

    with open_project(args.dir, out, write=args.restore is not None) as store:
        found = chosen(store, pattern=args.image)
        if len(found) > 1:
            hint = f"{found[0].path}, {found[1].path}, ..."
            raise BadInputError(f"{args.image!r} means {len(found)} images", hint=hint)
        record = found[0]
        new = None if args.restore is None else restore(store, record.id, args.restore)
        done, made, said = operations(store, record.id), decided(store, record.id), threads(store, record.id)
        now = store.image(record.id)
        status, stale = now.status, " (the approval is stale)" if with_stale_approval(store, [now]) else ""
    if args.restore is None:
        out.say(f"{record.name}: {status.words}{stale}\n{describe(done, made)}")
        for thread in said:
            settled = " (resolved)" if thread.resolved else ""
            texts = "; ".join(f"{each.author}: {each.text}" for each in thread.comments)
            out.say(f"at ({thread.x:g}, {thread.y:g}){settled} {texts}")
    elif new is None:
        out.say(f"{record.name} is as it was at revision {args.restore} already.")
    else:
        out.say(f"{record.name} is as it was at revision {args.restore}; that is revision {new}.")
    return {
        "image": record.name,
        "id": record.id,
        "status": status.value,
        "operations": [entry._asdict() for entry in done],
        "decisions": [
            {
                "status": each.status.value,
                "revision": each.revision,
                "reason": each.reason,
                "author": each.author,
                "at_utc": each.at_utc,
            }
            for each in made
        ],
        "comments": [asdict(thread) for thread in said],
        "restored": new,
    }


def describe(done: list[JournalEntry], made: list[Decision]) -> str:
    """Operations, each with the decisions on what it left, in order of time; both come oldest first."""
    lines = [
        (e.revision, 0, [e.title if e.kind == "do" else f"{e.kind} {e.title}", e.author, e.at_utc])
        for e in done
    ]
    lines += [
        (d.revision, 1, [": ".join(filter(None, (d.status.words, d.reason))), d.author, d.at_utc])
        for d in made
    ]
    if not lines:
        return "Nobody has labelled it."
    rows = [
        [what, f"r{revision}", author, at_utc[:19]]
        for revision, _, (what, author, at_utc) in sorted(lines, key=lambda line: line[:2])
    ]
    return table(["what", "revision", "who", "when (UTC)"], rows)


def _revision(typed: str) -> int:
    """A revision as the table shows it, r12, or its number alone."""
    number = typed[1:] if typed[:1] in ("r", "R") else typed
    if not (number.isascii() and number.isdigit()):
        raise ArgumentTypeError(f"{typed!r} is no revision; the history shows them: r12, for example")
    return int(number)
