"""VOC: the layout, its palettes and boxes, and folders of other people."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from mask_samples import CELLS, STREETS, assert_same_planes, imported, labelled, several
from PIL import Image

from labeltool.core.catalog import IGNORE, ClassCatalog, ClassDef
from labeltool.core.errors import BadInputError
from labeltool.formats.export import export
from labeltool.formats.index_png import write_index
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import LabelledImage
from labeltool.formats.voc import VocExporter, VocImporter, layout

ROOT = "VOCdevkit/VOC2012"


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    """An L-shaped object, a one-pixel object, two touching ones with ids, and an ignored pixel."""
    label = np.array([[1, 0, 0, 2], [1, 1, 0, 0], [0, 0, 3, 3], [255, 0, 3, 3]], np.uint8)
    ids = np.array([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 9, 700], [0, 0, 9, 700]], np.uint32)
    return labelled(tmp_path / "photos" / "x.jpg", label, CELLS, ids, split="val")


def foreign(folder: Path, pixels: np.ndarray, labelmap: str | None, palette: np.ndarray | None) -> Path:
    """Somebody else's VOC folder with one mask."""
    (folder / layout.CLASSES).mkdir(parents=True)
    write_index(folder / layout.CLASSES / "x.png", pixels.astype(np.uint8), palette)
    if labelmap is not None:
        (folder / layout.LABELMAP).write_text(labelmap, encoding="utf-8")
    return folder


def refusal(src: Path, image: LabelledImage, catalog: ClassCatalog = CELLS) -> str:
    masks, skipped = imported(VocImporter(), src, catalog, [image])
    assert masks == {}
    return " ".join(f"{s.file}: {s.reason}" for s in skipped)


def test_masks_are_palette_pngs_with_a_grey_twin(image: LabelledImage, tmp_path: Path) -> None:
    export(VocExporter(), [image], CELLS, tmp_path / "out")
    mask = Image.open(tmp_path / "out" / ROOT / "SegmentationClass" / "x.png")
    assert (mask.mode, len(mask.getpalette() or [])) == ("P", 768)
    assert np.array_equal(np.array(mask), image.mask.read("label"))
    assert mask.convert("RGB").getpixel((0, 3)) == (224, 224, 192)
    assert mask.convert("RGB").getpixel((0, 0)) == CELLS.classes[1].color
    grey = Image.open(tmp_path / "out" / ROOT / "SegmentationClassRaw" / "x.png")
    assert grey.mode == "L"
    assert np.array_equal(np.array(grey), image.mask.read("label"))


def test_objects_keep_their_number_where_it_fits_and_ignored_pixels_are_255(
    image: LabelledImage, tmp_path: Path
) -> None:
    export(VocExporter(), [image], CELLS, tmp_path / "out")
    objects = np.array(Image.open(tmp_path / "out" / ROOT / "SegmentationObject" / "x.png"))
    assert objects.tolist() == [[1, 0, 0, 2], [1, 1, 0, 0], [0, 0, 9, 3], [255, 0, 9, 3]]


def test_boxes_are_one_based_and_inclusive(image: LabelledImage, tmp_path: Path) -> None:
    export(VocExporter(), [image], CELLS, tmp_path / "out")
    root = ElementTree.parse(tmp_path / "out" / ROOT / "Annotations" / "x.xml").getroot()
    boxes = [
        [int(o.findtext(f"bndbox/{s}", "")) for s in ("xmin", "ymin", "xmax", "ymax")]
        for o in root.iter("object")
    ]
    assert boxes == [[1, 1, 2, 2], [4, 1, 4, 1], [4, 3, 4, 4], [3, 3, 3, 4]]
    assert (root.findtext("size/width"), root.findtext("filename")) == ("4", "x.jpg")


def test_names_of_images_are_listed_by_split(tmp_path: Path) -> None:
    export(VocExporter(), several(tmp_path / "photos", CELLS), CELLS, tmp_path / "out")
    lists = {
        p.stem: p.read_text("utf-8").splitlines()
        for p in (tmp_path / "out" / ROOT).rglob("ImageSets/*/*.txt")
    }
    assert lists == {
        "train": ["a", "c c", "b_2", "é😀"],
        "val": ["b"],
        "test": ["turned"],
        "trainval": ["a", "b", "c c", "b_2", "é😀"],
    }


def test_the_labelmap_holds_names_that_its_readers_can_split(tmp_path: Path) -> None:
    catalog = ClassCatalog.from_names(["#x:y", "_x_y", "ignored"])
    lines = [line.split(":")[0] for line in layout.labelmap(catalog).splitlines()[1:]]
    assert lines == ["background", "_x_y", "_x_y_2", "ignored_2", "ignored"]


def test_colours_of_classes_are_told_apart() -> None:
    palette = layout.class_palette(STREETS)
    used = [tuple(palette[v]) for v in (*STREETS.values, IGNORE)]
    assert len(set(used)) == len(used)
    assert used[-1] == (224, 224, 192)


@pytest.mark.parametrize("catalog", [CELLS, STREETS])
def test_our_own_export_comes_back_from_any_folder_of_it(tmp_path: Path, catalog: ClassCatalog) -> None:
    images = several(tmp_path / "photos", catalog)
    export(VocExporter(), images, catalog, tmp_path / "out")
    for folder in ("", "VOCdevkit", "VOCdevkit/VOC2012"):
        masks, skipped = imported(VocImporter(), tmp_path / "out" / folder, catalog, images)
        assert skipped == []
        for each in images:
            assert_same_planes(each, masks[each.record.id])


def test_colours_say_the_class_whatever_the_index(image: LabelledImage, tmp_path: Path) -> None:
    palette = np.zeros((256, 3), np.uint8)
    palette[6], palette[7] = (10, 20, 30), (224, 224, 192)
    pixels = np.full((4, 4), 6)
    pixels[0, 0] = 7
    src = foreign(tmp_path / "voc", pixels, "# c\ncell wall:10,20,30::\nignored:224,224,192::\n", palette)
    masks, _ = imported(VocImporter(), src, CELLS, [image])
    assert masks[image.record.id].label.tolist()[0] == [255, 2, 2, 2]


def test_without_a_labelmap_the_classes_are_those_of_the_challenge(
    image: LabelledImage, tmp_path: Path
) -> None:
    src = foreign(tmp_path / "voc", np.full((4, 4), 15), None, layout.voc_palette())
    masks, _ = imported(VocImporter(), src, ClassCatalog.from_names(["person"]), [image])
    assert (masks[image.record.id].label == 1).all()
    assert "15 (person) in 16 pixels" in refusal(src, image, CELLS)


def test_a_colour_that_the_labelmap_lacks_is_never_guessed(image: LabelledImage, tmp_path: Path) -> None:
    src = foreign(tmp_path / "voc", np.full((4, 4), 5), "nucleus:1,2,3::\n", np.full((256, 3), 50, np.uint8))
    assert "5 (colour [50, 50, 50], not in the labelmap)" in refusal(src, image)


def test_a_colour_with_two_names_is_never_guessed(image: LabelledImage, tmp_path: Path) -> None:
    labelmap = "nucleus:50,50,50::\ncell wall:50,50,50::\n"
    src = foreign(tmp_path / "voc", np.full((4, 4), 5), labelmap, np.full((256, 3), 50, np.uint8))
    assert "nucleus or cell wall" in refusal(src, image)


def test_an_index_beyond_the_palette_is_never_guessed(image: LabelledImage, tmp_path: Path) -> None:
    src = foreign(tmp_path / "voc", np.full((4, 4), 5), "background:0,0,0::\n", np.zeros((256, 3), np.uint8))
    file = src / layout.CLASSES / "x.png"
    data = file.read_bytes()
    start = data.index(b"PLTE") - 4
    short = b"PLTE" + bytes(6)
    rest = data[start + 12 + 768 :]
    file.write_bytes(
        data[:start] + struct.pack(">I", 6) + short + struct.pack(">I", zlib.crc32(short)) + rest
    )
    assert "5 in 16 pixels" in refusal(src, image)


def test_a_grey_mask_has_no_names(image: LabelledImage, tmp_path: Path) -> None:
    src = foreign(tmp_path / "voc", np.ones((4, 4)), "nucleus:1,1,1::\n", None)
    assert "import the folder as png" in refusal(src, image)


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ('<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]><a>&c;</a>', "refused"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "refused"),
        ("<a><b></a>", "cannot be read"),
        ('<?xml version="1.0" encoding="no-such"?><a/>', "cannot be read"),
    ],
)
def test_hostile_and_broken_xml_is_refused_by_name(
    image: LabelledImage, tmp_path: Path, xml: str, message: str
) -> None:
    export(VocExporter(), [image], CELLS, tmp_path / "out")
    (tmp_path / "out" / ROOT / "Annotations" / "x.xml").write_text(xml)
    reason = refusal(tmp_path / "out", image)
    assert "x.xml" in reason
    assert message in reason


def test_a_broken_labelmap_is_named_with_its_line(image: LabelledImage, tmp_path: Path) -> None:
    src = foreign(tmp_path / "voc", np.ones((4, 4)), "nucleus:1,1,1::\nbad line\n", layout.voc_palette())
    with pytest.raises(BadInputError, match=r"labelmap\.txt: line 2"):
        list(VocImporter().read(src, CELLS, [image.record], ImportOptions()))


def test_boxes_without_masks_are_counted(image: LabelledImage, tmp_path: Path) -> None:
    export(VocExporter(), [image], CELLS, tmp_path / "out")
    (tmp_path / "out" / ROOT / "Annotations" / "y.xml").write_text("<annotation/>")
    _, (skipped,) = imported(VocImporter(), tmp_path / "out", CELLS, [image])
    assert "1 files give boxes and no mask, y.xml" in skipped.reason


def test_another_folder_is_no_voc(image: LabelledImage, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no folder SegmentationClass"):
        list(VocImporter().read(tmp_path, CELLS, [image.record], ImportOptions()))


def test_a_class_on_every_value_survives(tmp_path: Path) -> None:
    catalog = ClassCatalog(tuple(ClassDef(v, f"c{v}", (v, 0, 0)) for v in range(254)))
    label = np.arange(254, dtype=np.uint8).reshape(2, 127)
    image = labelled(tmp_path / "photos" / "x.jpg", label, catalog)
    export(VocExporter(), [image], catalog, tmp_path / "out")
    masks, _ = imported(VocImporter(), tmp_path / "out", catalog, [image])
    assert_same_planes(image, masks[image.record.id])


def test_masks_in_rgb_are_read_by_their_colours(tmp_path: Path) -> None:
    """As the development kit's own viewer saves them."""
    label = np.array([[0, 1, 1, 255], [0, 0, 15, 15]], np.uint8)
    numbers = np.array([[0, 1, 1, 255], [0, 0, 2, 3]], np.uint8)
    colors = layout.voc_palette()
    for folder, pixels in ((layout.CLASSES, label), (layout.OBJECTS, numbers)):
        (tmp_path / "voc" / folder).mkdir(parents=True)
        Image.fromarray(colors[pixels]).save(tmp_path / "voc" / folder / "x.png")
    catalog = ClassCatalog.from_names(["aeroplane", "person"])
    image = labelled(tmp_path / "photos" / "x.jpg", np.zeros((2, 4), np.uint8), catalog)
    masks, skipped = imported(VocImporter(), tmp_path / "voc", catalog, [image])
    assert skipped == []
    mask = masks[image.record.id]
    assert mask.label.tolist() == [[0, 1, 1, 255], [0, 0, 2, 2]]
    assert mask.object.tolist() == [[0, 1, 1, 0], [0, 0, 2, 3]]
    found = VocImporter().classes(tmp_path / "voc", ImportOptions())
    assert [each.name for each in found] == ["aeroplane", "person"]


def test_what_is_no_png_file_among_the_masks_is_reported_and_the_others_come_in(
    image: LabelledImage, tmp_path: Path
) -> None:
    src = foreign(
        tmp_path / "voc", np.ones((4, 4)), "cell:10,20,30::\n", np.full((2, 3), (10, 20, 30), np.uint8)
    )
    folder = src / layout.CLASSES
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(folder / "b.jpg")
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(folder / "c.png")
    (folder / "d.png").mkdir()
    os.mkfifo(folder / "e.png")
    others = [
        labelled(tmp_path / "photos" / f"{name}.jpg", np.zeros((4, 4), np.uint8), CELLS) for name in "bcde"
    ]
    masks, skipped = imported(VocImporter(), src, ClassCatalog.from_names(["cell"]), [image, *others])
    assert list(masks) == [image.record.id]
    told = {Path(each.file).name: each.reason for each in skipped}
    assert told.keys() == {"b.jpg", "c.png", "d.png", "e.png"} and len(skipped) == 4
    assert "not a PNG file" in told["b.jpg"] and "16-bit" in told["c.png"]
    assert "a folder" in told["d.png"] and "a pipe" in told["e.png"]


def test_a_photo_among_the_masks_is_no_mask(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    (tmp_path / "voc" / layout.CLASSES).mkdir(parents=True)
    Image.fromarray(noise).save(tmp_path / "voc" / layout.CLASSES / "x.png")
    image = labelled(tmp_path / "photos" / "x.jpg", np.zeros((20, 30), np.uint8), CELLS)
    assert "colours is no mask" in refusal(tmp_path / "voc", image)
