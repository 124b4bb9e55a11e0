"""Out-of-fold predictions: every labelled image is judged by a model that has never seen it.

The labelled images are dealt into folds; for each fold a model learns from all the others and predicts the images of
that one. Where such a model is sure and the annotation says otherwise, the annotation may be wrong.

    folds/<name>/plan.json    which image is in which fold, and how the models are trained
    folds/<name>/<fold>/      the training run of a fold, from 1; its model stays in best/

These models are no versions of the project: they lie in no place where a model is looked for. Predictions are kept with
the others of an image, under ``out-of-fold:<name>``. A name is given once, so a prediction always tells of which folds
it is.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

from labeltool.app.choices import Draw
from labeltool.app.leaving_out import left_out
from labeltool.app.models import Model, digest_of, new_folder, read_model, seen
from labeltool.app.prelabel import predict
from labeltool.app.project import source_problem
from labeltool.app.review.choices import FoldChoices
from labeltool.app.runs import Run, read_run, train, write_run
from labeltool.app.runs.images import TrainingImages
from labeltool.app.runs.labels import learnt_origins
from labeltool.app.runs.making import seen_before, write_json
from labeltool.app.splits import check, lot, units_of
from labeltool.app.truth import with_truth
from labeltool.core.errors import NOT_AS_EXPECTED, BadInputError, ModelError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped
from labeltool.inference.options import InferenceOptions
from labeltool.inference.run import BEST
from labeltool.inference.training_options import TrainingOptions
from labeltool.store.predictions import OUT_OF_FOLD
from labeltool.store.project import ProjectStore

FOLDS, PLAN = "folds", "plan.json"
_TRAINING = 0.9
"""About the share of a fold's time that its training takes; the rest is predicting."""


@dataclass(frozen=True)
class Folds:
    """A plan: ``fold_of`` has the fold, 1 to ``count``, of each image by id; ``options`` are those of all trainings."""

    folder: Path
    count: int
    fold_of: dict[str, int]
    options: TrainingOptions

    @property
    def name(self) -> str:
        """What these folds are called."""
        return self.folder.name

    @property
    def key(self) -> str:
        """The key under which their predictions are kept."""
        return OUT_OF_FOLD + self.name

    def of(self, fold: int, records: Sequence[ImageRecord]) -> list[ImageRecord]:
        """Those of the images that are in a fold; what has come into the split test since is in none."""
        return [r for r in self.judged(records) if self.fold_of[r.id] == fold]

    def run_folder(self, fold: int) -> Path:
        """Where the model of a fold is trained."""
        return self.folder / str(fold)

    def judged(self, records: Sequence[ImageRecord]) -> list[ImageRecord]:
        """Those of the images whose labels are looked at: those of all folds."""
        return [r for r in records if r.id in self.fold_of and r.split != "test"]

    def missing(self, store: ProjectStore) -> list[ImageRecord]:
        """The images of the plan that have no prediction yet."""
        found = []
        for record in self.judged(store.images()):
            with left_out():  # whose labels cannot be read, nobody can predict
                found += [record] if self.key not in store.prediction_keys(record.id) else []
        return found


@dataclass
class FoldReport:
    """What became of it: ``images`` have an out-of-fold prediction now; ``notices`` are sentences for the user."""

    images: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def dealt(records: Sequence[ImageRecord], count: int, how: Draw) -> dict[str, int]:
    """The fold of each image by id, 1 to ``count``, as even as units allow; a file, a series or a subject is never
    divided (``how.unit`` may say a folder).

    The same images and seed give the same folds, whatever the order of the images. BadInputError where there are fewer
    units than folds.
    """
    check(how)
    units = units_of(records, how)
    sizes = Counter(units.values())
    if not 2 <= count <= len(sizes):
        raise BadInputError(
            f"{len(records)} labelled images of {len(sizes)} files, series or subjects cannot be dealt "
            f"into {count} folds",
            hint="At least 2 folds are needed, and something for each: label images of others too, or take fewer",
        )
    filled, fold_of_unit = Counter(dict.fromkeys(range(1, count + 1), 0)), {}
    for unit in sorted(sizes, key=lambda unit: lot(how.seed, unit)):
        fold = min(filled, key=lambda fold: filled[fold])
        fold_of_unit[unit] = fold
        filled[fold] += sizes[unit]
    return {record.id: fold_of_unit[units[record.id]] for record in records}


def begin_folds(
    store: ProjectStore,
    options: TrainingOptions,
    count: int = FoldChoices.count,
    *,
    name: str = "",
    pattern: str = "",
) -> tuple[Folds, list[Skipped]]:
    """Deal the labelled images of a project into folds by the seed of ``options``; and what was left out, and why.

    Images of the split test are in none, nor are copies of them; those of train, val and of no split are. ``pattern``
    finds the subject in an image's path, as in :class:`~labeltool.app.choices.Draw`. Whatever the options say,
    unlabelled images are not used, and weights are evaluated once, at the end. BadInputError where images do not
    suffice, or the weights to begin with have seen one.
    """
    options = replace(options, unlabelled=0.0, evaluations=1)
    options.check()
    records = store.images()
    labelled, skipped = with_truth(store, [r for r in records if r.split != "test"])
    tested = {digest_of(r) for r in records if r.split == "test"}
    problems = {
        r.id: "a copy of it is in the split test" if digest_of(r) in tested else source_problem(r)
        for r in labelled
    }
    skipped += [Skipped(str(r.path), problems[r.id]) for r in labelled if problems[r.id]]
    whole = [r for r in labelled if not problems[r.id]]
    _refuse_weights_that_know(options, whole)
    fold_of = dealt(whole, count, Draw(unit="subject", seed=options.seed, pattern=pattern))
    name = name or datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    with new_folder(store.root / FOLDS / name) as folder:
        plan = {
            "number": _next_number(store.root),
            "count": count,
            "options": options.to_json(),
            "fold_of": fold_of,
        }
        write_json(folder / PLAN, plan)
    return read_folds(store.root / FOLDS / name), skipped


def read_folds(folder: Path) -> Folds:
    """The plan in a folder. ModelError names what is wrong with it."""
    path = folder / PLAN
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        fold_of = {str(image): int(fold) for image, fold in data["fold_of"].items()}
        return Folds(folder, int(data["count"]), fold_of, TrainingOptions.from_json(data["options"]))
    except NOT_AS_EXPECTED as error:
        raise ModelError(
            f"not a plan of folds: {error}", file=path, hint="Delete its folder and deal again"
        ) from error


def all_folds(root: Path) -> list[Folds]:
    """The folds of a project, those that were dealt last at the end. ModelError where a plan is damaged."""
    return [read_folds(path.parent) for path in _plans(root)]


def _plans(root: Path) -> list[Path]:
    """In the order in which they were dealt, whatever the clock said: by number; older versions gave none."""
    found = ((_number(path), path.stat().st_mtime_ns, path) for path in (root / FOLDS).glob(f"[!.]*/{PLAN}"))
    return [path for *_, path in sorted(found)]


def _number(plan: Path) -> int:
    try:
        return int(json.loads(plan.read_text(encoding="utf-8")).get("number", 0))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return 0  # reading it says what is wrong


def _next_number(root: Path) -> int:
    return 1 + max((_number(path) for path in _plans(root)), default=0)


def remove_folds(store: ProjectStore, folds: Folds) -> None:
    """Delete the models of folds and what they have predicted. ModelError while a process trains one."""
    runs = [read_run(path) for path in folds.folder.iterdir() if path.is_dir()]
    if any(run.at_work for run in runs):
        raise ModelError("a model of these folds is being trained", file=folds.folder, hint="Stop it first")
    for record in store.images():
        with left_out():
            if folds.key in store.prediction_keys(record.id):
                store.remove_prediction(record.id, folds.key)
    shutil.rmtree(folds.folder)


def follow_folds(
    store: ProjectStore,
    folds: Folds,
    how: InferenceOptions | None = None,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> FoldReport:
    """Train the model of each fold and keep its predictions of the fold's images, from where it was left.

    A fold whose images all have their predictions costs nothing; a training that was cancelled or killed goes on, and
    so does predicting. In the end folds that were dealt earlier are removed. Progress is over all that is left, in
    folds. Raises what a training raises, and CancelledError.
    """
    cancel, report, records = cancel or CancelToken(), FoldReport(), store.images()
    lacking = {folds.fold_of[r.id] for r in folds.missing(store)}
    for number, fold in enumerate(sorted(lacking)):
        named = _within(progress, number, 1.0, len(lacking), f"fold {fold} of {folds.count}")
        model = _trained(store, folds, fold, _within(named, 0.0, _TRAINING, 1.0), cancel)
        predicting = _within(named, _TRAINING, 1 - _TRAINING, 1.0)
        _predict(store, model, folds.of(fold, records), folds.key, how, predicting, cancel, report)
    report.images = len(folds.judged(records)) - len(folds.missing(store))
    for earlier in takewhile(lambda each: each.name != folds.name, all_folds(store.root)):
        remove_folds(store, earlier)
    return report


def _trained(store: ProjectStore, folds: Folds, fold: int, progress: Progress, cancel: CancelToken) -> Model:
    """The model of a fold, trained to its end."""
    folder = folds.run_folder(fold)
    if not folder.exists():
        _begin(store, folds, fold, cancel)
    train(store.root, read_run(folder), progress=progress, cancel=cancel)
    cancel.check()
    return read_model(folder / BEST)


def _begin(store: ProjectStore, folds: Folds, fold: int, cancel: CancelToken) -> Run:
    """Write the run of a fold: it learns from the images of all other folds as they are labelled now. None are held
    back to choose among checkpoints: the last weights are taken, and no time goes into evaluations."""
    records = store.images()
    others = [r for r in folds.judged(records) if folds.fold_of[r.id] != fold]
    labelled, skipped = with_truth(store, others, lambda record: learnt_origins(folds.options, record))
    test = [r for r in records if r.split == "test"]
    images = TrainingImages(labelled, [], [], test, skipped, [])
    options = replace(folds.options, name=f"{folds.name}-{fold}")
    with new_folder(folds.run_folder(fold)) as folder:
        write_run(store, folder, options, images, cancel=cancel)
    return read_run(folds.run_folder(fold))


def _predict(
    store: ProjectStore,
    model: Model,
    records: Sequence[ImageRecord],
    key: str,
    how: InferenceOptions | None,
    progress: Progress,
    cancel: CancelToken,
    report: FoldReport,
) -> None:
    """Keep the model's predictions of images that it has never seen."""
    known = seen(model.folder)
    met = [r for r in records if digest_of(r) in known]
    unseen = [r for r in records if digest_of(r) not in known]
    made = predict(store, unseen, model, how, key=key, progress=progress, cancel=cancel)
    report.skipped += [Skipped(str(r.path), "the model of its fold has learnt from it") for r in met]
    report.skipped += made.skipped
    report.notices += [text for text in made.notices if text not in report.notices]


def _refuse_weights_that_know(options: TrainingOptions, records: Sequence[ImageRecord]) -> None:
    """A model knows what the weights that it began with were trained on."""
    before, all_of_it = seen_before(options)
    met = [r for r in records if digest_of(r) in set(before)]
    if met or not all_of_it:
        what = (
            f"were trained on {len(met)} of these images" if met else "may have been trained on these images"
        )
        raise BadInputError(
            f"the weights to begin with {what}: they cannot judge their labels",
            file=options.weights,
            hint="Begin with other weights, or with none",
        )


def _within(progress: Progress, start: float, share: float, whole: float, name: str = "") -> Progress:
    """The progress of a part of the work: ``share`` of it, from ``start`` on, of the ``whole``."""

    def report(done: float, total: float, text: str = "") -> None:
        progress(
            start + (share * done / total if total else 0.0), whole, ": ".join(filter(None, (name, text)))
        )

    return report
