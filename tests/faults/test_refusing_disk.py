"""A disk that refuses reads, writes and syncs below SQLite, which says of a page that cannot be read that the file is
damaged: nobody is told so, no backup takes the place of sound labels, and saving goes on once the disk is well."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.kills.victims import ROOT, NoReaperError, reaper

SOURCE = Path(__file__).with_name("refusing.c")
FAILED = "the disk failed"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return reaper(tmp_path_factory.mktemp("refusing"), SOURCE)
    except NoReaperError as error:
        pytest.skip(f"no call can be made to fail below SQLite: {error}")


def printed(library: Path, folder: Path, module: str, *words: object) -> Any:
    """What a process with a refusing disk prints."""
    home = {f"XDG_{what}_HOME": str(folder / "home") for what in ("CACHE", "DATA", "STATE", "CONFIG")}
    found = subprocess.run(
        [sys.executable, "-m", module, str(folder), *map(str, words)],
        env={**os.environ, **home, "LD_PRELOAD": str(library), "QT_QPA_PLATFORM": "offscreen"},
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr.decode()[-3000:]
    return json.loads(found.stdout.splitlines()[-1])


AT = [(3, 6), pytest.param((0, 1, 2, 3, 4, 6, 9, 13, 20), marks=pytest.mark.slow)]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("calls", AT, ids=["some", "many"])
def test_a_page_that_cannot_be_read_is_a_disk_that_failed_and_never_damage(
    library: Path, tmp_path: Path, calls: tuple[int, ...]
) -> None:
    found = printed(library, tmp_path, "tests.faults.refused", *calls)
    file = found.pop("file")
    for name in ("reads, EIO", "reads, ENXIO", "reads, ESTALE", "writes", "syncs"):
        assert found[name], name
        for told in found[name]:
            assert FAILED in told["error"] and file in told["error"], (name, told)
            assert (told["waits"], told["aside"], told["saved"]) == (1, False, True), (name, told)
    for name in ("a read", "a sync"):
        assert found[name], name
        for told in found[name]:
            assert not told["error"] or FAILED in told["error"], (name, told)
            assert (told["aside"], told["saved"]) == (False, True), (name, told)
    for name in ("opening", "offers"):
        assert found[name], name
        assert all(FAILED in said and file in said for said in found[name]), (name, found[name])
    for name in (name for name in found if name.startswith("fsck")):
        lines = [*found[name]["findings"], *found[name]["steps"]]
        assert found[name]["findings"] and found[name]["steps"], name
        assert all(FAILED in line and "backup of" not in line and "would" not in line for line in lines), (
            lines
        )
        assert found[name]["untouched"], name
    assert found["healthy"] == []
    assert found["rows"], "a stroke is lost, or is there twice"


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_window_says_that_the_disk_failed_keeps_the_strokes_and_saves_them_when_it_is_well(
    library: Path, tmp_path: Path
) -> None:
    found = printed(library, tmp_path, "tests.faults.refused_window")
    assert found["status"].startswith(f"not saved: {FAILED}"), found
    assert f"kept in {tmp_path / 'unsaved'}" in found["status"] and found["kept"] == 1
    ((name, text, more),) = found["boxes"]
    assert name == "dialog.failure" and text.startswith("The disk failed"), "nobody is offered a backup"
    assert "masks" in more and "Save a copy of the project on another disk" in more
    assert found["check"] == []
    assert (found["revision"], found["labels"]) == (3, [1, 1, 1])
