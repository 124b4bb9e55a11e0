"""The language of the window: the system's until somebody chooses one, which holds from the next start on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QLocale, QSettings, QTranslator
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QApplication

from labeltool.core.resources import resource
from labeltool.ui.part import Part

if TYPE_CHECKING:
    from labeltool.ui.action_set import ActionSet

KEY = "language"
LANGUAGES = {"language_system": "", "language_en": "en", "language_zh": "zh_CN"}
"""The name of the locale by the action that chooses it."""


def chosen() -> str:
    """The name of a locale, empty for the system's."""
    kept = str(QSettings().value(KEY, ""))
    return kept if kept in LANGUAGES.values() else ""


def speak(app: QApplication) -> None:
    """Translate the window, and with it Qt's own dialogs, where there is a translation into the language."""
    name = chosen()
    if name:
        QLocale.setDefault(QLocale(name))
    wanted = QLocale(
        name or next(iter(QLocale().uiLanguages()), "C")
    )  # the first, as English is there as well
    folders = {"qtbase": QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)}
    for file in ("labeltool", "qtbase"):
        translator = QTranslator(app)
        if not translator.load(wanted, file, "_", folders.get(file, str(resource("translations")))):
            return
        app.installTranslator(translator)


class Language(Part):
    """Chooses the language."""

    def runs(self) -> dict[str, Callable[[], object]]:
        """One action for each language."""
        return {id_: partial(self._choose, name) for id_, name in LANGUAGES.items()}

    def take_actions(self, actions: ActionSet) -> None:
        """The one that is chosen is checked."""
        group = QActionGroup(self)
        for id_, name in LANGUAGES.items():
            group.addAction(actions[id_])
            actions[id_].setChecked(name == chosen())

    def _choose(self, name: str) -> None:
        QSettings().setValue(KEY, name)
        self.told.emit(self.tr("The language changes when labeltool is started again"))
