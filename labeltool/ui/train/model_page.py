"""One model: its card, what it reached, and what can be done with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from labeltool.app.models.seen import digest_of
from labeltool.core.compare import mean
from labeltool.core.project import ImageRecord
from labeltool.inference.run import PER_IMAGE
from labeltool.ui.dialogs.frame import GRID, label
from labeltool.ui.train.header import Header
from labeltool.ui.train.tables import Figures, class_cell, score_cell, text_cell
from labeltool.ui.train.words import DASH
from labeltool.ui.words import duration, plural

if TYPE_CHECKING:
    from labeltool.app.models import Model

NAME = "train.model"
SEEN_CLASSES, MOST_CLASSES = 8, 4
NOTHING_THERE = 2.0
"""Sorts an image that holds no class but the background behind all others."""
FACTS_PX = 320
USED_COLOUR = "#2fb380"


class ModelPage(QWidget):
    """Shows and asks."""

    compare_asked = Signal()
    image_asked = Signal(str)
    """An image, by its id or else by its name, is to be looked at."""

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(NAME)
        self.model: Model | None = None
        self.header = Header(NAME, self)
        self.header.add_action(actions["model_use"])
        self.header.add_action(actions["model_roll_back"], self.tr("Roll back"))
        self.header.add_action(actions["model_compare"], self.tr("Compare with…"))
        self._menu = QMenu(self)
        for name in ("model_prelabel", "model_prelabel_all"):
            self._menu.addAction(actions[name])
        prelabel = self.header.add_button("prelabel", self.tr("Pre-label…"), "ph.sparkle")
        # Not setMenu(): that runs an event loop of its own.
        prelabel.clicked.connect(lambda: self._menu.popup(prelabel.mapToGlobal(QPoint(0, prelabel.height()))))
        self.header.add_action(actions["model_export"], self.tr("Export as ONNX…"))
        self.header.add_action(actions["model_remove"], self.tr("Delete…"))
        self.facts = QFormLayout()
        self.facts.setHorizontalSpacing(2 * GRID)
        self.facts.setVerticalSpacing(GRID)
        self.facts.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.classes = Figures(f"{NAME}.classes", self.tr("Figures of each class"), self)
        self.images = Figures(f"{NAME}.images", self.tr("Figures of each image"), self)
        self.images.row_asked.connect(self.image_asked)
        self._no_images = label(name=f"{NAME}.no_images", dim=True)
        self._caption = QLabel(self)
        self._assemble()

    def _assemble(self) -> None:
        left = QVBoxLayout()
        left.addLayout(self.facts)
        left.addStretch(1)
        facts = QWidget(self)
        facts.setLayout(left)
        facts.setFixedWidth(FACTS_PX)
        left.setContentsMargins(0, 0, 0, 0)
        right = QVBoxLayout()
        right.setSpacing(GRID)
        right.addWidget(self._caption)
        right.addWidget(self.classes)
        right.addSpacing(GRID)
        right.addWidget(QLabel(self.tr("Validation images, the worst first; a double click shows one"), self))
        right.addWidget(self._no_images)
        right.addWidget(self.images, 1)
        right.addStretch(0)
        columns = QHBoxLayout()
        columns.setSpacing(4 * GRID)
        columns.addWidget(facts)
        columns.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.header)
        column.addLayout(columns, 1)

    def show_model(self, model: Model, use: str, images: Sequence[ImageRecord]) -> None:
        """Show a model; ``use`` says whether it is in use, ``images`` are the project's."""
        self.model = model
        self.header.show_title(model.card.name, use, USED_COLOUR)
        self._show_facts(model)
        self._show_classes(model)
        self._show_images(model, images)

    def _show_facts(self, model: Model) -> None:
        while self.facts.rowCount():
            self.facts.removeRow(0)
        card, made = model.card, model.card.training
        source = {"embedded": self.tr("comes with the program"), "project": self.tr("of this project")}
        seconds = made.get("seconds")
        facts = (
            (self.tr("Source"), source.get(model.source, model.source)),
            (self.tr("Version"), model.key),
            (self.tr("Network"), card.arch),
            (self.tr("Encoder"), card.encoder),
            (self.tr("Classes"), ", ".join(each.name for each in card.catalog.classes)),
            (self.tr("Sees"), self._sees(model)),
            (self.tr("Learnt from"), card.data or self._images(made)),
            (self.tr("Digest of it"), str(made.get("data_sha256", ""))[:16]),
            (self.tr("Trained"), self._trained(made, seconds)),
            (self.tr("Chosen on"), str(made.get("chosen_on", ""))),
            (self.tr("Licence"), card.licence or DASH),
            (self.tr("Command"), str(made.get("command", ""))),
        )
        for title, value in facts:
            if value:
                name = label(title, dim=True)
                name.setWordWrap(False)
                self.facts.addRow(name, label(value))

    def _sees(self, model: Model) -> str:
        card = model.card
        return self.tr("{n} channels, windows of {tile} px, enlarged by {scale}").format(
            n=card.channels, tile=card.tile, scale=f"{card.scale:g}"
        )

    def _images(self, made: dict[str, Any]) -> str:
        if "images" not in made:
            return ""
        one, many = self.tr("1 image of this project"), self.tr("{n} images of this project")
        return plural(made["images"], one, many)

    def _trained(self, made: dict[str, Any], seconds: float | None) -> str:
        parts = [self.tr("best at step {n}").format(n=f"{made['steps']:,}")] if "steps" in made else []
        parts += [duration(seconds)] if seconds else []
        parts += [str(made["device"])] if made.get("device") else []
        return ", ".join(parts)

    def _show_classes(self, model: Model) -> None:
        figures = model.card.figures
        per_class, boundary = figures.get("per_class", {}), figures.get("boundary_iou", {})
        images = figures.get("images")
        self._caption.setText(
            plural(images, self.tr("On 1 validation image"), self.tr("On {n} validation images"))
            if images
            else self.tr("Figures of each class")
        )
        heads = [self.tr("Class"), "IoU", "F1", self.tr("Precision"), self.tr("Recall")]
        names = ("iou", "f1", "precision", "recall")
        rows = [
            [class_cell(each), *(score_cell(per_class.get(each.name, {}).get(name)) for name in names)]
            for each in model.card.catalog.classes
        ]
        if boundary:
            heads.append(self.tr("Boundary IoU"))
            for row, each in zip(rows, model.card.catalog.classes, strict=True):
                row.append(score_cell(boundary.get(each.name)))
        self.classes.show_rows(heads, rows)
        self.classes.fit(SEEN_CLASSES)

    def _show_images(self, model: Model, images: Sequence[ImageRecord]) -> None:
        found, elsewhere = per_image(model, images), self.tr("not in this project")
        classes = [each.name for each in model.card.catalog.foreground][:MOST_CLASSES]
        self.images.show_rows(
            [self.tr("Image"), *(f"IoU {name}" for name in classes)],
            [
                [text_cell(each.name or elsewhere), *(score_cell(each.ious.get(name)) for name in classes)]
                for each in found
            ],
            [each.id or each.name for each in found],
            sortable=True,
        )
        self.images.setVisible(bool(found))
        self._no_images.setVisible(not found)
        self._no_images.setText(
            self.tr(
                "This model came without figures of single images. Compare it with another one to see them."
            )
        )


class ImageFigures(NamedTuple):
    """An image of a model's validation: the IoU of each class that occurs there or was predicted. A project that does
    not have the image knows no name of it."""

    id: str
    name: str
    ious: dict[str, float]


def per_image(model: Model, images: Sequence[ImageRecord]) -> list[ImageFigures]:
    """The figures of single validation images that lie beside a model, the worst first; none where there are none.
    Which of ``images`` they are of their digests say."""
    try:
        data = json.loads((model.folder / PER_IMAGE).read_text(encoding="utf-8"))
        known = {digest_of(record): record for record in images} if data else {}
        found = [_figures(row, known.get(row.get("sha256"))) for row in data]
    except (OSError, ValueError, AttributeError, TypeError, KeyError, OverflowError, RecursionError):
        return []
    names = [each.name for each in model.card.catalog.foreground]

    def worst_first(image: ImageFigures) -> float:
        reached = mean(image.ious.get(name) for name in names)
        return NOTHING_THERE if reached is None else reached

    return sorted(found, key=worst_first)


def _figures(row: dict[str, Any], record: ImageRecord | None) -> ImageFigures:
    ious = {n: float(scores["iou"]) for n, scores in row["per_class"].items() if scores["iou"] is not None}
    if record is not None:
        return ImageFigures(record.id, record.name, ious)
    return ImageFigures(str(row.get("id", "")), str(row.get("name", "")), ious)
