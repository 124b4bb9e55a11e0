"""The main window: puts the pieces together and turns actions into calls of the workbench."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSettings, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QMessageBox,
    QStackedWidget,
)

from labeltool import __version__
from labeltool.ui import diagnosis, theme
from labeltool.ui.action_set import ActionSet
from labeltool.ui.actions import tools
from labeltool.ui.annotate import Annotate
from labeltool.ui.banner import Banner
from labeltool.ui.canvas.widget import Canvas
from labeltool.ui.canvas_page import CanvasPage, keep_keys_on_the_canvas
from labeltool.ui.dialogs.failure import as_failure, show_failure
from labeltool.ui.digits import DigitKeys
from labeltool.ui.docks import Docks
from labeltool.ui.doubts import Doubts, Resolved
from labeltool.ui.effort import EffortMeter
from labeltool.ui.hand import HandControls
from labeltool.ui.held import HeldKeys
from labeltool.ui.history.history import History
from labeltool.ui.image_actions import ImageActions
from labeltool.ui.label_errors import LabelErrorFinder
from labeltool.ui.language import Language
from labeltool.ui.long_work import LongWork
from labeltool.ui.looking import Looking
from labeltool.ui.offers.offers import Offers
from labeltool.ui.options_bar import OptionsBar
from labeltool.ui.other_spaces import OtherSpaces
from labeltool.ui.pages import PageBar
from labeltool.ui.panels.classes import ClassPanel
from labeltool.ui.panels.images import ImagePanel
from labeltool.ui.panels.layers import LayerPanel
from labeltool.ui.part import Part
from labeltool.ui.people.annotators import Annotators
from labeltool.ui.people.commenting import Commenting
from labeltool.ui.people.deciding import Deciding
from labeltool.ui.prelabelling import Prelabelling
from labeltool.ui.preparing import Preparing
from labeltool.ui.projects import Projects
from labeltool.ui.protection import ProtectionControls
from labeltool.ui.queue.part import QueuePart
from labeltool.ui.regions import RegionActions
from labeltool.ui.removing import Removing
from labeltool.ui.restoring import Restoring
from labeltool.ui.rounds import Rounds
from labeltool.ui.seeing import Seeing
from labeltool.ui.sharing import Sharing
from labeltool.ui.showing import Places, Showing
from labeltool.ui.sources import Sources
from labeltool.ui.start import StartPage
from labeltool.ui.statusbar import StatusBar
from labeltool.ui.tool_controls import ToolControls
from labeltool.ui.topbar import TopBar
from labeltool.ui.unopened import Unopened
from labeltool.ui.workspaces import ANNOTATE, NAMES, Space, Workspaces

if TYPE_CHECKING:
    # What a project needs is imported when one is opened: the start page is up sooner.
    from labeltool.app.models import Model
    from labeltool.app.workbench import Workbench

COMMIT_S = 5.0
"""What saving may take when the system goes down; a stroke takes milliseconds."""
log = logging.getLogger(__name__)
NOTE_S = 6.0
"""How long the status bar says something."""


class MainWindow(QMainWindow):
    """The window. It owns widgets; the work is the workbench's."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("main")
        self.setAcceptDrops(True)
        self._status = StatusBar(self)
        self._work = LongWork(self._status, self)
        self.projects = Projects(self._work, self)
        self._banner = Banner()
        self._options = OptionsBar()
        self._pages = PageBar()
        self._canvas = Canvas(lambda: self.annotate.context(), self)
        self.annotate = Annotate(self._canvas)
        self._start = StartPage(self)
        self._classes, self._layers, self._images = ClassPanel(), LayerPanel(), ImagePanel()
        self._seeing = Seeing(self.annotate, self._layers, self)
        self._looking = Looking(self.annotate, self)
        self._doubts, self._resolved = Doubts(self.annotate, self), Resolved(self.annotate, self)
        self._regions = RegionActions(self.annotate, self._work, self._status, self._images.listed, self)
        more = self._make_parts()
        panels = [part.panel for part in more if part.panel is not None]
        self._docks = Docks(self, self._classes, self._layers, self._images, panels)
        self.actions_ = ActionSet(self)
        for part in more:
            part.take_actions(self.actions_)
        self._top = TopBar(self.actions_, self)
        self._offers.connect_to(self._top)
        self._tools = self.actions_.tool_bar(tools())
        first = self._make_first_parts()
        places = Places(
            self.actions_, self._top, self._status, self._banner, self._classes, self._images, self._pages
        )
        self._showing = Showing(self.annotate, places, [*first, *more], self)
        self._parts = [*first, self._showing, *more]
        self._assemble()
        self._connect()
        self.actions_.run(self._runs())
        self._tool.use(tools()[0])
        self.refresh_theme()
        self._attach(None)

    @property
    def bench(self) -> Workbench | None:
        """The project that is open."""
        return self.projects.bench

    def open_path(self, path: Path) -> None:
        """Open a project; an image or a folder of images begins a new project with them."""
        self.projects.open_path(path)

    def notice(self, text: str) -> None:
        """Say something over the canvas until it is read, beside what is said there already."""
        self._banner.add(text)

    # ---- assembly

    def _make_first_parts(self) -> list[Part]:
        """What bars and panels, which are there by now, set and show; in the order in which a project is attached."""
        self._hand = HandControls(self._classes, self._top, self.actions_, self)
        self._tool = ToolControls(self.annotate, self._hand, self._options, self._status, self.actions_, self)
        self._protection = ProtectionControls(self._top.paint, self)
        self._prelabelling = Prelabelling(self._top, self._work, self)
        self._preparing = Preparing(self._status, self._work, self)
        self._image = ImageActions(self.annotate, self._protection, self._images, self._pages, self)
        return [
            self._tool,
            self._hand,
            self._protection,
            self._prelabelling,
            self._preparing,
            self._image,
            self._seeing,
        ]

    def _make_parts(self) -> list[Part]:
        """In the order of their tabs."""
        self._rounds, self._finder = Rounds(self), LabelErrorFinder(self._work, self)
        self._rounds.folds = self._finder
        self._finder.changed.connect(self._rounds.look)
        self._offers = Offers(self.annotate, self)
        self._deciding = Deciding(self.annotate, self)
        self._annotators = Annotators(self.annotate, self._work, self)
        self._queue = QueuePart(
            self.annotate,
            self._work,
            self._images.pictures,
            lambda: self._top.model(),
            lambda: self._workspaces.on_canvas,
            self,
        )
        self._sharing = Sharing(self.projects, self.annotate, self)
        self._sources = Sources(self._work, self)
        self._removing = Removing(self._work, self)
        self._restoring = Restoring(self._work, self)
        self._unopened = Unopened(self.annotate, self._images, self)
        self.spaces = OtherSpaces(self.annotate, self._work, self._rounds, self._finder, self)
        return [
            self._regions,
            self._looking,
            EffortMeter(self, lambda: self._workspaces.on_canvas),
            self._doubts,
            self._resolved,
            self.spaces,
            self._queue,
            Commenting(self.annotate, self),
            History(self.annotate, self._options, partial(self.bring, "history"), self),
            self._deciding,
            self._annotators,
            self._offers,
            self._rounds,
            self._finder,
            self._sharing,
            self._sources,
            self._removing,
            self._restoring,
            self._unopened,
            Language(self),
        ]

    def _show_queue(self) -> None:
        """There is a new one; who is in another workspace meanwhile is left there."""
        if self._workspaces.current == ANNOTATE:
            self._docks.bring("queue")

    def bring(self, name: str) -> None:
        """Show the tab of a part, in the workspace that has it."""
        self._workspaces.show(ANNOTATE)
        self._docks.bring(name)

    def _runs(self) -> dict[str, Callable[[], object]]:
        """What each action does."""
        return {
            **self.projects.runs(),
            "list_images": self._images.take_keys,
            "remove_images": self._images.ask_remove,
            "save": self._save_now,
            "close_project": self._close_project,
            "quit": self.close,
            "next_spot": partial(self._walk, 1),
            "previous_spot": partial(self._walk, -1),
            **{f"workspace_{name}": partial(self._workspaces.show, name) for name in NAMES},
            "scheme": self._other_scheme,
            "report": partial(diagnosis.report_of_now, self),
            "logs": partial(diagnosis.open_logs, self),
            "about": self._about,
            **{id_: run for part in self._parts for id_, run in part.runs().items()},
        }

    def _assemble(self) -> None:
        page = CanvasPage(self._options, self._canvas, self._pages, self._banner)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._start)
        self.setCentralWidget(self._stack)
        bars = [self._top, self._tools]
        spaces = {ANNOTATE: Space(page, lambda: [*bars, *self._docks]), **self.spaces.spaces(page, bars)}
        self._workspaces = Workspaces(self, self._stack, self.actions_, spaces)
        self._workspaces.shown.connect(self._workspace_shown)
        self.spaces.follow(self._workspaces)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self._workspaces.bar)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self._top)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self._tools)
        self.setStatusBar(self._status)
        self._docks.fill_menu(self.actions_.fill_menus()["View"])
        keep_keys_on_the_canvas((self._top, *self._docks))

    def _connect(self) -> None:
        self._connect_projects()
        self._connect_images()
        self._connect_hand()
        self._connect_models()
        self._connect_keys()
        self._connect_banner()
        for part in self._parts:
            part.told.connect(self._tell)
            part.failed.connect(self._failed)
        for each in (self._canvas, self.projects, self._work):
            each.failed.connect(self._failed)

    def _connect_projects(self) -> None:
        self._start.new_asked.connect(self.projects.ask_new)
        self._start.images_chosen.connect(self.projects.ask_new)
        self._start.project_chosen.connect(self.projects.open)
        self._start.dropped.connect(self.projects.open_all)
        self._start.sample_asked.connect(self.projects.open_sample)
        self.projects.opened.connect(self._attach)
        self.projects.closing.connect(self._end_gesture)  # first: the others tell of what is so then
        self.projects.closing.connect(self._looking.close)
        self.projects.closing.connect(self._offers.rest)
        self.projects.closed.connect(lambda: self._attach(None))
        self.projects.masks_replaced.connect(self._reload)
        self.projects.place_asked.connect(self.annotate.go_to)
        self.projects.sample_opened.connect(self._prelabelling.all)
        self._status.retry_asked.connect(lambda: self.bench.saver.retry() if self.bench else None)
        self._sharing.lost.connect(self._show_title)
        self._sharing.lost.connect(self._showing.show_saved)

    def _connect_images(self) -> None:
        self._images.split_asked.connect(self.projects.put_into)
        self._images.left.connect(self._canvas.setFocus)
        self._images.menu_asked.connect(self._annotators.fill_menu)
        for asking in (self._annotators, self.spaces):
            asking.image_asked.connect(self._look_at)
        self._deciding.stated.connect(self._top.status.show_decided)
        self._deciding.remarked.connect(self._images.note)
        self._images.remove_asked.connect(self._removing.ask)
        self._images.refused.connect(self._sharing.refuse)
        self._canvas.pointed.connect(self._images.list.give_back)
        self._unopened.remove_asked.connect(self._removing.ask)
        self._sources.found.connect(self._images.renew_picture)
        self._sources.found.connect(self._unopened.note_found)
        self._sources.missed.connect(self._unopened.note_lost)
        self._restoring.damaged.connect(self._unopened.note_damaged)
        others = (
            self.projects.images_added,
            self._sources.images_changed,
            self._removing.images_changed,
            self._sharing.images_changed,
        )
        for listed in others:
            listed.connect(self._showing.show_images)

    def _connect_hand(self) -> None:
        self._hand.class_changed.connect(self._regions.class_changed)
        self._hand.lock_asked.connect(self._protection.lock)
        self.annotate.chosen.connect(self._hand.take)
        self._classes.lock_asked.connect(self._protection.lock)
        self._classes.hidden_changed.connect(self.annotate.set_hidden)
        self._layers.resized.connect(self._docks.arrange)
        text = self.tr("The mask was hidden; it is shown again, as you are painting on it")
        self.annotate.revealed.connect(lambda _: self._tell(text))
        self.annotate.dropped.connect(lambda _: self._tell_dropped())

    def _connect_models(self) -> None:
        self._top.model_changed.connect(self._queue.show_model)
        self._queue.ranked.connect(self._show_queue)
        for part in (self._rounds, self.spaces):
            part.models_changed.connect(self._prelabelling.show_models)
            part.model_used.connect(self._top.choose_model)
        self.spaces.prelabel_asked.connect(self._prelabel_with)
        for counted in (self._resolved, self._looking):
            counted.share_changed.connect(self._show_checked)

    def _connect_keys(self) -> None:
        held = HeldKeys(self.actions_.of_key, self)
        self.installEventFilter(held)
        self._seeing.follow(self.actions_, self._top, self, held)
        QApplication.styleHints().colorSchemeChanged.connect(self.refresh_theme)
        digits = DigitKeys(self.actions_.of_key, self)
        lists = (self._classes.list, self._images.list)  # which would search their rows for the characters
        for each in (self, *lists):
            each.installEventFilter(digits)

    def _connect_banner(self) -> None:
        for part in self._parts:
            part.noted.connect(self._banner.tell)
            part.noted_of_image.connect(self._banner.tell_of_image)
            part.outdated.connect(self._banner.take_back)
            part.news.connect(self._banner.tell_news)
        self.projects.told.connect(self._banner.tell)
        self.projects.outdated.connect(self._banner.take_back)
        self.projects.news.connect(self._banner.tell_news)
        self._sharing.offered.connect(self._banner.offer)

    # ---- from other workspaces

    def _workspace_shown(self, name: str) -> None:
        self._showing.set_annotating(self._workspaces.on_canvas)
        self._offers.set_in_sight(name == ANNOTATE)

    def _walk(self, by: int) -> None:
        """To the next thing that wants to be looked at: in Review a disagreement, else a doubtful spot."""
        if not self.spaces.walk(by):
            self._doubts.go_on(by)

    def _prelabel_with(self, model: Model, every: bool) -> None:
        self._top.choose_model(model)
        self._prelabelling.all() if every else self._prelabelling.image()

    def _look_at(self, image_id: str) -> None:
        if not self._workspaces.on_canvas:
            self._workspaces.show(ANNOTATE)
        if self.bench is not None:
            self.bench.open_image(image_id)

    # ---- the project

    def _attach(self, bench: Workbench | None) -> None:
        """Another project is open, or none."""
        self.annotate.attach(bench)
        for part in self._parts:
            part.attach(bench)
        self._showing.enable()
        self._workspaces.open()
        for widget in (self._workspaces.bar, self._top, self._tools, self._status):
            widget.setVisible(bench is not None)
        self._docks.show(bench is not None)
        if bench is None:
            self._workspaces.bring(self._start)
        self._show_title()
        if bench is None:
            self._start.refresh()
        else:
            bench.catalog_changed.connect(lambda _: self._docks.arrange())
            self._canvas.setFocus()  # else a list would have the keys that the first page had

    def _show_title(self) -> None:
        if self.bench is None:
            self.setWindowTitle("labeltool")
            return
        title = "{name} – labeltool" if self.bench.editable else self.tr("{name} (read only) – labeltool")
        self.setWindowTitle(title.format(name=self.bench.store.name))

    def _close_project(self) -> bool:
        if not all(part.may_close() for part in self._parts):
            return False
        return self.projects.close_project()

    def commit_now(self) -> bool:
        """What is being painted ends here and goes to disk with all that waits; False where that fails."""
        self._end_gesture()
        return self.bench is None or self.bench.saver.flush(COMMIT_S)

    def _end_gesture(self) -> None:
        """As letting go of the button would: a stroke that has been seen is kept."""
        if self._canvas.finish_gesture():
            log.warning("a drawing that was not finished was dropped")
            self._tell_dropped()

    def leave_now(self) -> None:
        """End without asking anybody: the system goes down. What cannot be saved stays where it is kept meanwhile."""
        self.commit_now()
        self.projects.leave_now()
        QSettings().setValue("window/geometry", self.saveGeometry())
        self.projects.shut_down()

    def awake(self) -> None:
        """The computer has slept: drives may be gone, and the project somebody else's."""
        self._sharing.recheck()

    def _reload(self) -> None:
        """The masks on disk are others now, perhaps the classes as well."""
        if self.bench is not None:
            self.bench.catalog_changed.emit(self.bench.catalog)
            self._showing.show_images()
            if self.bench.open is not None:
                self.bench.open_image(self.bench.open.record.id)

    # ---- the image at hand

    def _tell(self, text: str) -> None:
        self._status.tell(text, NOTE_S)

    def _tell_dropped(self) -> None:
        self._tell(self.tr("What you were drawing was not finished, and is gone"))

    def _show_checked(self) -> None:
        self._status.show_checked(self._resolved.share, self._looking.share)

    def _save_now(self) -> None:
        if self.bench is not None:
            self.bench.saver.retry()
            self._showing.show_saved()

    # ---- the window itself

    def _other_scheme(self) -> None:
        theme.choose("light" if theme.effective() == "dark" else "dark")
        self.refresh_theme()

    def refresh_theme(self) -> None:
        """The surround of the canvas and the curves in the colours of the scheme in force."""
        self._canvas.set_surround(theme.surround())
        self.spaces.refresh_theme()

    def _failed(self, error: BaseException) -> None:
        show_failure(self, as_failure(error))

    def _about(self) -> None:
        QMessageBox.about(
            self,
            self.tr("About labeltool"),
            self.tr("labeltool {version}\nPixel-accurate masks. Apache-2.0.").format(version=__version__),
        )

    def event(self, event: QEvent) -> bool:
        """Where a dialog was closed the keys belong to the canvas again; one that opens takes the mouse."""
        if event.type() == QEvent.Type.WindowBlocked:
            self._canvas.let_go()
        if event.type() == QEvent.Type.WindowUnblocked and self._workspaces.on_canvas:
            self._canvas.setFocus()
        return super().event(event)

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
