"""Every tool in use on real images, in the real window, as screenshots on contact sheets.

    python tests/e2e/gallery.py OUT [--only NAME ...]

It drives the window with mouse events at 1280 x 720 and 2560 x 1440, each at scale 1 and 2 (a process each, because Qt
reads the scale once), and writes OUT/<size>-x<scale>/<scene>-<n>.png and OUT/<size>-x<scale>.png, the contact sheet.
The images are those of the sample data beside the repository; a scene whose images are missing is left out by name.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QSpinBox, QToolButton, QWidget

from labeltool import plugins
from labeltool.__main__ import main as labeltool
from labeltool.core.components import region_at
from labeltool.core.geometry import Box
from labeltool.tools.picked import picked_up
from labeltool.ui import theme
from labeltool.ui.main import open_window
from tests.e2e.pause import pause_ms, until

DATA = Path(__file__).parents[3] / "shared" / "data"
PRESS, MOVE, RELEASE, DOUBLE = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.MouseButtonDblClick,
)
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
NO, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
Point = tuple[float, float]
BACKGROUND_MS = 2500
"""Long enough for what a tool works out in the background, on its first use too."""


# ---- the images


class Source(NamedTuple):
    """Images of a data set in the order in which the project lists them; ``labelled`` of them have their labels.
    ``files`` and folders with ``count`` images are taken instead where a data set has no list of classes; ``classes``
    names some. ``first`` takes so many images of the data set, all with their labels but the last two, and trains a
    network on them for a minute."""

    folder: str
    images: tuple[str, ...] = ()
    labelled: tuple[str, ...] = ()
    model: bool = False
    files: tuple[str, ...] = ()
    classes: str = ""
    count: int = 0
    first: int = 0


NUCLEI = "193ffaa5272d5c421ae02130a64d98ad120ec70e4ed97a72cdcd4801ce93b066"
BLURRED = "724b6b7044522f6d5ea35b55f8fa71d0a45a28687be2b7cac3149943ab816eec"
SOURCES = {
    "streets": Source("camvid", ("0016E5_07959", "0016E5_07963"), ("0016E5_07959",)),
    "roofs": Source(
        "buildings", ("banepa_386694-220246-19", "banepa_386695-220246-19"), ("banepa_386694-220246-19",)
    ),
    "nuclei": Source("nuclei", (NUCLEI, BLURRED), model=True),
    "cells": Source("nuclei", count=10, first=10),
    "scans": Source(
        "medical",
        files=("dicom/ct_pelvis_512_window.dcm", "dicom/ct_head_series"),
        classes="bone,air",
        count=94,
    ),
    "maps": Source(
        "geotiff",
        files=("landsat_1985_4band.tif", "dsm_float32_nodata.tif", "newbrunswick_1.tif"),
        classes="vegetation,water,road,building,railway",
        count=3,
    ),
}


def make_project(source: Source, folder: Path) -> Path:
    """A project of these images, as the command line makes it."""
    data = DATA / source.folder
    images = [next((data / "images" / "val").glob(f"{name}.*")) for name in source.images]
    images += [data / name for name in source.files]
    images += sorted((data / "images" / "val").iterdir())[: source.first]
    labels = folder / "labels"
    labels.mkdir(parents=True)
    labelled = [*source.labelled, *(each.stem for each in images[: max(0, source.first - 2)])]
    for name in labelled:
        shutil.copy(data / "labels" / "val" / f"{name}.png", labels)
    project = str(folder / source.folder)
    commands = [
        ["new", project, "--classes", source.classes or str(data / "classes.json")],
        ["add", project, *map(str, images)],
    ]
    if labelled:
        commands.append(["import", project, str(labels), "--format", "png"])
    if source.model:
        commands.append(["prelabel", project, "--images", f"{source.images[0]}*"])
    if source.first:
        commands.append(["train", project, "--name", "first", "--preset", "quick", "--minutes", "1"])
    for command in commands:
        with redirect_stdout(sys.stderr):
            if labeltool(command):
                raise SystemExit(f"labeltool {' '.join(command)} failed")
    return Path(project)


# ---- the hand


class Hand:
    """A mouse over the canvas, in image coordinates, and the menus beside it."""

    def __init__(self, window) -> None:
        self.window = window
        self.canvas = window.findChild(QWidget, "canvas")

    # the mouse

    def mouse(self, kind: QEvent.Type, at: Point, held: Qt.KeyboardModifier = NO, down=LEFT) -> None:
        place = QPointF(*self.canvas.image_to_widget(*at))
        now = NONE if kind == MOVE else LEFT
        event = QMouseEvent(kind, place, QPointF(self.canvas.mapToGlobal(place)), now, down, held)
        QApplication.sendEvent(self.canvas, event)
        QApplication.processEvents()

    def hover(self, at: Point) -> None:
        self.mouse(MOVE, at, down=NONE)

    def drag(self, *way: Point, held: Qt.KeyboardModifier = NO) -> None:
        """Press at the first point and go to the last; the button stays down."""
        self.hover(way[0])
        self.mouse(PRESS, way[0], held)
        self._at, self._held = way[0], held
        self.go(*way[1:])

    def go(self, *way: Point) -> None:
        """On with the button held."""
        for (x0, y0), (x1, y1) in pairwise((self._at, *way)):
            for share in np.linspace(0.125, 1, 8):
                self.mouse(MOVE, (x0 + share * (x1 - x0), y0 + share * (y1 - y0)), self._held)
            self._at = x1, y1

    def let_go(self) -> None:
        self.mouse(RELEASE, self._at, self._held, NONE)

    def click(self, *points: Point, held: Qt.KeyboardModifier = NO) -> None:
        for point in points:
            self.drag(point, held=held)
            self.let_go()

    # what is shown, and with what one draws

    def look(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Bring a part of the image as large as possible to the middle."""
        self.canvas.fit()
        width = self.canvas.compare.room(self.canvas.width())
        self.canvas.zoom_to(min(width / (x1 - x0), self.canvas.height() / (y1 - y0)))
        self.canvas.centre_on((x0 + x1) / 2, (y0 + y1) / 2)
        pause_ms(80)

    def use(self, tool: str, class_name: str = "", diameter_px: float = 0) -> None:
        self.act(tool)
        if class_name:
            self.window._hand.take(self.window.bench.catalog.by_name(class_name).value)
        if diameter_px:
            self.window._hand.set_diameter(diameter_px)
        pause_ms(30)

    def act(self, name: str) -> None:
        """What the menu's or the key's action does."""
        self.window.actions_[name].trigger()

    def section(self, name: str) -> None:
        """Open or close a section of the panel of layers."""
        self.window.findChild(QToolButton, f"section.{name}").click()
        pause_ms(100)

    def key(self, key: Qt.Key) -> None:
        QApplication.sendEvent(self.canvas, QKeyEvent(QEvent.Type.KeyPress, key, NO))

    def dialog(self) -> QDialog:
        return next(each for each in self.window.findChildren(QDialog) if each.isVisible())


Scene = Callable[[Hand], Iterator[None]]
"""Yields when there is something to see; what it has changed is undone afterwards."""


# ---- tools


def _brush(hand: Hand) -> Iterator[None]:
    hand.look(170, 140, 420, 330)
    hand.use("brush", "Road", 34)
    hand.drag((215, 300), (260, 255), (300, 252), (330, 280), (280, 300))
    yield
    hand.let_go()
    hand.use("brush", "Car", 12)
    hand.click((352, 200))
    hand.click((425, 196), held=SHIFT)
    yield


def _eraser(hand: Hand) -> Iterator[None]:
    hand.look(170, 140, 440, 330)
    hand.use("eraser", "Road", 24)
    hand.drag((230, 300), (270, 270), (320, 275), (360, 290))
    yield
    hand.let_go()
    yield


def _polygon(hand: Hand) -> Iterator[None]:
    hand.look(230, 90, 390, 220)
    hand.use("polygon", "building")
    hand.click((282, 134), (333, 138), (334, 172))
    hand.hover((306, 172))
    yield
    hand.click((306, 172), (280, 160))
    hand.key(Qt.Key.Key_Return)
    yield


def _lasso(hand: Hand) -> Iterator[None]:
    hand.look(300, 140, 460, 270)
    hand.use("lasso", "Car")
    around = [(388 + 50 * math.cos(a / 10), 212 + 38 * math.sin(a / 10)) for a in range(0, 63, 3)]
    hand.drag(*around[:15])
    yield
    hand.go(*around[15:])
    hand.let_go()
    yield


def _pick(hand: Hand) -> Iterator[None]:
    hand.look(150, 60, 420, 260)
    hand.use("pick", "building")
    hand.click((260, 170))
    yield
    mask = hand.window.annotate.image.session.mask
    corner = picked_up(region_at(mask, (260, 170)), mask, 1, 0, 1.0).rings[0].points[0]
    hand.drag(tuple(corner), (corner[0] - 14, corner[1] - 12))
    yield
    hand.let_go()
    yield
    hand.drag((160, 130), (420, 210), held=SHIFT)
    yield
    hand.let_go()
    yield
    hand.key(Qt.Key.Key_Escape)


def _fill(hand: Hand) -> Iterator[None]:
    hand.use("fill", "Tree")
    hand.hover((246, 60))
    yield
    hand.click((246, 60))
    yield


def _merge(hand: Hand) -> Iterator[None]:
    hand.look(150, 60, 470, 300)
    hand.use("merge", "building")
    hand.drag((230, 120), (300, 180), (400, 300))
    yield
    hand.let_go()
    hand.use("pick")
    hand.click((230, 120))
    yield
    hand.key(Qt.Key.Key_Escape)


def _wand(hand: Hand) -> Iterator[None]:
    hand.use("wand", "Sky")
    hand.drag((246, 60), (300, 62))
    yield
    hand.let_go()
    yield


def _superpixel(hand: Hand) -> Iterator[None]:
    hand.look(190, 140, 440, 330)
    hand.use("superpixel", "Road")
    hand.hover((310, 250))
    pause_ms(BACKGROUND_MS)
    yield
    hand.drag((310, 250), (280, 280), (330, 290))
    pause_ms(BACKGROUND_MS)
    yield
    hand.let_go()
    yield


def _threshold(hand: Hand) -> Iterator[None]:
    hand.act("auto_contrast")
    hand.look(0, 150, 300, 400)
    hand.use("threshold", "nucleus")
    hand.drag((10, 170), (260, 370))
    yield
    hand.let_go()
    yield
    hand.act("auto_contrast")


def _grabcut(hand: Hand) -> Iterator[None]:
    hand.look(230, 90, 390, 220)
    hand.use("grabcut", "building")
    hand.drag((277, 129), (341, 181))
    yield
    hand.let_go()
    pause_ms(300)
    yield


def _refine(hand: Hand) -> Iterator[None]:
    hand.look(230, 90, 390, 220)
    hand.use("brush", "building", 26)
    hand.drag((298, 150), (322, 150), (318, 166), (300, 162))
    hand.let_go()
    hand.use("refine", "building", 20)
    hand.drag((284, 138), (338, 136), (332, 176), (282, 172), (284, 138))
    yield
    hand.let_go()
    pause_ms(300)
    yield


def _ruler(hand: Hand) -> Iterator[None]:
    hand.look(150, 60, 420, 260)
    hand.use("ruler")
    hand.drag((205, 100), (330, 160))
    yield
    hand.let_go()
    hand.hover((360, 240))
    yield
    hand.key(Qt.Key.Key_Escape)


# ---- the menu Mask


def _asked(name: str, amount: int | None = None) -> Scene:
    """A question with its preview, and what comes of it."""

    def scene(hand: Hand) -> Iterator[None]:
        hand.act("auto_contrast")
        hand.use("brush", "nucleus")
        hand.look(150, 30, 400, 230)
        hand.canvas.leaveEvent(None)
        hand.act(name)
        pause_ms(300)
        dialog = hand.dialog()
        if amount is not None:
            dialog.findChild(QSpinBox, "dialog.region.amount").setValue(amount)
        pause_ms(500)
        yield
        dialog.accept()
        pause_ms(900)
        yield
        hand.act("auto_contrast")

    return scene


def _split(hand: Hand) -> Iterator[None]:
    yield from _asked("split_objects")(hand)
    hand.act("auto_contrast")
    hand.use("pick")
    ground = (305, 60)
    hand.mouse(PRESS, ground)
    hand.mouse(RELEASE, ground, down=NONE)
    hand.mouse(DOUBLE, ground)
    hand.mouse(RELEASE, ground, down=NONE)
    pause_ms(300)
    yield
    hand.act("auto_contrast")


def _fill_holes(hand: Hand) -> Iterator[None]:
    hand.use("eraser", "nucleus", 4)
    hand.click((346, 100), (343, 92), (387, 128), (259, 133), (253, 129))
    yield from _asked("region_fill_holes", 40)(hand)


def _copy_previous(hand: Hand) -> Iterator[None]:
    hand.use("brush", "Car")
    yield
    hand.act("copy_previous")
    pause_ms(900)
    yield


def _take_answer(hand: Hand) -> Iterator[None]:
    hand.act("auto_contrast")
    hand.look(150, 30, 400, 230)
    hand.act("show_model")
    hand.use("eraser", "nucleus", 14)
    hand.drag((170, 80), (380, 150))
    hand.let_go()
    hand.hover((275, 115))
    yield
    answer = hand.window.annotate.image.prediction.label
    x = next(x for x in range(335, 360) if answer.read(Box(x, 133, x + 1, 134)).all())
    hand.hover((x, 133))
    hand.act("take_answer")
    pause_ms(500)
    yield
    hand.act("show_model")
    hand.act("auto_contrast")


# ---- protecting, seeing, keys


def _protection(hand: Hand) -> Iterator[None]:
    hand.use("brush", "Car", 60)
    button = hand.window._top.paint
    button.menu().popup(button.mapToGlobal(QPoint(0, button.height())))
    yield
    button.menu().hide()
    hand.act("paint_over_class")
    hand.act("lock_class_4")
    hand.look(300, 140, 460, 270)
    hand.use("brush", "Road")
    hand.drag((330, 200), (430, 230))
    hand.let_go()
    yield
    hand.act("paint_anywhere")
    hand.use("brush", hand.window.bench.catalog.classes[3].name)
    hand.drag((330, 200), (430, 230))
    hand.let_go()
    yield
    hand.act("lock_class_4")
    hand.window._banner.tell("")


def _swipe(hand: Hand) -> Iterator[None]:
    hand.act("swipe")
    yield
    hand.act("swipe")


def _side_by_side(hand: Hand) -> Iterator[None]:
    hand.act("side_by_side")
    hand.use("brush", "Car", 30)
    hand.hover((300, 200))
    yield
    hand.act("side_by_side")


def _minimap(hand: Hand) -> Iterator[None]:
    hand.look(240, 100, 300, 140)
    hand.hover((270, 118))
    yield


def _crosshair(hand: Hand) -> Iterator[None]:
    hand.act("show_crosshair")
    hand.use("brush", "Car", 16)
    hand.look(170, 100, 440, 290)
    hand.hover((290, 205))
    yield
    hand.act("show_crosshair")


def _confidence(hand: Hand) -> Iterator[None]:
    hand.act("auto_contrast")
    hand.act("show_confidence")
    hand.look(350, 100, 690, 350)
    yield
    hand.act("show_confidence")
    hand.act("auto_contrast")


def _value_window(hand: Hand) -> Iterator[None]:
    hand.section("look")
    hand.use("brush", "bone", 20)
    hand.hover((170, 260))
    yield
    looks = hand.window.annotate.looks
    looks.choose(next(each for each in looks.windows if each.name == "Bone"))
    yield
    start = QPointF(hand.canvas.width() / 2, hand.canvas.height() / 2)
    ctrl, right = Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.RightButton
    for kind, at in ((PRESS, start), (MOVE, start + QPointF(-90, -60)), (RELEASE, start + QPointF(-90, -60))):
        QApplication.sendEvent(hand.canvas, QMouseEvent(kind, at, at, right, right, ctrl))
    yield
    looks.choose("opened")
    hand.section("look")


def _slices(hand: Hand) -> Iterator[None]:
    hand.use("threshold", "bone")
    hand.drag((8, 4), (58, 62))
    hand.let_go()
    pause_ms(BACKGROUND_MS)
    yield


def _bands(hand: Hand) -> Iterator[None]:
    hand.section("look")
    looks = hand.window.annotate.looks
    yield
    looks.set_composite((2, 3, 1))
    looks.set_auto(True)
    yield
    looks.choose("opened")
    hand.section("look")


def _heights(hand: Hand) -> Iterator[None]:
    hand.use("ruler")
    hand.drag((60, 60), (190, 160))
    yield
    hand.let_go()


def _splits(hand: Hand) -> Iterator[None]:
    hand.act("splits")
    pause_ms(200)
    yield
    hand.dialog().close()


def _measures(hand: Hand) -> Iterator[None]:
    hand.act("measures")
    pause_ms(200)
    hand.dialog().run.click()
    pause_ms(BACKGROUND_MS)
    yield
    hand.dialog().close()


def _import(hand: Hand) -> Iterator[None]:
    hand.act("import")
    pause_ms(200)
    yield
    hand.dialog().close()


def _keys(hand: Hand) -> Iterator[None]:
    hand.act("keys")
    pause_ms(200)
    yield
    hand.dialog().close()


def _palette(hand: Hand) -> Iterator[None]:
    for text in ("", "grw", "car"):
        hand.act("palette")
        pause_ms(100)
        QTest.keyClicks(hand.dialog().line, text)
        yield
        hand.dialog().close()


def _train_new(hand: Hand) -> Iterator[None]:
    hand.act("train_new")
    pause_ms(BACKGROUND_MS)
    yield
    hand.window.findChild(QToolButton, "train.new.more").click()
    yield
    hand.act("workspace_annotate")


def _train_run(hand: Hand) -> Iterator[None]:
    hand.act("workspace_train")
    pause_ms(BACKGROUND_MS)
    hand.window.spaces.train.show_thing(("run", "first"))
    pause_ms(BACKGROUND_MS)
    yield
    hand.act("workspace_annotate")


def _train_model(hand: Hand) -> Iterator[None]:
    hand.act("workspace_train")
    pause_ms(BACKGROUND_MS)
    train = hand.window.spaces.train
    for name in ("first", "nuclei"):
        train.show_thing(("model", next(m.key for m in train._shelf.models if m.card.name == name)))
        yield
    hand.act("workspace_annotate")


def _train_compare(hand: Hand) -> Iterator[None]:
    hand.act("model_compare")
    pause_ms(BACKGROUND_MS)
    page = hand.window.spaces.train.compare_page
    for combo, name in ((page.first, "first"), (page.second, "nuclei")):
        combo.setCurrentText(name)
    page.run.click()
    while hand.window._work.busy:
        pause_ms(100)
    yield
    hand.act("workspace_annotate")


SCENES: dict[str, tuple[str, int, Scene]] = {
    "brush": ("streets", 1, _brush),
    "eraser": ("streets", 0, _eraser),
    "polygon": ("roofs", 1, _polygon),
    "lasso": ("streets", 1, _lasso),
    "pick": ("roofs", 0, _pick),
    "fill": ("streets", 0, _fill),
    "merge": ("roofs", 0, _merge),
    "wand": ("streets", 1, _wand),
    "superpixel": ("streets", 1, _superpixel),
    "threshold": ("nuclei", 1, _threshold),
    "grabcut": ("roofs", 1, _grabcut),
    "refine": ("roofs", 1, _refine),
    "ruler": ("roofs", 0, _ruler),
    "grow": ("nuclei", 0, _asked("region_grow", 4)),
    "fill-holes": ("nuclei", 0, _fill_holes),
    "split": ("nuclei", 0, _split),
    "copy-previous": ("streets", 1, _copy_previous),
    "take-answer": ("nuclei", 0, _take_answer),
    "protection": ("streets", 0, _protection),
    "swipe": ("streets", 0, _swipe),
    "side-by-side": ("streets", 0, _side_by_side),
    "minimap": ("streets", 0, _minimap),
    "crosshair": ("streets", 0, _crosshair),
    "confidence": ("nuclei", 0, _confidence),
    "value-window": ("scans", 0, _value_window),
    "slices": ("scans", 60, _slices),
    "bands": ("maps", 0, _bands),
    "heights": ("maps", 1, _heights),
    "splits": ("scans", 0, _splits),
    "measures": ("nuclei", 0, _measures),
    "import": ("maps", 2, _import),
    "keys": ("streets", 0, _keys),
    "palette": ("streets", 0, _palette),
    "train-new": ("cells", 0, _train_new),
    "train-run": ("cells", 0, _train_run),
    "train-model": ("cells", 0, _train_model),
    "train-compare": ("cells", 0, _train_compare),
}
"""By name: the project, the image of it, and what is done. Every tool of the entry-point group has a scene."""


# ---- the pictures


def screenshot(hand: Hand) -> QPixmap:
    """The window with the dialogs and menus over it, and the pointer where it is a cross."""
    window = hand.window
    shown = window.grab()
    painter = QPainter(shown)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for each in QApplication.topLevelWidgets():
        if each is not window and each.isVisible() and isinstance(each, QDialog | QMenu):
            at = window.mapFromGlobal(each.mapToGlobal(QPoint(0, 0)))
            painter.drawPixmap(at, each.grab())
            painter.setPen(QPen(QColor(128, 128, 128), 1))
            painter.drawRect(each.rect().translated(at))
    if hand.canvas.pointer is not None and window.annotate.tool.cursor == "cross":
        place = QPointF(*hand.canvas.image_to_widget(*hand.canvas.pointer))
        x, y = hand.canvas.mapTo(window, place).toTuple()
        for color, width in (("black", 3), ("white", 1)):
            painter.setPen(QPen(QColor(color), width))
            painter.drawLine(QPointF(x - 8, y), QPointF(x + 8, y))
            painter.drawLine(QPointF(x, y - 8), QPointF(x, y + 8))
    painter.end()
    return shown


def shoot(out: Path, width: int, height: int, projects: dict[str, Path], names: Sequence[str]) -> None:
    """Screenshots of these scenes, dark and every fourth light."""
    out.mkdir(parents=True, exist_ok=True)
    window = open_window()
    window.resize(width, height)
    hand = Hand(window)
    for number, name in enumerate(names):
        theme.choose("light" if number % 4 == 3 else "dark")
        window.refresh_theme()
        project, image, scene = SCENES[name]
        _open(window, projects[project], image)
        session = window.annotate.image.session
        before = session.revision
        for shot, _ in enumerate(scene(hand), 1):
            pause_ms(300)
            screenshot(hand).save(str(out / f"{name}-{shot}.png"))
        hand.canvas.cancel_gesture()
        for _ in range(session.revision - before):
            session.undo()
        hand.canvas.leaveEvent(None)
    window.close()
    pause_ms(50)


def _open(window, project: Path, image: int) -> None:
    if window.bench is None or window.bench.store.root != project:
        window.open_path(project)
        until(lambda: window.bench is not None and window.bench.store.root == project)
        pause_ms(300)
    wanted = window.bench.store.images()[image].id
    if window.annotate.image is None or window.annotate.image.record.id != wanted:
        window.bench.open_image(wanted)
    for _ in range(500):
        if window.annotate.image is not None and window.annotate.image.record.id == wanted:
            break
        pause_ms(20)
    window.annotate.canvas.fit()
    pause_ms(200)


def contact_sheet(pictures: Sequence[Path], out: Path, columns: int = 4, side: int = 900) -> None:
    """All pictures on one, each as wide as ``side`` pixels."""
    small = []
    for path in pictures:
        image = Image.open(path).convert("RGB")
        small.append(image.resize((side, round(side * image.height / image.width)), Image.Resampling.LANCZOS))
    height = max(image.height for image in small)
    rows = -(-len(small) // columns)
    sheet = Image.new("RGB", (columns * side, rows * height), "white")
    for n, image in enumerate(small):
        sheet.paste(image, (n % columns * side, n // columns * height))
    sheet.save(out)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="+", choices=SCENES, metavar="NAME", help="these scenes alone")
    parser.add_argument("--size", nargs=2, type=int, metavar=("WIDTH", "HEIGHT"), help="this size alone")
    parser.add_argument("--scale", type=int, help="this scale alone")
    parser.add_argument("--projects", type=Path, help=argparse.SUPPRESS)  # for the process of one size
    given = parser.parse_args()
    names = given.only or list(SCENES)
    if given.projects:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(given.projects))
        projects = {name: given.projects / name / source.folder for name, source in SOURCES.items()}
        shoot(given.out, *given.size, projects, names)
        return 0
    undrawn = set(plugins.names("labeltool.tools")) - set(SCENES)
    if undrawn:
        print("tools without a scene:", *sorted(undrawn))
    with tempfile.TemporaryDirectory() as folder:
        for name in dict.fromkeys(SCENES[scene][0] for scene in names):
            source = SOURCES[name]
            if (DATA / source.folder).is_dir():
                make_project(source, Path(folder) / name)
            else:
                print(f"{name}: left out, {DATA / source.folder} is missing")
        names = [name for name in names if (Path(folder) / SCENES[name][0]).is_dir()]
        for width, height in [given.size] if given.size else ((1280, 720), (2560, 1440)):
            for scale in [given.scale] if given.scale else (1, 2):
                out = given.out / f"{width}x{height}-x{scale}"
                words = [str(out), "--projects", folder, "--size", str(width), str(height), "--only", *names]
                environment = {**os.environ, "QT_SCALE_FACTOR": str(scale)}
                subprocess.run([sys.executable, __file__, *words], check=True, env=environment)
                pictures = [each for name in names for each in sorted(out.glob(f"{name}-?.png"))]
                contact_sheet(pictures, given.out / f"{out.name}.png")
                print(
                    given.out / f"{out.name}.png",
                    len(names),
                    "scenes,",
                    len(pictures),
                    "pictures",
                    flush=True,
                )
    return 1 if undrawn else 0


if __name__ == "__main__":
    raise SystemExit(main())
