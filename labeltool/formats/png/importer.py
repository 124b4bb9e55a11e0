"""A folder of index masks whose names match the images'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.project import ImageRecord, Skipped
from labeltool.formats.importing import mask_of, masks, png_below
from labeltool.formats.index_png import read_index, read_objects, used_values
from labeltool.formats.manifest import read_manifest
from labeltool.formats.match import Matcher
from labeltool.formats.options import ImportOptions
from labeltool.formats.png.exporter import CLASSES, INSTANCES, LABELS
from labeltool.formats.protocol import ForeignClass, ImportedMask
from labeltool.formats.untrusted import (
    MAX_TEXT_BYTES,
    check_folder,
    is_given,
    load_json,
    stays_inside,
)
from labeltool.formats.values import by_name, by_number, identity, translate


class PngImporter:
    """Index masks, with a ``classes.json`` beside them or without, and object ids in a folder ``instances``.

    Where the folder holds a folder ``labels``, the masks are in there. ``labels/val/x.png`` belongs with
    ``instances/val/x.png``; the object ids become those of that file wherever the mask has a class there.
    With ``classes.json`` classes are the same by name, without it by value.
    """

    name: ClassVar[str] = "png"
    title: ClassVar[str] = "Index masks (PNG)"
    Options: ClassVar[type[ImportOptions]] = ImportOptions

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """Those of ``classes.json``, or without it the values that occur."""
        src = src.absolute()
        foreign = _foreign(src)
        if foreign is not None:
            return [ForeignClass(c.name, c.color) for c in foreign.foreground]
        files = [file for file in _mask_files(src, ())[0] if stays_inside(file, src)]
        values = {value for file in files for value in used_values(file)}
        return [ForeignClass(f"class {v}", value=v) for v in sorted(values - {0, IGNORE})]

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: Any
    ) -> Iterator[ImportedMask | Skipped]:
        """Masks one by one; BadInputError when there is not one or ``classes.json`` is broken."""
        check_folder(src)
        src = src.absolute()
        files, others = _mask_files(src, images)
        yield from others
        if not files and not others:
            raise BadInputError("the folder holds no masks", file=src, hint="PNG files are looked for")
        values, names = _values(src, catalog)
        notices = () if names else (by_number(catalog),)
        matcher = Matcher(images, read_manifest(_export_folder(src)))

        def read_one(file: Path, record: ImageRecord) -> ImportedMask:
            raw, _ = read_index(file, record.size)
            label = translate(raw, values, names)
            instances = instances_of(file)
            ids = None if instances is None else read_objects(instances, record.size)
            mask = mask_of(record, file, label, ids, catalog)
            return replace(mask, notices=(*notices, *mask.notices))

        yield from masks(files, src, matcher, read_one)


def _mask_files(src: Path, images: Sequence[ImageRecord]) -> tuple[list[Path], list[Skipped]]:
    """PNG files below ``src`` that could be masks, and why other pictures are none: not the project's images, not maps
    of object ids."""
    sources = {record.path.resolve() for record in images}

    def is_mask(path: Path) -> bool:
        return INSTANCES not in path.relative_to(src).parts[:-1] and path.resolve() not in sources

    return png_below(src / LABELS if (src / LABELS).is_dir() else src, is_mask)


def instances_of(file: Path) -> Path | None:
    """The map of object ids that belongs with a mask: the same path below ``instances`` instead of ``labels``."""
    parts = list(file.parts)
    if LABELS not in parts[:-1]:
        return None
    place = len(parts) - 2 - parts[-2::-1].index(LABELS)
    found = Path(*parts[:place], INSTANCES, *parts[place + 1 :])
    return found if is_given(found, Path(*parts[:place])) else None


def _export_folder(src: Path) -> Path:
    """The folder that holds ``labels``, where ``src`` is inside one; there lies the manifest of our exports."""
    return next((f.parent for f in (src, src.parent) if f.name == LABELS), src)


def _beside(src: Path) -> list[Path]:
    """Where ``classes.json`` may lie: in the folder, above it, and above ``labels``."""
    return [src, src.parent, *([src.parent.parent] if src.parent.name == LABELS else [])]


def _foreign(src: Path) -> ClassCatalog | None:
    """The classes of ``classes.json``, where there is one."""
    for folder in _beside(src):
        file = folder / CLASSES
        if is_given(file, folder):
            return ClassCatalog.from_json(load_json(file, MAX_TEXT_BYTES), file=file)
    return None


def _values(src: Path, catalog: ClassCatalog) -> tuple[dict[int, int], dict[int, str]]:
    """Values of the project by values of the files, and what the files call their values."""
    foreign = _foreign(src)
    if foreign is None:
        return identity(catalog), {}
    return by_name(foreign, catalog), {c.value: c.name for c in foreign.classes}
