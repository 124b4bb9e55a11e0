"""How long the list of disagreements of a whole project takes to open, and to be worked out at first.

    python tests/bench/bench_review.py [--images 1000] [--size 512] [--blobs 50] [--repeats 5] [--keep DIR]

A project is made in which a model disagrees with the annotation in so many blobs of each image. Opening is what the
window does: the project, the list by weight from the cache, its first hundred rows; each time in a process of its own,
whose start and imports are not counted. No image file is needed, for none is read.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np

from tests.bench.memory import peak_mb

MODEL = "bench@1"
ROWS = 100


def make_project(root: Path, images: int, side: int, blobs: int) -> None:
    """A project of records without files; masks and predictions are as the program writes them."""
    from labeltool.core.catalog import ClassCatalog
    from labeltool.core.geometry import Size
    from labeltool.core.mask import LabelMask
    from labeltool.core.patch import write
    from labeltool.core.project import ImageRecord
    from labeltool.store import database, index
    from labeltool.store.project import ProjectStore

    database.DURABLE = index.DURABLE = ("PRAGMA synchronous=OFF",)  # making it is not what is measured
    size = Size(side, side)
    with ProjectStore.create(root, "bench", ClassCatalog.from_names(["nucleus", "cell"])) as store:
        records = [
            ImageRecord(f"{n:032x}", Path(f"/bench/{n}.png"), size, "raster", "0" * 64, 1)
            for n in range(images)
        ]
        store.add_images(records)
        for number, record in enumerate(records):
            truth, other, sure = planes(number, side, blobs)
            mask = LabelMask(size)
            patch = write(mask, size.box, title="", kind="brush", label=truth, origin=2)
            store.commit(record.id, patch, expected=0)
            store.save_prediction(record.id, MODEL, [(size.box, other, sure)])


def planes(seed: int, side: int, blobs: int) -> tuple[Any, Any, Any]:
    """Truth, prediction and confidence: cells of a grid, in each of which the two differ by one disc."""
    rng = np.random.default_rng(seed)
    truth, other = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)
    columns = int(np.ceil(np.sqrt(blobs)))
    step = side / columns
    for number in range(blobs):
        centre = tuple(int((place + 0.5) * step) for place in (number % columns, number // columns))
        inner = int(rng.integers(2, max(3, int(step / 3))))
        cv2.circle(truth, centre, int(step / 2.5), 1, -1)
        cv2.circle(other, centre, int(step / 2.5), 1, -1)
        cv2.circle(other, centre, inner, int(rng.choice([0, 2])), -1)
    return truth, other, rng.integers(100, 256, (side, side), np.uint8)


def open_list(root: Path) -> dict[str, float]:
    """Seconds of each step, in this process."""
    from labeltool.app.review.figures import figures
    from labeltool.app.review.making import review
    from labeltool.store.comparisons import Comparisons
    from labeltool.store.project import ProjectStore

    began = time.perf_counter()
    with ProjectStore.open(root, write=False) as store:
        opened = time.perf_counter()
        cache = Comparisons(root)
        listing = review(store, cache, store.images(), MODEL)
        view = listing.view()
        rows = [view[number] for number in range(min(ROWS, len(view)))]
        listed = time.perf_counter()
        found = figures(listing, cache)
        counted = time.perf_counter()
    return {
        "project": opened - began,
        "list": listed - opened,
        "figures": counted - listed,
        "made": listing.made,
        "rows": len(view),
        "first": rows[0].found.area if rows else 0,
        "pixels": found.counted.pixels,
        "peak MB": peak_mb(),
    }


def measured(root: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--open", str(root)], check=True, capture_output=True, text=True
    )
    return dict(json.loads(done.stdout))


def report(root: Path, args: argparse.Namespace) -> None:
    if not (root / "project.db").exists():
        began = time.perf_counter()
        make_project(root, args.images, args.size, args.blobs)
        print(f"made the project in {time.perf_counter() - began:.1f} s")
    time.sleep(2.5)  # a file just written is opened, to be sure of it
    first = measured(root)
    print(f"first time: {first['made']:.0f} images compared in {first['list']:.1f} s, {first['rows']:,} rows")
    again = [measured(root) for _ in range(args.repeats)]
    assert not any(each["made"] for each in again), "something was compared again"
    for step in ("project", "list", "figures"):
        times = [each[step] for each in again]
        print(
            f"{step:<10} median {statistics.median(times):6.3f} s   {min(times):.3f}..{max(times):.3f}   n={len(times)}"
        )
    print(f"peak memory {max(each['peak MB'] for each in again):.0f} MB; aim for project and list: below 2 s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--blobs", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="make the project here, or take the one that is here")
    parser.add_argument("--open", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.open:
        print(json.dumps(open_list(args.open)))
    elif args.keep:
        report(args.keep, args)
    else:
        with tempfile.TemporaryDirectory() as folder:
            report(Path(folder) / "project", args)


if __name__ == "__main__":
    main()
