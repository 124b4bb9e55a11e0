"""Laws of what a taught model offers: nothing that counts as truth ever changes, and what is taken is what was said."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from labeltool.app.offering import Offer, offer_of, taken
from labeltool.core.catalog import IGNORE
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.provenance import TRUTH, Origin
from labeltool.inference.segmenter import Prediction
from tests.laws.examples import law

SIZE = Size(290, 270)
QUICK = law(40)
CLASSES = (0, 1, 2, IGNORE)


def patchy(rng: np.random.Generator, values: tuple[int, ...], box: Box) -> np.ndarray:
    """Squares of 9 pixels a side, each of one value."""
    coarse = rng.choice(np.array(values, np.uint8), (box.height // 9 + 1, box.width // 9 + 1))
    return np.repeat(np.repeat(coarse, 9, 0), 9, 1)[: box.height, : box.width]


def masked(seed: int) -> LabelMask:
    """Any class and any origin everywhere, and an object here and there."""
    rng, mask = np.random.default_rng(seed), LabelMask(SIZE)
    objects = (patchy(rng, (0, 0, 3), SIZE.box)).astype(np.uint32)
    label, origin = patchy(rng, CLASSES, SIZE.box), patchy(rng, tuple(Origin), SIZE.box)
    mask.apply(write(mask, SIZE.box, title="", kind="", label=label, origin=origin, object_id=objects))
    return mask


@st.composite
def offers(draw: st.DrawFn) -> tuple[LabelMask, Offer]:
    mask, rng = masked(draw(st.integers(0, 2**16))), np.random.default_rng(draw(st.integers(0, 2**16)))
    x, y = draw(st.integers(0, 200)), draw(st.integers(0, 200))
    box = Box(x, y, x + draw(st.integers(1, 280)), y + draw(st.integers(1, 260))).intersect(SIZE.box)
    label, confidence = patchy(rng, CLASSES, box), patchy(rng, (0, 100, 255), box)
    locked = draw(st.sets(st.sampled_from((0, 1, 2)), max_size=2))
    offer = offer_of(mask, Prediction(box, label, confidence), "m@1", locked)
    assume(offer is not None)
    assert offer is not None
    for value in locked:
        assert not (offer.label[offer.inside] == value).any()
        assert not (mask.read("label", box)[offer.inside] == value).any()
    return mask, offer


@QUICK
@given(offers(), st.integers(0, 2**16))
def test_nothing_that_counts_as_truth_changes_though_somebody_went_on_painting(
    made: tuple[LabelMask, Offer], seed: int
) -> None:
    _, offer = made
    later = masked(seed)
    truth = np.isin(later.read("origin"), TRUTH)
    before = {name: later.read(name) for name in later.planes}
    for region in (None, *offer.regions[:3]):
        mask = later.snapshot()
        mask.apply(taken(mask, offer, region))
        assert all(np.array_equal(mask.read(name)[truth], before[name][truth]) for name in mask.planes)


@QUICK
@given(offers())
def test_what_is_taken_is_what_was_offered_and_no_other_pixel_changes(
    made: tuple[LabelMask, Offer],
) -> None:
    before, offer = made
    for region in (None, *offer.regions[:3]):
        mask = before.snapshot()
        patch = taken(mask, offer, region)
        mask.apply(patch)
        box, inside = offer.shape(region)
        where = np.zeros((SIZE.height, SIZE.width), bool)
        where[box.slices()] = inside
        said = np.zeros_like(where, np.uint8)
        said[offer.box.slices()] = offer.label
        assert np.array_equal(mask.read("label")[where], said[where])
        assert (mask.read("origin")[where] == Origin.MODEL).all()
        assert not mask.read("object")[where].any()
        assert all(np.array_equal(mask.read(n)[~where], before.read(n)[~where]) for n in mask.planes)
        mask.apply(patch.inverse())
        assert mask.same_pixels(before)


@QUICK
@given(offers())
def test_regions_are_apart_and_every_pixel_of_one_says_the_same(made: tuple[LabelMask, Offer]) -> None:
    _, offer = made
    met = np.zeros(offer.inside.shape, int)
    for region in offer.regions:
        box, inside = offer.shape(region)
        met[box.slices(offer.box)] += inside
        assert region.area == inside.sum() >= 20
        assert (offer.label[box.slices(offer.box)][inside] == region.value).all()
        y, x = np.argwhere(inside)[0]
        assert offer.at(box.x0 + int(x), box.y0 + int(y)) == region
    assert met.max() == 1
    assert not met[~offer.inside].any()
