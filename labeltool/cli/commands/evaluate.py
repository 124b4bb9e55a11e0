"""``labeltool evaluate``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from labeltool.cli import arguments
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.cli.table import figure, table

SUMMARY = "compare a model's predictions with the annotation"


def add_arguments(parser: ArgumentParser) -> None:
    """The project, the model and the split."""
    arguments.project(parser)
    arguments.model(parser)
    arguments.split(parser, "only images of this split (default: all)")
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Count the pixels that somebody has set; run the model where no prediction is kept."""
    from labeltool.app.evaluate import evaluate
    from labeltool.app.models import find_model
    from labeltool.app.project import chosen

    with open_project(args.dir, out) as store:
        model = find_model(args.model, store.catalog, store.root)
        records = chosen(store, args.split)
        found, skipped = evaluate(
            store, records, model, args.device, progress=out.progress, cancel=out.cancel
        )
    result = {**found.to_json(), "model": model.key}
    out.say(describe(result))
    return {**result, "skipped": out.skipped(skipped)}


def describe(result: dict[str, Any]) -> str:
    """The figures as a table for people."""
    rows = [
        [
            name,
            *(figure(row[key]) for key in ("iou", "f1", "precision", "recall")),
            figure(result["mean_iou_over_images"][name]),
            figure(result["boundary_iou"][name]),
        ]
        for name, row in result["per_class"].items()
    ]
    heads = ["class", "IoU", "F1", "precision", "recall", "IoU, mean of images", "boundary IoU"]
    return "\n".join(
        [
            table(heads, rows),
            f"mIoU {figure(result['miou'])}, pixel accuracy {figure(result['pixel_accuracy'])}, "
            f"{result['images']} images, model {result['model']}",
        ]
    )
