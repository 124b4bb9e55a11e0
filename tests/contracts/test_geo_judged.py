"""rasterio, pyogrio, shapely and pyproj see in our maps and exports exactly what is in the files and the masks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from map_samples import PLACES, mask_over, random_on_map
from mask_samples import CELLS, STREETS, random_planes
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.geometry import Box, Size
from labeltool.core.regions import regions
from labeltool.formats import places
from labeltool.formats.export import export
from labeltool.formats.geotiff import GeotiffExporter
from labeltool.formats.protocol import LabelledImage
from labeltool.formats.vector import GeojsonExporter, GeojsonOptions, GpkgExporter
from labeltool.imaging.ground import ground_of
from labeltool.imaging.open import open_image, probe, verify
from labeltool.imaging.reader import Georeference

rasterio = pytest.importorskip("rasterio", reason="the extra geo is not installed")
rasterize = pytest.importorskip("rasterio.features").rasterize
pyogrio = pytest.importorskip("pyogrio", reason="the extra geo is not installed")
shapely = pytest.importorskip("shapely", reason="the extra geo is not installed")
pyproj = pytest.importorskip("pyproj", reason="the extra geo is not installed")

JPEG_TOLERANCE = 2.0
FILES = [
    "banepa_north_mosaic_cog.tif", "dsm_float32_nodata.tif", "landsat_1985_4band.tif", "landsat_float64_4band_cog.tif",
    "landsat_int16_custom_proj.tif", "naip_2010_rgbn_cog.tif", "newbrunswick_1.tif", "quebec_30cm_building_label.tif",
    "quebec_30cm_image.tif", "spacenet_atlanta_pan_uint16.tif", "worldview_pan_uint16_a.tif",
]  # fmt: skip


@pytest.fixture(scope="module")
def maps(shared_data: Path) -> Path:
    return shared_data / "geotiff"


def test_every_map_of_the_samples_is_in_the_list(maps: Path) -> None:
    assert sorted(file.name for file in maps.glob("*.tif")) == FILES


@pytest.mark.parametrize("name", FILES)
def test_a_map_is_read_as_expected(maps: Path, name: str) -> None:
    (wanted,) = (e for e in json.loads((maps / "expected.json").read_text()) if e["file"] == name)
    with open_image(maps / name) as reader:
        info, values = reader.info, reader.read().astype(np.float64)
        assert [1 << level for level in reader.levels[1:]] == wanted["overviews"]
    assert info.kind == "geotiff"
    assert info.size == (wanted["width"], wanted["height"])
    assert (len(info.channels), info.dtype, info.nodata) == (
        wanted["bands"],
        wanted["dtype"],
        wanted["nodata"],
    )
    assert info.georeference.crs == wanted["crs"]
    assert list(info.georeference.transform) == wanted["transform"]
    values[values == -9999] = np.nan  # the figures leave out this no-data value and count the zeros
    tolerance = JPEG_TOLERANCE if wanted["compression"] == "JPEG" else 1e-4
    for measure, key in ((np.nanmin, "band_min"), (np.nanmax, "band_max"), (np.nanmean, "band_mean")):
        assert measure(values, axis=(0, 1)) == pytest.approx(wanted[key], rel=1e-6, abs=tolerance), key
    assert verify(maps / name) == info


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_window_of_a_map_is_what_rasterio_reads_there(maps: Path, data: st.DataObject) -> None:
    file = maps / data.draw(st.sampled_from(FILES))
    with open_image(file) as reader, rasterio.open(file) as theirs:
        width, height = reader.info.size
        x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
        x1, y1 = data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height))
        found = theirs.read(window=((y0, y1), (x0, x1)))
        assert np.array_equal(reader.read(Box(x0, y0, x1, y1)), np.moveaxis(found, 0, -1), equal_nan=True)


# ---- what exports hold


def label_of(image: LabelledImage) -> NDArray[np.uint8]:
    return image.mask.read("label").astype(np.uint8)


def real(maps: Path, name: str) -> LabelledImage:
    """A random mask over a real map."""
    size = probe(maps / name).size
    label, object_ = random_planes(np.random.default_rng(3), size, CELLS)
    return mask_over(maps / name, label, CELLS, object_, split="train")


REAL = [name for name in FILES if not name.startswith("banepa")]


@pytest.mark.parametrize("name", REAL)
def test_a_geotiff_mask_lies_upon_its_map(maps: Path, tmp_path: Path, name: str) -> None:
    image = real(maps, name)
    report = export(GeotiffExporter(), [image], CELLS, tmp_path / "out")
    assert report.images == 1
    mask_file = tmp_path / "out" / "labels" / "train" / name
    with rasterio.open(maps / name) as source, rasterio.open(mask_file) as mask:
        assert mask.crs == source.crs
        assert mask.transform == source.transform
        assert mask.bounds == source.bounds
        assert mask.nodata == IGNORE
        assert mask.dtypes == ("uint8",)
        assert mask.compression.name == "deflate"
        assert np.array_equal(mask.read(1), label_of(image))
        colours = mask.colormap(1)
        assert all(colours[each.value][:3] == each.color for each in CELLS.classes)
        if max(source.shape) >= 512:
            assert mask.overviews(1)
        if min(source.shape) >= 512:
            assert mask.block_shapes == [(512, 512)]


def features(file: Path) -> tuple[Any, Any, dict[str, Any]]:
    """CRS, geometries and attributes as pyogrio reads them."""
    meta, _, geometry, data = pyogrio.raw.read(file)
    return pyproj.CRS(meta["crs"]), shapely.from_wkb(geometry), dict(zip(meta["fields"], data, strict=True))


def assert_judges_see(image: LabelledImage, file: Path, catalog: ClassCatalog, exact: bool) -> None:
    crs, geometry, data = features(file)
    with rasterio.open(image.record.path) as source:
        source_crs, transform, shape = pyproj.CRS(source.crs.to_wkt()), source.transform, source.shape
    assert shapely.is_valid(geometry).all()
    pixels = regions(label_of(image), _objects(image, catalog), catalog)
    assert [int(n) for n in data["object_id"][: len(pixels)]] == [region.object_id for region in pixels]
    assert list(data["class"][: len(pixels)]) == [catalog.by_value(r.class_value).name for r in pixels]
    if exact:
        assert crs.equals(source_crs, ignore_axis_order=True)
        areas = np.array([region.area for region in pixels]) * abs(transform.determinant)
        assert shapely.area(geometry[: len(pixels)]) == pytest.approx(areas, rel=1e-6)
    else:
        there = pyproj.Transformer.from_crs(crs, source_crs, always_xy=True)
        geometry = shapely.transform(
            geometry, lambda xy: np.column_stack(there.transform(xy[:, 0], xy[:, 1]))
        )
    known = [(g, int(v)) for g, v in zip(geometry, data["value"], strict=True) if not np.isnan(float(v))]
    empty = catalog.unlabelled_value
    burnt = np.full(shape, empty, np.uint8)
    if known:
        burnt = rasterize(known, shape, fill=empty, transform=transform, dtype="uint8")
    wanted = label_of(image)
    unlabelled = image.mask.read("origin") == 0
    assert np.array_equal(burnt[~unlabelled], wanted[~unlabelled])


def _objects(image: LabelledImage, catalog: ClassCatalog) -> NDArray[np.uint32]:
    ids = image.mask.read("object").astype(np.uint32)
    ids[~np.isin(label_of(image), [each.value for each in catalog.foreground])] = 0
    return ids


VECTOR = [
    (GpkgExporter(), None, ".gpkg", True),
    (GeojsonExporter(), GeojsonOptions(crs="source"), ".geojson", True),
    (GeojsonExporter(), GeojsonOptions(crs="wgs84"), ".geojson", False),
]


@pytest.mark.parametrize(("exporter", "options", "suffix", "exact"), VECTOR, ids=["gpkg", "source", "wgs84"])
@pytest.mark.parametrize(
    "name", ["landsat_1985_4band.tif", "newbrunswick_1.tif", "landsat_int16_custom_proj.tif"]
)
def test_polygons_lie_upon_a_real_map(
    maps: Path, tmp_path: Path, name: str, exporter: Any, options: Any, suffix: str, exact: bool
) -> None:
    if name.startswith("landsat_int16") and options == GeojsonOptions(crs="source"):
        pytest.skip("its coordinate system has no code that GeoJSON could name")
    image = real(maps, name)
    export(exporter, [image], CELLS, tmp_path / "out", options)
    assert_judges_see(image, tmp_path / "out" / "train" / f"{Path(name).stem}{suffix}", CELLS, exact)


@pytest.mark.parametrize(("exporter", "options", "suffix", "exact"), VECTOR, ids=["gpkg", "source", "wgs84"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("catalog", [CELLS, STREETS], ids=["cells", "streets"])
def test_polygons_lie_upon_any_map(
    tmp_path: Path, place: str, catalog: ClassCatalog, exporter: Any, options: Any, suffix: str, exact: bool
) -> None:
    if place == "albers" and options == GeojsonOptions(crs="source"):
        pytest.skip("its coordinate system has no code that GeoJSON could name")
    sizes = [Size(1, 1), Size(40, 31), Size(9, 200), Size(7, 5)]
    images = [
        random_on_map(tmp_path / "maps" / f"m{n}.tif", n, size, catalog, place)
        for n, size in enumerate(sizes)
    ]
    report = export(exporter, images, catalog, tmp_path / "out", options)
    assert report.images == len(images)
    for image in images:
        assert_judges_see(
            image, tmp_path / "out" / f"{report.names[image.record.id]}{suffix}", catalog, exact
        )


def test_rings_of_geojson_run_as_the_standard_demands(tmp_path: Path) -> None:
    image = random_on_map(tmp_path / "maps" / "a.tif", 4, Size(60, 50), CELLS, "utm")
    export(GeojsonExporter(), [image], CELLS, tmp_path / "out")
    data = json.loads((tmp_path / "out" / "a.geojson").read_text())
    assert "crs" not in data
    for feature in data["features"]:
        geometry = shapely.geometry.shape(feature["geometry"])
        parts = geometry.geoms if geometry.geom_type == "MultiPolygon" else [geometry]
        assert all(part.exterior.is_ccw for part in parts)
        assert not any(hole.is_ccw for part in parts for hole in part.interiors)


@pytest.mark.parametrize("place", ["degrees", "web"])
def test_areas_on_the_ellipsoid_are_those_of_geographiclib(tmp_path: Path, place: str) -> None:
    image = random_on_map(tmp_path / "maps" / "a.tif", 2, Size(60, 50), CELLS, place)
    export(GpkgExporter(), [image], CELLS, tmp_path / "out")
    crs, geometry, data = features(tmp_path / "out" / "a.gpkg")
    assert "area_m2" in data
    there = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    step = abs(PLACES[place][1][0]) / 4  # geodesics are no parallels, so edges are divided
    fine = shapely.transform(
        shapely.segmentize(geometry, step), lambda xy: np.column_stack(there.transform(xy[:, 0], xy[:, 1]))
    )
    geod = pyproj.Geod(ellps="WGS84")
    theirs = [geod.geometry_area_perimeter(shapely.orient_polygons(each))[0] for each in fine]
    assert data["area_m2"] == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("place", PLACES)
def test_the_ground_is_as_large_as_geographiclib_says(place: str) -> None:
    crs, transform = PLACES[place]
    ground, size = ground_of(Georeference(crs, transform)), Size(60, 50)
    there = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    geod = pyproj.Geod(ellps="WGS84")

    def lonlat(*points: tuple[float, float]) -> Any:
        placed = places.on_map(np.array(points, float), Georeference(crs, transform))
        return there.transform(placed[:, 0], placed[:, 1])

    ends = [(10.0, 20.0), (15.0, 20.0), (15.0, 32.0)]
    theirs = geod.line_length(*lonlat(*ends))
    planar = place not in ("degrees", "web")
    assert ground.line(ends) == pytest.approx(theirs, rel=2e-2 if planar else 1e-9)
    area, _ = geod.polygon_area_perimeter(*lonlat((30, 7), (31, 7), (31, 8), (30, 8)))
    assert ground.row_areas(size)[7] == pytest.approx(abs(area), rel=2e-2 if planar else 1e-5)
