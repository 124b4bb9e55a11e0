"""What a light head makes of a few strokes for the rest of an image, as markdown tables.

    python tests/bench/bench_light_head.py [--images 40] [--model FOLDER | --minutes 3] [--set alike=0.5 reach=60 ...]

On validation images of nuclei (with the embedded model: not trained on them, but its checkpoint was chosen by them)
and of CamVid (with --model, or one that is trained for --minutes on its training images) somebody who knows the truth
paints ten strokes, each into the largest connected error that is left in what the model says, taught by all strokes
before: a round brush of at most 8 pixels radius along the error's medial axis, at most 60 pixels long, which never
leaves the error. After 1, 3 and 10 strokes the pixels that nobody has painted are scored, of what the network says by
itself and of what it says taught; both are of the same pixels. Intervals are of 95 %, from 2,000 samples of the
images.

Two tables say how long it takes: in the child process, pipes included, for images of 1024 x 1024 pixels; and in the
program, from the end of a stroke to the regions that are offered, for an image as it is and of 1024 x 1024 pixels. The
data is looked for in LABELTOOL_SHARED_DATA, or in ../shared/data. --set tries other settings of the head.
"""

from __future__ import annotations

import argparse
import os
import queue
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np
import torch
from bench_architectures import STREET_SCENES, camvid, learnt
from numpy.typing import NDArray
from PIL import Image
from skimage.morphology import skeletonize

from labeltool.app.models.finding import model_at
from labeltool.app.project import add_images
from labeltool.app.teaching import Teaching
from labeltool.app.workbench import Workbench
from labeltool.core.catalog import IGNORE
from labeltool.core.compare import ConfusionMatrix
from labeltool.core.geometry import Box, Size
from labeltool.core.patch import write
from labeltool.core.provenance import Origin
from labeltool.core.resources import resource
from labeltool.inference.feeding import open_fed
from labeltool.inference.options import InferenceOptions
from labeltool.inference.segmenter import Plane8
from labeltool.inference.teaching import Painted
from labeltool.inference.teaching_process import TeachingProcess, View
from labeltool.inference.training import TrainingImage
from labeltool.nn.checkpoint import load_network
from labeltool.nn.heads.light import HeadSettings
from labeltool.nn.heads.teachable import TeachableNetwork
from labeltool.nn.pipeline import Pipeline
from labeltool.store.project import ProjectStore

ROOT = Path(__file__).parents[2]

COUNTS = (1, 3, 10)
"""Strokes after which the rest is scored."""
WIDEST_PX, LONGEST_PX, LEAST_PX = 8, 60, 12
"""The brush's largest radius, a stroke's length, and the error below which nobody paints."""
WORSE = 0.005
"""By so much less an image counts as worse."""
SAMPLES = 2000
SIDE, DAB_PX = 1024, 12
DABS = 30
USUAL_PX = 360_000
PATIENCE_S = 120

Bools = NDArray[np.bool_]


class Stroke(NamedTuple):
    """The pixels of a stroke, bool [h, w], and the class it gives them."""

    inside: Bools
    value: int


def next_stroke(truth: Plane8, answer: Plane8, painted: Bools) -> Stroke | None:
    """A stroke into the largest error; None where none is left that is worth one."""
    wrong = (truth != IGNORE) & (answer != truth) & ~painted
    best: tuple[int, int, Bools] | None = None
    for value in np.unique(truth[wrong]).tolist():
        _, ids, stats, _ = cv2.connectedComponentsWithStats(
            (wrong & (truth == value)).astype(np.uint8), connectivity=4
        )
        largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        area = int(stats[largest, cv2.CC_STAT_AREA])
        if best is None or area > best[0]:
            best = area, value, ids == largest
    if best is None or best[0] < LEAST_PX:
        return None
    return Stroke(brushed(best[2]), best[1])


def brushed(region: Bools) -> Bools:
    """What a brush covers on the part of a region's medial axis around its deepest pixel."""
    depth = cv2.distanceTransform(np.pad(region, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    top, left = max(0, y - LONGEST_PX), max(0, x - LONGEST_PX)
    part = slice(top, y + LONGEST_PX + 1), slice(left, x + LONGEST_PX + 1)
    radius = float(np.clip(0.7 * depth.max(), 1, WIDEST_PX))
    axis = skeletonize(region[part]) & (depth[part] >= max(1.0, radius / 2))
    axis[y - top, x - left] = True
    ids = cv2.connectedComponents(axis.astype(np.uint8), connectivity=8)[1]
    rows, cols = np.nonzero(ids == ids[y - top, x - left])
    covered = np.zeros(axis.shape, np.uint8)
    for row, col in zip(rows, cols, strict=True):
        if np.hypot(row - (y - top), col - (x - left)) <= LONGEST_PX / 2:
            cv2.circle(covered, (int(col), int(row)), round(min(radius, depth[part][row, col])), 1, -1)
    found = np.zeros(region.shape, bool)
    found[part] = covered > 0
    return found & region


@dataclass
class Scored:
    """One image: by the number of strokes the rest's pixels by truth and answer, of the network and of the taught
    one; seconds that each answer took."""

    plain: dict[int, ConfusionMatrix] = field(default_factory=dict)
    taught: dict[int, ConfusionMatrix] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    looked_s: float = 0.0


def scored(image: TrainingImage, network: TeachableNetwork) -> Scored:
    """Paint on one image."""
    truth, card, row = image.load_label(), network.card, Scored()
    box = Size(*truth.shape[::-1]).box
    began = time.perf_counter()
    with open_fed(image.path, image.page, card.values, card.bands) as reader:
        network.look(reader, box)
    row.looked_s = time.perf_counter() - began
    own = answer = network.taught([]).label
    label = np.full_like(truth, IGNORE)
    for count in range(1, max(COUNTS) + 1):
        stroke = next_stroke(truth, answer, label != IGNORE)
        if stroke is not None:
            label[stroke.inside] = stroke.value
            began = time.perf_counter()
            answer = network.taught([Painted(box, label)]).label
            row.seconds.append(time.perf_counter() - began)
        if count in COUNTS:
            rest = np.where(label == IGNORE, truth, IGNORE).astype(np.uint8)
            row.plain[count], row.taught[count] = matrix(rest, own), matrix(rest, answer)
    return row


def matrix(truth: Plane8, answer: Plane8) -> ConfusionMatrix:
    """One image counted."""
    found = ConfusionMatrix()
    found.add(truth, answer)
    return found


def table(title: str, rows: Sequence[Scored], values: Sequence[int]) -> str:
    """Markdown: means over images, pooled over all pixels, and how sure the difference is."""
    lines = [
        f"| {title} | without | with | difference (95 %) | pooled without | with | worse by > {WORSE:g} | worst |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for count in COUNTS:
        pairs = [(of(row.plain[count], values), of(row.taught[count], values)) for row in rows]
        plain, taught = np.array(pairs).T
        gain = taught - plain
        low, high = interval(gain)
        pooled = [of(total(m[count] for m in arm), values) for arm in arms(rows)]
        lines.append(
            f"| {count} stroke{'s' * (count > 1)} | {plain.mean():.3f} | {taught.mean():.3f} "
            f"| {gain.mean():+.3f} ({low:+.3f} to {high:+.3f}) | {pooled[0]:.3f} | {pooled[1]:.3f} "
            f"| {np.mean(gain < -WORSE):.0%} | {gain.min():+.3f} |"
        )
    seconds = 1000 * np.array([s for row in rows for s in row.seconds])
    lines.append(
        f"\n{len(rows)} images; an answer takes {np.median(seconds):.0f} ms (median; 95 %: "
        f"{np.percentile(seconds, 95):.0f} ms), looking at an image {np.median([r.looked_s for r in rows]):.1f} s."
    )
    return "\n".join(lines)


def of(counted: ConfusionMatrix, values: Sequence[int]) -> float:
    """The mean IoU over those of the classes that appear; 1 where none does, as there is nothing to be missed."""
    found = counted.miou(values)
    return 1.0 if found is None else found


def arms(rows: Sequence[Scored]) -> tuple[list[dict[int, ConfusionMatrix]], list[dict[int, ConfusionMatrix]]]:
    """The matrices without and with the head."""
    return [row.plain for row in rows], [row.taught for row in rows]


def total(parts: Iterator[ConfusionMatrix]) -> ConfusionMatrix:
    """All together."""
    found = ConfusionMatrix()
    for part in parts:
        found += part
    return found


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Where the mean lies in 95 % of samples with replacement."""
    picks = np.random.default_rng(0).integers(0, len(values), (SAMPLES, len(values)))
    low, high = np.percentile(values[picks].mean(1), [2.5, 97.5])
    return float(low), float(high)


def latency(name: str, folder: Path, image: TrainingImage) -> str:
    """A row: how long the child process takes for an image of 1024 x 1024 pixels, with ten strokes of two classes."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        TeachingProcess(folder, InferenceOptions("cpu")) as process,
    ):
        view = View(enlarged(image, Path(scratch)), "", Box(0, 0, SIDE, SIDE))
        process.ready()
        began = time.perf_counter()
        process.look(view)
        looked_s = time.perf_counter() - began
        seconds = []
        for count in range(1, DABS + 1):
            label = np.full((SIDE, SIDE), IGNORE, np.uint8)
            for stroke in range(1 + count % 10):
                at = 60 + 97 * stroke, 60 + 83 * ((stroke * 7 + count) % 11)
                cv2.circle(label, at, DAB_PX, stroke % 2, -1)
            began = time.perf_counter()
            process.teach(view, [Painted(view.box, label)])
            seconds.append(time.perf_counter() - began)
    return f"| {name} | {looked_s:.1f} s | {spread(seconds)} |"


def usual(folder: Path) -> Path:
    """The validation image whose size is the nearest to what is usual under a microscope."""
    sizes = {}
    for each in camvid(folder, "val")[0]:
        with Image.open(each.path) as picture:
            sizes[each.path] = picture.width * picture.height
    return min(sizes, key=lambda path: abs(sizes[path] - USUAL_PX))


def enlarged(image: TrainingImage, folder: Path) -> Path:
    """The image as a file of 1024 x 1024 pixels."""
    path = folder / "large.png"
    with Image.open(image.path) as picture:
        picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR).save(path)
    return path


def spread(seconds: Sequence[float]) -> str:
    """Median and 95 % of some times, as two cells."""
    return f"{1000 * np.median(seconds):.0f} ms | {1000 * np.percentile(seconds, 95):.0f} ms"


def to_the_offer(name: str, folder: Path, path: Path, scratch: Path) -> str:
    """A row: how long it takes in the program from the end of a stroke until its answer has been offered."""
    model, posted = model_at(folder), queue.SimpleQueue[Callable[[], None]]()
    with ProjectStore.create(scratch / "project", name, model.card.catalog) as store:
        (record,) = add_images(store, [path]).added
    bench = Workbench(ProjectStore.open(scratch / "project"), posted.put)
    teaching = Teaching(bench, lambda: model)

    def until(reached: Callable[[], bool]) -> None:
        deadline_s = time.perf_counter() + PATIENCE_S
        while not reached():
            posted.get(timeout=max(0.01, deadline_s - time.perf_counter()))()

    def answered() -> bool:
        return not any(job.key == "teach" for job in bench.lanes.busy)

    try:
        bench.open_image(record.id)
        until(lambda: bench.open is not None)
        assert bench.open is not None
        began = time.perf_counter()
        teaching.switch(True)
        until(answered)
        looked_s, seconds, offers = time.perf_counter() - began, [], 0
        dice, session, values = np.random.default_rng(0), bench.open.session, model.card.catalog.values
        for count in range(DABS):
            x, y = dice.integers(0, record.size.width), dice.integers(0, record.size.height)
            box = Box(x - DAB_PX, y - DAB_PX, x + DAB_PX, y + DAB_PX).intersect(record.size.box)
            value = values[count % min(2, len(values))]
            patch = write(session.mask, box, title="", kind="brush", label=value, origin=Origin.HUMAN)
            began = time.perf_counter()
            session.apply(patch)
            until(answered)
            seconds.append(time.perf_counter() - began)
            offers += teaching.offer is not None
        if teaching.error is not None:
            raise teaching.error
    finally:
        teaching.close()
        bench.close()
    what = f"{name}, {record.size.width} x {record.size.height}"
    return f"| {what} | {looked_s:.1f} s | {spread(seconds)} | {offers} of {DABS} |"


def main() -> None:
    """Print the tables."""
    args = arguments()
    settings = replace(HeadSettings(), **dict(args.set))
    print(settings, file=sys.stderr)
    with tempfile.TemporaryDirectory() as scratch:
        tasks = {
            "nuclei": (resource("models") / "nuclei", [1]),
            "camvid": (args.model or trained(args, Path(scratch)), None),
        }
        times, offered = [], []
        for task, (folder, wanted) in tasks.items():
            if args.task in (task, "both"):
                images = some(args.data / task, args.images)
                card, network = load_network(folder)
                torch.set_num_threads(args.threads)
                taught = TeachableNetwork(Pipeline(card, network), settings=settings)
                rows = [scored(image, taught) for image in images]
                print(
                    table(f"{task}, {card.key}", rows, wanted or list(card.catalog.values)), "\n", flush=True
                )
                if args.latency:
                    name = f"{task}, {len(card.catalog.classes)} classes"
                    times.append(latency(name, folder, images[0]))
                    own, large = Path(scratch) / f"{task}-own", Path(scratch) / f"{task}-large"
                    large.mkdir()
                    offered += [
                        to_the_offer(name, folder, usual(args.data / task), own),
                        to_the_offer(name, folder, enlarged(images[0], large), large),
                    ]
    if times:
        print(
            "| 1024 x 1024 pixels | looking | an answer, median | 95 % |\n|---|--:|--:|--:|", *times, sep="\n"
        )
        head = "| in the program | start and look | stroke to offer, median | 95 % | offered |"
        print("", head, "|---|--:|--:|--:|--:|", *offered, sep="\n")


def some(folder: Path, most: int) -> list[TrainingImage]:
    """Images from all over the validation split."""
    images, _ = camvid(folder, "val")
    return images[:: max(1, len(images) // most)][:most]


def trained(args: argparse.Namespace, folder: Path) -> Path:
    """A model of CamVid, made in --minutes."""
    if args.task == "nuclei":
        return folder
    images, catalog = camvid(args.data / "camvid", "train")
    options = replace(
        STREET_SCENES,
        encoder="tu-resnet10t",
        decoder_channels=96,
        steps=100_000,
        minutes=args.minutes,
        batch=6,
    )
    print(learnt(images, catalog, options, folder), file=sys.stderr)
    return folder


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--task", choices=("nuclei", "camvid", "both"), default="both")
    parser.add_argument("--images", type=int, default=40, help="of each task")
    parser.add_argument("--model", type=Path, help="a model of CamVid's classes")
    parser.add_argument("--minutes", type=float, default=3, help="of training, where no model is given")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--latency", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--set", nargs="+", type=setting, default=[], metavar="NAME=NUMBER")
    shared = os.environ.get("LABELTOOL_SHARED_DATA", ROOT.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(shared))
    args = parser.parse_args()
    for task in ("nuclei", "camvid"):
        if args.task in (task, "both") and not (args.data / task).is_dir():
            parser.error(
                f"no {task} in {args.data}; --data or LABELTOOL_SHARED_DATA names the folder of the data"
            )
    return args


def setting(text: str) -> tuple[str, float]:
    """``name=number`` of :class:`HeadSettings`."""
    name, _, number = text.partition("=")
    kinds = {each.name: type(each.default) for each in fields(HeadSettings)}
    return name, kinds[name](number)


if __name__ == "__main__":
    main()
