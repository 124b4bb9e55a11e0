"""How the image is looked at: zoom, layers, display, comparison, crosshair and minimap, from menu, keys and bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QObject, QSettings
from PySide6.QtGui import QAction

from labeltool.imaging.display import CT_WINDOWS
from labeltool.ui.annotate import OPACITY_STEP, Annotate
from labeltool.ui.compare import Mode
from labeltool.ui.held import HeldKeys
from labeltool.ui.panels.layers import LAYERS, LayerPanel
from labeltool.ui.part import Part
from labeltool.ui.peek import Peek
from labeltool.ui.topbar import TopBar

ZOOM_STEP = 1.25
WHEEL_TURNS = "view/wheel_turns_slices"
MODES: dict[str, Mode] = {"swipe": "swipe", "side_by_side": "side", "flicker": "flicker"}
SWITCHES = {
    "show_mask": "mask",
    "show_model": "model",
    "show_confidence": "confidence",
    "show_error": "error",
    "show_unlooked": "unlooked",
    "show_fill": "fill",
    "show_outlines": "outlines",
}
"""Actions to what they switch."""


class Seeing(Part):
    """Connects panel, bar and actions with what the canvas shows; nothing of it touches data."""

    def __init__(self, annotate: Annotate, panel: LayerPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._annotate, self._panel = annotate, panel
        self._peek = Peek(partial(annotate.switch, "mask"), annotate.canvas)
        annotate.canvas.wheel_turns = QSettings().value(WHEEL_TURNS, False, type=bool) is True
        panel.toggled.connect(annotate.switch)
        panel.opacity_changed.connect(annotate.set_opacity)
        panel.look.attach(annotate.looks)
        annotate.canvas.window_dragged.connect(annotate.looks.drag)
        panel.compare_asked.connect(annotate.set_compare)
        annotate.canvas.compare.names = panel.compare.names

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """What the actions do."""
        annotate = self._annotate
        return {
            **{name: partial(annotate.switch, layer) for name, layer in SWITCHES.items()},
            "show_mask": self._peek.press,
            "zoom_in": partial(annotate.canvas.zoom_by, ZOOM_STEP),
            "zoom_out": partial(annotate.canvas.zoom_by, 1 / ZOOM_STEP),
            "fit": annotate.canvas.fit,
            "actual_size": partial(annotate.canvas.zoom_to, 1.0),
            "auto_contrast": lambda: annotate.looks.set_auto(not annotate.looks.auto),
            "more_opacity": lambda: annotate.set_opacity(annotate.shown.opacity + OPACITY_STEP),
            "less_opacity": lambda: annotate.set_opacity(annotate.shown.opacity - OPACITY_STEP),
            "window_file": lambda: annotate.looks.choose_window(""),
            "window_auto": lambda: annotate.looks.choose("auto"),
            "window_opened": lambda: annotate.looks.choose("opened"),
            **{
                f"window_{each.name.lower().replace(' ', '_')}": partial(
                    annotate.looks.choose_window, each.name
                )
                for each in CT_WINDOWS
            },
            **{name: partial(self._toggle_compare, mode) for name, mode in MODES.items()},
            "wheel_turns": self._toggle_wheel,
            "show_minimap": lambda: self._change(annotate.minimap.set_shown, not annotate.minimap.shown),
            "show_crosshair": lambda: self._change(
                annotate.canvas.set_crosshair, not annotate.canvas.crosshair
            ),
        }

    def follow(self, actions: Mapping[str, QAction], top: TopBar, window: QObject, held: HeldKeys) -> None:
        """Keep actions and top bar in step with what is shown."""
        top.doubt_changed.connect(self._annotate.set_doubt_below)
        held.kept.connect(self._peek.go_on)
        self._peek.watch(actions["show_mask"], window, self._annotate.canvas)
        self._annotate.changed.connect(lambda _: self._show(actions, top))
        self._show(actions, top)

    def _toggle_compare(self, mode: Mode) -> None:
        compare = self._annotate.canvas.compare
        self._annotate.set_compare("off" if compare.mode == mode else mode, compare.left, compare.right)

    def _toggle_wheel(self) -> None:
        canvas = self._annotate.canvas
        canvas.wheel_turns = not canvas.wheel_turns
        QSettings().setValue(WHEEL_TURNS, canvas.wheel_turns)

    def _change(self, switch: Callable[[bool], None], on: bool) -> None:
        switch(on)
        self._annotate.apply()

    def _show(self, actions: Mapping[str, QAction], top: TopBar) -> None:
        annotate, shown = self._annotate, self._annotate.shown
        compare = annotate.canvas.compare
        available = {name: annotate.available(name) for name in LAYERS}
        for name, layer in SWITCHES.items():
            actions[name].setChecked(shown.on(layer))
        actions["auto_contrast"].setChecked(annotate.looks.auto)
        for name, mode in MODES.items():
            actions[name].setChecked(compare.mode == mode)
        actions["show_minimap"].setChecked(annotate.minimap.shown)
        actions["show_crosshair"].setChecked(annotate.canvas.crosshair)
        top.show_doubt(shown.doubt_below, available["confidence"])
        actions["wheel_turns"].setChecked(annotate.canvas.wheel_turns)
        annotate.canvas.has_pages = annotate.image is not None and bool(annotate.image.record.series)
        self._panel.show_state({name: shown.on(name) for name in LAYERS}, available, shown.opacity)
        self._panel.show_look(fill=shown.fill, outlines=shown.outlines, compare=compare)
