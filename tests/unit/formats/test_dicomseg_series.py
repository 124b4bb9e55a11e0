"""DICOM series that do not agree with themselves: what a segmentation of them says, and what is refused (row 73)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from mask_samples import CELLS, assert_same_planes, imported
from volume_samples import masked, records_of, write_series

from labeltool.core.errors import BadInputError
from labeltool.formats.dicomseg import DicomSegExporter, DicomSegImporter, DicomSegOptions
from labeltool.formats.export import export
from labeltool.formats.protocol import LabelledImage

pytest.importorskip("highdicom", reason='needs pip install "labeltool[medical]"')
pydicom = pytest.importorskip("pydicom", reason='needs pip install "labeltool[medical]"')

EVERYTHING = DicomSegOptions(objects=True, ignored=True)


def change(file: Path, edit: Callable[[Any], None]) -> None:
    dataset = pydicom.dcmread(file)
    edit(dataset)
    dataset.save_as(file)


def exported(files: Sequence[Path], out: Path) -> tuple[list[LabelledImage], list[Any], str]:
    """The images, the segmentations in the order of their names, and the notices."""
    images = masked(records_of(*files), CELLS)
    report = export(DicomSegExporter(), images, CELLS, out, EVERYTHING)
    return images, [pydicom.dcmread(file) for file in sorted(out.rglob("*.dcm"))], " ".join(report.notices)


def comes_back(images: list[LabelledImage], out: Path) -> None:
    masks, skipped = imported(DicomSegImporter(), out, CELLS, images)
    assert skipped == []
    for image in images:
        assert_same_planes(image, masks[image.record.id])


def test_two_slices_with_one_uid_are_refused_and_both_are_named(tmp_path: Path) -> None:
    files = write_series(tmp_path / "head")
    uid = pydicom.dcmread(files[2]).SOPInstanceUID
    change(files[0], lambda each: setattr(each, "SOPInstanceUID", uid))
    with pytest.raises(BadInputError, match="have the same SOPInstanceUID") as told:
        exported(files, tmp_path / "out")
    assert str(files[0]) in str(told.value)
    assert str(files[2]) in str(told.value)
    assert ".partial" not in str(told.value)


def test_a_slice_of_another_thickness_says_its_own(tmp_path: Path) -> None:
    files = write_series(tmp_path / "head")
    change(files[1], lambda each: setattr(each, "SliceThickness", "9"))
    images, (seg,), _ = exported(files, tmp_path / "out")
    odd = pydicom.dcmread(files[1]).SOPInstanceUID
    assert "PixelMeasuresSequence" not in seg.SharedFunctionalGroupsSequence[0]
    for frame in seg.PerFrameFunctionalGroupsSequence:
        source = frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        (measures,) = frame.PixelMeasuresSequence
        assert measures.SliceThickness == (9 if source == odd else 2.5)
        assert measures.PixelSpacing == [0.75, 0.5]
    comes_back(images, tmp_path / "out")


def test_a_single_slice_does_not_say_how_far_the_next_one_is(tmp_path: Path) -> None:
    files = write_series(tmp_path / "head")
    change(files[0], lambda each: setattr(each, "PixelSpacing", ["2.5", "2.5"]))
    images, segs, told = exported(files, tmp_path / "out")
    said = {
        str(seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing): seg for seg in segs
    }
    alone = said["[2.5, 2.5]"].SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    others = said["[0.75, 0.5]"].SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert ("SpacingBetweenSlices" in alone, others.SpacingBetweenSlices) == (False, 2.5)
    assert "are in several files" in told
    comes_back(images, tmp_path / "out")


@pytest.mark.parametrize(("places", "uneven"), [((0, 2.5, 5, 12), True), ((0, 2.5, 5, 7.501), False)])
def test_slices_at_different_distances_are_told(
    tmp_path: Path, places: tuple[float, ...], uneven: bool
) -> None:
    images, _, told = exported(write_series(tmp_path / "head", places=places), tmp_path / "out")
    assert ("Slices lie at different distances" in told) == uneven
    comes_back(images, tmp_path / "out")
