"""Decisions from the window: done, rejected with a reason, in work again; and by whose word the image at hand is what
it is, which is read off this thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from labeltool.core.errors import LabeltoolError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord, Status
from labeltool.ui.annotate import Annotate
from labeltool.ui.part import Part
from labeltool.ui.people.chip import Decided
from labeltool.ui.people.words import ago, status_text, translate, who

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.people.pending import Pending
    from labeltool.app.workbench import Workbench
    from labeltool.store.decisions import Decision

DECIDED = (Status.DONE, Status.APPROVED, Status.REJECTED)
SOON_MS = 200
"""While somebody paints on an image that was decided on, what has changed is counted this often at most."""


class Deciding(Part):
    """Follows the image at hand."""

    stated = Signal(object)
    """By whose word the image at hand is what it is: a :class:`Decided`, or None while nobody knows."""
    remarked = Signal(str, str)
    """What is worth knowing of an image by its id wherever it is listed; empty where that is over."""

    def __init__(self, annotate: Annotate, window: QWidget) -> None:
        super().__init__(window)
        self._annotate, self._window = annotate, window
        self._bench: Workbench | None = None
        self._decided: Decided | None = None
        self._status: Status | None = None
        self._said = ""
        """What is to be read of the image at hand."""
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._read)

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """See the base."""
        return {
            "done": partial(self._decide, Status.DONE),
            "reject": self._ask_reason,
            "in_work": partial(self._decide, Status.IN_WORK),
        }

    def has(self) -> Mapping[str, bool]:
        """Whether there is a decision to take back."""
        bench, image = self._bench, self._annotate.image
        editable = bench is not None and bench.editable and self._annotate.canvas.isVisible()
        return {"decided": editable and image is not None and image.record.status in DECIDED}

    # ---- following

    def attach(self, bench: Workbench | None) -> None:
        """See the base."""
        self._bench = bench
        self._follow(None)
        if bench is not None:
            bench.image_opened.connect(self._follow)
            bench.record_changed.connect(self._record_changed)
            bench.decisions.delayed.connect(lambda each: self.news.emit(delayed_text(each)))
            bench.decisions.ended.connect(lambda each: self.outdated.emit(delayed_text(each)))
            self._note_rejected(bench)

    def _follow(self, image: OpenImage | None) -> None:
        self._soon.stop()
        self._said = ""
        self._decided, self._status = None, None if image is None else image.record.status
        self.stated.emit(None)
        self.changed.emit()
        if image is not None:
            self._read(opened=True)

    def _record_changed(self, record: ImageRecord) -> None:
        image = self._annotate.image
        if image is None or image.record.id != record.id:
            return
        known, before = self._decided, self._status
        self._status = record.status
        if before is not record.status:
            self.changed.emit()
            self._read()
        elif known is not None and (known.state.decision or known.state.stale):
            self._soon.start()

    def _read(self, *, opened: bool = False) -> None:
        bench, image = self._bench, self._annotate.image
        if bench is None or image is None:
            return
        image_id = image.record.id

        def work(cancel: CancelToken, progress: Progress) -> Decided:
            from labeltool.app.people.deciding import changed_since, state  # noqa: PLC0415

            found = state(bench.store, image_id)
            return Decided(found, changed_since(bench.store, image_id, found.stale) if found.stale else 0)

        def done(found: Decided) -> None:
            if self._annotate.image is image:
                self._show(image.record, found, opened)

        # Where it cannot be read the image cannot either, and that is told.
        bench.lanes.submit(
            "io", "decided", work, done=done, failed=lambda _: None, title="Decisions", quiet=True
        )

    def _show(self, record: ImageRecord, found: Decided, opened: bool) -> None:
        self._decided = found
        self.stated.emit(found)
        rejection = found.state.rejection
        self.remarked.emit(record.id, "" if rejection is None else reason_text(rejection))
        if rejection is None and self._said:
            self.outdated.emit(self._said)
            self._said = ""
        elif opened and rejection is not None:
            self._said = reason_text(rejection)
            self.noted_of_image.emit(self._said)

    def _note_rejected(self, bench: Workbench) -> None:
        """The reasons of all that is rejected, for the list of images."""
        rejected = [record.id for record in bench.store.images() if record.status is Status.REJECTED]

        def work(cancel: CancelToken, progress: Progress) -> list[tuple[str, Decision]]:
            from labeltool.app.people.deciding import state  # noqa: PLC0415

            found = []
            for image_id in rejected:
                cancel.check()
                try:
                    rejection = state(bench.store, image_id).rejection
                except LabeltoolError:
                    continue  # that is told when the image is opened
                if rejection is not None:
                    found.append((image_id, rejection))
            return found

        def done(found: list[tuple[str, Decision]]) -> None:
            for image_id, rejection in found:
                self.remarked.emit(image_id, reason_text(rejection))

        if rejected:
            bench.lanes.submit("ahead", "reasons", work, done=done, failed=lambda _: None, quiet=True)

    # ---- deciding

    def _decide(self, status: Status, reason: str = "") -> None:
        bench, image = self._bench, self._annotate.image
        if bench is None or image is None or not bench.editable:
            return
        if image.record.status is status and not reason and bench.decisions.of(image.record.id) is None:
            self.told.emit(self.tr("The image is {status} already").format(status=status_text(status)))
            return
        if status is Status.DONE and image.record.status is Status.APPROVED:  # which says more
            self.told.emit(self.tr("The image is approved, which is more than done; it stays approved"))
            return
        try:
            bench.decide(status, reason)
        except LabeltoolError as error:
            self.failed.emit(error)

    def _ask_reason(self) -> None:
        from labeltool.ui.people.reasons import RejectDialog  # noqa: PLC0415

        bench, image = self._bench, self._annotate.image
        if bench is None or image is None or not bench.editable:
            return
        dialog = RejectDialog(image.record.name, self._window)

        def reject() -> None:
            if self._annotate.image is image:
                self._decide(Status.REJECTED, dialog.reason)

        dialog.accepted.connect(reject)
        dialog.open()


def reason_text(rejection: Decision) -> str:
    """Who rejected an image, when and why."""
    return translate("People", "Rejected by {who}, {ago}: {reason}").format(
        who=who(rejection.author), ago=ago(rejection.at_utc), reason=rejection.reason
    )


def delayed_text(pending: Pending) -> str:
    """A decision that is not on disk, as saving fails."""
    text = translate(
        "People",
        "{image} will be {status} once the changes that wait are saved, unless it is painted on before.",
    )
    return text.format(image=pending.record.name, status=status_text(pending.status))
