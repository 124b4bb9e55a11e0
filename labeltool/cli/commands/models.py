"""``labeltool models``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeltool.cli import arguments
from labeltool.cli.naming import UsageError
from labeltool.cli.opening import open_project
from labeltool.cli.output import Output
from labeltool.cli.table import table

if TYPE_CHECKING:
    from labeltool.app.models import Model

SUMMARY = "list the models, or add one to a project"
ACTIONS = ("list", "add")


def add_arguments(parser: ArgumentParser) -> None:
    """A project and what to do, both of which may be left out."""
    parser.usage = "labeltool models [DIR] [list | add PATH] [--json]"
    parser.add_argument(
        "words",
        metavar="DIR list|add PATH",
        nargs="*",
        help="DIR: a project, whose models are listed beside the embedded ones; "
        "add PATH: a folder with card.json and weights.safetensors, tried out and copied into the project",
    )
    arguments.device(parser)


def run(args: Namespace, out: Output) -> dict[str, Any]:
    """List or add."""
    root, action, path = _meaning(list(args.words))
    if action == "add" and root is not None and path is not None:
        return _add(root, path, args.device, out)
    return _list(root, out)


def _meaning(words: list[str]) -> tuple[Path | None, str, Path | None]:
    root = Path(words.pop(0)) if words and words[0] not in ACTIONS else None
    action = words.pop(0) if words else "list"
    complete = {"list": not words, "add": len(words) == 1 and root is not None}
    if not complete.get(action, False):
        hint = "labeltool models [DIR] [list], or labeltool models DIR add PATH"
        raise UsageError("this is not understood", hint=hint)
    return root, action, Path(words[0]) if words else None


def _list(root: Path | None, out: Output) -> dict[str, Any]:
    from labeltool.app.models import embedded_models, project_models

    own: list[Model] = []
    if root is not None:
        with open_project(root, out, write=False) as store:
            own = project_models(store.root)
    models = [m.to_json() for m in (*own, *embedded_models())]
    rows = [[m["name"], m["source"], m["arch"], m["encoder"], ", ".join(m["classes"])] for m in models]
    out.say(
        table(["name", "from", "network", "encoder", "classes"], rows) if rows else "There are no models."
    )
    return {"models": models}


def _add(root: Path, path: Path, device: str, out: Output) -> dict[str, Any]:
    from labeltool.app.models import add_model

    with open_project(root, out) as store:
        model = add_model(store.root, path, device)
    out.say(f"The project has the model {model.card.name} now.")
    return {"added": model.to_json()}
