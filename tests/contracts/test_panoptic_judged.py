"""Others see in our panoptic exports exactly the pixels of the masks: datumaro, and a reader written here from the
format's description (cocodataset.org, "Panoptic Segmentation"), which shares no code with ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.provenance import Origin
from labeltool.core.regions import regions
from labeltool.formats.export import export
from labeltool.formats.panoptic import PanopticExporter
from labeltool.formats.protocol import LabelledImage

Case = tuple[list[LabelledImage], ClassCatalog]
Exported = tuple[Path, dict[str, LabelledImage], ClassCatalog]


@pytest.fixture(scope="session")
def panoptic(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    images, catalog = case
    out = tmp_path_factory.mktemp("panoptic") / "out"
    report = export(PanopticExporter(), images, catalog, out)
    assert report.images == len(images)
    return out, {report.names[image.record.id]: image for image in images}, catalog


def wanted_classes(image: LabelledImage, catalog: ClassCatalog) -> NDArray[np.int64]:
    """Class values, -1 where nobody has labelled or somebody ignored."""
    label = image.mask.read("label").astype(np.int64)
    unlabelled = image.mask.read("origin") == Origin.NOBODY
    if catalog.background is not None:
        label[unlabelled & (label == catalog.background)] = -1
    label[label == IGNORE] = -1
    return label


def wanted_objects(image: LabelledImage, catalog: ClassCatalog) -> set[bytes]:
    label = image.mask.read("label").astype(np.uint8)
    found = set()
    for region in regions(label, image.mask.read("object").astype(np.uint32), catalog):
        whole = np.zeros(label.shape, bool)
        whole[region.box.slices()] = region.inside
        found.add(np.packbits(whole).tobytes())
    return found


def test_the_format_as_described_gives_the_same_segments(panoptic: Exported) -> None:
    out, images, catalog = panoptic
    seen = 0
    for file in sorted((out / "annotations").glob("panoptic_*.json")):
        data = json.loads(file.read_text(encoding="ascii"))
        categories = {c["id"]: c for c in data["categories"]}
        values = {number: catalog.by_name(c["name"]).value for number, c in categories.items()}  # type: ignore[union-attr]
        assert all(values[n] == catalog.background for n, c in categories.items() if not c["isthing"])
        by_id = {i["id"]: i for i in data["images"]}
        assert len(by_id) == len(data["annotations"])
        for annotation in data["annotations"]:
            entry = by_id[annotation["image_id"]]
            image = images[Path(entry["file_name"]).stem]
            picture = Image.open(file.with_suffix("") / annotation["file_name"])
            assert picture.mode == "RGB"
            assert picture.size == (entry["width"], entry["height"]) == image.record.size
            assert (out / "images" / entry["file_name"]).is_file()
            ids = np.array(picture).astype(np.int64) @ (1, 256, 256**2)
            label, objects = np.full(ids.shape, -1, np.int64), set()
            assert set(np.unique(ids).tolist()) - {0} == {s["id"] for s in annotation["segments_info"]}
            for segment in annotation["segments_info"]:
                inside = ids == segment["id"]
                rows, cols = np.nonzero(inside)
                assert segment["area"] == len(rows) > 0
                x, y, width, height = segment["bbox"]
                assert (x, y) == (cols.min(), rows.min())
                assert (x + width, y + height) == (cols.max() + 1, rows.max() + 1)
                assert segment["iscrowd"] == 0
                label[inside] = values[segment["category_id"]]
                if categories[segment["category_id"]]["isthing"]:
                    objects.add(np.packbits(inside).tobytes())
            assert np.array_equal(label, wanted_classes(image, catalog))
            assert objects == wanted_objects(image, catalog)
            seen += 1
    assert seen == len(images)


def test_datumaro_reads_the_same_segments(
    panoptic: Exported, datumaro: Callable[[str, Path], dict[str, NDArray[Any]]]
) -> None:
    out, images, catalog = panoptic
    seen = datumaro("coco_panoptic", out)
    values = np.array([*(catalog.by_name(n).value for n in seen["names"].tolist()), -1])  # type: ignore[union-attr]
    for name, image in images.items():
        label, groups = values[seen[f"{name}/classes"]], seen[f"{name}/objects"]
        assert np.array_equal(label, wanted_classes(image, catalog))
        things = np.where(np.isin(label, [c.value for c in catalog.foreground]), groups, 0)
        found = {np.packbits(things == g).tobytes() for g in np.unique(things) if g}
        assert found == wanted_objects(image, catalog)
