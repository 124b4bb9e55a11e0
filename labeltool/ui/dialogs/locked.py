"""A project that somebody else is editing: look at it, or take it over from a computer that is gone."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSize, Signal
from PySide6.QtWidgets import QCheckBox, QDialogButtonBox, QWidget

from labeltool.app.jobs import Lanes
from labeltool.core.errors import CancelledError, LabeltoolError
from labeltool.core.progress import CancelToken, Progress
from labeltool.store.lock import ProjectLockedError, Sign
from labeltool.store.silence import SILENCE_S, is_silent
from labeltool.ui.dialogs.failure import as_failure, explain
from labeltool.ui.dialogs.frame import Dialog, label, show_problem
from labeltool.ui.dialogs.job_bar import JobBar
from labeltool.ui.people.words import exact, who

translate = QCoreApplication.translate


def in_words(sign: Sign | None) -> str:
    """Who holds a lock, where and since when."""
    if sign is None:
        return translate("Sharing", "another process")
    owner = sign.owner
    return translate("Sharing", "{who} on {host} (process {pid}), since {when}").format(
        who=who(owner.user), host=owner.host, pid=owner.pid, when=exact(owner.since_utc)
    )


class LockedDialog(Dialog):
    """Offers with one click to look at the project."""

    view_asked = Signal()
    take_over_asked = Signal()

    def __init__(self, error: ProjectLockedError, parent: QWidget | None) -> None:
        super().__init__("locked", self.tr("Somebody is editing this project"), parent, QSize(560, 240))
        self.column.addWidget(label(self.tr("Somebody is editing this project"), heading=True))
        owner = self.tr("It is open for editing here: {who}.").format(who=in_words(error.sign))
        self.column.addWidget(label(owner, name="dialog.locked.owner"))
        text = self.tr(
            "You can look at all of it meanwhile, as it is saved; nothing is written. "
            "When it is free, one click lets you edit it."
        )
        self.column.addWidget(label(text, dim=True))
        if error.may_be_stale:
            text = self.tr(
                "That is another computer, and from here nobody can look whether it still runs. "
                "If it is gone for good, the project can be taken over."
            )
            self.column.addWidget(label(text, dim=True))
        self.column.addStretch(1)
        self.view = self.add_buttons(self.tr("Open to view"), self.tr("Cancel"), "view")
        self.view.clicked.connect(self._view)
        if error.may_be_stale:
            role = QDialogButtonBox.ButtonRole.ActionRole
            taking = self.buttons.addButton(self.tr("Take it over…"), role)
            taking.setObjectName("dialog.locked.take_over")
            taking.setAutoDefault(False)
            taking.clicked.connect(self._take_over)

    def _view(self) -> None:
        self.accept()
        self.view_asked.emit()

    def _take_over(self) -> None:
        self.accept()
        self.take_over_asked.emit()


class TakeOverDialog(Dialog):
    """Watches for a sign of life first; then somebody who knows has to say that the other computer is gone."""

    agreed = Signal(object)
    """Take the project over: a :class:`Sign` that was the last one."""

    def __init__(self, path: Path, sign: Sign, lanes: Lanes, parent: QWidget | None) -> None:
        super().__init__("take_over", self.tr("Take the project over"), parent, QSize(600, 300))
        self._path, self._sign, self._lanes = path, sign, lanes
        self._host = sign.owner.host
        self.column.addWidget(label(self.tr("Is {host} gone?").format(host=self._host), heading=True))
        text = self.tr("The project is open for editing here: {who}.").format(who=in_words(sign))
        self.column.addWidget(label(text))
        self._says = label(name="dialog.take_over.says")
        self.column.addWidget(self._says)
        self.sure = QCheckBox(self.tr("I know that nobody edits it on {host}").format(host=self._host))
        self.sure.setObjectName("dialog.take_over.sure")
        self.sure.setEnabled(False)
        self.column.addWidget(self.sure)
        self.column.addStretch(1)
        self.job = JobBar("dialog.take_over")
        self.column.addWidget(self.job)
        self.run = self.add_buttons(self.tr("Take over"), self.tr("Cancel"))
        self.run.setEnabled(False)
        self.run.clicked.connect(self._agree)
        self.sure.toggled.connect(self.run.setEnabled)
        self._watch()

    def _watch(self) -> None:
        path, sign = self._path, self._sign
        text = self.tr("Whoever edits a project gives a sign of life every few seconds. Waiting for one…")
        show_problem(self._says, "", text)

        def work(cancel: CancelToken, progress: Progress) -> bool:
            return is_silent(path, sign, progress=progress, cancel=cancel, silence_s=SILENCE_S)

        title = self.tr("Waiting for a sign of life")
        self.job.run(self._lanes, "silence", work, self._watched, self._failed, title=title)

    def _watched(self, silent: bool) -> None:
        if not silent:
            text = self.tr("There was a sign of life: the project is being edited. Close it there first.")
            show_problem(self._says, text)
            return
        text = self.tr(
            "No sign of life for {n} s. Should {host} be asleep and wake up later, "
            "it finds the project taken over and writes nothing more into it."
        )
        show_problem(self._says, "", text.format(n=round(SILENCE_S), host=self._host))
        self.sure.setEnabled(True)

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, CancelledError):
            known = error if isinstance(error, LabeltoolError) else as_failure(error)
            show_problem(self._says, explain(known))

    def _agree(self) -> None:
        self.accept()
        self.agreed.emit(self._sign)

    def reject(self) -> None:
        """Stop watching, too."""
        self.job.cancel()
        super().reject()
