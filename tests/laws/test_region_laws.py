"""What is done to regions, tile by tile, equals the same done on one plain array by other people's libraries."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label as labelled

from labeltool.app.regions import OPERATIONS, Prepared, Wish, split_objects
from labeltool.app.taking import copied_mask, taken_answer
from labeltool.app.targets import targets
from labeltool.core.algebra import Alike
from labeltool.core.components import component
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import TILE, Box, Size
from labeltool.core.labelling import Components
from labeltool.core.mask import LabelMask
from labeltool.core.morphology import Holes, Islands, grown, shrunk, smoothed, squared_distance
from labeltool.core.patch import Patch, paint, write
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Shape, dense, everywhere
from tests.laws.examples import law
from tests.laws.grid import PLAIN, tiles_of

Bools = NDArray[np.bool_]


@st.composite
def pictures(draw: st.DrawFn) -> tuple[Bools, LabelMask]:
    """Blobs, noise or stripes on an image of a few tiles, some of them wholly inside; and a mask of class 1 there."""
    size = Size(draw(st.sampled_from((1, 40, 257, 560))), draw(st.sampled_from((1, 256, 300, 530))))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    noise = random.random((size.height, size.width)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), draw(st.sampled_from((0.5, 2.0, 8.0, 30.0))))
    inside = blurred > np.quantile(blurred, draw(st.sampled_from((0.1, 0.5, 0.9))))
    mask = LabelMask(size)
    mask.apply(write(mask, size.box, inside, title="", kind="", label=1))
    if draw(st.booleans()):
        tile = Box(0, 0, TILE, TILE).intersect(size.box)
        mask.apply(paint(mask, everywhere(tile), title="", kind="", label=1, origin=0))
        inside[tile.slices()] = True
    if draw(st.booleans()):  # a tile of the fill value, known to be constant
        tile = Box(TILE, 0, 2 * TILE, TILE).intersect(size.box)
        if not tile.is_empty:
            mask.apply(paint(mask, everywhere(tile), title="", kind="", label=0, origin=0))
            inside[tile.slices()] = False
    return inside, mask


def ones(mask: LabelMask) -> Alike:
    return Alike([mask.planes["label"]], [1], mask.size.box)


def pixels(shape: Shape, mask: LabelMask) -> Bools:
    return dense(shape, mask.size.box).inside


def disc(radius: int) -> Bools:
    across = np.arange(-radius, radius + 1)
    return across[:, None] ** 2 + across**2 <= radius**2


@given(pictures(), st.sampled_from((4, 8)), st.data())
@law(40)
def test_a_component_is_that_of_the_plain_array(picture, connectivity, data):
    inside, mask = picture
    x = data.draw(st.integers(0, mask.size.width - 1))
    y = data.draw(st.integers(0, mask.size.height - 1))
    numbers = labelled(inside, connectivity=connectivity // 4)
    expected = (numbers == numbers[y, x]) & inside[y, x] & inside
    found = component(ones(mask), mask.size, (x, y), connectivity)
    assert np.array_equal(pixels(found, mask), expected)


@given(pictures(), st.sampled_from((4, 8)))
@law(40)
def test_components_have_the_areas_boxes_and_pixels_of_the_plain_array(picture, connectivity):
    inside, mask = picture
    found = Components(ones(mask), mask.size, connectivity)
    _, numbers, stats, _ = cv2.connectedComponentsWithStats(inside.view(np.uint8), connectivity=connectivity)
    expected = sorted((x, y, x + w, y + h, area) for x, y, w, h, area in stats[1:].tolist())
    assert sorted((*found.box(n), int(found.areas[n])) for n in range(len(found))) == expected
    for n in range(min(len(found), 3)):
        part = found.inside(n)
        ys, xs = np.nonzero(part.inside)
        number = numbers[ys[0] + part.box.y0, xs[0] + part.box.x0]
        assert np.array_equal(part.inside, numbers[part.box.slices()] == number)


@given(pictures())
@law(25)
def test_squared_distances_are_exact(picture):
    inside = np.pad(picture[0], 1)
    expected = np.rint(ndimage.distance_transform_edt(inside) ** 2)
    assert np.array_equal(squared_distance(inside), expected)


@given(pictures(), st.integers(1, 40))
@law(40)
def test_growing_and_shrinking_are_by_a_euclidean_disc(picture, radius):
    inside, mask = picture
    far = np.full(inside.shape, np.inf)
    out = ndimage.distance_transform_edt(~inside) if inside.any() else far
    into = ndimage.distance_transform_edt(inside) if not inside.all() else far
    assert np.array_equal(pixels(grown(ones(mask), radius, mask.size), mask), out <= radius + 1e-9)
    assert np.array_equal(pixels(shrunk(ones(mask), radius, mask.size), mask), into > radius + 1e-9)


@given(pictures(), st.integers(1, 12))
@law(25)
def test_smoothing_is_the_majority_in_a_disc(picture, radius):
    inside, mask = picture
    votes = cv2.filter2D(
        np.where(inside, 1.0, -1.0), cv2.CV_64F, disc(radius).astype(float), borderType=cv2.BORDER_CONSTANT
    )
    assert np.array_equal(pixels(smoothed(ones(mask), radius, mask.size), mask), votes > 0.5)


@given(pictures(), st.sampled_from((0, 1, 5, 200)))
@law(40)
def test_holes_are_filled_up_to_an_area(picture, largest):
    inside, mask = picture
    expected = ndimage.binary_fill_holes(inside)
    holes, _ = ndimage.label(expected & ~inside)
    if largest:
        areas = np.bincount(holes.ravel())
        expected = inside | ((holes > 0) & (areas[holes] <= largest))
    assert np.array_equal(pixels(Holes(ones(mask), mask.size).filled(largest), mask), expected)


@given(pictures(), st.sampled_from((1, 5, 200)))
@law(40)
def test_islands_up_to_an_area_go_and_the_largest_stays(picture, area):
    inside, mask = picture
    _, numbers, stats, _ = cv2.connectedComponentsWithStats(inside.view(np.uint8), connectivity=8)
    areas = stats[:, 4]
    islands = Islands(ones(mask), mask.size)
    assert np.array_equal(pixels(islands.larger_than(area), mask), inside & (areas[numbers] > area))
    largest = pixels(islands.largest(), mask)
    assert np.count_nonzero(largest) == (areas[1:].max() if len(areas) > 1 else 0)
    assert len(np.unique(numbers[largest])) == min(1, len(areas) - 1)
    assert inside[largest].all()


@pytest.mark.parametrize("connectivity", [4, 8])
def test_the_component_of_a_pixel_outside_holds_nothing(connectivity):
    mask = LabelMask(Size(300, 300))
    assert not pixels(component(ones(mask), mask.size, (5, 5), connectivity), mask).any()
    assert not pixels(component(ones(mask), mask.size, (-1, 500), connectivity), mask).any()


SIDE = 64
"""Of the tiles in what follows: there are many borders in a small image."""
SMALL = Size(200, 150)
CLASSES = (0, 1, 2, 3)


@dataclass(frozen=True)
class Annotation:
    """The planes of a mask as plain arrays [h, w]."""

    label: NDArray[np.uint8]
    object_id: NDArray[np.uint32]
    origin: NDArray[np.uint8]

    def mask(self) -> LabelMask:
        mask = LabelMask(SMALL)
        mask.apply(write(mask, SMALL.box, title="", kind="", **vars(self)))
        return mask


@st.composite
def annotations(draw: st.DrawFn) -> Annotation:
    """Blobs or noise of a few classes; some of it separate objects, some that nobody has labelled."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sigma = draw(st.sampled_from((1.0, 3.0, 8.0)))

    def areas(values: tuple[int, ...]) -> NDArray[np.int64]:
        noise = [random.random((SMALL.height, SMALL.width)).astype(np.float32) for _ in values]
        return np.array(values)[np.argmax([cv2.GaussianBlur(n, (0, 0), sigma) for n in noise], axis=0)]

    origin = areas((0, 1, 2))
    label = np.where(origin == 0, 0, areas(CLASSES))
    object_id = np.where(label == 0, 0, areas((0, 0, 7, 70_000)))
    return Annotation(label.astype(np.uint8), object_id.astype(np.uint32), origin.astype(np.uint8))


def menu(id_: str, mask: LabelMask, other: LabelMask, wish: Wish) -> Patch:
    """What an entry of the Mask menu does."""
    wanted = targets(mask, wish.at, wish.value)
    if id_ == "split":
        return split_objects(mask, wanted, wish.amount)
    if id_ == "copy":
        return copied_mask(mask, other)
    if id_ == "take":
        assert wish.at is not None
        return taken_answer(mask, other.planes["label"], wish.at, CLASSES[1:])
    return Prepared(OPERATIONS[id_], mask, wanted, CancelToken()).patch(wish)


def renumbered(object_id: NDArray[np.uint32]) -> NDArray[np.int64]:
    """The same objects with numbers in the order in which reading the image meets them; 0 stays 0."""
    _, first, number = np.unique(np.append(0, object_id), return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[number]


@pytest.mark.parametrize("id_", [*OPERATIONS, "split", "copy", "take"])
@given(annotations(), annotations(), st.data())
@law(15)
def test_the_mask_menu_does_to_tiles_what_it_does_to_one_plain_array(id_, annotation, other, data):
    at = data.draw(
        st.tuples(st.integers(0, SMALL.width - 1), st.integers(0, SMALL.height - 1))
        | (st.nothing() if id_ == "take" else st.none())
    )
    wish = Wish(
        at, data.draw(st.sampled_from(CLASSES[1:])), data.draw(st.integers(1, 30)), data.draw(st.booleans())
    )
    done = []
    for side in (SIDE, PLAIN):
        with tiles_of(side):
            mask = annotation.mask()
            with suppress(LabeltoolError):  # nothing to be taken there
                mask.apply(menu(id_, mask, other.mask(), wish))
            done.append([mask.read("label"), renumbered(mask.read("object")), mask.read("origin")])
    assert all(np.array_equal(*planes) for planes in zip(*done, strict=True))
