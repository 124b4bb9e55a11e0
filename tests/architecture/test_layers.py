"""The import rules hold, and they bite: each deliberate breach is caught by the contract that is meant to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = "Layers: each imports only what lies below it"
QT = "Only ui knows Qt"
TORCH = "Only nn knows torch"
NN = "nn is found through its entry point, never imported"


def broken_contracts(folder: Path) -> tuple[list[str], str]:
    """The names of the contracts that do not hold in a checkout, and the whole report."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    report = done.stdout + done.stderr
    names = [line.removesuffix("BROKEN").strip() for line in report.splitlines() if line.endswith("BROKEN")]
    assert names or done.returncode == 0, report
    return names, report


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "labeltool", folder / "labeltool", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture
def checkout(copied: Path) -> Iterator[Path]:
    """A copy of the program; what a test adds to it goes afterwards."""
    before = set(copied.rglob("*"))
    yield copied
    for path in sorted(set(copied.rglob("*")) - before, reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def test_every_contract_holds() -> None:
    names, report = broken_contracts(ROOT)
    assert names == [], report


@pytest.mark.parametrize(
    ("module", "breach", "contract"),
    [
        ("core/breach.py", "import labeltool.ui", LAYERS),
        ("core/breach.py", "from labeltool.imaging import reader", LAYERS),
        ("tools/breach.py", "from labeltool.store import __name__", LAYERS),
        ("formats/breach.py", "import labeltool.app", LAYERS),
        ("learning/breach.py", "from labeltool.store import __name__", LAYERS),
        ("inference/breach.py", "import labeltool.learning", LAYERS),
        ("learning/breach.py", "import torch", TORCH),
        ("ui/breach.py", "import labeltool.cli", LAYERS),
        ("surprise/__init__.py", "VALUE = 1", LAYERS),
        ("app/breach.py", "def late() -> None:\n    from PySide6 import QtCore", QT),
        ("cli/breach.py", "import qtawesome", QT),
        ("nn/breach.py", "import PySide6.QtGui", QT),
        ("ui/breach.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch", TORCH),
        ("inference/breach.py", "import segmentation_models_pytorch", TORCH),
        ("app/breach.py", "import labeltool.nn", NN),
        ("ui/breach.py", "def late() -> None:\n    import labeltool.nn", NN),
    ],
)
def test_a_breach_is_caught_by_the_contract_meant_for_it(
    checkout: Path, module: str, breach: str, contract: str
) -> None:
    path = checkout / "labeltool" / module
    path.parent.mkdir(exist_ok=True)
    path.write_text(breach + "\n")
    names, report = broken_contracts(checkout)
    assert names == [contract], report
