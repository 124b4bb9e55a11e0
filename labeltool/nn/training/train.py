"""Training: from the folder of a run to its best weights. See :mod:`labeltool.inference.run` for what lies there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from labeltool.core.atomic import out_of_room
from labeltool.core.errors import CancelledError, DiskFullError, ModelError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.inference.card import ModelCard
from labeltool.inference.run import Manifest, at_work, read_state
from labeltool.inference.training_process import Log
from labeltool.nn.engines.eager import chosen_device, memory_errors
from labeltool.nn.training.distributed import together
from labeltool.nn.training.journal import Journal
from labeltool.nn.training.lead import Lead
from labeltool.nn.training.loop import Task, Training
from labeltool.nn.training.ranks import rank
from labeltool.nn.training.state import FREE_SPACE, best_card, tell

_PATIENCE_S = 1.0


def train(
    folder: Path,
    *,
    cancel: CancelToken | None = None,
    progress: Progress = silent,
    log: Log = lambda row: None,
    began_s: float | None = None,
) -> ModelCard | None:
    """Train on the folder of a run, from where it is, as one of the processes that torchrun has started, if it has.

    Gives the card of the best weights, which are in best/; None in other processes than the first. A run that has ended
    stays as it is. ``began_s`` (of time.monotonic) is since when the minutes count that were given. A cancel keeps
    state and best weights and raises CancelledError. ModelError when the loss stops being a number before there are
    any, or another process is at work.
    """
    manifest = Manifest.read(folder)
    if read_state(folder).state == "finished":
        return best_card(folder)
    began_s = time.monotonic() if began_s is None else began_s
    task = Task(folder, manifest, cancel or CancelToken(), progress, began_s)
    with together(_device(folder, manifest)):
        if rank() > 0:
            Training(task).run()
            return None
        with at_work(folder, _PATIENCE_S) as free:
            if not free:
                raise ModelError("another process is training this run", file=folder)
            return _lead(task, log)


def _device(folder: Path, manifest: Manifest) -> str:
    """The device to train on; that there is none is written down, too."""
    try:
        return chosen_device(manifest.options.device)
    except ModelError as error:
        if rank() == 0:
            with suppress(OSError):
                _tell_end(folder, "failed", str(error))
        raise


def _lead(task: Task, log: Log) -> ModelCard:
    """Train as the process that writes, and write down what goes wrong."""
    before = read_state(task.folder)
    with _in_words(task.folder), Journal(task.folder, log) as journal:
        try:
            tell(task.folder, before._replace(state="running", error="", doing="reading", pid=os.getpid()))
            with _in_words(task.folder):
                return Lead(task, journal).complete()
        except CancelledError:
            _tell_end(task.folder, "cancelled")
            raise
        except Exception as error:
            for tell_it in (partial(journal.add, event="failed"), partial(_tell_end, task.folder, "failed")):
                with suppress(OSError):  # a full disk may be what failed
                    tell_it(error=str(error))
            raise


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    """Say in words that there is no memory for a training, or no disk; what it has kept stays."""
    try:
        with memory_errors():
            yield
    except MemoryError as error:
        raise ModelError(
            "there is not enough memory for this training",
            file=folder,
            hint="Begin one with a smaller batch or crop; the best weights so far are in the folder of the run",
        ) from error
    except OSError as error:
        file = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else folder
        if out_of_room(error, folder):
            raise DiskFullError("the disk is full", file=file, hint=FREE_SPACE) from error
        raise ModelError(
            f"the training could not go on: {error.strerror or error}",
            file=file,
            hint="Once that is put right it can: what it had reached before is kept",
        ) from error


def _tell_end(folder: Path, state: str, error: str = "") -> None:
    tell(folder, read_state(folder)._replace(state=state, pid=0, doing="", error=error))
