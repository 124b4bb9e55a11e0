"""What is chosen for one image, and what becomes of it for the next."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from labeltool.app.at_hand import OpenImage
from labeltool.core.geometry import Size
from labeltool.imaging.display import Limits, first_display
from labeltool.imaging.pyramid import ArrayPyramid
from labeltool.imaging.reader import Georeference, ImageInfo, ValueWindow
from labeltool.imaging.scale import PixelSize
from labeltool.imaging.view import View
from labeltool.ui.looks import Looks, Numbers
from labeltool.ui.panels.look import window_text

PLACE = Georeference("EPSG:32616", (30, 0, 600_000, 0, -30, 4_000_000))


def image(
    low: int,
    high: int,
    channels: tuple[str, ...] = ("grey",),
    series: str = "",
    folder: str = "",
    **more: Any,
) -> OpenImage:
    values = np.linspace(low, high, 20 * 30 * len(channels)).reshape(20, 30, -1).astype(np.uint16)
    more.setdefault("composite", (0, 0, 0) if len(channels) == 1 else (0, 1, 2))
    info = ImageInfo(Size(30, 20), "tiff", "", dtype="uint16", channels=channels, **more)
    pyramid = ArrayPyramid(values, info)
    view = View(pyramid, first_display(info, values))
    record = SimpleNamespace(series=series, path=Path(folder, "a.tif"))
    return cast(OpenImage, SimpleNamespace(record=record, pyramid=view))


def test_what_is_set_back_to_as_opened_is_chosen_for_no_other_image() -> None:
    looks, first, second = Looks(), image(0, 1000), image(5000, 60000)
    looks.show(first)
    looks.set_numbers(Numbers(500, 100, 1.0))
    looks.show(second)
    assert looks.numbers == Numbers(500, 100, 1.0)
    looks.show(first)
    looks.choose("opened")
    looks.show(second)
    assert looks.display == second.pyramid.opened
    assert looks.preset == "opened"


def test_a_series_is_shown_as_its_first_slice_was_opened() -> None:
    looks, first, second = Looks(), image(0, 1000, series="s"), image(5000, 60000, series="s")
    looks.show(first)
    looks.set_numbers(Numbers(500, 100, 1.0))
    looks.choose("opened")
    looks.show(second)
    assert looks.display == first.pyramid.opened


def test_a_slider_reaches_over_what_there_is() -> None:
    looks = Looks()
    looks.show(image(7, 900))
    assert looks.span() == Limits(7, 900)
    looks.show(image(7, 900, nodata=900.0))
    assert looks.span() == Limits(7, 898)
    looks.show(image(3, 3))
    assert looks.span() == Limits(3, 4)


def test_a_window_is_known_by_its_name_where_other_channels_are_shown() -> None:
    window = ValueWindow("own", 100, 50)
    looks = Looks()
    looks.show(image(0, 1000, ("a", "b", "c", "d"), windows=(window,)))
    looks.set_composite((3, 2, 1))
    looks.choose(window)
    assert looks.display.composite == (3, 2, 1)
    assert looks.preset == window


BANDS = ("band 1", "band 2", "band 3", "band 4")


@pytest.mark.parametrize(
    "other",
    [
        {"folder": "landsat"},
        {"composite": (2, 1, 0)},
        {"georeference": PLACE, "pixel_size": PixelSize(30, 30)},
    ],
    ids=["folder", "composite", "resolution"],
)
def test_bands_that_were_chosen_are_not_taken_for_images_of_another_kind(other: dict[str, Any]) -> None:
    looks = Looks()
    naip = {"folder": "naip", "georeference": PLACE, "pixel_size": PixelSize(1, 1)}
    looks.show(image(0, 1000, BANDS, **naip))
    looks.set_composite((3, 1, 2))
    looks.show(image(0, 900, BANDS, **naip))
    assert looks.display.composite == (3, 1, 2)
    stranger = image(0, 1000, BANDS, **(naip | other))
    looks.show(stranger)
    assert looks.display == stranger.pyramid.opened


def test_a_window_is_found_by_its_name_where_the_image_offers_it() -> None:
    looks, own = Looks(), ValueWindow("40 / 350", 40, 350)
    looks.show(image(0, 1000, modality="CT", windows=(own,)))
    looks.choose_window("Lung")
    assert looks.preset == ValueWindow("Lung", -600, 1500)
    looks.choose_window("")
    assert looks.display == looks.opened and looks.numbers[:2] == (40, 350)
    looks.show(image(0, 1000, folder="mr", modality="MR"))
    assert looks.offers("Lung") is None and looks.offers("") is None


def test_a_window_that_the_file_calls_by_its_numbers_is_said_to_be_the_files() -> None:
    assert window_text(ValueWindow("40 / 350", 40, 350)) == "40 / 350 (file)"
    assert window_text(ValueWindow("", 40, 350)) == "40 / 350 (file)"
    assert window_text(ValueWindow("Lung", -600, 1500)) == "Lung: -600 / 1500"
