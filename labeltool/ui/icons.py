"""Icons from the Phosphor font that QtAwesome ships.

QtAwesome itself is not imported: it pulls in a wrapper around all of Qt, which takes longer than our whole window.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

from labeltool.core.errors import LabeltoolError

PREFIX = "ph."

Ink = Callable[[QIcon.Mode, QIcon.State], QColor]
"""The colour of an icon that is enabled or not, checked or not. It is asked for at each painting."""


@cache
def _fonts() -> Path:
    spec = find_spec("qtawesome")
    if spec is None or not spec.submodule_search_locations:
        raise LabeltoolError("the icons are missing", hint="pip install QtAwesome")
    return Path(spec.submodule_search_locations[0]) / "fonts"


@cache
def _glyphs() -> dict[str, str]:
    """Name of an icon -> its code point in hexadecimal digits."""
    found = next(_fonts().glob("phosphor-charmap*.json"))
    glyphs: dict[str, str] = json.loads(found.read_text(encoding="utf-8"))
    return glyphs


@cache
def _family() -> str:
    number = QFontDatabase.addApplicationFont(str(next(_fonts().glob("phosphor*.ttf"))))
    return QFontDatabase.applicationFontFamilies(number)[0]


class GlyphEngine(QIconEngine):
    """Paints one character of the icon font at any size."""

    def __init__(self, glyph: str, ink: Ink) -> None:
        super().__init__()
        self._glyph, self._ink = glyph, ink

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Qt asks."""
        font = QFont(_family())
        font.setPixelSize(max(1, round(rect.height() * 0.94)))
        painter.save()
        painter.setFont(font)
        painter.setPen(self._ink(mode, state))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._glyph)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Qt asks."""
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        """Qt asks when an icon is copied and changed."""
        return GlyphEngine(self._glyph, self._ink)


def icon(name: str, ink: Ink) -> QIcon:
    """The icon ``ph.<name>``; LabeltoolError when the set has none of this name."""
    code = _glyphs().get(name.removeprefix(PREFIX))
    if code is None:
        raise LabeltoolError(f"there is no icon called {name!r}")
    return QIcon(GlyphEngine(chr(int(code, 16)), ink))
