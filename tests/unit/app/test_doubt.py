"""The doubt of a prediction: what stands in for entropy, which spots are left, and how much is resolved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from labeltool.app.doubt import Doubt
from labeltool.core.catalog import IGNORE
from labeltool.core.geometry import Box
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord, Status
from labeltool.core.provenance import Origin
from labeltool.core.spots import share_resolved
from labeltool.inference.segmenter import Prediction
from labeltool.store.project import ProjectStore

FIRST, SECOND = Box(10, 10, 20, 20), Box(250, 30, 270, 50)
"""Two places where the model is in doubt; the second lies over a tile border."""


@pytest.fixture
def record(store: ProjectStore) -> ImageRecord:
    return store.images()[0]


def doubt_of(store: ProjectStore, record: ImageRecord, *, entropy: bool = True) -> Doubt:
    """Sure everywhere but in two places; of the last column the model has said nothing."""
    confidence = np.full((60, 300), 255, np.uint8)
    confidence[FIRST.slices()], confidence[SECOND.slices()] = 130, 200
    label = np.zeros((60, 300), np.uint8)
    label[:, 299], confidence[:, 299] = IGNORE, 0
    planes: dict[str, NDArray[np.uint8]] = {}
    if entropy:
        planes["entropy"] = np.full((60, 300), 3, np.uint8)
        planes["entropy"][FIRST.slices()], planes["entropy"][SECOND.slices()] = 250, 180
        planes["entropy"][:, 299] = 0
    store.save_prediction(record.id, "m", [Prediction(record.size.box, label, confidence, **planes)])
    prediction = store.prediction(record.id, "m")
    assert prediction is not None
    return Doubt(prediction, LabelMask(record.size), record)


def paint(doubt: Doubt, box: Box, origin: Origin) -> None:
    doubt.mask.apply(write(doubt.mask, box, title="", kind="", label=1, origin=origin))


def test_spots_come_by_the_mass_of_their_entropy(store: ProjectStore, record: ImageRecord) -> None:
    doubt = doubt_of(store, record)
    assert not doubt.by_confidence
    assert [spot.box for spot in doubt.spots(0.9)] == [SECOND, FIRST]
    assert [spot.mass for spot in doubt.spots(0.9)] == [400 * 180 / 255, 100 * 250 / 255]


def test_without_entropy_the_lack_of_confidence_stands_in_and_silence_is_no_doubt(
    store: ProjectStore, record: ImageRecord
) -> None:
    doubt = doubt_of(store, record, entropy=False)
    assert doubt.by_confidence
    assert [spot.mass for spot in doubt.spots(0.9)] == [400 * 55 / 255, 100 * 125 / 255]
    assert doubt.read(record.size.box)[:, 299].max() == 0


def test_what_is_surer_than_the_slider_says_is_no_spot(store: ProjectStore, record: ImageRecord) -> None:
    doubt = doubt_of(store, record)
    assert [spot.box for spot in doubt.spots(0.7)] == [FIRST]
    assert doubt.spots(0.5) == []


@pytest.mark.parametrize(
    ("origin", "resolves"), [("HUMAN", True), ("REVIEWER", True), ("IMPORTED", False), ("MODEL", False)]
)
def test_only_what_people_have_verified_resolves_doubt(
    store: ProjectStore, record: ImageRecord, origin: str, resolves: bool
) -> None:
    doubt = doubt_of(store, record)
    spot = doubt.spots(0.9)[0]
    before = share_resolved(doubt.masses().values())
    paint(doubt, spot.box, Origin[origin])
    share = share_resolved(doubt.masses().values())
    whole = sum(each.whole for each in doubt.masses().values())
    assert before == 0
    assert share == (round(spot.mass * 255) / whole if resolves else 0)
    assert (spot in doubt.spots(0.9)) is not resolves


def test_an_approval_resolves_what_was_imported(store: ProjectStore, record: ImageRecord) -> None:
    doubt = doubt_of(store, record)
    paint(doubt, record.size.box, Origin.IMPORTED)
    assert share_resolved(doubt.masses().values()) == 0
    approved = replace(doubt, record=replace(record, status=Status.APPROVED))
    assert share_resolved(approved.masses().values()) == 1
    assert approved.spots(0.9) == []


def test_a_stroke_over_part_of_a_spot_leaves_the_rest_of_it(store: ProjectStore, record: ImageRecord) -> None:
    doubt = doubt_of(store, record)
    paint(doubt, Box(255, 0, 256, 60), Origin.HUMAN)
    boxes = [spot.box for spot in doubt.spots(0.9)]
    assert boxes == [Box(256, 30, 270, 50), FIRST, Box(250, 30, 255, 50)]
