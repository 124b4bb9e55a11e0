"""The tool at hand, as the window shows and changes it: which one, its options, and the size of its brush."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from labeltool.app.toolbox import Hand
from labeltool.tools.tool import Tool
from labeltool.ui import remembered
from labeltool.ui.actions import tools
from labeltool.ui.annotate import Annotate
from labeltool.ui.hand import HandControls
from labeltool.ui.options_bar import OptionsBar
from labeltool.ui.part import Part
from labeltool.ui.statusbar import StatusBar

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench

BRUSH_NOTE_S = 1.5
"""How long the status bar says how large the brush is now."""


class ToolControls(Part):
    """Tool bar, options bar and the wheel are views of the tool at hand; what they set it to is remembered."""

    def __init__(
        self,
        annotate: Annotate,
        hand: HandControls,
        options: OptionsBar,
        status: StatusBar,
        actions: Mapping[str, QAction],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._annotate, self._options, self._status, self._actions = annotate, options, status, actions
        self._bench: Workbench | None = None
        annotate.canvas.radius_asked.connect(hand.resize)
        annotate.fitted.connect(lambda _: self._refit())
        hand.brush_changed.connect(self._brush_changed)
        options.diameter_changed.connect(hand.set_diameter)
        options.option_changed.connect(self._set_option)
        options.left.connect(annotate.canvas.setFocus)

    def attach(self, bench: Workbench | None) -> None:
        """Tools and brush as they were left the last time."""
        self._bench = bench
        if bench is not None:
            remembered.restore(bench.hand, tools())
        self._show()

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """Each tool is an action."""
        return {tool.id: partial(self.use, tool) for tool in tools()}

    def use(self, tool: Tool) -> None:
        """Draw with this tool from now on."""
        self._options.leave()
        self._annotate.use(tool)
        self._actions[tool.id].setChecked(True)
        self._show()

    def _refit(self) -> None:
        """The same tool for another image."""
        self._options.leave()
        self._show()

    def _show(self) -> None:
        tool = self._annotate.tool
        if tool is not None:
            hand = self._bench.hand if self._bench is not None else Hand()
            self._options.show_tool(tool, hand.options_of(tool), hand.radius_px)

    def _set_option(self, id_: str, value: float) -> None:
        if self._bench is not None and self._options.tool is not None:
            self._bench.hand.set_option(self._options.tool, id_, value)
            remembered.keep_option(self._options.tool, id_, value)

    def _brush_changed(self, diameter_px: float) -> None:
        self._annotate.canvas.brush_changed()
        remembered.keep_radius(diameter_px / 2)
        self._options.show_diameter(diameter_px)
        self._status.tell(self.tr("Brush {size} px").format(size=f"{diameter_px:g}"), BRUSH_NOTE_S)
