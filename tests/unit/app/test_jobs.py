from __future__ import annotations

import gc
import queue
import threading
import time
import weakref

import pytest

from labeltool.app.jobs import Lanes
from labeltool.core.errors import CancelledError, LabeltoolError


class Owner:
    """Stands in for the GUI thread: runs what is delivered, here and now."""

    def __init__(self) -> None:
        self.posted: queue.Queue = queue.Queue()
        self.lanes = Lanes(self.posted.put)

    def run_until(self, reached, seconds: float = 5.0) -> None:
        deadline = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < deadline, "nothing came in time"
            try:
                self.posted.get(timeout=0.05)()
            except queue.Empty:
                continue


@pytest.fixture
def owner():
    made = Owner()
    yield made
    made.lanes.close()


def test_an_answer_is_delivered_to_the_thread_that_asked(owner):
    answers = []
    owner.lanes.submit(
        "io",
        "k",
        lambda cancel, progress: threading.current_thread().name,
        done=lambda name: answers.append((name, threading.current_thread())),
        failed=answers.append,
    )
    owner.run_until(lambda: answers)
    name, where = answers[0]
    assert name.startswith("labeltool-io")
    assert where is threading.current_thread()


def test_of_two_jobs_with_one_key_only_the_newest_answers(owner):
    answers = []
    gate = threading.Event()

    def slow(cancel, progress):
        gate.wait(5)
        return "old"

    for work in (slow, lambda cancel, progress: "new"):
        owner.lanes.submit("io", "open", work, done=answers.append, failed=answers.append)
    gate.set()
    owner.run_until(lambda: answers)
    time.sleep(0.1)
    while not owner.posted.empty():
        owner.posted.get()()
    assert answers == ["new"]


def test_a_cancelled_job_says_so(owner):
    failures = []
    started = threading.Event()

    def work(cancel, progress):
        started.set()
        while True:
            cancel.check()
            time.sleep(0.005)

    job = owner.lanes.submit("model", "k", work, done=failures.append, failed=failures.append)
    assert started.wait(60)
    job.cancel.cancel()
    owner.run_until(lambda: failures)
    assert isinstance(failures[0], CancelledError)
    assert owner.lanes.busy == []


def test_a_failure_is_handed_over_as_it_is(owner):
    failures = []

    def work(cancel, progress):
        raise LabeltoolError("no", file="a.png")

    owner.lanes.submit("files", "k", work, done=failures.append, failed=failures.append)
    owner.run_until(lambda: failures)
    assert str(failures[0]) == "a.png: no"


def test_progress_arrives_in_order(owner):
    seen, answers = [], []

    def work(cancel, progress):
        for n in range(5):
            progress(n, 5)
        return 1

    owner.lanes.submit(
        "io",
        "k",
        work,
        done=answers.append,
        failed=answers.append,
        progress=lambda d, t, text="": seen.append(d),
    )
    owner.run_until(lambda: answers)
    assert seen == [0, 1, 2, 3, 4]


def test_nothing_is_answered_once_the_lanes_are_closed(owner):
    answers = []
    job = owner.lanes.submit(
        "io",
        "k",
        lambda cancel, progress: progress(1, 2),
        done=answers.append,
        failed=answers.append,
        progress=lambda *told: answers.append(told),
    )
    job.future.result(5)
    owner.lanes.close()
    while not owner.posted.empty():
        owner.posted.get()()
    assert answers == []


def test_a_job_for_closed_lanes_is_cancelled_and_never_begins(owner):
    begun = []
    owner.lanes.close()
    job = owner.lanes.submit(
        "io", "k", lambda cancel, progress: begun.append(1), done=begun.append, failed=begun.append
    )
    assert job.cancel.cancelled
    assert owner.posted.empty()
    assert begun == []


def test_what_a_cancelled_job_worked_on_is_freed_without_a_collection_of_garbage():
    class Pixels: ...

    owner, began, kept, failures = Owner(), threading.Event(), [], []

    def work(cancel, progress):
        pixels = Pixels()
        kept.append(weakref.ref(pixels))
        began.set()
        while True:
            cancel.check()

    gc.disable()
    try:
        job = owner.lanes.submit("io", "key", work, done=lambda _: None, failed=lambda _: failures.append(1))
        assert began.wait(10)
        job.cancel.cancel()
        owner.run_until(lambda: failures)
        assert kept[0]() is None
    finally:
        gc.enable()
        owner.lanes.close()
