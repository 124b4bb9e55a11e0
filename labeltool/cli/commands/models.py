"""``labeltool models``."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from labeltool.cli import arguments
from labeltool.cli.naming import UsageError, meant
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.cli.table import figure, table

if TYPE_CHECKING:
    from labeltool.app.models import Model
    from labeltool.store.project import ProjectStore

SUMMARY = "list a project's models, compare them, and say which is in use"


class Action(NamedTuple):
    """What can be done with models of a project: the words that follow its name, and what it is for."""

    words: tuple[str, ...]
    help: str
    run: Callable[[ProjectStore, list[str], Namespace, Output], dict[str, Any]]


def add_arguments(parser: ArgumentParser) -> None:
    """A project and what to do, both of which may be left out."""
    typed = {name: " ".join((name, *action.words)) for name, action in ACTIONS.items()}
    width = max(map(len, typed.values()))
    lines = [f"  {typed[name]:{width}}  {action.help}" for name, action in ACTIONS.items()]
    parser.usage = "labeltool models [DIR] [ACTION ...] [--split S] [--json]"
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = "\n".join(["actions (list where none is typed):", *lines])
    parser.add_argument("words", metavar="DIR ACTION", nargs="*", help="a project, and what to do there")
    arguments.split(parser, "of compare: only images of this split (default: all)")
    arguments.device(parser)
    arguments.inference(parser)
    arguments.progress(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """Do what the words say; without a project, list the embedded models."""
    words = list(args.words)
    root = Path(words.pop(0)) if words and words[0] not in ACTIONS else None
    name = words.pop(0) if words else "list"
    if name not in ACTIONS:
        known = meant(name, list(ACTIONS))
        raise UsageError(f"there is no action {name!r}", hint=f"{known}Actions: {', '.join(ACTIONS)}")
    action = ACTIONS[name]
    if len(words) != len(action.words) or (root is None and name != "list"):
        raise UsageError(
            "this is not understood", hint=" ".join(("labeltool models DIR", name, *action.words))
        )
    if root is None:
        return _show(None, [], [], [], out)
    with open_project(root, out, write=name not in READING) as store:
        return action.run(store, words, args, out)


def _list(store: ProjectStore, words: list[str], args: Namespace, out: Output) -> dict[str, Any]:
    from labeltool.app.models import broken_models, in_use, project_models, suitable_models
    from labeltool.core.errors import ModelError

    try:
        used = in_use(store.root, store.catalog)
    except ModelError as error:
        used = None
        out.notice(str(error))
    suitable = suitable_models(store.catalog, store.root)
    broken = out.skipped(broken_models(store.root))
    return _show(used, project_models(store.root), broken, suitable, out)


def _show(
    used: Model | None,
    own: list[Model],
    broken: list[dict[str, str]],
    suitable: list[Model],
    out: Output,
) -> dict[str, Any]:
    """All models; of those that are ``suitable`` for a project the first is taken where none is in use."""
    from labeltool.app.models import embedded_models

    fitting = {m.key for m in suitable}
    models = [
        {
            **m.to_json(),
            "in_use": used is not None and m.key == used.key,
            "default": used is None and [m.key] == [s.key for s in suitable[:1]],
            "suitable": m.key in fitting,
        }
        for m in (*own, *embedded_models())
    ]
    rows = [
        [
            m["name"],
            _standing(m, known=bool(suitable)),
            m["source"],
            m["arch"],
            m["encoder"],
            ", ".join(m["classes"]),
            figure(m["score"]),
            m["date"][:16].replace("T", " ") if m["source"] != "embedded" else "",
        ]
        for m in models
    ]
    heads = ["name", "", "from", "network", "encoder", "classes", "IoU on val", "since (UTC)"]
    out.say(table(heads, rows) if rows else "There are no models.")
    return {"models": models, "in_use": used.key if used else None, "broken": broken}


def _standing(model: dict[str, Any], *, known: bool) -> str:
    """What a model is to a project; nothing where there is no project, or one that no model knows."""
    if model["in_use"] or model["default"]:
        return "in use" if model["in_use"] else "by default"
    return "other classes" if known and not model["suitable"] else ""


def _add(store: ProjectStore, words: list[str], args: Namespace, out: Output) -> dict[str, Any]:
    from labeltool.app.models import add_model

    model = add_model(store.root, Path(words[0]), args.device)
    out.say(f"The project has the model {model.card.name} now.")
    return {"added": model.to_json()}


def _compare(store: ProjectStore, words: list[str], args: Namespace, out: Output) -> dict[str, Any]:
    from labeltool.app.comparing import compare
    from labeltool.app.models import find_model
    from labeltool.app.project import chosen
    from labeltool.cli.comparison import describe

    a, b = (find_model(word, store.catalog, store.root) for word in words)
    records = chosen(store, args.split)
    found = compare(store, records, a, b, arguments.how(args), out.progress, out.cancel)
    for text in found.notices:
        out.notice(text)
    result = found.to_json()
    out.say(describe(result))
    return {**result, "skipped": out.skipped(found.skipped)}


def _promote(store: ProjectStore, words: list[str], args: Namespace, out: Output) -> dict[str, Any]:
    from labeltool.app.models import find_model, promote

    model = find_model(words[0], store.catalog, store.root)
    promotion = promote(store.root, model)
    out.say(
        f"The model in use is {model.key} now. `labeltool models DIR rollback` returns to the one before."
    )
    return {"in_use": model.key, "before": promotion.before or None}


def _rollback(store: ProjectStore, words: list[str], args: Namespace, out: Output) -> dict[str, Any]:
    from labeltool.app.models import rollback

    model = rollback(store.root)
    out.say(f"The model in use is {model.key} again.")
    return {"in_use": model.key}


def _remove(store: ProjectStore, words: list[str], args: Namespace, out: Output) -> dict[str, Any]:
    from labeltool.app.models import remove_model

    remove_model(store.root, words[0])
    out.say(f"The project has no model {words[0]} any more. Its predictions are kept.")
    return {"removed": words[0]}


def _quantize(store: ProjectStore, words: list[str], args: Namespace, out: Output) -> dict[str, Any]:
    from labeltool.app.model_files import quantize
    from labeltool.inference.card import INT8_NAME

    examples = [record for record in store.images() if record.split not in ("val", "test")]
    model = quantize(store.root, words[0], images=examples, progress=out.progress, cancel=out.cancel)
    told = json.loads((model.folder / INT8_NAME).read_text(encoding="utf-8"))
    out.say(
        f"{model.card.name} has 8-bit integers now, {told['bytes'] / 1e6:.1f} MB; --engine int8 runs them. "
        f"They give the same class for {100 * told['agreement']:.2f} % of the pixels."
    )
    if told["notice"]:
        out.notice(told["notice"])
    return {"quantized": model.key, "folder": str(model.folder), **told}


def _export(store: ProjectStore, words: list[str], args: Namespace, out: Output) -> dict[str, Any]:
    from labeltool.app.model_files import export_onnx
    from labeltool.app.models import find_model

    model = find_model(words[0], store.catalog, store.root)
    file = export_onnx(model, Path(words[1]), progress=out.progress, cancel=out.cancel)
    out.say(f"{model.key} is {file}.")
    return {"exported": model.key, "file": str(file)}


READING = ("list", "export")
"""Actions that change nothing: they work while the project is open elsewhere."""

ACTIONS = {
    "list": Action((), "what there is, which is in use, and what is broken", _list),
    "add": Action(
        ("PATH",), "copy a folder with card.json and weights.safetensors, once it has loaded", _add
    ),
    "compare": Action(("A", "B"), "judge two models by what people have labelled", _compare),
    "promote": Action(
        ("NAME",), "put a model in use: all commands and the window take it from then on", _promote
    ),
    "rollback": Action((), "put the model in use that was so before", _rollback),
    "remove": Action(("NAME",), "delete a model of the project that is not in use", _remove),
    "quantize": Action(("NAME",), "give it 8-bit integers beside its weights, for --engine int8", _quantize),
    "export": Action(("NAME", "OUT.onnx"), "write it as an ONNX file for other programs", _export),
}
