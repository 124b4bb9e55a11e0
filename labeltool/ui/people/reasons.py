"""Why an image is rejected: a line or three of text, and the last few reasons to choose from."""

from __future__ import annotations

import json

from PySide6.QtCore import QSettings, QSize, Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListWidget, QListWidgetItem, QWidget

from labeltool.ui.dialogs.frame import GRID, Dialog, label
from labeltool.ui.people.writing import Writer

LAST, MOST = "people/reasons", 5
ROW_PX = 3 * GRID


class RejectDialog(Dialog):
    """After it was accepted ask :attr:`reason`."""

    def __init__(self, name: str, parent: QWidget | None) -> None:
        super().__init__("reject", self.tr("Reject {name}").format(name=name), parent, QSize(460, 0))
        self._said = label(
            self.tr("What is to be changed? Whoever opens the image again reads this."),
            name="dialog.reject.says",
        )
        self.writer = Writer("dialog.reject.reason", self.tr("The reason"), 3, 6)
        self.writer.sent.connect(self._confirm)
        self.writer.left.connect(self.reject)
        self.column.addWidget(self._said)
        self.column.addWidget(self.writer)
        self.earlier = self._list(last_reasons())
        self._run = self.add_buttons(self.tr("Reject"), self.tr("Cancel"))
        self._run.clicked.connect(self._confirm)
        self.writer.textChanged.connect(self._check)
        self._check()
        self.writer.setFocus()

    def _list(self, reasons: list[str]) -> QListWidget:
        """The last reasons: a click puts one into the field, a double click rejects with it."""
        rows = QListWidget()
        rows.setObjectName("dialog.reject.earlier")
        rows.setAccessibleName(self.tr("Earlier reasons"))
        rows.setFrameShape(QFrame.Shape.NoFrame)
        rows.viewport().setAutoFillBackground(False)
        rows.setTextElideMode(Qt.TextElideMode.ElideRight)
        rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        for reason in reasons:
            item = QListWidgetItem(" ".join(reason.split()), rows)
            item.setData(Qt.ItemDataRole.UserRole, reason)
            item.setToolTip(reason)
            item.setSizeHint(QSize(0, ROW_PX))
        rows.setFixedHeight(max(1, len(reasons)) * ROW_PX + 2)
        rows.itemClicked.connect(self._take)
        rows.itemActivated.connect(self._take)
        rows.itemDoubleClicked.connect(lambda _: self._confirm())
        heading = label(self.tr("Earlier reasons"), dim=True)
        for widget in (heading, rows):
            self.column.addWidget(widget)
            widget.setVisible(bool(reasons))
        return rows

    def _take(self, item: QListWidgetItem) -> None:
        self.writer.setPlainText(item.data(Qt.ItemDataRole.UserRole))
        self.writer.selectAll()
        self.writer.setFocus()

    @property
    def reason(self) -> str:
        """What was written."""
        return self.writer.text

    def _check(self) -> None:
        self._run.setEnabled(bool(self.reason))

    def _confirm(self) -> None:
        if self.reason:
            remember_reason(self.reason)
            self.accept()


def last_reasons() -> list[str]:
    """The last few reasons, newest first."""
    try:
        found = json.loads(str(QSettings().value(LAST, "[]")))
    except ValueError:
        return []
    return [each for each in found if isinstance(each, str)][:MOST] if isinstance(found, list) else []


def remember_reason(reason: str) -> None:
    """This one is the newest."""
    others = [each for each in last_reasons() if each != reason]
    QSettings().setValue(LAST, json.dumps([reason, *others][:MOST]))
