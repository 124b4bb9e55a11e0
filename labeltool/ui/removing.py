"""Images out of the project and back: asked first, kept in the project's trash, deleted for good only when old."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from labeltool.core.errors import CancelledError, LabeltoolError, StoreError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord
from labeltool.ui.part import Part

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench
    from labeltool.ui.long_work import LongWork

FLUSH_S = 10.0
"""How long a removal waits for the strokes on its images."""


_UNSAVED = "strokes on this image are still waiting to be saved"


class _Outcome(NamedTuple):
    """How many images were removed, and why no more: what is wrong with single ones, or what ended it."""

    removed: int
    errors: list[LabeltoolError]


class Removing(Part):
    """Asks in words, and does it on a lane."""

    images_changed = Signal()
    """Which images there are is no longer as it was."""

    def __init__(self, work: LongWork, window: QWidget) -> None:
        super().__init__(window)
        self._work, self._window = work, window
        self._bench: Workbench | None = None

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """See the base."""
        return {"removed_images": self.show_removed}

    def attach(self, bench: Workbench | None) -> None:
        """See the base."""
        self._bench = bench

    def ask(self, records: list[ImageRecord]) -> None:
        """Ask whether these images are to be taken out of the project."""
        from labeltool.ui.dialogs.removing import RemoveDialog  # noqa: PLC0415

        if self._bench is None or not records:
            return
        if self._work.busy:
            self.failed.emit(
                LabeltoolError(
                    self.tr("images cannot be removed while other work goes on"),
                    hint=self.tr("Wait for the work in the status bar, or cancel it first"),
                )
            )
            return
        dialog = RemoveDialog(records, self._window)
        dialog.accepted.connect(lambda: self.remove(records))
        dialog.open()

    def remove(self, records: list[ImageRecord]) -> None:
        """Take images out of the project; the next one that stays is opened."""
        from labeltool.store.scope import is_of_one_image  # noqa: PLC0415 - a window without a project needs no store
        from labeltool.ui.dialogs.removing import as_one  # noqa: PLC0415

        bench = self._bench
        if bench is None:
            return
        gone = {record.id for record in records}
        following = self._following(bench, gone)
        if bench.wanted in gone:
            bench.hold()

        def work(cancel: CancelToken, progress: Progress) -> _Outcome:
            removed, errors = 0, list[LabeltoolError]()
            for number, record in enumerate(records):
                try:
                    cancel.check()
                    progress(number, len(records), record.name)
                    if not bench.saver.flush(FLUSH_S, record.id):
                        raise LabeltoolError(_UNSAVED, file=record.path, hint="Try again when it is saved")
                    bench.store.remove_images([record.id])
                    removed += 1
                except LabeltoolError as error:  # what was removed before stays so
                    errors.append(error)
                    if not (isinstance(error, StoreError) and is_of_one_image(error)):
                        break
            return _Outcome(removed, errors)

        def done(outcome: _Outcome) -> None:
            text = self.tr("Images removed: {n}. Image, Removed images… brings them back.")
            self.told.emit(text.format(n=outcome.removed))
            self.images_changed.emit()
            left = {record.id for record in bench.store.images()}
            opened = bench.wanted if bench.wanted in left else following
            if opened in left and (bench.wanted in gone or bench.open is None):
                bench.open_image(opened)
            elif not left:
                bench.clear()
            failures = [each for each in outcome.errors if not isinstance(each, CancelledError)]
            if failures:
                self.failed.emit(as_one(failures))

        self._work.run(bench.lanes, "files", self.tr("Removing images"), work, done)

    def _following(self, bench: Workbench, gone: set[str]) -> str | None:
        """The image at hand where it stays, else the next one that does, or the last before it."""
        ids = [record.id for record in bench.store.images()]
        at = ids.index(bench.wanted) if bench.wanted in ids else 0
        return next((each for each in (*ids[at:], *reversed(ids[:at])) if each not in gone), None)

    def show_removed(self) -> None:
        """Show what was removed, to bring it back."""
        from labeltool.ui.dialogs.removing import RemovedDialog  # noqa: PLC0415

        if self._bench is not None:
            dialog = RemovedDialog(self._bench, self._window)
            dialog.changed.connect(self.images_changed)
            dialog.open()
