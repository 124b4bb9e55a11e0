"""Opening, making, filling and closing projects, with the dialogs that ask for what is needed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QSettings, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from labeltool.app.jobs import Lanes
from labeltool.core.errors import LabeltoolError, shown
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import Skipped, Status
from labeltool.ui import opening, recent
from labeltool.ui.bridge import Bridge
from labeltool.ui.dialogs.beside import Beside
from labeltool.ui.long_work import LongWork

if TYPE_CHECKING:
    # What a project needs is imported when one is opened: the start page is up sooner.
    from labeltool.app.project import AddReport
    from labeltool.app.saving import SaveState
    from labeltool.app.splits import Applied, Assignment
    from labeltool.app.workbench import Workbench
    from labeltool.store.lock import ProjectLockedError, Sign
    from labeltool.ui.dialogs.new_project import NewProject

log = logging.getLogger(__name__)

MANY = 200
LEAVING_S = 2.0
"""What closing a project waits for the last changes when nobody can be asked."""
NAMED = 5
"""Files that a message names; of the others it gives the number."""


class Locked(NamedTuple):
    """A project that somebody else is editing."""

    root: Path
    error: ProjectLockedError


class Projects(QWidget):
    """The project of a window. An invisible widget, so that its dialogs lie over the window."""

    opened = Signal(object)
    closing = Signal()
    """The project is about to be closed; what is to be written of it must be written now."""
    closed = Signal()
    images_added = Signal()
    masks_replaced = Signal()
    sample_opened = Signal()
    place_asked = Signal(str, object)
    """An image by its id is to be shown, with a box of it in the middle."""
    locked = Signal(object)
    """Somebody else is editing the project that is to be opened: a :class:`Locked`."""
    told = Signal(str)
    """What is so."""
    outdated = Signal(str)
    """What was told is no longer so."""
    news = Signal(str)
    """What has come of something."""
    failed = Signal(Exception)

    def __init__(self, work: LongWork, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()
        self.bench: Workbench | None = None
        self.viewed: Locked | None = None
        """Where the project at hand is only looked at, because somebody else edits it."""
        self.found: list[str] = []
        """What was said of the project at hand when it was opened: what was recovered, and what was put right."""
        self._waiting = ""  # what is said of changes that are not in it yet
        self._window = parent
        self._work = work
        self._bridge = Bridge(self)
        self._lanes: Lanes | None = None
        self._beside = Beside(parent, self)
        self._beside.failed.connect(self.failed)

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """What the actions of projects do, by their ids."""
        return {
            "new_project": self.ask_new,
            "open_project": self.ask_open,
            "add_images": self.ask_images,
            "add_folder": self.ask_folder,
            "import": self.ask_import,
            "export": self.ask_export,
            "splits": self.ask_splits,
            "measures": self.ask_measures,
            "bring_back": self.ask_bring_back,
        }

    # ---- opening and closing

    @property
    def is_opening(self) -> bool:
        """Whether something that was asked for is not there yet."""
        return self._beside.place is not None

    def open_path(self, path: Path) -> None:
        """Open a project; an image or a folder of images begins a new project with them."""

        def go_on(found: opening.Found) -> None:
            if found.is_project:
                self.open(path)
            elif found.is_there:
                self.ask_new([path])
            else:
                self.failed.emit(LabeltoolError("there is no such file or folder", file=path))

        self._beside.do(path, partial(opening.look, path), go_on)

    def open_all(self, paths: Sequence[Path]) -> None:
        """What was dropped: a project is opened, images are added to the one at hand or begin a new one."""

        def go_on(project: Path | None) -> None:
            if project is not None:
                self.open(project)
            elif self.bench is not None and self.bench.editable:
                self.add(paths)
            else:
                self.ask_new(paths)

        if paths:
            self._beside.do(paths[0], partial(opening.project_among, list(paths)), go_on)

    def open(
        self, root: Path, *, take_over: Sign | None = None, then: Callable[[], object] | None = None
    ) -> None:
        """Open a project in the place of the one that was open, unless it is being opened already; ``locked`` says
        where somebody else edits it.

        ``take_over`` is the last sign of life of who is taken for dead; ``then`` follows once it is open.
        """
        if take_over is None and then is None and self._beside.opening == root.absolute():
            return
        bench = self.bench
        is_ours = bench is not None and bench.editable and bench.store.root == root.absolute()

        def go_on(error: ProjectLockedError | None) -> None:
            if error is not None and take_over is None and not is_ours:  # what is open stays so
                self.locked.emit(Locked(root, error))
            elif self.close_project():
                self._bring(root, partial(opening.edit, root, take_over), then=then)

        self._beside.do(root, partial(opening.who_edits, root), go_on)

    def _bring(
        self,
        root: Path,
        work: Callable[[], opening.Opened],
        viewed: Locked | None = None,
        then: Callable[[], object] | None = None,
    ) -> None:
        """Have a project opened or made, and work on it."""

        def go_on(opened: opening.Opened) -> None:
            self._attach(opened, viewed)
            if then is not None:
                then()

        def refused(error: LabeltoolError) -> None:
            from labeltool.store.project import ProjectLockedError  # noqa: PLC0415

            if isinstance(error, ProjectLockedError):
                self.locked.emit(Locked(root, error))
            else:
                self.failed.emit(error)

        self._beside.do(root, work, go_on, refused=refused, unwanted=opening.let_go, is_long=True)

    def view(self, locked: Locked) -> None:
        """Open a project that somebody else edits, to look at it."""
        root, reason = locked.root, locked.error.message

        def go_on(_: object) -> None:
            if self.close_project():
                self._bring(root, partial(opening.view, root, reason), locked)

        self._beside.do(root, partial(opening.look, root), go_on)

    def lanes(self) -> Lanes:
        """For work that belongs to no project."""
        if self._lanes is None:
            self._lanes = Lanes(self._bridge.deliver)
        return self._lanes

    def _attach(self, opened: opening.Opened, viewed: Locked | None = None) -> None:
        from labeltool.app.workbench import Workbench  # noqa: PLC0415
        from labeltool.ui.unsaved import brought_text  # noqa: PLC0415

        store, brought, put_off = opened
        opening.settled(store.root)
        self.viewed = viewed
        self.bench = Workbench(store, self._bridge.deliver)
        log.info("opened %s%s", store.root, " for reading only" if store.read_only_reason else "")
        recent.remember(store.root)
        self.opened.emit(self.bench)
        self.bench.unsaved.take_up(put_off)
        self.found = [str(line) for line in (store.recovery, *store.notices) if line]
        self.found += [brought_text(each) for each in brought]
        for back in (self.bench.unsaved.brought_back, self.bench.unsaved.kept_both):
            back.connect(lambda each: self.news.emit(brought_text(each)))
            back.connect(lambda _: self._tell_waiting())
        self.bench.reserve_used.connect(self._tell_reserve)
        self.bench.saved.connect(self._take_back)
        if viewed is not None:
            from labeltool.ui.dialogs.locked import in_words  # noqa: PLC0415

            text = self.tr("Opened to view: it is being edited by {who}.")
            self.told.emit(text.format(who=in_words(viewed.error.sign)))
        elif store.no_room:
            text = self.tr("The disk is full: free some space. Until then the project can only be looked at.")
            self.told.emit(text)
        elif store.read_only_reason:
            self.told.emit(self.tr("Opened for reading only: {reason}").format(reason=store.read_only_reason))
        self._tell_waiting()
        for line in self.found:
            self.news.emit(line)
        records = store.images()
        if records:
            last = str(QSettings().value(f"last/{store.root}", ""))
            self.bench.open_image(last if any(r.id == last for r in records) else records[0].id)

    def _tell_waiting(self) -> None:
        """Which changes of the last session are not in the project yet."""
        from labeltool.ui.unsaved import waiting_text  # noqa: PLC0415

        self.outdated.emit(self._waiting)
        self._waiting = waiting_text(self.bench.unsaved.resumed) if self.bench is not None else ""
        if self._waiting:
            self.told.emit(self._waiting)
        self._take_back()

    def _take_back(self, state: SaveState | None = None) -> None:
        """Something was saved, or was not: what was said before is in part no longer so."""
        from labeltool.ui.unsaved import outdated  # noqa: PLC0415

        if state is not None and state.error is not None:
            self._tell_reserve(False)
            return
        for line in outdated(self.bench, self.found) if self.bench is not None else ():
            self.found.remove(line)
            self.outdated.emit(line)

    def _tell_reserve(self, used: bool) -> None:
        """Once the room is used up the text would be wrong, and once it is kept again nobody has to do anything."""
        text = self.tr(
            "The disk is full. The last changes are saved, in the room that was kept for that: free some space now."
        )
        (self.told if used else self.outdated).emit(text)

    def close_project(self) -> bool:
        """Save what waits and close the project; False when the user wants to stay."""
        if self.bench is None:
            return True
        self.closing.emit()
        if self.bench.open is not None:
            QSettings().setValue(f"last/{self.bench.store.root}", self.bench.open.record.id)
        if not self.bench.close():
            from labeltool.ui.dialogs.unsaved import may_leave  # noqa: PLC0415

            if not may_leave(self.bench, self._window):
                return False
        self.bench = self.viewed = None
        self.found, self._waiting = [], ""
        self._work.forget()
        self.closed.emit()
        return True

    def ask_bring_back(self) -> None:
        """Ask for a file of unsaved work and bring it back, into the project it is of."""
        from labeltool.ui.unsaved import ask_file  # noqa: PLC0415

        chosen = ask_file(self._window)
        if chosen is not None:
            self.bring_back(chosen)

    def bring_back(self, path: Path) -> None:
        """Bring back a file of unsaved work. Where no project is open, the one that it is of is opened first."""
        from labeltool.ui.unsaved import bring_back_into, project_of  # noqa: PLC0415

        def into(is_there: bool) -> None:
            if self.bench is not None and is_there:
                bring_back_into(self.bench, path, self.news.emit, self.failed.emit)

        def opened() -> None:  # that has brought it back, unless the file lies elsewhere
            self._beside.do(path, path.exists, into)

        if self.bench is not None:
            into(True)
        else:
            self._beside.do(path, partial(project_of, path), lambda root: self.open(root, then=opened))

    def leave_now(self) -> None:
        """Close the project without asking anybody: the system goes down. What cannot be saved stays where the saver
        keeps it, and is offered when the project is opened again."""
        bench = self.bench
        if bench is None:
            return
        self.closing.emit()
        if bench.open is not None:
            QSettings().setValue(f"last/{bench.store.root}", bench.open.record.id)
        if not bench.close(LEAVING_S):
            log.error(
                "changes that could not be saved: %d; kept in %s", bench.saver.waiting, bench.saver.kept
            )
            bench.abandon()
        self.bench = self.viewed = None
        self.closed.emit()

    def shut_down(self) -> None:
        """The window is closing for good."""
        self._beside.forget()
        if self._lanes is not None:
            self._lanes.close()
        self._bridge.close()

    # ---- making

    def ask_new(self, paths: Sequence[Path] = ()) -> None:
        """Ask where, with which classes and images, then make a project."""
        from labeltool.ui.dialogs.new_project import NewProjectDialog  # noqa: PLC0415

        dialog = NewProjectDialog(self._window, [Path(path) for path in paths])
        dialog.accepted.connect(lambda: self._make(dialog.result_()))
        dialog.open()

    def _make(self, wanted: NewProject) -> None:
        if self.close_project():
            paths = [Path(path) for path in wanted.paths]
            make = partial(opening.make, wanted.root, wanted.catalog)
            self._bring(wanted.root, make, then=lambda: self.add(paths))

    def ask_open(self) -> None:
        """Ask for a project's folder and open it."""
        chosen = QFileDialog.getExistingDirectory(self._window, self.tr("Open a project"))
        if chosen:
            self.open(Path(chosen))

    def open_sample(self, kind: str) -> None:
        """Make a sample project ("cells" or "aerial") if it is not there yet, then open it."""

        def work(cancel: CancelToken, progress: Progress) -> Path:
            from labeltool.app import demo  # noqa: PLC0415 - scikit-image takes a moment to import

            with demo.open_demo(demo.default_root(kind), kind) as store:
                return store.root

        def opened() -> None:
            if self.bench is not None and any(r.status is Status.NEW for r in self.bench.store.images()):
                self.sample_opened.emit()

        def go_on(root: Path) -> None:
            somebody_has_gone_on = self.bench is not None or self._beside.place is not None
            if not somebody_has_gone_on:
                self.open(root, then=opened)

        self._work.run(
            self.lanes(),
            "files",
            self.tr("Making the sample project"),
            work,
            go_on,
        )

    # ---- filling and handing over

    def ask_images(self) -> None:
        """Ask for image files and add them."""
        from labeltool.imaging.open import readable_suffixes  # noqa: PLC0415

        patterns = " ".join(f"*{suffix}" for suffix in sorted(set(readable_suffixes())))
        kinds = self.tr("Images") + f" ({patterns})"
        files, _ = QFileDialog.getOpenFileNames(
            self._window, self.tr("Add images"), "", ";;".join((kinds, self.tr("All files") + " (*)"))
        )
        self.add([Path(file) for file in files])

    def ask_folder(self) -> None:
        """Ask for a folder and add its images."""
        chosen = QFileDialog.getExistingDirectory(self._window, self.tr("Add a folder of images"))
        self.add([Path(chosen)] if chosen else [])

    def add(self, paths: Sequence[Path]) -> None:
        """Add files and the files in folders; what is left out is named."""
        bench = self.bench
        if bench is None or not paths:
            return

        def work(cancel: CancelToken, progress: Progress) -> AddReport:
            from labeltool.app.project import add_images  # noqa: PLC0415

            return add_images(bench.store, paths, progress=progress, cancel=cancel)

        def done(report: AddReport) -> None:
            self.images_added.emit()
            if bench.open is None and report.added:
                bench.open_image(report.added[0].id)
            if report.skipped or report.alike or not report.added:
                self.news.emit(self._added(report))

        self._work.run(bench.lanes, "files", self.tr("Adding images"), work, done)

    def _added(self, report: AddReport) -> str:
        lines = [self.tr("Images added: {n}").format(n=len(report.added))]
        if report.known:
            lines.append(self.tr("In the project already: {n}").format(n=report.known))
        one_name = self.tr("{names}: one name on some systems (Windows, macOS); exports number them")
        alike = [one_name.format(names=", ".join(shown(p.name) for p in paths)) for paths in report.alike]
        return "\n".join([*lines, *alike[:NAMED], *self._named(report.skipped)])

    def _named(self, skipped: Sequence[Skipped]) -> list[str]:
        """The first of what was left out, each with its reason, and how many more there are."""
        lines = [f"{Path(each.file).name}: {each.reason}" for each in skipped[:NAMED]]
        if len(skipped) > NAMED:
            lines.append(self.tr("… and others left out: {n}").format(n=len(skipped) - NAMED))
        return lines

    def ask_import(self) -> None:
        """Open the import dialog."""
        from labeltool.ui.dialogs.import_ import ImportDialog  # noqa: PLC0415

        if self._work.busy:
            self.failed.emit(
                LabeltoolError(
                    self.tr("labels cannot come in while a model writes some"),
                    hint=self.tr("Wait for the work in the status bar, or cancel it first"),
                )
            )
        elif self.bench is not None:
            try:
                self.bench.check_catalog_rests()  # classes that come with the labels would take its place
            except LabeltoolError as error:
                self.failed.emit(error)
                return
            dialog = ImportDialog(self.bench, self._window)
            dialog.finished_import.connect(self.masks_replaced)
            dialog.open()

    def ask_splits(self) -> None:
        """Open the dialog of splits."""
        from labeltool.ui.dialogs.splits import SplitDialog  # noqa: PLC0415

        if self.bench is not None:
            dialog = SplitDialog(self.bench, self._window)
            dialog.decided.connect(self._keep_splits)
            dialog.open()

    def ask_measures(self) -> None:
        """Open the dialog of measures, which stays beside the window until the project is closed."""
        from labeltool.ui.dialogs.measures import MeasuresDialog  # noqa: PLC0415

        if self.bench is not None:
            dialog = MeasuresDialog(self.bench, self._window)
            dialog.place_asked.connect(self.place_asked)
            self.closed.connect(dialog.accept)
            dialog.show()

    def put_into(self, ids: list[str], split: str) -> None:
        """Put images into a split by hand."""
        from labeltool.app.splits import by_hand  # noqa: PLC0415

        if self.bench is not None:
            self._keep_splits(by_hand([self.bench.store.image(image_id) for image_id in ids], split))

    def _keep_splits(self, assignment: Assignment) -> None:
        bench = self.bench
        if bench is None:
            return

        def work(cancel: CancelToken, progress: Progress) -> Applied:
            from labeltool.app.splits import apply  # noqa: PLC0415

            return apply(bench.store, assignment, progress=progress, cancel=cancel)

        def done(applied: Applied) -> None:
            if applied.skipped:
                text = self.tr("Images that stay in the split that they have: {n}")
                lines = [text.format(n=len(applied.skipped)), *self._named(applied.skipped)]
                self.news.emit("\n".join(lines))
            if len(assignment.splits) > MANY:
                self.images_added.emit()  # lists them all anew
            else:
                for image_id in assignment.splits:
                    bench.renew_record(image_id)

        self._work.run(bench.lanes, "files", self.tr("Keeping the splits"), work, done)

    def ask_export(self) -> None:
        """Open the export dialog."""
        from labeltool.ui.dialogs.export import ExportDialog  # noqa: PLC0415

        if self.bench is not None:
            ExportDialog(self.bench, self._window).open()
