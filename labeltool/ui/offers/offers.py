"""Correction that teaches at once, in the window: the switch, the offer on the canvas, the keys that take it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from labeltool.core.geometry import Box
from labeltool.core.shape import NO_BOX
from labeltool.ui.annotate import Annotate
from labeltool.ui.offers.button import FAILED, WORKING, TeachButton
from labeltool.ui.offers.hint import Hint
from labeltool.ui.offers.overlay import Overlay
from labeltool.ui.offers.words import hint_text, no_model_text, read_only_text, state_text
from labeltool.ui.part import Part
from labeltool.ui.topbar import TopBar

if TYPE_CHECKING:
    # What a project needs is imported when one is opened: the start page is up sooner.
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.offering import Offer, Region
    from labeltool.app.teaching import Teaching
    from labeltool.app.workbench import Workbench

SETTING = "teach/on"
SMALL_SHARE, SHOWN_SHARE = 0.05, 0.2
"""A region that is walked to and takes less than the first share of the canvas gets the other one: what is around it
says whether it is right."""
MOST = 99
"""Regions that the button counts."""
STILL_MS = 400
"""So long a view must rest before what is seen of a large image is looked at."""


class Offers(Part):
    """Follows the image at hand while it is switched on. Off until somebody switches it on: the model's process takes
    a few hundred megabytes and, whenever an image is opened, as much time as a pre-label."""

    def __init__(self, annotate: Annotate, parent: QWidget) -> None:
        super().__init__(parent)
        self._annotate, self._canvas = annotate, annotate.canvas
        self._bench: Workbench | None = None
        self._teaching: Teaching | None = None
        self._overlay = Overlay(self._canvas, lambda: self._shown)
        self._last: tuple[int, ...] = ()
        self._on = bool(QSettings().value(SETTING, False, bool))
        self._in_sight = True
        self._had = False
        self._model = ""
        self._hint = Hint(self._canvas)
        self._settled = QTimer(self, singleShot=True, interval=0)
        """A list of models that is filled anew chooses several times."""
        self._settled.timeout.connect(self._model_changed)
        self._still = QTimer(self, singleShot=True, interval=STILL_MS)
        self._still.timeout.connect(lambda: self._teaching.look_there() if self._teaching else None)
        self._canvas.accepted.connect(self._take)
        self._overlay.chosen.connect(lambda _: self._say())
        self._canvas.view_changed.connect(self._still.start)
        annotate.changed.connect(lambda _: self._say())

    def take_actions(self, actions: Mapping[str, QAction]) -> None:
        """The switch, and whose keys the canvas names."""
        self._actions = actions

    def connect_to(self, top: TopBar) -> None:
        """The bar that chooses the model and shows the switch. Once, before a project is opened."""
        self._top = top
        self._button = TeachButton(self._actions["teach"], top)
        top.insertWidget(self._actions["prelabel"], self._button)
        top.model_changed.connect(self._settled.start)

    # ---- the project

    def attach(self, bench: Workbench | None) -> None:
        """Teach on the images of this project."""
        self.rest()
        self._bench, self._model = bench, ""
        if bench is not None:
            bench.image_opened.connect(self._image_opened)
            bench.saved.connect(self._resume)
            self._resume()
        self._say()

    def rest(self) -> None:
        """The project is about to be closed: end the model's process. Where it stays open the next stroke that is saved
        goes on."""
        if self._teaching is not None:
            self._teaching.close()
            self._teaching = None
            self._show(None)

    def _resume(self, saved: object = None) -> None:
        if self._bench is None or self._teaching is not None or not (self._on and self._bench.editable):
            return
        from labeltool.app.teaching import Teaching  # noqa: PLC0415

        self._teaching = teaching = Teaching(self._bench, self._top.model)
        teaching.visible = self._seen
        teaching.offered.connect(self._show)
        teaching.state_changed.connect(lambda _: self._say())
        teaching.switch(True)
        self._say()

    def _seen(self) -> Box:
        """What is seen of an image, where that is near enough to be worked on."""
        from labeltool.app.teaching import SIDE_PX  # noqa: PLC0415

        seen = self._canvas.what_is_seen().visible
        return NO_BOX if seen is None or max(seen.width, seen.height) > SIDE_PX else seen

    def _model_changed(self) -> None:
        model, before = self._top.model(), self._model
        self._model = before if model is None else model.key
        if self._teaching is not None and before not in ("", self._model):
            self._teaching.renew()

    def _image_opened(self, image: OpenImage | None) -> None:
        self._last = ()
        if image is not None:
            image.session.changed.connect(self._overlay.pixels_changed)

    # ---- actions

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """What its actions do."""
        return {
            "teach": self.switch,
            "take_offer": self._take,
            "take_offers": self._take_all,
            "decline_offer": self._decline,
            "next_offer": partial(self._walk, 1),
            "previous_offer": partial(self._walk, -1),
        }

    def has(self) -> Mapping[str, bool]:
        """Whether anything is offered where it can be seen."""
        return {"offer": self._overlay.offer is not None and self._shown}

    @property
    def _shown(self) -> bool:
        """Whether the mask as it is now is in sight, to be corrected."""
        return self._in_sight and self._annotate.shown.mask and self._annotate.context() is not None

    def set_in_sight(self, in_sight: bool) -> None:
        """Whether the workspace Annotate is shown: elsewhere nothing is offered, and Enter means something else."""
        self._in_sight = in_sight
        self._canvas.update()
        self._say()

    def switch(self) -> None:
        """On or off, as it will be the next time."""
        self._on = not self._on
        QSettings().setValue(SETTING, self._on)
        if self._on:
            self._resume()
        else:
            self.rest()
        self._say()

    def _take(self) -> None:
        teaching, region = self._to_take, self._overlay.region
        if teaching is not None and region is not None:
            teaching.take(region)
        elif teaching is not None:
            self.told.emit(self.tr("Point at one of the regions that are offered, then Enter takes it"))

    def _take_all(self) -> None:
        teaching = self._to_take
        if teaching is not None:
            teaching.take_all()

    @property
    def _to_take(self) -> Teaching | None:
        """What takes; None where no offer is seen, or something is being drawn."""
        return self._teaching if self.has()["offer"] and not self._canvas.busy else None

    def _decline(self) -> None:
        teaching = self._to_take
        if teaching is not None:
            teaching.decline()
            self.told.emit(self.tr("Declined; the next stroke offers again"))

    def _walk(self, by: int) -> None:
        """Show the next (+1) or previous (-1) region by size; where one counts from is the one that was shown last."""
        offer, image = self._overlay.offer, self._annotate.image
        if offer is None or image is None or self._to_take is None:
            return
        order = sorted((_rank(each), each) for each in offer.regions if self._overlay.stands(each))
        if not order:
            return
        ranks = [rank for rank, _ in order]
        after = [i for i, rank in enumerate(ranks) if rank > self._last]
        before = [i for i, rank in enumerate(ranks) if rank < self._last]
        at = (after or [0])[0] if by > 0 else (before or [-1])[-1]
        self._last, region = order[at]
        self._annotate.go_to(image.record.id, region.box, SMALL_SHARE, SHOWN_SHARE)
        self._overlay.choose(region)
        self.told.emit(
            self.tr("Offered region {n} of {count}").format(n=ranks.index(order[at][0]) + 1, count=len(order))
        )

    def _show(self, offer: Offer | None) -> None:
        if offer is None or self._teaching is None or self._bench is None:
            self._overlay.clear()
        else:
            self._overlay.show(offer, self._teaching.remaining, self._bench.catalog)
        self._say()

    # ---- words

    def _say(self) -> None:
        """State and offer, on the button and on the canvas."""
        self._actions["teach"].setChecked(self._on)
        self._button.say(*self._state())
        offer, region = self._overlay.offer, self._overlay.region
        if offer is None or self._bench is None or not self._shown:
            self._hint.say("")
        else:
            self._hint.say(hint_text(offer, region, self._bench.catalog, self._actions))
        if self._had != self.has()["offer"]:
            self._had = not self._had
            self.changed.emit()

    def _state(self) -> tuple[str, str]:
        """The button's badge, and what it stands for."""
        teaching, offer = self._teaching, self._overlay.offer
        if self._bench is not None and not self._bench.editable:
            return "", read_only_text()
        if teaching is None:
            return "", state_text("off")
        if teaching.state == "failed" and self._top.model() is None:
            return FAILED, no_model_text()
        count = 0 if offer is None else len(offer.regions)
        signs = {"failed": FAILED, "looking": WORKING, "waiting": WORKING}
        badge = (str(count) if count <= MOST else f"{MOST}+") if count else signs.get(teaching.state, "")
        return badge, state_text(teaching.state, count, teaching.error)


def _rank(region: Region) -> tuple[int, ...]:
    """Larger ones first, then in reading order."""
    return (-region.area, *region.box[1::-1], region.number)
