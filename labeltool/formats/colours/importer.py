"""Reads colour masks and index masks, with whatever list of classes lies beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.project import ImageRecord, Skipped
from labeltool.formats.colours import layout
from labeltool.formats.colours.lists import CAMVID, ClassList, find_list, of_project
from labeltool.formats.colours.numbers import IGNORED, numbers_of
from labeltool.formats.foreign import Meanings, is_class
from labeltool.formats.importing import mask_of, masks
from labeltool.formats.index_png import Palette, any_size, read_objects, read_pixels
from labeltool.formats.manifest import read_manifest
from labeltool.formats.match import Matcher
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ForeignClass, ImportedMask
from labeltool.formats.untrusted import check_folder, is_given, stays_inside
from labeltool.formats.values import by_number, counted


@dataclass(frozen=True)
class ColoursOptions(ImportOptions):
    """What one can choose for masks of colours and values."""

    ignore_value: int = field(
        default=IGNORE,
        metadata={
            "label": "Value of ignored pixels",
            "help": "value of index masks that means ignore or no data, besides 255 (LoveDA: 0)",
        },
    )


class ColoursImporter:
    """Masks whose classes are named by the nearest of the files in ``lists.LISTS``, above or beside them.

    Without one, folders of CamVid's layout (``trainannot``) have its colours; everything else counts as the project
    does, by value or by colour. A colour or value that is not in the list is refused by name.
    """

    name: ClassVar[str] = "colours"
    title: ClassVar[str] = "Colour or index masks with a list of classes"
    Options: ClassVar[type[ImportOptions]] = ColoursOptions

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """The classes that occur, or, without any list, the values that do."""
        src = src.absolute()
        used: dict[ForeignClass, None] = {}
        lists = _Lists(src)
        for file in layout.mask_files(src, ())[0]:
            size = any_size(file) if stays_inside(file, src) else None
            try:
                if size is not None:
                    used.update(
                        dict.fromkeys(_classes_of(file, lists.of(file), options, *read_pixels(file, size)))
                    )
            except (BadInputError, MemoryError):
                continue  # read says so, if there is an image of this size
        return list(used)

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: Any
    ) -> Iterator[ImportedMask | Skipped]:
        """Masks one by one; BadInputError when there is none. A broken list of classes refuses the masks it is for."""
        check_folder(src)
        src = src.absolute()
        files, others = layout.mask_files(src, images)
        yield from others
        if not files and not others:
            raise BadInputError("the folder holds no masks", file=src, hint="PNG files are looked for")
        reader = _Reader(src, catalog, options, _Lists(src), layout.splits(src))
        matcher = layout.Endings(Matcher(images, read_manifest(src)))
        yield from masks(files, src, matcher, reader.read)


@dataclass
class _Lists:
    """The nearest list of classes for each mask, read once."""

    src: Path
    found: dict[Path, ClassList | None] = field(default_factory=dict)

    def of(self, file: Path) -> ClassList | None:
        """The list in the mask's folder, or in one above it, up to the folder that holds the given one."""
        top = self.src.parent
        for folder in file.parents:
            if folder not in self.found:
                self.found[folder] = find_list(folder)
            nearest = self.found[folder]
            if nearest is not None or folder == top:
                break
        if nearest is None and layout.is_camvid(file):
            return ClassList.of_colors("CamVid", CAMVID.items())
        return nearest


@dataclass
class _Reader:
    src: Path
    catalog: ClassCatalog
    options: ColoursOptions
    lists: _Lists
    splits: dict[str, str]

    def read(self, file: Path, record: ImageRecord) -> ImportedMask:
        """One image; BadInputError says why it is refused."""
        found = self.lists.of(file)
        listed, (pixels, palette) = found or of_project(self.catalog), read_pixels(file, record.size)
        numbers = numbers_of(file, listed, pixels, palette, self.options.ignore_value)
        label, known = Meanings.of(listed.names, self.catalog).ignoring(IGNORED).apply(numbers)
        mask = mask_of(record, file, label, self._ids(file, record), self.catalog)
        notices = (by_number(self.catalog),) if found is None and pixels.ndim == 2 else ()
        return replace(
            mask,
            known=known,
            notices=(*notices, *mask.notices),
            split=layout.split_of(file, self.src, self.splits),
        )

    def _ids(self, file: Path, record: ImageRecord) -> NDArray[np.uint32] | None:
        objects = layout.objects_beside(file)
        if objects is None or not is_given(objects, self.src if file.parent != self.src else self.src.parent):
            return None
        return read_objects(objects, record.size)


def _classes_of(
    file: Path,
    listed: ClassList | None,
    options: ColoursOptions,
    pixels: NDArray[Any],
    palette: Palette | None,
) -> list[ForeignClass]:
    if listed is None:
        if pixels.ndim != 2:
            return []
        used = np.flatnonzero(counted(pixels)).tolist()
        return [
            ForeignClass(f"class {v}", value=v) for v in used if v not in (0, IGNORE, options.ignore_value)
        ]
    numbers = numbers_of(file, listed, pixels, palette, options.ignore_value)
    used = np.flatnonzero(counted(numbers)).tolist()
    colors = {number: color for color, number in listed.colors.items()}
    if palette is not None and not colors:
        colors = {v: tuple(palette[v].tolist()) for v in used if v < len(palette)}
    return [
        ForeignClass(listed.names[n], colors.get(n))
        for n in used
        if n in listed.names and is_class(listed.names[n])
    ]
