"""What a child process says is an answer or an error of ours, and nothing else."""

from __future__ import annotations

import io

import pytest

from labeltool.core.errors import BadInputError, LabeltoolError, ModelError
from labeltool.inference.child import raise_error
from labeltool.inference.frames import FrameError, read_frame


class Asked(io.BytesIO):
    """Notes how much is asked for at once."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.most = max(self.most, size or 0)
        return super().read(size)


def test_a_length_beyond_all_frames_is_not_asked_for() -> None:
    stream = Asked(b'{"bytes": 1099511627776}\nabc')
    with pytest.raises(FrameError, match="a frame of 1099511627776 bytes"):
        read_frame(stream)
    assert stream.most == 0


@pytest.mark.parametrize(
    "kind", ["CancelledError", "Path", "Exception", "annotations", "__name__", "nobody", 7, None]
)
def test_an_error_that_is_none_of_ours_is_the_models(kind: object) -> None:
    with pytest.raises(LabeltoolError) as e:
        raise_error({"error": {"kind": kind, "message": "why", "file": None, "hint": None}})
    assert type(e.value) is ModelError


def test_an_error_of_ours_is_raised_as_it_was() -> None:
    with pytest.raises(BadInputError, match="why"):
        raise_error({"error": {"kind": "BadInputError", "message": "why", "file": "x", "hint": None}})
