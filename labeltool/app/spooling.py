"""One image through a model into a file of windows, from where somebody was interrupted at the last time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeltool.app.models import Model, class_mapping
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord
from labeltool.imaging.windows import windows
from labeltool.inference.options import InferenceOptions
from labeltool.inference.process import ModelProcess
from labeltool.inference.segmenter import Prediction
from labeltool.store.database import explained
from labeltool.store.spool import Spool


def spool(
    path: Path,
    record: ImageRecord,
    model: Model,
    how: InferenceOptions,
    process: ModelProcess,
    cancel: CancelToken,
    progress: Progress,
) -> int:
    """Bring a file of an image's windows to its end; how many of them had to be made.

    After an interruption a later call with the same image, model, options and engine goes on, and the file has the same
    bytes in the end. Labels are the model's own class values.
    """
    info = process.ready(cancel)
    about = {
        "image": record.sha256,
        "page": record.page,
        "size": list(record.size),
        "model": model.prediction_key(how),
        "grid": [model.card.tile, model.card.halo],
        "device": info.device,
        "engine": info.engine,
        **_options(how),
    }
    with explained(path), Spool(path, about) as file:
        before = file.windows
        if not file.ended:
            grid = [each.core for each in windows(record.size, model.card.tile, model.card.halo)]
            found = process.segment(record.path, cancel, progress, page=record.page, first=before, grid=grid)
            for window in found:
                file.add(window)
            file.end()
        return file.windows - before


def _options(how: InferenceOptions) -> dict[str, Any]:
    return {"flips": how.flips, "scales": list(how.scales), "doubts": list(how.doubts)}


class Mapping:
    """From a model's class values to a project's, by name. ModelError where the project lacks a class."""

    def __init__(self, model: Model, catalog: ClassCatalog) -> None:
        self._table: NDArray[np.uint8] = np.full(256, IGNORE, np.uint8)
        for source, target in class_mapping(model.card, catalog).items():
            self._table[source] = target

    def windows(self, found: Iterable[Prediction]) -> Iterator[Prediction]:
        """The same windows in the project's values."""
        for window in found:
            yield window if window.is_nothing else window._replace(label=self._table[window.label])
