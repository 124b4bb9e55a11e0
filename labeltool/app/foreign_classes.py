"""Classes of other people's labels for a project: all of them, those that are needed where not all fit, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from labeltool.core.catalog import MAX_CLASSES, ClassCatalog, ClassDef
from labeltool.core.errors import BadInputError
from labeltool.core.progress import CancelToken
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.regular import NO_DATA, no_file
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ForeignClass, Importer

_NAMED: Final = 5
"""How many of the classes that were left out are named."""


@dataclass(frozen=True)
class Widened:
    """A catalog with classes added; the names that no class can have, and what is worth telling."""

    catalog: ClassCatalog
    skipped: tuple[Skipped, ...] = ()
    notices: tuple[str, ...] = ()


def check_source(src: Path) -> None:
    """BadInputError where labels cannot be read from, whichever their format: it is neither a file nor a folder."""
    if not src.exists():
        raise BadInputError("no such file or folder of labels", file=src)
    if no_file(src) == NO_DATA:
        raise BadInputError(NO_DATA, file=src, hint="Give a file of labels, or the folder it lies in")


def widened(
    catalog: ClassCatalog,
    importer: Importer,
    src: Path,
    options: ImportOptions,
    records: Sequence[ImageRecord],
    cancel: CancelToken | None = None,
) -> Widened:
    """``catalog`` with the classes of ``src`` that it lacks; nothing is written.

    Where not all of them fit, only those that labels of ``records`` are of: BadInputError where these do not fit.
    """
    check_source(src)
    lacking, skipped = _lacking(catalog, importer.classes(src, options))
    needed = lacking
    if len(lacking) > catalog.room:
        names = _needed(catalog, importer, src, options, records, cancel or CancelToken())
        needed = [each for each in lacking if each.name in names]
    if len(needed) > catalog.room:
        raise BadInputError(
            f"the labels are of {_classes(len(needed))} that the project lacks, and it has room for"
            f" {catalog.room:,} more: at most {MAX_CLASSES} fit into it, the background among them",
            file=src,
            hint="Nothing was imported. Add the classes that you need to the project and import without"
            " --add-classes: objects of the others are left out and reported",
        )
    wider = catalog
    for each in needed:
        wider = wider.add(each.name, each.color, each.value)
    added = [c.name for c in wider.classes if catalog.by_value(c.value) is None]
    left = [each.name for each in lacking if each not in needed]
    told = [f"classes added to the project: {', '.join(added)}"] * bool(added) + [_left_out(left)] * bool(
        left
    )
    return Widened(wider, tuple(skipped), tuple(told))


def _lacking(
    catalog: ClassCatalog, found: Sequence[ForeignClass]
) -> tuple[list[ForeignClass], list[Skipped]]:
    """The classes of which the catalog has neither the name nor the value, and those that can be none."""
    names, values = {c.name for c in catalog.classes}, set(catalog.values)
    lacking, skipped = [], []
    for each in found:
        if each.name in names or each.value in values:
            continue
        try:
            ClassCatalog((ClassDef(1, each.name, (0, 0, 0)),))
        except BadInputError as error:
            skipped.append(Skipped(f"class {each.name[:80]!r}", str(error)))
            continue
        lacking.append(each)
        names.add(each.name)
        if each.value is not None:
            values.add(each.value)
    return lacking, skipped


def _needed(
    catalog: ClassCatalog,
    importer: Importer,
    src: Path,
    options: ImportOptions,
    records: Sequence[ImageRecord],
    cancel: CancelToken,
) -> set[str]:
    """The names of classes for lack of which labels of ``records`` are left out, found by reading them once."""
    names: set[str] = set()
    for found in importer.read(src, catalog, records, options):
        cancel.check()
        if isinstance(found, Skipped):
            names.update(found.lacks)
    return names


def _left_out(names: Sequence[str]) -> str:
    """What is said of the classes that were not added."""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return (
        f"{_classes(len(names))} were not added, for not all fit and no label that would come in is of them:"
        f" {', '.join(names[:_NAMED])}{more}"
    )


def _classes(number: int) -> str:
    return f"{number:,} class{'' if number == 1 else 'es'}"
