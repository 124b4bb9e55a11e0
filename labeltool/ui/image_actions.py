"""The image at hand, from keys, menus and lists: which one it is, a step back and forth, its approval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Literal

from PySide6.QtWidgets import QWidget

from labeltool.core.errors import LabeltoolError, LockedError
from labeltool.ui.annotate import Annotate
from labeltool.ui.pages import PageBar
from labeltool.ui.panels.images import ImagePanel
from labeltool.ui.part import Part
from labeltool.ui.protection import ProtectionControls

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench


class ImageActions(Part):
    """Turns what is asked of the image at hand into calls of the workbench."""

    def __init__(
        self,
        annotate: Annotate,
        protection: ProtectionControls,
        images: ImagePanel,
        pages: PageBar,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._annotate, self._protection, self._images = annotate, protection, images
        self._bench: Workbench | None = None
        annotate.canvas.turn_asked.connect(self._turn)
        for chosen in (images.chosen, pages.chosen):
            chosen.connect(self.open)

    def attach(self, bench: Workbench | None) -> None:
        """The images of this workbench from now on."""
        self._bench = bench

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """See the base."""
        return {
            "undo": partial(self._step_in_session, "undo"),
            "redo": partial(self._step_in_session, "redo"),
            "next_image": partial(self._step, 1),
            "previous_image": partial(self._step, -1),
            "next_page": partial(self._turn, 1),
            "previous_page": partial(self._turn, -1),
            "approve": lambda: self._bench.approve() if self._bench else None,
        }

    def open(self, image_id: str) -> None:
        """Bring an image to hand, by its id."""
        if self._bench is not None:
            self._bench.open_image(image_id)

    def _step(self, by: int) -> None:
        if self._bench is not None and self._may_leave():
            self._bench.step(by, self._images.listed())

    def _turn(self, by: int) -> None:
        """To another page of the same series."""
        if self._bench is not None and self._may_leave():
            self._bench.turn(by)

    def _may_leave(self) -> bool:
        """Nobody loses a polygon to a key that lies beside the one he meant."""
        if self._annotate.canvas.busy:
            self.told.emit(self.tr("Finish what you are drawing first (Enter), or drop it (Esc)"))
            return False
        return True

    def _step_in_session(self, step: Literal["undo", "redo"]) -> None:
        """Back or forth; what is being drawn takes its own steps back."""
        canvas, image = self._annotate.canvas, self._annotate.image
        if canvas.busy:
            if step == "undo":
                canvas.take_back()
            return
        if image is None:
            return
        session = image.session
        title, said = (
            (session.undo_title, self.tr("Undone: {what}"))
            if step == "undo"
            else (session.redo_title, self.tr("Redone: {what}"))
        )
        try:
            session.undo() if step == "undo" else session.redo()
        except LockedError as error:
            self._protection.explain(error, step)
        except LabeltoolError as error:
            self.failed.emit(error)
        else:  # an import is undone as silently as a stroke otherwise
            self.told.emit(said.format(what=title))
