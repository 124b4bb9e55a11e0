"""The formats of a group as a list to choose from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, QSettings, Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox

from labeltool import plugins
from labeltool.app.saving import Saver
from labeltool.core.errors import LabeltoolError
from labeltool.core.project import ImageRecord

USUAL = ("coco", "voc", "yolo", "png", "cvat", "labelme")
"""What most people want, in this order before the others."""

SUITED = {"geotiff": "geotiff", "dicom": "nifti", "nifti": "nifti"}
"""The format that suits images of a kind best; that of all others is COCO."""


def fill_formats(combo: QComboBox, group: str) -> None:
    """List the titles, the names as data; one that cannot be loaded is greyed and its tooltip says why."""
    model = combo.model()
    assert isinstance(model, QStandardItemModel)
    names = plugins.names(group)
    for name in sorted(names, key=lambda n: (USUAL.index(n) if n in USUAL else len(USUAL), n)):
        try:
            title = QCoreApplication.translate("Formats", plugins.load(group, name).title)
            combo.addItem(title, name)
        except LabeltoolError as error:
            combo.addItem(name, None)
            combo.setItemData(combo.count() - 1, str(error), Qt.ItemDataRole.ToolTipRole)
            model.item(combo.count() - 1).setEnabled(False)
    usable = next((i for i in range(combo.count()) if combo.itemData(i) is not None), -1)
    combo.setCurrentIndex(usable)


def start_format(combo: QComboBox, dialog: str, records: Iterable[ImageRecord]) -> None:
    """Choose the format that was last used for images of this kind in the ``dialog``, at first one that suits them."""
    suited = _suited(records)
    for name in (str(QSettings().value(_key(dialog, suited), "")), suited):
        if name and (at := combo.findData(name)) >= 0:
            combo.setCurrentIndex(at)
            return


def remember_format(name: str, dialog: str, records: Iterable[ImageRecord]) -> None:
    """The ``dialog`` starts with this format from now on, where images are of this kind."""
    QSettings().setValue(_key(dialog, _suited(records)), name)


def _suited(records: Iterable[ImageRecord]) -> str:
    found = Counter(SUITED.get(record.kind, "coco") for record in records)
    return found.most_common(1)[0][0] if found else "coco"


def _key(dialog: str, suited: str) -> str:
    return f"dialogs/{dialog}/format/{suited}"


def saved_first(saver: Saver) -> None:
    """Wait, off the GUI thread, until every stroke is on disk; LabeltoolError when that does not work."""
    if not saver.flush():
        why = saver.error
        raise LabeltoolError(
            "strokes are still waiting to be saved" + (f": {why.message}" if why else ""),
            file=why.file if why else None,
            hint=(why.hint if why else None) or "Try again in a moment",
        )
