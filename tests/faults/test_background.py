"""The background stays the background, however it is called (row 53)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labeltool.app.exporting import export_images
from labeltool.app.importing import import_labels
from labeltool.app.models import Model, class_mapping
from labeltool.app.project import add_images
from labeltool.app.spooling import Mapping
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord
from labeltool.inference.card import ModelCard
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from labeltool.store.repair import rebuild_index


def exported(store: ProjectStore, out: Path, format_name: str) -> dict[str, bytes]:
    """Every file of an export, but for the list of all files."""
    report = export_images(store, out, format_name)
    assert not report.skipped
    files = (path for path in out.rglob("*") if path.is_file() and path.name != "manifest.json")
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def masks(store: ProjectStore) -> dict[str, tuple[bytes, str, int]]:
    """Of each image its labels, its root hash, and what pixels are that nobody has set."""
    found = {}
    for record in store.images():
        mask = store.load_mask(record.id)
        found[record.id] = (mask.read("label").tobytes(), store.root_hash(record.id), mask.unlabelled_value)
    return found


def rename(project: Path, name: str) -> None:
    with ProjectStore.open(project) as store:
        store.set_catalog(store.catalog.edit(0, name=name))


def test_a_background_of_another_name_changes_no_mask_no_prediction_and_no_export(
    project: Path, tmp_path: Path
) -> None:
    card = ModelCard("cells", "none", "none", ClassCatalog.from_names(["cell"]), sha256="0" * 64, tile=256)
    model, out = Model(tmp_path, card, "path"), tmp_path / "out"
    with ProjectStore.open(project) as store:
        before = masks(store)
        files = {name: exported(store, out / name, name) for name in ("coco", "voc", "png")}
        version = store.catalog_version
        table = Mapping(model, store.catalog)._table
    rename(project, "Hintergrund")
    with ProjectStore.open(project) as store:
        assert store.catalog.background == 0
        assert store.catalog.classes[0].name == "Hintergrund"
        assert masks(store) == before
        assert (Mapping(model, store.catalog)._table == table).all()
        again = {name: exported(store, out / f"{name} again", name) for name in files}
        manifest = json.loads((out / "coco again" / "manifest.json").read_text())
        assert manifest["classes"]["version"] == store.catalog_version == version + 1
        size = Size(320, 240)
        new = ImageRecord("n" * 32, tmp_path / "new.png", size, "rgb", "0" * 64, 1)
        store.add_images([new])
        assert store.load_mask(new.id).unlabelled_value == 0
        store._images.remove([new.id])
    assert json.loads(files["coco"]["annotations/instances_default.json"])["annotations"]
    for name, lists in (("coco", ()), ("voc", ("labelmap.txt",)), ("png", ("classes.json",))):
        changed = {path for path in files[name] if again[name][path] != files[name][path]}
        assert set(again[name]) == set(files[name])
        assert {Path(path).name for path in changed} == set(lists)
    assert check(project) == []
    rebuild_index(project)
    with ProjectStore.open(project) as store:
        assert masks(store) == before


def test_labels_come_into_a_project_that_calls_its_background_otherwise(
    project: Path, images: list[Path], tmp_path: Path
) -> None:
    with ProjectStore.open(project) as store:
        labels = [found[0] for found in masks(store).values()]
        for name in ("png", "voc"):
            exported(store, tmp_path / name, name)
    for name in ("png", "voc"):
        other = tmp_path / f"{name} again"
        with ProjectStore.create(other, "other", store.catalog.edit(0, name="Hintergrund")) as again:
            add_images(again, images)
            report = import_labels(again, tmp_path / name, name)
            assert not report.skipped and not report.notices
            assert [found[0] for found in masks(again).values()] == labels


def test_a_model_finds_its_background_in_a_project_that_calls_it_otherwise_and_the_other_way_round() -> None:
    plain = ClassCatalog.from_names(["cell"])
    renamed = plain.edit(0, name="Hintergrund")
    for own, knows in ((plain, renamed), (renamed, plain)):
        card = ModelCard("cells", "none", "none", knows, sha256="0" * 64)
        assert class_mapping(card, own) == {0: 0, 1: 1}


@pytest.mark.parametrize("name", ["background", " Background "])
def test_no_class_becomes_the_background_by_its_name(name: str) -> None:
    sky = ClassCatalog.from_json({"classes": [{"value": 0, "name": "Sky"}, {"value": 1, "name": "Road"}]})
    for catalog in (sky.edit(0, name=name), sky.edit(1, name=name), sky.add(name)):
        again = ClassCatalog.from_json(json.loads(json.dumps(catalog.to_json())))
        assert again == catalog
        assert again.background is None and again.unlabelled_value == 255
