from __future__ import annotations

import gc

import numpy as np

from labeltool.core.geometry import Box, Size
from labeltool.imaging.superpixels import Superpixels, Wanted

SIZE = Size(64, 48)


class Picture:
    """Noise."""

    def read(self, box: Box) -> np.ndarray:
        rng = np.random.default_rng(0)
        return rng.integers(0, 255, (box.height, box.width, 3)).astype(np.uint8)


def test_superpixels_are_kept_for_as_long_as_their_image() -> None:
    kept, one, other = Superpixels(), Picture(), Picture()
    wanted = [Wanted(SIZE.box, size, 10) for size in (8, 16)]
    made = [kept.of(image, each, SIZE) for image in (one, other) for each in wanted]
    assert kept.at_hand(one, wanted[0]) is made[0]
    assert len(kept._known) == 4
    del one
    gc.collect()
    assert len(kept._known) == 2, "those of the image that is gone"
    assert kept.at_hand(other, wanted[1]) is made[3]
