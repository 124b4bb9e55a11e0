"""Polygons in map coordinates: they come back pixel by pixel, and nothing that is broken passes silently."""

from __future__ import annotations

import json
import shutil
import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from map_samples import PLACES, mask_over, on_map, random_on_map, write_map
from mask_samples import CELLS, STREETS, assert_same_planes, imported, labelled, record_of

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.extras import Extra
from labeltool.core.geometry import Box, Size
from labeltool.core.project import Skipped
from labeltool.formats.export import export
from labeltool.formats.protocol import ImportedMask, LabelledImage
from labeltool.formats.vector import (
    GeojsonExporter,
    GeojsonImporter,
    GeojsonOptions,
    GpkgExporter,
    GpkgImporter,
    VectorImportOptions,
)
from labeltool.formats.vector.outline import divided, polygons_of
from labeltool.imaging.open import probe

pytest.importorskip("rasterio", reason="the extra geo is not installed")
shapely = pytest.importorskip("shapely", reason="the extra geo is not installed")
pytest.importorskip("pyogrio", reason="the extra geo is not installed")

FORMATS = [
    (GpkgExporter(), GpkgImporter(), None),
    (GeojsonExporter(), GeojsonImporter(), GeojsonOptions(crs="source")),
    (GeojsonExporter(), GeojsonImporter(), GeojsonOptions(crs="wgs84")),
]
NAMES = ["gpkg", "source", "wgs84"]


@pytest.mark.parametrize(("exporter", "importer", "options"), FORMATS, ids=NAMES)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10_000),
    place=st.sampled_from([name for name in PLACES if name != "albers"]),
    catalog=st.sampled_from([CELLS, STREETS]),
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
)
def test_any_mask_comes_back_with_its_objects(
    tmp_path_factory: pytest.TempPathFactory,
    exporter: Any,
    importer: Any,
    options: Any,
    seed: int,
    place: str,
    catalog: ClassCatalog,
    size: tuple[int, int],
) -> None:
    folder = tmp_path_factory.mktemp("law")
    image = random_on_map(folder / "maps" / "a.tif", seed, Size(*size), catalog, place)
    assume((image.mask.read("origin") != 0).any())  # one that nobody has labelled is not exported
    export(exporter, [image], catalog, folder / "out", options)
    masks, skipped = imported(importer, folder / "out", catalog, [image])
    assert skipped == []
    mask = masks.get(image.record.id)
    unlabelled = image.mask.read("origin") == 0
    if mask is None:
        assert unlabelled.all()
        return
    assert_same_planes(image, mask)
    known = np.ones(unlabelled.shape, bool) if mask.known is None else mask.known
    assert np.array_equal(known, ~unlabelled)
    shutil.rmtree(folder)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 12))
def test_polygons_of_any_pixels_are_valid_and_as_large(seed: int, width: int, height: int) -> None:
    inside = np.random.default_rng(seed).random((height, width)) < 0.6
    polygons = [shapely.Polygon(p[0], p[1:]) for p in polygons_of(Box(3, 4, 3 + width, 4 + height), inside)]
    whole = shapely.MultiPolygon(polygons)
    assert whole.is_valid
    assert whole.area == inside.sum()


def test_points_on_an_edge_leave_it_where_it_is() -> None:
    ring = np.array([(0, 0), (200, 0), (200, 5), (0, 5)], float)
    points = divided(ring)
    assert np.abs(np.diff(points, axis=0)).max() <= 64
    assert {tuple(p) for p in ring.tolist()} <= {tuple(p) for p in points.tolist()}
    assert shapely.Polygon(points).equals(shapely.Polygon(ring))


@pytest.mark.parametrize(("exporter", "importer", "options"), FORMATS, ids=NAMES)
def test_files_of_an_export_that_overlap_belong_to_their_own_images(
    tmp_path: Path, exporter: Any, importer: Any, options: Any
) -> None:
    images = [
        random_on_map(tmp_path / "maps" / f"m{n}.tif", 2 * n, Size(30, 30), CELLS, "utm") for n in range(3)
    ]
    export(exporter, images, CELLS, tmp_path / "out", options)
    masks, skipped = imported(importer, tmp_path / "out", CELLS, images)
    assert (len(masks), skipped) == (3, [])
    for image in images:
        assert_same_planes(image, masks[image.record.id])


@pytest.mark.parametrize(("crs", "transform"), [(None, None), (None, PLACES["utm"][1])])
def test_images_without_a_coordinate_system_are_left_out_by_name(
    tmp_path: Path, crs: Any, transform: Any
) -> None:
    write_map(tmp_path / "maps" / "nowhere.tif", Size(4, 4), crs, transform)
    nowhere = mask_over(tmp_path / "maps" / "nowhere.tif", np.eye(4, dtype=np.uint8), CELLS)
    photo = labelled(tmp_path / "photos" / "photo.png", np.eye(4, dtype=np.uint8), CELLS)
    there = on_map(tmp_path / "maps" / "there.tif", np.eye(4, dtype=np.uint8), CELLS)
    report = export(GpkgExporter(), [nowhere, photo, there], CELLS, tmp_path / "out")
    assert report.images == 1
    assert [Path(s.file).name for s in report.skipped] == ["nowhere.tif", "photo.png"]
    assert all("coordinate system" in s.reason for s in report.skipped)
    plan = GpkgExporter().plan([nowhere, photo, there], CELLS, GpkgExporter.Options())
    assert (plan.images, plan.problems, plan.ids) == (1, (), {there.record.id})
    assert plan.skipped == report.skipped


@pytest.mark.parametrize(("exporter", "options"), [each[::2] for each in FORMATS], ids=NAMES)
def test_a_plan_in_which_no_image_lies_on_the_map_is_a_problem(
    tmp_path: Path, exporter: Any, options: Any
) -> None:
    photo = labelled(tmp_path / "photos" / "photo.png", np.eye(4, dtype=np.uint8), CELLS)
    plan = exporter.plan([photo], CELLS, options or exporter.Options())
    assert (plan.images, plan.objects, plan.nbytes) == (0, 0, 0)
    assert plan.problems == (f"No image can be exported as {exporter.title}: none has a place on the map",)


def test_a_system_without_a_code_is_left_out_of_geojson_that_must_name_it(tmp_path: Path) -> None:
    images = [
        on_map(tmp_path / "maps" / f"{place}.tif", np.eye(4, dtype=np.uint8), CELLS, place=place)
        for place in ("albers", "utm")
    ]
    report = export(GeojsonExporter(), images, CELLS, tmp_path / "out", GeojsonOptions(crs="source"))
    (skipped,) = report.skipped
    assert "no code" in skipped.reason
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["manifest.json", "utm.geojson"]


@pytest.mark.parametrize(("exporter", "importer", "options"), FORMATS, ids=NAMES)
def test_a_moved_polygon_is_found_by_reading_it_back(
    tmp_path: Path, exporter: Any, importer: Any, options: Any
) -> None:
    image = on_map(tmp_path / "maps" / "a.tif", np.eye(6, dtype=np.uint8), CELLS)
    kind = type(exporter)

    class Careless(kind):  # type: ignore[misc, valid-type]
        def save(self, file: Path, outlines: Any, place: Any, options: Any) -> None:
            a, b, c, d, e, f = place.transform
            super().save(file, outlines, place._replace(transform=(a, b, c + a, d, e, f)), options)

    with pytest.raises(LabeltoolError, match="mask read back differs"):
        export(Careless(), [image], CELLS, tmp_path / "out", options)
    assert not (tmp_path / "out").exists()


# ---- other people's files


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    """10 x 8 pixels of half a metre; the corner is (733601, 3725139)."""
    return on_map(tmp_path / "maps" / "photo.tif", np.zeros((8, 10), np.uint8), CELLS)


def square(x: int, y: int, side: int = 2) -> list[list[float]]:
    """A square of pixels in map coordinates."""
    corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]
    return [[733601.0 + 0.5 * a, 3725139.0 - 0.5 * b] for a, b in corners]


def polygon(x: int = 1, y: int = 1, **attributes: Any) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": [square(x, y)]}
    return {"type": "Feature", "properties": attributes or {"class": "nucleus"}, "geometry": geometry}


def shape(kind: str, coordinates: Any, **attributes: Any) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": attributes or {"class": "nucleus"}, "geometry": geometry}


UTM = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32616"}}


def read(
    tmp_path: Path,
    image: LabelledImage,
    *features: Any,
    crs: Any = UTM,
    catalog: ClassCatalog = CELLS,
    **options: Any,
) -> tuple[ImportedMask | None, list[Skipped]]:
    file = tmp_path / "data.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": list(features)}))
    found = list(GeojsonImporter().read(file, catalog, [image.record], VectorImportOptions(**options)))
    masks = [each for each in found if isinstance(each, ImportedMask)]
    return (masks[0] if masks else None), [each for each in found if isinstance(each, Skipped)]


def test_a_polygon_sets_the_pixels_whose_centres_it_holds(tmp_path: Path, image: LabelledImage) -> None:
    mask, skipped = read(tmp_path, image, polygon(1, 1), polygon(5, 2, **{"class": "cell wall"}))
    assert skipped == []
    wanted = np.zeros((8, 10), np.uint8)
    wanted[1:3, 1:3], wanted[2:4, 5:7] = 1, 2
    assert np.array_equal(mask.label, wanted)
    assert mask.object[1, 1] != mask.object[2, 5]
    assert (mask.objects, mask.known) == (2, None)


def test_holes_and_parts_are_those_of_the_file(tmp_path: Path, image: LabelledImage) -> None:
    ring = [square(0, 0, 5), square(1, 1, 3)]
    mask, skipped = read(tmp_path, image, shape("MultiPolygon", [ring, [square(7, 5)]]))
    assert skipped == []
    assert mask.objects == 1
    assert mask.label.sum() == 25 - 9 + 4
    assert len(np.unique(mask.object[mask.label > 0])) == 1


def test_parts_of_an_object_that_overlap_are_no_hole(tmp_path: Path, image: LabelledImage) -> None:
    mask, _ = read(tmp_path, image, shape("MultiPolygon", [[square(0, 0, 4)], [square(2, 0, 4)]]))
    assert mask.label.sum() == 24


def test_a_self_crossing_polygon_counts_by_the_even_odd_rule(tmp_path: Path, image: LabelledImage) -> None:
    a, b, c, d, _ = square(1, 1, 6)
    mask, skipped = read(tmp_path, image, shape("Polygon", [[a, c, d, b, a]]))
    assert skipped == []
    assert 0 < mask.label.sum() < 36


def test_one_file_serves_all_images_that_it_lies_on(tmp_path: Path, image: LabelledImage) -> None:
    crs, (a, b, c, d, e, f) = PLACES["utm"]
    write_map(tmp_path / "maps" / "next.tif", Size(10, 8), crs, (a, b, c + 5, d, e, f))
    write_map(tmp_path / "maps" / "far.tif", Size(10, 8), crs, (a, b, c + 500, d, e, f))
    write_map(tmp_path / "maps" / "nowhere.tif", Size(10, 8), None, None)
    names = ("photo", "next", "far", "nowhere")
    records = [record_of(tmp_path / "maps" / f"{name}.tif", Size(10, 8)) for name in names]
    file = tmp_path / "data.geojson"
    features = [polygon(9, 1), polygon(2, 2), polygon(100, 100), polygon(-50, 0)]
    file.write_text(json.dumps({"type": "FeatureCollection", "crs": UTM, "features": features}))
    *masks, skipped = GeojsonImporter().read(file, CELLS, records, VectorImportOptions())
    assert [(m.image_id, m.objects) for m in masks] == [(records[0].id, 2), (records[1].id, 1)]
    assert "2 features lie on no image" in skipped.reason


def test_files_of_a_folder_are_burnt_together(tmp_path: Path, image: LabelledImage) -> None:
    for name, feature in (("houses", polygon(1, 1)), ("walls", polygon(5, 2, **{"class": "cell wall"}))):
        file = tmp_path / "data" / f"{name}.geojson"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"type": "FeatureCollection", "crs": UTM, "features": [feature]}))
    masks, skipped = imported(GeojsonImporter(), tmp_path / "data", CELLS, [image])
    assert skipped == []
    assert masks[image.record.id].objects == 2


def test_what_has_no_area_is_counted_by_kind(tmp_path: Path, image: LabelledImage) -> None:
    point, line = square(1, 1)[0], square(1, 1)[:2]
    collection = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "GeometryCollection", "geometries": []},
    }
    features = [polygon(), shape("Point", point), shape("LineString", line), shape("MultiPoint", [point]), collection,
                {"type": "Feature", "properties": None, "geometry": None}, shape("Polygon", [])]  # fmt: skip
    mask, (skipped,) = read(tmp_path, image, *features)
    assert mask.objects == 1
    assert "2 points, 1 lines, 1 geometry collections, 2 features without a geometry" in skipped.reason


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        (shape("Polygon", [[[1e400, 0], [0, 1], [1, 1]]]), "no number"),
        (shape("Polygon", [[[1, 0], [0, 1]]]), "2 points"),
        (shape("Polygon", [[["a", 0], [0, 1], [1, 1]]]), "no lists of points"),
        (shape("Polygon", [[[True, 0], [0, 1], [1, 1]]]), "no lists of points"),
        (shape("Polygon", [[[10**400, 0], [0, 1], [1, 1]]]), "no number"),
        (shape("Polygon", [[1, 2, 3]]), "no lists of points"),
        (shape("Polygon", 7), "no lists of points"),
        (shape("Circle", [1, 2]), "'Circle' is not known"),
        (shape("Polygon", [[[0, 0], [1e300, 0], [1e300, 1e300], [0, 4e6], [0, 0]]]), "farther than any image"),
        ({"type": "Feature", "geometry": 7}, "no objects"),
        ({"type": "Feature", "geometry": {"type": "Polygon"}, "properties": {"class": "nucleus"}}, "no lists"),
        ("feature", "no feature"),
        (polygon(5, 5, **{"class": ""}), "no class"),
        (polygon(5, 5, **{"class": [1]}), "no class"),
        (polygon(5, 5, **{"class": None}), "no class"),
        (polygon(5, 5, **{"class": "dragon"}), "no class 'dragon'"),
        (polygon(5, 5, **{"class": "x" * 5000}), "no class 'xxx"),
    ],
)  # fmt: skip
def test_a_broken_feature_is_reported_and_the_others_are_painted(
    tmp_path: Path, image: LabelledImage, feature: Any, words: str
) -> None:
    file = tmp_path / "data.geojson"
    text = json.dumps({"type": "FeatureCollection", "crs": UTM, "features": [feature, polygon()]})
    file.write_text(text.replace("Infinity", "1e400"))
    found = list(GeojsonImporter().read(file, CELLS, [image.record], VectorImportOptions()))
    (mask,) = (each for each in found if isinstance(each, ImportedMask))
    (skipped,) = (each for each in found if isinstance(each, Skipped))
    assert words in skipped.reason
    assert len(skipped.reason) < 500
    assert mask.objects == 1
    assert mask.label.sum() == 4
    assert mask.known is not None
    assert not mask.known[6, 6], "where the broken one lies nobody knows"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("{", "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "not GeoJSON"),
        ('{"type": "Topology"}', "not GeoJSON"),
        ('{"type": "FeatureCollection", "features": 7}', "not GeoJSON"),
        ('{"type": "FeatureCollection", "features": [], "features": []}', "occurs twice"),
        ('{"type": "FeatureCollection", "features": [{"type": "Feature", "x": NaN}]}', "NaN"),
    ],
)
def test_what_is_no_geojson_is_refused(tmp_path: Path, image: LabelledImage, text: str, words: str) -> None:
    (tmp_path / "a.geojson").write_text(text)
    with pytest.raises(BadInputError, match=words):
        list(GeojsonImporter().read(tmp_path / "a.geojson", CELLS, [image.record], VectorImportOptions()))


@pytest.mark.parametrize(
    "name",
    ["EPSG:999999", "+init=/etc/passwd", "/etc/passwd", "GEOGCS[]", 7, None, "urn:ogc:def:crs:EPSG::1x"],
)
def test_an_unknown_coordinate_system_is_refused_by_name(
    tmp_path: Path, image: LabelledImage, name: Any
) -> None:
    with pytest.raises(BadInputError, match="is not known"):
        read(tmp_path, image, polygon(), crs={"type": "name", "properties": {"name": name}})


def test_metres_without_a_coordinate_system_are_not_taken_for_degrees(
    tmp_path: Path, image: LabelledImage
) -> None:
    with pytest.raises(BadInputError, match="names no coordinate system"):
        read(tmp_path, image, polygon(), crs=None)


def test_without_an_image_on_the_map_nothing_is_guessed(tmp_path: Path) -> None:
    photo = labelled(tmp_path / "photos" / "a.png", np.zeros((8, 10), np.uint8), CELLS)
    mask, skipped = read(tmp_path, photo, polygon())
    assert mask is None
    assert "no image of the project says where it lies" in skipped[0].reason
    assert "1 features lie on no image" in skipped[1].reason


def test_the_class_is_the_only_attribute_that_can_be_meant(tmp_path: Path, image: LabelledImage) -> None:
    for attributes in ({"Label": "nucleus", "name": "x"}, {"crop": "nucleus"}, {"crop": "nucleus", "fid": 3}):
        mask, _ = read(tmp_path, image, polygon(**attributes))
        assert mask.label[1, 1] == 1
    with pytest.raises(BadInputError, match=r"--class-attribute \(kind, height\)"):
        read(tmp_path, image, polygon(kind="nucleus", height=3))
    with pytest.raises(BadInputError, match=r"\(class, label\)"):
        read(tmp_path, image, polygon(**{"class": "a", "label": "b"}))
    with pytest.raises(BadInputError, match="no attribute is called 'x'"):
        read(tmp_path, image, polygon(), class_attribute="x")
    mask, _ = read(tmp_path, image, polygon(kind="nucleus", height=3), class_attribute="kind")
    assert mask.label[1, 1] == 1
    mask, _ = read(tmp_path, image, polygon(kind="yes", height=3), class_name="cell wall")
    assert mask.label[1, 1] == 2


def test_numbers_are_values_of_classes_unless_they_are_named(tmp_path: Path, image: LabelledImage) -> None:
    mask, _ = read(tmp_path, image, polygon(1, 1, **{"class": 3}), polygon(4, 4, **{"class": 255}))
    assert (mask.label[1, 1], mask.label[4, 4]) == (3, 255)
    assert mask.notices[0].startswith("classes by number, for the file has no names: 1 is nucleus, 2 is cell")
    assert "1 features are ignored pixels and no objects" in mask.notices
    named = read(tmp_path, image, polygon(4, 4, **{"class": 255}), class_numbers="255=nucleus, 3=cell wall")
    assert named[0].label[4, 4] == 1
    with pytest.raises(BadInputError, match="does not say what numbers are called"):
        read(tmp_path, image, polygon(), class_numbers="3")


def test_a_sliver_between_the_centres_is_told_of_and_leaves_the_rest_known(
    tmp_path: Path, image: LabelledImage
) -> None:
    x, y = square(3, 3)[0]
    sliver = shape("Polygon", [[[x, y], [x + 0.1, y], [x + 0.1, y - 0.1], [x, y]]])
    mask, skipped = read(tmp_path, image, polygon(), sliver)
    assert (skipped, mask.known) == ([], None)
    assert "1 features hold no pixel's centre and set nothing" in mask.notices


# ---- GeoPackage


@pytest.fixture
def package(tmp_path: Path, image: LabelledImage) -> Path:
    """A GeoPackage of two polygons, as GDAL writes it, away from its manifest."""
    label = np.zeros((8, 10), np.uint8)
    label[1:3, 1:3], label[5, 5:9] = 1, 2
    export(GpkgExporter(), [mask_over(image.record.path, label, CELLS)], CELLS, tmp_path / "out")
    return Path(shutil.copy(tmp_path / "out" / "photo.gpkg", tmp_path / "a.gpkg"))


def change(package: Path, *statements: str) -> None:
    with closing(sqlite3.connect(package)) as database:
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            database.create_function(name, 1, lambda _: 0)
        for statement in statements:
            database.execute(statement)
        database.commit()


def gpkg(package: Path, image: LabelledImage, **options: Any) -> list[ImportedMask | Skipped]:
    return list(GpkgImporter().read(package, CELLS, [image.record], VectorImportOptions(**options)))


def test_a_geopackage_without_its_manifest_lies_where_it_lies(package: Path, image: LabelledImage) -> None:
    before = sorted(package.parent.iterdir())
    (mask,) = gpkg(package, image)
    assert mask.objects == 2
    assert mask.label.sum() == 4 + 8
    assert sorted(package.parent.iterdir()) == before, "nothing is written beside it"


@pytest.mark.parametrize(
    "statements",
    [
        ("ALTER TABLE photo RENAME TO hidden", "CREATE VIEW photo AS SELECT * FROM hidden"),
        ("ALTER TABLE photo RENAME TO hidden", "CREATE VIRTUAL TABLE photo USING fts4(geom, class)"),
    ],
)
def test_views_and_virtual_tables_are_not_read(
    package: Path, image: LabelledImage, statements: tuple[str, ...]
) -> None:
    change(package, *statements, "UPDATE gpkg_geometry_columns SET table_name = 'photo'")
    found = gpkg(package, image, class_name="nucleus")
    assert any(isinstance(each, Skipped) and "views are not read" in each.reason for each in found)
    assert not any(isinstance(each, ImportedMask) for each in found)


def test_triggers_do_not_run(package: Path, image: LabelledImage) -> None:
    change(package, "CREATE TRIGGER bad AFTER INSERT ON photo BEGIN DELETE FROM photo; END")
    (mask,) = gpkg(package, image)
    assert mask.objects == 2


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM gpkg_geometry_columns", "no layer of features"),
        ("UPDATE gpkg_geometry_columns SET srs_id = -1", "names no coordinate system"),
        ("UPDATE gpkg_geometry_columns SET srs_id = 77", "names no coordinate system"),
        ("UPDATE gpkg_geometry_columns SET column_name = 'x'", "no column 'x'"),
        ("DROP TABLE gpkg_spatial_ref_sys", "damaged or not one"),
        ("DROP TABLE gpkg_geometry_columns", "damaged or not one"),
        (
            "UPDATE gpkg_spatial_ref_sys SET organization = 'NONE', definition = '+init=/etc/passwd' "
            "WHERE srs_id = 32616",
            "not known",
        ),
    ],
)
def test_a_strange_geopackage_is_refused(
    package: Path, image: LabelledImage, statement: str, words: str
) -> None:
    change(package, "PRAGMA foreign_keys=OFF", statement)
    with pytest.raises(BadInputError, match=words):
        gpkg(package, image)


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(84), b"PK\3\4"])
def test_what_is_no_geopackage_is_refused(tmp_path: Path, image: LabelledImage, content: bytes) -> None:
    (tmp_path / "a.gpkg").write_bytes(content)
    with pytest.raises(BadInputError, match="GeoPackage"):
        gpkg(tmp_path / "a.gpkg", image)


HEAD = b"GP\0\1" + struct.pack("<i", 32616)
POINT = b"\1" + struct.pack("<Idd", 1, 733602.0, 3725138.0)
NESTED = (b"\1" + struct.pack("<II", 6, 1)) * 100_000


@pytest.mark.parametrize(
    ("blob", "words"),
    [
        (HEAD + b"\1" + struct.pack("<II", 3, 4_000_000_000), "cut off"),
        (HEAD + b"\1" + struct.pack("<III", 3, 1, 400_000_000), "cut off"),
        (HEAD + NESTED, "no polygon"),
        (HEAD + b"\1" + struct.pack("<I", 10), "not known"),
        (HEAD + b"\1" + struct.pack("<III6d", 3, 1, 3, *[float("nan")] * 6), "no number"),
        (b"GP\0\x0f" + bytes(40), "none of a GeoPackage"),
        (b"nonsense", "none of a GeoPackage"),
        ("text", "none of a GeoPackage"),
        (HEAD + POINT, "1 points"),
        (None, "1 features without a geometry"),
    ],
)
def test_a_broken_geometry_is_reported(package: Path, image: LabelledImage, blob: Any, words: str) -> None:
    with closing(sqlite3.connect(package)) as database:
        triggers = [
            name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        ]
        for name in triggers:
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE photo SET geom = ? WHERE class = 'nucleus'", (blob,))
        database.commit()
    found = gpkg(package, image)
    (mask,) = (each for each in found if isinstance(each, ImportedMask))
    (skipped,) = (each for each in found if isinstance(each, Skipped))
    assert mask.objects == 1
    assert words in skipped.reason


@pytest.mark.parametrize("force", ["3d", "big"])
def test_heights_and_the_other_byte_order_are_read(package: Path, image: LabelledImage, force: str) -> None:
    with closing(sqlite3.connect(package)) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        for fid, blob in database.execute("SELECT fid, geom FROM photo").fetchall():
            geometry = shapely.from_wkb(blob[40:])
            geometry = shapely.force_3d(geometry, 5.0) if force == "3d" else geometry
            wkb = shapely.to_wkb(geometry, byte_order=int(force != "big"), output_dimension=3, flavor="iso")
            database.execute("UPDATE photo SET geom = ? WHERE fid = ?", (HEAD + wkb, fid))
        database.commit()
    (mask,) = gpkg(package, image)
    assert mask.label.sum() == 4 + 8


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 1 << 17), st.integers(0, 255)), min_size=1, max_size=20))
def test_flipped_bytes_are_read_or_refused(
    package: Path, image: LabelledImage, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(package.read_bytes())
    for at, byte in changes:
        data[at % len(data)] = byte
    flipped = package.with_name("flipped.gpkg")
    flipped.write_bytes(data)
    try:
        gpkg(flipped, image)
    except BadInputError as error:
        assert error.file


def test_without_the_extra_it_is_named(
    tmp_path: Path, image: LabelledImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = Extra("geo", {"no_such_module": "maps"})
    monkeypatch.setattr("labeltool.formats.vector.importer.GEO", lacking)
    monkeypatch.setattr("labeltool.formats.vector.exporter.GEO", lacking)
    with pytest.raises(BadInputError, match=r"labeltool\[geo\]"):
        read(tmp_path, image, polygon())
    with pytest.raises(BadInputError, match=r"labeltool\[geo\]"):
        export(GpkgExporter(), [image], CELLS, tmp_path / "out")


# ---- real files


@pytest.mark.parametrize(
    ("name", "picture", "options", "objects"),
    [
        ("banepa_north_buildings", "banepa_north_mosaic_cog", {"class_name": "building"}, 1198),
        ("spacenet_atlanta_buildings", "spacenet_atlanta_pan_uint16", {"class_name": "building"}, 43),
        ("newbrunswick_1_4class", "newbrunswick_1", {}, 26),
    ],
)
def test_real_polygons_are_painted_as_rasterio_burns_them(
    shared_data: Path, name: str, picture: str, options: dict[str, str], objects: int
) -> None:
    import rasterio
    from pyogrio.raw import read as pyogrio_read
    from pyproj import Transformer
    from rasterio.features import rasterize

    folder = shared_data / "geotiff"
    catalog = ClassCatalog.from_names(["vegetation", "water", "road", "building", "railway"])
    record = record_of(folder / f"{picture}.tif", probe(folder / f"{picture}.tif").size)
    found = list(
        GeojsonImporter().read(folder / f"{name}.geojson", catalog, [record], VectorImportOptions(**options))
    )
    (mask,) = found
    assert isinstance(mask, ImportedMask)
    assert mask.objects == objects == len(json.loads((folder / f"{name}.geojson").read_text())["features"])
    meta, _, geometry, data = pyogrio_read(folder / f"{name}.geojson")
    values = [4] * objects if options else data[list(meta["fields"]).index("class")].tolist()
    with rasterio.open(record.path) as source:
        there = Transformer.from_crs(meta["crs"], source.crs.to_wkt(), always_xy=True)
        shapes = shapely.transform(
            shapely.from_wkb(geometry), lambda xy: np.column_stack(there.transform(xy[:, 0], xy[:, 1]))
        )
        theirs = rasterize(
            zip(shapes, values, strict=True), source.shape, transform=source.transform, dtype="uint8"
        )
    assert (theirs != mask.label).mean() < 2e-5, "edges that meet a pixel's centre may fall to either side"
