from __future__ import annotations

import numpy as np
import pytest

from labeltool.core.algebra import Alike
from labeltool.core.components import component, region_at
from labeltool.core.errors import CancelledError
from labeltool.core.geometry import Box, Size
from labeltool.core.labelling import Components
from labeltool.core.mask import LabelMask
from labeltool.core.patch import paint, write
from labeltool.core.progress import CancelToken
from labeltool.core.shape import everywhere


def test_an_empty_image_of_a_gigapixel_is_one_region_that_takes_no_memory():
    mask = LabelMask(Size(30_000, 30_000))
    region = region_at(mask, (29_999, 17))
    assert len(region.parts) == 118 * 118
    assert all(part is True for part in region.parts.values())
    assert paint(mask, region, title="", kind="", label=1, origin=2).nbytes == 0


def test_a_region_holds_what_has_its_class_and_its_object():
    mask = LabelMask(Size(600, 300))
    for x, number in ((200, 5), (300, 6)):
        box = Box(x, 100, x + 100, 200)
        mask.apply(write(mask, box, title="", kind="", label=1, object_id=number))
    inside = region_at(mask, (250, 150)).part(mask.size.box)
    assert np.count_nonzero(inside) == 100 * 100
    assert inside[100:200, 200:300].all()
    assert not region_at(mask, (600, 0)).parts


def test_following_and_counting_components_can_be_cancelled():
    size = Size(600, 300)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        component(everywhere(size.box), size, (0, 0), cancel=cancel)
    with pytest.raises(CancelledError):
        Components(everywhere(size.box), size, cancel=cancel)


@pytest.mark.parametrize("pixels", [((255, 255), (256, 256)), ((256, 255), (255, 256))])
def test_pixels_that_touch_at_the_corner_of_four_tiles_are_one_region_but_not_one_background(pixels):
    mask = LabelMask(Size(600, 600))
    for x, y in pixels:
        mask.apply(write(mask, Box(x, y, x + 1, y + 1), title="", kind="", label=1))
    ones = Alike([mask.planes["label"]], [1], mask.size.box)
    for connectivity, regions in ((8, 1), (4, 2)):
        assert len(Components(ones, mask.size, connectivity)) == regions
        found = component(ones, mask.size, pixels[0], connectivity).part(mask.size.box)
        assert np.count_nonzero(found) == 3 - regions
