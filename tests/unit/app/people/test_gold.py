"""Hidden gold images: nothing gives them away, and what people label on them is held against the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from labeltool.app.people.agreement import agreement
from labeltool.app.people.comments import comment, threads
from labeltool.app.people.deciding import decide, decided
from labeltool.app.people.gold import hide, report, reveal
from labeltool.app.people.history import Replay, mask_at, operations, restore
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box
from labeltool.core.project import ImageRecord, Status
from labeltool.core.provenance import Origin
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from tests.unit.app.people.conftest import Draw

ALL, TRUE = Box(0, 0, 300, 60), Box(0, 0, 100, 60)
KNOWN = {0: 200 * 60, 1: 100 * 60}


def _truth(store: ProjectStore, draw: Draw, image: ImageRecord) -> None:
    """Background everywhere, and a nucleus that is 100 columns wide."""
    draw(image, ALL, label=0)
    revision = draw(image, TRUE)
    comment(store, image.id, 5, 5, "this one is difficult")
    store.set_status(image.id, Status.APPROVED, expected=revision)


def _labelled(store: ProjectStore, draw: Draw, image: ImageRecord, width: int, author: str) -> None:
    store.author = author
    draw(image, Box(0, 0, width, 60))
    decide(store, image.id, Status.DONE, expected=store.image(image.id).revision)


def test_a_gold_image_looks_as_if_nobody_had_ever_labelled_it(store: ProjectStore, draw: Draw) -> None:
    image, other = store.images()
    _truth(store, draw, image)
    found = hide(store, [image])
    assert ([r.id for r in found.images], found.skipped, found.notices) == ([image.id], [], [])
    now = store.image(image.id)
    assert (now.status, now.split) == (other.status, other.split)
    assert store.class_pixels(image.id) == store.class_pixels(other.id) == {}
    assert store.references(image.id) == []
    assert store.prediction_keys(image.id) == []
    for asked in (operations, decided, threads):
        assert asked(store, image.id) == []
    with pytest.raises(BadInputError, match="no revision 2"):
        mask_at(store, image.id, 2)
    with pytest.raises(BadInputError, match="no revision 2"):
        restore(store, image.id, 2)
    with pytest.raises(BadInputError, match="no image has"):
        agreement(store, store.images(), ("annotation", "gold"))


def test_the_truth_is_kept_whole_and_can_be_brought_back(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    _truth(store, draw, image)
    hide(store, [image])
    revision = reveal(store, image)
    restore(store, image.id, revision)
    assert store.class_pixels(image.id) == KNOWN
    assert [t.comments[0].text for t in threads(store, image.id)] == ["this one is difficult"]
    assert store.prediction(image.id, "reference:gold") is None
    with pytest.raises(BadInputError, match="no hidden gold"):
        reveal(store, image)
    store.close()
    assert check(store.root) == []


def test_who_labels_a_gold_image_is_held_against_it(store: ProjectStore, draw: Draw) -> None:
    a, b = store.images()
    for image in (a, b):
        _truth(store, draw, image)
    hide(store, [a, b])
    assert report(store).to_json()["waiting"] == 2
    _labelled(store, draw, a, 50, "ada")
    _labelled(store, draw, b, 100, "ben")
    _labelled(store, draw, a, 80, "ada")
    found = report(store).to_json()
    assert (found["images"], found["waiting"]) == (2, 0)
    ada, ben = found["annotators"]["ada"], found["annotators"]["ben"]
    assert ada["images"] == ben["images"] == 1
    assert ada["per_class"]["nucleus"]["recall"] == pytest.approx(0.8)
    assert ada["per_class"]["nucleus"]["precision"] == 1.0
    assert (ben["miou"], ben["kappa"]) == (1.0, 1.0)
    assert [(row["author"], row["image"]) for row in found["over_time"]] == [
        ("ada", "a.png"),
        ("ben", "b.png"),
        ("ada", "a.png"),
    ]
    recalls = [row["per_class"]["nucleus"]["recall"] for row in found["over_time"]]
    assert recalls == [pytest.approx(0.5), 1.0, pytest.approx(0.8)]


def test_a_decision_is_judged_by_the_pixels_that_it_was_about(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    _truth(store, draw, image)
    hide(store, [image])
    _labelled(store, draw, image, 50, "ada")
    draw(image, TRUE)
    (row,) = report(store).to_json()["over_time"]
    assert row["per_class"]["nucleus"]["recall"] == pytest.approx(0.5)


def test_who_approves_a_gold_image_answers_for_it_too(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    _truth(store, draw, image)
    hide(store, [image])
    _labelled(store, draw, image, 50, "ada")
    store.author = "ben"
    decide(store, image.id, Status.APPROVED, expected=store.image(image.id).revision)
    found = report(store).to_json()
    assert found["annotators"]["ben"] == found["annotators"]["ada"]


def test_nobody_is_judged_where_gold_has_no_truth(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    draw(image, TRUE)
    draw(image, Box(200, 0, 300, 60), label=1, origin=Origin.MODEL)
    found = hide(store, [image])
    assert "66.7% of it has no truth" in found.notices[0]
    _labelled(store, draw, image, 250, "ada")
    (row,) = report(store).to_json()["over_time"]
    assert (row["pixels"], row["pixel_accuracy"]) == (100 * 60, 1.0)


def test_the_history_of_a_gold_image_is_counted_from_where_it_was_hidden(
    store: ProjectStore, draw: Draw
) -> None:
    image = store.images()[0]
    _truth(store, draw, image)
    hide(store, [image])
    _labelled(store, draw, image, 50, "ada")
    draw(image, TRUE)
    assert [entry.revision for entry in operations(store, image.id)] == [1, 2]
    assert [each.revision for each in decided(store, image.id)] == [1]
    assert list(mask_at(store, image.id, 0).occupied()) == []
    assert mask_at(store, image.id, 2).same_pixels(store.load_mask(image.id))
    assert restore(store, image.id, 1) == 3
    assert store.image(image.id).status is Status.DONE
    replay = Replay(store, image.id, 3)
    replay.go(0)
    assert not any(replay.mask.read("origin").ravel())


def test_the_same_pixels_as_before_are_not_approved_by_themselves(store: ProjectStore, draw: Draw) -> None:
    image = store.images()[0]
    _truth(store, draw, image)
    hide(store, [image])
    draw(image, ALL, label=0)
    draw(image, TRUE)
    assert store.class_pixels(image.id) == KNOWN
    assert store.image(image.id).status is Status.IN_WORK


def test_images_that_cannot_be_gold_are_left_out_with_the_reason(store: ProjectStore, draw: Draw) -> None:
    a, b = store.images()
    _truth(store, draw, a)
    hide(store, [a])
    found = hide(store, [a, b])
    assert found.images == []
    assert [each.reason for each in found.skipped] == [
        "is a hidden gold image already",
        "nobody has labelled this image. Label it first",
    ]


def test_hiding_can_be_done_again_after_it_was_cut_short(
    store: ProjectStore, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = store.images()[0]
    _truth(store, draw, image)
    real = store.add_event

    def killed(image_id: str, kind: str, data: dict[str, object]) -> None:
        if kind == "gold":
            raise BadInputError("as if the power had failed")
        real(image_id, kind, data)

    monkeypatch.setattr(store, "add_event", killed)
    assert len(hide(store, [image]).skipped) == 1
    monkeypatch.setattr(store, "add_event", real)
    assert hide(store, [image]).images == [image]
    _labelled(store, draw, image, 100, "ada")
    assert report(store).to_json()["annotators"]["ada"]["per_class"]["nucleus"]["iou"] == 1.0


def test_what_a_split_means_for_gold_is_told(store: ProjectStore, draw: Draw) -> None:
    a, b = store.images()
    for image, split in ((a, "train"), (b, "test")):
        _truth(store, draw, image)
        store.put_into(image.id, split)
    notices = hide(store, store.images()).notices
    assert "a.png is in train" in notices[0]
    assert "b.png is in test" in notices[1]


def test_the_report_of_a_project_without_gold_is_empty(store: ProjectStore, tmp_path: Path) -> None:
    assert report(store).to_json() == {"images": 0, "waiting": 0, "annotators": {}, "over_time": []}
