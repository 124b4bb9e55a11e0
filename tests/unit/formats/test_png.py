"""Folders of index masks: how they find their images and classes, and what is refused by name."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mask_samples import CELLS, assert_same_planes, imported, labelled, several
from PIL import Image

from labeltool.core.catalog import IGNORE
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.formats.export import export
from labeltool.formats.index_png import read_index, read_objects, same_pixels, write_index
from labeltool.formats.options import ImportOptions
from labeltool.formats.png import PngExporter, PngImporter
from labeltool.formats.protocol import ImportedMask, LabelledImage

ONES = np.ones((4, 5), np.uint8)


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(tmp_path / "photos" / "x.jpg", ONES, CELLS)


@pytest.fixture
def src(tmp_path: Path) -> Path:
    (tmp_path / "masks").mkdir()
    return tmp_path / "masks"


def save(file: Path, pixels: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


def only(src: Path, image: LabelledImage) -> ImportedMask:
    masks, skipped = imported(PngImporter(), src, CELLS, [image])
    assert skipped == []
    return masks[image.record.id]


def refusal(src: Path, *images: LabelledImage) -> str:
    """Why nothing came in."""
    masks, skipped = imported(PngImporter(), src, CELLS, images)
    assert masks == {}
    assert skipped
    return " ".join(f"{s.file}: {s.reason}" for s in skipped)


def test_our_own_export_comes_back_with_its_ids(tmp_path: Path) -> None:
    images = several(tmp_path / "photos", CELLS)
    export(PngExporter(), images, CELLS, tmp_path / "out")
    for folder in (tmp_path / "out", tmp_path / "out" / "labels"):
        masks, skipped = imported(PngImporter(), folder, CELLS, images)
        assert skipped == []
        for each in images:
            assert_same_planes(each, masks[each.record.id])


def test_values_mean_classes_of_the_project_where_no_list_says_otherwise(
    src: Path, image: LabelledImage
) -> None:
    pixels = ONES * 2
    pixels[0, 0] = IGNORE
    save(src / "deep" / "x.png", pixels)
    mask = only(src, image)
    assert np.array_equal(mask.label, pixels)
    assert (mask.object, mask.known, mask.objects) == (None, None, 1)
    assert mask.notices == (
        "classes by number, for the file has no names: 1 is nucleus, 2 is cell wall, 3 is débris: #1",
    )


@pytest.mark.parametrize("place", ["masks/classes.json", "classes.json"])
def test_with_a_list_of_classes_values_are_mapped_by_name(
    src: Path, tmp_path: Path, image: LabelledImage, place: str
) -> None:
    classes = [
        {"value": 0, "name": "background"},
        {"value": 9, "name": "nucleus"},
        {"value": 1, "name": "cell wall"},
    ]
    (tmp_path / place).write_text(json.dumps({"classes": classes}))
    pixels = ONES * 9
    pixels[1] = 1
    save(src / "x.png", pixels)
    assert np.array_equal(only(src, image).label, np.where(pixels == 9, 1, 2))


def test_a_class_that_the_project_lacks_is_named_with_its_pixels(src: Path, image: LabelledImage) -> None:
    (src / "classes.json").write_text(json.dumps({"classes": [{"value": 4, "name": "dog"}]}))
    save(src / "x.png", ONES * 4)
    assert "4 (dog) in 20 pixels" in refusal(src, image)


def test_a_value_without_a_class_is_refused_by_name(src: Path, image: LabelledImage) -> None:
    save(src / "x.png", ONES * 77)
    reason = refusal(src, image)
    assert "x.png" in reason
    assert "77 in 20 pixels" in reason


def test_object_ids_come_from_the_folder_beside_the_labels(tmp_path: Path, image: LabelledImage) -> None:
    label, ids = ONES.copy(), np.full(ONES.shape, 40_000, np.uint16)
    label[0], ids[3] = 0, 0
    save(tmp_path / "set" / "labels" / "val" / "x.png", label)
    save(tmp_path / "set" / "instances" / "val" / "x.png", ids)
    for folder in (tmp_path / "set", tmp_path / "set" / "labels", tmp_path / "set" / "labels" / "val"):
        mask = only(folder, image)
        assert mask.object is not None
        assert mask.object[:, 0].tolist() == [0, 40_000, 40_000, 0]
        assert mask.objects == 2
        assert mask.notices[-1] == "5 pixels have an object id and no class; the id is left out"


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.ones((5, 4), np.uint8), "the mask is 4 x 5 pixels and the image 5 x 4"),
        (np.ones((4, 5, 3), np.uint8), "an RGB picture"),
        (np.ones((4, 5, 4), np.uint8), "an RGBA picture"),
        (np.ones((4, 5), np.uint16), "a 16-bit grey picture"),
        (np.ones((4, 5), bool), "a 1-bit grey picture"),
    ],
)
def test_what_is_no_index_mask_is_refused_by_name(
    src: Path, image: LabelledImage, pixels: np.ndarray, message: str
) -> None:
    save(src / "x.png", pixels)
    reason = refusal(src, image)
    assert "x.png" in reason
    assert message in reason


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"not a picture at all, only text, text, text", "not a PNG"),
        (None, "cut off or damaged"),
    ],
)
def test_a_broken_file_is_named_and_the_next_one_comes_in(
    src: Path, tmp_path: Path, image: LabelledImage, data: bytes | None, message: str
) -> None:
    other = labelled(tmp_path / "photos" / "y.png", ONES, CELLS)
    save(src / "x.png", np.random.default_rng(0).integers(0, 3, (4, 5)).astype(np.uint8))
    save(src / "y.png", ONES)
    whole = (src / "x.png").read_bytes()
    (src / "x.png").write_bytes(whole[:-20] if data is None else data)
    masks, (skipped,) = imported(PngImporter(), src, CELLS, [image, other])
    assert list(masks) == [other.record.id]
    assert message in skipped.reason
    assert skipped.file.endswith("x.png")


def test_a_flipped_bit_is_found(src: Path, image: LabelledImage) -> None:
    save(src / "x.png", ONES)
    data = bytearray((src / "x.png").read_bytes())
    data[data.index(b"IDAT") + 6] ^= 4
    (src / "x.png").write_bytes(data)
    assert "cut off or damaged" in refusal(src, image)


def test_a_jpeg_is_no_mask(src: Path, image: LabelledImage) -> None:
    save(src / "x.jpg", ONES)
    assert "not a PNG" in refusal(src, image)


def test_a_pipe_or_a_folder_called_like_a_mask_is_reported(src: Path, image: LabelledImage) -> None:
    save(src / "x.png", ONES)
    (src / "y.png").mkdir()
    os.mkfifo(src / "z.png")
    masks, skipped = imported(PngImporter(), src, CELLS, [image])
    assert list(masks) == [image.record.id]
    assert [(Path(each.file).name, each.reason) for each in skipped] == [
        ("z.png", "this is a pipe or a device and not a file"),
        ("y.png", "this is a folder and not a file"),
    ]


def test_a_mask_without_an_image_is_reported(src: Path, image: LabelledImage) -> None:
    save(src / "z.png", ONES)
    assert "no image of the project is called z" in refusal(src, image)


def test_two_masks_for_one_image_are_both_refused(src: Path, image: LabelledImage) -> None:
    save(src / "a" / "x.png", ONES)
    save(src / "b" / "x.png", ONES)
    _, skipped = imported(PngImporter(), src, CELLS, [image])
    assert len(skipped) == 2
    assert all("several masks fit" in s.reason for s in skipped)


def test_one_mask_for_two_images_is_not_guessed(src: Path, tmp_path: Path, image: LabelledImage) -> None:
    twin = labelled(tmp_path / "photos" / "x.png", ONES, CELLS)
    save(src / "x.png", ONES)
    assert "2 images of the project are called x" in refusal(src, image, twin)


def test_folders_tell_images_of_one_name_apart(src: Path, tmp_path: Path) -> None:
    images = [labelled(tmp_path / "photos" / s / "x.png", ONES, CELLS) for s in ("train", "val")]
    save(src / "train" / "x.png", ONES * 2)
    save(src / "val" / "x.png", ONES * 3)
    masks, _ = imported(PngImporter(), src, CELLS, images)
    assert [masks[i.record.id].label[0, 0] for i in images] == [2, 3]


def test_a_link_that_leads_out_of_the_folder_is_refused(
    src: Path, tmp_path: Path, image: LabelledImage
) -> None:
    save(tmp_path / "secret.png", ONES)
    (src / "x.png").symlink_to(tmp_path / "secret.png")
    assert "leads out of the folder" in refusal(src, image)


def test_a_folder_without_masks_says_so(src: Path, image: LabelledImage) -> None:
    with pytest.raises(BadInputError, match="holds no masks"):
        list(PngImporter().read(src, CELLS, [image.record], ImportOptions()))
    with pytest.raises(BadInputError, match="no such folder"):
        list(PngImporter().read(src / "none", CELLS, [image.record], ImportOptions()))


def test_one_mask_in_the_place_of_a_folder_is_told_from_none(src: Path, image: LabelledImage) -> None:
    save(src / "x.png", ONES)
    with pytest.raises(BadInputError, match="this is a file, and masks are read from a folder"):
        list(PngImporter().read(src / "x.png", CELLS, [image.record], ImportOptions()))


@pytest.mark.parametrize("text", ["{", '{"classes": 5}', '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 100_000])
def test_a_broken_list_of_classes_is_named(src: Path, image: LabelledImage, text: str) -> None:
    save(src / "x.png", ONES)
    (src / "classes.json").write_text(text)
    with pytest.raises(BadInputError) as caught:
        list(PngImporter().read(src, CELLS, [image.record], ImportOptions()))
    assert str(caught.value.file).endswith("classes.json")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pillow_and_opencv_read_what_we_write(tmp_path: Path, dtype: type) -> None:
    values = np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, (300, 70)).astype(dtype)
    values[20:280] = values[20]
    write_index(tmp_path / "x.png", values, object_ids={1: 70_000})
    with Image.open(tmp_path / "x.png") as image:
        image.verify()
    assert np.array_equal(np.array(Image.open(tmp_path / "x.png")), values)
    assert np.array_equal(cv2.imread(str(tmp_path / "x.png"), cv2.IMREAD_UNCHANGED), values)
    wanted = values.astype(np.uint32)
    wanted[values == 1] = 70_000
    assert np.array_equal(read_objects(tmp_path / "x.png", Size(70, 300)), wanted)


@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"compress_level": 0}, {"transparency": 3}])
@pytest.mark.parametrize("mode", ["L", "P"])
def test_index_masks_of_others_are_read_as_pillow_reads_them(
    tmp_path: Path, mode: str, options: dict[str, Any]
) -> None:
    values = np.random.default_rng(0).integers(0, 250, (40, 30)).astype(np.uint8)
    image = Image.fromarray(values)
    if mode == "P":
        image.putpalette(np.random.default_rng(1).integers(0, 256, 768).astype(np.uint8).tobytes())
    image.save(tmp_path / "x.png", **options)
    pillow = Image.open(tmp_path / "x.png")
    found, palette = read_index(tmp_path / "x.png", Size(30, 40))
    assert np.array_equal(found, np.array(pillow))
    assert (palette is None) == (mode == "L")
    assert palette is None or palette.ravel().tolist() == pillow.getpalette("RGB")


def test_two_files_hold_the_same_pixels_only_where_every_byte_of_them_is_the_same(tmp_path: Path) -> None:
    values = np.random.default_rng(1).integers(0, 9, (40, 30), np.uint8)
    size, palette = Size(30, 40), np.zeros((256, 3), np.uint8)
    grey, colored, other, deep = (tmp_path / f"{n}.png" for n in range(4))
    write_index(grey, values)
    write_index(colored, values, palette)
    assert same_pixels(grey, colored, size)
    write_index(deep, values.astype(np.uint16))
    values[39, 29] += 1
    write_index(other, values)
    assert not same_pixels(grey, other, size)
    assert not same_pixels(grey, deep, size)
    data = bytearray(grey.read_bytes())
    data[-20] ^= 1
    colored.write_bytes(data)
    assert not same_pixels(grey, colored, size)
