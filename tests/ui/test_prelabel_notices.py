"""Pre-labelling from the window: what is told over the canvas, and that nobody waits for models to be found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from unittest.mock import MagicMock, Mock

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication

from labeltool.app.models import embedded_models
from labeltool.app.prelabel import PrelabelReport
from labeltool.core.catalog import ClassCatalog
from labeltool.core.project import ImageRecord, Skipped
from labeltool.store.project import ProjectStore
from labeltool.ui.prelabelling import Prelabelling
from labeltool.ui.topbar import TopBar


class At:
    """A top bar with a model, and long work that ends at once with a report."""

    def __init__(self, report: PrelabelReport) -> None:
        self.report = report
        self.store = self

    def model(self) -> object:
        return "a model"

    def watch(self, title: str, begin: object, finished: Any) -> None:
        finished(self.report)

    def images(self) -> list[ImageRecord]:
        return []


def told(report: PrelabelReport) -> list[str]:
    at, owner, lines = cast(Any, At(report)), QObject(), []
    work = Prelabelling(at, at, owner)
    work._bench, work._known = at, True
    work.noted_of_image.connect(lines.append)
    work.all()
    return lines


def test_notices_come_before_what_was_left_out() -> None:
    report = PrelabelReport("m", skipped=[Skipped("/a/b.png", "is gone")], notices=["Memory ran out"])
    assert told(report) == ["Memory ran out\n1 left out\nb.png: is gone"]


def test_a_run_without_either_says_nothing() -> None:
    assert told(PrelabelReport("m", images=3)) == []


def test_what_is_asked_for_before_the_models_are_known_is_done_when_they_are(
    app: QApplication, tmp_path: Path
) -> None:
    with ProjectStore.create(tmp_path, "cells", ClassCatalog.from_names(["nucleus"])) as store:
        submitted: list[dict[str, Any]] = []
        done: list[object] = []
        bench = Mock(store=store, catalog=store.catalog, lanes=Mock())
        bench.lanes.submit = lambda lane, key, work, **answers: submitted.append({"work": work, **answers})
        actions = MagicMock()
        actions.__getitem__.side_effect = lambda name: QAction(name, app)
        top, work, owner = TopBar(actions), Mock(), QObject()
        work.watch = lambda *_: done.append(top.model())
        prelabelling = Prelabelling(top, work, owner)
        prelabelling.attach(bench)
        bench.store = Mock(images=lambda: ["an image"])
        prelabelling.all()
        assert top.model() is None and not done and len(submitted) == 1
        models = submitted[0]["work"](Mock(), Mock())  # on a lane
        submitted[0]["done"](models)
        assert done == [models[0]] and top.model() == models[0]


def test_a_model_that_is_chosen_before_it_is_known_is_shown_when_it_is(app: QApplication) -> None:
    actions = MagicMock()
    actions.__getitem__.side_effect = lambda name: QAction(name, app)
    top, (first, *_) = TopBar(actions), embedded_models()
    second = replace(first, card=replace(first.card, name="second", sha256="1" * 64))
    top.show_models([first])
    top.choose_model(second)
    assert top.model() == first
    top.show_models([first, second])
    assert top.model() == second
    top.forget_models()
    assert top.model() is None
    top.show_models([first, second])
    assert top.model() == second
