"""Label volumes: what comes back, how volumes and classes are found, and what is refused by name."""

from __future__ import annotations

import gzip
import json
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mask_samples import CELLS, STREETS, assert_same_planes, imported, labelled
from numpy.typing import NDArray
from volume_samples import (
    AXIAL,
    OBLIQUE,
    masked,
    records_of,
    unlabelled,
    with_mask,
    write_nifti,
    write_series,
)

from labeltool.core.catalog import IGNORE
from labeltool.core.errors import BadInputError
from labeltool.formats.export import export
from labeltool.formats.nifti import NiftiExporter, NiftiImporter, NiftiOptions
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ImportedMask, LabelledImage
from tests.laws.examples import WANTED, law

nibabel = pytest.importorskip("nibabel", reason='needs pip install "labeltool[medical]"')
pytest.importorskip("pydicom", reason='needs pip install "labeltool[medical]"')

SIDES = st.integers(1, 14)
AFFINE = np.diag([2.0, 3, 4, 1])


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    return write_nifti(tmp_path / "in" / "brain.nii.gz", (5, 4, 3), AFFINE)


@pytest.fixture
def images(volume: Path) -> list[LabelledImage]:
    return [unlabelled(record, CELLS) for record in records_of(volume)]


def save(file: Path, values: NDArray[Any], affine: NDArray[Any] = AFFINE) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(values, affine)
    nibabel.save(image, file)
    return file


def together(source: Path, images: list[LabelledImage], masks: dict[str, ImportedMask]) -> NDArray[np.uint8]:
    """The labels of the slices as one volume in the order of the source's array, which here is read without our code:
    the axis across the body is the third, and rows and columns of a slice run against the second and the first."""
    shape = nibabel.load(source).shape
    found = np.zeros(shape, np.uint8)
    for k, image in enumerate(images):
        found[:, :, k] = masks[image.record.id].label[::-1, ::-1].T
    return found


def refusal(src: Path, images: list[LabelledImage]) -> str:
    masks, skipped = imported(NiftiImporter(), src, CELLS, images)
    assert masks == {}
    assert skipped
    return " ".join(f"{s.file}: {s.reason}" for s in skipped)


@law(15)
@given(
    st.integers(0, 2**32 - 1),
    st.tuples(SIDES, SIDES, SIDES),
    st.sampled_from("ijk"),
    st.sampled_from([1, 2]),
    st.sampled_from([CELLS, STREETS]),
    st.floats(0.1, 1),
)
def test_what_goes_out_on_a_nifti_volume_comes_back(
    seed: int, shape: tuple[int, int, int], axis: str, version: int, catalog: Any, share: float
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = write_nifti(Path(folder, "in", "v.nii.gz"), shape, version=version)
        images = masked(records_of(source, axis=axis), catalog, seed, share)
        options = NiftiOptions(include_unlabelled=True)
        report = export(NiftiExporter(), images, catalog, Path(folder, "out"), options)
        masks, skipped = imported(NiftiImporter(), Path(folder, "out"), catalog, images)
        assert skipped == []
        for image in images:
            if not image.mask.read("origin").any():
                assert image.record.id not in masks
                continue
            assert_same_planes(image, masks[image.record.id])
        assert report.objects == sum(mask.objects for mask in masks.values())
        ours, theirs = (nibabel.load(f) for f in (Path(folder, "out", "v.nii.gz"), source))
        assert type(ours) is type(theirs)
        assert ours.affine.tobytes() == theirs.affine.tobytes()
        for field in ("sform_code", "qform_code", "quatern_b", "qoffset_x", "srow_x", "xyzt_units"):
            assert ours.header[field].tobytes() == theirs.header[field].tobytes()
        assert ours.header["pixdim"][:4].tobytes() == theirs.header["pixdim"][:4].tobytes()


@law(15)
@given(
    st.integers(0, 2**32 - 1),
    SIDES,
    SIDES,
    st.integers(1, 5),
    st.sampled_from([AXIAL, OBLIQUE]),
    st.sampled_from([CELLS, STREETS]),
)
def test_what_goes_out_on_a_dicom_series_comes_back(
    seed: int, width: int, height: int, count: int, orientation: tuple[float, ...], catalog: Any
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = write_series(Path(folder, "head"), count, (height, width), orientation=orientation)
        images = masked(records_of(*files), catalog, seed)
        export(NiftiExporter(), images, catalog, Path(folder, "out"))
        assert Path(folder, "out", "head.nii.gz" if count > 1 else "s99.nii.gz").is_file()
        masks, skipped = imported(NiftiImporter(), Path(folder, "out"), catalog, images)
        assert skipped == []
        for image in images:
            assert_same_planes(image, masks[image.record.id])


def test_the_same_masks_give_the_same_bytes(tmp_path: Path, volume: Path) -> None:
    images = masked(records_of(volume), CELLS)
    for name in ("one", "two"):
        export(NiftiExporter(), images, CELLS, tmp_path / name)
    for file in ("brain.nii.gz", "objects/brain.nii.gz", "dataset.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_file_says_that_it_holds_labels_and_nothing_of_the_patient(tmp_path: Path) -> None:
    source = tmp_path / "in" / "v.nii"
    image = nibabel.Nifti1Image(np.zeros((3, 4, 2), np.int16), AFFINE)
    image.header["descrip"] = b"Jane Doe"
    image.header["db_name"] = b"Jane Doe"
    source.parent.mkdir()
    nibabel.save(image, source)
    export(NiftiExporter(), masked(records_of(source), CELLS), CELLS, tmp_path / "out")
    data = gzip.decompress((tmp_path / "out" / "v.nii.gz").read_bytes())
    assert b"Doe" not in data
    header = nibabel.Nifti1Header(data[:348])
    assert header["intent_code"] == 1002
    assert header["intent_name"].item() == b"cells"
    assert (header["scl_slope"], header["scl_inter"], header["datatype"]) == (1, 0, 2)


def test_more_voxels_a_side_than_nifti_1_counts_go_into_nifti_2(tmp_path: Path) -> None:
    affine = np.array([[0, 0, 4.0, 1], [0, 3, 0, 2], [2.0, 0, 0, 3], [0, 0, 0, 1]])
    source = write_nifti(tmp_path / "in" / "long.nii.gz", (2, 1, 32_800), affine, version=2)
    records = records_of(source)
    assert len(records) == 2
    export(NiftiExporter(), masked(records, CELLS), CELLS, tmp_path / "out")
    written = nibabel.load(tmp_path / "out" / "long.nii.gz")
    assert isinstance(written, nibabel.Nifti2Image)
    assert np.array_equal(written.affine, affine)


def test_slices_that_nobody_labelled_are_background_and_come_back_unlabelled(
    tmp_path: Path, volume: Path
) -> None:
    records = records_of(volume)
    images = [unlabelled(records[0], CELLS), *masked(records[1:2], CELLS)]
    plan = NiftiExporter().plan(images, CELLS, NiftiOptions())
    assert "Slices that are not in the project become background (1): brain" in plan.notices
    assert "Slices that nobody has labelled become background (1): brain" in plan.notices
    assert plan.images == 2
    export(NiftiExporter(), images, CELLS, tmp_path / "out")
    values = np.asarray(nibabel.load(tmp_path / "out" / "brain.nii.gz").dataobj)
    assert values[..., 1].any()
    assert not values[..., ::2].any()
    masks, skipped = imported(NiftiImporter(), tmp_path / "out", CELLS, images)
    assert skipped == []
    assert list(masks) == [records[1].id]


def test_a_volume_that_nobody_labelled_is_left_out_image_by_image(
    volume: Path, images: list[LabelledImage]
) -> None:
    plan = NiftiExporter().plan(images, CELLS, NiftiOptions())
    assert [entry.file for entry in plan.skipped] == [f"{volume} [k{n}]" for n in range(3)]
    assert "nobody has labelled it yet" in plan.problems[-1]


def test_slices_in_different_splits_are_refused_by_name_and_others_go_out(tmp_path: Path) -> None:
    whole = records_of(write_nifti(tmp_path / "in" / "a.nii", (3, 4, 2)), split="val")
    torn = records_of(write_nifti(tmp_path / "in" / "b.nii", (3, 4, 2)))
    torn = [torn[0], *records_of(torn[1].path, split="test")[1:]]
    report = export(NiftiExporter(), masked([*whole, *torn], CELLS), CELLS, tmp_path / "out")
    assert (tmp_path / "out" / "val" / "a.nii.gz").is_file()
    assert report.images == 2
    assert len(report.skipped) == 2
    assert all("different splits (none, test)" in s.reason and "b.nii" in s.file for s in report.skipped)
    listed = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert [len(listed[key]) for key in ("training", "validation", "test")] == [0, 1, 0]


class Damaged(LabelledImage):
    """An image whose mask cannot be read."""

    def __init__(self, image: LabelledImage) -> None:
        object.__setattr__(self, "record", image.record)

    @property
    def mask(self) -> Any:
        raise BadInputError("tile 3 is damaged")


def test_a_slice_whose_mask_is_damaged_keeps_its_volume_back_and_no_other(tmp_path: Path) -> None:
    one = masked(records_of(write_nifti(tmp_path / "in" / "a.nii", (3, 4, 2))), CELLS)
    other = masked(records_of(write_nifti(tmp_path / "in" / "b.nii", (3, 4, 2))), CELLS)
    mixed = [one[0], other[0], Damaged(one[1]), other[1]]
    report = export(NiftiExporter(), mixed, CELLS, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").glob("*.nii.gz")) == ["b.nii.gz"]
    assert [Path(s.file).name for s in report.skipped] == ["a.nii [k0]", "a.nii [k1]"]
    assert all("tile 3 is damaged" in s.reason for s in report.skipped)


def test_two_series_in_one_folder_are_told_apart(tmp_path: Path) -> None:
    files = [
        *write_series(tmp_path / "head", uid="1.2.3"),
        *[f.rename(f.with_name(f"t{f.name}")) for f in write_series(tmp_path / "x", uid="1.2.4")],
    ]
    files = files[:4] + [f.rename(tmp_path / "head" / f.name) for f in files[4:]]
    images = masked(records_of(*files), CELLS)
    export(NiftiExporter(), images, CELLS, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").glob("*.nii.gz")) == ["head.nii.gz", "head_2.nii.gz"]
    masks, skipped = imported(NiftiImporter(), tmp_path / "out", CELLS, images)
    assert skipped == []
    for image in images:
        assert_same_planes(image, masks[image.record.id])
    (tmp_path / "out" / "manifest.json").unlink()
    masks, skipped = imported(NiftiImporter(), tmp_path / "out", CELLS, images)
    assert masks == {}
    assert "it is not clear which is meant" in skipped[0].reason


def test_a_photo_is_no_slice_of_a_volume(tmp_path: Path, volume: Path) -> None:
    photo = labelled(tmp_path / "photos" / "x.jpg", np.ones((4, 5), np.uint8), CELLS)
    slices = masked(records_of(volume), CELLS)
    plan = NiftiExporter().plan([photo, *slices], CELLS, NiftiOptions())
    assert plan.ids == {each.record.id for each in slices} and plan.images == len(slices)
    report = export(NiftiExporter(), [photo, *slices], CELLS, tmp_path / "out")
    (skipped,) = report.skipped
    assert skipped.file.endswith("x.jpg")
    assert "no slice of a volume" in skipped.reason


def test_a_series_with_a_gap_says_which_slices_are_missing(tmp_path: Path) -> None:
    files = write_series(tmp_path / "head", places=[0, 2.5, 7.5, 10])
    images = masked(records_of(*files), CELLS)
    plan = NiftiExporter().plan(images, CELLS, NiftiOptions())
    assert "Slices that are not in the project become background (1): head" in plan.notices
    export(NiftiExporter(), images, CELLS, tmp_path / "out")
    assert nibabel.load(tmp_path / "out" / "head.nii.gz").shape == (9, 12, 5)
    masks, _ = imported(NiftiImporter(), tmp_path / "out", CELLS, images)
    for image in images:
        assert_same_planes(image, masks[image.record.id])


@pytest.mark.parametrize(
    ("places", "reason"),
    [
        ([0, 2.5, 6.1, 8], "do not lie at equal distances"),
        ([0, 2.5, 2.5, 5], "lie in one place"),
        ([0, 1, 40], "3 of 41 slices"),
    ],
)
def test_a_series_that_makes_up_no_grid_is_refused_by_name(
    tmp_path: Path, places: list[float], reason: str
) -> None:
    files = write_series(tmp_path / "head", places=places)
    with pytest.raises(BadInputError, match=reason):
        export(NiftiExporter(), masked(records_of(*files), CELLS), CELLS, tmp_path / "out")


def test_a_series_of_a_tilted_gantry_keeps_its_shear(tmp_path: Path) -> None:
    from pydicom import dcmread

    files = write_series(tmp_path / "head")
    for file in files:
        dataset = dcmread(file)
        x, y, z = dataset.ImagePositionPatient
        dataset.ImagePositionPatient = [x, y + 0.3 * z, z]
        dataset.save_as(file)
    export(NiftiExporter(), masked(records_of(*files), CELLS), CELLS, tmp_path / "out")
    header = nibabel.load(tmp_path / "out" / "head.nii.gz").header
    assert (header["sform_code"], header["qform_code"]) == (1, 0)
    assert np.allclose(header.get_best_affine()[:3, 2], [0, -0.75, 2.5])


@pytest.mark.parametrize(
    "name",
    [
        "brain.nii.gz",
        "brain_label.nii.gz",
        "brain_seg.nii",
        "labelsTr/brain.nii.gz",
        "deep/brain-mask.nii.gz",
    ],
)
def test_labels_are_found_by_what_others_call_them(
    tmp_path: Path, volume: Path, images: list[LabelledImage], name: str
) -> None:
    values = np.random.default_rng(1).integers(0, 4, (5, 4, 3)).astype(np.uint8)
    save(tmp_path / "labels" / name, values)
    masks, skipped = imported(NiftiImporter(), tmp_path / "labels", CELLS, images)
    assert skipped == []
    assert np.array_equal(together(volume, images, masks), values)


@pytest.mark.parametrize("stem", ["case_image", "case_0000", "case_img"])
def test_images_are_found_by_what_others_call_them(tmp_path: Path, stem: str) -> None:
    records = records_of(write_nifti(tmp_path / "imagesTr" / f"{stem}.nii.gz", (5, 4, 3), AFFINE))
    images = [unlabelled(record, CELLS) for record in records]
    save(tmp_path / "labelsTr" / "case.nii.gz", np.ones((5, 4, 3), np.uint8))
    masks, skipped = imported(NiftiImporter(), tmp_path, CELLS, images)
    assert skipped == []
    assert len(masks) == 3


@pytest.mark.parametrize("codes", ["LPS", "PIR", "SAL", "RAS"])
def test_labels_in_another_order_are_turned_exactly(
    tmp_path: Path, volume: Path, images: list[LabelledImage], codes: str
) -> None:
    values = np.random.default_rng(2).integers(0, 4, (5, 4, 3)).astype(np.uint8)
    image = nibabel.Nifti1Image(values, AFFINE)
    axes = nibabel.orientations.axcodes2ornt(codes)
    turned = image.as_reoriented(nibabel.orientations.ornt_transform(nibabel.io_orientation(AFFINE), axes))
    (tmp_path / "labels").mkdir()
    nibabel.save(turned, tmp_path / "labels" / "brain.nii.gz")
    masks, skipped = imported(NiftiImporter(), tmp_path / "labels", CELLS, images)
    assert skipped == []
    assert np.array_equal(together(volume, images, masks), values)
    told = [notice for mask in masks.values() for notice in mask.notices]
    assert told[0].startswith("classes by number, for the file has no names: 1 is nucleus")
    assert told[1:] == ([] if codes == "RAS" else ["the labels lie in another order and were turned"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (np.diag([2.0, 3, 4.4, 1]), "lie elsewhere in space"),
        (AFFINE + np.array([[0, 0, 0, 0.3], [0] * 4, [0] * 4, [0] * 4]), "lie elsewhere in space"),
        (np.diag([2.0, 3, 0, 1]), "lie elsewhere in space"),
        (np.full((4, 4), np.nan), "lie elsewhere in space"),
    ],
)
def test_labels_on_another_grid_are_refused(
    tmp_path: Path, images: list[LabelledImage], change: NDArray[Any], reason: str
) -> None:
    image = nibabel.Nifti1Image(np.ones((5, 4, 3), np.uint8), AFFINE)
    image.header["sform_code"] = 1
    for row, name in enumerate(("srow_x", "srow_y", "srow_z")):
        image.header[name] = change[row]
    image._affine = None
    (tmp_path / "labels").mkdir()
    image.header["vox_offset"] = 352
    data = image.header.binaryblock + bytes(4) + bytes(np.ones(60, np.uint8))
    (tmp_path / "labels" / "brain.nii").write_bytes(data)
    assert reason in refusal(tmp_path / "labels", images)


def test_labels_of_another_size_are_refused_with_both_sizes(
    tmp_path: Path, images: list[LabelledImage]
) -> None:
    save(tmp_path / "labels" / "brain.nii", np.ones((5, 4, 2), np.uint8))
    assert "the labels have 5 x 4 x 2 voxels and brain has 5 x 4 x 3" in refusal(tmp_path / "labels", images)


def test_values_without_a_class_are_named_with_their_voxels(
    tmp_path: Path, images: list[LabelledImage]
) -> None:
    values = np.ones((5, 4, 3), np.int16)
    values[:, 0, 0] = 77
    save(tmp_path / "labels" / "brain.nii", values)
    assert "77 in 5 pixels" in refusal(tmp_path / "labels", images)
    values[0, 0, 0] = -3
    save(tmp_path / "labels" / "brain.nii", values)
    assert "the value -3" in refusal(tmp_path / "labels", images)
    save(tmp_path / "labels" / "brain.nii", values.astype(np.int32) + 100_000)
    assert "100077 in 4 voxels" in refusal(tmp_path / "labels", images)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.uint16])
def test_whole_numbers_of_any_type_are_labels(
    tmp_path: Path, volume: Path, images: list[LabelledImage], dtype: type[Any]
) -> None:
    values = np.random.default_rng(3).integers(0, 4, (5, 4, 3))
    save(tmp_path / "labels" / "brain.nii", values.astype(dtype))
    masks, _ = imported(NiftiImporter(), tmp_path / "labels", CELLS, images)
    assert np.array_equal(together(volume, images, masks), values)


@pytest.mark.parametrize("value", [0.5, np.nan, np.inf, -1.0])
def test_a_number_that_is_none_of_a_label_refuses_the_file(
    tmp_path: Path, images: list[LabelledImage], value: float
) -> None:
    values = np.ones((5, 4, 3), np.float32)
    values[1, 2, 2] = value
    save(tmp_path / "labels" / "brain.nii", values)
    assert f"the value {value:g}" in refusal(tmp_path / "labels", images)


@pytest.mark.parametrize(
    "labels",
    [
        {"0": "background", "7": "cell wall", "9": "nucleus"},
        {"background": 0, "cell wall": 7, "nucleus": 9},
    ],
)
def test_classes_are_the_same_by_name_where_a_list_gives_names(
    tmp_path: Path, volume: Path, images: list[LabelledImage], labels: dict[str, Any]
) -> None:
    values = np.random.default_rng(4).choice(np.array([0, 7, 9], np.uint8), (5, 4, 3))
    save(tmp_path / "set" / "labelsTr" / "brain.nii", values)
    (tmp_path / "set" / "dataset.json").write_text(json.dumps({"labels": labels}))
    wanted = np.array([0, 1, 2, 3, 4, 5, 6, 2, 8, 1])[values]
    for src in (tmp_path / "set", tmp_path / "set" / "labelsTr"):
        masks, skipped = imported(NiftiImporter(), src, CELLS, images)
        assert skipped == []
        assert np.array_equal(together(volume, images, masks), wanted)
        names = [c.name for c in NiftiImporter().classes(src, ImportOptions())]
        assert names == ["cell wall", "nucleus"]


@pytest.mark.parametrize("labels", ['{"whole": [1, 2]}', '{"a": 1, "b": 1}', '{"x": "y"}', '["a"]', "7"])
def test_a_list_of_labels_that_is_none_is_named(
    tmp_path: Path, images: list[LabelledImage], labels: str
) -> None:
    save(tmp_path / "set" / "brain.nii", np.ones((5, 4, 3), np.uint8))
    (tmp_path / "set" / "dataset.json").write_text(f'{{"labels": {labels}}}')
    with pytest.raises(BadInputError) as caught:
        imported(NiftiImporter(), tmp_path / "set", CELLS, images)
    assert str(caught.value.file).endswith("dataset.json")


def test_labels_of_one_volume_count_for_all_times_of_an_image(tmp_path: Path) -> None:
    records = records_of(write_nifti(tmp_path / "in" / "four.nii", (5, 4, 3, 2), AFFINE))
    images = [unlabelled(record, CELLS) for record in records]
    save(tmp_path / "labels" / "four.nii", np.full((5, 4, 3), 2, np.uint8))
    masks, skipped = imported(NiftiImporter(), tmp_path / "labels", CELLS, images)
    assert skipped == []
    assert len(masks) == 6
    assert any("count for all 2 volumes" in n for mask in masks.values() for n in mask.notices)
    export(NiftiExporter(), masked(records, CELLS, 3), CELLS, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").glob("*.nii.gz")) == ["four_t0.nii.gz", "four_t1.nii.gz"]


def test_slices_with_labels_that_are_not_in_the_project_are_counted(
    tmp_path: Path, images: list[LabelledImage]
) -> None:
    save(tmp_path / "labels" / "brain.nii", np.ones((5, 4, 3), np.uint8))
    masks, (skipped,) = imported(NiftiImporter(), tmp_path / "labels", CELLS, images[:1])
    assert len(masks) == 1
    assert "2 slices with labels are not in the project" in skipped.reason


def test_two_files_for_one_volume_are_both_refused(tmp_path: Path, images: list[LabelledImage]) -> None:
    for name in ("brain.nii", "brain_seg.nii.gz"):
        save(tmp_path / "labels" / name, np.ones((5, 4, 3), np.uint8))
    assert refusal(tmp_path / "labels", images).count("several masks fit") == 2


def test_the_images_themselves_and_other_volumes_are_no_labels(
    tmp_path: Path, volume: Path, images: list[LabelledImage]
) -> None:
    save(volume.parent / "other.nii", np.ones((5, 4, 3), np.uint8))
    reason = refusal(volume.parent, images)
    assert "no volume of the project is called other" in reason
    assert "brain" not in reason.replace(str(tmp_path), "")


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path, images: list[LabelledImage]) -> None:
    save(tmp_path / "secret.nii", np.ones((5, 4, 3), np.uint8))
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "brain.nii").symlink_to(tmp_path / "secret.nii")
    assert "leads out of the folder" in refusal(tmp_path / "labels", images)


def test_a_folder_without_volumes_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no label volumes"):
        list(NiftiImporter().read(tmp_path, CELLS, [], ImportOptions()))
    with pytest.raises(BadInputError, match="no such file"):
        list(NiftiImporter().read(tmp_path / "none", CELLS, [], ImportOptions()))


def test_the_human_labels_of_the_sample_come_in_as_nibabel_reads_them(shared_data: Path) -> None:
    folder = shared_data / "medical" / "nifti"
    records = records_of(folder / "hippocampus_image.nii.gz")
    images = [unlabelled(record, CELLS) for record in records]
    masks, skipped = imported(NiftiImporter(), folder, CELLS, images)
    values = np.asarray(nibabel.load(folder / "hippocampus_label.nii.gz").dataobj)
    assert len(masks) == 35
    assert len(skipped) == 2
    found = sum(np.bincount(mask.label.ravel(), minlength=4) for mask in masks.values())
    assert found.tolist() == np.bincount(values.astype(int).ravel(), minlength=4).tolist()
    assert np.array_equal(together(records[0].path, images, masks), values)


def mutants(whole: bytes, count: int, seed: int) -> list[bytes]:
    """A file with a few bytes of its header changed, or cut off, or with bytes put in."""
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        data = bytearray(whole)
        kind = rng.random()
        for _ in range(rng.randint(1, 6)):
            data[rng.randrange(352) if kind < 0.9 else rng.randrange(len(data))] = rng.choice(
                [0, 1, 127, 128, 255, rng.randrange(256)]
            )
        if kind > 0.8:
            del data[rng.randrange(len(data)) :]
        found.append(bytes(data))
    return found


def test_no_mutation_of_a_file_does_more_than_be_refused(tmp_path: Path, images: list[LabelledImage]) -> None:
    whole = save(tmp_path / "one.nii", np.ones((5, 4, 3), np.uint8)).read_bytes()
    (tmp_path / "labels").mkdir()
    refused = 0
    for number, data in enumerate(mutants(whole, int(WANTED or 300), 11)):
        file = tmp_path / "labels" / ("brain.nii.gz" if number % 3 else "brain.nii")
        packed = gzip.compress(data, 1) if number % 3 else data
        file.write_bytes(packed[: len(packed) - number % 7] if number % 5 == 0 else packed)
        masks, skipped = imported(NiftiImporter(), tmp_path / "labels", CELLS, images)
        assert bool(masks) != bool(skipped)
        refused += not masks
        file.unlink()
    assert refused


def test_a_header_that_promises_more_than_the_file_can_hold_costs_nothing(
    tmp_path: Path, images: list[LabelledImage]
) -> None:
    whole = bytearray(save(tmp_path / "one.nii", np.ones((5, 4, 3), np.uint8)).read_bytes())
    whole[40:48] = np.array([3, 30_000, 30_000, 30_000], "<i2").tobytes()
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "brain.nii.gz").write_bytes(gzip.compress(bytes(whole)))
    assert "brain.nii.gz" in refusal(tmp_path / "labels", images)
    whole[40:48] = np.array([3, 5, 4, 3], "<i2").tobytes()
    whole[108:112] = np.array([1e9], "<f4").tobytes()
    bomb = gzip.compress(bytes(whole) + bytes(50_000_000))
    (tmp_path / "labels" / "brain.nii.gz").write_bytes(bomb)
    assert "cut off" in refusal(tmp_path / "labels", images)


def test_ignored_pixels_keep_their_value(tmp_path: Path, volume: Path) -> None:
    label = np.full((4, 5), IGNORE, np.uint8)
    images = [with_mask(record, label, CELLS) for record in records_of(volume)]
    export(NiftiExporter(), images, CELLS, tmp_path / "out", NiftiOptions(include_unlabelled=True))
    assert np.asarray(nibabel.load(tmp_path / "out" / "brain.nii.gz").dataobj).min() == IGNORE


@pytest.mark.parametrize("folder", [False, True])
def test_a_label_volume_that_was_added_as_an_image_is_no_label_of_itself(
    tmp_path: Path, volume: Path, images: list[LabelledImage], folder: bool
) -> None:
    values = np.random.default_rng(1).integers(0, 4, (5, 4, 3)).astype(np.uint8)
    file = save(volume.with_name("brain_label.nii.gz"), values)
    both = [*(unlabelled(record, CELLS) for record in records_of(file)), *images]
    masks, skipped = imported(NiftiImporter(), file.parent if folder else file, CELLS, both)
    assert skipped == []
    assert set(masks) == {image.record.id for image in images}
    assert np.array_equal(together(volume, images, masks), values)
    assert sum("by number" in notice for mask in masks.values() for notice in mask.notices) == 1


def test_a_volume_that_is_labels_of_nothing_else_is_refused(tmp_path: Path) -> None:
    file = save(tmp_path / "brain_label.nii.gz", np.ones((5, 4, 3), np.uint8))
    masks, (skipped,) = imported(
        NiftiImporter(), file, CELLS, [unlabelled(record, CELLS) for record in records_of(file)]
    )
    assert masks == {}
    assert "brain" in skipped.file
