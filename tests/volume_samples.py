"""Volumes for the tests of exports and imports: NIfTI files and DICOM series made up here, masks of their slices."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from mask_samples import random_planes
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord
from labeltool.core.provenance import Origin
from labeltool.formats.protocol import LabelledImage
from labeltool.imaging.open import pages

AXIAL = (1.0, 0, 0, 0, 1, 0)
OBLIQUE = (0.96, 0.28, 0, -0.168, 0.576, -0.8)
"""Across and down, at right angles to each other, along no axis of the patient."""


def records_of(*files: Path, axis: str = "", split: str = "") -> list[ImageRecord]:
    """What a project would know of all images of the files."""
    found = []
    for file in files:
        data = file.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        for key, info in pages(file, axis):
            name = hashlib.md5(f"{file} {key}".encode()).hexdigest()
            record = ImageRecord(name, file, info.size, info.kind, digest, len(data), split)
            found.append(
                replace(record, page=key, series=info.series, place=info.place, subject=info.subject)
            )
    return found


def with_mask(
    record: ImageRecord,
    label: NDArray[np.uint8],
    catalog: ClassCatalog,
    object_: NDArray[np.uint32] | None = None,
    *,
    where: NDArray[np.bool_] | None = None,
    origin: int = Origin.HUMAN,
) -> LabelledImage:
    """A mask for an image; pixels outside ``where`` are labelled by nobody."""
    mask = LabelMask(record.size, catalog.unlabelled_value)
    ids = np.zeros(label.shape, np.uint32) if object_ is None else object_
    patch = write(
        mask, mask.size.box, where, title="", kind="brush", label=label, object_id=ids, origin=int(origin)
    )
    mask.apply(patch)
    return LabelledImage(record, mask)


def unlabelled(record: ImageRecord, catalog: ClassCatalog) -> LabelledImage:
    """An image that nobody has labelled."""
    return LabelledImage(record, LabelMask(record.size, catalog.unlabelled_value))


def masked(
    records: Sequence[ImageRecord], catalog: ClassCatalog, seed: int = 0, share: float = 1.0
) -> list[LabelledImage]:
    """Random masks full of hard cases; ``share`` of their pixels is labelled."""
    rng = np.random.default_rng(seed)
    images = []
    for record in records:
        label, object_ = random_planes(rng, record.size, catalog)
        where = rng.random(label.shape) < share if share < 1 else None
        images.append(with_mask(record, label, catalog, object_, where=where))
    return images


def write_series(
    folder: Path,
    count: int = 4,
    shape: tuple[int, int] = (12, 9),
    *,
    orientation: Sequence[float] = AXIAL,
    spacing: tuple[float, float] = (0.75, 0.5),
    step: float = 2.5,
    places: Sequence[float] | None = None,
    uid: str = "1.2.826.0.1.3680043.8.498.1",
    **attributes: Any,
) -> list[Path]:
    """A CT series, its files named against the order of their places; ``places`` are mm along the normal."""
    normal = np.cross(orientation[:3], orientation[3:])
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, along in enumerate(places if places is not None else np.arange(count) * step - 7):
        dataset = ct_slice(shape, uid, number)
        dataset.ImageOrientationPatient = [f"{each:.6g}" for each in orientation]
        dataset.ImagePositionPatient = [f"{each:.6g}" for each in np.array((-20, 30, 5)) + along * normal]
        dataset.PixelSpacing = list(spacing)
        for name, value in attributes.items():
            if value is None:
                delattr(dataset, name)
            else:
                setattr(dataset, name, value)
        files.append(folder / f"s{99 - number}.dcm")
        dataset.save_as(files[-1], enforce_file_format=True)
    return files


def ct_slice(shape: tuple[int, int], uid: str, number: int) -> Any:
    """One slice without its place."""
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = f"{uid}.3.{number}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"{uid}.1", f"{uid}.2"
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = f"{uid}.4", ""
    dataset.PatientName, dataset.PatientID = "Doe^Jané", "X1"
    dataset.PatientBirthDate = dataset.PatientSex = dataset.AccessionNumber = ""
    dataset.StudyID = "7"
    dataset.StudyDate, dataset.StudyTime = "20200102", "030405"
    dataset.ReferringPhysicianName, dataset.Manufacturer = "", ""
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.Modality, dataset.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.SeriesNumber, dataset.InstanceNumber, dataset.AcquisitionNumber = 3, number + 1, 1
    dataset.KVP, dataset.SliceThickness = "120", "2.5"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = shape
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 1
    dataset.RescaleSlope, dataset.RescaleIntercept = "1", "-1024"
    values = np.random.default_rng(number).integers(0, 2000, shape).astype(np.int16)
    dataset.PixelData = values.tobytes()
    return dataset


def write_nifti(
    file: Path,
    shape: Sequence[int],
    affine: NDArray[np.float64] | None = None,
    version: int = 1,
    **codes: int,
) -> Path:
    """A NIfTI volume of int16 noise; without an affine one that is oblique and mirrored."""
    import nibabel

    if affine is None:
        affine = np.array([[-0.9, 0.1, 0.2, 11], [0.1, 1.2, -0.3, -7], [0.15, 0.4, 2.9, 3.3], [0, 0, 0, 1]])
    values = np.random.default_rng(5).integers(-500, 500, shape).astype(np.int16)
    image = (nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image)(values, affine)
    image.set_sform(affine, codes.get("sform", 2))
    image.set_qform(affine, codes.get("qform", 1), strip_shears=True)
    image.header.set_xyzt_units("mm", "sec")
    file.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(image, file)
    return file
