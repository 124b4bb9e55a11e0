"""One volume of labels for every volume that has slices in the project, on its grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import LabeltoolError
from labeltool.core.extras import FOR_NIFTI
from labeltool.formats.dataset import Findings, same
from labeltool.formats.items import Item
from labeltool.formats.nifti.file import slabs, smallest, write_volume
from labeltool.formats.nifti.grid import Grid
from labeltool.formats.nifti.layout import CLASSES, Entry, label_name, objects_name, write_lists
from labeltool.formats.options import ExportOptions
from labeltool.formats.volumes import DICOM, NIFTI, Labelled, Volume, VolumeExporter
from labeltool.imaging.quiet import quiet
from labeltool.imaging.readers.nifti import Cut

_HEADER_BYTES = 1024


@dataclass(frozen=True)
class NiftiOptions(ExportOptions):
    """What one can choose for label volumes."""

    instances: bool = field(
        default=True,
        metadata={
            "label": "Write object ids",
            "help": "write objects/<name>.nii.gz where objects have numbers, a number for every voxel",
        },
    )


def stem_of_volume(volume: Volume) -> str:
    """What a volume is called: a file of several has a number for each."""
    cut = Cut.of(volume.records[0].page) if volume.kind == NIFTI else None
    return volume.stem if cut is None or cut.time is None else f"{volume.stem}_t{cut.time}"


class NiftiExporter(VolumeExporter[Grid]):
    """Label volumes as segmentation tools and training code read them; the images themselves are not copied."""

    name: ClassVar[str] = "nifti"
    title: ClassVar[str] = "Label volumes (NIfTI)"
    Options: ClassVar[type[ExportOptions]] = NiftiOptions
    kinds: ClassVar[frozenset[str]] = frozenset({NIFTI, DICOM})
    no_volume: ClassVar[str] = "this image is no slice of a volume (NIfTI, DICOM); other formats hold it"

    def stem(self, volume: Volume) -> str:
        """Volumes of one file are told apart."""
        return stem_of_volume(volume)

    def source(self, volume: Volume, options: Any) -> Grid:
        """The grid; BadInputError as :meth:`Grid.of`."""
        if FOR_NIFTI.missing:
            raise FOR_NIFTI.refusal("a NIfTI volume", volume.file)
        return Grid.of(volume)

    def judge(self, labelled: Labelled[Grid], options: Any, found: Findings) -> int:
        """Says what becomes of slices without labels, and what object numbers mean."""
        name, slices, grid = labelled.name, labelled.slices, labelled.source
        catalog = slices[0].catalog
        became = "background" if catalog.background is not None else "ignore (255)"
        absent = grid.depth - len(slices)
        if absent:
            found.notices.add(f"Slices that are not in the project become {became}", name, absent)
        if any(labelled.empty):
            found.notices.add(f"Slices that nobody has labelled become {became}", name, sum(labelled.empty))
        if any(item.runs.unlabelled.any() for item in slices):
            found.notices.add(f"Pixels that are not labelled yet become {became}", name)
        if any(item.ignored.any() for item in slices):
            found.notices.add(f"Ignored pixels have the value {IGNORE}, which others take for a class", name)
        if any(item.runs.object_.any() for item in slices):
            found.notices.add(
                "Object numbers are kept slice by slice: one object in 3D has one number only where somebody gave it"
                if options.instances
                else "Object numbers are lost",
                name,
            )
        return int(np.prod(grid.shape, dtype=np.int64)) * (5 if options.instances else 1) + _HEADER_BYTES

    def save(self, labelled: Labelled[Grid], out: Path, options: Any) -> Entry:
        """Write labels, and object ids where there are any."""
        catalog, grid = labelled.slices[0].catalog, labelled.source
        entry = _entry(labelled, options)
        values = np.full(grid.shape, catalog.unlabelled_value, np.uint8, order="F")
        for number, item in enumerate(labelled.slices):
            grid.plane(values, number)[...] = _label(item)
        text = ", ".join(f"{c.value} {c.name}" for c in catalog.classes)
        write_volume(
            out / label_name(entry.split, entry.name), grid.header, values, catalog.name or "labels", text
        )
        if entry.has_objects:
            del values
            ids = np.zeros(grid.shape, smallest(_highest(labelled)), order="F")
            for number, item in enumerate(labelled.slices):
                grid.plane(ids, number)[...] = _ids(item)
            write_volume(out / objects_name(entry.split, entry.name), grid.header, ids, "objects", CLASSES)
        return entry

    def finish(self, saved: list[Any], catalog: ClassCatalog, out: Path, options: Any) -> None:
        """The lists of classes and volumes."""
        write_lists(out, catalog, saved)

    def compare(self, labelled: Labelled[Grid], out: Path, options: Any) -> None:
        """Compares what nibabel reads."""
        entry, grid = _entry(labelled, options), labelled.source
        file = out / label_name(entry.split, entry.name)
        values = _read(file, grid)
        for number, item in enumerate(labelled.slices):
            same(file, "labels", grid.plane(values, number), _label(item))
        if entry.has_objects:
            del values
            file = out / objects_name(entry.split, entry.name)
            values = _read(file, grid)
            for number, item in enumerate(labelled.slices):
                same(file, "object ids", grid.plane(values, number), _ids(item))


def _entry(labelled: Labelled[Grid], options: NiftiOptions) -> Entry:
    grid = labelled.source
    empty = {place for place, is_empty in zip(grid.places, labelled.empty, strict=True) if is_empty}
    unlabelled = empty | (set(range(grid.depth)) - set(grid.places))
    return Entry(
        labelled.name,
        labelled.split,
        labelled.volume.file.name if len(labelled.volume.files) == 1 else labelled.volume.stem,
        options.instances and _highest(labelled) > 0,
        tuple(grid.key(place) for place in sorted(unlabelled)),
    )


def _label(item: Item) -> NDArray[np.uint8]:
    """The plane, not kept with the item: all slices of a volume are in memory, as runs."""
    return item.runs.plane(item.runs.label)


def _ids(item: Item) -> NDArray[np.uint32]:
    return item.runs.plane(item.runs.object_)


def _highest(labelled: Labelled[Grid]) -> int:
    return max(int(item.runs.object_.max(initial=0)) for item in labelled.slices)


def _read(file: Path, grid: Grid) -> NDArray[Any]:
    """The values of a file that we wrote; LabeltoolError where its place is not that of the grid."""
    import nibabel  # noqa: PLC0415 - an extra

    with quiet():
        image: Any = nibabel.load(file, keep_file_open=True)
        if image.shape != grid.shape or not np.array_equal(image.affine, grid.header.get_best_affine()):
            raise LabeltoolError("the volume read back does not lie where its source does", file=file)
        values = np.empty(grid.shape, image.get_data_dtype(), order="F")
        for part in slabs(grid.shape[2]):
            values[:, :, part] = image.dataobj[:, :, part]
        return values
