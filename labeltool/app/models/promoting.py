"""Saying which model of a project is in use, going back to the one before, and letting go of one."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from labeltool.app.models.adding import model_folder
from labeltool.app.models.finding import model_with_key, suitable_models
from labeltool.app.models.journal import JOURNAL, MODELS, Promotion, line_of_use, note, promotions
from labeltool.app.models.model import Model, class_mapping, read_model
from labeltool.core.atomic import TEMPORARY, move, sync_folder
from labeltool.core.catalog import ClassCatalog
from labeltool.core.digest import file_hash
from labeltool.core.errors import ModelError
from labeltool.store.project import ProjectStore


def promote(root: Path, model: Model) -> Promotion:
    """Put a model of the project, or an embedded one, in use. What is in use already stays so.

    Where none was promoted before, a rollback will return to the model that was taken by default; where that was this
    one, there is nothing to go back to. ModelError when its classes are not the project's, or its weights not those of
    its card.
    """
    if model.source == "path":
        raise ModelError(
            "this model is not one of the project",
            file=model.path,
            hint="Add it first: labeltool models DIR add PATH",
        )
    catalog = _catalog(root)
    _fit_for_use(model, catalog)
    events = promotions(root)
    line = line_of_use(events)
    if line[-1:] == [model.key]:
        return events[-1]
    taken = line[-1] if line else next((other.key for other in suitable_models(catalog, root)), "")
    return note(root, "promoted", model.key, "" if taken == model.key else taken)


def rollback(root: Path) -> Model:
    """Return to the model that was in use before the last one, and put it in use; again, to the one before that.

    ModelError when there is none, or when it is not there or not whole any more.
    """
    line = line_of_use(promotions(root))
    if len(line) < 2:
        raise ModelError(
            "there is nothing to go back to",
            file=root / MODELS / JOURNAL,
            hint="No other model was in use before" if line else "No model of this project was promoted yet",
        )
    if not all(line[-2:]):
        raise ModelError(
            "the journal of promotions is damaged, and nobody knows what was in use before",
            file=root / MODELS / JOURNAL,
            hint="Promote one: labeltool models DIR promote NAME",
        )
    model = model_with_key(root, line[-2])
    _fit_for_use(model, _catalog(root))
    note(root, "rolled back", model.key, line[-1])
    return model


def remove_model(root: Path, name: str) -> None:
    """Delete a model of a project, a broken one too. ModelError when it is in use or not the project's."""
    folder = model_folder(root, name)
    if not folder.is_dir():
        raise ModelError(
            f"the project has no model called {name!r} of its own",
            file=root / MODELS,
            hint="`labeltool models DIR` lists them; those that come with the program stay",
        )
    used = line_of_use(promotions(root))[-1:]
    if used and used[0] in _keys(folder, used[0]):
        raise ModelError(
            f"the model {name} is in use", file=folder, hint="Promote another one or roll back first"
        )
    gone = folder.with_name(f".{name}.{secrets.token_hex(4)}{TEMPORARY}")
    move(folder, gone)
    sync_folder(gone.parent)
    shutil.rmtree(gone)


def _keys(folder: Path, used: str) -> list[str]:
    """The key of the model in a folder; where its card cannot be read, the key in use that may have been its."""
    try:
        return [read_model(folder).key]
    except (ModelError, OSError):
        return [used] if used.startswith(f"{folder.name}@") else []


def _fit_for_use(model: Model, catalog: ClassCatalog) -> None:
    class_mapping(model.card, catalog)
    if not model.weights.is_file() or file_hash(model.weights) != model.card.sha256:
        raise ModelError(
            "the weights are not those the card describes (their SHA-256 differs)",
            file=model.weights,
            hint="Copy the model's folder again, both files together",
        )


def _catalog(root: Path) -> ClassCatalog:
    with ProjectStore.open(root, write=False) as store:
        return store.catalog
