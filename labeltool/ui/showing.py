"""What the window says of the project and of the image at hand: every bar and panel, whenever something changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from labeltool.core.errors import LabeltoolError
from labeltool.core.project import ImageRecord, Status
from labeltool.ui.action_set import ActionSet
from labeltool.ui.annotate import Annotate
from labeltool.ui.banner import Banner
from labeltool.ui.pages import PageBar
from labeltool.ui.panels.classes import ClassPanel
from labeltool.ui.panels.images import ImagePanel
from labeltool.ui.part import Part
from labeltool.ui.statusbar import StatusBar
from labeltool.ui.topbar import TopBar
from labeltool.ui.words import translated

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.workbench import Workbench


@dataclass(frozen=True)
class Places:
    """Where something is said."""

    actions: ActionSet
    top: TopBar
    status: StatusBar
    banner: Banner
    classes: ClassPanel
    images: ImagePanel
    pages: PageBar


class Showing(Part):
    """Listens to the workbench and to the view, and tells the places; it changes nothing."""

    def __init__(self, annotate: Annotate, places: Places, parts: Sequence[Part], parent: QObject) -> None:
        super().__init__(parent)
        self._parts = parts
        for part in parts:
            part.changed.connect(self.enable)
        self._annotate, self._canvas, self._at = annotate, annotate.canvas, places
        self._bench: Workbench | None = None
        self._record: ImageRecord | None = None
        self._annotating = True
        self._told = ""  # of the approval of the image at hand
        self._just_approved = False  # and nothing told of it yet
        self._pixels: tuple[str, Mapping[int, int]] = "", {}  # of an image, by class
        self._canvas.pointed.connect(self._show_readout)
        self._canvas.view_changed.connect(self._show_zoom)
        self._canvas.view_changed.connect(self._show_readout)
        annotate.changed.connect(lambda _: self._show_readout())

    def attach(self, bench: Workbench | None) -> None:
        """The state of this workbench from now on; after the hand, whose classes it says more of."""
        self._bench = bench
        self._at.banner.leave_project()
        if bench is not None:
            bench.image_opened.connect(self._image_opened)
            bench.image_failed.connect(self._image_failed)
            bench.record_changed.connect(self._record_changed)
            bench.catalog_changed.connect(lambda _: self._show_shares())
            bench.saved.connect(lambda _: self.show_saved())
            bench.prediction_changed.connect(lambda _: self.enable())
            bench.levels_progress.connect(self._levels_progress)
            self._at.classes.set_editable(bench.editable)
            self._at.images.set_editable(bench.editable)
            self._show_record(None)
        self._at.pages.show_pages([], "")
        self._show_shares()
        self.show_images()
        self.show_saved()

    def set_annotating(self, annotating: bool) -> None:
        """Whether the image at hand is in sight: while it is not, no key changes it."""
        self._annotating = annotating
        self.enable()

    # ---- the project

    def show_images(self) -> None:
        """The images of the project are others."""
        bench = self._bench
        records = bench.store.images() if bench else []
        none_yet = self.tr("No image yet.\nFile, Add images… or drop images and folders here.")
        self._canvas.empty_text = "" if records else none_yet
        self._at.images.show_records(records, bench.lanes if bench else None)
        if bench is not None and bench.wanted:
            self._at.images.show_current(bench.wanted)
        self.enable()

    def show_saved(self) -> None:
        """What of the image at hand is on disk."""
        bench = self._bench
        if bench is not None and not bench.editable:
            self._at.status.show_read_only(bench.store.read_only_reason)
        elif bench is None or bench.open is None:
            self._at.status.show_saved(None, 0)
        else:
            tried = None if bench.saver.tried is None else bench.saver.tried.at
            self._at.status.show_saved(bench.save_state, bench.open.session.revision, bench.open.first, tried)

    def enable(self) -> None:
        """Switch actions on and off as things are now."""
        bench, image = self._bench, self._annotate.image if self._annotating else None
        editable = bench is not None and bench.editable
        self._at.actions.enable(
            {
                "always": True,
                "project": bench is not None,
                "editable": editable,
                "annotate": bench is not None and self._annotating,
                "image": image is not None,
                "edit_image": image is not None and editable,
                "series": image is not None and bool(image.record.series),
                "doubt": image is not None and image.prediction is not None,
                "window": image is not None and self._annotate.looks.offers("Bone") is not None,
                "file_window": image is not None and self._annotate.looks.offers("") is not None,
                "undo": image is not None and editable and bool(image.session.undo_title),
                "redo": image is not None and editable and bool(image.session.redo_title),
                **{name: has for part in self._parts for name, has in part.has().items()},
            }
        )
        self._at.actions.why = {name: text for part in self._parts for name, text in part.why().items()}

    # ---- the image at hand

    def _image_opened(self, image: OpenImage | None) -> None:
        self._at.banner.leave_image()
        pages = self._bench.series() if self._bench is not None and image is not None else []
        self._at.pages.show_pages(pages, image.record.id if image is not None else "")
        if image is not None:
            image.session.changed.connect(lambda _: self._show_session())
            self._at.images.show_current(image.record.id)
        self._show_record(image.record if image else None)
        self._show_session()
        self._show_shares()
        self._show_zoom()

    def _image_failed(self, failure: tuple[ImageRecord, LabeltoolError]) -> None:
        record, error = failure
        told = [part.takes_failure(record, error) for part in self._parts]
        if not any(told):
            self.failed.emit(error)

    def _record_changed(self, record: ImageRecord) -> None:
        self._at.images.update_record(record)
        image = self._annotate.image
        if image is not None and image.record.id == record.id:
            self._show_record(record)
            self._show_shares()

    def _levels_progress(self, progress: tuple[float, float] | None) -> None:
        """Once the levels of a large image have been made its thumbnail is a better one."""
        if progress is None and self._annotate.image is not None:
            self._at.images.renew_picture(self._annotate.image.record.id)

    def _show_record(self, record: ImageRecord | None) -> None:
        """Name and status of the image at hand; an approval is told where something is missing."""
        before, self._record = self._record, record
        self._at.top.show_image(record)
        approved = record is not None and record.status is Status.APPROVED
        approve = self._at.actions["approve"]
        approve.setText(self.tr("Take approval back") if approved else self.tr("Approve"))
        approve.setIconText(self.tr("Take back") if approved else self.tr("Approve"))
        if self._told and not approved:
            self._at.banner.take_back(self._told)
            self._told = ""
        is_same = record is not None and before is not None and before.id == record.id
        was = before.status if before is not None else None
        self._just_approved = approved and is_same and (self._just_approved or was is not Status.APPROVED)

    def _show_shares(self) -> None:
        """What is known of the image at hand, and what is counted in its mask file once that is read. A drive may not
        answer for long: it is asked on a lane."""
        bench = self._bench
        if bench is None or bench.open is None:
            self._at.classes.show_shares({}, 0)
            return
        record = bench.open.record
        known = self._pixels[0] == record.id
        self._at.classes.show_shares(self._pixels[1] if known else {}, record.size.pixels if known else 0)

        def done(pixels: Mapping[int, int]) -> None:
            if self._bench is bench and bench.open is not None and bench.open.record.id == record.id:
                self._pixels = record.id, pixels
                self._at.classes.show_shares(pixels, record.size.pixels)
                self._tell_what_is_missing(record, pixels)

        def failed(error: BaseException) -> None:
            if not isinstance(error, LabeltoolError):  # else whoever saves or opens the image tells of it
                raise error

        bench.lanes.submit(
            "io",
            "shares",
            lambda *_: bench.store.class_pixels(record.id),
            done=done,
            failed=failed,
            quiet=True,
        )

    def _tell_what_is_missing(self, record: ImageRecord, pixels: Mapping[int, int]) -> None:
        just_approved, self._just_approved = self._just_approved, False
        share = 1 - sum(pixels.values()) / record.size.pixels
        if just_approved and share > 0:
            text = self.tr("Approved; {percent} % of it is unlabelled")
            self._told = text.format(percent=f"{max(0.1, 100 * share):.1f}")
            self._at.banner.tell_of_image(self._told)

    def _show_session(self) -> None:
        image = self._annotate.image
        for name, verb in (("undo", self.tr("Undo {what}")), ("redo", self.tr("Redo {what}"))):
            what = getattr(image.session, f"{name}_title") if image is not None else ""
            self._at.actions[name].setText(verb.format(what=translated(what)).strip())
        self.show_saved()
        self._show_readout()
        self.enable()

    def _show_readout(self) -> None:
        """What lies under the pointer, which the image or its mask may change as well as the mouse."""
        at = self._canvas.pointer
        readout = None if at is None else self._annotate.readout(*at)
        self._at.status.show_readout(readout, self._bench.catalog if self._bench else None)

    def _show_zoom(self) -> None:
        self._at.status.show_zoom(self._canvas.view.zoom if self._annotate.image else None)
