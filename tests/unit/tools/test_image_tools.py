from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from labeltool.app.session import Session
from labeltool.app.toolbox import Context, Hand, View
from labeltool.core.catalog import ClassCatalog
from labeltool.core.draw import capsule
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.shape import dense, everywhere
from labeltool.imaging.crf import Kernels, mean_field
from labeltool.imaging.display import first_display
from labeltool.imaging.pyramid import ArrayPyramid
from labeltool.imaging.reader import ImageInfo, ValueWindow
from labeltool.imaging.view import View as ValueView
from labeltool.tools import threshold, wand
from labeltool.tools.dragbox import select_in_box
from labeltool.tools.grabcut import GRABCUT
from labeltool.tools.painting import painted
from labeltool.tools.refine import REFINE
from labeltool.tools.superpixel import SUPERPIXEL
from labeltool.tools.threshold import THRESHOLD
from labeltool.tools.tool import Pointer, Tool, ValueRange
from labeltool.tools.wand import WAND

TOOLS = [WAND, SUPERPIXEL, THRESHOLD, GRABCUT, REFINE]
CATALOG = ClassCatalog.from_names(["a", "b"])


class Desk:
    """An image, a session on it, and a tool that is driven event by event."""

    def __init__(self, tool: Tool, image: np.ndarray, radius_px: float = 12, **options: float) -> None:
        self.size = Size(image.shape[1], image.shape[0])
        self.saved: list[object] = []
        self.session = Session(LabelMask(self.size, CATALOG.unlabelled_value), self.saved.append)
        hand = Hand(value=1, radius_px=radius_px)
        for name, value in options.items():
            hand.set_option(tool, name, value)
        self.context = Context(
            self.session, hand, lambda: CATALOG, ArrayPyramid(image), hand.options_of(tool), view=View
        )
        self.tool = tool

    def label_box(self, box: Box, value: int) -> None:
        with self.context.stroke("before", "test") as stroke:
            stroke.add(painted(self.context, everywhere(box), value))
        self.saved.clear()

    def drag(self, *points: tuple[float, float], button: str = "left") -> np.ndarray:
        events = [
            *(Pointer("move", *point) for point in points[1:]),
            Pointer("release", *points[-1]),
        ]
        gesture = self.tool.gesture(self.context, Pointer("press", *points[0], button))
        try:
            next(gesture)
            for event in events:
                gesture.send(event)
        except StopIteration:
            pass
        return self.label

    @property
    def label(self) -> np.ndarray:
        return self.session.mask.read("label")


def disc() -> tuple[np.ndarray, np.ndarray]:
    """A bright noisy disc on dark ground, and where it is."""
    size = Size(120, 90)
    inside = dense(capsule((60, 45), (60, 45), 25, size), size.box).inside
    random = np.random.default_rng(0)
    image = np.where(inside[..., None], (200, 150, 90), (40, 60, 80)) + random.normal(
        0, 4, (*inside.shape, 3)
    )
    return image.clip(0, 255).astype(np.uint8), inside


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_the_wand_takes_what_is_alike_and_connected():
    image, inside = disc()
    image[5:10, 5:10] = image[45, 60]
    assert np.array_equal(Desk(WAND, image, tolerance=20).drag((60, 45)) == 1, inside)


def test_the_wand_that_is_not_contiguous_takes_all_that_is_alike():
    image, inside = disc()
    image[5:10, 5:10] = image[45, 60]
    inside[5:10, 5:10] = True
    assert np.array_equal(Desk(WAND, image, tolerance=20, contiguous=0).drag((60, 45)) == 1, inside)


def test_dragging_the_wand_widens_and_narrows_its_tolerance():
    ramp = np.broadcast_to(np.arange(250, dtype=np.uint8)[None, :, None], (8, 250, 3)).copy()
    wide, usual, narrow = (int(Desk(WAND, ramp).drag((125, 4), (125 + way, 4)).sum()) for way in (40, 0, -20))
    assert wide > usual > narrow > 0


@pytest.mark.parametrize(
    ("view", "said", "filled"),
    [
        (Box(40, 40, 70, 60), "12 %, on the screen only", Box(40, 40, 70, 60)),
        (Box(0, 0, 100, 100), "12 %, in 40 × 40 pixels only", Box(30, 30, 70, 70)),
    ],
)
def test_in_an_image_too_large_for_it_the_wand_says_how_far_it_reaches_and_goes_no_farther(
    monkeypatch, view, said, filled
):
    monkeypatch.setattr(wand, "MOST_PX", 1600)
    monkeypatch.setattr(wand, "LIVE_PX", 400)
    monkeypatch.setattr(wand, "WIDER_PX", (800, 1600))
    desk = Desk(WAND, np.zeros((100, 100, 3), np.uint8))
    desk.context.view = lambda: View(visible=view)
    gesture = WAND.gesture(desk.context, Pointer("press", 50, 50))
    assert next(gesture).text == said
    desk.drag((50, 50))
    wanted = np.zeros((100, 100), bool)
    wanted[filled.slices()] = True
    assert np.array_equal(desk.label == 1, wanted)


def test_the_wand_says_nothing_of_its_reach_where_that_is_the_whole_image():
    desk = Desk(WAND, disc()[0])
    assert next(WAND.gesture(desk.context, Pointer("press", 60, 45))).text == "12 %"


def test_of_a_box_that_is_too_large_it_is_said_while_it_is_dragged_and_it_does_nothing():
    tool = replace(THRESHOLD, gesture=select_in_box("box", "box", lambda *_: pytest.fail(), most_px=600))
    desk = Desk(tool, disc()[0])
    gesture = tool.gesture(desk.context, Pointer("press", 10, 10))
    next(gesture)
    assert gesture.send(Pointer("move", 30, 40)).text == "20 × 30"
    assert gesture.send(Pointer("move", 40, 40)).text.startswith("30 × 30: too large, at most")
    with pytest.raises(StopIteration):
        gesture.send(Pointer("release", 40, 40))
    assert desk.saved == []


def test_superpixels_follow_the_image_and_one_drag_is_one_step():
    image, inside = disc()
    desk = Desk(SUPERPIXEL, image, size=12)
    label = desk.drag((45, 35), (75, 35), (75, 55), (45, 55), (45, 45), (75, 45))
    assert (label == 1)[inside].mean() > 0.6
    assert label[~inside].mean() < 0.02
    assert len(desk.saved) == 1


def test_the_superpixel_under_the_pointer_is_outlined_before_it_is_painted():
    desk = Desk(SUPERPIXEL, disc()[0], size=12)
    shown = SUPERPIXEL.hover(desk.context, (60.0, 45.0))
    outline = cv2.contourArea(shown.outlines[0].points.astype(np.float32))
    assert outline == pytest.approx(desk.drag((60, 45)).sum(), rel=0.25)


@pytest.mark.parametrize("which", [0, 1])
def test_threshold_finds_the_side_that_was_asked_for_inside_the_box_only(which):
    image, inside = disc()
    wanted = np.zeros_like(inside)
    wanted[10:80, 30:60] = (inside if which == 0 else ~inside)[10:80, 30:60]
    assert np.array_equal(Desk(THRESHOLD, image, which=which).drag((30, 10), (60, 80)) == 1, wanted)


def test_threshold_leaves_specks_out():
    image, inside = disc()
    image[5:7, 5:7] = 255
    assert np.array_equal(Desk(THRESHOLD, image, least=10).drag((0, 0), (120, 90)) == 1, inside)


@pytest.mark.parametrize("scale", [1, 5])
def test_grabcut_finds_the_object_in_the_box(scale):
    image, inside = disc()
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    inside = inside.repeat(scale, 0).repeat(scale, 1)
    desk = Desk(GRABCUT, image)
    assert iou(desk.drag((30 * scale, 14 * scale), (90 * scale, 76 * scale)) == 1, inside) > 0.98


def test_grabcut_never_drops_what_is_labelled_where_labels_are_sure():
    desk = Desk(GRABCUT, disc()[0], seeds=1)
    desk.label_box(Box(32, 20, 36, 24), 1)
    label = desk.drag((30, 14), (90, 76))
    assert (label[20:24, 32:36] == 1).all()
    assert label[45, 60] == 1


def test_refining_moves_a_ragged_edge_to_that_of_the_image():
    image, inside = disc()
    desk = Desk(REFINE, image, radius_px=10)
    ragged = Box(37, 22, 83, 68)
    desk.label_box(ragged, 1)
    before = desk.label
    path = [(60 + 25 * math.cos(t), 45 + 25 * math.sin(t)) for t in np.linspace(0, 2 * math.pi, 30)]
    label = desk.drag(*path)
    assert iou(label == 1, inside) > 0.97 > iou(before == 1, inside)
    assert label[45, 60] == 1
    assert len(desk.saved) == 1


def test_refining_changes_nothing_outside_the_brush():
    desk = Desk(REFINE, disc()[0], radius_px=10)
    desk.label_box(Box(37, 22, 83, 68), 1)
    before = desk.label
    under = dense(capsule((37, 22), (40, 22), 10, desk.size), desk.size.box).inside
    changed = desk.drag((37, 22), (40, 22)) != before
    assert changed[under].any()
    assert not changed[~under].any()


def test_what_refining_takes_from_the_class_goes_to_the_neighbour():
    image = np.full((60, 80, 3), 30, np.uint8)
    image[:, 40:] = 200
    desk = Desk(REFINE, image, radius_px=20)
    desk.label_box(Box(0, 0, 80, 60), 2)
    desk.label_box(Box(0, 0, 44, 60), 1)
    label = desk.drag((42, 30))
    assert (label[25:36, 30:40] == 1).all()
    assert (label[25:36, 40:50] == 2).all()


def test_mean_field_by_shifts_is_that_of_all_pairs():
    random = np.random.default_rng(1)
    image = random.integers(0, 60, (5, 7, 3)).astype(np.uint8)
    unary = random.normal(0, 2, (5, 7)).astype(np.float32)
    kernels = Kernels(reach=3)
    pixels = list(np.ndindex(5, 7))
    logit = {p: float(unary[p]) for p in pixels}
    for _ in range(kernels.iterations):
        q = {p: 1 / (1 + math.exp(-logit[p])) for p in pixels}
        logit = {
            p: float(unary[p]) + sum(pair(image, p, o, kernels) * (2 * q[o] - 1) for o in pixels)
            for p in pixels
        }
    expected = np.array([logit[p] for p in pixels]).reshape(5, 7)
    assert np.allclose(mean_field(unary, image, kernels), expected, atol=1e-3)


def pair(image: np.ndarray, p: tuple[int, ...], o: tuple[int, ...], kernels: Kernels) -> float:
    dy, dx = o[0] - p[0], o[1] - p[1]
    if p == o or max(abs(dx), abs(dy)) > kernels.reach:
        return 0.0
    near, smooth = kernels.at(dx, dy)
    apart = float(((image[p].astype(float) - image[o]) ** 2).sum())
    return near * math.exp(-apart / (2 * kernels.appearance_levels**2)) + smooth


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.id)
def test_a_box_outside_the_image_labels_nothing(tool):
    desk = Desk(tool, disc()[0])
    assert not desk.drag((-50, -40), (-20, -20)).any()
    assert desk.saved == []


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.id)
@pytest.mark.parametrize("size", [Size(1, 1), Size(1, 40), Size(30, 2), Size(70, 50)])
def test_flat_and_tiny_images_do_no_harm(tool, size):
    desk = Desk(tool, np.full((size.height, size.width, 3), 90, np.uint8))
    desk.label_box(Box(0, 0, 1, 1), 1)
    label = desk.drag((0, 0), (size.width - 0.5, size.height - 0.5))
    assert label.shape == (size.height, size.width)
    assert np.isin(label, (0, 1)).all()
    if tool in (THRESHOLD,):
        assert label.sum() == 1


@pytest.mark.parametrize("tool", [WAND, SUPERPIXEL, THRESHOLD, GRABCUT], ids=lambda tool: tool.id)
def test_the_right_button_erases(tool):
    desk = Desk(tool, disc()[0])
    desk.label_box(desk.size.box, 1)
    label = desk.drag((30, 14), (60, 45), (90, 76), button="right")
    assert (label == 0).any()
    assert (label == 1).any()


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.id)
def test_a_gesture_that_is_left_labels_nothing(tool):
    desk = Desk(tool, disc()[0])
    gesture = tool.gesture(desk.context, Pointer("press", 40, 30))
    next(gesture)
    gesture.send(Pointer("move", 80, 60))
    gesture.close()
    assert not desk.label.any()
    assert desk.saved == []


def values_desk(values: np.ndarray, nodata: float | None = None, **options: float) -> Desk:
    """A desk with an image whose values [h, w] are no 8-bit RGB."""
    desk = Desk(THRESHOLD, np.zeros((*values.shape[:2], 3), np.uint8), **options)
    desk.context.image = view_of(values[..., None], (0, 0, 0), nodata=nodata)
    return desk


def view_of(values: np.ndarray, composite: tuple[int, int, int], **more: object) -> ValueView:
    size, names = Size(values.shape[1], values.shape[0]), tuple("abcd"[: values.shape[2]])
    info = ImageInfo(size, "", "", dtype=values.dtype.name, channels=names, composite=composite, **more)
    return ValueView(ArrayPyramid(values, info), first_display(info, values))


def hounsfield() -> np.ndarray:
    return np.random.default_rng(3).integers(-1024, 3200, (90, 120)).astype(np.int16)


ALL = ((0, 0), (120, 90))
BETWEEN = 2


@pytest.mark.parametrize(("low", "high"), [(200, 3000), (-500, -499), (3000, 200)])
def test_typed_values_select_what_lies_between_them_however_the_image_is_displayed(low, high):
    values = hounsfield()
    values[40, :4] = (199, 200, 3000, 3001)
    for window in (ValueWindow("Bone", 400, 1800), ValueWindow("Brain", 40, 80)):
        desk = values_desk(values, which=BETWEEN, low=low, high=high)
        view = desk.context.image
        view.display = replace(view.display.windowed(window), inverted=window.name == "Brain")
        assert np.array_equal(desk.drag(*ALL) == 1, (values >= low) & (values <= high))


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.uint16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("which", [0, 1])
def test_otsu_parts_values_of_every_type_however_the_image_is_displayed(dtype, which):
    inside, random = disc()[1], np.random.default_rng(2)
    large = 100 if dtype == np.int8 else 30_000
    values = (np.where(inside, large, 20) + random.integers(-9, 9, inside.shape)).astype(dtype)
    for window in (ValueWindow("above", 60_000, 10), ValueWindow("wide", 0, 90_000)):
        desk = values_desk(values, which=which)
        desk.context.image.display = desk.context.image.display.windowed(window)
        assert np.array_equal(desk.drag(*ALL) == 1, inside if which == 0 else ~inside)


@pytest.mark.parametrize("which", [0, 1, BETWEEN])
def test_where_there_is_no_value_nothing_is_selected_and_otsu_looks_elsewhere(which):
    inside = disc()[1]
    values = np.where(inside, 0.25, 0.125).astype(np.float32)
    values[:10], values[10:20], values[20, :] = np.nan, -9999, np.inf
    wanted = inside if which == 0 else ~inside
    wanted[:20], wanted[20] = False, which == 0
    low, high = 0.1, 0.2
    desk = values_desk(values, nodata=-9999, which=which, low=low, high=high)
    assert np.array_equal(desk.drag(*ALL) == 1, wanted)


@pytest.mark.parametrize("value", [7.0, math.nan, math.inf, -9999.0])
def test_otsu_finds_nothing_where_all_values_are_alike_or_none(value):
    values = np.full((90, 120), value, np.float32)
    assert not any((values_desk(values, -9999, which=which).drag(*ALL) == 1).any() for which in (0, 1))


def test_otsu_tells_apart_what_differs_by_the_least_and_by_the_most_that_a_float_can():
    for low, high in ((1.0, np.nextafter(1.0, 2)), (-1.7e308, 1.7e308)):
        values = np.full((90, 120), low)
        values[:, 50:] = high
        assert np.array_equal(values_desk(values, which=0).drag(*ALL) == 1, values == high)


def test_otsu_goes_by_the_same_values_where_the_box_is_read_in_strips(monkeypatch):
    values = hounsfield()
    whole = values_desk(values, which=0).drag(*ALL)
    monkeypatch.setattr(threshold, "STRIP_PX", 500)
    assert np.array_equal(values_desk(values, which=0).drag(*ALL), whole)


def test_of_several_channels_their_mean_counts_and_of_one_that_is_shown_alone_its_values():
    values = np.random.default_rng(1).integers(0, 60_000, (90, 120, 4)).astype(np.uint16)
    for composite in ((3, 1, 0), (2, 2, 2)):
        desk = values_desk(values[..., 0], which=BETWEEN, low=20_000, high=40_000)
        desk.context.image = view_of(values, composite)
        mean = values[..., sorted(set(composite))].mean(axis=2)
        assert np.array_equal(desk.drag(*ALL) == 1, (mean >= 20_000) & (mean <= 40_000))


def test_bright_are_small_values_where_the_file_says_so_and_not_where_the_display_does():
    inside = disc()[1]
    values = np.where(inside, 900, 20).astype(np.uint16)
    for inverted in (False, True):
        desk = values_desk(values, which=0)
        view = desk.context.image = view_of(values[..., None], (0, 0, 0), inverted=inverted)
        view.display = replace(view.display, inverted=not inverted)
        assert np.array_equal(desk.drag(*ALL) == 1, ~inside if inverted else inside)


def test_numbers_are_kept_by_the_kind_of_values_that_they_are_among():
    hand = Hand()
    ct = THRESHOLD.fitted(ValueRange(("CT", "int16", "HU"), -1024, 3000, 1, "HU"))
    wider = THRESHOLD.fitted(ValueRange(("CT", "int16", "HU"), -1024, 9000, 1, "HU"))
    hand.set_option(ct, "low", 200)
    hand.set_option(THRESHOLD, "low", 77)
    hand.set_option(ct, "which", BETWEEN)
    assert [hand.options_of(tool)["low"] for tool in (ct, wider, THRESHOLD)] == [200, 200, 77]
    assert [hand.options_of(tool)["high"] for tool in (ct, wider, THRESHOLD)] == [3000, 9000, 255]
    assert hand.options_of(THRESHOLD)["which"] == BETWEEN
