"""The menu Mask: what is done to regions and objects, from the question to the patch."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QT_TRANSLATE_NOOP, QObject, QPoint
from PySide6.QtWidgets import QLabel, QWidget

from labeltool.core.algebra import Heeding
from labeltool.core.errors import CancelledError
from labeltool.core.geometry import Box
from labeltool.core.patch import Patch
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord
from labeltool.core.shape import Coarse, seen_from_afar
from labeltool.tools.objects import Pixel, fresh_object
from labeltool.ui.annotate import Annotate
from labeltool.ui.dialogs.frame import GRID
from labeltool.ui.long_work import LongWork
from labeltool.ui.part import Part
from labeltool.ui.statusbar import StatusBar
from labeltool.ui.words import translated

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.jobs import Job
    from labeltool.app.regions import Amount, OperationId, Wish, Work
    from labeltool.app.workbench import Workbench
    from labeltool.core.mask import LabelMask
    from labeltool.ui.dialogs.region import RegionDialog


Question = tuple[object, object]
"""Title of the dialog and of its number, to be translated."""

QUESTIONS: dict[OperationId, Question] = {
    "grow": (QT_TRANSLATE_NOOP("Actions", "Grow"), QT_TRANSLATE_NOOP("Actions", "By")),
    "shrink": (QT_TRANSLATE_NOOP("Actions", "Shrink"), QT_TRANSLATE_NOOP("Actions", "By")),
    "smooth": (QT_TRANSLATE_NOOP("Actions", "Smooth"), QT_TRANSLATE_NOOP("Actions", "Radius")),
    "fill_holes": (QT_TRANSLATE_NOOP("Actions", "Fill holes"), QT_TRANSLATE_NOOP("Actions", "Up to")),
    "remove_islands": (QT_TRANSLATE_NOOP("Actions", "Remove islands"), QT_TRANSLATE_NOOP("Actions", "Up to")),
    "keep_largest": (QT_TRANSLATE_NOOP("Actions", "Keep the largest"), ""),
}
SPLIT = (
    QT_TRANSLATE_NOOP("Actions", "Split touching objects"),
    QT_TRANSLATE_NOOP("Actions", "Least distance of their middles"),
)


class RegionActions(Part):
    """Acts on the region under the pointer or on the class at hand."""

    def __init__(
        self,
        annotate: Annotate,
        work: LongWork,
        status: StatusBar,
        listed: Callable[[], list[ImageRecord]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._annotate, self._work, self._listed = annotate, work, listed
        self._bench: Workbench | None = None
        self._object_class = -1
        self._open: RegionDialog | None = None
        self._object = QLabel()
        self._object.setObjectName("status.object")
        status.addPermanentWidget(self._object)

    def attach(self, bench: Workbench | None) -> None:
        """The regions of this workbench from now on."""
        self.dismiss()
        self._bench = bench
        self._object.clear()
        if bench is not None:
            bench.image_opening.connect(lambda _: self.dismiss())
            bench.image_opened.connect(lambda _: self.dismiss())  # asked while it was on its way
            bench.image_opened.connect(lambda _: self.end_object())

    def runs(self) -> dict[str, Callable[[], object]]:
        """What the actions do."""
        return {
            **{f"region_{id_}": partial(self.ask, id_) for id_ in QUESTIONS},
            "split_objects": self.ask_split,
            "new_object": self.new_object,
            "take_answer": self.take_answer,
            "copy_previous": self.copy_previous,
        }

    # ---- asking

    def ask(self, id_: OperationId) -> None:
        """Ask how far and for what, show what would change, and do it."""
        from labeltool.app.regions import OPERATIONS, Prepared  # noqa: PLC0415
        from labeltool.app.targets import targets  # noqa: PLC0415

        operation = OPERATIONS[id_]

        def prepare(wish: Wish, mask: LabelMask, cancel: CancelToken, report: Progress) -> Prepared:
            return Prepared(operation, mask, targets(mask, wish.at, wish.value, cancel), cancel, report)

        def work(wish: Wish, mask: LabelMask, cancel: CancelToken, report: Progress) -> Patch:
            made = prepare(wish, mask, cancel, report)
            return made.patch(wish, cancel=cancel, progress=report)

        def show(wish: Wish, mask: LabelMask, seen: Box, step: int, cancel: CancelToken) -> Coarse:
            changed = prepare(wish, mask, cancel, silent).changed(wish)
            return seen_from_afar(Heeding(changed, cancel), seen, step)

        self._ask(id_, QUESTIONS[id_], operation.amount, operation.whole, operation.adds, work, show)

    def ask_split(self) -> None:
        """Ask how far apart the middles of objects are at least, and split those that touch."""
        from labeltool.app.regions import SPLIT_DISTANCE, split_lines, split_objects  # noqa: PLC0415
        from labeltool.app.targets import targets  # noqa: PLC0415

        def work(wish: Wish, mask: LabelMask, cancel: CancelToken, report: Progress) -> Patch:
            return split_objects(
                mask, targets(mask, wish.at, wish.value, cancel), wish.amount, cancel, report
            )

        def show(wish: Wish, mask: LabelMask, seen: Box, step: int, cancel: CancelToken) -> Coarse:
            wanted = targets(mask, wish.at, wish.value, cancel)
            return split_lines(mask, wanted, wish.amount, seen, step, cancel)

        self._ask("split", SPLIT, SPLIT_DISTANCE, False, False, work, show)

    def _ask(
        self,
        id_: str,
        question: Question,
        amount: Amount | None,
        whole: bool,
        adds: bool,
        work: Callable[[Wish, LabelMask, CancelToken, Progress], Patch],
        show: Callable[[Wish, LabelMask, Box, int, CancelToken], Coarse],
    ) -> None:
        """Open a dialog beside the canvas, which can be moved and zoomed meanwhile; show what is wished in it, and do
        it when that is accepted."""
        from labeltool.ui.proposing import Proposing  # noqa: PLC0415

        bench, image = self._bench, self._annotate.image
        if bench is None or image is None or not bench.editable or self._annotate.canvas.busy:
            return
        self.dismiss()
        dialog, wish = self._dialog(bench, image, id_, question, amount, whole, adds)
        proposing = Proposing(dialog, self._annotate, bench.lanes, image, lambda: partial(show, wish()))
        proposing.failed.connect(self.failed)
        dialog.accepted.connect(lambda: self._change(dialog.windowTitle(), partial(work, wish())))
        dialog.finished.connect(lambda _: self._closed(dialog))
        self._open = dialog
        dialog.show()
        dialog.move(self._annotate.canvas.mapToGlobal(QPoint(GRID, GRID)))  # not on what it is about

    def _dialog(
        self,
        bench: Workbench,
        image: OpenImage,
        id_: str,
        question: Question,
        amount: Amount | None,
        whole: bool,
        adds: bool,
    ) -> tuple[RegionDialog, Callable[[], Wish]]:
        """A dialog, and what is wished in it."""
        from labeltool.app.regions import Wish  # noqa: PLC0415
        from labeltool.app.targets import is_region  # noqa: PLC0415
        from labeltool.ui.dialogs.region import CLASS, REGION, RegionDialog  # noqa: PLC0415

        at, value = self._pixel(), bench.hand.value
        named = bench.catalog.by_value(value)
        scopes = [(CLASS, self.tr("All of {name}").format(name=named.name if named else value))]
        if at is not None and not whole and is_region(image.session.mask, at):
            scopes.insert(0, (REGION, self.tr("The region under the pointer")))
        title, text = (translated(str(each)) for each in question)
        dialog = RegionDialog(
            id_, title, None if amount is None else (text, amount), scopes, self._window(), adds=adds
        )
        if len(scopes) == 1 and not whole:
            dialog.say(self.tr("To treat one region, point at it and press the key."))

        def wish() -> Wish:
            where = at if dialog.scope == REGION else None
            return Wish(where, value, dialog.amount, dialog.over_others)

        return dialog, wish

    def dismiss(self) -> None:
        """Close the dialog that is open; nothing is done."""
        if self._open is not None:
            self._open.reject()

    def _closed(self, dialog: RegionDialog) -> None:
        self._open = None
        self._annotate.canvas.setFocus()

    # ---- doing

    def new_object(self) -> None:
        """What is painted from now on is an object of its own; a second time: no longer."""
        bench, image = self._bench, self._annotate.image
        if bench is None or image is None or self._annotate.canvas.busy:
            return
        if bench.hand.object_id:
            self.end_object()
            return
        bench.hand.object_id = fresh_object(image.session.mask)
        self._object_class = bench.hand.value
        self._object.setText(self.tr("object {n}").format(n=bench.hand.object_id))

    def end_object(self) -> None:
        """Objects are connected regions again."""
        if self._bench is not None:
            self._bench.hand.object_id = 0
        self._object.clear()

    def class_changed(self, value: int) -> None:
        """An object is of one class."""
        if value != self._object_class:
            self.end_object()

    def take_answer(self) -> None:
        """Write the model's answer over the region under the pointer."""
        from labeltool.app.taking import taken_answer  # noqa: PLC0415

        bench, image, at = self._bench, self._annotate.image, self._pixel()
        if bench is None or image is None:
            return
        if at is None:
            self.told.emit(self.tr("Point at a region first"))
            return
        predicted = None if image.prediction is None else image.prediction.label
        values = frozenset(each.value for each in bench.catalog.foreground)
        self._change(
            self.tr("Taking the model's answer"),
            lambda mask, cancel, _: taken_answer(mask, predicted, at, values, cancel),
        )

    def copy_previous(self) -> None:
        """Replace the mask by that of the image before this one in the list."""
        from labeltool.app.taking import copied_from  # noqa: PLC0415

        bench, image, records = self._bench, self._annotate.image, self._listed()
        if bench is None or image is None:
            return
        ids = [record.id for record in records]
        place = ids.index(image.record.id) if image.record.id in ids else 0
        if place == 0:
            self.told.emit(self.tr("There is no previous image in the list"))
            return
        self._change(
            self.tr("Copying the mask"),
            lambda mask, *_: copied_from(bench, records[place - 1], mask),
        )

    def _change(self, title: str, work: Work) -> None:
        """Run it with progress and cancel in the status bar, or quietly where that is taken."""
        from labeltool.app.regions import change_mask  # noqa: PLC0415

        bench = self._bench
        if bench is None or bench.open is None or not bench.editable:
            return
        if self._annotate.canvas.busy:
            self.told.emit(self.tr("Finish what is being drawn first"))
            return

        def start(
            progress: Progress, done: Callable[[Patch], None], failed: Callable[[BaseException], None]
        ) -> Job[Patch]:
            return change_mask(bench, title, work, done=done, failed=failed, progress=progress)

        if self._work.busy:
            start(silent, self._tell, self._fail)
        else:
            self._work.watch(title, start, self._tell)

    def _tell(self, patch: Patch) -> None:
        if not patch:
            self.told.emit(self.tr("Nothing to change"))

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, CancelledError):
            self.failed.emit(error)

    def _pixel(self) -> Pixel | None:
        at = self._annotate.canvas.pointer
        return None if at is None else (math.floor(at[0]), math.floor(at[1]))

    def _window(self) -> QWidget:
        return self._annotate.canvas.window()
