"""An open project as a window works on it: the image at hand, its session, and the jobs around it.

Everything here runs on the thread that made it, but for the work given to lanes. Views listen to the signals;
no view tells another anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from labeltool.app import prelabel
from labeltool.app.ahead import Ahead
from labeltool.app.jobs import Deliver, Job, Lanes
from labeltool.app.project import source_problem
from labeltool.app.protection import Protection
from labeltool.app.saving import Saver, SaveState
from labeltool.app.session import Operation, Session, Step
from labeltool.app.toolbox import Hand
from labeltool.core.change import Change, Signal
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord, Status
from labeltool.imaging.budget import WHOLE_PIXELS, share
from labeltool.imaging.file_pyramid import open_pyramid
from labeltool.imaging.pyramid import Arrival, Pyramid

if TYPE_CHECKING:
    from labeltool.app.models import Model
    from labeltool.app.prelabel import PrelabelReport
    from labeltool.core.catalog import ClassCatalog
    from labeltool.core.patch import Patch
    from labeltool.store.predictions import PredictionPlanes
    from labeltool.store.project import ProjectStore


T = TypeVar("T")

FLUSH_S = 10.0
"""How long loading an image waits for its strokes to be saved."""


@dataclass
class OpenImage:
    """The image at hand. ``prediction`` is the newest one kept, None where no model has been."""

    record: ImageRecord
    session: Session
    pyramid: Pyramid
    prediction: PredictionPlanes | None = None


@dataclass
class _Loaded:
    """What the io lane brings for an image, before there is a session."""

    record: ImageRecord
    pyramid: Pyramid
    make_session: Callable[[], Session]
    prediction: PredictionPlanes | None


class _Journal:
    """The store as the saver sees it: an operation and the status that follows from it."""

    def __init__(self, store: ProjectStore) -> None:
        self._store = store

    def commit_operation(self, image_id: str, operation: Operation) -> None:
        """Write one operation; the image is in work from now on, or pre-labelled when a model began it."""
        before = self._store.image(image_id).status
        by_model = operation.patch.kind == "prelabel" and before in (Status.NEW, Status.PRELABELLED)
        revision = self._store.commit(
            image_id,
            operation.patch,
            kind=operation.kind,
            target=operation.target,
            expected=operation.revision - 1,
            status=Status.PRELABELLED if by_model else Status.IN_WORK,
        )
        if operation.kind == "do":
            self._store.stroke_saved(image_id, revision)


class Workbench:
    """The use cases of a window on one project."""

    def __init__(self, store: ProjectStore, deliver: Deliver) -> None:
        self.store = store
        self.lanes = Lanes(deliver)
        self.saver = Saver(_Journal(store), lambda state: deliver(lambda: self._saved(state)))
        self.hand = Hand()
        self.open: OpenImage | None = None
        self.save_state = SaveState("", 0, 0)
        self.image_opening: Signal[ImageRecord] = Signal()
        self.image_opened: Signal[OpenImage | None] = Signal()
        self.image_failed: Signal[tuple[ImageRecord, LabeltoolError]] = Signal()
        self.images_changed: Signal[None] = Signal()
        self.record_changed: Signal[ImageRecord] = Signal()
        self.catalog_changed: Signal[ClassCatalog] = Signal()
        self.prediction_changed: Signal[OpenImage] = Signal()
        self.saved: Signal[SaveState] = Signal()
        self.pixels_arrived: Signal[Arrival] = Signal()
        """More of the image at hand can be shown."""
        self.levels_progress: Signal[tuple[float, float]] = Signal()
        """How much of a large image's levels is made: pixels done, of so many."""
        self.protection = Protection(self)
        self._wanted = ""  # the image that is at hand or being loaded
        self._list: list[str] = []  # what "next" goes through
        self._ahead = Ahead()
        self._place = ""  # where "next" and "previous" count from; stays when loading fails
        self._loading = False
        self._closed = False
        self._when_loaded: list[Callable[[], None]] = []
        self._masks = Lock()  # held while a mask is read for a session, or filled in behind no session's back
        first = self.catalog.foreground
        self.hand.take(first[0].value if first else self.catalog.classes[0].value)

    @property
    def catalog(self) -> ClassCatalog:
        """The classes of the project."""
        return self.store.catalog

    @property
    def editable(self) -> bool:
        """False when the project was opened for reading only."""
        return not self.store.read_only_reason

    # ---- images

    def open_image(self, image_id: str) -> None:
        """Bring an image to the bench; ``image_opened`` or ``image_failed`` follows."""
        record = self.store.image(image_id)
        self.image_opening.emit(record)
        self.hold()
        self._loading = True
        self._wanted = self._place = image_id

        def done(loaded: _Loaded) -> None:
            self._let_go()
            self.open = OpenImage(loaded.record, loaded.make_session(), loaded.pyramid, loaded.prediction)
            self._listen(self.open)
            self.save_state = SaveState(image_id, loaded.record.revision, 0)
            self.image_opened.emit(self.open)
            self._release()
            self._look_ahead()

        def failed(error: BaseException) -> None:
            self._let_go()
            self._wanted = ""
            self.image_opened.emit(None)
            self.image_failed.emit((record, _explained(error, record.path)))
            self._release()

        self.lanes.submit(
            "io", "open", lambda cancel, _: self._load(record, cancel), done=done, failed=failed
        )

    def hold(self) -> None:
        """Nothing is drawn on the image at hand until one is opened: what is loaded next, or written behind its
        session, would not know of it."""
        if self.open is not None:
            self._loading = True
            self.open.session.frozen = True

    def _let_go(self) -> None:
        if self.open is not None:
            self.open.pyramid.close()
        self.open = None

    def _listen(self, image: OpenImage) -> None:
        """Bring what a pyramid's threads tell to this thread, as long as its image is at hand."""

        def pass_on(told: Signal[T], to: Callable[[T], None]) -> None:
            told.connect(lambda value: self.lanes.deliver(lambda: to(value) if self.open is image else None))

        pass_on(image.pyramid.arrived, self.pixels_arrived.emit)
        pass_on(image.pyramid.progress, self.levels_progress.emit)
        pass_on(image.pyramid.failed, self._problem)

    def _look_ahead(self) -> None:
        """Decode the image that "next" would open."""
        ids = self._list or [record.id for record in self.store.images()]
        following = ids[ids.index(self._place) + 1 :][:1] if self._place in ids else []
        record = self.store.image(following[0]) if following else None
        self._ahead.want(record)
        if record is not None:
            self.lanes.submit(
                "io",
                "look ahead",
                lambda cancel, progress: self._ahead.decode(cancel),
                done=lambda _: None,
                failed=lambda _: None,
                quiet=True,
            )

    def _release(self) -> None:
        self._loading = False
        waiting, self._when_loaded = self._when_loaded, []
        for each in waiting:
            each()

    def _load(self, record: ImageRecord, cancel: CancelToken) -> _Loaded:
        _check_source(record)
        pyramid = self._ahead.take(record) or open_pyramid(record.path)
        cancel.check()
        self._flush(record)
        with self._masks:
            mask = self.store.load_mask(record.id)
            history = self.store.history(record.id)
            keys = self.store.prediction_keys(record.id)
            prediction = self.store.prediction(record.id, keys[-1]) if keys else None
        record = replace(record, revision=history.revision)

        def make_session() -> Session:
            return Session(
                mask,
                lambda operation: self.saver.save(record.id, operation),
                revision=history.revision,
                undo_bytes=share("undo"),
                undo=[Step(step.revision, step.title) for step in history.undo],
                redo=[Step(step.revision, step.title) for step in history.redo],
                load_patch=lambda revision: self.store.patch(record.id, revision),
                began=lambda: self.store.stroke_began(record.id),
                dropped=self.store.stroke_dropped,
            )

        return _Loaded(record, pyramid, make_session, prediction)

    def _flush(self, record: ImageRecord) -> None:
        """Wait until every stroke on an image is on disk; LabeltoolError when that does not work."""
        if not self.saver.flush(FLUSH_S, record.id):
            why = self.saver.error
            raise LabeltoolError(
                "strokes on this image are still waiting to be saved" + (f": {why.message}" if why else ""),
                file=record.path,
                hint=(why.hint if why else None) or "Try again in a moment",
            )

    def step(self, by: int, among: Sequence[ImageRecord]) -> None:
        """Open the next (+1) or previous (-1) image of a list."""
        ids = self._list = [record.id for record in among]
        if not ids:
            return
        at = ids.index(self._place) + by if self._place in ids else 0
        if 0 <= at < len(ids) and ids[at] != self._place:
            self.open_image(ids[at])

    def approve(self) -> None:
        """Mark the image at hand as approved, or take that back; any edit takes it back as well."""
        if self.open is None or not self.editable:
            return
        image_id, revision = self.open.record.id, self.open.session.revision
        new = Status.IN_WORK if self.open.record.status is Status.APPROVED else Status.APPROVED

        def work() -> None:
            now = self.store.image(image_id)
            if now.revision == revision:  # else somebody went on drawing, and approved something else
                self.store.update_image(replace(now, status=new))
            record = self.store.image(image_id)
            self.lanes.deliver(lambda: self._record(record))

        self.saver.after(work).add_done_callback(self._report)

    def _report(self, future: Future[None]) -> None:
        error = None if future.cancelled() else future.exception()
        if error is not None:
            self.lanes.deliver(lambda: self._problem(error))

    def _record(self, record: ImageRecord) -> None:
        if self.open is not None and self.open.record.id == record.id:
            self.open.record = record
        self.record_changed.emit(record)

    def _problem(self, error: BaseException) -> None:
        if self.open is not None:
            self.image_failed.emit((self.open.record, _explained(error, self.open.record.path)))

    def _saved(self, state: SaveState) -> None:
        if self._closed:
            return
        if (self.open is not None and state.image_id == self.open.record.id) or state.error is not None:
            self.save_state = state
        self.saved.emit(state)
        if state.error is None and not state.waiting:
            self._record(self.store.image(state.image_id))

    # ---- classes

    def change_catalog(self, catalog: ClassCatalog) -> None:
        """Add, rename or recolour classes; no pixel changes."""
        self.store.set_catalog(catalog)
        self.catalog_changed.emit(catalog)

    # ---- model

    def prelabel(
        self,
        records: Sequence[ImageRecord],
        model: Model,
        *,
        progress: Progress,
        done: Callable[[PrelabelReport], None],
        failed: Callable[[BaseException], None],
        again: bool = False,
    ) -> Job[PrelabelReport]:
        """Run a model over images in a child process; what a human has set never changes."""

        def predicted(record: ImageRecord) -> None:
            with self._masks:
                at_hand = self._wanted == record.id
                if not at_hand:
                    self._flush(record)
                    prelabel.fill_annotation(self.store, record, model.key)
            if at_hand:
                self.lanes.deliver(lambda: self._fill_open(record.id, model.key))
            else:
                self.lanes.deliver(lambda: self._record(self.store.image(record.id)))

        def work(cancel: CancelToken, report: Progress) -> PrelabelReport:
            return prelabel.predict(
                self.store, records, model, again=again, progress=report, cancel=cancel, done=predicted
            )

        return self.lanes.submit(
            "model", "prelabel", work, done=done, failed=failed, progress=progress, title="Pre-label"
        )

    def _fill_open(self, image_id: str, model_key: str) -> None:
        """Fill in the image at hand. The patch is made off this thread, against a snapshot; if somebody has
        painted meanwhile it is made again."""
        if self._closed:
            return
        if self._loading:
            self._when_loaded.append(lambda: self._fill_open(image_id, model_key))
            return
        at_hand = self.open
        if at_hand is None or at_hand.record.id != image_id:
            self._fill_closed(image_id, model_key)
            return
        session, revision, snapshot = (
            at_hand.session,
            at_hand.session.revision,
            at_hand.session.mask.snapshot(),
        )
        approved = at_hand.record.status is Status.APPROVED

        def work(cancel: CancelToken, progress: Progress) -> tuple[PredictionPlanes, Patch]:
            kept = self.store.prediction(image_id, model_key)
            if kept is None:
                raise LabeltoolError("the prediction is not kept any more", file=at_hand.record.path)
            return kept, prelabel.fill_patch(snapshot, kept.label, model_key=model_key)

        def done(found: tuple[PredictionPlanes, Patch]) -> None:
            if session.painting:  # not under somebody's brush
                self._when_drawn(session, lambda: self._fill_open(image_id, model_key))
            elif session.frozen or session.revision != revision:
                self._fill_open(image_id, model_key)
            else:
                at_hand.prediction, patch = found
                if not approved:
                    session.apply(patch)
                self.prediction_changed.emit(at_hand)

        self.lanes.submit("io", f"fill {image_id}", work, done=done, failed=self._problem)

    @staticmethod
    def _when_drawn(session: Session, then: Callable[[], None]) -> None:
        def changed(_: Change) -> None:
            if not session.painting:
                stop()
                then()

        stop = session.changed.connect(changed)

    def _fill_closed(self, image_id: str, model_key: str) -> None:
        """The image was left while the answer was on its way."""

        def work(cancel: CancelToken, progress: Progress) -> bool:
            record = self.store.image(image_id)
            with self._masks:
                if self._wanted == image_id:
                    return False
                self._flush(record)
                return prelabel.fill_annotation(self.store, record, model_key)

        def done(filled: bool) -> None:
            if self._wanted == image_id and not filled:
                self._fill_open(image_id, model_key)
            self._record(self.store.image(image_id))

        self.lanes.submit("files", f"fill {image_id}", work, done=done, failed=self._problem)

    # ---- the end

    def close(self, timeout_s: float = 10.0) -> bool:
        """Save what waits, stop the lanes, let go of the project; False when something could not be saved."""
        patience_s = timeout_s if self.saver.error is None else 0.2  # it has been failing; do not wait for it
        if not self.saver.flush(patience_s):
            return False
        self.abandon()
        return True

    def abandon(self) -> None:
        """Stop the lanes and let go of the project; what could not be saved is lost."""
        self.hold()
        self._closed = True
        if self.open is not None:
            self.open.pyramid.close()
        self.lanes.close()
        self.saver.close()
        self.store.close()


def _check_source(record: ImageRecord) -> None:
    """BadInputError when the file is not the one that was added; a large one is only looked at from outside, because
    reading it to its end takes longer than to show it."""
    large = record.size.pixels > WHOLE_PIXELS and record.path.exists()
    same = large and record.path.stat().st_size == record.file_bytes
    problem = "" if same else source_problem(record)
    if problem:
        raise BadInputError(problem, file=record.path, hint="The labels are safe in the project")


def _explained(error: BaseException, file: Path) -> LabeltoolError:
    return error if isinstance(error, LabeltoolError) else LabeltoolError(f"unexpected: {error!r}", file=file)
