"""``labeltool review``."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Any, get_args

from labeltool.app.choices import Order
from labeltool.cli import arguments
from labeltool.cli.damaged import tell_damaged
from labeltool.cli.naming import UsageError, meant
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.cli.table import figure, table
from labeltool.core.words import counted

if TYPE_CHECKING:
    from labeltool.app.review.listing import Entry, Filter, Listing, View
    from labeltool.core.catalog import ClassCatalog
    from labeltool.core.project import Skipped
    from labeltool.store.project import ProjectStore

SUMMARY = "list where a model or another annotator disagrees with the annotation"

KINDS = ("false_positive", "false_negative", "confusion")
SHOWN = 20


def add_arguments(parser: ArgumentParser) -> None:
    """The project, the other layer, and which disagreements are meant."""
    arguments.project(parser)
    arguments.model(parser)
    arguments.inference(parser)
    parser.add_argument("--reference", metavar="NAME", help="another annotator's masks, in place of a model")
    parser.add_argument("--predict", action="store_true", help="run the model where no prediction is kept")
    arguments.split(parser, "only images of this split (default: all)")
    parser.add_argument(
        "--order",
        choices=get_args(Order),
        default="weight",
        help="what comes first: area times confidence (weight, the default), area, confidence, or weight of the "
        "interior alone",
    )
    parser.add_argument(
        "--count", metavar="N", type=count, default=SHOWN, help=f"how many are listed (default: {SHOWN})"
    )
    parser.add_argument("--kind", choices=KINDS, help="only of this kind")
    parser.add_argument(
        "--cell",
        metavar="TRUTH:PREDICTED",
        help="only of one cell of the confusion matrix, named by two classes",
    )
    parser.add_argument(
        "--interior", action="store_true", help="leave out those that lie within 2 pixels of outlines"
    )
    parser.add_argument("--answered", action="store_true", help="also those that a reviewer has answered")
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Compare what has changed since the last time, and list the disagreements."""
    from labeltool.app.project import chosen
    from labeltool.app.review.figures import figures
    from labeltool.app.review.making import review
    from labeltool.store.comparisons import Comparisons

    if args.reference is not None and (args.model is not None or args.predict):
        raise UsageError("--reference takes the place of a model: leave out --model and --predict")
    with open_project(args.dir, out, write=args.predict) as store:
        wanted = _filter(args, store.catalog)
        records = chosen(store, args.split)
        layer, skipped = _layer(args, out, store)
        cache = Comparisons(store.root)
        listing = review(store, cache, records, layer, progress=out.progress, cancel=out.cancel)
        _refuse_nothing(listing, store, args)
        found = figures(listing, cache)
    for notice in listing.notices:
        out.notice(notice)
    if listing.missing:
        lack = "lacks" if len(listing.missing) == 1 else "lack"
        out.notice(
            f"{counted(len(listing.missing), 'image')} {lack} {layer}{'' if args.reference else '; --predict makes it'}"
        )
    view = listing.view(wanted, args.order)
    entries = [view[number] for number in range(min(args.count, len(view)))]
    result = {
        "layer": layer,
        **found.to_json(),
        "missing": len(listing.missing),
        "compared_anew": listing.made,
        "total": totals(view),
        "disagreements": [to_json(entry, store.catalog) for entry in entries],
    }
    out.say(describe(result))
    skipped = [*dict.fromkeys((*skipped, *listing.skipped))]
    left_out = out.skipped(skipped)
    tell_damaged(skipped, args.dir, out)
    return {**result, "skipped": left_out}


def to_json(entry: Entry, catalog: ClassCatalog) -> dict[str, Any]:
    """A disagreement as plain JSON values; box is [x0, y0, x1, y1], seed [column, row]."""
    from labeltool.app.review.figures import name_of

    record, found, _ = entry
    return {
        "image": record.name,
        "id": record.id,
        "box": list(found.box),
        "seed": list(found.seed),
        "truth": name_of(catalog, found.truth),
        "predicted": name_of(catalog, found.predicted),
        "kind": str(found.kind),
        "area": found.area,
        "interior": found.interior,
        "confidence": found.confidence,
        "weight": found.weight,
        "answered": found.answered,
    }


def totals(view: View) -> dict[str, Any]:
    """How many disagreements a view has, and their pixels."""
    rows = view.table
    return {
        "disagreements": len(rows),
        "area": int(rows["area"].sum()),
        "interior": int(rows["interior"].sum()),
        "images": len(set(view.listing.of_image[view.rows].tolist())),
    }


def describe(result: dict[str, Any]) -> str:
    """The list and the figures for people."""
    rows = [
        [
            row["image"],
            "{},{} {}x{}".format(
                *row["box"][:2], row["box"][2] - row["box"][0], row["box"][3] - row["box"][1]
            ),
            f"{row['truth']} : {row['predicted'] or 'nothing'}",
            row["kind"].replace("_", " "),
            f"{row['area']:,}",
            f"{row['interior']:,}",
            f"{row['confidence']:.2f}",
            f"{row['weight']:,.0f}",
        ]
        for row in result["disagreements"]
    ]
    heads = ["image", "place", "truth : predicted", "kind", "area", "interior", "confidence", "weight"]
    total = result["total"]
    more = total["disagreements"] - len(rows)
    lines = [table(heads, rows)] if rows else []
    if more:
        lines.append(f"… and {more:,} more; --count lists more of them")
    lines.append(
        f"{counted(total['disagreements'], 'disagreement')} of {counted(total['area'], 'pixel')}, "
        f"{total['interior']:,} of them interior, in {counted(total['images'], 'image')}"
    )
    lines.append(f"mIoU {figure(result['miou'])}, {counted(result['images'], 'image')}, {result['layer']}")
    return "\n".join(lines)


def _layer(args: Namespace, out: Output, store: ProjectStore) -> tuple[str, list[Skipped]]:
    """The key of the layer that is meant, whose predictions are made if that is wanted; and what was left out."""
    from labeltool.app.evaluate import labelled_images
    from labeltool.app.models import find_model
    from labeltool.app.prelabel import predict
    from labeltool.app.project import chosen
    from labeltool.store.predictions import GOLD, reference_key

    if args.reference == GOLD:
        raise UsageError(
            "gold is hidden, so that nobody labels by it",
            hint="`labeltool gold DIR report` judges people by it",
        )
    if args.reference is not None:
        return reference_key(args.reference), []
    how = arguments.how(args)
    model = find_model(args.model, store.catalog, store.root)
    if not args.predict:
        return model.prediction_key(how), []
    labelled, skipped = labelled_images(store, chosen(store, args.split))
    report = predict(store, labelled, model, how, progress=out.progress, cancel=out.cancel)
    for notice in report.notices:
        out.notice(notice)
    return report.model, [*skipped, *report.skipped]


def _refuse_nothing(listing: Listing, store: ProjectStore, args: Namespace) -> None:
    """BadInputError where there is nothing to compare."""
    from labeltool.core.errors import BadInputError

    if not listing.images and not listing.skipped:
        if args.reference is None:
            hint = "--predict makes predictions, --model names another model"
        else:
            names = {name for record in listing.missing for name in store.references(record.id)}
            hint = f"There are: {', '.join(sorted(names)) or 'none'}"
        raise BadInputError(f"no image of the project has {listing.layer}", file=store.root, hint=hint)


def _filter(args: Namespace, catalog: ClassCatalog) -> Filter:
    from labeltool.app.review.listing import Filter
    from labeltool.core.error_map import Kind

    truth, predicted = (None, None) if args.cell is None else _cell(args.cell, catalog)
    kind = None if args.kind is None else Kind(args.kind)
    return Filter(truth, predicted, kind, interior=args.interior, answered=args.answered)


def _cell(text: str, catalog: ClassCatalog) -> tuple[int, int]:
    """The values of two classes; a name may have colons in it. UsageError where there are no such classes."""
    parts = text.split(":")
    for at in range(1, len(parts)):
        found = [catalog.by_name(":".join(side)) for side in (parts[:at], parts[at:])]
        if found[0] is not None and found[1] is not None:
            return found[0].value, found[1].value
    names = [c.name for c in catalog.classes]
    raise UsageError(
        f"{text!r} does not name two classes, as in {names[0]}:{names[-1]}",
        hint=f"{meant(parts[0], names)}There are: {', '.join(names)}",
    )


def count(text: str) -> int:
    """How many entries are wanted, as it is typed; 0 is none."""
    if not text.isdigit():
        raise ArgumentTypeError("a whole number is wanted")
    return int(text)
