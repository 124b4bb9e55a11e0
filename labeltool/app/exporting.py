"""The annotation of a project in other people's formats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from labeltool import plugins
from labeltool.app.project import chosen, reason
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped
from labeltool.formats.export import export, refuse
from labeltool.formats.items import Watched
from labeltool.formats.protocol import Exporter, ExportPlan, ExportReport, LabelledImage
from labeltool.store.database import DamagedError
from labeltool.store.project import ProjectStore

GROUP = "labeltool.exporters"


@dataclass
class StoredImages:
    """Images and their masks as the store has them, one mask in memory at a time; damaged ones are left out."""

    store: ProjectStore
    records: Sequence[ImageRecord]
    damaged: dict[str, Skipped] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[LabelledImage]:
        for record in self.records:
            try:
                image = LabelledImage(self.store.image(record.id), self.store.load_mask(record.id))
            except DamagedError as error:
                self.damaged[record.id] = Skipped(error.file or str(record.path), reason(error))
            else:
                yield image


def export_images(
    store: ProjectStore,
    out: Path,
    format_name: str,
    options: Any = None,
    *,
    split: str | None = None,
    inside_project: bool = False,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> ExportReport:
    """Write the images of a split, or all, into ``out``, read everything back and compare it.

    ``options`` are those of the format (its ``Options``). ``out`` appears whole or not at all; it is refused
    inside the project unless ``inside_project`` says that it is meant.
    """
    exporter: Exporter = plugins.load(GROUP, format_name)()
    options = options or exporter.Options()
    images = StoredImages(store, chosen(store, split))
    project = None if inside_project else store.root
    report = export(
        exporter, images, store.catalog, out, options, project=project, progress=progress, cancel=cancel
    )
    return replace(report, skipped=(*report.skipped, *images.damaged.values()))


def plan_export(
    store: ProjectStore,
    out: Path,
    format_name: str,
    options: Any = None,
    *,
    split: str | None = None,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> ExportPlan:
    """What :func:`export_images` would do and what would be lost. Nothing is written; BadInputError where the export
    would be refused."""
    exporter: Exporter = plugins.load(GROUP, format_name)()
    images = StoredImages(store, chosen(store, split))
    watched = Watched(images, progress, cancel or CancelToken(), "planning")
    plan = exporter.plan(watched, store.catalog, options or exporter.Options())
    refuse(plan, out.absolute(), store.root)
    return replace(plan, skipped=(*plan.skipped, *images.damaged.values()))
