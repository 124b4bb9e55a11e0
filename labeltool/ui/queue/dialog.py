"""How to rank: by which strategy, how many, images or regions. What was chosen last is chosen again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSettings, QSize, Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QFormLayout, QWidget

from labeltool import plugins
from labeltool.app.choices import Ranking
from labeltool.app.queue import AUTO, GROUP, strategy_called, usual_strategy
from labeltool.app.queue.candidates import WAITING, waiting_images
from labeltool.core.errors import LabeltoolError
from labeltool.ui.dialogs.failure import sentence
from labeltool.ui.dialogs.frame import GRID, Dialog, label, show_problem
from labeltool.ui.dialogs.options_form import OptionsForm
from labeltool.ui.words import translated

if TYPE_CHECKING:
    from labeltool.app.models import Model
    from labeltool.app.workbench import Workbench
    from labeltool.learning.pool import Strategy

STRATEGY, OPTIONS = "queue/strategy", "queue/options"
USUAL = ("stratified", "typiclust", "entropy", "margin", "bald", "foreground", "random")
"""In this order; what plug-ins add comes after them."""


class RankDialog(Dialog):
    """Says what would be ranked while it is being set up."""

    decided = Signal(str, Ranking)
    """By this strategy, with these options."""

    def __init__(self, workbench: Workbench, model: Callable[[], Model | None], parent: QWidget) -> None:
        super().__init__("rank", self.tr("Rank what to label next"), parent, QSize(520, 420))
        self._bench, self._model = workbench, model
        self._strategies: dict[str, Strategy] = {}
        self.strategy = QComboBox(self)
        self.strategy.setObjectName("dialog.rank.strategy")
        self.strategy.setAccessibleName(self.tr("Strategy"))
        self._fill()
        self._help = label(name="dialog.rank.help", dim=True)
        self.options = OptionsForm(Ranking, "dialog.rank", self, remembered())
        self._says = label(name="dialog.rank.says")
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.addRow(self.tr("Strategy"), self.strategy)
        form.addRow("", self._help)
        self.column.addLayout(form)
        self.column.addWidget(self.options)
        self.column.addStretch()
        self.column.addWidget(self._says)
        self.run = self.add_buttons(self.tr("Rank"), self.tr("Close"))
        self.run.clicked.connect(self._decide)
        self.strategy.currentIndexChanged.connect(self.look)
        self.options.changed.connect(self.look)
        self.look()
        self.run.setFocus()

    def _fill(self) -> None:
        """The strategies by their titles; one that cannot be loaded is greyed and its tooltip says why."""
        self.strategy.addItem(self.tr("Automatic"), AUTO)
        names = plugins.names(GROUP)
        for name in sorted(names, key=lambda n: (USUAL.index(n) if n in USUAL else len(USUAL), n)):
            try:
                self._strategies[name] = strategy_called(name)
                self.strategy.addItem(translated(self._strategies[name].title), name)
            except LabeltoolError as error:
                self.strategy.addItem(name, name)
                row = self.strategy.count() - 1
                self.strategy.setItemData(row, str(error), Qt.ItemDataRole.ToolTipRole)
                items = self.strategy.model()
                assert isinstance(items, QStandardItemModel)
                items.item(row).setEnabled(False)
        kept = str(QSettings().value(STRATEGY, AUTO))
        self.strategy.setCurrentIndex(max(0, self.strategy.findData(kept) if kept in self._strategies else 0))

    def look(self) -> None:
        """What would be ranked, and whether it can be."""
        strategy = self._strategies.get(self._named)
        said = "" if strategy is None else sentence(translated(strategy.help))
        if strategy is not None and self.strategy.currentData() == AUTO:
            text = self.tr(
                "Typical images until ten are labelled, then class by class.\nNow {title}: {help}."
            )
            said = text.format(title=translated(strategy.title), help=translated(strategy.help))
        self._help.setText(said)
        problem = self._problem(strategy)
        show_problem(self._says, problem, self._promise(strategy))
        self.run.setEnabled(not problem)

    @property
    def _named(self) -> str:
        """The strategy that would rank."""
        name = str(self.strategy.currentData())
        if name != AUTO:
            return name
        labelled = [record for record in self._bench.store.images() if record.status not in WAITING]
        return usual_strategy(len(labelled), self._model())

    def _waiting(self, strategy: Strategy) -> int:
        options: Ranking = self.options.value()
        records = self._bench.store.images()
        regions = options.regions and not strategy.embeddings
        return len(waiting_images(records, regions=regions, test=options.test))

    def _problem(self, strategy: Strategy | None) -> str:
        if not self._bench.editable:
            return self.tr("The project is open for reading only.")
        if strategy is None:
            return self.tr("This strategy cannot be loaded; `labeltool doctor` says why.")
        if strategy.predictions and self._model() is None:
            return self.tr(
                "This strategy needs a model that knows the classes of the project, and there is none. "
                "Choose Typical images or Random, or train a model first."
            )
        if not self._waiting(strategy):
            return self.tr(
                "There is no image to suggest: all are labelled, begun with or in the split test. Add others."
            )
        return ""

    def _promise(self, strategy: Strategy | None) -> str:
        if strategy is None:
            return ""
        model, count = self._model(), self._waiting(strategy)
        lines = [self.tr("Images to choose from: {count}.").format(count=count)]
        if self.options.value().regions and strategy.embeddings:
            lines.append(self.tr("This strategy suggests whole images only."))
        if model is not None and (strategy.predictions or strategy.embeddings):
            text = self.tr("The model {name} runs over those that it has not been over.")
            lines.append(text.format(name=model.card.name))
        if self._named != "random":
            lines.append(self.tr("A tenth is drawn at random, to see whether ranking helps."))
        return " ".join(lines)

    def _decide(self) -> None:
        name, options = str(self.strategy.currentData()), self.options.value()
        QSettings().setValue(STRATEGY, name)
        QSettings().setValue(OPTIONS, json.dumps(asdict(options)))
        self.accept()
        self.decided.emit(name, options)


def remembered() -> Ranking:
    """The options that were chosen last; what makes no sense is as it would be without."""
    try:
        kept: dict[str, Any] = json.loads(str(QSettings().value(OPTIONS, "{}")))
        values = {
            each.name: kept[each.name]
            for each in fields(Ranking)
            if type(kept.get(each.name)) is type(each.default)
        }
        return Ranking(**values)
    except (ValueError, TypeError, AttributeError):
        return Ranking()
