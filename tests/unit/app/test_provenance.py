"""What is verified, what a run learns of it, and where people have looked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.app.project import add_images
from labeltool.app.provenance import (
    LOOKED,
    count_verified,
    keep_looked,
    looked,
    share_looked_at,
    verified,
    verified_origins,
)
from labeltool.app.runs import again, begin, plan, remove
from labeltool.core.catalog import IGNORE
from labeltool.core.errors import BadInputError, StoreError
from labeltool.core.geometry import Box, Size
from labeltool.core.looked import LEAST_S, Looked
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord, Status
from labeltool.core.provenance import Origin
from labeltool.inference.run import Manifest
from labeltool.inference.run_data import training_set
from labeltool.inference.training_options import TrainingOptions
from labeltool.store.project import ProjectStore

ALL = TrainingOptions(name="mine")
ONLY = replace(ALL, verified_only=True)


def set_pixels(store: ProjectStore, record: ImageRecord, **boxes: Box) -> None:
    """Give a box of pixels to each origin."""
    for name, box in boxes.items():
        mask = store.load_mask(record.id)
        patch = write(mask, box, title="", kind="", label=1, origin=Origin[name.upper()])
        store.commit(record.id, patch, expected=store.image(record.id).revision, status=Status.IN_WORK)


def approve(store: ProjectStore, record: ImageRecord) -> None:
    store.update_image(replace(store.image(record.id), status=Status.APPROVED))


LEFT, RIGHT, BELOW = Box(0, 0, 10, 10), Box(20, 0, 50, 10), Box(0, 20, 40, 30)


def test_imported_pixels_and_a_models_are_verified_once_the_image_is_approved(store: ProjectStore) -> None:
    record = store.images()[0]
    set_pixels(store, record, human=LEFT, imported=RIGHT, model=BELOW)
    mask = store.load_mask(record.id)
    seen = verified(mask, mask.size.box, store.image(record.id))
    assert seen[LEFT.slices()].all() and seen.sum() == 100
    approve(store, record)
    seen = verified(mask, mask.size.box, store.image(record.id))
    assert all(seen[box.slices()].all() for box in (LEFT, RIGHT, BELOW)) and seen.sum() == 800
    assert Origin.NOBODY not in verified_origins(store.image(record.id))


def test_a_run_learns_what_a_model_has_drawn_once_somebody_has_approved_it(store: ProjectStore) -> None:
    record, other = store.images()
    set_pixels(store, record, model=BELOW)
    set_pixels(store, other, human=LEFT)
    assert plan(store, ALL).train == 1
    approve(store, record)
    run = begin(store, ALL)
    images = training_set(run.folder, run.manifest)
    labels = {Path(i.path).stem: i.load_label() for i in (*images.train, *images.val)}
    assert (labels["a"] == 1).sum() == 400
    set_pixels(store, store.image(record.id), human=LEFT)  # any edit takes the approval back
    assert store.image(record.id).status is Status.IN_WORK
    remove(run)
    run = begin(store, replace(ALL, name="later"))
    images = training_set(run.folder, run.manifest)
    labels = {Path(i.path).stem: i.load_label() for i in (*images.train, *images.val)}
    assert (labels["a"] == 1).sum() == 100


def test_a_run_on_verified_pixels_ignores_all_others(store: ProjectStore) -> None:
    record, other = store.images()
    set_pixels(store, record, human=LEFT, imported=RIGHT, model=BELOW)
    set_pixels(store, other, imported=RIGHT)
    run = begin(store, ONLY)
    assert [Path(image.path).stem for image in run.manifest.images] == ["a"]
    label = training_set(run.folder, run.manifest).train[0].load_label()
    wanted = np.full((60, 300), IGNORE, np.uint8)
    wanted[LEFT.slices()] = 1
    assert np.array_equal(label, wanted)
    assert Manifest.read(run.folder).options.verified_only
    assert [(Path(s.file).stem, "verified" in s.reason) for s in run.manifest.skipped] == [("b", True)]
    remove(run)
    assert len(begin(store, ALL).manifest.images) == 2


def test_the_plan_says_what_is_left_and_the_labels_hold_just_that(store: ProjectStore) -> None:
    record, other = store.images()
    set_pixels(store, record, human=LEFT, imported=RIGHT)
    set_pixels(store, other, imported=BELOW)
    assert plan(store, ALL).verified is None
    found = plan(store, ONLY)
    assert (found.train, found.val, found.verified) == (1, 0, (100, 400))
    assert len(found.skipped) == 1
    approve(store, other)
    found = plan(store, ONLY)
    assert found.verified == count_verified(store, store.images()) == (500, 800)
    run = begin(store, ONLY)
    images = training_set(run.folder, run.manifest)
    labels = [image.load_label() for image in (*images.train, *images.val)]
    assert sum(int((label != IGNORE).sum()) for label in labels) == found.verified.pixels


def test_where_nobody_has_verified_anything_it_says_what_to_do(store: ProjectStore) -> None:
    set_pixels(store, store.images()[0], imported=RIGHT)
    for made in (plan, begin):
        with pytest.raises(BadInputError, match="verified an image") as caught:
            made(store, ONLY)  # type: ignore[operator]
        assert "approve" in caught.value.hint
    assert plan(store, ALL).train == 1


def test_an_image_of_the_test_split_is_not_reported_as_left_out(store: ProjectStore, images: Path) -> None:
    set_pixels(store, store.images()[0], human=LEFT)
    Image.new("L", (30, 20), 3).save(images / "t.png")
    (tested,) = add_images(store, [images / "t.png"], split="test").added
    set_pixels(store, tested, imported=LEFT)
    assert plan(store, ONLY).skipped == []


def test_a_run_that_is_made_again_has_the_verified_pixels_of_the_first(store: ProjectStore) -> None:
    record = store.images()[0]
    set_pixels(store, record, human=LEFT, imported=RIGHT)
    first = begin(store, ONLY)
    for label in (first.folder / "labels").iterdir():
        label.unlink()
    same = again(store, first.folder, "again")
    assert [i.label_sha256 for i in same.manifest.images] == [i.label_sha256 for i in first.manifest.images]
    approve(store, record)
    for label in (first.folder / "labels").glob("*"):
        label.unlink()
    with pytest.raises(BadInputError, match="not the one"):
        again(store, first.folder, "third")


# ---- where people have looked


def glance(record: ImageRecord, box: Box, seconds: float) -> Looked:
    found = Looked(record.size)
    found.add(box, 1.0, seconds)
    return found


def test_looks_add_up_over_sessions(store: ProjectStore) -> None:
    record = store.images()[0]
    set_pixels(store, record, human=LEFT)
    assert looked(store, record).share == 0
    half = Box(0, 0, 128, 60)
    assert keep_looked(store, record.id, glance(record, half, LEAST_S))
    assert keep_looked(store, record.id, glance(record, record.size.box, LEAST_S))
    with ProjectStore.open(store.root, write=False) as elsewhere:
        found = looked(elsewhere, record)
    assert found.share == 1
    assert found.seconds[0].tolist() == [1.0, 1.0, 0.5, 0.5, 0.5]


def test_a_glimpse_leaves_nothing_behind(store: ProjectStore) -> None:
    record = store.images()[0]
    set_pixels(store, record, human=LEFT)
    assert not keep_looked(store, record.id, glance(record, record.size.box, LEAST_S / 2))
    assert store.events(record.id, {LOOKED}) == []


def test_who_looks_through_images_that_nobody_has_worked_on_leaves_no_trace(store: ProjectStore) -> None:
    record = store.images()[0]
    assert not keep_looked(store, record.id, glance(record, record.size.box, 9))
    assert list((store.root / "masks").rglob("*.ltm")) == []


def test_the_project_says_which_share_of_its_pixels_was_looked_at(store: ProjectStore) -> None:
    record = store.images()[0]
    set_pixels(store, record, human=LEFT)
    keep_looked(store, record.id, glance(record, record.size.box, 1))
    assert share_looked_at(store, store.images()) == 0.5
    assert share_looked_at(store, []) is None


def test_what_cannot_be_read_of_it_is_an_error_that_names_the_image(store: ProjectStore) -> None:
    record = store.images()[0]
    store.add_event(record.id, "looked", Looked(Size(9, 9)).to_json())
    with pytest.raises(StoreError, match="where somebody has looked") as caught:
        looked(store, record)
    assert caught.value.file == str(record.path)
    assert share_looked_at(store, [record]) == 0
