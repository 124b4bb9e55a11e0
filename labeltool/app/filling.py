"""Pre-labels put into masks while somebody draws: into the session at hand, or into the file of another image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from labeltool.app import prelabel
from labeltool.app.at_hand import AtHand, OpenImage
from labeltool.app.jobs import Job, Lanes
from labeltool.app.session import Session
from labeltool.core.change import Change, Signal
from labeltool.core.errors import LabeltoolError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord
from labeltool.inference.options import InferenceOptions

if TYPE_CHECKING:
    from labeltool.app.models import Model
    from labeltool.app.prelabel import PrelabelReport
    from labeltool.core.patch import Patch
    from labeltool.store.predictions import PredictionPlanes
    from labeltool.store.project import ProjectStore


HOW = InferenceOptions(doubts=("entropy",))
"""Spots and the queue go by the entropy, which follows from the same answer. What is kept without it does as well."""


class Filling:
    """Runs models, and fills in their answers. ``changed`` is called with an image's id on the thread that owns the
    image at hand."""

    def __init__(
        self, store: ProjectStore, lanes: Lanes, at_hand: AtHand, changed: Callable[[str], None]
    ) -> None:
        self._store, self._lanes, self._at_hand, self._changed = store, lanes, at_hand, changed
        self.prediction_changed: Signal[OpenImage] = Signal()

    def run(
        self,
        records: Sequence[ImageRecord],
        model: Model,
        *,
        progress: Progress,
        done: Callable[[PrelabelReport], None],
        failed: Callable[[BaseException], None],
    ) -> Job[PrelabelReport]:
        """Run a model over images in a child process; what a human has set never changes."""

        def predicted(record: ImageRecord) -> None:
            with self._at_hand.masks:
                at_hand = self._at_hand.wanted == record.id
                if not at_hand:
                    self._at_hand.flush(record)
                    prelabel.fill_annotation(self._store, record, model.key)
            if at_hand:
                self._lanes.deliver(lambda: self.fill(record.id, model.key))
            else:
                self._lanes.deliver(lambda: self._changed(record.id))

        def work(cancel: CancelToken, report: Progress) -> PrelabelReport:
            return prelabel.predict(
                self._store, records, model, HOW, make_do=True, progress=report, cancel=cancel, done=predicted
            )

        return self._lanes.submit(
            "model", "prelabel", work, done=done, failed=failed, progress=progress, title="Pre-label"
        )

    def fill(self, image_id: str, model_key: str) -> None:
        """Fill in the image at hand. The patch is made off this thread, against a snapshot; if somebody has
        painted meanwhile it is made again."""
        if self._at_hand.waits(lambda: self.fill(image_id, model_key)):
            return
        image = self._at_hand.image
        if image is None or image.record.id != image_id:
            self._fill_closed(image_id, model_key)
            return
        session = image.session
        revision, snapshot = session.revision, session.mask.snapshot()
        settled = image.record.status.settled

        def work(cancel: CancelToken, progress: Progress) -> tuple[PredictionPlanes, Patch]:
            kept = self._store.prediction(image_id, model_key)
            if kept is None:
                raise LabeltoolError("the prediction is not kept any more", file=image.record.path)
            return kept, prelabel.fill_patch(snapshot, kept.label, model_key=model_key)

        def done(found: tuple[PredictionPlanes, Patch]) -> None:
            if session.painting:  # not under somebody's brush
                when_drawn(session, lambda: self.fill(image_id, model_key))
            elif session.frozen or session.revision != revision:
                self.fill(image_id, model_key)
            else:
                image.prediction, patch = found
                try:
                    if not settled:
                        session.apply(patch)
                except LabeltoolError as error:  # too much waits to be saved already
                    self._at_hand.report(error)
                self.prediction_changed.emit(image)

        self._lanes.submit("io", f"fill {image_id}", work, done=done, failed=self._at_hand.report)

    def _fill_closed(self, image_id: str, model_key: str) -> None:
        """The image was left while the answer was on its way."""

        def work(cancel: CancelToken, progress: Progress) -> bool:
            record = self._store.image(image_id)
            with self._at_hand.masks:
                if self._at_hand.wanted == image_id:
                    return False
                self._at_hand.flush(record)
                return prelabel.fill_annotation(self._store, record, model_key)

        def done(filled: bool) -> None:
            if self._at_hand.wanted == image_id and not filled:
                self.fill(image_id, model_key)
            self._changed(image_id)

        self._lanes.submit("files", f"fill {image_id}", work, done=done, failed=self._at_hand.report)


def when_drawn(session: Session, then: Callable[[], None]) -> None:
    """Call ``then`` once the stroke that is being drawn has ended."""

    def changed(_: Change) -> None:
        if not session.painting:
            stop()
            then()

    stop = session.changed.connect(changed)
