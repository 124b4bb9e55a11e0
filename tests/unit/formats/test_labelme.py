"""labelme: what its own reader makes of our files, and what strangers may write."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contracts.judges import as_labelme_reads
from hypothesis import given
from hypothesis import strategies as st
from mask_samples import CELLS, STREETS, assert_same_planes, imported, labelled, random_planes, several
from numpy.typing import NDArray
from PIL import Image

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.geometry import Box, Size
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.regions import Region, regions
from labeltool.formats.export import export
from labeltool.formats.items import item
from labeltool.formats.labelme import LabelmeExporter, LabelmeImporter, LabelmeOptions
from labeltool.formats.labelme.exporter import document, exact_polygons
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ImportedMask, LabelledImage
from tests.laws.examples import law

Read = Callable[..., tuple[ImportedMask | None, list[Skipped]]]


def same_objects(found: NDArray[np.int32], label: NDArray[np.uint8], wanted: list[Region]) -> bool:
    """True when the numbers draw just the objects."""
    inside = found > 0
    drawn = np.zeros(label.shape, bool)
    for region in wanted:
        numbers = found[region.box.slices()][region.inside]
        if not numbers[0] or (found == numbers[0]).sum() != region.area or (numbers != numbers[0]).any():
            return False
        drawn[region.box.slices()] |= region.inside
    return np.array_equal(drawn, inside & (label != IGNORE))


@law(60)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([CELLS, STREETS]),
    st.sampled_from(["polygons", "masks"]),
)
def test_labelme_itself_draws_the_very_same_pixels_and_objects(
    seed: int, width: int, height: int, catalog: ClassCatalog, shapes: Any
) -> None:
    label, object_ = random_planes(np.random.default_rng(seed), Size(width, height), catalog)
    data = document(an_item(label, object_, catalog), "x.png", LabelmeOptions(shapes=shapes))
    numbers = {each.name: each.value + 1 for each in catalog.classes} | {"__ignore__": IGNORE + 1}
    classes, instances = as_labelme_reads(data, numbers)
    unset = 0 if catalog.background is None else 1
    wanted = label.astype(np.int32) + 1
    assert np.array_equal(np.where(classes == 0, unset, classes), wanted)
    assert same_objects(instances, label, regions(label, object_, catalog))


def an_item(label: NDArray[np.uint8], object_: NDArray[np.uint32], catalog: ClassCatalog) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        image = labelled(Path(folder, "x.png"), label, catalog, object_)
    return item(image, "x", catalog)


@law(60)
@given(
    st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 30), st.sampled_from(["polygons", "masks"])
)
def test_what_labelme_was_given_comes_back_with_ids_and_unlabelled_pixels(
    seed: int, width: int, height: int, shapes: Any
) -> None:
    rng = np.random.default_rng(seed)
    label, object_ = random_planes(rng, Size(width, height), CELLS)
    where = rng.random(label.shape) < 0.9
    where[0, 0] = True
    with tempfile.TemporaryDirectory() as folder:
        image = labelled(Path(folder, "in", "a.png"), label, CELLS, object_, where=where)
        out = Path(folder, "out")
        report = export(LabelmeExporter(), [image], CELLS, out, LabelmeOptions(shapes=shapes))
        masks, skipped = imported(LabelmeImporter(), out, CELLS, [image])
    mask = masks[image.record.id]
    assert skipped == []
    assert_same_planes(image, mask)
    assert mask.objects == report.objects
    assert np.array_equal(np.ones_like(where) if mask.known is None else mask.known, where)


@pytest.mark.parametrize("catalog", [CELLS, STREETS])
def test_our_own_export_comes_back(tmp_path: Path, catalog: ClassCatalog) -> None:
    images = several(tmp_path / "photos", catalog)
    report = export(LabelmeExporter(), images, catalog, tmp_path / "out")
    masks, skipped = imported(LabelmeImporter(), tmp_path / "out", catalog, images)
    assert skipped == []
    assert sum(mask.objects for mask in masks.values()) == report.objects
    for each in images:
        assert_same_planes(each, masks[each.record.id])
        assert masks[each.record.id].split == each.record.split


def region_of(*rows: str) -> Region:
    inside = np.array([[c == "1" for c in row] for row in rows])
    return Region(1, 0, Box(3, 5, 3 + inside.shape[1], 5 + inside.shape[0]), inside, int(inside.sum()))


def test_a_square_becomes_a_polygon_a_quarter_of_a_pixel_inside_its_edges() -> None:
    (polygon,) = exact_polygons(region_of("111", "111"))
    assert polygon.tolist() == [[3.25, 5.25], [5.75, 5.25], [5.75, 6.75], [3.25, 6.75]]


@pytest.mark.parametrize("rows", [("1",), ("111",), ("1", "1"), ("110", "011"), ("010", "111", "010")])
def test_thin_objects_are_polygons_too(rows: tuple[str, ...]) -> None:
    assert len(exact_polygons(region_of(*rows))) == 1


@pytest.mark.parametrize("rows", [("111", "101", "111"), ("10", "01")])
def test_holes_and_corners_that_touch_are_left_to_masks(rows: tuple[str, ...]) -> None:
    assert exact_polygons(region_of(*rows)) == []


def exported(tmp_path: Path, label: Any, object_: Any = None, **options: Any) -> list[dict[str, Any]]:
    image = labelled(tmp_path / "photos" / "x.png", np.array(label, np.uint8), CELLS, object_)
    export(LabelmeExporter(), [image], CELLS, tmp_path / "out", LabelmeOptions(**options))
    shapes: list[dict[str, Any]] = json.loads((tmp_path / "out" / "default" / "x.json").read_text())["shapes"]
    return shapes


def test_an_object_in_two_parts_is_two_polygons_of_one_group(tmp_path: Path) -> None:
    label, ids = [[1, 0, 1], [1, 0, 1]], np.array([[7, 0, 7], [7, 0, 7]], np.uint32)
    shapes = exported(tmp_path, label, ids)
    assert [(s["shape_type"], s["group_id"], s["label"]) for s in shapes] == [("polygon", 7, "nucleus")] * 2


def test_masks_throughout_on_request(tmp_path: Path) -> None:
    (shape,) = exported(tmp_path, [[0, 0, 0], [0, 1, 1]], shapes="masks")
    assert (shape["shape_type"], shape["points"]) == ("mask", [[1.0, 1.0], [2.0, 1.0]])
    assert np.array(Image.open(io.BytesIO(base64.b64decode(shape["mask"])))).tolist() == [[1, 1]]


def test_the_file_is_one_of_labelme_5(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "x.png", np.ones((2, 3), np.uint8), CELLS, split="val")
    export(LabelmeExporter(), [image], CELLS, tmp_path / "out")
    data = json.loads((tmp_path / "out" / "val" / "x.json").read_text())
    assert (tmp_path / "out" / "val" / data["imagePath"]).read_bytes() == image.record.path.read_bytes()
    assert {key: data[key] for key in ("flags", "imageData", "imageHeight", "imageWidth")} == {
        "flags": {},
        "imageData": None,
        "imageHeight": 2,
        "imageWidth": 3,
    }
    assert data["version"].startswith("5.")
    lines = (tmp_path / "out" / "labels.txt").read_text(encoding="utf-8").splitlines()
    assert lines == ["__ignore__", "_background_", "nucleus", "cell wall", "débris: #1"]


def test_the_plan_says_what_becomes_a_mask_and_what_a_polygon(tmp_path: Path) -> None:
    label = np.zeros((5, 9), np.uint8)
    label[1:4, 1:4] = label[0, 6] = label[4, 6] = 1
    label[2, 2] = IGNORE
    image = labelled(tmp_path / "x.png", label, CELLS)
    notices = " ".join(LabelmeExporter().plan([image], CELLS, LabelmeOptions()).notices)
    assert "become masks, which labelme reads from 5.2 on (1): x.png" in notices
    assert "Objects become polygons" in notices and "outline drawn (2): x.png" in notices
    assert "Ignored pixels become a mask labelled __ignore__" in notices


def test_a_class_that_labelme_takes_for_none_refuses_the_export(tmp_path: Path) -> None:
    catalog = ClassCatalog.from_names(["__ignore__"])
    image = labelled(tmp_path / "x.png", np.ones((2, 2), np.uint8), catalog)
    with pytest.raises(BadInputError, match="rename the class"):
        export(LabelmeExporter(), [image], catalog, tmp_path / "out")


def test_a_file_that_was_changed_fails_the_check(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "x.png", np.ones((4, 4), np.uint8), CELLS)
    export(LabelmeExporter(), [image], CELLS, tmp_path / "out")
    file = tmp_path / "out" / "default" / "x.json"
    data = json.loads(file.read_text())
    data["shapes"][0]["points"][1][0] -= 1
    data["shapes"][0]["points"][2][0] -= 1
    file.write_text(json.dumps(data))
    checker = LabelmeExporter().check(tmp_path / "out", CELLS, LabelmeOptions())
    with pytest.raises(LabeltoolError, match="differs in 4 pixels"):
        checker.compare(item(image, "x", CELLS))


# --- other people's files


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(tmp_path / "photos" / "x.jpg", np.zeros((10, 12), np.uint8), CELLS)


@pytest.fixture
def read(image: LabelledImage, tmp_path: Path) -> Read:
    """Imports shapes of the image."""

    def read(*shapes: Any, catalog: ClassCatalog = CELLS, name: str = "x.json", **more: Any) -> Any:
        data = {"version": "5.5.0", "shapes": list(shapes), "imagePath": "x.jpg", "imageData": None, **more}
        file = tmp_path / "labels" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(data))
        masks, skipped = imported(LabelmeImporter(), file, catalog, [image])
        return masks.get(image.record.id), skipped

    return read


def shape(kind: Any, points: Any, label: Any = "nucleus", **more: Any) -> dict[str, Any]:
    return {"label": label, "points": points, "group_id": None, "shape_type": kind, "flags": {}, **more}


SQUARE = [[2, 2], [5, 2], [5, 5], [2, 5]]


@pytest.mark.parametrize(
    ("kind", "points", "area"),
    [
        ("polygon", SQUARE, 9),
        (None, SQUARE, 9),
        ("rotation", SQUARE, 9),
        ("rectangle", SQUARE, 9),
        ("rectangle", [[5, 5], [2, 2]], 9),
        ("circle", [[5, 5], [5, 8]], 32),
    ],
)
def test_shapes_with_an_area_are_painted_where_the_centres_of_pixels_lie(
    read: Read, kind: Any, points: Any, area: int
) -> None:
    mask, skipped = read(shape(kind, points))
    assert mask is not None and not skipped
    assert (mask.label == 1).sum() == area
    assert mask.known is None


def test_a_mask_lies_in_the_box_between_its_two_pixels(read: Read) -> None:
    inside = np.array([[1, 0], [1, 1]], np.uint8)
    mask, skipped = read(shape("mask", [[3.9, 4.2], [4.9, 5.2]], mask=png(inside)))
    assert mask is not None and not skipped
    assert np.argwhere(mask.label == 1).tolist() == [[4, 3], [5, 3], [5, 4]]


def png(values: NDArray[np.uint8]) -> str:
    file = io.BytesIO()
    Image.fromarray(values).save(file, format="PNG")
    return base64.b64encode(file.getvalue()).decode()


def test_lines_and_points_are_reported_by_kind_and_what_lies_outside_the_others_is_not_guessed(
    read: Read,
) -> None:
    flat = [shape("line", [[0, 0], [5, 5]]), shape("point", [[1, 1]]), shape("point", [[2, 1]])]
    mask, skipped = read(shape("polygon", SQUARE), *flat)
    assert mask is not None and mask.known is not None
    assert (mask.objects, int(mask.known.sum())) == (1, 9)
    assert [s.reason for s in skipped] == ["what has no area is left out: 1 line, 2 point"]


def test_a_group_is_one_object_and_shapes_without_one_are_on_their_own(read: Read) -> None:
    left, right = [[0, 0], [2, 0], [2, 2], [0, 2]], [[6, 6], [8, 6], [8, 8], [6, 8]]
    mask, _ = read(
        shape("polygon", left, group_id=0), shape("polygon", right, group_id=0), shape("polygon", SQUARE)
    )
    assert mask is not None and mask.object is not None
    assert mask.objects == 2
    assert mask.object[0, 0] == mask.object[7, 7] != mask.object[4, 4] > 0
    assert "1 outlines are part of an object with several" in mask.notices


def test_one_group_of_two_labels_is_two_objects_as_in_labelme(read: Read) -> None:
    far = [[6, 6], [8, 6], [8, 8], [6, 8]]
    mask, _ = read(shape("polygon", SQUARE, group_id=3), shape("polygon", far, "cell wall", group_id=3))
    assert mask is not None and mask.objects == 2
    assert {int(n) for n in np.unique(mask.object)} == {0, 3}


def test_ignore_and_background_are_what_labelme_means_by_them(read: Read) -> None:
    hole = [[3, 3], [4, 3], [4, 4], [3, 4]]
    mask, skipped = read(
        shape("polygon", SQUARE),
        shape("polygon", hole, "_background_"),
        shape("rectangle", [[8, 8], [9, 9]], "__ignore__"),
    )
    assert mask is not None and not skipped
    assert (mask.label[3, 3], mask.label[2, 2], mask.label[8, 8]) == (0, 1, IGNORE)
    assert mask.objects == 1


def test_the_picture_named_in_the_file_counts_before_the_name_of_the_file(read: Read) -> None:
    assert read(shape("polygon", SQUARE), name="other.json")[0] is not None
    assert read(shape("polygon", SQUARE), name="x.json", imagePath="..\\photos\\gone.jpg")[0] is not None
    mask, skipped = read(shape("polygon", SQUARE), name="other.json", imagePath="../../../etc/passwd")
    assert mask is None
    assert skipped[0].reason == "no image of the project is called passwd"
    assert skipped[0].file.endswith("passwd (1 shapes)")


def test_a_file_for_another_size_is_refused(read: Read) -> None:
    mask, (entry,) = read(shape("polygon", SQUARE), imageWidth=10, imageHeight=12)
    assert mask is None
    assert entry.reason == "the file takes it for 10 x 12 pixels, and it is 12 x 10 as it is displayed"


def test_the_copy_of_the_picture_in_the_file_is_not_looked_at(read: Read) -> None:
    assert read(shape("polygon", SQUARE), imageData="no base64 at all!")[0] is not None


def bomb(side: int) -> str:
    """A PNG that says it has ``side`` x ``side`` pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return base64.b64encode(data + b"\0" * 20).decode()


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (7, "no label"),
        ({"points": SQUARE}, "no label"),
        (shape("polygon", SQUARE, label=["nucleus"]), "no label"),
        (shape("polygon", SQUARE, group_id=[1]), "neither a number nor a name"),
        (shape("polygon", SQUARE, group_id=True), "neither a number nor a name"),
        (shape("cuboid", SQUARE), "'cuboid' are not known"),
        (shape({"a": 1}, SQUARE), "are not known"),
        (shape("polygon", [[0, 0], [1, 1]]), "three or more"),
        (shape("polygon", [0, 0, 1, 1, 2, 2]), "not a list of points"),
        (shape("polygon", [[0, 0], [1, 1], [1]]), "not a list of points"),
        (shape("polygon", None), "not a list of points"),
        (shape("polygon", [[0, 0], [1e12, 0], [1, 1]]), "beyond any image"),
        (shape("polygon", [[0, 0], [10**400, 0], [1, 1]]), "beyond any image"),
        (shape("polygon", [[50, 50], [60, 50], [60, 60]]), "covers no pixel"),
        (shape("rectangle", [[0, 0]]), "two points"),
        (shape("circle", [[0, 0], ["1", 1]]), "beyond any image"),
        (shape("circle", [[0, 0], [0, 0]]), "not positive"),
        (shape("mask", [[0, 0], [1, 1]]), "not a text"),
        (shape("mask", [[0, 0], [1, 1]], mask="%%%"), "not base64"),
        (shape("mask", [[0, 0], [1, 1]], mask=base64.b64encode(b"GIF89a" * 10).decode()), "not a PNG"),
        (shape("mask", [[0, 0], [1, 1]], mask=png(np.ones((3, 3), np.uint8))), "3 x 3 pixels and not 2 x 2"),
        (shape("mask", [[0, 0], [1, 1]], mask=png(np.zeros((2, 2), np.uint8))), "covers no pixel"),
        (shape("mask", [[-1, 0], [1, 1]], mask=png(np.ones((2, 3), np.uint8))), "does not lie in the image"),
        (shape("mask", [[0, 0], [99_999, 99_999]], mask=bomb(100_000)), "does not lie in the image"),
        (shape("mask", [[0, 0], [3, 3]], mask=bomb(100_000)), "100000 x 100000 pixels and not 4 x 4"),
        (shape("mask", [[0, 0], [3, 3]], mask=bomb(4)), "cut off or damaged"),
    ],
)
def test_a_broken_shape_is_reported_and_the_others_are_read(read: Read, broken: Any, reason: str) -> None:
    mask, (entry,) = read(broken, shape("polygon", SQUARE))
    assert reason in entry.reason
    assert ": shape 1" in entry.file
    assert mask is not None and mask.objects == 1
    assert mask.known is not None and mask.known.sum() == 9


def test_a_polygon_that_crosses_itself_counts_by_the_even_odd_rule(read: Read) -> None:
    mask, skipped = read(shape("polygon", [[0, 0], [6, 6], [6, 0], [0, 6]]))
    assert mask is not None and not skipped
    assert 0 < (mask.label == 1).sum() < 36


def test_a_name_of_5000_characters_is_reported_briefly(read: Read) -> None:
    mask, (entry,) = read(shape("polygon", SQUARE, "n" * 5000))
    assert "the project has no class" in entry.reason and len(entry.reason) < 500
    assert mask is not None and mask.known is not None and mask.known.sum() == 120 - 9


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[1, 2]", "not labelme JSON"),
        ('{"shapes": 5}', "not labelme JSON"),
        ('{"shapes": [NaN]}', "not valid JSON"),
        ('{"shapes": [], "shapes": []}', "twice"),
        ('{"shapes": ' + "[" * 200_000, "nested too deeply"),
        ('{"shapes": [{"label"', "not valid JSON"),
        ('{"shapes": [], "imageWidth": 1' + "0" * 999 + ', "imageHeight": 1}', "larger than any image"),
    ],
)
def test_a_file_that_is_no_labelme_is_refused_by_name(
    tmp_path: Path, image: LabelledImage, text: str, reason: str
) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(BadInputError, match=reason) as error:
        imported(LabelmeImporter(), tmp_path / "bad.json", CELLS, [image])
    assert "bad.json" in str(error.value)


def test_two_files_for_one_picture_are_both_refused(tmp_path: Path, image: LabelledImage) -> None:
    for folder in ("train", "val"):
        (tmp_path / "all" / folder).mkdir(parents=True)
        data = {"shapes": [shape("polygon", SQUARE)], "imagePath": "x.jpg"}
        (tmp_path / "all" / folder / "x.json").write_text(json.dumps(data))
    masks, skipped = imported(LabelmeImporter(), tmp_path / "all", CELLS, [image])
    assert masks == {} and len(skipped) == 2
    (tmp_path / "all" / "train" / "x.json").unlink()
    masks, skipped = imported(LabelmeImporter(), tmp_path / "all", CELLS, [image])
    assert [mask.split for mask in masks.values()] == ["val"] and not skipped


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path, image: LabelledImage) -> None:
    outside, inside = tmp_path / "x.json", tmp_path / "all" / "x.json"
    outside.write_text(json.dumps({"shapes": [], "imagePath": "x.jpg"}))
    inside.parent.mkdir()
    inside.symlink_to(outside)
    (inside.parent / "y.json").write_text(json.dumps({"shapes": [], "imagePath": "y.jpg"}))
    masks, skipped = imported(LabelmeImporter(), inside.parent, CELLS, [image])
    assert masks == {}
    assert any("link that leads out" in entry.reason for entry in skipped)


wild = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
points = wild | st.lists(
    st.lists(st.floats(-3, 1e13) | st.integers(-2, 14), min_size=2, max_size=2), max_size=5
)
shapes_of_strangers = wild | st.fixed_dictionaries(
    {
        "label": st.sampled_from(["nucleus", "dog", "__ignore__", "_background_"]) | wild,
        "points": points,
        "shape_type": st.sampled_from(["polygon", "rectangle", "circle", "line", "point", "mask", "cuboid"])
        | wild,
    },
    optional={"group_id": wild | st.integers(0, 3), "mask": wild, "object_id": wild | st.integers(-1, 3)},
)


@law(150)
@given(st.lists(shapes_of_strangers, max_size=6))
def test_every_shape_of_any_file_is_painted_or_reported(shapes: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        image = labelled(Path(folder, "a.png"), np.zeros((10, 12), np.uint8), CELLS)
        Path(folder, "a.json").write_text(json.dumps({"shapes": shapes}))
        masks, skipped = imported(LabelmeImporter(), Path(folder, "a.json"), CELLS, [image])
    notices = [notice for mask in masks.values() for notice in mask.notices]
    done = sum(mask.objects for mask in masks.values()) + sum(
        int(n.split()[0]) for n in notices if n.startswith(tuple("0123456789")) and "outlines are" in n
    )
    told = sum(_shapes_in(entry.reason) for entry in skipped)
    assert done + told == len(shapes)


def _shapes_in(reason: str) -> int:
    """How many shapes a reason speaks for."""
    if "no area" in reason:
        return sum(int(part.split()[0]) for part in reason.rpartition(": ")[2].split(", "))
    if "has no class" in reason:
        return int(
            reason.partition("': ")[2].split()[0]
            if "': " in reason
            else reason.partition('": ')[2].split()[0]
        )
    return 1


# --- real files


def record_of(file: Path) -> ImageRecord:
    with Image.open(file) as picture:
        size = Size(*picture.size)
    data = file.read_bytes()
    return ImageRecord(
        hashlib.md5(str(file).encode()).hexdigest(),
        file,
        size,
        "jpeg",
        hashlib.sha256(data).hexdigest(),
        len(data),
    )


def read_real(src: Path, *pictures: Path) -> tuple[dict[str, ImportedMask], list[Skipped], ClassCatalog]:
    importer, options = LabelmeImporter(), ImportOptions()
    catalog = ClassCatalog.from_names([each.name for each in importer.classes(src, options)])
    entries = list(importer.read(src, catalog, [record_of(picture) for picture in pictures], options))
    masks = {Path(entry.file).stem: entry for entry in entries if not isinstance(entry, Skipped)}
    return masks, [entry for entry in entries if isinstance(entry, Skipped)], catalog


@pytest.mark.parametrize("folder", ["semantic_segmentation", "instance_segmentation"])
def test_real_files_give_what_labelme_itself_made_of_them_but_for_the_outlines(
    shared_data: Path, folder: str
) -> None:
    src = shared_data / "interop" / "labelme" / folder
    if not src.is_dir():
        pytest.skip(f"no {src}")
    masks, skipped, catalog = read_real(src / "data_annotated", *(src / "data_annotated").glob("*.jpg"))
    assert skipped == [] and len(masks) == 2
    names = (src / "data_dataset_voc" / "class_names.txt").read_text().split("\n")
    for stem, mask in masks.items():
        answer = np.array(Image.open(src / "data_dataset_voc" / "SegmentationClass" / f"{stem}.png"))
        for each in catalog.foreground:
            ours, theirs = mask.label == each.value, answer == names.index(each.name)
            if theirs.any():
                assert (ours & theirs).sum() / (ours | theirs).sum() > 0.93
        ours, theirs = mask.label == IGNORE, answer == IGNORE
        assert (ours & theirs).sum() / (ours | theirs).sum() > 0.93
        drawn = len(np.unique(mask.object)) - 1
        assert mask.objects == drawn


def test_every_shape_of_the_primitives_is_painted_or_reported(shared_data: Path) -> None:
    src = shared_data / "interop" / "labelme" / "primitives"
    if not src.is_dir():
        pytest.skip(f"no {src}")
    masks, skipped, _ = read_real(src, src / "primitives.jpg")
    assert masks["primitives"].objects == 5
    assert [s.reason for s in skipped] == ["what has no area is left out: 1 line, 1 point, 1 linestrip"]


def test_x_anylabeling_is_read_and_what_has_no_picture_refused_by_name(shared_data: Path) -> None:
    src = shared_data / "interop" / "x-anylabeling"
    if not src.is_dir():
        pytest.skip(f"no {src}")
    masks, skipped, _ = read_real(src, src / "assets" / "demo.jpg")
    assert masks["demo"].objects == 51
    reasons = sorted(entry.reason for entry in skipped)
    assert (
        reasons
        == ["no image of the project is called cat_dog"] * 2
        + ["this is not labelme JSON: a list of shapes is needed"] * 2
    )
