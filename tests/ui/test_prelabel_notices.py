"""What a model had to do otherwise than usual is told over the canvas, with what was left out."""

from __future__ import annotations

from typing import Any, cast

from PySide6.QtCore import QObject

from labeltool.app.prelabel import PrelabelReport
from labeltool.core.project import ImageRecord, Skipped
from labeltool.ui.prelabelling import Prelabelling


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
    work._bench = at
    work.left_out.connect(lines.append)
    work.all()
    return lines


def test_notices_come_before_what_was_left_out() -> None:
    report = PrelabelReport("m", skipped=[Skipped("/a/b.png", "is gone")], notices=["Memory ran out"])
    assert told(report) == ["Memory ran out\n1 left out\nb.png: is gone"]


def test_a_run_without_either_says_nothing() -> None:
    assert told(PrelabelReport("m", images=3)) == []
