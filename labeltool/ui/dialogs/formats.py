"""The formats of a group as a list to choose from."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox

from labeltool import plugins
from labeltool.app.saving import Saver
from labeltool.core.errors import LabeltoolError


def fill_formats(combo: QComboBox, group: str) -> None:
    """List the titles, the names as data; one that cannot be loaded is greyed and its tooltip says why."""
    model = combo.model()
    assert isinstance(model, QStandardItemModel)
    for name in plugins.names(group):
        try:
            title = QCoreApplication.translate("Formats", plugins.load(group, name).title)
            combo.addItem(title, name)
        except LabeltoolError as error:
            combo.addItem(name, None)
            combo.setItemData(combo.count() - 1, str(error), Qt.ItemDataRole.ToolTipRole)
            model.item(combo.count() - 1).setEnabled(False)
    usable = next((i for i in range(combo.count()) if combo.itemData(i) is not None), -1)
    combo.setCurrentIndex(usable)


def saved_first(saver: Saver) -> None:
    """Wait, off the GUI thread, until every stroke is on disk; LabeltoolError when that does not work."""
    if not saver.flush():
        why = saver.error
        raise LabeltoolError(
            "strokes are still waiting to be saved" + (f": {why.message}" if why else ""),
            file=why.file if why else None,
            hint=(why.hint if why else None) or "Try again in a moment",
        )
