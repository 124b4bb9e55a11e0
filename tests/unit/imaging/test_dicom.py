from __future__ import annotations

import json
import random
import re
import threading
import time
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labeltool.core.errors import BadInputError
from labeltool.core.extras import MEDICAL
from labeltool.core.geometry import Box, Size
from labeltool.imaging.find import find_images
from labeltool.imaging.open import open_image, pages, probe
from labeltool.imaging.quiet import quiet
from labeltool.imaging.reader import Raw
from labeltool.imaging.readers import dicom_header, dicom_pixels
from labeltool.imaging.scale import PixelSize

if MEDICAL.missing:
    pytest.skip("the medical extra is not installed", allow_module_level=True)

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.sequence import Sequence

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
RLE, JPEG_BASELINE = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50"
SHIPPED = Path(pydicom.__file__).parent / "data" / "test_files"
BOTH = [[1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1]]


def dataset(pixels: np.ndarray, **values: Any) -> Dataset:
    """An image [h, w], [frames, h, w] or [h, w, 3] with what a header needs; more by keyword."""
    found = Dataset()
    is_colour = pixels.ndim == 3 and pixels.shape[2] == 3
    found.SOPClassUID, found.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3.4"
    found.Rows, found.Columns = pixels.shape[:2] if is_colour else pixels.shape[-2:]
    found.SamplesPerPixel = 3 if is_colour else 1
    found.PhotometricInterpretation = "RGB" if is_colour else "MONOCHROME2"
    found.BitsAllocated = found.BitsStored = pixels.dtype.itemsize * 8
    found.HighBit = found.BitsStored - 1
    found.PixelRepresentation = int(pixels.dtype.kind == "i")
    if is_colour:
        found.PlanarConfiguration = 0
    elif pixels.ndim == 3:
        found.NumberOfFrames = len(pixels)
    found.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    found["PixelData"].VR = "OB" if pixels.dtype.itemsize == 1 else "OW"
    for name, value in values.items():
        setattr(found, name, value)
    return found


def saved(path: Path, found: Dataset, syntax: str = EXPLICIT) -> Path:
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = syntax
    found.file_meta.MediaStorageSOPClassUID = found.get("SOPClassUID", "1.2.3")
    found.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    with warnings.catch_warnings():  # some of what is written here is meant to be wrong
        warnings.simplefilter("ignore")
        implicit, little = syntax == IMPLICIT, syntax != BIG
        found.save_as(path, implicit_vr=implicit, little_endian=little, enforce_file_format=True)
    return path


def item(**values: Any) -> Dataset:
    found = Dataset()
    for name, value in values.items():
        setattr(found, name, value)
    return found


def values_of(path: Path, page: str = "") -> Raw:
    with open_image(path, page) as reader:
        found = reader.read()
        assert found.dtype.name == reader.info.dtype
        assert found.shape == (*reader.info.size[::-1], len(reader.info.channels))
        return found


def refusal(path: Path) -> BadInputError:
    with pytest.raises(BadInputError) as caught:
        for page in pages(path):
            values_of(path, page.key)
    assert str(path) == caught.value.file
    return caught.value


def as_pydicom_reads_it(path: Path) -> np.ndarray:
    """Values [frames, h, w, channels] by pydicom's own functions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pydicom.dcmread(path)
        pixels = found.pixel_array
        if found.PhotometricInterpretation == "PALETTE COLOR":
            pixels = pydicom.pixels.apply_color_lut(pixels, found) >> 8
        elif found.SamplesPerPixel == 1:
            pixels = pydicom.pixels.apply_modality_lut(pixels, found)
    frames = pixels if int(found.get("NumberOfFrames", 1)) > 1 else pixels[None]
    return frames if frames.ndim == 4 else frames[..., None]


def test_every_real_file_equals_what_is_expected_of_it(shared_data: Path) -> None:
    folder = shared_data / "medical"
    expected = json.loads((folder / "expected.json").read_text())
    dicom = [each for each in expected if each["file"].startswith("dicom/")]
    assert len(dicom) >= 12
    for each in dicom:
        path = folder / each["file"]
        info, values = probe(path), values_of(path)
        assert info.size == Size(each["shape"][1], each["shape"][0]), path
        assert info.modality == each["modality"]
        assert info.mode == f"{each['photometric']} {each['bits_stored']} bit"
        if each["photometric"] != "PALETTE COLOR":
            slope, intercept = each["rescale_slope"] or 1, each["rescale_intercept"] or 0
            stored = (values.astype(np.float64) - intercept) / slope
            assert (round(stored.min()), round(stored.max())) == (each["raw_min"], each["raw_max"]), path
            # Decoders of lossy JPEG of 12 bits round differently.
            assert stored.mean() == pytest.approx(
                each["raw_mean"], abs=0.02 if "12bit" in path.name else 1e-3
            )
        if each["pixel_spacing"] and info.pixel_size:
            down, across = (side / 1e3 for side in each["pixel_spacing"])
            assert (info.pixel_size.y, info.pixel_size.x) == pytest.approx((down, across))
        else:
            assert info.pixel_size is None or each["modality"] == "SEG"
        if each["window_center"] is not None:
            assert [w.centre for w in info.windows] == np.atleast_1d(each["window_center"]).tolist()
            assert [w.width for w in info.windows] == np.atleast_1d(each["window_width"]).tolist()


def test_every_real_file_equals_pydicoms_own_reading(shared_data: Path) -> None:
    real = sorted((shared_data / "medical" / "dicom").rglob("*.dcm"))
    shipped = sorted(each for each in SHIPPED.glob("*.dcm") if each.name not in ("no_meta.dcm",))
    read = 0
    for path in (*real, *shipped):
        try:
            ours = np.stack([values_of(path, page.key) for page in pages(path)])
        except BadInputError:
            continue
        try:
            theirs = as_pydicom_reads_it(path)
        except (
            RuntimeError,
            AttributeError,
        ):  # extended JPEG, which it cannot; no transfer syntax, which it needs
            continue
        assert np.array_equal(ours, theirs.astype(ours.dtype) if ours.dtype.kind == "f" else theirs), path
        read += 1
    assert read > 130


def test_lossless_jpeg_and_such_of_12_bits_equal_the_stored_numbers(tmp_path: Path) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    rng = np.random.default_rng(0)
    unsigned = rng.integers(0, 1 << 12, (20, 31), np.uint16)
    signed = rng.integers(-2048, 2048, (20, 31)).astype(np.int16)
    for stored in (unsigned, signed):
        code = imagecodecs.jpeg_encode(stored.view(np.uint16) & 0xFFF, lossless=True, bitspersample=12)
        found = dataset(stored, BitsStored=12, HighBit=11)
        found.PixelData = encapsulate([code])
        path = saved(tmp_path / f"{stored.dtype}.dcm", found, "1.2.840.10008.1.2.4.70")
        assert np.array_equal(values_of(path)[..., 0], stored)


def test_a_lossless_jpeg_without_its_tables_or_with_two_headers_is_refused(tmp_path: Path) -> None:
    """Decoders written in C were seen to end the program at such files."""
    imagecodecs = pytest.importorskip("imagecodecs")
    stored = np.arange(64, dtype=np.uint8).reshape(8, 8)
    code = imagecodecs.jpeg_encode(stored, lossless=True)
    for marker, words in ((b"\xff\xc5", "not of the kind"), (b"\xff\xe5", "lacks a table")):
        found = dataset(stored)
        found.PixelData = encapsulate([code.replace(b"\xff\xc4", marker)])
        assert words in refusal(saved(tmp_path / "a.dcm", found, "1.2.840.10008.1.2.4.70")).message


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_stored_numbers_of_any_encoding_come_out(tmp_path: Path, syntax: str) -> None:
    stored = np.arange(-6, 6, dtype=np.int16).reshape(3, 4)
    written = dataset(stored)
    if syntax == BIG:
        written.PixelData = stored.byteswap().tobytes()
    path = saved(tmp_path / "a.dcm", written, syntax)
    assert np.array_equal(values_of(path)[..., 0], stored)
    with open_image(path) as reader:
        assert np.array_equal(reader.read(Box(1, 0, 3, 2))[..., 0], stored[:2, 1:3])


@pytest.mark.parametrize(
    ("bits", "signed", "slope", "intercept", "dtype"),
    [
        (12, 0, "1", "-1024", "int16"),
        (16, 0, "1", "-1024", "int32"),
        (16, 1, "1", "0", "int16"),
        (12, 0, "2", "0", "uint16"),
        (12, 0, "-1", "0", "int16"),
        (12, 0, "0.5", "-3", "float32"),
    ],
)
def test_values_are_rescaled_into_the_least_type_that_holds_them(
    tmp_path: Path, bits: int, signed: int, slope: str, intercept: str, dtype: str
) -> None:
    stored = np.array([[0, 1], [2, (1 << (bits - signed)) - 1]], "i2" if signed else "u2")
    found = dataset(stored, BitsStored=bits, HighBit=bits - 1, RescaleSlope=slope, RescaleIntercept=intercept)
    path = saved(tmp_path / "a.dcm", found)
    values = values_of(path)[..., 0]
    assert values.dtype == dtype
    assert values.tolist() == (stored.astype(float) * float(slope) + float(intercept)).tolist()


def test_a_rescale_that_is_no_number_or_zero_refuses_the_file(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "zero.dcm", dataset(np.ones((2, 2), np.uint16), RescaleSlope="0", RescaleIntercept="0")
    )
    assert "RescaleSlope is 0" in refusal(path).message
    good = saved(
        tmp_path / "a.dcm", dataset(np.ones((2, 2), np.uint16), RescaleSlope="1234", RescaleIntercept="0")
    )
    broken = tmp_path / "b.dcm"
    broken.write_bytes(good.read_bytes().replace(b"1234", b"12x4"))
    assert "RescaleSlope" in refusal(broken).message


def test_a_lookup_table_of_the_modality_gives_the_values(tmp_path: Path) -> None:
    table = item(
        LUTDescriptor=[4, 2, 16], ModalityLUTType="OD", LUTData=np.array([9, 70, 800, 60000], "<u2").tobytes()
    )
    found = dataset(np.array([[0, 2, 3], [4, 5, 6]], np.uint8), ModalityLUTSequence=Sequence([table]))
    path = saved(tmp_path / "a.dcm", found)
    assert values_of(path)[..., 0].tolist() == [[9, 9, 70], [800, 60000, 60000]]
    assert (probe(path).dtype, probe(path).unit) == ("uint16", "OD")


def test_padding_is_no_value_unless_a_body_could_have_it(tmp_path: Path) -> None:
    ct = {"Modality": "CT", "RescaleSlope": "1", "RescaleIntercept": "-1024"}
    stored = np.array([[-2000, 0], [1024, 5]], np.int16)
    outside = probe(saved(tmp_path / "a.dcm", dataset(stored, PixelPaddingValue=-2000, **ct)))
    assert outside.nodata == -3024
    water = probe(saved(tmp_path / "b.dcm", dataset(stored, PixelPaddingValue=1024, **ct)))
    assert water.nodata is None
    in_mr = probe(
        saved(tmp_path / "c.dcm", dataset(stored.astype(np.uint16), PixelPaddingValue=0, Modality="MR"))
    )
    assert in_mr.nodata == 0


def test_a_palette_becomes_rgb_whether_its_entries_have_8_bits_or_16(tmp_path: Path) -> None:
    colours = np.array([[10, 20, 30], [200, 100, 50], [255, 0, 7]])
    stored = np.array([[4, 5, 6], [0, 9, 5]], np.uint8)
    for bits, entries in (
        (8, colours.astype("u1")),
        (16, (colours * 257).astype("<u2")),
        (16, colours.astype("<u2")),
    ):
        found = dataset(stored, PhotometricInterpretation="PALETTE COLOR")
        for channel, name in enumerate(("Red", "Green", "Blue")):
            setattr(found, f"{name}PaletteColorLookupTableDescriptor", [3, 4, bits])
            data = np.ascontiguousarray(entries[:, channel]).tobytes()
            setattr(found, f"{name}PaletteColorLookupTableData", data + b"\0" * (len(data) % 2))
        path = saved(tmp_path / f"{bits}{entries.max()}.dcm", found)
        assert np.array_equal(values_of(path), colours[[[0, 1, 2], [0, 2, 1]]]), (bits, entries)
        assert probe(path).is_plain


def test_monochrome1_is_shown_inverted_and_keeps_its_values(tmp_path: Path) -> None:
    stored = np.array([[1, 2]], np.uint16)
    path = saved(tmp_path / "a.dcm", dataset(stored, PhotometricInterpretation="MONOCHROME1"))
    assert probe(path).inverted
    assert np.array_equal(values_of(path)[..., 0], stored)


def test_all_windows_come_with_their_names_and_a_lookup_table_as_the_range_that_it_covers(
    tmp_path: Path,
) -> None:
    table = item(LUTDescriptor=[256, 100, 8], LUTExplanation="CONTRAST", LUTData=bytes(256))
    found = dataset(
        np.ones((2, 2), np.uint16),
        WindowCenter=["40", "-600", "7"],
        WindowWidth=["400", "1500", "0"],
        WindowCenterWidthExplanation=["SOFT", ""],
        VOILUTSequence=Sequence([table]),
    )
    windows = probe(saved(tmp_path / "a.dcm", found)).windows
    assert windows == (("SOFT", 40, 400), ("-600 / 1500", -600, 1500), ("CONTRAST", 228, 256))


def test_the_size_of_a_pixel_is_that_in_the_patient(tmp_path: Path) -> None:
    def size(**values: Any) -> PixelSize | None:
        return probe(saved(tmp_path / "a.dcm", dataset(np.ones((2, 3), np.uint16), **values))).pixel_size

    apart = ["0.5", "0.25"]
    assert size(Modality="CT", PixelSpacing=apart) == PixelSize(0.25e-3, 0.5e-3)
    assert size(Modality="DX", ImagerPixelSpacing=apart) is None
    assert size(Modality="DX", ImagerPixelSpacing=apart, PixelSpacing=apart) is None
    assert size(Modality="DX", ImagerPixelSpacing=apart, PixelSpacing=["0.4", "0.2"]) == PixelSize(
        0.2e-3, 0.4e-3
    )
    magnified = size(Modality="MG", ImagerPixelSpacing=apart, EstimatedRadiographicMagnificationFactor="1.25")
    assert magnified == PixelSize(0.2e-3, 0.4e-3)
    assert size(Modality="OT", NominalScannedPixelSpacing=apart) is None
    assert size(Modality="CT", PixelSpacing=["0", "1"]) is None
    region = {"RegionSpatialFormat": 1, "PhysicalUnitsXDirection": 3, "PhysicalUnitsYDirection": 3}
    region |= {
        "PhysicalDeltaX": 0.02,
        "PhysicalDeltaY": 0.03,
        "RegionLocationMaxX1": 3,
        "RegionLocationMaxY1": 2,
    }
    assert size(Modality="US", SequenceOfUltrasoundRegions=Sequence([item(**region)])) == PixelSize(
        2e-4, 3e-4
    )
    other = item(**{**region, "PhysicalDeltaX": 0.01})
    assert size(Modality="US", SequenceOfUltrasoundRegions=Sequence([item(**region), other])) is None


def test_frames_are_pages_each_with_its_own_place_rescale_and_window(tmp_path: Path) -> None:
    stored = np.arange(12 * 4, dtype=np.uint16).reshape(12, 2, 2)
    shared = item(
        PixelMeasuresSequence=Sequence([item(PixelSpacing=["2", "1"], SpacingBetweenSlices="3")]),
        PlaneOrientationSequence=Sequence([item(ImageOrientationPatient=BOTH[0])]),
    )
    frames = [
        item(
            PlanePositionSequence=Sequence([item(ImagePositionPatient=[0, 0, 30 - 3 * n])]),
            PixelValueTransformationSequence=Sequence([item(RescaleSlope="1", RescaleIntercept=str(-n))]),
            FrameVOILUTSequence=Sequence([item(WindowCenter=str(n), WindowWidth="9")]),
        )
        for n in range(12)
    ]
    found = dataset(
        stored,
        Modality="MR",
        SeriesInstanceUID="9.9",
        SharedFunctionalGroupsSequence=Sequence([shared]),
        PerFrameFunctionalGroupsSequence=Sequence(frames),
    )
    path = saved(tmp_path / "a.dcm", found)
    found_pages = pages(path)
    assert [page.key for page in found_pages][:2] == ["f01", "f02"]
    assert [page.key for page in found_pages] == sorted(page.key for page in found_pages)
    assert [page.info.place for page in found_pages] == [30 - 3 * n for n in range(12)]
    assert {page.info.series for page in found_pages} == {"9.9/1.2.3.4"}
    assert found_pages[0].info.pixel_size == PixelSize(1e-3, 2e-3)
    assert found_pages[0].info.thickness_m == 3e-3
    for n in (0, 5, 11):
        assert np.array_equal(values_of(path, f"f{n + 1:02}")[..., 0], stored[n].astype(int) - n)
        assert found_pages[n].info.windows[0].centre == n
    for wrong in ("f00", "f13", "f1", "1", "k01", "f01 "):
        with pytest.raises(BadInputError, match="no frame"):
            open_image(path, wrong)


def test_frames_of_several_times_at_one_place_keep_their_order(tmp_path: Path) -> None:
    places = [
        item(PlanePositionSequence=Sequence([item(ImagePositionPatient=[0, 0, n // 2])])) for n in range(4)
    ]
    shared = item(PlaneOrientationSequence=Sequence([item(ImageOrientationPatient=BOTH[0])]))
    found = dataset(
        np.zeros((4, 2, 2), np.uint8),
        SharedFunctionalGroupsSequence=Sequence([shared]),
        PerFrameFunctionalGroupsSequence=Sequence(places),
    )
    assert [page.info.place for page in pages(saved(tmp_path / "a.dcm", found))] == [0, 1, 2, 3]


def test_bits_are_frames_that_begin_within_a_byte(tmp_path: Path) -> None:
    bits = np.random.default_rng(1).integers(0, 2, (5, 3, 7), np.uint8)
    found = dataset(bits, BitsAllocated=1, BitsStored=1, HighBit=0)
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    found.PixelData = packed + b"\0" * (len(packed) % 2)
    path = saved(tmp_path / "a.dcm", found)
    for n in range(5):
        assert np.array_equal(values_of(path, f"f{n + 1}")[..., 0], bits[n])
    assert probe(path).windows[0].limits == (0, 1)


@pytest.mark.parametrize("table", ["basic", "extended", "none"])
def test_compressed_frames_are_found_with_a_table_of_offsets_and_without(tmp_path: Path, table: str) -> None:
    stored = np.random.default_rng(2).integers(0, 9, (30, 6, 5), np.uint8)
    found = dataset(stored)
    codes = [pydicom.pixels.encoders.RLELosslessEncoder.encode(each, **rle_options(each)) for each in stored]
    if table == "extended":
        data = encapsulate_extended(codes)
        found.PixelData, found.ExtendedOffsetTable, found.ExtendedOffsetTableLengths = data
    else:
        found.PixelData = encapsulate(codes, has_bot=table == "basic")
    path = saved(tmp_path / "a.dcm", found, RLE)
    assert np.array_equal([values_of(path, page.key)[..., 0] for page in pages(path)], stored)
    kept = dicom_pixels._offsets.get(path, lambda: pytest.fail("the offsets are looked for with every frame"))
    assert (kept is not None) == (table == "none")


def test_floating_point_pixels_are_values(tmp_path: Path) -> None:
    stored = np.array([[0.5, -1e6], [np.nan, 3]], np.float32)
    found = dataset(stored, Modality="MR")
    del found.PixelData, found.BitsStored, found.HighBit, found.PixelRepresentation
    found.FloatPixelData = stored.tobytes()
    values = values_of(saved(tmp_path / "a.dcm", found))[..., 0]
    assert values.dtype == np.float32
    assert np.array_equal(values, stored, equal_nan=True)


def rle_options(pixels: np.ndarray) -> dict[str, Any]:
    return {
        "rows": pixels.shape[0],
        "columns": pixels.shape[1],
        "samples_per_pixel": 1,
        "bits_allocated": 8,
        "bits_stored": 8,
        "pixel_representation": 0,
        "photometric_interpretation": "MONOCHROME2",
        "number_of_frames": 1,
    }


def test_slices_of_a_series_are_ordered_along_its_normal_and_scouts_are_apart(tmp_path: Path) -> None:
    def info(name: str, direction: list[int], position: list[float]) -> Any:
        found = dataset(np.zeros((2, 2), np.uint8), SeriesInstanceUID="5.5", InstanceNumber=3)
        found.ImageOrientationPatient, found.ImagePositionPatient = direction, position
        return probe(saved(tmp_path / name, found))

    low, high = info("a.dcm", BOTH[0], [7, 8, -12.5]), info("b.dcm", BOTH[0], [7, 8, 2.5])
    scout = info("c.dcm", BOTH[1], [4, 0, 0])
    assert low.series == high.series != scout.series
    assert (low.place, high.place, scout.place) == (-12.5, 2.5, -4.0)
    plain = probe(saved(tmp_path / "d.dcm", dataset(np.zeros((2, 2), np.uint8), InstanceNumber=3)))
    assert (plain.series, plain.place, plain.thickness_m) == ("", 3, None)


def test_the_real_series_comes_as_one_in_the_order_of_its_slices(shared_data: Path) -> None:
    found, _ = find_images([shared_data / "medical" / "dicom" / "ct_head_series"])
    infos = [probe(path) for path in found]
    assert len({info.series for info in infos}) == 1
    assert [info.place for info in infos] == [1.5 * n for n in range(93)]
    assert {info.thickness_m for info in infos} == {1.5e-3}


def test_no_number_or_name_of_a_patient_is_kept(tmp_path: Path) -> None:
    who = {"PatientID": "4711-0815", "PatientName": "Doe^Jane", "PatientBirthDate": "19700102"}
    info = probe(saved(tmp_path / "a.dcm", dataset(np.zeros((2, 2), np.uint8), **who)))
    assert re.fullmatch("[0-9a-f]{12}", info.subject)
    assert not any(value in repr(info) for value in who.values())
    again = probe(saved(tmp_path / "b.dcm", dataset(np.zeros((2, 2), np.uint8), **who)))
    other = probe(saved(tmp_path / "c.dcm", dataset(np.zeros((2, 2), np.uint8), PatientID="4712")))
    assert info.subject == again.subject != other.subject
    assert probe(saved(tmp_path / "d.dcm", dataset(np.zeros((2, 2), np.uint8)))).subject == ""


def test_files_without_preamble_and_deflated_ones_are_read(tmp_path: Path) -> None:
    stored = np.arange(12, dtype=np.uint16).reshape(3, 4)
    for syntax in (IMPLICIT, EXPLICIT):
        whole = saved(tmp_path / "a.dcm", dataset(stored), syntax).read_bytes()
        start = 132 + 12 + int.from_bytes(whole[140:144], "little")  # behind the group of the file itself
        (tmp_path / "bare").write_bytes(whole[start:])
        assert np.array_equal(values_of(tmp_path / "bare")[..., 0], stored)
        (tmp_path / "meta").write_bytes(whole[132:])
        assert np.array_equal(values_of(tmp_path / "meta")[..., 0], stored)
    path = deflated(tmp_path / "b.dcm", dataset(stored))
    assert np.array_equal(values_of(path)[..., 0], stored)


def deflated(path: Path, found: Dataset) -> Path:
    plain = saved(path.with_suffix(".plain"), found).read_bytes()
    start = 132 + 12 + int.from_bytes(plain[140:144], "little")
    meta = plain[132:start].replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99\0\0")
    place = meta.index(b"1.2.840.10008.1.2.1.99")
    meta = meta[: place - 2] + (22).to_bytes(2, "little") + meta[place : place + 22] + meta[place + 24 :]
    meta = meta[:8] + (len(meta) - 12).to_bytes(4, "little") + meta[12:]
    packer = zlib.compressobj(wbits=-15)
    path.write_bytes(b"\0" * 128 + b"DICM" + meta + packer.compress(plain[start:]) + packer.flush())
    return path


def test_a_deflated_file_that_grows_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dicom_header, "DECODE_BUDGET", 4 << 20)
    path = deflated(tmp_path / "a.dcm", dataset(np.zeros((3000, 3000), np.uint8)))
    assert path.stat().st_size < 100_000
    assert "too large" in refusal(path).message


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"Rows": 0}, "a size of 2 x 0"),
        ({"Rows": 60000, "Columns": 60000, "NumberOfFrames": "2000"}, "cut off"),
        ({"NumberOfFrames": "99999999"}, "99,999,999 frames"),
        ({"BitsAllocated": 12}, "of 12 bits"),
        ({"BitsStored": 17}, "17 of 16 bits"),
        ({"SamplesPerPixel": 4}, "4 samples"),
        ({"PhotometricInterpretation": "HSV"}, "HSV photometric"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.77.1.6"}, "a whole slide in DICOM"),
        ({"PixelDataProviderURL": "https://example.org/pixels"}, "on a server"),
    ],
)
def test_what_cannot_be_an_image_is_refused_by_name(
    tmp_path: Path, values: dict[str, Any], words: str
) -> None:
    path = saved(tmp_path / "a.dcm", dataset(np.zeros((2, 2), np.uint16), **values))
    assert words in refusal(path).message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("reportsi.dcm", "Basic Text SR"),
        ("rtplan.dcm", "RT Plan"),
        ("rtdose.dcm", "an RT Dose"),
        ("waveform_ecg.dcm", "Waveform"),
        ("dicomdirtests/DICOMDIR", "a DICOMDIR"),
        ("MR_truncated.dcm", "cut off: 8,130 of 8,192 bytes"),
    ],
)
def test_what_holds_no_image_says_what_it_is(name: str, words: str) -> None:
    assert words in refusal(SHIPPED / name).message


def test_a_video_in_dicom_is_called_one(tmp_path: Path) -> None:
    found = dataset(np.zeros((2, 2), np.uint8))
    found.PixelData = encapsulate([b"\0\0\1\xb3"])
    path = saved(tmp_path / "a.dcm", found, "1.2.840.10008.1.2.4.100")
    assert "a video in DICOM" in refusal(path).message


def test_a_compressed_image_of_another_size_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    import cv2

    for syntax, suffix in ((JPEG_BASELINE, ".jpg"), ("1.2.840.10008.1.2.4.90", ".jp2")):
        code = cv2.imencode(suffix, np.zeros((64, 80), np.uint8))[1].tobytes()
        found = dataset(np.zeros((64, 64), np.uint8))
        found.PixelData = encapsulate([code])
        path = saved(tmp_path / "a.dcm", found, syntax)
        assert "64 x 64 pixels, the compressed image 80 x 64" in refusal(path).message


def test_a_run_length_code_that_is_too_short_is_cut_off(tmp_path: Path) -> None:
    found = dataset(np.zeros((4000, 4000), np.uint8))
    found.PixelData = encapsulate([b"\1" + b"\0" * 99])
    assert "cut off" in refusal(saved(tmp_path / "a.dcm", found, RLE)).message


def test_a_header_that_is_no_header_any_more_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dicom_header, "_MOST_HEADER", 1 << 20)
    table = item(LUTDescriptor=[256, 0, 8], LUTData=bytes(2 << 20))
    found = dataset(np.zeros((2, 2), np.uint8), VOILUTSequence=Sequence([table]))
    path = saved(tmp_path / "a.dcm", found)
    assert "header is larger than 1 MB" in refusal(path).message
    aside = saved(
        tmp_path / "b.dcm", dataset(np.zeros((2, 2), np.uint8), EncapsulatedDocument=bytes(2 << 20))
    )
    assert probe(aside).size == Size(2, 2)  # what nobody asks for is not read


def test_frames_are_opened_without_parsing_the_header_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "a.dcm", dataset(np.zeros((9, 2, 2), np.uint8)))
    parsed = []
    monkeypatch.setattr(dicom_header, "_parsed", lambda *args: parsed.append(1) or original(*args))
    for page in pages(path):
        values_of(path, page.key)
    assert len(parsed) == 1


original = dicom_header._parsed


def test_scanners_names_are_found_and_a_dicomdir_is_passed_over(tmp_path: Path) -> None:
    image = saved(tmp_path / "IM0001", dataset(np.zeros((2, 2), np.uint8))).read_bytes()
    for name in ("1.2.840.113619.2.5", "b.IMA", "c.dcm", "README", "DICOMDIR", "notes.txt", "Makefile"):
        (tmp_path / name).write_bytes(b"all: x" if name in ("README", "Makefile") else image)
    found, skipped = find_images([tmp_path])
    assert [path.name for path in found] == ["1.2.840.113619.2.5", "b.IMA", "c.dcm", "IM0001"]
    assert skipped == []


def test_without_the_extra_the_file_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "a.dcm", dataset(np.zeros((2, 2), np.uint8)))
    monkeypatch.setitem(__import__("sys").modules, "pydicom", None)
    assert 'pip install "labeltool[medical]"' in (refusal(path).hint or "")


def test_mutated_files_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    names = "MR_small_RLE SC_rgb_jpeg_dcmtk MR_small_jpeg_ls_lossless examples_palette liver_1frame image_dfl".split()
    seeds = [(SHIPPED / f"{name}.dcm").read_bytes()[:60_000] for name in names]
    found = dataset(np.zeros((3, 4, 4), np.uint16), WindowCenter="1", WindowWidth="2", RescaleSlope="2")
    seeds.append(saved(tmp_path / "seed.dcm", found).read_bytes())
    rng = random.Random(7)
    path, outcomes = tmp_path / "mutant.dcm", [0, 0]
    for _ in range(300):
        path.write_bytes(mutated(rng.choice(seeds), rng, 2500))
        try:
            for page in pages(path)[:3]:
                values_of(path, page.key)
            outcomes[0] += 1
        except BadInputError:
            outcomes[1] += 1
    assert min(outcomes) > 20


def mutated(data: bytes, rng: random.Random, within: int) -> bytes:
    """The same with some bytes of its beginning changed, or cut off."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 2, 8))):
        at = rng.randrange(min(within, len(found)))
        found[at : at + 2] = rng.choice((b"\xff\xff", b"\0\0", b"\0\x80", bytes((rng.randrange(256), 0))))
    return bytes(found[: rng.randrange(len(found))] if rng.random() < 0.1 else found)


def test_a_header_is_read_where_warnings_are_kept_down_while_another_thread_reads_one(tmp_path: Path) -> None:
    first, second = (
        saved(tmp_path / name, dataset(np.zeros((4, 5), np.uint8))) for name in ("1.dcm", "2.dcm")
    )
    found = []

    def within() -> None:
        with quiet():
            other.start()
            time.sleep(0.2)  # the other is on its way to the first file
            found.append(dicom_header.dicom_header(second).size)

    other = threading.Thread(target=dicom_header.dicom_header, args=(first,), daemon=True)
    one = threading.Thread(target=within, daemon=True)
    one.start()
    one.join(10)
    assert found == [Size(5, 4)]
