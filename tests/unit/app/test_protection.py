"""Locks hold for imports and pre-labels too, and every session is opened with them."""

from __future__ import annotations

import numpy as np
from PIL import Image

from labeltool.app.importing import import_labels
from labeltool.app.prelabel import fill_annotation, predict
from labeltool.app.protection import brightness
from labeltool.core.geometry import Box
from labeltool.imaging.pyramid import ArrayPyramid
from labeltool.store.project import ProjectStore


def test_a_pre_label_adds_nothing_to_a_locked_class(store: ProjectStore, model, runs):
    store.set_catalog(store.catalog.lock(1, True))
    record = store.images()[0]
    predict(store, [record], model)
    fill_annotation(store, record, model.key)
    assert not store.load_mask(record.id).read("label").any()


def test_an_import_adds_nothing_to_a_locked_class_and_fills_in_the_rest(store: ProjectStore, tmp_path):
    store.set_catalog(store.catalog.add("other").lock(1, True))
    labels = tmp_path / "labels"
    labels.mkdir()
    pixels = np.zeros((60, 300), np.uint8)
    pixels[:, 100:200], pixels[:, 200:] = 1, 2
    Image.fromarray(pixels).save(labels / "a.png")
    import_labels(store, labels, "png")
    label = store.load_mask(store.images()[0].id).read("label")
    assert (label == 1).sum() == 0
    assert (label[:, 200:] == 2).all()


def test_brightness_is_that_of_the_pixels_of_the_box():
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[5:, :, :] = 200
    pixels[5:, 10:, :] = (0, 255, 0)
    grey = brightness(ArrayPyramid(pixels))(Box(8, 3, 14, 9))
    assert grey.shape == (6, 6)
    assert set(grey[:2].ravel()) == {0}
    assert set(grey[2:, :2].ravel()) == {200}
    assert set(grey[2:, 2:].ravel()) == {150}
