"""Our run lengths and pycocotools' are the same bytes, both ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core import rle
from labeltool.core.geometry import Size

judge = pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed (make test installs it)")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@settings(deadline=None, max_examples=100)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 90),
    st.integers(1, 90),
    st.sampled_from([0, 0.02, 0.5, 0.98, 1]),
)
def test_strings_areas_and_boxes_are_those_of_pycocotools(
    seed: int, width: int, height: int, share: float
) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < share
    theirs = judge.encode(np.asfortranarray(mask.astype(np.uint8)))
    counts = rle.encode(mask)
    assert rle.to_string(counts) == theirs["counts"].decode("ascii")
    assert np.array_equal(
        rle.decode(
            rle.from_string(theirs["counts"].decode("ascii"), Size(width, height)), Size(width, height)
        ),
        mask,
    )
    area, box = rle.area_and_box(counts, Size(width, height))
    assert area == judge.area(theirs)
    if area:
        assert [box.x0, box.y0, box.width, box.height] == judge.toBbox(theirs).tolist()


def test_runs_of_millions_of_pixels_are_those_of_pycocotools() -> None:
    mask = np.zeros((3000, 4000), bool)
    mask[5:2990, 3:3999] = True
    mask[:, 1000:2500] = True
    theirs = judge.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode("ascii")
    assert rle.to_string(rle.encode(mask)) == theirs
