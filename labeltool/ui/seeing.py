"""How the image is looked at: tone, comparison, crosshair and minimap, from menu, keys and the Layers panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtGui import QAction

from labeltool.ui.annotate import Annotate
from labeltool.ui.compare import Mode
from labeltool.ui.panels.layers import LayerPanel

MODES: dict[str, Mode] = {"swipe": "swipe", "side_by_side": "side"}


class Seeing:
    """Connects the panel and the actions with what the canvas shows; nothing of it touches data."""

    def __init__(self, annotate: Annotate, panel: LayerPanel) -> None:
        self._annotate, self._panel = annotate, panel
        panel.tone_changed.connect(annotate.set_tone)
        panel.compare_asked.connect(annotate.set_compare)
        annotate.canvas.compare_names = panel.compare.names

    def runs(self) -> dict[str, Callable[[], object]]:
        """What the actions do."""
        annotate = self._annotate
        return {
            **{name: partial(self._toggle_compare, mode) for name, mode in MODES.items()},
            "show_minimap": lambda: self._change(annotate.minimap.set_shown, not annotate.minimap.shown),
            "show_crosshair": lambda: self._change(
                annotate.canvas.set_crosshair, not annotate.canvas.crosshair
            ),
        }

    def _toggle_compare(self, mode: Mode) -> None:
        compare = self._annotate.canvas.compare
        self._annotate.set_compare("off" if compare.mode == mode else mode, compare.left, compare.right)

    def _change(self, switch: Callable[[bool], None], on: bool) -> None:
        switch(on)
        self._annotate.apply()

    def show(self, actions: Mapping[str, QAction]) -> None:
        """Tick what is on."""
        annotate, shown = self._annotate, self._annotate.shown
        compare = annotate.canvas.compare
        for name, mode in MODES.items():
            actions[name].setChecked(compare.mode == mode)
        actions["show_minimap"].setChecked(annotate.minimap.shown)
        actions["show_crosshair"].setChecked(annotate.canvas.crosshair)
        self._panel.show_look(fill=shown.fill, outlines=shown.outlines, tone=shown.tone, compare=compare)
