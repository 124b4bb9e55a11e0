"""The workspace Review in the real window: the list, the walk, verdicts by key, the confusion matrix, what is drawn."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDockWidget, QLabel

from labeltool.app.importing import import_labels
from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.project import Status
from labeltool.core.provenance import Origin
from labeltool.store.predictions import reference_key
from labeltool.store.project import ProjectStore
from labeltool.ui.canvas.colours import CONFUSED, INSIDE, MISSED, NONE_THERE, STILL
from labeltool.ui.main import open_window
from labeltool.ui.review.confusion import ConfusionView, share_text
from labeltool.ui.review.rows import AREA, IMAGE, WHAT, DisagreementTable
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until

WIDTH, HEIGHT, GREY = 400, 300, 100
CATALOG = ClassCatalog.from_names(["cell", "debris"])
MODEL = "some@1-00000000"
LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
Labels = NDArray[np.uint8]

TRUTH_BOXES = {"a": [(Box(20, 20, 80, 80), 1), (Box(200, 20, 240, 60), 2)], "b": [(Box(20, 20, 60, 60), 1)]}
MODEL_BOXES = {
    "a": [(Box(200, 20, 240, 60), 1), (Box(300, 200, 330, 230), 1)],
    "b": [(Box(20, 20, 60, 60), 1), (Box(100, 100, 200, 200), 1)],
}
"""In a: one missed (3,600 pixels), one confused (1,600), one where none is (900). In b: one where none is (10,000)."""


def plane(boxes: list[tuple[Box, int]]) -> Labels:
    label = np.zeros((HEIGHT, WIDTH), np.uint8)
    for box, value in boxes:
        label[box.y0 : box.y1, box.x0 : box.x1] = value
    return label


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as every test begins with it."""
    folder = tmp_path_factory.mktemp("original")
    for name in ("images", "labels"):
        (folder / name).mkdir()
    for name in "ab":
        cv2.imwrite(str(folder / "images" / f"{name}.png"), np.full((HEIGHT, WIDTH, 3), GREY, np.uint8))
        cv2.imwrite(str(folder / "labels" / f"{name}.png"), plane(TRUTH_BOXES[name]))
    with ProjectStore.create(folder / "project", "p", CATALOG) as store:
        add_images(store, [folder / "images"])
        import_labels(store, folder / "labels", "png")
        for record in store.images():
            label = plane(MODEL_BOXES[record.stem])
            store.save_prediction(record.id, MODEL, [(record.size.box, label, np.full_like(label, 204))])
    return folder / "project"


@pytest.fixture
def project(tmp_path: Path, original: Path) -> Path:
    """A copy of it; the images are those of all tests."""
    return Path(shutil.copytree(original, tmp_path / "project"))


@pytest.fixture
def window(app: QApplication, project: Path) -> Iterator[MainWindow]:
    made = shown(project)
    yield made
    made.close()


def shown(project: Path) -> MainWindow:
    made = open_window(project)
    made.resize(1280, 720)
    until(lambda: made.annotate.image is not None)
    QTest.qWaitForWindowExposed(made)
    return made


def key(window: MainWindow, which: Qt.Key, modifier: Qt.KeyboardModifier = NO) -> None:
    QTest.keyClick(window.annotate.canvas, which, modifier)
    QApplication.processEvents()


def listed(window: MainWindow) -> DisagreementTable:
    found = window.findChild(DisagreementTable, "review.list")
    assert found is not None
    return found


def rows(window: MainWindow) -> list[tuple[str, str, str]]:
    model = listed(window).rows
    return [
        (model.index(row, WHAT).data(), model.index(row, IMAGE).data(), model.index(row, AREA).data())
        for row in range(model.rowCount())
    ]


def review(window: MainWindow, count: int = 4) -> None:
    """Go to the workspace and wait for its list."""
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    until(lambda: window.spaces.review is not None and listed(window).rows.rowCount() == count)


def at_hand(window: MainWindow) -> str:
    return "" if window.annotate.image is None else window.annotate.image.record.stem


def label_at(window: MainWindow, x: int, y: int) -> tuple[int, int]:
    assert window.annotate.image is not None
    mask, box = window.annotate.image.session.mask, Box(x, y, x + 1, y + 1)
    return int(mask.read("label", box)[0, 0]), int(mask.read("origin", box)[0, 0])


def walk_to(window: MainWindow, name: str, x: int, y: int) -> None:
    """Press N until the disagreement at a point is shown."""
    for _ in range(len(rows(window)) + 1):
        review = window.spaces.review
        assert review is not None
        entry = review._entry
        if entry is not None and entry.record.stem == name and entry.found.seed == (x, y):
            until(lambda: at_hand(window) == name and window.actions_["model_right"].isEnabled())
            return
        key(window, Qt.Key.Key_N)
    raise AssertionError("it was not come by")


# ---- the list


def test_what_differs_in_all_images_is_listed_most_important_first(window: MainWindow) -> None:
    review(window)
    assert rows(window) == [
        ("false cell", "b.png", "10,000"),
        ("cell missed", "a.png", "3,600"),
        ("debris as cell", "a.png", "1,600"),
        ("false cell", "a.png", "900"),
    ]


def test_n_walks_through_the_list_from_image_to_image_and_brings_each_to_the_middle(
    window: MainWindow,
) -> None:
    review(window)
    seen = []
    for _ in range(5):
        key(window, Qt.Key.Key_N)
        assert window.spaces.review is not None and window.spaces.review._entry is not None
        record, box = window.spaces.review._entry.record, window.spaces.review._entry.found.box
        until(lambda record=record: at_hand(window) == record.stem)
        QApplication.processEvents()
        canvas = window.annotate.canvas
        middle = canvas.image_to_widget((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
        assert abs(middle[0] - canvas.width() / 2) < 2
        assert abs(middle[1] - canvas.height() / 2) < 2
        seen.append((record.stem, box.x0))
    assert seen == [("b", 100), ("a", 20), ("a", 200), ("a", 300), ("b", 100)]
    key(window, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    assert window.spaces.review is not None and window.spaces.review._entry is not None
    assert window.spaces.review._entry.found.box.x0 == 300


def test_a_click_on_a_row_goes_there(window: MainWindow) -> None:
    review(window)
    table = listed(window)
    place = table.visualRect(table.rows.index(2, WHAT)).center()
    QTest.mouseClick(table.viewport(), LEFT, NO, place)
    until(lambda: at_hand(window) == "a")
    assert window.spaces.review is not None and window.spaces.review._entry is not None
    assert window.spaces.review._entry.found.seed == (200, 20)


def test_the_list_can_be_narrowed_to_a_kind_and_put_in_another_order(window: MainWindow) -> None:
    review(window)
    kind = window.findChild(QComboBox, "review.kind")
    kind.setCurrentIndex(kind.findData("false_positive"))
    kind.activated.emit(kind.currentIndex())
    assert [row[1:] for row in rows(window)] == [("b.png", "10,000"), ("a.png", "900")]
    kind.setCurrentIndex(0)
    kind.activated.emit(0)
    assert len(rows(window)) == 4


def test_thin_rims_are_listed_on_request(app: QApplication, project: Path) -> None:
    with ProjectStore.open(project) as store:
        record = store.find(next(r.path for r in store.images() if r.stem == "b"))
        assert record is not None
        label = plane([(Box(20, 20, 62, 60), 1)])
        store.save_prediction(record.id, MODEL, [(record.size.box, label, np.full_like(label, 204))])
    window = shown(project)
    try:
        review(window, 3)
        why = window.findChild(QLabel, "review.why")
        assert why is not None and why.isVisible()
        assert why.text() == "1 thin rim is hidden: untick No thin rims."
        box = window.findChild(type(window.spaces.review.panel._interior), "review.interior")  # type: ignore[union-attr]
        box.click()
        assert rows(window)[-1] == ("false cell", "b.png", "80")
        assert not why.isVisible()
    finally:
        window.close()


def test_without_a_prediction_the_panel_says_what_to_do(app: QApplication, project: Path) -> None:
    with ProjectStore.open(project) as store:
        for record in store.images():
            store.remove_prediction(record.id, MODEL)
    window = shown(project)
    try:
        QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
        until(lambda: window.spaces.review is not None and not window._work.busy)
        empty = window.findChild(QLabel, "review.empty")
        assert empty.isVisible()
        assert "Pre-label" in empty.text()
    finally:
        window.close()


def test_another_annotators_mask_is_a_layer_too(app: QApplication, project: Path) -> None:
    with ProjectStore.open(project) as store:
        record = store.images()[0]
        label = plane([(Box(20, 20, 80, 80), 2)])
        store.save_prediction(
            record.id, reference_key("second"), [(record.size.box, label, np.full_like(label, 255))]
        )
    window = shown(project)
    try:
        QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
        until(lambda: window.spaces.review is not None and len(rows(window)) == 4)
        layer = window.findChild(QComboBox, "review.layer")
        assert layer.currentData() == MODEL  # a model's comes first, until somebody chooses
        layer.setCurrentIndex(layer.findData(reference_key("second")))
        layer.activated.emit(layer.currentIndex())
        until(lambda: ("cell as debris", "a.png", "3,600") in rows(window))
    finally:
        window.close()


def test_what_comes_while_the_window_is_busy_is_compared_afterwards(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert window.bench is not None
    go_on = threading.Event()
    window._work.run(window.bench.lanes, "files", "something", lambda *_: go_on.wait(20), lambda _: None)
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    QApplication.processEvents()
    assert window.spaces.review is not None
    assert "Waiting" in window.findChild(QLabel, "review.says").text()
    assert rows(window) == []
    go_on.set()
    until(lambda: len(rows(window)) == 4)


# ---- verdicts


def test_enter_takes_the_models_class_on_exactly_these_pixels_and_goes_on(window: MainWindow) -> None:
    review(window)
    walk_to(window, "a", 200, 20)
    key(window, Qt.Key.Key_Return)
    until(lambda: label_at(window, 210, 30) == (1, Origin.REVIEWER))
    image = window.annotate.image
    assert image is not None
    changed = image.session.mask.read("origin", Box(0, 0, WIDTH, HEIGHT)) == Origin.REVIEWER
    assert changed.sum() == 1600
    assert changed[20:60, 200:240].all()
    until(lambda: len(rows(window)) == 3)
    assert window.spaces.review is not None and window.spaces.review._entry is not None
    assert window.spaces.review._entry.found.seed == (300, 200)


def test_a_verdict_that_ends_an_approval_says_so(window: MainWindow) -> None:
    window.actions_["approve"].trigger()
    image = window.annotate.image
    assert image is not None and window.bench is not None
    until(lambda: window.bench.store.image(image.record.id).status is Status.APPROVED)
    review(window)
    told: list[str] = []
    assert window.spaces.review is not None
    window.spaces.review.told.connect(told.append)
    walk_to(window, "a", 200, 20)
    key(window, Qt.Key.Key_Return)
    until(lambda: any("the approval is stale" in text for text in told))


def test_undo_takes_a_verdict_back_and_the_list_has_it_again(window: MainWindow) -> None:
    review(window)
    walk_to(window, "a", 200, 20)
    key(window, Qt.Key.Key_Return)
    until(lambda: len(rows(window)) == 3)
    key(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    until(lambda: len(rows(window)) == 4)
    assert label_at(window, 210, 30) == (2, Origin.IMPORTED)


def test_r_keeps_the_annotation_and_does_not_list_it_again(window: MainWindow) -> None:
    review(window)
    walk_to(window, "a", 20, 20)
    key(window, Qt.Key.Key_R)
    until(lambda: label_at(window, 30, 30) == (1, Origin.REVIEWER))
    until(lambda: len(rows(window)) == 3)


def test_both_wrong_leaves_the_place_to_be_painted(window: MainWindow) -> None:
    review(window)
    walk_to(window, "a", 200, 20)
    key(window, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    until(lambda: label_at(window, 210, 30)[1] == Origin.NOBODY)
    canvas = window.annotate.canvas
    assert window.bench is not None
    window.bench.hand.radius_px = 5
    QTest.mouseClick(canvas, LEFT, NO, QPointF(*canvas.image_to_widget(220, 40)).toPoint())
    assert label_at(window, 220, 40) == (window.bench.hand.value, Origin.HUMAN)


def test_ignored_pixels_count_nowhere(window: MainWindow) -> None:
    review(window)
    walk_to(window, "b", 100, 100)
    key(window, Qt.Key.Key_I, Qt.KeyboardModifier.ShiftModifier)
    until(lambda: label_at(window, 150, 150) == (255, Origin.REVIEWER))
    until(lambda: len(rows(window)) == 3)


def test_a_verdict_on_pixels_that_have_changed_is_refused_and_the_list_renewed(window: MainWindow) -> None:
    said: list[str] = []
    review(window)
    assert window.spaces.review is not None
    window.spaces.review.failed.disconnect()
    window.spaces.review.failed.connect(lambda error: pytest.fail(f"a dialog says {error}"))
    window.spaces.review.told.connect(said.append)
    walk_to(window, "a", 200, 20)
    window.spaces.review._soon.setInterval(60_000)
    assert window.bench is not None
    window.bench.hand.radius_px = 8
    canvas = window.annotate.canvas
    QTest.mouseClick(canvas, LEFT, NO, QPointF(*canvas.image_to_widget(220, 40)).toPoint())
    key(window, Qt.Key.Key_Return)
    until(lambda: said)
    assert "changed" in said[0]
    assert label_at(window, 205, 25) == (2, Origin.IMPORTED)


def test_outside_review_the_keys_of_verdicts_mean_nothing(window: MainWindow) -> None:
    review(window)
    walk_to(window, "a", 200, 20)
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    key(window, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert not window.actions_["model_right"].isEnabled()
    assert label_at(window, 210, 30) == (2, Origin.IMPORTED)


# ---- figures


def test_a_click_in_the_confusion_matrix_lists_what_is_counted_there(window: MainWindow) -> None:
    review(window)
    matrix = window.findChild(ConfusionView, "review.confusion")
    QTest.mouseClick(matrix, LEFT, NO, matrix.cell_centre(2, 1))
    assert rows(window) == [("debris as cell", "a.png", "1,600")]
    assert window.spaces.review is not None and not window.spaces.review.docks[0].visibleRegion().isEmpty()
    QTest.mouseClick(matrix, LEFT, NO, matrix.cell_centre(2, 1))
    assert len(rows(window)) == 4


def test_the_list_names_the_cell_that_it_shows_and_leaves_it_for_another_choice(window: MainWindow) -> None:
    review(window)
    matrix, kind = (
        window.findChild(ConfusionView, "review.confusion"),
        window.findChild(QComboBox, "review.kind"),
    )
    QTest.mouseClick(matrix, LEFT, NO, matrix.cell_centre(2, 1))
    assert kind.currentText() == "debris as cell"
    kind.setCurrentIndex(kind.findText("Missed"))
    kind.activated.emit(kind.currentIndex())
    assert {what for what, *_ in rows(window)} == {"cell missed"}
    assert kind.findText("debris as cell") < 0
    QTest.mouseClick(matrix, LEFT, NO, matrix.cell_centre(2, 1))
    assert rows(window) == [("debris as cell", "a.png", "1,600")], "it is not marked any more"


def test_the_confusion_matrix_can_be_walked_with_the_arrow_keys(window: MainWindow) -> None:
    review(window)
    matrix = window.findChild(ConfusionView, "review.confusion")
    matrix.setFocus()
    for which in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Space):
        QTest.keyClick(matrix, which)
    assert rows(window) == [("debris as cell", "a.png", "1,600")]


def test_a_cell_says_in_words_what_it_counts(app: QApplication) -> None:
    matrix = ConfusionView()
    counts = np.zeros((256, 256), np.int64)
    counts[1, 1], counts[1, 2], counts[2, 2] = 900, 100, 50
    matrix.show_counts(list(CATALOG.classes), counts)
    assert matrix.words_of(0, 1) == "cell taken for debris: 100 pixels, 10.0 % of all cell".replace(" %", "")


@pytest.mark.parametrize(("share", "text"), [(0, "0"), (0.0004, "<0.1"), (0.123, "12.3"), (1, "100")])
def test_shares_are_short(share: float, text: str) -> None:
    assert share_text(share) == text


def test_the_threshold_says_what_it_would_do_to_a_class(window: MainWindow) -> None:
    review(window)
    assert window.spaces.review is not None
    page = window.spaces.review.figures._confidence
    page._class.setCurrentIndex(page._class.findData(1))
    page._draw()
    says = page.findChild(QLabel, "review.threshold.says")
    page._threshold.slider.setValue(0)
    everything = says.text()
    page._threshold.slider.setValue(255)
    assert says.text() != everything
    assert "recall 0.000" in says.text()  # the model is never that sure


# ---- what is drawn


def colour(window: MainWindow, x: float, y: float) -> tuple[int, ...]:
    QApplication.processEvents()
    canvas = window.annotate.canvas
    point: QPoint = QPointF(*canvas.image_to_widget(x, y)).toPoint()
    return canvas.grab().toImage().pixelColor(point).getRgb()[:3]


def test_errors_are_drawn_by_what_is_wrong_and_rims_fainter(window: MainWindow) -> None:
    review(window)
    walk_to(window, "a", 20, 20)
    window.annotate.canvas.fit()
    for (x, y), tint in (((50, 50), MISSED), ((220, 40), CONFUSED), ((315, 215), NONE_THERE)):
        wanted = tuple(round(c * INSIDE + GREY * (1 - INSIDE)) for c in tint)
        until(lambda x=x, y=y, w=wanted: np.abs(np.subtract(colour(window, x, y), w)).max() <= 3)
    inside, rim = (np.array(colour(window, x, 50.5)) for x in (50.5, 21.0))
    assert np.abs(inside - GREY).sum() > np.abs(rim - GREY).sum() > 0


def test_an_earlier_layer_is_compared_with_this_one_by_what_became_right_and_wrong(
    app: QApplication, project: Path
) -> None:
    with ProjectStore.open(project) as store:
        for record in store.images():
            label = plane(
                [(Box(20, 20, 80, 80), 1)]
            )  # right about the cell in a, and in b as wrong as can be
            store.save_prediction(record.id, "older@1-11111111", [(record.size.box, label, label * 0 + 200)])
    window = shown(project)
    try:
        QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
        until(lambda: window.spaces.review is not None and len(rows(window)) > 0)
        for name, key_ in (("review.layer", MODEL), ("review.earlier", "older@1-11111111")):
            combo = window.findChild(QComboBox, name)
            combo.setCurrentIndex(combo.findData(key_))
            combo.activated.emit(combo.currentIndex())
            until(lambda: not window._work.busy)
        walk_to(window, "a", 20, 20)
        window.annotate.canvas.fit()
        changed = {(50, 50): NONE_THERE, (315, 215): NONE_THERE, (220, 40): STILL}
        for (x, y), tint in changed.items():
            wanted = tuple(round(c * INSIDE + GREY * (1 - INSIDE)) for c in tint)
            until(lambda x=x, y=y, w=wanted: np.abs(np.subtract(colour(window, x, y), w)).max() <= 3)
    finally:
        window.close()


def test_a_stroke_changes_the_errors_that_are_drawn_at_once(window: MainWindow) -> None:
    review(window)
    walk_to(window, "a", 300, 200)
    window.annotate.canvas.fit()
    before = colour(window, 315, 215)
    assert window.bench is not None
    window.bench.hand.take(1) if hasattr(window.bench.hand, "take") else None
    window.bench.hand.radius_px = 10
    canvas = window.annotate.canvas
    QTest.mouseClick(canvas, LEFT, NO, QPointF(*canvas.image_to_widget(315, 215)).toPoint())
    assert label_at(window, 315, 215) == (1, Origin.HUMAN)
    QTest.mouseMove(canvas, QPoint(2, 2))
    assert colour(window, 315, 215) != before


def test_annotate_comes_back_as_it_was_left(window: MainWindow) -> None:
    classes = window.findChild(QDockWidget, "dock.classes")
    layers = window.findChild(QDockWidget, "dock.layers")
    layers.close()
    review(window)
    assert classes.isHidden()
    assert not window.findChild(QDockWidget, "dock.review").isHidden()
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert not classes.isHidden()
    assert layers.isHidden()
    assert window.findChild(QDockWidget, "dock.review").isHidden()
    assert not window.annotate.shown.error


def test_a_project_that_is_opened_later_begins_in_annotate_with_its_own_list(
    window: MainWindow, tmp_path: Path
) -> None:
    review(window)
    cv2.imwrite(str(tmp_path / "other.png"), np.full((HEIGHT, WIDTH, 3), GREY, np.uint8))
    with ProjectStore.create(tmp_path / "other", "other", CATALOG) as store:
        add_images(store, [tmp_path / "other.png"])
    window.open_path(tmp_path / "other")
    until(lambda: at_hand(window) == "other")
    assert window.findChild(QDockWidget, "dock.review").isHidden()
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    until(lambda: not window._work.busy)
    assert rows(window) == []


def test_the_window_does_not_wait_for_review_before_it_is_wanted() -> None:
    code = (
        "import sys; from labeltool.ui.main import application; application(); "
        "from labeltool.ui.window import MainWindow; MainWindow(); "
        "sys.exit(any(name.startswith('labeltool.ui.review') or name == 'pyqtgraph' for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, env=None, timeout=60)
    assert done.returncode == 0
