"""What pre-labelling, and choosing what to label next, save a human: a simulated annotator, as markdown tables.

    python tests/bench/bench_loop.py [--data nuclei camvid buildings] [--seeds 1 2 3] [--arms ...] [--minutes 60]

An annotator corrects pre-labels until they differ from the truth by no more than a hand's tolerance, each fault with
the tool that costs least, and a keystroke-level model says how long people would take (tests/bench/annotator). The
first few images are drawn from scratch with the same tools, and a network learns of them from random weights; the
others are pre-labelled, a portion of them is chosen and mended, the network goes on learning, of all there is and as
many steps each time, and so on until the pool is labelled. It learns of the labels that the annotator made, not of the
truth. What it is held against has learnt of all true labels at once, in as many steps as all rounds together; the
seconds are held against those of polygons from scratch. One arm mends the same images with a light head beside it that
is taught by every few strokes: looking at what it offers costs time, whether it is right or not.

Every round is a row in --out, with counts instead of seconds; a second call does what is missing and prints the
tables. Processes that do other sets or seeds may share --out and its folder of labels and models beside it. The data is
looked for in LABELTOOL_SHARED_DATA, or in ../shared/data.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from labeltool.core.progress import TimeLeft
from tests.bench.annotator.arms import ARMS, portions
from tests.bench.annotator.datasets import KINDS, DataSet
from tests.bench.annotator.loop import Desk, Loop, scratch
from tests.bench.annotator.report import report
from tests.bench.annotator.rows import Rows

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Do what is missing, as far as there is time, then print the tables."""
    args = arguments()
    sets = [_data_set(name, args) for name in KINDS if (args.folder / name).is_dir()]
    setting = {
        "images": args.images,
        "first": args.first,
        "options": {data.name: data.options.to_json() for data in sets},
        "tolerance_px": {data.name: data.tolerance_px for data in sets},
    }
    try:
        rows = Rows(args.out, setting)
    except ValueError as error:
        sys.exit(str(error))
    wanted = [data for data in sets if data.name in args.data]
    if not args.report:
        _work(wanted, rows, args)
    print("\n".join(report(rows, sets)))


def _work(sets: list[DataSet], rows: Rows, args: argparse.Namespace) -> None:
    """Round by round, arm by arm, seed by seed, set by set; what is not begun after --minutes is left."""
    left = [
        (data.name, seed, arm)
        for data in sets
        for seed in args.seeds
        for arm in args.arms
        for _ in portions(len(data.pool), args.first)[
            len(rows.all(row="round", data=data.name, seed=seed, arm=arm)) :
        ]
    ]
    clock, began_s, done = TimeLeft(), time.monotonic(), 0
    for data in sets:
        desk = Desk(data)
        scratch(desk, rows)
        for seed in args.seeds:
            loop = Loop(desk, seed, rows, args.out.with_suffix(".work"), args.first)
            loop.full()
            for arm in args.arms:
                while len(loop.rounds(arm)) < len(loop.portions):
                    if args.minutes and time.monotonic() - began_s > 60 * args.minutes:
                        print("the time is over; a second call goes on", file=sys.stderr)
                        return
                    row = loop.next_round(arm)
                    done += 1
                    rest = clock.seconds(done, len(left)) or 0
                    print(
                        f"{data.name}, seed {seed}, {arm}: {loop.portions[row['round']]} of {len(data.pool)} images, "
                        f"mIoU {row['miou']:.3f}; {done} of {len(left)} rounds, {rest / 60:.0f} min left",
                        file=sys.stderr,
                    )


def _data_set(name: str, args: argparse.Namespace) -> DataSet:
    options = KINDS[name].options
    options = replace(options, steps=args.steps or options.steps, crop=args.side or options.crop)
    return DataSet.of(name, args.folder, args.images, options)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument(
        "--images", type=int, default=60, help="of each set at most; val has two thirds as many"
    )
    parser.add_argument(
        "--first", type=int, default=5, help="images drawn from scratch; then twice as many a round"
    )
    parser.add_argument("--steps", type=int, help="of each round, in place of each set's own")
    parser.add_argument("--side", type=int, help="of a crop in pixels, likewise")
    parser.add_argument("--minutes", type=float, help="no round begins after so many")
    parser.add_argument("--report", action="store_true", help="only print the tables")
    parser.add_argument("--out", type=Path, default=Path("loop.jsonl"))
    shared = os.environ.get("LABELTOOL_SHARED_DATA", ROOT.parent / "shared" / "data")
    parser.add_argument("--folder", type=Path, default=Path(shared), help="where the data sets are")
    args = parser.parse_args()
    for name in args.data:
        if not (args.folder / name).is_dir():
            parser.error(
                f"no {name} in {args.folder}; --folder or LABELTOOL_SHARED_DATA names the folder of the data"
            )
    return args


if __name__ == "__main__":
    main()
