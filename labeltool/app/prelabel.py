"""A model's predictions as layers of their own, and the patch that fills in what nobody has labelled."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labeltool.app.models import Model
from labeltool.app.project import reason, source_problem
from labeltool.app.spooling import Mapping, spool
from labeltool.core.catalog import IGNORE
from labeltool.core.errors import BadInputError, ModelError, StoreError
from labeltool.core.geometry import TileIndex, tiles_in
from labeltool.core.guard import Guard
from labeltool.core.mask import LabelMask, Plane, PlaneName, constant_value
from labeltool.core.patch import Patch, Place, TileDelta, replace_tile
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.provenance import TRUTH, Origin
from labeltool.inference.options import InferenceOptions
from labeltool.inference.process import ModelProcess
from labeltool.inference.segmenter import Prediction
from labeltool.store.database import DamagedError, explained
from labeltool.store.layout import check_reachable
from labeltool.store.project import ProjectStore
from labeltool.store.scope import is_of_one_image
from labeltool.store.spool import about, read_windows

UNFINISHED = "unfinished"
"""The folder of a project where the windows of predictions lie that are not whole yet."""
_AT_WORK_S = 24 * 3600.0


@dataclass
class PrelabelReport:
    """What became of a run. ``images`` have a prediction now under the key ``model``, ``kept`` of them had it before;
    ``tiles`` are windows that were made. ``notices`` say what had to be done otherwise than usual, for the user."""

    model: str
    device: str = ""
    engine: str = ""
    images: int = 0
    kept: int = 0
    tiles: int = 0
    seconds: float = 0.0
    skipped: list[Skipped] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def listen(self, process: ModelProcess) -> None:
        """Take what a model process has to say; nothing is said twice."""
        self.notices += [text for text in dict.fromkeys(process.notices) if text not in self.notices]
        process.notices.clear()


def predict(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    model: Model,
    how: InferenceOptions | None = None,
    *,
    key: str = "",
    again: bool = False,
    make_do: bool = False,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
    done: Callable[[ImageRecord], object] = lambda record: None,
) -> PrelabelReport:
    """Keep the prediction of every image as a layer, in the project's class values, under the model's key or ``key``.

    What is kept already is not run again unless ``again``; with ``make_do`` neither is what is kept without planes of
    doubt that ``how`` asks for. An image that was interrupted is gone on with. An image
    that is missing, changed or broken is reported and the others go on. ``done`` is called after each image that has a
    prediction.
    """
    cancel, how = cancel or CancelToken(), how or InferenceOptions()
    report = PrelabelReport(key or model.prediction_key(how))
    started_s = time.monotonic()
    mapping = Mapping(model, store.catalog)
    forget_unwanted(store)
    with ModelProcess(model.path, how) as process:
        needed = replace(how, doubts=()) if make_do else how
        run = _Run(store, process, model, how, needed, mapping, report, cancel)
        for number, record in enumerate(records):
            cancel.check()
            try:
                run.image(record, again, part(progress, number, len(records), record.name))
                done(record)
                report.images += 1
            except (BadInputError, ModelError, StoreError) as error:
                cancel.check()
                if isinstance(error, StoreError) and not is_of_one_image(error):
                    raise
                if isinstance(error, ModelError) and not report.device:
                    raise  # what has never loaded will not load for the next image either
                report.skipped.append(Skipped(str(record.path.with_name(record.name)), reason(error)))
            report.listen(process)
    report.seconds = time.monotonic() - started_s
    return report


def forget_unwanted(store: ProjectStore) -> None:
    """Remove unfinished predictions that nobody goes on with: of images that are gone or have changed, and of those
    whose prediction is kept. What was written to within a day may be another's at work."""
    records = {record.id: record for record in store.images()}
    for path in (store.root / UNFINISHED).glob("*.windows"):
        with suppress(OSError, DamagedError):
            if time.time() - path.stat().st_mtime < _AT_WORK_S:
                continue
            record, said = records.get(path.stem.rpartition("-")[0]), about(path) or {}
            how = InferenceOptions(doubts=tuple(said.get("doubts", ())))
            same = record is not None and said.get("image") == record.sha256
            if record is None or not same or is_kept(store, record, said.get("model", ""), how):
                path.unlink()


def is_kept(store: ProjectStore, record: ImageRecord, key: str, how: InferenceOptions) -> bool:
    """True when a project has the prediction of an image, with all planes of doubt that are wanted."""
    return key in store.prediction_keys(record.id) and (
        not how.doubts or store.prediction_planes(record.id, key) >= {*how.doubts}
    )


def fill_annotation(store: ProjectStore, record: ImageRecord, model_key: str) -> bool:
    """Copy a kept prediction into the annotation of an image that nobody has open; False if nothing changed.

    An image that is done or approved stays as it is, and so does a locked class.
    """
    if store.image(record.id).status.settled:
        return False
    kept = store.prediction(record.id, model_key)
    if kept is None:
        raise ModelError(f"no prediction of {model_key} is kept", file=record.path)
    mask = store.load_mask(record.id)
    patch = Guard(store.catalog.locked).admit(mask, fill_patch(mask, kept.label, model_key=model_key))
    if not patch:
        return False
    now = store.image(record.id)
    store.commit(record.id, patch, expected=now.revision, status=now.status.after(patch.kind))
    return True


def fill_patch(mask: LabelMask, label: Plane, *, model_key: str) -> Patch:
    """The patch that copies a prediction to where nobody but a model has labelled.

    ``label`` holds the project's class values; where it says ignore the model has said nothing. What a human,
    an import or a reviewer has set never changes. Objects are a person's: where the model writes they end.
    """
    deltas: dict[Place, TileDelta] = {}
    for index in tiles_in(mask.size.box, mask.size):
        deltas.update(_fill_tile(mask, label, index))
    return Patch("pre-label", "prelabel", deltas, {"model": model_key})


def _fill_tile(mask: LabelMask, label: Plane, index: TileIndex) -> Iterator[tuple[Place, TileDelta]]:
    if constant_value(label, index) == IGNORE:
        return  # as nearly all of a large sparse raster is
    predicted = label.tile(index)
    free = (predicted != IGNORE) & ~np.isin(mask.planes["origin"].tile(index), TRUTH)
    new: dict[PlaneName, NDArray[np.generic] | int] = {
        "label": predicted,
        "origin": Origin.MODEL,
        "object": 0,
    }
    for name, values in new.items():
        plane = mask.planes[name]
        tile = np.array(plane.tile(index))
        np.copyto(tile, values, where=free, casting="unsafe")
        delta = replace_tile(plane, index, tile)
        if delta is not None:
            yield (name, index), delta


@dataclass
class _Run:
    """One model at work on one image after the other."""

    store: ProjectStore
    process: ModelProcess
    model: Model
    how: InferenceOptions
    needed: InferenceOptions
    """What a prediction that is kept must at least have been made with."""
    mapping: Mapping
    report: PrelabelReport
    cancel: CancelToken

    def image(self, record: ImageRecord, again: bool, progress: Progress) -> None:
        """See to it that the prediction of an image is kept."""
        problem = source_problem(record)
        if problem:
            raise BadInputError(problem, file=record.path)
        key = self.report.model
        if not again and is_kept(self.store, record, key, self.needed):
            self.report.kept += 1
            return
        self.report.device, self.report.engine, _ = self.process.ready(self.cancel)
        with explained(self.store.root):
            check_reachable(self.store.root)
        windows = self._unfinished(record)
        if again:
            windows.unlink(missing_ok=True)
        self.report.tiles += spool(windows, record, self.model, self.how, self.process, self.cancel, progress)
        self.store.save_prediction(record.id, key, self.mapping.windows(self._checked(windows)))
        windows.unlink()

    def _checked(self, path: Path) -> Iterator[Prediction]:
        """The windows of a file, as long as nobody cancels."""
        for window in read_windows(path):
            self.cancel.check()
            yield window

    def _unfinished(self, record: ImageRecord) -> Path:
        name = hashlib.sha256(self.report.model.encode()).hexdigest()[:8]
        return self.store.root / UNFINISHED / f"{record.id}-{name}.windows"


def part(progress: Progress, number: int, images: int, name: str) -> Progress:
    """The progress of one image of many."""

    def report(done: float, total: float, text: str = "") -> None:
        progress(number + done / max(total, 1), images, name)

    return report
