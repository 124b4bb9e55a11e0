"""Cityscapes: which ids classes get, what is refused before writing, and what is read of other people's folders."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from mask_samples import CELLS, STREETS, assert_same_planes, imported, labelled, record_of, several
from PIL import Image

from labeltool.core.catalog import IGNORE, ClassCatalog, ClassDef
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import Skipped
from labeltool.formats.cityscapes import CityscapesExporter, CityscapesImporter
from labeltool.formats.cityscapes.labels import for_datumaro, labels_of
from labeltool.formats.export import export
from labeltool.formats.options import ExportOptions, ImportOptions
from labeltool.formats.protocol import ImportedMask, LabelledImage

TOWN = ClassCatalog(
    (ClassDef(3, "road", (1, 1, 1)), ClassDef(7, "car", (2, 2, 2)), ClassDef(9, "boat", (3, 3, 3)))
)


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(
        tmp_path / "photos" / "ulm_000001_000019_leftImg8bit.png", np.full((2, 3), 3, np.uint8), TOWN
    )


def put(
    src: Path, kind: str, values: object, dtype: type = np.uint8, core: str = "ulm_000001_000019"
) -> Path:
    file = src / "gtFine" / "val" / "ulm" / f"{core}_gtFine_{kind}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(values, dtype)).save(file)
    return file


def only(src: Path, image: LabelledImage, catalog: ClassCatalog = TOWN) -> ImportedMask:
    masks, skipped = imported(CityscapesImporter(), src, catalog, [image])
    assert skipped == []
    return masks[image.record.id]


def refusal(src: Path, *images: LabelledImage) -> str:
    masks, skipped = imported(CityscapesImporter(), src, TOWN, images)
    assert masks == {}
    return " ".join(f"{s.file}: {s.reason}" for s in skipped)


@pytest.mark.parametrize("catalog", [CELLS, STREETS, TOWN])
def test_our_own_export_comes_back_with_its_ids_and_splits(tmp_path: Path, catalog: ClassCatalog) -> None:
    images = several(tmp_path / "photos", catalog)
    export(CityscapesExporter(), images, catalog, tmp_path / "out")
    for folder in (tmp_path / "out", tmp_path / "out" / "gtFine"):
        masks, skipped = imported(CityscapesImporter(), folder, catalog, images)
        assert skipped == []
        for each in images:
            assert_same_planes(each, masks[each.record.id])
            assert masks[each.record.id].split == (each.record.split or "train")


def test_official_classes_get_their_ids_and_others_those_behind() -> None:
    found = labels_of(TOWN)
    assert {value: (label.id, label.train_id) for value, label in found.items()} == {
        3: (7, 0),
        7: (26, 13),
        9: (34, 19),
    }
    assert [label.things for label in found.values()] == [False, True, True]


def test_the_plan_names_the_classes_that_the_scripts_do_not_know(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "x.png", np.full((2, 3), 9, np.uint8), TOWN)
    notices = CityscapesExporter().plan([image], TOWN, ExportOptions()).notices
    assert any("get ids from 34 on" in n and "boat" in n for n in notices)


def test_without_official_classes_training_ids_start_at_0() -> None:
    assert [(label.id, label.train_id) for label in labels_of(CELLS).values()] == [
        (34, 0),
        (35, 1),
        (36, 2),
        (37, 3),
    ]


def test_a_name_with_other_blanks_and_case_is_official_once_and_the_very_name_comes_first() -> None:
    for names, ids in (
        (["Traffic_Light", "TRAFFIC LIGHT"], {0: 34, 1: 19, 2: 35}),
        (["Traffic_Light", "traffic light"], {0: 34, 1: 35, 2: 19}),
    ):
        found = labels_of(ClassCatalog.from_names(names))
        assert {value: label.id for value, label in found.items()} == ids


def test_datumaro_gets_a_list_in_the_order_of_training_ids() -> None:
    meta = for_datumaro(TOWN)
    assert (meta["label_map"]["0"], meta["label_map"]["13"], meta["label_map"]["19"]) == (
        "road",
        "car",
        "boat",
    )
    assert meta["segmentation_colors"][-1] == [0, 0, 0]
    assert len(meta["label_map"]) == len(meta["segmentation_colors"]) == 21


def test_files_lie_by_split_and_city_under_names_that_the_tools_take_apart(tmp_path: Path) -> None:
    images = [
        labelled(tmp_path / "photos" / name, np.full((2, 3), 7, np.uint8), TOWN, split=split)
        for name, split in (
            ("ulm_000001_000019_leftImg8bit.png", "val"),
            ("my_photo.jpg", "test"),
            ("my-photo.jpg", ""),
        )
    ]
    report = export(CityscapesExporter(), images, TOWN, tmp_path / "out")
    found = {
        p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*_leftImg8bit.png")
    }
    assert found == {
        "leftImg8bit/val/ulm/ulm_000001_000019_leftImg8bit.png",
        "leftImg8bit/test/images/my-photo_000000_000000_leftImg8bit.png",
        "leftImg8bit/train/images/my-photo_000000_000001_leftImg8bit.png",
    }
    assert any("without a split go to train" in n for n in report.notices)
    assert any("stored as PNG" in n and "my_photo.jpg" in n for n in report.notices)
    assert not any("labels.json" in n for n in report.notices)  # there is no boat in them
    assert {c["name"]: c["id"] for c in json.loads((tmp_path / "out" / "labels.json").read_text())}[
        "boat"
    ] == 34


def test_a_city_that_no_file_system_takes_is_called_otherwise(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "aux_1_2.png", np.full((2, 3), 7, np.uint8), TOWN, split="val")
    export(CityscapesExporter(), [image], TOWN, tmp_path / "out")
    assert (tmp_path / "out/gtFine/val/aux_/aux_1_2_gtFine_labelIds.png").is_file()
    assert_same_planes(image, only(tmp_path / "out", image))


def test_official_classes_alone_need_no_list_for_datumaro(tmp_path: Path) -> None:
    catalog = ClassCatalog((ClassDef(0, "road", (1, 1, 1)),))
    export(
        CityscapesExporter(),
        [labelled(tmp_path / "photos" / "x.png", np.zeros((2, 2), np.uint8), catalog)],
        catalog,
        tmp_path / "out",
    )
    assert not (tmp_path / "out" / "dataset_meta.json").exists()


@pytest.mark.parametrize(("objects", "refused"), [(999, False), (1000, True)])
def test_more_than_999_objects_of_a_class_are_refused_before_writing(
    tmp_path: Path, objects: int, refused: bool
) -> None:
    label = np.full((1, 2 * objects), 3, np.uint8)
    label[:, ::2] = 7
    plan = CityscapesExporter().plan(
        [labelled(tmp_path / "photos" / "x.png", label, TOWN)], TOWN, ExportOptions()
    )
    assert bool(plan.problems) is refused
    if refused:
        assert "at most 999 objects of a class: x.png (1000 car)" in plan.problems[0]


def test_a_class_whose_objects_do_not_fit_16_bits_is_refused_before_writing(tmp_path: Path) -> None:
    catalog = ClassCatalog.from_names([f"c{n}" for n in range(1, 60)])
    fits, not_any_more = (
        [labelled(tmp_path / f"{v}.png", np.full((2, 2), v, np.uint8), catalog)] for v in (31, 32)
    )
    assert CityscapesExporter().plan(fits, catalog, ExportOptions()).problems == ()
    (problem,) = CityscapesExporter().plan(not_any_more, catalog, ExportOptions()).problems
    assert "The class c32 gets the id 66" in problem


def test_more_classes_than_ids_are_refused_before_writing(tmp_path: Path) -> None:
    catalog = ClassCatalog.from_names([f"c{n}" for n in range(1, 230)])
    image = labelled(tmp_path / "photos" / "x.png", np.zeros((2, 2), np.uint8), catalog)
    (problem,) = CityscapesExporter().plan([image], catalog, ExportOptions()).problems
    assert "room for 221 classes" in problem


def test_numbers_of_roads_are_said_to_be_seen_by_us_alone(tmp_path: Path) -> None:
    label = np.full((2, 3), 3, np.uint8)
    image = labelled(tmp_path / "photos" / "x.png", label, TOWN, np.full((2, 3), 70_000, np.uint32))
    report = export(CityscapesExporter(), [image], TOWN, tmp_path / "out")
    assert any("objectIds.png" in notice for notice in report.notices)
    (file,) = (tmp_path / "out").rglob("*_instanceIds.png")
    assert set(np.unique(np.array(Image.open(file)))) == {7}
    assert_same_planes(image, only(tmp_path / "out", image))


def test_objects_of_others_have_the_values_of_their_map(tmp_path: Path, image: LabelledImage) -> None:
    put(tmp_path / "src", "labelIds", [[26, 26, 7], [26, 7, 0]])
    put(tmp_path / "src", "instanceIds", [[26001, 26000, 7], [26, 7, 0]], np.uint16)
    mask = only(tmp_path / "src", image)
    assert mask.label.tolist() == [[7, 7, 3], [7, 3, IGNORE]]
    assert mask.object is not None
    assert mask.object.tolist() == [[26001, 26000, 0], [0, 0, 0]]
    assert mask.split == "val"


def test_instances_alone_give_the_classes_too(tmp_path: Path, image: LabelledImage) -> None:
    put(tmp_path / "src", "instanceIds", [[26001, 26000, 7], [26, 7, 3]], np.uint16)
    assert only(tmp_path / "src", image).label.tolist() == [[7, 7, 3], [7, 3, IGNORE]]


def test_training_ids_alone_give_the_classes_that_have_one(tmp_path: Path, image: LabelledImage) -> None:
    put(tmp_path / "src", "labelTrainIds", [[13, 13, 0], [0, 0, 255]])
    assert only(tmp_path / "src", image).label.tolist() == [[7, 7, 3], [3, 3, IGNORE]]


def test_the_frame_is_ignored_unless_the_project_has_a_class_for_it(
    tmp_path: Path, image: LabelledImage
) -> None:
    put(tmp_path / "src", "labelIds", [[0, 1, 2], [3, 7, 7]])
    mask = only(tmp_path / "src", image)
    assert mask.label.tolist() == [[IGNORE] * 3, [IGNORE, 3, 3]]
    assert mask.notices == ("3 pixels of ego vehicle, rectification border, out of roi become ignored",)
    catalog = TOWN.add("out of roi", value=20)
    assert only(tmp_path / "src", image, catalog).label.tolist() == [[IGNORE] * 3, [20, 3, 3]]


def test_a_class_that_the_project_lacks_is_named_with_its_pixels(
    tmp_path: Path, image: LabelledImage
) -> None:
    put(tmp_path / "src", "labelIds", [[24, 24, 7], [77, 7, 7]])
    reason = refusal(tmp_path / "src", image)
    assert "24 (person) in 2 pixels" in reason
    assert "77 in 1 pixels" in reason


def test_classes_are_those_that_occur_with_their_colours(tmp_path: Path, image: LabelledImage) -> None:
    put(tmp_path / "src", "labelIds", [[24, 24, 7], [0, 3, 7]])
    found = CityscapesImporter().classes(tmp_path / "src", ImportOptions())
    assert [(c.name, c.color) for c in found] == [("road", (128, 64, 128)), ("person", (220, 20, 60))]


def test_a_list_of_classes_beside_names_ids_of_others(tmp_path: Path, image: LabelledImage) -> None:
    put(tmp_path / "src", "instanceIds", [[1, 1, 2001], [2001, 1, 1]], np.uint16)
    (tmp_path / "src" / "label_colors.txt").write_text("0 0 0 background\n1 2 3 road\n4 5 6 boat\n")
    mask = only(tmp_path / "src", image)
    assert mask.label.tolist() == [[3, 3, 9], [9, 3, 3]]


def test_maps_that_contradict_each_other_are_refused(tmp_path: Path, image: LabelledImage) -> None:
    put(tmp_path / "src", "labelIds", [[26, 7, 7], [7, 7, 7]])
    put(tmp_path / "src", "instanceIds", [[24001, 7, 7], [7, 7, 7]], np.uint16)
    assert "names other classes than ulm_000001_000019_gtFine_labelIds.png in 1 pixels" in refusal(
        tmp_path / "src", image
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((3, 2), np.uint8), "the mask is 2 x 3 pixels and the image 3 x 2"),
        (np.zeros((2, 3, 3), np.uint8), "a picture of colours"),
        (np.zeros((2, 3), bool), "not a mask"),
    ],
)
def test_what_is_no_map_of_ids_is_refused_by_name(
    tmp_path: Path, image: LabelledImage, values: np.ndarray, message: str
) -> None:
    file = put(tmp_path / "src", "labelIds", values, values.dtype.type)
    reason = refusal(tmp_path / "src", image)
    assert message in reason
    assert file.name in reason


def test_a_truncated_map_is_named_and_the_next_one_comes_in(tmp_path: Path, image: LabelledImage) -> None:
    other = labelled(tmp_path / "photos" / "x_0_1.png", np.full((2, 3), 3, np.uint8), TOWN)
    file = put(tmp_path / "src", "labelIds", [[7, 7, 7]] * 2)
    file.write_bytes(file.read_bytes()[:-20])
    put(tmp_path / "src", "labelIds", [[7, 7, 7]] * 2, core="x_0_1")
    masks, (skipped,) = imported(CityscapesImporter(), tmp_path / "src", TOWN, [image, other])
    assert list(masks) == [other.record.id]
    assert "cut off or damaged" in skipped.reason


def test_polygons_alone_are_reported(tmp_path: Path, image: LabelledImage) -> None:
    file = tmp_path / "src" / "gtFine" / "val" / "ulm" / "ulm_000001_000019_gtFine_polygons.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    assert "polygons and no map of ids" in refusal(tmp_path / "src", image)


def test_links_that_lead_out_of_the_folder_are_not_followed(tmp_path: Path, image: LabelledImage) -> None:
    secret = put(tmp_path / "elsewhere", "labelIds", [[7, 7, 7]] * 2)
    link = tmp_path / "src" / "gtFine" / "val" / "ulm" / secret.name
    link.parent.mkdir(parents=True)
    link.symlink_to(secret)
    assert "leads out of the folder" in refusal(tmp_path / "src", image)


@pytest.mark.parametrize("text", ["{", "[5]", '[{"name": "x"}]', '{"a": NaN}', "[" * 100_000])
def test_a_broken_list_of_classes_is_named(tmp_path: Path, image: LabelledImage, text: str) -> None:
    put(tmp_path / "src", "labelIds", [[7, 7, 7]] * 2)
    (tmp_path / "src" / "labels.json").write_text(text)
    with pytest.raises(BadInputError) as caught:
        list(CityscapesImporter().read(tmp_path / "src", TOWN, [image.record], ImportOptions()))
    assert str(caught.value.file).endswith("labels.json")


def test_a_folder_without_maps_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no maps of ids"):
        list(CityscapesImporter().read(tmp_path, TOWN, [], ImportOptions()))


def test_a_real_picture_of_cityscapes_comes_in(shared_data: Path) -> None:
    src = shared_data / "interop" / "mmsegmentation" / "cityscapes"
    (picture,) = src.rglob("*_leftImg8bit.png")
    catalog = ClassCatalog((ClassDef(0, "background", (0, 0, 0)),))
    for each in CityscapesImporter().classes(src, ImportOptions()):
        catalog = catalog.add(each.name, each.color)
    (mask,) = CityscapesImporter().read(src, catalog, [record_of(picture, Size(256, 128))], ImportOptions())
    assert not isinstance(mask, Skipped)
    ids = np.array(Image.open(next(src.rglob("*_labelIds.png"))))
    car, road = catalog.by_name("car"), catalog.by_name("road")
    assert car is not None
    assert road is not None
    assert np.array_equal(mask.label == car.value, ids == 26)
    assert np.array_equal(mask.label == road.value, ids == 7)
    assert np.array_equal(mask.label == IGNORE, ids < 4)
    assert mask.split == "val"
