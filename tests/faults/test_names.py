"""Odd names of images go through every command, every format and back, and nothing that differs becomes one."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from mask_samples import CELLS, imported, labelled
from PIL import Image

from labeltool import plugins
from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import StoreError
from labeltool.core.geometry import Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord
from labeltool.core.provenance import Origin
from labeltool.formats.export import export
from labeltool.formats.items import Names
from labeltool.formats.protocol import LabelledImage
from labeltool.imaging.open import open_image, verify
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore

STEMS = (
    "plain",
    "with blank",
    "naïve é",
    unicodedata.normalize("NFD", "naïve é"),
    "细胞核",
    "صورة",
    "😀🧬",
    "#first",
    "100 %d %s",
    "a:b",
    "trailing dot.",
    "trailing blank ",
    "CON",
    "nul.tif",
    "line\nbreak",
    "-rf",
    "$(touch x)",
    "'; DROP TABLE images; --",
    "n" * 200,
    "Case",
    "case",
)
"""File names without the suffix: accents composed and decomposed, from right to left, names that other systems keep for
themselves, what shells, formats and SQL take for theirs, and two that are one where case does not count."""

NAMES = (*(f"{stem}.png" for stem in STEMS), "blank behind.png ", "dot behind.png.")

EXPORTERS = ("voc", "coco", "png", "yolo", "labelme", "cityscapes", "panoptic", "cvat")


def planes(number: int) -> np.ndarray:
    """A mask that no other number has."""
    mask = np.zeros((9, 12), np.uint8)
    mask[number % 7 : number % 7 + 2, number // 7 * 3 : number // 7 * 3 + 3] = 1
    return mask


def pictures(folder: Path) -> list[Path]:
    """An image for each of the names that this file system tells apart."""
    folder.mkdir(parents=True)
    made = []
    for number, name in enumerate(NAMES):
        path = folder / name
        try:
            if path.exists():  # a file system that takes two of the names for one
                continue
            Image.fromarray(np.full((9, 12, 3), 40 + number, np.uint8)).save(path, "PNG")
        except OSError:  # one that does not take the name at all
            continue
        made.append(path)
    assert len(made) >= 17, "hardly any of the names can be tried here"
    return made


def label(store: ProjectStore, record: ImageRecord, number: int) -> None:
    """Commit the mask of that number."""
    mask = LabelMask(record.size)
    patch = write(
        mask, mask.size.box, None, title="t", kind="brush", label=planes(number), origin=Origin.HUMAN
    )
    store.commit(record.id, patch, expected=0)


def test_images_of_any_name_are_added_labelled_opened_and_found_again(tmp_path: Path) -> None:
    files = pictures(tmp_path / "in")
    root = tmp_path / "project"
    with ProjectStore.create(root, "p", ClassCatalog.from_names(["nucleus"])) as store:
        report = add_images(store, [tmp_path / "in"])
        assert not report.skipped
        assert sorted(r.path for r in store.images()) == sorted(files)
        for number, record in enumerate(store.images()):
            assert verify(record.path).size == Size(12, 9)
            label(store, record, number)
    with ProjectStore.open(root) as store:
        for number, path in enumerate(r.path for r in store.images()):
            record = store.find(path)
            assert record is not None, f"{path.name!a} is not found"
            assert np.array_equal(store.load_mask(record.id).read("label"), planes(number))
    assert [f for f in check(root) if f.severity == "error"] == []
    assert sorted(p.name for p in (tmp_path / "in").iterdir()) == sorted(p.name for p in files)


@pytest.mark.parametrize("name", EXPORTERS)
def test_masks_of_images_of_any_name_come_back_from_every_format(name: str, tmp_path: Path) -> None:
    files = pictures(tmp_path / "in")
    images = [labelled(path, planes(number), CELLS) for number, path in enumerate(files)]
    out = tmp_path / "out"
    report = export(plugins.load("labeltool.exporters", name)(), images, CELLS, out)
    assert len(report.names) == len(images)
    folded = [each.casefold() for each in report.names.values()]
    assert len(set(folded)) == len(folded), "two names that are one on a Mac or on Windows"
    for path in out.rglob("*"):
        assert not set(path.name) & set('<>:"\\|?*\n') and not path.name.endswith((".", " ")), path
    masks, skipped = imported(plugins.load("labeltool.importers", name)(), out, CELLS, images)
    assert skipped == []
    for image in images:
        assert np.array_equal(masks[image.record.id].label, image.mask.read("label"))


def test_images_of_one_name_in_two_folders_keep_their_own_masks(tmp_path: Path) -> None:
    images = [
        labelled(tmp_path / "in" / folder / "x.png", planes(number), CELLS)
        for number, folder in enumerate(("left", "right", "deeper/left"))
    ]
    for name in EXPORTERS:
        report = export(plugins.load("labeltool.exporters", name)(), images, CELLS, tmp_path / name)
        assert len(set(report.names.values())) == 3
        masks, skipped = imported(plugins.load("labeltool.importers", name)(), tmp_path / name, CELLS, images)
        assert skipped == []
        for image in images:
            assert np.array_equal(masks[image.record.id].label, image.mask.read("label"))


def test_a_foreign_mask_that_may_belong_to_two_images_is_given_to_neither(tmp_path: Path) -> None:
    images: list[LabelledImage] = [
        labelled(tmp_path / folder / "x.png", planes(1), CELLS) for folder in ("a", "b")
    ]
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.fromarray(planes(1)).save(masks / "x.png")
    found, skipped = imported(plugins.load("labeltool.importers", "png")(), masks, CELLS, images)
    assert found == {}
    assert "it is not clear which is meant" in skipped[0].reason


@pytest.mark.parametrize("pair", [("A", "a"), ("é", unicodedata.normalize("NFD", "é")), ("x.", "x")])
def test_names_that_some_file_system_takes_for_one_are_exported_under_two(pair: tuple[str, str]) -> None:
    names = Names()
    first, second = names.give(pair[0]), names.give(pair[1])
    assert first.casefold() != second.casefold()
    assert unicodedata.normalize("NFC", first) != unicodedata.normalize("NFC", second)


@pytest.mark.skipif(os.name == "nt", reason="Windows limits the whole path, which is tried elsewhere")
def test_a_project_whose_files_sqlite_could_not_open_is_not_begun(tmp_path: Path) -> None:
    deep = tmp_path
    while len(str(deep)) < 440:
        deep /= "d" * 60
    with pytest.raises(StoreError, match="path is too long"):
        ProjectStore.create(deep / "project", "p", ClassCatalog.from_names(["nucleus"]))
    assert not deep.exists()


def test_a_path_longer_than_260_characters_is_opened_and_labelled(tmp_path: Path) -> None:
    """The image, and the project that its labels go into."""
    deep = tmp_path
    while len(str(deep)) < 270:  # and 512 is where SQLite ends
        deep /= "d" * 60
    deep.mkdir(parents=True)
    file, root, pixels = deep / "x.png", deep / "project", np.full((9, 12, 3), 77, np.uint8)
    Image.fromarray(pixels).save(file)
    assert len(str(file)) > 260
    with ProjectStore.create(root, "p", ClassCatalog.from_names(["nucleus"])) as store:
        (record,) = add_images(store, [file]).added
        with open_image(record.path) as reader:
            assert np.array_equal(reader.read(), pixels)
        label(store, record, 1)
    with ProjectStore.open(root) as store:
        found = store.find(file)
        assert found is not None
        assert np.array_equal(store.load_mask(found.id).read("label"), planes(1))
    assert [f for f in check(root) if f.severity == "error"] == []
