"""Other people's readers see in our exports exactly the pixels of the masks: of hard cases made up, and of real images.

They are asked in this interpreter, datumaro in the one that LABELTOOL_DATUMARO_PYTHON names where its requirements do
not go with ours. `test_round_trips.py` has them all, over random masks.
"""

from __future__ import annotations

import pytest
from contracts.judges import Exported
from contracts.readers import JUDGES, TOWN, Judge, Row

# pycocotools 2.0.11 with numpy 2
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CHOSEN = [
    judge
    for judge in JUDGES
    if judge.format in ("coco", "panoptic", "voc", "cityscapes")
    and not judge.options
    and TOWN not in judge.catalogs
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("judge", CHOSEN, ids=[f"{judge.format}: {judge.name}" for judge in CHOSEN])
def test_a_reader_sees_exactly_the_masks(judge: Judge, exported: dict[str, Exported]) -> None:
    if not judge.version:
        pytest.skip(f"{judge.name} is not installed (make test installs it)")
    row = Row(judge)
    unseen = row.hear(exported[judge.format])
    assert row.unexplained == 0, row.first
    assert row.masks > 0
    of_a_test_set = [image for image in unseen if image.record.split == "test"]
    assert unseen == (of_a_test_set if judge.title == "voc" and judge.name == "torchvision" else [])


def test_a_perfect_prediction_scores_one_in_cocoeval(
    exported: dict[str, Exported], capsys: pytest.CaptureFixture[str]
) -> None:
    coco = pytest.importorskip(
        "pycocotools.coco", reason="pycocotools is not installed (make test installs it)"
    )
    from pycocotools.cocoeval import COCOeval

    for file in (exported["coco"].folder / "annotations").glob("*.json"):
        truth = coco.COCO(str(file))
        if not truth.anns:
            continue
        results = [
            {**{k: a[k] for k in ("image_id", "category_id", "segmentation")}, "score": 1.0}
            for a in truth.anns.values()
        ]
        judge = COCOeval(truth, truth.loadRes(results), "segm")
        judge.params.maxDets = [1, 100, 100_000]
        judge.evaluate()
        judge.accumulate()
        precision = judge.eval["precision"][:, :, :, 0, -1]
        assert (precision[precision > -1] == 1).all()
