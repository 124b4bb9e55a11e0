"""``labeltool agreement``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from labeltool.cli import arguments
from labeltool.cli.damaged import tell_damaged
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.cli.table import figure, table
from labeltool.core.words import counted

SUMMARY = "compare the labels of several annotators of the same images"


def add_arguments(parser: ArgumentParser) -> None:
    """The project, the images, and the two layers."""
    arguments.project(parser)
    parser.add_argument(
        "--between",
        nargs=2,
        metavar=("A", "B"),
        help="two references, or one and 'annotation' (default: every two that some image has)",
    )
    arguments.split(parser, "only images of this split (default: all)")
    parser.add_argument("--images", metavar="GLOB", help="a shell pattern for names or paths (default: all)")
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Compare; the project is only read."""
    from labeltool.app.people.agreement import agreement
    from labeltool.app.project import chosen

    with open_project(args.dir, out, write=False) as store:
        between = (args.between[0], args.between[1]) if args.between else None
        records = chosen(store, args.split, args.images)
        pairs, skipped = agreement(store, records, between, progress=out.progress, cancel=out.cancel)
        result = {"pairs": [pair.to_json(store.catalog) for pair in pairs]}
    out.say("\n\n".join(describe(pair) for pair in result["pairs"]))
    left_out = out.skipped(skipped)
    tell_damaged(skipped, args.dir, out)
    return {**result, "skipped": left_out}


def describe(pair: dict[str, Any]) -> str:
    """The figures of two layers for people."""
    pooled, rows = pair["pooled"], []
    for name, scores in pooled["per_class"].items():
        rows.append([name, figure(scores["iou"]), figure(scores["dice"])])
    pixels = pooled["pixels"]
    only = f", {pixels['only_a']:,} only of {pair['a']}, {pixels['only_b']:,} only of {pair['b']}"
    return "\n".join(
        [
            f"{pair['a']} and {pair['b']}, {counted(pair['images'], 'image')}",
            table(["class", "IoU", "Dice"], rows),
            f"Cohen's kappa {figure(pooled['kappa'])}, pixel agreement {figure(pooled['pixel_agreement'])}, "
            f"{pixels['counted']:,} pixels{only if pixels['only_a'] or pixels['only_b'] else ''}",
        ]
    )
