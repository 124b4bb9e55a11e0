"""When a round begins by itself, and how it trains."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QWidget

from labeltool.app.loop import LoopSettings
from labeltool.core.errors import LabeltoolError
from labeltool.ui.dialogs.failure import explain
from labeltool.ui.dialogs.frame import Dialog, label, show_problem
from labeltool.ui.dialogs.options_form import OptionsForm

NAME = "rounds"


class RoundSettings(Dialog):
    """A form of :class:`LoopSettings`."""

    decided = Signal(object)
    """These are to be kept."""

    def __init__(self, settings: LoopSettings, parent: QWidget | None) -> None:
        super().__init__(NAME, self.tr("Settings of rounds"), parent, QSize(480, 360))
        self.form = OptionsForm(LoopSettings, f"dialog.{NAME}", self, settings)
        self._problem = label(name=f"dialog.{NAME}.problem")
        self.column.addWidget(self.form)
        self.column.addWidget(self._problem)
        self.column.addStretch(1)
        self.run = self.add_buttons(self.tr("Keep"), self.tr("Cancel"))
        self.run.clicked.connect(self._keep)
        self.form.changed.connect(self._judge)
        self._judge()

    def _judge(self) -> None:
        problem = ""
        try:
            self.form.value().check()
        except LabeltoolError as error:
            problem = explain(error)
        hint = self.tr(
            "A round trains as the model in use was trained. Its model is held against that one on the test images."
        )
        show_problem(self._problem, problem, hint)
        self.run.setEnabled(not problem)

    def _keep(self) -> None:
        self.decided.emit(self.form.value())
        self.accept()
