"""What the importers have in common whose files say of a picture: here are outlines, each of a class."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, ClassVar, Final

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord, Skipped, split_called
from labeltool.core.shape import Dense
from labeltool.formats.canvas import Canvas, Painted, free_numbers, without_class
from labeltool.formats.foreign import is_background, is_class
from labeltool.formats.manifest import MANIFEST, Manifest, read_manifest
from labeltool.formats.match import Matcher, one_each
from labeltool.formats.options import ImportOptions
from labeltool.formats.outlines import FARTHEST
from labeltool.formats.protocol import ForeignClass, ImportedMask
from labeltool.formats.untrusted import (
    address_told,
    found_below,
    left_out,
    refused_name,
    stated_side,
    stays_inside,
)

_NAMED: Final = 5
"""Names that lead out of the folder and are told one by one."""


class NoAreaError(BadInputError):
    """What is no mistake and yet sets no pixel: a line, a point. The message is its kind."""


@dataclass(frozen=True)
class Mark:
    """An object of a file, or a part of one.

    ``called`` is what a report calls it. ``pixels`` works out which pixels of an image are its own, or raises
    BadInputError or NoAreaError. Marks of one ``group`` and class are one object (None = on its own). ``object_id`` is
    its id in the project where the file says so. ``unset`` marks pixels that nobody has set, as our own exports do.
    """

    called: str
    name: str
    pixels: Callable[[Size], Dense]
    group: Hashable = None
    object_id: int | None = None
    crowd: bool = False
    unset: bool = False


Marks = Sequence[Mark | Skipped]
"""What a file says of a picture, in the order of painting; what is broken stands there as the reason."""


@dataclass(frozen=True)
class Drawing:
    """What ``file`` says of one picture, read when it is needed.

    ``names`` are paths that may be the picture's, best first; none is ever followed. ``size`` is the picture's as the
    file has it; ``stated`` is what it calls the picture. ``count`` marks are in it. ``more`` paints what our own
    exports add. ``split`` is the one that the file states; folders count where it states none.
    """

    file: Path
    names: tuple[PurePath, ...]
    size: Size | None
    count: int
    marks: Callable[[], Marks]
    notices: tuple[str, ...] = ()
    split: str = ""
    stated: object = None

    @property
    def called(self) -> str:
        """What a report calls it."""
        return f"{self.file}: {self.names[0].name[:200]} ({self.count} shapes)"


Drawings = tuple[list[Drawing], list[Skipped]]
"""What can be read, and the reason for everything else."""


class DrawingsImporter(ABC):
    """An importer of such files: a format says what they hold, and its classes where they stand in a place of their
    own."""

    name: ClassVar[str]
    title: ClassVar[str]
    Options: ClassVar[type[ImportOptions]] = ImportOptions

    @abstractmethod
    def drawings(self, src: Path, options: Any) -> Drawings:
        """What a file or a folder, absolute, holds; BadInputError where nothing can be read at all."""

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """Those of all that is drawn."""
        drawings, _ = self.drawings(src.absolute(), options)
        return [ForeignClass(name) for name in class_names(drawings)]

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: Any
    ) -> Iterator[ImportedMask | Skipped]:
        """Masks one by one from a file or a folder; everything drawn is painted or reported."""
        src = src.absolute()
        drawings, skipped = self.drawings(src, options)
        yield from skipped
        yield from masks(drawings, src, catalog, images)


def drawings_of(src: Path, suffixes: tuple[str, ...], read: Callable[[Path], Iterable[Drawing]]) -> Drawings:
    """What a file holds, or the files of a folder that end so, and what is wrong with the others.

    BadInputError where nothing can be read at all.
    """
    files, others = _files(src, suffixes)
    drawings: list[Drawing] = []
    skipped: list[Skipped] = []
    for file in files:
        try:
            if not stays_inside(file, src):
                raise BadInputError("the file is a link that leads out of the folder")
            drawings += read(file)
        except BadInputError as error:
            if len(files) == 1:
                raise BadInputError(error.message, file=error.file or file, hint=error.hint) from error
            skipped.append(left_out(error, file))
    broken, skipped = len(skipped), [*skipped, *others]
    if broken == len(files):
        told = f": {skipped[0].file}: {skipped[0].reason}" if skipped else ""
        raise BadInputError(f"the folder holds no file of this format{told}", file=src)
    return drawings, skipped


def without_strays(drawings: Iterable[Drawing]) -> Drawings:
    """The drawings whose picture is named as lying below a folder, and the reason for every other one."""
    good, skipped = [], []
    for drawing in drawings:
        reason = refused_name(drawing.names[0].name and str(drawing.names[0]))
        if reason:
            skipped.append(Skipped(drawing.called, reason))
        else:
            good.append(drawing)
    return good, skipped


class _Names:
    """Tells of names of pictures that lead out of a folder: only the name counts, and nothing is opened there."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._named = folder, 0

    def told(self, drawing: Drawing) -> tuple[str, ...]:
        """The notice of a drawing; the first few name the name."""
        address = address_told(drawing.stated)
        if address or not self._leads_out(drawing):
            return address
        self._named += 1
        if self._named > _NAMED:
            return (
                "the picture is named as lying outside the folder; nothing is opened, only its name counts",
            )
        return (
            f"{drawing.file.name} names its picture {str(drawing.stated)[:200]!r}, which leads out of the folder; "
            "nothing is opened there, only its name counts",
        )

    def _leads_out(self, drawing: Drawing) -> bool:
        name = drawing.stated
        if not isinstance(name, str) or not name.strip():
            return False
        path = PurePath(os.path.normpath(drawing.file.parent / name.strip().replace("\\", "/")))
        return re.match(r"[A-Za-z]:", name) is not None or not path.is_relative_to(self._folder)


def class_names(drawings: Iterable[Drawing]) -> list[str]:
    """The names of classes in the order in which they occur; a drawing that cannot be read is passed over."""
    names: dict[str, None] = {}
    for drawing in drawings:
        try:
            names.update(dict.fromkeys(mark.name for mark in drawing.marks() if isinstance(mark, Mark)))
        except BadInputError:
            continue
    return [name for name in names if name.strip() and is_class(name)]


def masks(
    drawings: Iterable[Drawing], src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord]
) -> Iterator[ImportedMask | Skipped]:
    """Paint each drawing for its image; those without one, with several, or of another size are reported."""
    matcher = Matcher(images, _manifest(src))
    entries, skipped = one_each((each, each.called, _match(each, matcher)) for each in drawings)
    yield from skipped
    unknown: Counter[str] = Counter()
    names = _Names(src if src.is_dir() else src.parent)
    for drawing, record in entries:
        try:
            found = paint(replace(drawing, notices=(*drawing.notices, *names.told(drawing))), record, catalog)
        except BadInputError as error:
            yield Skipped(drawing.called, str(BadInputError(error.message, hint=error.hint)))
            continue
        unknown += found.unknown
        yield from replace(
            found, mask=replace(found.mask, split=drawing.split or _split(drawing.file, src))
        ).entries()
    yield from without_class(str(src), unknown)


def paint(drawing: Drawing, record: ImageRecord, catalog: ClassCatalog) -> Painted:
    """The planes of a picture; BadInputError when it has another size, or the file can no longer be read."""
    if drawing.size is not None and drawing.size != record.size:
        raise BadInputError(
            f"the file takes it for {drawing.size.width} x {drawing.size.height} pixels, "
            f"and it is {record.size.width} x {record.size.height} as it is displayed"
        )
    canvas = Canvas(record, catalog)
    flat: Counter[str] = Counter()
    ignored = 0
    marks = drawing.marks()
    numbers = iter(_numbers([mark for mark in marks if isinstance(mark, Mark)]))
    for mark in marks:
        if isinstance(mark, Skipped):
            canvas.fail(mark.file, mark.reason)
            continue
        number = next(numbers)
        try:
            pixels = mark.pixels(record.size)
        except NoAreaError as kind:
            flat[kind.message] += 1
        except BadInputError as error:
            canvas.fail(mark.called, str(error))
        else:
            ignored += _put(canvas, mark, pixels, number)
    if flat:
        kinds = ", ".join(f"{number} {kind}" for kind, number in flat.items())
        canvas.fail(str(drawing.file), f"what has no area is left out: {kinds}", flat.total())
    told = (f"{ignored:,} outlines are ignored pixels and no objects",) if ignored else ()
    return canvas.result(str(drawing.file), notices=drawing.notices + told)


def _put(canvas: Canvas, mark: Mark, pixels: Dense, number: int) -> bool:
    """Paint a mark; true for one of ignored pixels."""
    if mark.unset:
        canvas.leave(pixels)
    elif canvas.catalog.by_name(mark.name) is not None or is_class(mark.name):
        canvas.add(pixels, mark.name, number, crowd=mark.crowd)
    elif is_background(mark.name):
        canvas.erase(pixels)
    else:
        canvas.ignore(pixels)
        return True
    return False


def _numbers(marks: Sequence[Mark]) -> list[int]:
    """Object ids: what is stated, else the group's own number where it is one, else a free one."""
    keys = [(place if mark.group is None else None, mark.group) for place, mark in enumerate(marks)]
    first: dict[Hashable, Mark] = {}
    for key, mark in zip(keys, marks, strict=True):
        first.setdefault(key, mark)
    numbers = dict(zip(first, free_numbers([_stated(mark) for mark in first.values()]), strict=True))
    return [
        numbers[key] if mark.object_id is None else mark.object_id
        for key, mark in zip(keys, marks, strict=True)
    ]


def _stated(mark: Mark) -> int | None:
    stated = mark.group if mark.object_id is None else mark.object_id
    # an object of id 0 is a connected region, and a group need not be one
    return stated if type(stated) is int and (mark.object_id is not None or 0 < stated < 1 << 32) else None


def group_of(value: object) -> Hashable:
    """The group that a file states, None for none; BadInputError when it is nothing that could be one."""
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BadInputError("its group is neither a number nor a name")
    return value


def object_id_of(value: object) -> int | None:
    """An id that our own exports state, None for anything else."""
    return value if type(value) is int and 0 <= value < 1 << 32 else None


def size_of(width: object, height: object) -> Size | None:
    """The size that a file states, None where it states none; BadInputError when no image is as large."""
    found = Size(stated_side(width), stated_side(height))
    if not all(found):
        return None
    if max(found) > FARTHEST:
        raise BadInputError("the file takes its picture for larger than any image is")
    return found


def picture_named(name: object, file: Path) -> tuple[PurePath, ...]:
    """Where a file says that its picture lies, as seen from the file; nothing where it says nothing."""
    if not isinstance(name, str) or not name.strip():
        return ()
    return (PurePath(os.path.normpath(file.parent / name.strip().replace("\\", "/"))),)


def _match(drawing: Drawing, matcher: Matcher) -> ImageRecord | str:
    """The image of the first name that has one, else why the first has none."""
    found = [matcher.find(name, suffix_counts=True) for name in drawing.names]
    return next((each for each in found if isinstance(each, ImageRecord)), found[0])


def _files(src: Path, suffixes: tuple[str, ...]) -> tuple[list[Path], list[Skipped]]:
    if src.is_file():
        return [src], []
    own = src / MANIFEST if read_manifest(src) else None
    files, others = found_below(src, suffixes)
    return [file for file in files if file != own], others


def _manifest(src: Path) -> Manifest | None:
    """That of one of our exports, where ``src`` is one, or a folder or a file of one."""
    folders = (src, *src.parents[:2])
    return next((found for folder in folders if (found := read_manifest(folder)) is not None), None)


def _split(file: Path, src: Path) -> str:
    """The split by which a folder on the way from ``src`` to the file is called; the innermost one counts."""
    inside = file.relative_to(src).parts[:-1] if src.is_dir() else (file.parent.name,)
    names = reversed((src.name if src.is_dir() else "", *inside))
    return next((split for name in names if (split := split_called(name))), "")
