"""Frames between processes."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.inference.frames import FrameError, read_frame, write_frame


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.dictionaries(st.text(), st.integers()), st.lists(st.binary())), max_size=4))
def test_frames_are_read_as_they_were_written(frames: list[tuple[dict[str, int], list[bytes]]]) -> None:
    stream = io.BytesIO()
    for header, parts in frames:
        write_frame(stream, header, parts)
    stream.seek(0)
    for header, parts in frames:
        body = b"".join(parts)
        assert read_frame(stream) == ({**header, "bytes": len(body)}, body)
    assert read_frame(stream) is None


@pytest.mark.parametrize(
    "data",
    [
        b"hello\n",
        b"[1]\n",
        b'{"part": 1}\n',
        b'{"bytes": -1}\n',
        b'{"bytes": 99999999999}\n',
        b'{"bytes": 0}',
        b'{"bytes": 5}\nabc',
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        read_frame(io.BytesIO(data))
