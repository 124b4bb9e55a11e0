"""Checking and repairing a project: its masks and its index, and what lies beside them: models, the journals of
promotions and rounds, the queue."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from labeltool.app.loop.journal import ROUNDS, read_rounds
from labeltool.app.loop.settings import LOOP, SETTINGS, read_settings
from labeltool.app.models import broken_models, project_models
from labeltool.app.models.journal import JOURNAL, MODELS, UNREADABLE, promotions
from labeltool.app.queue.queue import FILE as QUEUE
from labeltool.app.queue.queue import read_queue
from labeltool.app.rescuing import waiting_for
from labeltool.core.atomic import write_bytes
from labeltool.core.digest import file_hash
from labeltool.core.errors import LabeltoolError
from labeltool.core.words import counted
from labeltool.store import fsck
from labeltool.store import repair as store
from labeltool.store.database import explained
from labeltool.store.fsck import Finding
from labeltool.store.layout import keep_in_quarantine, quarantine
from labeltool.store.project import ProjectStore
from labeltool.store.repair import Step

ASIDE = f"{fsck.REPAIR} would set it aside"


def check(root: Path) -> list[Finding]:
    """Everything that is wrong with a project that nobody is writing; StoreError where there is none."""
    return [*fsck.check(root), *_unsaved(root), *_models(root), *_loop(root), *_refused(root, read_queue)]


def repair(root: Path, *, accept_loss: bool = False) -> list[Step]:
    """Put right what can be put right, and say so; what is replaced goes to quarantine. Errors, and ``accept_loss``, as
    :func:`labeltool.store.repair.repair`."""
    return store.repair(root, accept_loss=accept_loss, also=_beside)


def _beside(root: Path) -> Iterator[Step]:
    """What is damaged beside the masks is set aside. What a journal does not say any more is not guessed."""
    yield from _set_models_aside(root)
    yield from _promotions(root)
    yield from _rounds(root)
    for path, read, again in (
        (root / LOOP / SETTINGS, read_settings, "the usual settings hold until others are set"),
        (root / QUEUE, read_queue, "rank again to have a new one"),
    ):
        try:
            read(root)
        except LabeltoolError as error:
            yield Step(path, error.message, f"{again}; it is kept as {_aside(root, path)}")


def _set_models_aside(root: Path) -> Iterator[Step]:
    broken = {Path(each.file): each.reason for each in broken_models(root)}
    for model in project_models(root):
        if not model.weights.is_file():
            broken[model.folder] = "the weights are gone"
        elif file_hash(model.weights) != model.card.sha256:
            broken[model.folder] = "these are not the weights that the card names"
    for path, reason in broken.items():
        folder = next(each for each in (path, *path.parents) if each.parent == root / MODELS)
        if folder.exists():
            done = f"the model cannot be used; it is kept as {_aside(root, folder)}"
            yield Step(folder, reason, done)


def _promotions(root: Path) -> Iterator[Step]:
    """Events after the last damaged line are certain; of those before it nobody knows whether they still hold."""
    path, events = root / MODELS / JOURNAL, promotions(root)
    if UNREADABLE not in events:
        return
    certain = events[len(events) - events[::-1].index(UNREADABLE) :]
    kept = _rewritten(root, path, [asdict(event) for event in certain])
    now = "goes on behind the damage" if certain else "begins anew: promote the model that is to be used"
    yield Step(path, "lines that cannot be read", f"the journal {now}; the old one is kept as {kept}")


def _rounds(root: Path) -> Iterator[Step]:
    path, found = root / LOOP / ROUNDS, read_rounds(root)
    if found.damaged:
        kept = _rewritten(root, path, [each.to_json() for each in found.rounds])
        done = f"the {counted(len(found.rounds), 'other round')} stay; the old file is kept as {kept}"
        yield Step(path, f"rounds that cannot be read: {found.damaged}", done)


def _rewritten(root: Path, path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """A journal with these lines in its place; the old one, which is given back, is kept."""
    with explained(path):
        kept = keep_in_quarantine(root, path)
        write_bytes(path, b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    return kept


def _aside(root: Path, path: Path) -> Path:
    with explained(path):
        return quarantine(root, path)


def _unsaved(root: Path) -> Iterator[Finding]:
    """What waits in the user's own folder; of a project that cannot even be opened other findings say so."""
    try:
        with ProjectStore.open(root, write=False) as project:
            waiting = waiting_for(project)
    except LabeltoolError:
        return
    for each in waiting:
        yield Finding(
            each.path,
            f"{counted(each.operations, 'change')} that could not be saved",
            "notice",
            "It comes in when the project is opened and its disk has room, or by "
            f"`labeltool recover {shlex.quote(str(root))}`",
            each.image_name,
        )


def _models(root: Path) -> Iterator[Finding]:
    """Weights are those that the cards name, and it is known which are in use."""
    for broken in broken_models(root):
        yield Finding(Path(broken.file), broken.reason, "error", ASIDE)
    for model in project_models(root):
        if not model.weights.is_file():
            yield Finding(model.weights, "the weights are gone", "error", ASIDE)
        elif file_hash(model.weights) != model.card.sha256:
            yield Finding(model.weights, "these are not the weights that the card names", "error", ASIDE)
    path = root / MODELS / JOURNAL
    try:
        unreadable = promotions(root).count(UNREADABLE)
    except OSError as error:
        yield Finding(path, str(error), "error", ASIDE)
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
        yield Finding(path, str(error), "error", ASIDE)
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
        yield Finding(Path(error.filename or root), str(error), "error", ASIDE)
