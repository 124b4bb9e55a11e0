"""Objects that are nearly right: coordinates, run lengths, numbers and classes just beside what counts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mask_samples import CELLS, imported, labelled

from labeltool.core import rle
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.geometry import Box, Size
from labeltool.core.project import Skipped
from labeltool.formats.canvas import Canvas, free_numbers, whole
from labeltool.formats.cityscapes import CityscapesImporter
from labeltool.formats.coco import CocoImporter, segmentation
from labeltool.formats.coco.written import WrittenFile, split_file
from labeltool.formats.cvat import CvatImporter, runs
from labeltool.formats.cvat.file import whole_number
from labeltool.formats.drawings import object_id_of
from labeltool.formats.index_png import write_index
from labeltool.formats.labelme import LabelmeImporter
from labeltool.formats.labelme_xml import LabelmeXmlImporter
from labeltool.formats.mapillary.config import read_config
from labeltool.formats.outlines import coordinate, ellipse
from labeltool.formats.protocol import ImportedMask, Importer, LabelledImage
from labeltool.formats.via import ViaImporter
from labeltool.formats.yolo import YoloImporter

SIZE = Size(6, 4)
SQUARE = [1, 1, 3, 1, 3, 3, 1, 3]
Found = tuple[ImportedMask | None, list[Skipped]]
Read = Callable[..., Found]


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(tmp_path / "photos" / "x.png", np.ones((SIZE.height, SIZE.width), np.uint8), CELLS)


@pytest.fixture
def read(image: LabelledImage, tmp_path: Path) -> Read:
    """Imports a text (or what becomes JSON) for the image."""

    def read(importer: Importer, name: str, content: Any) -> Found:
        file = tmp_path / "set" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        masks, skipped = imported(importer, file, CELLS, [image])
        return masks.get(image.record.id), skipped

    return read


def coco(*annotations: dict[str, Any], **changed: Any) -> dict[str, Any]:
    marks = [
        {"id": n, "image_id": 1, "category_id": 1, "segmentation": [SQUARE], **each}
        for n, each in enumerate(annotations, 1)
    ]
    data = {
        "images": [{"id": 1, "file_name": "x.png", "width": SIZE.width, "height": SIZE.height}],
        "categories": [{"id": 1, "name": "nucleus"}, {"id": 2, "name": "cell wall"}],
        "annotations": marks,
    }
    return {**data, **changed}


def labelme(*shapes: dict[str, Any], **changed: Any) -> dict[str, Any]:
    marks = [
        {"label": "nucleus", "shape_type": "polygon", "points": [[1, 1], [3, 1], [3, 3], [1, 3]], **each}
        for each in shapes
    ]
    return {"imagePath": "x.png", "imageWidth": 6, "imageHeight": 4, "shapes": marks, **changed}


# what a file says of the picture's size


@pytest.mark.parametrize("twice", [("12", "8"), (12.0, 8.0), (" 12 ", "8.0")])
def test_a_size_that_is_written_as_text_or_with_a_point_is_held_against_the_image(
    read: Read, twice: tuple[object, object]
) -> None:
    width, height = twice
    listed = [{"id": 1, "file_name": "x.png", "width": width, "height": height}]
    for importer, name, data in (
        (CocoImporter(), "a.json", coco({}, images=listed)),
        (LabelmeImporter(), "b.json", labelme({}, imageWidth=width, imageHeight=height)),
    ):
        mask, skipped = read(importer, name, data)
        assert mask is None and "takes it for 12 x 8 pixels, and it is 6 x 4" in skipped[0].reason


@pytest.mark.parametrize(("width", "height"), [("6", "4"), (6.0, 4.0), (None, None), (0, 0), (-1, -1)])
def test_a_size_that_is_right_or_not_stated_does_no_harm(read: Read, width: object, height: object) -> None:
    mask, skipped = read(LabelmeImporter(), "b.json", labelme({}, imageWidth=width, imageHeight=height))
    assert skipped == [] and mask is not None and mask.objects == 1


def test_a_picture_of_as_many_pixels_and_other_sides_is_another_one(read: Read) -> None:
    square = '<polygon label="nucleus" points="1,1;3,1;3,3;1,3"/>'
    text = f'<annotations><image id="0" name="x.png" width="4" height="6">{square}</image></annotations>'
    mask, skipped = read(CvatImporter(), "a.xml", text)
    assert mask is None and "takes it for 4 x 6" in skipped[0].reason


# coordinates


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e12, -1e12, 10**400, True, "3", None, [3]])
def test_what_is_no_coordinate_is_refused(number: object) -> None:
    with pytest.raises(BadInputError, match="no number or lies beyond any image"):
        coordinate(number)


@pytest.mark.parametrize("radii", [(0, 1), (1, 0), (-1, 1)])
def test_an_ellipse_needs_two_radii(radii: tuple[float, float]) -> None:
    with pytest.raises(BadInputError, match="radius"):
        ellipse((2, 2), radii, SIZE)


def test_an_ellipse_across_the_edge_is_cut_there() -> None:
    found = ellipse((0, 0), (3, 3), SIZE)
    assert found.box.intersect(SIZE.box) == found.box and found.inside.any()


def test_shares_beyond_the_image_and_digits_of_other_scripts_are_reported(
    image: LabelledImage, tmp_path: Path
) -> None:
    file = tmp_path / "x.txt"
    file.write_text("0 0.1 0.1 3.0 0.1 0.5 0.9\n² 0.1 0.1 0.9 0.1 0.5 0.9\n0 0.1 0.1 0.9 0.1 0.5 0.9\n")
    (tmp_path / "classes.txt").write_text("nucleus\n")
    masks, skipped = imported(YoloImporter(), file, CELLS, [image])
    assert masks[image.record.id].objects == 1
    assert "shares of the image's width" in skipped[0].reason + skipped[1].reason
    assert "has no number '²'" in skipped[0].reason + skipped[1].reason


def test_a_number_of_a_class_in_another_script_is_refused(image: LabelledImage, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("0 0.1 0.1 0.9 0.1 0.5 0.9\n")
    (tmp_path / "data.yaml").write_text("names: {'²': nucleus}\n", encoding="utf-8")
    with pytest.raises(BadInputError, match="not the numbers of classes"):
        imported(YoloImporter(), tmp_path / "x.txt", CELLS, [image])


def test_polygons_have_together_no_more_points_than_one_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    assert segmentation.pixels_of([SQUARE, SQUARE], SIZE).inside.any()
    monkeypatch.setattr(segmentation, "MOST_POINTS", 7)
    with pytest.raises(BadInputError, match="more than 7 points"):
        segmentation.pixels_of([SQUARE, SQUARE], SIZE)


# run lengths


@pytest.mark.parametrize(
    "text",
    ["10, 5", "30", "5, -1, 20", "25, -1", "3, -1, 22", "9223372036854775807, 9223372036854775807, 26"],
)
def test_run_lengths_that_do_not_fill_their_box_are_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="do not fill"):
        runs.decode(text, SIZE.box, SIZE)


def test_a_box_that_only_touches_the_image_is_refused() -> None:
    with pytest.raises(BadInputError, match="does not lie in the image"):
        runs.decode("0, 4", Box(5, 3, 7, 5), SIZE)


def test_a_compressed_run_length_that_goes_on_or_holds_other_characters_is_refused() -> None:
    counts = np.array([3, 5, 16], np.int64)
    text = rle.to_string(counts)
    assert rle.from_string(text, SIZE).tolist() == counts.tolist()
    with pytest.raises(BadInputError, match="end in the middle"):
        rle.from_string(text + "P", SIZE)
    with pytest.raises(BadInputError, match="characters that are not COCO's"):
        rle.from_string("s0" + text[1:], SIZE)  # s would read as S does


# numbers of objects


def test_ids_that_are_none_are_no_objects_ids(read: Read) -> None:
    assert [object_id_of(n) for n in (0, (1 << 32) - 1, 1 << 32, -1, True, "1")] == [
        0, (1 << 32) - 1, None, None, None, None,
    ]  # fmt: skip
    assert whole_number("9" * 5_000) is None
    for stated in (-1, 1 << 32):
        mask, _ = read(CocoImporter(), "a.json", coco({"attributes": {"object_id": stated}}))
        assert mask is not None and mask.object is not None and mask.object.max() == 1
    square = '<polygon label="nucleus" points="1,1;3,1;3,3;1,3">'
    attribute = '<attribute name="object_id">9999999999</attribute></polygon>'
    text = f'<annotations><image id="0" name="x.png">{square}{attribute}</image></annotations>'
    mask, _ = read(CvatImporter(), "a.xml", text)
    assert mask is not None and mask.object is not None and mask.object.max() == 1


def test_a_free_number_is_nobody_elses(image: LabelledImage) -> None:
    assert free_numbers([1, None, 3, None, None]) == [1, 2, 3, 4, 5]
    canvas, spots = Canvas(image.record, CELLS), np.eye(4, 6, dtype=bool)
    for place, number in enumerate((3, 2, None, None)):
        canvas.add(whole(spots & (np.arange(4) == place)[:, None]), "nucleus", number)
    found = canvas.result("x").mask.object
    assert found is not None and len(np.unique(found[found > 0])) == 4


def test_a_group_called_1_and_the_group_1_are_two_objects(read: Read) -> None:
    away = [[4, 1], [5, 1], [5, 2], [4, 2]]
    mask, _ = read(LabelmeImporter(), "a.json", labelme({"group_id": 1}, {"group_id": "1", "points": away}))
    assert mask is not None and mask.objects == 2


def test_pixels_that_another_object_of_the_class_loses_are_counted(image: LabelledImage) -> None:
    canvas, all_of_it = Canvas(image.record, CELLS), np.ones((4, 6), bool)
    for number in (1, 2, 1):
        canvas.add(whole(all_of_it), "nucleus", number)
    assert "48 pixels lie in several objects; the later one counts" in canvas.result("x").mask.notices


def test_objects_that_were_lost_together_are_counted_one_by_one(image: LabelledImage) -> None:
    canvas = Canvas(image.record, CELLS)
    canvas.fail("x", "why", 3)
    assert canvas.result("x").mask.notices[0].startswith("3 objects could not be read")


def test_the_number_of_a_track_is_that_of_its_object(image: LabelledImage, tmp_path: Path) -> None:
    shape = '<polygon frame="{}" points="1,1;3,1;3,3;1,3"/>'
    text = "".join(f'<track label="nucleus">{shape.format(frame)}</track>' for frame in (7, 0))
    images = [labelled(tmp_path / "v" / f"v_{n}.png", np.ones((4, 6), np.uint8), CELLS) for n in (0, 7)]
    (tmp_path / "a.xml").write_text(f"<annotations>{text}</annotations>")
    masks, _ = imported(CvatImporter(), tmp_path / "a.xml", CELLS, images)
    numbers = [masks[each.record.id].object for each in images]
    assert [0 if each is None else int(each.max()) for each in numbers] == [2, 1]


# classes, and objects that nobody may drop without a word


def test_a_category_that_two_names_share_is_neither(read: Read) -> None:
    shared = [{"id": 1, "name": "nucleus"}, {"id": 1, "name": "cell wall"}]
    mask, skipped = read(CocoImporter(), "a.json", coco({}, categories=shared))
    assert mask is None
    assert "has no category '1'" in " ".join(each.reason for each in skipped)


def test_an_annotation_of_no_image_is_told(read: Read) -> None:
    mask, skipped = read(CocoImporter(), "a.json", coco({}, {"image_id": None}, {"image_id": 9}))
    assert mask is not None and mask.objects == 1
    assert {each.reason for each in skipped} == {
        "1 annotations do not say of which image they are",
        "1 annotations do not belong to an image that the file lists",
    }


def test_an_object_that_says_nothing_of_being_deleted_is_there(read: Read) -> None:
    points = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in ((1, 1), (3, 1), (3, 3), (1, 3)))
    shape = f"<object><name>nucleus</name>{{}}<polygon>{points}</polygon></object>"
    for deleted, objects in (("", 1), ("<deleted>0</deleted>", 1), ("<deleted></deleted>", 1)):
        text = f"<annotation><filename>x.png</filename>{shape.format(deleted)}</annotation>"
        mask, skipped = read(LabelmeXmlImporter(), "a.xml", text)
        assert skipped == [] and mask is not None and mask.objects == objects


def test_an_entry_of_via_without_a_picture_refuses_the_file(read: Read) -> None:
    region = {
        "shape_attributes": {"name": "rect", "x": 1, "y": 1, "width": 2, "height": 2},
        "region_attributes": {"class": "nucleus"},
    }
    good = {"filename": "x.png", "size": 1, "regions": [region]}
    mask, _ = read(ViaImporter(), "a.json", {"a": good})
    assert mask is not None
    with pytest.raises(BadInputError, match="no file of VGG Image Annotator 2"):
        read(ViaImporter(), "a.json", {"a": good, "b": {"regions": [region]}})


def ids_of(folder: Path, kind: str, values: np.ndarray) -> Path:
    place = folder / "gtFine" / "val" / "town"
    place.mkdir(parents=True, exist_ok=True)
    write_index(place / f"x_gtFine_{kind}.png", values.astype(np.uint8))
    return folder


def test_ignored_training_ids_are_of_no_class(image: LabelledImage, tmp_path: Path) -> None:
    values = np.full((4, 6), 255)
    values[0, 0] = 13
    catalog = ClassCatalog.from_names(["car", "trailer", "caravan", "ground"])
    masks, _ = imported(
        CityscapesImporter(), ids_of(tmp_path / "set", "labelTrainIds", values), catalog, [image]
    )
    found = masks[image.record.id].label
    assert found[0, 0] == 1 and (found.ravel()[1:] == IGNORE).all()


def test_a_class_of_ones_own_list_is_not_ignored_for_its_small_id(
    image: LabelledImage, tmp_path: Path
) -> None:
    src = ids_of(tmp_path / "set", "labelIds", np.full((4, 6), 1))
    label = {"name": "heron", "id": 1, "trainId": 1, "category": "bird", "hasInstances": True}
    (src / "labels.json").write_text(json.dumps([{**label, "ignoreInEval": False, "color": [1, 2, 3]}]))
    masks, skipped = imported(CityscapesImporter(), src, CELLS, [image])
    assert masks == {} and "1 (heron) in 24 pixels" in skipped[0].reason


def test_a_colour_that_two_labels_share_stands_for_neither(tmp_path: Path) -> None:
    labels = [
        {"name": name, "color": color}
        for name, color in (("a", [1, 1, 1]), ("b", [1, 1, 1]), ("c", [2, 2, 2]))
    ]
    (tmp_path / "config_v2.0.json").write_text(json.dumps({"labels": labels}))
    assert read_config(tmp_path / "config_v2.0.json").listed.colors == {(2, 2, 2): 2}


# what is read back of an export


def test_a_coco_file_that_holds_more_than_was_meant_is_not_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "instances_default.json"
    with split_file(file, CELLS) as out:
        for number in (1, 2):
            marks = [{"id": 2 * number + n, "image_id": number, "category_id": 1} for n in (0, 1)]
            out.add({"file_name": f"{number}.jpg", "id": number}, marks)
    good = file.read_text()
    assert len(WrittenFile(file, CELLS).read("1")[1]) == 2
    mixed = re.sub(r'("id": 3, "image_id": )1', r"\g<1>2", good)
    mixed = re.sub(r'("id": 4, "image_id": )2', r"\g<1>1", mixed)
    strays = good.replace('"image_id": 2', '"image_id": 3')
    for changed in (mixed, strays, good + " "):
        assert changed != good
        file.write_text(changed)
        with pytest.raises(LabeltoolError, match="not as it was written"):
            WrittenFile(file, CELLS)
