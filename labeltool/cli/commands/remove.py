"""``labeltool remove``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from labeltool.cli import arguments
from labeltool.cli.naming import UsageError
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.core.errors import shown
from labeltool.core.project import Skipped
from labeltool.core.words import counted

if TYPE_CHECKING:
    from labeltool.core.errors import StoreError
    from labeltool.core.project import ImageRecord
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
    """Image files are never touched; labels are kept in the project's trash. Ends with 1 where an image is left where
    it is, and names it."""
    if args.images and args.back:
        raise UsageError("images are either removed or brought back", hint="Call it once for each")
    with open_project(args.dir, out, write=bool(args.images or args.back)) as store:
        if args.back:
            return _bring_back(store, args.back, out)
        if args.images:
            return _remove(store, args.images, out)
        return _list(store, out)


def _remove(store: ProjectStore, patterns: list[str], out: Output) -> dict[str, Any]:
    from labeltool.app.project import chosen_by

    said = "{} removed; --back brings them back with all labels."
    found = chosen_by(store, patterns)
    return _each(found, lambda record: store.remove_images([record.id]), said, [], out)


def _each(
    records: Iterable[ImageRecord],
    change: Callable[[ImageRecord], object],
    said: str,
    skipped: list[Skipped],
    out: Output,
) -> dict[str, Any]:
    """One image after the other: what is wrong with the labels of one leaves the others alone."""
    from labeltool.app.leaving_out import left_out

    names: list[str] = []
    try:
        for record in records:
            with left_out(skipped, record):
                change(record)
                names.append(record.name)
    finally:  # what came before a disk that fails has been done
        if names:
            out.say(said.format(counted(len(names), "image")))
    out.exit_code = int(bool(skipped))
    return {"images": names, "skipped": out.skipped(skipped)}


def _list(store: ProjectStore, out: Output) -> dict[str, Any]:
    removed, damaged = store.removed_images(), [str(error) for error in store.unread_removed()]
    for each in removed:
        by = f" by {each.author}" if each.author else ""
        out.say(f"{shown(each.record.name)}: at r{each.record.revision}, removed {each.at_utc}{by}")
    for error in damaged:
        out.notice(error)
    if not removed and not damaged:
        out.say("No image was removed.")
    out.exit_code = int(bool(damaged))
    return {"images": [each.record.name for each in removed], "damaged": damaged}


def _bring_back(store: ProjectStore, patterns: list[str], out: Output) -> dict[str, Any]:
    from labeltool.app.project import reason
    from labeltool.core.errors import BadInputError

    found = [each.record for each in store.removed_images() if _is_meant(each.record, patterns)]
    unread = [error for error in store.unread_removed() if _may_be_meant(error, patterns, found)]
    if not found:
        for damaged in unread:
            raise damaged
        raise BadInputError(
            f"no removed image was meant by {', '.join(map(repr, patterns))}",
            file=store.root,
            hint="`labeltool remove DIR` lists what was removed",
        )
    skipped = [Skipped(error.file or "", reason(error)) for error in unread]
    said = "{} brought back with all labels."
    return _each(found, lambda record: store.bring_back([record.id]), said, skipped, out)


def _is_meant(record: ImageRecord, patterns: list[str]) -> bool:
    return any(fnmatch(record.name, p) or fnmatch(str(record.path), p) for p in patterns)


def _may_be_meant(error: StoreError, patterns: list[str], found: list[ImageRecord]) -> bool:
    """Whether an image whose tombstone cannot be read is asked for: what nobody knows the name of is, by a pattern that
    means all, or where nothing else is."""
    image = getattr(error, "image", None)
    return not found or "*" in patterns if image is None else _is_meant(image, patterns)
