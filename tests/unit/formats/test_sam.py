"""Segment-Anything's JSON: masks without classes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mask_samples import imported, labelled, record_of

from labeltool.core import rle
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import Skipped
from labeltool.formats.protocol import ForeignClass, ImportedMask, LabelledImage
from labeltool.formats.sam import SamImporter, SamImportOptions

THINGS = ClassCatalog.from_names(["object", "stone"])


def mask(*rows: str, **more: Any) -> dict[str, Any]:
    inside = np.array([[c == "1" for c in row] for row in rows])
    counts = rle.to_string(rle.encode(inside))
    return {
        "id": 1,
        "segmentation": {"size": list(inside.shape), "counts": counts},
        "area": int(inside.sum()),
        **more,
    }


SMALL, LARGE = mask("0110", "0110", "0000"), mask("1111", "1111", "1111")


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(tmp_path / "photos" / "sa_1.jpg", np.ones((3, 4), np.uint8), THINGS)


@pytest.fixture
def read(image: LabelledImage, tmp_path: Path) -> Callable[..., tuple[ImportedMask | None, list[Skipped]]]:
    """Imports masks of the image."""

    def read(*annotations: Any, options: Any = None, **more: Any) -> Any:
        picture = {"image_id": 1, "width": 4, "height": 3, "file_name": "sa_1.jpg"} | more
        (tmp_path / "sa_1.json").write_text(json.dumps({"image": picture, "annotations": list(annotations)}))
        found = list(
            SamImporter().read(tmp_path / "sa_1.json", THINGS, [image.record], options or SamImportOptions())
        )
        masks = [each for each in found if isinstance(each, ImportedMask)]
        return (masks[0] if masks else None), [each for each in found if isinstance(each, Skipped)]

    return read


@pytest.mark.parametrize("order", [(SMALL, LARGE), (LARGE, SMALL)])
def test_smaller_masks_are_painted_over_larger_ones(read: Callable[..., Any], order: Any) -> None:
    found, skipped = read(*order)
    assert skipped == []
    assert found.objects == 2
    assert found.object[0, 1] == found.object[1, 2] != found.object[2, 0]
    assert (found.label == 1).all()
    assert "the smaller one counts" in found.notices[0]


def test_the_class_is_the_one_that_was_chosen(read: Callable[..., Any], tmp_path: Path) -> None:
    found, _ = read(LARGE, options=SamImportOptions(class_name="stone"))
    assert (found.label == 2).all()
    assert SamImporter().classes(tmp_path, SamImportOptions()) == [ForeignClass("object")]


def test_a_class_that_the_project_lacks_is_named(read: Callable[..., Any]) -> None:
    found, (skipped,) = read(LARGE, options=SamImportOptions(class_name="tree"))
    assert found is None
    assert "no class 'tree': 1 objects left out" in skipped.reason


@pytest.mark.parametrize(
    "annotation",
    [
        5,
        {},
        {"segmentation": None},
        mask("11", "11"),
        mask("0000", "0000", "0000"),
        {"segmentation": {"size": [3, 4], "counts": "5"}},
        {"segmentation": {"size": [3, 4], "counts": "\u00e9"}},
        {"segmentation": {"size": [3, 4], "counts": [10**30]}, "area": "x"},
    ],
)
def test_a_bad_mask_is_refused_by_name_and_the_next_one_is_painted(
    read: Callable[..., Any], annotation: Any
) -> None:
    found, (skipped,) = read(annotation, SMALL)
    assert "annotation 1" in skipped.file
    assert found.known.sum() == 4


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"file_name": "../sa_1.jpg"}, "leads out"),
        ({"file_name": None}, "no file name"),
        ({"file_name": "other.jpg"}, "no image of the project"),
        ({"width": 5}, "5 x 3 pixels, and it is 4 x 3"),
    ],
)
def test_a_file_that_fits_no_image_is_reported_with_its_count(
    read: Callable[..., Any], more: Any, message: str
) -> None:
    found, (skipped,) = read(SMALL, LARGE, **more)
    assert found is None
    assert message in skipped.reason
    assert "(2 shapes)" in skipped.file


@pytest.mark.parametrize("text", ["[]", "{}", '{"image": {}}', '{"image": {}, "annotations": 5}', "{"])
def test_a_file_that_is_not_sams_is_refused(image: LabelledImage, tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(BadInputError):
        imported(SamImporter(), tmp_path / "a.json", THINGS, [image])


def test_the_sample_of_datumaro_is_read(shared_data: Path) -> None:
    folder = shared_data / "interop" / "datumaro" / "segment_anything_dataset"
    record = record_of(folder / "a.jpg", Size(10, 5))
    (found,) = SamImporter().read(folder, THINGS, [record], SamImportOptions())
    assert isinstance(found, ImportedMask)
    assert found.objects == 1
    assert np.argwhere(found.label == 1).tolist() == [[1, 3], [2, 3], [3, 3], [4, 3]]
