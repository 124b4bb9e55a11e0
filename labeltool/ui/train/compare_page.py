"""Two models on the same images: class by class, and image by image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from labeltool.app.comparing import Comparison, Pair
from labeltool.core.project import SPLITS
from labeltool.ui.dialogs.frame import GRID, PRIMARY, label, make_primary
from labeltool.ui.train.shelf import Shelf
from labeltool.ui.train.tables import Cell, Figures, class_cell, difference_cell, score_cell, text_cell

if TYPE_CHECKING:
    from labeltool.app.models import Model

NAME = "train.compare"
SEEN_CLASSES = 7


class ComparePage(QWidget):
    """Asks for a comparison and shows what came of it."""

    asked = Signal(object, object, str)
    """Two models, and the split whose images are wanted ("" for all)."""
    image_asked = Signal(str)
    """An image, by its id, is to be looked at."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(NAME)
        self.setStyleSheet(PRIMARY)
        self._found: Comparison | None = None
        self.first, self.second, self.images, self.kind = (
            self._combo(name, text)
            for name, text in (
                ("first", self.tr("Model")),
                ("second", self.tr("Compared with")),
                ("images", self.tr("Images")),
                ("kind", self.tr("Which of the images")),
            )
        )
        self.run = QPushButton(self.tr("Compare"), self)
        self.run.setObjectName(f"{NAME}.run")
        make_primary(self.run)
        self._says = label(name=f"{NAME}.says", dim=True)
        self.classes = Figures(f"{NAME}.classes", self.tr("Classes"), self)
        self.rows = Figures(f"{NAME}.rows", self.tr("Images"), self)
        self._assemble()
        self.run.clicked.connect(self._ask)
        self.kind.currentIndexChanged.connect(lambda _: self._show_pair())
        self.rows.row_asked.connect(self.image_asked)
        for combo in (self.first, self.second):
            combo.currentIndexChanged.connect(lambda _: self._judge())

    def _combo(self, name: str, text: str) -> QComboBox:
        combo = QComboBox(self)
        combo.setObjectName(f"{NAME}.{name}")
        combo.setAccessibleName(text)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        return combo

    def _assemble(self) -> None:
        question = QHBoxLayout()
        question.setSpacing(GRID)
        question.addWidget(self.first)
        question.addWidget(QLabel(self.tr("against"), self))
        question.addWidget(self.second)
        question.addWidget(QLabel(self.tr("on"), self))
        question.addWidget(self.images)
        question.addSpacing(GRID)
        question.addWidget(self.run)
        question.addStretch(1)
        answer = QHBoxLayout()
        answer.addWidget(self._says, 1)
        answer.addWidget(self.kind)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(label(self.tr("Compare two models"), heading=True))
        column.addLayout(question)
        column.addLayout(answer)
        column.addWidget(self.classes)
        self._caption = QLabel(self.tr("Images; a double click shows one"), self)
        column.addWidget(self._caption)
        column.addWidget(self.rows, 1)
        column.addStretch(0)
        self._show_nothing()

    # ---- the question

    def show_choices(self, shelf: Shelf, splits: set[str]) -> None:
        """Offer these models, and the images of these splits."""
        for combo in (self.first, self.second):
            with QSignalBlocker(combo):
                before = combo.currentData()
                combo.clear()
                for model in shelf.models:
                    combo.addItem(model.card.name, model.key)
                combo.setCurrentIndex(max(0, combo.findData(before)))
        self._models = {model.key: model for model in shelf.models}
        before = self.images.currentData()
        self.images.clear()
        self.images.addItem(self.tr("all labelled images"), "")
        for split in SPLITS:
            if split in splits:
                self.images.addItem(self.tr("the split {name}").format(name=split), split)
        self.images.setCurrentIndex(max(0, self.images.findData(before)))
        self._judge()

    def choose(self, first: Model | None, second: Model | None, split: str | None = None) -> None:
        """Put two models in question, on the images of a split; what came of others is not shown any more."""
        if split is not None:
            self.images.setCurrentIndex(max(0, self.images.findData(split)))
        for combo, model in ((self.first, first), (self.second, second)):
            if model is not None:
                combo.setCurrentIndex(max(0, combo.findData(model.key)))
        if self.first.currentData() == self.second.currentData():
            other = next((i for i in range(self.second.count()) if i != self.first.currentIndex()), -1)
            self.second.setCurrentIndex(max(0, other))
        if self._found is not None and (self.first.currentData(), self.second.currentData()) != (
            self._found.a.key,
            self._found.b.key,
        ):
            self._show_nothing()

    def _judge(self) -> None:
        """Two different models are needed."""
        self.run.setEnabled(
            self.first.currentData() is not None and self.first.currentData() != self.second.currentData()
        )

    def _ask(self) -> None:
        a, b = (self._models[combo.currentData()] for combo in (self.first, self.second))
        self.asked.emit(a, b, self.images.currentData())

    # ---- the answer

    def _show_nothing(self) -> None:
        self._found = None
        self._says.setText(
            self.tr(
                "Both models are run on the same images, and judged by what people have labelled there. "
                "Images that one of them was trained on are counted apart."
            )
        )
        for widget in (self.kind, self.classes, self._caption, self.rows):
            widget.hide()

    def show_comparison(self, found: Comparison) -> None:
        """What came of it."""
        self._found = found
        with QSignalBlocker(self.kind):
            self.kind.clear()
            for pair, text in (
                (
                    found.unseen,
                    self.tr("Images that neither is known to have been trained on: {n}")
                    if found.unrecorded
                    else self.tr("Images that neither was trained on: {n}"),
                ),
                (found.seen, self.tr("Images that one of them was trained on: {n}")),
            ):
                if pair.rows:
                    self.kind.addItem(text.format(n=len(pair.rows)), pair is found.seen)
        self._show_pair()
        for widget in (self.classes, self._caption, self.rows):
            widget.show()
        self.kind.setVisible(self.kind.count() > 1)

    def _show_pair(self) -> None:
        found = self._found
        if found is None:
            return
        pair = found.seen if self.kind.currentData() else found.unseen
        names = (found.a.card.name, found.b.card.name)
        self._says.setText(self._sentence(found, pair))
        self._show_classes(pair, names)
        self._show_images(pair, names)

    def _sentence(self, found: Comparison, pair: Pair) -> str:
        a, b = found.a.card.name, found.b.card.name
        better = [row["better"] for row in pair.rows]
        parts = [
            self.tr("{a} is better on {n} images, {b} on {m}; {k} are alike.").format(
                a=a, n=better.count("a"), b=b, m=better.count("b"), k=better.count("same")
            )
        ]
        if pair is found.seen:
            parts.append(self.tr("What a model was trained on it knows by heart: this is no test."))
        if found.unrecorded:
            parts.append(
                self.tr("Nobody recorded what {models} was trained on.").format(
                    models=", ".join(found.unrecorded)
                )
            )
        if found.skipped:
            parts.append(self.tr("Left out: {n}.").format(n=len(found.skipped)))
        return " ".join(parts)

    def _heads(self, first: str, names: tuple[str, str]) -> list[str]:
        return [first, names[0], names[1], self.tr("Difference")]

    def _show_classes(self, pair: Pair, names: tuple[str, str]) -> None:
        a, b = pair.a.to_json(), pair.b.to_json()
        rows = [
            [class_cell(each), *_against(*(figures["per_class"][each.name]["iou"] for figures in (a, b)))]
            for each in pair.catalog.classes
        ]
        rows.append([text_cell(self.tr("mean")), *_against(a["miou"], b["miou"])])
        self.classes.show_rows(self._heads(self.tr("IoU of a class"), names), rows)
        self.classes.fit(SEEN_CLASSES)

    def _show_images(self, pair: Pair, names: tuple[str, str]) -> None:
        def difference(row: dict[str, Any]) -> float:
            return (row["a"]["miou"] or 0.0) - (row["b"]["miou"] or 0.0)

        ordered = sorted(pair.rows, key=difference)
        rows = [[text_cell(row["name"]), *_against(row["a"]["miou"], row["b"]["miou"])] for row in ordered]
        ids = [row["id"] for row in ordered]
        self.rows.show_rows(self._heads(self.tr("mIoU of an image"), names), rows, ids, sortable=True)


def _against(a: float | None, b: float | None) -> list[Cell]:
    """Both, and how much better the first is."""
    return [score_cell(a), score_cell(b), difference_cell(None if a is None or b is None else a - b)]
