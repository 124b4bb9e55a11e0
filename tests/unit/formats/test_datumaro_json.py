"""datumaro's own JSON: every annotation is painted or reported."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mask_samples import CELLS, imported, labelled, record_of

from labeltool.core import rle
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import Skipped
from labeltool.formats.datumaro_json import DatumaroImporter
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ForeignClass, ImportedMask, LabelledImage

LEFT = rle.to_string(rle.encode(np.array([[1, 1, 0, 0, 0]] * 4, bool)))
CATEGORIES = {
    "label": {
        "labels": [{"name": "nucleus"}, {"name": "cell wall"}, {"name": "dog"}, {"name": "background"}]
    },
    "mask": {
        "colormap": [{"label_id": 0, "r": 1, "g": 2, "b": 3}, {"label_id": 1, "r": 1, "g": 2, "b": 300}]
    },
}


def polygon(*points: object, **more: Any) -> dict[str, Any]:
    return {
        "id": 0,
        "type": "polygon",
        "label_id": 0,
        "points": list(points),
        "z_order": 0,
        "group": 0,
        **more,
    }


def mask(**more: Any) -> dict[str, Any]:
    return {"type": "mask", "label_id": 1, "rle": {"counts": LEFT, "size": [4, 5]}, **more}


SQUARE = polygon(1, 1, 3, 1, 3, 3, 1, 3)


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(tmp_path / "photos" / "x.jpg", np.ones((4, 5), np.uint8), CELLS)


@pytest.fixture
def read(image: LabelledImage, tmp_path: Path) -> Callable[..., tuple[ImportedMask | None, list[Skipped]]]:
    """Imports annotations of the image."""

    def read(*annotations: Any, item: Any = None, **more: Any) -> Any:
        entry = {"id": "x", "annotations": list(annotations), "image": {"path": "x.jpg", "size": [4, 5]}}
        data = {"categories": CATEGORIES, "items": [entry | (item or {})], **more}
        (tmp_path / "validation.json").write_text(json.dumps(data))
        masks, skipped = imported(DatumaroImporter(), tmp_path / "validation.json", CELLS, [image])
        return masks.get(image.record.id), skipped

    return read


def test_polygons_masks_and_ellipses_are_painted(read: Callable[..., Any]) -> None:
    ellipse = {"type": "ellipse", "label_id": 0, "points": [3, 0, 5, 2]}
    found, skipped = read(mask(), polygon(2, 2, 5, 2, 5, 4, 2, 4), ellipse)
    assert skipped == []
    assert found.label.tolist() == [[2, 2, 0, 1, 1], [2, 2, 0, 1, 1], [2, 2, 1, 1, 1], [2, 2, 1, 1, 1]]
    assert (found.objects, found.known, found.split) == (3, None, "val")


def test_nearer_annotations_lie_over_others(read: Callable[..., Any]) -> None:
    found, _ = read(polygon(0, 0, 5, 0, 5, 4, 0, 4, z_order=2), mask(z_order=1))
    assert (found.label == 1).all()


def test_polygons_of_a_group_are_one_object(read: Callable[..., Any]) -> None:
    parts = [polygon(0, 0, 1, 0, 1, 1, 0, 1, group=7), polygon(4, 3, 5, 3, 5, 4, 4, 4, group=7)]
    found, skipped = read(*parts, polygon(2, 0, 3, 0, 3, 1, 2, 1))
    assert skipped == []
    assert found.objects == 2
    assert found.object[0, 0] == found.object[3, 4] != found.object[0, 2]
    assert found.notices == ("1 outlines are part of an object with several",)


def test_what_has_no_area_is_counted(read: Callable[..., Any]) -> None:
    found, skipped = read(
        {"type": "bbox", "label_id": 0, "bbox": [1, 1, 2, 2]},
        {"type": "label", "label_id": 0},
        {"type": "label", "label_id": 1},
        {"type": "caption", "caption": "x"},
        SQUARE,
    )
    assert found.objects == 1
    assert [s.reason for s in skipped] == ["what has no area is left out: 1 bbox, 2 label, 1 caption"]
    assert found.known.sum() == 4


def test_the_labels_are_the_classes_with_the_colours_of_the_masks(
    read: Callable[..., Any], tmp_path: Path
) -> None:
    read()
    classes = DatumaroImporter().classes(tmp_path / "validation.json", ImportOptions())
    assert classes == [ForeignClass("nucleus", (1, 2, 3)), ForeignClass("cell wall"), ForeignClass("dog")]


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (polygon(0, 0, 1e12, 0, 1, 1), "beyond any image"),
        (polygon(0, 0, 1, 0, 1), "5 numbers"),
        (polygon(0, 0, "1", 0, 1, 1), "not a list of numbers"),
        (polygon(0, 0, True, 0, 1, 1), "not a list of numbers"),
        (polygon(90, 90, 91, 90, 91, 91), "no pixel"),
        (polygon() | {"points": None}, "not a list of numbers"),
        (mask(rle={"counts": LEFT, "size": [5, 4]}), "for the size"),
        (mask(rle={"counts": "88", "size": [4, 5]}), "sum to"),
        (mask(rle={"counts": [20], "size": [4, 5]}), "empty"),
        (mask(rle=LEFT), "no mask"),
        (mask(rle=None), "no mask"),
        (SQUARE | {"label_id": 9}, "no label '9'"),
        (SQUARE | {"label_id": -1}, "no label '-1'"),
        (SQUARE | {"label_id": True}, "no label 'True'"),
        (SQUARE | {"label_id": None}, "no label"),
        (SQUARE | {"group": [1]}, "group"),
        (SQUARE | {"type": None}, "no type"),
        ({"type": "ellipse", "label_id": 0, "points": [0, 0, 1]}, "two corners"),
        ({"type": "ellipse", "label_id": 0, "points": [3, 3, 0, 0]}, "not positive"),
        (None, "no type"),
        (7, "no type"),
    ],
)
def test_a_bad_annotation_is_refused_by_name_and_the_next_one_is_painted(
    read: Callable[..., Any], annotation: Any, message: str
) -> None:
    found, (skipped,) = read(annotation, SQUARE)
    assert message in skipped.reason
    assert "annotation 1 of " in skipped.file
    assert found.known.sum() == 4


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "C:x.jpg", "a\\..\\..\\x.jpg", "n" * 5000]
)
def test_a_name_that_leaves_the_folder_is_refused_by_name(read: Callable[..., Any], path: str) -> None:
    found, (skipped,) = read(SQUARE, item={"image": {"path": path}})
    assert found is None
    assert "file name" in skipped.reason


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"image": None, "id": None}, "file name"),
        ({"image": {"path": "x.jpg", "size": [5, 4]}}, "4 x 5 pixels, and it is 5 x 4"),
        ({"annotations": 5}, "no list of annotations"),
        ({"image": {"path": "y.jpg"}, "id": "z"}, "no image of the project is called y"),
    ],
)
def test_a_bad_item_is_reported(read: Callable[..., Any], item: Any, message: str) -> None:
    found, (skipped,) = read(SQUARE, item=item)
    assert found is None
    assert message in skipped.reason


def test_an_item_without_a_picture_is_matched_by_its_id(read: Callable[..., Any]) -> None:
    found, skipped = read(SQUARE, item={"image": None, "id": "train/x"})
    assert (found.objects, skipped) == (1, [])


@pytest.mark.parametrize("text", ["[]", "{}", '{"items": 5}', "[" * 100_000, '{"items": [NaN]}', "{"])
def test_a_file_that_is_not_datumaros_is_refused(image: LabelledImage, tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(BadInputError):
        imported(DatumaroImporter(), tmp_path / "a.json", CELLS, [image])


def test_wrong_categories_do_no_harm(read: Callable[..., Any]) -> None:
    for categories in (5, {"label": 5}, {"label": {"labels": [5, {"name": 5}]}}, {"mask": {"colormap": [5]}}):
        found, (skipped,) = read(SQUARE, categories=categories)
        assert found is None
        assert "no label '0'" in skipped.reason


def test_the_sample_of_datumaro_holds_no_areas_and_every_label_is_counted(shared_data: Path) -> None:
    folder = shared_data / "interop" / "datumaro" / "datumaro_dataset" / "legacy"
    names = {"train/a": "train", "train/b": "train", "test/c": "test", "validation/d": "val"}
    catalog = ClassCatalog.from_names(["car"])
    records = [record_of(folder / "images" / f"{name}.jpg", Size(3, 2)) for name in names]
    found = list(DatumaroImporter().read(folder, catalog, records, ImportOptions()))
    counts = [int(each.reason.split()[-2]) for each in found if isinstance(each, Skipped)]
    assert sorted(counts) == [1, 2, 4]
    (empty,) = [each for each in found if isinstance(each, ImportedMask)]
    assert (empty.objects, empty.split) == (0, "val")
    classes = DatumaroImporter().classes(folder, ImportOptions())
    assert [c.name for c in classes] == ["car", "bicycle", "tom", "mary"]
