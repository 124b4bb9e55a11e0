"""Mapillary Vistas: both versions, every kind of label, and what is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mask_samples import imported, labelled, record_of
from PIL import Image

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import Skipped
from labeltool.formats.mapillary import MapillaryImporter
from labeltool.formats.mapillary.importer import MapillaryOptions
from labeltool.formats.protocol import ImportedMask, LabelledImage

BIRDS = ClassCatalog.from_names(["animal--bird", "Road"])

LABELS = [
    {"name": "animal--bird", "readable": "Bird", "instances": True, "color": [165, 42, 42]},
    {"name": "construction--flat--road", "readable": "Road", "instances": False, "color": [128, 64, 128]},
    {"name": "void--unlabeled", "readable": "Unlabeled", "instances": False, "color": [0, 0, 0]},
]


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(tmp_path / "photos" / "x.jpg", np.ones((2, 3), np.uint8), BIRDS)


@pytest.fixture
def src(tmp_path: Path) -> Path:
    (tmp_path / "vistas").mkdir()
    for version in ("v1.2", "v2.0"):
        config(tmp_path / "vistas", version, LABELS)
    return tmp_path / "vistas"


def config(src: Path, version: str, labels: Any) -> None:
    (src / f"config_{version}.json").write_text(json.dumps({"labels": labels, "version": "1.1"}))


def put(src: Path, kind: str, values: object, dtype: type = np.uint16, version: str = "v2.0") -> Path:
    file = src / "validation" / version / kind / "x.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(values, dtype)).save(file)
    return file


def put_polygons(src: Path, **data: Any) -> Path:
    file = src / "validation" / "v2.0" / "polygons" / "x.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"width": 3, "height": 2, **data}))
    return file


def only(src: Path, image: LabelledImage) -> ImportedMask:
    masks, skipped = imported(MapillaryImporter(), src, BIRDS, [image])
    assert skipped == []
    return masks[image.record.id]


def refusal(src: Path, image: LabelledImage) -> str:
    masks, skipped = imported(MapillaryImporter(), src, BIRDS, [image])
    assert masks == {}
    return " ".join(f"{s.file}: {s.reason}" for s in skipped)


def test_instances_give_classes_and_objects(src: Path, image: LabelledImage) -> None:
    put(src, "instances", [[0, 1, 256], [0, 512, 256]])
    mask = only(src, image)
    assert mask.label.tolist() == [[1, 1, 2], [1, IGNORE, 2]]
    assert mask.object is not None
    assert mask.object.tolist() == [[1, 2, 0], [1, 0, 0]]
    assert (mask.objects, mask.split) == (3, "val")


def test_labels_count_where_there_are_no_instances(src: Path, image: LabelledImage) -> None:
    put(src, "labels", [[0, 0, 1], [2, 2, 1]], np.uint8)
    assert only(src, image).label.tolist() == [[1, 1, 2], [IGNORE, IGNORE, 2]]


def test_labels_with_a_palette_are_values(src: Path, image: LabelledImage) -> None:
    file = put(src, "labels", [[0, 0, 1], [2, 2, 1]], np.uint8)
    picture = Image.open(file)
    picture.putpalette([c for label in LABELS for c in label["color"]])  # type: ignore[attr-defined]
    picture.save(file)
    assert only(src, image).label.tolist() == [[1, 1, 2], [IGNORE, IGNORE, 2]]


def test_labels_in_colours_are_those_of_the_configuration(src: Path, image: LabelledImage) -> None:
    bird, road = LABELS[0]["color"], LABELS[1]["color"]
    put(src, "labels", [[bird, bird, road], [road, road, road]], np.uint8)
    assert only(src, image).label.tolist() == [[1, 1, 2], [2, 2, 2]]
    put(src, "labels", [[bird, [1, 2, 3], road], [road, road, road]], np.uint8)
    assert "colour (1, 2, 3) in 1 pixels" in refusal(src, image)


def test_the_newest_version_counts_unless_another_is_wanted(src: Path, image: LabelledImage) -> None:
    put(src, "instances", [[0] * 3] * 2)
    put(src, "instances", [[256] * 3] * 2, version="v1.2")
    assert only(src, image).label.tolist() == [[1] * 3] * 2
    (old,) = MapillaryImporter().read(src, BIRDS, [image.record], MapillaryOptions(version="v1.2"))
    assert isinstance(old, ImportedMask)
    assert old.label.tolist() == [[2] * 3] * 2


def test_panoptic_pictures_count_where_there_is_nothing_better(src: Path, image: LabelledImage) -> None:
    put(src, "panoptic", [[[1, 0, 0]] * 3, [[2, 0, 0]] * 3], np.uint8)
    data = {
        "images": [{"id": "x", "file_name": "x.jpg", "width": 3, "height": 2}],
        "annotations": [
            {
                "image_id": "x",
                "file_name": "x.png",
                "segments_info": [{"id": n, "category_id": 1, "area": 3, "iscrowd": 0} for n in (1, 2)],
            }
        ],
        "categories": [{"id": 1, "name": "animal--bird", "color": [165, 42, 42]}],
    }
    (src / "validation/v2.0/panoptic/panoptic_2020.json").write_text(json.dumps(data))
    mask = only(src, image)
    assert mask.label.tolist() == [[1] * 3] * 2
    assert (mask.objects, mask.split) == (2, "val")
    assert [c.color for c in MapillaryImporter().classes(src, MapillaryOptions())] == [(165, 42, 42)]


def test_polygons_count_last_and_lie_over_each_other_in_their_order(src: Path, image: LabelledImage) -> None:
    put_polygons(
        src,
        objects=[
            {"label": "animal--bird", "polygon": [[0, 0], [3, 0], [3, 2], [0, 2]]},
            {"label": "construction--flat--road", "polygon": [[2, 0, 3, 0, 3, 2, 2, 2]]},
        ],
    )
    mask = only(src, image)
    assert mask.label.tolist() == [[1, 1, 2]] * 2
    assert mask.objects == 2


@pytest.mark.parametrize(
    ("each", "reason"),
    [
        ({"label": "animal--bird", "polygon": [[0, 0], [1, 1]]}, "three or more"),
        ({"label": "animal--bird", "polygon": [[0, 0], [1e12, 0], [1, 1]]}, "beyond any image"),
        ({"label": "animal--bird", "polygon": 5}, "not a list of points"),
        ({"label": "animal--bird"}, "not a list of points"),
        ({"label": "animal--bird", "polygon": [[0, 0, 0, 1, 0, 2]]}, "covers no pixel"),
        ({"polygon": [[0, 0], [3, 0], [3, 2]]}, "no label"),
        (5, "no label"),
    ],
)
def test_a_polygon_that_is_none_is_reported(src: Path, image: LabelledImage, each: Any, reason: str) -> None:
    good = {"label": "animal--bird", "polygon": [[0, 0], [1, 0], [1, 2], [0, 2]]}
    put_polygons(src, objects=[good, each])
    masks, (skipped,) = imported(MapillaryImporter(), src, BIRDS, [image])
    assert reason in skipped.reason
    assert skipped.file.endswith("x.json: object 2")
    assert masks[image.record.id].objects == 1


@pytest.mark.parametrize(
    ("data", "reason"), [({}, "no list of objects"), ({"objects": [], "width": 4}, "takes it for 4 x 2")]
)
def test_a_file_of_polygons_that_is_none_is_refused(
    src: Path, image: LabelledImage, data: dict[str, Any], reason: str
) -> None:
    put_polygons(src, **data)
    assert reason in refusal(src, image)


def test_a_value_without_a_label_is_refused_by_name(src: Path, image: LabelledImage) -> None:
    put(src, "instances", [[0, 65_535, 65_535], [0, 0, 0]])
    assert "255 in 2 pixels" in refusal(src, image)


def test_a_class_that_the_project_lacks_is_named_with_its_pixels(src: Path, image: LabelledImage) -> None:
    config(src, "v2.0", [{"name": "dog", "readable": "Dog", "instances": True, "color": [1, 1, 1]}])
    put(src, "instances", [[0] * 3] * 2)
    assert "0 (dog) in 6 pixels" in refusal(src, image)


def test_another_size_a_broken_file_and_a_link_are_refused(
    src: Path, image: LabelledImage, tmp_path: Path
) -> None:
    put(src, "instances", [[0, 0]] * 3)
    assert "the mask is 2 x 3 pixels" in refusal(src, image)
    file = put(src, "instances", [[0, 0, 0]] * 2)
    file.write_bytes(file.read_bytes()[:-20])
    assert "cut off or damaged" in refusal(src, image)
    secret = put(tmp_path / "elsewhere", "instances", [[0, 0, 0]] * 2)
    file.unlink()
    file.symlink_to(secret)
    assert "leads out of the folder" in refusal(src, image)


@pytest.mark.parametrize(
    "labels",
    [
        None,
        5,
        [5],
        [{"name": "x"}],
        [{"name": "x", "color": [1, 2]}],
        [{"name": "x", "color": [1, 2, 300]}],
        [LABELS[0], LABELS[0]],
        [{"name": str(n), "color": [1, 2, 3]} for n in range(300)],
    ],
)
def test_a_broken_configuration_is_named(src: Path, image: LabelledImage, labels: Any) -> None:
    put(src, "instances", [[0, 0, 0]] * 2)
    config(src, "v2.0", labels)
    with pytest.raises(BadInputError) as caught:
        list(MapillaryImporter().read(src, BIRDS, [image.record], MapillaryOptions()))
    assert str(caught.value.file).endswith("config_v2.0.json")


def test_without_a_configuration_values_are_not_guessed(tmp_path: Path, image: LabelledImage) -> None:
    put(tmp_path / "vistas", "instances", [[0, 0, 0]] * 2)
    with pytest.raises(BadInputError, match=r"config_v2\.0\.json"):
        list(MapillaryImporter().read(tmp_path / "vistas", BIRDS, [image.record], MapillaryOptions()))


def test_a_folder_without_labels_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no labels of Mapillary"):
        list(MapillaryImporter().read(tmp_path, BIRDS, [], MapillaryOptions()))


def test_classes_are_those_that_occur_with_their_colours(src: Path) -> None:
    put(src, "instances", [[0, 0, 512]] * 2)
    found = MapillaryImporter().classes(src, MapillaryOptions())
    assert [(c.name, c.color) for c in found] == [("animal--bird", (165, 42, 42))]


@pytest.mark.parametrize("version", ["v1.2", "v2.0"])
def test_both_versions_of_the_sample_come_in(shared_data: Path, version: Any) -> None:
    src = shared_data / "interop" / "datumaro" / "mapillary_vistas_dataset"
    options = MapillaryOptions(version=version)
    catalog = ClassCatalog.from_names([c.name for c in MapillaryImporter().classes(src, options)])
    record = record_of(next(src.rglob("2.jpg")), Size(5, 5))
    (mask,) = MapillaryImporter().read(src, catalog, [record], options)
    assert not isinstance(mask, Skipped)
    raw = np.array(Image.open(src / "train" / version / "instances" / "2.png"))
    assert np.array_equal(mask.label, (raw >> 8) + 1)
    assert mask.objects == 5
