"""A second annotator's layer: kept beside the annotation, compared with it, and never in its way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.app.importing import import_labels
from labeltool.app.people.agreement import agreement
from labeltool.app.people.references import kept, remove, set_all_aside, set_aside
from labeltool.core.errors import BadInputError, LockedError
from labeltool.core.geometry import Box
from labeltool.core.project import Status
from labeltool.core.provenance import Origin
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from tests.unit.app.people.conftest import Draw, label_of

LEFT, MIDDLE = Box(0, 0, 100, 60), Box(50, 0, 150, 60)


def test_the_annotation_is_set_aside_as_it_is(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    draw(image, LEFT)
    draw(image, Box(200, 0, 210, 60), label=255)
    before = store.root_hash(image.id)
    assert set_aside(store, image.id, " ada ") == 110 * 60
    assert store.root_hash(image.id) == before
    assert store.references(image.id) == ["ada"]
    kept = store.prediction(image.id, "reference:ada")
    label, said = kept.label.dense(), kept.confidence.dense()
    assert (label[:, :100] == 1).all() and (label[:, 100:] == 255).all()
    assert (said[:, :100] == 255).all() and (said[:, 200:210] == 255).all() and said.sum() == 110 * 60 * 255


def test_a_reference_is_no_models_prediction(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    draw(image, LEFT)
    set_aside(store, image.id, "ada")
    assert store.prediction_keys(image.id) == []


def test_the_second_person_begins_blind_and_can_go_back(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    revision = draw(image, LEFT)
    store.set_status(image.id, Status.APPROVED, expected=revision)
    set_aside(store, image.id, "ada", clear=True)
    assert store.image(image.id).status is Status.NEW
    assert (label_of(store, image) == 0).all() and store.class_pixels(image.id) == {}
    undo = store.history(image.id).undo[-1]
    assert undo.title == "begin afresh"
    patch = store.patch(image.id, undo.revision)
    store.commit(image.id, patch.inverse(), kind="undo", target=undo.revision, expected=undo.revision)
    assert (label_of(store, image)[:, :100] == 1).all()
    store.close()
    assert check(store.root) == []


def test_a_locked_class_is_not_cleared_and_nothing_else_either(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    draw(image, LEFT)
    store.set_catalog(store.catalog.lock(1, True))
    with pytest.raises(LockedError):
        set_aside(store, image.id, "ada", clear=True)
    assert store.references(image.id) == []
    assert (label_of(store, image)[:, :100] == 1).all()


def test_a_reference_is_replaced_only_when_that_is_meant(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    draw(image, LEFT)
    set_aside(store, image.id, "ada")
    draw(image, MIDDLE)
    with pytest.raises(BadInputError, match="already"):
        set_aside(store, image.id, "ada")
    assert (store.prediction(image.id, "reference:ada").label.dense()[:, 100:] == 255).all()
    set_aside(store, image.id, "ada", replace=True)
    assert (store.prediction(image.id, "reference:ada").label.dense()[:, 100:150] == 1).all()


@pytest.mark.parametrize("name", ["", "  ", "annotation", "Gold", "a\nb", "x" * 51])
def test_a_name_that_means_something_else_is_refused(store: ProjectStore, draw: Draw, name: str) -> None:
    image = store.images()[0]
    draw(image, LEFT)
    with pytest.raises(BadInputError):
        set_aside(store, image.id, name)
    assert store.references(image.id) == []


def test_what_nobody_has_labelled_cannot_be_set_aside(store: ProjectStore) -> None:
    with pytest.raises(BadInputError, match="nobody has labelled"):
        set_aside(store, store.images()[0].id, "ada")


def test_two_people_agree_as_far_as_their_pixels_do(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    draw(image, LEFT)
    set_aside(store, image.id, "ada", clear=True)
    draw(image, MIDDLE)
    (pair,), skipped = agreement(store, store.images())
    found = pair.to_json(store.catalog)["pooled"]
    assert ((pair.a, pair.b), len(pair.images), skipped) == (("annotation", "ada"), 1, [])
    assert found["per_class"]["nucleus"] == {"iou": pytest.approx(50 / 150), "dice": pytest.approx(100 / 200)}
    # Of 300 columns both say nucleus in 50, one in 100, none in 150; what nobody labelled is background.
    assert found["pixel_agreement"] == pytest.approx(200 / 300)
    chance = (100 * 100 + 200 * 200) / 300**2
    assert found["kappa"] == pytest.approx((200 / 300 - chance) / (1 - chance))


def test_every_two_layers_are_compared_or_those_that_are_asked_for(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    draw(image, LEFT)
    set_aside(store, image.id, "ada")
    set_aside(store, image.id, "ben")
    pairs, _ = agreement(store, store.images())
    assert {(p.a, p.b) for p in pairs} == {("annotation", "ada"), ("annotation", "ben"), ("ada", "ben")}
    (pair,), _ = agreement(store, store.images(), ("ben", "ada"))
    assert (pair.a, pair.b, pair.pooled.counted.pixel_accuracy) == ("ben", "ada", 1.0)
    with pytest.raises(BadInputError, match="'ada' and 'eve'"):
        agreement(store, store.images(), ("ada", "eve"))


def test_labels_are_imported_beside_the_annotation(store: ProjectStore, draw: Draw, tmp_path: Path) -> None:
    a, b = store.images()
    draw(a, LEFT)
    before = store.root_hash(a.id), store.image(a.id)
    folder = tmp_path / "ben"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        label = np.zeros((60, 300), np.uint8)
        label[:, 50:150] = 1
        Image.fromarray(label).save(folder / name)
    report = import_labels(store, folder, "png", reference="ben")
    assert (report.images, report.skipped) == (2, [])
    assert (store.root_hash(a.id), store.image(a.id)) == before
    assert store.image(b.id).status is Status.NEW and store.class_pixels(b.id) == {}
    (pair,), _ = agreement(store, store.images())
    scores = pair.to_json(store.catalog)["pooled"]["per_class"]["nucleus"]
    assert scores["iou"] == pytest.approx(50 / 150)
    again = import_labels(store, folder, "png", reference="ben")
    assert any("replaced" in notice for notice in again.notices)


def test_an_import_cannot_take_the_name_of_gold(store: ProjectStore, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="gold"):
        import_labels(store, tmp_path, "png", reference="gold")


def test_a_model_s_pixels_that_somebody_left_are_theirs(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    draw(image, LEFT, origin=Origin.MODEL)
    assert set_aside(store, image.id, "ada") == 100 * 60


def test_references_are_listed_with_who_kept_them_and_removed_again(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    draw(image, LEFT)
    store.author = "grace"
    set_aside(store, image.id, "ada")
    assert [(each.name, each.author) for each in kept(store, image.id)] == [("ada", "grace")]
    remove(store, image.id, "ada")
    assert kept(store, image.id) == []
    with pytest.raises(BadInputError):
        remove(store, image.id, "ada")
    assert check(store.root) == []


def test_of_many_images_those_are_left_out_that_nobody_has_labelled(store: ProjectStore, draw: Draw) -> None:
    labelled, empty = store.images()[:2]
    draw(labelled, LEFT)
    found = set_all_aside(store, [labelled, empty], "ada", clear=True)
    assert ([each.id for each in found.images], len(found.skipped)) == ([labelled.id], 1)
    assert store.references(labelled.id) == ["ada"]
    assert not store.class_pixels(labelled.id)
    with pytest.raises(BadInputError):
        set_all_aside(store, [labelled], "annotation")
