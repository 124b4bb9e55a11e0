"""Masks of colours and values with a list of classes beside them, as many programs lay them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mask_samples import STREETS, imported, labelled, record_of
from PIL import Image

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord, Skipped
from labeltool.formats.colours import ColoursImporter
from labeltool.formats.colours.importer import ColoursOptions
from labeltool.formats.colours.lists import CAMVID
from labeltool.formats.protocol import ImportedMask, LabelledImage
from labeltool.imaging.open import probe

PETS = ClassCatalog.from_names(["cat", "dog"])
CAT, DOG, BLACK = [85, 0, 255], [213, 42, 54], [0, 0, 0]


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(tmp_path / "photos" / "x.jpg", np.ones((2, 2), np.uint8), PETS)


@pytest.fixture
def src(tmp_path: Path) -> Path:
    (tmp_path / "set").mkdir()
    return tmp_path / "set"


def save(file: Path, values: object, dtype: type = np.uint8, palette: list[int] | None = None) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(np.array(values, dtype))
    if palette is not None:
        picture.putpalette(palette)
    picture.save(file)
    return file


def only(src: Path, image: LabelledImage, catalog: ClassCatalog = PETS) -> ImportedMask:
    masks, skipped = imported(ColoursImporter(), src, catalog, [image])
    assert skipped == []
    return masks[image.record.id]


def refusal(src: Path, image: LabelledImage, catalog: ClassCatalog = PETS) -> str:
    masks, skipped = imported(ColoursImporter(), src, catalog, [image])
    assert masks == {}
    return " ".join(f"{s.file}: {s.reason}" for s in skipped)


LISTS: dict[str, str] = {
    "dataset_meta.json": json.dumps(
        {"label_map": {"0": "background", "1": "cat", "2": "dog"}, "segmentation_colors": [BLACK, CAT, DOG]}
    ),
    "label_colors.txt": "0 0 0 background\n85 0 255\tcat\n\n# no class\n213 42 54 dog\n",
    "mask_color_map.json": json.dumps({"type": "rgb", "colors": {"cat": CAT, "dog": DOG}}),
    "labelmap.txt": "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:85,0,255::\ndog:213,42,54::\n",
    "classes.json": json.dumps(
        {
            "classes": [
                {"value": 0, "name": "background", "color": BLACK},
                {"value": 1, "name": "cat", "color": CAT},
                {"value": 2, "name": "dog", "color": DOG},
            ]
        }
    ),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("place", [".", "masks", ".."])
def test_colours_mean_what_the_list_beside_or_above_says(
    src: Path, image: LabelledImage, name: str, place: str
) -> None:
    save(src / "masks" / "x.png", [[CAT, DOG], [BLACK, DOG]])
    (src / place / name).write_text(LISTS[name])
    assert only(src, image).label.tolist() == [[1, 2], [0, 2]]
    found = ColoursImporter().classes(src, ColoursOptions())
    assert [(c.name, c.color) for c in found] == [("cat", tuple(CAT)), ("dog", tuple(DOG))]


@pytest.mark.parametrize("name", LISTS)
def test_a_palette_counts_by_its_colours_whatever_its_order(
    src: Path, image: LabelledImage, name: str
) -> None:
    save(src / "masks" / "x.png", [[0, 1], [2, 1]], palette=[*CAT, *DOG, *BLACK])
    (src / name).write_text(LISTS[name])
    assert only(src, image).label.tolist() == [[1, 2], [0, 2]]


@pytest.mark.parametrize("name", ["dataset_meta.json", "classes.json"])
def test_grey_values_mean_what_the_list_says(src: Path, image: LabelledImage, name: str) -> None:
    save(src / "masks" / "x.png", [[1, 2], [0, IGNORE]])
    (src / name).write_text(LISTS[name])
    assert only(src, image).label.tolist() == [[1, 2], [0, IGNORE]]


@pytest.mark.parametrize("name", ["label_colors.txt", "mask_color_map.json", "labelmap.txt"])
def test_grey_values_are_not_guessed_from_a_list_of_colours(
    src: Path, image: LabelledImage, name: str
) -> None:
    save(src / "masks" / "x.png", [[1, 2], [0, 2]])
    (src / name).write_text(LISTS[name])
    assert f"{name} gives colours only" in refusal(src, image)


def test_grey_values_of_x_anylabeling_have_names(src: Path, image: LabelledImage) -> None:
    save(src / "masks" / "x.png", [[10, 20], [0, 20]])
    (src / "mask_color_map.json").write_text(
        json.dumps({"type": "grayscale", "colors": {"cat": 10, "dog": 20}})
    )
    assert only(src, image).label.tolist() == [[1, 2], [0, 2]]


def test_a_colour_that_is_not_in_the_list_is_refused_with_its_pixels(src: Path, image: LabelledImage) -> None:
    save(src / "masks" / "x.png", [[CAT, [1, 2, 3]], [[1, 2, 3], [9, 9, 9]]])
    (src / "label_colors.txt").write_text(LISTS["label_colors.txt"])
    reason = refusal(src, image)
    assert "colour (1, 2, 3) in 2 pixels" in reason
    assert "colour (9, 9, 9) in 1 pixels" in reason
    assert "label_colors.txt" in reason


def test_a_value_that_is_not_in_the_list_is_refused_with_its_pixels(src: Path, image: LabelledImage) -> None:
    save(src / "masks" / "x.png", [[1, 77], [77, 0]])
    (src / "dataset_meta.json").write_text(LISTS["dataset_meta.json"])
    assert "77 in 2 pixels" in refusal(src, image)
    save(src / "masks" / "x.png", [[65_534, 65_535], [300, 0]], np.uint16)
    assert "300 in 1 pixels, 65534 in 1 pixels, 65535 in 1 pixels" in refusal(src, image)


def test_a_class_that_the_project_lacks_is_named_with_its_pixels(src: Path, image: LabelledImage) -> None:
    save(src / "masks" / "x.png", [[CAT, DOG], [BLACK, DOG]])
    (src / "label_colors.txt").write_text(LISTS["label_colors.txt"])
    assert "(dog) in 2 pixels" in refusal(src, image, ClassCatalog.from_names(["cat"]))


def test_a_colour_that_two_classes_share_stands_for_neither(src: Path, image: LabelledImage) -> None:
    save(src / "masks" / "x.png", [[CAT, CAT], [CAT, CAT]])
    (src / "label_colors.txt").write_text("85 0 255 cat\n85 0 255 dog\n")
    assert "(cat or dog) in 4 pixels" in refusal(src, image)


def test_void_is_ignored_and_a_background_that_the_project_lacks_stays_unset(
    src: Path, tmp_path: Path
) -> None:
    image = labelled(tmp_path / "photos" / "x.png", np.zeros((2, 2), np.uint8), STREETS)
    save(src / "masks" / "x.png", [[0, 1], [2, 2]])
    (src / "dataset_meta.json").write_text(json.dumps({"labels": ["background", "Void", "Road"]}))
    mask = only(src, image, STREETS)
    assert mask.label.tolist() == [[IGNORE, IGNORE], [3, 3]]
    assert mask.known is not None
    assert mask.known.tolist() == [[False, True], [True, True]]


def test_isat_has_a_name_a_line_and_objects_beside(src: Path, image: LabelledImage) -> None:
    (src / "semantic").mkdir()
    (src / "semantic" / "classification.txt").write_text("__background__\ndog\ncat\n")
    save(src / "semantic" / "x.png", [[1, 2], [0, 1]], palette=[*BLACK, *DOG, *CAT])
    save(src / "instance" / "x.png", [[1, 2], [0, 3]])
    for folder in (src, src / "semantic"):
        mask = only(folder, image)
        assert mask.label.tolist() == [[2, 1], [0, 2]]
        assert mask.object is not None
        assert mask.object.tolist() == [[1, 2], [0, 3]]
    found = ColoursImporter().classes(src, ColoursOptions())
    assert [(c.name, c.color) for c in found] == [("dog", tuple(DOG)), ("cat", tuple(CAT))]


def test_without_a_list_values_and_colours_are_those_of_the_project(src: Path, tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "x.png", np.zeros((2, 2), np.uint8), STREETS)
    save(src / "ann_dir" / "x.png", [[3, 10], [254, 0]])
    mask = only(src, image, STREETS)
    assert mask.label.tolist() == [[3, 10], [254, 0]]
    assert mask.notices[0].startswith("classes by number, for the file has no names: 0 is Sky, 3 is Road")
    save(src / "ann_dir" / "x.png", [[[128, 128, 128]] * 2] * 2)
    assert only(src, image, STREETS).label.tolist() == [[0, 0], [0, 0]]
    save(src / "ann_dir" / "x.png", [[[128, 64, 128]] * 2] * 2)
    assert "colours that are not in the project" in refusal(src, image, STREETS)  # Road and Car share it


def test_the_value_that_means_no_data_can_be_chosen(src: Path, image: LabelledImage) -> None:
    save(src / "ann_dir" / "val" / "x.png", [[0, 1], [2, IGNORE]])
    options = ColoursOptions(ignore_value=0)
    (mask,) = ColoursImporter().read(src, PETS, [image.record], options)
    assert isinstance(mask, ImportedMask)
    assert mask.label.tolist() == [[IGNORE, 1], [2, IGNORE]]
    assert mask.split == "val"
    assert [c.value for c in ColoursImporter().classes(src, options)] == [1, 2]


def test_folders_of_camvid_have_its_colours(src: Path, tmp_path: Path) -> None:
    catalog = ClassCatalog.from_names(["Sky", "Road"])
    image = labelled(tmp_path / "photos" / "x.png", np.zeros((1, 3), np.uint8), catalog)
    save(src / "valannot" / "x.png", [[CAMVID["Sky"], CAMVID["Road"], CAMVID["Void"]]])
    mask = only(src, image, catalog)
    assert mask.label.tolist() == [[1, 2, IGNORE]]
    assert mask.split == "val"


@pytest.mark.parametrize("mask", ["x_L.png", "x_gt.png", "x_mask.png"])
def test_masks_may_carry_an_ending(src: Path, image: LabelledImage, mask: str) -> None:
    save(src / "gts" / mask, [[1, 2], [0, 0]])
    assert only(src, image).label.tolist() == [[1, 2], [0, 0]]


@pytest.mark.parametrize(
    ("folder", "line"),
    [(".", "/val/x.jpg /valannot/x.png"), ("splits", "x"), ("splits", '"/a b/x.jpg" "/m/x.png"')],
)
def test_lists_tell_the_splits(src: Path, image: LabelledImage, folder: str, line: str) -> None:
    save(src / "gts" / "x_gt.png", [[1, 2], [0, 0]])
    (src / folder).mkdir(exist_ok=True)
    (src / folder / "val.txt").write_text(f"{line}\n\n")
    assert only(src, image).split == "val"


def test_pictures_beside_the_masks_are_not_taken_for_masks(src: Path, tmp_path: Path) -> None:
    image = labelled(src / "images" / "x.png", np.ones((2, 2), np.uint8), PETS)
    save(src / "masks" / "x.png", [[1, 2], [0, 0]])
    assert only(src, image).label.tolist() == [[1, 2], [0, 0]]
    (src / "masks").rename(src / "truth")
    assert only(src, image).label.tolist() == [[1, 2], [0, 0]]


@pytest.mark.parametrize(
    ("values", "dtype", "message"),
    [
        (np.zeros((3, 2)), np.uint8, "the mask is 2 x 3 pixels and the image 2 x 2"),
        (np.zeros((2, 2)), bool, "not a mask"),
    ],
)
def test_what_is_no_mask_is_refused_by_name(
    src: Path, image: LabelledImage, values: object, dtype: type, message: str
) -> None:
    save(src / "masks" / "x.png", values, dtype)
    reason = refusal(src, image)
    assert message in reason
    assert "x.png" in reason


def test_a_truncated_mask_and_a_link_that_leads_out_are_refused(
    src: Path, tmp_path: Path, image: LabelledImage
) -> None:
    file = save(src / "masks" / "x.png", [[1, 2], [0, 0]])
    secret = tmp_path / "secret.png"
    secret.write_bytes(file.read_bytes())
    file.write_bytes(file.read_bytes()[:-20])
    assert "cut off or damaged" in refusal(src, image)
    file.unlink()
    file.symlink_to(secret)
    assert "leads out of the folder" in refusal(src, image)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dataset_meta.json", "{"),
        ("dataset_meta.json", "[]"),
        ("dataset_meta.json", '{"label_map": {"x": "cat"}}'),
        ("dataset_meta.json", '{"label_map": {"-1": "cat"}}'),
        ("dataset_meta.json", '{"label_map": {"99999999": "cat"}}'),
        ("dataset_meta.json", '{"label_map": {"0": "cat"}, "segmentation_colors": [[1, 2]]}'),
        (
            "dataset_meta.json",
            '{"label_map": {"0": "a", "1": "b"}, "segmentation_colors": [[1, 2, 3], [1, 2, 3]]}',
        ),
        ("label_colors.txt", "1 2 cat"),
        ("label_colors.txt", "1 2 x cat"),
        ("label_colors.txt", "1 2 256 cat"),
        ("mask_color_map.json", "{}"),
        ("mask_color_map.json", '{"type": "rgb", "colors": 5}'),
        ("mask_color_map.json", '{"type": "grayscale", "colors": {"a": 1, "b": 1}}'),
        ("labelmap.txt", "cat:300,0,0::"),
        ("labelmap.txt", "cat"),
        ("classes.json", "{}"),
        ("classification.txt", "\xff"),
    ],
)
def test_a_broken_list_of_classes_is_named(src: Path, image: LabelledImage, name: str, text: str) -> None:
    save(src / "masks" / "x.png", [[1, 2], [0, 0]])
    (src / name).write_bytes(text.encode("latin-1"))
    assert name in refusal(src, image)


def test_a_list_that_is_a_link_out_of_its_folder_is_not_read(
    src: Path, tmp_path: Path, image: LabelledImage
) -> None:
    save(src / "masks" / "x.png", [[CAT, DOG], [BLACK, DOG]])
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "label_colors.txt").write_text(LISTS["label_colors.txt"])
    (src / "label_colors.txt").symlink_to(tmp_path / "elsewhere" / "label_colors.txt")
    assert "label_colors.txt: the file is a link that leads out of the folder" in refusal(src, image)


def test_folders_without_masks_say_so(src: Path) -> None:
    with pytest.raises(BadInputError, match="no masks"):
        list(ColoursImporter().read(src, PETS, [], ColoursOptions()))
    with pytest.raises(BadInputError, match="no such folder"):
        list(ColoursImporter().read(src / "none", PETS, [], ColoursOptions()))


def records(folder: Path, suffix: str) -> list[ImageRecord]:
    files = sorted(folder.rglob(f"*{suffix}"))
    return [record_of(file, probe(file).size) for file in files]


def with_classes(src: Path, options: ColoursOptions) -> ClassCatalog:
    catalog = ClassCatalog.from_names([])
    for each in ColoursImporter().classes(src, options):
        catalog = catalog.add(each.name, each.color, each.value)
    return catalog


@pytest.mark.parametrize(
    ("folder", "pictures", "options", "images", "splits"),
    [
        ("datumaro/camvid_dataset", "val", {}, 1, {"val"}),
        ("datumaro/common_semantic_segmentation_dataset", "dataset/images", {}, 2, {""}),
        ("isat", "images", {}, 4, {""}),
        ("mmsegmentation/potsdam", "img_dir", {}, 1, {""}),
        ("mmsegmentation/loveda", "img_dir", {"ignore_value": 0}, 2, {""}),
        ("mmsegmentation/pseudo_dataset", "imgs", {}, 5, {"train", "val"}),
    ],
)
def test_samples_of_other_programs_come_in(
    shared_data: Path, folder: str, pictures: str, options: dict[str, Any], images: int, splits: set[str]
) -> None:
    src = shared_data / "interop" / folder
    found = [r for r in records(src / pictures, "g") if r.path.suffix in (".png", ".jpg")]
    chosen = ColoursOptions(**options)
    entries = list(ColoursImporter().read(src, with_classes(src, chosen), found, chosen))
    masks = [e for e in entries if not isinstance(e, Skipped)]
    assert len(masks) == len(found) == images
    assert {mask.split for mask in masks} == splits


def test_the_answer_of_isat_comes_in_with_its_objects(shared_data: Path) -> None:
    src = shared_data / "interop" / "isat"
    catalog = with_classes(src, ColoursOptions())
    entries = list(ColoursImporter().read(src, catalog, records(src / "images", ".jpg"), ColoursOptions()))
    for mask in entries:
        assert not isinstance(mask, Skipped)
        assert mask.object is not None
        name = Path(mask.file).name
        assert np.array_equal(mask.object, np.array(Image.open(src / "instance" / name)))
        assert np.array_equal(mask.label > 0, np.array(Image.open(src / "semantic" / name)) > 0)
        assert mask.objects == mask.object.max()


def test_a_mask_whose_picture_is_missing_is_refused_by_name(shared_data: Path) -> None:
    src = shared_data / "interop/x-anylabeling/examples/segmentation/multiclass_semantic_segmentation"
    (skipped,) = ColoursImporter().read(src, PETS, [], ColoursOptions())
    assert isinstance(skipped, Skipped)
    assert "no image of the project is called cat_dog" in skipped.reason
    assert [c.name for c in ColoursImporter().classes(src, ColoursOptions())] == ["cat", "dog"]


def test_our_own_index_masks_of_camvid_come_in(shared_data: Path) -> None:
    src = shared_data / "camvid"
    catalog = ClassCatalog.read(str(src / "classes.json"))
    (file, *_) = sorted((src / "images" / "val").iterdir())
    record = record_of(file, Size(480, 360))
    found = [
        e
        for e in ColoursImporter().read(src, catalog, [record], ColoursOptions())
        if not isinstance(e, Skipped)
    ]
    assert np.array_equal(found[0].label, np.array(Image.open(src / "labels" / "val" / f"{file.stem}.png")))
    assert found[0].split == "val"
