"""Superpixels (SLIC) in fixed blocks of the image, so that they depend on neither the view nor the image's size.

They are computed with the surroundings of their block and are whole where they reach over its border, so that it is
not seen in what they paint; those of two blocks may overlap there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import NamedTuple, Protocol
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box, Size

BLOCK = 512
ITERATIONS = 5
KEPT_BLOCKS = 24
"""Blocks remembered, of 1 to 2.4 MB each."""

Numbers = NDArray[np.int32]


class Image(Protocol):
    """What superpixels are made of; its pixels stay as they are."""

    def read(self, box: Box) -> NDArray[np.uint8]:
        """Pixels RGB uint8 [h, w, 3] of a box inside the image."""
        ...


class Wanted(NamedTuple):
    """Which superpixels: of a block, each about ``segment_px`` across.

    ``compactness`` weighs nearness against likeness: about 1 follows colours, 30 and more gives squares.
    """

    block: Box
    segment_px: int
    compactness: float

    def around(self, size: Size) -> Box:
        """The block, and as far around it as SLIC looks for the pixels of a superpixel."""
        return self.block.grow(2 * self.segment_px).intersect(size.box)


def block_at(x: int, y: int, size: Size) -> Box:
    """The block that holds a pixel, cut to the image."""
    x0, y0 = x - x % BLOCK, y - y % BLOCK
    return Box(x0, y0, x0 + BLOCK, y0 + BLOCK).intersect(size.box)


def blocks_around(block: Box, within: Box, size: Size) -> list[Box]:
    """The blocks beside a block, and then those at its corners, as far as ``within`` meets them."""
    steps = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy]
    steps.sort(key=lambda step: abs(step[0]) + abs(step[1]))
    corners = [(block.x0 + dx * BLOCK, block.y0 + dy * BLOCK) for dx, dy in steps]
    near = [Box(x, y, x + BLOCK, y + BLOCK).intersect(size.box) for x, y in corners]
    return [each for each in near if not each.intersect(within).is_empty]


class Superpixels:
    """The superpixels of blocks, kept for as long as their image; any thread may ask."""

    def __init__(self, kept: int = KEPT_BLOCKS) -> None:
        self._most = kept
        self._known: OrderedDict[tuple[ref[Image], Wanted], Numbers] = OrderedDict()
        self._looking, self._computing = Lock(), Lock()

    def at_hand(self, image: Image, wanted: Wanted) -> Numbers | None:
        """What :meth:`of` answers if that is known already; never waits."""
        key = ref(image), wanted
        with self._looking:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
            return found

    def of(self, image: Image, wanted: Wanted, size: Size) -> Numbers:
        """Numbers int32 [h, w] of the superpixels in and around a block; see :func:`superpixels`.

        Takes a fraction of a second.
        """
        with self._computing:  # whoever else wants the same waits for it instead of making it again
            found = self.at_hand(image, wanted)
            if found is None:
                found = superpixels(image, wanted, size)
                with self._looking:
                    self._known[ref(image, partial(self._forget, wanted)), wanted] = found
                    while len(self._known) > self._most:
                        self._known.popitem(last=False)
            return found

    def _forget(self, wanted: Wanted, gone: ref[Image]) -> None:
        """The image is closed. This may come in the midst of anything, so it waits for nobody."""
        self._known.pop((gone, wanted), None)


def load() -> Callable[..., NDArray[np.int64]]:
    """SLIC itself. To import it takes a second or more, which only those wait who need it."""
    from skimage.segmentation import slic  # noqa: PLC0415

    found: Callable[..., NDArray[np.int64]] = slic
    return found


def superpixels(image: Image, wanted: Wanted, size: Size) -> Numbers:
    """Numbers int32 [h, w] of the superpixels of ``wanted.around(size)``; not to be written to."""
    around = wanted.around(size)
    found: Numbers = load()(
        image.read(around),
        n_segments=max(1, round(around.height * around.width / wanted.segment_px**2)),
        compactness=wanted.compactness,
        max_num_iter=ITERATIONS,
        start_label=0,
        channel_axis=-1,
    ).astype(np.int32)
    found.flags.writeable = False
    return found
