"""The first page: what one can begin with, and what was open last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPalette, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from labeltool.app.watching import begun
from labeltool.imaging.open import readable_suffixes
from labeltool.store.layout import seems_project
from labeltool.ui import recent, theme

GRID = 8
WIDTH = 904
ICON_PX = 32
PATH_ROLE = int(Qt.ItemDataRole.UserRole)
ANSWER_S = 0.3
"""The list waits for no longer for drives to say what is there; who answers later is listed anew."""
LOOK_MS = 500

STYLE = f"""
    QFrame#start\\.sheet {{ border: 2px dashed transparent; border-radius: 8px; }}
    QFrame#start\\.sheet[dropping="true"] {{ border-color: {theme.ACCENT}; }}
    QPushButton[choice="true"] {{ background: palette(base); border: 1px solid palette(mid); border-radius: 8px;
        padding: 0; }}
    QPushButton[choice="true"]:hover {{ border-color: {theme.ACCENT}; }}
    QPushButton[choice="true"]:pressed {{ background: palette(button); }}
    QPushButton[choice="true"]:focus {{ border: 2px solid {theme.ACCENT}; }}
    QListWidget#start\\.recent {{ background: transparent; border: 0; }}
    QListWidget#start\\.recent::item {{ border-radius: 4px; padding: 4px 8px; }}
    QListWidget#start\\.recent::item:hover {{ background: palette(base); }}
    QListWidget#start\\.recent::item:selected {{ background: {theme.ACCENT}; color: white; }}
"""


class Choice(QPushButton):
    """A large button: an icon, what it does, and what then happens."""

    def __init__(self, name: str, icon: str, title: str, text: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self.setProperty("choice", True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(True)
        self._icon_name = icon
        self._sign = QLabel()
        title_label, text_label = QLabel(title), QLabel(text)
        font = title_label.font()
        font.setPointSizeF(font.pointSizeF() * 1.25)
        font.setBold(True)
        title_label.setFont(font)
        text_label.setWordWrap(True)
        text_label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        column.setSpacing(GRID)
        for label in (self._sign, title_label, text_label):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(label)
        column.insertSpacing(1, GRID)
        column.addStretch()
        self.setMinimumHeight(22 * GRID)
        self.refresh_icon()

    def refresh_icon(self) -> None:
        """The colour scheme is another one."""
        self._sign.setPixmap(
            theme.icon(self._icon_name).pixmap(QSize(ICON_PX, ICON_PX), self.devicePixelRatioF())
        )

    def sizeHint(self) -> QSize:
        """As large as what lies on it."""
        layout = self.layout()
        return layout.sizeHint() if layout is not None else super().sizeHint()


class StartPage(QWidget):
    """Says what was chosen and does nothing itself. ``images_chosen`` gives files and folders (list[Path])."""

    images_chosen = Signal(list)
    project_chosen = Signal(Path)
    dropped = Signal(list)
    """Files and folders (list[Path]), whatever they are: a drive may take long to say."""
    sample_asked = Signal(str)
    new_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("start")
        self.setAccessibleName(self.tr("Start page"))
        self.setAcceptDrops(True)
        self.setStyleSheet(STYLE)
        self._asked: dict[Path, Future[bool]] = {}
        """Drives that have not answered yet; none is asked twice."""
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._look_again)
        self._choices = self._make_choices()
        self._sheet = QFrame()
        self._sheet.setObjectName("start.sheet")
        self._sheet.setMaximumWidth(WIDTH)
        column = QVBoxLayout(self._sheet)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self._heading())
        column.addWidget(_dim(self.tr("A model draws the mask, you correct it, VOC and COCO come out.")))
        column.addSpacing(3 * GRID)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        for choice in self._choices:
            row.addWidget(choice, 1)
        column.addLayout(row)
        column.addSpacing(GRID)
        column.addLayout(self._make_below())
        column.addSpacing(3 * GRID)
        column.addWidget(self._make_recent())
        around = QGridLayout(self)
        around.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        around.addWidget(self._sheet, 1, 1)
        for edge, share in ((0, 2), (2, 3)):  # the eye's centre lies a little above the middle
            around.setRowStretch(edge, share)
            around.setColumnStretch(edge, 1)
        around.setColumnStretch(1, 100)
        self.refresh()

    def refresh(self) -> None:
        """List again what was open last."""
        paths = recent.recent()
        there = self._look_for(paths)
        self._asked = {path: future for path, future in self._asked.items() if path in there}
        at_hand = self._list.currentItem()
        marked = None if at_hand is None else at_hand.data(PATH_ROLE)
        self._list.clear()
        for path in paths:
            self._list.addItem(self._item(path, there[path]))
        if marked in there:
            self._list.setCurrentRow(paths.index(marked))
        rows = sum(self._list.sizeHintForRow(i) for i in range(self._list.count()))
        self._list.setMaximumHeight(rows + 4)
        self._list.setMinimumHeight(min(rows + 4, 12 * GRID))
        self._last.setVisible(bool(paths))

    def _look_for(self, paths: Sequence[Path]) -> dict[Path, bool | None]:
        """Whether projects are there; None where a drive does not answer, which is heard later. Once it was waited for
        it is not waited for again."""
        known = {path: self._asked.pop(path) for path in paths if path in self._asked}
        new = {path: begun(partial(seems_project, path)) for path in paths if path not in known}
        wait(new.values(), ANSWER_S)
        asked = known | new
        self._asked |= {path: future for path, future in asked.items() if not future.done()}
        if self._asked:
            self._look.start()
        return {path: future.result() if future.done() else None for path, future in asked.items()}

    def _look_again(self) -> None:
        if any(future.done() for future in self._asked.values()):
            self.refresh()
        if not self._asked:
            self._look.stop()

    def refresh_icons(self) -> None:
        """The colour scheme is another one."""
        for choice in self._choices:
            choice.refresh_icon()
        self.refresh()

    # ---- making the widgets

    def _heading(self) -> QLabel:
        heading = QLabel("labeltool")
        font = heading.font()
        font.setPointSizeF(font.pointSizeF() * 2.4)
        font.setBold(True)
        heading.setFont(font)
        return heading

    def _make_choices(self) -> list[Choice]:
        images = Choice(
            "start.images",
            "ph.image",
            self.tr("Open images"),
            self.tr(
                "Choose files or a folder; a new project is made for them. The images stay where they are."
            ),
        )
        menu = QMenu(images)
        menu.setObjectName("start.images.menu")
        menu.addAction(_action(menu, "start.images.files", self.tr("Images…"), self._ask_files))
        menu.addAction(_action(menu, "start.images.folder", self.tr("A folder of images…"), self._ask_folder))
        # Not setMenu(): that runs an event loop of its own, in which a script that clicks would wait for ever.
        images.clicked.connect(lambda *_: menu.popup(images.mapToGlobal(images.rect().bottomLeft())))
        sample = Choice(
            "start.sample",
            "ph.flask",
            self.tr("Open the sample project"),
            self.tr("Ten real and drawn pictures, ready to be pre-labelled. Nothing is downloaded."),
        )
        sample.clicked.connect(lambda: self.sample_asked.emit("cells"))
        project = Choice(
            "start.open",
            "ph.folder-open",
            self.tr("Open a project"),
            self.tr("Go on where you stopped. Everything that was drawn has been saved."),
        )
        project.clicked.connect(self._ask_project)
        return [images, sample, project]

    def _make_below(self) -> QHBoxLayout:
        self._new = QPushButton(theme.icon("ph.file-plus"), self.tr("New project…"))
        self._new.setObjectName("start.new")
        self._new.setToolTip(self.tr("Choose the folder and the classes yourself"))
        self._new.clicked.connect(self.new_asked)
        row = QHBoxLayout()
        row.addWidget(_dim(self.tr("Or drop images, a folder or a project anywhere on this page.")), 1)
        self._aerial = aerial = QPushButton(theme.icon("ph.buildings"), self.tr("Aerial sample"))
        aerial.setObjectName("start.sample.aerial")
        aerial.setToolTip(self.tr("Towns from the air, drawn, with a model that finds buildings"))
        aerial.clicked.connect(lambda: self.sample_asked.emit("aerial"))
        row.addWidget(aerial)
        row.addWidget(self._new)
        return row

    def _make_recent(self) -> QWidget:
        self._last = QWidget()
        self._list = QListWidget()
        self._list.setObjectName("start.recent")
        self._list.setAccessibleName(self.tr("Opened last"))
        self._list.setIconSize(QSize(16, 16))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.itemActivated.connect(self._chosen)
        self._list.itemClicked.connect(self._chosen)
        forget = _action(self._list, "start.forget", self.tr("Take off this list"), self._forget)
        forget.setShortcut("Del")
        forget.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._list.addAction(forget)
        self._list.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        column = QVBoxLayout(self._last)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(_dim(self.tr("Opened last")))
        column.addWidget(self._list)
        return self._last

    def _item(self, path: Path, there: bool | None) -> QListWidgetItem:
        where = str(path.parent)
        if not there:
            gone, silent = (
                self.tr("not there any more, or its drive is not connected"),
                self.tr("its drive does not answer"),
            )
            where += f" · {gone if there is False else silent}"
        item = QListWidgetItem(theme.icon("ph.folder" if there else "ph.warning"), f"{path.name}    {where}")
        item.setData(PATH_ROLE, path)
        item.setToolTip(str(path))
        item.setSizeHint(QSize(0, 4 * GRID))
        if not there:
            item.setForeground(self.palette().placeholderText())
        return item

    # ---- choosing

    def _chosen(self, item: QListWidgetItem) -> None:
        path = item.data(PATH_ROLE)
        if self._look_for([path])[path] is not False:  # who opens it says that a drive does not answer
            self.project_chosen.emit(path)
        else:
            self.refresh()

    def _forget(self) -> None:
        item = self._list.currentItem()
        if item is not None:
            recent.forget(item.data(PATH_ROLE))
            self.refresh()

    def _ask_files(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in readable_suffixes())
        dialog = QFileDialog(self, self.tr("Open images"), filter=self.tr("Images") + f" ({patterns})")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda names: self.images_chosen.emit([Path(n) for n in names]))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _ask_folder(self) -> None:
        self._folder_dialog(self.tr("Open a folder of images"), lambda p: self.images_chosen.emit([p]))

    def _ask_project(self) -> None:
        self._folder_dialog(self.tr("Open a project"), self.project_chosen.emit)

    def _folder_dialog(self, title: str, then: Callable[[Path], None]) -> None:
        dialog = QFileDialog(self, title)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: then(Path(name)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    # ---- Qt's events

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and folders of this machine may be dropped."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._show_dropping(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Nothing is dropped after all."""
        self._show_dropping(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped, after the program it came from has been answered."""
        self._show_dropping(False)
        event.acceptProposedAction()
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        QTimer.singleShot(0, self, lambda: self.dropped.emit(paths))

    def showEvent(self, event: QShowEvent) -> None:
        """A project may have been opened meanwhile."""
        self.refresh()
        super().showEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Icons follow the colours, once the theme has settled."""
        if event.type() == QEvent.Type.PaletteChange:
            QTimer.singleShot(0, self, self.refresh_icons)
        super().changeEvent(event)

    def _show_dropping(self, dropping: bool) -> None:
        self._sheet.setProperty("dropping", dropping)
        self._sheet.style().unpolish(self._sheet)
        self._sheet.style().polish(self._sheet)


def _dim(text: str) -> QLabel:
    label = QLabel(text)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    label.setWordWrap(True)
    return label


def _action(parent: QWidget, name: str, text: str, run: Callable[[], None]) -> QAction:
    action = QAction(text, parent)
    action.setObjectName(name)
    action.triggered.connect(lambda *_: run())
    return action
