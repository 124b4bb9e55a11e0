"""Images whose file was moved, renamed or replaced: found again from the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from labeltool.core.errors import LabeltoolError
from labeltool.core.progress import CancelToken, Progress
from labeltool.ui.part import Part

if TYPE_CHECKING:
    from labeltool.app.relinking import RelinkReport
    from labeltool.app.sources import SourceError
    from labeltool.app.workbench import Workbench
    from labeltool.core.project import ImageRecord
    from labeltool.ui.long_work import LongWork

NAMED = 3
"""Images that a message names."""


class Sources(Part):
    """Asks what to do where the file of an image is missing or another one, and does it."""

    images_changed = Signal()
    """Where images lie, or which there are, is no longer as it was."""
    found = Signal(str)
    """The file of this image is there again."""
    missed = Signal(list)
    """Records of images that a search has not found."""

    def __init__(self, work: LongWork, window: QWidget) -> None:
        super().__init__(window)
        self._work, self._window = work, window
        self._bench: Workbench | None = None

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """See the base."""
        return {"find_images": self.ask_folder}

    def attach(self, bench: Workbench | None) -> None:
        """See the base."""
        self._bench = bench

    def takes_failure(self, record: ImageRecord, error: LabeltoolError) -> bool:
        """Where the file is the trouble it is asked what to do."""
        from labeltool.app.sources import SourceError  # noqa: PLC0415

        if isinstance(error, SourceError):
            self._ask(error)
        return isinstance(error, SourceError)

    def _ask(self, error: SourceError) -> None:
        from labeltool.ui.dialogs.source import SourceDialog  # noqa: PLC0415

        bench = self._bench
        if bench is None:
            return
        dialog = SourceDialog(error, self._window, editable=bench.editable)
        dialog.locate_asked.connect(lambda: self._ask_file(error.record))
        dialog.search_asked.connect(lambda: self.ask_folder(error.record))
        dialog.keep_asked.connect(lambda: self.keep_both(error.record))
        dialog.open()

    # ---- one image

    def _ask_file(self, record: ImageRecord) -> None:
        title = self.tr("Where is {name} now?").format(name=record.name)
        chosen, _ = QFileDialog.getOpenFileName(self._window, title, str(record.path.parent))
        if chosen:
            self.locate(record, Path(chosen))

    def locate(self, record: ImageRecord, path: Path) -> None:
        """Take a file for that of an image, where it holds the same bytes."""
        bench = self._bench
        if bench is None:
            return

        def work(cancel: CancelToken, progress: Progress) -> list[ImageRecord]:
            from labeltool.app.relinking import locate  # noqa: PLC0415

            return locate(bench.store, record, path)

        def done(found: list[ImageRecord]) -> None:
            self._found(found, open_=record.id)

        self._work.run(bench.lanes, "files", self.tr("Reading the file"), work, done)

    def keep_both(self, record: ImageRecord) -> None:
        """The picture that lies in the place of an image becomes an image of its own."""
        bench = self._bench
        if bench is None:
            return

        def work(cancel: CancelToken, progress: Progress) -> list[ImageRecord]:
            from labeltool.app.relinking import keep_both  # noqa: PLC0415

            return keep_both(bench.store, record)

        def done(added: list[ImageRecord]) -> None:
            self.told.emit(self.tr("Images added: {n}").format(n=len(added)))
            self._found(added, open_=added[0].id)

        self._work.run(bench.lanes, "files", self.tr("Adding the new picture"), work, done)

    def _found(self, records: list[ImageRecord], open_: str) -> None:
        if self._bench is not None:
            self.images_changed.emit()
            for record in records:
                self._bench.renew_record(record.id)
                self.found.emit(record.id)
            self._bench.open_image(open_)

    # ---- all of them

    def ask_folder(self, also: ImageRecord | None = None) -> None:
        """Ask for a folder and look there for every image that is missing."""
        chosen = QFileDialog.getExistingDirectory(self._window, self.tr("Where to look for missing images"))
        if chosen:
            self.search(Path(chosen), also)

    def search(self, folder: Path, also: ImageRecord | None = None) -> None:
        """Look below a folder for every image that is missing, and for ``also``, whose file is another one now."""
        bench = self._bench
        if bench is None:
            return

        def work(cancel: CancelToken, progress: Progress) -> RelinkReport:
            from labeltool.app.relinking import search  # noqa: PLC0415

            more = [] if also is None else [also]
            return search(bench.store, [folder], also=more, progress=progress, cancel=cancel)

        def done(report: RelinkReport) -> None:
            self.news.emit(self._words(report))
            self.missed.emit(report.lost)
            wanted = also.id if also is not None else bench.wanted
            found = [record.id for record in report.found]
            if found:
                self._found(report.found, wanted if wanted in found or bench.open else found[0])

        self._work.run(bench.lanes, "files", self.tr("Looking for missing images"), work, done)

    def _words(self, report: RelinkReport) -> str:
        if not report.found and not report.lost:
            return self.tr("No image is missing.")
        lines = [self.tr("Images found again: {n}").format(n=len(report.found))]
        if report.lost:
            names = ", ".join(record.name for record in report.lost[:NAMED])
            more = "…" if len(report.lost) > NAMED else ""
            text = self.tr("Still missing: {n} ({names}). Their labels are safe in the project.")
            lines.append(text.format(n=len(report.lost), names=names + more))
        return "\n".join(lines)
