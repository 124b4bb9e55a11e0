"""From a file's values to what is shown: any type, windows, percentiles, composites, no data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from labeltool.core.geometry import Size
from labeltool.imaging.display import (
    AS_STORED,
    CT_WINDOWS,
    Display,
    Limits,
    first_display,
    full_range,
    presets,
    render,
    stretched,
)
from labeltool.imaging.halving import halve
from labeltool.imaging.reader import ImageInfo, ValueWindow

TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32", "float64")


def info(dtype: str, channels: int = 1, **more: object) -> ImageInfo:
    names = tuple(f"band {n}" for n in range(channels))
    composite = (0, 0, 0) if channels == 1 else (0, 1, min(2, channels - 1))
    return ImageInfo(Size(4, 4), "tiff", dtype, dtype=dtype, channels=names, composite=composite, **more)


def grey(black: float, white: float, gamma: float = 1.0, *, inverted: bool = False) -> Display:
    return Display((0, 0, 0), (Limits(black, white),) * 3, (gamma,) * 3, inverted)


def expected(values: np.ndarray, display: Display) -> np.ndarray:
    black, white = display.limits[0]
    share = np.clip((values.astype(np.float64) - black) / (white - black), 0, 1)
    return 255 * (1 - share if display.inverted else share)


def test_eight_bits_in_colour_are_shown_as_they_are_without_a_copy() -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    assert render(pixels, AS_STORED) is pixels


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("inverted", [False, True])
def test_values_of_any_type_are_shown_between_their_limits(dtype: str, inverted: bool) -> None:
    rng = np.random.default_rng(1)
    values = rng.uniform(-100 if np.dtype(dtype).kind != "u" else 0, 120, (50, 40, 1)).astype(dtype)
    display = grey(-20, 90, inverted=inverted)
    shown = render(values, display)
    assert shown.dtype == np.uint8
    assert shown.shape == (50, 40, 3)
    assert np.abs(shown[..., 0] - expected(values[..., 0], display)).max() <= 0.6
    assert np.array_equal(shown[..., 0], shown[..., 2])


@given(
    nps.arrays(np.float32, (6, 5, 1), elements=st.floats(width=32, allow_nan=True, allow_infinity=True)),
    st.floats(-1e6, 1e6),
    st.floats(1e-3, 1e6),
)
def test_anything_that_floating_point_holds_is_shown_and_nothing_is_black(
    values: np.ndarray, black: float, width: float
) -> None:
    shown = render(values, grey(black, black + width, inverted=True))
    assert (shown[np.isnan(values[..., 0])] == 0).all()
    assert (shown[values[..., 0] == np.inf] == 0).all()
    assert (shown[values[..., 0] == -np.inf] == 255).all()


def test_no_data_is_black_and_does_not_count_for_percentiles() -> None:
    values = np.full((40, 40, 1), -9999, np.float32)
    values[:20] = np.linspace(10, 30, 20 * 40).reshape(20, 40, 1)
    limits = stretched(grey(0, 1), info("float32", nodata=-9999), values).limits[0]
    assert 9.9 < limits.black < 10.2
    assert 29.8 < limits.white < 30.1
    shown = render(values, grey(*limits, inverted=True), -9999)
    assert (shown[20:] == 0).all()


def test_gamma_brightens_the_middle_and_leaves_the_ends() -> None:
    values = np.array([[[0], [500], [1000]]], np.uint16)
    plain, bright = render(values, grey(0, 1000))[0, :, 0], render(values, grey(0, 1000, 2.0))[0, :, 0]
    assert bright[1] > plain[1]
    assert [plain[0], plain[2], bright[0], bright[2]] == [0, 255, 0, 255]


def test_a_composite_takes_each_colour_from_its_own_channel_and_limits() -> None:
    values = np.stack([np.full((3, 3), v, np.uint16) for v in (0, 100, 200, 300)], axis=-1)
    limits = (Limits(0, 300), Limits(0, 200), Limits(100, 300))
    shown = render(values, Display((3, 1, 2), limits))
    assert shown[0, 0].tolist() == [255, 128, 128]


def test_an_image_is_shown_at_first_by_its_own_window_else_by_percentiles() -> None:
    sample = np.linspace(0, 4000, 10_000).astype(np.int16).reshape(100, 100, 1)
    own = info("int16", windows=(ValueWindow("", 40, 350),))
    assert first_display(own, sample).limits[0] == Limits(-135, 215)
    judged = first_display(info("int16"), sample).limits[0]
    assert 15 < judged.black < 25
    assert 3980 < judged.white < 4000
    assert first_display(info("uint8", 4), None).limits[0] == Limits(0, 255)


def test_ct_offers_its_windows_and_nothing_else_does() -> None:
    own = ValueWindow("file", 1, 2)
    assert presets(info("int16", modality="CT", windows=(own,))) == [own, *CT_WINDOWS]
    assert presets(info("int16", modality="MR")) == []


def test_the_full_range_is_that_of_the_type() -> None:
    assert full_range(grey(3, 4), info("int16")).limits[0] == Limits(-32768, 32767)
    assert full_range(grey(3, 4), info("float32")).limits[0] == Limits(0, 1)


@given(st.sampled_from(TYPES), st.integers(1, 9), st.integers(1, 9), st.integers(1, 6))
def test_a_level_averages_four_values_of_any_type(dtype: str, height: int, width: int, channels: int) -> None:
    rng = np.random.default_rng(height * 100 + width)
    values = rng.integers(0, 100, (height, width, channels)).astype(dtype)
    padded = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge").astype(np.float64)
    wanted = padded.reshape(-(-height // 2), 2, -(-width // 2), 2, channels).mean((1, 3))
    found = halve(values)
    assert found.dtype == values.dtype
    assert np.abs(found.astype(np.float64) - wanted).max() <= (0.5 if np.dtype(dtype).kind != "f" else 0.1)


def test_a_level_leaves_out_what_is_no_value() -> None:
    values = np.array([[1, 3, 9, -9], [5, -9, -9, -9]], np.float32)[..., None]
    assert halve(values, 1, -9)[..., 0].tolist() == [[3, 9]]
    assert halve(values, 2, -9)[..., 0].tolist() == [[6]]
    holes = np.where(values == -9, np.nan, values)
    assert halve(holes)[..., 0].tolist() == [[3, 9]]
    assert np.isnan(halve(np.full((2, 2, 1), np.nan, np.float32))).all()
