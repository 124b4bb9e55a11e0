"""Processes that die on demand: commands in forks of a warmed-up process, and whole programs of their own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

ROOT = Path(__file__).resolve().parents[3]
SOURCE = Path(__file__).with_name("reaper.c")


class Death(NamedTuple):
    """How a command ended: its exit code, -9 where it was killed, and how many changes of files it had made by then
    (-1: it did not live to tell)."""

    code: int
    changes: int

    @property
    def killed(self) -> bool:
        return self.code == -9


class NoReaperError(Exception):
    """Here no process can be ended at the n-th change of a file."""


def reaper(folder: Path, source: Path = SOURCE) -> Path:
    """The library that ends a process at its n-th change of a file, or one of another ``source``, made in a folder;
    NoReaperError where it cannot."""
    compiler = shutil.which("cc")
    if not sys.platform.startswith("linux") or compiler is None:
        raise NoReaperError("needs Linux and a C compiler")
    library = folder / f"{source.stem}.so"
    made = subprocess.run(
        [compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        raise NoReaperError(made.stderr.decode(errors="replace")[-500:])
    return library


class Victims:
    """Runs commands that may be killed, or trainings (``program`` "trainer"). ``work`` holds what they print (``said``)
    and their temporary files."""

    def __init__(self, work: Path, library: Path, program: str = "") -> None:
        self.work = work
        self._program = program
        self.library = library
        self.temp = work / "temp"
        self._said = work / "said.txt"
        self.temp.mkdir(parents=True, exist_ok=True)
        self._server: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.kills.server", *filter(None, [self._program])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self.environment(),
            cwd=ROOT,
            text=True,
        )
        assert self._answer() == {"ready": True}
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            for stream in (self._server.stdin, self._server.stdout):
                with contextlib.suppress(OSError):
                    if stream is not None:
                        stream.close()
            self._server.wait(30)

    @property
    def said(self) -> str:
        """What the last command printed."""
        return self._said.read_text(encoding="utf-8", errors="replace")

    def environment(self, **more: str) -> dict[str, str]:
        """That of a process that the reaper can end."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("REAPER_")}
        path = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        home = {f"XDG_{what}_HOME": str(self.work / "home") for what in ("CACHE", "DATA", "STATE", "CONFIG")}
        return {
            **kept,
            **home,
            "LD_PRELOAD": str(self.library),
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            **more,
        }

    def run(
        self,
        words: Sequence[object],
        *,
        under: Sequence[Path] = (),
        at: int = 0,
        torn: bool = False,
        after_s: float = 0,
        spare_mb: int = 0,
    ) -> Death:
        """A command in a fork; it dies at its ``at``-th change below ``under``, after some seconds, or by itself. With
        ``spare_mb`` it has only so much memory."""
        self._said.write_bytes(b"")
        assert self._server is not None and self._server.stdin is not None
        asked = {
            "words": [str(word) for word in words],
            "under": ":".join(map(str, under)),
            "at": at,
            "torn": torn,
            "after_s": after_s,
            "out": str(self._said),
            "temp": str(self.temp),
            "spare_mb": spare_mb,
        }
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        return Death(**self._answer())

    def _answer(self) -> dict[str, int]:
        assert self._server is not None and self._server.stdout is not None
        line = self._server.stdout.readline()
        assert line, "the server of victims has died"
        found: dict[str, int] = json.loads(line)
        return found


@contextlib.contextmanager
def victims(work: Path, program: str = "") -> Iterator[Victims]:
    """Victims whose library is made first."""
    work.mkdir(parents=True, exist_ok=True)
    with Victims(work, reaper(work), program) as found:
        yield found
