"""The grid of tiles, as fine as somebody wants it, or none: then each plane of a mask is one plain array."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

PLAIN = 2**20
"""A side of tiles that no image of a test reaches."""


@contextmanager
def tiles_of(side: int) -> Iterator[None]:
    """Masks that are made meanwhile have tiles of this side; those made before are not to be used."""
    with pytest.MonkeyPatch.context() as patched:
        for name, module in list(sys.modules.items()):
            if name.startswith("labeltool.") and hasattr(module, "TILE"):
                patched.setattr(module, "TILE", side)
        yield
