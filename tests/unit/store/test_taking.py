"""Taking a lock where the system's own holds on one computer only, and parting with who was cut off while it wrote."""

from __future__ import annotations

import errno
import json
import os
import platform
import shutil
import sqlite3
import tempfile
import threading
import time
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path

import pytest

from labeltool.core.errors import DiskFullError, StoreError
from labeltool.store import lock as locks
from labeltool.store import mask_files, opening, taking
from labeltool.store.fsck import check
from labeltool.store.holding import Holding
from labeltool.store.layout import mask_path
from labeltool.store.lock import Lock, LockLostError, Owner, ProjectLockedError
from labeltool.store.project import ProjectStore
from labeltool.store.settling import is_unfinished, journal_of
from tests.faults.sharing_scene import make_images, make_project, on_another_computer, paint, until
from tests.unit.store.damage import interrupt

CLAIM = ".lock.taking.partial"
GONE = Owner(2**22 + 1, "", "2026-01-02T03:04:05+00:00")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project", make_images(tmp_path / "images", "a"))


def _noted(path: Path) -> locks.StrokeRecord | None:
    with path.open("rb") as file:
        return locks._read(file.fileno())[1]


def test_of_many_that_take_a_lock_at_once_one_gets_it_where_locks_are_not_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a share: everybody is given the system's lock, on a computer of their own."""
    hosts = iter(range(1000))
    monkeypatch.setattr(locks, "try_lock", lambda handle: True)
    monkeypatch.setattr(Owner, "is_elsewhere", property(lambda owner: True))
    monkeypatch.setattr(locks.platform, "node", lambda: f"ward-{next(hosts)}")
    together, got = threading.Barrier(8), list[Lock]()

    def take() -> None:
        together.wait()
        with suppress(ProjectLockedError):
            got.append(Lock.acquire(tmp_path / "lock"))

    for _ in range(5):
        threads = [threading.Thread(target=take) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len(got) == 1
        got.pop().release()
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_what_a_process_left_that_died_while_it_took_the_lock_keeps_nobody_out(tmp_path: Path) -> None:
    mine = asdict(Owner(GONE.pid, platform.node(), GONE.since_utc))
    (tmp_path / CLAIM).write_text(json.dumps(mine))
    Lock.acquire(tmp_path / "lock").release()
    assert not (tmp_path / CLAIM).exists()


@pytest.mark.parametrize(
    "said", [json.dumps({"pid": 10**30, "host": platform.node(), "since_utc": ""}), "[" * 4000, "\0" * 9]
)
def test_nothing_that_lies_where_the_lock_is_taken_keeps_the_project_from_being_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(taking, "STALE_S", 0.05)
    (tmp_path / CLAIM).write_text(said)
    Lock.acquire(tmp_path / "lock").release()
    assert not (tmp_path / CLAIM).exists()


def test_what_nobody_can_read_of_who_took_the_lock_is_waited_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "STALE_S", 0.05)
    (tmp_path / CLAIM).touch()
    Lock.acquire(tmp_path / "lock").release()
    assert not (tmp_path / CLAIM).exists()


def test_a_drive_that_does_not_answer_keeps_no_hand_from_drawing(tmp_path: Path) -> None:
    lock = Lock.acquire(tmp_path / "lock")
    asked, answered = threading.Event(), threading.Event()

    def hang() -> None:
        with lock._mutex:  # as whoever asks for the lock of a drive that does not answer
            asked.set()
            answered.wait(30)

    drive = threading.Thread(target=hang)
    drive.start()
    asked.wait(30)
    hand = threading.Thread(target=lambda: [lock.stroke_began("a", 1) for _ in range(3)], daemon=True)
    hand.start()
    hand.join(20)
    assert not hand.is_alive() and drive.is_alive()
    answered.set()
    drive.join()
    lock.stroke_began("a", 1)
    until(lambda: _noted(tmp_path / "lock") == locks.StrokeRecord("a", 1, 4, 0), lambda: time.sleep(0.01))
    lock.release()


def test_what_a_computer_still_writes_that_was_cut_off_goes_into_no_file_of_the_project(
    project: Path,
) -> None:
    with ProjectStore.open(project) as store:
        image = store.images()[0]
    path = mask_path(project, image.id)
    on_another_computer(project)
    sign = locks.read_sign(project / "lock")
    with path.open("r+b") as asleep, ProjectStore.open(project, take_over=sign) as store:
        paint(store, image, 100)
        asleep.write(bytes(path.stat().st_size))
        asleep.flush()
        paint(store, image, 150)
        assert store.history(image.id).revision == 3


def test_a_journal_that_it_leaves_when_it_wakes_takes_nothing_of_the_heir_back(
    project: Path, tmp_path: Path
) -> None:
    with ProjectStore.open(project) as store:
        image = store.images()[0]
    path, asleep = mask_path(project, image.id), tmp_path / "asleep.ltm"
    asleep.write_bytes(path.read_bytes())
    interrupt(asleep)
    on_another_computer(project)
    with ProjectStore.open(project, take_over=locks.read_sign(project / "lock")) as store:
        paint(store, image, 100)
        seen = store.load_mask(image.id)
        journal_of(path).write_bytes(journal_of(asleep).read_bytes())
        assert store.load_mask(image.id).same_pixels(seen)
        paint(store, image, 150)
        assert store.history(image.id).revision == 3
    assert not journal_of(path).exists()
    assert [each for each in check(project) if each.severity != "notice"] == []


def test_a_stroke_that_is_written_while_somebody_takes_over_is_not_said_to_be_saved(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ProjectStore.open(project)
    image = store.images()[0]
    real = Lock.committing

    def taken(lock: Lock, *which: object) -> None:
        real(lock, *which)  # type: ignore[arg-type]
        on_another_computer(project)

    monkeypatch.setattr(Lock, "committing", taken)
    with pytest.raises(LockLostError, match="anna, process 4711 on ward-3"):
        paint(store, image, 100)
    store.close()


def test_who_was_taken_over_gives_no_sign_of_life_in_the_name_of_another(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "BEAT_S", 0.01)
    before = set(threading.enumerate())
    lock = Lock.acquire(project / "lock")
    (life,) = set(threading.enumerate()) - before
    on_another_computer(project)
    life.join(20)
    assert not life.is_alive()
    lock.release(lost=True)


def test_whoever_looks_while_a_stroke_is_written_takes_its_journal_for_nobody_elses(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_another_computer(project)
    monkeypatch.setattr(
        mask_files, "is_whole_alone", lambda path: True
    )  # all is written, and not on the disk yet
    with ProjectStore.open(project, take_over=locks.read_sign(project / "lock")) as store:
        image = store.images()[0]
        path = mask_path(project, image.id)
        assert store.history(image.id).revision == 1
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            for statement in (
                "PRAGMA cache_size=1",
                "BEGIN IMMEDIATE",
                "UPDATE tiles SET data=zeroblob(60000)",
            ):
                db.execute(statement)
            assert is_unfinished(path)
            assert store._files.existing(image) is not None
            assert journal_of(path).exists()
            db.execute("ROLLBACK")


def test_of_two_that_meet_a_file_after_a_take_over_none_takes_a_stroke_of_the_other_back(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_another_computer(project)
    real, copied, go_on = shutil.copyfile, threading.Event(), threading.Event()

    def slowly(source: Path, target: Path) -> None:
        real(source, target)
        if threading.current_thread().name == "reader" and not copied.is_set():
            copied.set()
            go_on.wait(0.3)  # as long as a large file takes on a share

    monkeypatch.setattr(shutil, "copyfile", slowly)
    with ProjectStore.open(project, take_over=locks.read_sign(project / "lock")) as store:
        image = store.images()[0]
        reader = threading.Thread(target=lambda: store.history(image.id), name="reader")
        reader.start()
        assert copied.wait(20)
        paint(store, image, 100)
        go_on.set()
        reader.join()
        assert store.history(image.id).revision == 2


def test_a_lock_that_somebody_has_taken_over_is_not_said_to_be_free_by_who_cannot_look(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, real = ProjectStore.open(project), os.open
    on_another_computer(project)

    def refused(path: Path, *args: int) -> int:
        if Path(path).name == "lock":
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return real(path, *args)

    with monkeypatch.context() as patched:
        patched.setattr(locks.os, "open", refused)
        store.close()
    sign = locks.read_sign(project / "lock")
    assert sign is not None and sign.owner.host == "ward-3"


def test_what_somebody_else_left_who_died_and_cannot_be_removed_is_not_asked_for_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = asdict(Owner(GONE.pid, platform.node(), GONE.since_utc))
    (tmp_path / CLAIM).write_text(json.dumps(mine))
    asked: list[bytes] = []
    monkeypatch.setattr(taking, "_clear", lambda name, there: asked.append(there))
    Lock.acquire(tmp_path / "lock").release()
    assert len(asked) == 6


def test_the_list_of_images_that_a_computer_still_writes_which_was_cut_off_is_not_the_one_that_is_read(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_another_computer(project)
    real, index = opening._contents, project / "project.db"
    with index.open("r+b") as asleep:

        def wakes(holding: Holding) -> opening.Opened:
            asleep.write(bytes(index.stat().st_size))
            asleep.flush()
            return real(holding)

        monkeypatch.setattr(opening, "_contents", wakes)
        with ProjectStore.open(project, take_over=locks.read_sign(project / "lock")) as store:
            assert (store.notices, len(store.images())) == ([], 1)


def test_what_was_left_is_put_right_the_next_time_where_opening_failed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_another_computer(project)
    sign = locks.read_sign(project / "lock")

    def fails(holding: Holding) -> opening.Opened:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(holding.root))

    with monkeypatch.context() as patched, pytest.raises(StoreError, match="the disk failed"):
        patched.setattr(opening, "_contents", fails)
        ProjectStore.open(project, take_over=sign)
    with pytest.raises(ProjectLockedError, match="anna"):
        ProjectStore.open(project)
    with ProjectStore.open(project, take_over=sign) as store:
        assert store.recovery is not None and store._files._follows_another_computer
    with ProjectStore.open(project) as store:
        assert store.recovery is None


def test_what_an_older_version_left_in_the_lock_is_not_mixed_with_the_name_of_who_could_not_open(
    tmp_path: Path,
) -> None:
    path = tmp_path / "lock"
    path.write_bytes(json.dumps({"pid": 4711, "host": "ward-3", "since_utc": GONE.since_utc}).encode())
    before = locks.read_sign(path)
    Lock.acquire(path, take_over=before).release(undone=True)
    assert locks.read_sign(path) == before


def test_where_there_is_no_room_to_try_a_journal_the_full_disk_is_named_and_not_the_projects(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ProjectStore.open(project) as store:
        image = store.images()[0]
        interrupt(mask_path(project, image.id))

        def full(source: Path, target: Path) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(source))

        with monkeypatch.context() as patched, pytest.raises(DiskFullError) as error:
            patched.setattr(shutil, "copy", full)
            store.load_mask(image.id)
        assert str(error.value.file).startswith(tempfile.gettempdir())
        assert store.history(image.id).revision == 1
