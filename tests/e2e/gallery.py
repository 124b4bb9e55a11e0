"""Every tool in use on a real image, in the real window, as screenshots on contact sheets.

    python tests/e2e/gallery.py OUT

It drives the window with mouse events at 1280 x 720 and 2560 x 1440, each at scale 1 and 2 (a process each, because Qt
reads the scale once), and writes OUT/<size>-x<scale>/<tool>.png and OUT/<size>-x<scale>.png, the contact sheet.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.resources import as_file, files
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, QSettings, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.draw import connected_regions
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.store.project import ProjectStore
from labeltool.ui import theme
from labeltool.ui.main import open_window
from tests.e2e.pause import pause_ms

PRESS, MOVE, RELEASE, DOUBLE = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.MouseButtonDblClick,
)
LEFT = Qt.MouseButton.LeftButton
NO, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
Point = tuple[float, float]


class Hand:
    """A mouse over the canvas, in image coordinates."""

    def __init__(self, window, coins: list[Box]) -> None:
        self.window, self.coins = window, coins
        self.canvas = window.findChild(QWidget, "canvas")

    def mouse(self, kind: QEvent.Type, at: Point, held: Qt.KeyboardModifier = NO) -> None:
        place = QPointF(*self.canvas.image_to_widget(*at))
        none = Qt.MouseButton.NoButton
        now, down = (none if kind == MOVE else LEFT), (none if kind == RELEASE else LEFT)
        event = QMouseEvent(kind, place, QPointF(self.canvas.mapToGlobal(place)), now, down, held)
        QApplication.sendEvent(self.canvas, event)
        QApplication.processEvents()

    def hover(self, at: Point) -> None:
        place = QPointF(*self.canvas.image_to_widget(*at))
        none = Qt.MouseButton.NoButton
        QApplication.sendEvent(
            self.canvas, QMouseEvent(MOVE, place, QPointF(self.canvas.mapToGlobal(place)), none, none, NO)
        )

    def drag(self, *way: Point, let_go: bool = True, held: Qt.KeyboardModifier = NO) -> None:
        self.mouse(PRESS, way[0], held)
        for point in way[1:]:
            self.mouse(MOVE, point, held)
        if let_go:
            self.mouse(RELEASE, way[-1], held)

    def click(self, *points: Point, held: Qt.KeyboardModifier = NO) -> None:
        for point in points:
            self.drag(point, held=held)

    def circle(self, coin: int, grow: float = 1.0, count: int = 24) -> list[Point]:
        box = self.coins[coin]
        cx, cy = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        rx, ry = grow * box.width / 2, grow * box.height / 2
        return [(cx + rx * np.cos(a), cy + ry * np.sin(a)) for a in np.linspace(0, 2 * np.pi, count)]

    def middle(self, coin: int) -> Point:
        box = self.coins[coin]
        return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2

    def corners(self, coin: int, margin: int = 8) -> tuple[Point, Point]:
        box = self.coins[coin].grow(margin)
        return (box.x0, box.y0), (box.x1, box.y1)


def _brush(hand: Hand) -> None:
    hand.drag(*hand.circle(8, 0.7)[:16], let_go=False)


def _polygon(hand: Hand) -> None:
    hand.click(*hand.circle(9, 1.0, 9)[:6])
    hand.hover(hand.circle(9, 1.0, 9)[6])


def _lasso(hand: Hand) -> None:
    hand.drag(*hand.circle(10, 1.05)[:18], let_go=False)


def _pick(hand: Hand) -> None:
    hand.click(hand.middle(2))


def _box(hand: Hand) -> None:
    start, end = hand.corners(11)
    hand.drag(start, hand.middle(11), end, let_go=False)


def _grabcut(hand: Hand) -> None:
    start, end = hand.corners(11)
    hand.drag(start, hand.middle(11), end)


def _wand(hand: Hand) -> None:
    x, y = hand.middle(12)
    hand.drag((x, y), (x + 12, y + 4), let_go=False)


def _superpixel(hand: Hand) -> None:
    x, y = hand.middle(13)
    hand.drag((x - 8, y), (x, y), (x + 6, y + 6))
    hand.hover((x + 14, y - 10))


def _fill(hand: Hand) -> None:
    hand.click(hand.middle(1))


def _refine(hand: Hand) -> None:
    hand.drag(*hand.circle(2, 1.0)[:10], let_go=False)


def _ruler(hand: Hand) -> None:
    start, end = hand.corners(3)
    hand.drag(start, end, let_go=False)


SCENES: dict[str, Callable[[Hand], None]] = {
    "brush": _brush,
    "eraser": _refine,
    "polygon": _polygon,
    "lasso": _lasso,
    "pick": _pick,
    "fill": _fill,
    "wand": _wand,
    "superpixel": _superpixel,
    "threshold": _box,
    "grabcut": _grabcut,
    "refine": _refine,
    "ruler": _ruler,
}


def coins_project(folder: Path) -> tuple[Path, list[Box]]:
    """A picture that scikit-image ships; the first eight coins are labelled, with a ragged edge and a hole."""
    images = folder / "images"
    images.mkdir()
    with as_file(files("skimage") / "data" / "coins.png") as source:
        grey = np.asarray(Image.open(source).convert("L"))
    (images / "coins.png").write_bytes(cv2.imencode(".png", grey)[1].tobytes())
    bright = cv2.morphologyEx((grey > 110).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    _, ids, stats = connected_regions(bright.astype(bool))
    chosen = [n for n in range(len(stats)) if 900 < stats[n][4] < 6000]
    coins = [Box(x, y, x + w, y + h) for x, y, w, h, _ in (stats[n].tolist() for n in chosen)]
    with ProjectStore.create(folder / "project", "coins", ClassCatalog.from_names(["coin", "edge"])) as store:
        add_images(store, [images])
        record = store.images()[0]
        mask = store.load_mask(record.id)
        label = np.isin(ids, [n + 1 for n in chosen[:8]]).astype(np.uint8)
        label[np.random.default_rng(4).random(label.shape) < 0.01] = 0
        store.commit(
            record.id,
            write(mask, mask.size.box, label > 0, title="", kind="import", label=1, origin=3),
            expected=0,
        )
    return folder / "project", coins


def shoot(out: Path, width: int, height: int) -> list[Path]:
    """A screenshot of each tool at work."""
    out.mkdir(parents=True, exist_ok=True)
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)
        project, coins = coins_project(Path(folder))
        window = open_window(project)
        window.resize(width, height)
        hand = Hand(window, coins)
        while window.annotate.image is None:
            pause_ms(20)
        for number, (tool, scene) in enumerate(SCENES.items()):
            if tool not in window.actions_:
                continue
            theme.choose("light" if number % 4 == 3 else "dark")
            window.refresh_theme()
            window.actions_[tool].trigger()
            hand.canvas.fit()
            pause_ms(60)
            scene(hand)
            pause_ms(120)
            taken.append(out / f"{tool}.png")
            window.grab().save(str(taken[-1]))
            hand.canvas.cancel_gesture()
        window.close()
        pause_ms(50)
    return taken


def contact_sheet(pictures: Sequence[Path], out: Path, columns: int = 3, side: int = 900) -> None:
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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--one", nargs=2, type=int, metavar=("WIDTH", "HEIGHT"), help="this size alone, at the scale set"
    )
    given = parser.parse_args()
    if given.one:
        shoot(given.out, *given.one)
        return 0
    for width, height in ((1280, 720), (2560, 1440)):
        for scale in (1, 2):
            folder = given.out / f"{width}x{height}-x{scale}"
            # At scale 2 a window of half the size fills the same screen.
            size = [str(width // scale), str(height // scale)] if width > 1280 else [str(width), str(height)]
            command = [sys.executable, __file__, str(folder), "--one", *size]
            subprocess.run(command, check=True, env={**os.environ, "QT_SCALE_FACTOR": str(scale)})
            pictures = [folder / f"{tool}.png" for tool in SCENES if (folder / f"{tool}.png").exists()]
            contact_sheet(pictures, given.out / f"{folder.name}.png")
            print(given.out / f"{folder.name}.png", len(pictures), "tools", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
