"""Asks how label errors are to be looked for: says what will be done, and how long that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QFileInfo, QLocale, QSize, Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from labeltool.app.review.choices import FoldChoices
from labeltool.app.review.folds import PLAN
from labeltool.core.errors import LabeltoolError
from labeltool.ui.dialogs.frame import Dialog, label, show_problem
from labeltool.ui.dialogs.options_form import OptionsForm
from labeltool.ui.words import MINUTE_S, duration, plural

if TYPE_CHECKING:
    from labeltool.ui.label_errors import Standing

NAME = "label_errors"
PREDICTING = 1.1
"""Times the training, what a fold takes altogether."""


class FindingDialog(Dialog):
    """Goes on with folds that are there, shows their list, or deals anew."""

    decided = Signal(object)
    """Folds to go on with, or FoldChoices."""
    list_asked = Signal(str)
    """The list of folds that are complete, by the key of their layer."""

    def __init__(self, there: Standing, parent: QWidget) -> None:
        super().__init__(NAME, self.tr("Find label errors"), parent, QSize(560, 380))
        self._there = there
        self.column.addWidget(
            label(
                self.tr(
                    "The labelled images are dealt into parts. For each part a model learns from the other parts, and "
                    "then judges the images that it has never seen. Where it is sure and the label says otherwise, the "
                    "label may be wrong: Review lists these places, the likeliest first."
                )
            )
        )
        self._stands = label(name=f"dialog.{NAME}.stands")
        self.again = QCheckBox(self.tr("Train anew, on the labels as they are now"), self)
        self.again.setObjectName(f"dialog.{NAME}.again")
        self.again.setVisible(there.folds is not None)
        self.options = OptionsForm(FoldChoices, f"dialog.{NAME}", self)
        self._says = label(name=f"dialog.{NAME}.says", dim=True)
        for widget in (self._stands, self.again, self.options, self._says):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self.run = self.add_buttons(self.tr("Find them"), self.tr("Cancel"))
        self.run.clicked.connect(self._decide)
        self.again.toggled.connect(lambda _: self._look())
        self.options.changed.connect(self._look)
        self._look()

    @property
    def _anew(self) -> bool:
        return self._there.folds is None or self.again.isChecked()

    def _look(self) -> None:
        """What would be done now."""
        self._stands.setText(self._standing())
        self.options.setVisible(self._anew)
        problem, text = "", ""
        try:
            text = self._how_long()
        except LabeltoolError as error:
            problem = f"{error.message}. {error.hint or ''}".strip()
        show_problem(self._says, problem, text)
        self.run.setEnabled(not problem)
        texts = self.tr("Find them"), self.tr("Go on"), self.tr("Show the list")
        self.run.setText(texts[0 if self._anew else 1 if self._there.left else 2])

    def _standing(self) -> str:
        there = self._there
        if there.folds is None:
            return plural(
                there.labelled, self.tr("1 image is labelled."), self.tr("{n} images are labelled.")
            )
        at = QFileInfo(there.folds.folder / PLAN).lastModified()
        text = self.tr("{judged} of {planned} images are judged, by models begun on {date}.").format(
            judged=f"{there.judged:,}",
            planned=f"{there.planned:,}",
            date=QLocale().toString(at, QLocale.FormatType.ShortFormat),
        )
        if there.labelled:
            text += " " + plural(
                there.labelled,
                self.tr("1 labelled image is not among them."),
                self.tr("{n} labelled images are not among them."),
            )
        return text

    def _how_long(self) -> str:
        there = self._there
        if self._anew:
            chosen: FoldChoices = self.options.value()
            options, count = chosen.options(), chosen.count
            options.check()
        elif there.folds is not None and there.left:
            options, count = there.folds.options, there.left
        else:
            return ""
        if options.minutes is None:
            text = self.tr("Models that are left to be trained: {count}.").format(count=count)
        else:
            text = self.tr("{count} models, {each} each: about {all} in all.")
            if count == 1:
                text = self.tr("1 model of {each}: about {all} in all.")
            text = text.format(
                count=count,
                each=duration(MINUTE_S * options.minutes),
                all=duration(MINUTE_S * options.minutes * count * PREDICTING),
            )
        also = self.tr(
            "You can go on labelling. Pre-labelling, exports and other trainings wait until it is done; "
            "it can be cancelled in the status bar, and goes on later where it was."
        )
        return f"{text}\n{also}"

    def _decide(self) -> None:
        there = self._there
        self.accept()
        if self._anew:
            self.decided.emit(self.options.value())
        elif there.folds is not None and there.left:
            self.decided.emit(there.folds)
        elif there.folds is not None:
            self.list_asked.emit(there.folds.key)
