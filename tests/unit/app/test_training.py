from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from labeltool import plugins
from labeltool.app.models import Model
from labeltool.app.project import add_images
from labeltool.app.training import train_model, training_set
from labeltool.core.catalog import IGNORE
from labeltool.core.errors import BadInputError, ModelError
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.project import Status
from labeltool.core.provenance import Origin
from labeltool.inference.training_options import TrainingOptions
from labeltool.store.project import ProjectStore


def paint(store: ProjectStore, image_id: str, origin: Origin = Origin.HUMAN) -> None:
    mask = store.load_mask(image_id)
    patch = write(mask, Box(0, 0, 5, 5), title="", kind="", label=1, origin=origin)
    store.commit(image_id, patch, expected=store.image(image_id).revision, status=Status.IN_WORK)


def add(store: ProjectStore, folder: Path, names: str, split: str = "") -> None:
    for name in names:
        Image.new("L", (30, 20)).save(folder / f"{name}.png")
    for record in add_images(store, [folder], split=split).added:
        paint(store, record.id)


def names(images: Any) -> list[str]:
    return sorted(image.path.stem for image in images)


def test_what_only_a_model_has_drawn_is_nothing_to_learn_from(store: ProjectStore) -> None:
    paint(store, store.images()[0].id, Origin.MODEL)
    with pytest.raises(BadInputError, match="nobody has labelled"):
        training_set(store, seed=1)


def test_the_splits_are_taken_as_they_are(store: ProjectStore, images: Path) -> None:
    paint(store, store.images()[0].id)
    add(store, images, "mno", "train")
    add(store, images, "v", "val")
    add(store, images, "t", "test")
    data, skipped = training_set(store, seed=1)
    assert names(data.train) == ["m", "n", "o"]
    assert names(data.val) == ["v"]
    assert skipped == []


def test_without_splits_a_fifth_is_held_out_by_the_seed(store: ProjectStore, images: Path) -> None:
    add(store, images, "cdefghijkl")
    one, same, other = (names(training_set(store, seed)[0].val) for seed in (1, 1, 2))
    assert len(one) == 2
    assert one == same != other
    data, _ = training_set(store, seed=1)
    assert sorted(names(data.train) + names(data.val)) == list("cdefghijkl")


def test_a_single_image_is_learnt_from_without_validation(store: ProjectStore) -> None:
    paint(store, store.images()[0].id)
    data, _ = training_set(store, seed=1)
    assert (names(data.train), names(data.val)) == (["a"], [])


def test_labels_are_ignore_where_nobody_has_been(store: ProjectStore) -> None:
    paint(store, store.images()[0].id)
    data, _ = training_set(store, seed=1)
    label = data.train[0].load_label()
    assert label.shape == (60, 300)
    assert (label[:5, :5] == 1).all()
    assert (label == IGNORE).sum() == label.size - 25


def test_an_image_that_has_changed_is_left_out_and_named(store: ProjectStore) -> None:
    for record in store.images():
        paint(store, record.id)
    Image.new("L", (300, 60)).save(store.images()[0].path)
    data, skipped = training_set(store, seed=1)
    assert names(data.train) == ["b"]
    assert [Path(s.file).name for s in skipped] == ["a.png"]


def test_no_volume_is_held_out_in_part(store: ProjectStore, images: Path) -> None:
    for name in "cdefg":
        frames = [Image.new("L", (30, 20), 9 * n) for n in range(1, 5)]
        frames[0].save(images / f"{name}.gif", save_all=True, append_images=frames[1:])
    for record in add_images(store, [images]).added:
        paint(store, record.id)
    for seed in range(5):
        data, _ = training_set(store, seed)
        assert names(data.val) == names(data.val)[:1] * 4
        assert len(data.train) == 16


def test_of_a_single_volume_slices_are_held_out(store: ProjectStore, images: Path) -> None:
    frames = [Image.new("L", (30, 20), 9 * n) for n in range(1, 11)]
    frames[0].save(images / "v.gif", save_all=True, append_images=frames[1:])
    for record in add_images(store, [images / "v.gif"]).added:
        paint(store, record.id)
    data, _ = training_set(store, seed=1)
    assert (len(data.train), len(data.val)) == (8, 2)


def test_a_training_that_fails_leaves_no_model(
    store: ProjectStore, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(data: Any, options: Any, out: Path, **rest: Any) -> None:
        (out / "card.json").write_text("{}")
        raise ModelError("the loss was not a number")

    monkeypatch.setattr(plugins, "load", lambda group, name: fail)
    paint(store, store.images()[0].id)
    data, _ = training_set(store, seed=1)
    with pytest.raises(ModelError, match="loss"):
        train_model(store, data, TrainingOptions(), store.root / "models" / "new")
    assert list((store.root / "models").iterdir()) == []


def test_truth_is_read_when_it_is_wanted(store: ProjectStore) -> None:
    paint(store, store.images()[0].id)
    data, _ = training_set(store, seed=1)
    mask = store.load_mask(store.images()[0].id)
    patch = write(mask, Box(5, 0, 6, 1), title="", kind="", label=0, origin=Origin.HUMAN)
    store.commit(store.images()[0].id, patch, expected=1)
    assert np.count_nonzero(data.train[0].load_label() != IGNORE) == 26
