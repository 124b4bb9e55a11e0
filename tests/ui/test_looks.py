"""What is chosen for one image, and what becomes of it for the next."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np

from labeltool.app.at_hand import OpenImage
from labeltool.core.geometry import Size
from labeltool.imaging.display import Limits, first_display
from labeltool.imaging.pyramid import ArrayPyramid
from labeltool.imaging.reader import ImageInfo, ValueWindow
from labeltool.imaging.view import View
from labeltool.ui.looks import Looks, Numbers


def image(
    low: int, high: int, channels: tuple[str, ...] = ("grey",), series: str = "", **more: object
) -> OpenImage:
    values = np.linspace(low, high, 20 * 30 * len(channels)).reshape(20, 30, -1).astype(np.uint16)
    composite = (0, 0, 0) if len(channels) == 1 else (0, 1, 2)
    info = ImageInfo(Size(30, 20), "tiff", "", dtype="uint16", channels=channels, composite=composite, **more)
    pyramid = ArrayPyramid(values, info)
    view = View(pyramid, first_display(info, values))
    return cast(OpenImage, SimpleNamespace(record=SimpleNamespace(series=series), pyramid=view))


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
