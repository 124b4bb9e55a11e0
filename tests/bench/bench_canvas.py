"""What a brush move, an undo and a dragged vertex cost until they are on the screen, beside a plain reference.

    make bench          or          python tests/bench/bench_canvas.py [--quick]

One process, one run: our path (sparse tiles, dirty rectangles) and a reference path (one numpy array the size of
the image, blended whole, painted whole), medians, 99th percentiles, ratios and peak memory. Moves are real mouse
events sent to the real canvas. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication

from labeltool import plugins
from labeltool.app.at_hand import OpenImage
from labeltool.app.jobs import Lanes
from labeltool.app.session import Session
from labeltool.app.toolbox import Hand
from labeltool.core.catalog import ClassCatalog
from labeltool.core.change import Signal
from labeltool.core.draw import capsule, polygon
from labeltool.core.geometry import TILE, Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import paint
from labeltool.core.project import ImageRecord
from labeltool.core.shape import dense
from labeltool.imaging.reader import ImageInfo
from labeltool.ui.annotate import Annotate
from labeltool.ui.bridge import Bridge
from labeltool.ui.canvas.widget import Canvas
from tests.bench.memory import peak_mb

SIZES = (Size(4_000, 3_000), Size(10_000, 10_000), Size(30_000, 30_000))
RADII = (20.0, 100.0, 1_000.0)
MOVES, UNDONE_MOVES, WIDGET = 300, 100, (1600, 900)
MOST_REFERENCE_PIXELS = 100_000_000
PRESS, MOVE, RELEASE = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.MouseButtonRelease,
)


class Synthetic:
    """A picture of any size that takes no memory: what is measured is the canvas, not the disk."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.info = ImageInfo(size, "png", "RGB")
        self.sizes = [size]
        while max(self.sizes[-1]) > TILE:
            last = self.sizes[-1]
            self.sizes.append(Size((last.width + 1) // 2, (last.height + 1) // 2))
        self.arrived: Signal[tuple[int, Box]] = Signal()
        noise = np.random.default_rng(1).integers(60, 180, (TILE, TILE, 1), np.uint8)
        self._tile = np.ascontiguousarray(np.broadcast_to(noise, (TILE, TILE, 3)))

    @property
    def level_count(self) -> int:
        return len(self.sizes)

    def tile(self, level: int, row: int, col: int) -> np.ndarray:
        size = self.sizes[level]
        return self._tile[: min(TILE, size.height - row * TILE), : min(TILE, size.width - col * TILE)]

    def peek(self, level: int, row: int, col: int) -> np.ndarray:
        return self.tile(level, row, col)

    def sample(self) -> np.ndarray:
        return self._tile

    def read(self, box: Box, level: int = 0) -> np.ndarray:
        rows, columns = np.arange(box.y0, box.y1) % TILE, np.arange(box.x0, box.x1) % TILE
        return self._tile[np.ix_(rows, columns)]

    def close(self) -> None: ...


class _Bench:
    """As much of a workbench as a canvas needs."""

    editable = True

    def __init__(self, image: OpenImage, catalog: ClassCatalog, hand: Hand) -> None:
        self.open, self.catalog, self.hand = image, catalog, hand
        self.lanes = Lanes(Bridge(QApplication.instance()).deliver)


class Desk:
    """A real canvas with an image of some size, and a mouse."""

    def __init__(
        self, size: Size, tool: str = "brush", radius_px: float = 100.0, zoom: float | None = None
    ) -> None:
        self.session = Session(LabelMask(size), lambda operation: None)
        self.hand = Hand(radius_px=radius_px)
        self.canvas = Canvas(lambda: self.annotate.context())
        self.annotate = Annotate(self.canvas)
        record = ImageRecord("0" * 32, Path("synthetic.png"), size, "png", "", 0)
        image = OpenImage(record, self.session, Synthetic(size))  # type: ignore[arg-type]
        self.annotate._bench = _Bench(image, ClassCatalog.from_names(["a", "b"]), self.hand)
        self.canvas.resize(*WIDGET)
        self.canvas.show()
        self.annotate._show(image)
        self.annotate.use(plugins.load("labeltool.tools", tool))
        if zoom:
            self.canvas.zoom_to(zoom)
        QApplication.processEvents()

    def mouse(self, kind: QEvent.Type, x: float, y: float) -> None:
        """An event at a place of the widget, handled and painted when this returns."""
        at = QPointF(x, y)
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        button = none if kind == MOVE else left
        held = none if kind == RELEASE else left
        event = QMouseEvent(
            kind, at, self.canvas.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(self.canvas, event)
        QApplication.processEvents()

    def way(self, count: int) -> list[tuple[float, float]]:
        """Two rounds on an ellipse in the part of the widget that the image fills."""
        seen = self.canvas.what_is_seen().visible
        (x0, y0), (x1, y1) = (
            self.canvas.image_to_widget(seen.x0, seen.y0),
            self.canvas.image_to_widget(seen.x1, seen.y1),
        )
        angle = np.linspace(0, 4 * np.pi, count)
        xs = (x0 + x1) / 2 + 0.35 * (x1 - x0) * np.cos(angle)
        ys = (y0 + y1) / 2 + 0.35 * (y1 - y0) * np.sin(angle)
        return list(zip(xs.tolist(), ys.tolist(), strict=True))

    def stroke(self, count: int) -> list[float]:
        """Milliseconds of each move of a stroke."""
        points = self.way(count + 1)
        self.mouse(PRESS, *points[0])
        times = [timed(lambda p=p: self.mouse(MOVE, *p)) for p in points[1:]]
        self.mouse(RELEASE, *points[-1])
        return times

    def undo(self) -> None:
        self.session.undo()
        QApplication.processEvents()


@contextmanager
def desk(*args, **options) -> Iterator[Desk]:
    made = Desk(*args, **options)
    try:
        yield made
    finally:
        made.annotate._bench.lanes.close()
        made.canvas.close()
        made.canvas.deleteLater()
        QApplication.processEvents()


class Reference:
    """A first version as anybody would write it: whole arrays, the whole widget painted on every move."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.label = np.zeros((size.height, size.width), np.uint8)
        self.pixels = np.full((size.height, size.width, 3), 90, np.uint8)
        self.screen = QImage(*WIDGET, QImage.Format.Format_RGB32)

    def move(self, start: tuple[float, float], end: tuple[float, float], radius_px: float) -> None:
        shape = dense(capsule(start, end, radius_px, self.size))
        self.label[shape.box.slices()][shape.inside] = 1
        self.show()

    def show(self) -> None:
        blended = self.pixels.copy()
        blended[self.label == 1] = (blended[self.label == 1] * 0.5 + np.array([115, 80, 0])).astype(np.uint8)
        width, height = self.size
        image = QImage(blended.data, width, height, width * 3, QImage.Format.Format_RGB888)
        painter = QPainter(self.screen)
        painter.drawImage(self.screen.rect(), image)
        painter.end()

    def undo(self, before: np.ndarray) -> None:
        self.label = before.copy()
        self.show()


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def row(name: str, times: list[float], reference_ms: float | None = None) -> float:
    middle, late = np.percentile(times, [50, 99])
    ratio = (
        "" if reference_ms is None else f"   reference {reference_ms:8.1f} ms   x{reference_ms / middle:6.0f}"
    )
    print(f"{name:<52} median {middle:7.2f} ms   99 % {late:7.2f}   n={len(times)}{ratio}", flush=True)
    return float(middle)


def reference_of(size: Size) -> dict[float | str, float]:
    """Median milliseconds of the reference path by radius, and of its undo; empty where it takes too much memory."""
    if size.pixels > MOST_REFERENCE_PIXELS:
        return {}
    plain = Reference(size)
    angle = np.linspace(0, np.pi, 6)
    points = list(
        zip(size.width * (0.5 + 0.3 * np.cos(angle)), size.height * (0.5 + 0.3 * np.sin(angle)), strict=True)
    )
    found: dict[float | str, float] = {}
    for radius in RADII:
        found[radius] = float(
            np.median(
                [timed(lambda a=a, b=b, r=radius: plain.move(a, b, r)) for a, b in itertools.pairwise(points)]
            )
        )
    before = plain.label.copy()
    found["undo"] = float(np.median([timed(lambda: plain.undo(before)) for _ in range(3)]))
    return found


def brush(quick: bool) -> None:
    print("== brush moves and the undo of a stroke, from the mouse event to the painted widget")
    for size in SIZES:
        plain = {} if quick else reference_of(size)
        for radius, zoom in itertools.product(RADII, (None, 1.0)):
            view = "fitted" if zoom is None else "100 %"
            name = f"{size.width:,} x {size.height:,}  r={radius:g}  {view}"
            with desk(size, radius_px=radius, zoom=zoom) as at:
                at.stroke(5)
                row(f"brush  {name}", at.stroke(60 if quick else MOVES), plain.get(radius))
                undone = []
                for _ in range(5):
                    at.stroke(UNDONE_MOVES)
                    undone.append(timed(at.undo))
                row(f"undo   {name}", undone, plain.get("undo"))


def vertices() -> None:
    """200 regions of 50 vertices, all picked up; one vertex is dragged."""
    print("== dragging a vertex among 200 contours of 50 vertices")
    size = Size(4_000, 3_000)
    with desk(size, "pick") as at:
        mask = at.session.mask
        centres = [(100 + 190 * c, 140 + 280 * r) for r in range(10) for c in range(20)]
        for cx, cy in centres:
            angle = np.linspace(0, 2 * np.pi, 50, endpoint=False)
            radius = 60 + 18 * np.cos(9 * angle)
            ring = list(
                zip(
                    (cx + radius * np.cos(angle)).tolist(),
                    (cy + radius * np.sin(angle)).tolist(),
                    strict=True,
                )
            )
            mask.apply(paint(mask, polygon([ring], size), title="", kind="", label=1, origin=2))
        at.annotate.redraw("mask")
        pick_everything(at)
        outlines = at.canvas.preview.outlines
        count = sum(len(each.points) for each in outlines)
        print(f"   {len(outlines)} contours, {count} vertices together")
        x, y = at.canvas.image_to_widget(*outlines[len(outlines) // 2].points[0].tolist())
        at.mouse(PRESS, x, y)
        way = [(x + 6 * np.cos(a), y + 6 * np.sin(a)) for a in np.linspace(0, 12, MOVES)]
        row("vertex move", [timed(lambda p=p: at.mouse(MOVE, *p)) for p in way])
        row("vertex put back", [timed(lambda: at.mouse(RELEASE, *way[-1]))])


def pick_everything(at: Desk) -> None:
    """A double click beside the regions picks up all that are on the screen; the answer comes from a lane."""
    x, y = at.canvas.image_to_widget(5, 5)
    for kind in (PRESS, RELEASE, QEvent.Type.MouseButtonDblClick, RELEASE):
        at.mouse(kind, x, y)
    deadline = time.monotonic() + 20
    while not at.canvas.preview.outlines and time.monotonic() < deadline:
        QApplication.processEvents()


def memory() -> None:
    """500 strokes, as many steps of undo, on the largest image."""
    print("== memory")
    with desk(SIZES[-1], radius_px=100, zoom=1.0) as at:
        for number in range(500):
            at.canvas.centre_on(1_500 + 1_100 * (number % 25), 1_500 + 1_400 * (number // 25))
            at.stroke(4)
        steps = len(at.session._undo)
        print(
            f"peak of the whole run with {steps} steps of undo at 30,000 x 30,000: {peak_mb():.0f} MB",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer moves, no reference")
    quick = parser.parse_args().quick
    app = QApplication.instance() or QApplication([])
    memory()
    brush(quick)
    vertices()
    app.processEvents()


if __name__ == "__main__":
    main()
