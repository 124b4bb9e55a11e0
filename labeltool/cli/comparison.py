"""A comparison of two models as people read it."""

from __future__ import annotations

from typing import Any

from labeltool.cli.table import figure, table
from labeltool.core.words import counted

FIGURES = {"iou": "IoU", "boundary_iou": "boundary IoU", "ece": "ECE"}
SIDES = {"a": "a", "b": "b", "difference": "b - a"}
NAMED = 10
"""Images that are named: those on which the models differ most."""


def describe(result: dict[str, Any]) -> str:
    """Figures of images that neither model has seen first, of the others below and under their own heading."""
    parts = [f"a: {result['a']}\nb: {result['b']}", *_warnings(result)]
    if result["unseen"]:
        was = "is known to have been" if result["unrecorded"] else "was"
        parts.append(_figures(result["unseen"], f"On {{images}} images that neither {was} trained on:"))
    if result["seen"]:
        heading = "On {images} IMAGES THAT ONE OF THEM WAS TRAINED ON and knows by heart:"
        parts.append(_figures(result["seen"], heading))
    parts.append(_images(result["per_image"]))
    return "\n\n".join(parts)


def _warnings(result: dict[str, Any]) -> list[str]:
    lines = [
        f"Nobody recorded all images that {key} was trained on; some of these may be among them."
        for key in result["unrecorded"]
    ]
    lines += [
        f"{name} does not know: {', '.join(lacks)}" for name, lacks in result["lacking"].items() if lacks
    ]
    if not result["unseen"]:
        lines.append(
            "There is no image that neither was trained on: these figures do not say which is better."
        )
    return ["\n".join(lines)] if lines else []


def _figures(group: dict[str, Any], heading: str) -> str:
    rows = [
        [name, *(_signed(of[key], side) for key in FIGURES for side in SIDES)]
        for name, of in group["per_class"].items()
    ]
    heads = ["class", *(f"{title} {side}" for title in FIGURES.values() for side in SIDES.values())]
    better, pixels = group["better"], group["pixels"]
    return "\n".join(
        [
            heading.format(images=group["images"]),
            table(heads, rows),
            f"mIoU {figure(group['miou']['a'])} and {figure(group['miou']['b'])}, "
            f"ECE {figure(group['ece']['a'])} and {figure(group['ece']['b'])}",
            f"a is better on {counted(better['a'], 'image')}, b on {better['b']}; the same on {better['same']}",
            f"they disagree on {pixels['disagree']} pixels; "
            f"of {pixels['counted']} that count, only a is right on {pixels['only_a_right']}, "
            f"only b on {pixels['only_b_right']}",
        ]
    )


def _signed(of: dict[str, float | None], side: str) -> str:
    value = of[side]
    return figure(value) if side != "difference" or value is None else f"{value:+.3f}"


def _images(rows: list[dict[str, Any]]) -> str:
    def apart(row: dict[str, Any]) -> float:
        return abs(float(row["b"]["miou"] or 0) - float(row["a"]["miou"] or 0))

    most = sorted(rows, key=apart, reverse=True)[:NAMED]
    lines = [
        [
            row["name"],
            figure(row["a"]["miou"]),
            figure(row["b"]["miou"]),
            row["better"],
            str(row["pixels"]["disagree"]),
            ", ".join(f"{side}: {row[side]['used_for']}" for side in ("a", "b") if row[side]["used_for"]),
        ]
        for row in most
    ]
    heads = ["where they differ most", "mIoU a", "mIoU b", "better", "pixels apart", "used for"]
    return table(heads, lines) if lines else "No image could be compared."
