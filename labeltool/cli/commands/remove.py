"""``labeltool remove``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from labeltool.cli import arguments
from labeltool.cli.naming import UsageError
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.core.words import counted

if TYPE_CHECKING:
    from labeltool.store.project import ProjectStore

SUMMARY = "take images out of a project, or bring them back with their labels"


def add_arguments(parser: ArgumentParser) -> None:
    """The project, the images, and in which direction."""
    arguments.project(parser)
    parser.add_argument(
        "images",
        metavar="IMAGES",
        nargs="*",
        help="shell patterns of names or paths; without any, what was removed is listed",
    )
    parser.add_argument("--back", metavar="IMAGES", nargs="+", help="removed images that are to come back")


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Image files are never touched; labels are kept in the project's trash."""
    from labeltool.app.project import chosen_by

    if args.images and args.back:
        raise UsageError("images are either removed or brought back", hint="Call it once for each")
    with open_project(args.dir, out, write=bool(args.images or args.back)) as store:
        if args.back:
            names = _bring_back(store, args.back)
            out.say(f"{counted(len(names), 'image')} brought back with all labels.")
        elif args.images:
            records = chosen_by(store, args.images)
            names = [record.name for record in records]
            store.remove_images([record.id for record in records])
            out.say(f"{counted(len(names), 'image')} removed; --back brings them back with all labels.")
        else:
            return _list(store, out)
    return {"images": names}


def _list(store: ProjectStore, out: Output) -> dict[str, Any]:
    removed, damaged = store.removed_images(), [str(error) for error in store.unread_removed()]
    for each in removed:
        by = f" by {each.author}" if each.author else ""
        out.say(f"{each.record.name}: at r{each.record.revision}, removed {each.at_utc}{by}")
    for error in damaged:
        out.notice(error)
    if not removed and not damaged:
        out.say("No image was removed.")
    out.exit_code = int(bool(damaged))
    return {"images": [each.record.name for each in removed], "damaged": damaged}


def _bring_back(store: ProjectStore, patterns: list[str]) -> list[str]:
    from fnmatch import fnmatch

    from labeltool.core.errors import BadInputError

    found = [
        each.record
        for each in store.removed_images()
        if any(fnmatch(each.record.name, p) or fnmatch(str(each.record.path), p) for p in patterns)
    ]
    if not found:
        for damaged in store.unread_removed():  # one of them may have been meant
            raise damaged
        raise BadInputError(
            f"no removed image was meant by {', '.join(map(repr, patterns))}",
            file=store.root,
            hint="`labeltool remove DIR` lists what was removed",
        )
    return [record.name for record in store.bring_back([record.id for record in found])]
