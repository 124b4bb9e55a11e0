"""Opening, making, filling and closing projects, with the dialogs that ask for what is needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from labeltool.app.jobs import Lanes
from labeltool.core.errors import LabeltoolError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import Status
from labeltool.store.layout import is_project
from labeltool.ui import recent
from labeltool.ui.bridge import Bridge
from labeltool.ui.long_work import LongWork

if TYPE_CHECKING:
    # What a project needs is imported when one is opened: the start page is up sooner.
    from labeltool.app.project import AddReport
    from labeltool.app.splits import Assignment
    from labeltool.app.workbench import Workbench
    from labeltool.store.project import ProjectStore
    from labeltool.ui.dialogs.new_project import NewProject

MANY = 200
NAMED = 5
"""Files that a message names; of the others it gives the number."""


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
    told = Signal(str)
    failed = Signal(Exception)

    def __init__(self, work: LongWork, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()
        self.bench: Workbench | None = None
        self._window = parent
        self._work = work
        self._bridge = Bridge(self)
        self._lanes: Lanes | None = None

    # ---- opening and closing

    def open_path(self, path: Path) -> None:
        """Open a project; an image or a folder of images begins a new project with them."""
        if is_project(path):
            self.open(path)
        elif path.exists():
            self.ask_new([path])
        else:
            self.failed.emit(LabeltoolError("there is no such file or folder", file=path))

    def open_all(self, paths: Sequence[Path]) -> None:
        """What was dropped: a project is opened, images are added to the one at hand or begin a new one."""
        projects = [path for path in paths if is_project(path)]
        if projects:
            self.open(projects[0])
        elif self.bench is not None and self.bench.editable:
            self.add(paths)
        elif paths:
            self.ask_new(paths)

    def open(self, root: Path) -> None:
        """Open a project in the place of the one that was open."""
        from labeltool.store.project import ProjectStore  # noqa: PLC0415

        if not self.close_project():
            return
        try:
            self._attach(ProjectStore.open(root))
        except LabeltoolError as error:
            self.failed.emit(error)

    def _attach(self, store: ProjectStore) -> None:
        from labeltool.app.workbench import Workbench  # noqa: PLC0415

        self.bench = Workbench(store, self._bridge.deliver)
        recent.remember(store.root)
        self.opened.emit(self.bench)
        lines = [str(line) for line in (store.recovery, *store.notices) if line]
        if store.read_only_reason:
            lines.append(self.tr("Opened for reading only: {reason}").format(reason=store.read_only_reason))
        self.told.emit("\n".join(lines))
        records = store.images()
        if records:
            last = str(QSettings().value(f"last/{store.root}", ""))
            self.bench.open_image(last if any(r.id == last for r in records) else records[0].id)

    def close_project(self) -> bool:
        """Save what waits and close the project; False when the user wants to stay."""
        if self.bench is None:
            return True
        self.closing.emit()
        if self.bench.open is not None:
            QSettings().setValue(f"last/{self.bench.store.root}", self.bench.open.record.id)
        if not self.bench.close():
            if not self._leave_unsaved(self.bench):
                return False
            self.bench.abandon()
        self.bench = None
        self._work.forget()
        self.closed.emit()
        return True

    def _leave_unsaved(self, bench: Workbench) -> bool:
        """Saving fails: stay, or lose what could not be saved. True means to lose it."""
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setText(self.tr("Changes that could not be saved: {n}").format(n=bench.saver.waiting))
        box.setInformativeText(str(bench.saver.error or ""))
        stay = box.addButton(self.tr("Stay and try again"), QMessageBox.ButtonRole.RejectRole)
        lose = box.addButton(self.tr("Close and lose them"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(stay)
        box.exec()
        return box.clickedButton() is lose

    def shut_down(self) -> None:
        """The window is closing for good."""
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
        from labeltool.store.project import ProjectStore  # noqa: PLC0415

        if not self.close_project():
            return
        try:
            self._attach(ProjectStore.create(wanted.root, wanted.root.name, wanted.catalog))
        except LabeltoolError as error:
            self.failed.emit(error)
            return
        self.add([Path(path) for path in wanted.paths])

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

        def done(root: Path) -> None:
            self.open(root)
            if self.bench is not None and any(r.status is Status.NEW for r in self.bench.store.images()):
                self.sample_opened.emit()

        if self._lanes is None:
            self._lanes = Lanes(self._bridge.deliver)
        self._work.run(self._lanes, "files", self.tr("Making the sample project"), work, done)

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
            if report.skipped or not report.added:
                self.told.emit(self._added(report))

        self._work.run(bench.lanes, "files", self.tr("Adding images"), work, done)

    def _added(self, report: AddReport) -> str:
        lines = [self.tr("Images added: {n}").format(n=len(report.added))]
        if report.known:
            lines.append(self.tr("In the project already: {n}").format(n=report.known))
        lines += [f"{Path(s.file).name}: {s.reason}" for s in report.skipped[:NAMED]]
        if len(report.skipped) > NAMED:
            lines.append(self.tr("… and others left out: {n}").format(n=len(report.skipped) - NAMED))
        return "\n".join(lines)

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

        def work(cancel: CancelToken, progress: Progress) -> int:
            from labeltool.app.splits import apply  # noqa: PLC0415

            return apply(bench.store, assignment, progress=progress, cancel=cancel)

        def done(changed: int) -> None:
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
