"""Decoders that warn are heard here and nowhere else."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_one_at_a_time = threading.RLock()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the warnings of other people's decoders to themselves; what they say of a broken file comes out as an error
    or does no harm. One thread at a time: the list of filters is shared by all."""
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
