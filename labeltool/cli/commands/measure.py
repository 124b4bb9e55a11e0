"""``labeltool measure``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from labeltool.cli import arguments
from labeltool.cli.damaged import tell_missing
from labeltool.cli.opening import open_project
from labeltool.cli.options import add_options, read_options
from labeltool.cli.output import SHOWN, Output
from labeltool.cli.table import table as drawn

if TYPE_CHECKING:
    from labeltool.app.tables import Table

SUMMARY = "measure areas and lengths of objects and classes"


def add_arguments(parser: ArgumentParser) -> None:
    """What to measure, in which unit, and where the table goes."""
    from labeltool.app.choices import Measures

    arguments.project(parser)
    parser.add_argument(
        "out",
        metavar="OUT.csv",
        nargs="?",
        type=arguments.place,
        help="write the table there (UTF-8, commas; names that a spreadsheet would run get ' in front); "
        "default: show its first rows",
    )
    arguments.split(parser, "only images of this split (default: all)")
    parser.add_argument("--images", metavar="GLOB", help="a shell pattern for names or paths (default: all)")
    add_options(parser, Measures)
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Measure, and write the table or show it. The project is only read."""
    from labeltool.app.choices import Measures
    from labeltool.app.measures import measure
    from labeltool.app.project import chosen
    from labeltool.app.tables import refuse_csv, write_csv

    with open_project(args.dir, out, write=False) as store:
        if args.out is not None:
            refuse_csv(args.out, store.root)
        records = chosen(store, args.split, args.images)
        found = measure(
            store, records, read_options(args, Measures), progress=out.progress, cancel=out.cancel
        )
    result: dict[str, Any] = {"columns": [column.header for column in found.columns], "rows": len(found)}
    notices = list(found.notices)
    skipped = out.skipped(found.skipped)
    tell_missing(len(skipped), args.dir, out)
    if args.out is None:
        out.say(describe(found))
        result["table"] = found.records()
    else:
        notices += write_csv(found, args.out)
        out.say(f"{len(found):,} rows are in {args.out}.")
        result["file"] = str(args.out)
    for notice in notices:
        out.notice(notice)
    return {**result, "notices": notices, "skipped": skipped}


def describe(found: Table) -> str:
    """The first rows as a table for people; columns in which they say nothing are left out."""
    if not len(found):
        return "Nothing is labelled in these images."
    rows = range(min(SHOWN, len(found)))
    columns = [k for k in range(len(found.columns)) if any(found.text(row, k) for row in rows)]
    heads = [found.columns[k].header for k in columns]
    lines = drawn(heads, [[found.text(row, k, digits=5) for k in columns] for row in rows])
    more = len(found) - len(rows)
    return f"{lines}\n… and {more:,} rows more; name a file (OUT.csv) to get them all" if more else lines
