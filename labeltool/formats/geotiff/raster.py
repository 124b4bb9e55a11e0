"""One raster of numbers as a GeoTIFF: written with the place of its image, read with nothing believed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.geometry import Size
from labeltool.core.runs import STRIP, Runs
from labeltool.formats.places import Place
from labeltool.imaging.budget import check_budget
from labeltool.imaging.quiet import quiet
from labeltool.imaging.readers.gdal import gdal

TILES: Final = (512, 256)
"""Sides of tiles; smaller images are stored in strips."""
CLASSES_TAG: Final = "LABELTOOL_CLASSES"
OBJECT_IDS_TAG: Final = "LABELTOOL_OBJECT_IDS"

_MOST_TEXT: Final = 1 << 26
Colour = tuple[int, int, int]


class Raster(NamedTuple):
    """What a file holds: ``values`` [h, w] of whole numbers, ``nodata`` where it names one, its place, its texts."""

    values: NDArray[Any]
    nodata: float | None
    crs: Any
    transform: tuple[float, float, float, float, float, float] | None
    gcps: tuple[list[Any], Any]
    tags: dict[str, str]


def write_raster(
    path: Path,
    runs: Runs,
    values: NDArray[Any],
    place: Place,
    *,
    nodata: int | None = None,
    colours: Mapping[int, Colour] | None = None,
    tags: Mapping[str, str] | None = None,
    overviews: str = "",
) -> None:
    """Write a raster in which each run has its value, in deflated tiles; ``overviews`` names how smaller versions are
    made (mode, nearest). No more than a strip of it is in memory."""
    width, height = runs.size
    side = next((each for each in TILES if min(width, height) >= each), 0)
    layout = {"tiled": True, "blockxsize": side, "blockysize": side} if side else {}
    options = {"driver": "GTiff", "compress": "deflate", "BIGTIFF": "IF_SAFER", "count": 1, "nodata": nodata}
    with gdal() as rasterio, quiet():
        size = {"width": width, "height": height, "dtype": values.dtype.name}
        with rasterio.open(path, "w", **options, **layout, **size, **_placed(place)) as file:
            top = 0
            for at, part in runs.strips():
                window = rasterio.windows.Window(0, top, width, part.size.height)
                file.write(part.plane(values[at]), 1, window=window)
                top += part.size.height
            if colours is not None:
                file.write_colormap(1, {value: (*colour, 255) for value, colour in colours.items()})
            file.update_tags(**(tags or {}))
        factors = [1 << k for k in range(1, 24) if max(width, height) >> k >= TILES[-1]]
        if overviews and factors:
            with rasterio.open(path, "r+") as file:
                file.build_overviews(factors, rasterio.enums.Resampling[overviews])


def _placed(place: Place) -> dict[str, Any]:
    """The place as rasterio's options."""
    import rasterio  # noqa: PLC0415 - an extra

    found: dict[str, Any] = {}
    if place.georeference is not None:
        crs, transform = place.georeference
        found["transform"] = rasterio.Affine(*transform)
        if crs:
            found["crs"] = rasterio.crs.CRS.from_user_input(crs)
    elif place.gcps[0]:
        found["gcps"], found["crs"] = place.gcps
    if place.rpcs is not None:
        found["rpcs"] = place.rpcs
    return found


def read_raster(path: Path) -> Raster:
    """The only band of a TIFF of whole numbers; BadInputError for anything else, before its pixels are decoded."""
    with _opened(path) as file:
        return _raster(file, file.read(1))


@contextmanager
def in_strips(path: Path) -> Iterator[tuple[Raster, Iterator[NDArray[Any]]]]:
    """The same without its values, and these in strips of :data:`labeltool.core.runs.STRIP` rows from the top, for
    those too large to be held."""
    with _opened(path) as file:

        def strips() -> Iterator[NDArray[Any]]:
            from rasterio.windows import Window  # noqa: PLC0415 - an extra

            for top in range(0, file.height, STRIP):
                yield file.read(1, window=Window(0, top, file.width, min(STRIP, file.height - top)))

        yield _raster(file, np.zeros((0, 0), file.dtypes[0])), strips()


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """rasterio's file; what it raises on a broken one becomes a BadInputError."""
    try:
        with gdal() as rasterio, quiet(), rasterio.open(path, driver="GTiff") as file:
            dtype = np.dtype(file.dtypes[0])
            if file.count != 1 or dtype.kind not in "ui":
                raise BadInputError(
                    f"this TIFF has {file.count} bands of {dtype.name}, and is no mask",
                    file=path,
                    hint="Masks are TIFF files with one band of whole numbers, 255 = ignore",
                )
            check_budget(Size(file.width, file.height), path, dtype.itemsize)
            yield file
    except LabeltoolError:
        raise
    except MemoryError as error:
        raise BadInputError("not enough memory to decode the mask", file=path) from error
    except Exception as error:  # of broken files GDAL raises nearly everything
        raise BadInputError(f"the TIFF file is cut off or damaged ({error})", file=path) from error


def _raster(file: Any, values: NDArray[Any]) -> Raster:
    a, b, c, d, e, f = (float(number) for number in file.transform[:6])
    return Raster(
        values,
        file.nodata,
        file.crs or None,
        None if file.transform.is_identity else (a, b, c, d, e, f),
        file.gcps,
        file.tags(),
    )


def text_of(raster: Raster, tag: str, path: Path) -> Any:
    """The JSON in one of a file's texts, None where it has none; BadInputError where it is damaged."""
    text = raster.tags.get(tag)
    if text is None:
        return None
    try:
        if len(text) > _MOST_TEXT:
            raise ValueError("it is too long")
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"the text {tag} in it is damaged: {error}", file=path) from error


def object_ids(raster: Raster, path: Path) -> NDArray[np.uint32]:
    """Object ids uint32 [h, w] of a raster of them; BadInputError where it is none."""
    values = raster.values
    if values.size and (int(values.min()) < 0 or int(values.max()) >= 1 << 32):
        raise BadInputError("this is no map of object ids", file=path)
    ids, others = values.astype(np.uint32), other_ids(raster, path)
    if not others:
        return ids
    keys = np.array(sorted(others), np.uint32)
    meant = np.array([others[key] for key in keys.tolist()], np.uint32)
    place = np.minimum(np.searchsorted(keys, ids), len(keys) - 1)
    return np.where(keys[place] == ids, meant[place], ids).astype(np.uint32)


def other_ids(raster: Raster, path: Path) -> dict[int, int]:
    """Which numbers in a raster of object ids stand for another id than themselves; BadInputError for what is none."""
    try:
        others = {int(k): int(v) for k, v in (text_of(raster, OBJECT_IDS_TAG, path) or {}).items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise BadInputError(f"the text about object ids is damaged: {error}", file=path) from error
    if not all(0 <= number < 1 << 32 for pair in others.items() for number in pair):
        raise BadInputError("the text about object ids holds numbers that are no ids", file=path)
    return others
