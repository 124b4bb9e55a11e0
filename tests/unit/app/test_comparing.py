"""Two models on the same images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from labeltool.app.comparing import compare
from labeltool.app.models import Model, digest_of
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError, CancelledError, ModelError
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken
from labeltool.core.project import ImageRecord, Status
from labeltool.core.provenance import Origin
from labeltool.store.project import ProjectStore
from tests.unit.app.runs import trained_on

Labels = NDArray[np.uint8]
MakeModel = Callable[..., Model]


@pytest.fixture
def a(make_model: MakeModel) -> Model:
    return make_model(name="a")


@pytest.fixture
def b(make_model: MakeModel) -> Model:
    return make_model(name="b")


def label_of(record: ImageRecord, right: int) -> Labels:
    """The first 100 columns are a nucleus; ``right`` of them are here."""
    label = np.zeros((record.size.height, record.size.width), np.uint8)
    label[:, :right] = 1
    return label


def paint(store: ProjectStore, record: ImageRecord) -> None:
    label = label_of(record, 100)
    label[:, 250:] = IGNORE
    patch = write(
        store.load_mask(record.id), record.size.box, title="", kind="", label=label, origin=Origin.HUMAN
    )
    store.commit(record.id, patch, expected=0, status=Status.IN_WORK)


def said(
    store: ProjectStore, record: ImageRecord, model: Model, label: Labels, confidence: int = 255
) -> None:
    planes = label, np.full_like(label, confidence)
    store.save_prediction(record.id, model.key, [(record.size.box, *planes)])


@pytest.fixture
def judged(store: ProjectStore, a: Model, b: Model, runs: list[str]) -> ProjectStore:
    """On the first image b is better, on the second both say the same."""
    first, second = store.images()
    for record in (first, second):
        paint(store, record)
        said(store, record, a, label_of(record, 50))
    said(store, first, b, label_of(first, 100), confidence=204)
    said(store, second, b, label_of(second, 50), confidence=204)
    return store


def test_both_are_judged_by_the_same_truth_and_their_differences_told(
    judged: ProjectStore, a: Model, b: Model, runs: list[str]
) -> None:
    found = compare(judged, judged.images(), a, b).to_json()
    assert runs == []  # what is kept is not run again
    figures = found["unseen"]
    assert (figures["images"], figures["better"]) == (2, {"a": 0, "b": 1, "same": 1})
    assert figures["per_class"]["nucleus"]["iou"] == {
        "a": pytest.approx(0.5),
        "b": pytest.approx(0.75),
        "difference": pytest.approx(0.25),
    }
    assert figures["per_class"]["nucleus"]["ece"] == {
        "a": pytest.approx(0),
        "b": pytest.approx(0.2),
        "difference": pytest.approx(0.2),
    }
    assert figures["per_class"]["nucleus"]["boundary_iou"]["difference"] > 0
    assert figures["miou"]["difference"] > 0
    assert figures["pixels"] == {
        "counted": 2 * 250 * 60,
        "disagree": 50 * 60,
        "only_a_right": 0,
        "only_b_right": 50 * 60,
    }
    assert [(row["name"], row["better"], row["pixels"]["disagree"]) for row in found["per_image"]] == [
        ("a.png", "b", 3000),
        ("b.png", "same", 0),
    ]


def test_the_other_way_round_all_differences_have_the_other_sign(
    judged: ProjectStore, a: Model, b: Model
) -> None:
    there, back = (compare(judged, judged.images(), *pair).to_json()["unseen"] for pair in ((a, b), (b, a)))
    assert (back["better"]["a"], back["better"]["b"]) == (there["better"]["b"], there["better"]["a"])
    for figure, of in there["per_class"]["nucleus"].items():
        assert back["per_class"]["nucleus"][figure]["difference"] == pytest.approx(-of["difference"])


def test_disagreement_counts_where_nobody_has_labelled_too(judged: ProjectStore, a: Model, b: Model) -> None:
    first = judged.images()[0]
    label = label_of(first, 50)
    label[:, 260:270] = 1
    said(judged, first, b, label)
    pixels = compare(judged, [first], a, b).to_json()["unseen"]["pixels"]
    assert (pixels["disagree"], pixels["only_a_right"], pixels["only_b_right"]) == (600, 0, 0)


@pytest.mark.parametrize("who", [0, 1])
def test_images_that_one_of_them_was_trained_on_are_kept_apart(
    judged: ProjectStore, a: Model, b: Model, who: int
) -> None:
    first = judged.images()[0]
    trained_on((a, b)[who], train=[digest_of(first)])
    found = compare(judged, judged.images(), a, b).to_json()
    assert (found["unseen"]["images"], found["seen"]["images"]) == (1, 1)
    assert found["unseen"]["better"] == {"a": 0, "b": 0, "same": 1}
    assert found["unrecorded"] == [(b, a)[who].key]
    marks = {row["name"]: row["ab"[who]]["used_for"] for row in found["per_image"]}
    assert marks == {"a.png": "train", "b.png": ""}


def test_where_all_images_were_learnt_from_there_are_no_figures_to_go_by(
    judged: ProjectStore, a: Model, b: Model
) -> None:
    trained_on(a, train=[digest_of(record) for record in judged.images()])
    found = compare(judged, judged.images(), a, b).to_json()
    assert found["unseen"] is None
    assert found["seen"]["images"] == 2


def test_a_class_that_is_nowhere_has_no_figures_and_one_that_a_model_lacks_is_named(
    judged: ProjectStore, a: Model, make_model: MakeModel
) -> None:
    judged.set_catalog(ClassCatalog.from_names(["nucleus", "cell"]))
    both = make_model("nucleus", "cell", name="both")
    found = compare(judged, judged.images(), a, both).to_json()
    assert found["unseen"]["per_class"]["cell"]["iou"] == {"a": None, "b": None, "difference": None}
    assert found["lacking"] == {"a": ["cell"], "b": []}


def test_what_is_missing_is_predicted_and_an_unreadable_image_named_once(
    store: ProjectStore, a: Model, b: Model, runs: list[str]
) -> None:
    for record in store.images():
        paint(store, record)
    store.images()[1].path.unlink()
    found = compare(store, store.images(), a, b)
    assert runs == ["a.png", "a.png"]
    assert [skipped.name for skipped in found.skipped] == ["b.png"]
    assert found.to_json()["unseen"]["images"] == 1


def test_the_same_weights_twice_are_refused(judged: ProjectStore, a: Model) -> None:
    with pytest.raises(BadInputError, match="same model"):
        compare(judged, judged.images(), a, a)


def test_without_truth_there_is_no_better_one(
    store: ProjectStore, a: Model, b: Model, runs: list[str]
) -> None:
    with pytest.raises(BadInputError, match="nobody has labelled"):
        compare(store, store.images(), a, b)


def test_a_model_of_other_classes_cannot_be_compared(
    judged: ProjectStore, a: Model, make_model: MakeModel
) -> None:
    with pytest.raises(ModelError, match="road"):
        compare(judged, judged.images(), a, make_model("road", name="roads"))


def test_a_comparison_can_be_cancelled(judged: ProjectStore, a: Model, b: Model) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        compare(judged, judged.images(), a, b, cancel=cancel)
