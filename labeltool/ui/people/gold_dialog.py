"""Hide images as gold among the others, or end that."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QRadioButton, QWidget

from labeltool.app.people import gold
from labeltool.app.people.gold import Hidden
from labeltool.app.project import reason
from labeltool.app.workbench import Workbench
from labeltool.core.errors import LabeltoolError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord, Skipped
from labeltool.ui.dialogs.findings import Findings
from labeltool.ui.dialogs.frame import label
from labeltool.ui.people.images_dialog import ImagesDialog


class GoldDialog(ImagesDialog):
    """It does not say which images are gold before somebody has chosen what to do with them."""

    def __init__(self, bench: Workbench, records: Sequence[ImageRecord], parent: QWidget) -> None:
        super().__init__("gold", "", bench, records, parent, "")
        self.setWindowTitle(self.tr("Hidden gold images"))
        self.hiding = QRadioButton(self.tr("Hide as gold, to see how well people label them"))
        self.hiding.setObjectName("dialog.gold.hide")
        self.revealing = QRadioButton(self.tr("End being gold: images like any others"))
        self.revealing.setObjectName("dialog.gold.reveal")
        self.hiding.setChecked(True)
        self.hiding.toggled.connect(lambda _: self._say())
        self._promise = Findings("dialog.gold.plan", self.tr("What will happen"))
        self.form.addRow(label(self.about()))
        self.form.addRow(self.hiding)
        self.form.addRow(self.revealing)
        self.form.addRow(self._promise)
        self._say()

    def _say(self) -> None:
        hiding = self.hiding.isChecked()
        self.run.setText(self.tr("Hide as gold") if hiding else self.tr("End being gold"))
        self._promise.clear()
        texts = (
            (
                self.tr("What people have set or imported is kept as the truth, out of sight."),
                self.tr("The annotation is emptied, and the images look new to whoever opens them."),
                self.tr("Review, Agreement and gold… says how well they are labelled then."),
            )
            if hiding
            else (
                self.tr("The annotation stays as people have made it meanwhile."),
                self.tr("The truth stays in the history of each image, and is kept beside it no more."),
            )
        )
        for text in texts:
            self._promise.add("notice", text)

    def start(self) -> None:
        """Do it."""
        bench, records = self._bench, self.records

        def hide(cancel: CancelToken, progress: Progress) -> Hidden:
            return gold.hide(bench.store, records, cancel)

        def reveal(cancel: CancelToken, progress: Progress) -> Hidden:
            found = Hidden()
            for number, record in enumerate(records):
                cancel.check()
                progress(number, len(records), record.name)
                try:
                    revision = gold.reveal(bench.store, record)
                    found.notices.append(f"{record.name}: r{revision}")
                    found.images.append(record)
                except LabeltoolError as error:
                    found.skipped.append(Skipped(str(record.path), reason(error)))
            return found

        hiding = self.hiding.isChecked()
        self.begin(hide if hiding else reveal, self._hidden if hiding else self._revealed, self.run.text())

    def _hidden(self, found: Hidden) -> None:
        text = self.tr("Hidden as gold: {n}").format(n=len(found.images))
        self.tell(text if found.images else self.tr("Nothing was hidden"), found.notices, found.skipped)

    def _revealed(self, found: Hidden) -> None:
        text = self.tr("Gold no more: {n}").format(n=len(found.images))
        truth = self.tr("The truth is this revision of the history: {image}")
        notices = [truth.format(image=each) for each in found.notices]
        self.tell(text if found.images else self.tr("None of them was gold"), notices, found.skipped)
