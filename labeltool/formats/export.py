"""Running an export: into a folder of its own, verified, and only then given its name."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from labeltool.core.atomic import make_folder, move, out_of_room, sync_folder, sync_folders, writable
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, DiskFullError, LabeltoolError, StoreError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.formats.items import Watched
from labeltool.formats.left_over import at_work, keep, partial_of
from labeltool.formats.manifest import Source, write_manifest
from labeltool.formats.options import ExportOptions
from labeltool.formats.protocol import (
    Exporter,
    ExportPlan,
    ExportReport,
    LabelledImage,
    LabelledImages,
)


def export(
    exporter: Exporter,
    images: LabelledImages,
    catalog: ClassCatalog,
    out: Path,
    options: ExportOptions | None = None,
    *,
    project: Path | None = None,
    sources: frozenset[Path] = frozenset(),
    plan: ExportPlan | None = None,
    catalog_version: int = 0,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> ExportReport:
    """Plan, write, verify against the masks, then rename: ``out`` appears whole or not at all.

    In ``project``, the folder of one, and in ``sources``, folders of images that are perhaps not exported, no export
    may land. A ``plan`` just made saves making it again. ``catalog_version`` is for the manifest.
    Raises BadInputError when the export is refused before anything is written, LabeltoolError when it fails,
    CancelledError when ``cancel`` was set; the partial folder is gone in each case, but where only its name could
    not be given: then the error says what it is called.
    """
    options, cancel, out = options or exporter.Options(), cancel or CancelToken(), out.absolute()
    if plan is None:
        watched = Watched(images, _part(progress, 0), cancel, "planning")
        plan = exporter.plan(watched, catalog, options)
    refuse(plan, out, project, sources)
    partial, whole = partial_of(out), False
    try:
        make_folder(partial)
        with at_work(partial):
            report = _fill(exporter, images, catalog, catalog_version, partial, options, progress, cancel)
            sync_folders(partial)
            whole = True
            if out.exists():
                out.rmdir()  # it is empty
            move(partial, out)
        sync_folder(out.parent)
    except (LabeltoolError, MemoryError):
        raise
    except Exception as error:
        full = out_of_room(error, partial if partial.exists() else partial.parent)
        if not full and not isinstance(error, OSError):
            raise
        raise _unnamed(error, partial, out) if whole else _failure(error, full, partial, out) from error
    finally:
        if not whole:
            shutil.rmtree(partial, ignore_errors=True)
    return replace(report, notices=(*plan.notices, *report.notices))


def _unnamed(error: Exception, partial: Path, out: Path) -> StoreError:
    """What has become of an export that is whole and verified, and could not be given its name."""
    reason = getattr(error, "strerror", None) or str(error)
    if not partial.exists():
        hint = "It is whole and verified; whether its name outlives a power cut is not known"
        return StoreError(
            f"the export has its name, and the disk does not confirm it: {reason}", file=out, hint=hint
        )
    keep(partial)
    return StoreError(
        f"the export is whole and verified, and could not be given its name: {reason}",
        file=out,
        hint=f"It is kept as {partial}; rename that folder once nothing stands in the way, such as a virus scanner "
        "that reads it",
    )


def _failure(error: Exception, full: bool, partial: Path, out: Path) -> StoreError:
    """What could not be written, by the name that somebody gave: neither the partial folder's nor a source's."""
    reason = "the disk is full" if full else getattr(error, "strerror", None) or str(error)
    names = (getattr(error, "filename2", None), getattr(error, "filename", None))
    paths = (Path(str(name)) for name in names if name)
    inside = next((path for path in paths if path.is_relative_to(partial)), None)
    return (DiskFullError if full else StoreError)(
        f"the export could not be written: {reason}",
        file=out / inside.relative_to(partial) if inside else out,
        hint=f"Nothing was kept of it; {'free some space or ' if full else ''}choose another folder",
    )


def refuse(
    plan: ExportPlan, out: Path, project: Path | None = None, sources: frozenset[Path] = frozenset()
) -> None:
    """Raise BadInputError when an export must not be started; nothing is written to find out. ``project`` and
    ``sources`` as in :func:`export`."""
    if plan.problems:
        raise BadInputError("; ".join(plan.problems), hint="Nothing was written")
    _refuse_target(out.resolve(), plan.folders | sources, project)
    above = next(folder for folder in out.resolve().parents if folder.exists())
    if not writable(above):
        raise BadInputError(
            "nothing can be written there", file=above, hint="Choose a folder that you may write to"
        )
    free = shutil.disk_usage(above).free
    if plan.nbytes > free:
        raise BadInputError(
            f"the export needs up to {plan.nbytes / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free", file=out
        )


def _refuse_target(out: Path, sources: frozenset[Path], project: Path | None) -> None:
    hint = "Choose a new folder somewhere else"
    try:
        there = next(path for path in (out, *out.parents) if path.exists())
        taken = there == out and out.is_dir() and any(out.iterdir())
    except OSError as error:
        raise BadInputError(f"the target cannot be read: {error.strerror}", file=out, hint=hint) from error
    if not there.is_dir():
        raise BadInputError("this is a file, and an export is a folder", file=there, hint=hint)
    if taken:
        raise BadInputError("the target exists and is not empty; nothing is overwritten", file=out, hint=hint)
    if project is not None and out.is_relative_to(project.resolve()):
        raise BadInputError(f"the target lies inside the project {project.name}", file=out, hint=hint)
    for folder in sources:
        if out.is_relative_to(folder.resolve()):
            raise BadInputError(
                "the target lies inside a folder that holds source images", file=out, hint=hint
            )


def _fill(
    exporter: Exporter,
    images: LabelledImages,
    catalog: ClassCatalog,
    catalog_version: int,
    partial: Path,
    options: ExportOptions,
    progress: Progress,
    cancel: CancelToken,
) -> ExportReport:
    seen: dict[str, Source] = {}
    noting = _Passing(images, lambda image: _note(seen, image))
    report = exporter.write(noting, catalog, partial, options, _part(progress, 1), cancel)
    if not report.names:
        raise BadInputError(
            f"no image could be exported; {report.skipped[0].file}: {report.skipped[0].reason}"
        )
    roots = {image.record.id: image.root for image in images if image.record.id in report.names}
    sources = [replace(seen[key], name=name, root=roots[key]) for key, name in report.names.items()]
    manifest = write_manifest(
        partial, exporter.name, report.objects, catalog, sources, cancel, catalog_version=catalog_version
    )
    revisions = {source.id: source.revision for source in sources}
    written = _Passing(images, lambda image: _same_revision(revisions, image), len(sources))
    exporter.verify(written, catalog, partial, options, _part(progress, 2), cancel)
    return replace(report, files=len(manifest.files) + 1)


@dataclass(frozen=True)
class _Passing:
    """Images, each shown to ``keep`` on the way, which decides whether it goes on."""

    images: LabelledImages
    keep: Callable[[LabelledImage], bool]
    count: int | None = None

    def __len__(self) -> int:
        return len(self.images) if self.count is None else self.count

    def __iter__(self) -> Iterator[LabelledImage]:
        return filter(self.keep, self.images)


def _note(seen: dict[str, Source], image: LabelledImage) -> bool:
    r = image.record
    seen[r.id] = Source(r.id, "", r.path.name, r.sha256, r.split, r.revision)
    return True


def _same_revision(revisions: dict[str, int], image: LabelledImage) -> bool:
    written = revisions.get(image.record.id)
    if written is not None and written != image.record.revision:
        raise LabeltoolError(
            "the mask was edited while it was exported", file=image.record.path, hint="Export again"
        )
    return written is not None


def _part(progress: Progress, number: int, parts: int = 3) -> Progress:
    """The progress of one of several passes of equal length."""

    def report(done: float, total: float, text: str = "") -> None:
        progress(number + done / max(total, 1), parts, text)

    return report
