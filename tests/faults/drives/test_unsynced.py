"""Where folders cannot be synced, work is saved as everywhere (row 10)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.kills.victims import ROOT, NoReaperError, reaper


@pytest.mark.slow
def test_work_is_saved_where_no_folder_can_be_synced(tmp_path: Path) -> None:
    try:
        library = reaper(tmp_path, Path(__file__).with_name("unsynced.c"))
    except NoReaperError as error:
        pytest.skip(f"no sync of a folder can be refused: {error}")
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.drives.unsynced", str(tmp_path)],
        env={**os.environ, "LD_PRELOAD": str(library)},
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found.pop("unsynced") > 20
    assert found == {
        "revisions": [3, 3, 3],
        "classes": ["background", "cell", "nucleus", "tissue"],
        "copies": 4,
        "troubles": [],
        "notices": [],
        "findings": [],
    }
