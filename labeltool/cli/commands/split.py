"""``labeltool split``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from labeltool.cli import arguments
from labeltool.cli.opening import open_project
from labeltool.cli.options import add_options, read_options
from labeltool.cli.output import Output
from labeltool.core.project import SPLITS
from labeltool.core.words import counted

SUMMARY = "divide the images into train, val and test"


def add_arguments(parser: ArgumentParser) -> None:
    """By hand, by folder names, or by a seed."""
    from labeltool.app.choices import Draw

    arguments.project(parser)
    by_hand = parser.add_argument_group("by hand")
    by_hand.add_argument("--to", choices=(*SPLITS, "none"), help="put the images that --images names there")
    by_hand.add_argument("--images", metavar="GLOB", help="a shell pattern for names or paths (default: all)")
    parser.add_argument(
        "--by-names",
        action="store_true",
        help="by the folders that are called train, val, validation or test",
    )
    add_options(parser.add_argument_group("drawn"), Draw)
    parser.add_argument("--dry-run", action="store_true", help="say what would be so, and change nothing")
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Decide, say, and keep it."""
    from labeltool.app.choices import Draw
    from labeltool.app.project import chosen
    from labeltool.app.splits import Applied, apply, by_hand, by_names, drawn, leaks

    with open_project(args.dir, out, write=not args.dry_run) as store:
        records = chosen(store, pattern=args.images)
        how = None if args.to or args.by_names else read_options(args, Draw)
        if how is not None:
            found = drawn(records, how)
        elif args.to:
            found = by_hand(records, "" if args.to == "none" else args.to)
        else:
            found = by_names(records)
        everything = store.images()  # what was not chosen may be of the same series
        told = leaks(everything, {r.id: r.split for r in everything} | found.splits, how)
        found.notices += [notice for notice in told if notice not in found.notices]
        done = Applied() if args.dry_run else apply(store, found)
    for notice in found.notices:
        out.notice(notice)
    skipped = out.skipped(done.skipped)
    counts = found.counts()
    said = ", ".join(f"{split or 'none'} {counts[split]}" for split in (*SPLITS, "") if counts.get(split))
    out.say(
        f"{said}{f' ({found.units})' if found.units else ''}. "
        + (
            "Nothing was changed."
            if args.dry_run
            else f"Another split now: {counted(done.changed, 'image')}."
        )
    )
    if skipped:
        stay = "stays where it is" if len(skipped) == 1 else "stay where they are"
        out.notice(f"{counted(len(skipped), 'image')} {stay}: the split is kept with the labels")
        out.exit_code = 1
    return {
        "splits": counts,
        "changed": done.changed,
        "units": found.units,
        "notices": found.notices,
        "skipped": skipped,
    }
