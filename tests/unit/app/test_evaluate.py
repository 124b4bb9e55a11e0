from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from labeltool.app.evaluate import Evaluation, evaluate
from labeltool.app.models import Model, digest_of, seen
from labeltool.app.truth import has_truth, truth
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.digest import image_digest, page_digest
from labeltool.core.errors import BadInputError, ModelError
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask, Plane
from labeltool.core.patch import write
from labeltool.core.project import Status
from labeltool.core.provenance import Origin
from labeltool.inference.run import MANIFEST
from labeltool.store.predictions import PredictionPlanes
from labeltool.store.project import ProjectStore
from tests.unit.app.runs import trained_on

CATALOG = ClassCatalog.from_names(["nucleus", "cell"])

Labels = NDArray[np.uint8]


def mask_of(label: Labels, origin: int | Labels = Origin.HUMAN) -> LabelMask:
    mask = LabelMask(Size(label.shape[1], label.shape[0]))
    mask.apply(write(mask, mask.size.box, title="", kind="", label=label, origin=origin))
    return mask


def kept(label: Labels, confidence: int = 255) -> PredictionPlanes:
    """A prediction as the store gives it."""
    return PredictionPlanes(plane_of(label), plane_of(np.full_like(label, confidence)), True)


def plane_of(label: Labels) -> Plane:
    return mask_of(label).planes["label"]


def painted(store: ProjectStore, *numbers: int) -> None:
    """All of these images is a nucleus, says a human; the model will find the right half."""
    for record in (store.images()[number] for number in numbers):
        patch = write(
            store.load_mask(record.id), record.size.box, title="", kind="", label=1, origin=Origin.HUMAN
        )
        store.commit(record.id, patch, expected=0, status=Status.IN_WORK)


def test_only_pixels_that_somebody_has_set_count() -> None:
    label = np.array([[0, 1, 1, IGNORE, 1]], np.uint8)
    origin = np.array(
        [[Origin.HUMAN, Origin.IMPORTED, Origin.MODEL, Origin.REVIEWER, Origin.NOBODY]], np.uint8
    )
    assert truth(mask_of(label, origin), Box(0, 0, 5, 1)).tolist() == [[0, 1, IGNORE, IGNORE, IGNORE]]


def test_figures_are_pooled_over_pixels_and_averaged_over_images() -> None:
    result = Evaluation(CATALOG)
    large = np.ones((10, 10), np.uint8)
    result.add("large.png", kept(large), mask_of(large))
    small = np.array([[1, 0]], np.uint8)
    result.add("small.png", kept(np.array([[0, 1]], np.uint8)), mask_of(small))
    figures = result.to_json()
    assert figures["images"] == 2
    assert figures["per_class"]["nucleus"]["iou"] == pytest.approx(100 / 102)
    assert figures["mean_iou_over_images"]["nucleus"] == pytest.approx(0.5)
    assert figures["per_class"]["cell"]["iou"] is None
    assert figures["miou"] == pytest.approx((100 / 102 + 0) / 2)
    assert figures["pixel_accuracy"] == pytest.approx(100 / 102)
    assert [row["name"] for row in figures["per_image"]] == ["large.png", "small.png"]
    assert figures["per_image"][1]["pixels"]["nucleus"] == {"both": 0, "truth": 1, "predicted": 1}


def test_confidence_is_held_against_what_was_right() -> None:
    result = Evaluation(CATALOG)
    label = np.zeros((1, 10), np.uint8)
    label[0, :5] = 1
    predicted = np.ones((1, 10), np.uint8)
    result.add("sure.png", kept(predicted, 204), mask_of(label))
    figures = result.to_json()
    assert figures["ece"] == pytest.approx(0.8 - 0.5)
    assert figures["ece_per_class"] == {"background": None, "nucleus": pytest.approx(0.3), "cell": None}
    assert figures["per_image"][0]["ece"] == figures["ece"]
    [used] = [each for each in figures["reliability"] if each["pixels"]]
    assert used == {
        "low": 0.8,
        "high": pytest.approx(13 / 15),
        "pixels": 10,
        "confidence": pytest.approx(0.8),
        "accuracy": 0.5,
    }


def test_an_image_without_truth_adds_nothing() -> None:
    result = Evaluation(CATALOG)
    label = np.ones((4, 4), np.uint8)
    result.add("model only.png", kept(label), mask_of(label, Origin.MODEL))
    assert result.to_json()["images"] == 0


def test_images_without_truth_are_not_run(store: ProjectStore, model: Model, runs: list[str]) -> None:
    record = store.images()[1]
    patch = write(
        store.load_mask(record.id), Box(100, 0, 200, 60), title="", kind="", label=1, origin=Origin.HUMAN
    )
    store.commit(record.id, patch, expected=0, status=Status.IN_WORK)
    result, skipped = evaluate(store, store.images(), model)
    assert runs == ["b.png"]
    assert skipped == []
    assert result.to_json()["per_class"]["nucleus"]["recall"] == pytest.approx(0.5)
    evaluate(store, store.images(), model)
    assert runs == ["b.png"]


def test_an_evaluation_without_any_truth_is_refused(
    store: ProjectStore, make_model: Callable[..., Model], runs: list[str]
) -> None:
    with pytest.raises(BadInputError, match="nobody has labelled"):
        evaluate(store, store.images(), make_model())
    assert runs == []


def test_a_mask_with_a_single_human_pixel_has_truth() -> None:
    mask = LabelMask(Size(600, 600))
    assert not has_truth(mask)
    mask.apply(write(mask, Box(500, 500, 501, 501), title="", kind="", origin=Origin.HUMAN))
    assert has_truth(mask)


def test_figures_of_images_that_the_model_was_trained_on_are_kept_apart(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    painted(store, 0, 1)
    a, b = store.images()
    trained_on(model, train=[digest_of(a)], val=[digest_of(b)])
    found = evaluate(store, store.images(), model)[0].to_json()
    assert (found["images"], found["trained_on"], found["chosen_on"], found["training_known"]) == (
        2,
        1,
        1,
        True,
    )
    assert (found["seen"]["images"], found["unseen"]["images"]) == (1, 1)
    assert [(row["name"], row["used_for"]) for row in found["per_image"]] == [
        ("a.png", "train"),
        ("b.png", "val"),
    ]


@pytest.mark.parametrize("subset", ["train", "unlabelled"])
def test_what_the_model_was_trained_on_is_left_out_on_request(
    store: ProjectStore, model: Model, runs: list[str], subset: str
) -> None:
    painted(store, 0, 1)
    trained_on(model, **{subset: [digest_of(store.images()[0])]})
    found = evaluate(store, store.images(), model, unseen=True)[0].to_json()
    assert runs == ["b.png"]
    assert (found["images"], found["left_out"], found["seen"]) == (1, 1, None)


def test_a_model_that_has_seen_all_images_is_not_judged_on_unseen_ones(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    painted(store, 0)
    trained_on(model, train=[digest_of(record) for record in store.images()])
    with pytest.raises(BadInputError, match="trained on all 1 of these"):
        evaluate(store, store.images(), model, unseen=True)
    assert runs == []


def test_where_nobody_recorded_the_training_it_is_said(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    painted(store, 0)
    found = evaluate(store, store.images(), model)[0].to_json()
    assert (found["training_known"], found["trained_on"], seen(model.folder)) == (False, 0, frozenset())


def test_an_image_is_known_by_its_bytes_and_its_page_not_by_its_name(
    store: ProjectStore, images: Path, model: Model
) -> None:
    record = store.images()[0]
    moved = images / "elsewhere.png"
    record.path.rename(moved)
    assert digest_of(record) == image_digest(moved) == record.sha256
    assert image_digest(moved, "k1") == page_digest(record.sha256, "k1") != image_digest(moved, "k2")


def test_a_damaged_manifest_is_an_error_rather_than_a_clean_conscience(
    store: ProjectStore, model: Model, runs: list[str]
) -> None:
    painted(store, 0)
    (model.folder / MANIFEST).write_text("{")
    with pytest.raises(ModelError, match="manifest"):
        evaluate(store, store.images(), model)
