"""Tools whose work takes longer than a hand should wait: it is done elsewhere, and can be left at any time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

import numpy as np
import pytest
from skimage.segmentation import flood

from labeltool.app.session import Session
from labeltool.app.toolbox import Context, Hand, View
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import CancelledError, LabeltoolError
from labeltool.core.geometry import TILE, Size
from labeltool.core.guard import Guard
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken
from labeltool.imaging import superpixels
from labeltool.imaging.pyramid import ArrayPyramid
from labeltool.tools import superpixel
from labeltool.tools.fill import FILL
from labeltool.tools.grabcut import GRABCUT
from labeltool.tools.lasso import LASSO
from labeltool.tools.polygon import POLYGON
from labeltool.tools.refine import REFINE
from labeltool.tools.superpixel import SUPERPIXEL
from labeltool.tools.threshold import THRESHOLD
from labeltool.tools.tool import Pointer, Preview, Tool
from labeltool.tools.wand import WAND
from labeltool.tools.working import Promise, worked

SIZE = Size(TILE + 60, 120)
CATALOG = ClassCatalog.from_names(["a", "b", "c"])
DONE = Pointer("key", key="done")
PRESS, RELEASE = Pointer("press", 70.5, 60.5), Pointer("release", 200.5, 100.5)
TOOLS = [FILL, WAND, THRESHOLD, GRABCUT, REFINE, SUPERPIXEL]


class Elsewhere:
    """Does work when it is told to, as a thread does it some time later."""

    def __init__(self) -> None:
        self.begun: list[tuple[Callable[[CancelToken], object], Promise]] = []

    def __call__(self, work: Callable[[CancelToken], object]) -> Promise:
        promise: Promise = Promise(Future(), CancelToken())
        self.begun.append((work, promise))
        return promise

    @property
    def tokens(self) -> list[CancelToken]:
        return [promise.token for _, promise in self.begun]

    def catch_up(self) -> bool:
        """Do what waits; False when nothing did."""
        waiting = [each for each in self.begun if not each[1].done]
        for work, promise in waiting:
            try:
                promise.token.check()
                promise.future.set_result(work(promise.token))
            except LabeltoolError as error:
                promise.future.set_exception(error)
        return bool(waiting)


class Desk:
    """A noisy image with noisy labels, and a tool whose work is done elsewhere."""

    def __init__(self, tool: Tool) -> None:
        random = np.random.default_rng(3)
        self.pixels = random.integers(0, 255, (SIZE.height // 10, SIZE.width // 10 + 1, 3), np.uint8)
        self.pixels = self.pixels.repeat(10, 0).repeat(10, 1)[:, : SIZE.width]
        labels = (
            random.integers(0, 3, (SIZE.height // 4, SIZE.width // 4), np.uint8).repeat(4, 0).repeat(4, 1)
        )
        self.saved: list[object] = []
        self.session = Session(LabelMask(SIZE), self.saved.append)
        self.session.apply(write(self.session.mask, SIZE.box, title="", kind="", label=labels))
        self.before = self.label
        self.saved.clear()
        self.hand = Hand(value=3, radius_px=12)
        self.elsewhere = Elsewhere()
        self.context = Context(
            self.session, self.hand, lambda: CATALOG, ArrayPyramid(self.pixels), self.hand.options_of(tool),
            view=lambda: View(1.0, SIZE.box), run=self.elsewhere,
        )  # fmt: skip
        self.tool, self.gesture = tool, None
        self.shown = Preview()

    def send(self, *events: Pointer) -> None:
        for event in events:
            try:
                if self.gesture is None:
                    self.gesture = self.tool.gesture(self.context, event)
                    self.shown = next(self.gesture)
                else:
                    self.shown = self.gesture.send(event)
            except StopIteration:
                self.gesture = None

    def finish(self) -> None:
        while self.gesture is not None and self.elsewhere.catch_up():
            self.send(DONE)
        assert self.gesture is None

    @property
    def label(self) -> np.ndarray:
        return self.session.mask.read("label")


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labeltool.tools.superpixel.KEPT", superpixels.Superpixels())
    monkeypatch.setattr("labeltool.tools.working.GRACE_S", 0.0)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.id)
def test_nothing_is_worked_out_where_the_hand_would_have_to_wait(tool: Tool):
    desk = Desk(tool)
    desk.hand.value = 1
    desk.send(PRESS, RELEASE)
    assert desk.gesture is not None
    assert desk.shown.working
    assert np.array_equal(desk.label, desk.before)
    desk.finish()
    assert not np.array_equal(desk.label, desk.before)
    assert len(desk.saved) == 1


@pytest.mark.parametrize("leave", [False, True])
@pytest.mark.parametrize(
    "tool, moved, end",
    [(POLYGON, "press", Pointer("key", key="accept")), (LASSO, "move", RELEASE)],
    ids=["polygon", "lasso"],
)
def test_a_ring_is_filled_where_nobody_waits_for_it(tool: Tool, moved: str, end: Pointer, leave: bool):
    desk = Desk(tool)
    desk.hand.value = 1
    desk.send(PRESS, Pointer(moved, 200.5, 60.5), Pointer(moved, 200.5, 100.5), end)
    assert desk.shown.working
    assert np.array_equal(desk.label, desk.before)
    if leave:
        desk.gesture.close()
        assert np.array_equal(desk.label, desk.before)
        assert desk.saved == []
    else:
        desk.finish()
        assert desk.label[65, 190] == 1
        assert len(desk.saved) == 1


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.id)
def test_the_answer_is_the_same_wherever_it_is_worked_out(tool: Tool):
    here, there = Desk(tool), Desk(tool)
    here.context = Context(
        here.session, here.hand, lambda: CATALOG, ArrayPyramid(here.pixels), here.hand.options_of(tool),
        view=lambda: View(1.0, SIZE.box),
    )  # fmt: skip
    for desk in (here, there):
        desk.hand.value = 1
        desk.send(PRESS, Pointer("move", 120.5, 80.5), RELEASE)
    there.finish()
    assert np.array_equal(here.label, there.label)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.id)
def test_work_that_is_left_is_cancelled_and_leaves_nothing(tool: Tool):
    desk = Desk(tool)
    desk.send(PRESS, RELEASE)
    desk.gesture.close()
    if tool is not SUPERPIXEL:  # a block that is being made is wanted the next time
        assert all(token.cancelled for token in desk.elsewhere.tokens)
    assert not desk.session.painting
    assert np.array_equal(desk.label, desk.before)
    assert desk.saved == []


def test_undo_while_a_tool_works_takes_the_work_back():
    desk = Desk(FILL)
    desk.send(PRESS)
    with pytest.raises(CancelledError):
        desk.send(Pointer("key", key="back"))
    assert desk.elsewhere.tokens[0].cancelled
    assert np.array_equal(desk.label, desk.before)
    assert desk.saved == []


def test_following_and_painting_a_region_stop_when_they_are_cancelled():
    desk = Desk(FILL)
    desk.send(PRESS)
    work, promise = desk.elsewhere.begun[0]
    promise.token.cancel()
    with pytest.raises(CancelledError):
        work(promise.token)


def test_nobody_else_changes_the_mask_while_a_tool_works():
    desk = Desk(FILL)
    desk.send(PRESS)
    with pytest.raises(LabeltoolError):
        desk.session.apply(write(desk.session.mask, SIZE.box, title="", kind="", label=1))
    assert not desk.session.undo()
    desk.finish()
    assert desk.session.undo_title == "fill"


def test_a_guard_is_asked_where_the_work_is_done(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    admit = Guard.admit

    def heard(self, *patches):
        asked.append("guard")
        return admit(self, *patches)

    monkeypatch.setattr(Guard, "admit", heard)
    desk = Desk(FILL)
    desk.session.guard = Guard(only_over=frozenset({0}))
    asked.clear()
    desk.send(Pointer("press", 5, 5))
    assert asked == []
    desk.elsewhere.catch_up()
    assert asked == ["guard"]
    desk.send(DONE)
    assert desk.gesture is None
    assert asked == ["guard"]


def test_what_is_set_while_a_tool_works_is_for_the_next_time():
    desks = Desk(THRESHOLD), Desk(THRESHOLD)
    for desk in desks:
        desk.send(PRESS, RELEASE)
    desks[1].hand.set_option(THRESHOLD, "which", 1)
    desks[1].hand.value = 2
    for desk in desks:
        desk.finish()
    assert np.array_equal(desks[0].label, desks[1].label)


@pytest.mark.parametrize("at", [(70, 60), (5, 5), (300, 100), (255, 30)])
def test_a_fill_is_the_flood_of_the_plain_array(at: tuple[int, int]):
    desk = Desk(FILL)
    x, y = at
    background = desk.before[y, x] == 0
    expected = np.where(flood(desk.before, (y, x), connectivity=1 if background else 2), 3, desk.before)
    desk.send(Pointer("press", x + 0.5, y + 0.5))
    desk.finish()
    assert np.array_equal(desk.label, expected)


def test_while_a_box_is_dragged_one_is_searched_at_a_time_and_then_the_newest():
    desk = Desk(THRESHOLD)
    desk.send(PRESS, *(Pointer("move", 70.5 + way, 60.5 + way) for way in (10, 20, 30)))
    assert len(desk.elsewhere.begun) == 1
    assert desk.shown.area is None
    desk.elsewhere.catch_up()
    desk.send(DONE)
    assert desk.shown.area.box.width == 11
    desk.elsewhere.catch_up()
    desk.send(DONE)
    assert desk.shown.area.box.width == 31
    assert len(desk.elsewhere.begun) == 2


def test_the_wand_keeps_where_the_button_was_let_go_while_it_looks():
    desks = Desk(WAND), Desk(WAND)
    for desk in desks:
        desk.send(PRESS, Pointer("release", 110.5, 60.5))
    desks[1].send(Pointer("move", 3, 90))  # the hand goes on
    for desk in desks:
        desk.finish()
    assert np.array_equal(desks[0].label, desks[1].label)


def test_superpixels_that_are_not_made_yet_are_painted_once_they_are():
    desk = Desk(SUPERPIXEL)
    desk.send(PRESS, Pointer("move", 120.5, 80.5))
    assert np.array_equal(desk.label, desk.before)
    desk.elsewhere.catch_up()
    desk.send(DONE)
    assert desk.label[60, 70] == desk.label[80, 120] == 3
    assert len(desk.elsewhere.begun) == 1
    assert desk.gesture is not None


def test_a_drag_into_a_block_that_is_not_made_yet_paints_the_superpixels_of_that_block(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(superpixels, "BLOCK", 64)
    waiting, made = Desk(SUPERPIXEL), Desk(SUPERPIXEL)
    for x in (100, 140):  # of one desk they are at hand
        wanted = superpixel._wanted(made.context, superpixels.block_at(x, 80, SIZE))
        superpixel.KEPT.of(made.context.image, wanted, SIZE)
    for desk in (waiting, made):
        desk.send(Pointer("press", 100.5, 80.5), Pointer("release", 140.5, 80.5))
        desk.finish()
    assert len(waiting.elsewhere.begun) == 2
    assert made.label[80, 140] == 3
    assert np.array_equal(waiting.label, made.label)


def test_the_outline_of_a_superpixel_comes_when_it_is_made():
    desk = Desk(SUPERPIXEL)
    assert not SUPERPIXEL.hover(desk.context, (60.0, 45.0)).outlines
    desk.elsewhere.catch_up()
    assert SUPERPIXEL.hover(desk.context, (60.0, 45.0)).outlines


def test_blocks_beside_the_pointer_are_made_ahead_one_after_the_other(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(superpixels, "BLOCK", 64)
    desk = Desk(SUPERPIXEL)
    for _ in range(30):
        SUPERPIXEL.hover(desk.context, (100.0, 80.0))
        desk.elsewhere.catch_up()
    assert len(desk.elsewhere.begun) == 6  # the block of the pointer, and those beside it that the image has
    SUPERPIXEL.hover(desk.context, (30.0, 80.0))
    assert SUPERPIXEL.hover(desk.context, (30.0, 80.0)).outlines


def test_an_error_of_the_work_is_the_gestures():
    desk = Desk(FILL)

    def fail(scene, cancel):
        raise LabeltoolError("the disk is gone")

    gesture = worked(desk.context, fail)
    next(gesture)
    desk.elsewhere.catch_up()
    with pytest.raises(LabeltoolError, match="disk"):
        gesture.send(DONE)
