"""Icons are painted in the colours of the scheme in force, and never made anew for it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from labeltool.core.errors import LabeltoolError
from labeltool.ui import theme


def lightness(icon: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal, state: QIcon.State = QIcon.State.Off) -> int:
    """0..255, of what covers its pixel most."""
    image = icon.pixmap(QSize(32, 32), mode, state).toImage()
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return max(pixels, key=lambda pixel: pixel.alpha()).lightness()


@pytest.mark.slow
def test_an_icon_follows_the_scheme_though_it_was_made_before(app: QApplication) -> None:
    theme.choose("dark")
    icon, faint = theme.icon("ph.plus"), theme.faint("ph.plus")
    dark = lightness(icon), lightness(faint)
    theme.choose("light")
    light = lightness(icon), lightness(faint)
    theme.choose("dark")
    assert dark[0] > 180
    assert light[0] < 80
    assert light[1] > dark[1]
    assert (lightness(icon), lightness(faint)) == dark


def test_an_icon_is_white_where_it_is_checked_and_dim_where_it_is_disabled(app: QApplication) -> None:
    theme.choose("dark")
    icon = theme.icon("ph.plus")
    assert lightness(icon, state=QIcon.State.On) == 255
    assert lightness(icon, QIcon.Mode.Disabled) < lightness(icon)


def test_an_icon_that_the_set_does_not_have_is_an_error_that_names_it() -> None:
    with pytest.raises(LabeltoolError, match="no-such-icon"):
        theme.icon("ph.no-such-icon")
