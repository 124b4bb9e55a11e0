"""A wheel is the whole program: modules, resources, entry points, licence."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_wheel_holds_the_resources_and_nothing_of_the_tests(tmp_path: Path) -> None:
    left_out = shutil.ignore_patterns(
        ".venv", ".git", "__pycache__", "build", "dist", "*.egg-info", "tests", "runs"
    )
    shutil.copytree(ROOT, tmp_path / "checkout", ignore=left_out)
    (tmp_path / "checkout" / "resources" / "proof.txt").write_text("packed", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), "."],
        cwd=tmp_path / "checkout",
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "labeltool/_resources/proof.txt" in names
    assert "labeltool/core/mask.py" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"labeltool"}
