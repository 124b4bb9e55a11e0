from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from labeltool.app import evaluate as module
from labeltool.app.evaluate import BOUNDARY_SHARE, Evaluation, boundary_iou, evaluate
from labeltool.app.models import Model
from labeltool.app.truth import has_truth, truth
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask, Plane
from labeltool.core.patch import write
from labeltool.core.project import Status
from labeltool.core.provenance import Origin
from labeltool.store.project import ProjectStore

CATALOG = ClassCatalog.from_names(["nucleus", "cell"])

Labels = NDArray[np.uint8]


def mask_of(label: Labels, origin: int | Labels = Origin.HUMAN) -> LabelMask:
    mask = LabelMask(Size(label.shape[1], label.shape[0]))
    mask.apply(write(mask, mask.size.box, title="", kind="", label=label, origin=origin))
    return mask


def plane_of(label: Labels) -> Plane:
    return mask_of(label).planes["label"]


def test_only_pixels_that_somebody_has_set_count() -> None:
    label = np.array([[0, 1, 1, IGNORE, 1]], np.uint8)
    origin = np.array(
        [[Origin.HUMAN, Origin.IMPORTED, Origin.MODEL, Origin.REVIEWER, Origin.NOBODY]], np.uint8
    )
    assert truth(mask_of(label, origin), Box(0, 0, 5, 1)).tolist() == [[0, 1, IGNORE, IGNORE, IGNORE]]


def test_figures_are_pooled_over_pixels_and_averaged_over_images() -> None:
    result = Evaluation(CATALOG)
    large = np.ones((10, 10), np.uint8)
    result.add("large.png", plane_of(large), mask_of(large))
    small = np.array([[1, 0]], np.uint8)
    result.add("small.png", plane_of(np.array([[0, 1]], np.uint8)), mask_of(small))
    figures = result.to_json()
    assert figures["images"] == 2
    assert figures["per_class"]["nucleus"]["iou"] == pytest.approx(100 / 102)
    assert figures["mean_iou_over_images"]["nucleus"] == pytest.approx(0.5)
    assert figures["per_class"]["cell"]["iou"] is None
    assert figures["miou"] == pytest.approx((100 / 102 + 0) / 2)
    assert figures["pixel_accuracy"] == pytest.approx(100 / 102)
    assert [row["name"] for row in figures["per_image"]] == ["large.png", "small.png"]
    assert figures["per_image"][1]["pixels"]["nucleus"] == {"both": 0, "truth": 1, "predicted": 1}


def test_an_image_without_truth_adds_nothing() -> None:
    result = Evaluation(CATALOG)
    label = np.ones((4, 4), np.uint8)
    result.add("model only.png", plane_of(label), mask_of(label, Origin.MODEL))
    assert result.to_json()["images"] == 0


def boundary_by_erosion(label: Labels, reach: int) -> NDArray[np.bool_]:
    """The definition in the paper: what an erosion of ``reach`` steps takes away, beyond the image being outside."""
    padded = cv2.copyMakeBorder(label, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=reach)
    return (label > 0) & (eroded[1:-1, 1:-1] == 0)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), band=st.sampled_from([7, 32, 1024]))
def test_boundary_iou_is_that_of_the_paper_whatever_the_bands(seed: int, band: int) -> None:
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(0, 1, (2, 70, 90)).transpose(1, 2, 0), (0, 0), 4)
    a, b = ((noise[:, :, i] > 0.02).astype(np.uint8) for i in (0, 1))
    reach = round(BOUNDARY_SHARE * float(np.hypot(90, 70)))
    edge_a, edge_b = boundary_by_erosion(a, reach), boundary_by_erosion(b, reach)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BAND_ROWS", band)
        found = boundary_iou(plane_of(a), mask_of(b), 1)
    assert found == pytest.approx((edge_a & edge_b).sum() / (edge_a | edge_b).sum())


def test_boundary_iou_of_a_class_that_is_nowhere_is_nothing() -> None:
    label = np.zeros((8, 8), np.uint8)
    assert boundary_iou(plane_of(label), mask_of(label), 1) is None


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
