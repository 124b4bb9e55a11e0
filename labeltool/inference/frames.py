"""Frames between a model process and its parent: a line of JSON, then as many raw bytes as the line says.

Nothing here is ever unpickled, and a length is believed only within bounds: what comes from the other side may
be the last words of a dying process.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import IO, Any

_MOST_HEADER_BYTES = 1 << 20
_MOST_BODY_BYTES = 1 << 30

Header = dict[str, Any]


class FrameError(Exception):
    """The bytes are not a frame."""


def write_frame(stream: IO[bytes], header: Header, parts: Iterable[memoryview | bytes] = ()) -> None:
    """Write one frame and flush; the key ``bytes`` is added to the header. Raises OSError."""
    body = [memoryview(part).cast("B") for part in parts]
    line = json.dumps({**header, "bytes": sum(len(b) for b in body)})
    stream.write(line.encode() + b"\n")
    for part in body:
        stream.write(part)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[Header, bytes] | None:
    """The next frame, None at the end of the stream; FrameError when it is something else or cut off."""
    line = stream.readline(_MOST_HEADER_BYTES)
    if not line:
        return None
    try:
        if not line.endswith(b"\n"):
            raise ValueError("the header is cut off")
        header = json.loads(line)
        length = int(header["bytes"])
    except (ArithmeticError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise FrameError(f"not a frame: {line[:80]!r}") from error
    if not 0 <= length <= _MOST_BODY_BYTES:
        raise FrameError(f"a frame of {length} bytes")
    body = stream.read(length)
    if len(body) != length:
        raise FrameError(f"a frame of {length} bytes ends after {len(body)}")
    return header, body
