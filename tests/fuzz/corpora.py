"""Valid data sets of every importer: those made by hand, our own exports, and real ones where they are at hand."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fuzz.samples import BUILDERS, CATALOG, INSIDE, Sample, project, sample
from mask_samples import CELLS, several

from labeltool import plugins
from labeltool.core import rle
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord
from labeltool.formats.export import export
from labeltool.formats.protocol import LabelledImage


@dataclass(frozen=True)
class Case:
    """A data set, the images that it is about, and their classes."""

    called: str
    sample: Sample
    images: list[ImageRecord]
    catalog: ClassCatalog


def cases(name: str, folder: Path) -> list[Case]:
    """The data sets of an importer; ``folder`` holds the images."""
    found = [*_by_hand(name, folder / "hand"), *_exported(name, folder / "own")]
    if not found:
        raise LookupError(f"there is no sample for the importer {name!r}: tests/fuzz/samples.py needs one")
    return found


def _by_hand(name: str, folder: Path) -> Iterator[Case]:
    if name not in BUILDERS:
        return
    images = project(folder)
    yield Case("by hand", sample(name), images, CATALOG)
    if "counts" in sample(name).places and name != "sam":
        counts = "27, 5, 7, 5, 7, 5, 52" if name == "cvat" else rle.to_string(rle.encode(INSIDE))
        yield Case("run lengths", sample(name, counts=counts), images, CATALOG)


def _exported(name: str, folder: Path) -> Iterator[Case]:
    if name not in plugins.names("labeltool.exporters"):
        return
    images = _images(name, folder / "photos")
    export(plugins.load("labeltool.exporters", name)(), images, CELLS, folder / "out")
    files = {
        str(path.relative_to(folder / "out")): path.read_bytes()
        for path in sorted((folder / "out").rglob("*"))
        if path.is_file() and not _is_picture(path.relative_to(folder / "out"))
    }
    shutil.rmtree(folder / "out")
    yield Case("our own export", Sample(files), [image.record for image in images], CELLS)


def _images(name: str, folder: Path) -> list[LabelledImage]:
    """Images that a format can be of, small enough for thousands of times."""
    if name in ("geotiff", "gpkg", "geojson"):
        from map_samples import random_on_map

        return [random_on_map(folder / f"m{n}.tif", 2 * n, Size(30, 20), CELLS, "utm") for n in range(2)]
    if name in ("nifti", "dicomseg"):
        from volume_samples import masked, records_of, write_nifti, write_series

        if name == "nifti":
            return masked(records_of(write_nifti(folder / "v.nii.gz", (7, 6, 3))), CELLS)
        return masked(records_of(*write_series(folder / "head")), CELLS)
    return several(folder, CELLS)[1:4]


def _is_picture(path: Path) -> bool:
    """True for what an export holds of the images themselves."""
    return path.suffix == ".jpg" or path.parts[0] in ("images", "leftImg8bit") or "JPEGImages" in path.parts
