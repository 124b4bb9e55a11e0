"""Folds: dealing images, one model for each, and predictions by models that have never seen what they judge."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from labeltool.app.choices import Draw
from labeltool.app.models import digest_of, project_models, seen, suitable_models
from labeltool.app.project import add_images
from labeltool.app.review.folds import (
    Folds,
    all_folds,
    begin_folds,
    dealt,
    follow_folds,
    read_folds,
    remove_folds,
)
from labeltool.core.errors import BadInputError, CancelledError, ModelError
from labeltool.core.geometry import Size
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord, Status
from labeltool.core.provenance import Origin
from labeltool.inference.run import BEST, MANIFEST, at_work
from labeltool.inference.training_options import TrainingOptions
from labeltool.store.project import ProjectStore
from tests.unit.app.fold_training import FakeTraining

OPTIONS = TrainingOptions(seed=3)


def image(number: int, **more: object) -> ImageRecord:
    record = ImageRecord(f"{number:032x}", Path(f"/p/{number}.png"), Size(3, 2), "png", f"{number:064x}", 9)
    return replace(record, **more)


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3)), min_size=2, max_size=40),
    st.integers(2, 4),
    st.integers(0, 5),
)
def test_no_file_series_or_subject_is_divided_and_the_order_does_not_matter(
    groups: list[tuple[int, int]], count: int, seed: int
) -> None:
    records = [
        image(n, series=f"s{series}" if series else "", subject=f"p{series % 4}" if who else "")
        for n, (series, who) in enumerate(groups)
    ]
    how = Draw(unit="subject", seed=seed)
    try:
        found = dealt(records, count, how)
    except BadInputError:
        return
    for key in ("series", "subject"):
        for name in {getattr(r, key) for r in records} - {""}:
            assert len({found[r.id] for r in records if getattr(r, key) == name}) == 1
    assert dealt(records[::-1], count, how) == found
    assert set(found.values()) == set(range(1, count + 1))


def test_folds_are_even_and_another_seed_deals_otherwise() -> None:
    records = [image(n) for n in range(31)]
    found = dealt(records, 3, Draw(unit="subject", seed=1))
    assert sorted(Counter(found.values()).values()) == [10, 10, 11]
    assert dealt(records, 3, Draw(unit="subject", seed=2)) != found


def test_a_pattern_finds_the_subject_in_the_path() -> None:
    records = [image(n, path=Path(f"/p/patient{n % 4}_{n}.png")) for n in range(12)]
    found = dealt(records, 2, Draw(unit="subject", pattern="patient[0-9]+"))
    assert all(found[r.id] == found[records[n % 4].id] for n, r in enumerate(records))


@pytest.mark.parametrize("count", [1, 5])
def test_there_is_something_in_every_fold_or_it_is_said_that_there_is_not(count: int) -> None:
    with pytest.raises(BadInputError, match="4 labelled images of 4 files"):
        dealt([image(n) for n in range(4)], count, Draw(unit="subject"))


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folds that were trained, in order."""
    return FakeTraining.stands_in(monkeypatch)


def label(store: ProjectStore, record: ImageRecord) -> None:
    patch = write(
        store.load_mask(record.id), record.size.box, title="", kind="", label=1, origin=Origin.HUMAN
    )
    store.commit(record.id, patch, expected=store.image(record.id).revision, status=Status.IN_WORK)


@pytest.fixture
def labelled(store: ProjectStore, images: Path) -> ProjectStore:
    """Nine labelled images: two of the split val, one of test, and a copy of the one in test."""
    for number, name in enumerate("cdefghi"):
        Image.fromarray(np.full((20, 30), 40 + 20 * number, np.uint8)).save(images / f"{name}.png")
    add_images(store, [images])
    elsewhere = images.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "twin.png").write_bytes((images / "i.png").read_bytes())
    add_images(store, [elsewhere])
    for record in store.images():
        label(store, record)
        store.put_into(record.id, {"i.png": "test", "c.png": "val", "d.png": "val"}.get(record.name, ""))
    return store


@pytest.fixture
def folds(labelled: ProjectStore) -> Folds:
    return begin_folds(labelled, OPTIONS, 3, name="three")[0]


def judged(store: ProjectStore, folds: Folds) -> list[ImageRecord]:
    return [r for r in store.images() if folds.key in store.prediction_keys(r.id)]


def test_no_image_of_the_split_test_nor_a_copy_of_one_is_in_a_fold(labelled: ProjectStore) -> None:
    folds, skipped = begin_folds(labelled, OPTIONS, 3)
    names = {r.name for r in labelled.images() if r.id in folds.fold_of}
    assert names == {f"{name}.png" for name in "abcdefgh"}
    assert [(each.name, each.reason) for each in skipped] == [
        ("twin.png", "a copy of it is in the split test")
    ]


def test_what_judges_an_image_has_never_seen_it(
    labelled: ProjectStore, folds: Folds, trained: list[str], runs: list[str]
) -> None:
    report = follow_folds(labelled, folds)
    assert trained == ["1", "2", "3"]
    assert (report.images, report.skipped) == (8, [])
    of_all = {digest_of(r) for r in labelled.images() if r.id in folds.fold_of}
    for record in judged(labelled, folds):
        model = folds.run_folder(folds.fold_of[record.id]) / BEST
        assert digest_of(record) not in seen(model)
        own = {digest_of(r) for r in folds.of(folds.fold_of[record.id], labelled.images())}
        assert seen(model) == of_all - own
    assert len(judged(labelled, folds)) == 8
    tested = {digest_of(r) for r in labelled.images() if r.split == "test"}
    assert not any(tested & seen(folds.run_folder(fold) / BEST) for fold in (1, 2, 3))


def test_models_of_folds_are_no_models_of_the_project(
    labelled: ProjectStore, folds: Folds, trained: list[str], runs: list[str]
) -> None:
    before = [model.key for model in suitable_models(labelled.catalog, labelled.root)]
    follow_folds(labelled, folds)
    assert project_models(labelled.root) == []
    assert [model.key for model in suitable_models(labelled.catalog, labelled.root)] == before
    assert not (labelled.root / "runs").exists()


def test_a_fold_that_is_done_is_not_done_again(
    labelled: ProjectStore, folds: Folds, trained: list[str], runs: list[str]
) -> None:
    FakeTraining.left = 1
    with pytest.raises(CancelledError):
        follow_folds(labelled, folds)
    assert trained == ["1", "2"]
    first = len(runs)
    assert 2 <= first <= 3 and len(judged(labelled, folds)) == first  # nothing of what was cancelled judges
    FakeTraining.left = 99
    told: list[tuple[float, float, str]] = []
    assert all_folds(labelled.root) == [folds]
    follow_folds(labelled, folds, progress=lambda done, total, text="": told.append((done, total, text)))
    assert trained == ["1", "2", "2", "3"]
    assert sorted(runs) == sorted(r.name for r in judged(labelled, folds))
    assert told[0] == (0.45, 2, "fold 2 of 3: step 1 of 2")
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert {total for _, total, _ in told} == {2}
    follow_folds(labelled, folds)
    assert len(trained) == 4 and len(runs) == 8


def test_a_model_does_not_judge_what_it_has_learnt_from_even_if_the_plan_says_so(
    labelled: ProjectStore, folds: Folds, trained: list[str], runs: list[str]
) -> None:
    one, other = (folds.of(fold, labelled.images())[0] for fold in (1, 2))
    follow_folds(labelled, folds)
    confused = replace(folds, fold_of={**folds.fold_of, one.id: 2, other.id: 1})
    report = follow_folds(
        labelled, replace(confused, folder=folds.folder.rename(folds.folder.parent / "four"))
    )
    assert {each.name for each in report.skipped} == {one.name, other.name}
    assert report.images == 6


def test_an_image_that_came_into_the_split_test_is_judged_no_more(
    labelled: ProjectStore, folds: Folds, trained: list[str], runs: list[str]
) -> None:
    gone = folds.of(1, labelled.images())[0]
    labelled.put_into(gone.id, "test")
    report = follow_folds(labelled, folds)
    assert report.images == 7
    assert gone.id not in {r.id for r in judged(labelled, folds)}
    assert digest_of(gone) not in seen(folds.run_folder(2) / BEST)


def test_unlabelled_images_teach_a_fold_nothing(labelled: ProjectStore) -> None:
    folds, _ = begin_folds(labelled, replace(OPTIONS, unlabelled=1.0), 2)
    assert folds.options.unlabelled == 0


def test_weights_that_know_an_image_cannot_judge_it(
    labelled: ProjectStore, folds: Folds, trained: list[str], runs: list[str]
) -> None:
    follow_folds(labelled, folds)
    best = folds.run_folder(1) / BEST
    with pytest.raises(BadInputError, match=r"were trained on \d of these images"):
        begin_folds(labelled, replace(OPTIONS, weights=str(best)), 3)
    (best / MANIFEST).unlink()
    with pytest.raises(BadInputError, match="may have been trained"):
        begin_folds(labelled, replace(OPTIONS, weights=str(best)), 3)


def test_a_name_is_given_once_and_a_damaged_plan_is_named(labelled: ProjectStore, folds: Folds) -> None:
    with pytest.raises(ModelError):
        begin_folds(labelled, OPTIONS, 3, name="three")
    (folds.folder / "plan.json").write_text("{}")
    with pytest.raises(ModelError, match="not a plan of folds"):
        read_folds(folds.folder)


def test_removed_folds_take_their_predictions_along_unless_one_is_being_trained(
    labelled: ProjectStore, folds: Folds, trained: list[str], runs: list[str]
) -> None:
    follow_folds(labelled, folds)
    with at_work(folds.run_folder(2)), pytest.raises(ModelError, match="being trained"):
        remove_folds(labelled, folds)
    assert len(judged(labelled, folds)) == 8
    remove_folds(labelled, folds)
    assert all_folds(labelled.root) == []
    assert judged(labelled, folds) == []
