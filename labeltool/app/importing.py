"""Other people's labels into a project: one undoable step an image, and human pixels win."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from labeltool import plugins
from labeltool.app.foreign_classes import Widened, check_source, widened
from labeltool.app.people.references import checked_name, keep, window_of
from labeltool.core.errors import StoreError
from labeltool.core.guard import Guard
from labeltool.core.mask import LabelMask, PlaneName
from labeltool.core.patch import Patch, tile_after, write
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import Skipped, Status
from labeltool.core.provenance import VERIFIED, Origin
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ImportedMask, Importer
from labeltool.store.project import ProjectStore
from labeltool.store.scope import is_of_one_image

GROUP = "labeltool.importers"

_NUMBERED: Final = re.compile(r"([\d,]+) (pixel|object|outline|feature)(s?)( .+)", re.DOTALL)
"""Sentences that begin with how many things they are about."""


_OF_ONE: Final = {"are": "is", "lie": "lies", "stay": "stays"}
"""Verbs that such sentences go on with, of one thing."""

_CONTENT: Final[tuple[PlaneName, ...]] = ("label", "object")
"""The planes that say what a pixel is."""

_NAMED: Final = 5
"""How many images a line about several names."""


@dataclass
class ImportReport:
    """What came in: images whose annotation was read, the objects in them, what was left out and why. Of ``unkept``
    ones the labels that the project has already are damaged, or cannot be written."""

    images: int = 0
    objects: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    unkept: int = 0


class _Told:
    """What is worth knowing of the images: equal sentences once, with the sum of their numbers and of the images."""

    def __init__(self) -> None:
        self._images: dict[tuple[str, str], list[str]] = {}
        self._sums: Counter[tuple[str, str]] = Counter()

    def add(self, sentence: str, image: str = "") -> None:
        """Say a sentence of one more image, which is named where ``image`` is its name."""
        found = _NUMBERED.fullmatch(sentence)
        key = (found[2], found[4]) if found else ("", sentence)
        self._images.setdefault(key, []).append(image)
        self._sums[key] += int(found[1].replace(",", "")) if found else 0

    def lines(self) -> list[str]:
        """One line a sentence, in the order in which they were first said."""
        found = []
        for (noun, rest), images in self._images.items():
            number = self._sums[noun, rest]
            counted = f"{number:,} {noun}{'s' if number != 1 else ''}" if noun else ""
            found.append(f"{counted}{_of_one(rest) if number == 1 else rest}{_where(images)}")
        return found


def _where(images: Sequence[str]) -> str:
    """In which images, or in how many: for one without a name nothing."""
    if images[0]:
        more = f" and {len(images) - _NAMED:,} more" if len(images) > _NAMED else ""
        return f" (in {', '.join(images[:_NAMED])}{more})"
    return f" (in {len(images):,} images)" if len(images) > 1 else ""


def _of_one(rest: str) -> str:
    """The rest of a sentence about one thing."""
    return re.sub(rf"^ ({'|'.join(_OF_ONE)})\b", lambda verb: f" {_OF_ONE[verb[1]]}", rest)


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
    """Read ``src`` and commit what fits, image by image. After a cancel what came in before stays; an import that
    fails, or brings nothing in, leaves the project as it was, its classes too.

    ``options`` are those of the format (its ``Options``). With ``reference`` the labels are kept under that name beside
    the annotation, which stays as it is.
    """
    reference = "" if reference is None else checked_name(reference)
    cancel = cancel or CancelToken()
    importer: Importer = plugins.load(GROUP, format_name)()
    options = options or importer.Options()
    check_source(src)
    records = store.images()
    named = {each.id: each.name for each in records}
    report, told = ImportReport(), _Told()
    for found in _read(store, importer, src, options, report, cancel):
        if isinstance(found, Skipped):
            report.skipped.append(found)
            continue
        try:
            about = _keep(store, found, reference) if reference else _commit(store, found, format_name)
        except StoreError as error:
            if not is_of_one_image(error):
                raise
            report.unkept += 1
            report.skipped.append(
                Skipped(found.file, f"{error.file}: {error.message}. {error.hint or ''}".strip())
            )
            continue
        report.images += 1
        report.objects += found.objects
        for notice in found.notices:
            told.add(notice)
        for notice in about:
            told.add(notice, named[found.image_id])
        progress(report.images, max(len(records), report.images), found.file)
    report.notices += told.lines()
    return report


def import_patch(mask: LabelMask, found: ImportedMask, format_name: str) -> Patch:
    """The patch that sets what the file knows, except where a human or a reviewer has been.

    An object whose number another one has already that stays gets a number that is free.
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
    """``numbers`` with others for those that pixels outside ``where`` have, none of them given twice."""
    theirs = mask.read("object")[~where]
    if not theirs.any():
        return numbers
    staying, coming = np.unique(theirs), np.unique(numbers)
    taken = np.isin(coming, staying) & (coming > 0)
    if not taken.any():
        return numbers
    known = np.union1d(staying, coming)
    free = np.setdiff1d(np.arange(1, known.size + int(taken.sum()) + 1, dtype=np.uint32), known)
    given = coming.copy()
    given[taken] = free[: int(taken.sum())]
    return given[np.searchsorted(coming, numbers)]


def _read(
    store: ProjectStore,
    importer: Importer,
    src: Path,
    options: ImportOptions,
    report: ImportReport,
    cancel: CancelToken,
) -> Iterator[ImportedMask | Skipped]:
    """What an importer makes of ``src``. Classes that the project lacks are added with the first mask: where none
    comes, nobody needs them."""
    wider, records, is_first = Widened(store.catalog), store.images(), True
    if options.add_classes:
        wider = widened(store.catalog, importer, src, options, records, cancel)
    report.skipped += wider.skipped
    for found in importer.read(src, wider.catalog, records, options):
        cancel.check()
        if is_first and isinstance(found, ImportedMask):
            is_first = False
            report.notices += wider.notices
            if wider.catalog != store.catalog:
                store.set_catalog(wider.catalog)
        yield found


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
    wanted = import_patch(mask, found, format_name)
    patch = Guard(store.catalog.locked).admit(mask, wanted)
    told = _about(
        (_of_people(mask, found), "pixels stay as set by people"),
        (_held_back(mask, wanted, patch), "pixels stay unchanged, because a class is locked"),
        (_replaced(mask, patch), "pixels of an earlier import got another class or object"),
    )
    if patch:
        store.commit(record.id, patch, expected=record.revision, status=Status.IN_WORK)
    return told


def _of_people(mask: LabelMask, found: ImportedMask) -> int:
    """How many pixels that the file knows are those of a human or a reviewer."""
    theirs = np.isin(mask.read("origin"), VERIFIED)
    return int(np.count_nonzero(theirs if found.known is None else theirs & found.known))


def _held_back(mask: LabelMask, wanted: Patch, admitted: Patch) -> int:
    """How many pixels ``wanted`` would change and ``admitted`` does not."""
    if wanted is admitted:
        return 0
    number = 0
    for index in wanted.touched:
        differs = [
            tile_after(mask, wanted, (name, index)) != tile_after(mask, admitted, (name, index))
            for name in mask.planes
        ]
        number += int(np.count_nonzero(np.logical_or.reduce(differs)))
    return number


def _replaced(mask: LabelMask, patch: Patch) -> int:
    """How many pixels that an import has set get another class or object by the patch."""
    number = 0
    for index in patch.touched:
        imported = mask.planes["origin"].tile(index) == Origin.IMPORTED
        if not imported.any():
            continue
        changed = np.zeros(imported.shape, bool)
        for name in _CONTENT:
            changed |= mask.planes[name].tile(index) != tile_after(mask, patch, (name, index))
        number += int(np.count_nonzero(changed & imported))
    return number


def _about(*counts: tuple[int, str]) -> tuple[str, ...]:
    return tuple(f"{number:,} {what}" for number, what in counts if number)
