"""What the ranks of a sharded pre-label have done, taken into the project."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from labeltool.app.models import Model
from labeltool.app.prelabel import PrelabelReport, part
from labeltool.app.project import reason, source_problem
from labeltool.app.shards import Shards, all_shards
from labeltool.app.spooling import Mapping
from labeltool.core.errors import BadInputError, ModelError, StoreError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped
from labeltool.inference.card import ModelCard
from labeltool.inference.options import DOUBTS
from labeltool.inference.segmenter import Prediction
from labeltool.store.database import DamagedError
from labeltool.store.project import ProjectStore
from labeltool.store.scope import is_of_one_image
from labeltool.store.spool import about, read_windows


def collect(
    store: ProjectStore,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
    done: Callable[[ImageRecord, str], object] = lambda record, key: None,
) -> list[PrelabelReport]:
    """Take the chunks that are done into the project, just as if their images had been pre-labelled here.

    ``done`` gets each image and the key of its prediction. What has been taken is removed from the shards, and a folder
    when all its chunks have been. It may be interrupted anywhere and called again.
    """
    cancel = cancel or CancelToken()
    reports = []
    for shards in list(all_shards(store.root)):
        collecting = _Collecting(store, shards, cancel, done)
        collecting.all_chunks(progress)
        reports.append(collecting.report)
    return reports


class _Collecting:
    """One folder of shards on its way into the project."""

    def __init__(
        self,
        store: ProjectStore,
        shards: Shards,
        cancel: CancelToken,
        done: Callable[[ImageRecord, str], object],
    ) -> None:
        self._store, self._shards, self._cancel, self._done = store, shards, cancel, done
        self._began = shards.began()
        self._plan = shards.plan() or {"key": "", "chunks": []}
        self._records = {record.id: record for record in store.images()}
        model = Model(shards.folder, ModelCard.read(shards.folder), "path")
        try:
            self._mapping = Mapping(model, store.catalog)
        except ModelError as error:
            raise ModelError(error.message, file=shards.folder, hint=error.hint) from error
        self.report = PrelabelReport(self._plan["key"])

    def all_chunks(self, progress: Progress) -> None:
        """Take what is done, and remove the folder when that was all."""
        started_s = time.monotonic()
        chunks = self._plan["chunks"]
        taken = [self._chunk(chunk, part(progress, n, len(chunks), "")) for n, chunk in enumerate(chunks)]
        if all(taken):
            self._shards.end(self._began)
        self.report.seconds = time.monotonic() - started_s

    def _chunk(self, chunk: int, progress: Progress) -> bool:
        """Take the images of a chunk; False where it is not done, or an image has to wait."""
        said = self._shards.done(chunk)
        if said is None:
            return False
        for image_id, why in said["skipped"].items():
            if image_id in self._records:
                self.report.skipped.append(Skipped(str(self._records[image_id].path), why))
        images = dict.fromkeys(said["images"])
        there = [i for i in images if i in self._records and self._shards.windows(i).exists()]
        taken = True
        for number, image_id in enumerate(there):
            self._cancel.check()
            taken &= self._image(self._records[image_id], chunk)
            progress(number + 1, len(there))
        return taken

    def _image(self, record: ImageRecord, chunk: int) -> bool:
        """Take an image; False where it has to stay for a later call, or to be made again."""
        path, key = self._shards.windows(record.id), self._plan["key"]
        try:
            _check(record, path)
            if not self._has_more(record):
                self._store.save_prediction(record.id, key, self._mapping.windows(self._counted(path)))
            self._done(record, key)
            self.report.images += 1
        except (BadInputError, StoreError) as error:
            if isinstance(error, StoreError) and not is_of_one_image(error):
                raise
            self.report.skipped.append(Skipped(str(record.path), reason(error)))
            if isinstance(error, StoreError):
                if isinstance(error, DamagedError) and error.file == str(
                    path
                ):  # the chunk is to be done again
                    self._shards.journal(chunk).unlink(missing_ok=True)
                    path.unlink()
                return False
        path.unlink()
        return True

    def _has_more(self, record: ImageRecord) -> bool:
        """Whether the project has the same prediction with planes of doubt that this one lacks."""
        kept = self._store.prediction_planes(record.id, self._plan["key"])
        return bool((kept & {*DOUBTS}) - {*self._plan.get("doubts", ())})

    def _counted(self, path: Path) -> Iterator[Prediction]:
        for window in read_windows(path):
            self._cancel.check()
            self.report.tiles += 1
            yield window


def _check(record: ImageRecord, path: Path) -> None:
    """BadInputError where a prediction is not of the image that the project has now."""
    problem = source_problem(record)
    if not problem and (about(path) or {}).get("image") != record.sha256:
        problem = "its prediction is of another image"
    if problem:
        raise BadInputError(problem, file=record.path)
