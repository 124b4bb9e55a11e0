"""The main window: puts the pieces together and turns actions into calls of the workbench."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QEvent, QObject, QSettings, Qt
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QLineEdit,
    QMainWindow,
    QMessageBox,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from labeltool import __version__
from labeltool.app.toolbox import Hand
from labeltool.core.errors import LabeltoolError, LockedError
from labeltool.core.project import ImageRecord, Status
from labeltool.tools.tool import Tool
from labeltool.ui import theme
from labeltool.ui.actions import DIGITS, MENUS, fill_menu, make_action, show_keys, table, tools, translated
from labeltool.ui.annotate import Annotate
from labeltool.ui.banner import Banner
from labeltool.ui.canvas.widget import Canvas
from labeltool.ui.dialogs.failure import show_failure
from labeltool.ui.digits import DigitKeys
from labeltool.ui.hand import HandControls
from labeltool.ui.keys import Keymap
from labeltool.ui.long_work import LongWork
from labeltool.ui.options_bar import OptionsBar
from labeltool.ui.panels.classes import ClassPanel
from labeltool.ui.panels.images import ImagePanel
from labeltool.ui.panels.layers import LayerPanel
from labeltool.ui.prelabelling import Prelabelling
from labeltool.ui.projects import Projects
from labeltool.ui.protection import ProtectionControls
from labeltool.ui.regions import RegionActions
from labeltool.ui.seeing import Seeing
from labeltool.ui.start import StartPage
from labeltool.ui.statusbar import StatusBar
from labeltool.ui.topbar import TopBar

if TYPE_CHECKING:
    # What a project needs is imported when one is opened: the start page is up sooner.
    from labeltool.app.workbench import OpenImage, Workbench

PEEK_S = 0.25
"""A key held longer than this was a peek, and its release takes the switch back."""

DOCK_PX = 288
"""Width of the panels."""

NOTE_S, BRUSH_NOTE_S = 6.0, 1.5
"""How long the status bar says something."""

LAYER_ACTIONS = {
    "show_mask": "mask",
    "show_model": "model",
    "show_confidence": "confidence",
    "auto_contrast": "auto_contrast",
    "show_fill": "fill",
    "show_outlines": "outlines",
}


class MainWindow(QMainWindow):
    """The window. It owns widgets; the work is the workbench's."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("main")
        self.setAcceptDrops(True)
        self._pressed_v = 0.0
        self._shown: ImageRecord | None = None
        self._status = StatusBar(self)
        self._work = LongWork(self._status, self)
        self.projects = Projects(self._work, self)
        self._banner = Banner()
        self._options = OptionsBar()
        self._canvas = Canvas(lambda: self.annotate.context(), self)
        self.annotate = Annotate(self._canvas)
        self._start = StartPage(self)
        self._classes, self._layers, self._images = ClassPanel(), LayerPanel(), ImagePanel()
        self._seeing = Seeing(self.annotate, self._layers)
        self._regions = RegionActions(self.annotate, self._work, self._status, self._images.listed, self)
        self._keymap = Keymap.load(table())
        self.actions_ = self._make_actions()
        self._tools = self._make_tools()
        self._top = TopBar(self.actions_, self)
        self._hand = HandControls(self._classes, self._top, self)
        self._protection = ProtectionControls(self._top.paint, self)
        self._prelabelling = Prelabelling(self._top, self._work, self)
        self._assemble()
        self._connect()
        self._show_project()

    @property
    def bench(self) -> Workbench | None:
        """The project that is open."""
        return self.projects.bench

    def open_path(self, path: Path) -> None:
        """Open a project; an image or a folder of images begins a new project with them."""
        self.projects.open_path(path)

    # ---- assembly

    def _make_actions(self) -> dict[str, QAction]:
        run: dict[str, Callable[[], object]] = {
            "new_project": self.projects.ask_new,
            "open_project": self.projects.ask_open,
            "add_images": self.projects.ask_images,
            "add_folder": self.projects.ask_folder,
            "import": self.projects.ask_import,
            "export": self.projects.ask_export,
            "save": self._save_now,
            "close_project": self._close_project,
            "quit": self.close,
            "undo": lambda: self._in_session("undo"),
            "redo": lambda: self._in_session("redo"),
            "swap_class": lambda: self._hand.swap(),
            "add_class": lambda: self._hand.edit_class(),
            "next_image": partial(self._step, 1),
            "previous_image": partial(self._step, -1),
            "prelabel": lambda: self._prelabelling.image(),
            "prelabel_all": lambda: self._prelabelling.all(),
            "approve": lambda: self.bench.approve() if self.bench else None,
            "zoom_in": lambda: self._canvas.zoom_by(1.25),
            "zoom_out": lambda: self._canvas.zoom_by(0.8),
            "fit": lambda: self._canvas.fit(),
            "actual_size": lambda: self._canvas.zoom_to(1.0),
            "more_opacity": lambda: self.annotate.set_opacity(self.annotate.shown.opacity + 10),
            "less_opacity": lambda: self.annotate.set_opacity(self.annotate.shown.opacity - 10),
            "larger_brush": lambda: self._hand.resize(1),
            "smaller_brush": lambda: self._hand.resize(-1),
            "scheme": self._other_scheme,
            "keys": self._show_keys,
            "about": self._about,
            "palette": self._show_palette,
            "next_class": lambda: self._hand.step(1),
            "previous_class": lambda: self._hand.step(-1),
            "paint_anywhere": lambda: self._protection.set_anywhere(),
            "paint_over_class": lambda: self._protection.toggle_over_class(),
            "paint_unlabelled": lambda: self._protection.toggle_unlabelled(),
            "keep_human": lambda: self._protection.toggle_keep_human(),
        }
        for digit in DIGITS:
            run[f"class_{digit}"] = partial(self._with_digit, digit, "take")
            run[f"show_class_{digit}"] = partial(self._with_digit, digit, "show")
            run[f"lock_class_{digit}"] = partial(self._with_digit, digit, "lock")
        run |= {tool.id: partial(self._use, tool) for tool in tools()}
        run |= {name: partial(self._switch, name) for name in LAYER_ACTIONS}
        run |= self._seeing.runs()
        run |= self._regions.runs()
        actions = {spec.id: make_action(spec, self, run[spec.id]) for spec in self._keymap.specs}
        actions["show_mask"].setAutoRepeat(False)
        self.addActions(list(actions.values()))
        return actions

    def _show_keys_of_actions(self) -> None:
        for spec in self._keymap.specs:
            show_keys(spec, self.actions_[spec.id], self._keymap.keys(spec.id))

    def _action_of(self, key: str) -> QAction | None:
        found = self._keymap.action_of(key)
        return None if found is None else self.actions_[found]

    def _make_tools(self) -> QToolBar:
        bar = QToolBar(self.tr("Tools"), self)
        bar.setObjectName("tools")
        bar.setOrientation(Qt.Orientation.Vertical)
        bar.setMovable(False)
        self._tool_group = QActionGroup(self)
        for tool in tools():
            action = self.actions_[tool.id]
            self._tool_group.addAction(action)
            bar.addAction(action)
            button = bar.widgetForAction(action)
            if button is not None:
                button.setObjectName(f"tool.{tool.id}")
        return bar

    def _assemble(self) -> None:
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._banner)
        column.addWidget(self._options)
        column.addWidget(self._canvas, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._start)
        self._stack.addWidget(middle)
        self.setCentralWidget(self._stack)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self._top)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self._tools)
        self.setStatusBar(self._status)
        self._docks = [
            self._dock("classes", self.tr("Classes"), self._classes),
            self._dock("layers", self.tr("Layers"), self._layers),
            self._dock("images", self.tr("Images"), self._images),
        ]
        self._make_menus()
        self._show_keys_of_actions()
        self._keep_keys_on_the_canvas()

    def _keep_keys_on_the_canvas(self) -> None:
        """A click takes the keys away for typing only; Tab reaches everything."""
        for bar in (self._top, *self._docks):
            for widget in bar.findChildren(QWidget):
                if widget.focusPolicy() & Qt.FocusPolicy.ClickFocus and not isinstance(widget, QLineEdit):
                    widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def showEvent(self, event: QShowEvent) -> None:
        """The images get the room that classes and layers leave; sizes are known only now."""
        super().showEvent(event)
        self.resizeDocks(self._docks, [DOCK_PX] * 3, Qt.Orientation.Horizontal)
        self._arrange_docks()

    def event(self, event: QEvent) -> bool:
        """Where a dialog was closed the keys belong to the canvas again."""
        if event.type() == QEvent.Type.WindowUnblocked:
            self._canvas.setFocus()
        return super().event(event)

    def _arrange_docks(self) -> None:
        """Classes and layers get what they need; the images get the rest."""
        title = self._docks[1].height() - self._layers.height()
        heights = [self._classes.preferred_height() + title, self._layers.preferred_height() + title]
        rest = sum(dock.height() for dock in self._docks) - sum(heights)
        heights = [max(1, height) for height in (*heights, max(rest, heights[0]))]
        self.resizeDocks(self._docks, heights, Qt.Orientation.Vertical)

    def _dock(self, name: str, title: str, panel: QWidget) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock.{name}")
        dock.setWidget(panel)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        return dock

    def _make_menus(self) -> None:
        for name in MENUS:
            menu = self.menuBar().addMenu(translated(name))
            fill_menu(menu, (spec for spec in self._keymap.specs if spec.menu == name), self.actions_)
            if name == "View":
                menu.addSeparator()
                for dock in self._docks:
                    menu.addAction(dock.toggleViewAction())

    def _connect(self) -> None:
        self._canvas.pointed.connect(self._show_readout)
        self._canvas.view_changed.connect(self._show_zoom)
        self._canvas.view_changed.connect(self._show_readout)
        self._canvas.radius_asked.connect(self._hand.resize)
        self._hand.brush_changed.connect(self._brush_changed)
        self._options.diameter_changed.connect(self._hand.set_diameter)
        self._options.option_changed.connect(self._set_option)
        self._hand.class_changed.connect(self._regions.class_changed)
        self._regions.failed.connect(self._failed)
        self._hand.failed.connect(self._failed)
        self._classes.lock_asked.connect(self._protection.lock)
        self._protection.told.connect(self._banner.tell)
        self._protection.failed.connect(self._failed)
        self._canvas.failed.connect(self._failed)
        self._classes.hidden_changed.connect(self.annotate.set_hidden)
        self._layers.toggled.connect(self.annotate.switch)
        self._layers.resized.connect(self._arrange_docks)
        self._layers.opacity_changed.connect(self.annotate.set_opacity)
        self._images.chosen.connect(lambda image_id: self.bench.open_image(image_id) if self.bench else None)
        self._images.left.connect(self._canvas.setFocus)
        self._top.doubt_changed.connect(self.annotate.set_doubt_below)
        self._status.retry_asked.connect(lambda: self.bench.saver.retry() if self.bench else None)
        self._start.new_asked.connect(self.projects.ask_new)
        self._start.images_chosen.connect(self.projects.ask_new)
        self._start.project_chosen.connect(self.projects.open)
        self._start.sample_asked.connect(self.projects.open_sample)
        self.projects.opened.connect(self._opened)
        self.projects.closed.connect(self._closed)
        self.projects.images_added.connect(self._show_images)
        self.projects.masks_replaced.connect(self._reload)
        self.projects.sample_opened.connect(self._prelabelling.all)
        self._prelabelling.done.connect(lambda text: self._status.tell(text, NOTE_S))
        self._prelabelling.left_out.connect(self._banner.tell)
        self._prelabelling.failed.connect(self._failed)
        self.projects.told.connect(self._banner.tell)
        self.projects.failed.connect(self._failed)
        self._work.failed.connect(self._failed)
        self._work.ended.connect(self._enable)
        self.annotate.changed.connect(lambda _: self._show_layers())
        self.annotate.changed.connect(lambda _: self._show_readout())
        self.annotate.chosen.connect(self._hand.take)
        QApplication.styleHints().colorSchemeChanged.connect(lambda _: self.refresh_theme())
        self._canvas.installEventFilter(self)
        self.installEventFilter(DigitKeys(self._action_of, self))
        self._use(tools()[0])
        self.refresh_theme()

    # ---- the project

    def _opened(self, bench: Workbench) -> None:
        self.annotate.attach(bench)
        self._hand.attach(bench)
        self._protection.attach(bench)
        self._prelabelling.attach(bench)
        self._regions.attach(bench)
        self._show_options()
        bench.image_opened.connect(self._image_opened)
        bench.image_failed.connect(self._image_failed)
        bench.record_changed.connect(self._record_changed)
        bench.catalog_changed.connect(lambda _: self._catalog_changed())
        bench.saved.connect(lambda _: self._show_saved())
        self._show_project()

    def _closed(self) -> None:
        self.annotate.attach(None)
        self._hand.attach(None)
        self._protection.attach(None)
        self._prelabelling.attach(None)
        self._regions.attach(None)
        self._show_project()

    def _close_project(self) -> bool:
        self._canvas.cancel_gesture()
        return self.projects.close_project()

    def _catalog_changed(self) -> None:
        self._show_shares()
        self._arrange_docks()

    def _reload(self) -> None:
        """The masks on disk are others now."""
        if self.bench is not None:
            self._show_images()
            if self.bench.open is not None:
                self.bench.open_image(self.bench.open.record.id)

    # ---- the image at hand

    def _image_opened(self, image: OpenImage | None) -> None:
        if image is not None:
            image.session.changed.connect(lambda _: self._show_session())
            self._images.show_current(image.record.id)
        self._show_record(image.record if image else None)
        self._show_session()
        self._show_shares()
        self._show_zoom()

    def _image_failed(self, failure: tuple[ImageRecord, LabeltoolError]) -> None:
        record, error = failure
        if self.annotate.image is None:
            self._canvas.empty_text = self.tr("{name} could not be opened.").format(name=record.name)
            self._canvas.update()
        self._failed(error)

    def _record_changed(self, record: ImageRecord) -> None:
        self._images.update_record(record)
        if self.bench is not None and self.bench.open is not None and self.bench.open.record.id == record.id:
            self._show_shares()
            self._show_record(record)

    def _show_record(self, record: ImageRecord | None) -> None:
        """Name and status of the image at hand; an approval is told where something is missing."""
        before, self._shown = self._shown, record
        self._top.show_image(record)
        approved = record is not None and record.status is Status.APPROVED
        approve = self.actions_["approve"]
        approve.setText(self.tr("Take approval back") if approved else self.tr("Approve"))
        if record is None or not approved or before is None or before.id != record.id:
            return
        share = self._unlabelled_share(record)
        if before.status is not Status.APPROVED and share > 0:
            text = self.tr("Approved; {percent} % of it is unlabelled")
            self._banner.tell(text.format(percent=f"{max(0.1, 100 * share):.1f}"))

    def _unlabelled_share(self, record: ImageRecord) -> float:
        assert self.bench is not None
        return 1 - sum(self.bench.store.class_pixels(record.id).values()) / record.size.pixels

    def _in_session(self, step: str) -> None:
        image = self.annotate.image
        if self._canvas.busy and step == "undo":
            self._canvas.take_back()
        if image is None or self._canvas.busy:
            return
        try:
            image.session.undo() if step == "undo" else image.session.redo()
        except LockedError as error:
            self._protection.explain(error, step)
        except LabeltoolError as error:
            self._failed(error)

    def _save_now(self) -> None:
        if self.bench is not None:
            self.bench.saver.retry()
            self._show_saved()

    def _step(self, by: int) -> None:
        if self.bench is not None and not self._canvas.busy:
            self.bench.step(by, self._images.listed())

    # ---- hand

    def _use(self, tool: Tool) -> None:
        self.annotate.use(tool)
        self.actions_[tool.id].setChecked(True)
        self._show_options()

    def _show_options(self) -> None:
        if self.annotate.tool is not None:
            hand = self.bench.hand if self.bench is not None else Hand()
            self._options.show_tool(self.annotate.tool, hand.options_of(self.annotate.tool), hand.radius_px)

    def _set_option(self, id_: str, value: float) -> None:
        if self.bench is not None and self.annotate.tool is not None:
            self.bench.hand.set_option(self.annotate.tool, id_, value)

    def _brush_changed(self, diameter_px: float) -> None:
        self._canvas.brush_changed()
        self._options.show_diameter(diameter_px)
        self._status.tell(self.tr("Brush {size} px").format(size=f"{diameter_px:g}"), BRUSH_NOTE_S)

    def _with_digit(self, digit: int, what: Literal["take", "show", "lock"]) -> None:
        value = self._hand.value_of(digit)
        if value is not None:
            run = {
                "take": self._hand.take,
                "show": self._classes.toggle_hidden,
                "lock": self._protection.lock,
            }
            run[what](value)

    # ---- views

    def _switch(self, name: str) -> None:
        self.annotate.switch(LAYER_ACTIONS[name])
        if name == "show_mask":
            self._pressed_v = time.monotonic()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """The mask's key held for a while was a peek: its release shows the mask as before."""
        held = time.monotonic() - self._pressed_v
        peeking = QKeySequence(event.key()) in self.actions_["show_mask"].shortcuts()
        if peeking and not event.isAutoRepeat() and self._pressed_v:
            self._pressed_v = 0.0
            if held > PEEK_S:
                self.annotate.switch("mask")
        super().keyReleaseEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys released over the canvas."""
        if event.type() == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            self.keyReleaseEvent(event)
        return super().eventFilter(watched, event)

    def _show_keys(self) -> None:
        from labeltool.ui.dialogs.keys import KeysDialog  # noqa: PLC0415

        dialog = KeysDialog(self, self._keymap)
        dialog.changed.connect(self._show_keys_of_actions)
        dialog.open()

    def _show_palette(self) -> None:
        from labeltool.ui.palette import Palette  # noqa: PLC0415

        Palette(self._keymap.specs, self.actions_, self._keymap.keys, self).open()

    def _other_scheme(self) -> None:
        theme.choose("light" if theme.effective() == "dark" else "dark")
        self.refresh_theme()

    def refresh_theme(self) -> None:
        """Icons and the surround of the canvas in the colours of the scheme in force."""
        self._canvas.surround = theme.surround()
        self._canvas.update()
        for spec in self._keymap.specs:
            if spec.icon:
                self.actions_[spec.id].setIcon(theme.icon(spec.icon))
        self._top.paint.refresh_icon()
        self._classes.refresh_icons()

    def _failed(self, error: BaseException) -> None:
        known = error if isinstance(error, LabeltoolError) else LabeltoolError(f"unexpected: {error!r}")
        show_failure(self, known)

    def _show_readout(self) -> None:
        """What lies under the pointer, which the image or its mask may change as well as the mouse."""
        at = self._canvas.pointer
        readout = None if at is None else self.annotate.readout(*at)
        self._status.show_readout(readout, self.bench.catalog if self.bench else None)

    def _show_project(self) -> None:
        """Everything that depends on which project is open."""
        bench = self.bench
        shown = bench is not None
        self._stack.setCurrentIndex(1 if shown else 0)
        for widget in (self._top, self._tools, *self._docks, self._status):
            widget.setVisible(shown)
        self._canvas.empty_text = self.tr("No image yet.\nFile, Add images… or drop images and folders here.")
        self.setWindowTitle(f"{bench.store.name} – labeltool" if bench is not None else "labeltool")
        self._banner.tell("")
        if bench is None:
            self._start.refresh()
        else:
            self._show_record(None)
            self._classes.set_editable(bench.editable)
            self._arrange_docks()
        self._show_shares()
        self._show_images()
        self._show_layers()
        self._show_saved()
        self._enable()

    def _show_shares(self) -> None:
        if self.bench is not None and self.bench.open is not None:
            record = self.bench.open.record
            self._classes.show_shares(self.bench.store.class_pixels(record.id), record.size.pixels)

    def _show_images(self) -> None:
        bench = self.bench
        self._images.show_records(bench.store.images() if bench else [], bench.lanes if bench else None)
        if bench is not None and bench.open is not None:
            self._images.show_current(bench.open.record.id)
        self._enable()

    def _show_layers(self) -> None:
        shown = self.annotate.shown
        names = ("mask", "model", "confidence")
        available = {name: self.annotate.available(name) for name in names}
        self._layers.show_state({name: shown.on(name) for name in names}, available, shown.opacity)
        self._top.show_doubt(shown.doubt_below, shown.confidence and available["confidence"])
        for action, layer in LAYER_ACTIONS.items():
            self.actions_[action].setChecked(shown.on(layer))
        self._seeing.show(self.actions_)

    def _show_session(self) -> None:
        image = self.annotate.image
        for name, verb in (("undo", self.tr("Undo {what}")), ("redo", self.tr("Redo {what}"))):
            what = getattr(image.session, f"{name}_title") if image is not None else ""
            self.actions_[name].setText(verb.format(what=translated(what)).strip())
        self._show_saved()
        self._show_readout()
        self._enable()

    def _show_saved(self) -> None:
        bench = self.bench
        if bench is None or bench.open is None:
            self._status.show_saved(None, 0)
        else:
            self._status.show_saved(bench.save_state, bench.open.session.revision)

    def _show_zoom(self) -> None:
        self._status.show_zoom(self._canvas.view.zoom if self.annotate.image else None)

    def _enable(self) -> None:
        """Switch actions on and off by what they need."""
        bench, image = self.bench, self.annotate.image
        editable = bench is not None and bench.editable
        has = {
            "always": True,
            "project": bench is not None,
            "editable": editable,
            "image": image is not None,
            "edit_image": image is not None and editable,
            "undo": image is not None and editable and bool(image.session.undo_title),
            "redo": image is not None and editable and bool(image.session.redo_title),
        }
        for spec in self._keymap.specs:
            self.actions_[spec.id].setEnabled(has[spec.needs])

    def _about(self) -> None:
        QMessageBox.about(
            self,
            self.tr("About labeltool"),
            self.tr("labeltool {version}\nPixel-accurate masks. Apache-2.0.").format(version=__version__),
        )

    # ---- the window itself

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """A project is opened, images are added."""
        self.projects.open_all(
            [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        )

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save what waits; stay where that fails and the user does not want to lose it."""
        if not self._close_project():
            event.ignore()
            return
        QSettings().setValue("window/geometry", self.saveGeometry())
        self.projects.shut_down()
        event.accept()
