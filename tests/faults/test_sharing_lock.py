"""One project, several processes and computers: who writes, and who may take over (rows 11, 13, 15)."""

from __future__ import annotations

import getpass
import os
import platform
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from labeltool.__main__ import main
from labeltool.core import system_lock
from labeltool.core.errors import StoreError
from labeltool.core.progress import CancelToken
from labeltool.store import lock as locks
from labeltool.store.fsck import check
from labeltool.store.layout import mask_path
from labeltool.store.lock import Lock, LockLostError, ProjectLockedError, holder, read_sign
from labeltool.store.project import ProjectStore
from labeltool.store.silence import is_silent
from tests.faults.nobody import as_nobody, give_away, reachable
from tests.faults.sharing_scene import held_elsewhere, make_images, make_project, on_another_computer, paint


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project", make_images(tmp_path / "images"))


def test_a_second_process_is_told_who_edits_and_can_look(project: Path) -> None:
    with held_elsewhere(project) as other:
        with pytest.raises(ProjectLockedError) as error:
            ProjectStore.open(project)
        assert f"process {other.pid} on {platform.node()} since " in str(error.value)
        assert not error.value.may_be_stale
        assert error.value.sign is not None
        with ProjectStore.open(project, write=False) as viewer:
            first = viewer.images()[0]
            assert viewer.load_mask(first.id).read("label")[30, 20] == 1
            with pytest.raises(StoreError, match="viewing"):
                paint(viewer, first)
    assert check(project) == []


def test_the_lock_of_a_killed_process_is_taken_with_words_about_it(project: Path) -> None:
    with held_elsewhere(project) as other:
        other.kill()
        other.wait()
        assert holder(project / "lock") is None
        with ProjectStore.open(project) as store:
            assert store.recovery is not None
            paint(store, store.images()[0], 100)
    assert check(project) == []


def test_a_process_number_that_another_program_has_by_now_keeps_nobody_out(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a drive without locks only the process can be looked for; numbers of processes are used again."""
    with ProjectStore.open(project) as store:
        left = (project / "lock").read_bytes()
        assert store.read_only_reason == ""
    monkeypatch.setattr(locks, "try_lock", lambda handle: None)
    (project / "lock").write_bytes(left)
    with pytest.raises(ProjectLockedError, match=f"process {os.getpid()} on"):
        ProjectStore.open(project)
    (project / "lock").write_bytes(left)
    monkeypatch.setattr(locks, "process_started", lambda pid: "another boot 12")
    ProjectStore.open(project).close()


@pytest.mark.slow
def test_whether_a_process_lives_is_known() -> None:
    here = system_lock.process_started(os.getpid())
    assert here == system_lock.process_started(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert system_lock.process_started(child.pid) not in (None, here)
    assert system_lock.process_started(child.pid) is None


def test_a_lock_of_another_computer_is_taken_only_after_a_silence(project: Path) -> None:
    on_another_computer(project)
    with pytest.raises(ProjectLockedError, match="anna, process 4711 on ward-3 since 2026-01-02") as error:
        ProjectStore.open(project)
    sign = error.value.sign
    assert error.value.may_be_stale
    assert sign is not None
    assert is_silent(project / "lock", sign, silence_s=0.05)
    with ProjectStore.open(project, take_over=sign) as store:
        assert store.recovery is not None
        paint(store, store.images()[0], 100)
    assert check(project) == []


def test_who_gives_a_sign_of_life_while_somebody_waits_keeps_the_project(project: Path) -> None:
    on_another_computer(project, beat=7)
    sign = read_sign(project / "lock")
    assert sign is not None
    threading.Timer(0.1, on_another_computer, (project, 8)).start()
    assert not is_silent(project / "lock", sign, silence_s=20)
    with pytest.raises(ProjectLockedError):
        ProjectStore.open(project, take_over=sign)


@pytest.mark.slow
def test_the_wait_for_a_sign_of_life_can_be_cancelled(project: Path) -> None:
    on_another_computer(project)
    sign, cancel = read_sign(project / "lock"), CancelToken()
    assert sign is not None
    cancel.cancel()
    with pytest.raises(Exception, match="cancelled"):
        is_silent(project / "lock", sign, cancel=cancel, silence_s=600)


def test_a_holder_gives_signs_of_life(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "BEAT_S", 0.01)
    lock = Lock.acquire(project / "lock")
    sign = read_sign(project / "lock")
    assert sign is not None
    assert sign.owner.user == getpass.getuser()
    assert not is_silent(project / "lock", sign, silence_s=20)
    lock.release()
    assert read_sign(project / "lock") is None


def test_who_was_taken_over_while_asleep_writes_nothing_more(project: Path) -> None:
    """A computer that wakes up finds another name in the lock: its stroke must not go over the other's work."""
    sleeper = ProjectStore.open(project)
    image = sleeper.images()[0]
    on_another_computer(project)  # which is what somebody who took it over leaves there
    before = (project / "lock").read_bytes()
    with pytest.raises(LockLostError, match="taken over by anna, process 4711 on ward-3"):
        paint(sleeper, image, 100)
    assert "taken over" in sleeper.read_only_reason
    with pytest.raises(StoreError, match="taken over"):
        sleeper.set_catalog(sleeper.catalog)
    sleeper.close()
    assert (project / "lock").read_bytes() == before
    assert sleeper.history(image.id).revision == 1


def test_what_a_computer_ends_when_it_wakes_after_a_clean_take_over_changes_nothing(project: Path) -> None:
    """It has the file open that it was writing; the session that took over is closed long since."""
    with ProjectStore.open(project) as store:
        image = store.images()[0]
        mask = mask_path(project, image.id)
    on_another_computer(project, image_id=image.id)
    with mask.open("r+b") as sleeper:
        with ProjectStore.open(project, take_over=read_sign(project / "lock")):
            pass
        sleeper.write(b"\0" * 4096)
    with ProjectStore.open(project) as store:
        paint(store, image, 100)
    assert check(project) == []


def test_a_lock_that_somebody_deleted_is_held_again(project: Path) -> None:
    with ProjectStore.open(project) as store:
        (project / "lock").unlink()
        paint(store, store.images()[0], 100)
        with pytest.raises(ProjectLockedError):
            ProjectStore.open(project)


def test_a_drive_that_comes_back_is_held_again(project: Path) -> None:
    away = project.with_name("away")
    store = ProjectStore.open(project)
    image = store.images()[0]
    project.rename(away)
    with pytest.raises(StoreError) as error:
        store.set_catalog(store.catalog)
    assert error.value.may_pass
    with pytest.raises(StoreError):
        store.recheck()
    away.rename(project)
    (project / "lock").write_bytes((project / "lock").read_bytes())
    paint(store, image, 100)
    store.recheck()
    store.close()
    assert check(project) == []


def test_who_merely_looks_whether_a_project_is_free_keeps_nobody_out(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, looking = locks.try_lock, os.open(project / "lock", os.O_RDONLY)
    asked: list[bool | None] = []

    def asks(handle: int) -> bool | None:
        if len(asked) == 2:
            os.close(looking)  # who looks has seen enough
        asked.append(real(handle))
        return asked[-1]

    assert real(looking)
    monkeypatch.setattr(locks, "try_lock", asks)
    Lock.acquire(project / "lock").release()
    assert asked == [False, False, True]


@pytest.mark.slow
def test_commands_that_write_say_who_has_the_project_and_those_that_read_go_on(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writing = (
        ("add", project, tmp_path / "images"),
        ("split", project, "--seed", "1"),
        ("decide", project, "done", "a.png"),
        ("import", project, tmp_path, "--format", "png"),
        ("fsck", project, "--rebuild"),
    )
    with held_elsewhere(project) as other:
        for words in writing:
            assert main([str(word) for word in words]) == 1, words
            said = capsys.readouterr().err
            assert f"process {other.pid} on {platform.node()}" in said, words
            assert "Traceback" not in said
        for words in (("status", project), ("export", project, tmp_path / "out", "--format", "coco")):
            assert main([str(word) for word in words]) == 0, capsys.readouterr().err
    assert check(project) == []


# ---- permission


IMPORTS = """
import sys
from pathlib import Path
from labeltool.core.errors import LabeltoolError
from labeltool.store.project import ProjectStore
from labeltool.store.silence import is_silent
try:
    with ProjectStore.open(Path(sys.argv[1]), write=False) as warm:
        warm.load_mask(warm.images()[0].id)
except LabeltoolError:
    pass
"""

LOOK = """
with ProjectStore.open(Path(sys.argv[1])) as store:
    print(len(store.images()), store.read_only_reason)
    print(store.load_mask(store.images()[0].id).read("label")[30, 20])
    try:
        store.set_catalog(store.catalog)
    except LabeltoolError as error:
        print(error)
"""

REFUSED = """
try:
    ProjectStore.open(Path(sys.argv[1]))
except LabeltoolError as error:
    print("refused", error)
"""


def _as_nobody(code: str, project: Path) -> subprocess.CompletedProcess[str]:
    """Python code run by a user without any right; root gives them up in a child, once all is imported that a project
    needs: such a user may not even read the interpreter."""
    if os.name == "nt":
        pytest.skip("Windows has other permissions")
    if os.getuid() != 0:
        code = IMPORTS + code
    else:
        code = IMPORTS + "import os; os.setgroups([]); os.setgid(65534); os.setuid(65534)\n" + code
    command = [sys.executable, "-c", code, str(project)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def forbidden(project: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The project readable by everybody, writable by nobody but root."""
    folders = [project, *(p for p in project.rglob("*") if p.is_dir())]
    for path in project.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    project.chmod(0o555)
    request.addfinalizer(lambda: [folder.chmod(0o755) for folder in folders] and None)
    with reachable(project):
        yield project


def test_a_folder_without_permission_to_write_opens_read_only_for_a_real_user(forbidden: Path) -> None:
    before = {path: path.read_bytes() for path in forbidden.rglob("*") if path.is_file()}
    ended = _as_nobody(LOOK, forbidden)
    assert ended.returncode == 0, ended.stderr
    first, pixel, refused = ended.stdout.splitlines()
    assert first == "3 the folder may not be written"
    assert pixel == "1"
    assert "the project cannot be changed: the folder may not be written" in refused
    assert {path: path.read_bytes() for path in forbidden.rglob("*") if path.is_file()} == before


@pytest.mark.slow
@pytest.mark.parametrize("what", ["folder", "index", "masks"])
def test_what_may_not_be_read_is_said_and_never_an_empty_project(forbidden: Path, what: str) -> None:
    if what == "folder":
        forbidden.chmod(0o600)
    elif what == "index":
        (forbidden / "project.db").chmod(0o200)
    else:
        (forbidden / "masks").chmod(0o000)
    ended = _as_nobody(REFUSED if what != "masks" else LOOK, forbidden)
    if what == "masks":
        assert ended.returncode != 0
        assert "RefusedError" in ended.stderr
        assert "masks" in ended.stderr
    else:
        assert ended.stdout.startswith(f"refused {forbidden}"), ended.stderr
        assert "there is no project" not in ended.stdout


def test_commands_that_write_end_with_1_where_the_folder_may_not_be_written(
    forbidden: Path, tmp_path: Path
) -> None:
    images, theirs = tmp_path / "images", tmp_path / "theirs"
    theirs.mkdir()
    give_away(theirs)
    before = {path: path.read_bytes() for path in forbidden.rglob("*") if path.is_file()}
    writing: list[list[object]] = [
        ["add", forbidden, images],
        ["split", forbidden, "--to", "val"],
        ["decide", forbidden, "done", "*"],
        ["import", forbidden, images, "--format", "png"],
        ["fsck", forbidden, "--repair"],
    ]
    reading: list[list[object]] = [
        ["status", forbidden],
        ["export", forbidden, theirs / "out", "--format", "coco"],
    ]
    shutil.copytree(forbidden, tmp_path / "warm")
    warm = [[tmp_path / "warm" if word == forbidden else word for word in words] for words in writing]
    warm += [
        ["status", tmp_path / "warm"],
        ["export", tmp_path / "warm", tmp_path / "out", "--format", "coco"],
    ]
    said = as_nobody([*writing, *reading], warm, theirs)
    for words, each in zip(writing, said, strict=False):
        assert each.code == 1, (words, each)
        assert str(forbidden) in each.err and "only be read" in each.err, (words, each)
    assert [each.code for each in said[len(writing) :]] == [0, 0], said
    assert {path: path.read_bytes() for path in forbidden.rglob("*") if path.is_file()} == before


def test_where_only_the_lock_may_not_be_written_it_is_named_with_what_to_do(project: Path) -> None:
    ProjectStore.open(project).close()
    give_away(project)
    lock = project / "lock"
    lock.chmod(0o444)
    if os.getuid() == 0:
        os.chown(lock, 0, 0)
    with reachable(project):
        ended = _as_nobody(
            "with ProjectStore.open(Path(sys.argv[1])) as s: print(s.read_only_reason)", project
        )
    what = f"the file {lock} may not be written. Ask whoever owns it for permission to write it"
    assert ended.stdout.strip() == what, ended.stderr
