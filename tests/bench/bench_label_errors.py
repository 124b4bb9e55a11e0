"""Whether errors planted into labels of nuclei are found, and at what rank of the list.

    python tests/bench/bench_label_errors.py [--steps 800 | --minutes 4] [--folds 3] [--seeds 1 2 3] [--held 21 22 23]
        [--work FOLDER]

Each seed plants 50 errors (tests/bench/planted_errors.py) into the labels of the 120 training images of BBBC038 that
lie in LABELTOOL_SHARED_DATA, or in ../shared/data. The folds are trained once, from random weights, on the labels with
the errors of all seeds at once, so that they learn from more errors than the list is asked for. Then the list is made
for each seed alone: the annotation with its 50 errors against the same out-of-fold predictions.

Errors of the seeds --held are planted after the training, alone: the folds have learnt nothing from them, and nobody
has looked at them while the score of an entry was made.

An entry of the list finds an error when at least half of the entry's pixels are the error's, and they are at least a
fifth of the error's. The rank of an error is that of the first entry that finds it. What the labels had wrong before
anybody planted anything stands in the list, too, and counts as not planted.

--work keeps the project, and a second call goes on with it: trainings that are done are not done again. --sheet writes
a picture of the first entries of the first seed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from labeltool.app.project import add_images
from labeltool.app.review.folds import Folds, all_folds, begin_folds, follow_folds
from labeltool.app.review.label_errors import image_scores, label_errors
from labeltool.app.review.listing import Entry, View
from labeltool.app.review.making import review
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord, Status
from labeltool.core.provenance import Origin
from labeltool.inference.options import InferenceOptions
from labeltool.inference.training_options import preset
from labeltool.store.comparisons import Comparisons
from labeltool.store.project import ProjectStore
from tests.bench.planted_errors import SHARES, Planted, Truth, plant

ROOT = Path(__file__).parents[2]
Labels = NDArray[np.uint8]

OF_ENTRY, OF_ERROR = 0.5, 0.2
"""An entry finds an error when this share of its pixels is the error's, and that share of the error's is its."""


@dataclass(frozen=True)
class Found:
    """The entry of the list that found an error: its rank, from 1, and the IoU of the two."""

    rank: int
    iou: float


def main() -> None:
    """Train what is missing, then make the lists and print them."""
    args = arguments()
    truths, paths = nuclei(args.data / "nuclei", args.images)
    taken: dict[str, NDArray[np.bool_]] = {}
    errors = {seed: plant(truths, seed, taken, args.count) for seed in args.seeds}
    held = {seed: plant(truths, seed, {}, args.count) for seed in args.held}
    with folder(args.work) as work:
        folds = trained(work / "together", truths, paths, errors, args)
        lists = [
            {seed: listed(work, seed, truths, paths, some[seed], folds, args) for seed in some}
            for some in (errors, held)
        ]
    result = {
        "folds": folds.count,
        "options": folds.options.to_json(),
        **{
            name: {"seeds": rows, "together": pooled(rows)}
            for name, rows in zip(("learnt", "held"), lists, strict=True)
        },
    }
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for name in ("learnt", "held"):
        print(f"Seeds whose errors the folds have {name if name == 'learnt' else 'not learnt'} from:\n")
        print(table(result[name]), end="\n\n")


def arguments() -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--steps", type=int, default=800, help="of training for each fold")
    parser.add_argument("--minutes", type=float, help="train each fold as long as this instead")
    parser.add_argument("--preset", default="quick", help="how the folds are trained")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="of planting")
    parser.add_argument(
        "--held", type=int, nargs="*", default=[21, 22, 23], help="of planting after the training"
    )
    parser.add_argument("--count", type=int, default=50, help="errors for each seed")
    parser.add_argument("--images", type=int, default=0, help="take only so many (default: all)")
    parser.add_argument("--work", type=Path, help="keep the projects here, and go on with them")
    parser.add_argument("--out", type=Path, help="write all figures as JSON")
    parser.add_argument("--sheet", type=Path, help="write a picture of the first entries of the first seed")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("LABELTOOL_SHARED_DATA", ROOT.parent / "shared" / "data")),
    )
    return parser.parse_args()


@contextmanager
def folder(work: Path | None) -> Iterator[Path]:
    """Where the projects lie: there, or in a folder that is gone afterwards."""
    if work is not None:
        work.mkdir(parents=True, exist_ok=True)
        yield work
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def nuclei(data: Path, most: int) -> tuple[dict[str, Truth], dict[str, Path]]:
    """What is right in each training image, and where it lies, by name."""
    rows = list(csv.DictReader((data / "manifest_train.csv").read_text(encoding="utf-8").splitlines()))
    truths, paths = {}, {}
    for row in rows[: most or None]:
        numbers = np.asarray(Image.open(data / "instances" / "train" / f"{row['id']}.png")).astype(np.int32)
        truths[row["id"]] = Truth(numbers, row["appearance"])
        (paths[row["id"]],) = (data / "images" / "train").glob(f"{row['id']}.*")
    return truths, paths


def trained(
    root: Path,
    truths: Mapping[str, Truth],
    paths: Mapping[str, Path],
    errors: Mapping[int, list[Planted]],
    args: argparse.Namespace,
) -> Folds:
    """The folds of a project with the errors of all seeds, with all their predictions."""
    with project(root, truths, paths, [each for some in errors.values() for each in some]) as store:
        options = replace(preset(args.preset), minutes=args.minutes)
        options = replace(options, steps=4000 if args.minutes else args.steps)
        folds = (all_folds(store.root) or [begin_folds(store, options, args.folds)[0]])[-1]
        report = follow_folds(store, folds, InferenceOptions(device="cpu"), progress=Told())
        for skipped in report.skipped:
            print(f"skipped {skipped.file}: {skipped.reason}", file=sys.stderr)
    return folds


class Told:
    """Says now and then how far it is."""

    def __init__(self) -> None:
        self._quiet_until_s = 0.0

    def __call__(self, done: float, total: float, text: str = "") -> None:
        if time.monotonic() >= self._quiet_until_s:
            self._quiet_until_s = time.monotonic() + 20
            print(f"{done:.2f} of {total:.0f} {text}", file=sys.stderr, flush=True)


@contextmanager
def project(
    root: Path, truths: Mapping[str, Truth], paths: Mapping[str, Path], errors: Sequence[Planted]
) -> Iterator[ProjectStore]:
    """A project of all images whose labels somebody has imported, errors and all; made where it is missing."""
    if (root / "project.db").is_file():
        with ProjectStore.open(root) as store:
            yield store
        return
    with ProjectStore.create(root, "nuclei", ClassCatalog.from_names(["nucleus"])) as store:
        for record in add_images(store, paths.values()).added:
            label = truths[record.path.stem].label
            for error in errors:
                if error.image == record.path.stem:
                    error.put_into(label)
            annotate(store, record, label)
        yield store


def annotate(store: ProjectStore, record: ImageRecord, label: Labels) -> None:
    """Have somebody import a label."""
    mask = store.load_mask(record.id)
    patch = write(mask, record.size.box, title="import", kind="import", label=label, origin=Origin.IMPORTED)
    store.commit(record.id, patch, expected=0, status=Status.IN_WORK)


def listed(
    work: Path,
    seed: int,
    truths: Mapping[str, Truth],
    paths: Mapping[str, Path],
    errors: Sequence[Planted],
    folds: Folds,
    args: argparse.Namespace,
) -> dict[str, Any]:
    """The list of one seed, and what it found."""
    with (
        project(work / f"seed-{seed}", truths, paths, errors) as store,
        ProjectStore.open(work / "together", write=False) as together,
    ):
        take_predictions(together, store, folds.key)
        began_s = time.monotonic()
        entries = label_errors(review(store, Comparisons(store.root), store.images(), folds.key))
        seconds = time.monotonic() - began_s
        names = {record.id: record.path.stem for record in store.images()}
        found = ranks(store, entries, errors)
        images = image_scores(store, folds.key)
        if args.sheet and seed == args.seeds[0]:
            planted = {each.rank for each in found if each}
            sheet(store, entries, planted).save(args.sheet)
    tenth = max(1, len(entries) // 10)
    hit = {each.rank for each in found if each}
    of_kind = [(error.kind, each) for error, each in zip(errors, found, strict=True)]
    worst = sorted(images, key=lambda image: images[image])
    wrong = {error.image for error in errors}
    return {
        "entries": len(entries),
        "seconds": seconds,
        "errors": len(errors),
        "found": sum(each is not None for each in found),
        "in_top_tenth": sum(each is not None and each.rank <= tenth for each in found),
        "in_first_100": sum(each is not None and each.rank <= 100 for each in found),
        "planted_in_first_50": sum(rank <= 50 for rank in hit),
        "median_rank": median(sorted(each.rank for each in found if each) or [0]),
        "mean_iou": float(np.mean([each.iou for each in found if each] or [0.0])),
        "images_with_errors": len(wrong),
        "of_worst_images_with_errors": sum(names[image] in wrong for image in worst[: len(wrong)]),
        "kinds": {
            kind: {
                "errors": sum(k == kind for k, _ in of_kind),
                "found": sum(k == kind and each is not None for k, each in of_kind),
                "in_top_tenth": sum(
                    k == kind and each is not None and each.rank <= tenth for k, each in of_kind
                ),
            }
            for kind in SHARES
        },
        "ranks": [
            {
                "kind": error.kind,
                "image": error.image,
                "appearance": truths[error.image].appearance,
                "box": list(error.box),
                "area": error.area,
                "rank": each.rank if each else None,
            }
            for error, each in zip(errors, found, strict=True)
        ],
    }


def take_predictions(source: ProjectStore, target: ProjectStore, key: str) -> None:
    """Copy the predictions of the images from another project."""
    known = {record.path: record.id for record in source.images()}
    for record in target.images():
        kept = source.prediction(known[record.path], key)
        if kept is not None and key not in target.prediction_keys(record.id):
            planes = (plane.dense().astype(np.uint8) for plane in (kept.label, kept.confidence))
            target.save_prediction(record.id, key, [(record.size.box, *planes)])


def ranks(store: ProjectStore, entries: View, errors: Sequence[Planted]) -> list[Found | None]:
    """For each error the first entry that finds it."""
    found: dict[int, Found] = {}
    for number in range(len(entries)):
        entry = entries[number]
        here = [n for n, e in enumerate(errors) if e.image == entry.record.path.stem and n not in found]
        if not here:
            continue
        region = pixels(store, entries.listing.layer, entry)
        for n in here:
            iou = match(region, errors[n])
            if iou is not None:
                found[n] = Found(number + 1, iou)
    return [found.get(n) for n in range(len(errors))]


def pixels(store: ProjectStore, layer: str, entry: Entry) -> NDArray[np.bool_]:
    """The pixels of an entry, bool [h, w] of its image."""
    kept = store.prediction(entry.record.id, layer)
    assert kept is not None
    annotation, predicted = store.load_mask(entry.record.id).read("label"), kept.label.dense()
    pair = ((annotation == entry.found.truth) & (predicted == entry.found.predicted)).view(np.uint8)
    numbers = cv2.connectedComponents(pair, connectivity=8)[1]
    x, y = entry.found.seed
    return np.asarray(numbers == numbers[y, x], np.bool_)


def match(region: NDArray[np.bool_], error: Planted) -> float | None:
    """The IoU of an entry and the error that it finds; None where it does not find it."""
    common = int(np.count_nonzero(region[error.box.slices()] & error.changed))
    area = int(np.count_nonzero(region))
    if common < OF_ENTRY * area or common < OF_ERROR * error.area:
        return None
    return common / (area + error.area - common)


def sheet(store: ProjectStore, entries: View, planted: set[int], side: int = 220) -> Image.Image:
    """The first entries as pictures: the annotation's outline in yellow, the entry in red; planted ones have a green
    frame."""
    columns, rows, margin = 6, 4, 6
    picture = np.full((rows * (side + 2 * margin), columns * (side + 2 * margin), 3), 30, np.uint8)
    for number in range(min(rows * columns, len(entries))):
        row, column = divmod(number, columns)
        top, left = row * (side + 2 * margin), column * (side + 2 * margin)
        frame = (0, 200, 0) if number + 1 in planted else (90, 90, 90)
        picture[top : top + side + 2 * margin, left : left + side + 2 * margin] = frame
        picture[top + margin : top + margin + side, left + margin : left + margin + side] = crop(
            store, entries.listing.layer, entries[number], side
        )
    return Image.fromarray(picture)


def crop(store: ProjectStore, layer: str, entry: Entry, side: int) -> NDArray[np.uint8]:
    """An entry with what lies around it, enlarged."""
    record, box = entry.record, entry.found.box
    annotation, region = store.load_mask(record.id).read("label"), pixels(store, layer, entry)
    shown = np.asarray(Image.open(record.path).convert("RGB")).astype(np.float32)
    low, high = np.percentile(shown, (0.5, 99.8))
    shown = np.clip((shown - low) / max(1.0, high - low) * 255, 0, 255).astype(np.uint8)
    half = max(box.width, box.height, 40) * 3 // 4
    x, y = (box.x0 + box.x1) // 2, (box.y0 + box.y1) // 2
    wide = Box(x - half, y - half, x + half, y + half).intersect(record.size.box)
    at = wide.slices()
    large = cv2.resize(shown[at], (side, side), interpolation=cv2.INTER_LINEAR)
    for inside, colour in (((annotation == 1), (255, 220, 0)), (region, (255, 40, 40))):
        grown = cv2.resize(inside[at].view(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST)
        outlines = cv2.findContours(grown, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]
        cv2.drawContours(large, outlines, -1, colour, 1 if colour[1] > 100 else 2)
    return np.asarray(large, np.uint8)


def pooled(rows: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """Sums over the seeds."""
    names = ("entries", "errors", "found", "in_top_tenth", "in_first_100", "planted_in_first_50")
    return {name: sum(row[name] for row in rows.values()) for name in names} | {
        "kinds": {
            kind: {
                name: sum(row["kinds"][kind][name] for row in rows.values())
                for name in ("errors", "found", "in_top_tenth")
            }
            for kind in SHARES
        }
    }


def table(result: Mapping[str, Any]) -> str:
    """Markdown for people."""
    lines = [
        "| seed | entries | found | in the top tenth | in the first 100 | planted among the first 50 | median rank | "
        "mean IoU |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for seed, row in result["seeds"].items():
        lines.append(
            f"| {seed} | {row['entries']} | {row['found']} of {row['errors']} | {row['in_top_tenth']} | "
            f"{row['in_first_100']} | {row['planted_in_first_50']} | {row['median_rank']:g} | {row['mean_iou']:.2f} |"
        )
    lines += ["", "| kind | errors | found | in the top tenth |", "|---|---|---|---|"]
    for kind, row in result["together"]["kinds"].items():
        lines.append(f"| {kind} | {row['errors']} | {row['found']} | {row['in_top_tenth']} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
