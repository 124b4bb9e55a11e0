"""The errors that the benchmark plants are what they are called, apart, and the same for the same seed."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import pytest

from tests.bench.planted_errors import LEAST_CHANGED, SHARES, Planted, Truth, plant

NAMES, SHAPE = "abcdef", (360, 420)


def truths() -> dict[str, Truth]:
    """Six images of 30 round nuclei in pairs, and room between the pairs."""
    found = {}
    for name in NAMES:
        numbers = np.zeros(SHAPE, np.int32)
        for number in range(30):
            at = 30 + 36 * (number % 6) + 30 * (number % 6 // 2), 30 + 60 * (number // 6)
            cv2.circle(numbers, at, 10 + number % 5, number + 1, -1)
        found[name] = Truth(numbers)
    return found


@pytest.fixture(scope="module")
def planted() -> list[Planted]:
    return plant(truths(), 1, {}, 50)


def test_kinds_come_in_their_shares(planted: list[Planted]) -> None:
    assert Counter(each.kind for each in planted) == SHARES
    assert all(each.area >= LEAST_CHANGED for each in planted)


def test_a_seed_gives_the_same_errors_and_another_gives_others(planted: list[Planted]) -> None:
    def places(errors: list[Planted]) -> list[tuple[str, tuple[int, ...]]]:
        return [(each.image, tuple(each.box)) for each in errors]

    assert places(plant(truths(), 1, {}, 50)) == places(planted)
    assert places(plant(truths(), 2, {}, 50)) != places(planted)


def test_errors_do_not_touch_even_where_two_seeds_are_planted_together() -> None:
    taken: dict[str, np.ndarray] = {}
    errors = [each for seed in (1, 2) for each in plant(truths(), seed, taken, 20)]
    counts = {name: np.zeros(SHAPE, int) for name in NAMES}
    for each in errors:
        around = cv2.dilate(np.pad(each.changed, 3).view(np.uint8), np.ones((7, 7), np.uint8))
        clipped = each.box.grow(3)
        full = np.pad(counts[each.image], 3)
        full[clipped.y0 + 3 : clipped.y1 + 3, clipped.x0 + 3 : clipped.x1 + 3] += around
        counts[each.image] = full[3:-3, 3:-3]
    assert max(count.max() for count in counts.values()) == 1


def test_each_kind_changes_what_its_name_says(planted: list[Planted]) -> None:
    right = {name: truth.label for name, truth in truths().items()}
    for each in planted:
        label = right[each.image].copy()
        before = label[each.box.slices()][each.changed]
        each.put_into(label)
        share = before.mean()  # of nucleus among the pixels that are wrong now
        expected = {"missed": 1, "halved": 1, "invented": 0, "merged": 0, "fat": 0}.get(each.kind)
        assert expected is None or share == expected, each.kind
        assert expected is not None or 0.3 < share < 0.7
        each.put_into(label)
        assert (label == right[each.image]).all()


def test_no_room_is_said() -> None:
    with pytest.raises(RuntimeError, match="no image has room"):
        plant({"a": Truth(np.zeros((40, 40), np.int32))}, 1, {}, 1)
