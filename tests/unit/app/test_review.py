"""The list of disagreements of a project: complete, in order, walked through, and from the cache where it can be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from labeltool.app.choices import Order
from labeltool.app.evaluate import Evaluation
from labeltool.app.review import making
from labeltool.app.review.figures import figures
from labeltool.app.review.listing import Filter, Listing, Rank, View
from labeltool.app.review.making import review
from labeltool.core.catalog import IGNORE
from labeltool.core.error_map import Kind
from labeltool.core.errors import CancelledError
from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken
from labeltool.core.project import Status
from labeltool.core.provenance import Origin
from labeltool.store.comparisons import Comparisons
from labeltool.store.layout import mask_path
from labeltool.store.project import ProjectStore
from tests.unit.app.review_projects import MODEL, SIZE, Labels, annotate, plane, predict, project


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ProjectStore]:
    with project(tmp_path / "project", 5) as made:
        yield made


def listed(store: ProjectStore, layer: str = MODEL) -> Listing:
    return review(store, Comparisons(store.root), store.images(), layer)


def blobs(seed: int) -> tuple[Labels, Labels, list[tuple[int, int, Box, int]]]:
    """Two layers that differ in ten blobs, some across borders of tiles: (truth, predicted, box, area) of each."""
    rng = np.random.default_rng(seed)
    truth, other, planted = plane(), plane(), []
    truth[:, 300:] = other[:, 300:] = 1
    for number in range(10):
        left, top = 62 * number + int(rng.integers(1, 20)), int(rng.integers(0, 250))
        width, height = rng.integers(3, 40, 2).tolist()
        box = Box(left, top, left + width, min(top + height, SIZE.height))
        values = np.unique(truth[box.slices()])
        if len(values) > 1:
            box = box._replace(x0=300)
        truth_value = int(truth[box.slices()][0, 0])
        predicted = int(rng.choice([value for value in (0, 1, 2) if value != truth_value]))
        inside = np.ones((box.height, box.width), bool)
        inside[1:-1, 1:-1] = rng.random((max(0, box.height - 2), max(0, box.width - 2))) < 0.9  # with holes
        other[box.slices()][inside] = predicted
        planted.append((truth_value, predicted, box, int(inside.sum())))
    return truth, other, planted


def test_fifty_planted_blobs_are_listed_exactly(store: ProjectStore) -> None:
    wanted = []
    for number, record in enumerate(store.images()):
        truth, other, planted = blobs(number)
        annotate(store, record, truth)
        predict(store, record, other)
        wanted += [(record.id, *each) for each in planted]
    view = listed(store).view()
    entries = [view[number] for number in range(len(view))]
    found = [(e.record.id, e.found.truth, e.found.predicted, e.found.box, e.found.area) for e in entries]
    assert len(found) == 50
    assert sorted(found) == sorted(wanted)
    for entry in entries:
        x, y = entry.found.seed
        assert entry.found.box.intersect(Box(x, y, x + 1, y + 1)) == (x, y, x + 1, y + 1)


def test_a_cell_of_the_matrix_leads_to_the_pixels_counted_in_it(store: ProjectStore) -> None:
    for number, record in enumerate(store.images()):
        truth, other, _ = blobs(number)
        annotate(store, record, truth)
        predict(store, record, other)
    listing = listed(store)
    counts = listing.counted().counts.copy()
    assert counts.sum() == 5 * SIZE.pixels
    np.fill_diagonal(counts, 0)
    for truth_value in range(3):
        for predicted in range(3):
            cell = listing.cell(truth_value, predicted)
            assert cell.table["area"].sum() == counts[truth_value, predicted]
    assert np.count_nonzero(counts) > 3


# ---- the cache


def make_two(store: ProjectStore) -> None:
    for number, record in enumerate(store.images()[:2]):
        truth, other, _ = blobs(number)
        annotate(store, record, truth)
        predict(store, record, other)


def aged(store: ProjectStore, seconds: int) -> None:
    """As if the mask files had been written that long ago."""
    for record in store.images():
        path = mask_path(store.root, record.id)
        if path.exists():
            was = path.stat().st_mtime_ns - seconds * 10**9
            os.utime(path, ns=(was, was))


@pytest.mark.parametrize("seconds", [0, 100])
def test_a_second_opening_computes_nothing(
    store: ProjectStore, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_two(store)
    aged(store, seconds)
    first = listed(store)
    assert first.made == 2
    monkeypatch.setattr(making, "_compared", None)
    second = listed(store)
    assert second.made == 0
    assert np.array_equal(first.table, second.table)


def test_files_that_nobody_wrote_are_not_even_opened(
    store: ProjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_two(store)
    aged(store, 100)
    records = store.images()[:2]
    first = review(store, Comparisons(store.root), records, MODEL)
    for name in ("states", "load_mask", "prediction"):
        monkeypatch.setattr(store, name, None)
    second = review(store, Comparisons(store.root), records, MODEL)
    assert np.array_equal(first.table, second.table)


def test_a_stroke_makes_only_that_image_anew(store: ProjectStore) -> None:
    make_two(store)
    before = listed(store)
    a, b = store.images()[:2]
    annotate(store, b, plane(1))
    after = listed(store)
    assert after.made == 1
    assert np.array_equal(after.table[after.of_image == 0], before.table[before.of_image == 0])
    assert set(after.table["truth"][after.of_image == 1].tolist()) == {1}
    assert len(before.view(Filter(image=a.id))) == len(after.view(Filter(image=a.id))) == 10


def test_a_stroke_of_long_ago_is_seen_by_the_time_of_the_file(store: ProjectStore) -> None:
    make_two(store)
    aged(store, 100)
    listed(store)
    annotate(store, store.images()[1], plane(1))
    path = mask_path(store.root, store.images()[1].id)
    was = path.stat().st_mtime_ns - 50 * 10**9
    os.utime(path, ns=(was, was))
    assert listed(store).made == 1


def test_a_new_prediction_makes_that_image_anew_and_a_status_none(store: ProjectStore) -> None:
    make_two(store)
    listed(store)
    record = store.images()[0]
    predict(store, record, store.prediction(record.id, MODEL).label.dense())
    assert listed(store).made == 1
    store.add_event(record.id, "comment", {"text": "hm"})
    store.put_into(record.id, "val")
    found = listed(store)
    assert found.made == 0
    assert found.images[0][0].split == "val"


def test_a_damaged_cache_is_made_anew_with_a_notice(store: ProjectStore) -> None:
    make_two(store)
    first = listed(store)
    Comparisons(store.root).path.write_bytes(b"?" * 4096)
    second = listed(store)
    assert second.made == 2
    assert [notice for notice in second.notices if "was damaged" in notice]
    assert np.array_equal(first.table, second.table)
    shutil.rmtree(store.root / "cache")
    assert (listed(store).made, listed(store).made) == (2, 0)


def test_what_was_compared_before_a_cancel_is_kept(store: ProjectStore) -> None:
    make_two(store)
    cancel = CancelToken()

    def progress(done: float, total: float, text: str = "") -> None:
        if done:
            cancel.cancel()

    with pytest.raises(CancelledError):
        review(store, Comparisons(store.root), store.images(), MODEL, progress=progress, cancel=cancel)
    assert listed(store).made == 1


def test_a_class_may_be_added_while_images_are_compared(
    store: ProjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = making.measured

    def and_add_a_class(*args: Any, **options: Any) -> Evaluation | None:
        found = measured(*args, **options)
        store.set_catalog(store.catalog.add("new"))
        monkeypatch.setattr(making, "measured", measured)
        return found

    make_two(store)
    monkeypatch.setattr(making, "measured", and_add_a_class)
    cache = Comparisons(store.root)
    listing = review(store, cache, store.images(), MODEL)
    assert listing.made == 2
    assert figures(listing, cache).boundary_iou[store.catalog.classes[-1].value] is None


def test_images_that_are_gone_are_forgotten(store: ProjectStore) -> None:
    make_two(store)
    listed(store)
    store.remove_prediction(store.images()[0].id, MODEL)
    found = listed(store)
    assert (len(found.images), len(found.missing)) == (1, 4)
    assert [*Comparisons(store.root).of_layer(MODEL)] == [store.images()[1].id]


def test_a_damaged_mask_is_skipped_and_named(store: ProjectStore) -> None:
    make_two(store)
    path = mask_path(store.root, store.images()[0].id)
    path.write_bytes(b"?" * 4096)
    found = listed(store)
    assert [each.file for each in found.skipped] == [str(path)]
    assert len(found.images) == 1


# ---- what counts


def test_what_nobody_but_a_model_labelled_is_no_truth(store: ProjectStore) -> None:
    record = store.images()[0]
    annotate(store, record, plane(1), Origin.MODEL)
    predict(store, record, plane(0))
    found = listed(store)
    assert len(found.view(Filter(answered=True))) == 0
    assert figures(found, Comparisons(store.root)).images == 0


def test_what_a_reviewer_has_set_is_answered(store: ProjectStore) -> None:
    record = store.images()[0]
    origin = plane(Origin.HUMAN)
    origin[:, 310:] = Origin.REVIEWER
    annotate(store, record, plane(1), origin)
    predict(store, record, plane(0))
    listing = listed(store)
    [row] = listing.view().table
    assert (row["x1"], row["area"], row["answered"]) == (310, 310 * 300, False)
    assert sorted(listing.view(Filter(answered=True)).table["answered"].tolist()) == [False, True]
    assert listing.cell(1, 0, answered=True).table["area"].sum() == listing.counted().counts[1, 0]


def test_where_the_layer_says_nothing_there_is_no_disagreement_unless_asked(store: ProjectStore) -> None:
    record = store.images()[0]
    annotate(store, record, plane(1))
    other = plane(1)
    other[:100] = IGNORE
    predict(store, record, other)
    listing = listed(store)
    assert len(listing.view()) == 0
    [row] = listing.cell(1, IGNORE).table
    assert row["area"] == listing.counted().counts[1, IGNORE] == 100 * 620


# ---- filters, orders, walking


@pytest.fixture
def listing(store: ProjectStore) -> Listing:
    rng = np.random.default_rng(5)
    for number, record in enumerate(store.images()):
        truth, other, _ = blobs(number)
        annotate(store, record, truth)
        predict(store, record, other, rng.integers(0, 256, truth.shape, np.uint8))
    return listed(store)


@pytest.mark.parametrize("order", get_args(Order))
def test_the_list_begins_with_the_most(listing: Listing, order: Order) -> None:
    view = listing.view(order=order)
    found = [view[number].found for number in range(len(view))]
    value = {
        "weight": lambda f: f.weight,
        "area": lambda f: f.area,
        "confidence": lambda f: f.confidence,
        "interior": lambda f: f.interior * f.confidence,
    }[order]
    assert [value(each) for each in found] == sorted((value(each) for each in found), reverse=True)
    assert view.values.tolist() == pytest.approx([value(each) for each in found])


def test_filters_leave_what_they_say(listing: Listing) -> None:
    everything = [listing.view()[number] for number in range(len(listing.view()))]
    third = listing.images[2][0]
    for wanted, test in (
        (Filter(truth=1), lambda e: e.found.truth == 1),
        (Filter(predicted=2), lambda e: e.found.predicted == 2),
        (Filter(kind=Kind.CONFUSION), lambda e: e.found.kind is Kind.CONFUSION),
        (Filter(kind=Kind.FALSE_POSITIVE), lambda e: e.found.truth == 0),
        (Filter(kind=Kind.FALSE_NEGATIVE), lambda e: e.found.predicted == 0),
        (Filter(image=third.id), lambda e: e.record.id == third.id),
        (Filter(split="val"), lambda e: e.record.split == "val"),
        (Filter(interior=True), lambda e: e.found.interior > 0),
    ):
        view = listing.view(wanted)
        expected = [each for each in everything if test(each)]
        assert [view[number] for number in range(len(view))] == expected
        assert 0 < len(expected) < len(everything)


def walked(view: View, last: Rank | None, by: int, steps: int) -> list[int]:
    found = []
    for _ in range(steps):
        at = view.following(last, by)
        assert at is not None
        found.append(at)
        last = view[at].rank
    return found


def test_a_walk_visits_all_and_begins_anew(listing: Listing) -> None:
    view = listing.view()
    everything = list(range(len(view)))
    assert walked(view, None, 1, len(view) + 1) == [*everything, 0]
    assert walked(view, None, -1, len(view) + 1) == [*everything[::-1], len(view) - 1]
    assert [view.find(view[number].rank) for number in everything] == everything


def test_a_walk_goes_on_after_what_was_answered(store: ProjectStore, listing: Listing) -> None:
    view = listing.view()
    here, then = view[3], view[4]
    truth = store.load_mask(here.record.id).read("label")
    truth[here.found.box.slices()] = IGNORE
    annotate(store, here.record, truth.astype(np.uint8))
    after = listed(store).view()
    assert len(after) == len(view) - 1
    assert after.find(here.rank) is None
    at = after.following(here.rank, 1)
    assert at is not None
    assert after[at].rank == then.rank
    back = after.following(here.rank, -1)
    assert back is not None
    assert after[back].rank == view[2].rank


def test_equal_values_are_walked_in_the_order_of_the_project(store: ProjectStore) -> None:
    for record in store.images():
        annotate(store, record, plane())
        other = plane()
        other[10:200:20, 10:600:20] = 1
        predict(store, record, other)
    view = listed(store).view(order="area")
    assert len(view) == 5 * 300
    at = view.following(view[700].rank, 1)
    assert at == 701
    assert view.following(view[700].rank, -1) == 699
    places = [
        (int(view.listing.of_image[row]), *view.listing.table[row][["y", "x"]].item()) for row in view.rows
    ]
    assert places == sorted(places)


def test_nothing_is_walked_in_an_empty_list(store: ProjectStore) -> None:
    view = listed(store).view()
    assert (len(view), view.following(None, 1), view.following(Rank(1.0, 5), -1)) == (0, None, None)


# ---- figures


def test_figures_are_those_of_an_evaluation(store: ProjectStore, listing: Listing) -> None:
    wanted = Evaluation(store.catalog)
    for record in store.images():
        kept = store.prediction(record.id, MODEL)
        assert kept is not None
        wanted.add(record.name, kept, store.load_mask(record.id))
    expected = wanted.to_json()
    found = figures(listing, Comparisons(store.root)).to_json()
    for name in ("miou", "pixel_accuracy", "ece", "images", "reliability"):
        assert (
            found[name] == pytest.approx(expected[name]) if name == "ece" else found[name] == expected[name]
        )
    for name, scores in expected["per_class"].items():
        assert {key: found["per_class"][name][key] for key in scores} == scores
        assert found["per_class"][name]["boundary_iou"] == pytest.approx(expected["boundary_iou"][name])
    assert sum(cell["pixels"] for cell in found["confusion"]) == 5 * SIZE.pixels


def test_figures_of_a_split_are_those_of_its_images(store: ProjectStore, listing: Listing) -> None:
    cache = Comparisons(store.root)
    val = figures(listing, cache, split="val")
    parts = [figures(listing, cache, image=r.id) for r in store.images() if r.split == "val"]
    assert val.images == len(parts) == 2
    assert np.array_equal(val.counted.counts, parts[0].counted.counts + parts[1].counted.counts)
    assert np.array_equal(val.calibration.counts, parts[0].calibration.counts + parts[1].calibration.counts)


def test_the_curve_of_a_class_is_that_of_its_pixels(store: ProjectStore, listing: Listing) -> None:
    found = figures(listing, Comparisons(store.root))
    assert found.curve(1).at(0) == found.counted.of(1)
    right = wrong = missed = 0
    for record in store.images():
        kept = store.prediction(record.id, MODEL)
        assert kept is not None
        taken = (kept.label.dense() == 1) & (kept.confidence.dense() >= 100)
        truth = store.load_mask(record.id).read("label") == 1
        right, wrong = right + int((taken & truth).sum()), wrong + int((taken & ~truth).sum())
        missed += int((truth & ~taken).sum())
    assert found.curve(1).at(100).precision == right / (right + wrong)
    assert found.curve(1).at(100).recall == right / (right + missed)


def test_a_renamed_background_changes_nothing_and_without_one_kinds_are_others_without_a_comparison(
    store: ProjectStore, listing: Listing
) -> None:
    before = len(listing.view(Filter(kind=Kind.FALSE_POSITIVE)))
    assert before > 0
    store.set_catalog(store.catalog.edit(0, name="sky"))
    assert len(listed(store).view(Filter(kind=Kind.FALSE_POSITIVE))) == before
    store.set_catalog(replace(store.catalog, background=None))
    after = listed(store)
    assert after.made == 0
    assert len(after.view(Filter(kind=Kind.CONFUSION))) == len(after.view()) == len(listing.view())


def test_an_approved_image_is_compared_as_any_other(store: ProjectStore) -> None:
    make_two(store)
    record = store.images()[0]
    store.set_status(record.id, Status.APPROVED, expected=record.revision)
    assert len(listed(store).view()) == 20
