"""What decides that a file may be read, and which image it is about: each gate is tried just beside where it bites."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import replace
from pathlib import Path, PurePath

import numpy as np
import pytest
from mask_samples import CELLS, imported, labelled, record_of

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord
from labeltool.formats import untrusted
from labeltool.formats.cvat import CvatImporter
from labeltool.formats.cvat import file as cvat_file
from labeltool.formats.labelme_xml import LabelmeXmlImporter
from labeltool.formats.labelme_xml import importer as labelme_xml
from labeltool.formats.manifest import Manifest, Source
from labeltool.formats.match import Matcher
from labeltool.formats.png.importer import PngImporter, instances_of
from labeltool.formats.untrusted import load_json, load_xml, refused_name, stated_side, stays_inside

SIZE = Size(4, 4)


def test_the_length_of_a_name_counts_in_bytes() -> None:
    assert refused_name("é" * 127) == ""
    assert "longer than any file system takes" in refused_name("é" * 128)


def test_a_folder_whose_name_merely_begins_alike_is_another_one(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set-of-others").mkdir()
    assert not stays_inside(tmp_path / "set-of-others" / "x.png", tmp_path / "set")


def test_what_json_would_take_is_held_against_half_of_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "x.json"
    file.write_text("[" + "[]," * 100 + "[]]")  # 102 lists, 100 commas, 304 characters
    monkeypatch.setattr(untrusted, "physical_memory", lambda: 2 * 11_136)
    assert len(load_json(file)) == 101
    monkeypatch.setattr(untrusted, "physical_memory", lambda: 2 * 11_135)
    with pytest.raises(BadInputError, match="would take"):
        load_json(file)


def test_xml_that_declares_a_document_type_is_refused_without_any_entity(tmp_path: Path) -> None:
    file = tmp_path / "x.xml"
    file.write_text('<!DOCTYPE annotation SYSTEM "x.dtd"><annotation/>')
    with pytest.raises(BadInputError, match="declares a document type"):
        load_xml(file)


def test_xml_is_read_up_to_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.xml"
    file.write_text("<annotations></annotations>")
    assert load_xml(file, 27).tag == "annotations"
    with pytest.raises(BadInputError, match="larger than"):
        load_xml(file, 26)
    assert list(cvat_file.frames(file)) == []
    monkeypatch.setattr(cvat_file, "MAX_XML_BYTES", 26)
    with pytest.raises(BadInputError, match="larger than"):
        list(cvat_file.frames(file))


def test_a_mask_beside_xml_is_read_up_to_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = labelled(tmp_path / "photos" / "x.png", np.ones((4, 4), np.uint8), CELLS)
    folder = tmp_path / "set"
    (folder / "Annotations").mkdir(parents=True)
    (folder / "Masks").mkdir()
    (folder / "Masks" / "m.png").write_bytes(b"\x89PNG" + bytes(40))
    (folder / "Annotations" / "x.xml").write_text(
        "<annotation><filename>x.png</filename><object><name>nucleus</name>"
        "<segm><mask>m.png</mask></segm></object></annotation>"
    )
    _, skipped = imported(LabelmeXmlImporter(), folder, CELLS, [image])
    assert "not a PNG" in skipped[0].reason
    monkeypatch.setattr(labelme_xml, "MAX_TEXT_BYTES", 43)
    _, skipped = imported(LabelmeXmlImporter(), folder, CELLS, [image])
    assert "larger than" in skipped[0].reason


@pytest.mark.parametrize("stated", [640, 640.0, "640", " 640.00 "])
def test_a_side_counts_however_it_is_written(stated: object) -> None:
    assert stated_side(stated) == 640


@pytest.mark.parametrize(
    "stated",
    [None, True, 0, -640, 640.5, float("inf"), float("nan"), "", "-640", "6e2", "٦", [640], "9" * 11],
)
def test_what_is_no_side_states_none(stated: object) -> None:
    assert stated_side(stated) == 0


def records(tmp_path: Path, *names: str) -> list[ImageRecord]:
    found = []
    for name in names:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
        found.append(record_of(file, SIZE))
    return found


def exported(record: ImageRecord, name: str = "as_exported") -> Manifest:
    source = Source(record.id, name, record.path.name, record.sha256, "", 1)
    return Manifest("png", (source,), {})


def test_a_name_of_our_own_export_counts_while_the_image_is_the_one_that_was_exported(tmp_path: Path) -> None:
    (record,) = records(tmp_path, "x.png")
    other = hashlib.sha256(b"other bytes").hexdigest()
    assert Matcher([record], exported(record)).find(PurePath("as_exported.png")) == record
    changed = replace(record, sha256=other)
    assert isinstance(Matcher([changed], exported(record)).find(PurePath("as_exported.png")), str)


def test_of_two_copies_of_an_exported_image_none_is_guessed(tmp_path: Path) -> None:
    one, two = (replace(r, sha256="ab" * 32) for r in records(tmp_path, "x.png", "y.png"))
    gone = exported(replace(one, id="f" * 32))
    assert isinstance(Matcher([one, two], gone).find(PurePath("as_exported.png")), str)
    assert Matcher([one], gone).find(PurePath("as_exported.png")) == one


def test_names_are_one_by_their_accents_and_not_by_their_likeness(tmp_path: Path) -> None:
    record, alike = records(tmp_path, "é.png", "x².png")
    matcher = Matcher([record, alike], None)
    assert matcher.find(PurePath(unicodedata.normalize("NFD", "é.png"))) == record
    assert isinstance(matcher.find(PurePath("x2.png")), str)


def test_folders_tell_two_images_apart_from_the_innermost_on(tmp_path: Path) -> None:
    val, train = records(tmp_path, "val/b/x.png", "train/c/x.png")
    matcher = Matcher([val, train], None)
    assert matcher.find(PurePath("val/b/x.png")) == val
    assert "not clear" in str(matcher.find(PurePath("val/q/x.png")))


def test_a_suffix_that_no_image_has_tells_no_two_apart(tmp_path: Path) -> None:
    matcher = Matcher(records(tmp_path, "x.png", "x.jpg"), None)
    assert isinstance(matcher.find(PurePath("x.jpg"), suffix_counts=True), ImageRecord)
    assert "not clear" in str(matcher.find(PurePath("x.tif"), suffix_counts=True))


def test_an_image_of_the_project_is_no_mask_by_whatever_way_its_folder_is_given(tmp_path: Path) -> None:
    image = labelled(tmp_path / "photos" / "x.png", np.ones((4, 4), np.uint8), CELLS)
    (tmp_path / "link").symlink_to(tmp_path / "photos", target_is_directory=True)
    with pytest.raises(BadInputError, match="holds no masks"):
        imported(PngImporter(), tmp_path / "link", CELLS, [image])


def test_object_ids_lie_beside_the_innermost_folder_of_labels(tmp_path: Path) -> None:
    mask, ids, stray = (
        tmp_path / "labels" / "set" / "labels" / "x.png",
        tmp_path / "labels" / "set" / "instances" / "x.png",
        tmp_path / "instances" / "set" / "labels" / "x.png",
    )
    for file in (mask, ids, stray):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    assert instances_of(mask) == ids


def test_a_frame_whose_number_two_images_have_goes_to_neither(tmp_path: Path) -> None:
    images = [
        labelled(tmp_path / "photos" / f"{name}_10.png", np.ones((4, 4), np.uint8), CELLS) for name in "ab"
    ]
    file = tmp_path / "annotations.xml"
    file.write_text(
        '<annotations><track label="nucleus"><polygon frame="10" points="1,1;3,1;3,3;1,3"/></track></annotations>'
    )
    masks, skipped = imported(CvatImporter(), file, CELLS, images)
    assert masks == {} and "no image of the project is called" in skipped[0].reason
    masks, _ = imported(CvatImporter(), file, CELLS, images[:1])
    assert [mask.objects for mask in masks.values()] == [1]
