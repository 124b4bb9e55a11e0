"""Masks as GeoTIFF: they come back as they went, and what does not fit the image's grid is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from map_samples import PLACES, mask_over, on_map, random_on_map, write_map
from mask_samples import CELLS, STREETS, assert_same_planes, imported, labelled, record_of
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.geometry import Size
from labeltool.core.project import Skipped
from labeltool.formats.export import export
from labeltool.formats.geotiff import GeotiffExporter, GeotiffImporter, GeotiffOptions
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ImportedMask, LabelledImage

rasterio = pytest.importorskip("rasterio", reason="the extra geo is not installed")

pytestmark = [
    pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning"),
    # rasterio stumbles over messages of GDAL's that quote a broken file and are no UTF-8, and goes on
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

UTM = PLACES["utm"]


def write_mask(file: Path, values: NDArray[Any], crs: str | None, transform: Any, **more: Any) -> Path:
    size = Size(values.shape[1], values.shape[0])
    write_map(file, size, crs, transform, **{"dtype": values.dtype.name, **more})
    with rasterio.open(file, "r+") as out:
        out.write(values, 1)
    return file


def moved(transform: tuple[float, ...], x: float, y: float) -> tuple[float, ...]:
    a, b, c, d, e, f = transform
    return a, b, c + a * x + b * y, d, e, f + d * x + e * y


def test_masks_come_back_with_their_objects_and_splits(tmp_path: Path) -> None:
    images = [
        random_on_map(tmp_path / "maps" / f"m{n}.tif", 2 * n, Size(70, 50 + n), CELLS, place)
        for n, place in enumerate(PLACES)
    ]
    report = export(GeotiffExporter(), images, CELLS, tmp_path / "out")
    masks, skipped = imported(GeotiffImporter(), tmp_path / "out", CELLS, images)
    assert skipped == []
    assert report.images == len(masks) == len(images)
    for image in images:
        assert_same_planes(image, masks[image.record.id])


def test_a_catalog_without_background_comes_back(tmp_path: Path) -> None:
    image = random_on_map(tmp_path / "maps" / "a.tif", 2, Size(40, 30), STREETS, "utm")
    export(GeotiffExporter(), [image], STREETS, tmp_path / "out")
    masks, skipped = imported(GeotiffImporter(), tmp_path / "out", STREETS, [image])
    assert skipped == []
    assert_same_planes(image, masks[image.record.id])


def test_a_mask_lies_in_the_folder_of_its_split_and_brings_it_back(tmp_path: Path) -> None:
    label = np.eye(4, dtype=np.uint8)
    image = on_map(tmp_path / "maps" / "a.tif", label, CELLS, split="val")
    export(GeotiffExporter(), [image], CELLS, tmp_path / "out")
    assert (tmp_path / "out" / "labels" / "val" / "a.tif").is_file()
    masks, _ = imported(GeotiffImporter(), tmp_path / "out", CELLS, [image])
    assert masks[image.record.id].split == "val"


def test_overviews_show_what_most_pixels_are(tmp_path: Path) -> None:
    label = np.zeros((300, 600), np.uint8)
    label[:, 1::2] = 1
    label[:, ::4] = 1
    image = on_map(tmp_path / "maps" / "a.tif", label, CELLS)
    export(GeotiffExporter(), [image], CELLS, tmp_path / "out")
    with rasterio.open(tmp_path / "out" / "labels" / "a.tif", overview_level=0) as half:
        assert set(np.unique(half.read(1))) <= {0, 1}
        assert half.read(1)[:, ::2].all()


def test_object_ids_past_16_bits_need_32(tmp_path: Path) -> None:
    label = np.array([[1, 1, 2, 2]], np.uint8)
    ids = np.array([[7, 7, 70_000, 70_000]], np.uint32)
    image = on_map(tmp_path / "maps" / "a.tif", label, CELLS, ids)
    export(GeotiffExporter(), [image], CELLS, tmp_path / "out")
    with rasterio.open(tmp_path / "out" / "instances" / "a.tif") as file:
        assert file.dtypes == ("uint32",)
        assert file.read(1).tolist() == ids.tolist()
    export(GeotiffExporter(), [image], CELLS, tmp_path / "none", GeotiffOptions(instances=False))
    assert not (tmp_path / "none" / "instances").exists()


@pytest.mark.parametrize(
    ("crs", "transform", "more", "words"),
    [
        (None, None, {}, "plain TIFF"),
        (None, UTM[1], {}, "no coordinate system, because"),
        (*UTM, {}, "coordinate system and the transform"),
        (UTM[0], (3.0, -4.0, 300_000.0, 4.0, 3.0, 4_000_000.0), {}, "coordinate system and the transform"),
    ],
)
def test_the_plan_says_what_place_masks_have(
    tmp_path: Path, crs: str | None, transform: Any, more: dict[str, Any], words: str
) -> None:
    write_map(tmp_path / "maps" / "a.tif", Size(4, 4), crs, transform, **more)
    image = mask_over(tmp_path / "maps" / "a.tif", np.eye(4, dtype=np.uint8), CELLS)
    report = export(GeotiffExporter(), [image], CELLS, tmp_path / "out")
    assert any(words in notice for notice in report.notices)
    with rasterio.open(tmp_path / "out" / "labels" / "a.tif") as file:
        assert file.crs == (None if crs is None else rasterio.crs.CRS.from_user_input(crs))
        assert transform is None or tuple(file.transform)[:6] == tuple(transform)[:6]


def test_ground_control_points_go_with_the_mask(tmp_path: Path) -> None:
    from rasterio.control import GroundControlPoint

    points = [
        GroundControlPoint(row, col, 10 + col, 50 - row, 3.5) for row, col in ((0, 0), (0, 4), (4, 0), (4, 4))
    ]
    write_map(tmp_path / "maps" / "a.tif", Size(4, 4), "EPSG:4326", None, gcps=points)
    image = mask_over(tmp_path / "maps" / "a.tif", np.eye(4, dtype=np.uint8), CELLS)
    export(GeotiffExporter(), [image], CELLS, tmp_path / "out")
    with rasterio.open(tmp_path / "out" / "labels" / "a.tif") as file:
        found, crs = file.gcps
    assert [(p.row, p.col, p.x, p.y, p.z) for p in found] == [(p.row, p.col, p.x, p.y, p.z) for p in points]
    assert crs.to_string() == "EPSG:4326"


def test_a_photograph_gets_a_plain_tiff(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "a.png", np.eye(5, dtype=np.uint8), CELLS)
    export(GeotiffExporter(), [image], CELLS, tmp_path / "out")
    masks, skipped = imported(GeotiffImporter(), tmp_path / "out", CELLS, [image])
    assert skipped == []
    assert_same_planes(image, masks[image.record.id])


def test_a_changed_place_is_found_by_reading_it_back(tmp_path: Path) -> None:
    image = on_map(tmp_path / "maps" / "a.tif", np.eye(4, dtype=np.uint8), CELLS)

    class Careless(GeotiffExporter):
        def check(self, out: Path, catalog: ClassCatalog, options: Any) -> Any:
            with rasterio.open(out / "labels" / "a.tif", "r+") as file:
                file.transform = rasterio.Affine(*moved(UTM[1], 1, 0))
            return super().check(out, catalog, options)

    with pytest.raises(LabeltoolError, match="does not lie where its image lies"):
        export(Careless(), [image], CELLS, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# ---- other people's masks


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return on_map(tmp_path / "maps" / "photo.tif", np.zeros((6, 8), np.uint8), CELLS)


def read(
    src: Path, image: LabelledImage, catalog: ClassCatalog = CELLS
) -> tuple[ImportedMask | None, list[Skipped]]:
    masks, skipped = imported(GeotiffImporter(), src, catalog, [image])
    return masks.get(image.record.id), skipped


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32"])
def test_values_of_any_whole_type_are_classes(tmp_path: Path, image: LabelledImage, dtype: str) -> None:
    values = np.zeros((6, 8), dtype)
    values[2:4, 1:3] = 2
    write_mask(tmp_path / "masks" / "photo.tif", values, *UTM)
    mask, skipped = read(tmp_path / "masks", image)
    assert skipped == []
    assert np.array_equal(mask.label, values)
    assert (mask.objects, mask.known) == (1, None)


def test_a_mask_of_another_name_belongs_to_the_image_of_its_grid(
    tmp_path: Path, image: LabelledImage
) -> None:
    file = write_mask(tmp_path / "masks" / "building.tif", np.ones((6, 8), np.uint8), *UTM)
    mask, skipped = read(file, image)
    assert skipped == []
    assert mask.label.all()


def test_a_part_on_the_same_grid_sets_its_own_pixels_only(tmp_path: Path, image: LabelledImage) -> None:
    write_mask(tmp_path / "masks" / "photo.tif", np.full((4, 4), 3, np.uint8), UTM[0], moved(UTM[1], 6, -1))
    mask, skipped = read(tmp_path / "masks", image)
    assert skipped == []
    expected = np.zeros((6, 8), bool)
    expected[0:3, 6:8] = True
    assert np.array_equal(mask.known, expected)
    assert (mask.label[expected] == 3).all()
    assert mask.notices[-1] == "10 pixels lie beside the image"
    assert mask.notices[0].startswith("classes by number, for the file has no names: 1 is nucleus, 2 is")


@pytest.mark.parametrize(
    ("crs", "transform", "words"),
    [
        (UTM[0], moved(UTM[1], 0.5, 0), "another grid"),
        (UTM[0], (0.25, 0, UTM[1][2], 0, -0.25, UTM[1][5]), "another grid"),
        ("EPSG:32617", UTM[1], "another grid"),
        (UTM[0], moved(UTM[1], 100, 0), "beside its image"),
        (None, None, "do not both say where they lie"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(
    tmp_path: Path, image: LabelledImage, crs: str | None, transform: Any, words: str
) -> None:
    write_mask(tmp_path / "masks" / "photo.tif", np.ones((5, 8), np.uint8), crs, transform)
    mask, (skipped,) = read(tmp_path / "masks", image)
    assert mask is None
    assert words in skipped.reason
    assert skipped.file.endswith("photo.tif")


def test_no_data_stays_as_it_is_unless_it_is_a_class(tmp_path: Path, image: LabelledImage) -> None:
    values = np.zeros((6, 8), np.int16)
    values[0], values[1] = -9999, 1
    write_mask(tmp_path / "masks" / "photo.tif", values, *UTM, nodata=-9999)
    mask, _ = read(tmp_path / "masks", image)
    assert not mask.known[0].any()
    assert mask.known[1:].all()
    values[0] = 0
    write_mask(tmp_path / "masks" / "photo.tif", values, *UTM, nodata=0)
    mask, _ = read(tmp_path / "masks", image)
    assert mask.known is None
    assert "0 is the file's no-data value" in mask.notices[0]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.full((6, 8), 77, np.uint8), "77 in 48 pixels"),
        (np.full((6, 8), -3, np.int16), "no numbers of classes"),
        (np.full((6, 8), 70_000, np.int32), "no numbers of classes"),
        (np.ones((6, 8), np.float32), "1 bands of float32"),
    ],
)
def test_what_is_no_class_is_refused_by_name(
    tmp_path: Path, image: LabelledImage, values: NDArray[Any], words: str
) -> None:
    write_mask(tmp_path / "masks" / "photo.tif", values, *UTM)
    mask, (skipped,) = read(tmp_path / "masks", image)
    assert mask is None
    assert words in skipped.reason


def test_classes_are_those_that_the_file_names_or_the_values_that_occur(tmp_path: Path) -> None:
    image = on_map(tmp_path / "maps" / "a.tif", np.eye(4, dtype=np.uint8), CELLS)
    export(GeotiffExporter(), [image], CELLS, tmp_path / "out")
    found = GeotiffImporter().classes(tmp_path / "out", ImportOptions())
    assert sorted(each.name for each in found) == sorted(each.name for each in CELLS.foreground)
    write_mask(tmp_path / "plain" / "a.tif", np.arange(4, dtype=np.uint8).reshape(2, 2), *UTM)
    found = GeotiffImporter().classes(tmp_path / "plain", ImportOptions())
    assert sorted((each.name, each.value) for each in found) == [
        ("class 1", 1),
        ("class 2", 2),
        ("class 3", 3),
    ]


def test_named_classes_are_found_under_other_values(tmp_path: Path) -> None:
    image = on_map(tmp_path / "maps" / "a.tif", np.full((4, 4), 2, np.uint8), CELLS)
    export(GeotiffExporter(), [image], CELLS, tmp_path / "out")
    other = ClassCatalog.from_names(["tree", "débris: #1", "nucleus", "cell wall"])
    masks, skipped = imported(GeotiffImporter(), tmp_path / "out", other, [image])
    assert skipped == []
    assert (masks[image.record.id].label == 4).all()


@pytest.mark.parametrize("content", [b"", b"no tiff", b"II*\0", b"II*\0\xff\xff\xff\xff"])
def test_what_is_broken_is_named_and_the_others_are_read(
    tmp_path: Path, image: LabelledImage, content: bytes
) -> None:
    write_mask(tmp_path / "masks" / "photo.tif", np.ones((6, 8), np.uint8), *UTM)
    (tmp_path / "masks" / "broken.tif").write_bytes(content)
    mask, (skipped,) = read(tmp_path / "masks", image)
    assert mask is not None
    assert "broken.tif" in skipped.file


def test_a_folder_without_masks_is_refused(tmp_path: Path, image: LabelledImage) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInputError, match="no masks"):
        read(tmp_path / "empty", image)


def test_the_building_mask_of_quebec_lies_upon_its_photograph(shared_data: Path) -> None:
    folder = shared_data / "geotiff"
    catalog = ClassCatalog.from_names(["building"])
    record = record_of(folder / "quebec_30cm_image.tif", Size(512, 512))
    file = folder / "quebec_30cm_building_label.tif"
    (mask,) = GeotiffImporter().read(
        file, catalog, [record, record_of(file, Size(512, 512))], ImportOptions()
    )
    assert isinstance(mask, ImportedMask)
    assert mask.image_id == record.id, "not the mask itself, though it is an image of the project too"
    with rasterio.open(file) as source:
        assert np.array_equal(mask.label, source.read(1))
    assert mask.objects == 3
