"""What is done with models: used, gone back from, added, compared, exported, deleted; the work off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from labeltool.app.comparing import Comparison, compare
from labeltool.app.model_files import export_onnx
from labeltool.app.models import Model, add_model, promote, remove_model, rollback
from labeltool.app.project import chosen
from labeltool.app.runs import Run, remove
from labeltool.core.progress import CancelToken, Progress
from labeltool.inference.card import WEIGHTS_NAME
from labeltool.ui.dialogs.failure import as_failure
from labeltool.ui.dialogs.formats import saved_first
from labeltool.ui.long_work import LongWork

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench


class Models(QWidget):
    """An invisible widget, so that its dialogs lie over the window."""

    used = Signal(object)
    """This model is in use from now on."""
    added = Signal(object)
    removed = Signal()
    compared = Signal(object)
    """A :class:`Comparison`."""
    exported = Signal(object)
    """The path of the file."""
    failed = Signal(Exception)

    def __init__(self, work: LongWork, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()
        self._work = work
        self._bench: Workbench | None = None

    def attach(self, bench: Workbench | None) -> None:
        """The models of this project from now on."""
        self._bench = bench

    def use(self, model: Model) -> None:
        """Pre-label with a model from now on, here and on the command line."""

        def work(root: Path) -> Model:
            promote(root, model)
            return model

        self._briefly("promote", work, self.used.emit)

    def roll_back(self) -> None:
        """Use the model that was used before."""
        self._briefly("promote", rollback, self.used.emit)

    def compare(self, a: Model, b: Model, split: str) -> None:
        """Judge two models by the same images: of a split, or all."""
        bench = self._bench
        if bench is None:
            return

        def work(cancel: CancelToken, progress: Progress) -> Comparison:
            saved_first(bench.saver)
            records = chosen(bench.store, split or None)
            return compare(bench.store, records, a, b, progress=progress, cancel=cancel)

        self._work.run(bench.lanes, "model", self.tr("Comparing"), work, self.compared.emit)

    def ask_file(self) -> None:
        """Ask for a model's weights, which lie beside its card, and add it to the project."""
        filter_ = self.tr("Weights beside their card.json") + " (*.safetensors)"
        dialog = QFileDialog(self.window(), self.tr("Add a model"), filter=filter_)
        dialog.setObjectName("train.add")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.add(Path(name)))
        dialog.open()

    def add(self, weights: Path) -> None:
        """Copy a model into the project once it has loaded. BadInputError or ModelError when it does not."""
        bench = self._bench
        if bench is not None:
            root = bench.store.root
            self._work.run(
                bench.lanes,
                "model",
                self.tr("Adding a model"),
                lambda cancel, progress: add_model(root, _source(weights)),
                self.added.emit,
            )

    def ask_export(self, model: Model) -> None:
        """Ask for a file, and write a model to it for other programs."""
        dialog = QFileDialog(self.window(), self.tr("Export as ONNX"), filter="ONNX (*.onnx)")
        dialog.setObjectName("train.export")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("onnx")
        dialog.selectFile(f"{model.card.name}.onnx")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.export(model, Path(name)))
        dialog.open()

    def export(self, model: Model, out: Path) -> None:
        """Write a model as an ONNX file. ModelError when its network cannot be one."""
        if self._bench is not None:
            self._work.run(
                self._bench.lanes,
                "model",
                self.tr("Exporting a model"),
                lambda cancel, progress: export_onnx(model, out, progress=progress, cancel=cancel),
                self.exported.emit,
            )

    def ask_remove(self, thing: Run | Model) -> None:
        """Ask, then delete a training or a model."""
        if isinstance(thing, Run):
            name = thing.name
            what = self.tr("Its curves, samples and state are deleted. The models that came of it stay.")
        else:
            name = thing.card.name
            what = self.tr("Its weights are deleted from the project. Predictions that it has made stay.")
        box = QMessageBox(self.window())
        box.setObjectName("train.remove")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(self.tr("Delete {name}?").format(name=name))
        box.setInformativeText(what)
        delete = box.addButton(self.tr("Delete"), QMessageBox.ButtonRole.DestructiveRole)
        delete.setObjectName("train.remove.delete")
        delete.clicked.connect(lambda: self._remove(thing))
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.open()

    def _remove(self, thing: Run | Model) -> None:
        def work(root: Path) -> None:
            remove(thing) if isinstance(thing, Run) else remove_model(root, thing.folder.name)

        self._briefly("remove", work, lambda _: self.removed.emit())

    def _briefly(
        self, key: str, work: Callable[[Path], Model | None], then: Callable[[Model | None], None]
    ) -> None:
        """Something short with files of the project."""
        if self._bench is not None:
            root = self._bench.store.root
            self._bench.lanes.submit(
                "io",
                f"models: {key}",
                lambda cancel, progress: work(root),
                done=then,
                failed=lambda error: self.failed.emit(as_failure(error)),
            )


def _source(weights: Path) -> Path:
    """The folder of a model, where the file has the name that it has there."""
    return weights.parent if weights.name == WEIGHTS_NAME else weights
