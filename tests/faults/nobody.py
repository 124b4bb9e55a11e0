"""Commands as a user without rights runs them: root gives up its rights in a child process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

NOBODY = 65534
HOMES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")

CHILD = """
import contextlib, io, json, os, sys
import encodings.ascii, encodings.idna, encodings.latin_1, encodings.utf_8_sig
from labeltool.__main__ import main

def run(words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    return [code, out.getvalue(), err.getvalue()]

given = json.load(sys.stdin)
for words in given["warm"]:
    run(words)
for name in given["homes"]:
    os.environ[name] = given["home"]
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(json.dumps([run(words) for words in given["commands"]]))
"""


class Said(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def as_nobody(
    commands: Sequence[Sequence[object]],
    warm: Sequence[Sequence[object]],
    home: Path,
    warm_home: Path | None = None,
) -> list[Said]:
    """What becomes of command lines, for a user whose ``home`` this is. ``warm`` runs before root gives up its rights,
    so that all is imported by then: such a user may not even read the interpreter. It has ``warm_home``, if given."""
    if os.name == "nt":
        pytest.skip("Windows has other permissions")
    given = {
        "warm": [[str(word) for word in words] for words in warm],
        "homes": HOMES,
        "home": str(home),
        "commands": [[str(word) for word in words] for words in commands],
    }
    child = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {name: str(warm_home or home) for name in HOMES},
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return [Said(*each) for each in json.loads(child.stdout)]


def give_away(folder: Path) -> None:
    """Make everything below a folder that user's own, where root can; anybody else owns it already."""
    if os.name != "nt" and os.getuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)


@contextmanager
def forbidden(path: Path) -> Iterator[None]:
    """Nobody but root may read or write this meanwhile."""
    before = path.stat()
    if os.name != "nt" and os.getuid() == 0:
        os.chown(path, 0, 0)
    path.chmod(0)
    try:
        yield
    finally:
        path.chmod(before.st_mode)


@contextmanager
def reachable(path: Path) -> Iterator[None]:
    """The folders above may be entered by everybody meanwhile, where root owns them."""
    if os.name == "nt" or os.getuid() != 0:
        yield
        return
    modes = [(folder, folder.stat().st_mode) for folder in list(path.parents)[:-1]]
    for folder, mode in modes:
        if not mode & 0o001:
            folder.chmod(mode | 0o011)
    try:
        yield
    finally:
        for folder, mode in modes:
            folder.chmod(mode)
