"""nibabel finds the labels in our volumes where it finds the values that they were drawn on.

Labels are made from the values that the program shows, slice by slice, and compared with what nibabel and pydicom
read: voxel by voxel of the same array, or by their place in the patient. No code of ours says which slice is which.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mask_samples import CELLS, imported
from numpy.typing import NDArray
from volume_samples import OBLIQUE, masked, records_of, with_mask, write_nifti, write_series

from labeltool.core.project import ImageRecord
from labeltool.formats.export import export
from labeltool.formats.nifti import NiftiExporter, NiftiImporter
from labeltool.formats.protocol import LabelledImage
from labeltool.imaging.open import open_image

nibabel = pytest.importorskip("nibabel", reason='needs pip install "labeltool[medical]"')
pydicom = pytest.importorskip("pydicom", reason='needs pip install "labeltool[medical]"')

LEVELS = (100, 600)


def drawn(records: list[ImageRecord]) -> list[LabelledImage]:
    """Classes 0, 1 and 2 by the values that our reader gives."""
    images = []
    for record in records:
        with open_image(record.path, record.page) as reader:
            values = reader.read()[..., 0]
        images.append(with_mask(record, np.digitize(values, LEVELS).astype(np.uint8), CELLS))
    return images


@pytest.mark.parametrize("axis", ["i", "j", "k"])
@pytest.mark.parametrize("name", ["hippocampus_image.nii.gz", "anatomical_bigendian.nii", "example4d.nii.gz"])
def test_labels_lie_on_the_voxels_that_they_were_drawn_on(
    shared_data: Path, tmp_path: Path, name: str, axis: str
) -> None:
    file = shared_data / "medical" / "nifti" / name
    export(NiftiExporter(), drawn(records_of(file, axis=axis)), CELLS, tmp_path / "out")
    source = nibabel.load(file)
    values = np.asanyarray(source.dataobj)
    values = values if values.ndim == 4 else values[..., None]
    written = sorted((tmp_path / "out").glob("*.nii.gz"))
    assert len(written) == values.shape[3]
    for time, path in enumerate(written):
        labels = nibabel.load(path)
        assert np.array_equal(np.asanyarray(labels.dataobj), np.digitize(values[..., time], LEVELS))
        assert labels.affine.tobytes() == source.affine.tobytes()
        assert labels.header.get_zooms() == source.header.get_zooms()[:3]
        assert labels.header.get_xyzt_units() == source.header.get_xyzt_units()
        for get in ("get_sform", "get_qform"):
            ours, theirs = (getattr(each.header, get)(coded=True) for each in (labels, source))
            assert ours[1] == theirs[1]
            assert (ours[0] is None and theirs[0] is None) or np.array_equal(ours[0], theirs[0])
        assert labels.header.get_intent("code")[0] == 1002
        assert labels.header.get_slope_inter() in ((1.0, 0.0), (None, None))


@pytest.mark.parametrize("axis", ["i", "j", "k"])
@pytest.mark.parametrize("version", [1, 2])
def test_labels_lie_right_on_an_oblique_and_mirrored_grid(tmp_path: Path, axis: str, version: int) -> None:
    file = write_nifti(tmp_path / "in" / "v.nii", (9, 8, 7), version=version)
    export(NiftiExporter(), drawn(records_of(file, axis=axis)), CELLS, tmp_path / "out")
    labels = np.asanyarray(nibabel.load(tmp_path / "out" / "v.nii.gz").dataobj)
    assert np.array_equal(labels, np.digitize(np.asanyarray(nibabel.load(file).dataobj), LEVELS))


def series(kind: str, shared_data: Path, folder: Path) -> list[Path]:
    if kind == "head":
        return sorted((shared_data / "medical" / "dicom" / "ct_head_series").iterdir())
    if kind == "gap":
        return write_series(folder / "in" / "gap", places=[0, 2.5, 7.5, 10])
    return write_series(folder / "in" / kind, 5, orientation=OBLIQUE)


def at_their_place(file: Path, labels: NDArray[np.uint8], affine: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The labels at the places of all pixels of a DICOM slice, after PS3.3, C.7.6.2.1.1."""
    dataset = pydicom.dcmread(file)
    across, down = np.reshape(dataset.ImageOrientationPatient, (2, 3)).astype(float)
    rows, columns = np.indices((dataset.Rows, dataset.Columns))
    spacing = [float(each) for each in dataset.PixelSpacing]
    position = np.array(dataset.ImagePositionPatient, float)
    places = position + (columns * spacing[1])[..., None] * across + (rows * spacing[0])[..., None] * down
    places = places * (-1, -1, 1)
    indices = (places - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
    assert np.abs(indices - np.rint(indices)).max() < 0.02
    i, j, k = np.rint(indices).astype(int).transpose(2, 0, 1)
    found: NDArray[np.uint8] = labels[i, j, k]
    return found


@pytest.mark.parametrize("kind", ["head", "oblique", "gap"])
def test_labels_of_a_dicom_series_lie_at_its_places_in_the_patient(
    shared_data: Path, tmp_path: Path, kind: str
) -> None:
    files = series(kind, shared_data, tmp_path)
    export(NiftiExporter(), drawn(records_of(*files)), CELLS, tmp_path / "out")
    (path,) = (tmp_path / "out").glob("*.nii.gz")
    image = nibabel.load(path)
    labels = np.asanyarray(image.dataobj)
    for file in files:
        dataset = pydicom.dcmread(file)
        values = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        assert np.array_equal(at_their_place(file, labels, image.affine), np.digitize(values, LEVELS))


def test_labels_of_a_series_that_another_program_turned_come_back(shared_data: Path, tmp_path: Path) -> None:
    images = masked(records_of(*series("head", shared_data, tmp_path)), CELLS)
    export(NiftiExporter(), images, CELLS, tmp_path / "out")
    (path,) = (tmp_path / "out").glob("*.nii.gz")
    (tmp_path / "turned").mkdir()
    nibabel.save(nibabel.as_closest_canonical(nibabel.load(path)), tmp_path / "turned" / path.name)
    masks, skipped = imported(NiftiImporter(), tmp_path / "turned", CELLS, images)
    assert skipped == []
    for image in images:
        assert np.array_equal(masks[image.record.id].label, image.mask.read("label"))
