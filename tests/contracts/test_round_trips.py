"""What goes out is what other people's readers and our importers see; `make judges` says it of 1,000 masks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from contracts import overlays
from contracts.judges import Seen, different, truth
from contracts.readers import JUDGES, Judge, Row
from contracts.round_trips import Court
from mask_samples import CELLS, labelled
from volume_samples import with_mask

from labeltool.core.catalog import ClassCatalog
from labeltool.formats.cityscapes.labels import labels_of
from labeltool.formats.protocol import LabelledImage
from labeltool.plugins import names

pytestmark = pytest.mark.filterwarnings("ignore")
"""Other people's readers warn of much; ours must not, and their tests say so."""

FEW, MANY = 24, 1000


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Court:
    return Court(tmp_path_factory.mktemp("few"), FEW, seed=1, keep=True)


@pytest.fixture(scope="module")
def high_court(tmp_path_factory: pytest.TempPathFactory) -> Court:
    return Court(tmp_path_factory.mktemp("many"), MANY, seed=2)


@pytest.mark.parametrize("judge", JUDGES, ids=str)
def test_a_reader_sees_exactly_the_masks(judge: Judge, court: Court) -> None:
    assert_sees_all(judge, court, FEW)


@pytest.mark.parametrize("judge", [judge for judge in JUDGES if judge.name != "dciodvfy"], ids=str)
def test_a_reader_sees_that_a_mask_has_another_pixel(judge: Judge, court: Court) -> None:
    if not judge.version:
        pytest.skip(f"{judge.name} is not installed (make test installs it)")
    for exported in court.exports(judge):
        row = Row(judge)
        changed = [other(image, exported.catalog) for image in exported.images]
        row.hear(replace(exported, images=changed), court.seen(judge, exported))
        assert row.unexplained > 0


def other(image: LabelledImage, catalog: ClassCatalog) -> LabelledImage:
    """One pixel of a class has another class, where the mask has any; no class that a reader passes over."""
    values = [v for v, label in labels_of(catalog).items() if v != catalog.background and label.train_id]
    mask = truth(image, catalog)
    label = image.mask.read("label").astype(np.uint8)
    places = np.argwhere(np.isin(label, values))
    if len(places):
        y, x = places[len(places) // 2]
        label[y, x] = next(value for value in values if value != label[y, x])
    return with_mask(image.record, label, catalog, mask.ids.astype(np.uint32), where=mask.known)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("judge", JUDGES, ids=str)
def test_a_reader_sees_exactly_a_thousand_masks(judge: Judge, high_court: Court) -> None:
    assert_sees_all(judge, high_court, MANY)


def assert_sees_all(judge: Judge, court: Court, count: int) -> None:
    """Equal pixel by pixel, or different in exactly the way that is known of the reader."""
    if not judge.version:
        pytest.skip(f"{judge.name} is not installed (make test installs it)")
    row = court.hear(judge)
    assert row.masks == count
    assert row.unexplained == 0, row.first
    assert bool(row.different) == bool(judge.why)


def test_every_export_format_has_a_reader_of_other_people_and_ours() -> None:
    formats = {judge.format for judge in JUDGES}
    readers = {each: {judge.name for judge in JUDGES if judge.format == each} for each in formats}
    assert set(readers) == set(names("labeltool.exporters")) - {"origin"}, "it holds no annotation"
    assert all("labeltool" in found and len(found) > 1 for found in readers.values())


@pytest.fixture
def mask(tmp_path: Path) -> Seen:
    label = np.array([[1, 1, 0, 2], [1, 0, 0, 255], [0, 0, 1, 1]], np.uint8)
    ids = np.array([[0, 0, 0, 5], [0, 0, 0, 0], [0, 0, 9, 9]], np.uint32)
    return truth(labelled(tmp_path / "a.png", label, CELLS, ids), CELLS)


def test_the_numbers_of_objects_may_be_any(mask: Seen) -> None:
    for numbers in (mask.objects * 100 % 7, mask.objects * (2**32 - 1)):
        assert not different(mask._replace(objects=numbers), mask).any()
    assert different(mask._replace(objects=mask.objects + 2**31), mask).any(), "everything is an object"


def test_objects_that_are_one_are_not_two(mask: Seen) -> None:
    merged = mask._replace(objects=np.minimum(mask.objects, 1))
    assert np.array_equal(different(merged, mask), mask.objects > 0)
    torn = mask.objects.copy()
    torn[0, 0] = 50
    assert np.array_equal(different(mask._replace(objects=torn), mask), mask.objects == mask.objects[0, 0])


def test_one_pixel_of_another_class_or_id_is_counted(mask: Seen) -> None:
    for plane in ("label", "ids"):
        changed = getattr(mask, plane).copy()
        changed[1, 3] += 1
        assert np.argwhere(different(mask._replace(**{plane: changed}), mask)).tolist() == [[1, 3]]
    assert different(mask._replace(label=mask.label.T), mask).all()


def test_what_nobody_saw_is_not_compared(mask: Seen) -> None:
    assert not different(Seen(mask.image), mask).any()


# ---- over real maps and volumes


def test_masks_and_polygons_lie_exactly_upon_real_maps(shared_data: Path, tmp_path: Path) -> None:
    names = [
        file.name for file in (shared_data / "geotiff").glob("*.tif") if not file.name.startswith("banepa")
    ]
    rows = list(overlays.over_maps(shared_data / "geotiff", tmp_path, names))
    assert len(rows) == 2 * len(names) == 20
    assert [row for row in rows if not row.is_exact] == []


@pytest.mark.slow
def test_masks_and_polygons_lie_exactly_upon_a_large_map(shared_data: Path, tmp_path: Path) -> None:
    rows = list(overlays.over_maps(shared_data / "geotiff", tmp_path, ["banepa_north_mosaic_cog.tif"]))
    assert [row.is_exact for row in rows] == [True, True]


def test_label_volumes_have_the_affine_of_their_source_bit_by_bit(shared_data: Path, tmp_path: Path) -> None:
    rows = list(overlays.over_nifti(shared_data / "medical" / "nifti", tmp_path))
    assert len(rows) == 5, "four files, one of them with two time points"
    assert [row for row in rows if not row.is_exact or row.offset] == []


def test_label_volumes_and_segmentations_lie_where_a_series_lies(shared_data: Path, tmp_path: Path) -> None:
    rows = list(overlays.over_series(shared_data / "medical" / "dicom" / "ct_head_series", tmp_path))
    assert [row.format for row in rows] == ["nifti", "dicomseg"]
    assert [row for row in rows if not row.is_exact] == []
