"""What a brush move costs with its repaint, beside a plain reference that repaints everything.

Run with `make bench`. One process, one run; medians and spreads, nothing asserted.
"""

from __future__ import annotations

import itertools
import os
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from labeltool.app.session import Session
from labeltool.core.catalog import ClassCatalog
from labeltool.core.draw import capsule
from labeltool.core.geometry import Size
from labeltool.core.mask import LabelMask
from labeltool.imaging.pyramid import Pyramid
from labeltool.tools.brush import BRUSH
from labeltool.tools.tool import Pointer
from labeltool.ui.annotate import Annotate
from labeltool.ui.canvas.widget import Canvas

MOVES, RADIUS = 200, 100.0


class _Bench:
    """As much of a workbench as a canvas needs."""

    editable = True

    def __init__(self, image, catalog, hand):
        self.open, self.catalog, self.hand = image, catalog, hand


def moves(size: Size) -> list[tuple[float, float]]:
    angle = np.linspace(0, 4 * np.pi, MOVES)
    return list(
        zip(size.width * (0.5 + 0.2 * np.cos(angle)), size.height * (0.5 + 0.2 * np.sin(angle)), strict=True)
    )


def ours(app: QApplication, size: Size, pixels, zoom: float | None) -> list[float]:
    from labeltool.app.toolbox import Hand
    from labeltool.app.workbench import OpenImage

    catalog = ClassCatalog.from_names(["a", "b"])
    session = Session(LabelMask(size), lambda operation: None)
    hand = Hand(radius_px=RADIUS)
    canvas = Canvas(lambda: annotate.context())
    annotate = Annotate(canvas)
    image = OpenImage(None, session, Pyramid(pixels))
    annotate._bench = _Bench(image, catalog, hand)
    canvas.resize(1600, 900)
    canvas.show()
    annotate._show(image)
    canvas.set_tool(BRUSH)
    if zoom:
        canvas.zoom_to(zoom)
    app.processEvents()
    points = moves(size)
    canvas._send(Pointer("press", *points[0]))
    app.processEvents()
    times = []
    for x, y in points:
        started = time.perf_counter()
        canvas._send(Pointer("move", x, y))
        app.processEvents()
        times.append((time.perf_counter() - started) * 1000)
    canvas._send(Pointer("release", *points[-1]))
    canvas.close()
    return times


def reference(size: Size, pixels) -> list[float]:
    """Whole-array numpy and a full repaint, as a first version would do it."""
    label = np.zeros((size.height, size.width), np.uint8)
    screen = QImage(1600, 900, QImage.Format.Format_RGB32)
    points = moves(size)
    times = []
    for start, end in itertools.pairwise(points[:9]):
        started = time.perf_counter()
        shape = capsule(start, end, RADIUS, size)
        label[shape.box.slices()][shape.inside] = 1
        blended = pixels.copy()
        blended[label == 1] = (blended[label == 1] * 0.5 + np.array([115, 80, 0])).astype(np.uint8)
        image = QImage(blended.data, size.width, size.height, size.width * 3, QImage.Format.Format_RGB888)
        painter = QPainter(screen)
        painter.drawImage(screen.rect(), image)
        painter.end()
        times.append((time.perf_counter() - started) * 1000)
    return times


def report(name: str, times: list[float]) -> None:
    p = np.percentile(times, [50, 5, 95, 99])
    print(
        f"{name:<44} median {p[0]:7.2f} ms   5..95 % {p[1]:6.2f}..{p[2]:6.2f}   99 % {p[3]:6.2f}   n={len(times)}"
    )


def main() -> None:
    app = QApplication.instance() or QApplication([])
    size = Size(4000, 3000)
    pixels = np.random.default_rng(1).integers(0, 255, (size.height, size.width, 3), np.uint8)
    for name, zoom in (("fitted", None), ("50 %", 0.5), ("100 %", 1.0), ("200 %", 2.0)):
        report(f"brush move r=100, 4000x3000, {name}", ours(app, size, pixels, zoom))
    report("reference: whole array, full repaint", reference(size, pixels))


if __name__ == "__main__":
    main()
