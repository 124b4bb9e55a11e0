"""Work on several images at a time, with the answers in the images' order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

MOST_WORKERS = 4
"""Each works on an image of its own, so that memory goes with their number."""


def worker_count() -> int:
    """How many threads: inflating, deflating, hashing and numpy let go of the interpreter."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MOST_WORKERS, cores)


@contextmanager
def workers(number: int = 0) -> Iterator[ThreadPoolExecutor]:
    """A pool for the time of a pass, of ``number`` threads or one for each core that may be used.

    What has not begun when the pass fails is not begun any more.
    """
    pool = ThreadPoolExecutor(number or worker_count(), "export")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def in_order(
    pool: ThreadPoolExecutor, work: Callable[[T], R], entries: Iterable[T], ahead: int = 0
) -> Iterator[R]:
    """``work`` of every entry, in their order, while the next ``ahead`` ones are already in work.

    Entries are taken only when a thread is about to become free, so that few are in memory at a time.
    """
    waiting: deque[Future[R]] = deque()
    for entry in entries:
        waiting.append(pool.submit(work, entry))
        if len(waiting) > (ahead or worker_count()):
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
