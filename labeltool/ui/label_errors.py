"""Looking for label errors from the window: what is there already, what shall be done, and the long work of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import Status
from labeltool.ui.dialogs.failure import as_failure
from labeltool.ui.long_work import LongWork
from labeltool.ui.part import Part
from labeltool.ui.projects import NAMED
from labeltool.ui.words import plural

if TYPE_CHECKING:
    from labeltool.app.review.choices import FoldChoices
    from labeltool.app.review.folds import FoldReport, Folds
    from labeltool.app.runs import Run
    from labeltool.app.workbench import Workbench
    from labeltool.core.project import Skipped

LABELLED = (Status.IN_WORK, Status.DONE, Status.APPROVED, Status.REJECTED)


class Standing(NamedTuple):
    """What there is: the ``folds`` that were dealt last, if any; of the ``planned`` images that are in them how many
    are ``judged``, and how many models are still to be trained for the others (``left``); and how many other
    ``labelled`` images there are."""

    folds: Folds | None
    planned: int
    judged: int
    left: int
    labelled: int


class LabelErrorFinder(Part):
    """Trains the models of folds, one after the other, as long work; what is cancelled goes on later."""

    found = Signal(str)
    """All images are judged: the key of the layer."""
    list_asked = Signal(str)
    """Somebody wants to see the list of a layer that is complete."""
    run: Run | None = None
    """None: the trainings of folds are no trainings of the project."""

    def __init__(self, work: LongWork, window: QWidget) -> None:
        super().__init__(window)
        self._window, self._work = window, work
        self._bench: Workbench | None = None
        self._busy, self._cancel, self._share = False, CancelToken(), 0.0
        self.key = ""
        """Of the layer that was made last, since the project was opened."""
        work.ended.connect(self._ended)

    def attach(self, bench: Workbench | None) -> None:
        """Labels of this project from now on."""
        self._bench, self.key = bench, ""

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """What its action does."""
        return {"label_errors": self.ask}

    # ---- as something that trains

    @property
    def busy(self) -> bool:
        """True while models are trained."""
        return self._busy

    @property
    def stopping(self) -> bool:
        """True once it was asked to stop."""
        return self._busy and self._cancel.cancelled

    @property
    def share(self) -> float:
        """How much of it is done, 0..1."""
        return self._share

    def stop(self) -> None:
        """Ask for it to stop."""
        if self._busy:
            self._work.cancel()

    # ---- what is asked, and done

    def ask(self) -> None:
        """See what is there already, then ask what shall be done."""
        bench = self._bench
        if bench is None:
            return

        def work(cancel: CancelToken, progress: Progress) -> Standing:
            return standing(bench)

        bench.lanes.submit(
            "io", "standing of folds", work, done=self._ask, failed=lambda e: self.failed.emit(as_failure(e))
        )

    def _ask(self, there: Standing) -> None:
        from labeltool.ui.dialogs.label_errors import FindingDialog  # noqa: PLC0415

        dialog = FindingDialog(there, self._window)
        dialog.decided.connect(self._find)
        dialog.list_asked.connect(self._show)
        dialog.open()

    def _find(self, chosen: Folds | FoldChoices) -> None:
        """Go on with folds that are there, or deal anew."""
        bench = self._bench
        if bench is None:
            return

        def work(cancel: CancelToken, progress: Progress) -> tuple[Folds, FoldReport]:
            from labeltool.app.review.choices import FoldChoices  # noqa: PLC0415
            from labeltool.app.review.folds import begin_folds, follow_folds  # noqa: PLC0415
            from labeltool.inference.options import InferenceOptions  # noqa: PLC0415
            from labeltool.ui.dialogs.formats import saved_first  # noqa: PLC0415

            def told(done: float, total: float, text: str = "") -> None:
                self._share = done / total if total else 0.0
                progress(done, total, text)

            self._cancel = cancel
            saved_first(bench.saver)
            skipped: list[Skipped] = []
            if isinstance(chosen, FoldChoices):
                options = chosen.options()
                folds, skipped = begin_folds(bench.store, options, chosen.count, pattern=chosen.pattern)
            else:
                folds = chosen
            how = InferenceOptions(device=folds.options.device)
            report = follow_folds(bench.store, folds, how, progress=told, cancel=cancel)
            report.skipped[:0] = skipped
            return folds, report

        refused = self._work.busy  # which it says
        self._work.run(bench.lanes, "training", self.tr("Looking for label errors"), work, self._tell)
        if not refused:
            self._busy, self._share = True, 0.0
            self.changed.emit()

    def _tell(self, made: tuple[Folds, FoldReport]) -> None:
        folds, report = made
        one = self.tr("1 image is judged; Review lists where its labels may be wrong")
        many = self.tr("{n} images are judged; Review lists where their labels may be wrong")
        self.told.emit(plural(report.images, one, many))
        lines = list(report.notices)
        if report.skipped:
            lines.append(self.tr("{n} left out").format(n=len(report.skipped)))
            lines += [f"{Path(s.file).name}: {s.reason}" for s in report.skipped[:NAMED]]
        if lines:
            self.news.emit("\n".join(lines))
        self.key = folds.key
        self.found.emit(folds.key)

    def _show(self, key: str) -> None:
        self.key = key
        self.list_asked.emit(key)

    def _ended(self) -> None:
        if self._busy:
            self._busy = False
            self.changed.emit()


def standing(bench: Workbench) -> Standing:
    """What there is now; looks into the mask file of each image that was dealt, so for a job."""
    from labeltool.app.review.folds import all_folds  # noqa: PLC0415

    records = bench.store.images()
    labelled = {r.id for r in records if r.split != "test" and r.status in LABELLED}
    known = all_folds(bench.store.root)
    if not known:
        return Standing(None, 0, 0, 0, len(labelled))
    folds = known[-1]
    planned, missing = folds.judged(records), folds.missing(bench.store)
    left = {folds.fold_of[r.id] for r in missing}
    others = labelled - folds.fold_of.keys()
    return Standing(folds, len(planned), len(planned) - len(missing), len(left), len(others))
