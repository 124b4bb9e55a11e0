"""COCO panoptic: what is written, and what becomes of pictures and lists that do not agree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mask_samples import CELLS, STREETS, assert_same_planes, imported, labelled, record_of, several
from PIL import Image

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import Skipped
from labeltool.formats.coco import CocoImporter
from labeltool.formats.export import export
from labeltool.formats.options import ImportOptions
from labeltool.formats.panoptic import PanopticExporter, PanopticImporter, PanopticOptions
from labeltool.formats.protocol import ImportedMask, LabelledImage

IDS = np.array([[1, 1, 300], [0, 70_000, 300]], np.uint32)


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(tmp_path / "photos" / "x.jpg", np.ones((2, 3), np.uint8), CELLS)


def segments() -> list[dict[str, Any]]:
    return [
        {"id": 1, "category_id": 7, "area": 2, "bbox": [0, 0, 2, 1], "iscrowd": 0},
        {"id": 300, "category_id": 8, "area": 2, "bbox": [2, 0, 1, 2], "iscrowd": 0},
        {"id": 70_000, "category_id": 7, "area": 1, "bbox": [1, 1, 1, 1], "iscrowd": 0},
    ]


def put(src: Path, parts: list[Any] | None = None, ids: np.ndarray = IDS, **changed: Any) -> Path:
    """A panoptic folder of one image x.jpg; ``changed`` replaces keys of the JSON file."""
    (src / "panoptic_val").mkdir(parents=True, exist_ok=True)
    colors = np.stack([ids & 255, ids >> 8 & 255, ids >> 16], axis=-1).astype(np.uint8)
    Image.fromarray(colors).save(src / "panoptic_val" / "x.png")
    data = {
        "images": [{"id": 5, "file_name": "x.jpg", "width": 3, "height": 2}],
        "annotations": [
            {"image_id": 5, "file_name": "x.png", "segments_info": segments() if parts is None else parts}
        ],
        "categories": [
            {"id": 7, "name": "nucleus", "isthing": 1, "color": [9, 8, 7]},
            {"id": 8, "name": "cell wall", "isthing": 0},
            {"id": 9, "name": "background", "isthing": 0},
        ],
        **changed,
    }
    file = src / "panoptic_val.json"
    file.write_text(json.dumps(data))
    return file


def read(
    src: Path, image: LabelledImage, catalog: ClassCatalog = CELLS
) -> tuple[ImportedMask, list[Skipped]]:
    masks, skipped = imported(PanopticImporter(), src, catalog, [image])
    return masks[image.record.id], skipped


def refusal(src: Path, image: LabelledImage) -> str:
    masks, skipped = imported(PanopticImporter(), src, CELLS, [image])
    assert masks == {}
    return " ".join(f"{s.file}: {s.reason}" for s in skipped)


@pytest.mark.parametrize("catalog", [CELLS, STREETS])
def test_our_own_export_comes_back_with_its_ids_and_splits(tmp_path: Path, catalog: ClassCatalog) -> None:
    images = several(tmp_path / "photos", catalog)
    report = export(PanopticExporter(), images, catalog, tmp_path / "out")
    masks, skipped = imported(PanopticImporter(), tmp_path / "out", catalog, images)
    assert skipped == []
    assert sum(mask.objects for mask in masks.values()) == report.objects
    for each in images:
        mask = masks[each.record.id]
        assert_same_planes(each, mask)
        assert mask.split == each.record.split
        assert mask.notices == ()
        known = np.ones(mask.label.shape, bool) if mask.known is None else mask.known
        origin = each.mask.read("origin")
        unlabelled = (origin == 0) & (mask.label == catalog.unlabelled_value)
        assert np.array_equal(known, ~unlabelled)


def test_segments_are_painted_by_their_colours_and_void_stays_as_it_is(
    tmp_path: Path, image: LabelledImage
) -> None:
    put(tmp_path / "src")
    mask, skipped = read(tmp_path / "src", image)
    assert skipped == []
    assert mask.label.tolist() == [[1, 1, 2], [0, 1, 2]]
    assert mask.object is not None
    assert mask.object.tolist() == [[1, 1, 2], [0, 3, 2]]
    assert mask.known is not None
    assert mask.known.tolist() == [[True] * 3, [False, True, True]]
    assert (mask.objects, mask.split, mask.notices) == (3, "val", ())


def test_a_background_segment_is_no_object(tmp_path: Path, image: LabelledImage) -> None:
    parts = segments()
    parts[1]["category_id"] = 9
    put(tmp_path / "src", parts)
    mask, _ = read(tmp_path / "src", image)
    assert mask.label.tolist() == [[1, 1, 0], [0, 1, 0]]
    assert mask.objects == 2
    assert mask.known is not None
    assert mask.known[:, 2].all()


def test_where_the_project_has_no_background_such_a_segment_sets_nothing(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "x.jpg", np.zeros((2, 3), np.uint8), STREETS)
    parts = segments()
    for part in parts:
        part["category_id"] = 9
    parts[0]["category_id"] = 10
    categories = [{"id": 9, "name": "background"}, {"id": 10, "name": "Car"}]
    put(tmp_path / "src", parts, categories=categories)
    mask, _ = read(tmp_path / "src", image, STREETS)
    assert mask.known is not None
    assert mask.known.tolist() == [[True, True, False], [False] * 3]


def test_a_crowd_is_painted_without_a_number(tmp_path: Path, image: LabelledImage) -> None:
    parts = segments()
    parts[0]["iscrowd"] = 1
    put(tmp_path / "src", parts)
    mask, _ = read(tmp_path / "src", image)
    assert mask.object is not None
    assert mask.object[0].tolist() == [0, 0, 2]
    assert any("came as a crowd" in n for n in mask.notices)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": 5}, "no pixel of the picture has its colour"),
        ({"id": 300}, "2 segments have this id"),
        ({"id": 0}, "no id that a colour can have"),
        ({"id": 1 << 24}, "no id that a colour can have"),
        ({"id": 10**400}, "no id that a colour can have"),
        ({"id": True}, "no id that a colour can have"),
        ({"id": "1"}, "no id that a colour can have"),
        ({"category_id": 99}, "no category '99'"),
        ({"category_id": None}, "no category 'None'"),
    ],
)
def test_a_segment_that_lies_is_reported_and_the_others_come_in(
    tmp_path: Path, image: LabelledImage, change: dict[str, Any], reason: str
) -> None:
    parts = segments()
    parts[0].update(change)
    put(tmp_path / "src", parts)
    mask, skipped = read(tmp_path / "src", image)
    assert any(reason in s.reason for s in skipped)
    assert mask.label[1, 1] == 1
    assert mask.known is not None
    assert not mask.known[0, :2].any()


def test_a_colour_that_no_segment_has_is_reported_with_its_pixels(
    tmp_path: Path, image: LabelledImage
) -> None:
    put(tmp_path / "src", segments()[:2])
    mask, (skipped,) = read(tmp_path / "src", image)
    assert "1 colours in 1 pixels belong to no segment" in skipped.reason
    assert "70000" in skipped.file
    assert mask.known is not None
    assert not mask.known[1, 1]


def test_an_area_that_is_not_that_of_the_pixels_is_told(tmp_path: Path, image: LabelledImage) -> None:
    parts = segments()
    parts[0]["area"] = 1e9
    put(tmp_path / "src", parts)
    mask, _ = read(tmp_path / "src", image)
    assert any("1 segments state an area" in n for n in mask.notices)


def test_a_class_that_the_project_lacks_is_counted_and_its_pixels_stay(
    tmp_path: Path, image: LabelledImage
) -> None:
    put(tmp_path / "src", categories=[{"id": 7, "name": "nucleus"}, {"id": 8, "name": "dog"}])
    mask, (skipped,) = read(tmp_path / "src", image)
    assert "no class 'dog': 1 objects left out" in skipped.reason
    assert mask.known is not None
    assert not mask.known[:, 2].any()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"annotations": []}, "0 annotations for it"),
        (
            {"annotations": [{"image_id": 5, "file_name": "x.png", "segments_info": []}] * 2},
            "2 annotations for it",
        ),
        ({"annotations": [{"image_id": 5, "file_name": "x.png", "segments_info": 5}]}, "no list of segments"),
        ({"annotations": [{"image_id": 5, "file_name": "y.png", "segments_info": []}]}, "called y.png"),
        (
            {"annotations": [{"image_id": 5, "file_name": "../x.png", "segments_info": []}]},
            "leads out of the folder",
        ),
        ({"annotations": [{"image_id": 5, "file_name": "/etc/passwd", "segments_info": []}]}, "is absolute"),
        ({"annotations": [{"image_id": 5, "segments_info": []}]}, "no file name"),
        ({"images": [{"id": 5, "file_name": "x.jpg", "width": 9, "height": 2}]}, "takes it for 9 x 2"),
    ],
)
def test_an_image_that_is_not_whole_is_refused_by_name(
    tmp_path: Path, image: LabelledImage, changed: dict[str, Any], reason: str
) -> None:
    put(tmp_path / "src", **changed)
    told = refusal(tmp_path / "src", image)
    assert reason in told
    assert "x.jpg" in told


def test_a_picture_of_another_size_is_refused_with_the_number_of_its_segments(
    tmp_path: Path, image: LabelledImage
) -> None:
    put(tmp_path / "src", ids=IDS.T.copy())
    told = refusal(tmp_path / "src", image)
    assert "the mask is 2 x 3 pixels and the image 3 x 2" in told
    assert "(3 segments)" in told


def test_a_grey_or_broken_picture_is_refused(tmp_path: Path, image: LabelledImage) -> None:
    put(tmp_path / "src")
    picture = tmp_path / "src" / "panoptic_val" / "x.png"
    picture.write_bytes(picture.read_bytes()[:-20])
    assert "cut off or damaged" in refusal(tmp_path / "src", image)
    Image.fromarray(np.ones((2, 3), np.uint8)).save(picture)
    assert "grey picture" in refusal(tmp_path / "src", image)


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path, image: LabelledImage) -> None:
    put(tmp_path / "src")
    picture = tmp_path / "src" / "panoptic_val" / "x.png"
    picture.rename(tmp_path / "secret.png")
    picture.symlink_to(tmp_path / "secret.png")
    assert "leads out of the folder" in refusal(tmp_path / "src", image)


def test_coco_instances_are_told_from_panoptic(tmp_path: Path, image: LabelledImage) -> None:
    put(tmp_path / "src", annotations=[{"id": 1, "image_id": 5, "category_id": 7, "segmentation": []}])
    with pytest.raises(BadInputError, match="not panoptic"):
        list(PanopticImporter().read(tmp_path / "src", CELLS, [image.record], ImportOptions()))
    with pytest.raises(BadInputError, match="no panoptic file"):
        list(
            PanopticImporter().read(tmp_path / "src" / "panoptic_val", CELLS, [image.record], ImportOptions())
        )


def test_classes_are_the_categories_without_the_background(tmp_path: Path) -> None:
    put(tmp_path / "src")
    found = PanopticImporter().classes(tmp_path / "src", ImportOptions())
    assert [(c.name, c.color) for c in found] == [("nucleus", (9, 8, 7)), ("cell wall", None)]


def test_ignored_pixels_are_void_and_the_plan_says_so(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "x.png", np.array([[1, IGNORE]], np.uint8), CELLS)
    report = export(PanopticExporter(), [image], CELLS, tmp_path / "out")
    assert any("Ignored pixels are void" in n for n in report.notices)
    picture = np.array(Image.open(tmp_path / "out/annotations/panoptic_default/x.png"))
    assert picture.tolist() == [[[1, 0, 0], [0, 0, 0]]]


def test_a_class_that_is_stuff_is_one_segment_an_image(tmp_path: Path) -> None:
    label, ids = np.array([[1, 0, 1, 2, 0, 2]], np.uint8), np.array([[5, 0, 6, 7, 0, 8]], np.uint32)
    image = labelled(tmp_path / "photos" / "x.png", label, CELLS, ids)
    report = export(PanopticExporter(), [image], CELLS, tmp_path / "out", PanopticOptions(stuff="cell wall"))
    assert any("lose their numbers" in n for n in report.notices)
    data = json.loads((tmp_path / "out/annotations/panoptic_default.json").read_text())
    assert {c["name"]: c["isthing"] for c in data["categories"]} == {
        "background": 0,
        "nucleus": 1,
        "cell wall": 0,
        "débris: #1": 1,
    }
    found = [(s["category_id"], s["area"]) for s in data["annotations"][0]["segments_info"]]
    assert sorted(found) == [(1, 1), (1, 1), (2, 2), (255, 2)]
    mask, skipped = read(tmp_path / "out", image)
    assert skipped == []
    assert np.array_equal(mask.label, label)
    assert mask.object is not None
    assert mask.object.tolist() == [[5, 0, 6, 0, 0, 0]]


def test_stuff_that_is_no_class_refuses_the_export(tmp_path: Path, image: LabelledImage) -> None:
    with pytest.raises(BadInputError, match="no class 'dog' to be stuff"):
        export(PanopticExporter(), [image], CELLS, tmp_path / "out", PanopticOptions(stuff="nucleus, dog"))
    assert not (tmp_path / "out").exists()


def test_the_stuff_of_datumaro_comes_in_as_coco(shared_data: Path) -> None:
    src = shared_data / "interop" / "datumaro" / "coco_dataset" / "coco_stuff"
    sizes = {"a": Size(10, 5), "b": Size(5, 10)}
    records = [record_of(file, sizes[file.stem]) for file in sorted(src.rglob("*.jpg"))]
    catalog = ClassCatalog.from_names(["a", "b"])
    masks = list(CocoImporter().read(src, catalog, records, ImportOptions()))
    assert [mask.label.sum() for mask in masks if not isinstance(mask, Skipped)] == [20, 40]
