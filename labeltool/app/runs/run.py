"""A training run of a project: its folder, and how far it is."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from labeltool.core.errors import ModelError
from labeltool.inference.run import MANIFEST, Manifest, RunState, is_at_work, read_state

RUNS = "runs"


@dataclass(frozen=True)
class Run:
    """A training run: its folder, what it is made from, and how far it is."""

    folder: Path
    manifest: Manifest
    state: RunState

    @property
    def name(self) -> str:
        """What the run is called, and its model will be."""
        return self.folder.name

    @property
    def at_work(self) -> bool:
        """Whether a process works on it at this moment."""
        return is_at_work(self.folder)

    @property
    def can_go_on(self) -> bool:
        """True when it has not ended and no process works on it: it was killed, cancelled, has failed or has never
        begun. It goes on from the state that was kept, or from the beginning where there is none yet."""
        return self.state.state != "finished" and not self.at_work


def runs(root: Path) -> list[Run]:
    """The runs of a project, newest first. One whose manifest is damaged is left out: reading it says why."""
    found = []
    for path in sorted((root / RUNS).glob(f"[!.]*/{MANIFEST}")):
        try:
            found.append(read_run(path.parent))
        except ModelError:
            continue
    return sorted(found, key=lambda run: run.manifest.created, reverse=True)


def read_run(folder: Path) -> Run:
    """A run and how far it is. ModelError names what is wrong with its manifest."""
    return Run(folder, Manifest.read(folder), read_state(folder))


def remove(run: Run) -> None:
    """Delete a run; its model, if it has become one, stays. ModelError while a process works on it."""
    if run.at_work:
        raise ModelError("this run is being trained", file=run.folder, hint="Stop it first")
    shutil.rmtree(run.folder)
