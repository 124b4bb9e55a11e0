"""A part of the window: it follows the project that is open, does what some actions say, and may have a panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench
    from labeltool.core.errors import LabeltoolError
    from labeltool.core.project import ImageRecord
    from labeltool.ui.action_set import ActionSet


class Panel(NamedTuple):
    """What a part shows beside the canvas: ``name`` of its dock, ``title`` for people."""

    name: str
    title: str
    widget: QWidget


class Part(QObject):
    """The window attaches it to each project, shows its panel as a tab beside the images, tells its texts in the status
    bar or over the canvas and its failures in a dialog, and asks it what its actions need."""

    failed = Signal(Exception)
    told = Signal(str)
    """What came of something, in a few words."""
    noted = Signal(str)
    """What is so, to be read over the canvas."""
    noted_of_image = Signal(str)
    """The same of the image at hand; it goes with that."""
    outdated = Signal(str)
    """What was noted is no longer so."""
    news = Signal(str)
    """What came of something, to be read over the canvas."""
    changed = Signal()
    """What it :meth:`has` is something else now."""

    @property
    def panel(self) -> Panel | None:
        """Made once, when the window is."""
        return None

    def attach(self, bench: Workbench | None) -> None:
        """This project from now on, or none."""

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """What its actions do, by their ids. Asked once, before the actions are made."""
        return {}

    def take_actions(self, actions: ActionSet) -> None:
        """The window's actions, once they are made: for buttons of the panel, which show their keys then."""

    def has(self) -> Mapping[str, bool]:
        """Which of the things that its actions need are there now: names of the table's ``REASONS``."""
        return {}

    def why(self) -> Mapping[str, str]:
        """Why something of that is not there, in words, where it may be for one of several reasons."""
        return {}

    def takes_failure(self, record: ImageRecord, error: LabeltoolError) -> bool:
        """Asked when an image could not be opened: True where the part tells of it, and offers what can be done."""
        return False

    def may_close(self) -> bool:
        """Asked before the project is closed: False where there is something to be ended first."""
        return True
