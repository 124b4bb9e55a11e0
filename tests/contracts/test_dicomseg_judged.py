"""dciodvfy finds no error in our segmentations; pydicom and highdicom find in them the pixels of the masks."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mask_samples import CELLS
from volume_samples import OBLIQUE, masked, records_of, write_series

from labeltool.core.catalog import IGNORE
from labeltool.formats.dicomseg import DicomSegExporter, DicomSegOptions
from labeltool.formats.export import export
from labeltool.formats.protocol import LabelledImage

highdicom = pytest.importorskip("highdicom", reason='needs pip install "labeltool[medical]"')
pydicom = pytest.importorskip("pydicom", reason='needs pip install "labeltool[medical]"')

SAMPLES = (
    "ct_head_series",
    "ct_small_rescale_nowindow.dcm",
    "mr_small_window.dcm",
    "mr_small_rle.dcm",
    "ct_pelvis_512_window.dcm",
    "ct_head_jpeg2000_multiwindow.dcm",
    "cr_monochrome1_16x16.dcm",
    "us_rgb.dcm",
    "us_palette_color.dcm",
    "nm_jpeg_extended_12bit.dcm",
    "sc_ybrfull_jpeg_baseline.dcm",
)
OPTIONS = (
    DicomSegOptions(),
    DicomSegOptions(objects=True, ignored=True, algorithm="SEMIAUTOMATIC"),
)


def source_files(name: str, shared_data: Path, folder: Path) -> list[Path]:
    if name == "oblique":
        return write_series(folder / "in" / "oblique", orientation=OBLIQUE)
    path = shared_data / "medical" / "dicom" / name
    return sorted(path.iterdir()) if path.is_dir() else [path]


@pytest.fixture(params=[*SAMPLES, "oblique"])
def sources(request: pytest.FixtureRequest, shared_data: Path, tmp_path: Path) -> list[Path]:
    return source_files(request.param, shared_data, tmp_path)


def complaints(file: Path) -> list[str]:
    done = subprocess.run(["dciodvfy", "-new", str(file)], capture_output=True, text=True, check=False)
    return [
        line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("Error", "Warning"))
    ]


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is missing (Debian: dicom3tools)")
@pytest.mark.parametrize(
    "options", [OPTIONS[0], pytest.param(OPTIONS[1], marks=pytest.mark.slow)], ids=["classes", "objects"]
)
def test_dciodvfy_finds_no_error_and_warns_of_nothing_but_values_of_the_source(
    sources: list[Path], tmp_path: Path, options: DicomSegOptions
) -> None:
    images = masked(records_of(*sources), CELLS, share=0.95)
    export(DicomSegExporter(), images, CELLS, tmp_path / "out", options)
    header = pydicom.dcmread(sources[0], stop_before_pixels=True)
    (file,) = (tmp_path / "out").glob("*.dcm")
    written = pydicom.dcmread(file, stop_before_pixels=True)
    for line in complaints(file):
        found = re.match(r"Warning - </(\w+)\(\w+,\w+\)(\[1\])?>", line)
        assert found, line
        assert str(written[found[1]].value) == str(header[found[1]].value), line


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is missing (Debian: dicom3tools)")
def test_dciodvfy_would_have_found_an_error(tmp_path: Path) -> None:
    images = masked(records_of(*write_series(tmp_path / "in" / "head")), CELLS)
    export(DicomSegExporter(), images, CELLS, tmp_path / "out")
    file = tmp_path / "out" / "head.dcm"
    assert complaints(file) == []
    dataset = pydicom.dcmread(file)
    del dataset.SegmentSequence[0].SegmentAlgorithmType
    dataset.save_as(file)
    assert any(line.startswith("Error") for line in complaints(file))


def wanted(image: LabelledImage) -> Any:
    label = image.mask.read("label")
    return np.where(label == IGNORE, 0, label)


def test_pydicom_finds_the_pixels_by_the_images_that_frames_refer_to(
    sources: list[Path], tmp_path: Path
) -> None:
    images = masked(records_of(*sources), CELLS)
    export(DicomSegExporter(), images, CELLS, tmp_path / "out")
    (file,) = (tmp_path / "out").glob("*.dcm")
    dataset = pydicom.dcmread(file)
    values = {s.SegmentNumber: CELLS.by_name(s.SegmentLabel).value for s in dataset.SegmentSequence}  # type: ignore[union-attr]
    planes = {
        pydicom.dcmread(i.record.path, stop_before_pixels=True).SOPInstanceUID: np.zeros_like(wanted(i))
        for i in images
    }
    pixels = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)[: dataset.NumberOfFrames]
    for frame, group in zip(pixels, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        (derivation,) = group.DerivationImageSequence
        (source,) = derivation.SourceImageSequence
        value = values[group.SegmentIdentificationSequence[0].ReferencedSegmentNumber]
        assert frame.any()
        assert not planes[source.ReferencedSOPInstanceUID][frame > 0].any()
        planes[source.ReferencedSOPInstanceUID][frame > 0] = value
    for image, plane in zip(images, planes.values(), strict=True):
        assert np.array_equal(plane, wanted(image))


def in_their_order(images: Sequence[LabelledImage]) -> list[LabelledImage]:
    """By place along the normal, as volumes of highdicom are."""
    return sorted(images, key=lambda image: image.record.place)


def test_highdicom_makes_the_same_volume_of_it(shared_data: Path, tmp_path: Path) -> None:
    sources = source_files("ct_head_series", shared_data, tmp_path)
    images = masked(records_of(*sources), CELLS)
    export(DicomSegExporter(), images, CELLS, tmp_path / "out")
    found = highdicom.seg.segread(tmp_path / "out" / "ct_head_series.dcm")
    volume = found.get_volume(combine_segments=True)
    planes = np.stack([wanted(image) for image in in_their_order(images)])
    assert volume.array.shape == planes.shape
    assert np.array_equal(volume.array, planes) or np.array_equal(volume.array[::-1], planes)
    assert np.allclose(sorted(np.abs(volume.spacing)), sorted([1.5, 3.2, 3.2]), atol=1e-3)
