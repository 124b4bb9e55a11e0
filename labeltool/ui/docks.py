"""The panels at the right of the window, as docks that can be moved, closed and found again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QTabBar, QTabWidget, QWidget

from labeltool.ui.panels import classes as class_panel
from labeltool.ui.panels import images as image_panel
from labeltool.ui.panels.classes import ClassPanel
from labeltool.ui.panels.images import ImagePanel
from labeltool.ui.panels.layers import LayerPanel
from labeltool.ui.part import Panel

translate = QCoreApplication.translate

WIDTH_PX = 288
"""Width of the panels."""


class Docks:
    """Classes, layers and images, one above the other; ``beside`` are tabs beside the images."""

    def __init__(
        self,
        window: QMainWindow,
        classes: ClassPanel,
        layers: LayerPanel,
        images: ImagePanel,
        beside: Sequence[Panel] = (),
    ) -> None:
        self._window, self._classes, self._layers, self._images = window, classes, layers, images
        self._placed = False
        window.setTabPosition(Qt.DockWidgetArea.RightDockWidgetArea, QTabWidget.TabPosition.North)
        self._docks = [
            self._dock("classes", translate("Docks", "Classes"), classes),
            self._dock("layers", translate("Docks", "Layers"), layers),
            self._dock("images", translate("Docks", "Images"), images),
        ]
        self._beside = {panel.name: self._dock(*panel) for panel in beside}
        for dock in self._beside.values():
            window.tabifyDockWidget(self._docks[-1], dock)
            # None of them may leave the panels above it less room than the images do.
            dock.widget().setMinimumHeight(images.minimumSizeHint().height())
        if beside:
            for dock in (self._docks[-1], *self._beside.values()):
                _title_in_tab(dock)
        self._docks[-1].raise_()

    def _dock(self, name: str, title: str, panel: QWidget) -> QDockWidget:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(f"dock.{name}")
        dock.setWidget(panel)
        self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        return dock

    def __iter__(self) -> Iterator[QDockWidget]:
        return iter((*self._docks, *self._beside.values()))

    def bring(self, name: str) -> None:
        """Show one of the tabs beside the images."""
        self._beside[name].show()
        self._beside[name].raise_()

    def fill_menu(self, menu: QMenu) -> None:
        """Where a dock that was closed is found again."""
        menu.addSeparator()
        for dock in self:
            menu.addAction(dock.toggleViewAction())

    def show(self, shown: bool) -> None:
        """Show or hide them all. When they are first seen they get their width, which from then on is the user's."""
        for dock in self:
            dock.setVisible(shown)
        if shown:
            self._docks[-1].raise_()
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
        docks = [*self._docks[:images], self._in_front()]
        title = docks[layers].height() - self._layers.height()
        above = [0, 0, self._tabs_height()]  # counts as height of the images
        wishes = [
            (layers, self._layers.preferred_height()),
            (images, self._images.preferred_height(image_panel.FEW_SEEN)),
            (classes, self._classes.preferred_height(class_panel.FEW_SEEN)),
            (images, self._images.preferred_height(image_panel.ENOUGH_SEEN)),
            (classes, self._classes.preferred_height(class_panel.ENOUGH_SEEN)),
            (classes, self._classes.preferred_height()),
        ]
        heights = shares(
            sum(dock.height() for dock in docks) + sum(above),
            [dock.minimumSizeHint().height() + tabs for dock, tabs in zip(docks, above, strict=True)],
            [(index, height + title + above[index]) for index, height in wishes],
        )
        self._window.resizeDocks(docks, heights, Qt.Orientation.Vertical)

    def _in_front(self) -> QDockWidget:
        """Of the images and the tabs beside them what is seen: what lies behind has the height that it had last."""
        images = self._docks[-1]
        return next(
            (dock for dock in (images, *self._beside.values()) if not dock.visibleRegion().isEmpty()), images
        )

    def _tabs_height(self) -> int:
        """Of the tabs over the images, where there are others beside them."""
        # findChildren would keep wrappers of bars that are no more as long as the window lives.
        tabs = (each for each in self._window.children() if isinstance(each, QTabBar))
        return max((bar.height() for bar in tabs if bar.isVisible()), default=0)


def _title_in_tab(dock: QDockWidget) -> None:
    """The tab says the title already; a bar with it comes back when the panel floats, or nobody could move it."""

    nothing = QWidget(dock)  # one for all times: Qt keeps those that it was given before

    def place(floating: bool) -> None:
        dock.setTitleBarWidget(None if floating else nothing)  # type: ignore[arg-type]  # None is Qt's own bar

    place(dock.isFloating())
    dock.topLevelChanged.connect(place)


def shares(room: int, least: list[int], wishes: list[tuple[int, int]]) -> list[int]:
    """How high each is: ``least``, and as far as the room allows what is wished, (which one, height), first things
    first. The last one gets what nobody wants."""
    heights = list(least)
    for index, height in [*wishes, (len(least) - 1, room)]:
        heights[index] += max(0, min(height - heights[index], room - sum(heights)))
    return heights
