"""Our figures against those of torchmetrics, on random masks with absent classes and ignored pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from labeltool.core.calibration import Calibration
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.compare import ConfusionMatrix

CLASSES = 6
CATALOG = ClassCatalog.from_names([f"class {value}" for value in range(1, CLASSES)])

Labels = NDArray[np.uint8]

CASES = {
    "all classes": (range(CLASSES), range(CLASSES)),
    "one that nobody predicts": (range(CLASSES), range(CLASSES - 1)),
    "one that is not there": (range(CLASSES - 1), range(CLASSES)),
    "two that are nowhere": (range(CLASSES - 2), range(CLASSES - 2)),
    "one class alone": ([2], [2]),
    "nothing in common": ([1], [3]),
}


@pytest.fixture(scope="module")
def judge() -> Any:
    """Imported when it is wanted: it brings torch and torchvision along."""
    from labeltool.nn.torchvision_ops import declare_missing_operators

    declare_missing_operators()
    reason = "torchmetrics (the extra judges) is not installed"
    return pytest.importorskip("torchmetrics.functional.classification", reason=reason)


@pytest.fixture(params=[(name, seed) for name in CASES for seed in range(3)], ids=lambda p: f"{p[0]} {p[1]}")
def masks(request: pytest.FixtureRequest) -> tuple[Labels, Labels, Labels]:
    """Truth with a tenth ignored, prediction, and confidence."""
    name, seed = request.param
    rng = np.random.default_rng(seed)
    in_truth, in_prediction = CASES[name]
    truth = rng.choice(np.array(in_truth, np.uint8), (61, 47))
    prediction = np.where(rng.random(truth.shape) < 0.6, truth, rng.choice(list(in_prediction), truth.shape))
    prediction = np.where(np.isin(prediction, list(in_prediction)), prediction, in_prediction[0])
    truth[rng.random(truth.shape) < 0.1] = IGNORE
    return truth, prediction.astype(np.uint8), rng.integers(0, 256, truth.shape, np.uint8)


def counted(truth: Labels, prediction: Labels) -> ConfusionMatrix:
    """In parts, as it is done with images that are larger than memory."""
    matrix = ConfusionMatrix()
    for rows in np.array_split(np.arange(len(truth)), 5):
        matrix.add(truth[rows], prediction[rows])
    return matrix


def tensors(*planes: NDArray[Any]) -> list[Any]:
    import torch

    return [torch.from_numpy(plane.astype(np.int64)) for plane in planes]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("iou", "multiclass_jaccard_index"),
        ("f1", "multiclass_f1_score"),
        ("precision", "multiclass_precision"),
        ("recall", "multiclass_recall"),
    ],
)
def test_figures_of_each_class_are_theirs_and_nothing_where_they_divide_zero_by_zero(
    judge: Any, masks: tuple[Labels, Labels, Labels], ours: str, theirs: str
) -> None:
    truth, prediction, _ = masks
    report = counted(truth, prediction).report(CATALOG)["per_class"]
    found = [report[c.name][ours] for c in CATALOG.classes]
    options = {"num_classes": CLASSES, "average": "none", "ignore_index": IGNORE}
    wanted = getattr(judge, theirs)(*tensors(prediction, truth), **options).tolist()
    there = (
        np.bincount(truth[truth != IGNORE], minlength=256),
        np.bincount(prediction[truth != IGNORE], minlength=256),
    )
    for value in range(CLASSES):
        parts = {"precision": there[1], "recall": there[0]}.get(ours, there[0] + there[1])
        if parts[value]:
            assert found[value] == pytest.approx(wanted[value], abs=1e-6)
        else:
            assert found[value] is None


def test_pixel_accuracy_and_mean_iou_are_theirs(judge: Any, masks: tuple[Labels, Labels, Labels]) -> None:
    truth, prediction, _ = masks
    report = counted(truth, prediction).report(CATALOG)
    given = tensors(prediction, truth)
    accuracy = judge.multiclass_accuracy(*given, CLASSES, average="micro", ignore_index=IGNORE)
    assert report["pixel_accuracy"] == pytest.approx(float(accuracy), abs=1e-6)
    # Their macro average is over the classes that appear, as ours is.
    mean = judge.multiclass_jaccard_index(*given, CLASSES, average="macro", ignore_index=IGNORE)
    assert report["miou"] == pytest.approx(float(mean), abs=1e-6)


def test_the_confusion_matrix_is_theirs(judge: Any, masks: tuple[Labels, Labels, Labels]) -> None:
    truth, prediction, _ = masks
    wanted = judge.multiclass_confusion_matrix(*tensors(prediction, truth), CLASSES, ignore_index=IGNORE)
    assert np.array_equal(counted(truth, prediction).counts[:CLASSES, :CLASSES], wanted.numpy())


@pytest.mark.parametrize("bins", [10, 15, 20])
def test_the_calibration_error_is_theirs(judge: Any, masks: tuple[Labels, Labels, Labels], bins: int) -> None:
    """They are given probabilities of which the highest is our confidence; it must not be below that of the others."""
    import torch

    truth, prediction, confidence = masks
    confidence = np.maximum(confidence, 128)
    calibration = Calibration()
    for rows in np.array_split(np.arange(len(truth)), 5):
        calibration.add(truth[rows], prediction[rows], confidence[rows])
    # 255 is a multiple of 15, so confidences lie on edges of bins, which float32 blurs: they are moved to our side.
    sure = np.where(confidence < 255, confidence / 255 + 1e-5, 1.0)
    given = np.repeat(((1 - sure) / (CLASSES - 1))[..., None], CLASSES, -1)
    np.put_along_axis(given, prediction[..., None].astype(np.int64), sure[..., None], -1)
    probabilities = torch.from_numpy(given.reshape(-1, CLASSES))
    wanted = judge.multiclass_calibration_error(
        probabilities, *tensors(truth.ravel()), CLASSES, bins, ignore_index=IGNORE
    )
    shares = [each for each in calibration.bins(bins) if each.pixels]
    total = sum(each.pixels for each in shares)
    found = sum(abs(each.confidence - each.accuracy) * each.pixels for each in shares) / total
    assert found == pytest.approx(float(wanted), abs=2e-5)
    if bins == 15:
        assert calibration.error == pytest.approx(found)
