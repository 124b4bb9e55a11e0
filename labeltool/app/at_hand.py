"""The image at hand: loaded off the thread that owns it, frozen while another is, let go of when that has come."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from labeltool.app import sources
from labeltool.app.ahead import Ahead
from labeltool.app.jobs import Job, Lanes
from labeltool.app.people.hidden import start
from labeltool.app.saving import Saver
from labeltool.app.session import Operation, Session, Step
from labeltool.core.change import Signal
from labeltool.core.errors import LabeltoolError
from labeltool.core.memory import ran_out
from labeltool.core.progress import CancelToken
from labeltool.core.project import ImageRecord
from labeltool.imaging.budget import fits_whole
from labeltool.imaging.pyramid import Arrival, Pyramid
from labeltool.imaging.scale import PixelSize
from labeltool.imaging.view import open_view
from labeltool.store.predictions import OUT_OF_FOLD

if TYPE_CHECKING:
    from labeltool.core.mask import LabelMask
    from labeltool.store.history import History
    from labeltool.store.predictions import PredictionPlanes
    from labeltool.store.project import ProjectStore

T = TypeVar("T")

FLUSH_S = 10.0
"""How long loading an image waits for its strokes to be saved."""
READINGS = 5
"""How often an image is read anew because something of it was saved meanwhile."""


@dataclass
class OpenImage:
    """The image at hand. ``prediction`` is what is shown beside its annotation, None where no model has been, and
    ``earlier`` what that is compared with; ``pixel_size`` is that in the world, None where the file does not know."""

    record: ImageRecord
    session: Session
    pyramid: Pyramid
    prediction: PredictionPlanes | None = None
    pixel_size: PixelSize | None = None
    earlier: PredictionPlanes | None = None
    first: int = 0
    """The revision from which people see revisions counted."""


class Beside(NamedTuple):
    """What is shown beside an annotation, and what that is compared with."""

    prediction: PredictionPlanes | None
    earlier: PredictionPlanes | None


@dataclass
class _Loaded:
    """What the io lane brings for an image, before there is a session."""

    record: ImageRecord
    pyramid: Pyramid
    make_session: Callable[[], Session]
    beside: Beside
    pixel_size: PixelSize | None
    first: int

    def opened(self) -> OpenImage:
        """With a session of it, on the thread that owns it."""
        return OpenImage(
            self.record,
            self.make_session(),
            self.pyramid,
            self.beside.prediction,
            self.pixel_size,
            self.beside.earlier,
            self.first,
        )


class AtHand:
    """At most one image, and the only session of it. A session is valid until something else writes its image."""

    def __init__(self, store: ProjectStore, lanes: Lanes, saver: Saver, ahead: Ahead) -> None:
        self._store, self._lanes, self._saver, self._ahead = store, lanes, saver, ahead
        self._known = sources.Known(store.root, write=not store.read_only_reason)
        self.image: OpenImage | None = None
        self.wanted = ""
        """Id of the image that is at hand or being loaded."""
        self.layers = ("", "")
        """By key the layer shown beside the annotation where an image has it, empty for a model's newest answer, and
        the layer that it is compared with, empty for none."""
        self.masks = Lock()
        """Held while a mask is read for a session, or filled in behind no session's back."""
        self.opening: Signal[ImageRecord] = Signal()
        self.opened: Signal[OpenImage | None] = Signal()
        self.failed: Signal[tuple[ImageRecord, LabeltoolError]] = Signal()
        self.pixels_arrived: Signal[Arrival] = Signal()
        self.levels_progress: Signal[tuple[float, float] | None] = Signal()
        self._loading = False
        self._load_job: Job[_Loaded] | None = None
        self._when_loaded: list[Callable[[], None]] = []

    # ---- opening

    def open(self, record: ImageRecord) -> None:
        """Bring an image; ``opened`` or ``failed`` follows."""
        self.opening.emit(record)
        self.hold()
        self._drop_load()
        self._loading = True
        self.wanted = record.id

        def done(loaded: _Loaded) -> None:
            self._load_job = None
            self._let_go()
            self.image = loaded.opened()
            self._listen(self.image)
            try:
                self.opened.emit(self.image)
            finally:  # a view that fails must not leave the others waiting
                self._release()
            self._read_to_its_end(self.image)

        def failed(error: BaseException) -> None:
            self._let_go()
            self.wanted = ""
            try:
                self.opened.emit(None)
                self._fail(record, error)
            finally:
                self._release()

        self._load_job = self._lanes.submit(
            "io", "open", lambda cancel, _: self._load(record, cancel), done=done, failed=failed
        )

    def _read_to_its_end(self, image: OpenImage | None) -> None:
        """A large file was only looked at from outside: where it turns out to be another one, nothing more is drawn."""
        if image is None or fits_whole(image.record.size):
            return
        record = image.record

        def failed(error: BaseException) -> None:
            if self.image is image and isinstance(error, sources.SourceError):
                self.clear()
                self._fail(record, error)

        self._lanes.submit(
            "ahead",
            "source",
            lambda cancel, _: self._known.check(record, cancel),
            done=lambda _: None,
            failed=failed,
            quiet=True,
        )

    def clear(self) -> None:
        """Let go of the image at hand; ``opened`` follows with None."""
        self.hold()
        self._drop_load()
        self._let_go()
        self.wanted = ""
        try:
            self.opened.emit(None)
        finally:
            self._release()

    def hold(self) -> None:
        """Nothing is drawn on the image at hand until one is opened: what is loaded next, or written behind its
        session, would not know of it."""
        if self.image is not None:
            self._loading = True
            self.image.session.frozen = True

    def _drop_load(self) -> None:
        """What is being loaded is not wanted any more: let go of its file when it has come."""
        job, self._load_job = self._load_job, None
        if job is not None and job.future is not None:
            job.future.add_done_callback(_close_pyramid)

    def _let_go(self) -> None:
        if self.image is not None:
            self.image.pyramid.close()
        self.image = None

    def _release(self) -> None:
        self._loading = False
        waiting, self._when_loaded = self._when_loaded, []
        for each in waiting:
            each()

    def waits(self, then: Callable[[], None]) -> bool:
        """True while an image is being loaded: ``then`` is called when it has come."""
        if self._loading:
            self._when_loaded.append(then)
        return self._loading

    def close(self) -> None:
        """Let go of the image for good."""
        self.hold()
        self._drop_load()
        if self.image is not None:
            self.image.pyramid.close()

    # ---- loading, on a lane

    def _load(self, record: ImageRecord, cancel: CancelToken) -> _Loaded:
        sources.check(record)
        pyramid = self._ahead.take(record) or open_view(record.path, record.page)
        try:
            cancel.check()
            self._saver.wait(record.id, FLUSH_S)
            return self._loaded(record, pyramid)
        except BaseException:
            pyramid.close()
            raise

    def _loaded(self, record: ImageRecord, pyramid: Pyramid) -> _Loaded:
        store, saver = self._store, self._saver
        with self.masks:
            mask, history, waiting = self._with_waiting(record)
            first = start(store, record.id).revision
            beside = self.beside(record.id)
        record = replace(record, revision=history.revision)
        last = waiting[-1].revision if waiting else history.revision
        undo, redo = _steps(history, waiting)

        def make_session() -> Session:
            return Session(
                mask,
                lambda operation: saver.save(record.id, operation),
                revision=last,
                undo=[step for step in undo if step.revision > first],
                redo=redo,
                load_patch=lambda revision: (
                    saver.patch_of(record.id, revision) or store.patch(record.id, revision)
                ),
                began=lambda: store.stroke_began(record.id),
                dropped=store.stroke_dropped,
                may_begin=saver.check_room,
            )

        return _Loaded(record, pyramid, make_session, beside, pyramid.info.pixel_size, first)

    def _with_waiting(self, record: ImageRecord) -> tuple[LabelMask, History, list[Operation]]:
        """The mask of an image with what waits to be saved, its history without, and what waits. LabeltoolError where
        that does not follow on what is there."""
        for _ in range(READINGS):
            waiting = self._saver.queued(record.id)
            if waiting is None:
                break
            mask, history = self._store.load_mask(record.id), self._store.history(record.id)
            still = self._saver.queued(record.id)
            follows = not waiting or waiting[0].revision == history.revision + 1
            if follows and still is not None and len(still) == len(waiting):  # nothing was saved meanwhile
                for each in waiting:
                    mask.apply(each.patch)
                return mask, history, waiting
        raise self._unsaved(record)

    def beside(self, image_id: str) -> Beside:
        """What is shown beside the annotation of an image: the layer that is wanted, else a model's newest answer, but
        none that only judges labels."""
        kept, earlier = (self._store.prediction(image_id, key) if key else None for key in self.layers)
        found = self._store.prediction_keys(image_id) if kept is None else []
        keys = [key for key in found if not key.startswith(OUT_OF_FOLD)]
        return Beside(self._store.prediction(image_id, keys[-1]) if keys else kept, earlier)

    def flush(self, record: ImageRecord) -> None:
        """Wait until every stroke on an image is on disk; LabeltoolError when that does not work."""
        if not self._saver.flush(FLUSH_S, record.id):
            raise self._unsaved(record)

    def _unsaved(self, record: ImageRecord) -> LabeltoolError:
        why = self._saver.error
        return LabeltoolError(
            "strokes on this image are still waiting to be saved" + (f": {why.message}" if why else ""),
            file=record.path,
            hint=(why.hint if why else None) or "Try again in a moment",
        )

    # ---- its pyramid

    def _listen(self, image: OpenImage) -> None:
        """Bring what a pyramid's threads tell to this thread, as long as its image is at hand."""

        def pass_on(told: Signal[T], to: Callable[[T], None]) -> None:
            def here(value: T) -> None:
                if self.image is image:
                    to(value)

            told.connect(lambda value: self._lanes.deliver(lambda: here(value)))

        pass_on(image.pyramid.arrived, self.pixels_arrived.emit)
        pass_on(image.pyramid.progress, self.levels_progress.emit)
        pass_on(image.pyramid.failed, self.report)

    def report(self, error: BaseException) -> None:
        """Something went wrong with the image at hand."""
        if self.image is not None:
            self._fail(self.image.record, error)

    def _fail(self, record: ImageRecord, error: BaseException) -> None:
        if ran_out(error):
            hint = "Close other programs, or open a smaller image. What was saved before is safe"
            error = LabeltoolError("there is not enough memory for this", file=record.path, hint=hint)
        elif not isinstance(error, LabeltoolError):
            error = LabeltoolError(f"unexpected: {error!r}", file=record.path)
        self.failed.emit((record, error))


def _steps(history: History, waiting: list[Operation]) -> tuple[list[Step], list[Step]]:
    """What can be undone and redone, the next one last, with what waits to be saved."""
    undo = [Step(step.revision, step.title) for step in history.undo]
    redo = [Step(step.revision, step.title) for step in history.redo]
    for each in waiting:
        if each.kind == "do":
            undo.append(Step(each.revision, each.patch.title))
            redo.clear()
        else:
            source, goal = (undo, redo) if each.kind == "undo" else (redo, undo)
            goal.append(source.pop())
    return undo, redo


def _close_pyramid(future: Future[_Loaded]) -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().pyramid.close()
