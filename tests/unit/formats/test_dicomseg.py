"""DICOM segmentations: what comes back, what frames belong to, and what is refused by name."""

from __future__ import annotations

import errno
import os
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mask_samples import CELLS, STREETS, assert_same_planes, imported, labelled
from volume_samples import AXIAL, OBLIQUE, masked, records_of, unlabelled, with_mask, write_series

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.provenance import Origin
from labeltool.formats.dicomseg import DicomSegExporter, DicomSegImporter, DicomSegOptions, importer
from labeltool.formats.export import export
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import LabelledImage
from tests.laws.examples import WANTED, law

pytest.importorskip("highdicom", reason='needs pip install "labeltool[medical]"')
pydicom = pytest.importorskip("pydicom", reason='needs pip install "labeltool[medical]"')

SIDES = st.integers(3, 14)
EVERYTHING = DicomSegOptions(objects=True, ignored=True)


@pytest.fixture
def images(tmp_path: Path) -> list[LabelledImage]:
    return masked(records_of(*write_series(tmp_path / "head")), CELLS)


@pytest.fixture
def seg(tmp_path: Path, images: list[LabelledImage]) -> Path:
    export(DicomSegExporter(), images, CELLS, tmp_path / "out", EVERYTHING)
    return tmp_path / "out" / "head.dcm"


def changed(seg: Path, change: Callable[[Any], None]) -> Path:
    """The folder of a segmentation in which something was changed."""
    dataset = pydicom.dcmread(seg)
    change(dataset)
    dataset.save_as(seg)
    return seg.parent


def refusal(src: Path, images: list[LabelledImage]) -> str:
    masks, skipped = imported(DicomSegImporter(), src, CELLS, images)
    assert masks == {}
    assert skipped
    return " ".join(f"{s.file}: {s.reason}" for s in skipped)


@law(12)
@given(
    st.integers(0, 2**32 - 1),
    SIDES,
    SIDES,
    st.integers(1, 4),
    st.sampled_from([AXIAL, OBLIQUE]),
    st.sampled_from([CELLS, STREETS]),
    st.floats(0.1, 1),
)
def test_what_goes_out_comes_back(
    seed: int,
    width: int,
    height: int,
    count: int,
    orientation: tuple[float, ...],
    catalog: ClassCatalog,
    share: float,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = write_series(Path(folder, "head"), count, (height, width), orientation=orientation)
        records = records_of(*files)
        corner = np.zeros((height, width), np.uint8)
        corner[0, 0] = 3  # a segmentation needs one pixel of a class
        images = [with_mask(records[0], corner, catalog), *masked(records[1:], catalog, seed, share)]
        export(DicomSegExporter(), images, catalog, Path(folder, "out"), EVERYTHING)
        masks, skipped = imported(DicomSegImporter(), Path(folder, "out"), catalog, images)
        assert skipped == []
        for image in images:
            if image.record.id in masks:
                assert_same_planes(image, masks[image.record.id])
                assert masks[image.record.id].notices == ()
            else:
                fill = catalog.unlabelled_value
                nothing = {fill, catalog.background, IGNORE} if fill == IGNORE else {fill}
                assert set(np.unique(image.mask.read("label")).tolist()) <= nothing


def test_without_segments_for_them_ignored_pixels_and_object_numbers_are_lost_and_that_is_said(
    tmp_path: Path, images: list[LabelledImage]
) -> None:
    plan = DicomSegExporter().plan(images, CELLS, DicomSegOptions())
    told = " ".join(plan.notices)
    for words in ("Ignored pixels are in no segment", "Object numbers are lost", "whose images they are of"):
        assert words in told
    export(DicomSegExporter(), images, CELLS, tmp_path / "out")
    masks, _ = imported(DicomSegImporter(), tmp_path / "out", CELLS, images)
    for image in images:
        label = image.mask.read("label")
        assert np.array_equal(masks[image.record.id].label, np.where(label == IGNORE, 0, label))
        assert not masks[image.record.id].object.any()  # type: ignore[union-attr]


def test_empty_frames_are_left_out_and_such_images_stay_as_they_are(tmp_path: Path) -> None:
    records = records_of(*write_series(tmp_path / "head"))
    images = [unlabelled(records[0], CELLS), *masked(records[1:2], CELLS), unlabelled(records[2], CELLS)]
    export(DicomSegExporter(), images, CELLS, tmp_path / "out")
    masks, skipped = imported(DicomSegImporter(), tmp_path / "out", CELLS, images)
    assert skipped == []
    assert list(masks) == [records[1].id]


def test_a_series_without_a_pixel_of_a_class_is_left_out_by_name(tmp_path: Path) -> None:
    (record,) = records_of(*write_series(tmp_path / "head", 1))
    nothing = with_mask(record, np.zeros((12, 9), np.uint8), CELLS)
    plan = DicomSegExporter().plan([nothing], CELLS, DicomSegOptions())
    assert "no pixel of a class is in it" in plan.skipped[0].reason
    with pytest.raises(BadInputError, match="no pixel of a class"):
        export(DicomSegExporter(), [nothing], CELLS, tmp_path / "out")


def test_segments_say_who_drew_them(tmp_path: Path) -> None:
    records = records_of(*write_series(tmp_path / "head", 2))
    label = np.ones((12, 9), np.uint8)
    images = [
        with_mask(records[0], label, CELLS, origin=Origin.MODEL),
        with_mask(records[1], label * 2, CELLS, origin=Origin.HUMAN),
    ]
    export(DicomSegExporter(), images, CELLS, tmp_path / "a")
    found = pydicom.dcmread(tmp_path / "a" / "head.dcm").SegmentSequence
    assert [s.SegmentLabel for s in found] == ["nucleus", "cell wall"]
    assert [s.SegmentAlgorithmType for s in found] == ["SEMIAUTOMATIC", "MANUAL"]
    export(DicomSegExporter(), images, CELLS, tmp_path / "b", DicomSegOptions(algorithm="AUTOMATIC"))
    found = pydicom.dcmread(tmp_path / "b" / "head.dcm").SegmentSequence
    assert {s.SegmentAlgorithmType for s in found} == {"AUTOMATIC"}


def test_names_that_dicom_has_no_room_for_come_back_whole(tmp_path: Path) -> None:
    long = ["x" * 150, "x" * 151, "a\\b", "😀 größer", "ignore"]
    catalog = ClassCatalog.from_names(long)
    (record,) = records_of(*write_series(tmp_path / "head", 1))
    label = np.arange(12 * 9, dtype=np.uint8).reshape(12, 9) % 6
    image = with_mask(record, label, catalog)
    export(DicomSegExporter(), [image], catalog, tmp_path / "out")
    labels = [s.SegmentLabel for s in pydicom.dcmread(tmp_path / "out" / "s99.dcm").SegmentSequence]
    assert len(set(labels)) == 5
    assert max(map(len, labels)) == 64
    masks, skipped = imported(DicomSegImporter(), tmp_path / "out", catalog, [image])
    assert skipped == []
    assert np.array_equal(masks[record.id].label, label)
    assert [c.name for c in DicomSegImporter().classes(tmp_path / "out", ImportOptions())][:4] == long[:4]


def test_colours_come_back_as_well_as_cielab_holds_them(seg: Path) -> None:
    found = {c.name: c.color for c in DicomSegImporter().classes(seg.parent, ImportOptions())}
    for each in CELLS.foreground:
        assert np.abs(np.subtract(found[each.name], each.color)).max() <= 1


def test_frames_without_a_reference_are_found_by_their_place(seg: Path, images: list[LabelledImage]) -> None:
    def forget(dataset: Any) -> None:
        for group in dataset.PerFrameFunctionalGroupsSequence:
            del group.DerivationImageSequence

    masks, skipped = imported(DicomSegImporter(), changed(seg, forget), CELLS, images)
    assert skipped == []
    for image in images:
        assert_same_planes(image, masks[image.record.id])


def test_frames_that_lie_elsewhere_than_their_image_are_refused(
    seg: Path, images: list[LabelledImage]
) -> None:
    def move(dataset: Any) -> None:
        for group in dataset.PerFrameFunctionalGroupsSequence:
            position = group.PlanePositionSequence[0].ImagePositionPatient
            group.PlanePositionSequence[0].ImagePositionPatient = [position[0] + 1, *position[1:]]

    assert "they lie elsewhere than the images" in refusal(changed(seg, move), images)


def test_images_that_are_not_in_the_project_are_counted(
    tmp_path: Path, seg: Path, images: list[LabelledImage]
) -> None:
    frames = pydicom.dcmread(seg).NumberOfFrames
    masks, (skipped,) = imported(DicomSegImporter(), seg, CELLS, images[:1])
    assert len(masks) == 1
    assert f" of {frames} frames are left out: their images are not in the project" in skipped.reason


def test_overlapping_segments_are_counted_and_the_later_one_wins(tmp_path: Path) -> None:
    import highdicom
    from pydicom.sr.coding import Code

    (file,) = write_series(tmp_path / "head", 1)
    image = unlabelled(*records_of(file), CELLS)
    tissue = Code("85756007", "SCT", "Tissue")
    segments = [
        highdicom.seg.SegmentDescription(n, name, tissue, tissue, "MANUAL")
        for n, name in enumerate(("nucleus", "cell wall"), 1)
    ]
    stacked = np.zeros((1, 12, 9, 2), np.uint8)
    stacked[0, 2:8, 2:6, 0] = stacked[0, 4:10, 3:7, 1] = 1
    found = highdicom.seg.Segmentation(
        [pydicom.dcmread(file)],
        stacked,
        "BINARY",
        segments,
        series_instance_uid=highdicom.UID(),
        series_number=9,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="somebody",
        manufacturer_model_name="x",
        software_versions="1",
        device_serial_number="1",
    )
    found.save_as(tmp_path / "seg.dcm")
    masks, skipped = imported(DicomSegImporter(), tmp_path / "seg.dcm", CELLS, [image])
    assert skipped == []
    mask = masks[image.record.id]
    wanted = np.where(stacked[0, ..., 1], 2, stacked[0, ..., 0])
    assert np.array_equal(mask.label, wanted)
    assert mask.notices == ("12 pixels lie in several objects; the later one counts",)


@pytest.mark.parametrize("classes", [3, 300])
def test_label_maps_of_others_are_read(tmp_path: Path, classes: int) -> None:
    import highdicom
    from pydicom.sr.coding import Code

    files = write_series(tmp_path / "head", 3)
    images = [unlabelled(record, CELLS) for record in records_of(*files)]
    tissue = Code("85756007", "SCT", "Tissue")
    names = [c.name for c in CELLS.foreground]
    segments = [
        highdicom.seg.SegmentDescription(n + 1, names[n % 3], tissue, tissue, "MANUAL")
        for n in range(classes)
    ]
    sources = sorted(map(pydicom.dcmread, files), key=lambda d: d.ImagePositionPatient[2])
    values = np.random.default_rng(0).integers(0, classes + 1, (3, 12, 9)).astype(np.uint16)
    found = highdicom.seg.Segmentation(
        sources,
        values,
        "LABELMAP",
        segments,
        series_instance_uid=highdicom.UID(),
        series_number=9,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="somebody",
        manufacturer_model_name="x",
        software_versions="1",
        device_serial_number="1",
    )
    found.save_as(tmp_path / "seg.dcm")
    masks, skipped = imported(DicomSegImporter(), tmp_path / "seg.dcm", CELLS, images)
    assert skipped == []
    for plane, image in zip(values, images, strict=True):
        assert np.array_equal(masks[image.record.id].label, np.where(plane, (plane - 1) % 3 + 1, 0))
        if classes > 3:  # several segments of one name are objects
            assert np.array_equal(masks[image.record.id].object, plane)


def fractional(dataset: Any) -> None:
    dataset.SegmentationType = "FRACTIONAL"


def twice(dataset: Any) -> None:
    dataset.SegmentSequence[1].SegmentNumber = 1


def undescribed(dataset: Any) -> None:
    for segment in dataset.SegmentSequence:
        segment.SegmentNumber += 500


def no_segments(dataset: Any) -> None:
    del dataset.SegmentSequence


def cut_off(dataset: Any) -> None:
    dataset.PixelData = dataset.PixelData[:4]


def no_frames_at_all(dataset: Any) -> None:
    del dataset.PerFrameFunctionalGroupsSequence


def more_frames(dataset: Any) -> None:
    dataset.NumberOfFrames = 90_000


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (fractional, "FRACTIONAL"),
        (twice, "segment number 1 is given twice"),
        (undescribed, "the file does not describe their segment"),
        (no_segments, "describes no segment"),
        (cut_off, "cut off"),
        (no_frames_at_all, "the file does not describe their segment"),
        (more_frames, "cut off"),
    ],
)
def test_a_segmentation_that_does_not_agree_with_itself_is_refused(
    seg: Path, images: list[LabelledImage], change: Callable[[Any], None], reason: str
) -> None:
    assert reason in refusal(changed(seg, change), images)


def test_a_class_that_the_project_lacks_is_named_and_can_be_added(
    seg: Path, images: list[LabelledImage]
) -> None:
    masks, skipped = imported(DicomSegImporter(), seg, ClassCatalog.from_names(["nucleus"]), images)
    assert {name for name in ("cell wall", "débris: #1") if any(name in s.reason for s in skipped)} == {
        "cell wall",
        "débris: #1",
    }
    assert all(set(np.unique(mask.label)) <= {0, 1, IGNORE} for mask in masks.values())
    classes = DicomSegImporter().classes(seg, ImportOptions())
    assert [c.name for c in classes] == [c.name for c in CELLS.foreground]


def test_slices_in_different_splits_are_not_put_into_one_file(tmp_path: Path) -> None:
    files = write_series(tmp_path / "head")
    records = [*records_of(*files[:2], split="train"), *records_of(*files[2:], split="val")]
    with pytest.raises(BadInputError, match="different splits \\(train, val\\)"):
        export(DicomSegExporter(), masked(records, CELLS), CELLS, tmp_path / "out")
    whole = masked(records_of(*files, split="val"), CELLS)
    export(DicomSegExporter(), whole, CELLS, tmp_path / "out")
    masks, _ = imported(DicomSegImporter(), tmp_path / "out", CELLS, whole)
    assert (tmp_path / "out" / "val" / "head.dcm").is_file()
    assert {mask.split for mask in masks.values()} == {"val"}


def test_slices_of_several_times_in_one_place_go_into_several_files(tmp_path: Path) -> None:
    files = write_series(tmp_path / "head", places=[0, 2.5, 0, 2.5])
    images = masked(records_of(*files), CELLS)
    export(DicomSegExporter(), images, CELLS, tmp_path / "out", EVERYTHING)
    assert sorted(p.name for p in (tmp_path / "out" / "head").iterdir()) == ["1.dcm", "2.dcm"]
    masks, skipped = imported(DicomSegImporter(), tmp_path / "out", CELLS, images)
    assert skipped == []
    for image in images:
        assert_same_planes(image, masks[image.record.id])


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"StudyInstanceUID": None}, "lacks StudyInstanceUID"),
        ({"SOPInstanceUID": None}, "lacks SOPInstanceUID"),
    ],
)
def test_an_image_without_its_uids_is_refused(
    tmp_path: Path, attributes: dict[str, Any], reason: str
) -> None:
    files = write_series(tmp_path / "head", 1, **attributes)
    with pytest.raises(BadInputError, match=reason):
        export(DicomSegExporter(), masked(records_of(*files), CELLS), CELLS, tmp_path / "out")


def test_an_image_of_less_than_a_byte_is_refused(tmp_path: Path) -> None:
    files = write_series(tmp_path / "head", 2, (7, 1))
    with pytest.raises(BadInputError, match="fewer than 8 pixels"):
        export(DicomSegExporter(), masked(records_of(*files), CELLS), CELLS, tmp_path / "out")


def test_what_dicom_lets_be_empty_may_be_missing(tmp_path: Path) -> None:
    names = "PatientID PatientName StudyDate StudyID AccessionNumber FrameOfReferenceUID SpecificCharacterSet"
    files = write_series(tmp_path / "head", **dict.fromkeys(names.split()))
    images = masked(records_of(*files), CELLS)
    report = export(DicomSegExporter(), images, CELLS, tmp_path / "out")
    assert any("name no frame of reference" in notice for notice in report.notices)
    masks, skipped = imported(DicomSegImporter(), tmp_path / "out", CELLS, images)
    assert skipped == []
    assert len(masks) == 4


def test_a_photo_and_a_broken_file_are_left_out_by_name(tmp_path: Path, images: list[LabelledImage]) -> None:
    photo = labelled(tmp_path / "photos" / "x.jpg", np.ones((4, 5), np.uint8), CELLS)
    report = export(DicomSegExporter(), [photo, *images], CELLS, tmp_path / "out")
    assert [(Path(s.file).name, "this is none" in s.reason) for s in report.skipped] == [("x.jpg", True)]
    broken = images[0].record.path
    broken.write_bytes(broken.read_bytes()[:300])
    with pytest.raises(BadInputError, match="no longer the one that was added"):
        export(DicomSegExporter(), images, CELLS, tmp_path / "out2")


def test_the_patient_of_the_source_is_in_the_segmentation_in_utf_8(seg: Path) -> None:
    found = pydicom.dcmread(seg)
    assert (found.PatientName, found.PatientID) == ("Doe^Jané", "X1")
    assert found.SpecificCharacterSet == "ISO_IR 192"


def test_two_exports_are_two_objects_to_dicom(tmp_path: Path, images: list[LabelledImage]) -> None:
    uids = set()
    for name in ("a", "b"):
        export(DicomSegExporter(), images, CELLS, tmp_path / name)
        uids.add(pydicom.dcmread(tmp_path / name / "head.dcm").SOPInstanceUID)
    assert len(uids) == 2


def test_frames_of_one_file_of_many_are_told_apart(tmp_path: Path) -> None:
    file = enhanced(tmp_path / "many.dcm", 5)
    images = masked(records_of(file), CELLS)
    assert len(images) == 5
    export(DicomSegExporter(), images[1:4], CELLS, tmp_path / "out" / "x", EVERYTHING)
    masks, skipped = imported(DicomSegImporter(), tmp_path / "out" / "x", CELLS, images)
    assert skipped == []
    assert len(masks) == 3
    for image in images[1:4]:
        assert_same_planes(image, masks[image.record.id])


def enhanced(file: Path, count: int) -> Path:
    """A multi-frame CT, made from a series by highdicom."""
    from highdicom import UID
    from highdicom.legacy import LegacyConvertedEnhancedCTImage

    series = [pydicom.dcmread(f) for f in write_series(file.parent / "single", count)]
    for dataset in series:
        dataset.ContentDate, dataset.ContentTime = "20200102", "030405"
        dataset.AcquisitionDate, dataset.AcquisitionTime = "20200102", "030405"
        dataset.PatientPosition = "HFS"
    found = LegacyConvertedEnhancedCTImage(series, UID(), 5, UID(), 1)
    folder = file.parent / "multi"
    folder.mkdir()
    found.save_as(folder / file.name)
    return folder / file.name


def test_the_sample_whose_images_are_not_there_is_refused_by_name(shared_data: Path) -> None:
    file = shared_data / "medical" / "dicom" / "seg_liver_1frame.dcm"
    images = [unlabelled(r, CELLS) for r in records_of(file.with_name("ct_pelvis_512_window.dcm"))]
    reason = refusal(file, images)
    assert "1 of 1 frames are left out: their images are not in the project" in reason
    assert "seg_liver_1frame.dcm" in reason


def mutants(whole: bytes, count: int, seed: int) -> list[bytes]:
    """A file with a few bytes changed, mostly where lengths, types and numbers stand, or cut off."""
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            data[rng.randrange(132, len(data))] = rng.choice([0, 1, 2, 127, 128, 255, rng.randrange(256)])
        if rng.random() < 0.1:
            del data[rng.randrange(len(data)) :]
        found.append(bytes(data))
    return found


@pytest.mark.slow
def test_no_mutation_of_a_file_does_more_than_be_refused(seg: Path, images: list[LabelledImage]) -> None:
    refused = 0
    for data in mutants(seg.read_bytes(), int(WANTED or 200), 13):
        seg.write_bytes(data)
        masks, skipped = imported(DicomSegImporter(), seg, CELLS, images)
        assert masks or skipped
        refused += not masks
    assert refused


def test_no_mutation_of_an_image_does_more_than_keep_it_from_being_exported(
    tmp_path: Path, images: list[LabelledImage]
) -> None:
    file = images[0].record.path
    for data in mutants(file.read_bytes(), int(WANTED or 100), 17):
        file.write_bytes(data[: images[0].record.file_bytes].ljust(images[0].record.file_bytes, b"\0"))
        plan = DicomSegExporter().plan(images, CELLS, DicomSegOptions())
        assert plan.images + len(plan.skipped) == 4
        try:
            export(DicomSegExporter(), images, CELLS, tmp_path / "out", plan=plan)
        except BadInputError:
            continue
        for path in sorted((tmp_path / "out").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


def test_a_segmentation_that_nobody_may_read_is_said_to_be_that(
    seg: Path, images: list[LabelledImage], monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path, *_: object, **__: object) -> object:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    def unread(path: Path) -> object:
        raise BadInputError("the file cannot be read: Permission denied", file=path)

    monkeypatch.setattr(importer, "seg_file", unread)
    monkeypatch.setattr(Path, "open", denied)
    assert "Permission denied" in refusal(seg, images)
