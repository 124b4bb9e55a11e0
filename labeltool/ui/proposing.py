"""A dialog that stays open beside the canvas, and what would come out of it, shown there all the while."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from labeltool.app.at_hand import OpenImage
from labeltool.app.jobs import Job, Lanes
from labeltool.core.errors import CancelledError
from labeltool.core.geometry import Box
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Coarse
from labeltool.ui.annotate import Annotate
from labeltool.ui.canvas.proposal import drawn_at
from labeltool.ui.dialogs.region import RegionDialog

PATIENCE_MS = 80
"""A view that moves and a number that is typed are left to settle for so long."""

Show = Callable[[LabelMask, Box, int, CancelToken], Coarse]
"""What would change of a mask, in a box, at every so-manyth pixel."""


class Proposing(QObject):
    """Works out on a lane what would change of what is on the screen, anew whenever the dialog, the view or the mask is
    another one; ``show`` says, on the window's thread, what is to be worked out. It ends with the dialog."""

    failed = Signal(Exception)

    def __init__(
        self,
        dialog: RegionDialog,
        annotate: Annotate,
        lanes: Lanes,
        image: OpenImage,
        show: Callable[[], Show],
    ) -> None:
        super().__init__(dialog)
        self._annotate, self._lanes, self._ask = annotate, lanes, show
        self._image: OpenImage | None = image
        self._job: Job[Coarse] | None = None
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(PATIENCE_MS)
        self._settled.timeout.connect(self._begin)
        dialog.changed.connect(self._settled.start)
        annotate.canvas.view_changed.connect(self._settled.start)
        self._stop_hearing = image.session.changed.connect(lambda _: self._settled.start())
        dialog.finished.connect(self._end)
        self._begin()

    def _begin(self) -> None:
        seen = self._annotate.canvas.what_is_seen()
        if self._image is None or seen.visible is None:
            return
        box, step = drawn_at(seen.zoom, seen.visible)
        show, snapshot = self._ask(), self._image.session.mask.snapshot()
        self._job = self._lanes.submit(
            "tools",
            "proposal",
            lambda cancel, _: show(snapshot, box, step, cancel),
            done=self._show,
            failed=self._fail,
        )

    def _show(self, area: Coarse) -> None:
        if self._image is not None:
            self._annotate.canvas.propose(area)

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, CancelledError):
            self.failed.emit(error)

    def _end(self) -> None:
        """Take the tint away; one that is still on its way is not wanted any more."""
        self._stop_hearing()
        self._settled.stop()
        self._image = None
        if self._job is not None:
            self._job.cancel.cancel()
        self._annotate.canvas.propose(None)
