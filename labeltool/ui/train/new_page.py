"""A new training: from what it would learn, how, for how long, and under which name."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labeltool.app.models import model_folder
from labeltool.app.runs import Plan, new_name, plan
from labeltool.core.errors import LabeltoolError
from labeltool.inference.training_options import PRESETS, TrainingOptions, preset
from labeltool.ui.asking import Answer, Asking
from labeltool.ui.dialogs.failure import as_failure, explain, sentence
from labeltool.ui.dialogs.findings import Findings
from labeltool.ui.dialogs.formats import saved_first
from labeltool.ui.dialogs.frame import GRID, PRIMARY, label, make_primary, show_problem
from labeltool.ui.train.more import MoreOptions
from labeltool.ui.train.words import translate
from labeltool.ui.words import plural

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench

WIDEST_PX = 760
SOON_MS = 250
LONGEST_MINUTES = 10_000
NOTICES = 3
NAME = "train.new"


class Count(QWidget):
    """A large number over what it counts."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._number, self._text = QLabel("–", self), QLabel(self)
        self._number.setObjectName(f"{NAME}.{name}")
        font = self._number.font()
        font.setPointSizeF(1.8 * font.pointSizeF())
        self._number.setFont(font)
        self._text.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._number)
        column.addWidget(self._text)

    def show_count(self, number: int | None, text: str) -> None:
        """A dash stands for what is not known."""
        self._number.setText("–" if number is None else f"{number:,}")
        self._text.setText(text)


class FormScroll(QScrollArea):
    """As high as its form, where there is room: what comes below follows it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def sizeHint(self) -> QSize:
        """The form's; Qt's own hint ends at a few lines."""
        form = self.widget()
        return super().sizeHint() if form is None else form.sizeHint()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The form has been unfolded, or says more."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


def is_taken(root: Path, name: str) -> bool:
    """Whether a training or a model of a project is called so; LabeltoolError where nothing can be. Beside the window:
    a drive may never answer."""
    return model_folder(root, name).exists() or (root / "runs" / name).exists()


class NewPage(QWidget):
    """Says what would happen before it does."""

    asked = Signal(TrainingOptions)
    """A training like this is to begin."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(NAME)
        self.setStyleSheet(PRIMARY)
        self._bench: Workbench | None = None
        self._plan: Plan | None = None
        self._busy = ""
        self._naming, self._looking = Asking(self), Asking(self)
        self._name: Answer[str] | None = None  # only while a name to suggest is looked for
        self._taken: Answer[bool] | None = None  # of the name that is typed
        self.preset = QComboBox(self)
        self.preset.setObjectName(f"{NAME}.preset")
        for each in PRESETS.values():
            self.preset.addItem(translate("Train", each.name).replace("-", " ").capitalize(), each.name)
        self._summary = label(name=f"{NAME}.summary", dim=True)
        self.name = QLineEdit(self)
        self.name.setObjectName(f"{NAME}.name")
        self.minutes = QSpinBox(self)
        self.minutes.setObjectName(f"{NAME}.minutes")
        self.minutes.setRange(0, LONGEST_MINUTES)
        self.minutes.setSpecialValueText(self.tr("as long as the steps take"))
        self.minutes.setSuffix(self.tr(" min"))
        self.minutes.setValue(20)
        self.unlabelled = QCheckBox(self)
        self.unlabelled.setObjectName(f"{NAME}.unlabelled")
        self.unfold = QToolButton(self)
        self.unfold.setObjectName(f"{NAME}.more")
        self.unfold.setText(self.tr("More"))
        self.unfold.setCheckable(True)
        self.unfold.setStyleSheet("QToolButton { border: 0; padding: 4px 0; }")
        self.unfold.setAutoRaise(True)
        self.unfold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more = MoreOptions(self)
        self.more.hide()
        self._counts = [Count(name, self) for name in ("train", "val", "spare", "test")]
        self._problem = label(name=f"{NAME}.problem")
        self._findings = Findings(f"{NAME}.notices", self.tr("What is left out"), self)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(GRID)
        self._bar.hide()
        self.start = QPushButton(self.tr("Start training"), self)
        self.start.setObjectName(f"{NAME}.start")
        make_primary(self.start)
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._assemble()
        self._connect()

    # ---- assembly

    def _assemble(self) -> None:
        inside = QWidget(self)
        inside.setMaximumWidth(WIDEST_PX)
        column = QVBoxLayout(inside)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(label(self.tr("New training"), heading=True))
        numbers = QHBoxLayout()
        numbers.setSpacing(4 * GRID)
        for each in self._counts:
            numbers.addWidget(each)
        numbers.addStretch(1)
        column.addLayout(numbers)
        column.addWidget(self._problem)
        column.addWidget(self._findings)
        column.addLayout(self._form())
        column.addWidget(self.unfold)
        column.addWidget(self.more)
        column.addStretch(1)
        buttons = QHBoxLayout()  # below what scrolls: always to be seen
        buttons.setContentsMargins(3 * GRID, 0, 3 * GRID, 2 * GRID)
        buttons.addWidget(self.start)
        buttons.addStretch(1)
        scroll = FormScroll(self)
        scroll.setObjectName(f"{NAME}.scroll")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.setSpacing(GRID)
        around.addWidget(scroll)
        around.addWidget(self._bar)
        around.addLayout(buttons)
        around.addStretch(1)

    def _form(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, widget in (
            (self.tr("How"), self.preset),
            ("", self._summary),
            (self.tr("Time"), self.minutes),
            (self.tr("Name"), self.name),
            ("", self.unlabelled),
        ):
            widget.setAccessibleName(text or widget.accessibleName())
            form.addRow(text, widget)
        return form

    def _connect(self) -> None:
        self.preset.currentIndexChanged.connect(lambda _: self._show_preset())
        self.name.textChanged.connect(lambda _: self._look_at_name())
        self.unlabelled.toggled.connect(lambda _: self._soon.start())
        self.more.changed.connect(self._judge)
        self.more.widget("seed").valueChanged.connect(lambda _: self._soon.start())  # type: ignore[attr-defined]
        self.more.widget("verified_only").toggled.connect(lambda _: self._soon.start())  # type: ignore[attr-defined]
        self.unfold.toggled.connect(self._unfold)
        self.start.clicked.connect(lambda: self.asked.emit(self.options()))
        self._soon.timeout.connect(self.look)
        self._unfold(False)

    # ---- what is shown

    def attach(self, bench: Workbench | None) -> None:
        """Another project."""
        self._bench, self._plan = bench, None
        self._naming.forget()
        self._looking.forget()
        self._name = self._taken = None
        if bench is not None:
            self._show_preset()
            self.renew()

    def renew(self) -> None:
        """Begin anew: a name that is free, and what there is to learn from now."""
        if self._bench is None:
            return
        store = self._bench.store

        def told(answer: Answer[str]) -> None:
            self._name = None if answer.is_known else answer
            if answer.is_known and self.name.text() == answer.result():
                self._look_at_name()  # it is free again
            elif answer.is_known:
                self.name.setText(answer.result())
            else:
                self._judge()

        self._naming.ask(store.root, partial(new_name, store.root, store.name), told)
        self.look()

    def _look_at_name(self) -> None:
        """Whether it is free; the drive may take long to say."""
        self._naming.forget()
        self._name = self._taken = None
        if self._bench is not None:
            root, name = self._bench.store.root, self.name.text().strip()
            self._looking.ask(root, partial(is_taken, root, name), self._show_taken)

    def _show_taken(self, answer: Answer[bool]) -> None:
        self._taken = answer
        self._judge()

    def look(self) -> None:
        """Count, off this thread, what would be learnt from."""
        bench = self._bench
        if bench is None:
            return
        options = self.options()

        def work(cancel: object, progress: object) -> Plan:
            saved_first(bench.saver)
            return plan(bench.store, replace(options, unlabelled=options.unlabelled or 1.0))

        bench.lanes.submit(
            "io", "training plan", work, done=self._show_plan, failed=self._no_plan, quiet=True
        )

    def options(self) -> TrainingOptions:
        """What is set."""
        found = self.more.applied(preset(self.preset.currentData()))
        minutes = float(self.minutes.value()) or None
        weight = (found.unlabelled or 1.0) if self.unlabelled.isChecked() else 0.0
        return replace(found, name=self.name.text().strip(), minutes=minutes, unlabelled=weight)

    def show_busy(self, why: str) -> None:
        """Another training is at work, and why that is so; empty when none is."""
        self._busy = why
        if not why:
            self._bar.hide()
        self._judge()

    def show_preparing(self, done: float, total: float) -> None:
        """How much of the labels is written."""
        self._bar.show()
        self._bar.setRange(0, int(total))
        self._bar.setValue(int(done))

    def _show_preset(self) -> None:
        chosen = PRESETS[self.preset.currentData()]
        text = translate("Train", chosen.summary)
        self._summary.setText(sentence(text))
        self.minutes.setValue(round(chosen.options.minutes or self.minutes.value()))
        self.more.show_options(chosen.options)
        if self._mistake():
            self.unfold.setChecked(True)  # something is missing that is asked for there

    def _show_plan(self, found: Plan) -> None:
        self._plan = found
        self._show_counts(found)
        self.unlabelled.setEnabled(found.unlabelled > 0)
        self.unlabelled.setText(
            plural(
                found.unlabelled,
                self.tr("Learn from the unlabelled image as well (takes longer)"),
                self.tr("Learn from the {n} unlabelled images as well (takes longer)"),
            )
            if found.unlabelled
            else self.tr("There are no unlabelled images to learn from as well")
        )
        self._findings.clear()
        for each in found.skipped[:NOTICES]:
            self._findings.add("left out", f"{each.file}: {each.reason}")
        if len(found.skipped) > NOTICES:
            more = self.tr("… and {n} more").format(n=len(found.skipped) - NOTICES)
            self._findings.add("left out", more)
        self._findings.setVisible(bool(found.skipped))
        self._findings.setFixedHeight(min(self._findings.count(), NOTICES + 1) * 4 * GRID)
        self._judge()

    def _no_plan(self, error: BaseException) -> None:
        self._plan = None
        self._show_counts(None)
        self.unlabelled.setText(self.tr("Learn from the unlabelled images as well (takes longer)"))
        self._findings.hide()
        self._judge(explain(as_failure(error)))

    def _show_counts(self, found: Plan | None) -> None:
        numbers = (found.train, found.val, found.unlabelled, found.held_out_test) if found else (None,) * 4
        texts = (
            self.tr("to learn from"),
            self.tr("to choose on"),
            self.tr("unlabelled"),
            self.tr("kept for testing"),
        )
        for count, number, text in zip(self._counts, numbers, texts, strict=True):
            count.show_count(number, text)

    def _judge(self, problem: str = "") -> None:
        """Whether it can begin, and if not, why."""
        if not problem and self._bench is not None and self._plan is not None:
            problem = self._name_problem() or self._mistake()
        asked = self._name or self._taken
        waits = self._bench is not None and asked is not None and not asked.is_known
        if waits and asked is not None and not problem:
            asked.show(self._problem)
            self._problem.show()
        else:
            told = problem or self._busy or self._remark()
            show_problem(self._problem, problem, told)
            self._problem.setVisible(bool(told))
        self.start.setEnabled(self._plan is not None and not problem and not waits and not self._busy)

    def _name_problem(self) -> str:
        if self._taken is None or not self._taken.is_known:
            return ""
        try:
            is_taken = self._taken.result()
        except (LabeltoolError, OSError) as error:
            return explain(as_failure(error))
        text = self.tr("There is a training or model called {name} already.")
        return text.format(name=self.name.text().strip()) if is_taken else ""

    def _mistake(self) -> str:
        try:
            self.options().check()
        except LabeltoolError as error:
            return explain(error)
        return ""

    def _remark(self) -> str:
        if self._plan is not None and not self._plan.val:
            return self.tr("With one labelled image there is none to choose on: the last weights are kept.")
        remarks = []
        if self._plan is not None and self._plan.verified is not None:
            text = self.tr("Of the labelled pixels of these images {percent} % are verified and learnt from.")
            remarks.append(text.format(percent=f"{100 * self._plan.verified.share:.1f}"))
        if self._plan is not None and self._plan.notices:
            told = self.tr("{what}: figures will be better than on new images")
            remarks.append(told.format(what="; ".join(self._plan.notices)))
        return "\n".join(remarks)

    def _unfold(self, shown: bool) -> None:
        self.more.setVisible(shown)
        self.unfold.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
