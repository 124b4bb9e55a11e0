"""Pre-labelling from the window: which model, over which images, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord
from labeltool.ui.dialogs.failure import as_failure
from labeltool.ui.long_work import LongWork
from labeltool.ui.part import Part
from labeltool.ui.projects import NAMED
from labeltool.ui.topbar import TopBar

if TYPE_CHECKING:
    from labeltool.app.models import Model
    from labeltool.app.prelabel import PrelabelReport
    from labeltool.app.workbench import Workbench


class Prelabelling(Part):
    """Runs the model that the top bar shows."""

    def __init__(self, top: TopBar, work: LongWork, parent: QObject) -> None:
        super().__init__(parent)
        self._top, self._work = top, work
        self._bench: Workbench | None = None
        self._known = False  # which models there are now has been read
        self._asked: list[ImageRecord] = []  # what was to be pre-labelled before that

    def attach(self, bench: Workbench | None) -> None:
        """Offer the models that know the classes of this project, now and whenever those change."""
        self._bench, self._asked = bench, []
        self._top.forget_models()
        if bench is not None:
            bench.catalog_changed.connect(lambda _: self.show_models())
            self.show_models()

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """See the base."""
        return {"prelabel": self.image, "prelabel_all": self.all}

    def show_models(self) -> None:
        """Other models are there now, or another one is in use: read off this thread which those are."""
        bench = self._bench
        if bench is None:
            return
        self._known = False
        catalog, root = bench.catalog, bench.store.root

        def work(cancel: CancelToken, progress: Progress) -> list[Model]:
            from labeltool.app.models import suitable_models  # noqa: PLC0415

            return suitable_models(catalog, root)

        bench.lanes.submit("io", "models that fit", work, done=self._take, failed=self._give_up)

    def _take(self, models: list[Model]) -> None:
        self._known = True
        self._top.show_models(models)
        asked, self._asked = self._asked, []
        if asked:
            self._run(asked)

    def _give_up(self, error: BaseException) -> None:
        self._known, self._asked = True, []
        self.failed.emit(as_failure(error))

    def image(self) -> None:
        """Run the chosen model over the image at hand."""
        if self._bench is not None and self._bench.open is not None:
            self._run([self._bench.open.record])

    def all(self) -> None:
        """Run the chosen model over every image."""
        if self._bench is not None:
            self._run(self._bench.store.images())

    def _run(self, records: list[ImageRecord]) -> None:
        bench, model = self._bench, self._top.model()
        if bench is None:
            return
        if not self._known:
            self._asked = records
            return
        if model is None:
            from labeltool.ui.knowing import no_model_fits  # noqa: PLC0415

            self.failed.emit(no_model_fits(bench.catalog, bench.store.root))
            return
        self._work.watch(
            self.tr("Pre-labelling"),
            lambda progress, finished, failed: bench.prelabel(
                records, model, progress=progress, done=finished, failed=failed
            ),
            self._tell,
        )

    def _tell(self, report: PrelabelReport) -> None:
        text = self.tr("{n} images pre-labelled in {s} s")
        if report.images == 1:
            text = self.tr("1 image pre-labelled in {s} s")
        self.told.emit(text.format(n=report.images, s=max(1, round(report.seconds))))
        lines = list(report.notices)
        if report.skipped:
            lines.append(self.tr("{n} left out").format(n=len(report.skipped)))
            lines += [f"{Path(s.file).name}: {s.reason}" for s in report.skipped[:NAMED]]
        if lines:
            self.noted_of_image.emit("\n".join(lines))
