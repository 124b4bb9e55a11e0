"""What the list of the workspace shows: the trainings of a project and the models that know its classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from labeltool.app.models import Model, in_use, promotions, suitable_models
from labeltool.app.models.journal import line_of_use
from labeltool.app.runs import Run, runs
from labeltool.core.digest import file_hash
from labeltool.core.errors import LabeltoolError
from labeltool.inference.run import BEST, MANIFEST
from labeltool.store.project import ProjectStore
from labeltool.ui.train.words import translate


@dataclass(frozen=True)
class Shelf:
    """``used`` is the model that pre-labels, ``chosen`` whether somebody has said so.
    ``problem`` says why nobody knows which that is."""

    runs: tuple[Run, ...] = ()
    models: tuple[Model, ...] = ()
    used: Model | None = None
    chosen: bool = False
    can_roll_back: bool = False
    problem: str = ""
    left: Mapping[str, Model] = field(default_factory=dict)
    """By the name of a training the newest model that it has left."""

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
        return self.left.get(run.name)

    def can_go_on(self, run: Run) -> bool:
        """Whether something of a training is left to be done: it has not ended, or its model is not there, because it
        was deleted or could not be written."""
        ended = run.state.state == "finished" and (run.folder / BEST).is_dir()
        return run.can_go_on or (ended and self.model_of(run) is None)

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
    return Shelf(known, models, used, promoted is not None, before, problem, _left(known, models))


def _left(known: Sequence[Run], models: Sequence[Model]) -> dict[str, Model]:
    """A model's card names, by its digest, the manifest that it came of; its own name says less."""
    newest_last = sorted(
        (model for model in models if model.source == "project"), key=lambda model: model.date
    )
    made = {model.card.training.get("manifest_sha256"): model for model in newest_last}
    found = {}
    for run in known:
        with suppress(OSError, KeyError):  # deleted meanwhile, or it has left none
            found[run.name] = made[file_hash(run.folder / MANIFEST)]
    return found


def condition(run: Run, *, followed: bool) -> str:
    """The state of a training, "killed" where its process is gone without a word. One that is ``followed`` is at work,
    and its lock is better not touched; before its process has said anything it is running as well."""
    state = run.state.state
    if followed:
        return "running" if state in ("new", "cancelled", "failed") else state
    return "killed" if state == "running" and not run.at_work else state
