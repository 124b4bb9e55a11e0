"""The panels at the right of the window, as docks that can be moved, closed and found again."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QWidget

from labeltool.ui.panels import classes as class_panel
from labeltool.ui.panels import images as image_panel
from labeltool.ui.panels.classes import ClassPanel
from labeltool.ui.panels.images import ImagePanel
from labeltool.ui.panels.layers import LayerPanel

translate = QCoreApplication.translate

WIDTH_PX = 288
"""Width of the panels."""


class Docks:
    """Classes, layers and images, one above the other."""

    def __init__(
        self, window: QMainWindow, classes: ClassPanel, layers: LayerPanel, images: ImagePanel
    ) -> None:
        self._window, self._classes, self._layers, self._images = window, classes, layers, images
        self._placed = False
        self._docks = [
            self._dock("classes", translate("Docks", "Classes"), classes),
            self._dock("layers", translate("Docks", "Layers"), layers),
            self._dock("images", translate("Docks", "Images"), images),
        ]

    def _dock(self, name: str, title: str, panel: QWidget) -> QDockWidget:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(f"dock.{name}")
        dock.setWidget(panel)
        self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        return dock

    def __iter__(self) -> Iterator[QDockWidget]:
        return iter(self._docks)

    def fill_menu(self, menu: QMenu) -> None:
        """Where a dock that was closed is found again."""
        menu.addSeparator()
        for dock in self._docks:
            menu.addAction(dock.toggleViewAction())

    def show(self, shown: bool) -> None:
        """Show or hide them all. When they are first seen they get their width, which from then on is the user's."""
        for dock in self._docks:
            dock.setVisible(shown)
        if shown:
            QTimer.singleShot(0, self._place)  # before that they have no sizes

    def _place(self) -> None:
        if not self._placed and self._docks[0].isVisible():
            self._window.resizeDocks(self._docks, [WIDTH_PX] * len(self._docks), Qt.Orientation.Horizontal)
            self._placed = True
        self.arrange()

    def arrange(self) -> None:
        """Nobody gets less than he needs at least. Of what is left the layers come first, then a few images and a few
        classes, then all classes; the images get the rest."""
        classes, layers, images = range(len(self._docks))
        title = self._docks[layers].height() - self._layers.height()
        wishes = [
            (layers, self._layers.preferred_height()),
            (images, self._images.preferred_height(image_panel.FEW_SEEN)),
            (classes, self._classes.preferred_height(class_panel.FEW_SEEN)),
            (images, self._images.preferred_height(image_panel.ENOUGH_SEEN)),
            (classes, self._classes.preferred_height(class_panel.ENOUGH_SEEN)),
            (classes, self._classes.preferred_height()),
        ]
        heights = shares(
            sum(dock.height() for dock in self._docks),
            [dock.minimumSizeHint().height() for dock in self._docks],
            [(index, height + title) for index, height in wishes],
        )
        self._window.resizeDocks(self._docks, heights, Qt.Orientation.Vertical)


def shares(room: int, least: list[int], wishes: list[tuple[int, int]]) -> list[int]:
    """How high each is: ``least``, and as far as the room allows what is wished, (which one, height), first things
    first. The last one gets what nobody wants."""
    heights = list(least)
    for index, height in [*wishes, (len(least) - 1, room)]:
        heights[index] += max(0, min(height - heights[index], room - sum(heights)))
    return heights
