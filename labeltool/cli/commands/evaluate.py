"""``labeltool evaluate``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from labeltool.cli import arguments
from labeltool.cli.damaged import tell_damaged
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.cli.table import figure, table
from labeltool.core.words import counted

SUMMARY = "compare a model's predictions with the annotation"


def add_arguments(parser: ArgumentParser) -> None:
    """The project, the model and the split."""
    arguments.project(parser)
    arguments.model(parser)
    arguments.inference(parser)
    arguments.split(parser, "only images of this split (default: all)")
    parser.add_argument(
        "--unseen", action="store_true", help="leave out the images that the model was trained on"
    )
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Count the pixels that somebody has set; run the model where no prediction is kept."""
    from labeltool.app.evaluate import evaluate
    from labeltool.app.models import find_model
    from labeltool.app.project import chosen

    how = arguments.how(args)
    with open_project(args.dir, out) as store:
        model = find_model(args.model, store.catalog, store.root)
        records = chosen(store, args.split)
        found, skipped = evaluate(
            store,
            records,
            model,
            how,
            unseen=args.unseen,
            progress=out.progress,
            cancel=out.cancel,
        )
    for text in found.notices:
        out.notice(text)
    result = {**found.to_json(), "model": model.prediction_key(how)}
    out.say("\n\n".join(filter(None, (describe(result), reliability(result), honesty(result)))))
    left_out = out.skipped(skipped)
    tell_damaged(skipped, args.dir, out)
    return {**result, "skipped": left_out}


def describe(result: dict[str, Any]) -> str:
    """The figures as a table for people."""
    rows = [
        [
            name,
            *(figure(row[key]) for key in ("iou", "f1", "precision", "recall")),
            figure(result["mean_iou_over_images"][name]),
            figure(result["boundary_iou"][name]),
            figure(result["ece_per_class"][name]),
        ]
        for name, row in result["per_class"].items()
    ]
    heads = ["class", "IoU", "F1", "precision", "recall", "IoU, mean of images", "boundary IoU", "ECE"]
    return "\n".join(
        [
            table(heads, rows),
            f"mIoU {figure(result['miou'])}, pixel accuracy {figure(result['pixel_accuracy'])}, "
            f"ECE {figure(result['ece'])}, {counted(result['images'], 'image')}, model {result['model']}",
        ]
    )


def reliability(result: dict[str, Any]) -> str:
    """How often the model is right where it says how sure it is; bins without a pixel are left out."""
    rows = [
        [
            f"{each['low']:.2f} to {each['high']:.2f}" if each["low"] < 1 else "certain",
            figure(each["confidence"]),
            figure(each["accuracy"]),
            str(each["pixels"]),
        ]
        for each in result["reliability"]
        if each["pixels"]
    ]
    return table(["confidence", "mean", "right", "pixels"], rows) if rows else ""


def honesty(result: dict[str, Any]) -> str:
    """What must be known to believe the figures: which of the images the model has met before."""
    lines = []
    if not result["training_known"]:
        lines.append(
            "Nobody recorded all images that this model was trained on; some of these may be among them."
        )
    if result["seen"]:
        count, images = result["trained_on"], result["images"]
        lines.append(f"THE MODEL WAS TRAINED ON {count} OF THESE {images} IMAGES, which it knows by heart.")
        lines.append(f"mIoU on these: {figure(result['seen']['miou'])}.")
        if result["unseen"]:
            lines.append(f"mIoU on the {images - count} others: {figure(result['unseen']['miou'])}.")
            lines.append("--unseen leaves the first out.")
    if result["chosen_on"]:
        lines.append(
            f"Its weights were chosen by {result['chosen_on']} of these images: expect a little less on others."
        )
    if result["left_out"]:
        lines.append(f"Left out: {counted(result['left_out'], 'image')} that it was trained on.")
    return "\n".join(lines)
