"""`labeltool demo` with a threshold in the place of the embedded model."""

from __future__ import annotations

from pathlib import Path

import pytest

from labeltool.app import models
from tests.e2e.conftest import Run

SHOTS = """
import pathlib, sys
project, out = map(pathlib.Path, sys.argv[1:])
assert (project / "project.db").is_file()
out.mkdir(exist_ok=True)
(out / "window.png").write_bytes(b"a picture")
"""


@pytest.fixture
def embedded(tmp_path: Path, threshold_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The threshold is the only embedded model, and screenshots are made by a module of three lines."""
    monkeypatch.setattr(
        models.finding, "embedded_models", lambda: [models.read_model(threshold_model, "embedded")]
    )
    (tmp_path / "site" / "shots.py").write_text(SHOTS, encoding="utf-8")
    monkeypatch.setattr("labeltool.cli.commands.demo.SCREENSHOTS", "shots")


@pytest.mark.usefixtures("embedded")
def test_the_demo_goes_the_whole_way_twice(tmp_path: Path, labeltool: Run) -> None:
    root = tmp_path / "demo"
    first = labeltool("demo", root, "--headless", "--json")
    assert first.code == 0, first.err
    result = first.json
    assert result["images"] == 10
    assert result["evaluation"]["images"] == 5
    assert result["evaluation"]["per_class"]["nucleus"]["iou"] > 0.1
    assert [e["format"] for e in result["exports"]] == ["voc", "coco"]
    for done in result["exports"]:
        assert done["verified"] is True
        assert done["images"] == 10
        assert Path(done["out"]).is_dir()
    assert [Path(p).name for p in result["screenshots"]] == ["window.png"]
    assert labeltool("status", root, "--json").json["status"] == {"prelabelled": 10}

    again = labeltool("demo", root, "--headless", "--json")
    assert again.code == 0, again.err
    assert again.json["evaluation"]["miou"] == result["evaluation"]["miou"]
    assert labeltool("fsck", root, "--json").json["errors"] == 0


def test_a_project_of_ones_own_is_never_filled_with_samples(project: Path, labeltool: Run) -> None:
    ended = labeltool("demo", project, "--headless")
    assert ended.code == 1
    assert "a project of your own" in ended.err
    assert labeltool("status", project, "--json").json["images"] == 3


@pytest.mark.usefixtures("embedded")
def test_the_demo_wishes_for_the_window_where_there_is_a_display(
    tmp_path: Path, labeltool: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    opened: list[Path | None] = []

    def open_window(path: Path | None) -> int:
        opened.append(path)
        return 0

    monkeypatch.setattr("labeltool.__main__.open_window", open_window)
    ended = labeltool("demo", tmp_path / "demo")
    assert ended.code == 0, ended.err
    assert opened == [tmp_path / "demo"]
    assert "mIoU" in ended.out
    assert "read back and equal" in ended.out
