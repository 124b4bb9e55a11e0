"""YOLO segmentation: what is written, what Ultralytics makes of it, and what strangers may write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from contracts.judges import NOTHING, Exported, as_ultralytics_reads
from mask_samples import CELLS, STREETS, imported, labelled, record_of, several

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.geometry import Size
from labeltool.core.project import Skipped
from labeltool.formats.export import export
from labeltool.formats.protocol import ImportedMask, LabelledImage
from labeltool.formats.yolo import YoloExporter, YoloImporter, YoloImportOptions, YoloOptions

RING = np.array([[1, 1, 1, 1], [1, 0, 0, 1], [1, 0, 2, 1], [1, 1, 1, 1]], np.uint8)
SQUARE = "0 0.25 0.25 0.75 0.25 0.75 0.75 0.25 0.75"


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(tmp_path / "photos" / "x.png", np.ones((4, 4), np.uint8), CELLS)


@pytest.fixture
def read(image: LabelledImage, tmp_path: Path) -> Callable[..., tuple[ImportedMask | None, list[Skipped]]]:
    """Imports a label file of the image; ``data`` is the text of data.yaml."""

    def read(
        text: str | bytes, data: str | None = "names: [nucleus, cell wall, dog]", classes: str = ""
    ) -> tuple[ImportedMask | None, list[Skipped]]:
        folder = tmp_path / "data" / "labels"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "x.txt").write_bytes(text.encode() if isinstance(text, str) else text)
        if data is not None:
            (folder.parent / "data.yaml").write_text(data)
        options = YoloImportOptions(classes=classes)
        found = list(YoloImporter().read(folder.parent, CELLS, [image.record], options))
        masks = [each for each in found if isinstance(each, ImportedMask)]
        return (masks[0] if masks else None), [each for each in found if isinstance(each, Skipped)]

    return read


def label_after(image: LabelledImage, catalog: ClassCatalog) -> Any:
    """What YOLO can hold of a mask: ignored pixels are pixels without an object."""
    label = image.mask.read("label")
    return np.where(label == IGNORE, catalog.unlabelled_value, label)


@pytest.mark.parametrize("catalog", [CELLS, STREETS])
def test_every_pixel_of_an_object_comes_back_with_its_holes(tmp_path: Path, catalog: ClassCatalog) -> None:
    images = several(tmp_path / "photos", catalog)
    export(YoloExporter(), images, catalog, tmp_path / "out")
    masks, skipped = imported(YoloImporter(), tmp_path / "out", catalog, images)
    assert skipped == []
    for each in images:
        found = masks[each.record.id]
        assert np.array_equal(found.label, label_after(each, catalog))
        assert found.split == each.record.split


@pytest.mark.parametrize("catalog", [CELLS, STREETS])
def test_ultralytics_fills_the_very_same_pixels(tmp_path: Path, catalog: ClassCatalog) -> None:
    images = several(tmp_path / "photos", catalog)
    report = export(YoloExporter(), images, catalog, tmp_path / "out")
    judged = list(as_ultralytics_reads(Exported(tmp_path / "out", images, catalog, report)))
    assert len(judged) == len(images)
    for seen in judged:
        label = np.where(seen.label == NOTHING, catalog.unlabelled_value, seen.label)
        assert np.array_equal(label, label_after(seen.image, catalog))


def test_the_files_are_what_ultralytics_looks_for(tmp_path: Path) -> None:
    images = several(tmp_path / "photos", CELLS)
    export(YoloExporter(), images, CELLS, tmp_path / "out")
    data = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text("utf-8"))
    assert data == {
        "train": ["images/train", "images/default"],
        "val": "images/val",
        "test": "images/test",
        "names": {0: "nucleus", 1: "cell wall", 2: "débris: #1"},
    }
    for folder in ("train", "val", "test", "default"):
        pictures = {file.stem for file in (tmp_path / "out" / "images" / folder).iterdir()}
        assert pictures == {file.stem for file in (tmp_path / "out" / "labels" / folder).iterdir()}
    numbers = [
        [float(number) for number in line.split()[1:]]
        for file in (tmp_path / "out" / "labels").rglob("*.txt")
        for line in file.read_text().splitlines()
    ]
    assert all(len(line) >= 8 and min(line) >= 0 and max(line) <= 1 for line in numbers)


def test_without_images_in_val_the_training_images_stand_in(tmp_path: Path, image: LabelledImage) -> None:
    export(YoloExporter(), [image], CELLS, tmp_path / "out")
    text = (tmp_path / "out" / "data.yaml").read_text()
    assert text.startswith("# No image is in the split val")
    assert yaml.safe_load(text)["val"] == yaml.safe_load(text)["train"] == "images/default"


def test_filled_holes_are_counted_before_anything_is_written(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "x.png", RING, CELLS)
    plan = YoloExporter().plan([image], CELLS, YoloOptions(holes="fill"))
    assert any("holes, so they are filled" in n and "x.png (1 holes, 3 pixels)" in n for n in plan.notices)
    assert list(tmp_path.iterdir()) == [tmp_path / "photos"]


def test_what_lies_in_a_filled_hole_stays_visible(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "x.png", RING, CELLS)
    export(YoloExporter(), [image], CELLS, tmp_path / "out", YoloOptions(holes="fill"))
    masks, _ = imported(YoloImporter(), tmp_path / "out", CELLS, [image])
    assert masks[image.record.id].label.tolist() == [[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 2, 1], [1, 1, 1, 1]]


def test_the_plan_says_what_is_lost(tmp_path: Path) -> None:
    label = np.array([[1, 0, 1, 255]], np.uint8)
    ids = np.array([[7, 0, 7, 0]], np.uint32)
    image = labelled(tmp_path / "photos" / "x.png", label, CELLS, ids)
    notices = " ".join(YoloExporter().plan([image], CELLS, YoloOptions()).notices)
    assert "no object ids: x.png" in notices
    assert "an object a part: x.png (1 objects, 2 lines)" in notices
    assert "cannot say ignore" in notices
    assert "x.png (1 pixels)" in notices
    assert "folder default" in notices


def test_an_object_of_too_many_points_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeltool.formats.yolo.exporter.MOST_POINTS", 1_000)
    label = np.zeros((40, 60), np.uint8)
    label[0::2], label[:, 0] = 1, 1
    label[1::2, 1::2] = 1  # teeth
    image = labelled(tmp_path / "photos" / "x.png", label, CELLS)
    with pytest.raises(BadInputError, match=r"more than 1,000 points .*: x.png"):
        export(YoloExporter(), [image], CELLS, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_changed_label_file_is_found_by_reading_it_back(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "x.png", RING, CELLS)

    class Careless(YoloExporter):
        def check(self, out: Path, catalog: ClassCatalog, options: Any) -> Any:
            file = out / "labels" / "default" / "x.txt"
            file.write_text(file.read_text().replace("0.9375", "0.1875", 1))
            return super().check(out, catalog, options)

    with pytest.raises(LabeltoolError, match=r"mask read back differs"):
        export(Careless(), [image], CELLS, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_line_of_points_becomes_an_object(read: Callable[..., Any]) -> None:
    mask, skipped = read(f"{SQUARE}\n\n1 0 0 0.25 0 0.25 0.25 0 .25\n")
    assert skipped == []
    assert mask.label.tolist() == [[2, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    assert (mask.objects, mask.known) == (2, None)


@pytest.mark.parametrize(
    ("data", "classes"),
    [
        ("names:\n  0: nucleus\n  1: cell wall\n", ""),
        ("names: {1: cell wall, 0: nucleus}", ""),
        (None, "nucleus, cell wall"),
        ("names: [dog]", "nucleus,cell wall"),
    ],
)
def test_names_of_classes_come_from_a_list_or_a_dict_or_the_option(
    read: Callable[..., Any], data: str | None, classes: str
) -> None:
    mask, skipped = read(SQUARE.replace("0 ", "1 ", 1), data, classes)
    assert (mask.label[1, 1], skipped) == (2, [])


def test_yes_and_no_are_names(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text("names: [yes, no, 7]")
    (tmp_path / "a.txt").write_text("")
    assert [c.name for c in YoloImporter().classes(tmp_path, YoloImportOptions())] == ["yes", "no", "7"]


def test_boxes_are_counted_and_nothing_is_painted_for_them(read: Callable[..., Any]) -> None:
    mask, (skipped,) = read("0 0.5 0.5 0.5 0.5\n0 0.5 0.5 0.5 0.5 0.93\n")
    assert mask is None
    assert "2 boxes without a mask" in skipped.reason


def test_without_a_list_of_classes_numbers_are_not_guessed(read: Callable[..., Any]) -> None:
    with pytest.raises(BadInputError, match="--classes"):
        read(SQUARE, None)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 0 0 1 0 1 1 nan 1", "shares of the image"),
        ("0 0 0 1e400 0 1 1", "shares of the image"),
        ("0 0 0 1e12 0 1 1", "shares of the image"),
        ("0 0 0 640 0 640 480", "shares of the image"),
        ("0 0 0 1 0 1 1 1", "7 coordinates"),
        ("0 0 0", "2 coordinates"),
        ("0", "0 coordinates"),
        ("0 a b c d e f", "not a number"),
        ("9 0 0 1 0 1 1", "no number '9'"),
        ("-1 0 0 1 0 1 1", "no number '-1'"),
        ("1" * 5000 + " 0 0 1 0 1 1", "no number"),
        ("nucleus 0 0 1 0 1 1", "no number 'nucleus'"),
        ("0 1.5 1.5 1.6 1.5 1.6 1.6", "no pixel"),
        ("0 " + "0.5 0.5 " * 100_001, "100,000 points"),
    ],
)
def test_a_bad_line_is_refused_by_its_number_and_the_next_is_painted(
    read: Callable[..., Any], line: str, message: str
) -> None:
    mask, (skipped,) = read(f"{line}\n{SQUARE}\n")
    assert message in skipped.reason
    assert skipped.file.endswith("x.txt: line 1")
    assert mask.objects == 1
    assert mask.known.sum() == 4, "where the bad one lies nobody knows"


def test_a_self_crossing_line_counts_by_the_even_odd_rule(read: Callable[..., Any]) -> None:
    mask, skipped = read("0 0 0 1 1 1 0 0 1")
    assert skipped == []
    assert mask.label[:, [0, 3]].any()
    assert not mask.label[[0, 3], 1:3].any(), "above and below the crossing is outside"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("names: 5", "not a list of class names"),
        ("names: [[a]]", "not a list of class names"),
        ("names: {a: b}", "not the numbers"),
        ("names: {0: a, 00: b}", "not the numbers"),
        ("names: {999999999: a}", "not the numbers"),
        ("names: [a]\nkpt_shape: [17, 3]", "key points"),
        ("names: [", "not YAML"),
        ("[" * 100_000, "nested too deeply"),
        ("a: &a [x, x]\nnames: [*a, *a]", "alias"),
        ("? [a]\n: b", "not YAML"),
        ("names: [a]\n" + "#" * 2_000_000, "larger than 1 MB"),
        ("names: [a\x00b]", "not YAML"),
    ],
)
def test_a_bad_list_of_classes_is_refused(read: Callable[..., Any], data: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        read(SQUARE, data)


def test_a_tag_in_the_list_of_classes_runs_nothing(read: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(BadInputError):
        read(SQUARE, f"names: !!python/object/apply:os.mkdir ['{tmp_path}/made']\n  - x")
    assert not (tmp_path / "made").exists()


def test_a_file_that_is_no_text_is_named_and_the_others_are_read(
    read: Callable[..., Any], image: LabelledImage, tmp_path: Path
) -> None:
    read(SQUARE)
    (tmp_path / "data" / "labels" / "y.txt").write_bytes(b"\xff\xfe0 0")
    (tmp_path / "data" / "labels" / "z.txt").write_text(SQUARE)
    masks, skipped = imported(YoloImporter(), tmp_path / "data", CELLS, [image])
    assert list(masks) == [image.record.id]
    assert [Path(s.file.split(":")[0]).name for s in skipped] == ["y.txt", "z.txt"]
    assert "UTF-8" in skipped[0].reason
    assert "no image of the project is called z" in skipped[1].reason
    assert "(1 shapes)" in skipped[1].file


def test_a_file_of_too_many_lines_is_refused(read: Callable[..., Any]) -> None:
    mask, (skipped,) = read("0 5\n" * 100_001)
    assert mask is None
    assert "more than 100,000 lines" in skipped.reason


def test_a_link_out_of_the_folder_is_not_followed(
    read: Callable[..., Any], image: LabelledImage, tmp_path: Path
) -> None:
    read("")
    (tmp_path / "x.txt").write_text(SQUARE)
    (tmp_path / "data" / "labels" / "x.txt").unlink()
    (tmp_path / "data" / "labels" / "x.txt").symlink_to(tmp_path / "x.txt")
    masks, (skipped,) = imported(YoloImporter(), tmp_path / "data", CELLS, [image])
    assert masks == {}
    assert "leads out of the folder" in skipped.reason


def test_an_image_may_be_called_like_a_list(tmp_path: Path) -> None:
    images = [labelled(tmp_path / "photos" / f"{n}.png", RING, CELLS) for n in ("classes", "train", "x")]
    export(YoloExporter(), images, CELLS, tmp_path / "out")
    masks, skipped = imported(YoloImporter(), tmp_path / "out", CELLS, images)
    assert skipped == []
    assert len(masks) == 3


@pytest.mark.parametrize("place", ["labels/classes.txt", "classes.txt"])
def test_a_list_of_lines_names_the_classes(
    read: Callable[..., Any], image: LabelledImage, tmp_path: Path, place: str
) -> None:
    read(SQUARE)
    (tmp_path / "data" / "data.yaml").unlink()
    (tmp_path / "data" / "other.yaml").write_text("- about: something else\n  and: *broken")
    (tmp_path / "data" / place).write_text("nucleus\ncell wall\n")
    (tmp_path / "data" / "labels" / "train.txt").write_text("images/x.png\n")
    masks, skipped = imported(YoloImporter(), tmp_path / "data", CELLS, [image])
    assert (masks[image.record.id].objects, skipped) == (1, [])


@pytest.mark.parametrize("place", ["labels/val/x.txt", "valid/labels/x.txt", "val/x.txt"])
def test_the_folder_is_the_split(image: LabelledImage, tmp_path: Path, place: str) -> None:
    file = tmp_path / "data" / place
    file.parent.mkdir(parents=True)
    file.write_text(SQUARE)
    (tmp_path / "data" / "data.yaml").write_text("names: [nucleus]")
    masks, skipped = imported(YoloImporter(), tmp_path / "data", CELLS, [image])
    assert skipped == []
    assert masks[image.record.id].split == "val"


def test_the_names_of_a_data_set_of_isat_are_given_by_hand(shared_data: Path) -> None:
    folder = shared_data / "interop" / "isat" / "coco_tiny"
    names = [f"class {number}" for number in range(80)]
    catalog = ClassCatalog.from_names(names)
    sizes = {"000000013923": (640, 427), "000000083540": (640, 443), "000000549930": (640, 558)}
    records = [record_of(folder / "images" / f"{stem}.jpg", Size(*size)) for stem, size in sizes.items()]
    with pytest.raises(BadInputError, match="no list of their names"):
        list(YoloImporter().read(folder / "yolo", catalog, records, YoloImportOptions()))
    options = YoloImportOptions(classes=",".join(names))
    found = list(YoloImporter().read(folder / "yolo", catalog, records, options))
    lines = sum(len(file.read_text().splitlines()) for file in (folder / "yolo").glob("*.txt"))
    assert len(found) == 3
    assert sum(each.objects for each in found if isinstance(each, ImportedMask)) == lines == 42


def test_labels_of_x_anylabeling_are_read_with_their_classes(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "interop/x-anylabeling/examples/segmentation/instance_segmentation"
    catalog = ClassCatalog.from_names(["cat", "dog"])
    image = labelled(tmp_path / "cat_dog.png", np.zeros((810, 1440), np.uint8), catalog)
    masks, skipped = imported(YoloImporter(), folder, catalog, [image])
    assert skipped == []
    assert masks[image.record.id].objects == 2
    assert [c.name for c in YoloImporter().classes(folder, YoloImportOptions())] == ["cat", "dog"]
