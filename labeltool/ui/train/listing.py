"""The list at the left of the workspace: trainings, and below them the models that came of them or with the program."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QWidget

from labeltool.app.models import Model
from labeltool.app.runs import Run
from labeltool.ui.train.rows import ROW_ROLE, Row, RowDelegate
from labeltool.ui.train.shelf import Shelf, condition
from labeltool.ui.train.words import (
    STATE_COLOURS,
    last_words,
    score_text,
    share_done,
    state_name,
)
from labeltool.ui.words import duration

THING_ROLE = ROW_ROLE + 1
LOOP, RUN, MODEL = ("loop", ""), "run", "model"
Thing = tuple[str, str]
"""What a row is about: the loop, (run, name) or (model, key)."""


class Listing(QListWidget):
    """Shows and asks; what is chosen stays chosen while the list is renewed."""

    chosen = Signal(object)
    """A :data:`Thing`."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("train.list")
        self.setAccessibleName(self.tr("Trainings and models"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setItemDelegate(RowDelegate(self))
        self.currentItemChanged.connect(self._choose)
        self.itemClicked.connect(lambda item: self._choose(item, None))

    def show_shelf(self, shelf: Shelf, loop: Row, followed: Run | None = None) -> None:
        """List these, the loop above all others; ``followed`` is being trained by this window."""
        before = self.thing()
        with QSignalBlocker(self):
            self.clear()
            self._add(loop, LOOP, self.tr("Rounds: trained, compared, put in use or refused"))
            if shelf.runs:
                self._add(Row(self.tr("Trainings")))
            for run in shelf.runs:
                self._add(
                    run_row(run, followed=followed is not None and run.folder == followed.folder),
                    (RUN, run.name),
                    str(run.folder),
                )
            if shelf.models:
                self._add(Row(self.tr("Models")))
            for model in shelf.models:
                self._add(self._model_row(model, shelf.use_of(model)), (MODEL, model.key), str(model.folder))
            self.choose(before)

    def choose(self, thing: Thing | None) -> None:
        """Mark a row without telling of it; None marks none."""
        with QSignalBlocker(self):
            item = None if thing is None else self._item(thing)
            if item is None:
                self.setCurrentRow(-1)
            else:
                self.setCurrentItem(item)

    def thing(self) -> Thing | None:
        """What is chosen."""
        item = self.currentItem()
        found: Thing | None = None if item is None else item.data(THING_ROLE)
        return found

    def renew_run(self, run: Run, *, followed: bool) -> None:
        """A training has gone on."""
        self._renew((RUN, run.name), run_row(run, followed=followed))

    def renew_loop(self, row: Row) -> None:
        """A round has gone on."""
        self._renew(LOOP, row)

    def _renew(self, thing: Thing, row: Row) -> None:
        item = self._item(thing)
        if item is not None:
            item.setData(ROW_ROLE, row)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, row.below)

    def _add(self, row: Row, thing: Thing | None = None, tip: str = "") -> None:
        item = QListWidgetItem(row.title)
        item.setData(ROW_ROLE, row)
        item.setData(THING_ROLE, thing)
        item.setToolTip(tip)
        item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, row.below)
        if thing is None:
            item.setFlags(Qt.ItemFlag.NoItemFlags)
        self.addItem(item)

    def _item(self, thing: Thing) -> QListWidgetItem | None:
        items = (self.item(number) for number in range(self.count()))
        return next((item for item in items if item.data(THING_ROLE) == thing), None)

    def _choose(self, item: QListWidgetItem | None, before: QListWidgetItem | None) -> None:
        thing = None if item is None else item.data(THING_ROLE)
        if thing is not None:
            self.chosen.emit(thing)

    def _model_row(self, model: Model, use: str) -> Row:
        source = {"embedded": self.tr("embedded"), "project": self.tr("of this project")}
        reached = model.score
        parts = [source.get(model.source, model.source)]
        parts += (
            [self.tr("IoU {score} on val").format(score=score_text(reached))] if reached is not None else []
        )
        return Row(model.card.name, " · ".join(parts), mark=use)


def run_row(run: Run, *, followed: bool) -> Row:
    """A training in two lines."""
    state, name = run.state, condition(run, followed=followed)
    parts = [state_name(name)]
    if name == "running" and state.steps:
        parts += [last_words(state) or f"{int(100 * share_done(state))} %"]
    if name == "failed":
        parts += [state.error]
    else:
        parts += [f"IoU {score_text(state.score)}"] if state.score is not None else []
        parts += [duration(state.seconds)] if state.seconds else []
    return Row(run.name, " · ".join(filter(None, parts)), STATE_COLOURS.get(name, ""))
