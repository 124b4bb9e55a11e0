"""A tile border is never seen in what the tools that look at the image do, nor is the view."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.segmentation import flood

from labeltool.app.session import Session
from labeltool.app.toolbox import Context, Hand, View
from labeltool.core.catalog import ClassCatalog
from labeltool.core.draw import capsule
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken
from labeltool.core.shape import dense
from labeltool.imaging.crf import Kernels
from labeltool.imaging.pyramid import ArrayPyramid
from labeltool.imaging.superpixels import BLOCK, Wanted, block_at, superpixels
from labeltool.tools import grabcut, wand
from labeltool.tools.refine import Refinement
from labeltool.tools.superpixel import SUPERPIXEL
from labeltool.tools.tool import Pointer
from tests.laws.examples import law
from tests.laws.grid import PLAIN

SIZE = Size(300, 290)
CATALOG = ClassCatalog.from_names(["a"])


def noise(seed: int, levels: int = 4) -> np.ndarray:
    random = np.random.default_rng(seed)
    coarse = random.integers(0, levels, (SIZE.height // 5, SIZE.width // 5, 3)) * (255 // levels)
    return coarse.repeat(5, 0).repeat(5, 1).astype(np.uint8)


class Image:
    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels

    def read(self, box: Box) -> np.ndarray:
        return self.pixels[box.slices()]


@law(40)
@given(
    st.integers(0, 999),
    st.integers(0, SIZE.width - 1),
    st.integers(0, SIZE.height - 1),
    st.integers(0, 100),
    st.integers(300, 40_000),
)
def test_a_wands_area_in_a_window_is_that_of_the_whole_image(seed, x, y, tolerance, pixels):
    image = noise(seed)
    box = wand.window(wand.Pixel(x, y), pixels, SIZE.box)
    found = wand.difference(Image(image), box, wand.Pixel(x, y), CancelToken())
    inside = wand.alike(found, wand.Pixel(x, y), tolerance, contiguous=True, smooth=False)
    apart = np.abs(image.astype(int) - image[y, x]).max(axis=2)
    whole = flood(apart <= int(tolerance * 2.55), (y, x), connectivity=1)
    if wand.reaches_out(inside, box, SIZE):
        assert not (inside & ~whole[box.slices()]).any()
    else:
        assert np.array_equal(inside, whole[box.slices()])
        assert inside.sum() == whole.sum()


@law(10)
@given(st.integers(0, 999), st.integers(0, 700), st.integers(0, 500), st.integers(8, 40))
def test_superpixels_depend_on_the_block_and_what_is_around_it_alone(seed, x, y, segment_px):
    random = np.random.default_rng(seed)
    image = random.integers(0, 255, (501, 701, 3)).astype(np.uint8)
    size = Size(701, 501)
    block = block_at(x, y, size)
    assert (block.x0 % BLOCK, block.y0 % BLOCK) == (0, 0)
    wanted = Wanted(block, segment_px, 10)
    around = wanted.around(size)
    elsewhere = image.copy()
    elsewhere[:] = 0
    elsewhere[around.slices()] = image[around.slices()]
    numbers = superpixels(Image(image), wanted, size)
    assert numbers.shape == (around.height, around.width)
    assert np.array_equal(numbers, superpixels(Image(elsewhere), wanted, size))


@cache
def smooth_image(seed: int) -> ArrayPyramid:
    """Soft clouds, over the border of a block."""
    random = np.random.default_rng(seed)
    clouds = cv2.GaussianBlur(random.random((200, 2 * BLOCK, 3)).astype(np.float32), (0, 0), 9)
    return ArrayPyramid(cv2.normalize(clouds, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8))


@law(25)
@given(st.integers(0, 7), st.sampled_from([-1, 0]), st.integers(0, 100), st.integers(11, 40))
def test_superpixels_do_not_end_at_the_border_of_their_block(seed, side, y, segment_px):
    session = Session(LabelMask(Size(2 * BLOCK, 200)), lambda operation: None)
    hand = Hand(value=1)
    hand.set_option(SUPERPIXEL, "size", segment_px)
    options = hand.options_of(SUPERPIXEL)
    context = Context(session, hand, lambda: CATALOG, smooth_image(seed), options, view=View)
    x = BLOCK + side + 0.5
    gesture = SUPERPIXEL.gesture(context, Pointer("press", x, y))
    next(gesture)
    with pytest.raises(StopIteration):
        gesture.send(Pointer("release", x, y + 100))
    beside, beyond = session.mask.read("label", Box(BLOCK - 1, y, BLOCK + 1, y + 100)).T[:: 1 if side else -1]
    assert beside.all()
    assert np.count_nonzero(beyond) > 25


@law(15)
@given(st.integers(0, 999), st.floats(0, 20))
def test_the_pieces_in_which_grabcut_makes_a_border_exact_fit_together(seed, spread):
    random = np.random.default_rng(seed)
    inside = dense(capsule((120, 150), (220, 130), 70, Size(340, 300)), Box(0, 0, 340, 300)).inside
    image = np.where(inside[..., None], (180, 140, 90), (70, 90, 110)) + random.normal(
        0, spread, (300, 340, 3)
    )
    trimap = np.full(inside.shape, cv2.GC_BGD, np.uint8)
    trimap[40:-40, 30:-30] = cv2.GC_PR_FGD
    found = []
    for side in (64, PLAIN):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(grabcut, "PIECE", side)
            found.append(grabcut.cut(image.clip(0, 255).astype(np.uint8), trimap, 3, CancelToken()))
    # A cut hangs on all pixels of its piece, if ever less the further away they are: some may go either way.
    assert np.count_nonzero(found[0] ^ found[1]) <= 20
    assert np.count_nonzero(found[1] ^ inside) < 0.05 * np.count_nonzero(inside)


@law(15)
@given(
    st.integers(0, 999),
    st.integers(0, 250),
    st.integers(0, 250),
    st.integers(2, 6),
    st.sampled_from([2, 5, 10]),
)
def test_refining_a_box_of_the_image_is_refining_it_all(seed, x, y, reach, block):
    random = np.random.default_rng(seed)
    image = noise(seed)[:140, :150]
    coarse = random.integers(0, 3, (140 // block, 150 // block), np.uint8)
    labels = coarse.repeat(block, 0).repeat(block, 1)
    mask = LabelMask(Size(150, 140), 0)
    mask.apply(write(mask, mask.size.box, title="labels", kind="test", label=labels))
    how = Refinement(1, reach, Kernels(iterations=2))
    box = Box(x % 140, y % 130, x % 140 + 10, y % 130 + 10)
    context = SimpleNamespace(mask=mask, size=mask.size, image=Image(image))
    part, whole = how.new_labels(context, box), how.new_labels(context, mask.size.box)
    expected = whole[box.slices()]
    found = labels[box.slices()] if part is None else part
    assert np.array_equal(found, expected)
