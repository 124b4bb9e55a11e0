"""The workspace Train: the switch, its pages, what it reads of runs. No network is trained here."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFileDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QMessageBox,
    QPushButton,
    QWidget,
)

from labeltool.app.importing import import_labels
from labeltool.app.jobs import Job
from labeltool.app.models import embedded_models
from labeltool.app.project import add_images
from labeltool.app.runs import Run, begin, read_run
from labeltool.core.catalog import ClassCatalog
from labeltool.core.digest import file_hash
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME, ModelCard
from labeltool.inference.run import BEST, MANIFEST, METRICS, PER_IMAGE, STATE, STATE_TENSORS, RunState
from labeltool.inference.training_options import PRESETS, TrainingOptions
from labeltool.store.project import ProjectStore
from labeltool.ui import theme
from labeltool.ui.main import open_window
from labeltool.ui.plots import LEAST_CONTRAST, contrast, readable
from labeltool.ui.train.curves import Curves
from labeltool.ui.train.model_page import per_image
from labeltool.ui.train.more import MoreOptions
from labeltool.ui.train.reading import RowReader
from labeltool.ui.train.samples import FILL, draw
from labeltool.ui.train.shelf import read_shelf
from labeltool.ui.train.tables import Cell, Figures, difference_cell, score_cell, text_cell
from labeltool.ui.train.words import event_text, how_far
from labeltool.ui.window import MainWindow
from labeltool.ui.words import duration
from tests.e2e.pause import pause_ms, until

SIDE = 48
CATALOG = ClassCatalog.from_names(["nucleus"])


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five images; three of them have a label."""
    folder = tmp_path_factory.mktemp("original")
    for name in ("images", "labels"):
        (folder / name).mkdir()
    for number in range(5):
        pixels = np.full((SIDE, SIDE), 20 + number, np.uint8)
        pixels[10:30, 10:30] = 200
        cv2.imwrite(str(folder / "images" / f"{number}.png"), pixels)
        if number < 3:
            cv2.imwrite(str(folder / "labels" / f"{number}.png"), (pixels > 100).astype(np.uint8))
    with ProjectStore.create(folder / "project", "cells", CATALOG) as store:
        add_images(store, [folder / "images"])
        import_labels(store, folder / "labels", "png")
    return folder / "project"


@pytest.fixture
def project(tmp_path: Path, original: Path) -> Path:
    """A copy of it; the images are those of all tests."""
    return Path(shutil.copytree(original, tmp_path / "project"))


@pytest.fixture
def parent(app: QApplication) -> QWidget:
    """Something for widgets to lie on."""
    return QWidget()


def make_run(project: Path, name: str, state: RunState) -> Run:
    """A run with ten rows and one evaluation."""
    with ProjectStore.open(project) as store:
        run = begin(store, TrainingOptions(name=name))
    rows = [{"step": k, "loss": 1 / k, "learning_rate": 1e-3} for k in range(1, 11)]
    figures = {"per_class": {"background": {"iou": 0.9}, "nucleus": {"iou": 0.5}}}
    end = {"step": 10, "seconds": 1.0, "score": 0.5, "val": figures}
    lines = [{"event": "started"}, *rows, end]
    (run.folder / METRICS).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    (run.folder / STATE).write_text(json.dumps(state._asdict()), encoding="utf-8")
    (run.folder / STATE_TENSORS).write_bytes(b"-")
    return run


def shown(project: Path) -> MainWindow:
    """The window with the workspace Train in front."""
    window = open_window(project)
    until(lambda: window.annotate.image is not None)
    window.actions_["workspace_train"].trigger()
    until(lambda: window.spaces.train.list.count() > 0)
    return window


def see(window: QWidget, name: str) -> QWidget:
    found = window.findChild(QWidget, name)
    assert found is not None
    assert found.isVisible()
    return found


# ---- the switch


def test_a_project_opens_in_annotate_and_the_tabs_turn_to_train_and_back(app: QApplication, project: Path):
    window = shown(project)
    assert see(window, "workspace.train")
    assert not window.findChild(QWidget, "canvas").isVisible()
    assert not window.findChild(QWidget, "tools").isVisible()
    see(window, "tab.annotate").click()
    assert see(window, "canvas")
    assert see(window, "tools")
    assert window.actions_["workspace_annotate"].isChecked()


def test_a_panel_that_was_closed_stays_closed_when_one_comes_back(app: QApplication, project: Path):
    window = open_window(project)
    until(lambda: window.annotate.image is not None)
    window.findChild(QDockWidget, "dock.layers").close()
    for name in ("workspace_train", "workspace_annotate"):
        window.actions_[name].trigger()
    assert not window.findChild(QDockWidget, "dock.layers").isVisible()
    assert window.findChild(QDockWidget, "dock.classes").isVisible()


def test_no_key_changes_an_image_that_is_not_in_sight(app: QApplication, project: Path):
    window = open_window(project)
    until(lambda: window.annotate.image is not None)
    there = ("fit", "next_image", "approve", "class_1")
    assert all(window.actions_[name].isEnabled() for name in there)
    window.actions_["workspace_train"].trigger()
    assert not any(window.actions_[name].isEnabled() for name in there)
    window.actions_["workspace_annotate"].trigger()
    assert all(window.actions_[name].isEnabled() for name in there)


def test_nothing_heavy_is_loaded_before_the_workspace_is_shown_and_torch_never_is(project: Path):
    script = f"""
import sys
from labeltool.ui.main import application, open_window
from tests.e2e.pause import pause_ms
app = application()
window = open_window({str(project)!r})
pause_ms(300)
assert not any(name == "pyqtgraph" or name.startswith("labeltool.ui.train") for name in sys.modules)
window.actions_["workspace_train"].trigger()
while window.spaces.train.list.count() == 0: pause_ms(10)
assert "pyqtgraph" in sys.modules and "torch" not in sys.modules
window.close()
pause_ms(20)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


# ---- a new training


def test_it_is_said_what_would_be_learnt_from(app: QApplication, project: Path):
    window = shown(project)
    window.actions_["train_new"].trigger()
    until(lambda: see(window, "train.new.train").text() == "2")
    assert see(window, "train.new.val").text() == "1"
    assert see(window, "train.new.spare").text() == "2"
    assert see(window, "train.new.start").isEnabled()


@pytest.mark.parametrize(
    ("action", "page"), [("train_new", "train.new.start"), ("model_compare", "train.compare.run")]
)
def test_an_action_shows_its_page_though_there_is_a_training_to_be_seen(
    app: QApplication, project: Path, action: str, page: str
):
    make_run(project, "old", RunState("finished", 10, 10))
    window = open_window(project)
    until(lambda: window.annotate.image is not None)
    window.actions_[action].trigger()
    until(lambda: window.spaces.train.list.count() > 0)
    pause_ms(50)
    assert see(window, page)


def test_without_labels_it_is_said_what_to_do(app: QApplication, tmp_path: Path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((SIDE, SIDE), np.uint8))
    with ProjectStore.create(tmp_path / "project", "empty", CATALOG) as store:
        add_images(store, [tmp_path / "a.png"])
    window = shown(tmp_path / "project")
    problem = window.findChild(QLabel, "train.new.problem")
    until(lambda: problem.isVisible() and "Paint or import labels first" in problem.text())
    assert not see(window, "train.new.start").isEnabled()


def test_a_name_that_is_taken_or_names_no_folder_is_refused_at_once(app: QApplication, project: Path):
    make_run(project, "taken", RunState("finished", 10, 10))
    window = shown(project)
    window.actions_["train_new"].trigger()
    start, name = see(window, "train.new.start"), window.findChild(QLineEdit, "train.new.name")
    until(start.isEnabled)
    for wrong in ("taken", "a/b", ""):
        name.setText(wrong)
        assert not start.isEnabled()
        assert see(window, "train.new.problem").text()
    name.setText("free")
    assert start.isEnabled()


def test_what_is_set_becomes_the_options_of_the_training(app: QApplication, project: Path):
    window = shown(project)
    page = window.spaces.train.new
    until(page.start.isEnabled)
    page.unfold.click()
    page.more.widget("steps").setValue(123)
    page.more.widget("encoder").setCurrentText("tu-resnet18")
    page.unlabelled.setChecked(True)
    page.minutes.setValue(7)
    options = page.options()
    assert (options.steps, options.encoder, options.minutes) == (123, "tu-resnet18", 7.0)
    assert options.unlabelled > 0
    assert options.preset == page.preset.currentData()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_comes_through_the_form_as_it_is(parent: QWidget, name: str):
    more = MoreOptions(parent)
    more.show_options(PRESETS[name].options)
    assert more.applied(PRESETS[name].options) == PRESETS[name].options


# ---- a training


def test_a_training_that_was_killed_is_shown_with_its_curves_and_can_go_on(app: QApplication, project: Path):
    make_run(project, "broken", RunState("running", 10, 20, 1.0, 0.5, 10, pid=1))
    window = shown(project)
    until(window.spaces.train.run_page.isVisible)
    assert see(window, "train.run.title").text() == "broken"
    assert see(window, "train.run.state").text() == "interrupted"
    assert see(window, "train.run.train_go_on")
    assert not window.findChild(QWidget, "train.run.train_stop").isVisible()
    assert window.spaces.train.run_page.curves.points == (10, 1)
    log = window.findChild(QListWidget, "train.run.log")
    assert [log.item(row).text() for row in range(log.count())] == ["started", "step 10: validation: 0.500"]


def test_a_training_that_never_came_to_its_first_step_can_go_on(app: QApplication, project: Path):
    with ProjectStore.open(project) as store:
        begin(store, TrainingOptions(name="early"))
    window = shown(project)
    until(window.spaces.train.run_page.isVisible)
    assert see(window, "train.run.state").text() == "waiting"
    assert see(window, "train.run.train_go_on").isEnabled()


def test_the_reason_why_a_training_failed_is_shown(app: QApplication, project: Path):
    make_run(project, "bad", RunState("failed", 10, 20, error="the loss was not a number"))
    window = shown(project)
    until(window.spaces.train.run_page.isVisible)
    assert see(window, "train.run.says").text().startswith("the loss was not a number")


def test_what_is_written_meanwhile_is_shown(app: QApplication, project: Path):
    run = make_run(project, "going", RunState("finished", 10, 20))
    window = shown(project)
    until(window.spaces.train.run_page.isVisible)
    with (run.folder / METRICS).open("a", encoding="utf-8") as file:
        file.write('{"step": 11, "loss": 0.1, "learning_rate": 0.001}\n')
    window.spaces.train.run_page.look(followed=True)
    assert window.spaces.train.run_page.curves.points == (11, 1)


def test_deleting_a_training_asks_first(app: QApplication, project: Path):
    run = make_run(project, "old", RunState("finished", 10, 10))
    window = shown(project)
    until(window.spaces.train.run_page.isVisible)
    see(window, "train.run.model_remove").click()
    box = window.findChild(QMessageBox, "train.remove")
    assert run.folder.exists()
    box.findChild(QPushButton, "train.remove.delete").click()
    until(lambda: not run.folder.exists())
    until(window.spaces.train.new.isVisible)


@pytest.mark.parametrize("closes", [True, False])
def test_closing_asks_while_a_training_runs(app: QApplication, project: Path, closes: bool):
    window = shown(project)
    window.spaces.train.trainings._job = Job("training", "training")

    def answer() -> None:
        box = window.findChild(QMessageBox, "train.leave")
        next(b for b in box.buttons() if closes == (b.objectName() == "train.leave.close")).click()

    QTimer.singleShot(50, answer)
    assert window._close_project() is closes
    window.spaces.train.trainings._job = None


# ---- models


def test_the_embedded_model_is_shown_with_its_card(app: QApplication, project: Path):
    window = shown(project)
    model = window.spaces.train._shelf.models[0]
    window.spaces.train.show_thing(("model", model.key))
    assert see(window, "train.model.title").text() == model.card.name
    assert see(window, "train.model.classes").rowCount() == 2
    assert see(window, "train.model.no_images")
    assert not window.findChild(QWidget, "train.model.model_remove").isVisible()


def test_using_a_model_moves_the_mark(app: QApplication, project: Path):
    window = shown(project)
    model = window.spaces.train._shelf.models[0]
    window.spaces.train.show_thing(("model", model.key))
    see(window, "train.model.model_use").click()
    until(lambda: window.spaces.train._shelf.chosen)
    assert not window.findChild(QWidget, "train.model.model_use").isVisible()
    assert see(window, "train.model.state").text() == "in use"
    until(lambda: window._top.model() is not None and window._top.model().key == model.key)


def test_a_model_is_exported_to_the_file_that_is_asked_for(
    app: QApplication, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def export(model, out, *, progress, cancel):
        progress(0.5, 1, "exporting")
        out.write_text(model.key)
        return out

    monkeypatch.setattr("labeltool.ui.train.models.export_onnx", export)
    window = shown(project)
    model = window.spaces.train._shelf.models[0]
    window.spaces.train.show_thing(("model", model.key))
    see(window, "train.model.model_export").click()
    dialog = see(window, "train.export")
    assert isinstance(dialog, QFileDialog) and dialog.defaultSuffix() == "onnx"
    told: list[str] = []
    window.spaces.train.told.connect(told.append)
    dialog.fileSelected.emit(str(tmp_path / "m.onnx"))
    until(lambda: told)
    assert told == [f"{tmp_path / 'm.onnx'} is written"]
    assert (tmp_path / "m.onnx").read_text() == model.key


def test_an_export_that_is_cancelled_writes_and_says_nothing(
    app: QApplication, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    begun: list[bool] = []

    def export(model, out, *, progress, cancel):
        begun.append(True)
        while True:
            cancel.check()
            time.sleep(0.01)

    monkeypatch.setattr("labeltool.ui.train.models.export_onnx", export)
    window = shown(project)
    said: list[object] = []
    window.spaces.train.told.connect(said.append)
    window._work.failed.connect(said.append)
    window.spaces.train.models.export(window.spaces.train._shelf.models[0], tmp_path / "m.onnx")
    until(lambda: begun)
    window._work.cancel()
    until(lambda: not window._work.busy)
    assert not said and not (tmp_path / "m.onnx").exists()


def test_an_image_that_is_asked_for_is_shown_in_annotate(app: QApplication, project: Path):
    window = shown(project)
    wanted = window.bench.store.images()[-1]
    for asked in (wanted.id, wanted.name):
        window.actions_["workspace_train"].trigger()
        window.spaces.train.model_page.image_asked.emit(asked)
        until(lambda: window.annotate.image is not None and window.annotate.image.record.id == wanted.id)
        assert see(window, "canvas")


def test_a_list_that_is_renewed_turns_no_page(app: QApplication, project: Path):
    window = shown(project)
    train = window.spaces.train
    train.show_thing(("model", train._shelf.models[0].key))
    window.actions_["model_compare"].trigger()
    renewed: list[bool] = []
    train.renew(lambda: renewed.append(True))
    until(lambda: renewed)
    assert train.compare_page.isVisible()


# ---- what a run has written


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(0, 9)),
            st.tuples(st.just("half"), st.integers(0, 9)),
            st.tuples(st.just("cut"), st.integers(0, 4)),
            st.tuples(st.just("look"), st.just(0)),
        ),
        max_size=24,
    )
)
def test_reading_on_gives_what_reading_all_at_once_gives(
    tmp_path_factory: pytest.TempPathFactory, doings: list
):
    folder = tmp_path_factory.mktemp("run")
    (folder / METRICS).write_bytes(b"")
    reader, known, written = RowReader(folder), [], 0
    for what, number in [*doings, ("look", 0)]:
        data = (folder / METRICS).read_bytes()
        if what == "add":
            written += 1
            new = data[: data.rfind(b"\n") + 1] + json.dumps({"n": written, "x": number}).encode() + b"\n"
            (folder / METRICS).write_bytes(new)
        elif what == "half":
            (folder / METRICS).write_bytes(data + b'{"n": ')
        elif what == "cut":
            (folder / METRICS).write_bytes(b"".join(data.splitlines(keepends=True)[:number]))
        else:
            rows, anew = reader.news()
            known = rows if anew else known + rows
            whole = (folder / METRICS).read_bytes().rpartition(b"\n")[0].split(b"\n")
            assert known == [json.loads(line) for line in whole if line.endswith(b"}")]


def test_curves_keep_values_and_evaluations_apart(parent: QWidget):
    curves = Curves(parent)
    curves.begin(CATALOG)
    curves.add(
        [
            {"event": "started", "step": 0},
            {"step": 1, "loss": 2.0, "learning_rate": 1e-3},
            {"step": 2, "loss": None, "learning_rate": 1e-3},
            {"step": 2, "score": 0.1, "val": {"per_class": {"nucleus": {"iou": 0.1}}}},
            {"event": "calibrated", "val": {"per_class": {}}, "score": 0.2},
        ]
    )
    assert curves.points == (2, 1)
    assert curves._ious == {"background": [None], "nucleus": [0.1]}


def test_axes_say_nothing_before_there_is_a_curve(parent: QWidget):
    curves = Curves(parent)
    curves.begin(CATALOG)
    plots = (curves.loss, curves.rate, curves.score)
    assert not any(plot.getAxis("left").style["showValues"] for plot in plots)
    curves.add([{"step": step, "loss": 2.0, "learning_rate": 1e-3} for step in (1, 2)])
    assert [plot.getAxis("left").style["showValues"] for plot in plots] == [True, True, False]


@given(st.tuples(*[st.integers(0, 255)] * 3), st.sampled_from(["#1b1c1e", "#ffffff"]))
def test_every_class_can_be_told_from_the_ground(colour: tuple[int, int, int], ground: str):
    assert contrast(readable(QColor(*colour), QColor(ground)), QColor(ground)) >= LEAST_CONTRAST - 0.05


def test_a_sample_shows_the_prediction_filled_and_the_truth_outlined():
    pixels = np.zeros((8, 8, 3), np.uint8)
    truth, predicted = np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.uint8)
    truth[:, 4:] = 1
    truth[0] = 255
    predicted[2:6, 0:3] = 1
    found = draw(pixels, truth, predicted, CATALOG)
    colour = CATALOG.foreground[0].color
    assert found[3, 1].tolist() == [int(FILL * part) for part in colour]
    assert found[5, 4].tolist() == [255, 255, 255]
    assert found[0, 4].tolist() == [0, 0, 0]  # nobody knows what is there
    assert found[7, 7].tolist() == [0, 0, 0]


# ---- words and tables


def test_numbers_are_sorted_as_numbers_and_what_has_none_comes_last(parent: QWidget):
    table = Figures("t", "t", parent)
    rows = [[text_cell(n), score_cell(s)] for n, s in (("a", 0.9), ("b", None), ("c", 0.05), ("d", 0.5))]
    table.show_rows(["name", "score"], rows, list("abcd"), sortable=True)
    table.sortItems(1)
    assert [table.item(row, 0).text() for row in range(4)] == ["c", "d", "a", "b"]


def test_numbers_make_room_for_names_where_a_table_is_narrow(parent: QWidget):
    table = Figures("t", "t", parent)
    table.resize(460, 200)
    table.show_rows(["class", *"12345"], [[text_cell("background"), *(score_cell(0.5) for _ in range(5))]])
    parent.show()
    pause_ms(20)
    assert table.columnWidth(0) >= table.sizeHintForColumn(0)
    assert sum(table.columnWidth(column) for column in range(6)) <= table.viewport().width()


def test_the_button_that_starts_a_training_is_seen_however_much_is_unfolded(app: QApplication, project: Path):
    window = shown(project)
    window.resize(1280, 720)
    page = window.spaces.train.new
    until(page.start.isEnabled)
    page.unfold.setChecked(True)
    pause_ms(50)
    lowest = page.start.mapTo(window, page.start.rect().bottomLeft()).y()
    assert page.start.isVisible() and lowest < window.height()


def test_better_and_worse_are_told_by_a_sign_as_well_as_by_colour(app: QApplication):
    better, worse, same = difference_cell(0.01), difference_cell(-0.01), difference_cell(0.0)
    assert (better.text(), worse.text(), same.text()) == ("▲ 0.010", "▼ 0.010", "0.000")
    assert better.foreground().color() != worse.foreground().color()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (7200, "2.0 h")]
)
def test_times_are_said_in_the_unit_that_suits_them(seconds: float, text: str):
    assert duration(seconds) == text


def test_a_run_says_how_far_it_is():
    assert how_far(RunState("running", 50, 200, 60.0, 0.5, 40), running=True) == (
        "step 50 of 200 · 60 s · about 3 min left · best 0.500 at step 40"
    )
    assert how_far(RunState(), running=True) == ""


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"step": 1, "loss": 0.1}, ""),
        ({"step": 1, "score": 0.25, "val": {}}, "validation: 0.250"),
        ({"event": "failed", "error": "no memory"}, "failed: no memory"),
        ({"event": "something new"}, "something new"),
    ],
)
def test_rows_that_say_what_happened_are_put_in_words(row: dict, text: str):
    assert event_text(row) == text


def test_the_colours_of_the_theme_are_those_of_its_lists(app: QApplication):
    assert theme.base() == app.palette().base().color()


def test_cells_without_numbers_are_sorted_by_their_text():
    assert Cell("a", left=True) < Cell("B", left=True)


def test_a_training_s_model_is_known_by_its_manifest_and_not_by_its_name(project: Path) -> None:
    run = read_run(make_run(project, "cells", RunState("finished", 10, 10)).folder)
    (run.folder / BEST).mkdir()
    with ProjectStore.open(project) as store:
        assert read_shelf(store).can_go_on(run)  # its model has still to come
    made = {"cells-2": "of another training", "other": file_hash(run.folder / MANIFEST)}
    for name, manifest in made.items():
        folder = project / "models" / name
        folder.mkdir(parents=True)
        card = ModelCard(name, "none", "none", CATALOG, training={"manifest_sha256": manifest})
        (folder / CARD_NAME).write_text(json.dumps(card.to_json()))
        (folder / WEIGHTS_NAME).write_bytes(name.encode())
    with ProjectStore.open(project) as store:
        shelf = read_shelf(store)
    found = shelf.model_of(run)
    assert found is not None and found.card.name == "other"
    assert not shelf.can_go_on(run)


def test_validation_images_of_a_model_are_named_by_the_project_that_has_them(project: Path, tmp_path: Path):
    model = embedded_models()[0]
    (tmp_path / "model").mkdir()
    with ProjectStore.open(project, write=False) as store:
        images = store.images()
    figures = {each.name: {"iou": 0.5} for each in model.card.catalog.classes}
    digests = [images[1].sha256, "0" * 64]
    rows = [{"id": f"x{n}", "sha256": digest, "per_class": figures} for n, digest in enumerate(digests)]
    (tmp_path / "model" / PER_IMAGE).write_text(json.dumps(rows))
    found = per_image(replace(model, path=tmp_path / "model"), images)
    assert [(each.id, each.name) for each in found] == [(images[1].id, images[1].name), ("x1", "")]
