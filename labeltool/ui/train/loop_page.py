"""The loop: how good the model in use became by what work, the rounds so far, what is next, whether ranking helps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QIcon, QShowEvent
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from labeltool.app.loop import Prospects, Round, Standing
from labeltool.core.catalog import ClassDef
from labeltool.ui.dialogs.failure import explain
from labeltool.ui.dialogs.frame import GRID, PRIMARY, label, make_primary, show_problem
from labeltool.ui.round_words import DASH, OUTCOME_COLOURS, in_short, outcome_name
from labeltool.ui.train.header import Header
from labeltool.ui.train.loop_curve import LoopCurve
from labeltool.ui.train.round_details import RoundDetails
from labeltool.ui.train.rows import Row
from labeltool.ui.train.run_page import STEPS
from labeltool.ui.train.shelf import Shelf
from labeltool.ui.train.tables import Cell, Figures, marked_cell, number_cell, score_cell
from labeltool.ui.train.words import STATE_COLOURS, translate
from labeltool.ui.words import plural

if TYPE_CHECKING:
    from labeltool.app.queue import Helping

NAME = "train.loop"
OUTCOME_PX = 40 * GRID


class LoopPage(QWidget):
    """Shows what is read elsewhere, and asks."""

    shown = Signal()
    """It is in sight."""

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(NAME)
        self.setStyleSheet(PRIMARY)
        self._standing = Standing()
        self._shelf, self._classes = Shelf(), tuple[ClassDef, ...]()
        self._prospects: Prospects | None = None
        self._problem_text = self._reason = self._doing = ""
        self.header = Header(NAME, self)
        self._begin = actions["train_round"]
        self.start = self.header.add_button("train_round", self._begin.text(), "ph.arrows-clockwise")
        self.start.setIcon(QIcon())
        make_primary(self.start)
        self.start.clicked.connect(lambda *_: self._begin.trigger())
        self._begin.enabledChanged.connect(lambda _: self._say_problem())
        self.header.add_action(actions["train_stop"], self.tr("Stop"))
        self.header.add_action(actions["model_roll_back"])
        self.header.add_action(actions["round_settings"], self.tr("Settings…"))
        self._bar = QProgressBar(self)
        self._bar.setObjectName(f"{NAME}.progress")
        self._bar.setAccessibleName(self.tr("Progress of the round"))
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(GRID)
        self._bar.setRange(0, STEPS)
        self._next, self._ranking = label(name=f"{NAME}.next"), label(name=f"{NAME}.ranking")
        self._when_label = label(self.tr("Next"), dim=True)
        self._problem = label(name=f"{NAME}.problem")
        self._splits = QPushButton(actions["splits"].icon(), actions["splits"].text(), self)
        self._splits.setObjectName(f"{NAME}.splits")
        self._splits.setAutoDefault(False)
        self._splits.clicked.connect(lambda *_: actions["splits"].trigger())
        self._empty = label(name=f"{NAME}.empty", dim=True)
        self.curve = LoopCurve(self)
        self.rounds = Figures(f"{NAME}.rounds", self.tr("Rounds"), self, OUTCOME_PX)
        self.rounds.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.details = RoundDetails(self)
        self._assemble()
        self.curve.chosen.connect(self.choose)
        self.rounds.currentItemChanged.connect(lambda item, _: self._show_round(item))
        self.show_work(None, "")
        self.show_prospects(None)

    def _assemble(self) -> None:
        facts = QFormLayout()
        facts.setHorizontalSpacing(2 * GRID)
        facts.setVerticalSpacing(GRID)
        facts.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, widget in (
            (self._when_label, self._next),
            (label(self.tr("Ranking"), dim=True), self._ranking),
        ):
            name.setWordWrap(False)
            facts.addRow(name, widget)
        trouble = QHBoxLayout()
        trouble.setSpacing(2 * GRID)
        trouble.addWidget(self._problem, 1)
        trouble.addWidget(self._splits)
        below = QHBoxLayout()
        below.setSpacing(3 * GRID)
        below.addWidget(self.rounds, 3)
        below.addWidget(self.details, 2)
        self._middle = QWidget(self)
        middle = QVBoxLayout(self._middle)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(2 * GRID)
        middle.addWidget(self.curve, 6)
        middle.addLayout(below, 5)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.header)
        column.addWidget(self._bar)
        column.addLayout(trouble)
        column.addLayout(facts)
        column.addSpacing(GRID)
        column.addWidget(self._empty)
        column.addWidget(self._middle, 1)
        column.addStretch(0)

    def refresh_theme(self) -> None:
        """The curve in the colours of the scheme in force."""
        self.curve.refresh_theme()

    def showEvent(self, event: QShowEvent) -> None:
        """What is seen has to be so."""
        super().showEvent(event)
        self.shown.emit()

    # ---- what there is

    def show_standing(self, standing: Standing, shelf: Shelf, classes: tuple[ClassDef, ...]) -> None:
        """The rounds so far; the newest is chosen where there is a new one."""
        before, chosen = self._standing.rounds, self._chosen()
        self._standing, self._shelf, self._classes = standing, shelf, classes
        has_rounds = bool(standing.rounds)
        self._middle.setVisible(has_rounds)
        self._empty.setVisible(not has_rounds)
        self._empty.setText(
            self.tr(
                "No round has ended yet. A round trains on what people have labelled, and holds the new model against "
                "the one in use on the test images, which nothing is ever trained on. The new one is "
                "used from then on, unless a class is worse by more than chance explains. Here the curve will show how "
                "good the model became by how many images, clicks and minutes of work."
            )
        )
        self.curve.show_points(standing.points)
        self._list(standing)
        newest = standing.rounds[-1].number if has_rounds else 0
        self.choose(newest if len(before) != len(standing.rounds) or chosen is None else chosen.number)
        self._say_next()

    def show_prospects(self, found: Prospects | None) -> None:
        """What a round would find that began now; None where nobody knows yet."""
        self._prospects = found
        problem = None if found is None else found.problem
        self._problem_text = "" if problem is None else explain(problem)
        self._say_problem()
        self._say_next()

    def show_helping(self, found: Helping | None) -> None:
        """Whether ranking helps; None where nobody has ranked."""
        text = self.tr("Nobody has ranked the images yet, so there is nothing to compare with chance.")
        self._ranking.setText(text if found is None else f"{found.sentence}.")

    def show_work(self, share: float | None, doing: str, stopping: bool = False) -> None:
        """How far the round is that is under way (None: none is), and what it is ``doing``."""
        self._doing = doing if share is not None else ""
        self._bar.setVisible(share is not None)
        self._bar.setValue(round(STEPS * (share or 0.0)))
        if share is not None:
            state = "stopping" if stopping else "running"
            text = self.tr("stopping…") if stopping else self.tr("a round is running")
            self.header.show_title(self.tr("Loop"), text, STATE_COLOURS[state])
        else:
            self.header.show_title(self.tr("Loop"))
        self._say_next()

    def show_reason(self, reason: str) -> None:
        """Why no round can begin now; empty where one can."""
        self._reason = reason
        self._say_problem()

    @property
    def problem(self) -> str:
        """Why a round would fail; empty where it would not, or nobody knows yet."""
        return self._problem_text

    def choose(self, number: int) -> None:
        """Mark the round of this number."""
        for row in range(self.rounds.rowCount()):
            item = self.rounds.item(row, 0)
            if item is not None and item.data(ROUND_ROLE) == number:
                self.rounds.setCurrentCell(row, 0)
                self.rounds.scrollToItem(item)
                self._show_round(item)

    # ---- words

    def _say_problem(self) -> None:
        under_way = bool(self._doing)
        show_problem(
            self._problem, "" if under_way else self._problem_text, "" if under_way else self._reason
        )
        self._problem.setVisible(bool(self._problem.text()))
        self._splits.setVisible(bool(self._problem_text) and not under_way)
        self.start.setEnabled(self._begin.isEnabled() and not self._problem_text)
        self.start.setToolTip(self._reason or self._problem_text or self._begin.toolTip())

    def _say_next(self) -> None:
        self._when_label.setText(self.tr("Now") if self._doing else self.tr("Next"))
        if self._doing:
            self._next.setText(self._doing)
            return
        standing, found = self._standing, self._prospects
        parts = [self._when(standing)]
        if found is not None and found.problem is None:
            text = self.tr(
                "It would take {count} images: learn from {learn}, choose on {choose}; "
                "and be measured on {test} others."
            )
            count = found.learn + found.choose
            parts.append(text.format(count=count, learn=found.learn, choose=found.choose, test=found.test))
        if standing.damaged:
            parts.append(self.tr("Rounds that cannot be read: {n}.").format(n=standing.damaged))
        self._next.setText(" ".join(parts))

    def _when(self, standing: Standing) -> str:
        missing = standing.missing
        done = (
            self.tr("Approved since the last round: {n}.") if standing.rounds else self.tr("Approved: {n}.")
        )
        if missing is None:
            return " ".join((self.tr("A round begins by hand."), done.format(n=standing.approved)))
        if missing == 0:
            return self.tr("A round is due: it begins with the next approval.")
        if missing == 1:
            return self.tr("A round begins by itself after one more approval.")
        return self.tr("A round begins by itself after {n} more approvals.").format(n=missing)

    def _list(self, standing: Standing) -> None:
        heads = [
            self.tr("Round"),
            self.tr("Images"),
            self.tr("Minutes"),
            self.tr("Before"),
            self.tr("New"),
            self.tr("Began"),
        ]
        self.rounds.show_rows(heads, [self._row(each) for each in reversed(standing.rounds)])

    def _row(self, this: Round) -> list[Cell]:
        text, decision = f"{this.number}  {in_short(this)}", this.decision
        used = self._shelf.used
        if self._shelf.chosen and used is not None and this.model == used.key:
            text += " · " + self.tr("in use")
        first = marked_cell(text, OUTCOME_COLOURS[this.outcome])
        first.setData(ROUND_ROLE, this.number)
        began = began_text(this.began)
        return [
            first,
            number_cell(str(this.labelled), this.labelled) if this.model else number_cell(DASH, None),
            number_cell(f"{this.worked.seconds / 60:.0f}", this.worked.seconds),
            score_cell(None if decision is None else decision.miou_before),
            score_cell(None if decision is None else decision.miou_after),
            number_cell(began, this.number),
        ]

    def _chosen(self) -> Round | None:
        item = self.rounds.item(self.rounds.currentRow(), 0)
        number = None if item is None else item.data(ROUND_ROLE)
        return next((each for each in self._standing.rounds if each.number == number), None)

    def _show_round(self, item: object) -> None:
        this = self._chosen()
        if this is not None:
            self.details.show_round(this, self._shelf, self._classes)


ROUND_ROLE = int(Qt.ItemDataRole.UserRole) + 1


def began_text(utc: str) -> str:
    """A time as the clock at hand shows it; as it is written where it is none."""
    try:
        return datetime.fromisoformat(utc).astimezone().strftime("%m-%d %H:%M")
    except ValueError:
        return utc


def loop_row(standing: Standing, share: float | None) -> Row:
    """The loop in two lines: what it is at, or what came of the last round and what it waits for."""
    title = translate("Train", "Loop")
    if share is not None:
        text = translate("Train", "round running · {percent} %").format(percent=int(100 * share))
        return Row(title, text, STATE_COLOURS["running"])
    if not standing.rounds:
        return Row(title, translate("Train", "no round yet"), OUTCOME_COLOURS["undecided"])
    last = standing.rounds[-1]
    text = translate("Train", "round {n} {outcome}").format(n=last.number, outcome=outcome_name(last.outcome))
    if standing.missing:
        one, many = translate("Train", "1 more approval"), translate("Train", "{n} more approvals")
        text += " · " + plural(standing.missing, one, many)
    return Row(title, text, OUTCOME_COLOURS[last.outcome])
