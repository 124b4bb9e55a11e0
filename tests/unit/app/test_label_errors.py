"""Likely label errors: what is listed, in what order, and the score of an image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from labeltool.app.review.folds import all_folds
from labeltool.app.review.label_errors import Suspicion, image_scores, label_errors, softmin, useless_models
from labeltool.app.review.layers import kept_layers
from labeltool.app.review.listing import Filter, Rank, View
from labeltool.app.review.making import review
from labeltool.cli.runner import run
from labeltool.core.catalog import IGNORE
from labeltool.core.errors import CancelledError
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken
from labeltool.core.project import ImageRecord, Status
from labeltool.core.provenance import Origin
from labeltool.store.comparisons import Comparisons
from labeltool.store.project import ProjectStore
from tests.unit.app.fold_training import FakeTraining

KEY = "out-of-fold:three"
NUCLEUS = Box(20, 10, 40, 30)
Labels = NDArray[np.uint8]


def plane(record: ImageRecord, *boxes: Box) -> Labels:
    """Nuclei in boxes."""
    label = np.zeros((record.size.height, record.size.width), np.uint8)
    for box in boxes:
        label[box.slices()] = 1
    return label


def annotate(
    store: ProjectStore, record: ImageRecord, label: Labels, origin: int | Labels = Origin.HUMAN
) -> None:
    patch = write(store.load_mask(record.id), record.size.box, title="", kind="", label=label, origin=origin)
    store.commit(record.id, patch, expected=store.image(record.id).revision, status=Status.IN_WORK)


def judge(store: ProjectStore, record: ImageRecord, label: Labels, confidence: int | Labels = 230) -> None:
    sure = np.broadcast_to(np.uint8(confidence), label.shape)
    store.save_prediction(record.id, KEY, [(record.size.box, label, sure)])


def listed(store: ProjectStore) -> View:
    return label_errors(review(store, Comparisons(store.root), store.images(), KEY))


def places(view: View) -> list[tuple[str, Box]]:
    return [(view[number].record.id, view[number].found.box) for number in range(len(view))]


def test_a_missed_nucleus_is_listed_and_another_outline_is_not(store: ProjectStore) -> None:
    first, second = store.images()
    annotate(store, first, plane(first, NUCLEUS))
    judge(store, first, plane(first, NUCLEUS.grow(2), Box(100, 10, 120, 30)))
    annotate(store, second, plane(second, NUCLEUS))
    judge(store, second, plane(second, NUCLEUS.grow(1)))
    found = listed(store)
    assert places(found) == [(first.id, Box(100, 10, 120, 30))]
    one = found[0].found
    assert (one.truth, one.predicted, one.area, one.interior) == (0, 1, 400, 16 * 16)
    assert found[0].rank.value > 0


def test_of_equal_places_the_one_that_the_model_is_surer_of_comes_first(store: ProjectStore) -> None:
    first, second = store.images()
    for record, confidence in ((first, 160), (second, 240)):
        annotate(store, record, plane(record))
        judge(store, record, plane(record, NUCLEUS), confidence)
    assert [image for image, _ in places(listed(store))] == [second.id, first.id]


def test_of_equal_places_the_one_comes_first_whose_image_the_model_understands_otherwise(
    store: ProjectStore,
) -> None:
    first, second = store.images()
    others = [Box(60 + 30 * n, 10, 80 + 30 * n, 30) for n in range(6)]
    for record in (first, second):
        annotate(store, record, plane(record))
    judge(store, first, plane(first, NUCLEUS, *others))
    judge(store, second, plane(second, NUCLEUS))
    found = places(listed(store))
    assert len(found) == 8
    assert found[0] == (second.id, NUCLEUS)


def test_of_equal_places_the_one_comes_first_where_the_model_is_surer_than_it_usually_is_in_that_image(
    store: ProjectStore,
) -> None:
    first, second = store.images()
    for record, elsewhere in ((first, 250), (second, 200)):
        sure = np.full((60, 300), elsewhere, np.uint8)
        sure[Box(100, 10, 120, 30).slices()] = 200
        annotate(store, record, plane(record, NUCLEUS))
        judge(store, record, plane(record, NUCLEUS, Box(100, 10, 120, 30)), sure)
    assert [image for image, _ in places(listed(store))] == [second.id, first.id]


def test_answering_one_place_leaves_the_order_of_the_others(store: ProjectStore) -> None:
    first, second = store.images()
    boxes = NUCLEUS, Box(100, 10, 118, 30)
    for record, found in ((first, boxes), (second, [Box(100, 10, 114, 24)])):
        annotate(store, record, plane(record))
        judge(store, record, plane(record, *found), 250)
    suspicion, cache = Suspicion(), Comparisons(store.root)
    before = suspicion.view(review(store, cache, store.images(), KEY))
    origin = np.full((60, 300), Origin.HUMAN, np.uint8)
    origin[NUCLEUS.slices()] = Origin.REVIEWER
    annotate(store, first, plane(first, NUCLEUS), origin)
    after = suspicion.view(review(store, cache, store.images(), KEY))
    assert places(before) == [(second.id, Box(100, 10, 114, 24)), *((first.id, box) for box in boxes)]
    assert places(after) == [(second.id, Box(100, 10, 114, 24)), (first.id, boxes[1])]
    assert suspicion.places(first.id) == 2


def test_a_place_is_found_again_although_its_score_is_another(store: ProjectStore) -> None:
    first, _ = store.images()
    annotate(store, first, plane(first))
    judge(store, first, plane(first, NUCLEUS, Box(100, 10, 112, 22)))
    found = listed(store)
    for number in range(2):
        rank = found[number].rank
        assert found.renewed(Rank(rank.value * 1.01, rank.place)) == rank
    gone = Rank(1.0, found[0].rank.place + 1)
    assert found.renewed(gone) == gone


def test_a_layer_for_label_errors_comes_behind_those_that_people_chose(store: ProjectStore) -> None:
    first, second = store.images()
    for record in (first, second):
        judge(store, record, plane(record))
    model = np.zeros((60, 300), np.uint8)
    store.save_prediction(first.id, "some@1-00000000", [(first.size.box, model, model)])
    layers = kept_layers(store, store.images())
    assert [(layer.key, layer.is_out_of_fold) for layer in layers] == [
        ("some@1-00000000", False),
        (KEY, True),
    ]


def test_the_list_can_be_narrowed_to_a_kind(store: ProjectStore) -> None:
    first, _ = store.images()
    annotate(store, first, plane(first, Box(200, 10, 220, 30)))
    judge(store, first, plane(first, NUCLEUS))
    listing = review(store, Comparisons(store.root), store.images(), KEY)
    assert places(Suspicion().view(listing, Filter(truth=1))) == [(first.id, Box(200, 10, 220, 30))]
    assert len(Suspicion().view(listing)) == 2


def test_what_nobody_has_set_and_what_a_reviewer_has_set_is_not_asked_about(store: ProjectStore) -> None:
    first, _ = store.images()
    origin = np.full((60, 300), Origin.HUMAN, np.uint8)
    origin[:, 100:200] = Origin.REVIEWER
    origin[:, 200:] = Origin.MODEL
    annotate(store, first, plane(first), origin)
    judge(store, first, plane(first, NUCLEUS, Box(120, 10, 140, 30), Box(220, 10, 240, 30)))
    assert places(listed(store)) == [(first.id, NUCLEUS)]


def test_a_test_image_and_one_that_no_fold_has_judged_have_no_score(store: ProjectStore) -> None:
    first, second = store.images()
    for record in (first, second):
        annotate(store, record, plane(record))
    judge(store, first, plane(first, NUCLEUS))
    assert set(image_scores(store, KEY)) == {first.id}
    store.put_into(first.id, "test")
    assert image_scores(store, KEY) == {}


def test_the_image_with_a_missed_nucleus_has_the_lower_score(store: ProjectStore) -> None:
    first, second = store.images()
    for record in (first, second):
        annotate(store, record, plane(record))
    judge(store, first, plane(first))
    judge(store, second, plane(second, NUCLEUS))
    found = image_scores(store, KEY)
    assert found[first.id] == pytest.approx(230 / 255)
    assert 0 < found[second.id] < found[first.id]


def test_an_image_of_which_no_pixel_counts_has_no_score(store: ProjectStore) -> None:
    first, _ = store.images()
    annotate(store, first, np.full((60, 300), IGNORE, np.uint8))
    judge(store, first, plane(first, NUCLEUS))
    assert image_scores(store, KEY) == {} and len(listed(store)) == 0


def test_the_soft_minimum_is_that_of_the_formula() -> None:
    values = np.array([0.2, 0.9, 0.9, 1.0])
    weights = np.exp((1 - values) / 0.1)
    expected = (weights * values).sum() / weights.sum()
    counts = np.array([1, 2, 1])
    assert softmin(np.array([0.2, 0.9, 1.0]), counts) == pytest.approx(expected)


def test_the_list_is_walked_as_others_are(store: ProjectStore) -> None:
    first, second = store.images()
    for record, confidence in ((first, 160), (second, 240)):
        annotate(store, record, plane(record))
        judge(store, record, plane(record, NUCLEUS, Box(100, 10, 112, 22)), confidence)
    found = listed(store)
    assert len(found) == 4
    assert [found.find(found[number].rank) for number in range(4)] == [0, 1, 2, 3]
    assert found.following(found[1].rank, 1) == 2


def test_scoring_images_can_be_cancelled(store: ProjectStore) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        image_scores(store, KEY, cancel=cancel)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folds that were trained, in order."""
    return FakeTraining.stands_in(monkeypatch)


@pytest.fixture
def wrong(store: ProjectStore) -> str:
    """The folder of a project whose white right halves are nuclei, and the first of them is half missed."""
    for number, record in enumerate(store.images()):
        label = plane(record, Box(150, 0, 300, 60))
        if number == 0:
            label[:, 200:] = 0
        annotate(store, record, label)
    store.close()
    return str(store.root)


def test_models_that_have_learnt_nothing_are_told_of(store: ProjectStore) -> None:
    record = store.images()[0]
    annotate(store, record, plane(record, NUCLEUS))
    for found, useless in ((Box(20, 10, 40, 18), True), (NUCLEUS, False)):
        judge(store, record, plane(record, found))
        listing = review(store, Comparisons(store.root), [store.image(record.id)], KEY)
        assert ("to an IoU of 0.40 only" in useless_models(listing)) is useless


def called(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """What a command answers."""
    outcome = run(["label-errors", *words, "--json"])
    assert outcome.exit_code == 0, capsys.readouterr().err
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_command_trains_once_and_lists_from_then_on(
    wrong: str, trained: list[str], runs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = called(capsys, wrong, "--folds", "2", "--seed", "4")
    assert (found["images"], found["total"], len(found["errors"])) == (2, 1, 1)
    (error,) = found["errors"]
    assert (error["image"], error["truth"], error["predicted"]) == ("a.png", "background", "nucleus")
    assert (error["box"], error["seed"], error["area"]) == ([200, 0, 300, 60], [200, 0], 6000)
    assert error["score"] > 0 and error["file"].endswith("a.png")
    assert [each["file"][-5:] for each in found["image_scores"]] == ["a.png", "b.png"]
    assert called(capsys, wrong)["key"] == found["key"]
    assert (trained, runs) == (["1", "2"], [*runs[:2]])
    assert called(capsys, wrong, "--again", "--folds", "2")["key"] != found["key"]
    assert trained == ["1", "2", "1", "2"]
    with ProjectStore.open(Path(wrong)) as store:
        assert [len(store.prediction_keys(record.id)) for record in store.images()] == [1, 1]
        assert len(all_folds(store.root)) == 1


def test_the_command_says_the_list_in_words(
    wrong: str, trained: list[str], runs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["label-errors", wrong, "--folds", "2"]).exit_code == 0
    out = capsys.readouterr().out
    assert "background : nucleus" in out and "200,0" in out
    assert "1 place in 2 images" in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--folds", "3"], 1, "cannot be dealt into 3 folds"),
        (["--folds", "two"], 2, "invalid int"),
        (["--count", "-1"], 2, "whole number"),
        (["--pattern", "("], 1, "no regular expression"),
    ],
)
def test_what_cannot_be_is_said(
    wrong: str, words: list[str], code: int, said: str, trained: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["label-errors", wrong, *words]).exit_code == code
    assert said in capsys.readouterr().err
    assert trained == []


def test_folds_that_are_there_are_not_trained_otherwise(
    wrong: str, trained: list[str], runs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    called(capsys, wrong, "--folds", "2")
    assert run(["label-errors", wrong, "--minutes", "9"]).exit_code == 2
    assert "--again" in capsys.readouterr().err
    assert trained == ["1", "2"]


def test_a_cancelled_call_goes_on_with_the_next(
    wrong: str, trained: list[str], runs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    FakeTraining.left = 1
    assert run(["label-errors", wrong, "--folds", "2"]).exit_code == 130
    FakeTraining.left = 99
    assert called(capsys, wrong)["total"] == 1
    assert trained == ["1", "2", "2"]
