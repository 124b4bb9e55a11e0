"""An image that cannot be opened: the canvas says why and what can be done, and nothing shows the image before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QListView, QPushButton, QTreeWidget, QWidget

from labeltool.app.sources import Problem, SourceError
from labeltool.core.errors import BadInputError
from labeltool.core.progress import CancelToken
from labeltool.core.project import ImageRecord
from labeltool.store import backups
from labeltool.store.layout import mask_path
from labeltool.store.project import ProjectStore
from labeltool.ui.main import open_window
from labeltool.ui.panels import pictures
from labeltool.ui.panels.image_rows import TROUBLE_ROLE
from labeltool.ui.window import MainWindow
from tests.e2e.pause import pause_ms, until
from tests.faults.sharing_scene import make_images, make_project, paint
from tests.unit.store.damage import flip, truncate

CLOSERS = ("dialog.source.close", "damaged.leave")


class Scene:
    """A window on a project of three labelled images, of which the second cannot be opened in one way or another."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.images = make_images(root.parent / "images")
        make_project(root, self.images)
        backups.keep(root)
        self.window: MainWindow

    def open(self) -> None:
        self.window = open_window(self.root)
        self.window.activateWindow()  # a dialog that another test has left may have been the active one
        self.soon(lambda: self.window.annotate.image is not None)

    @property
    def records(self) -> list[ImageRecord]:
        assert self.window.bench is not None
        return self.window.bench.store.images()

    def soon(self, reached: Callable[[], object]) -> None:
        until(reached)

    def find(self, name: str) -> QWidget:
        found = self.window.findChild(QWidget, name)
        assert found is not None, name
        return found

    def text(self, name: str) -> str:
        found = self.find(name)
        assert isinstance(found, QLabel)
        return found.text().replace("\u200b", "")

    def dialog(self) -> QPushButton | None:
        """The button that leaves the dialog about an image that cannot be opened, while there is one."""
        found = [b for name in CLOSERS for b in self.window.findChildren(QPushButton, name) if b.isVisible()]
        return found[0] if found else None

    def fail(self, go: Callable[[], object]) -> None:
        """Go to an image that cannot be opened, and leave the dialog that comes with Esc."""
        go()
        self.soon(self.dialog)
        button = self.dialog()
        assert button is not None
        QTest.keyClick(button.window(), Qt.Key.Key_Escape)
        self.soon(lambda: self.dialog() is None)

    def step(self, name: str = "next_image") -> Callable[[], None]:
        return self.window.actions_[name].trigger

    def press(self, name: str) -> Callable[[], None]:
        return lambda: QTest.mouseClick(self.find(name), Qt.MouseButton.LeftButton)

    @property
    def list(self) -> QListView:
        found = self.window.findChild(QListView, "images.list")
        assert found is not None
        return found

    def current(self) -> str:
        return str(self.list.currentIndex().data())

    def index(self, row: int) -> QModelIndex:
        return self.list.model().index(row, 0)

    def shares(self) -> list[str]:
        tree = self.window.findChild(QTreeWidget, "classes.list")
        assert tree is not None
        rows = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
        return [row.text(5).strip() for row in rows if row is not None and not row.isHidden() and row.text(5)]

    def shown(self) -> str:
        image = self.window.annotate.image
        return "" if image is None else image.record.name


@pytest.fixture
def scene(app: QApplication, tmp_path: Path) -> Iterator[Scene]:
    yield Scene(tmp_path / "project")


def missing(scene: Scene) -> None:
    scene.images[1].rename(scene.root.parent / "moved.png")


def cut_off(scene: Scene) -> None:
    truncate(scene.images[1], scene.images[1].stat().st_size // 2)


def damaged_mask(scene: Scene) -> None:
    truncate(mask_path(scene.root, scene.records[1].id), 5000)


WAYS = [
    pytest.param(missing, "b.png is missing", "Find it…", id="missing"),
    pytest.param(cut_off, "The file of b.png is another one now", "Find it…", id="cut off"),
    pytest.param(damaged_mask, "The labels of b.png are damaged", "Restore the labels…", id="damaged mask"),
]


@pytest.mark.parametrize(("harm", "title", "remedy"), WAYS)
def test_the_canvas_says_why_an_image_is_not_there_and_nothing_shows_the_one_before(
    scene: Scene, harm: Callable[[Scene], None], title: str, remedy: str
) -> None:
    scene.open()
    harm(scene)
    scene.soon(lambda: scene.shares() == ["1.6 %", "98.4 %"])
    scene.window.annotate.canvas.zoom_to(6)
    assert scene.find("minimap").isVisible()
    scene.fail(scene.step())
    assert scene.find("unopened").isVisible()
    assert scene.text("unopened.title") == title
    assert scene.text("unopened.file") in (
        str(scene.images[1]),
        str(mask_path(scene.root, scene.records[1].id)),
    )
    assert scene.current() == "b.png"
    assert [index.data() for index in scene.list.selectionModel().selectedRows()] == ["b.png"]
    assert scene.shares() == []
    assert not scene.find("minimap").isVisible()
    assert [scene.text(f"status.{name}") for name in ("saved", "zoom", "pointer", "checked")] == [""] * 4
    assert scene.window.findChild(QPushButton, "unopened.remedy").text() == remedy
    scene.fail(scene.press("unopened.remedy"))  # the same is offered again, and said after Esc again
    assert scene.text("unopened.title") == title


def test_next_and_previous_go_on_from_an_image_that_cannot_be_opened(scene: Scene) -> None:
    scene.open()
    missing(scene)
    scene.fail(scene.step())
    scene.step()()
    scene.soon(lambda: scene.shown() == "c.png")
    assert not scene.find("unopened").isVisible()
    scene.soon(lambda: scene.shares() == ["1.6 %", "98.4 %"])
    scene.fail(scene.step("previous_image"))
    assert scene.current() == "b.png"
    scene.step("previous_image")()
    scene.soon(lambda: scene.shown() == "a.png")
    scene.fail(scene.step())
    scene.press("unopened.on")()
    scene.soon(lambda: scene.shown() == "c.png")


def test_at_the_end_of_the_list_the_image_before_is_offered(scene: Scene) -> None:
    scene.open()
    scene.images[2].unlink()
    scene.step()()
    scene.soon(lambda: scene.shown() == "b.png")
    scene.fail(scene.step())
    assert scene.window.findChild(QPushButton, "unopened.on").text() == "Previous image"
    scene.press("unopened.on")()
    scene.soon(lambda: scene.shown() == "b.png")


def test_an_image_that_is_there_again_is_opened_and_its_mark_goes(scene: Scene) -> None:
    scene.open()
    missing(scene)
    scene.fail(scene.step())
    assert scene.index(1).data(TROUBLE_ROLE) == "Its file is missing."
    assert "Its file is missing." in scene.index(1).data(Qt.ItemDataRole.ToolTipRole)
    assert "Its file is missing." in scene.index(1).data(Qt.ItemDataRole.AccessibleDescriptionRole)
    (scene.root.parent / "moved.png").rename(scene.images[1])
    scene.press("unopened.remedy")()
    scene.soon(lambda: scene.shown() == "b.png")
    assert scene.index(1).data(TROUBLE_ROLE) == ""
    assert not scene.find("unopened").isVisible()


def test_labels_are_restored_from_the_canvas_and_their_mark_goes(scene: Scene) -> None:
    scene.open()
    damaged_mask(scene)
    scene.fail(scene.step())
    assert scene.index(1).data(TROUBLE_ROLE) == "Its labels are damaged."
    scene.press("unopened.remedy")()
    scene.soon(lambda: scene.window.findChildren(QPushButton, "damaged.backup"))
    scene.window.findChildren(QPushButton, "damaged.backup")[-1].click()
    scene.soon(lambda: scene.shown() == "b.png")
    assert scene.index(1).data(TROUBLE_ROLE) == ""


def test_an_image_that_cannot_be_opened_is_removed_from_the_canvas(scene: Scene) -> None:
    scene.open()
    missing(scene)
    scene.fail(scene.step())
    scene.press("unopened.remove")()
    assert scene.text("dialog.remove.names") == "b.png"
    scene.press("dialog.remove.run")()
    scene.soon(lambda: scene.shown() == "c.png")
    assert not scene.find("unopened").isVisible()


# ---- marks in the list


def marks(scene: Scene) -> list[bool]:
    return [bool(scene.index(row).data(TROUBLE_ROLE)) for row in range(scene.list.model().rowCount())]


def test_what_is_seen_in_the_list_has_its_mark_before_anybody_opens_it(scene: Scene) -> None:
    """The thumbnail tells, which is made for rows that are seen."""
    missing(scene)
    cut_off_length = scene.images[2].stat().st_size // 2
    truncate(scene.images[2], cut_off_length)
    scene.open()
    scene.soon(lambda: marks(scene) == [False, True, True])
    assert scene.index(2).data(TROUBLE_ROLE) == "Its file is another one now."


def test_a_search_marks_what_it_has_not_found_and_takes_the_mark_off_what_it_has(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.open()
    folder = scene.root.parent / "found"
    folder.mkdir()
    missing(scene)
    scene.images[2].unlink()
    (scene.root.parent / "moved.png").rename(folder / "moved.png")
    scene.fail(scene.step())
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    scene.window.actions_["find_images"].trigger()
    scene.soon(lambda: marks(scene) == [False, False, True])


def test_a_backup_that_finds_labels_damaged_marks_their_image(scene: Scene) -> None:
    with ProjectStore.open(scene.root) as store:
        paint(store, store.images()[2], 100)  # what has not changed since its last backup is not looked at
    scene.open()
    flip(mask_path(scene.root, scene.records[2].id), "tiles")
    scene.window._restoring.back_up()
    scene.soon(lambda: scene.index(2).data(TROUBLE_ROLE) == "Its labels are damaged.")


def test_a_mark_is_painted_and_goes_with_another_project(scene: Scene, tmp_path: Path) -> None:
    scene.open()
    scene.soon(lambda: not scene.window.bench.lanes.busy)
    clean = scene.list.grab(scene.list.visualRect(scene.index(2))).toImage()
    troubles = scene.window._images.pictures.troubles
    troubles.note(scene.records[2].id, "labels", "Its labels are damaged.")
    assert scene.list.grab(scene.list.visualRect(scene.index(2))).toImage() != clean
    troubles.clear(scene.records[2].id)
    assert scene.list.grab(scene.list.visualRect(scene.index(2))).toImage() == clean
    troubles.note(scene.records[2].id, "labels", "Its labels are damaged.")
    id_ = scene.records[2].id
    scene.window.projects.open(make_project(tmp_path / "other", scene.images[:1]))
    assert troubles.of(id_) == ""


# ---- keys in the list


def point(scene: Scene, widget: QWidget, at: QPoint | None = None) -> None:
    """Move the pointer over a widget, as the system tells the window."""
    place = widget.mapTo(scene.window, widget.rect().center() if at is None else at)
    QTest.mouseMove(scene.window.windowHandle(), place)
    pause_ms(20)


def click(scene: Scene, row: int, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    at = scene.list.visualRect(scene.index(row)).center()
    point(scene, scene.list.viewport(), at)
    QTest.mouseClick(scene.list.viewport(), Qt.MouseButton.LeftButton, held, at)


def type_key(scene: Scene, key: Qt.Key) -> None:
    QTest.keyClick(QApplication.focusWidget() or scene.window, key)


def asked(scene: Scene) -> str:
    label = scene.window.findChild(QLabel, "dialog.remove.names")
    return "" if label is None else label.text()


def test_del_after_a_click_in_the_list_asks_whether_the_image_is_to_be_removed(scene: Scene) -> None:
    scene.open()
    click(scene, 1)
    scene.soon(lambda: scene.shown() == "b.png")
    assert scene.list.hasFocus()
    type_key(scene, Qt.Key.Key_Delete)
    assert asked(scene) == "b.png"


def test_the_keys_go_to_the_canvas_with_the_pointer(scene: Scene) -> None:
    scene.open()
    click(scene, 1)
    scene.soon(lambda: scene.shown() == "b.png")
    canvas = scene.find("canvas")
    scene.soon(scene.list.hasFocus)
    at, nothing = QPointF(canvas.rect().center()), Qt.MouseButton.NoButton
    to = QPointF(canvas.mapToGlobal(at.toPoint()))
    moved = QMouseEvent(QEvent.Type.MouseMove, at, to, nothing, nothing, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(canvas, moved)
    assert canvas.hasFocus()
    type_key(scene, Qt.Key.Key_Delete)  # of a point that is being drawn, and there is none
    pause_ms(20)
    assert asked(scene) == ""


def test_images_that_are_marked_one_by_one_are_removed_together(scene: Scene) -> None:
    scene.open()
    for row, held in ((1, Qt.KeyboardModifier.NoModifier), (2, Qt.KeyboardModifier.ControlModifier)):
        at = scene.list.visualRect(scene.index(row)).center()
        QTest.mouseClick(scene.list.viewport(), Qt.MouseButton.LeftButton, held, at)
    assert scene.shown() == "a.png"  # the first of them is on its way, and does not take the marks off
    scene.soon(lambda: scene.shown() == "b.png")
    point(scene, scene.find("canvas"))
    assert scene.list.hasFocus()  # what was marked is there to be done something with
    type_key(scene, Qt.Key.Key_Delete)
    assert asked(scene) == "b.png, c.png"


def test_the_list_is_reached_walked_and_left_by_keys_alone(scene: Scene) -> None:
    scene.open()
    without = scene.list.grab().toImage()
    scene.window.actions_["list_images"].trigger()
    assert scene.list.hasFocus()
    assert scene.list.grab().toImage() != without  # a frame says so
    type_key(scene, Qt.Key.Key_Down)
    assert scene.current() == "b.png"
    assert scene.shown() == "a.png"
    type_key(scene, Qt.Key.Key_Return)
    scene.soon(lambda: scene.shown() == "b.png")
    assert scene.find("canvas").hasFocus()
    scene.window.actions_["list_images"].trigger()
    type_key(scene, Qt.Key.Key_Escape)
    assert scene.find("canvas").hasFocus()
    search = scene.find("images.search")
    search.setFocus()
    QTest.keyClick(search, Qt.Key.Key_Down)
    assert scene.list.hasFocus()


def test_the_menu_removes_the_images_that_are_marked(scene: Scene) -> None:
    scene.open()
    scene.window.actions_["remove_images"].trigger()
    assert asked(scene) == "a.png"


def test_a_file_that_goes_while_its_thumbnail_is_made_is_missing_and_not_damaged(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def goes(path: Path, *_: object, **__: object) -> None:
        path.unlink()
        raise BadInputError("the PNG file is cut off or damaged", file=path)

    scene.open()
    record = scene.window.bench.store.images()[2]
    monkeypatch.setattr(pictures, "thumbnail", goes)
    with pytest.raises(SourceError) as found:
        pictures._thumbnail(record, CancelToken())
    assert found.value.problem is Problem.MISSING
