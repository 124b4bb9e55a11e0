"""``labeltool unlock``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from labeltool.cli import arguments
from labeltool.cli.output import Output

if TYPE_CHECKING:
    from labeltool.store.lock import Sign

SUMMARY = "take a project over from a computer that is gone"
SILENCE_S = 45.0
"""How long a sign of life is waited for, as in the window."""


def add_arguments(parser: ArgumentParser) -> None:
    """The project."""
    arguments.project(parser)
    arguments.progress(parser)
    parser.epilog = (
        f"Whoever edits a project gives a sign of life every few seconds. It is waited for {SILENCE_S:.0f} seconds; "
        "who gives one keeps the project, and this ends with 1. A program that was taken for dead and comes back "
        "writes nothing more. What a killed program on this computer left is taken over without this command."
    )


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Watch, then open the project once in the place of who held it, so that what that left is put right."""
    from labeltool.core.errors import StoreError
    from labeltool.store.database import explained
    from labeltool.store.layout import LOCK, is_project
    from labeltool.store.lock import holder
    from labeltool.store.silence import is_silent

    root = args.dir.absolute()
    with explained(root):
        if not is_project(root):
            raise StoreError("there is no project here", file=root)
        locked = holder(root / LOCK)
    if locked is None:
        out.say("Nobody holds this project: it can be opened.")
        return {"taken_over_from": None}
    if locked.sign is None or not locked.may_be_stale:
        raise locked  # here, on this computer, a lock lives no longer than its process
    out.say(f"The project is held by {locked.sign.owner}. Waiting {SILENCE_S:.0f} s for a sign of life ...")
    with explained(root):
        silent = is_silent(
            root / LOCK, locked.sign, progress=out.progress, cancel=out.cancel, silence_s=SILENCE_S
        )
    if not silent:
        raise StoreError(
            f"{locked.sign.owner} gave a sign of life, so the project was not taken over",
            file=root,
            hint="Close it there, or open the project to view it",
        )
    return _take_over(args, locked.sign, out)


def _take_over(args: Namespace, sign: Sign, out: Output) -> dict[str, Any]:
    from labeltool.core.errors import StoreError
    from labeltool.store.project import ProjectStore

    with ProjectStore.open(args.dir, take_over=sign) as store:
        if store.read_only_reason:
            raise StoreError("the project can only be read", file=args.dir, hint=store.read_only_reason)
        for line in (store.recovery, *store.notices):
            if line is not None:
                out.notice(str(line))
    out.say(f"Taken over from {sign.owner}: the project can be opened, with all that was saved there.")
    return {"taken_over_from": str(sign.owner)}
