"""CVAT's XML: what is written, and what strangers may write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
from mask_samples import CELLS, STREETS, assert_same_planes, imported, labelled, record_of, several

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.geometry import Box, Size
from labeltool.core.project import Skipped
from labeltool.formats.cvat import CvatExporter, CvatImporter, CvatOptions, runs
from labeltool.formats.export import export
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ForeignClass, ImportedMask, LabelledImage

SQUARE = '<polygon label="nucleus" points="1,1;3,1;3,3;1,3"/>'
ALL = '<mask label="cell wall" rle="0, 16" left="0" top="0" width="4" height="4"/>'


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(tmp_path / "photos" / "x.png", np.ones((4, 4), np.uint8), CELLS)


@pytest.fixture
def read(image: LabelledImage, tmp_path: Path) -> Callable[..., tuple[ImportedMask | None, list[Skipped]]]:
    """Imports the shapes of an image of 4 x 4 pixels."""

    def read(shapes: str, head: str = 'id="0" name="x.png" width="4" height="4"', more: str = "") -> Any:
        text = f"<annotations><version>1.1</version><image {head}>{shapes}</image>{more}</annotations>"
        (tmp_path / "annotations.xml").write_text(text)
        masks, skipped = imported(CvatImporter(), tmp_path / "annotations.xml", CELLS, [image])
        return masks.get(image.record.id), skipped

    return read


@pytest.mark.parametrize("catalog", [CELLS, STREETS])
@pytest.mark.parametrize("shapes", ["masks", "polygons"])
def test_our_own_export_comes_back(tmp_path: Path, catalog: ClassCatalog, shapes: Any) -> None:
    images = several(tmp_path / "photos", catalog)
    report = export(CvatExporter(), images, catalog, tmp_path / "out", CvatOptions(shapes=shapes))
    masks, skipped = imported(CvatImporter(), tmp_path / "out", catalog, images)
    assert skipped == []
    assert sum(mask.objects for mask in masks.values()) == report.objects
    for each in images:
        found = masks[each.record.id]
        assert_same_planes(each, found)
        assert found.split == each.record.split
        unlabelled = each.mask.read("origin") == 0
        assert (found.known is None and not unlabelled.any()) or np.array_equal(found.known, ~unlabelled)


def test_the_classes_come_back_with_their_colours(tmp_path: Path, image: LabelledImage) -> None:
    export(CvatExporter(), [image], CELLS, tmp_path / "out")
    found = CvatImporter().classes(tmp_path / "out", ImportOptions())
    assert found == [ForeignClass(c.name, c.color) for c in CELLS.foreground]


def test_objects_of_one_ring_are_polygons_where_that_is_chosen(tmp_path: Path) -> None:
    label = np.array([[1, 1, 1, 0, 2], [1, 0, 1, 0, 2], [1, 1, 1, 0, 2]], np.uint8)
    image = labelled(tmp_path / "photos" / "x.png", label, CELLS)
    options = CvatOptions(shapes="polygons")
    notices = " ".join(CvatExporter().plan([image], CELLS, options).notices)
    assert "holes or of several parts are written as masks: x.png (1)" in notices
    export(CvatExporter(), [image], CELLS, tmp_path / "out", options)
    root = Xml.parse(tmp_path / "out" / "annotations.xml").getroot()
    assert [(s.tag, s.get("points")) for s in root.findall("image/*")] == [
        ("mask", None),
        ("polygon", "4,0;5,0;5,3;4,3"),
    ]
    mask = root.find("image/mask")
    assert mask is not None
    assert mask.get("rle") == "0, 4, 1, 4"


def test_a_changed_file_is_found_by_reading_it_back(tmp_path: Path, image: LabelledImage) -> None:
    class Careless(CvatExporter):
        def check(self, out: Path, catalog: ClassCatalog, options: Any) -> Any:
            file = out / "annotations.xml"
            file.write_text(file.read_text().replace('rle="0, 16"', 'rle="1, 15"'))
            return super().check(out, catalog, options)

    with pytest.raises(LabeltoolError, match=r"mask of x read back differs in 1 pixels"):
        export(Careless(), [image], CELLS, tmp_path / "out")


def test_run_lengths_are_those_of_cvat() -> None:
    inside = np.array([[0, 1, 1], [1, 0, 0]], bool)
    assert runs.encode(inside) == "1, 3, 2"
    assert runs.encode(~inside) == "0, 1, 3, 2"
    assert runs.encode(np.ones((2, 2), bool)) == "0, 4"
    assert np.array_equal(runs.decode("1,3,2", Box(5, 6, 8, 8), Size(20, 20)).inside, inside)


@pytest.mark.parametrize(
    ("shape", "rows"),
    [
        (SQUARE, ["0000", "0110", "0110", "0000"]),
        ('<box label="nucleus" xtl="0" ytl="1" xbr="2" ybr="4"/>', ["0000", "1100", "1100", "1100"]),
        ('<box label="nucleus" xtl="0" ytl="1" xbr="4" ybr="3" rotation="90"/>', ["0110"] * 4),
        ('<ellipse label="nucleus" cx="2" cy="2" rx="2" ry="1"/>', ["0000", "1111", "1111", "0000"]),
        ('<ellipse label="nucleus" cx="2" cy="2" rx="2" ry="1" rotation="90"/>', ["0110"] * 4),
        (
            '<mask label="nucleus" rle="1, 1" left="2" top="3" width="2" height="1"/>',
            ["0000", "0000", "0000", "0001"],
        ),
    ],
)
def test_what_has_an_area_is_painted(read: Callable[..., Any], shape: str, rows: list[str]) -> None:
    mask, skipped = read(shape)
    assert skipped == []
    assert mask.label.tolist() == [[int(c) for c in row] for row in rows]
    assert mask.notices == (("1 boxes are painted as rectangles",) if shape.startswith("<box") else ())


def test_nearer_shapes_hide_others_whatever_their_order(read: Callable[..., Any]) -> None:
    mask, _ = read(SQUARE.replace("/>", ' z_order="3"/>') + ALL.replace("/>", ' z_order="-1"/>'))
    assert mask.label[1:3, 1:3].tolist() == [[1, 1], [1, 1]]
    assert mask.label[0, 0] == 2
    assert mask.notices == ("4 pixels lie in several objects; the later one counts",)


def test_lines_points_and_tags_are_counted(read: Callable[..., Any]) -> None:
    flat = '<points label="nucleus" points="1,1"/>' * 2 + '<polyline label="nucleus" points="1,1;2,2"/>'
    skeleton = '<skeleton label="nucleus"><points label="a" points="1,1"/></skeleton><tag label="nucleus"/>'
    mask, skipped = read(flat + skeleton + '<cuboid label="nucleus" xtl1="0"/>' + SQUARE)
    assert mask.objects == 1
    assert [s.reason for s in skipped] == [
        "2 shapes left out: points has no area",
        "1 shapes left out: polyline has no area",
        "1 shapes left out: skeleton has no area",
        "1 shapes left out: cuboid has no area",
        "1 shapes left out: each is a tag",
    ]
    assert mask.known.sum() == 4, "where the line lies nobody knows"


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ('<polygon label="nucleus" points="0,0;1e12,0;1,1"/>', "beyond any image"),
        ('<polygon label="nucleus" points="0,0;1e400,0;1,1"/>', "beyond any image"),
        ('<polygon label="nucleus" points="0,0;nan,0;1,1"/>', "no number"),
        ('<polygon label="nucleus" points="0,0;1,0"/>', "three or more"),
        ('<polygon label="nucleus" points="0,0;1;1,1"/>', "not written as"),
        ('<polygon label="nucleus" points="a,b;1,1;1,1"/>', "not a number"),
        ('<polygon label="nucleus"/>', "not written as"),
        ('<polygon label="nucleus" points="90,90;91,90;91,91"/>', "no pixel"),
        ('<polygon label="nucleus" points="%s"/>' % ("1,1;" * 100_001), "not written as|100,000 points"),
        ('<polygon points="0,0;1,0;1,1;0,1"/>', "no label"),
        ('<box label="nucleus" xtl="0" ytl="0" xbr="4"/>', "not a number"),
        ('<box label="nucleus" xtl="0" ytl="0" xbr="4" ybr="4" rotation="inf"/>', "no number"),
        ('<ellipse label="nucleus" cx="2" cy="2" rx="-2" ry="1"/>', "not positive"),
        ('<mask label="nucleus" rle="0, 9" left="0" top="0" width="2" height="2"/>', "do not fill"),
        ('<mask label="nucleus" rle="5, -1" left="0" top="0" width="2" height="2"/>', "do not fill"),
        ('<mask label="nucleus" rle="x" left="0" top="0" width="2" height="2"/>', "whole numbers"),
        ('<mask label="nucleus" rle="99999999999999999999" left="0" top="0" width="2" height="2"/>', "whole"),
        ('<mask label="nucleus" rle="4" left="0" top="0" width="2" height="2"/>', "empty"),
        (
            '<mask label="nucleus" rle="4" left="3" top="0" width="2" height="2"/>',
            "does not lie in the image",
        ),
        (
            '<mask label="nucleus" rle="4" left="-1" top="0" width="2" height="2"/>',
            "does not lie in the image",
        ),
        (
            '<mask label="nucleus" rle="4" left="0" top="0" width="999999999" height="999999999"/>',
            "not lie in",
        ),
        (
            '<mask label="nucleus" rle="4" left="0" top="0" width="0" height="2"/>',
            "does not lie in the image",
        ),
        ('<mask label="nucleus" rle="4" left="0.5" top="0" width="2" height="2"/>', "whole numbers"),
        ('<mask label="nucleus" left="0" top="0" width="2" height="2"/>', "whole numbers"),
    ],
)
def test_a_bad_shape_is_refused_by_name_and_the_next_one_is_painted(
    read: Callable[..., Any], shape: str, message: str
) -> None:
    mask, (skipped,) = read(shape + SQUARE)
    assert any(part in skipped.reason for part in message.split("|")), skipped.reason
    assert f"{shape[1:].split(maxsplit=1)[0]} of x.png" in skipped.file
    assert mask.known.sum() == 4, "where the bad one lies nobody knows"


def test_a_label_that_the_project_lacks_leaves_its_pixels_unlabelled(read: Callable[..., Any]) -> None:
    mask, (skipped,) = read(SQUARE.replace("nucleus", "dog"))
    assert mask.known.sum() == 12
    assert "no class 'dog': 1 objects left out" in skipped.reason


def test_a_label_of_5000_characters_is_told_in_short(read: Callable[..., Any]) -> None:
    _, (skipped,) = read(SQUARE.replace("nucleus", "n" * 5000))
    assert "no class 'nnn" in skipped.reason
    assert len(skipped.reason) < 400


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "\\\\server\\x.png", "C:x.png", "a\\..\\..\\x.png", "", "n" * 5000],
)
def test_a_name_that_leaves_the_folder_is_refused_by_name(read: Callable[..., Any], name: str) -> None:
    mask, (skipped,) = read(SQUARE, f'id="0" name="{name}"')
    assert mask is None
    assert "file name" in skipped.reason
    assert "(1 shapes)" in skipped.file


def test_a_size_that_is_not_the_images_is_refused(read: Callable[..., Any]) -> None:
    mask, (skipped,) = read(SQUARE, 'name="x.png" width="5" height="4"')
    assert mask is None
    assert "5 x 4 pixels, and it is 4 x 4" in skipped.reason


def test_an_image_that_is_listed_twice_is_refused(read: Callable[..., Any]) -> None:
    mask, skipped = read(SQUARE, more=f'<image id="0" name="x.png">{ALL}</image>')
    assert mask is None
    assert all("several masks fit" in s.reason for s in skipped)
    assert len(skipped) == 2


def test_an_image_that_is_listed_a_thousand_times_is_told_in_short(read: Callable[..., Any]) -> None:
    _, skipped = read(SQUARE, more='<image name="x.png"/>' * 1000)
    assert len(skipped) == 1001
    assert max(len(s.reason) for s in skipped) < 2000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("<annotations><image>", "cannot be read"),
        ("<annotation/>", "begins with <annotation>"),
        ("<annotations>" + "<a>" * 5000, "nested too deeply"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><annotations>&x;</annotations>', "refused"),
        (
            '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><annotations>&b;</annotations>',
            "refused",
        ),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotations/>', "refused"),
        ('<?xml version="1.0" encoding="utf-99"?><annotations/>', "cannot be read"),
    ],
)
def test_a_file_that_is_not_cvats_is_refused(
    image: LabelledImage, tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "a.xml").write_text(text)
    with pytest.raises(BadInputError, match=message):
        imported(CvatImporter(), tmp_path / "a.xml", CELLS, [image])
    assert CvatImporter().classes(tmp_path, ImportOptions()) == []


def test_a_bad_file_in_a_folder_is_named_and_the_others_are_read(
    read: Callable[..., Any], image: LabelledImage, tmp_path: Path
) -> None:
    read(SQUARE)
    (tmp_path / "b.xml").write_text("<annotation/>")
    masks, (skipped,) = imported(CvatImporter(), tmp_path, CELLS, [image])
    assert masks[image.record.id].objects == 1
    assert skipped.file.endswith("b.xml")


def track(frame: int, more: str = "", label: str = "nucleus") -> str:
    return (
        f'<track id="0" label="{label}"><polygon frame="{frame}" points="1,1;3,1;3,3;1,3" {more}/>'
        f'<polygon frame="{frame + 3}" points="0,0;1,0;1,1;0,1"/></track>'
    )


def video(tmp_path: Path, tracks: str, names: list[str]) -> tuple[list[ImportedMask | None], list[Skipped]]:
    size = "<original_size><width>4</width><height>4</height></original_size>"
    (tmp_path / "a.xml").write_text(f"<annotations><meta><task>{size}</task></meta>{tracks}</annotations>")
    images = [labelled(tmp_path / name, np.ones((4, 4), np.uint8), CELLS) for name in names]
    masks, skipped = imported(CvatImporter(), tmp_path / "a.xml", CELLS, images)
    return [masks.get(each.record.id) for each in images], skipped


@pytest.mark.parametrize("names", [["frame_000010.png", "frame_000013.png"], ["clip-10.png", "clip-13.png"]])
def test_the_frames_of_a_track_go_to_the_images_of_their_number(tmp_path: Path, names: list[str]) -> None:
    (first, second), skipped = video(tmp_path, track(10) + track(10, label="cell wall"), names)
    assert skipped == []
    assert first is not None
    assert second is not None
    assert first.label[1, 1] == 2
    assert (first.objects, second.objects) == (2, 2)
    assert first.object is not None
    assert second.object is not None
    assert first.object[1, 1] == second.object[0, 0] == 2, "a track keeps its number from frame to frame"


def test_what_is_outside_its_frame_is_counted(tmp_path: Path) -> None:
    (first, _), (skipped,) = video(
        tmp_path, track(10, 'outside="1"'), ["frame_000010.png", "frame_000013.png"]
    )
    assert first is not None
    assert first.objects == 0
    assert skipped.reason == "1 shapes left out: each is outside its frame"


@pytest.mark.parametrize("frame", ["-7", "x", "", "99999999999999999999"])
def test_a_frame_without_an_image_is_reported_with_its_shapes(tmp_path: Path, frame: str) -> None:
    tracks = f'<track label="nucleus"><polygon frame="{frame}" points="0,0;1,0;1,1"/></track>'
    (found,), (skipped,) = video(tmp_path, tracks, ["frame_000010.png"])
    assert found is None
    assert "(1 shapes)" in skipped.file


def test_the_samples_of_datumaro_are_read_or_reported_shape_by_shape(shared_data: Path) -> None:
    folder = shared_data / "interop" / "datumaro" / "cvat_dataset"
    catalog = ClassCatalog.from_names(["label1", "label2", "klhg", "z U k", "II"])
    images = folder / "for_images" / "export_task" / "images"
    records = [record_of(images / "img0.jpg", Size(8, 8)), record_of(images / "img1.jpg", Size(10, 10))]
    found = list(CvatImporter().read(folder / "for_images", catalog, records, ImportOptions()))
    assert sum(each.objects for each in found if isinstance(each, ImportedMask)) == 1
    assert len([each for each in found if isinstance(each, Skipped)]) == 3
    frames = folder / "for_video" / "images"
    records = [record_of(frames / f"frame_0000{n}.png", Size(25, 20)) for n in (10, 13, 16)]
    found = list(CvatImporter().read(folder / "for_video", catalog, records, ImportOptions()))
    assert sum(each.objects for each in found if isinstance(each, ImportedMask)) == 1
    counts = [int(each.reason.split()[0]) for each in found if isinstance(each, Skipped)]
    assert sum(counts) == 6
    names = [c.name for c in CvatImporter().classes(folder, ImportOptions())]
    assert names == ["label1", "label2", "klhg", "z U k", "II"]


def test_ignored_pixels_come_back_as_ignored(tmp_path: Path) -> None:
    label = np.array([[1, IGNORE], [0, 2]], np.uint8)
    image = labelled(tmp_path / "photos" / "x.png", label, CELLS)
    export(CvatExporter(), [image], CELLS, tmp_path / "out")
    masks, _ = imported(CvatImporter(), tmp_path / "out", CELLS, [image])
    assert masks[image.record.id].label.tolist() == label.tolist()
