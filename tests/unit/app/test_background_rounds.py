"""Rounds of a window: by hand and by themselves, on a lane, while somebody paints."""

from __future__ import annotations

import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labeltool.app.effort import Worked, worked_on
from labeltool.app.loop import LoopSettings, Round, write_settings
from labeltool.app.loop.background import Loop
from labeltool.app.models import promote
from labeltool.app.workbench import Workbench
from labeltool.core.errors import CancelledError
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.provenance import Origin
from labeltool.store.project import ProjectStore
from tests.unit.app import loop_examples
from tests.unit.app.loop_examples import Trainer, approve_image, stand_in, write_model

made = loop_examples.made
Closures = queue.SimpleQueue[Callable[[], None]]


@pytest.fixture
def closures() -> Closures:
    return queue.SimpleQueue()


@pytest.fixture
def bench(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closures: Closures
) -> Iterator[Workbench]:
    stand_in(monkeypatch)
    store = ProjectStore.open(shutil.copytree(made, tmp_path / "project"))
    promote(store.root, write_model(store.root / "models" / "old", noise=0.1))
    bench = Workbench(store, closures.put)
    yield bench
    bench.close()


def until(closures: Closures, happened: Callable[[], object]) -> None:
    """Run what is delivered, as a window's loop of events does."""
    ends_s = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < ends_s
        try:
            closures.get(timeout=0.05)()
        except queue.Empty:
            continue


def learnt_from(bench: Workbench) -> list[str]:
    return [record.id for record in bench.store.images() if not record.split]


def test_a_round_by_hand_is_told_when_it_ends(bench: Workbench, closures: Closures) -> None:
    loop, ended, begun = Loop(bench), [], []
    loop.ended.connect(ended.append)
    loop.begun.connect(lambda run: begun.append(run.name))
    loop.start()
    loop.start()  # one at a time
    assert loop.busy
    until(closures, lambda: ended)
    assert not loop.busy
    assert [each.outcome for each in ended] == ["promoted"]
    assert begun == ["cells-1"]


def test_a_round_begins_by_itself_after_so_many_approvals(bench: Workbench, closures: Closures) -> None:
    write_settings(bench.store.root, LoopSettings(every=2))
    loop, ended = Loop(bench), list[Round]()
    loop.ended.connect(ended.append)
    first, second, _ = learnt_from(bench)
    approve_image(bench.store, first)
    bench.renew_record(first)
    until(closures, lambda: "is a round due" not in [job.key for job in bench.lanes.busy])
    assert not loop.busy
    approve_image(bench.store, second)
    bench.renew_record(second)
    until(closures, lambda: loop.busy)
    until(closures, lambda: ended)
    assert (ended[0].outcome, ended[0].approved) == ("promoted", 2)


def test_while_somebody_trains_no_round_begins_and_one_that_is_due_begins_afterwards(
    bench: Workbench, closures: Closures
) -> None:
    write_settings(bench.store.root, LoopSettings(every=1))
    held, ended = [True], list[Round]()
    loop = Loop(bench, lambda: held[0])
    loop.ended.connect(ended.append)
    approve_image(bench.store, learnt_from(bench)[0])
    bench.renew_record(learnt_from(bench)[0])
    loop.start()
    assert not loop.busy and not bench.lanes.busy
    held[0] = False
    loop.look()
    until(closures, lambda: ended)
    assert ended[0].number == 1


def test_a_round_says_how_far_it_is_and_what_it_trains(bench: Workbench, closures: Closures) -> None:
    loop, seen = Loop(bench), list[tuple[str, float, str]]()
    loop.progress.connect(lambda _: seen.append((loop.part, loop.share, loop.run.name if loop.run else "")))
    loop.start()
    until(closures, lambda: not loop.busy)
    assert list(dict.fromkeys(part for part, _, _ in seen)) == ["Labels", "Training", "Comparing"]
    assert [share for _, share, _ in seen] == sorted(share for _, share, _ in seen)
    assert {run for part, _, run in seen if part != "Labels"} == {"cells-1"}
    assert loop.run is None


def test_a_round_that_is_stopped_is_told_as_cancelled(bench: Workbench, closures: Closures) -> None:
    loop, failed, at_work = Loop(bench), list[BaseException](), threading.Event()

    def waits(cancel) -> None:  # type: ignore[no-untyped-def]
        at_work.set()
        while not cancel.cancelled:
            time.sleep(0.01)

    Trainer.meanwhile = staticmethod(waits)  # type: ignore[assignment]
    loop.failed.connect(failed.append)
    loop.start()
    assert at_work.wait(20)
    loop.stop()
    until(closures, lambda: failed)
    assert isinstance(failed[0], CancelledError)
    assert not loop.busy


def test_what_was_done_until_a_round_began_is_in_it(bench: Workbench, closures: Closures) -> None:
    loop, ended = Loop(bench), list[Round]()
    loop.ended.connect(ended.append)
    image_id = learnt_from(bench)[0]
    bench.timesheet.input(image_id, 0, "click")
    bench.timesheet.input(image_id, 7, "key")
    loop.start()
    until(closures, lambda: ended)
    assert ended[0].worked == Worked(7, clicks=1, keys=1)


def test_strokes_are_counted_and_kept_when_the_project_is_closed(
    bench: Workbench, closures: Closures, tmp_path: Path
) -> None:
    image_id = learnt_from(bench)[0]
    bench.open_image(image_id)
    until(closures, lambda: bench.open)
    assert bench.open is not None
    session = bench.open.session
    bench.timesheet.input(image_id, 100, "click")
    for kind in ("brush", "prelabel"):
        label = 2 - int(session.mask.planes["label"].read(Box(0, 0, 1, 1))[0, 0])
        session.apply(
            write(session.mask, Box(0, 0, 1, 1), title="", kind=kind, label=label, origin=Origin.HUMAN)
        )
    session.undo()
    bench.timesheet.input(image_id, 104)
    assert bench.close()
    with ProjectStore.open(tmp_path / "project", write=False) as store:
        assert worked_on(store, image_id) == Worked(4, clicks=1, strokes=1)


def test_who_only_looks_at_a_new_image_leaves_no_trace(bench: Workbench, tmp_path: Path) -> None:
    from PIL import Image

    from labeltool.app.project import add_images

    Image.new("L", (9, 9)).save(tmp_path / "new.png")
    (record,) = add_images(bench.store, [tmp_path / "new.png"]).added
    bench.timesheet.input(record.id, 0, "key")
    bench.timesheet.input(record.id, 5, "key")
    bench.timesheet.leave()
    bench.saver.after(lambda: None).result(10)
    assert bench.store.events(record.id) == []
    bench.store.remove_images([record.id])
