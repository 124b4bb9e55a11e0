"""An image that could not be opened: in its place the canvas says why, and offers what can be done about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QColor, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from labeltool.app.sources import Problem, SourceError
from labeltool.core.errors import LabeltoolError
from labeltool.core.project import ImageRecord
from labeltool.ui import icons
from labeltool.ui.annotate import Annotate
from labeltool.ui.dialogs.failure import explain, sentence
from labeltool.ui.panels.images import ImagePanel
from labeltool.ui.part import Part
from labeltool.ui.troubles import words_of_file, words_of_labels, words_of_scan

if TYPE_CHECKING:
    # What a project needs is imported when one is opened: the start page is up sooner.
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.workbench import Workbench
    from labeltool.ui.action_set import ActionSet

translate = QCoreApplication.translate

LATE_MS = 5_000
"""What takes longer to open is told of."""
WIDEST_PX, MARGIN_PX, ROOM_PX, SIGN_PX = 560, 16, 24, 32
AMBER = "#e69f00"
BREAK = "\u200b"
"""A long path may be broken here."""
STYLE = """
    QFrame#unopened { background: palette(window); border: 1px solid palette(mid); border-radius: 8px; }
    QLabel#unopened\\.title { font-size: 16px; }
"""


class Reason(NamedTuple):
    """Why an image is not shown: a title, what happened and what to do, which file, and what the first button says."""

    title: str
    text: str
    file: str
    remedy: str


def reason_of(record: ImageRecord, error: LabeltoolError, *, labels: bool, editable: bool) -> Reason:
    """In words. ``labels``: the image's mask file is damaged. What is only looked at can only be tried again."""
    safe = translate("Unopened", "Its labels are safe in the project.")
    again, find = translate("Unopened", "Try again"), translate("Unopened", "Find it…")
    file = error.file or str(record.path)
    if labels:
        title = translate("Unopened", "The labels of {name} are damaged")
        what = sentence(error.message)
        text = (
            translate("Unopened", "No mask is shown instead of them. Other images can be worked on.")
            if editable
            else translate("Unopened", "They can be restored where the project is open for editing.")
        )
        remedy = translate("Unopened", "Restore the labels…") if editable else again
        return Reason(title.format(name=record.name), f"{what} {text}", file, remedy)
    if not isinstance(error, SourceError):
        title = translate("Unopened", "{name} could not be opened")
        return Reason(title.format(name=record.name), explain(error), file, again)
    if error.problem is Problem.MISSING:
        title = translate("Unopened", "{name} is missing")
        text = translate(
            "Unopened", "The file was moved, renamed or deleted, or its drive is not connected. {safe}"
        )
    elif error.problem is Problem.CHANGED:
        title = translate("Unopened", "The file of {name} is another one now")
        text = translate(
            "Unopened",
            "It was replaced, changed or damaged: it holds other bytes than when it was added. {safe} They are "
            "not shown on a picture that they do not belong to.",
        )
    else:
        title, text = translate("Unopened", "{name} cannot be read"), sentence(error.message) + " {safe}"
    return Reason(title.format(name=record.name), text.format(safe=safe), file, find if editable else again)


class Card(QFrame):
    """In the middle of the canvas. It says what was asked for and does nothing itself."""

    remedy_asked = Signal()
    remove_asked = Signal()

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.setObjectName("unopened")
        self.setStyleSheet(STYLE)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        sign = QLabel()
        sign.setPixmap(
            icons.icon("ph.warning", lambda mode, state: QColor(AMBER)).pixmap(QSize(SIGN_PX, SIGN_PX))
        )
        self._title = self._label("title")
        self._text = self._label("text")
        self._file = self._label("file")
        self._file.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.remedy = self._button("remedy")
        self.remedy.clicked.connect(self.remedy_asked)
        self.remove = self._button("remove")
        self.remove.setText(self.tr("Remove from the project…"))
        self.remove.clicked.connect(self.remove_asked)
        self._on = self._button("on")
        self._on.clicked.connect(self._go_on)
        self._action: QAction | None = None
        buttons = QHBoxLayout()
        for button in (self.remedy, self._on, self.remove):
            buttons.addWidget(button)
        buttons.addStretch(1)
        says = QVBoxLayout()
        says.setSpacing(8)
        for label in (self._title, self._text, self._file):
            says.addWidget(label)
        says.addSpacing(8)
        says.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(ROOM_PX, ROOM_PX, ROOM_PX, ROOM_PX)
        row.setSpacing(MARGIN_PX)
        row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(says, 1)
        canvas.installEventFilter(self)
        self.hide()

    def _label(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(f"unopened.{name}")
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    def _button(self, name: str) -> QPushButton:
        button = QPushButton()
        button.setObjectName(f"unopened.{name}")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the canvas
        return button

    def say(self, reason: Reason, *, editable: bool, on: QAction | None) -> None:
        """Show why, and ``on`` for going on to another image, None where there is none."""
        self._title.setText(reason.title)
        self._text.setText(reason.text)
        self._file.setText(reason.file.replace("/", f"/{BREAK}").replace("\\", f"\\{BREAK}"))
        self._file.setToolTip(reason.file)
        self.setAccessibleName(reason.title)
        self.setAccessibleDescription(f"{reason.text} {reason.file}")
        self.remedy.setText(reason.remedy)
        self.remove.setVisible(editable)
        self._action = on
        self._on.setVisible(on is not None)
        if on is not None:
            self._on.setText(on.text())
            self._on.setToolTip(on.toolTip())
        self.show()
        self._place()
        self.raise_()

    def _go_on(self) -> None:
        if self._action is not None:
            self._action.trigger()

    def _place(self) -> None:
        canvas = self.parentWidget()
        layout = self.layout()
        if canvas is None or layout is None:
            return
        least = layout.totalMinimumSize().width()
        self.setFixedWidth(max(least, min(WIDEST_PX, canvas.width() - 2 * MARGIN_PX)))
        self.setFixedHeight(layout.totalHeightForWidth(self.width()))
        self.move((canvas.width() - self.width()) // 2, max(0, (canvas.height() - self.height()) // 2))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the middle of a canvas that is resized."""
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._place()
        return super().eventFilter(watched, event)


class Unopened(Part):
    """Follows the image that is wanted. What is wrong with an image is marked in every list, too, from whichever side
    it becomes known, until the image can be opened."""

    remove_asked = Signal(list)
    """Records of images that are to be taken out of the project."""

    def __init__(self, annotate: Annotate, images: ImagePanel, window: QObject) -> None:
        super().__init__(window)
        self._annotate, self._images = annotate, images
        self._troubles = images.pictures.troubles
        self._bench: Workbench | None = None
        self._actions: ActionSet | None = None
        self._record: ImageRecord | None = None
        self._opening = ""
        self._late = QTimer(self, interval=LATE_MS, singleShot=True)
        self._late.timeout.connect(lambda: self.noted_of_image.emit(self._opening))
        self.card = Card(annotate.canvas)
        self.card.remedy_asked.connect(self._again)
        self.card.remove_asked.connect(self._remove)

    def take_actions(self, actions: ActionSet) -> None:
        """See the base."""
        self._actions = actions

    def attach(self, bench: Workbench | None) -> None:
        """See the base."""
        self._bench = bench
        self._leave()
        if bench is not None:
            bench.image_opening.connect(self._begun)
            bench.image_opened.connect(self._opened)

    def _begun(self, record: ImageRecord) -> None:
        self._end_waiting()
        text = self.tr("Still opening {name}: it is a large image, or its drive does not answer.")
        self._opening = text.format(name=record.name)
        self._late.start()

    def _opened(self, image: OpenImage | None) -> None:
        self._leave()
        if image is not None:
            self._troubles.clear(image.record.id)

    def _end_waiting(self) -> None:
        self._late.stop()
        self.outdated.emit(self._opening)
        self._opening = ""

    def _leave(self) -> None:
        self._end_waiting()
        self._record = None
        self.card.hide()

    def takes_failure(self, record: ImageRecord, error: LabeltoolError) -> bool:
        """See the base. What other parts ask about it stays on the canvas when nobody has answered."""
        bench = self._bench
        if bench is None or self._annotate.image is not None or bench.wanted != record.id:
            return False
        labels = self._is_of_labels(bench, record, error)
        self._troubles.note(
            record.id, *(("labels", words_of_labels()) if labels else ("file", words_of_file(error)))
        )
        self._record = record
        self._images.show_current(record.id)
        reason = reason_of(record, error, labels=labels, editable=bench.editable)
        self.card.say(reason, editable=bench.editable, on=self._way_on(record))
        return False

    @staticmethod
    def _is_of_labels(bench: Workbench, record: ImageRecord, error: LabeltoolError) -> bool:
        from labeltool.store.database import DamagedError  # noqa: PLC0415
        from labeltool.store.layout import mask_path  # noqa: PLC0415

        return isinstance(error, DamagedError) and error.file == str(mask_path(bench.store.root, record.id))

    def _way_on(self, record: ImageRecord) -> QAction | None:
        """To the next image of those that are listed, to the one before at their end."""
        ids = [each.id for each in self._images.listed()]
        if self._actions is None or not ids or ids == [record.id]:
            return None
        return self._actions["previous_image" if ids[-1] == record.id else "next_image"]

    def _again(self) -> None:
        """Open it again: where it still cannot be opened, who can help asks once more."""
        if self._bench is not None and self._record is not None:
            self._bench.open_image(self._record.id)

    def _remove(self) -> None:
        if self._record is not None:
            self.remove_asked.emit([self._record])

    # ---- what becomes known elsewhere

    def note_lost(self, records: list[ImageRecord]) -> None:
        """A search has not found these."""
        self._troubles.note_all((record.id for record in records), "file", words_of_scan())

    def note_found(self, image_id: str) -> None:
        """The file of this one is there again."""
        self._troubles.note(image_id, "file", "")

    def note_damaged(self, mask_file: str) -> None:
        """A look at this mask file has found it damaged."""
        self._troubles.note(Path(mask_file).stem, "labels", words_of_labels())
