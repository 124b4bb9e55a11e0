"""``labeltool label-errors``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labeltool.cli import arguments
from labeltool.cli.commands.review import SHOWN, count, to_json
from labeltool.cli.damaged import tell_damaged
from labeltool.cli.naming import UsageError
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.cli.table import table
from labeltool.cli.training_flags import add_training_flags, read_training_flags, typed_flags
from labeltool.core.words import counted

if TYPE_CHECKING:
    from labeltool.app.review.folds import Folds
    from labeltool.core.project import Skipped
    from labeltool.inference.training_options import TrainingOptions
    from labeltool.store.project import ProjectStore

SUMMARY = "list where labels may be wrong, as judged by models that have never seen them"


def add_arguments(parser: ArgumentParser) -> None:
    """The project, the folds and how their models are trained."""
    from labeltool.app.review.choices import FoldChoices
    from labeltool.inference.training_options import PRESETS

    usual = FoldChoices()
    arguments.project(parser)
    parser.add_argument(
        "--folds",
        type=int,
        metavar="K",
        help=f"deal the labelled images into K; a model for each learns from the others (default: {usual.count})",
    )
    parser.add_argument(
        "--count", metavar="N", type=count, default=SHOWN, help=f"how many are listed (default: {SHOWN})"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="train anew on the labels as they are now; else what is there is used",
    )
    parser.add_argument(
        "--pattern",
        metavar="REGEX",
        help="finds the patient or scene in an image's path, for example (P[0-9]+)_; none is divided",
    )
    parser.add_argument(
        "--preset",
        choices=PRESETS,
        help=f"how models are trained (default: {usual.preset}, {usual.minutes:g} minutes each)",
    )
    arguments.progress(parser)
    add_training_flags(parser)
    parser.set_defaults(name=None)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Train and predict what is missing, then list; after Ctrl+C the next call goes on."""
    from labeltool.app.review.folds import follow_folds
    from labeltool.app.review.label_errors import image_scores, label_errors, useless_models
    from labeltool.app.review.making import review
    from labeltool.inference.options import InferenceOptions
    from labeltool.store.comparisons import Comparisons

    with open_project(args.dir, out) as store:
        folds, skipped = _folds(args, store)
        if folds.missing(store):
            out.notice(_how_long(folds))
        how = InferenceOptions(device=folds.options.device)
        report = follow_folds(store, folds, how, progress=out.progress, cancel=out.cancel)
        judged = folds.judged(store.images())
        listing = review(store, Comparisons(store.root), judged, folds.key, cancel=out.cancel)
        view = label_errors(listing)
        images = image_scores(store, folds.key, cancel=out.cancel)
        files = {record.id: str(record.path) for record in judged}
    notices = list(filter(None, (*report.notices, *listing.notices, useless_models(listing))))
    for text in notices:
        out.notice(text)
    entries = [view[number] for number in range(min(args.count, len(view)))]
    errors = [
        {**to_json(entry, listing.catalog), "file": files[entry.record.id], "score": entry.rank.value}
        for entry in entries
    ]
    out.say(_described(errors, len(view), len(listing.images)))
    skipped = [*dict.fromkeys((*skipped, *report.skipped, *listing.skipped))]
    left_out = out.skipped(skipped)
    tell_damaged(skipped, args.dir, out)
    return {
        "folds": folds.name,
        "key": folds.key,
        "images": len(listing.images),
        "total": len(view),
        "errors": errors,
        "image_scores": [
            {"id": image, "file": files[image], "score": images[image]}
            for image in sorted(images, key=lambda image: images[image])
        ],
        "notices": notices,
        "skipped": left_out,
    }


def _folds(args: Namespace, store: ProjectStore) -> tuple[Folds, list[Skipped]]:
    """The folds that are there, or new ones."""
    from labeltool.app.review.choices import FoldChoices
    from labeltool.app.review.folds import all_folds, begin_folds

    known = all_folds(store.root)
    if args.again or not known:
        count = FoldChoices.count if args.folds is None else args.folds
        return begin_folds(store, _options(args), count, pattern=args.pattern or "")
    typed = typed_flags(args, "folds", "pattern", "preset")
    if typed:
        raise UsageError(
            f"the folds {known[-1].name} are as they were dealt: leave out {', '.join(typed)}",
            hint="--again deals and trains anew",
        )
    return known[-1], []


def _options(args: Namespace) -> TrainingOptions:
    """How the models are trained, and where nothing is said of it for how long."""
    from labeltool.app.review.choices import FoldChoices

    usual = FoldChoices()
    args.preset = args.preset or usual.preset
    options = read_training_flags(args, "folds")
    if args.steps is not None:
        return replace(options, minutes=args.minutes)
    return replace(options, steps=usual.options().steps, minutes=args.minutes or usual.minutes)


def _how_long(folds: Folds) -> str:
    """What has to be waited for."""
    options = folds.options
    each = counted(options.steps, "step")
    if options.minutes:
        each = f"{options.minutes:g} minute{'' if options.minutes == 1 else 's'}"
    return f"{folds.count} models are trained first, for {each} each; after Ctrl+C the next call goes on"


def _described(errors: Sequence[dict[str, Any]], total: int, images: int) -> str:
    """The list for people."""
    rows = [
        [
            row["image"],
            f"{row['truth']} : {row['predicted']}",
            "{},{}".format(*row["seed"]),
            f"{row['area']:,}",
            f"{row['confidence']:.2f}",
            f"{row['score']:.3g}",
        ]
        for row in errors
    ]
    heads = ["image", "label : model", "at x,y", "area", "confidence", "score"]
    lines = [table(heads, rows)] if rows else []
    lines.append(
        f"{counted(total, 'place')} in {counted(images, 'image')} where a label may be wrong, the likeliest first"
    )
    return "\n".join(lines)
