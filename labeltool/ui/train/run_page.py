"""One training: how far it is, its curves, samples and what happened; stopped and gone on with here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QListWidget, QProgressBar, QVBoxLayout, QWidget

from labeltool.app.runs import Run
from labeltool.inference.run import RunState, read_state
from labeltool.ui.dialogs.frame import GRID, label
from labeltool.ui.train.curves import Curves
from labeltool.ui.train.header import Header
from labeltool.ui.train.reading import RowReader
from labeltool.ui.train.samples import Sample, SampleStrip, load_samples
from labeltool.ui.train.shelf import condition
from labeltool.ui.train.words import (
    STATE_COLOURS,
    doing_text,
    event_text,
    how_far,
    last_words,
    share_done,
    state_name,
)

if TYPE_CHECKING:
    from labeltool.app.jobs import Lanes

STEPS = 1000


class RunPage(QWidget):
    """Reads the files of a run as they grow; :meth:`look` is called every second while it is shown."""

    model_asked = Signal(object)
    """The model of this run is to be shown."""
    changed = Signal(object)
    """The run as it is now."""

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("train.run")
        self._run: Run | None = None
        self._lanes: Lanes | None = None
        self._reader: RowReader | None = None
        self._samples = ""
        self.header = Header("train.run", self)
        self.header.add_action(actions["train_stop"])
        self.header.add_action(actions["train_go_on"])
        self._model = self.header.add_button("model", self.tr("Its model"), "ph.cube")
        self._model.clicked.connect(lambda: self.model_asked.emit(self._run))
        self.header.add_action(actions["model_remove"], self.tr("Delete…"))
        self._bar = QProgressBar(self)
        self._bar.setObjectName("train.run.progress")
        self._bar.setAccessibleName(self.tr("Progress"))
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(GRID)
        self._says = label(name="train.run.says")
        self.curves = Curves(self)
        self.strip = SampleStrip(self)
        self.log = QListWidget(self)
        self.log.setObjectName("train.run.log")
        self.log.setAccessibleName(self.tr("What happened"))
        self.log.setFrameShape(QFrame.Shape.NoFrame)
        self.log.setWordWrap(True)
        self.log.setSpacing(2)
        self.log.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._assemble()

    def _assemble(self) -> None:
        below = QGridLayout()
        below.setHorizontalSpacing(3 * GRID)
        below.setVerticalSpacing(GRID)
        self._sample_caption = QLabel(self)
        self._sample_caption.setObjectName("train.samples.caption")
        below.addWidget(self._sample_caption, 0, 0)
        below.addWidget(QLabel(self.tr("What happened"), self), 0, 1)
        below.addWidget(self.strip, 1, 0)
        below.addWidget(self.log, 1, 1)
        below.setColumnStretch(0, 3)
        below.setColumnStretch(1, 2)
        below.setRowStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.header)
        column.addWidget(self._bar)
        column.addWidget(self._says)
        column.addSpacing(GRID)
        column.addWidget(self.curves, 5)
        column.addSpacing(GRID)
        column.addLayout(below, 4)

    @property
    def run(self) -> Run | None:
        """The training that is shown."""
        return self._run

    def show_run(self, run: Run, lanes: Lanes, *, has_model: bool, followed: bool) -> None:
        """Show a training from its beginning; ``followed`` says that this window has it trained."""
        self._model.setVisible(has_model)
        same = self._run is not None and self._run.folder == run.folder
        self._run, self._lanes = run, lanes
        if not same:
            self._reader = RowReader(run.folder)
            self._begin_anew(run)
        self._say(followed)
        self._take_in()
        if followed:
            self.changed.emit(run)

    def look(self, *, followed: bool, stopping: bool = False) -> None:
        """Read what has been written since; ``stopping`` says that it was asked to stop."""
        before = self._run
        if before is None:
            return
        self._run = replace(before, state=read_state(before.folder))
        self._take_in()
        self._say(followed, stopping)
        if self._run != before:
            self.changed.emit(self._run)

    def forget(self) -> None:
        """Another project."""
        self._run = self._lanes = None

    def refresh_theme(self) -> None:
        """Curves in the colours of the scheme in force."""
        self.curves.refresh_theme()

    def _say(self, followed: bool, stopping: bool = False) -> None:
        run = self._run
        assert run is not None
        name = "stopping" if stopping else condition(run, followed=followed)
        state = run.state
        self.header.show_title(run.name, state_name(name), STATE_COLOURS.get(name, ""))
        show_share(self._bar, state, running=name == "running")
        self._bar.setVisible(name in ("running", "stopping", "cancelled", "killed"))
        parts = [how_far(state, running=name == "running")]
        if name == "running":
            parts.insert(0, last_words(state) or doing_text(state.doing))
        if name == "failed":
            parts.insert(0, state.error)
        self._says.setText(" · ".join(filter(None, parts)) or self._beginning(name))

    def _beginning(self, name: str) -> str:
        return self.tr("Reading images and labels…") if name in ("new", "running") else ""

    def _begin_anew(self, run: Run) -> None:
        self._samples = ""
        self.log.clear()
        self.curves.begin(run.manifest.catalog)
        self._show_samples([])

    def _take_in(self) -> None:
        if self._run is None or self._reader is None:
            return
        rows, anew = self._reader.news()
        if anew:
            self._begin_anew(self._run)
        self.curves.add(rows)
        for row in rows:
            self._note(row)
        samples = next((str(row["samples"]) for row in reversed(rows) if row.get("samples")), "")
        if samples:
            self._ask_samples(samples)

    def _note(self, row: dict[str, Any]) -> None:
        text = event_text(row)
        if text:
            step = row.get("step")
            self.log.addItem(
                text if step is None else self.tr("step {n}: {what}").format(n=f"{step:,}", what=text)
            )
            self.log.scrollToBottom()

    def _ask_samples(self, samples: str) -> None:
        run = self._run
        if run is None or self._lanes is None:
            return
        self._samples = samples

        def arrived(found: list[Sample]) -> None:
            if self._run is not None and self._run.folder == run.folder and self._samples == samples:
                self._show_samples(found)

        self._lanes.submit(
            "thumbnails",
            "training samples",
            lambda cancel, progress: load_samples(run.folder, run.manifest, samples, cancel),
            done=arrived,
            failed=lambda error: None,  # pictures that may be there or not
            quiet=True,
        )

    def _show_samples(self, found: list[Sample]) -> None:
        self.strip.show_samples(found, self.tr("The first pictures come with the first evaluation."))
        text = self.tr("Validation images: prediction filled, truth outlined")
        if found:
            step = self._samples.rpartition("/")[2].lstrip("0") or "0"
            text += "  ·  " + self.tr("step {n}").format(n=step)
        self._sample_caption.setText(text)


def show_share(bar: QProgressBar, state: RunState, *, running: bool) -> None:
    """How much of a training is done; what comes after its steps nobody can foresee, and the bar only moves."""
    if running and last_words(state):
        bar.setRange(0, 0)
    else:
        bar.setRange(0, STEPS)
        bar.setValue(round(STEPS * share_done(state)))
