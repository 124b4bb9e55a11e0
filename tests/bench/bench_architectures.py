"""What each architecture learns of the same images with the same budget, as a markdown table.

    python tests/bench/bench_architectures.py [--arch deeplabv3 unet] [--steps 600 | --minutes 10] [--out FILE]

Two tasks, both from random weights, with the program's own crops, losses and steps:

- eight of the nuclei images, learnt by heart: IoU of nuclei over the very same images (at twice their size,
  without augmentation), to see that each network can be trained at all;
- CamVid's 120 images, then mIoU over its 11 classes on the 40 of val, and the seconds that the budget took.

Each network is saved, loaded as any model, and run through tiles. What is done is kept in --out, row by row; a second
call does what is missing and prints the whole table (--again does the rows asked for anew). The data is looked for
in LABELTOOL_SHARED_DATA, or in ../shared/data.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import torch
from PIL import Image

from labeltool import plugins
from labeltool.core import atomic
from labeltool.core.catalog import ClassCatalog
from labeltool.core.compare import ConfusionMatrix
from labeltool.core.progress import CancelToken, silent
from labeltool.inference.feeding import open_fed
from labeltool.inference.options import InferenceOptions
from labeltool.inference.segmenter import Plane8, Segmenter
from labeltool.inference.tiled import segment
from labeltool.inference.training import TrainingImage
from labeltool.inference.training_options import Augmentation, TrainingOptions
from labeltool.nn.checkpoint import load_network, save_network
from labeltool.nn.engines.eager import TorchSegmenter, chosen_device
from labeltool.nn.training.cards import first_card
from labeltool.nn.training.data import CropSampler, Examples
from labeltool.nn.training.learner import Learner

ROOT = Path(__file__).parents[2]

ENCODERS = {
    "fcn": "tu-resnet18",
    "deeplabv1": "tu-vgg11_bn",
    "deeplabv2": "tu-resnet18",
    "deeplabv3": "tu-resnet18",
    "deeplabv3plus": "tu-resnet18",
    "unet": "tu-resnet18",
    "segformer": "mit_b0",
}
"""Architectures in the order of their table, with the encoders that are natural for them."""

LEARNING_RATES = {"segformer": 6e-4}
"""Of what does not learn at the rate of the others: a transformer from random weights."""

TASKS = ("nuclei", "camvid")

NOTHING = Augmentation(
    zoom=(1.0, 1.0),
    rotate=False,
    mirror=False,
    brightness=0,
    contrast=0,
    gamma=0,
    invert=0,
    colour=0,
    shade=0,
    blur=0,
    noise=0,
)
STREETS = Augmentation(zoom=(0.6, 1.8), rotate=False, invert=0, colour=0.2, shade=0.2)

COMMON = TrainingOptions(decoder_channels=128, halo=32, losses=("cross_entropy", "dice"), seed=1)
BY_HEART = replace(
    COMMON, output_stride=8, scale=2.0, tile=256, crop=256, dropout=0.0, averaging=0.99, augmentation=NOTHING
)
STREET_SCENES = replace(COMMON, stretch=None, scale=1.0, tile=512, crop=256, augmentation=STREETS)


def main() -> None:
    """Do what is missing, then print the table."""
    args = arguments()
    rows: dict[str, dict[str, Any]] = json.loads(args.out.read_text()) if args.out.is_file() else {}
    for arch in args.arch:
        for task in TASKS if args.task == "both" else (args.task,):
            row = rows.setdefault(arch, {})
            if task not in row or args.again:
                row[task] = measured(task, arch, args)
                atomic.write_bytes(args.out, (json.dumps(rows, indent=1) + "\n").encode())
                print(f"{arch}, {task}: {row[task]}", file=sys.stderr)
    print(table(rows))


def measured(task: str, arch: str, args: argparse.Namespace) -> dict[str, Any]:
    """Learn one task and give its row: figures, parameters, seconds and the budget."""
    encoder = dict(each.split("=", 1) for each in args.encoder).get(arch, ENCODERS[arch])
    if task == "nuclei":
        train, catalog = nuclei(args.data / "nuclei")
        val = train
        options = replace(BY_HEART, steps=args.steps_by_heart, batch=min(8, args.batch))
    else:
        train, catalog = camvid(args.data / "camvid", "train")
        val, _ = camvid(args.data / "camvid", "val")
        options = replace(STREET_SCENES, steps=args.steps, batch=args.batch, minutes=args.minutes)
        options = replace(options, output_stride=args.output_stride)
    rate = args.learning_rate or LEARNING_RATES.get(arch, COMMON.learning_rate)
    options = replace(options, arch=arch, encoder=encoder, learning_rate=rate, device=args.device)
    with tempfile.TemporaryDirectory() as folder:
        taught = learnt(train, catalog, options, Path(folder))
        matrix = looked_at(val, Path(folder), options.device)
    values = [c.value for c in catalog.foreground] if task == "nuclei" else list(catalog.values)
    return {
        "encoder": encoder,
        "iou": matrix.miou(values),
        "per_class": {c.name: matrix.of(c.value).iou for c in catalog.classes},
        **taught,
        "batch": options.batch,
        "crop": options.crop,
        "output_stride": options.output_stride,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }


def learnt(
    images: Sequence[TrainingImage], catalog: ClassCatalog, options: TrainingOptions, folder: Path
) -> dict[str, Any]:
    """Train to the end of the budget and save the model; how many parameters it has, the steps and the seconds."""
    device = chosen_device(options.device)
    card = first_card(catalog, options)
    torch.manual_seed(options.seed)
    network = plugins.load("labeltool.architectures", options.arch)(card)
    learner = Learner(network, card, options, device)
    sampler = CropSampler(Examples(images, card), options, cancel=CancelToken(), progress=silent)
    began, share, losses = time.monotonic(), 0.0, []
    with closing(sampler.batches()) as batches:
        for step, batch in enumerate(batches):
            losses.append(learner.step(batch, share, step)["loss"])
            seconds = time.monotonic() - began
            share = max(
                (step + 1) / options.steps, seconds / (60 * options.minutes) if options.minutes else 0
            )
            if share >= 1:
                break
    save_network(folder, card, learner.averaged.cpu())
    parameters = sum(each.numel() for each in network.parameters())
    return {
        "parameters": parameters,
        "steps": step + 1,
        "seconds": round(seconds, 1),
        "loss": round(float(np.mean(losses[-20:])), 4),
    }


def looked_at(images: Sequence[TrainingImage], folder: Path, device: str) -> ConfusionMatrix:
    """Every pixel's truth against what the saved model says, tile by tile."""
    card, network = load_network(folder)
    segmenter: Segmenter = TorchSegmenter(card, network, chosen_device(device), InferenceOptions())
    matrix = ConfusionMatrix()
    for image in images:
        truth = image.load_label()
        with open_fed(image.path, image.page, card.values, card.bands) as reader:
            for part in segment(reader, segmenter):
                matrix.add(truth[part.box.slices()], part.label)
    return matrix


def nuclei(folder: Path) -> tuple[list[TrainingImage], ClassCatalog]:
    """Of the images of 360 x 360 pixels, whose nuclei have clear edges, the eight with the largest ones."""

    def size(row: dict[str, str]) -> float:
        return float((_label(folder / "labels" / "train" / f"{row['id']}.png") == 1).sum()) / int(
            row["nuclei"]
        )

    with (folder / "manifest_train.csv").open(encoding="utf-8") as file:
        clear = [row for row in csv.DictReader(file) if (row["width"], row["height"]) == ("360", "360")]
    largest = sorted(clear, key=size, reverse=True)[:8]
    return _images(folder, "train", [row["id"] for row in largest]), _catalog(folder)


def camvid(folder: Path, split: str) -> tuple[list[TrainingImage], ClassCatalog]:
    """All images of a split."""
    names = sorted(path.stem for path in (folder / "labels" / split).glob("*.png"))
    return _images(folder, split, names), _catalog(folder)


def _images(folder: Path, split: str, names: Sequence[str]) -> list[TrainingImage]:
    return [
        TrainingImage(
            name,
            next((folder / "images" / split).glob(f"{name}.*")),
            partial(_label, folder / "labels" / split / f"{name}.png"),
        )
        for name in names
    ]


def _label(path: Path) -> Plane8:
    return np.array(Image.open(path))


def _catalog(folder: Path) -> ClassCatalog:
    return ClassCatalog.from_json(json.loads((folder / "classes.json").read_text(encoding="utf-8")))


def table(rows: dict[str, dict[str, Any]]) -> str:
    """Markdown; a dash where nothing is measured yet."""
    head = "| architecture | encoder | parameters | IoU, 8 nuclei images | steps | mIoU, CamVid val | steps | seconds |"
    lines = [head, "|---|---|--:|--:|--:|--:|--:|--:|"]
    for arch in ENCODERS:
        found = [rows.get(arch, {}).get(task) for task in TASKS]
        if any(found):
            heart, streets = found
            known = streets or heart or {}
            cells = [arch, known["encoder"], f"{known['parameters'] / 1e6:.1f} M"]
            cells += [f"{heart['iou']:.3f}", str(heart["steps"])] if heart else ["–", "–"]
            cells += (
                [f"{streets['iou']:.3f}", str(streets["steps"]), f"{streets['seconds']:.0f}"]
                if streets
                else ["–", "–", "–"]
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--arch", nargs="+", choices=list(ENCODERS), default=list(ENCODERS))
    parser.add_argument("--task", choices=(*TASKS, "both"), default="both")
    parser.add_argument("--encoder", nargs="+", default=[], metavar="ARCH=NAME", help="another encoder")
    parser.add_argument("--steps", type=int, default=600, help="of CamVid")
    parser.add_argument("--minutes", type=float, help="of CamVid, where they are over before the steps")
    parser.add_argument("--steps-by-heart", type=int, default=500, help="of the eight images")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument(
        "--output-stride", type=int, choices=(8, 16), default=16, help="on CamVid; the other takes 8"
    )
    parser.add_argument("--learning-rate", type=float, help="in place of each one's own")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, default=Path("architectures.json"))
    parser.add_argument("--again", action="store_true", help="also what is done already")
    shared = os.environ.get("LABELTOOL_SHARED_DATA", ROOT.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(shared))
    args = parser.parse_args()
    for task in TASKS:
        if not (args.data / task).is_dir():
            parser.error(
                f"no {task} in {args.data}; --data or LABELTOOL_SHARED_DATA names the folder of the data"
            )
    return args


if __name__ == "__main__":
    main()
