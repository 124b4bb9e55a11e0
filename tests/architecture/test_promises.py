"""Promises about the whole that no single module can keep: start-up, plug-ins, what is committed."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from labeltool import plugins
from labeltool.core.resources import resource

ROOT = Path(__file__).resolve().parents[2]
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
POINTS = [(group, name, value) for group, points in DECLARED.items() for name, value in points.items()]


def modules_after(statement: str) -> set[str]:
    """The names of all modules that a fresh interpreter holds after a statement."""
    script = f"{statement}\nimport sys\nprint('loaded:', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("loaded:")[2].split())


def test_the_window_is_imported_without_torch() -> None:
    loaded = modules_after("import labeltool.ui.main")
    assert "PySide6" in loaded
    assert loaded.isdisjoint({"torch", "torchvision", "segmentation_models_pytorch", "labeltool.nn"})


def test_the_start_page_is_up_without_what_a_project_needs() -> None:
    later = {"pyvips", "scipy", "tifffile", "PIL.TiffImagePlugin", "sqlalchemy"}
    later |= {
        "rasterio",
        "pydicom",
        "nibabel",
        "openslide",
        "pycocotools",
        "torch",
        "highdicom",
        "imagecodecs",
    }
    later |= {
        f"labeltool.{name}" for name in ("app.workbench", "app.models", "store.project", "inference.process")
    }
    assert modules_after("import labeltool.ui.main").isdisjoint(later)


def test_the_command_line_is_imported_without_qt_and_torch() -> None:
    assert modules_after("import labeltool.__main__").isdisjoint({"PySide6", "torch", "numpy", "cv2"})


@pytest.mark.parametrize(("group", "name", "value"), POINTS)
def test_every_entry_point_loads(group: str, name: str, value: str) -> None:
    assert EntryPoint(name, value, group).load() is not None


def test_the_installed_entry_points_are_the_declared_ones() -> None:
    for group, points in DECLARED.items():
        assert set(points) <= set(plugins.names(group)), f"{group}: install the project again (make run)"
    assert set(DECLARED) <= set(plugins.GROUPS)


def test_resources_lie_beside_the_package_in_a_checkout() -> None:
    assert resource("icons") == ROOT / "resources" / "icons"


def test_versions_are_pinned_for_everybody() -> None:
    lines = (ROOT / "packaging" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert "torch==2.13.0" in pins
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []


def test_no_committed_file_names_a_place_on_somebodys_machine() -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    place = re.compile(rb"(?<![\w.~}])/(?:home|root|work|Users)/\w|[A-Z]:\\Users\\")
    found = [
        name
        for name in listing.stdout.split("\0")
        if name and (ROOT / name).is_file() and place.search((ROOT / name).read_bytes())
    ]
    assert found == []
