"""A session that was cut short is known at the next start, told once, and its report holds what is known of its end."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from labeltool.app.diagnosis import report, sessions
from labeltool.app.diagnosis.log import NAME
from labeltool.app.diagnosis.sessions import CutShort, cut_short, marked

SESSION = """
import ctypes, faulthandler, logging, sys, time
from pathlib import Path
from labeltool.app.diagnosis import log, sessions
at = Path(sys.argv[1])
with log.kept("window", print, at), sessions.marked(at):
    logging.getLogger("labeltool.test").info("about to %s", sys.argv[2])
    print("running", flush=True)
    if sys.argv[2] == "crash":
        ctypes.string_at(0)
    if sys.argv[2] == "wait":
        time.sleep(60)
    if sys.argv[2] == "raise":
        raise ValueError("out of the block")
"""


@contextmanager
def session(at: Path, what: str) -> Iterator[subprocess.Popen[str]]:
    """A process with a mark, which is running; afterwards it has ended."""
    with subprocess.Popen(
        [sys.executable, "-c", SESSION, str(at), what],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        yield process
        process.wait(30)


def test_a_crash_in_a_c_library_is_told_once_with_its_traceback(tmp_path: Path) -> None:
    with session(tmp_path, "crash") as crashed:
        assert crashed.wait(30) != 0
    (found,) = cut_short(tmp_path)
    assert found.crashed and found.process == crashed.pid
    assert "Segmentation fault" in found.trace or "access violation" in found.trace
    assert cut_short(tmp_path) == []
    assert [path.suffix for path in tmp_path.glob("crash-*")] == [".txt"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal on Windows")
def test_a_session_that_was_killed_is_told_of_as_ended_from_outside(tmp_path: Path) -> None:
    with session(tmp_path, "wait") as process:
        assert cut_short(tmp_path) == [], "it runs"
        process.kill()
    (found,) = cut_short(tmp_path)
    assert not found.crashed


@pytest.mark.parametrize("what", ["end", "raise"])
def test_a_session_that_ends_by_itself_leaves_no_mark(tmp_path: Path, what: str) -> None:
    with session(tmp_path, what):
        pass
    assert cut_short(tmp_path) == []
    assert not list(tmp_path.glob("session-*"))


def test_the_report_holds_the_traceback_and_the_end_of_the_log_of_that_session_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with session(tmp_path, "crash") as crashed:
        pass
    with (tmp_path / NAME).open("a") as file:
        file.write("2999-01-01T00:00:00.000Z 1 INFO test: somebody else\n")
    (found,) = cut_short(tmp_path)
    monkeypatch.setattr("labeltool.app.diagnosis.log.folder", lambda: tmp_path)
    text = report.of_session(found)
    assert "about to crash" in text and "somebody else" not in text
    assert "It crashed." in text and "most recent call first" in text
    assert f"process {crashed.pid}" in text


def test_the_mark_of_another_machine_or_of_nobody_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "session-1-1.mark").write_text(
        '{"begun": "x", "process": 1, "host": "elsewhere", "version": "0"}\n'
    )
    (tmp_path / "session-2-2.mark").write_text("no mark at all")
    assert cut_short(tmp_path) == []
    assert len(list(tmp_path.glob("session-*.mark"))) == 2


def test_without_locks_the_process_itself_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "try_lock", lambda handle: None)
    with session(tmp_path, "wait") as process:
        assert cut_short(tmp_path) == []
        process.kill()
    assert len(cut_short(tmp_path)) == 1


def test_only_the_newest_of_old_crashes_are_kept(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"crash-2026-01-0{number + 1}T000000-1.txt").write_text("{}")
    assert cut_short(tmp_path) == []
    assert sorted(path.name[14:16] for path in tmp_path.iterdir()) == ["05", "06", "07", "08", "09"]


def test_where_no_mark_can_be_written_the_session_runs_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    begun = time.monotonic()
    with marked(tmp_path / "file" / "logs"):
        assert time.monotonic() >= begun
    assert cut_short(tmp_path / "file" / "logs") == []


def test_a_report_says_what_the_program_is_made_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("labeltool.app.diagnosis.log.folder", lambda: tmp_path)
    text = report.of_now("it broke", {"Qt": "6"})
    assert "It holds no images and no labels" in text
    for fact in (
        "labeltool: ",
        "Python: ",
        "system: ",
        "numpy: ",
        "Qt: 6",
        "it broke",
        "There is no log of it.",
    ):
        assert fact in text
    assert "killed, or the power went" in report.of_session(CutShort("2026-01-01T00:00:00", 1, "0.1.0", ""))
