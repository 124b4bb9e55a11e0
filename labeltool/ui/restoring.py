"""Against the loss of what is on the disk: backups in the background, and an offer where a mask file is damaged."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, Qt, QTimer, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from labeltool.core.errors import LabeltoolError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord
from labeltool.ui.dialogs.failure import sentence
from labeltool.ui.long_work import LongWork
from labeltool.ui.part import Part

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.workbench import Workbench
    from labeltool.store.backups import Kept
    from labeltool.store.repair import Offer, Step

FIRST_MS = 5_000
"""Backups wait until a project has been opened and shown."""
EVERY_MS = 10 * 60_000
NAMED = 3
"""Damaged tiles that an offer names."""


class Restoring(Part):
    """Copies what changed, some time after a project was opened, whenever somebody goes on to another image, and every
    few minutes; and offers what can be done where an image cannot be opened because its mask file is damaged."""

    damaged = Signal(str)
    """This file was found damaged while it was copied."""

    def __init__(self, work: LongWork, window: QWidget) -> None:
        super().__init__(window)
        self._work, self._window = work, window
        self._bench: Workbench | None = None
        self._last = ""
        """The image at hand."""
        self._said: set[str] = set()
        self._soon = QTimer(self, singleShot=True, interval=FIRST_MS)
        self._often = QTimer(self, interval=EVERY_MS)
        for timer in (self._soon, self._often):
            timer.timeout.connect(self.back_up)

    def attach(self, bench: Workbench | None) -> None:
        """See the base."""
        self._bench, self._last = bench, ""
        self._said.clear()
        for timer in (self._soon, self._often):
            timer.stop()
        if bench is not None and bench.editable:
            bench.image_opened.connect(self._opened)
            self._soon.start()
            self._often.start()

    # ---- backups

    def _opened(self, image: OpenImage | None) -> None:
        """What was worked on before rests now."""
        before, self._last = self._last, image.record.id if image is not None else ""
        if before and before != self._last:
            self.back_up([before])

    def back_up(self, image_ids: list[str] | None = None) -> None:
        """Copy what changed, of some images or of all, on a lane; nobody waits for it."""
        bench = self._bench
        if bench is None or not bench.editable:
            return

        def work(cancel: CancelToken, progress: Progress) -> Kept:
            from labeltool.store.backups import keep  # noqa: PLC0415

            return keep(bench.store.root, image_ids, cancel, index=image_ids is None)

        key = f"backup {image_ids[0]}" if image_ids else "backup"
        bench.lanes.submit(
            "backups", key, work, done=self._backed_up, failed=lambda _: None, title="Backup", quiet=True
        )

    def _backed_up(self, kept: Kept) -> None:
        """Each trouble is told once."""
        for error in kept.damaged:
            if error.file:
                self.damaged.emit(error.file)
        for error in kept.troubles:
            text = str(error)
            if text not in self._said:
                self._said.add(text)
                self.noted.emit(text)

    # ---- offers

    def takes_failure(self, record: ImageRecord, error: LabeltoolError) -> bool:
        """See the base: where the mask file is damaged, what can be done is worked out, and then offered."""
        from labeltool.store.database import DamagedError  # noqa: PLC0415
        from labeltool.store.layout import mask_path  # noqa: PLC0415

        bench = self._bench
        if bench is None or not bench.editable or not isinstance(error, DamagedError):
            return False
        if error.file != str(mask_path(bench.store.root, record.id)):
            return False

        def done(found: list[Offer]) -> None:
            if self._bench is bench:
                self._offer(bench, record, error, found)

        bench.lanes.submit(
            "io",
            "offers",
            lambda *_: bench.store.offers(record.id),
            done=done,
            failed=lambda _: self.failed.emit(error),
            title="Offers",
        )
        return True

    def _offer(
        self, bench: Workbench, record: ImageRecord, error: LabeltoolError, found: list[Offer]
    ) -> None:
        """A message with a button for each offer; who presses none leaves everything as it is."""
        box = QMessageBox(self._window)
        box.setObjectName("dialog.damaged")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setOption(QMessageBox.Option.DontUseNativeDialog)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle(self.tr("Damaged labels"))
        box.setText(self.tr("The labels of {name} are damaged.").format(name=record.name))
        lines = [sentence(error.message), self.tr("File: {file}").format(file=error.file)]
        lines += [self._explained(offer, bench) for offer in found]
        lines.append(
            self.tr("What is replaced is kept in the project's folder “quarantine”.")
            if found
            else self.tr(
                "There is no backup of it, and nothing brings its labels back. Other images can be worked on. To begin "
                "afresh is to lose all labels, comments and decisions of this image; the damaged file is kept in the "
                "project's folder “quarantine”."
            )
        )
        box.setInformativeText("\n\n".join(lines))
        for offer in found:
            button = box.addButton(self._titled(offer), QMessageBox.ButtonRole.AcceptRole)
            button.setObjectName(f"damaged.{offer.how}")
            button.clicked.connect(partial(self._do, bench, record, offer))
        if not found:
            afresh = box.addButton(self.tr("Begin afresh"), QMessageBox.ButtonRole.DestructiveRole)
            afresh.setObjectName("damaged.afresh")
            afresh.clicked.connect(partial(self._do, bench, record, None))
        leave = box.addButton(self.tr("Leave it as it is"), QMessageBox.ButtonRole.RejectRole)
        leave.setObjectName("damaged.leave")
        box.setDefaultButton(leave)
        box.setEscapeButton(leave)
        box.open()

    def _titled(self, offer: Offer) -> str:
        if offer.backup is not None:
            text = self.tr("Restore r{revision} of {when}")
            return text.format(revision=offer.backup.revision, when=_when(offer))
        if offer.how == "empty":
            return self.tr("Go on without the damaged tiles")
        return self.tr("Restore the labels")

    def _explained(self, offer: Offer, bench: Workbench) -> str:
        if offer.backup is not None:
            text = self.tr(
                "The newest whole backup is r{revision} of {when}. Steps after it that would be lost: {n}."
            )
            return text.format(revision=offer.backup.revision, when=_when(offer), n=offer.lost)
        if offer.how == "empty":
            places = ", ".join(f"({index.col * 256}, {index.row * 256})" for index in offer.tiles[:NAMED])
            places += ", …" if len(offer.tiles) > NAMED else ""
            text = self.tr(
                "Nothing brings back the tiles of 256 pixels at {places}. Without them, their pixels become "
                "unlabelled, as a step of the history; all other labels stay."
            )
            return text.format(places=places)
        return self.tr("All of them can be restored from what the file itself or a backup still holds.")

    def _do(self, bench: Workbench, record: ImageRecord, offer: Offer | None, checked: bool = False) -> None:
        """What an offer says, or to begin afresh."""

        def work(cancel: CancelToken, progress: Progress) -> Step | None:
            if offer is None:
                return bench.store.begin_afresh(record.id)
            return bench.store.repair(record.id, offer)

        def done(step: Step | None) -> None:
            if step is not None and not step.mended:
                self.failed.emit(LabeltoolError(step.done, file=step.file))
                return
            text = self.tr("Restored: {name}") if offer is not None else self.tr("Begun afresh: {name}")
            self.told.emit(text.format(name=record.name))
            bench.renew_record(record.id)
            bench.open_image(record.id)

        self._work.run(bench.lanes, "files", self.tr("Restoring labels"), work, done)


def _when(offer: Offer) -> str:
    """When a backup was made, in the time and the way of this place."""
    assert offer.backup is not None
    moment = QDateTime.fromSecsSinceEpoch(int(offer.backup.at.timestamp()))
    return QLocale().toString(moment, QLocale.FormatType.ShortFormat)
