"""Models into a project: whole or not at all, under a name that every system takes."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from labeltool.app.models.finding import model_at
from labeltool.app.models.journal import MODELS
from labeltool.app.models.model import Model, read_model
from labeltool.app.models.seen import subsets
from labeltool.core.atomic import TEMPORARY, make_folder, move, sync_file, sync_folder, sync_folders
from labeltool.core.errors import ModelError
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME
from labeltool.inference.options import InferenceOptions
from labeltool.inference.process import ModelProcess, WorkerInfo
from labeltool.inference.run import MANIFEST, METRICS, Manifest
from labeltool.inference.travelling import travelling


def add_model(root: Path, source: Path, device: str = "auto") -> Model:
    """Copy a model into a project, whole or not at all, once it has loaded. ModelError when it does not.

    Of what it was trained on come the digests alone, whatever else somebody has let it take along.
    """
    model = model_at(source)
    if model.weights.suffix.lower() != ".safetensors":
        raise ModelError(
            "a project keeps weights as safetensors only",
            file=model.weights,
            hint="--model takes this file as it is",
        )
    try_out(model, device)
    subsets(model.folder)  # what it was trained on must be known here too, or not be claimed
    target = model_folder(root, model.card.name)
    with new_folder(target) as folder:
        shutil.copyfile(model.weights, folder / WEIGHTS_NAME)
        if (model.folder / METRICS).is_file():
            shutil.copyfile(model.folder / METRICS, folder / METRICS)
        if (model.folder / MANIFEST).is_file():
            _write(folder / MANIFEST, travelling(Manifest.read(model.folder)).to_json())
        _write(folder / CARD_NAME, model.card.to_json())
    return read_model(target, "project")


def _write(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def try_out(model: Model, device: str = "auto") -> WorkerInfo:
    """Load a model in a child process and let it go: what it runs on. ModelError says why it does not load."""
    with ModelProcess(model.path, InferenceOptions(device)) as process:
        return process.ready()


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to write a model into; it gets its name when nothing failed, and is gone otherwise."""
    if target.exists():
        raise ModelError("there is a model here already", file=target, hint="Choose another name")
    make_folder(target.parent)
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}{TEMPORARY}")
    partial.mkdir()
    try:
        yield partial
        for file in filter(Path.is_file, partial.rglob("*")):
            sync_file(file)
        sync_folders(partial)
        move(partial, target)
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
