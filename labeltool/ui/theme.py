"""Dark and light: Qt's Fusion style with two palettes, one accent colour, one icon set."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from labeltool.ui import icons

Scheme = Literal["dark", "light", "system"]
ACCENT = "#3d8bfd"

_ROLES = {
    "dark": {
        "Window": "#232426",
        "WindowText": "#dcdcdc",
        "Base": "#1b1c1e",
        "AlternateBase": "#242528",
        "Text": "#dcdcdc",
        "Button": "#2e3033",
        "ButtonText": "#dcdcdc",
        "BrightText": "#ff6b6b",
        "ToolTipBase": "#34363a",
        "ToolTipText": "#e6e6e6",
        "PlaceholderText": "#8a8d91",
        "Mid": "#3a3c40",
        "Link": "#7fb2ff",
    },
    "light": {
        "Window": "#f3f3f3",
        "WindowText": "#1e1f21",
        "Base": "#ffffff",
        "AlternateBase": "#f6f7f8",
        "Text": "#1e1f21",
        "Button": "#e9eaec",
        "ButtonText": "#1e1f21",
        "BrightText": "#c92a2a",
        "ToolTipBase": "#ffffff",
        "ToolTipText": "#1e1f21",
        "PlaceholderText": "#6f7378",
        "Mid": "#c9cbcf",
        "Link": "#1a5fd0",
    },
}
_DISABLED = {"dark": "#6c6f74", "light": "#a2a5aa"}
_SURROUND = {"dark": "#17181a", "light": "#8f9194"}


def scheme() -> Scheme:
    """What the user has chosen; dark until then."""
    chosen = str(QSettings().value("scheme", "dark"))
    return chosen if chosen in ("dark", "light", "system") else "dark"  # type: ignore[return-value]


def effective() -> Literal["dark", "light"]:
    """Dark or light, the system's own where the user wants that."""
    chosen = scheme()
    if chosen == "system":
        is_light = QApplication.styleHints().colorScheme() == Qt.ColorScheme.Light
        return "light" if is_light else "dark"
    return chosen


def choose(wanted: Scheme) -> None:
    """Remember a scheme and apply it."""
    QSettings().setValue("scheme", wanted)
    apply()


def apply() -> None:
    """Give the whole program the colours of the scheme in force."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return
    app.setStyle("Fusion")
    hints = {"dark": Qt.ColorScheme.Dark, "light": Qt.ColorScheme.Light, "system": Qt.ColorScheme.Unknown}
    app.styleHints().setColorScheme(hints[scheme()])
    app.setPalette(_palette(effective()))
    app.setStyleSheet(_sheet(effective()))


def surround() -> QColor:
    """Neutral grey around the picture."""
    return QColor(_SURROUND[effective()])


def base() -> QColor:
    """What lists and curves lie on."""
    return QColor(_ROLES[effective()]["Base"])


def line() -> QColor:
    """Lines that part things."""
    return QColor(_ROLES[effective()]["Mid"])


def _palette(name: Literal["dark", "light"]) -> QPalette:
    palette = QPalette()
    for role, color in _ROLES[name].items():
        palette.setColor(getattr(QPalette.ColorRole, role), QColor(color))
    palette.setColor(QPalette.ColorRole.Highlight, QColor(ACCENT))
    palette.setColor(QPalette.ColorRole.Accent, QColor(ACCENT))
    palette.setColor(QPalette.ColorRole.HighlightedText, QColor("#ffffff"))
    for disabled in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, disabled, QColor(_DISABLED[name]))
    for filled in (QPalette.ColorRole.Highlight, QPalette.ColorRole.Accent):  # the groove of a slider
        palette.setColor(QPalette.ColorGroup.Disabled, filled, QColor(_ROLES[name]["Mid"]))
    return palette


def _sheet(name: Literal["dark", "light"]) -> str:
    line = _ROLES[name]["Mid"]
    return f"""
        QToolBar {{ border: 0; padding: 4px; spacing: 4px; }}
        QToolBar#tools {{ border-right: 1px solid {line}; }}
        QToolBar#top, QToolBar#workspaces {{ border-bottom: 1px solid {line}; }}
        QToolBar#workspaces {{ padding: 4px 8px; }}
        QToolBar#workspaces QToolButton {{ padding: 2px 8px; border-radius: 0; border-bottom: 2px solid transparent; }}
        QToolBar#workspaces QToolButton:checked {{ background: transparent; color: palette(window-text);
            border-bottom-color: {ACCENT}; }}
        QToolBar QToolButton {{ padding: 4px; border-radius: 4px; }}
        QToolBar QToolButton:hover {{ background: {line}; }}
        QToolBar QToolButton:checked {{ background: {ACCENT}; color: white; }}
        QDockWidget::title {{ padding: 6px 8px; text-align: left; }}
        QStatusBar {{ border-top: 1px solid {line}; }}
        QStatusBar::item {{ border: 0; }}
        QStatusBar QLabel {{ padding: 2px 8px; }}
        QListView, QTreeView, QTableView {{ border: 0; }}
        QPushButton {{ padding: 4px 12px; }}
        QLineEdit {{ border: 1px solid {line}; border-radius: 4px; padding: 3px 6px; background: palette(base); }}
        QLineEdit:focus {{ border-color: {ACCENT}; }}
        QAbstractSpinBox QLineEdit {{ border: 0; border-radius: 0; padding: 1px 2px; }}
        QCheckBox::indicator:unchecked {{ border: 1px solid {_DISABLED[name]}; border-radius: 2px;
            width: 13px; height: 13px; background: palette(base); }}
        QRadioButton::indicator:unchecked {{ border: 1px solid {_DISABLED[name]}; border-radius: 7px;
            width: 13px; height: 13px; background: palette(base); }}
        QPushButton#primary {{ background: {ACCENT}; color: white; border: 0; border-radius: 4px; padding: 6px 16px; }}
        QPushButton#primary:disabled {{ background: {line}; }}
        QFrame#banner {{ background: {ACCENT}; border: 0; }}
        QFrame#banner QLabel {{ color: white; }}
        QLabel#dim {{ color: {_DISABLED[name]}; }}
        QLabel#heading {{ font-size: 22px; }}
    """


def icon(name: str) -> QIcon:
    """An icon of the Phosphor set, in the colours of whatever scheme is in force when it is painted, white where it is
    checked."""
    return icons.icon(name, _ink)


def faint(name: str) -> QIcon:
    """An icon of something that is off but may be switched on."""
    return icons.icon(name, lambda mode, state: QApplication.palette().color(QPalette.ColorRole.Mid))


def _ink(mode: QIcon.Mode, state: QIcon.State) -> QColor:
    if mode == QIcon.Mode.Disabled:
        return QApplication.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    return (
        QColor("#ffffff")
        if state == QIcon.State.On
        else QApplication.palette().color(QPalette.ColorRole.Text)
    )
