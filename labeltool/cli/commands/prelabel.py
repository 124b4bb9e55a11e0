"""``labeltool prelabel``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from labeltool.cli import arguments
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output

SUMMARY = "let a model draw first masks"


def add_arguments(parser: ArgumentParser) -> None:
    """The project, the model and which images."""
    arguments.project(parser)
    arguments.model(parser)
    parser.add_argument(
        "--images", metavar="GLOB", help="only images whose name or path matches, as in '*.png'"
    )
    arguments.split(parser, "only images of this split")
    parser.add_argument("--predict-only", action="store_true", help="leave the annotation alone")
    parser.add_argument("--again", action="store_true", help="run the model where its prediction is kept too")
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Predict, keep the predictions, and fill in what nobody has labelled."""
    from labeltool.app.models import find_model
    from labeltool.app.prelabel import fill_annotation, predict
    from labeltool.app.project import chosen

    with open_project(args.dir, out) as store:
        model = find_model(args.model, store.catalog, store.root)
        records = chosen(store, args.split, args.images)

        def fill(record: Any) -> None:
            if not args.predict_only:
                fill_annotation(store, record, model.key)

        report = predict(
            store,
            records,
            model,
            args.device,
            again=args.again,
            progress=out.progress,
            cancel=out.cancel,
            done=fill,
        )
    skipped = out.skipped(report.skipped)
    out.say(
        f"{report.images} images pre-labelled by {report.model} in {report.seconds:.1f} s "
        f"({report.tiles} tiles, {report.kept} predictions were kept from before)."
    )
    out.exit_code = int(bool(skipped) and not report.images)
    return {
        "images": report.images,
        "kept": report.kept,
        "tiles": report.tiles,
        "seconds": round(report.seconds, 3),
        "device": report.device,
        "engine": report.engine,
        "model": report.model,
        "skipped": skipped,
    }
