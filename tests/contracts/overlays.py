"""Exports over real maps and volumes, laid upon their sources by other people's readers: do they lie there exactly?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from contracts.judges import truth
from contracts.judges_of_places import burnt, features
from map_samples import mask_over
from mask_samples import CELLS, random_planes
from volume_samples import masked, records_of

from labeltool.formats.export import export
from labeltool.formats.protocol import LabelledImage
from labeltool.imaging.open import probe
from labeltool.plugins import load

NEAR = 1e-5
"""Pixels or voxels between corners that are the same: coordinates are rounded, in NIfTI to 32 bits."""

SAME_AREA = 1e-6


class Overlay(NamedTuple):
    """How an export lies upon its source.

    ``same_system``: equal CRS (codes of NIfTI, frame of reference of DICOM). ``same_grid``: equal transform, affine or
    positions, bit by bit where the format has them in the source's form, else all corners ``NEAR`` those of pixels.
    ``offset`` is the largest distance of a corner from that of its pixel, in pixels, voxels, or mm in DICOM; ``area``
    the largest relative difference between an object's area (a voxel's volume) and that of its pixels.
    """

    source: str
    format: str
    same_system: bool
    same_grid: bool
    objects: int
    offset: float
    area: float
    pixels_different: int

    @property
    def is_exact(self) -> bool:
        """True when it lies where its source lies."""
        return self.same_system and self.same_grid and not self.pixels_different and self.area < SAME_AREA


def over_maps(folder: Path, out: Path, names: list[str] | None = None) -> Iterator[Overlay]:
    """Random masks over every GeoTIFF of a folder, or those of these names."""
    for file in sorted(folder.glob("*.tif")):
        if names is None or file.name in names:
            label, ids = random_planes(np.random.default_rng(3), probe(file).size, CELLS)
            image = mask_over(file, label, CELLS, ids)
            yield _raster_over(image, out / "geotiff" / file.stem)
            yield _polygons_over(image, out / "gpkg" / file.stem)


def _export(name: str, images: list[LabelledImage], out: Path, **options: Any) -> dict[str, str]:
    exporter = load("labeltool.exporters", name)()
    report = export(exporter, images, CELLS, out, exporter.Options(**options))
    assert report.images == len(images), report.skipped
    return dict(report.names)


def _raster_over(image: LabelledImage, out: Path) -> Overlay:
    import rasterio

    name = _export("geotiff", [image], out)[image.record.id]
    mask, place = truth(image, CELLS), out / "labels" / f"{name}.tif"
    with rasterio.open(place) as found, rasterio.open(image.record.path) as source:
        corners = np.array(
            [(0, 0), (source.width, 0), (0, source.height), (source.width, source.height)], float
        )
        there = np.array([~source.transform * (found.transform * tuple(corner)) for corner in corners])
        return Overlay(
            image.record.path.name,
            "geotiff",
            found.crs == source.crs,
            found.transform == source.transform,
            int(len(np.unique(mask.objects)) - 1),
            float(np.abs(there - corners).max()),
            abs(found.transform.determinant / source.transform.determinant - 1),
            int(np.count_nonzero(found.read(1) != mask.label)),
        )


def _polygons_over(image: LabelledImage, out: Path) -> Overlay:
    import pyproj
    import rasterio
    import shapely

    file = out / f"{_export('gpkg', [image], out)[image.record.id]}.gpkg"
    crs, geometry, data = features(file)
    with rasterio.open(image.record.path) as source:
        same_crs = crs.equals(pyproj.CRS(source.crs.to_wkt()), ignore_axis_order=True)
        transform = source.transform
    shapes = geometry[np.isfinite(np.array(data["object_id"], np.float64))]
    mask, seen = truth(image, CELLS), burnt(image, file)
    corners = np.stack(~transform * shapely.get_coordinates(shapes).T, axis=1)
    offset = float(np.abs(corners - np.rint(corners)).max())
    wanted = np.bincount(seen.objects.ravel(), minlength=len(geometry) + 1)[1 : len(shapes) + 1]
    areas = shapely.area(shapes) / abs(transform.determinant)
    label = np.where(mask.label == CELLS.background, -1, mask.label)
    return Overlay(
        image.record.path.name,
        "gpkg",
        same_crs,
        offset < NEAR,
        len(shapes),
        offset,
        float(np.abs(areas / wanted - 1).max()),
        int(np.count_nonzero(seen.label != label)),
    )


def over_nifti(folder: Path, out: Path) -> Iterator[Overlay]:
    """Random masks over every NIfTI volume of a folder."""
    import nibabel

    for file in sorted(folder.glob("*.nii*")):
        images = masked(records_of(file), CELLS)
        place = out / "nifti" / file.name
        names = sorted(set(_export("nifti", images, place).values()))
        source: Any = nibabel.load(file)
        for name in names:
            found: Any = nibabel.load(place / f"{name}.nii.gz")
            codes = [(h["sform_code"], h["qform_code"]) for h in (found.header, source.header)]
            corners = _corners(found.shape)
            offset = np.linalg.solve(source.affine, (found.affine - source.affine) @ corners.T)
            yield Overlay(
                f"{file.name} {name}" if len(names) > 1 else file.name,
                "nifti",
                codes[0] == codes[1],
                found.affine.tobytes() == source.affine.tobytes() and found.shape == source.shape[:3],
                _objects(images),
                float(np.abs(offset).max()),
                float(abs(np.linalg.det(found.affine) / np.linalg.det(source.affine) - 1)),
                0,
            )


def over_series(folder: Path, out: Path) -> Iterator[Overlay]:
    """Random masks over a DICOM series, as NIfTI and as a segmentation; pydicom says where each slice lies."""
    import nibabel
    import pydicom

    files = sorted(folder.glob("*.dcm"))
    images = masked(records_of(*files), CELLS)
    slices = {str(d.SOPInstanceUID): d for d in map(pydicom.dcmread, files)}
    (name,) = set(_export("nifti", images, out / "series").values())
    found: Any = nibabel.load(out / "series" / f"{name}.nii.gz")
    offsets = []
    for each in slices.values():
        across, down = np.reshape(np.array(each.ImageOrientationPatient, float), (2, 3))
        rows, cols = each.Rows - 1, each.Columns - 1
        indices = np.array([(0, 0), (cols, 0), (0, rows), (cols, rows)], float)
        spacing = np.array(each.PixelSpacing, float)[::-1]
        places = np.array(each.ImagePositionPatient, float) + (indices * spacing) @ np.stack((across, down))
        ras = np.column_stack((places * (-1, -1, 1), np.ones(4)))
        voxels = np.linalg.solve(found.affine, ras.T).T[:, :3]
        wanted = np.column_stack((indices, np.rint(voxels[:, 2])))
        offsets.append(np.abs(voxels - wanted).max())
    offset, volume = float(max(offsets)), abs(np.linalg.det(found.affine))
    step = (np.ptp([float(d.ImagePositionPatient[2]) for d in slices.values()])) / (found.shape[2] - 1)
    wanted_volume = step * float(np.prod(np.array(next(iter(slices.values())).PixelSpacing, float)))
    yield Overlay(
        folder.name,
        "nifti",
        True,
        offset < NEAR,
        _objects(images),
        offset,
        float(abs(volume / wanted_volume - 1)),
        0,
    )
    _export("dicomseg", images, out / "seg")
    (segmentation,) = (pydicom.dcmread(file) for file in (out / "seg").rglob("*.dcm"))
    far = []
    for group in segmentation.PerFrameFunctionalGroupsSequence:
        (source,) = group.DerivationImageSequence[0].SourceImageSequence
        position = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
        far.append(
            np.abs(
                position - np.array(slices[source.ReferencedSOPInstanceUID].ImagePositionPatient, float)
            ).max()
        )
    frame = segmentation.FrameOfReferenceUID  # a new one, where the images name none
    same_frame = all(each.get("FrameOfReferenceUID", frame) == frame for each in slices.values())
    yield Overlay(
        folder.name, "dicomseg", same_frame, float(max(far)) == 0.0, _objects(images), float(max(far)), 0.0, 0
    )


def _objects(images: list[LabelledImage]) -> int:
    return sum(len(np.unique(truth(image, CELLS).objects)) - 1 for image in images)


def _corners(shape: tuple[int, ...]) -> Any:
    ends = np.array(shape[:3]) - 1
    return np.array([[*(ends * bits), 1] for bits in np.ndindex(2, 2, 2)], float)
