"""Which models there are, which one to take, and whether its classes are those of the project."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from labeltool.app.project import file_hash
from labeltool.core.atomic import TEMPORARY, sync_file, sync_folder
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import ModelError
from labeltool.core.resources import resource
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME, ModelCard
from labeltool.inference.options import InferenceOptions
from labeltool.inference.process import ModelProcess, WorkerInfo

MODELS = "models"


@dataclass(frozen=True)
class Model:
    """A model's card and where it is. ``path`` is the folder, or one file of weights; ``source`` is embedded,
    project or path."""

    path: Path
    card: ModelCard
    source: str

    @property
    def folder(self) -> Path:
        """Where the card is."""
        return self.path if self.path.is_dir() else self.path.parent

    @property
    def key(self) -> str:
        """Names this very version of the weights."""
        return self.card.key

    def to_json(self) -> dict[str, Any]:
        """What lists show."""
        card = self.card
        return {
            "name": card.name,
            "key": card.key,
            "source": self.source,
            "folder": str(self.folder),
            "arch": card.arch,
            "encoder": card.encoder,
            "classes": [c.name for c in card.catalog.classes],
            "licence": card.licence,
            "figures": card.figures,
        }


def read_model(path: Path, source: str = "path") -> Model:
    """Read a model's card; a card that does not say the hash of its weights gets it.

    ``path`` is a model's folder, or a file of weights with the card beside it. ModelError names what is wrong.
    """
    card = ModelCard.read(path if path.is_dir() else path.parent)
    weights = path / WEIGHTS_NAME if path.is_dir() else path
    if not path.is_dir() or (not card.sha256 and weights.is_file()):
        card = replace(card, sha256=file_hash(weights))
    return Model(path, card, source)


def embedded_models() -> list[Model]:
    """The models that come with the program."""
    return [read_model(folder, "embedded") for folder in _folders(resource(MODELS))]


def project_models(root: Path) -> list[Model]:
    """The models of a project, the newest first. A broken one is left out: choosing it by name says why."""
    found = []
    for folder in _folders(root / MODELS):
        try:
            found.append((folder.joinpath(CARD_NAME).stat().st_mtime_ns, read_model(folder, "project")))
        except ModelError:
            continue
    return [model for _, model in sorted(found, key=lambda pair: -pair[0])]


def find_model(wanted: str | None, catalog: ClassCatalog, root: Path) -> Model:
    """The model a person means, or the one that suits the project; its classes are known to fit.

    ``wanted`` is the name of an embedded model or of one in the project, a folder, or a file of weights with
    its card beside it. ModelError says what there is.
    """
    if wanted is None:
        return _suitable(catalog, root)
    model = _named(wanted, root)
    class_mapping(model.card, catalog)
    return model


def class_mapping(card: ModelCard, catalog: ClassCatalog) -> dict[int, int]:
    """Model value -> project value, by name. ModelError when the project lacks a class of the model."""
    known = {c.name.strip().casefold(): c.value for c in catalog.classes}
    names = {c.value: c.name for c in card.catalog.classes}
    missing = [name for name in names.values() if name.strip().casefold() not in known]
    if missing:
        raise ModelError(
            f"the model {card.name!r} knows classes that the project lacks: {', '.join(missing)}",
            hint=f"The project has: {', '.join(c.name for c in catalog.classes)}. "
            "Add or rename classes, or choose another model with --model",
        )
    return {value: known[name.strip().casefold()] for value, name in names.items()}


def add_model(root: Path, source: Path, device: str = "auto") -> Model:
    """Copy a model into a project, whole or not at all, once it has loaded. ModelError when it does not."""
    model = _at_path(source)
    weights = source / WEIGHTS_NAME if source.is_dir() else source
    if weights.suffix.lower() != ".safetensors":
        raise ModelError(
            "a project keeps weights as safetensors only",
            file=weights,
            hint="--model takes this file as it is",
        )
    try_out(model, device)
    target = model_folder(root, model.card.name)
    with new_folder(target) as folder:
        shutil.copyfile(weights, folder / WEIGHTS_NAME)
        card = json.dumps(model.card.to_json(), indent=1, ensure_ascii=False)
        (folder / CARD_NAME).write_text(card + "\n", encoding="utf-8")
    return read_model(target, "project")


def try_out(model: Model, device: str = "auto") -> WorkerInfo:
    """Load a model in a child process and let it go: what it runs on. ModelError says why it does not load."""
    with ModelProcess(model.path, InferenceOptions(device)) as process:
        return process.ready()


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to write a model into; it gets its name when nothing failed, and is gone otherwise."""
    if target.exists():
        raise ModelError("there is a model here already", file=target, hint="Choose another name")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}{TEMPORARY}")
    partial.mkdir()
    try:
        yield partial
        for file in partial.iterdir():
            sync_file(file)
        sync_folder(partial)
        partial.rename(target)
        sync_folder(target.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def model_folder(root: Path, name: str) -> Path:
    """Where a project keeps the model of this name. ModelError when it cannot name a folder everywhere."""
    if not re.fullmatch(r"\w[\w.-]{0,63}(?<!\.)", name):
        raise ModelError(
            f"{name!r} cannot name a model", hint="Letters, digits, - _ and . are fine, 64 at most"
        )
    return root / MODELS / name


def free_name(root: Path, name: str) -> str:
    """A name for the next model of a project."""
    stem = re.sub(r"[^\w-]+", "-", name).strip("-")[:50] or "model"
    return next(n for n in (f"{stem}-{i}" for i in count(1)) if not model_folder(root, n).exists())


def _folders(parent: Path) -> list[Path]:
    return sorted(p.parent for p in parent.glob(f"[!.]*/{CARD_NAME}")) if parent.is_dir() else []


def suitable_models(catalog: ClassCatalog, root: Path) -> list[Model]:
    """The models whose classes the project knows: its own first, the newest of them before the others."""
    return [model for model in _known(root) if _fits(model.card, catalog)]


def _known(root: Path) -> list[Model]:
    return [*project_models(root), *embedded_models()]


def _suitable(catalog: ClassCatalog, root: Path) -> Model:
    for model in suitable_models(catalog, root):
        return model
    raise ModelError(
        f"no model knows the classes of this project ({', '.join(c.name for c in catalog.classes)})",
        hint=f"There are: {_list(_known(root))}. Choose one with --model, "
        "or label a few images and run `labeltool train`",
    )


def _fits(card: ModelCard, catalog: ClassCatalog) -> bool:
    try:
        return bool(class_mapping(card, catalog))
    except ModelError:
        return False


def _named(wanted: str, root: Path) -> Model:
    own = root / MODELS / wanted
    if own.parent == root / MODELS and own.is_dir():
        return read_model(own, "project")
    known = embedded_models()
    for model in known:
        if wanted in (model.card.name, model.key):
            return model
    if Path(wanted).exists():
        return _at_path(Path(wanted))
    raise ModelError(f"there is no model called {wanted!r}", hint=f"There are: {_list(_known(root))}")


def _at_path(path: Path) -> Model:
    if path.is_dir() or (path.parent / CARD_NAME).is_file():
        return read_model(path)
    raise ModelError(
        "weights alone say neither classes nor network", file=path, hint=f"Put their {CARD_NAME} beside them"
    )


def _list(models: list[Model]) -> str:
    return ", ".join(m.card.name for m in models) or "none"
