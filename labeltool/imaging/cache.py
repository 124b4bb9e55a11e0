"""A memory of what was made last, bounded in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ByteCache(Generic[K, V]):
    """Keeps the values used last, up to ``limit`` bytes as ``weigh`` counts them; may be shared by threads.

    A value heavier than the limit is not kept at all.
    """

    def __init__(self, limit: int, weigh: Callable[[V], int]) -> None:
        self.limit = limit
        self.nbytes = 0
        self._weigh = weigh
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """The value of a key, which becomes the one used last; None when it is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value, and forget those that were not used for longest until all fit."""
        with self._lock:
            self._forget(key)
            self._values[key] = value
            self.nbytes += self._weigh(value)
            while self.nbytes > self.limit:
                self._forget(next(iter(self._values)))

    def get_or_make(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key, made and kept when it is not there."""
        value = self.get(key)
        if value is None:
            value = make()
            self.put(key, value)
        return value

    def drop(self, unwanted: Callable[[K], bool]) -> None:
        """Forget the keys that ``unwanted`` is true of."""
        with self._lock:
            for key in [key for key in self._values if unwanted(key)]:
                self._forget(key)

    def _forget(self, key: K) -> None:
        value = self._values.pop(key, None)
        if value is not None:
            self.nbytes -= self._weigh(value)
