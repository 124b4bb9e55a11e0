"""Crops: where they come from, that they depend on the seed and the step alone, and what of labels they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.progress import CancelToken, silent
from labeltool.inference.segmenter import Plane8
from labeltool.inference.training import TrainingImage, TrainingSet
from labeltool.inference.training_options import Augmentation
from labeltool.nn.training import data
from labeltool.nn.training.data import Batch, CropSampler, Examples

from .conftest import CARD, drawn, options

PLAIN = Augmentation((1, 1), False, False, 0, 0, 0, invert=0, colour=0, shade=0, blur=0, noise=0)


def sampler(images: Sequence[TrainingImage], card: object = CARD, **changes: object) -> CropSampler:
    return CropSampler(Examples(images, card), options(**changes), cancel=CancelToken(), progress=silent)  # type: ignore[arg-type]


def first(sampler: CropSampler, count: int, step: int = 0) -> list[Batch]:
    batches = sampler.batches(step)
    try:
        return list(islice(batches, count))
    finally:
        batches.close()


def equal(one: Sequence[NDArray[np.uint8]], other: Sequence[NDArray[np.uint8]]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def saved(folder: Path, name: str, pixels: NDArray[np.uint8], label: Plane8) -> TrainingImage:
    Image.fromarray(pixels).save(folder / f"{name}.png")
    return TrainingImage(name, folder / f"{name}.png", lambda: label)


@settings(max_examples=10)
@given(first_step=st.integers(0, 2**33))
def test_batches_from_a_step_on_are_those_that_came_before(
    tmp_path_factory: pytest.TempPathFactory, first_step: int
) -> None:
    images = [drawn(tmp_path_factory.mktemp("images"), "a", 0)]
    whole = first(sampler(images), 3, first_step)
    later = first(sampler(images), 2, first_step + 1)
    assert all(equal(a[:2], b[:2]) for a, b in zip(whole[1:], later, strict=True))
    assert not equal(whole[0][:2], whole[1][:2])


def test_another_seed_gives_other_crops(discs: TrainingSet) -> None:
    one, other = (sampler(discs.train, seed=seed).batch(0) for seed in (1, 2))
    assert not equal(one[:2], other[:2])


def test_processes_draw_parts_of_the_same_batch(discs: TrainingSet, monkeypatch: pytest.MonkeyPatch) -> None:
    source = sampler(discs.train, batch=6)
    whole = source.batch(4)
    monkeypatch.setattr(data, "ranks", lambda: 2)
    parts = []
    for number in (0, 1):
        monkeypatch.setattr(data, "rank", lambda number=number: number)
        parts.append(source.batch(4))
    for plane in (0, 1):
        together = np.stack([parts[0][plane], parts[1][plane]], 1).reshape(whole[plane].shape)
        assert np.array_equal(together, whole[plane])


def test_crops_hold_only_values_of_the_label(discs: TrainingSet) -> None:
    batch = sampler(discs.train, augmentation=Augmentation(zoom=(0.3, 3.0))).batch(0)
    assert batch.pixels.shape == (2, 64, 64, 3) and batch.labels.shape == (2, 64, 64)
    assert set(np.unique(batch.labels)) <= {0, 1, 255}


@pytest.mark.parametrize("tilt", [0.0, 45.0])
def test_pixels_and_labels_of_a_crop_stay_together(discs: TrainingSet, tilt: float) -> None:
    turned = replace(PLAIN, zoom=(0.5, 2.0), rotate=True, tilt=tilt, mirror=True)
    batch = sampler(discs.train, augmentation=turned, batch=16).batch(0)
    counted = batch.labels != 255
    agreement = ((batch.pixels[..., 1] > 130) == (batch.labels == 1))[counted].mean()
    assert (batch.labels == 1).any() and agreement > 0.98


@pytest.mark.parametrize("crop", [32, 96, 160])
def test_crops_may_be_larger_than_the_images(discs: TrainingSet, crop: int) -> None:
    assert sampler(discs.train, crop=crop).batch(0).pixels.shape == (2, crop, crop, 3)


@pytest.mark.parametrize("rotate", [False, True])
def test_what_has_an_above_and_a_below_keeps_them_when_it_is_mirrored_only(
    tmp_path: Path, rotate: bool
) -> None:
    label = np.zeros((64, 64), np.uint8)
    label[:32, :16] = 1
    image = saved(tmp_path, "sky", np.repeat(label[..., None] * 200, 3, 2), label)
    how = replace(PLAIN, rotate=rotate, mirror=True)
    labels = sampler([image], augmentation=how, batch=32).batch(0).labels
    assert (labels[:, 40:] == 0).all() is np.True_ if not rotate else (labels[:, 40:] == 1).any()
    assert (labels[:, 0, 0] == 1).any() and (labels[:, 0, -1] == 1).any()


@pytest.mark.parametrize(("tilt", "most"), [(0.0, 0.5), (20.0, 20.5)])
def test_crops_are_turned_by_as_many_degrees_as_are_allowed(tmp_path: Path, tilt: float, most: float) -> None:
    label = np.zeros((128, 128), np.uint8)
    label[64:] = 1
    image = saved(tmp_path, "horizon", np.zeros((128, 128, 3), np.uint8), label)
    labels = sampler([image], augmentation=replace(PLAIN, rotate=False, tilt=tilt), batch=64).batch(0).labels
    heights = (labels == 0).sum(1)[:, 8:-8].astype(float)
    slopes = [
        np.rad2deg(np.arctan(np.polyfit(np.arange(48), each, 1)[0]))
        for each in heights
        if each.min() > 0 and each.max() < 64
    ]
    assert len(slopes) > 5 and np.abs(slopes).max() <= most and np.abs(slopes).max() >= 0.5 * tilt


def test_rare_classes_are_shown_more_often_than_they_are(tmp_path: Path) -> None:
    catalog = ClassCatalog.from_names(["common", "rare"])
    label = np.ones((640, 640), np.uint8)
    label[300:310, 300:310] = 2
    image = saved(tmp_path, "a", np.zeros((640, 640, 3), np.uint8), label)
    labels = sampler([image], replace(CARD, catalog=catalog), batch=64, augmentation=PLAIN).batch(0).labels
    shown = (labels == 2).any((1, 2)).sum()
    assert shown > 20  # of 64; by chance it would be in one of 75


@pytest.mark.parametrize("least", [0.0, 0.6])
def test_images_of_which_little_is_labelled_are_learnt_from_there(tmp_path: Path, least: float) -> None:
    label = np.full((640, 640), 255, np.uint8)
    label[200:320, 200:320] = 0  # a crop taken anywhere would rarely hold any of it
    image = saved(tmp_path, "a", np.zeros((640, 640, 3), np.uint8), label)
    labels = sampler([image], least_labelled=least, batch=16, augmentation=PLAIN).batch(0).labels
    shares = (labels != 255).mean((1, 2))
    assert (shares.min() >= 0.6) if least else (0.2 < shares.min() < 0.6)


def test_labels_of_unlabelled_images_are_never_loaded(discs: TrainingSet, tmp_path: Path) -> None:
    def refused() -> Plane8:
        raise AssertionError("the label of an unlabelled image was loaded")

    secret = replace(drawn(tmp_path, "secret", 9), load_label=refused)
    source = CropSampler(
        Examples(discs.train, CARD),
        options(unlabelled=1.0),
        cancel=CancelToken(),
        progress=silent,
        unlabelled=Examples([secret], CARD, labelled=False),
    )
    views = source.batch(0).unlabelled
    assert views is not None and views.weak.shape == views.strong.shape == (2, 64, 64, 3)
    assert not np.array_equal(views.weak, views.strong)


def test_unlabelled_images_of_no_weight_are_not_even_read(discs: TrainingSet) -> None:
    gone = TrainingImage("gone", Path("nowhere.png"), lambda: np.zeros((1, 1), np.uint8))
    source = CropSampler(
        Examples(discs.train, CARD),
        options(),
        cancel=CancelToken(),
        progress=silent,
        unlabelled=Examples([gone], CARD, labelled=False),
    )
    assert source.batch(0).unlabelled is None
    assert equal(source.batch(0)[:2], sampler(discs.train).batch(0)[:2])


def test_a_label_of_another_size_or_value_names_the_image(tmp_path: Path) -> None:
    good = drawn(tmp_path, "good", 0)
    odd = replace(good, load_label=lambda: np.zeros((3, 3), np.uint8))
    for image, words in ((odd, "its label"), (drawn(tmp_path, "odd", 1, value=9), "value 9")):
        with pytest.raises(BadInputError, match=words) as caught:
            Examples([image], CARD)[0]
        assert caught.value.file == str(image.path)
