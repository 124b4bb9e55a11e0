"""Several annotators of one image: layers set aside, hidden gold, and how far they agree. Each is a dialog."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from labeltool.core.errors import LabeltoolError
from labeltool.core.project import ImageRecord
from labeltool.ui.annotate import Annotate
from labeltool.ui.part import Part

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench
    from labeltool.ui.long_work import LongWork
    from labeltool.ui.people.images_dialog import ImagesDialog


class Annotators(Part):
    """Opens the dialogs, and has the image at hand loaded again after they have written behind its session."""

    image_asked = Signal(str)
    """This image is to be looked at."""
    _detached = Signal()

    def __init__(self, annotate: Annotate, work: LongWork, window: QWidget) -> None:
        super().__init__(window)
        self._annotate, self._work, self._window = annotate, work, window
        self._bench: Workbench | None = None

    def attach(self, bench: Workbench | None) -> None:
        """See the base."""
        self._bench = bench
        self._detached.emit()

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """See the base."""
        return {"references": self._ask_references, "people_report": self._report}

    def fill_menu(self, menu: QMenu, records: Sequence[ImageRecord]) -> None:
        """What can be done with the images that are marked in the list."""
        menu.addSeparator()
        layers = menu.addAction(
            self.tr("Other annotators' layers…"), partial(self._references, list(records))
        )
        layers.setObjectName("images.references")
        gold = menu.addAction(self.tr("Hidden gold…"), partial(self._gold, list(records)))
        gold.setObjectName("images.gold")

    # ---- dialogs

    def _ask_references(self) -> None:
        image = self._annotate.image
        if image is not None:
            self._references([image.record])

    def _references(self, records: list[ImageRecord]) -> None:
        from labeltool.ui.people.references_dialog import ReferencesDialog  # noqa: PLC0415

        if self._bench is not None and self._is_free():
            self._open(ReferencesDialog(self._bench, records, self._window))

    def _gold(self, records: list[ImageRecord]) -> None:
        from labeltool.ui.people.gold_dialog import GoldDialog  # noqa: PLC0415

        if self._bench is not None and self._is_free():
            self._open(GoldDialog(self._bench, records, self._window))

    def _is_free(self) -> bool:
        """False, and told so, while a model writes masks."""
        if self._work.busy:
            self.failed.emit(
                LabeltoolError(
                    self.tr("masks cannot be set aside while other work writes some"),
                    hint=self.tr("Wait for the work in the status bar, or cancel it first"),
                )
            )
        return not self._work.busy

    def _open(self, dialog: ImagesDialog) -> None:
        records = dialog.records
        dialog.changed.connect(lambda: self._reload(records))
        dialog.open()

    def _reload(self, records: Sequence[ImageRecord]) -> None:
        """The masks of these images, or what lies beside them, are others on disk now."""
        bench = self._bench
        if bench is None:
            return
        for record in records:
            bench.renew_record(record.id)
        bench.layers_changed.emit(None)
        if any(record.id == bench.wanted for record in records):
            bench.open_image(bench.wanted)

    def _report(self) -> None:
        from labeltool.ui.people.report import ReportDialog  # noqa: PLC0415

        if self._bench is not None:
            dialog = ReportDialog(self._bench, self._window)
            dialog.image_asked.connect(self.image_asked)
            self._detached.connect(dialog.accept)
            dialog.show()
