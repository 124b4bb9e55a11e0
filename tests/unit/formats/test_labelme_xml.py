"""LabelMe of MIT: polygons and masks, and what strangers may write."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mask_samples import CELLS, imported, labelled
from PIL import Image

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord, Skipped
from labeltool.formats.labelme_xml import LabelmeXmlImporter
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ImportedMask, LabelledImage

Read = Callable[..., tuple[ImportedMask | None, list[Skipped]]]


def polygon(*points: tuple[Any, Any]) -> str:
    return "<polygon>" + "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in points) + "</polygon>"


SQUARE = polygon((2, 2), (5, 2), (5, 5), (2, 5))


def thing(content: str, name: str = "nucleus", deleted: int = 0) -> str:
    return f"<object><name>{name}</name><deleted>{deleted}</deleted>{content}</object>"


def segm(mask: str) -> str:
    return f"<segm><mask>{mask}</mask><scribbles><scribble_name>s.png</scribble_name></scribbles></segm>"


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    return labelled(tmp_path / "photos" / "x.jpg", np.zeros((10, 12), np.uint8), CELLS)


@pytest.fixture
def read(image: LabelledImage, tmp_path: Path) -> Read:
    """Imports objects of the image."""

    def read(*objects: str, size: str = "<nrows>10</nrows><ncols>12</ncols>", name: str = "x.jpg") -> Any:
        file = tmp_path / "set" / "Annotations" / "train" / "x.xml"
        file.parent.mkdir(parents=True, exist_ok=True)
        head = f"<filename>{name}</filename><folder>train</folder><imagesize>{size}</imagesize>"
        file.write_text(f"<annotation>{head}{''.join(objects)}</annotation>")
        masks, skipped = imported(LabelmeXmlImporter(), tmp_path / "set", CELLS, [image])
        return masks.get(image.record.id), skipped

    return read


def save_mask(tmp_path: Path, name: str, values: np.ndarray[Any, Any]) -> None:
    file = tmp_path / "set" / "Masks" / "train" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(file)


def test_polygons_are_painted_and_the_folder_is_the_split(read: Read) -> None:
    mask, skipped = read(thing(SQUARE), thing(SQUARE.replace("2", "3"), "cell wall"))
    assert mask is not None and not skipped
    assert (mask.objects, mask.split, (mask.label == 2).sum(), (mask.label == 1).sum()) == (2, "train", 4, 5)


def test_masks_hold_what_is_not_transparent(read: Read, tmp_path: Path) -> None:
    colors = np.zeros((10, 12, 4), np.uint8)
    colors[4:6, 7:9] = (153, 51, 255, 8)
    save_mask(tmp_path, "m.png", colors)
    mask, skipped = read(thing(segm("m.png")))
    assert mask is not None and not skipped
    assert np.array_equal(mask.label == 1, colors[..., 3] > 0)
    assert "1 scribbles are passed over" in mask.notices


def test_deleted_objects_are_counted_and_not_painted(read: Read) -> None:
    mask, skipped = read(thing(SQUARE, deleted=1), thing(SQUARE.replace("5", "3")))
    assert mask is not None and not skipped
    assert mask.objects == 1 and (mask.label == 1).sum() == 1
    assert "1 objects are marked as deleted" in mask.notices


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (thing(SQUARE, " "), "no name"),
        (thing(""), "neither a polygon nor a mask"),
        (thing(polygon((1, 1), (2, 2))), "three or more"),
        (thing(polygon((1, 1), ("", 2), (3, 3))), "no number"),
        (thing(polygon((1, 1), ("nan", 2), (3, 3))), "beyond any image"),
        (thing(polygon((1, 1), ("1e400", 2), (3, 3))), "beyond any image"),
        (thing(polygon((1, 1), (1e12, 2), (3, 3))), "beyond any image"),
        (thing(polygon((91, 91), (99, 91), (99, 99))), "covers no pixel"),
        (thing(segm("../../../secret.png")), "leads out of the folder"),
        (thing(segm("/etc/passwd")), "absolute"),
        (thing(segm("")), "no file name"),
        (thing(segm("gone.png")), "there is no mask called"),
        (thing(segm("small.png")), "3 x 3 pixels and not 12 x 10"),
        (thing(segm("empty.png")), "covers no pixel"),
        (thing(segm("text.png")), "not a PNG"),
        (thing(segm("link.png")), "link that leads out"),
    ],
)
def test_a_broken_object_is_reported_and_the_others_are_read(
    read: Read, tmp_path: Path, broken: str, reason: str
) -> None:
    save_mask(tmp_path, "small.png", np.ones((3, 3), np.uint8))
    save_mask(tmp_path, "empty.png", np.zeros((10, 12), np.uint8))
    folder = tmp_path / "set" / "Masks" / "train"
    (folder / "text.png").write_text("no picture at all, however long it may be")
    Image.fromarray(np.ones((10, 12), np.uint8)).save(tmp_path / "secret.png")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    mask, (entry,) = read(broken, thing(SQUARE))
    assert reason in entry.reason and ": object 1" in entry.file
    assert mask is not None and mask.objects == 1 and mask.known is not None and mask.known.sum() == 9


def test_a_file_for_another_size_is_refused(read: Read) -> None:
    mask, (entry,) = read(thing(SQUARE), size="<nrows>12</nrows><ncols>10</ncols>")
    assert mask is None and "takes it for 10 x 12 pixels" in entry.reason


LAUGHS = '<!DOCTYPE a [<!ENTITY l "lol">' + "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1 or str()};" * 10}">' for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LAUGHS + "]><annotation><object><name>&l9;</name></object></annotation>", "is refused"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation>&x;</annotation>', "is refused"),
        ("<annotation>", "cannot be read"),
        ('<?xml version="1.0" encoding="utf-16"?><annotation/>', "cannot be read"),
        ("<page/>", "not XML of MIT"),
        ("<annotation><object><bndbox/></object></annotation>", "not XML of MIT"),
        ("", "the file is empty"),
    ],
)
def test_hostile_xml_and_other_xml_is_refused(
    tmp_path: Path, image: LabelledImage, text: str, reason: str
) -> None:
    (tmp_path / "x.xml").write_text(text)
    with pytest.raises(BadInputError, match=reason) as error:
        imported(LabelmeXmlImporter(), tmp_path / "x.xml", CELLS, [image])
    assert "x.xml" in str(error.value)


def test_the_sample_gives_what_datumaro_reads(shared_data: Path) -> None:
    src = shared_data / "interop" / "datumaro" / "labelme_dataset"
    if not src.is_dir():
        pytest.skip(f"no {src}")
    file = src / "Images" / "subset1" / "img1.png"
    data = file.read_bytes()
    record = ImageRecord("0" * 32, file, Size(102, 77), "png", hashlib.sha256(data).hexdigest(), len(data))
    importer, options = LabelmeXmlImporter(), ImportOptions()
    catalog = ClassCatalog.from_names([each.name for each in importer.classes(src, options)])
    (mask,) = importer.read(src, catalog, [record], options)
    assert isinstance(mask, ImportedMask)
    assert (mask.objects, len(catalog.foreground)) == (7, 7)
    for name, number in (("license plate", 1), ("m1", 5)):
        there = np.array(Image.open(src / "Masks" / "subset1" / f"img1_mask_{number}.png")).any(axis=2)
        wanted = catalog.by_name(name)
        assert wanted is not None
        later = np.isin(mask.label, [catalog.by_name(n).value for n in ("hg",)])  # type: ignore[union-attr]
        assert np.array_equal((mask.label == wanted.value) | (there & later), there)
