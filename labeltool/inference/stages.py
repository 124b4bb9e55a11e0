"""Stages of work that overlap: the next is fetched, and the last handed over, on threads while the caller works."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from labeltool.core.progress import CancelToken

T = TypeVar("T")

_POLL_S = 0.1


class _End(NamedTuple):
    """Nothing more comes; ``error`` is why, if it was not the end."""

    error: BaseException | None = None


def ahead(items: Iterable[T], most: int, cancel: CancelToken | None = None) -> Generator[T]:
    """The same items in the same order, made on a thread, at most ``most`` of them before they are wanted.

    What making one raises is raised where it would have come. CancelledError within a second of ``cancel``, unless an
    item is being made for longer than that. Close the generator: then the thread has ended and made nothing more.
    """
    ready: queue.Queue[T | _End] = queue.Queue(most)
    unwanted = threading.Event()

    def put(item: T | _End) -> None:
        waiting = True
        while waiting and not unwanted.is_set():
            with contextlib.suppress(queue.Full):
                ready.put(item, timeout=_POLL_S)
                waiting = False

    def work() -> None:
        try:
            for item in items:
                put(item)
                if unwanted.is_set():
                    return
            put(_End())
        except BaseException as error:  # the caller gets it
            put(_End(error))

    thread = threading.Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        while True:
            if cancel is not None:
                cancel.check()
            try:
                item = ready.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        unwanted.set()
        thread.join()


@contextmanager
def behind(take: Callable[[T], object], most: int) -> Iterator[Callable[[T], None]]:
    """Gives what to call instead of ``take``: it is called on a thread, in order, while the caller goes on.

    At most ``most`` items wait, then the caller does. What ``take`` raises is raised by a later call, or at the end,
    and it gets no more items. The block ends when everything has been taken.
    """
    waiting: queue.Queue[T | _End] = queue.Queue(most)
    errors: list[BaseException] = []

    def work() -> None:
        while not isinstance(item := waiting.get(), _End):
            if errors:
                continue  # so that the caller, who waits for a place, comes to see it
            try:
                take(item)
            except BaseException as error:  # the caller gets it
                errors.append(error)

    def put(item: T) -> None:
        if errors:
            raise errors[0]
        waiting.put(item)

    thread = threading.Thread(target=work, name="behind", daemon=True)
    thread.start()
    try:
        yield put
    finally:
        waiting.put(_End())
        thread.join()
    if errors:
        raise errors[0]
