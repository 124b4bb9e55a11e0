"""Reads labelIds and instanceIds of a Cityscapes folder, or labelTrainIds where there is nothing better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.project import ImageRecord, Skipped
from labeltool.formats.cityscapes import labels, layout
from labeltool.formats.cityscapes.labels import Label
from labeltool.formats.cityscapes.objects import classes_in, read_ids
from labeltool.formats.colours.lists import ClassList, find_list
from labeltool.formats.foreign import is_class, meaning
from labeltool.formats.importing import mask_of, masks
from labeltool.formats.index_png import any_size, read_pixels
from labeltool.formats.manifest import read_manifest
from labeltool.formats.match import Matcher
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ForeignClass, ImportedMask
from labeltool.formats.untrusted import found_below, is_given, stays_inside
from labeltool.formats.values import counted, mapped

Kinds = Mapping[str, Path]
"""The files of one image by kind."""

_LISTS = ("dataset_meta.json", "label_colors.txt")
"""As datumaro lays them beside gtFine: a class's place is its id."""

_BEST_FIRST = (layout.LABELS, layout.INSTANCES, layout.TRAIN)


class CityscapesImporter:
    """Class ids have their official names, or those of ``labels.json``, ``dataset_meta.json`` or ``label_colors.txt``
    where one lies beside gtFine. Ids 0 to 3 become ignored unless the project has classes of their names.

    Object ids are the values of instanceIds, except in our own exports, which give back the ids they had.
    """

    name: ClassVar[str] = "cityscapes"
    title: ClassVar[str] = "Cityscapes"
    Options: ClassVar[type[ImportOptions]] = ImportOptions

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """The classes whose ids occur."""
        src = src.absolute()
        known = _labels(src)
        used: set[Label] = set()
        for kinds in _images(src)[0].values():
            kind = _best(kinds)
            if kind is not None and stays_inside(kinds[kind], src):
                by_number = _by_number(known, kind)
                used |= {by_number[n] for n in _numbers(kinds[kind], kind) if n in by_number}
        return [
            ForeignClass(k.name, k.color)
            for k in known
            if k in used and not _is_nothing(k) and is_class(k.name)
        ]

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: Any
    ) -> Iterator[ImportedMask | Skipped]:
        """Masks one by one; BadInputError when there is none or the list of classes is broken."""
        src = src.absolute()
        found, others = _images(src)
        yield from others
        if not found and not others:
            raise BadInputError(
                "the folder holds no maps of ids",
                file=src,
                hint="Files called *_gtFine_labelIds.png or *_gtFine_instanceIds.png are looked for",
            )
        reader = _Reader(src, catalog, _labels(src), found)
        for core, kinds in found.items():
            if _best(kinds) is None:
                yield Skipped(
                    str(next(iter(kinds.values()))),
                    f"{core.name} has polygons and no map of ids; make one with json2labelImg of cityscapesScripts",
                )
        matcher = Matcher(images, read_manifest(_root(src)))
        files = (kinds[kind] for kinds in found.values() if (kind := _best(kinds)) is not None)
        yield from masks(files, src, _ByCore(matcher), reader.read)


@dataclass(frozen=True)
class _ByCore:
    """Finds the image of a file without the ending that says what it holds, with the picture's ending or without."""

    matcher: Matcher

    def find(self, path: Path) -> ImageRecord | str:
        parts = layout.parts_of(path)
        core = parts[0] if parts else path.stem
        found = self.matcher.find(path.with_name(f"{core}_{layout.PICTURES}.png"))
        return found if isinstance(found, ImageRecord) else self.matcher.find(path.with_name(f"{core}.png"))


@dataclass(frozen=True)
class _Reader:
    src: Path
    catalog: ClassCatalog
    known: Sequence[Label]
    found: Mapping[Path, Kinds]

    def read(self, file: Path, record: ImageRecord) -> ImportedMask:
        """One image; BadInputError says why it is refused."""
        core, kind = layout.parts_of(file) or ("", "")
        raw, _ = read_pixels(file, record.size)
        if raw.ndim != 2:
            raise BadInputError("this is a picture of colours, not a map of ids", file=file)
        numbers = classes_in(raw) if kind == layout.INSTANCES else raw
        values, names = self._values(kind)
        label = mapped(numbers, values, names)
        mask = mask_of(record, file, label, self._objects(core, file, record, numbers, kind), self.catalog)
        ignored = {n: name for n, name in names.items() if n and values.get(n) == IGNORE}
        told = _told(numbers, ignored)
        return replace(mask, split=layout.split_of(file), notices=(*mask.notices, *told))

    def _objects(
        self, core: str, file: Path, record: ImageRecord, numbers: NDArray[Any], kind: str
    ) -> NDArray[np.uint32] | None:
        instances = self.found[file.with_name(core)].get(layout.INSTANCES)
        if instances is None or not is_given(instances, self.src):
            return None
        raw, _ = read_pixels(instances, record.size)
        if raw.ndim != 2:
            raise BadInputError("this is a picture of colours, not a map of objects", file=instances)
        if kind != layout.TRAIN:
            lies = int(np.count_nonzero(classes_in(raw) != numbers))
            if lies:
                raise BadInputError(
                    f"it names other classes than {file.name} in {lies:,} pixels",
                    file=instances,
                    hint="Remove the one that is wrong",
                )
        return read_ids(instances, record.size, raw)

    def _values(self, kind: str) -> tuple[dict[int, int], dict[int, str]]:
        """Values of the project by the numbers of a kind of map, and what the numbers are called."""
        exact = {c.name: c.value for c in self.catalog.classes}
        loose = {labels.folded(c.name): c.value for c in reversed(self.catalog.classes)}
        values = {labels.IGNORED_TRAIN_ID if kind == layout.TRAIN else labels.IGNORED_ID: IGNORE}
        by_number = _by_number(self.known, kind)
        for number, label in by_number.items():
            own = exact.get(label.name, loose.get(labels.folded(label.name)))
            if own is None:
                own = IGNORE if _is_nothing(label) else meaning(label.name, self.catalog)
            if own is not None:
                values[number] = own
        return values, {number: label.name for number, label in by_number.items()}


def _told(numbers: NDArray[Any], ignored: Mapping[int, str]) -> Iterator[str]:
    """What became ignored that has a name, as one sentence."""
    counts = counted(numbers)
    lost = {name: int(counts[n]) for n, name in ignored.items() if n < len(counts) and counts[n]}
    if lost:
        yield f"{sum(lost.values()):,} pixels of {', '.join(lost)} become ignored"


def _is_nothing(label: Label) -> bool:
    return label in labels.OFFICIAL and label.id in labels.NOTHING


def _by_number(known: Sequence[Label], kind: str) -> dict[int, Label]:
    """Labels by the number that a kind of map has for them; several that share a training id have none."""
    if kind != layout.TRAIN:
        return {label.id: label for label in known}
    return {label.train_id: label for label in known if 0 <= label.train_id < labels.IGNORED_TRAIN_ID}


def _best(kinds: Kinds) -> str | None:
    return next((kind for kind in _BEST_FIRST if kind in kinds), None)


def _numbers(file: Path, kind: str) -> set[int]:
    """The class ids that occur in a map; none where it cannot be read."""
    size = any_size(file)
    if size is None:
        return set()
    try:
        raw, _ = read_pixels(file, size)
        used = np.flatnonzero(counted(raw))
    except (BadInputError, MemoryError):  # read says so, if there is an image of this size
        return set()
    return set((classes_in(used) if kind == layout.INSTANCES else used).tolist())


def _images(src: Path) -> tuple[dict[Path, dict[str, Path]], list[Skipped]]:
    """The files of each image by kind, the key is their path without the ending; and what is called so and is none."""
    found: dict[Path, dict[str, Path]] = {}
    files, others = found_below(src, (".png", ".json"))
    for file in files:
        parts = layout.parts_of(file)
        if parts is not None:
            kinds = found.setdefault(file.with_name(parts[0]), {})
            kinds.setdefault(parts[1], file)
    return found, [each for each in others if layout.parts_of(Path(each.file)) is not None]


def _root(src: Path) -> Path:
    """The folder above gtFine."""
    inside = [folder.parent for folder in (src, *src.parents) if folder.name == layout.TRUTH]
    below = [
        folder.parent
        for folder in (src / layout.TRUTH, *sorted(src.glob(f"*/{layout.TRUTH}")))
        if folder.is_dir()
    ]
    return next(iter([*inside, *below]), src)


def _labels(src: Path) -> list[Label]:
    """The classes, from the list beside gtFine or the official ones."""
    root = _root(src)
    own = root / layout.LABELS_FILE
    if is_given(own, root):
        return labels.from_json(own)
    beside: ClassList | None = find_list(root, _LISTS)
    if beside is None or not beside.names:
        return list(labels.OFFICIAL)
    colors = {value: color for color, value in beside.colors.items()}
    return [
        Label(name, value, value, "", False, False, colors.get(value, (0, 0, 0)))
        for value, name in beside.names.items()
    ]
