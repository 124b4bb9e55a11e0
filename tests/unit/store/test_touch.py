"""Asking the drive of a project whether it answers."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from labeltool.core.catalog import ClassCatalog
from labeltool.store.layout import INDEX, touch
from labeltool.store.project import ProjectStore

WRITER = """
import sqlite3, sys
index = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
try:
    index.execute("BEGIN IMMEDIATE")
    print("writes")
except sqlite3.OperationalError as error:
    print(error)
"""


@pytest.mark.skipif(
    os.name != "posix", reason="locks of a file that is closed are gone on POSIX systems only"
)
def test_a_project_that_is_asked_whether_it_is_there_keeps_the_locks_of_its_index(tmp_path: Path) -> None:
    root = tmp_path / "project"
    ProjectStore.create(root, "test", ClassCatalog.from_names(["cell"])).close()
    index = sqlite3.connect(root / INDEX, isolation_level=None)
    index.execute("BEGIN IMMEDIATE")
    touch(root)
    found = subprocess.run(
        [sys.executable, "-c", WRITER, str(root / INDEX)], capture_output=True, text=True, check=True
    )
    index.close()
    assert found.stdout.strip() == "database is locked"
