"""``labeltool rank``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from typing import TYPE_CHECKING, Any

from labeltool import plugins
from labeltool.cli import arguments
from labeltool.cli.opening import open_project
from labeltool.cli.options import add_options, read_options
from labeltool.cli.output import Output
from labeltool.cli.table import table

if TYPE_CHECKING:
    from labeltool.app.models import Model
    from labeltool.app.queue import Queue
    from labeltool.store.project import ProjectStore

SUMMARY = "suggest which images to label next"


def add_arguments(parser: ArgumentParser) -> None:
    """The project, the model, how to choose and how many."""
    from labeltool.app.choices import Ranking

    parser.formatter_class = RawDescriptionHelpFormatter
    arguments.project(parser)
    arguments.model(parser)
    names = plugins.names("labeltool.strategies")
    parser.add_argument(
        "--strategy",
        choices=("auto", *names),
        default="auto",
        help="how to choose (default: auto, which is typiclust until ten images are labelled, then stratified)",
    )
    add_options(parser, Ranking)
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Rank, keep the queue in the project, and show it."""
    from labeltool.app.choices import Ranking
    from labeltool.app.queue import helping, rank
    from labeltool.cli.naming import UsageError
    from labeltool.inference.options import InferenceOptions

    options = read_options(args, Ranking)
    if options.count < 1:
        raise UsageError("--count is a number from 1 on")
    with open_project(args.dir, out) as store:
        queue = rank(
            store,
            _model(args.model, store, out),
            args.strategy,
            options,
            InferenceOptions(args.device),
            progress=out.progress,
            cancel=out.cancel,
        )
        helps = helping(store, queue, out.cancel)
        names = {record.id: record.name for record in store.images()}
    for notice in queue.notices:
        out.notice(notice)
    skipped = out.skipped(queue.skipped)
    out.say(describe(queue, names))
    if helps.ranked or helps.control:
        out.say(f"{helps.sentence}.")
    out.exit_code = int(bool(skipped) or not queue.suggestions)
    return {**_json(queue, names), "skipped": skipped, "helping": helps.to_json()}


def _model(wanted: str | None, store: ProjectStore, out: Output) -> Model | None:
    """The model that is meant; None where nobody named one and there is none for this project."""
    from labeltool.app.models import find_model
    from labeltool.core.errors import ModelError

    try:
        return find_model(wanted, store.catalog, store.root)
    except ModelError as error:
        if wanted is not None:
            raise
        out.notice(f"{error.message}: images are told apart by their thumbnails")
        return None


def describe(queue: Queue, names: dict[str, str]) -> str:
    """The queue for people."""
    rows = [
        [
            names.get(each.image, each.image)
            + ("" if each.box is None else f" at {each.box.x0}, {each.box.y0}"),
            "–" if each.seconds is None else f"{each.seconds:.0f}",
            "random" if each.control else f"{each.score:.4g}",
        ]
        for each in queue.suggestions
    ]
    heads, *lines = table(["image", "seconds", "score"], rows).splitlines()
    lines = [f"{line}  {each.why}" for line, each in zip(lines, queue.suggestions, strict=True)]
    lines = [heads, *lines] if lines else ["There is nothing to suggest."]
    if queue.doubles:
        lines.append("Left out, because they are nearly the same as another image:")
        lines += [f"  {names.get(d.image, d.image)} as {names.get(d.of, d.of)}" for d in queue.doubles]
    return "\n".join(lines)


def _json(queue: Queue, names: dict[str, str]) -> dict[str, Any]:
    data = queue.to_json()
    del data["past"], data["version"]
    for each in data["suggestions"]:
        each["name"] = names.get(each["image"], "")
    for each in data["doubles"]:
        each |= {"name": names.get(each["image"], ""), "of_name": names.get(each["of"], "")}
    return data
