from __future__ import annotations

import gzip
import json
import random
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeltool.core.errors import BadInputError
from labeltool.core.extras import MEDICAL
from labeltool.core.geometry import Box, Size
from labeltool.imaging.find import find_images
from labeltool.imaging.open import open_image, pages, probe
from labeltool.imaging.reader import Raw
from labeltool.imaging.readers import nifti
from labeltool.imaging.readers.nifti import Cut, Volume, nifti_header, put_slice, slice_of
from labeltool.imaging.scale import PixelSize

if MEDICAL.missing:
    pytest.skip("the medical extra is not installed", allow_module_level=True)

import nibabel

RAS = np.eye(4)


def saved(path: Path, values: np.ndarray, affine: np.ndarray = RAS, **header: Any) -> Path:
    kind = nibabel.Nifti2Image if header.pop("nifti2", False) else nibabel.Nifti1Image
    if path.suffix == ".img":
        kind = nibabel.Nifti1Pair
    found = kind(values, affine)
    found.header.set_xyzt_units("mm")
    for name, value in header.items():
        found.header[name] = value
    nibabel.save(found, path)
    return path


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
    assert caught.value.file == str(path)
    return caught.value


def counted(*shape: int) -> np.ndarray:
    return np.arange(np.prod(shape), dtype=np.int16).reshape(shape, order="F")


def as_radiologists_see_it(canonical: np.ndarray, axis: int, index: int) -> np.ndarray:
    """A slice of an array whose axes run right, front and head: each screen axis runs against its own."""
    return np.take(canonical, index, axis).T[::-1, ::-1]


def test_every_real_file_equals_what_is_expected_of_it(shared_data: Path) -> None:
    folder = shared_data / "medical"
    expected = json.loads((folder / "expected.json").read_text())
    volumes = [each for each in expected if each["file"].startswith("nifti/")]
    assert len(volumes) == 4
    for each in volumes:
        path = folder / each["file"]
        found = pages(path)
        values = np.stack([values_of(path, page.key) for page in found])
        info = found[0].info
        assert len(found) == np.prod(each["shape"][2:])
        assert (info.mode, info.size) == (each["dtype"], Size(*each["shape"][:2]))
        assert (values.min(), values.max()) == (each["scaled_min"], each["scaled_max"])
        assert values.mean() == pytest.approx(each["scaled_mean"], abs=1e-4)
        assert info.pixel_size is not None and info.thickness_m is not None
        spacing = [info.pixel_size.x, info.pixel_size.y, info.thickness_m]
        assert [side * 1e3 for side in spacing] == pytest.approx(each["zooms"][:3])


def test_every_slice_of_real_files_equals_nibabels_own_reading(shared_data: Path) -> None:
    shipped = Path(nibabel.__file__).parent / "tests" / "data"
    paths = [
        *(shared_data / "medical" / "nifti").iterdir(),
        *shipped.glob("*.nii"),
        *shipped.glob("*.nii.gz"),
    ]
    rng, read = random.Random(3), 0
    for path in paths:
        image = nibabel.load(path)
        if not isinstance(image, nibabel.Nifti1Image):
            assert "CIFTI" in refusal(path).message
            continue
        canonical = nibabel.as_closest_canonical(image)
        turns = nibabel.io_orientation(image.affine)
        array = np.asanyarray(canonical.dataobj)
        for stored, axis in enumerate("ijk"):
            world = int(turns[stored, 0])
            for page in rng.sample(pages(path, axis), 3):
                cut = Cut.of(page.key)
                assert cut is not None
                place = cut.place if turns[stored, 1] > 0 else image.shape[stored] - 1 - cut.place
                volume = array.reshape(*array.shape[:3], -1, order="F")[..., cut.time or 0]
                theirs = as_radiologists_see_it(volume, world, place)
                ours = values_of(path, page.key)[..., 0]
                assert np.array_equal(ours, theirs.astype(ours.dtype), equal_nan=ours.dtype.kind == "f"), page
                read += 1
    assert read >= 36


def test_a_slice_is_shown_with_the_right_on_the_left_and_the_front_or_head_at_the_top(tmp_path: Path) -> None:
    values = np.zeros((4, 5, 6), np.uint8)
    values[3], values[:, 4, :], values[:, :, 5] = 1, 2, 3  # right, front, head
    path = saved(tmp_path / "a.nii", values)
    axial, coronal, sagittal = (values_of(path, key)[..., 0] for key in ("k0", "j0", "i0"))
    assert axial.shape == (5, 4) and set(axial[0]) == {2} and set(axial[1:, 0]) == {1}
    assert coronal.shape == (6, 4) and set(coronal[0]) == {3} and set(coronal[1:, 0]) == {1}
    assert sagittal.shape == (6, 5) and set(sagittal[0]) == {3} and set(sagittal[1:, 0]) == {2}


@given(
    st.permutations(range(3)),
    st.tuples(*[st.sampled_from([-1, 1])] * 3),
    st.sampled_from("ijk"),
    st.integers(0, 99),
)
def test_what_is_put_is_found_again_and_nothing_else_changes(
    order: list[int], signs: tuple[int, int, int], axis: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[order] * signs + rng.uniform(-0.2, 0.2, (3, 3))
    before = rng.integers(0, 9, (3, 4, 5))
    volume = Volume(before.copy(), affine)
    index = int(rng.integers(before.shape["ijk".index(axis)]))
    plane = rng.integers(10, 99, slice_of(volume, axis, index).shape)
    put_slice(volume, axis, index, plane)
    assert np.array_equal(slice_of(volume, axis, index), plane)
    assert np.count_nonzero(volume.values != before) == plane.size
    assert (np.take(volume.values, index, "ijk".index(axis)) >= 10).all()


@pytest.mark.parametrize(
    ("axes", "axis"), [("RAS", "k"), ("LPS", "k"), ("PIR", "j"), ("SAR", "i"), ("LSA", "j"), ("ASL", "j")]
)
def test_slices_lie_across_the_body_unless_told_otherwise(tmp_path: Path, axes: str, axis: str) -> None:
    affine = np.diag([0.0, 0, 0, 1])
    for stored, towards in enumerate(axes):
        world = next(n for n, ends in enumerate(("LR", "PA", "IS")) if towards in ends)
        affine[world, stored] = 1 if towards in "RAS" else -1
    path = saved(tmp_path / "a.nii", counted(3, 4, 5), affine)
    assert {page.key[0] for page in pages(path)} == {axis}
    assert [page.key for page in pages(path, "j")] == ["j0", "j1", "j2", "j3"]


def test_an_affine_that_says_nothing_does_not_keep_a_volume_from_being_read(tmp_path: Path) -> None:
    for n, affine in enumerate((np.zeros((3, 4)), np.full((3, 4), np.nan))):
        path = saved(tmp_path / f"{n}.nii", counted(2, 3, 4), sform_code=1, qform_code=0)
        data = bytearray(path.read_bytes())
        data[280:328] = affine.astype("<f4").tobytes()
        path.write_bytes(data)
        assert [page.key for page in pages(path)] == ["k0", "k1", "k2", "k3"]
        assert np.array_equal(values_of(path, "k1")[..., 0], counted(2, 3, 4)[:, :, 1].T[::-1, ::-1])
        assert probe(path).pixel_size is None


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.img"])
@pytest.mark.parametrize("nifti2", [False, True])
def test_all_kinds_of_files_hold_the_same_values(tmp_path: Path, name: str, nifti2: bool) -> None:
    path = saved(tmp_path / name, counted(3, 4, 5), nifti2=nifti2)
    assert find_images([tmp_path]) == ([path], [])
    assert np.array_equal(values_of(path, "k2")[..., 0], counted(3, 4, 5)[:, :, 2].T[::-1, ::-1])
    with open_image(path, "k2") as reader:
        assert np.array_equal(reader.read(Box(1, 0, 3, 2)), reader.read()[:2, 1:])
    if name == "a.img":
        beside = path.with_suffix(".hdr")
        assert np.array_equal(values_of(beside, "k2"), values_of(path, "k2"))
        path.unlink()
        assert ".img file with the values is missing" in refusal(beside).message


@pytest.mark.parametrize("shape", [(4,), (4, 3), (4, 3, 2), (4, 3, 2, 3), (4, 3, 2, 1, 3), (4, 3, 2, 2, 3)])
def test_one_to_five_dimensions_become_slices_volume_after_volume(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    array = counted(*shape)
    path = saved(tmp_path / "a.nii.gz", array)
    volumes = array.reshape((*(*shape, 1, 1)[:3], -1), order="F")
    keys = [page.key for page in pages(path)]
    assert len(keys) == volumes.shape[2] * volumes.shape[3]
    assert (keys[0] == "k0") == (volumes.shape[3] == 1)
    read = [values_of(path, key)[..., 0] for key in keys]
    wanted = [
        volumes[:, :, k, t].T[::-1, ::-1] for t in range(volumes.shape[3]) for k in range(volumes.shape[2])
    ]
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(read, wanted, strict=True))
    assert len({page.info.series for page in pages(path)}) == volumes.shape[3]


def test_names_of_slices_sort_and_only_those_of_the_file_are_known(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.nii", counted(2, 2, 12, 11))
    keys = [page.key for page in pages(path)]
    assert keys[:2] == ["k00t00", "k01t00"] and keys[-1] == "k11t10"
    for wrong in ("k12t00", "k0t0", "k00", "k00t11", "i02t00", "x00t00", "k00t00 ", "k-1t00"):
        with pytest.raises(BadInputError, match="no slice"):
            open_image(path, wrong)
    assert probe(path, "k03t10").place == 3.0


@pytest.mark.parametrize(
    ("slope", "intercept", "stored", "dtype"),
    [(1, 0, "i2", "int16"), (2, -5, "u1", "int16"), (0.5, 1, "i2", "float32"), (1, 0, ">i2", "int16")],
)
def test_values_are_scaled_as_nibabel_scales_them(
    tmp_path: Path, slope: float, intercept: float, stored: str, dtype: str
) -> None:
    array = np.arange(24).reshape(2, 3, 4).astype(stored)
    image = nibabel.Nifti1Image(array, RAS, nibabel.Nifti1Header(endianness=">" if ">" in stored else "<"))
    image.header.set_data_dtype(array.dtype)
    image.header.set_slope_inter(slope, intercept)
    path = tmp_path / "a.nii"
    image.to_filename(path)
    data = bytearray(path.read_bytes())  # nibabel chooses a scale of its own when it writes
    order = ">" if ">" in stored else "<"
    data[112:120] = struct.pack(f"{order}ff", slope, intercept)
    data[352:] = array.tobytes(order="F")
    path.write_bytes(data)
    theirs = np.asanyarray(nibabel.load(path).dataobj)
    ours = values_of(path, "k1")[..., 0]
    assert ours.dtype == dtype
    assert np.array_equal(ours, theirs[:, :, 1].T[::-1, ::-1])


def test_nan_and_infinities_come_as_they_are(tmp_path: Path) -> None:
    array = np.array([1.5, np.nan, np.inf, -np.inf], np.float32).reshape(2, 2, 1)
    values = values_of(saved(tmp_path / "a.nii", array))
    assert np.array_equal(values[..., 0], array[..., 0].T[::-1, ::-1], equal_nan=True)


def test_colours_are_rgb_and_complex_numbers_are_refused_by_name(tmp_path: Path) -> None:
    colours = np.random.default_rng(1).integers(0, 255, (2, 3, 4, 3), np.uint8)
    packed = colours.view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    path = saved(tmp_path / "a.nii", packed)
    assert np.array_equal(values_of(path, "k3"), colours[:, :, 3].swapaxes(0, 1)[::-1, ::-1])
    assert probe(path).is_plain
    assert "complex" in refusal(saved(tmp_path / "b.nii", np.ones((2, 2, 2), np.complex64))).message


def test_sizes_come_in_the_units_of_the_file(tmp_path: Path) -> None:
    affine = np.diag([0.5, 2, 3, 1.0])
    for unit, metres in (("mm", 1e-3), ("micron", 1e-6), ("meter", 1.0), ("unknown", 1e-3)):
        image = nibabel.Nifti1Image(counted(2, 3, 4), affine)
        image.header.set_xyzt_units(unit)
        nibabel.save(image, tmp_path / "a.nii")
        axial, sagittal = probe(tmp_path / "a.nii", "k1"), probe(tmp_path / "a.nii", "i1")
        assert axial.pixel_size == PixelSize(0.5 * metres, 2 * metres)
        assert sagittal.pixel_size == PixelSize(2 * metres, 3 * metres)
        assert (axial.thickness_m, sagittal.thickness_m) == (3 * metres, 0.5 * metres)
        assert axial.place == pytest.approx(3 * metres * 1e3, abs=1e-4)


def test_where_the_matrix_and_the_field_of_sizes_disagree_the_matrix_counts(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.nii", counted(2, 3, 4), np.diag([2, 2, 5, 1.0]))
    data = bytearray(path.read_bytes())
    data[80:92] = struct.pack("<fff", 1, 1, 1)
    path.write_bytes(data)
    assert probe(path).pixel_size == PixelSize(2e-3, 2e-3)


def test_what_the_header_wants_to_be_shown_is_a_window(tmp_path: Path) -> None:
    info = probe(saved(tmp_path / "a.nii", counted(2, 2, 2), cal_min=10, cal_max=50))
    assert [window.limits for window in info.windows] == [(10, 50)]
    assert probe(saved(tmp_path / "b.nii", counted(2, 2, 2))).windows == ()


def test_a_volume_is_decompressed_once_however_many_slices_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "a.nii.gz", counted(3, 4, 40))
    decoded = []
    monkeypatch.setattr(nifti, "laid_out", lambda *args: decoded.append(1) or laid_out(*args))
    for page in pages(path):
        values_of(path, page.key)
    assert len(decoded) == 1
    saved(path, counted(3, 4, 41))
    values_of(path, "k40")
    assert len(decoded) == 2  # another file by now


laid_out = nifti.laid_out


def test_a_volume_larger_than_its_share_of_memory_lies_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELTOOL_MEMORY_MB", "64")
    array = np.random.default_rng(5).integers(0, 9, (100, 120, 300)).astype(np.int16)
    path = saved(tmp_path / "a.nii.gz", array)
    volume = nifti.nifti_volume(nifti_header(path))
    assert isinstance(volume.values.base, np.memmap) or isinstance(volume.values, np.memmap)
    assert np.array_equal(volume.values[..., 0], array)
    monkeypatch.setenv("LABELTOOL_CACHE_MB", "1")
    path.touch()
    monkeypatch.setattr(nifti, "_volumes", type(nifti._volumes)())
    assert "more than the cache may" in refusal(path).message


def test_a_header_that_promises_more_than_the_file_can_hold_is_refused_before_it_is_unpacked(
    tmp_path: Path,
) -> None:
    path = saved(tmp_path / "a.nii", counted(20, 20, 20))
    data = bytearray(path.read_bytes())
    data[42:48] = struct.pack("<hhh", 20, 20, 30000)
    (tmp_path / "lie.nii").write_bytes(data)
    assert "cut off: its header promises" in refusal(tmp_path / "lie.nii").message
    data[42:48] = struct.pack("<hhh", 3000, 3000, 9000)
    (tmp_path / "lie.nii.gz").write_bytes(gzip.compress(bytes(data)))
    assert "cut off" in refusal(tmp_path / "lie.nii.gz").message
    data[42:48] = struct.pack("<hhh", 0, 20, 20)
    (tmp_path / "none.nii").write_bytes(data)
    assert "impossible dimensions" in refusal(tmp_path / "none.nii").message


def test_files_that_are_cut_off_or_damaged_are_refused(tmp_path: Path) -> None:
    whole = saved(
        tmp_path / "a.nii.gz", np.random.default_rng(0).integers(0, 999, (9, 9, 9)).astype(np.int16)
    )
    data = whole.read_bytes()
    (tmp_path / "cut.nii.gz").write_bytes(data[:-200])
    assert "cut off" in refusal(tmp_path / "cut.nii.gz").message
    (tmp_path / "sum.nii.gz").write_bytes(data[:-6] + b"\0\0" + data[-4:])
    assert "CRC" in refusal(tmp_path / "sum.nii.gz").message
    (tmp_path / "b.nii").write_bytes(gzip.decompress(data)[:-1])
    assert "cut off" in refusal(tmp_path / "b.nii").message
    (tmp_path / "zip.nii.gz").write_bytes(gzip.compress(b"no volume at all"))
    assert "no NIfTI" in refusal(tmp_path / "zip.nii.gz").message


def test_without_the_extra_the_file_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "a.nii", counted(2, 2, 2))
    monkeypatch.setitem(__import__("sys").modules, "nibabel", None)
    assert 'pip install "labeltool[medical]"' in (refusal(path).hint or "")


def test_mutated_files_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    seeds = [saved(tmp_path / f"{n}.nii", counted(3, 4, 5), nifti2=bool(n)).read_bytes() for n in (0, 1)]
    rng, outcomes = random.Random(11), [0, 0]
    for _ in range(400):
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.choice((1, 1, 3, 8))):
            at = rng.randrange(4, 400)
            data[at : at + 2] = rng.choice(
                (b"\xff\xff", b"\0\0", b"\xff\x7f", b"\x80\x7f", bytes((rng.randrange(9), 0)))
            )
        path = tmp_path / ("m.nii.gz" if rng.random() < 0.3 else "m.nii")
        path.write_bytes(gzip.compress(bytes(data), 1) if path.suffix == ".gz" else data)
        try:
            for page in pages(path)[:3]:
                values_of(path, page.key)
            outcomes[0] += 1
        except BadInputError:
            outcomes[1] += 1
    assert min(outcomes) > 30
