"""What the hand is set to, as the window shows and changes it: class and size of the brush."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from labeltool.core.errors import LabeltoolError
from labeltool.ui.actions import DIGITS
from labeltool.ui.class_actions import ClassActions
from labeltool.ui.panels.classes import ClassPanel
from labeltool.ui.part import Part
from labeltool.ui.topbar import TopBar

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench
    from labeltool.ui.dialogs.class_dialog import ClassDialog


WAITING_MS = 1_000
"""A change of the classes that has not reached the disk after this long is told of."""


class HandControls(Part):
    """Class panel, class chip and actions are views of one hand, that of the workbench."""

    brush_changed = Signal(float)
    """The diameter in pixels of the image."""
    class_changed = Signal(int)
    """The class that is painted now."""
    lock_asked = Signal(int)
    """A class is to be locked, or unlocked."""

    def __init__(
        self, panel: ClassPanel, top: TopBar, actions: Mapping[str, QAction], window: QWidget
    ) -> None:
        super().__init__(window)
        self._panel, self._top = panel, top
        self._actions = ClassActions(actions, self.take, window)
        self._bench: Workbench | None = None
        self._added: list[int] = []  # classes that are to be painted once they are there
        self._soon = QTimer(self, singleShot=True, interval=WAITING_MS)
        self._soon.timeout.connect(lambda: self.noted.emit(self._waiting()))
        panel.chosen.connect(self.take)
        panel.add_asked.connect(self.edit_class)
        panel.edit_asked.connect(self.edit_class)

    def attach(self, bench: Workbench | None) -> None:
        """The hand of this workbench from now on."""
        self._bench, self._added = bench, []
        self._expect(False)  # of the project before
        if bench is not None:
            bench.catalog_changed.connect(lambda _: self._show_changed())
            bench.catalog_waits.connect(self._expect)
            bench.catalog_failed.connect(self.failed.emit)
            self.show_classes()

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """See the base."""
        return {
            "swap_class": self.swap,
            "add_class": self.edit_class,
            "next_class": partial(self.step, 1),
            "previous_class": partial(self.step, -1),
            "larger_brush": partial(self.resize, 1),
            "smaller_brush": partial(self.resize, -1),
            **{
                f"{name}_{digit}": partial(self._with_digit, digit, do)
                for name, do in (
                    ("class", self.take),
                    ("show_class", self._panel.toggle_hidden),
                    ("lock_class", self.lock_asked.emit),
                )
                for digit in DIGITS
            },
        }

    def _with_digit(self, digit: int, do: Callable[[int], object]) -> None:
        value = self.value_of(digit)
        if value is not None:
            do(value)

    def show_classes(self) -> None:
        """The catalog is another one."""
        if self._bench is not None:
            self._panel.show_catalog(self._bench.catalog, self._bench.hand.value)
            self._actions.show(self._bench.catalog, self.value_of)
            self._show()

    def _show(self) -> None:
        if self._bench is not None:
            self._panel.show_current(self._bench.hand.value)
            self._top.show_class(self._bench.catalog.by_value(self._bench.hand.value))
            self.class_changed.emit(self._bench.hand.value)

    def take(self, value: int) -> None:
        """Paint this class. One that is added and not yet there does not take its place later on."""
        self._added = []
        if self._bench is not None:
            self._bench.hand.take(value)
            self._show()

    def value_of(self, digit: int) -> int | None:
        """The class of a digit: 0 is the background, 1 to 9 are the other classes in their order."""
        if self._bench is None:
            return None
        classes = self._bench.catalog.classes
        at = digit if self._bench.catalog.background is not None else digit - 1
        return classes[at].value if 0 <= at < len(classes) else None

    def step(self, by: int) -> None:
        """Paint the class that comes next (+1) or before (-1), round and round."""
        if self._bench is not None:
            values = self._bench.catalog.values
            self.take(values[(values.index(self._bench.hand.value) + by) % len(values)])

    def swap(self) -> None:
        """Back to the class before."""
        self._added = []
        if self._bench is not None:
            self._bench.hand.swap()
            self._show()

    def resize(self, steps: int) -> None:
        """A larger or smaller brush."""
        if self._bench is not None:
            self._bench.hand.resize(steps)
            self.brush_changed.emit(2 * self._bench.hand.radius_px)

    def set_diameter(self, diameter_px: float) -> None:
        """A brush of this size, in pixels of the image."""
        if self._bench is not None:
            self._bench.hand.radius_px = diameter_px / 2
            self.brush_changed.emit(diameter_px)

    def edit_class(self, value: int | None = None) -> None:
        """Ask for a name and a colour: of a new class, or other ones for the class of a value."""
        from labeltool.ui.dialogs.class_dialog import ClassDialog  # noqa: PLC0415

        bench = self._bench
        if bench is None or not bench.editable:
            return
        try:
            bench.check_catalog_rests()
        except LabeltoolError as error:
            self.failed.emit(error)
        else:
            dialog = ClassDialog(self._panel.window(), bench.catalog, value)
            dialog.accepted.connect(lambda: self._change(bench, dialog))
            dialog.open()

    def _change(self, bench: Workbench, dialog: ClassDialog) -> None:
        wanted = dialog.catalog()
        before, self._added = self._added, sorted(set(wanted.values) - set(bench.catalog.values))
        try:
            bench.change_catalog(wanted)
        except LabeltoolError as error:
            self._added = before
            self.failed.emit(error)

    def _show_changed(self) -> None:
        self.show_classes()
        added, self._added = self._added, []
        for value in added:
            if self._bench is not None and self._bench.catalog.by_value(value) is not None:
                self.take(value)

    def _expect(self, waits: bool) -> None:
        """Whether a change of the classes waits for the disk."""
        if waits:
            self._soon.start()
        else:
            self._soon.stop()
            self.outdated.emit(self._waiting())

    def _waiting(self) -> str:
        """Classes are shown once they are on the disk: else a stroke could have a class that is lost."""
        return self.tr(
            "The change of the classes is not on the disk yet, which does not answer. It is shown then."
        )
