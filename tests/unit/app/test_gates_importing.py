"""An import that brings nothing in leaves nothing behind: not a class, not a byte."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.app.importing import import_labels
from labeltool.core.errors import BadInputError
from labeltool.formats.options import ImportOptions
from labeltool.store.project import ProjectStore

ADDING = ImportOptions(add_classes=True)


def every_byte(store: ProjectStore) -> dict[str, str]:
    files = (file for file in store.root.rglob("*") if file.is_file())
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def classes(folder: Path, *values: object) -> Path:
    folder.mkdir()
    listed = [{"value": value, "name": f"class of {place}"} for place, value in enumerate(values)]
    (folder / "classes.json").write_text(json.dumps({"classes": listed}))
    return folder


def test_a_list_of_classes_without_masks_adds_no_class(store: ProjectStore, tmp_path: Path) -> None:
    before = every_byte(store)
    with pytest.raises(BadInputError, match="holds no masks"):
        import_labels(store, classes(tmp_path / "set", 7), "png", ADDING)
    assert every_byte(store) == before


def test_masks_that_fit_no_image_add_no_class(store: ProjectStore, tmp_path: Path) -> None:
    folder = classes(tmp_path / "set", 7)
    Image.fromarray(np.full((3, 3), 7, np.uint8)).save(folder / f"{store.images()[0].path.stem}.png")
    before = every_byte(store)
    report = import_labels(store, folder, "png", ADDING)
    assert report.images == 0 and "3 x 3 pixels" in report.skipped[0].reason
    assert report.notices == []
    assert every_byte(store) == before


def test_classes_are_there_before_the_first_mask_is(store: ProjectStore, tmp_path: Path) -> None:
    record = store.images()[0]
    folder = classes(tmp_path / "set", 7)
    values = np.full((record.size.height, record.size.width), 7, np.uint8)
    Image.fromarray(values).save(folder / f"{record.path.stem}.png")
    report = import_labels(store, folder, "png", ADDING)
    assert report.notices[0] == "classes added to the project: class of 0"
    added = store.catalog.by_name("class of 0")
    assert added is not None and (store.load_mask(record.id).read("label") == added.value).all()


@pytest.mark.parametrize("value", [1.5, True, "1.5", float("inf")])
def test_a_class_value_that_is_no_whole_number_is_not_made_one(
    store: ProjectStore, tmp_path: Path, value: object
) -> None:
    folder = classes(tmp_path / "set", 0, value)
    text = (folder / "classes.json").read_text().replace("Infinity", "1e999")
    (folder / "classes.json").write_text(text)
    before = every_byte(store)
    with pytest.raises(BadInputError, match="not a list of classes"):
        import_labels(store, folder, "png", ADDING)
    assert every_byte(store) == before
