"""The panel of comments: those of the image at hand or of the whole project, open ones first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labeltool.ui.dialogs.frame import GRID, label
from labeltool.ui.dialogs.job_bar import JobBar
from labeltool.ui.people.comment_rows import CommentList, Row, in_order

IMAGE, PROJECT = "image", "project"


class CommentsPanel(QWidget):
    """Shows and asks; it knows of no project."""

    scope_asked = Signal()
    row_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel.comments")
        self._rows: list[Row] = []
        self._editable, self._key = False, ""
        self._scope = QComboBox()
        self._scope.setObjectName("comments.scope")
        self._scope.setAccessibleName(self.tr("Comments of"))
        self._scope.addItem(self.tr("This image"), IMAGE)
        self._scope.addItem(self.tr("Whole project"), PROJECT)
        self._scope.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._scope.activated.connect(lambda _: self.scope_asked.emit())
        self._resolved = QCheckBox(self.tr("Resolved"))
        self._resolved.setObjectName("comments.resolved")
        self._resolved.setToolTip(self.tr("List resolved comments as well, after the open ones"))
        self._resolved.setChecked(True)
        self._resolved.toggled.connect(lambda _: self._relist())
        self.list = CommentList(self)
        self.list.asked.connect(self.row_asked)
        self._empty = label(name="comments.empty", dim=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.list)
        self.job = JobBar("comments")
        self._add = QToolButton()
        self._add.setObjectName("comments.add")
        self._add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._add.setAutoRaise(True)
        self._count = QLabel()
        self._count.setObjectName("comments.count")
        self._lay_out()
        self._relist()

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        above.setSpacing(GRID)
        above.addWidget(self._scope, 1)
        above.addWidget(self._resolved)
        below = QHBoxLayout()
        below.setContentsMargins(0, 0, GRID, GRID // 2)
        below.addWidget(self._add)
        below.addStretch(1)
        below.addWidget(self._count)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(above)
        column.addWidget(self._pages, 1)
        column.addWidget(self.job)
        column.addLayout(below)
        self.job.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)

    def take_actions(self, actions: Mapping[str, QAction]) -> None:
        """The button that begins a comment is the window's action."""
        action = actions["comment"]
        self._key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setIconText(self.tr("Comment…"))
        self._add.setDefaultAction(action)
        self._relist()

    # ---- what is so

    @property
    def scope(self) -> str:
        """IMAGE or PROJECT."""
        return str(self._scope.currentData())

    def choose_scope(self, scope: str) -> None:
        """List these, without asking for them."""
        with QSignalBlocker(self._scope):
            self._scope.setCurrentIndex(self._scope.findData(scope))

    def show_rows(self, rows: Sequence[Row], *, editable: bool) -> None:
        """All threads of what is listed; which are wanted is asked here."""
        self._rows, self._editable = list(rows), editable
        self._relist()

    def _relist(self) -> None:
        rows = in_order([row for row in self._rows if self._resolved.isChecked() or not row.thread.resolved])
        self.list.model_.show_rows(rows, names_images=self.scope == PROJECT)
        self._empty.setText(self._why_empty())
        self._pages.setCurrentWidget(self.list if rows else self._empty)
        still_open = sum(not row.thread.resolved for row in self._rows)
        text = self.tr("{n} open of {count}").format(n=still_open, count=len(self._rows))
        self._count.setText(text if self._rows else "")

    def _why_empty(self) -> str:
        if self.job.running:
            return ""
        if self._rows:
            return self.tr("All comments are resolved.")
        none = self.tr("No comments on this image.")
        if self.scope == PROJECT:
            none = self.tr("No comments in this project.")
        how = self.tr("Point at a place in the image and press {key}.").format(key=self._key)
        return f"{none}\n{how}" if self._editable and self._key else none
