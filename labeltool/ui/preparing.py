"""The making of a large image's levels, shown in the status bar and cancelled there, while no other work has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from labeltool.core.progress import TimeLeft
from labeltool.ui.long_work import LongWork
from labeltool.ui.part import Part
from labeltool.ui.statusbar import StatusBar

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench

NAME_PX = 160
"""Room for the name of the image in the status bar."""


class Preparing(Part):
    """Follows the image at hand. It is no work of :class:`LongWork`: it goes on beside it, and nobody waits for it."""

    def __init__(self, status: StatusBar, work: LongWork, parent: QObject) -> None:
        super().__init__(parent)
        self._status, self._work = status, work
        self._bench: Workbench | None = None
        self._left = TimeLeft()
        self._shown = self._cancelled = False
        self._said = ""
        status.cancel_asked.connect(self.cancel)
        work.ended.connect(self._hide)  # until the next progress

    def attach(self, bench: Workbench | None) -> None:
        """The images of this workbench from now on."""
        self._bench = bench
        self._begin()
        if bench is not None:
            bench.image_opened.connect(lambda _: self._begin())
            bench.levels_progress.connect(self._show)

    def _begin(self) -> None:
        """Another image: nothing is known of its levels yet."""
        self._left, self._cancelled = TimeLeft(), False
        self._hide()
        self.outdated.emit(self._said)

    def _show(self, progress: tuple[float, float] | None) -> None:
        if progress is None:
            self._end()
        elif not self._work.busy and not self._cancelled:
            done, total = progress
            name = self._status.fontMetrics().elidedText(self._name(), Qt.TextElideMode.ElideMiddle, NAME_PX)
            title = self.tr("Preparing overview of {name}").format(name=name)
            if not self._shown:
                self._status.show_work(title)
                self._shown = True
            self._status.show_progress(title, done / total, 1, self._left.seconds(done, total))

    def _name(self) -> str:
        image = self._bench.open if self._bench is not None else None
        return image.record.name if image is not None else ""

    def cancel(self) -> None:
        """Make no more levels of the image at hand."""
        if self._shown and not self._work.busy and self._bench is not None:
            self._cancelled = True
            self._status.show_cancelling()
            self._bench.stop_levels()

    def _end(self) -> None:
        self._hide()
        if self._cancelled:
            text = self.tr(
                "The overview of {name} is not finished: seen from afar, parts of the image stay coarse or empty. "
                "Choose it again in the list of images to go on."
            )
            self._said = text.format(name=self._name())
            self.noted.emit(self._said)

    def _hide(self) -> None:
        if self._shown and not self._work.busy:
            self._status.show_work(None)
        self._shown = False
