"""Checking what lies in a project beside its masks: models, the journals of promotions and rounds, the queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from labeltool.app.loop.journal import ROUNDS, read_rounds
from labeltool.app.loop.settings import LOOP, read_settings
from labeltool.app.models import broken_models, project_models
from labeltool.app.models.journal import JOURNAL, MODELS, UNREADABLE, promotions
from labeltool.app.queue.queue import read_queue
from labeltool.core.digest import file_hash
from labeltool.core.errors import LabeltoolError
from labeltool.store import fsck
from labeltool.store.fsck import Finding

BACKUP = "Restore it from a backup"


def check(root: Path) -> list[Finding]:
    """Everything that is wrong with a project that nobody is writing; StoreError where there is none."""
    return [*fsck.check(root), *_models(root), *_loop(root), *_refused(root, read_queue)]


def _models(root: Path) -> Iterator[Finding]:
    """Weights are those that the cards name, and it is known which are in use."""
    for broken in broken_models(root):
        yield Finding(Path(broken.file), broken.reason, "error", BACKUP)
    for model in project_models(root):
        if not model.weights.is_file():
            yield Finding(model.weights, "the weights are gone", "error", BACKUP)
        elif file_hash(model.weights) != model.card.sha256:
            yield Finding(model.weights, "these are not the weights that the card names", "error", BACKUP)
    path = root / MODELS / JOURNAL
    try:
        unreadable = promotions(root).count(UNREADABLE)
    except OSError as error:
        yield Finding(path, str(error), "error", BACKUP)
    else:
        if unreadable:
            hint = "Promote the model that is to be used: labeltool models DIR promote NAME"
            yield Finding(path, f"lines that cannot be read: {unreadable}", "error", hint)


def _loop(root: Path) -> Iterator[Finding]:
    yield from _refused(root, read_settings)
    path = root / LOOP / ROUNDS
    try:
        damaged = read_rounds(root).damaged
    except OSError as error:
        yield Finding(path, str(error), "error", BACKUP)
    else:
        if damaged:
            hint = "The other rounds are listed; nothing needs to be done"
            yield Finding(path, f"rounds that cannot be read: {damaged}", "notice", hint)


def _refused(root: Path, read: Callable[[Path], Any]) -> Iterator[Finding]:
    """What somebody can make again is no lost work."""
    try:
        read(root)
    except LabeltoolError as error:
        yield Finding(Path(error.file or root), error.message, "notice", error.hint or "")
    except OSError as error:
        yield Finding(Path(error.filename or root), str(error), "error", BACKUP)
