"""The annotation of a project in other people's formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from labeltool import plugins
from labeltool.app.leaving_out import left_out
from labeltool.app.project import chosen
from labeltool.app.sources import replaced
from labeltool.core.errors import BadInputError, StoreError
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Status
from labeltool.core.words import counted
from labeltool.formats.export import export, refuse
from labeltool.formats.items import Watched
from labeltool.formats.protocol import Exporter, ExportPlan, ExportReport, LabelledImage
from labeltool.store.layout import seems_project
from labeltool.store.project import ProjectStore
from labeltool.store.scope import is_of_one_image

GROUP = "labeltool.exporters"

NAMED = 3
"""Images that a notice names."""

INFLATED = 1 << 25
"""Masks of more pixels stay deflated while they are read tile by tile; others are not inflated twice."""


class StoredImage(LabelledImage):
    """An image of a project; its mask, at the revision of its record, is read anew each time it is asked for, by any
    thread.

    BadInputError where the mask is damaged or cannot be read: that image is left out, and the others go on.
    """

    def __init__(self, store: ProjectStore, record: ImageRecord) -> None:
        object.__setattr__(self, "record", record)
        object.__setattr__(self, "_store", store)

    @property
    def mask(self) -> LabelMask:
        """The mask at that revision, whoever goes on drawing."""
        store: ProjectStore = self.__dict__["_store"]
        r = self.record
        try:
            return store.snapshot(r.id, r.revision, inflated=r.size.pixels <= INFLATED)
        except StoreError as error:
            if not is_of_one_image(error):
                raise
            raise BadInputError(error.message, file=error.file, hint=error.hint) from error

    @property
    def root(self) -> str:
        """The root hash of that mask."""
        store: ProjectStore = self.__dict__["_store"]
        return store.root_hash_at(self.record.id, self.record.revision)


class StoredImages:
    """A snapshot of images and their masks; no mask is in memory before it is asked for.

    Of each image the revision counts at which it was first asked for: strokes that are drawn meanwhile change nothing.
    """

    def __init__(self, store: ProjectStore, records: Sequence[ImageRecord]) -> None:
        self.store, self.records = store, records
        self._pinned: dict[str, StoredImage] = {}

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[LabelledImage]:
        return (self._pin(record) for record in self.records)

    def _pin(self, record: ImageRecord) -> StoredImage:
        found = self._pinned.get(record.id)
        if found is None:
            revision = record.revision
            with left_out():  # which is told when its mask is asked for
                revision, _ = self.store.states(record.id, "")
            found = StoredImage(self.store, replace(record, revision=revision))
            self._pinned[record.id] = found
        return found


def exporter_of(format_name: str) -> Exporter:
    """A new exporter; LabeltoolError where there is none of this name."""
    exporter: Exporter = plugins.load(GROUP, format_name)()
    return exporter


def drawn_by_model(records: Iterable[ImageRecord]) -> list[ImageRecord]:
    """The images that hold only what a model has drawn: nobody has verified it."""
    return [record for record in records if record.status is Status.PRELABELLED]


def unverified(records: Sequence[ImageRecord]) -> tuple[str, ...]:
    """Sentences about images that are exported, though nobody has said that their labels are right."""
    rejected = [record for record in records if record.status is Status.REJECTED]
    found = []
    if drawn := drawn_by_model(records):
        hold = "holds" if len(drawn) == 1 else "hold"
        found.append(f"{counted(len(drawn), 'image')} {hold} only what a model has drawn{_named(drawn)}")
    if rejected:
        verb = "is" if len(rejected) == 1 else "are"
        found.append(f"{counted(len(rejected), 'image')} {verb} rejected{_named(rejected)}")
    return tuple(found)


def told_of(records: Sequence[ImageRecord]) -> tuple[str, ...]:
    """The same, and a sentence about those whose file has been replaced by another one since they were added."""
    other = replaced(records)
    if not other:
        return unverified(records)
    are = "is no longer the file that was" if len(other) == 1 else "are no longer the files that were"
    about = f"{counted(len(other), 'image')} {are} added{_named(other)}: the labels belong to what was there before"
    return (*unverified(records), about)


def _named(records: Sequence[ImageRecord]) -> str:
    more = ", ..." if len(records) > NAMED else ""
    return f" ({', '.join(record.name for record in records[:NAMED])}{more})"


def refuse_export(store: ProjectStore, plan: ExportPlan, out: Path) -> None:
    """BadInputError where what was planned must not be written to ``out``; nothing is written to find out."""
    refuse(plan, out.absolute(), project_above(out), folders(store))


def project_above(out: Path) -> Path | None:
    """The project that a folder is or lies in, whosever it is."""
    try:
        real = out.resolve()
    except RuntimeError as error:  # a link to itself
        raise BadInputError(
            "the target is a link that leads to itself", file=out, hint="Choose a new folder somewhere else"
        ) from error
    return next((folder for folder in (real, *real.parents) if seems_project(folder)), None)


def folders(store: ProjectStore) -> frozenset[Path]:
    """Those that hold images of the project. What is put there, whoever adds the folder again takes for images."""
    return frozenset(record.path.parent for record in store.images())


def export_images(
    store: ProjectStore,
    out: Path,
    format_name: str,
    options: Any = None,
    *,
    split: str | None = None,
    inside_project: bool = False,
    exporter: Exporter | None = None,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> ExportReport:
    """Write the images of a split, or all, into ``out``, read everything back and compare it.

    ``options`` are those of the format (its ``Options``). ``out`` appears whole or not at all; it is refused among the
    project's images, and inside a project unless ``inside_project`` says that it is meant. The ``exporter`` that has
    planned this need not read again the masks that are still the same.
    """
    exporter = exporter or exporter_of(format_name)
    options = options or exporter.Options()
    images = StoredImages(store, chosen(store, split))
    report = export(
        exporter,
        images,
        store.catalog,
        out,
        options,
        project=None if inside_project else project_above(out),
        sources=folders(store),
        catalog_version=store.catalog_version,
        progress=progress,
        cancel=cancel,
    )
    about = told_of([record for record in images.records if record.id in report.names])
    return replace(report, notices=(*about, *report.notices))


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
    exporter = exporter_of(format_name)
    images = StoredImages(store, chosen(store, split))
    watched = Watched(images, progress, cancel or CancelToken(), "planning")
    plan = exporter.plan(watched, store.catalog, options or exporter.Options())
    refuse_export(store, plan, out)
    about = told_of([record for record in images.records if record.id in plan.ids])
    return replace(plan, notices=(*about, *plan.notices))
