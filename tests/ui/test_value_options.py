"""Options that are numbers among an image's own values: the bar follows the image at hand, and so does the tool."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import cv2
import numpy as np
import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDoubleSpinBox

from labeltool.app.at_hand import OpenImage
from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.imaging.display import first_display
from labeltool.imaging.open import open_image
from labeltool.imaging.pyramid import ArrayPyramid
from labeltool.imaging.reader import ImageInfo, ValueWindow
from labeltool.imaging.view import View
from labeltool.store.project import ProjectStore
from labeltool.tools.tool import LARGEST_VALUE
from labeltool.ui.looks import Looks
from labeltool.ui.main import open_window
from labeltool.ui.window import MainWindow
from tests.ui.test_seeing import at, drag, until

WIDTH, HEIGHT = 300, 200


def deep(low: int, high: int) -> np.ndarray:
    return np.linspace(low, high, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH).astype(np.uint16)


def shown(folder: Path, *images: Path) -> MainWindow:
    with ProjectStore.create(folder / "project", "p", ClassCatalog.from_names(["bone"])) as store:
        add_images(store, images)
    made = open_window(folder / "project")
    made.resize(1280, 720)
    until(lambda: made.annotate.image is not None)
    QTest.qWaitForWindowExposed(made)
    made.annotate.canvas.fit()
    made.actions_["threshold"].trigger()
    return made


@pytest.fixture
def window(app: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    """A 16-bit image of 100 to 4000, one of 50 to 900, and an 8-bit one."""
    cv2.imwrite(str(tmp_path / "a.png"), deep(100, 4000))
    cv2.imwrite(str(tmp_path / "b.png"), deep(50, 900))
    cv2.imwrite(str(tmp_path / "c.png"), np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
    made = shown(tmp_path, *(tmp_path / f"{name}.png" for name in "abc"))
    yield made
    made.close()


def field(window: MainWindow, name: str) -> QDoubleSpinBox:
    """The newest one; those before it go when Qt comes to it."""
    return window.findChildren(QDoubleSpinBox, f"option.threshold.{name}")[-1]


def texts(window: MainWindow) -> tuple[str, str]:
    return field(window, "low").text(), field(window, "high").text()


@pytest.mark.parametrize(
    ("least", "largest", "wanted"),
    [
        (-0.2, 1.0, (-0.2, 1.0, 0.001)),
        (200.04, 812.31, (200.0, 812.4, 0.1)),
        (3.0, 3.0, (3.0, 3.000001, 1e-9)),
        (-3.4e38, 900.0, (-LARGEST_VALUE, 900.0, 0.1)),
        (math.nan, math.nan, (0.0, 1.0, 0.001)),
    ],
)
def test_the_range_of_fractions_is_rounded_outwards_and_as_fine_as_it_is_narrow(
    least, largest, wanted
) -> None:
    values = np.full((20, 30, 1), least, np.float64)
    values[-1, -1] = largest
    info = ImageInfo(
        Size(30, 20), "tiff", "", dtype="float64", channels=("m",), composite=(0, 0, 0), unit="m"
    )
    view = View(ArrayPyramid(values, info), first_display(info, values))
    looks = Looks()
    looks.show(
        cast(OpenImage, SimpleNamespace(record=SimpleNamespace(series="", path=Path("m.tif")), pyramid=view))
    )
    found = looks.values()
    assert found is not None
    assert found[1:4] == pytest.approx(wanted, rel=1e-6)
    assert (found.kind, found.unit) == (("", "float64", "m"), "m")


def go_on(window: MainWindow) -> None:
    before = window.annotate.image
    window.actions_["next_image"].trigger()
    until(lambda: window.annotate.image not in (None, before))


def test_the_bar_asks_the_image_at_hand_and_numbers_of_8_bit_images_are_kept_apart(
    window: MainWindow,
) -> None:
    assert texts(window) == ("2058", "4000")
    field(window, "low").setValue(1500)
    go_on(window)
    assert texts(window) == ("1500", "900")
    go_on(window)
    assert texts(window) == ("128", "255")
    field(window, "high").setValue(200)
    window.actions_["previous_image"].trigger()
    until(lambda: texts(window) == ("1500", "900"))


def test_what_is_typed_when_the_next_image_comes_belongs_to_the_one_it_was_typed_for(
    window: MainWindow,
) -> None:
    go_on(window)
    window.activateWindow()
    field(window, "low").setFocus()
    field(window, "low").selectAll()
    QTest.keyClicks(field(window, "low"), "77")
    go_on(window)
    assert texts(window) == ("128", "255")
    window.actions_["previous_image"].trigger()
    until(lambda: texts(window) == ("77", "900"))


def test_a_drag_selects_the_values_that_were_typed_whatever_is_displayed(window: MainWindow) -> None:
    which = window.findChild(QComboBox, "option.threshold.which")
    which.setCurrentIndex(2)
    field(window, "low").setValue(700)
    field(window, "high").setValue(1999)
    values, masks = deep(100, 4000), []
    for width in (10, 3000):
        window.annotate.looks.choose(ValueWindow("", 1000, width))
        drag(window, at(window, -5, -5), at(window, WIDTH / 2, HEIGHT / 2), at(window, WIDTH + 5, HEIGHT + 5))
        image = window.annotate.image
        assert image is not None
        session = image.session
        until(lambda session=session: session.mask.read("label").any())
        masks.append(session.mask.read("label") == 1)
        session.undo()
    wanted = (values >= 700) & (values <= 1999)
    assert all(np.array_equal(mask, wanted) for mask in masks)


def test_a_ct_is_asked_for_in_hounsfield_units(app: QApplication, tmp_path: Path, shared_data: Path) -> None:
    scan = shared_data / "medical/dicom/ct_pelvis_512_window.dcm"
    reader = open_image(scan)
    values = reader.read()
    known = values[values != reader.info.nodata]
    made = shown(tmp_path, scan)
    middle = (float(known.min()) + float(known.max())) / 2
    assert texts(made)[1] == f"{known.max()} HU"
    assert field(made, "low").value() == pytest.approx(middle, abs=10)
    made.close()
