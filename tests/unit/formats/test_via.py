"""VGG Image Annotator: its three files as its documentation describes them, and what strangers may write."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mask_samples import CELLS, labelled

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.project import Skipped
from labeltool.formats.protocol import ImportedMask, LabelledImage
from labeltool.formats.via import ViaImporter, ViaOptions

Read = Callable[..., tuple[ImportedMask | None, list[Skipped]]]
POLYGON = {"name": "polygon", "all_points_x": [2, 5, 5, 2], "all_points_y": [2, 2, 5, 5]}


def region(shape: Any, attributes: Any = None) -> dict[str, Any]:
    return {
        "shape_attributes": shape,
        "region_attributes": {"type": "nucleus"} if attributes is None else attributes,
    }


def picture(*regions: Any, name: Any = "x.jpg") -> dict[str, Any]:
    return {"filename": name, "size": 1234, "regions": list(regions), "file_attributes": {}}


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(tmp_path / "photos" / "x.jpg", np.zeros((10, 12), np.uint8), CELLS)


@pytest.fixture
def read(image: LabelledImage, tmp_path: Path) -> Read:
    """Imports a file, or the regions of the image as VIA saves annotations."""

    def read(
        *regions: Any, file: Path | None = None, attribute: str = "", catalog: ClassCatalog = CELLS
    ) -> Any:
        if file is None:
            file = tmp_path / "via_region_data.json"
            file.write_text(json.dumps({"x.jpg1234": picture(*regions)}))
        found = list(ViaImporter().read(file, catalog, [image.record], ViaOptions(class_attribute=attribute)))
        masks = [each for each in found if isinstance(each, ImportedMask)]
        return masks[0] if masks else None, [each for each in found if isinstance(each, Skipped)]

    return read


@pytest.mark.parametrize(
    ("shape", "area"),
    [
        (POLYGON, 9),
        ({"name": "rect", "x": 2, "y": 2, "width": 3, "height": 3}, 9),
        ({"name": "circle", "cx": 5, "cy": 5, "r": 3}, 32),
        ({"name": "ellipse", "cx": 5, "cy": 5, "rx": 3, "ry": 3, "theta": 1.2}, 32),
        ({"name": "ellipse", "cx": 5.5, "cy": 4.5, "rx": 4.4, "ry": 0.5}, 9),
    ],
)
def test_shapes_with_an_area_are_painted(read: Read, shape: dict[str, Any], area: int) -> None:
    mask, skipped = read(region(shape))
    assert mask is not None and not skipped
    assert (mask.label == 1).sum() == area and mask.known is None


def test_the_angle_of_an_ellipse_turns_it_from_right_to_down(read: Read) -> None:
    flat = {"name": "ellipse", "cx": 5.5, "cy": 4.5, "rx": 4.2, "ry": 0.5, "theta": 0}
    upright, _ = read(region(flat | {"theta": math.pi / 2}))
    slanted, _ = read(region(flat | {"theta": math.pi / 4}))
    assert upright is not None and slanted is not None
    assert np.argwhere(upright.label == 1)[:, 1].tolist() == [5] * 9
    assert slanted.label[6, 7] == 1 and slanted.label[2, 7] == 0


def test_the_project_the_annotations_and_the_csv_say_the_same(read: Read, tmp_path: Path) -> None:
    square = region(POLYGON)
    wanted, _ = read(square)
    project = tmp_path / "project.json"
    content = {
        "_via_settings": {"ui": {}},
        "_via_img_metadata": {"x.jpg1234": picture(square)},
        "_via_attributes": {"region": {"type": {"type": "text"}}, "file": {}},
    }
    project.write_text(json.dumps(content))
    table = tmp_path / "table.csv"
    with table.open("w", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(
            "filename file_size file_attributes region_count region_id region_shape_attributes "
            "region_attributes".split()
        )
        writer.writerow(["x.jpg", 1234, "{}", 1, 0, json.dumps(POLYGON), '{"type":"nucleus"}'])
        writer.writerow(["y.jpg", 1234, "{}", 0, 0, "{}", "{}"])
    old = tmp_path / "version1.json"
    old.write_text(json.dumps({"x.jpg1234": {**picture(), "regions": {"0": square}}}))
    assert wanted is not None
    for file in (project, table, old):
        mask, skipped = read(file=file)
        assert mask is not None and np.array_equal(mask.label, wanted.label)
        assert [s.reason for s in skipped] == (
            ["no image of the project is called y"] if file is table else []
        )


def test_lines_and_points_are_reported_by_kind(read: Read) -> None:
    line = {"name": "polyline", "all_points_x": [1, 2], "all_points_y": [1, 2]}
    mask, (entry,) = read(region(line), region({"name": "point", "cx": 1, "cy": 1}), region(POLYGON))
    assert entry.reason == "what has no area is left out: 1 polyline, 1 point"
    assert mask is not None and mask.known is not None and mask.known.sum() == 9


def test_which_attribute_names_the_class_is_never_guessed(read: Read) -> None:
    two = region(POLYGON, {"type": "nucleus", "colour": "blue"})
    with pytest.raises(BadInputError, match="there are: 'type', 'colour'"):
        read(two)
    with pytest.raises(
        BadInputError, match="no region has the attribute 'kind'; there are: 'type', 'colour'"
    ):
        read(two, attribute="kind")
    with pytest.raises(BadInputError, match="there are: none"):
        read(region(POLYGON, {}))
    mask, skipped = read(two, attribute="type")
    assert mask is not None and mask.objects == 1 and not skipped


def test_one_ticked_box_is_a_class_and_two_are_none(read: Read) -> None:
    one = region(POLYGON, {"type": {"nucleus": True, "cell wall": False}})
    two = region(POLYGON, {"type": {"nucleus": True, "cell wall": True}})
    mask, (entry,) = read(one, two)
    assert mask is not None and mask.objects == 1
    assert entry.reason == "2 classes are ticked, and one is needed"


def test_classes_are_the_values_of_the_attribute(tmp_path: Path, read: Read) -> None:
    read(*(region(POLYGON, {"type": name}) for name in ("b", "a", "b", "", "background")))
    found = ViaImporter().classes(tmp_path / "via_region_data.json", ViaOptions())
    assert [each.name for each in found] == ["b", "a"]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (7, "is empty"),
        (region(POLYGON, {"type": 5}), "is empty"),
        (region([1]), "are not known"),
        (region({"name": "cube"}), "'cube' are not known"),
        (region({"name": "polygon", "all_points_x": [1, 2, 3], "all_points_y": [1]}), "as many x as y"),
        (region({"name": "polygon", "all_points_x": [1, 2], "all_points_y": [1, 2]}), "three or more"),
        (
            region({"name": "polygon", "all_points_x": [1, 2, "3"], "all_points_y": [1, 2, 3]}),
            "list of points",
        ),
        (region({"name": "rect", "x": 1, "y": 2, "width": 3}), "no number"),
        (region({"name": "rect", "x": 1, "y": 2, "width": 1e12, "height": 1}), "beyond any image"),
        (region({"name": "rect", "x": 1, "y": 2, "width": 10**400, "height": 1}), "beyond any image"),
        (region({"name": "circle", "cx": 1, "cy": 1, "r": -1}), "not positive"),
        (region({"name": "circle", "cx": 1, "cy": 1, "r": True}), "no number"),
        (region({"name": "circle", "cx": 90, "cy": 90, "r": 5}), "covers no pixel"),
        (region({"name": "ellipse", "cx": 1, "cy": 1, "rx": 1, "ry": 1, "theta": "x"}), "no number"),
    ],
)
def test_a_broken_region_is_reported_and_the_others_are_read(read: Read, broken: Any, reason: str) -> None:
    mask, (entry,) = read(broken, region(POLYGON))
    assert reason in entry.reason and "region 1" in entry.file
    assert mask is not None and mask.objects == 1 and mask.known is not None


@pytest.mark.parametrize("name", ["../x.jpg", "/etc/x.jpg", "C:\\x.jpg", "\\\\host\\x.jpg", "", 5, None])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, read: Read, name: Any) -> None:
    file = tmp_path / "via.json"
    good, bad = picture(region(POLYGON)), picture(region(POLYGON), region(POLYGON), name=name)
    file.write_text(json.dumps({"a": good, "b": bad}))
    mask, (entry,) = read(file=file)
    assert mask is not None
    assert "(2 shapes)" in entry.file


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.json", "[]", "no file of VGG"),
        ("a.json", "{}", "no file of VGG"),
        ("a.json", '{"shapes": []}', "no file of VGG"),
        ("a.json", '{"metadata": {}, "view": {}}', "Annotator 3"),
        ("a.json", '{"x": {"filename": "x.jpg", "regions": 7}}', "no file of VGG"),
        ("a.json", '{"x": ' + "[" * 100_000, "nested too deeply"),
        ("a.csv", "a,b\n1,2\n", "no file of VGG"),
        ("a.csv", "", "no file of VGG"),
        ("a.csv", "filename,region_shape_attributes,region_attributes\nx.jpg,{bad,{}\n", "not valid JSON"),
        (
            "a.csv",
            'filename,region_shape_attributes,region_attributes\nx.jpg,"' + "1" * (1 << 25),
            "not valid",
        ),
    ],
)
def test_a_file_that_via_did_not_write_is_refused(
    tmp_path: Path, read: Read, name: str, text: str, reason: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInputError, match=reason) as error:
        read(file=tmp_path / name)
    assert name in str(error.value) or str(tmp_path) in str(error.value)
