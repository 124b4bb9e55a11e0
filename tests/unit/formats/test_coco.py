"""COCO: what is written, and what strangers may write without bringing anything down."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mask_samples import CELLS, STREETS, assert_same_planes, imported, labelled, several

from labeltool.core import rle
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.project import Skipped
from labeltool.formats.coco import CocoExporter, CocoImporter, CocoOptions
from labeltool.formats.export import export
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ImportedMask, LabelledImage


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(tmp_path / "photos" / "x.jpg", np.ones((4, 5), np.uint8), CELLS)


def annotation(segmentation: Any, **more: Any) -> dict[str, Any]:
    return {"id": 1, "image_id": 1, "category_id": 1, "segmentation": segmentation, **more}


def run_lengths(*rows: str) -> dict[str, Any]:
    """Compressed run lengths of a mask drawn as 0 and 1."""
    mask = np.array([[c == "1" for c in row] for row in rows])
    return {"size": list(mask.shape), "counts": rle.to_string(rle.encode(mask))}


LEFT = run_lengths("11000", "11000", "11000", "11000")
RIGHT = run_lengths("00111", "00111", "00111", "00111")
MIDDLE = run_lengths("01100", "01100", "01100", "01100")


@pytest.fixture
def read(image: LabelledImage, tmp_path: Path) -> Callable[..., tuple[ImportedMask | None, list[Skipped]]]:
    """Imports annotations of the image."""

    def read(
        *annotations: Any, catalog: ClassCatalog = CELLS, **more: Any
    ) -> tuple[ImportedMask | None, list[Skipped]]:
        data = {
            "images": [{"id": 1, "file_name": "x.jpg", "width": 5, "height": 4}],
            "annotations": list(annotations),
            "categories": [
                {"id": 1, "name": "nucleus"},
                {"id": 2, "name": "cell wall"},
                {"id": 3, "name": "dog"},
            ],
            **more,
        }
        (tmp_path / "coco.json").write_text(json.dumps(data))
        masks, skipped = imported(CocoImporter(), tmp_path / "coco.json", catalog, [image])
        return masks.get(image.record.id), skipped

    return read


def test_annotations_are_what_training_code_expects(tmp_path: Path) -> None:
    label = np.array([[1, 1, 0], [0, 0, 2]], np.uint8)
    image = labelled(tmp_path / "photos" / "x.png", label, CELLS, split="val")
    export(CocoExporter(), [image], CELLS, tmp_path / "out")
    text = (tmp_path / "out" / "annotations" / "instances_val.json").read_bytes()
    data = json.loads(text.decode("ascii"))
    first, second = data["annotations"]
    assert first == {
        "id": 1,
        "image_id": 1,
        "category_id": 1,
        "iscrowd": 0,
        "area": 2,
        "bbox": [0, 0, 2, 1],
        "attributes": {"object_id": 0},
        "segmentation": {"size": [2, 3], "counts": rle.to_string(np.array([0, 1, 1, 1, 3]))},
    }
    assert type(first["iscrowd"]) is int
    assert (second["id"], second["category_id"], second["bbox"]) == (2, 2, [2, 1, 1, 1])
    assert data["images"] == [{"id": 1, "file_name": "x.png", "width": 3, "height": 2}]
    assert [c["name"] for c in data["categories"]] == ["nucleus", "cell wall", "débris: #1"]
    assert list(data) == sorted(data)


def test_each_split_is_a_file_of_its_own_with_ids_that_do_not_repeat(tmp_path: Path) -> None:
    export(CocoExporter(), several(tmp_path / "photos", CELLS), CELLS, tmp_path / "out")
    files = sorted((tmp_path / "out" / "annotations").iterdir())
    assert [f.name for f in files] == [f"instances_{s}.json" for s in ("default", "test", "train", "val")]
    data = [json.loads(f.read_text()) for f in files]
    images = [i["id"] for d in data for i in d["images"]]
    marks = [a["id"] for d in data for a in d["annotations"]]
    assert sorted(images) == list(range(1, 7))
    assert sorted(marks) == list(range(1, len(marks) + 1))


def test_without_background_the_first_class_is_a_category_like_any_other(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "x.png", np.zeros((2, 2), np.uint8), STREETS)
    export(CocoExporter(), [image], STREETS, tmp_path / "out")
    data = json.loads((tmp_path / "out" / "annotations" / "instances_default.json").read_text())
    assert [(c["id"], c["name"]) for c in data["categories"]] == [
        (1, "Sky"),
        (4, "Road"),
        (11, "Car"),
        (255, "Sign"),
    ]
    assert [(a["category_id"], a["area"]) for a in data["annotations"]] == [(1, 4)]


def test_an_image_without_objects_is_listed_without_annotations(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "x.png", np.zeros((2, 2), np.uint8), CELLS)
    export(CocoExporter(), [image], CELLS, tmp_path / "out")
    data = json.loads((tmp_path / "out" / "annotations" / "instances_default.json").read_text())
    assert (len(data["images"]), data["annotations"]) == (1, [])


@pytest.mark.parametrize("catalog", [CELLS, STREETS])
def test_our_own_export_comes_back(tmp_path: Path, catalog: ClassCatalog) -> None:
    images = several(tmp_path / "photos", catalog)
    report = export(CocoExporter(), images, catalog, tmp_path / "out")
    masks, skipped = imported(CocoImporter(), tmp_path / "out", catalog, images)
    assert skipped == []
    assert sum(mask.objects for mask in masks.values()) == report.objects
    for each in images:
        assert_same_planes(each, masks[each.record.id])
        known = masks[each.record.id].known
        unlabelled = each.mask.read("origin") == 0
        assert (known is None and not unlabelled.any()) or np.array_equal(known, ~unlabelled)


def test_images_of_one_name_are_told_apart_by_the_manifest(tmp_path: Path) -> None:
    twins = [
        labelled(tmp_path / "photos" / folder / "x.png", np.full((2, value + 1), value, np.uint8), CELLS)
        for value, folder in enumerate(("a", "b", "c"))
    ]
    export(CocoExporter(), twins, CELLS, tmp_path / "out")
    annotations = tmp_path / "out" / "annotations"
    for src in (tmp_path / "out", annotations, annotations / "instances_default.json"):
        masks, skipped = imported(CocoImporter(), src, CELLS, twins[::-1])
        assert skipped == []
        for twin in twins:
            assert_same_planes(twin, masks[twin.record.id])


def test_categories_are_matched_by_name_not_by_number(read: Callable[..., Any]) -> None:
    mask, _ = read(annotation(LEFT, category_id=5), categories=[{"id": 5, "name": "cell wall"}])
    assert mask.label.tolist() == [[2, 2, 0, 0, 0]] * 4


def test_run_lengths_as_a_list_and_polygons_are_read_too(read: Callable[..., Any]) -> None:
    for segmentation in ({"size": [4, 5], "counts": [0, 8, 12]}, [[0, 0, 2, 0, 2, 4, 0, 4]], LEFT):
        mask, skipped = read(annotation(segmentation))
        assert skipped == []
        assert mask.label.tolist() == [[1, 1, 0, 0, 0]] * 4


def test_parts_of_a_polygon_are_joined_even_where_they_overlap(read: Callable[..., Any]) -> None:
    mask, _ = read(annotation([[0, 0, 3, 0, 3, 4, 0, 4], [2, 0, 4, 0, 4, 4, 2, 4]]))
    assert mask.label.tolist() == [[1, 1, 1, 1, 0]] * 4


def test_objects_of_strangers_get_ids_and_the_later_one_wins(read: Callable[..., Any]) -> None:
    mask, _ = read(annotation(LEFT), annotation(MIDDLE, id=2, category_id=2))
    assert mask.label.tolist() == [[1, 2, 2, 0, 0]] * 4
    assert mask.object.tolist() == [[1, 2, 2, 0, 0]] * 4
    assert (mask.objects, mask.known) == (2, None)
    assert mask.notices == ("4 pixels lie in several objects; the later one counts",)


@pytest.mark.parametrize("iscrowd", [1, True])
def test_a_crowd_is_painted_as_no_single_object(read: Callable[..., Any], iscrowd: object) -> None:
    mask, _ = read(annotation(LEFT, iscrowd=iscrowd))
    assert mask.label[0, 0] == 1
    assert not mask.object.any()
    assert mask.notices[0].startswith("1 object came as a crowd; only the pixels and their class are kept")


def test_an_object_that_later_ones_hide_is_told_of(read: Callable[..., Any]) -> None:
    mask, _ = read(
        annotation(LEFT), annotation(MIDDLE, id=2), annotation(LEFT, id=3), annotation(RIGHT, id=4)
    )
    assert np.unique(mask.object).tolist() == [3, 4]
    assert "2 objects vanished wholly under what was painted later" in mask.notices


def test_ignored_pixels_are_told_of_before_the_export(tmp_path: Path) -> None:
    label = np.array([[1, 255, 0]], np.uint8)
    image = labelled(tmp_path / "photos" / "x.png", label, CELLS)
    assert any(
        "Ignored pixels" in each for each in CocoExporter().plan([image], CELLS, CocoOptions()).notices
    )


def test_a_category_that_the_project_lacks_leaves_its_pixels_unlabelled(read: Callable[..., Any]) -> None:
    mask, (skipped,) = read(annotation(LEFT), annotation(RIGHT, id=2, category_id=3))
    assert mask.known.tolist() == [[True, True, False, False, False]] * 4
    assert "no class 'dog': 1 objects left out" in skipped.reason
    assert "Add the class" in skipped.reason


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        ({"size": [4, 5], "counts": [8, 8]}, "sum to 16 and not to 4 x 5 = 20"),
        ({"size": [4, 5], "counts": "88"}, "sum to 16 and not to 4 x 5 = 20"),
        ({"size": [4, 5], "counts": [-4, 24]}, "negative"),
        ({"size": [5, 4], "counts": [20]}, "for the size [5, 4], and the image is [4, 5]"),
        ({"size": [4, 5], "counts": "0\u00ff"}, "not COCO's"),
        ({"size": [4, 5]}, "not a list of whole numbers"),
        ([[0, 0, 1e12, 0, 1, 1]], "beyond any image"),
        ([[0, 0, 1, 0, 1]], "5 numbers"),
        ([[0, 0, 2, 2]], "three points"),
        ([["0", 0, 1, 0, 1, 1]], "not a list of numbers"),
        ([[90, 90, 99, 90, 99, 99]], "no pixel"),
        ([0, 0, 1, 0, 1, 1], "not a list of numbers"),
        ([[0, 0, 1, 0, 1, 1] * 50_000], "more than 100,000 points"),
        ([], "no mask"),
        (None, "no mask"),
    ],
)
def test_a_bad_mask_is_refused_by_name_and_the_next_one_is_painted(
    read: Callable[..., Any], segmentation: object, message: str
) -> None:
    mask, (skipped,) = read(annotation(segmentation, id=17), annotation(RIGHT))
    assert message in skipped.reason
    assert skipped.file.endswith("coco.json: annotation 17 of x.jpg")
    assert mask.label.tolist() == [[0, 0, 1, 1, 1]] * 4
    assert mask.known.tolist() == [[False, False, True, True, True]] * 4, (
        "where the bad one lies nobody knows"
    )


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "\\\\server\\share\\x.jpg",
        "C:x.jpg",
        "c:\\x.jpg",
        "a\\..\\..\\x.jpg",
        "",
        None,
        "x\0.jpg",
        "n" * 5000,
    ],
)
def test_a_name_that_leaves_the_folder_is_refused_by_name(read: Callable[..., Any], name: object) -> None:
    entries = [{"id": 1, "file_name": "x.jpg", "width": 5, "height": 4}, {"id": 2, "file_name": name}]
    mask, skipped = read(annotation(LEFT), images=entries)
    assert mask is not None
    assert "file name" in skipped[0].reason
    assert skipped[0].file.endswith("image 2")


def test_a_size_that_is_not_the_images_is_refused(read: Callable[..., Any]) -> None:
    mask, (skipped,) = read(
        annotation(LEFT), images=[{"id": 1, "file_name": "x.jpg", "width": 4, "height": 5}]
    )
    assert mask is None
    assert "4 x 5 pixels, and it is 5 x 4" in skipped.reason
    assert "(1 annotations)" in skipped.file


def test_an_entry_without_a_size_takes_that_of_the_image(read: Callable[..., Any]) -> None:
    mask, skipped = read(annotation(LEFT), images=[{"id": "1", "file_name": "sub/x.jpg"}])
    assert (mask.objects, skipped) == (1, [])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"images": [{"id": 1, "file_name": "x.jpg"}, {"id": 1, "file_name": "y.jpg"}]}, "share the id 1"),
        ({"images": [{"id": 1, "file_name": "z.jpg"}]}, "no image of the project is called z"),
        ({"images": [{"id": True, "file_name": "x.jpg"}]}, "no id"),
        ({"images": ["x.jpg"]}, "no id"),
        ({"images": [{"id": 8, "file_name": "x.jpg"}]}, "1 annotations do not belong to an image"),
        ({"categories": []}, "no category '1'"),
        ({"categories": [{"id": 1, "name": "nucleus"}, {"id": 1, "name": "dog"}]}, "share the id 1"),
        ({"categories": [{"id": 1}]}, "no id or no name"),
    ],
)
def test_entries_that_contradict_each_other_are_reported(
    read: Callable[..., Any], more: dict[str, Any], message: str
) -> None:
    mask, skipped = read(annotation(LEFT), **more)
    assert mask is None or mask.objects == 0
    assert any(message in s.reason for s in skipped)


def test_boxes_are_counted_together_and_nothing_is_painted(read: Callable[..., Any]) -> None:
    boxes = [annotation([], id=n, bbox=[0, 0, 2, 2]) for n in (1, 2)] + [
        {"image_id": 1, "bbox": [0, 0, 1, 1]}
    ]
    mask, (skipped,) = read(*boxes)
    assert mask is None
    assert "3 annotations are boxes without a mask" in skipped.reason


def results(tmp_path: Path, entries: Any) -> Path:
    file = tmp_path / "results" / "r.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(entries))
    return file


@pytest.mark.parametrize("stem", ["000000000042", "COCO_val2014_000000000042"])
def test_results_go_to_the_images_that_coco_names_by_their_number(tmp_path: Path, stem: str) -> None:
    catalog = ClassCatalog.from_names(["category 18", "category 1"])
    image = labelled(tmp_path / "photos" / f"{stem}.jpg", np.ones((4, 5), np.uint8), catalog)
    sure = {"image_id": 42, "category_id": 18, "segmentation": LEFT, "score": 0.9}
    unsure = {"image_id": 42, "category_id": 1, "segmentation": MIDDLE, "score": 0.2}
    lost = {"image_id": 7, "category_id": 1, "segmentation": MIDDLE, "score": 0.2}
    file = results(tmp_path, [sure, unsure, lost])
    masks, (skipped,) = imported(CocoImporter(), file, catalog, [image])
    assert masks[image.record.id].label[0].tolist() == [1, 1, 2, 0, 0], "the surer one lies on top"
    assert "000000000007.jpg (1 annotations)" in skipped.file
    assert [c.name for c in CocoImporter().classes(file, ImportOptions())] == ["category 1", "category 18"]


def test_a_list_of_anything_else_is_not_taken_for_results(tmp_path: Path, image: LabelledImage) -> None:
    for entries in ([], [1, 2], [{"id": 1}]):
        with pytest.raises(BadInputError, match="this is not COCO"):
            imported(CocoImporter(), results(tmp_path, entries), CELLS, [image])


def test_files_beside_the_instances_are_named(tmp_path: Path, image: LabelledImage) -> None:
    export(CocoExporter(), [image], CELLS, tmp_path / "out")
    (tmp_path / "out" / "annotations" / "captions_val.json").write_text("{}")
    masks, (skipped,) = imported(CocoImporter(), tmp_path / "out", CELLS, [image])
    assert len(masks) == 1
    assert skipped.file.endswith("captions_val.json")


SAMPLES = [  # file, image sizes by stem, objects, annotations that are reported
    ("datumaro/coco_dataset/coco_instances", {"a": (10, 5), "b": (5, 10)}, 2, 1),
    ("datumaro/coco_dataset/coco_stuff", {"a": (10, 5), "b": (5, 10)}, 2, 0),
    ("labelme/instance_segmentation/data_dataset_coco", {"2011_000003": (500, 338), "2011_000006": (500, 375)}, 9, 0),
    ("isat/coco_tiny/coco_tiny.json",
     {"000000013923": (640, 427), "000000083540": (640, 443), "000000549930": (640, 558)}, 43, 0),
    ("x-anylabeling/assets/annotations/coco_detection.json", {"demo": (2592, 1944)}, 0, 49),
    ("cocoapi/instances_val2014_fakesegm_results.json", {}, 0, 497),
]  # fmt: skip


@pytest.mark.parametrize(("place", "sizes", "objects", "reported"), SAMPLES)
def test_every_annotation_of_other_peoples_files_is_painted_or_reported(
    shared_data: Path, tmp_path: Path, place: str, sizes: dict[str, Any], objects: int, reported: int
) -> None:
    src = shared_data / "interop" / place
    files = [src] if src.is_file() else sorted(src.rglob("*.json"))
    data = [json.loads(file.read_text()) for file in files]
    names = {c["name"] for d in data if isinstance(d, dict) for c in d["categories"]} - {"background"}
    catalog = ClassCatalog.from_names(sorted(names))
    images = [
        labelled(tmp_path / f"{s}.png", np.zeros((h, w), np.uint8), catalog) for s, (w, h) in sizes.items()
    ]
    masks, skipped = imported(CocoImporter(), src, catalog, images)
    assert sum(mask.objects for mask in masks.values()) == objects
    told = [re.search(r"([0-9]+) annotations", f"{s.file} {s.reason}") for s in skipped]
    assert sum(int(each[1]) for each in told if each) == reported


def test_an_annotation_without_a_category_is_not_taken_for_category_0(read: Callable[..., Any]) -> None:
    mask, skipped = read(
        {"id": 1, "image_id": 1, "segmentation": LEFT}, categories=[{"id": 0, "name": "nucleus"}]
    )
    assert mask is None, "nothing is known of any pixel"
    assert len(skipped) == 1


def test_repeated_annotation_ids_do_no_harm_and_are_told(read: Callable[..., Any]) -> None:
    mask, skipped = read(annotation(LEFT), annotation(RIGHT))
    assert (mask.objects, skipped) == (2, [])
    assert "more than once" in mask.notices[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"images": [', "line 1 column"),
        (b'{"images": NaN}', "NaN is not a JSON number"),
        (b'{"a": 1, "a": 2}', "'a' occurs twice"),
        (b"[" * 100_000, "nested too deeply"),
        ('{"images": []}'.encode("utf-16"), "not UTF-8"),
        (b"[1" + b"0" * 5000 + b"]", "not valid JSON"),
        (b"[]", "this is not COCO"),
        (b'{"images": [], "annotations": {}, "categories": []}', "this is not COCO"),
    ],
)
def test_a_file_that_is_not_coco_is_refused_with_the_place(
    tmp_path: Path, image: LabelledImage, text: bytes, message: str
) -> None:
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(BadInputError, match=message) as caught:
        list(CocoImporter().read(tmp_path / "a.json", CELLS, [image.record], ImportOptions()))
    assert caught.value.file == str(tmp_path / "a.json")


def test_a_byte_order_mark_does_no_harm(
    read: Callable[..., Any], tmp_path: Path, image: LabelledImage
) -> None:
    read(annotation(LEFT))
    file = tmp_path / "coco.json"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    masks, _ = imported(CocoImporter(), file, CELLS, [image])
    assert masks[image.record.id].objects == 1


def test_a_broken_file_in_a_folder_is_named_and_the_others_are_read(
    read: Callable[..., Any], tmp_path: Path, image: LabelledImage
) -> None:
    read(annotation(LEFT))
    (tmp_path / "also.json").write_text("{")
    masks, (skipped,) = imported(CocoImporter(), tmp_path, CELLS, [image])
    assert len(masks) == 1
    assert skipped.file.endswith("also.json")


def test_a_folder_without_json_says_so(tmp_path: Path, image: LabelledImage) -> None:
    with pytest.raises(BadInputError, match="no COCO file"):
        list(CocoImporter().read(tmp_path / "photos", CELLS, [image.record], ImportOptions()))


POLYGONS = CocoOptions(polygons=True)


def test_polygons_are_written_where_pycocotools_draws_exactly_the_object(tmp_path: Path) -> None:
    coco = pytest.importorskip("pycocotools.mask")
    images = several(tmp_path / "photos", CELLS)
    export(CocoExporter(), images, CELLS, tmp_path / "plain")
    report = export(CocoExporter(), images, CELLS, tmp_path / "out", POLYGONS)
    polygons = lengths = 0
    for file in sorted((tmp_path / "out" / "annotations").iterdir()):
        drawn, plain = (
            json.loads((tmp_path / p / "annotations" / file.name).read_text()) for p in ("out", "plain")
        )
        sizes = {image["id"]: (image["height"], image["width"]) for image in drawn["images"]}
        for ours, true in zip(drawn["annotations"], plain["annotations"], strict=True):
            said, wanted = ours.pop("segmentation"), true.pop("segmentation")
            assert ours == true
            if isinstance(said, dict):
                assert said == wanted
                lengths += 1
            else:
                merged = coco.merge(coco.frPyObjects(said, *sizes[ours["image_id"]]))
                assert merged["counts"].decode() == wanted["counts"]
                polygons += 1
    assert polygons > lengths > 0
    assert any(f"no polygon has exactly their pixels ({lengths:,})" in notice for notice in report.notices)


def test_an_object_with_a_hole_stays_run_lengths_and_one_in_parts_is_several_polygons(tmp_path: Path) -> None:
    label = np.array([[1, 1, 1, 0, 2, 0, 2], [1, 0, 1, 0, 2, 0, 2], [1, 1, 1, 0, 0, 0, 0]], np.uint8)
    ids = np.where(label == 2, 9, 0).astype(np.uint32)
    image = labelled(tmp_path / "photos" / "x.png", label, CELLS, ids)
    plan = CocoExporter().plan([image], CELLS, POLYGONS)
    assert [notice for notice in plan.notices if "run lengths" in notice] == [
        "Objects stay run lengths, because no polygon has exactly their pixels (1): x.png"
    ]
    export(CocoExporter(), [image], CELLS, tmp_path / "out", POLYGONS, plan=plan)
    data = json.loads((tmp_path / "out" / "annotations" / "instances_default.json").read_text())
    ring, parts = (annotation["segmentation"] for annotation in data["annotations"])
    assert isinstance(ring, dict)
    assert len(parts) == 2
    assert {type(number) for part in parts for number in part} == {int}


@pytest.mark.parametrize("catalog", [CELLS, STREETS])
def test_our_own_polygons_come_back(tmp_path: Path, catalog: ClassCatalog) -> None:
    images = several(tmp_path / "photos", catalog)
    report = export(CocoExporter(), images, catalog, tmp_path / "out", POLYGONS)
    masks, skipped = imported(CocoImporter(), tmp_path / "out", catalog, images)
    assert skipped == []
    assert sum(mask.objects for mask in masks.values()) == report.objects
    for each in images:
        assert_same_planes(each, masks[each.record.id])


class _Forger(CocoExporter):
    """Changes the file before it is read back."""

    def __init__(self, old: str, new: str) -> None:
        self.change = old, new

    def write(self, images: Any, catalog: Any, out: Path, *more: Any) -> Any:
        report = super().write(images, catalog, out, *more)
        file = out / "annotations" / "instances_default.json"
        text = file.read_text()
        assert text.count(self.change[0]) >= 1
        file.write_text(text.replace(*self.change, 1))
        return report


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"counts": "', '"counts": "1', "run lengths"),
        ('"area": 2', '"area": 3', "are not those of its objects"),
        ('"category_id": 1', '"category_id": 2', "are not those of its objects"),
        ('"iscrowd": 0', '"iscrowd": false', "are not those of its objects"),
        ('"object_id": 0', '"object_id": 5', "are not those of its objects"),
        ('"width": 3', '"width": 4', "size of x is not that"),
        ('"file_name": "x.png"', '"file_name": "y.png"', "does not list x"),
        ("},\n{", "}\n{", "not as it was written"),
        ("\n],\n", "\n,],\n", "not as it was written"),
        ('"licenses": []', '"licenses": [', "not as it was written"),
        ('"name": "nucleus"', '"name": "nukleus"', "not as it was written"),
    ],
)
def test_a_file_that_is_not_what_was_meant_is_found(tmp_path: Path, old: str, new: str, message: str) -> None:
    label = np.array([[1, 1, 0], [0, 0, 2]], np.uint8)
    image = labelled(tmp_path / "photos" / "x.png", label, CELLS)
    with pytest.raises(LabeltoolError, match=message):
        export(_Forger(old, new), [image], CELLS, tmp_path / "exports" / "out")
    assert list((tmp_path / "exports").iterdir()) == []


def test_pixels_that_moved_to_another_object_are_found(tmp_path: Path) -> None:
    label = np.array([[1, 0, 1, 0]], np.uint8)
    image = labelled(tmp_path / "photos" / "x.png", label, CELLS)
    first, second = (rle.to_string(np.array(counts)) for counts in ([0, 1, 3], [2, 1, 1]))
    with pytest.raises(LabeltoolError, match=r"differs in 2 pixels|overlap"):
        export(_Forger(f'"{first}"', f'"{second}"'), [image], CELLS, tmp_path / "out")


def test_pycocotools_judges_what_our_own_reader_would_let_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeltool.formats.coco.exporter.same_runs", lambda *_: None)
    label = np.array([[1, 0, 1, 0]], np.uint8)
    image = labelled(tmp_path / "photos" / "x.png", label, CELLS)
    first, second = (rle.to_string(np.array(counts)) for counts in ([0, 1, 3], [3, 1]))
    with pytest.raises(LabeltoolError, match="pycocotools reads other objects of x"):
        export(_Forger(f'"{first}"', f'"{second}"'), [image], CELLS, tmp_path / "out")


@pytest.mark.parametrize("objects", [255, 256, 600])
def test_an_image_of_any_number_of_objects_is_exported_and_judged(tmp_path: Path, objects: int) -> None:
    label = np.zeros((2, 2 * objects), np.uint8)
    label[0, ::2] = 1
    image = labelled(tmp_path / "photos" / "x.png", label, CELLS)
    assert export(CocoExporter(), [image], CELLS, tmp_path / "out").objects == objects
