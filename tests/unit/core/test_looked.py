"""Where people have looked: seconds on a coarse grid, what was never looked at, and what comes next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeltool.core.geometry import Box, Size
from labeltool.core.looked import CELL, LEAST_S, Looked

SIZE = Size(300, 200)


@st.composite
def glances(draw: st.DrawFn) -> list[tuple[Box, float]]:
    """Parts of an image of SIZE, perhaps reaching beyond it, and seconds in whole tenths."""
    found = []
    for _ in range(draw(st.integers(0, 6))):
        x0, y0 = draw(st.integers(-50, 299)), draw(st.integers(-50, 199))
        box = Box(x0, y0, draw(st.integers(x0 + 1, 350)), draw(st.integers(y0 + 1, 250)))
        found.append((box, draw(st.integers(1, 100)) / 10))
    return found


def pixel_seconds(looked: Looked) -> float:
    return float((looked.seconds * looked._pixels()).sum())


@given(glances())
def test_seconds_are_counted_for_exactly_the_pixels_that_were_seen(seen: list[tuple[Box, float]]) -> None:
    looked, wanted = Looked(SIZE), 0.0
    for box, seconds in seen:
        looked.add(box, 1.0, seconds)
        inside = box.intersect(SIZE.box)
        wanted += inside.width * inside.height * seconds
    assert pixel_seconds(looked) == pytest.approx(wanted)


@given(glances(), st.integers(0, 6))
def test_it_does_not_matter_when_it_is_written_down(seen: list[tuple[Box, float]], at: int) -> None:
    whole, first, second = Looked(SIZE), Looked(SIZE), Looked(SIZE)
    for number, (box, seconds) in enumerate(seen):
        whole.add(box, 1.0, seconds)
        (first if number < at else second).add(box, 1.0, seconds)
    first += second
    assert first.seconds == pytest.approx(whole.seconds)


def test_from_too_far_away_nobody_has_looked() -> None:
    looked = Looked(SIZE)
    looked.add(SIZE.box, 0.49, 100)
    assert looked.share == 0 and looked.never.all()
    looked.add(SIZE.box, 0.5, LEAST_S)
    assert looked.share == 1


def test_a_glimpse_is_no_look_and_many_add_up() -> None:
    looked = Looked(SIZE)
    looked.add(SIZE.box, 1.0, LEAST_S / 2)
    assert looked.share == 0
    looked.add(SIZE.box, 1.0, LEAST_S / 2)
    assert looked.share == 1


def test_the_share_is_of_pixels_and_not_of_cells() -> None:
    looked = Looked(Size(CELL + 1, CELL))
    looked.add(Box(0, 0, CELL, CELL), 1.0, 1)
    assert looked.share == CELL / (CELL + 1)


@given(glances())
def test_going_through_all_areas_looks_at_everything_once(seen: list[tuple[Box, float]]) -> None:
    looked, room, last, rounds = Looked(SIZE), Size(150, 100), None, 0
    for box, seconds in seen:
        looked.add(box, 1.0, seconds)
    while (area := looked.next_area(room, last)) is not None:
        assert area.width <= room.width and area.height <= room.height
        assert looked.never[area.y0 // CELL, area.x0 // CELL]
        looked.add(area, 1.0, LEAST_S)
        last, rounds = area, rounds + 1
        assert rounds <= looked.seconds.size
    assert looked.share == 1


def test_an_area_that_was_passed_over_comes_again_only_after_the_others() -> None:
    looked = Looked(SIZE)
    looked.add(SIZE.box, 1.0, 1)
    looked.seconds[0, 0] = looked.seconds[2, 3] = 0
    first = looked.next_area(Size(64, 64))
    second = looked.next_area(Size(64, 64), first)
    assert (first, second) == (Box(0, 0, 64, 64), Box(192, 128, 256, 192))
    assert looked.next_area(Size(64, 64), second) == first


@given(glances())
def test_what_is_written_down_is_read_again_to_a_tenth_of_a_second(seen: list[tuple[Box, float]]) -> None:
    looked = Looked(SIZE)
    for box, seconds in seen:
        looked.add(box, 1.0, seconds)
    again = Looked.from_json(looked.to_json(), SIZE)
    assert again.seconds == pytest.approx(looked.seconds, abs=0.0501)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"cell": 64},
        {"cell": 32, "tenths": Looked(SIZE).to_json()["tenths"]},
        {"cell": 64, "tenths": "!"},
        {"cell": 64, "tenths": "AAAA"},
        {"cell": 64, "tenths": 7},
        Looked(Size(10, 10)).to_json(),
        Looked(Size(5000, 5000)).to_json(),
    ],
)
def test_what_is_no_grid_of_this_image_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"looked at|cells of"):
        Looked.from_json(data, SIZE)
