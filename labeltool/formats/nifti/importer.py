"""Label volumes for the volumes of a project: found by name, taken only where the grid is the same."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.extras import FOR_NIFTI
from labeltool.core.project import ImageRecord, Skipped
from labeltool.formats.foreign import Meanings, is_class
from labeltool.formats.importing import mask_of
from labeltool.formats.manifest import Manifest, read_manifest
from labeltool.formats.match import Matcher, one_each
from labeltool.formats.nifti.exporter import stem_of_volume
from labeltool.formats.nifti.file import SUFFIXES, label_header, slabs, stem_of, whole_numbers
from labeltool.formats.nifti.grid import Grid, is_as_stored, reoriented, turned
from labeltool.formats.nifti.layout import IMAGES, OBJECTS, Lists, lists_beside
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ForeignClass, ImportedMask
from labeltool.formats.untrusted import found_below, is_given, left_out, stays_inside
from labeltool.formats.values import by_number, refuse_strange
from labeltool.formats.volumes import DICOM, NIFTI, Volume, volumes
from labeltool.imaging.readers.nifti import Cut, NiftiHeader

_LABEL_ENDS: Final = re.compile(r"[-_.](label|labels|seg|segmentation|mask|gt)$", re.IGNORECASE)
_IMAGE_ENDS: Final = re.compile(r"[-_.](image|img|\d{4})$", re.IGNORECASE)
"""What others add to the names of labels and of images (nnU-Net numbers the channels of an image in four digits)."""

_MOST_CLASSES: Final = 254


class NiftiImporter:
    """Label volumes, with a list of their values beside them or without.

    A volume ``x`` or ``x_image`` has its labels in ``x``, ``x_label``, ``x_seg`` or ``x_mask``. They count where shape
    and place agree; those of the same voxels in another order are turned, which changes none. With ``classes.json`` or
    ``dataset.json`` classes are the same by name, without them by value.
    """

    name: ClassVar[str] = "nifti"
    title: ClassVar[str] = "Label volumes (NIfTI)"
    Options: ClassVar[type[ImportOptions]] = ImportOptions

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """Those of the list, or without one the values that occur."""
        src = src.absolute()
        try:
            lists = lists_beside(src)
        except BadInputError:
            return []
        if lists.catalog is not None:
            return [ForeignClass(c.name, c.color) for c in lists.catalog.foreground]
        if lists.names is not None:
            return [ForeignClass(name) for _, name in sorted(lists.names.items()) if is_class(name)]
        values = {value for file in _label_files(src, ())[0] for value in _values_in(file)} - {0, IGNORE}
        return (
            [ForeignClass(f"class {v}", value=v) for v in sorted(values)]
            if len(values) <= _MOST_CLASSES
            else []
        )

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: Any
    ) -> Iterator[ImportedMask | Skipped]:
        """Masks slice by slice; BadInputError when there is no volume or a list is broken."""
        if FOR_NIFTI.missing:
            raise FOR_NIFTI.refusal("a NIfTI volume", src)
        if not src.exists():
            raise BadInputError("there is no such file or folder of label volumes", file=src)
        src = src.absolute()
        files, others = _label_files(src, images)
        yield from others
        if not files and not others:
            raise BadInputError(
                "no label volumes are here", file=src, hint=".nii and .nii.gz files are looked for"
            )
        lists = lists_beside(src)
        finder = _Finder(images, read_manifest(src) if src.is_dir() else None)
        root = src if src.is_dir() else src.parent
        entries, skipped = one_each((file, str(file), _match(file, root, finder)) for file in files)
        yield from skipped
        for file, record in entries:
            try:
                yield from _Labels(file, lists, lists.meanings(catalog), catalog).masks(finder.group(record))
            except BadInputError as error:
                yield left_out(error, file)


@dataclass(frozen=True)
class _Labels:
    """A file of labels."""

    file: Path
    lists: Lists
    meanings: Meanings
    catalog: ClassCatalog

    def masks(self, group: list[Volume]) -> Iterator[ImportedMask | Skipped]:
        """The masks of the slices of some volumes of one file."""
        header = label_header(self.file)
        total = 1 + max((_time(volume) for volume in group), default=0)
        if header.volumes not in (1, total):
            raise BadInputError(
                f"the file holds {header.volumes} volumes of labels and the image {total}", file=self.file
            )
        for volume in group:
            yield from self._of_volume(header, volume, len({_time(each) for each in group}))

    def _of_volume(self, header: NiftiHeader, volume: Volume, times: int) -> Iterator[ImportedMask | Skipped]:
        grid = Grid.of(volume)
        orientation = turned(header.shape, header.affine, grid)
        if orientation is None:
            raise BadInputError(_another_grid(header, grid, volume), file=self.file)
        label, known = self._label(header, _time(volume) if header.volumes > 1 else 0)
        label = reoriented(label, orientation)
        known = None if known is None else reoriented(known, orientation)
        ids = self._ids(header, orientation)
        notices: tuple[str, ...] = (by_number(self.catalog),) if self.lists.names is None else ()
        if not is_as_stored(orientation):
            notices = (*notices, "the labels lie in another order and were turned")
        if times > 1 and header.volumes == 1:
            notices = (*notices, f"the labels count for all {times} volumes of the file")
        path = self.file.resolve()
        unlabelled = self.lists.unlabelled.get(path, frozenset())
        yield from self._not_in_the_project(label, grid, unlabelled)
        for number, record in enumerate(volume.records):
            if grid.key(grid.places[number]) in unlabelled:
                continue
            plane = np.ascontiguousarray(grid.plane(label, number))
            found = mask_of(
                record,
                self.file,
                plane,
                None if ids is None else grid.plane(ids, number).copy(),
                self.catalog,
            )
            yield replace(
                found,
                known=None if known is None else grid.plane(known, number).copy(),
                notices=(*notices, *found.notices),
                split=self.lists.splits.get(path, ""),
            )
            notices = ()

    def _label(self, header: NiftiHeader, volume: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_] | None]:
        """The project's values [i, j, k], and which are set (None = all)."""
        raw = whole_numbers(header, volume)
        highest = max(int(raw[:, :, part].max()) for part in slabs(raw.shape[2]))
        if highest >= 1 << 16:
            raise BadInputError(
                f"the volume holds values without a class in the project: {highest} in "
                f"{int((raw == highest).sum()):,} voxels",
                hint="Add the class, or leave them out",
            )
        counts = np.zeros(1 << 16, np.int64)
        for part in slabs(raw.shape[2]):
            counts += np.bincount(raw[:, :, part].ravel(), minlength=len(counts))
        refuse_strange(counts, self.meanings.values, self.meanings.names)
        label = np.empty(raw.shape, np.uint8, order="F")
        known = np.ones(raw.shape, bool, order="F") if self.meanings.left else None
        for part in slabs(raw.shape[2]):
            label[:, :, part], some = self.meanings.apply(raw[:, :, part])
            if known is not None and some is not None:
                known[:, :, part] = some
        return label, known

    def _ids(self, header: NiftiHeader, orientation: NDArray[np.float64]) -> NDArray[Any] | None:
        """The object ids of a volume beside it, as one of our exports has them."""
        for folder in self.file.parents[:2]:
            beside = folder / OBJECTS / self.file.relative_to(folder)
            if is_given(beside, folder):
                found = label_header(beside)
                if found.shape != header.shape or not np.allclose(found.affine, header.affine):
                    raise BadInputError(
                        "the volume of object ids has another grid than its labels", file=beside
                    )
                return reoriented(whole_numbers(found, 0), orientation)
        return None

    def _not_in_the_project(
        self, label: NDArray[np.uint8], grid: Grid, unlabelled: frozenset[str]
    ) -> Iterator[Skipped]:
        axes = tuple(axis for axis, name in enumerate("ijk") if name != grid.axis)
        labelled = np.flatnonzero((label != self.catalog.unlabelled_value).any(axis=axes)).tolist()
        absent = [p for p in labelled if p not in grid.places and grid.key(p) not in unlabelled]
        if absent:
            yield Skipped(
                str(self.file),
                f"{len(absent)} slices with labels are not in the project; add them to import those",
            )


class _Finder:
    """Finds the volumes of a project by the names of their files, or folders; each stands for itself by an image."""

    def __init__(self, images: Sequence[ImageRecord], manifest: Manifest | None) -> None:
        self._groups: dict[str, list[Volume]] = {}
        by_volume: dict[tuple[str, ...], list[Volume]] = defaultdict(list)
        by_file: dict[tuple[str, ...], list[Volume]] = defaultdict(list)
        for volume in volumes(images, frozenset({NIFTI, DICOM})):
            place = str(volume.file if len(volume.files) == 1 else volume.file.parent)
            series = "" if volume.kind == NIFTI else volume.records[0].series
            by_volume[place, series, str(_time(volume))].append(volume)
            by_file[place, series].append(volume)
        single = [self._stand_in(group, stem_of_volume(group[0])) for group in by_volume.values()]
        whole = [self._stand_in(g, g[0].stem, "/all") for g in by_file.values() if len(g) > 1]
        cut = [
            replace(r, path=r.path.with_name(f"{_IMAGE_ENDS.sub('', r.stem)}.nii")) for r in (*single, *whole)
        ]
        self._matchers = [Matcher(single, manifest), Matcher(whole, None), Matcher(cut, None)]

    def find(self, path: Path) -> ImageRecord | str:
        """The image that stands for the volumes that a file is for, or why there are none."""
        name = stem_of(path)
        reason = ""
        for stem in dict.fromkeys((name, _LABEL_ENDS.sub("", name))):
            for matcher in self._matchers:
                found = matcher.find(path.with_name(f"{stem}.nii"))
                if not isinstance(found, ImageRecord):
                    reason = reason if " are called " in reason else found
                elif self._is_of(path, found):
                    reason = reason or "the file is an image of the project itself, and no label of another"
                else:
                    return found
        return reason.replace("image", "volume", 1)

    def _is_of(self, path: Path, record: ImageRecord) -> bool:
        """True where an image stands for the very file, which is no label of itself."""
        own = path.resolve()
        return any(r.path.resolve() == own for volume in self.group(record) for r in volume.records[:1])

    def group(self, record: ImageRecord) -> list[Volume]:
        """The volumes that an image stands for."""
        return self._groups[record.id]

    def _stand_in(self, group: list[Volume], stem: str, mark: str = "") -> ImageRecord:
        first = group[0].records[0]
        found = replace(first, id=f"{first.id}{mark}", path=first.path.with_name(f"{stem}.nii"), page="")
        self._groups[found.id] = group
        return found


def _label_files(src: Path, images: Sequence[ImageRecord]) -> tuple[list[Path], list[Skipped]]:
    """The volumes below a folder that could be labels: no object ids, no images, and of the project's own volumes only
    those that are called the label of another one. And what is called so and is no file."""
    if not src.is_dir():
        return [src], []
    sources = {record.path.resolve() for record in images}
    images_own = {stem_of(path) for path in sources}

    def is_own(path: Path) -> bool:
        return path.resolve() in sources and not (
            _LABEL_ENDS.search(stem_of(path)) and _LABEL_ENDS.sub("", stem_of(path)) in images_own
        )

    found, others = found_below(src, SUFFIXES)
    return [
        path
        for path in found
        if not is_own(path) and not {OBJECTS, *IMAGES} & set(path.relative_to(src).parts[:-1])
    ], others


def _values_in(file: Path) -> list[int]:
    try:
        header = label_header(file)
        found = [whole_numbers(header, volume) for volume in range(header.volumes)]
        return sorted({int(v) for values in found for v in np.unique(values)})
    except (BadInputError, OSError):
        return []


def _match(file: Path, root: Path, finder: _Finder) -> ImageRecord | str:
    if not stays_inside(file, root):
        return "the file is a link that leads out of the folder"
    return finder.find(file)


def _time(volume: Volume) -> int:
    """Which volume of a file it is, from 0."""
    cut = Cut.of(volume.records[0].page) if volume.kind == NIFTI else None
    return 0 if cut is None else cut.time or 0


def _another_grid(header: NiftiHeader, grid: Grid, volume: Volume) -> str:
    """Why labels do not fit, in words."""
    sides = " x ".join(map(str, header.shape))
    if sorted(header.shape) != sorted(grid.shape):
        return f"the labels have {sides} voxels and {volume.stem} has {' x '.join(map(str, grid.shape))}"
    return (
        f"the labels ({sides} voxels) lie elsewhere in space than {volume.stem}, or are turned; "
        "resample them to the image's grid, nearest neighbour"
    )
