"""Work off the GUI thread: lanes of jobs that can be cancelled, answers brought back by one function.

A job gets frozen inputs, a cancel token and a progress, and returns a value; it never sees a session or a
widget. Of jobs with the same key only the newest answers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeVar

from labeltool.core import heap
from labeltool.core.errors import CancelledError, LabeltoolError
from labeltool.core.progress import CancelToken, Progress

T = TypeVar("T")
Lane = Literal["io", "ahead", "tools", "thumbnails", "model", "teaching", "training", "files", "backups"]
Deliver = Callable[[Callable[[], None]], None]

log = logging.getLogger(__name__)


@dataclass
class Job(Generic[T]):
    """A piece of work on its way."""

    key: str
    title: str
    quiet: bool = False
    long: bool = False
    """Somebody watches its progress; the log tells when it begins and how it ends."""
    cancel: CancelToken = field(default_factory=CancelToken)
    future: Future[T] | None = None


class Lanes:
    """The threads of the program but the saver's: io (decoding), ahead (decoding what nobody waits for), tools (what a
    hand waits for), thumbnails, model, teaching and training (a child process each), files (export, import), backups.
    ``deliver`` brings a closure to the thread that owns the state; once the lanes are closed none is run."""

    WIDTH: Mapping[Lane, int] = MappingProxyType(
        {
            "io": 2,
            "ahead": 1,
            "tools": 2,
            "thumbnails": 1,
            "model": 1,
            "teaching": 1,
            "training": 1,
            "files": 1,
            "backups": 1,
        }
    )

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._closed = False
        self._lanes = {
            name: ThreadPoolExecutor(width, thread_name_prefix=f"labeltool-{name}")
            for name, width in self.WIDTH.items()
        }
        self._newest: dict[str, Job[Any]] = {}

    def deliver(self, closure: Callable[[], None]) -> None:
        """Run a closure on the thread that owns the state, unless the lanes are closed by then."""

        def run() -> None:
            if not self._closed:
                closure()

        self._deliver(run)

    def submit(
        self,
        lane: Lane,
        key: str,
        work: Callable[[CancelToken, Progress], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[BaseException], None],
        progress: Progress | None = None,
        title: str = "",
        quiet: bool = False,
    ) -> Job[T]:
        """Run ``work`` on a lane; exactly one of ``done`` and ``failed`` is delivered, or neither when a newer
        job has taken the key over. ``failed`` gets CancelledError after a cancel. ``quiet`` keeps failures
        that nobody needs to know of out of the log. Once the lanes are closed nothing is begun, and nothing answers."""
        older = self._newest.get(key)
        if older is not None:
            older.cancel.cancel()
        job: Job[T] = Job(key, title, quiet, long=bool(title) and progress is not None)
        if self._closed:
            job.cancel.cancel()
            return job
        self._newest[key] = job
        if job.long:
            log.info("begin: %s", title)

        def report(done: float, total: float, text: str = "") -> None:
            if progress is not None:
                self.deliver(lambda: progress(done, total, text) if self._newest.get(key) is job else None)

        def run() -> T:
            job.cancel.check()
            try:
                return work(job.cancel, report)
            finally:
                heap.give_back()

        def settle(future: Future[T]) -> None:
            self.deliver(lambda: self._answer(job, future, done, failed))

        job.future = self._lanes[lane].submit(run)
        job.future.add_done_callback(settle)
        return job

    def _answer(
        self,
        job: Job[T],
        future: Future[T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        job.future = None  # the two know each other; without a collection of garbage the answer would stay
        if self._newest.get(job.key) is not job:
            return
        del self._newest[job.key]
        error = CancelledError() if future.cancelled() else future.exception()
        if error is None:
            if job.long:
                log.info("done: %s", job.title)
            done(future.result())
            return
        if isinstance(error, CancelledError) and job.long:
            log.info("cancelled: %s", job.title)
        if not isinstance(error, CancelledError) and not job.quiet:
            unexpected = None if isinstance(error, LabeltoolError) else error
            log.error("%s failed: %s", job.title or job.key, error, exc_info=unexpected)
        failed(error)

    @property
    def busy(self) -> list[Job[Any]]:
        """Jobs that have not answered."""
        return list(self._newest.values())

    def stop(self) -> None:
        """Cancel what runs; nothing is answered any more."""
        self._closed = True
        for job in self._newest.values():
            job.cancel.cancel()

    def close(self) -> None:
        """The same, and wait for it."""
        self.stop()
        for lane in self._lanes.values():
            lane.shutdown(wait=True, cancel_futures=True)
