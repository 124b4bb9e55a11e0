"""Labelled images that lie on a map, made for the tests of GeoTIFF, GeoPackage and GeoJSON."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from mask_samples import random_planes, record_of
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.provenance import Origin
from labeltool.formats.protocol import LabelledImage

PLACES: dict[str, tuple[str, tuple[float, ...]]] = {
    "utm": ("EPSG:32616", (0.5, 0.0, 733601.0, 0.0, -0.5, 3725139.0)),
    "degrees": ("EPSG:4326", (0.0008084837557, 0.0, -74.72249415376, 0.0, -0.0008084837557, -8.28210759346)),
    "web": (
        "EPSG:3857",
        (0.1492910708693671, 0.0, 9519926.124805562, 0.0, -0.1492910708693671, 3202940.796233),
    ),
    "turned": ("EPSG:32631", (3.0, -4.0, 593270.25, 4.0, 3.0, 5747657.5)),
    "south-up": ("EPSG:2953", (0.5, 0.0, 2332263.6711, 0.0, 0.5, 7599627.628)),
    "feet": ("EPSG:2263", (1.0, 0.0, 980000.0, 0.0, -1.0, 200000.0)),
    "albers": (
        'PROJCS["unnamed",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],'
        'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Albers_Conic_Equal_Area"],'
        'PARAMETER["latitude_of_center",23],PARAMETER["longitude_of_center",-96],PARAMETER["standard_parallel_1",29.5],'
        'PARAMETER["standard_parallel_2",45.5],PARAMETER["false_easting",0],PARAMETER["false_northing",0],'
        'UNIT["metre",1],AXIS["Easting",EAST],AXIS["Northing",NORTH]]',
        (30.0, 0.0, -673425.0, 0.0, -30.0, 2130165.0),
    ),
}


def write_map(file: Path, size: Size, crs: str | None, transform: Any, **more: Any) -> None:
    """A grey GeoTIFF."""
    import rasterio

    file.parent.mkdir(parents=True, exist_ok=True)
    placed = {} if transform is None else {"transform": rasterio.Affine(*transform)}
    options = {"driver": "GTiff", "count": 1, "dtype": "uint8", "crs": crs, **placed, **more}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(file, "w", width=size.width, height=size.height, **options) as out:
            out.write(np.zeros((1, size.height, size.width), np.uint8))


def mask_over(
    file: Path,
    label: NDArray[np.uint8],
    catalog: ClassCatalog,
    object_: NDArray[np.uint32] | None = None,
    *,
    where: NDArray[np.bool_] | None = None,
    split: str = "",
) -> LabelledImage:
    """A mask for an image file that is there; pixels outside ``where`` are labelled by nobody."""
    size = Size(label.shape[1], label.shape[0])
    mask = LabelMask(size, catalog.unlabelled_value)
    ids = np.zeros(label.shape, np.uint32) if object_ is None else object_
    origin = int(Origin.HUMAN)
    mask.apply(
        write(mask, size.box, where, title="", kind="brush", label=label, object_id=ids, origin=origin)
    )
    return LabelledImage(record_of(file, size, split), mask)


def on_map(
    file: Path,
    label: NDArray[np.uint8],
    catalog: ClassCatalog,
    object_: NDArray[np.uint32] | None = None,
    *,
    place: str = "utm",
    **more: Any,
) -> LabelledImage:
    """A mask over a GeoTIFF made for it at one of ``PLACES``."""
    write_map(file, Size(label.shape[1], label.shape[0]), *PLACES[place])
    return mask_over(file, label, catalog, object_, **more)


def random_on_map(file: Path, seed: int, size: Size, catalog: ClassCatalog, place: str) -> LabelledImage:
    """A random mask full of hard cases, a tenth of it not labelled where the seed is odd."""
    rng = np.random.default_rng(seed)
    label, object_ = random_planes(rng, size, catalog)
    where = rng.random(label.shape) < 0.9 if seed % 2 else None
    return on_map(file, label, catalog, object_, place=place, where=where)
