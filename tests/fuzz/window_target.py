"""What the window remembers from one start to the next, as a target."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fuzz.bench import Asked, Specimen, Target, read_all

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QMainWindow

from labeltool import plugins
from labeltool.app.toolbox import Hand
from labeltool.ui import language, recent, remembered, seeing, theme
from labeltool.ui.actions import table
from labeltool.ui.keys import Keymap
from labeltool.ui.main import application, put_where_it_was
from labeltool.ui.offers import offers
from labeltool.ui.people import reasons
from labeltool.ui.queue import dialog, panel


class WindowTarget(Target):
    """The settings' file: nothing in it keeps the window from opening."""

    def __init__(self) -> None:
        self._app = application()
        self._tools = [plugins.load("labeltool.tools", name) for name in plugins.names("labeltool.tools")]
        self._folder = Path()

    @contextmanager
    def around(self) -> Iterator[None]:
        """Settings lie in the case's folder, as INI on every system."""
        before = QSettings.defaultFormat()
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        try:
            yield
        finally:
            QSettings.setDefaultFormat(before)

    def specimens(self, folder: Path) -> list[Specimen]:
        """Everything that the window keeps."""
        self._in(folder)
        settings = QSettings()
        window = QMainWindow()
        settings.setValue("window/geometry", window.saveGeometry())
        for key, value in (
            ("scheme", "light"),
            (language.KEY, "en"),
            (offers.SETTING, True),
            (seeing.WHEEL_TURNS, False),
            (panel.GO_ON, True),
        ):
            settings.setValue(key, value)
        recent.remember(Path("/nowhere/one"))
        recent.remember(Path("/nowhere/two"))
        reasons.remember_reason("a reason")
        Keymap.load(table()).save()
        settings.setValue(dialog.OPTIONS, '{"count": 7, "regions": true}')
        remembered.keep_radius(12.5)
        for tool in self._tools:
            for option in tool.options:
                remembered.keep_option(tool, option.id, option.default)
        settings.sync()
        return [Specimen("settings", read_all(folder))]

    def read(self, folder: Path, ask: Asked) -> None:
        """All that is read when the window opens."""
        self._in(folder)
        ask("the colours", theme.scheme)
        ask("the language", language.chosen)
        ask("the projects", recent.recent)
        ask("the keys", lambda: Keymap.load(table()))
        ask("the reasons", reasons.last_reasons)
        ask("the options of a queue", dialog.remembered)
        hand = Hand()
        ask("the hand", lambda: remembered.restore(hand, self._tools))
        for key in (offers.SETTING, panel.GO_ON, seeing.WHEEL_TURNS):
            ask(f"the switch {key}", lambda k=key: QSettings().value(k, False, bool))
        ask("the place of the window", _placed)

    def _in(self, folder: Path) -> None:
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))


def _placed() -> bool:
    """As the window is placed."""
    window = QMainWindow()
    found = put_where_it_was(window)
    window.show()
    window.close()
    return found
