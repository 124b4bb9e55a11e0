from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.app.session import Session
from labeltool.app.toolbox import Context, Hand
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.core.mask import LabelMask
from labeltool.imaging.pyramid import ArrayPyramid
from labeltool.imaging.scale import PixelSize
from labeltool.tools.ruler import RULER, snapped
from labeltool.tools.tool import Pointer

COORDINATE = st.floats(-1000, 1000)


def measuring(*events: Pointer, scale: PixelSize | None = None):
    """The gesture and what it last showed; None where it has ended."""
    session = Session(LabelMask(Size(100, 100)), lambda _: None)
    image = ArrayPyramid(np.zeros((100, 100, 3), np.uint8))
    catalog = ClassCatalog.from_names(["a"])
    context = Context(session, Hand(), lambda: catalog, image, pixel_size=scale)
    gesture = RULER.gesture(context, events[0])
    shown = next(gesture)
    for event in events[1:]:
        try:
            shown = gesture.send(event)
        except StopIteration:
            return None
    return shown


def drag(*points, shift=False):
    first, *others = points
    return [
        Pointer("press", *first),
        *(Pointer("move", *point, shift=shift) for point in others),
        Pointer("release", *points[-1], shift=shift),
    ]


def test_a_drag_is_measured_in_pixels():
    shown = measuring(*drag((10, 10), (13, 14)))
    assert shown.text == "5.0 px"
    assert shown.text_at == (13, 14)


def test_the_line_stays_while_the_pointer_goes_on():
    shown = measuring(*drag((10, 10), (13, 14)), Pointer("move", 90, 90))
    assert shown.text == "5.0 px"
    assert shown.idle


def test_the_next_press_measures_anew_and_a_mere_click_takes_the_line_away():
    assert measuring(*drag((10, 10), (13, 14)), *drag((0, 0), (0, 7))).text == "7.0 px"
    assert measuring(*drag((10, 10), (13, 14)), *drag((50, 50))) is None


@pytest.mark.parametrize(
    ("scale", "text"),
    [(PixelSize(0.3, 0.3), "5.0 px · 1.50 m"), (PixelSize(2e-6, 2e-6), "5.0 px · 10.0 µm")],
)
def test_where_the_image_knows_the_length_is_told_in_the_worlds_unit(scale, text):
    assert measuring(*drag((10, 10), (13, 14)), scale=scale).text == text


def test_shift_keeps_the_line_level():
    assert measuring(*drag((10, 10), (30, 12), shift=True)).text == "20.0 px"


@settings(deadline=None, max_examples=50)
@given(COORDINATE, COORDINATE)
def test_a_snapped_line_runs_at_a_multiple_of_45_degrees_and_never_grows(x, y):
    end = snapped((0, 0), (x, y))
    assert math.hypot(*end) <= math.hypot(x, y) * (1 + 1e-9)
    if math.hypot(*end) > 1e-6:
        eighths = math.atan2(end[1], end[0]) / (math.pi / 4)
        assert abs(eighths - round(eighths)) < 1e-6
