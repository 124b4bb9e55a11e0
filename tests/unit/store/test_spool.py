"""Windows in a plain file: whatever a kill leaves of it is gone on with, to the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.geometry import Box
from labeltool.inference.segmenter import Prediction
from labeltool.store.database import DamagedError
from labeltool.store.spool import Spool, about, read_windows

ABOUT = {"image": "abc", "size": [40, 30]}


def made() -> list[Prediction]:
    rng = np.random.default_rng(1)
    found = []
    for number in range(4):
        planes = [rng.integers(0, 3, (30, 10), np.uint8) for _ in range(3)]
        box = Box(10 * number, 0, 10 * number + 10, 30)
        found.append(Prediction.nothing(box) if number == 1 else Prediction(box, *planes))
    return found


def written(path: Path, windows: list[Prediction], *, whole: bool = True) -> bytes:
    with Spool(path, ABOUT) as spool:
        for window in windows[spool.windows :]:
            spool.add(window)
        if whole:
            spool.end()
    return path.read_bytes()


def same(one: Prediction, other: Prediction) -> bool:
    return one.box == other.box and all(
        np.array_equal(plane, other.planes[name]) for name, plane in one.planes.items()
    )


def test_windows_come_back_as_they_were_made(tmp_path: Path) -> None:
    written(tmp_path / "w", made())
    assert all(same(*pair) for pair in zip(read_windows(tmp_path / "w"), made(), strict=True))
    assert [each.is_nothing for each in read_windows(tmp_path / "w")] == [False, True, False, False]
    assert about(tmp_path / "w") == ABOUT


@settings(deadline=None, max_examples=60)
@given(share=st.floats(0, 1), junk=st.binary(max_size=40))
def test_a_file_that_was_cut_anywhere_is_gone_on_with_to_the_same_bytes(
    share: float, junk: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    whole = written(folder / "whole", made())
    (folder / "cut").write_bytes(whole[: round(share * len(whole))] + junk)
    assert written(folder / "cut", made()) == whole


def test_what_is_about_something_else_begins_anew(tmp_path: Path) -> None:
    written(tmp_path / "w", made())
    with Spool(tmp_path / "w", {"image": "other"}) as spool:
        assert spool.windows == 0
        assert not spool.ended
    assert about(tmp_path / "w") == {"image": "other"}


def test_a_whole_file_says_so_and_stays_as_it_is(tmp_path: Path) -> None:
    before = written(tmp_path / "w", made())
    with Spool(tmp_path / "w", ABOUT) as spool:
        assert spool.ended and spool.windows == 4
    assert (tmp_path / "w").read_bytes() == before


def test_an_unfinished_file_is_never_read_as_a_whole_one(tmp_path: Path) -> None:
    written(tmp_path / "w", made(), whole=False)
    with pytest.raises(DamagedError, match="cut off"):
        list(read_windows(tmp_path / "w"))


@pytest.mark.parametrize("place", [-200, -300])
def test_a_flipped_bit_is_noticed(tmp_path: Path, place: int) -> None:
    data = bytearray(written(tmp_path / "w", made()))
    data[place] ^= 4
    (tmp_path / "w").write_bytes(data)
    with pytest.raises(DamagedError):
        list(read_windows(tmp_path / "w"))
