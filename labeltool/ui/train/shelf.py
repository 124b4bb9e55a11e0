"""What the list of the workspace shows: the trainings of a project and the models that know its classes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from labeltool.app.models import Model, in_use, promotions, suitable_models
from labeltool.app.models.journal import line_of_use
from labeltool.app.runs import Run, runs
from labeltool.core.errors import LabeltoolError
from labeltool.store.project import ProjectStore
from labeltool.ui.train.words import translate


@dataclass(frozen=True)
class Shelf:
    """``used`` is the model that pre-labels, ``chosen`` whether somebody has said so: else the newest is taken.
    ``problem`` says why nobody knows which that is."""

    runs: tuple[Run, ...] = ()
    models: tuple[Model, ...] = ()
    used: Model | None = None
    chosen: bool = False
    can_roll_back: bool = False
    problem: str = ""

    def model(self, key: str) -> Model | None:
        """The model of this key."""
        return next((model for model in self.models if model.key == key), None)

    def is_used(self, model: Model) -> bool:
        """Whether this is the model that pre-labels."""
        return self.used is not None and self.used.key == model.key

    def use_of(self, model: Model) -> str:
        """Whether a model is in use, in words; empty where it is not."""
        return (
            ""
            if not self.is_used(model)
            else translate("Train", "in use")
            if self.chosen
            else translate("Train", "by default")
        )

    def model_of(self, run: Run) -> Model | None:
        """The newest model that a training has left; where it went on after a stop it has left several."""
        own = re.compile(rf"{re.escape(run.name)}(-\d+)?")
        found = (m for m in self.models if m.source == "project" and own.fullmatch(m.card.name))
        return max(found, key=lambda model: model.date, default=None)

    def run(self, name: str) -> Run | None:
        """The training of this name."""
        return next((run for run in self.runs if run.name == name), None)


def read_shelf(store: ProjectStore) -> Shelf:
    """Read it from the disk; off the GUI thread."""
    known, used, promoted, problem, before = tuple(runs(store.root)), None, None, "", False
    models: tuple[Model, ...] = ()
    try:
        models = tuple(suitable_models(store.catalog, store.root))
        before = len(line_of_use(promotions(store.root))) > 1
        promoted = in_use(store.root, store.catalog)
        used = promoted or next(iter(models), None)
    except (LabeltoolError, OSError) as error:
        problem = str(error)
    return Shelf(known, models, used, promoted is not None, before, problem)


def condition(run: Run, *, followed: bool) -> str:
    """The state of a training, "killed" where its process is gone without a word. One that is ``followed`` is at work,
    and its lock is better not touched; before its process has said anything it is running as well."""
    state = run.state.state
    if followed:
        return "running" if state in ("new", "cancelled", "failed") else state
    return "killed" if state == "running" and not run.at_work else state
