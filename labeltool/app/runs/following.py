"""Training on a run in a child process, and the model that comes of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

from labeltool.app.models import Model, model_folder, new_folder, read_model
from labeltool.app.runs.images import refuse_test_images
from labeltool.app.runs.making import write_json
from labeltool.app.runs.run import Run, read_run, remove
from labeltool.core.errors import CancelledError, LabeltoolError, ModelError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.inference.card import CARD_NAME, ModelCard
from labeltool.inference.run import BEST, METRICS, STATE_TENSORS, read_state
from labeltool.inference.training_process import Log, TrainingProcess
from labeltool.store.project import ProjectStore


def follow(
    root: Path,
    run: Run,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
    log: Log = lambda row: None,
    processes: int = 1,
    target: Path | None = None,
) -> Model:
    """Train in a child process, from where the run is, and install the best weights as a model of the project.

    A cancel ends the training and installs the best so far; CancelledError where there is nothing yet. ModelError
    when the training fails or is ended by somebody else; the run keeps its state and can go on, and its best weights
    stay in its folder.
    BadInputError where an image of the run has come into the split test since. Of a new run that could not even begin
    nothing is left. ``target`` is another folder for the model.
    """
    if target is not None and target.exists():
        raise ModelError("there is something here already", file=target, hint="Choose another folder")
    try:
        train(root, run, progress=progress, cancel=cancel, log=log, processes=processes)
    except LabeltoolError:
        if run.state.state == "new" and _could_not_begin(run.folder):
            remove(read_run(run.folder))
        raise
    return _installed(root, run, target)


def train(
    root: Path,
    run: Run,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
    log: Log = lambda row: None,
    processes: int = 1,
) -> None:
    """Train in a child process, from where the run is, until it has ended or somebody cancels: the best weights so far
    are in its folder then. Raises what :func:`follow` raises."""
    if run.at_work:
        raise ModelError(
            "another process is training this run", file=run.folder, hint="Wait for it, or stop it there"
        )
    if run.state.state == "finished":
        return
    cancel = cancel or CancelToken()
    cancel.check()
    with ProjectStore.open(root, write=False) as store:
        refuse_test_images(store, run.manifest)
    TrainingProcess(run.folder, processes=processes).follow(progress, cancel, log)
    if read_state(run.folder).state == "cancelled" and not cancel.cancelled:
        raise ModelError(
            "the training was ended from outside before it was done",
            file=run.folder,
            hint="It can go on: what it had learnt was kept",
        )


def _could_not_begin(folder: Path) -> bool:
    """Whether a run has failed over what it was asked to do, before its first step."""
    state = read_state(folder)
    return state.state == "failed" and state.step == 0 and not (folder / STATE_TENSORS).exists()


def _installed(root: Path, run: Run, target: Path | None) -> Model:
    """The best weights of a run as a model, whole or not at all."""
    best = run.folder / BEST
    if not (best / CARD_NAME).is_file():
        raise CancelledError("cancelled before anything was learnt")
    card = ModelCard.read(best)
    target = target or _place(root, run.name, card)
    if not target.exists():
        with new_folder(target) as folder:
            shutil.copytree(best, folder, dirs_exist_ok=True)
            shutil.copyfile(run.folder / METRICS, folder / METRICS)
            write_json(folder / CARD_NAME, replace(card, name=target.name).to_json())
    return read_model(target, "project" if target.is_relative_to(root) else "path")


def _place(root: Path, name: str, card: ModelCard) -> Path:
    """Where a project keeps these weights, or will. A run that went on after a cancel leaves a second model with a
    number after its name: the first may be in use."""
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    places = (model_folder(root, each) for each in names)
    return next(path for path in places if not path.exists() or ModelCard.read(path).sha256 == card.sha256)
