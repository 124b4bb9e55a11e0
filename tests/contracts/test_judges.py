"""Other people's readers see in our exports exactly the pixels of the masks.

pycocotools and torchvision are asked in this interpreter, datumaro in the one that LABELTOOL_DATUMARO_PYTHON
names (its own requirements do not go with ours), or in this one where it is installed here.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.regions import regions
from labeltool.formats.coco.layout import category_ids
from labeltool.formats.protocol import LabelledImage
from labeltool.formats.voc.layout import IGNORED, class_names

# pycocotools 2.0.11 with numpy 2
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

Case = tuple[list[LabelledImage], ClassCatalog]
Exported = dict[str, tuple[Path, dict[str, str]]]


def classes_of(image: LabelledImage, catalog: ClassCatalog) -> NDArray[np.uint8]:
    """The label plane with everything that COCO has no category for as 255."""
    label = image.mask.read("label").astype(np.uint8)
    label[~np.isin(label, [c.value for c in catalog.foreground])] = IGNORE
    return label


def objects_of(image: LabelledImage, catalog: ClassCatalog) -> set[bytes]:
    """Every object as the bytes of its mask."""
    label = image.mask.read("label").astype(np.uint8)
    found = set()
    for region in regions(label, image.mask.read("object").astype(np.uint32), catalog):
        whole = np.zeros(label.shape, bool)
        whole[region.box.slices()] = region.inside
        found.add(np.packbits(whole).tobytes())
    return found


def painted(
    shape: tuple[int, ...], values: dict[int, int], masks: Iterator[tuple[int, NDArray[Any]]]
) -> tuple[NDArray[np.uint8], set[bytes]]:
    """A label plane from (category, mask) pairs, and the objects; no pixel may be in two."""
    label, objects = np.full(shape, IGNORE, np.uint8), set()
    for category, mask in masks:
        inside = np.asarray(mask, bool)
        assert inside.any()
        assert (label[inside] == IGNORE).all()
        label[inside] = values[category]
        objects.add(np.packbits(inside).tobytes())
    return label, objects


def images_by_name(case: Case, names: dict[str, str]) -> dict[str, LabelledImage]:
    return {names[image.record.id]: image for image in case[0]}


@pytest.fixture(scope="module")
def torchvision() -> ModuleType:
    pytest.importorskip("torch")
    pytest.importorskip("pycocotools", reason="pycocotools is not installed (make test installs it)")
    from labeltool.nn.torchvision_ops import declare_missing_operators

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        declare_missing_operators()
        import torchvision.datasets
    return torchvision


def test_pycocotools_decodes_the_same_pixels(
    case: Case, exported: Exported, capsys: pytest.CaptureFixture[str]
) -> None:
    coco = pytest.importorskip(
        "pycocotools.coco", reason="pycocotools is not installed (make test installs it)"
    )
    folder, names = exported["coco"]
    values = {category: value for value, category in category_ids(case[1]).items()}
    images, seen = images_by_name(case, names), 0
    for file in sorted((folder / "annotations").glob("*.json")):
        reader = coco.COCO(str(file))
        for image_id, info in reader.imgs.items():
            image = images[Path(info["file_name"]).stem]
            annotations = reader.loadAnns(reader.getAnnIds(imgIds=image_id, iscrowd=False))
            masks = ((a["category_id"], reader.annToMask(a)) for a in annotations)
            label, objects = painted(image.mask.read("label").shape, values, masks)
            assert np.array_equal(label, classes_of(image, case[1]))
            assert objects == objects_of(image, case[1])
            for a in annotations:
                rle = reader.annToRLE(a)
                assert a["area"] == coco.maskUtils.area(rle)
                assert a["bbox"] == coco.maskUtils.toBbox(rle).tolist()
            seen += 1
    assert seen == len(images)


def test_a_perfect_prediction_scores_one_in_cocoeval(
    case: Case, exported: Exported, capsys: pytest.CaptureFixture[str]
) -> None:
    coco = pytest.importorskip(
        "pycocotools.coco", reason="pycocotools is not installed (make test installs it)"
    )
    from pycocotools.cocoeval import COCOeval

    for file in (exported["coco"][0] / "annotations").glob("*.json"):
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


def test_torchvision_coco_detection_gives_the_same_pixels(
    case: Case, exported: Exported, torchvision: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, names = exported["coco"]
    values = {category: value for value, category in category_ids(case[1]).items()}
    images, seen = images_by_name(case, names), 0
    for file in sorted((folder / "annotations").glob("*.json")):
        dataset = torchvision.datasets.CocoDetection(str(folder / "images"), str(file))
        for place, image_id in enumerate(dataset.ids):
            picture, target = dataset[place]
            image = images[Path(dataset.coco.imgs[image_id]["file_name"]).stem]
            assert picture.size == image.record.size
            masks = ((a["category_id"], dataset.coco.annToMask(a)) for a in target)
            label, objects = painted(image.mask.read("label").shape, values, masks)
            assert np.array_equal(label, classes_of(image, case[1]))
            assert objects == objects_of(image, case[1])
            seen += 1
    assert seen == len(images)


def test_torchvision_voc_segmentation_gives_the_same_pixels(
    case: Case, exported: Exported, torchvision: ModuleType
) -> None:
    folder, names = exported["voc"]
    images, seen = images_by_name(case, names), set()
    for image_set in ("train", "val", "trainval"):
        if not (folder / f"VOCdevkit/VOC2012/ImageSets/Segmentation/{image_set}.txt").read_text("utf-8"):
            continue
        dataset = torchvision.datasets.VOCSegmentation(str(folder), year="2012", image_set=image_set)
        for place, path in enumerate(dataset.images):
            picture, target = dataset[place]
            image = images[Path(path).stem]
            assert picture.size == target.size == image.record.size
            assert np.array_equal(np.array(target), image.mask.read("label"))
            seen.add(Path(path).stem)
    assert seen == {name for name, image in images.items() if image.record.split != "test"}


def test_datumaro_reads_the_same_coco_pixels(
    case: Case, exported: Exported, datumaro: Callable[[str, Path], dict[str, NDArray[Any]]]
) -> None:
    folder, names = exported["coco"]
    seen = datumaro("coco_instances", folder)
    values = np.array([*(case[1].by_name(n).value for n in seen["names"]), IGNORE])  # type: ignore[union-attr]
    for name, image in images_by_name(case, names).items():
        assert np.array_equal(values[seen[f"{name}/classes"]], classes_of(image, case[1]))
        assert apart(seen[f"{name}/objects"]) == objects_of(image, case[1])


def test_datumaro_reads_the_same_voc_pixels(
    case: Case, exported: Exported, datumaro: Callable[[str, Path], dict[str, NDArray[Any]]]
) -> None:
    folder, names = exported["voc"]
    seen = datumaro("voc_segmentation", folder / "VOCdevkit/VOC2012")
    own = {name: value for value, name in class_names(case[1]).items()} | {IGNORED: IGNORE}
    values = np.array([*(own[str(n)] for n in seen["names"]), IGNORE])
    with_objects = (folder / "VOCdevkit/VOC2012/SegmentationObject").is_dir()
    for name, image in images_by_name(case, names).items():
        assert np.array_equal(values[seen[f"{name}/classes"]], voc_classes(image, case[1], with_objects))
        if with_objects:
            groups = seen[f"{name}/objects"].copy()
            groups[image.mask.read("label") == IGNORE] = 0
            assert apart(groups) == objects_of(image, case[1])


def voc_classes(image: LabelledImage, catalog: ClassCatalog, with_objects: bool) -> NDArray[np.uint8]:
    """What objects show of the classes: the background is none; without objects every class is a mask."""
    return classes_of(image, catalog) if with_objects else image.mask.read("label").astype(np.uint8)


def apart(groups: NDArray[Any]) -> set[bytes]:
    """Every group but 0 as the bytes of its mask."""
    return {np.packbits(groups == g).tobytes() for g in np.unique(groups) if g}
