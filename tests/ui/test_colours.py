"""What is drawn over the image can be told apart."""

from __future__ import annotations

import numpy as np

from labeltool.core.catalog import PALETTE
from labeltool.ui.canvas.colours import BLACK, DOUBT_HIGH, DOUBT_LOW, WHITE, dashed_outline

WHOLE = (slice(None), slice(None))


def blob() -> np.ndarray:
    label = np.zeros((64, 64), np.uint8)
    label[10:50, 10:50] = 1
    return label


def test_the_outline_of_the_model_is_black_and_white_and_on_its_classes_alone() -> None:
    drawn = dashed_outline(blob(), WHOLE, {1}, (0, 0))
    assert set(np.unique(drawn).tolist()) == {0, WHITE, BLACK}
    assert not drawn[blob() == 0].any()
    assert not drawn[20:40, 20:40].any()
    assert not dashed_outline(blob(), WHOLE, set(), (0, 0)).any()


def test_dashes_run_on_from_tile_to_tile() -> None:
    whole = dashed_outline(blob(), WHOLE, {1}, (0, 0))
    part = dashed_outline(blob(), (slice(7, 64), slice(5, 64)), {1}, (5, 7))
    assert np.array_equal(part, whole[7:, 5:])


def test_the_colours_of_doubt_are_far_from_those_of_classes() -> None:
    ramp = np.linspace(DOUBT_LOW, DOUBT_HIGH, 9)
    distances = np.linalg.norm(ramp[:, None] - np.array(PALETTE)[None], axis=2)
    assert distances.min() > 40
