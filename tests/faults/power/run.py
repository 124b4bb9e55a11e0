"""Cuts the power while somebody labels, and looks at what is left.

    python tests/faults/power/run.py [--cuts 1000] [--days 2] [--modes EXTRA FULL OFF] [--failures] [--markdown]

A row a mode of SQLite's ``synchronous``: the program's is EXTRA; the others must lose something, or the simulator
would not bite. Every cut is looked at with the program's own code on the standard library's SQLite: all acknowledged
calls are there, each part is old or new, fsck finds no error, and labelling goes on. With ``--failures`` every
operation of every call fails in every way, too. Exit status 1 where EXTRA loses anything, or another mode does not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[3]))

from faults.power import failing, laws

COLUMNS = ("cuts", "harmful", "lost", "unreadable", "torn", "lagging", "unsound", "stuck")
HEADS = (
    "cuts",
    "with harm",
    "calls lost",
    "unreadable",
    "torn",
    "list behind",
    "fsck errors",
    "cannot go on",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 1 where a law is broken or the simulator does not bite."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cuts", type=int, default=1000, help="of each mode, over all days")
    parser.add_argument("--days", type=int, default=2, help="days of work, each of another seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--modes", nargs="+", default=list(laws.MODES), choices=laws.MODES)
    parser.add_argument("--failures", action="store_true", help="let every operation fail, too")
    parser.add_argument("--most", type=int, help="at most so many operations of a call and a way to fail")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args(arguments)
    found = {mode: cut(mode, options.days, options.cuts, options.seed) for mode in options.modes}
    rows = [(mode, *(getattr(verdict, name) for name in COLUMNS)) for mode, verdict in found.items()]
    show(("synchronous", *HEADS), rows, markdown=options.markdown)
    for note in found["EXTRA"].notes if "EXTRA" in found else []:
        print(note)
    wrong = [mode for mode, verdict in found.items() if (verdict.harm > 0) == (mode == "EXTRA")]
    return int(bool(wrong) | (options.failures and not failures(options.most, markdown=options.markdown)))


def cut(mode: str, days: int, cuts: int, seed: int) -> laws.Verdict:
    """Some days of work, cut ``cuts`` times in all."""
    total, began_s = laws.Verdict(), time.monotonic()
    for day in range(days):
        with tempfile.TemporaryDirectory(prefix="labeltool-power-") as folder:
            recording = laws.record_day(Path(folder), seed + day, mode=mode)
        calls, ops = len(recording.acknowledged) - 1, len(recording.ops)
        total.add(laws.judge(recording, cuts * (day + 1) // days - cuts * day // days, seed + day))
        print(
            f"{mode}, day {day + 1}: {calls} calls, {ops:,} operations on the disk, {total.cuts:,} cuts,"
            f" {time.monotonic() - began_s:.0f} s",
            file=sys.stderr,
        )
    return total


def failures(most: int | None, *, markdown: bool) -> bool:
    """Every call fails in every way; False where anything was not as it must be."""
    rows, notes = [], []
    with tempfile.TemporaryDirectory(prefix="labeltool-failing-") as folder:
        template = Path(folder).resolve()
        failing.prepare(template)
        for name in failing.CASES:
            for failure in failing.FAILURES.values():
                told = failing.fail(name, failure, template, most)
                rows.append((name, failure.name, told.faults, told.refused, len(told.notes)))
                notes += [f"{name}, {failure.name}: {note}" for note in told.notes]
    show(("call", "the disk", "failures", "told", "wrong"), rows, markdown=markdown)
    print(*notes, sep="\n")
    return not notes


def show(heads: Sequence[object], rows: Sequence[Sequence[object]], *, markdown: bool) -> None:
    """A table in columns."""
    lines = [[str(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        print(f"| {' | '.join(cells)} |" if markdown else "  ".join(cells).rstrip())
        if markdown and number == 0:
            print(f"|{'|'.join('-' * (width + 2) for width in widths)}|")


if __name__ == "__main__":
    sys.exit(main())
