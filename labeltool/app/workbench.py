"""An open project as a window works on it: the image at hand, its session, and the jobs around it.

Everything here runs on the thread that made it, but for the work given to lanes. Views listen to the signals;
no view tells another anything.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from labeltool.app import watching
from labeltool.app.ahead import Ahead
from labeltool.app.at_hand import AtHand, Beside, OpenImage
from labeltool.app.effort import WORKED, Timesheet, Worked
from labeltool.app.filling import Filling
from labeltool.app.jobs import Deliver, Job, Lanes
from labeltool.app.journal import Journal
from labeltool.app.people.pending import Decisions
from labeltool.app.protection import Protection
from labeltool.app.rescuing import Rescue
from labeltool.app.saving import Saver, SaveState
from labeltool.app.toolbox import Hand
from labeltool.app.unasked import Unasked
from labeltool.app.unsaved import Unsaved
from labeltool.app.watching import begun
from labeltool.core.change import Signal
from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.core.progress import Progress
from labeltool.core.project import ImageRecord, Status

if TYPE_CHECKING:
    from labeltool.app.models import Model
    from labeltool.app.prelabel import PrelabelReport
    from labeltool.app.session import Operation
    from labeltool.core.catalog import ClassCatalog
    from labeltool.store.project import ProjectStore

log = logging.getLogger(__name__)

ASK_S, LEAVE_S, LATE_S = 5.0, 8.0, 0.2
"""Whoever closes a project waits for no longer until it is written what nobody asked for, and until the project is let
go of; and only so long for a drive that does not answer."""
JOBS_S = 4.0
"""Jobs that were told to stop are waited for no longer before the project is let go of: what they read may be on
another drive, which never answers."""


class Workbench:
    """The use cases of a window on one project."""

    def __init__(self, store: ProjectStore, deliver: Deliver) -> None:
        self.store = store
        self.lanes = Lanes(deliver)
        journal = Journal(store, lambda used: self.lanes.deliver(lambda: self.reserve_used.emit(used)))
        self.rescue = Rescue(store)
        self.saver = Saver(journal, lambda state: self.lanes.deliver(lambda: self._saved(state)), self.rescue)
        self.reserve_used: Signal[bool] = Signal()
        """True: the disk is full, and the last strokes were saved in the room that was kept for that. False: it is kept
        again."""
        self.unsaved = Unsaved(self)
        self.kept_both = self.unsaved.kept_both
        self.hand = Hand()
        self.save_state = SaveState("", 0, 0)
        self.timesheet = Timesheet(self._book)
        """Told of the inputs that are about an image."""
        self.unasked = Unasked(store, self.saver)
        """Writes what is counted of an image."""
        self.decisions = Decisions(self)
        self._ahead = Ahead()
        self._at_hand = AtHand(store, self.lanes, self.saver, self._ahead)
        self.filling = Filling(store, self.lanes, self._at_hand, self.renew_record)
        self.image_opening = self._at_hand.opening
        self.image_opened = self._at_hand.opened
        self.image_failed = self._at_hand.failed
        self.prediction_changed = self.filling.prediction_changed
        self.pixels_arrived = self._at_hand.pixels_arrived
        """More of the image at hand can be shown."""
        self.levels_progress = self._at_hand.levels_progress
        """How much of a large image's levels is made: pixels done, of so many; None when no more are being made."""
        self.record_changed: Signal[ImageRecord] = Signal()
        self.catalog_changed: Signal[ClassCatalog] = Signal()
        self.catalog_waits: Signal[bool] = Signal()
        """True: a change of the classes waits for a disk that does not answer. False: no longer."""
        self.catalog_failed: Signal[LabeltoolError] = Signal()
        """Why a change of the classes that waited has come to nothing."""
        self._changing: Future[None] | None = None
        self.saved: Signal[SaveState] = Signal()
        self.layers_changed: Signal[None] = Signal()
        """Which layers lie beside annotations is no longer as it was."""
        self._list: list[str] = []  # what "next" goes through
        self._place = ""  # where "next" and "previous" count from; stays when loading fails
        self._direction = 1  # of the last step
        self.image_opened.connect(self._opened)
        self.protection = Protection(self)
        first = self.catalog.foreground
        self.hand.take(first[0].value if first else self.catalog.classes[0].value)
        if self.editable:
            self.saver.after(journal.hold_reserve)

    @property
    def catalog(self) -> ClassCatalog:
        """The classes of the project."""
        return self.store.catalog

    @property
    def editable(self) -> bool:
        """False when the project was opened for reading only."""
        return not self.store.read_only_reason

    # ---- images

    @property
    def open(self) -> OpenImage | None:
        """The image at hand."""
        return self._at_hand.image

    @property
    def wanted(self) -> str:
        """The id of the image that is at hand, or on its way there; empty before the first."""
        return self._place

    def open_image(self, image_id: str) -> None:
        """Bring an image to the bench; ``image_opened`` or ``image_failed`` follows."""
        self._place = image_id
        self._at_hand.open(self.store.image(image_id))

    def clear(self) -> None:
        """No image is left: nothing is at hand; ``image_opened`` says so."""
        self._place = ""
        self._at_hand.clear()

    def hold(self) -> None:
        """Nothing is drawn on the image at hand until one is opened: its mask is about to be written by others."""
        self._at_hand.hold()

    def stop_levels(self) -> None:
        """Make no more levels of the image at hand; the next time it is opened they are made anew."""
        if self.open is not None:
            self.open.pyramid.stop_levels()

    def _opened(self, image: OpenImage | None) -> None:
        if image is not None:
            image.record = self._with_waiting(image.record)
            self._look_at_saver(image)
            image_id = image.record.id
            image.session.committed.connect(lambda operation: self._count(image_id, operation))
            self._look_ahead()

    def _look_ahead(self) -> None:
        """Decode the image that another step in the same direction would open."""
        known = [record.id for record in self.store.images()]
        there = set(known)
        ids = [each for each in self._list if each in there] or known  # what was listed may have been removed
        following = self._following(ids, self._direction)
        self._ahead.want(following)
        if following is not None:
            record = self.store.image(following)
            self.lanes.submit(
                "ahead",
                "look ahead",
                lambda cancel, progress: self._ahead.decode(record),
                done=lambda _: None,
                failed=lambda _: None,
                quiet=True,
            )

    def step(self, by: int, among: Sequence[ImageRecord]) -> None:
        """Open the next (+1) or previous (-1) image of a list."""
        ids = self._list = [record.id for record in among]
        self._direction = by
        following = self._following(ids, by) if self._place in ids else next(iter(ids), None)
        if following is not None:
            self.open_image(following)

    def series(self) -> list[ImageRecord]:
        """The pages of the series that the image at hand belongs to, in their order; empty where it is of none."""
        series = self.store.image(self._place).series if self._place else ""
        if not series:
            return []
        return sorted((r for r in self.store.images() if r.series == series), key=lambda r: r.place)

    def turn(self, by: int) -> None:
        """Open the next (+1) or previous (-1) page of the series."""
        pages = self.series()
        if pages:
            self.step(by, pages)

    def _following(self, ids: list[str], by: int) -> str | None:
        """The next (+1) or previous (-1) image of a list; None at its end."""
        at = ids.index(self._place) + by if self._place in ids else -1
        return ids[at] if 0 <= at < len(ids) else None

    def approve(self) -> None:
        """Mark the image at hand as approved, or take that back; any edit takes it back as well."""
        if self.open is not None:
            approved = self.open.record.status is Status.APPROVED
            self.decide(Status.IN_WORK if approved else Status.APPROVED)

    def decide(self, status: Status, reason: str = "") -> None:
        """Write down what somebody decides on the image at hand as it is now: done, approved, rejected (with a reason),
        or in work again. BadInputError where the reason is missing."""
        self.decisions.take(status, reason)

    def _count(self, image_id: str, operation: Operation) -> None:
        """A step of undo was done, by hand unless it is a model's."""
        if operation.kind == "do" and operation.patch.kind != "prelabel":
            self.timesheet.stroke(image_id)

    def _book(self, image_id: str, worked: Worked) -> None:
        """Write down what somebody did to an image. Who has only looked at a new one leaves no trace."""

        def work() -> None:
            if worked.strokes or self.store.image(image_id).status is not Status.NEW:
                self.store.add_event(image_id, WORKED, worked.to_json())

        if self.editable:
            self.unasked.write(image_id, work)

    def report(self, future: Future[Any]) -> None:
        """Tell of the failure of work behind the image at hand, where it did fail."""
        error = None if future.cancelled() else future.exception()
        if error is not None:
            self.lanes.deliver(lambda: self._at_hand.report(error))

    def renew_record(self, image_id: str) -> None:
        """Something was changed in the project that is said of an image: tell who shows it. Where it was removed before
        this was heard there is nothing to tell."""
        try:
            record = self.store.image(image_id)
        except StoreError:
            return
        self._record(record)

    def _record(self, record: ImageRecord) -> None:
        record = self._with_waiting(record)
        if self.open is not None and self.open.record.id == record.id:
            self.open.record = record
        self.record_changed.emit(record)

    def _with_waiting(self, record: ImageRecord) -> ImageRecord:
        """With the status that it has once what waits is saved: labels are seen, so it is not new."""
        for each in self.saver.queued(record.id) or ():
            record = replace(record, status=record.status.after(each.patch.kind))
        return record

    def _saved(self, state: SaveState) -> None:
        if (self.open is not None and state.image_id == self.open.record.id) or state.error is not None:
            self.save_state = state
        elif (
            self.save_state.error is not None and self.open is not None
        ):  # another image's changes are saved now
            self._look_at_saver(self.open)
        self.saved.emit(state)
        if state.error is None and not self.saver.waiting_of(state.image_id):
            self.renew_record(state.image_id)
        elif self.open is not None and state.image_id == self.open.record.id:
            record = self._with_waiting(self.open.record)
            if record != self.open.record:
                self._record(record)
        self.unsaved.look(state)
        self.decisions.look()

    def _look_at_saver(self, image: OpenImage) -> None:
        """What is to be said of an image that nothing was said of yet. While anything of the project cannot be saved,
        that is said."""
        image_id, saver = image.record.id, self.saver
        revision = max(image.record.revision, self.store.image(image_id).revision)
        self.save_state = SaveState(image_id, revision, saver.waiting, saver.error, saver.kept)

    def say_saved(self) -> None:
        """Something else than a commit has changed what waits to be saved: tell who shows that."""
        if self.open is not None:
            self._look_at_saver(self.open)
            self.saved.emit(self.save_state)

    # ---- classes and model

    def check_catalog_rests(self) -> None:
        """StoreError while a change of the classes waits for the disk: another, which knows nothing of it, would take
        it back."""
        if self._changing is not None:
            raise StoreError(
                "the change of the classes before this one is not on the disk yet",
                file=self.store.root,
                hint="Try again when it is: the classes are shown then. Look after the drive or the network share",
            )

    def change_catalog(self, catalog: ClassCatalog) -> None:
        """Add, rename or recolour classes; no pixel changes. ``catalog_changed`` follows once it is on the disk: before
        this returns, unless the disk does not answer. StoreError where that fails, and as in
        :meth:`check_catalog_rests`."""
        self.check_catalog_rests()
        changing = self._changing = begun(partial(self.store.set_catalog, catalog))
        if wait([changing], watching.AT_ONCE_S).done:
            self._changing = None
            changing.result()
            self.catalog_changed.emit(catalog)
        else:
            self.catalog_waits.emit(True)
            settle = partial(self._settle_catalog, catalog)
            changing.add_done_callback(lambda future: self.lanes.deliver(lambda: settle(future)))

    def _settle_catalog(self, catalog: ClassCatalog, changed: Future[None]) -> None:
        self._changing = None
        self.catalog_waits.emit(False)
        error = changed.exception()
        if isinstance(error, LabeltoolError):
            self.catalog_failed.emit(error)
        else:
            changed.result()
            self.catalog_changed.emit(catalog)

    def show_layer(self, key: str, earlier: str = "") -> None:
        """Show this layer beside the annotation from now on, where an image has it, and compare it with an ``earlier``
        one; ``prediction_changed`` follows."""
        self._at_hand.layers = key, earlier
        self.renew_layer()

    def renew_layer(self) -> None:
        """What is kept beside the annotation of the image at hand may be another; ``prediction_changed`` follows."""
        image = self.open
        if image is None:
            return

        def done(found: Beside) -> None:
            if self.open is image:
                image.prediction, image.earlier = found
                self.prediction_changed.emit(image)

        self.lanes.submit(
            "io",
            "layer",
            lambda *_: self._at_hand.beside(image.record.id),
            done=done,
            failed=self._at_hand.report,
            quiet=True,
        )

    def prelabel(
        self,
        records: Sequence[ImageRecord],
        model: Model,
        *,
        progress: Progress,
        done: Callable[[PrelabelReport], None],
        failed: Callable[[BaseException], None],
    ) -> Job[PrelabelReport]:
        """Run a model over images in a child process; what a human has set never changes."""
        return self.filling.run(records, model, progress=progress, done=done, failed=failed)

    # ---- the end

    def close(self, timeout_s: float = 10.0) -> bool:
        """Save what waits, stop the lanes, let go of the project; False when something could not be saved."""
        failing = (self.saver.error is not None and not self.unsaved.keeping) or self.saver.is_late
        patience_s = LATE_S if failing else timeout_s  # what has been failing is not waited for
        self.timesheet.leave()
        self.unasked.wait(min(patience_s, ASK_S))
        if not self.saver.flush(patience_s):
            return False
        self._at_hand.close()
        self._end(back_up=self.editable, lose=False)
        return True

    def _back_up(self) -> None:
        """What was worked on last rests from now on; nobody waits long for it."""
        from labeltool.store.backups import keep_on_leaving  # noqa: PLC0415

        keep_on_leaving(self.store.root, self.store.touched)

    def abandon(self, *, lose: bool = False) -> None:
        """Stop the lanes and let go of the project. What could not be saved stays where it is kept meanwhile, and comes
        back with the project, but where somebody wants to ``lose`` it."""
        self._at_hand.close()
        self._end(back_up=False, lose=lose)

    def _end(self, *, back_up: bool, lose: bool) -> None:
        """Stop the lanes and let go of the project. Whoever closes a window does not wait for long for a drive that
        does not answer: what is left to do is done when it does, and else the lock goes with the process."""

        def work() -> None:
            if back_up:
                self._back_up()
            wait([begun(self.lanes.close)], JOBS_S)
            ended = self.saver.close()
            if lose:
                self.rescue.discard()
            if ended:
                self.store.close()
            else:
                log.warning("the disk does not answer; the project is left without being closed")

        self.lanes.stop()
        ended = begun(work)
        if wait([ended], LATE_S if self.saver.is_late else LEAVE_S).done:
            ended.result()
        else:
            log.warning("the disk does not answer; the project is closed when it does")
