"""The page of the loop in the workspace Train. Nothing is trained in earnest: models are told how to answer."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QMessageBox, QPushButton, QWidget

from labeltool.app.effort import Worked
from labeltool.app.loop import LoopSettings, Point, Round, read_rounds, read_settings, write_settings
from labeltool.app.loop.journal import write_round
from labeltool.app.models import in_use, promote
from labeltool.app.queue import Helping
from labeltool.app.queue.helping import compared
from labeltool.app.queue.queue import Outcome
from labeltool.inference.run import RunState
from labeltool.store.project import ProjectStore
from labeltool.ui.banner import Banner
from labeltool.ui.main import open_window
from labeltool.ui.round_words import in_short, news
from labeltool.ui.train.listing import LOOP, RUN
from labeltool.ui.train.loop_curve import LoopCurve, segments
from labeltool.ui.train.words import doing_text, last_words
from labeltool.ui.window import MainWindow
from tests.e2e.pause import pause_ms, until
from tests.unit.app import loop_examples
from tests.unit.app.loop_examples import TEST, Trainer, approve_image, stand_in, write_model

made = loop_examples.made


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with three images to learn from, six to test, and a model in use that errs now and then."""
    stand_in(monkeypatch)
    root = shutil.copytree(made, tmp_path / "project")
    promote(root, write_model(root / "models" / "old", noise=0.1))
    return root


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Trainings wait until somebody stops them, or a value is put into this list."""
    go: list[bool] = []

    def waits(cancel) -> None:  # type: ignore[no-untyped-def]
        while not cancel.cancelled and not go:
            time.sleep(0.01)

    monkeypatch.setattr(Trainer, "meanwhile", staticmethod(waits))
    yield go
    go.append(True)


@pytest.fixture(autouse=True)
def _nothing_goes_on(app: QApplication) -> Iterator[None]:
    """A window that is closed while something is trained would ask whether it may."""
    yield
    for window in app.topLevelWidgets():
        if isinstance(window, MainWindow) and window._rounds.under_way is not None:
            window._rounds.stop()
            until(lambda rounds=window._rounds: rounds.under_way is None)


def opened(root: Path) -> MainWindow:
    window = open_window(root)
    until(lambda: window.annotate.image is not None)
    return window


def shown(root: Path) -> MainWindow:
    """The window with the page of the loop in front."""
    window = opened(root)
    window.actions_["workspace_train"].trigger()
    until(lambda: window.spaces.train.list.count() > 0)
    window.spaces.train.show_thing(LOOP)
    until(lambda: window.spaces.train.loop.page._prospects is not None)
    return window


def text(window: QWidget, name: str) -> str:
    found = window.findChild(QLabel, name)
    assert found is not None
    return found.text() if found.isVisible() else ""


def button(window: QWidget, name: str) -> QPushButton:
    found = window.findChild(QPushButton, name)
    assert found is not None
    return found


def used(root: Path) -> str:
    with ProjectStore.open(root, write=False) as store:
        model = in_use(root, store.catalog)
    return model.key if model else ""


def table(window: MainWindow) -> list[str]:
    rows = window.spaces.train.loop.page.rounds
    return [rows.item(row, 0).text() for row in range(rows.rowCount())]


# ---- a round by hand


def test_before_the_first_round_it_is_said_what_one_does_and_what_it_would_find(
    app: QApplication, project: Path
) -> None:
    window = shown(project)
    assert "No round has ended yet" in text(window, "train.loop.empty")
    would = f"take 3 images: learn from 2, choose on 1; and be measured on {TEST} others"
    assert would in text(window, "train.loop.next")
    assert "Nobody has ranked" in text(window, "train.loop.ranking")
    assert window.spaces.train.list.item(0).text() == "Loop"
    assert not window.spaces.train.loop.page.curve.isVisible()


def test_a_round_by_hand_is_seen_from_its_beginning_to_its_end(
    app: QApplication, project: Path, patient: list[bool]
) -> None:
    before = used(project)
    window = shown(project)
    QTest.keyClick(
        window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    until(lambda: window._rounds.loop.run is not None)
    until(lambda: text(window, "train.loop.next").startswith("Training"))
    assert not button(window, "train.loop.train_round").isEnabled()
    assert button(window, "train.loop.train_stop").isVisible()
    assert "%" in window.actions_["workspace_train"].iconText()
    until(
        lambda: (
            "cells-1"
            in [window.spaces.train.list.item(n).text() for n in range(window.spaces.train.list.count())]
        )
    )
    window.spaces.train.show_thing((RUN, "cells-1"))
    assert button(window, "train.run.train_stop").isVisible()  # it is watched as any other
    assert not window.actions_["train_go_on"].isEnabled()
    window.spaces.train.show_thing(LOOP)
    patient.append(True)
    until(lambda: table(window))
    assert table(window) == ["1  promoted · in use"]
    assert used(project).startswith("cells-1@") and used(project) != before
    until(lambda: window._top.model() is not None and window._top.model().key == used(project))
    assert text(window, "train.loop.round.title") == "Round 1: promoted"
    assert window.spaces.train.loop.page.curve.isVisible()
    assert button(window, "train.loop.train_round").isEnabled()
    assert window.actions_["workspace_train"].iconText() == "Train"  # who looks on has read it


def test_a_worse_model_is_refused_with_the_class_and_its_figures(app: QApplication, project: Path) -> None:
    Trainer.learns = {"noise": 0.02, "bad": 2}
    before = used(project)
    window = shown(project)
    button(window, "train.loop.train_round").click()
    until(lambda: table(window))
    assert table(window)[0].startswith("1  refused: debris −0.")
    assert "Debris is worse: IoU" in text(window, "train.loop.round.why")
    assert used(project) == before
    button(window, "train.loop.round.compare").click()
    until(window.spaces.train.compare_page.rows.isVisible)
    assert window.spaces.train.compare_page.images.currentData() == "test"
    assert window.spaces.train.compare_page.rows.rowCount() == TEST


def test_stopping_the_training_of_a_round_stops_the_round(
    app: QApplication, project: Path, patient: list[bool]
) -> None:
    before = used(project)
    window = shown(project)
    button(window, "train.loop.train_round").click()
    until(lambda: window._rounds.loop.run is not None)
    until(lambda: window.spaces.train._shelf.run("cells-1") is not None)
    window.spaces.train.show_thing((RUN, "cells-1"))
    button(window, "train.run.train_stop").click()
    until(lambda: not window._rounds.loop.busy)
    assert [each.outcome for each in read_rounds(project).rounds] == ["cancelled"]
    assert used(project) == before
    window.spaces.train.show_thing(LOOP)
    until(lambda: table(window) == ["1  stopped"])


def test_back_to_the_model_used_before(app: QApplication, project: Path) -> None:
    before = used(project)
    window = shown(project)
    button(window, "train.loop.train_round").click()
    until(lambda: table(window) == ["1  promoted · in use"])
    until(lambda: button(window, "train.loop.model_roll_back").isVisible())
    button(window, "train.loop.model_roll_back").click()
    until(lambda: used(project) == before)
    until(lambda: table(window) == ["1  promoted"])
    until(lambda: window._top.model().key == before)


# ---- what stands in the way


def test_without_test_images_the_page_says_so_and_opens_the_splits(app: QApplication, project: Path) -> None:
    with ProjectStore.open(project) as store:
        for record in store.images():
            store.put_into(record.id, "")
    window = shown(project)
    assert "no image of the split test" in text(window, "train.loop.problem").lower()
    assert not button(window, "train.loop.train_round").isEnabled()
    window.actions_["train_round"].trigger()
    assert not window._rounds.is_round and not read_rounds(project).rounds
    button(window, "train.loop.splits").click()
    dialog = window.findChild(QDialog, "dialog.splits")
    assert dialog is not None and dialog.isVisible()
    dialog.reject()


def test_a_training_by_hand_and_a_round_do_not_run_at_once(
    app: QApplication, project: Path, patient: list[bool]
) -> None:
    window = shown(project)
    train = window.spaces.train
    train.run("train_new")
    until(train.new.start.isEnabled)
    train.new.start.click()
    until(lambda: train.trainings.run is not None)
    train.show_thing(LOOP)
    assert not window.actions_["train_round"].isEnabled()
    assert "A training is running" in text(window, "train.loop.problem")
    window._rounds.start()
    assert not window._rounds.is_round
    patient.append(True)
    until(lambda: not train.trainings.busy)
    del patient[:]
    until(window.actions_["train_round"].isEnabled)
    button(window, "train.loop.train_round").click()
    until(lambda: window._rounds.is_round)
    train.run("train_new")
    assert not train.new.start.isEnabled()
    assert "A round is running" in text(window, "train.new.problem")


def test_settings_that_are_damaged_are_told_on_the_page_and_can_be_set_anew(
    app: QApplication, project: Path
) -> None:
    (project / "loop").mkdir()
    (project / "loop" / "settings.json").write_text("{")
    window = shown(project)
    until(lambda: "settings" in text(window, "train.loop.problem"))
    window.actions_["round_settings"].trigger()
    window.findChild(QPushButton, "dialog.rounds.run").click()
    until(lambda: not text(window, "train.loop.problem"))
    assert read_settings(project) == LoopSettings()


@pytest.mark.parametrize("closes", [True, False])
def test_closing_asks_while_a_round_runs(
    app: QApplication, project: Path, patient: list[bool], closes: bool
) -> None:
    window = opened(project)
    window._rounds.start()
    until(lambda: window._rounds.loop.run is not None)

    def answer() -> None:
        box = window.findChild(QMessageBox, "train.leave")
        assert "round" in box.text()
        next(b for b in box.buttons() if closes == (b.objectName() == "train.leave.close")).click()

    QTimer.singleShot(50, answer)
    assert window._close_project() is closes
    if closes:
        assert [each.outcome for each in read_rounds(project).rounds] == ["cancelled"]
    else:
        window._rounds.stop()
        until(lambda: not window._rounds.is_round)


# ---- a round by itself


def test_a_round_begins_by_itself_while_somebody_annotates_and_its_news_stay_until_they_are_read(
    app: QApplication, project: Path
) -> None:
    write_settings(project, LoopSettings(every=2))
    Trainer.learns = {"noise": 0.02, "bad": 2}
    window = opened(project)
    bench = window.bench
    for record in [r for r in bench.store.images() if not r.split][:2]:
        assert not window._rounds.is_round
        approve_image(bench.store, record.id)
        bench.renew_record(record.id)
        pause_ms(50)
    until(lambda: read_rounds(project).rounds and not window._rounds.is_round)
    assert window.spaces.train is None  # nobody has seen Train yet
    banner = window.findChild(Banner)
    assert banner.isVisible() and "debris is worse" in text(window, "banner.text").lower()
    assert "refused" in window.actions_["workspace_train"].iconText()
    banner.tell_of_image("Approved; 3 % of it is unlabelled")
    banner.leave_image()
    assert "debris" in text(window, "banner.text").lower()  # what is said of an image does not take it away
    window.actions_["workspace_train"].trigger()
    until(lambda: window.spaces.train.loop.page.isVisible() and table(window))
    until(lambda: window.actions_["workspace_train"].iconText() == "Train")
    window.actions_["workspace_annotate"].trigger()
    assert not banner.isVisible()


def test_it_is_said_how_many_approvals_are_missing(app: QApplication, project: Path) -> None:
    write_settings(project, LoopSettings(every=3))
    window = shown(project)
    assert "after 3 more approvals" in text(window, "train.loop.next")
    bench = window.bench
    record = next(r for r in bench.store.images() if not r.split)
    approve_image(bench.store, record.id)
    bench.renew_record(record.id)
    until(lambda: "after 2 more approvals" in text(window, "train.loop.next"))


def test_settings_are_kept_as_they_are_set(app: QApplication, project: Path) -> None:
    window = shown(project)
    button(window, "train.loop.round_settings").click()
    dialog = window.findChild(QDialog, "dialog.rounds")
    dialog.findChild(QWidget, "dialog.rounds.every").setValue(5)
    dialog.findChild(QWidget, "dialog.rounds.verified").click()
    dialog.findChild(QWidget, "dialog.rounds.preset").setCurrentText("quick")
    button(window, "dialog.rounds.run").click()
    assert read_settings(project) == LoopSettings(every=5, preset="quick", verified=True)
    until(lambda: "after 5 more approvals" in text(window, "train.loop.next"))


def test_a_project_opened_for_reading_shows_its_rounds_and_begins_none(
    app: QApplication, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_round(project, example(1, "failed"))
    open_store = ProjectStore.open
    monkeypatch.setattr(ProjectStore, "open", lambda root, **_: open_store(root, write=False))
    window = shown(project)
    assert window._rounds.loop is None
    assert table(window) == ["1  failed: nothing"]
    assert not window.actions_["train_round"].isEnabled()
    assert "reading only" in text(window, "train.loop.problem")


# ---- the curve


def example(number: int, outcome: str) -> Round:
    return Round(number, outcome, "2026-01-01T10:00:00+00:00", "", "nothing")  # type: ignore[arg-type]


def point(number: int, outcome: str = "promoted", changed: str = "", miou: float | None = 0.5) -> Point:
    return Point(number, outcome, 10 * number, 7 * number, 3.0 * number, miou, 0.4, {"a": 0.3}, changed)  # type: ignore[arg-type]


def test_points_of_two_yardsticks_are_not_joined() -> None:
    points = [point(1), point(2), point(3, changed="test images: 2 joined"), point(4)]
    assert [[p.round for p in each] for each in segments(points)] == [[1, 2], [3, 4]]
    assert segments([]) == []


def test_a_refused_round_is_drawn_apart_and_every_point_says_what_it_is(app: QApplication) -> None:
    parent = QWidget()
    curve = LoopCurve(parent)
    parent.resize(800, 400)
    curve.resize(800, 400)
    parent.show()
    curve.show_points([point(1), point(2, "refused"), point(3, miou=0.6)])
    pause_ms(50)
    symbols = [spot.symbol() for spot in scatter(curve).points()]
    assert symbols == ["o", "o", "x", "o"]
    assert "Round 2: refused" in curve._tip(0, 0, 1) and "not used: mIoU 0.400" in curve._tip(0, 0, 1)
    at = [(spot.pos().x(), spot.pos().y()) for spot in scatter(curve).points()]
    assert at == [(10, 0.5), (20, 0.5), (20, 0.4), (30, 0.6)]
    for name, x in (("clicks", 21), ("minutes", 9.0), ("images", 30)):
        curve.findChild(QWidget, f"train.loop.curve.{name}").click()
        assert scatter(curve).points()[-1].pos().x() == x
    chosen: list[int] = []
    curve.chosen.connect(chosen.append)
    view = curve.plot.getViewBox().mapViewToScene(QPointF(20, 0.4))
    QTest.mouseMove(curve.plot.viewport(), curve.plot.mapFromScene(view))
    QTest.mouseClick(curve.plot.viewport(), Qt.MouseButton.LeftButton, pos=curve.plot.mapFromScene(view))
    assert chosen == [2]


def test_one_point_is_seen_and_images_are_counted_in_whole_numbers(app: QApplication) -> None:
    parent = QWidget()
    curve = LoopCurve(parent)
    parent.resize(1600, 400)
    curve.resize(1600, 400)
    parent.show()
    assert "no round has been measured yet" in curve.legend.text()
    curve.show_points([point(17, "refused", miou=None)])
    pause_ms(50)
    assert len(scatter(curve).points()) == 1
    axis = curve.plot.getAxis("bottom")
    assert axis.style["showValues"]
    ticks = [value for _, values in axis.tickValues(*axis.range, 1500) for value in values]
    assert len(ticks) > 2 and all(value == round(value) for value in ticks)


def scatter(curve: LoopCurve):  # type: ignore[no-untyped-def]
    return next(item for item in curve.plot.plotItem.items if type(item).__name__ == "ScatterPlotItem")


# ---- words


def test_whether_ranking_helps_is_said_with_both_means(app: QApplication, project: Path) -> None:
    window = shown(project)
    page = window.spaces.train.loop.page
    outcomes = [
        Outcome(control, "entropy", 100, wrong) for control in (False, True) for wrong in (10, 20, 30)
    ]
    found: Helping = compared(outcomes)
    page.show_helping(found)
    assert "20 wrong pixels on average, those drawn at random 20" in text(window, "train.loop.ranking")


def test_a_training_says_what_it_does_after_its_last_step() -> None:
    assert last_words(RunState("running", 5, 10, doing="learning")) == ""
    done = RunState("running", 10, 10, doing="calibrating 3/12")
    assert last_words(done) == "calibrating on whole images 3/12"
    assert last_words(done._replace(doing="learning")) == "finishing"
    assert doing_text("evaluating") == "measuring on validation images"
    assert doing_text("learning") == ""


def test_news_name_what_happened_and_what_follows(app: QApplication, project: Path) -> None:
    window = shown(project)
    button(window, "train.loop.train_round").click()
    until(lambda: table(window))
    this = read_rounds(project).rounds[0]
    assert news(this).startswith("Round 1: promoted, mIoU 0.")
    assert in_short(this) == "promoted"
    undecided = example(2, "undecided")
    assert news(undecided) == "Round 2 came to no decision: nothing."


def test_what_people_spent_is_shown_with_a_round(app: QApplication, project: Path) -> None:
    with ProjectStore.open(project) as store:
        image = next(r for r in store.images() if not r.split)
        store.add_event(image.id, "worked", Worked(120, 34, 5, 6).to_json())
    window = shown(project)
    button(window, "train.loop.train_round").click()
    until(lambda: table(window))
    assert "people worked 2 min, 34 clicks, 5 strokes" in text(window, "train.loop.round.cost")
    assert "Took 3 images: learnt from 2, chose on 1" in text(window, "train.loop.round.cost")
