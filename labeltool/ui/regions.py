"""The menu Mask: what is done to regions and objects, from the question to the patch."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QT_TRANSLATE_NOOP, QObject, QPoint, Signal
from PySide6.QtWidgets import QLabel, QWidget

from labeltool.core.errors import CancelledError
from labeltool.core.geometry import Box
from labeltool.core.patch import Patch
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord
from labeltool.core.shape import Dense, dense
from labeltool.tools.objects import Pixel, fresh_object
from labeltool.tools.tool import NO_PREVIEW, Preview
from labeltool.ui.actions import translated
from labeltool.ui.annotate import Annotate
from labeltool.ui.canvas.previews import MOST_TINTED_PX
from labeltool.ui.dialogs.frame import GRID
from labeltool.ui.long_work import LongWork
from labeltool.ui.statusbar import StatusBar

if TYPE_CHECKING:
    from labeltool.app.jobs import Job
    from labeltool.app.regions import Amount, OperationId, Wish, Work
    from labeltool.app.workbench import Workbench
    from labeltool.core.mask import LabelMask
    from labeltool.ui.dialogs.region import RegionDialog

NOTE_S = 6.0
PREVIEW_JOB = "regions preview"

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


class RegionActions(QObject):
    """Acts on the region under the pointer or on the class at hand."""

    failed = Signal(Exception)

    def __init__(
        self,
        annotate: Annotate,
        work: LongWork,
        status: StatusBar,
        listed: Callable[[], list[ImageRecord]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._annotate, self._work, self._status, self._listed = annotate, work, status, listed
        self._bench: Workbench | None = None
        self._object_class = -1
        self._previewing: Job[Dense] | None = None
        self._object = QLabel()
        self._object.setObjectName("status.object")
        status.addPermanentWidget(self._object)

    def attach(self, bench: Workbench | None) -> None:
        """The regions of this workbench from now on."""
        self._bench = bench
        self._object.clear()
        if bench is not None:
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

        def show(wish: Wish, seen: Box, mask: LabelMask, cancel: CancelToken) -> Dense:
            changed = prepare(wish, mask, cancel, silent).changed(wish)
            return dense(changed, changed.box.intersect(seen))

        asked = self._dialog(id_, QUESTIONS[id_], operation.amount, operation.whole, operation.adds)
        if asked is not None:
            dialog, wish_of = asked
            dialog.changed.connect(lambda: self._preview(partial(show, wish_of())))
            dialog.finished.connect(lambda _: self._end_preview())
            self._preview(partial(show, wish_of()))
            self._open(dialog, lambda: partial(work, wish_of()))

    def ask_split(self) -> None:
        """Ask how far apart the middles of objects are at least, and split those that touch."""
        from labeltool.app.regions import SPLIT_DISTANCE, split_objects  # noqa: PLC0415
        from labeltool.app.targets import targets  # noqa: PLC0415

        def work(wish: Wish, mask: LabelMask, cancel: CancelToken, report: Progress) -> Patch:
            return split_objects(
                mask, targets(mask, wish.at, wish.value, cancel), wish.amount, cancel, report
            )

        asked = self._dialog("split", SPLIT, SPLIT_DISTANCE, False, False)
        if asked is not None:
            dialog, wish_of = asked
            self._open(dialog, lambda: partial(work, wish_of()))

    def _dialog(
        self, id_: str, question: Question, amount: Amount | None, whole: bool, adds: bool
    ) -> tuple[RegionDialog, Callable[[], Wish]] | None:
        """A dialog, and what is wished in it."""
        from labeltool.app.regions import Wish  # noqa: PLC0415
        from labeltool.app.targets import region_target  # noqa: PLC0415
        from labeltool.ui.dialogs.region import CLASS, REGION, RegionDialog  # noqa: PLC0415

        bench, image, at = self._bench, self._annotate.image, self._pixel()
        if bench is None or image is None or not bench.editable or self._annotate.canvas.busy:
            return None
        value = bench.hand.value
        named = bench.catalog.by_value(value)
        scopes = [(CLASS, self.tr("All of {name}").format(name=named.name if named else value))]
        if at is not None and not whole and region_target(image.session.mask, at):
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

    def _open(self, dialog: RegionDialog, work: Callable[[], Work]) -> None:
        dialog.accepted.connect(lambda: self._change(dialog.windowTitle(), work()))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        dialog.move(self._annotate.canvas.mapToGlobal(QPoint(GRID, GRID)))  # not on what it is about

    def _preview(self, show: Callable[[Box, LabelMask, CancelToken], Dense]) -> None:
        """Tint what would change of what is on the screen; worked out on a lane, the newest wish alone."""
        bench, image = self._bench, self._annotate.image
        seen = self._annotate.canvas.what_is_seen().visible
        if bench is None or image is None or seen is None or seen.width * seen.height > MOST_TINTED_PX:
            return
        snapshot = image.session.mask.snapshot()
        self._previewing = bench.lanes.submit(
            "io",
            PREVIEW_JOB,
            lambda cancel, _: show(seen, snapshot, cancel),
            done=self._show_area,
            failed=self._fail,
        )

    def _show_area(self, area: Dense) -> None:
        if self._previewing is not None:
            self._annotate.canvas.show_preview(Preview(area=area))

    def _end_preview(self) -> None:
        """Take the tint away; one that is still on its way is not wanted any more."""
        self._annotate.canvas.show_preview(NO_PREVIEW)
        if self._previewing is not None:
            self._previewing.cancel.cancel()
            self._previewing = None

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
            self._status.tell(self.tr("Point at a region first"), NOTE_S)
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
            self._status.tell(self.tr("There is no previous image in the list"), NOTE_S)
            return
        self._change(
            self.tr("Copying the mask"),
            lambda mask, *_: copied_from(bench, records[place - 1], mask),
        )

    def _change(self, title: str, work: Work) -> None:
        """Run it with progress and cancel in the status bar, or quietly where that is taken."""
        from labeltool.app.regions import change_mask  # noqa: PLC0415

        bench = self._bench
        if bench is None or bench.open is None or not bench.editable or self._annotate.canvas.busy:
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
            self._status.tell(self.tr("Nothing to change"), NOTE_S)

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, CancelledError):
            self.failed.emit(error)

    def _pixel(self) -> Pixel | None:
        at = self._annotate.canvas.pointer
        return None if at is None else (math.floor(at[0]), math.floor(at[1]))

    def _window(self) -> QWidget:
        return self._annotate.canvas.window()
