"""What readers of maps and of volumes see in our exports, image by image; see :mod:`contracts.judges`."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from contracts.judges import NOTHING, Exported, Plane, Seen
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.formats.protocol import LabelledImage
from labeltool.imaging.open import open_image

# ---- maps


def rasterio_geotiff(exported: Exported) -> Iterator[Seen]:
    """The raster of classes and that of objects; CRS and transform have to be those of the source."""
    import rasterio

    for name, image in exported.by_name.items():
        planes = []
        for kind in ("labels", "instances"):
            file = exported.folder / kind / image.record.split / f"{name}.tif"
            with rasterio.open(file) as mask, rasterio.open(image.record.path) as source:
                assert (mask.crs, mask.transform) == (source.crs, source.transform)
                planes.append(mask.read(1).astype(np.int64))
        yield Seen(image, *planes)


def features(file: Path) -> tuple[Any, Any, dict[str, Any]]:
    """CRS, geometries and attributes as pyogrio, shapely and pyproj read them."""
    import pyogrio
    import pyproj
    import shapely

    meta, _, geometry, data = pyogrio.raw.read(file)
    return pyproj.CRS(meta["crs"]), shapely.from_wkb(geometry), dict(zip(meta["fields"], data, strict=True))


def on_the_map(image: LabelledImage, crs: Any, geometry: Any) -> Any:
    """Geometries in the coordinate system of the image's file."""
    import pyproj
    import rasterio
    import shapely

    with rasterio.open(image.record.path) as source:
        there = pyproj.CRS(source.crs.to_wkt())
    if crs.equals(there, ignore_axis_order=True):
        return geometry
    way = pyproj.Transformer.from_crs(crs, there, always_xy=True)
    return shapely.transform(geometry, lambda xy: np.column_stack(way.transform(xy[:, 0], xy[:, 1])))


def rasterized(suffix: str) -> Any:
    """A judge that burns the polygons of every file into the grid of its image."""

    def read(exported: Exported) -> Iterator[Seen]:
        for name, image in exported.by_name.items():
            yield burnt(image, exported.folder / image.record.split / f"{name}{suffix}")

    return read


def burnt(image: LabelledImage, file: Path) -> Seen:
    """What rasterio makes of a vector file: a pixel belongs to the polygon that its centre lies in."""
    import rasterio
    from rasterio.features import rasterize

    crs, geometry, data = features(file)
    shapes = on_the_map(image, crs, geometry)
    with rasterio.open(image.record.path) as source:
        grid = {"out_shape": source.shape, "transform": source.transform, "fill": 0, "dtype": "int32"}
    numbers = np.zeros(grid["out_shape"], np.int64)
    if len(shapes):
        numbers = rasterize(((shape, number) for number, shape in enumerate(shapes, 1)), **grid).astype(
            np.int64
        )
    nothing = [np.nan] * len(geometry)  # GDAL sees no column where no feature fills it
    value, ids = (np.array([np.nan, *data.get(key, nothing)], np.float64) for key in ("value", "object_id"))
    is_object = np.isfinite(ids)
    return Seen(
        image,
        np.nan_to_num(value, nan=NOTHING).astype(np.int64)[numbers],
        np.where(is_object, np.arange(len(ids)), 0)[numbers],
        np.nan_to_num(ids).astype(np.int64)[numbers],
        ~np.isin(numbers, 1 + np.flatnonzero(data.get("class", np.array([])) == "unlabelled")),
    )


# ---- volumes


def nibabel_volumes(exported: Exported) -> Iterator[Seen]:
    """The values of the voxels that the shown slices of the source are made of: each of its voxels says its place."""
    import nibabel

    for image in exported.images:
        name = exported.report.names[image.record.id]
        with open_image(image.record.path, image.record.page) as reader:
            places = reader.read()[..., 0].astype(np.int64)
        planes = []
        for folder in (exported.folder, exported.folder / "objects"):
            file = folder / image.record.split / f"{name}.nii.gz"
            if file.exists():
                volume: Any = nibabel.load(file)
                planes.append(np.asarray(volume.dataobj).reshape(-1)[places].astype(np.int64))
            else:
                planes.append(np.zeros_like(places))
        yield Seen(image, planes[0], ids=planes[1])


def _segmentations(exported: Exported) -> Iterator[tuple[Path, list[tuple[LabelledImage, str]]]]:
    """The files, and the images of each with their UIDs."""
    import pydicom

    groups: dict[Path, list[tuple[LabelledImage, str]]] = defaultdict(list)
    for image in exported.images:
        uid = str(pydicom.dcmread(image.record.path, stop_before_pixels=True).SOPInstanceUID)
        file = exported.folder / image.record.split / f"{exported.report.names[image.record.id]}.dcm"
        groups[file].append((image, uid))
    yield from groups.items()


def _meant(dataset: Any, catalog: ClassCatalog) -> tuple[Plane, Plane]:
    """Class value and object id by number of segment."""
    labels, ids = [NOTHING], [0]
    for number, segment in enumerate(dataset.SegmentSequence, 1):
        assert segment.SegmentNumber == number
        found = catalog.by_name(segment.SegmentLabel)
        labels.append(IGNORE if found is None and segment.SegmentLabel == "ignore" else found.value)  # type: ignore[union-attr]
        ids.append(int(segment.get("TrackingID", "labeltool object 0").removeprefix("labeltool object ")))
    return np.array(labels), np.array(ids)


def highdicom_segments(exported: Exported) -> Iterator[Seen]:
    """What highdicom finds for every image of a series."""
    from highdicom.seg import segread

    for file, images in _segmentations(exported):
        segmentation = segread(file)
        labels, ids = _meant(segmentation, exported.catalog)
        found = segmentation.get_pixels_by_source_instance(
            [uid for _, uid in images], combine_segments=True, assert_missing_frames_are_empty=True
        )
        for (image, _), plane in zip(images, found, strict=True):
            yield Seen(image, labels[plane], ids=ids[plane])


def pydicom_segments(exported: Exported) -> Iterator[Seen]:
    """The frames one by one, as the standard describes them."""
    import pydicom

    for file, images in _segmentations(exported):
        dataset = pydicom.dcmread(file)
        shape = dataset.Rows, dataset.Columns
        labels, ids = _meant(dataset, exported.catalog)
        planes: dict[str, NDArray[np.int64]] = {uid: np.zeros(shape, np.int64) for _, uid in images}
        frames = dataset.pixel_array.reshape(-1, *shape)
        for frame, group in zip(frames, dataset.PerFrameFunctionalGroupsSequence, strict=True):
            number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
            (source,) = group.DerivationImageSequence[0].SourceImageSequence
            plane = planes[source.ReferencedSOPInstanceUID]
            assert not (plane[frame > 0] > 0).any(), "two segments on one pixel"
            plane[frame > 0] = number
        for image, uid in images:
            yield Seen(image, labels[planes[uid]], ids=ids[planes[uid]])


def dciodvfy(exported: Exported) -> Iterator[Seen]:
    """Not one error in a file; it looks at no pixel."""
    for file, images in _segmentations(exported):
        done = subprocess.run(["dciodvfy", "-new", str(file)], capture_output=True, text=True, check=False)
        errors = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]
        assert not errors, f"{file.name}: {errors[:3]}"
        yield from (Seen(image) for image, _ in images)
