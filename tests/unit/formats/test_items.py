"""Names that images get in an export, and how findings are told."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord
from labeltool.formats.items import Names, Tally


def record(stem: str) -> ImageRecord:
    return ImageRecord("0" * 32, Path("/photos", f"{stem}.png"), Size(1, 1), "png", "", 0)


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("plain name-1.v2", "plain name-1.v2"),
        ("50% #3", "50% #3"),
        ("#3", "_3"),
        ("a:b", "a_b"),
        ("line\nbreak", "line_break"),
        ("nul", "nul_"),
        ("COM1.old", "COM1_.old"),
        ("dots...", "dots"),
        ("Äé😀אב", "Äé😀אב"),
        ("e\u0301", "é"),
    ],
)
def test_a_name_is_kept_where_every_file_system_takes_it(stem: str, name: str) -> None:
    assert Names().take(record(stem)) == name


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=70),
        max_size=8,
    )
)
def test_names_are_short_portable_and_never_the_same(stems: list[str]) -> None:
    names = Names()
    taken = [names.take(record(stem)) for stem in stems]
    assert len({unicodedata.normalize("NFC", name).casefold() for name in taken}) == len(stems)
    for name in taken:
        assert 0 < len(name.encode()) <= 200
        assert name == name.strip()
        assert name.isprintable()
        assert not set(name) & set('<>:"/\\|?*')
        assert name[0] != "#"
        assert name[-1] != "."


def test_a_finding_names_the_first_images_and_counts_the_others() -> None:
    tally = Tally()
    for number in range(7):
        tally.add("Turned", f"{number}.jpg")
    assert tally.lines() == ("Turned: 0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg and 2 more",)
