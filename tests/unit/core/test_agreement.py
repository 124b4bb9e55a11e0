"""How far two people agree: by hand, by the book, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeltool.core.agreement import Agreement
from labeltool.core.catalog import ClassCatalog
from tests.laws.examples import law

CATALOG = ClassCatalog.from_names(["cell", "nucleus"])

planes = st.integers(1, 30).flatmap(
    lambda n: st.tuples(*2 * [st.lists(st.sampled_from([0, 1, 2, 255]), min_size=n, max_size=n)])
)


def _of(a: list[int], b: list[int]) -> Agreement:
    found = Agreement()
    found.add(np.array([a], np.uint8), np.array([b], np.uint8))
    return found


def test_kappa_is_what_it_comes_to_by_hand() -> None:
    # The table 20, 5 / 10, 15 of 50 cases: 0.7 observed, 0.5 by chance, (0.7 - 0.5) / (1 - 0.5).
    found = _of([0] * 25 + [1] * 25, [0] * 20 + [1] * 5 + [0] * 10 + [1] * 15)
    assert found.kappa == pytest.approx(0.4)
    assert found.counted.pixel_accuracy == pytest.approx(0.7)


def test_scores_of_a_class_are_what_they_come_to_by_hand() -> None:
    report = _of([1, 1, 1, 0, 0], [1, 1, 0, 1, 0]).report(CATALOG)
    assert report["per_class"]["cell"] == {"iou": pytest.approx(2 / 4), "dice": pytest.approx(4 / 6)}
    assert report["per_class"]["nucleus"] == {"iou": None, "dice": None}
    assert report["pixels"] == {"counted": 5, "agreed": 3, "only_a": 0, "only_b": 0}


@law(60)
@given(planes)
def test_kappa_is_that_of_scikit_learn(layers: tuple[list[int], list[int]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    a, b = (np.array(layer) for layer in layers)
    both = (a != 255) & (b != 255)
    kappa = _of(*layers).kappa
    if not both.any() or len({*a[both], *b[both]}) == 1:
        assert kappa is None
    else:
        assert kappa == pytest.approx(metrics.cohen_kappa_score(a[both], b[both]), abs=1e-12)


@law(60)
@given(planes)
def test_it_does_not_matter_who_is_asked_first(layers: tuple[list[int], list[int]]) -> None:
    there, back = _of(*layers), _of(*reversed(layers))
    assert there.kappa == back.kappa
    assert there.report(CATALOG)["per_class"] == back.report(CATALOG)["per_class"]
    assert (there.only_a, there.only_b) == (back.only_b, back.only_a)


@law(60)
@given(planes, planes)
def test_parts_may_be_counted_one_by_one(
    first: tuple[list[int], list[int]], second: tuple[list[int], list[int]]
) -> None:
    parts = _of(*first)
    parts += _of(*second)
    assert parts.report(CATALOG) == _of(first[0] + second[0], first[1] + second[1]).report(CATALOG)


def test_what_only_one_has_labelled_is_told_and_not_counted() -> None:
    found = _of([1, 255, 1, 255], [255, 2, 1, 255])
    assert (found.counted.pixels, found.only_a, found.only_b) == (1, 1, 1)


def test_pixels_of_a_large_project_do_not_overflow() -> None:
    found = Agreement()
    found.counted.counts[0, 0] = found.counted.counts[1, 1] = 6 * 10**9
    found.counted.counts[0, 1] = 10**9
    assert found.kappa == pytest.approx((12 / 13 - (7 * 6 + 6 * 7) / 169) / (1 - (7 * 6 + 6 * 7) / 169))
