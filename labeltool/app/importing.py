"""Other people's labels into a project: one undoable step an image, and human pixels win."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from labeltool import plugins
from labeltool.app.people.references import checked_name, keep, window_of
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, ConflictError
from labeltool.core.guard import Guard
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, write
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import Skipped, Status
from labeltool.core.provenance import Origin
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ForeignClass, ImportedMask, Importer
from labeltool.store.database import DamagedError
from labeltool.store.project import ProjectStore

GROUP = "labeltool.importers"

_NUMBERED: Final = re.compile(r"([\d,]+) (pixel|object|outline|feature)(s?)( .+)", re.DOTALL)
"""Sentences that begin with how many things they are about."""


@dataclass
class ImportReport:
    """What came in: images whose annotation was read, the objects in them, what was left out and why."""

    images: int = 0
    objects: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


class _Told:
    """What is worth knowing of the images: equal sentences once, with the sum of their numbers and of the images."""

    def __init__(self) -> None:
        self._images: Counter[tuple[str, str]] = Counter()
        self._sums: Counter[tuple[str, str]] = Counter()

    def add(self, sentence: str) -> None:
        """Say a sentence of one more image."""
        found = _NUMBERED.fullmatch(sentence)
        key = (found[2], found[4]) if found else ("", sentence)
        self._images[key] += 1
        self._sums[key] += int(found[1].replace(",", "")) if found else 0

    def lines(self) -> list[str]:
        """One line a sentence, in the order in which they were first said."""
        found = []
        for (noun, rest), images in self._images.items():
            number = self._sums[noun, rest]
            counted = f"{number:,} {noun}{'s' if number != 1 else ''}" if noun else ""
            said = f"{counted}{_of_one(rest) if number == 1 else rest}"
            found.append(f"{said} (in {images:,} images)" if images > 1 else said)
        return found


def _of_one(rest: str) -> str:
    """The rest of a sentence about one thing."""
    return re.sub(r"^ (are|lie)\b", lambda verb: {"are": " is", "lie": " lies"}[verb[1]], rest)


def import_labels(
    store: ProjectStore,
    src: Path,
    format_name: str,
    options: ImportOptions | None = None,
    *,
    reference: str | None = None,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> ImportReport:
    """Read ``src`` and commit what fits, image by image. After a cancel what came in before stays.

    ``options`` are those of the format (its ``Options``). With ``reference`` the labels are kept under that name beside
    the annotation, which stays as it is.
    """
    reference = "" if reference is None else checked_name(reference)
    cancel = cancel or CancelToken()
    importer: Importer = plugins.load(GROUP, format_name)()
    options = options or importer.Options()
    if not src.exists():
        raise BadInputError("no such file or folder of labels", file=src)
    records = store.images()
    report, told = ImportReport(), _Told()
    if options.add_classes:
        _add_classes(store, importer.classes(src, options), report)
    for found in importer.read(src, store.catalog, records, options):
        cancel.check()
        if isinstance(found, Skipped):
            report.skipped.append(found)
            continue
        try:
            about = _keep(store, found, reference) if reference else _commit(store, found, format_name)
        except (DamagedError, ConflictError) as error:
            report.skipped.append(
                Skipped(found.file, f"{error.file}: {error.message}. {error.hint or ''}".strip())
            )
            continue
        report.images += 1
        report.objects += found.objects
        for notice in (*found.notices, *about):
            told.add(notice)
        progress(report.images, max(len(records), report.images), found.file)
    report.notices += told.lines()
    return report


def import_patch(mask: LabelMask, found: ImportedMask, format_name: str) -> Patch:
    """The patch that sets what the file knows, except where a human or a reviewer has been.

    Numbers of objects are moved up where a person has numbered some already, so that none come to share one.
    """
    where = ~np.isin(mask.read("origin"), (Origin.HUMAN, Origin.REVIEWER))
    if found.known is not None:
        where &= found.known
    return write(
        mask,
        mask.size.box,
        where,
        title="import",
        kind="import",
        details={"file": found.file, "format": format_name},
        label=found.label,
        object_id=0 if found.object is None else _free_numbers(found.object, mask, where),
        origin=Origin.IMPORTED,
    )


def _free_numbers(
    numbers: NDArray[np.uint32], mask: LabelMask, where: NDArray[np.bool_]
) -> NDArray[np.uint32]:
    staying = mask.read("object")[~where]
    highest = int(staying.max()) if staying.size else 0
    return np.where(numbers > 0, numbers + np.uint32(highest), 0).astype(np.uint32) if highest else numbers


def _add_classes(store: ProjectStore, found: Sequence[ForeignClass], report: ImportReport) -> None:
    catalog = store.catalog
    for each in found:
        try:
            catalog = with_class(catalog, each)
        except BadInputError as error:
            report.skipped.append(Skipped(f"class {each.name[:80]!r}", str(error)))
    if catalog != store.catalog:
        new = [c.name for c in catalog.classes if store.catalog.by_value(c.value) is None]
        store.set_catalog(catalog)
        report.notices.append(f"classes added to the project: {', '.join(new)}")


def with_class(catalog: ClassCatalog, found: ForeignClass) -> ClassCatalog:
    """The catalog with a class of other people's labels, unless it has one of that name or that value already."""
    if catalog.by_name(found.name) or (found.value is not None and catalog.by_value(found.value)):
        return catalog
    return catalog.add(found.name, found.color, found.value)


def _keep(store: ProjectStore, found: ImportedMask, reference: str) -> tuple[str, ...]:
    """Keep the mask beside the annotation; what is worth telling."""
    before = reference in store.references(found.image_id)
    known = np.ones(found.label.shape, bool) if found.known is None else found.known
    box = store.image(found.image_id).size.box
    keep(store, found.image_id, reference, iter([window_of(box, found.label, known)]))
    return (f"an earlier reference called {reference!r} was replaced",) if before else ()


def _commit(store: ProjectStore, found: ImportedMask, format_name: str) -> tuple[str, ...]:
    """Put the mask into the annotation; what is worth telling."""
    record = store.image(found.image_id)
    if found.split and not record.split:
        store.put_into(record.id, found.split)
    mask = store.load_mask(record.id)
    patch = Guard(store.catalog.locked).admit(mask, import_patch(mask, found, format_name))
    if patch:
        store.commit(record.id, patch, expected=record.revision, status=Status.IN_WORK)
    return _about(_replaced(mask, patch))


def _replaced(mask: LabelMask, patch: Patch) -> int:
    """How many pixels that an import has set get another class or object by the patch."""
    number = 0
    for index in patch.touched:
        imported = mask.planes["origin"].tile(index) == Origin.IMPORTED
        if not imported.any():
            continue
        changed = np.zeros(imported.shape, bool)
        for name in ("label", "object"):
            delta = patch.deltas.get((name, index))
            if delta is not None:
                plane = mask.planes[name]
                after = plane.empty_tile(index) if delta.after is None else delta.after
                changed |= plane.tile(index) != after
        number += int(np.count_nonzero(changed & imported))
    return number


def _about(replaced: int) -> tuple[str, ...]:
    return (f"{replaced:,} pixels of an earlier import got another class or object",) if replaced else ()
