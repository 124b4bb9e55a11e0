"""Measures of a project: pixels times the size of a pixel, and never a guess where nobody knows it."""

from __future__ import annotations

import csv
import json
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from volume_samples import write_series

from labeltool.app import scales
from labeltool.app.choices import Measures
from labeltool.app.measures import measure
from labeltool.app.project import add_images
from labeltool.app.scales import survey
from labeltool.app.tables import Column, Table, harmless, refuse_csv, write_csv
from labeltool.cli.runner import run
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, CancelledError
from labeltool.core.extras import MEDICAL
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken
from labeltool.core.provenance import Origin
from labeltool.imaging.reader import ImageInfo
from labeltool.store.project import ProjectStore

CATALOG = ClassCatalog.from_names(["nucleus", "cell"])
SIDE_MM = 3.2


def paint(store: ProjectStore, image_id: str, *boxes: tuple[Box, int]) -> None:
    for box, value in boxes:
        mask = store.load_mask(image_id)
        patch = write(mask, box, title="", kind="", label=value, origin=Origin.HUMAN.value)
        store.commit(image_id, patch, expected=store.image(image_id).revision)


def imagej(path: Path, size_mm: float | None = None, values: np.ndarray | None = None) -> Path:
    """A TIFF of 40 x 30 pixels; with a scale as ImageJ writes it."""
    pixels = np.arange(1200, dtype=np.uint8).reshape(30, 40) if values is None else values
    if size_mm is None:
        tifffile.imwrite(path, pixels)
    else:
        tifffile.imwrite(path, pixels, imagej=True, resolution=(1 / size_mm,) * 2, metadata={"unit": "mm"})
    return path


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., ProjectStore]]:
    """Makes a project of files; it is closed in the end."""
    made: list[ProjectStore] = []

    def project(*files: Path, catalog: ClassCatalog = CATALOG) -> ProjectStore:
        store = ProjectStore.create(tmp_path / f"project{len(made)}", "test", catalog)
        made.append(store)
        report = add_images(store, files)
        assert not report.skipped
        return store

    yield project
    for store in made:
        store.close()


@pytest.fixture
def scaled(make: Callable[..., ProjectStore], tmp_path: Path) -> ProjectStore:
    """Two nuclei and a cell in an image of 0.5 mm a pixel, and one nucleus in an image without a scale."""
    store = make(imagej(tmp_path / "scaled.tif", 0.5), imagej(tmp_path / "plain.tif"))
    first, second = (record.id for record in store.images())
    paint(
        store,
        first,
        (Box(0, 0, 10, 20), 1),
        (Box(20, 5, 24, 7), 1),
        (Box(30, 0, 40, 30), 2),
        (Box(12, 0, 14, 4), 0),
    )
    paint(store, second, (Box(1, 1, 6, 3), 1))
    return store


def column(table: Table, header: str) -> list[object]:
    """The cells of a column, None where they are empty."""
    heads = [each.header for each in table.columns]
    k = heads.index(header)
    return [table.value(row, k) for row in range(len(table))]


def measured(store: ProjectStore, **options: object) -> Table:
    return measure(store, store.images(), Measures(**options))  # type: ignore[arg-type]


def test_an_area_is_the_number_of_pixels_times_the_area_of_one(scaled: ProjectStore) -> None:
    table = measured(scaled, unit="mm")
    assert column(table, "pixels") == [200, 8, 300, 10]
    assert column(table, "area [mm2]") == [50.0, 2.0, 75.0, None]
    assert column(table, "class") == ["nucleus", "nucleus", "cell", "nucleus"]
    assert column(table, "number") == [1, 2, 3, 1]
    assert column(table, "longest caliper [mm]")[2] == pytest.approx(np.hypot(5, 15))
    assert column(table, "left [px]") == [0, 20, 30, 1]


def test_an_image_without_a_scale_has_its_pixels_and_no_guess(scaled: ProjectStore) -> None:
    table = measured(scaled, unit="um")
    for header in ("area [um2]", "perimeter [um]", "shortest caliper [um]", "equivalent diameter [um]"):
        cells = column(table, header)
        assert all(cell is not None for cell in cells[:3])
        assert cells[3] is None
    assert any("plain.tif" in notice and "how large a pixel" in notice for notice in table.notices)


@pytest.mark.parametrize(
    ("unit", "header", "area"),
    [
        ("px", "area [px]", 300),
        ("um", "area [um2]", 75e6),
        ("cm", "area [cm2]", 0.75),
        ("ha", "area [ha]", 75e-10),
    ],
)
def test_the_whole_table_is_in_the_unit_that_is_asked_for(
    scaled: ProjectStore, unit: str, header: str, area: float
) -> None:
    assert column(measured(scaled, unit=unit), header)[2] == pytest.approx(area)


def test_auto_takes_what_suits_the_sizes(scaled: ProjectStore) -> None:
    heads = [each.header for each in measured(scaled).columns]
    assert "area [mm2]" in heads
    assert "perimeter [mm]" in heads


def test_without_any_scale_auto_is_in_pixels_and_says_so(
    make: Callable[..., ProjectStore], tmp_path: Path
) -> None:
    store = make(imagej(tmp_path / "plain.tif"))
    paint(store, store.images()[0].id, (Box(0, 0, 4, 5), 1))
    table = measured(store)
    assert column(table, "area [px]") == [20]
    assert any("in pixels" in notice for notice in table.notices)


def test_a_class_is_the_sum_of_its_objects(scaled: ProjectStore) -> None:
    objects, classes = measured(scaled, unit="mm"), measured(scaled, unit="mm", by="class")
    names = list(zip(column(objects, "image"), column(objects, "class"), strict=True))
    rows = list(zip(column(classes, "image"), column(classes, "class"), strict=True))
    for k, row in enumerate(rows):
        if row[1] != "background":
            assert column(classes, "objects")[k] == names.count(row)
            own = [n for n, each in enumerate(names) if each == row]
            assert column(classes, "pixels")[k] == sum(column(objects, "pixels")[n] for n in own)  # type: ignore[misc]
            if row[0] == "scaled.tif":
                assert column(classes, "area [mm2]")[k] == sum(column(objects, "area [mm2]")[n] for n in own)  # type: ignore[misc]


def test_the_background_counts_where_somebody_has_set_it_and_is_no_object(scaled: ProjectStore) -> None:
    table = measured(scaled, unit="mm", by="class")
    assert column(table, "class")[0] == "background"
    assert (column(table, "objects")[0], column(table, "pixels")[0]) == (None, 8)
    assert column(table, "area [mm2]")[0] == 2.0
    assert sum(column(table, "share of labelled [%]")[:3]) == pytest.approx(100)  # type: ignore[arg-type]
    assert column(table, "share of all [%]")[2] == 25.0


def test_a_sum_over_images_is_left_empty_where_an_area_is_not_known(scaled: ProjectStore) -> None:
    table = measured(scaled, unit="mm", by="total")
    assert column(table, "images") == [2, 2, 2]
    assert column(table, "pixels") == [8, 218, 300]
    assert column(table, "area [mm2]") == [2.0, None, 75.0]
    assert any("no sum of areas" in notice for notice in table.notices)


def test_values_are_those_of_the_file(scaled: ProjectStore) -> None:
    pixels = np.arange(1200, dtype=np.uint8).reshape(30, 40).astype(float)
    objects, total = measured(scaled, values=True), measured(scaled, values=True, by="total")
    inside = pixels[:20, :10]
    assert column(objects, "mean red")[0] == pytest.approx(inside.mean())
    assert column(objects, "sd red")[0] == pytest.approx(inside.std())
    assert (column(objects, "min red")[0], column(objects, "max red")[0]) == (inside.min(), inside.max())
    nuclei = np.concatenate([inside.ravel(), pixels[5:7, 20:24].ravel(), pixels[1:3, 1:6].ravel()])
    assert column(total, "mean red")[:2] == [None, pytest.approx(nuclei.mean())]
    assert column(total, "sd red")[1] == pytest.approx(nuclei.std())


def test_an_image_that_is_gone_is_measured_in_pixels(scaled: ProjectStore) -> None:
    scaled.images()[0].path.unlink()
    table = measured(scaled, unit="mm", values=True)
    assert column(table, "pixels") == [200, 8, 300, 10]
    assert column(table, "area [mm2]") == [None] * 4
    assert any("missing" in notice and "scaled.tif" in notice for notice in table.notices)
    assert any("values could not be read" in notice for notice in table.notices)


def test_an_image_of_another_size_lends_no_scale(scaled: ProjectStore) -> None:
    imagej(scaled.images()[0].path, 0.5, np.zeros((10, 10), np.uint8))
    table = measured(scaled, unit="mm", values=True)
    assert column(table, "area [mm2]") == [None] * 4
    assert any("another size" in notice for notice in table.notices)


def test_a_damaged_mask_is_named_and_the_others_are_measured(scaled: ProjectStore) -> None:
    first = scaled.images()[0]
    next(scaled.root.rglob(f"{first.id}.ltm")).write_bytes(b"not a database")
    table = measured(scaled)
    assert [Path(each.file).name for each in table.skipped] == ["scaled.tif"]
    assert column(table, "pixels") == [10]


def test_a_project_that_may_only_be_read_is_measured_and_stays_as_it_is(scaled: ProjectStore) -> None:
    scaled.close()
    before = {path: path.read_bytes() for path in scaled.root.rglob("*") if path.is_file()}
    for path in [scaled.root, *scaled.root.rglob("*")]:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    try:
        with ProjectStore.open(scaled.root, write=False) as store:
            assert len(measured(store)) == 4
        assert {path: path.read_bytes() for path in before} == before
    finally:
        for path in [scaled.root, *scaled.root.rglob("*")]:
            path.chmod(path.stat().st_mode | stat.S_IWUSR)


def test_a_volume_needs_a_thickness_of_every_page(
    make: Callable[..., ProjectStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make(*(imagej(tmp_path / f"{n}.tif", 1.0) for n in range(3)))
    for record in store.images():
        store.update_image(replace(record, series="s" if record.path.name != "2.tif" else ""))
        paint(store, record.id, (Box(0, 0, 10, 10), 1))
    with pytest.raises(BadInputError, match="no image belongs"):
        measure(store, store.images()[2:], Measures(by="series"))
    table = measured(store, by="series")
    assert (column(table, "pixels")[1], column(table, "volume [ml]")[1]) == (200, None)
    assert any("how thick" in notice for notice in table.notices)
    plain = survey

    def thick(record: object) -> object:
        found = plain(record)  # type: ignore[arg-type]
        assert found.info is not None
        return replace(found, info=replace(found.info, thickness_m=0.005))

    monkeypatch.setattr("labeltool.app.measures.survey", thick)
    table = measured(store, by="series")
    assert column(table, "volume [ml]")[1] == pytest.approx(2 * 100 * 5 / 1000)
    assert any("of no series: 1 image" in notice for notice in table.notices)
    assert column(measured(store, by="series", unit="mm"), "volume [mm3]")[1] == pytest.approx(1000)
    part = measure(store, store.images()[:1], Measures(by="series"))
    assert any("only some pages" in notice for notice in part.notices)


@pytest.mark.parametrize(("step", "mm3"), [(1.25, 37.5), (2.5, 75), (4, 120)])
def test_a_volume_goes_by_the_distance_of_the_slices_and_not_by_their_thickness(
    make: Callable[..., ProjectStore], tmp_path: Path, step: float, mm3: float
) -> None:
    pytest.importorskip("pydicom")
    store = make(*write_series(tmp_path / "ct", 5, spacing=(0.75, 0.5), step=step, SliceThickness="2.5"))
    for record in store.images():
        paint(store, record.id, (Box(1, 2, 5, 6), 1))
    table = measured(store, by="series", unit="mm")
    assert column(table, "volume [mm3]")[1] == pytest.approx(mm3)
    assert any("thick and lie" in notice for notice in table.notices) == (step != 2.5)


def test_slices_that_do_not_say_where_they_lie_are_as_far_apart_as_thick(
    make: Callable[..., ProjectStore], tmp_path: Path
) -> None:
    pytest.importorskip("pydicom")
    store = make(*write_series(tmp_path / "ct", 5, spacing=(0.75, 0.5), ImagePositionPatient=None))
    for record in store.images():
        paint(store, record.id, (Box(1, 2, 5, 6), 1))
    assert column(measured(store, by="series", unit="mm"), "volume [mm3]")[1] == pytest.approx(75)


def test_long_work_tells_how_far_it_is_and_stops_when_asked(scaled: ProjectStore) -> None:
    seen: list[float] = []
    cancel = CancelToken()

    def progress(done: float, total: float, text: str = "") -> None:
        seen.append(done)
        if total and done >= 1:
            cancel.cancel()

    with pytest.raises(CancelledError):
        measure(scaled, scaled.images(), Measures(), progress=progress, cancel=cancel)
    assert seen == sorted(seen)


# ---- files


HOSTILE = ("=cmd()", "+1", "-1", "@x", "  =A1", "＝1", "a,b", 'say "x"', "שלום", "naïve 🙂")


def test_no_name_is_run_by_a_spreadsheet_and_none_is_lost(
    make: Callable[..., ProjectStore], tmp_path: Path
) -> None:
    catalog = ClassCatalog.from_names([name for name in HOSTILE if "," not in name]).add("a,b")
    store = make(imagej(tmp_path / "=x.tif", 0.5), catalog=catalog)
    record = store.images()[0]
    values = [c.value for c in catalog.foreground]
    paint(store, record.id, *((Box(0, 2 * v, 3, 2 * v + 1), v) for v in values))
    out = tmp_path / "out.csv"
    notices = write_csv(measured(store), out)
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["class"].removeprefix("'") for row in rows] == [c.name for c in catalog.foreground]
    for row in rows:
        assert row["class"].lstrip()[:1] not in tuple("=+-@＝")
        assert row["image"] == "'=x.tif"
    assert any("formulas" in notice for notice in notices)


def test_a_csv_has_units_in_its_header_and_dots_in_its_numbers(scaled: ProjectStore, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert write_csv(measured(scaled, unit="cm"), out) == []
    lines = out.read_bytes().decode("utf-8").split("\n")
    assert lines[0].startswith("image,page,split,class,number,object id,pixels,area [cm2],perimeter [cm]")
    assert lines[1].split(",")[6:8] == ["200", "0.5"]
    assert lines[4].split(",")[6:9] == ["10", "", ""]


def test_a_file_that_cannot_be_written_leaves_the_old_one(scaled: ProjectStore, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("old")
    broken = Table([Column("a", "number")], [np.zeros(3)], [], np.zeros((0, 4), np.int64))
    broken.columns.append(Column("b", "number"))
    with pytest.raises(IndexError):
        write_csv(broken, out)
    assert out.read_text() == "old"
    assert not list(tmp_path.glob(".*partial"))


def test_a_table_is_not_put_where_it_does_not_belong(scaled: ProjectStore, tmp_path: Path) -> None:
    for name in ("project0/project.db", "project0/masks/x.csv", "out.txt", "nowhere/x.csv", "project0"):
        with pytest.raises(BadInputError):
            refuse_csv(tmp_path / name, scaled.root)
    refuse_csv(tmp_path / "x.CSV", scaled.root)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_a_table_cannot_go_where_nothing_can_be_written(scaled: ProjectStore) -> None:
    with pytest.raises(BadInputError, match="nothing can be written to this folder"):
        refuse_csv(Path("/proc/x.csv"), scaled.root)


def test_without_what_reads_a_file_the_table_says_what_to_install(
    make: Callable[..., ProjectStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make(*write_series(tmp_path / "ct", 2))
    paint(store, store.images()[0].id, (Box(0, 0, 4, 4), 1))

    def lacking(path: Path, page: str = "") -> ImageInfo:
        raise MEDICAL.refusal("a DICOM file", path)

    monkeypatch.setattr(scales, "probe", lacking)
    (notice,) = measure(store, store.images(), Measures()).notices
    assert "a DICOM file needs" in notice
    assert "labeltool[medical]" in notice
    assert "no image says" not in notice


def test_broken_names_can_be_written(tmp_path: Path) -> None:
    assert harmless("a\udcff.png") == "a?.png"
    assert harmless("-1") == "'-1"
    assert harmless("plain") == "plain"


def test_rows_are_sorted_as_numbers_with_empty_cells_last() -> None:
    columns = [Column("name", "text"), Column("n", "count")]
    table = Table(columns, [["b", "A", "c"], np.array([10.0, np.nan, 9.0])], [], np.zeros((0, 4), np.int64))
    assert table.order(1).tolist() == [2, 0, 1]
    assert table.order(1, descending=True).tolist() == [0, 2, 1]
    assert table.order(0).tolist() == [1, 0, 2]


# ---- the command line


def test_the_command_shows_first_rows_and_writes_all(
    scaled: ProjectStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(scaled.root)
    scaled.close()
    assert run(["measure", root, "--unit", "mm"]).exit_code == 0
    shown = capsys.readouterr()
    assert "area [mm2]" in shown.out
    assert "plain.tif" in shown.err
    out = tmp_path / "all.csv"
    assert run(["measure", root, str(out), "--by", "class", "--images", "scaled*", "--json"]).exit_code == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["rows"], said["file"]) == (3, str(out))
    assert len(out.read_text("utf-8").splitlines()) == 4
    assert run(["measure", root, "--values", "--json"]).exit_code == 0
    assert json.loads(capsys.readouterr().out)["table"][0]["mean red"] > 0
    assert run(["measure", root, "x.txt"]).exit_code == 1
    assert run(["measure", root, "--split", "val"]).exit_code == 1


# ---- real files


def test_a_dicom_slice_is_measured_by_its_spacing(
    make: Callable[..., ProjectStore], shared_data: Path
) -> None:
    folder = shared_data / "medical" / "dicom" / "ct_head_series"
    files = sorted(folder.glob("*.dcm")) if folder.is_dir() else []
    if not files:
        pytest.skip(f"no DICOM series in {folder}")
    pytest.importorskip("pydicom")
    store = make(files[0])
    record = store.images()[0]
    paint(store, record.id, (Box(10, 10, 20, 15), 1))
    table = measured(store, unit="mm", values=True)
    assert column(table, "area [mm2]")[0] == pytest.approx(50 * SIDE_MM**2, rel=1e-9)
    assert column(table, "shortest caliper [mm]")[0] == pytest.approx(5 * SIDE_MM)


def test_a_map_is_measured_in_its_metres_and_has_its_place(
    make: Callable[..., ProjectStore], shared_data: Path
) -> None:
    file = shared_data / "geotiff" / "naip_2010_rgbn_cog.tif"
    if not file.is_file():
        pytest.skip(f"{file} is missing")
    rasterio = pytest.importorskip("rasterio")
    store = make(file)
    record = store.images()[0]
    box = Box(100, 50, 140, 80)
    paint(store, record.id, (box, 1))
    table = measured(store, unit="m", values=True)
    with rasterio.open(file) as source:
        side_x, side_y = source.res
        left, top = source.transform @ (box.x0, box.y0)
        band = source.read(1)[box.slices()]
    assert column(table, "area [m2]")[0] == pytest.approx(40 * 30 * side_x * side_y, rel=1e-9)
    assert (column(table, "map left")[0], column(table, "map top")[0]) == pytest.approx((left, top))
    first = next(each.header for each in table.columns if each.header.startswith("mean"))
    assert column(table, first)[0] == pytest.approx(band.mean())


def test_degrees_are_measured_on_the_ellipsoid(make: Callable[..., ProjectStore], tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    pyproj = pytest.importorskip("pyproj")
    file, step = tmp_path / "degrees.tif", 0.01
    transform = rasterio.Affine(step, 0, 8.0, 0, -step, 60.0)
    with rasterio.open(
        file,
        "w",
        driver="GTiff",
        width=40,
        height=30,
        count=1,
        dtype="uint8",
        crs="EPSG:4326",
        transform=transform,
    ) as made:
        made.write(np.zeros((1, 30, 40), np.uint8))
    store = make(file)
    paint(store, store.images()[0].id, (Box(10, 5, 20, 25), 1))
    table = measured(store, unit="m")
    geod = pyproj.Geod(ellps="WGS84")
    west, east, north, south = 8.1, 8.2, 59.95, 59.75
    edge = np.linspace(west, east, 2000)  # the parallels are no geodesics
    ring = [*((x, south) for x in edge), *((x, north) for x in edge[::-1])]
    area = abs(geod.polygon_area_perimeter(*zip(*ring, strict=True))[0])
    assert column(table, "area [m2]")[0] == pytest.approx(area, rel=1e-6)
    height = geod.inv(8.15, south, 8.15, north)[2]
    assert column(table, "longest caliper [m]")[0] == pytest.approx(
        np.hypot(height, geod.inv(west, 59.85, east, 59.85)[2]), rel=1e-3
    )
