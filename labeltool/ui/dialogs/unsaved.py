"""What is asked when a project is to be closed and not everything of it could be saved."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QCoreApplication, QSize, Qt, QTime, QTimer
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from labeltool.core.errors import LabeltoolError
from labeltool.ui.dialogs.failure import sentence
from labeltool.ui.dialogs.frame import GRID, Dialog, label, make_primary, show_problem
from labeltool.ui.people.words import status_text
from labeltool.ui.unsaved import reason_text, shown_path

if TYPE_CHECKING:
    from labeltool.app.people.pending import Pending
    from labeltool.app.saving import Behind
    from labeltool.app.workbench import Workbench

translate = QCoreApplication.translate

LOOK_MS = 100
BUSY_S = 0.4
"""An attempt is seen for so long at least, however soon it failed."""
NAMED = 5
"""Images that are named; of the others the number is given."""


class _Trying(NamedTuple):
    """An attempt that somebody asked for: which was the last before, and since when it is under way."""

    after: int
    since_s: float


class UnsavedDialog(Dialog):
    """Accepted once nothing would be lost by closing, or somebody has typed that it shall be. While it is open saving
    is tried again all the time, and it goes by itself when that works."""

    def __init__(self, bench: Workbench, parent: QWidget | None) -> None:
        super().__init__("unsaved", self.tr("Not everything is saved"), parent, QSize(640, 320))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        self._bench = bench
        self.discarded = False
        """True when somebody has decided to lose what could not be saved."""
        self._kept_elsewhere: list[Path] = []
        self._problem = ""
        self._what = label(name="dialog.unsaved.what", heading=True)
        self._images = label(name="dialog.unsaved.images", dim=True)
        self._decisions = label(name="dialog.unsaved.decisions")
        self._why = label(name="dialog.unsaved.why")
        self._where = label(name="dialog.unsaved.where")
        self._tried = label(name="dialog.unsaved.tried", dim=True)
        self._tries: _Trying | None = None
        for each in (self._what, self._images, self._decisions, self._why, self._where, self._tried):
            self.column.addWidget(each)
        self.column.addStretch(1)
        self.column.addLayout(self._discarding())
        self._add_choices()
        self._again.setFocus()  # nobody lands in the field that loses the changes
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(LOOK_MS)
        self._look()

    def _discarding(self) -> QHBoxLayout:
        self._word = self.tr("discard")
        row = QHBoxLayout()
        row.setSpacing(GRID)
        text = label(
            self.tr("To lose these changes for good, type “{word}”:").format(word=self._word), dim=True
        )
        self._typed = QLineEdit()
        self._typed.setObjectName("dialog.unsaved.typed")
        self._typed.setAccessibleName(text.text())
        self._typed.setMaximumWidth(140)
        self._discard = QPushButton(self.tr("Discard the changes"))
        self._discard.setObjectName("dialog.unsaved.discard")
        self._discard.setAutoDefault(False)
        self._discard.setEnabled(False)
        self._typed.textChanged.connect(lambda typed: self._discard.setEnabled(self._is_word(typed)))
        self._discard.clicked.connect(self._lose)
        row.addWidget(text, 1)
        row.addWidget(self._typed)
        row.addWidget(self._discard)
        return row

    def _add_choices(self) -> None:
        self._again = self._choice("again", self.tr("Try again"), self._try_again)
        self._elsewhere = self._choice("elsewhere", self.tr("Save elsewhere…"), self._ask_folder)
        self._leave = self._choice("leave", self.tr("Close"), self.accept)
        self._stay = self.buttons.addButton(self.tr("Stay"), QDialogButtonBox.ButtonRole.RejectRole)
        self._stay.setObjectName("dialog.unsaved.stay")
        self._stay.setAutoDefault(False)
        self.buttons.rejected.connect(self.reject)
        make_primary(self._again)
        self.column.addWidget(self.buttons)

    def _choice(self, name: str, text: str, run: object) -> QPushButton:
        button = self.buttons.addButton(text, QDialogButtonBox.ButtonRole.ActionRole)
        button.setObjectName(f"dialog.unsaved.{name}")
        button.setAutoDefault(False)
        button.clicked.connect(run)
        return button

    # ---- what is so

    def _look(self) -> None:
        saver = self._bench.saver
        unsaved = saver.unsaved()
        count = sum(len(operations) for operations in unsaved.values())
        decisions, behind = self._bench.decisions.waiting, saver.behind
        if not count and not decisions and not behind:
            self.accept()
        if not count:  # what waited behind them is written in a moment
            return
        self._what.setText(self.tr("Changes that could not be saved: {n}").format(n=count))
        names = [self._bench.store.image(image_id).name for image_id in unsaved]
        more = [self.tr("and {n} more images").format(n=len(names) - NAMED)] if len(names) > NAMED else []
        self._images.setText(", ".join(names[:NAMED] + more))
        said = filter(None, (decisions_text(decisions), self._behind_text(behind)))
        self._decisions.setText("\n".join(said))
        self._decisions.setVisible(bool(decisions or behind))
        error = saver.error
        self._why.setText(
            "" if error is None else sentence(reason_text(error)) + " " + sentence(error.hint or "")
        )
        self._leave.setEnabled(bool(self._kept_elsewhere) or saver.kept is not None)
        lost = (
            ""
            if self._leave.isEnabled()
            else self.tr("They are in memory only: closing now would lose them.")
        )
        show_problem(self._where, self._problem or lost, self._safe_words(saver.kept))
        self._show_attempt()

    def _behind_text(self, behind: Sequence[Behind]) -> str:
        """What else closing would lose; empty for nothing."""
        if not behind:
            return ""
        words = {
            "comment": self.tr("comment on {image}"),
            "verdict": self.tr("verdict on {image}"),
            "reference": self.tr("change of the references of {image}"),
        }
        counts = Counter(behind)
        named = [
            words[each.kind].format(image=self._bench.store.image(each.image_id).name)
            + (f" ({count})" if count > 1 else "")
            for each, count in counts.items()
        ]
        text = self.tr("What waits for these changes, too, and is not kept: {what}.")
        return text.format(what=", ".join(named[:NAMED] + ["…"] * (len(named) > NAMED)))

    def _show_attempt(self) -> None:
        """What came of the attempt that somebody asked for, and when: each later one looks like it."""
        trying, tried = self._tries, self._bench.saver.tried
        if trying is None or tried is None or tried.number <= trying.after:
            return
        if time.monotonic() < trying.since_s + BUSY_S:
            return
        self._tries = None
        self._again.setText(self.tr("Try again"))
        text = self.tr("Tried again at {time}: {reason}")
        at = QTime(tried.at.hour, tried.at.minute, tried.at.second).toString("HH:mm:ss")
        self._tried.setText(text.format(time=at, reason=sentence(reason_text(tried.why))))

    def _safe_words(self, kept: Path | None) -> str:
        if self._kept_elsewhere:
            return self.tr(
                "They are kept in {place}. Later, with this project open, choose File, Bring back unsaved work… and"
                " that file."
            ).format(place="\n".join(str(path) for path in self._kept_elsewhere))
        if kept is None:
            return ""
        text = self.tr(
            "They are kept in {place}, and go into this project by themselves when it is opened again."
        )
        return text.format(place=shown_path(kept))

    # ---- what is chosen

    def _try_again(self) -> None:
        if self._tries is not None:
            return
        tried = self._bench.saver.tried
        self._tries = _Trying(0 if tried is None else tried.number, time.monotonic())
        self._again.setText(self.tr("Trying…"))  # it keeps the keys: the next in line may lose the changes
        self._tried.clear()
        self._bench.saver.retry()

    def _ask_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Where to keep the changes"))
        if chosen:
            self.keep_in(Path(chosen))

    def keep_in(self, folder: Path) -> None:
        """Keep the changes in a folder of somebody's choice."""
        from labeltool.app.rescuing import Rescue  # noqa: PLC0415

        rescue = Rescue(self._bench.store, folder)
        try:
            for image_id, operations in self._bench.saver.unsaved().items():
                rescue.keep(image_id, operations)
        except LabeltoolError as error:
            self._problem = str(error)
        else:
            self._problem, self._kept_elsewhere = "", rescue.files
        self._look()

    def _is_word(self, typed: str) -> bool:
        return typed.strip().casefold() == self._word.casefold()

    def _lose(self) -> None:
        self.discarded = True
        self.accept()


def decisions_text(waiting: Sequence[Pending]) -> str:
    """Decisions that closing would lose; empty for none."""
    if not waiting:
        return ""
    text = translate(
        "UnsavedDialog",
        "Decisions that wait for these changes: {images}. They are not kept: closing now loses them, and they are to be"
        " made again.",
    )
    named = [f"{each.record.name} ({status_text(each.status)})" for each in waiting]
    return text.format(images=", ".join(named[:NAMED] + ["…"] * (len(named) > NAMED)))


def may_leave(bench: Workbench, parent: QWidget | None) -> bool:
    """Ask what is to become of changes that could not be saved; False where the user stays. The workbench is let go of
    otherwise."""
    dialog = UnsavedDialog(bench, parent)
    try:
        if not dialog.exec():
            return False
        bench.abandon(lose=dialog.discarded)
        return True
    finally:
        dialog._timer.stop()
        dialog.deleteLater()
