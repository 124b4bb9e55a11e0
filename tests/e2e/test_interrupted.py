"""Pre-labels by several processes, and ones that are killed: the bytes are those of one process that was left alone."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.e2e.conftest import Run
from tests.e2e.threshold import THRESHOLD

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

IMAGES = 8


@pytest.fixture
def slow_model(threshold_model: Path, tmp_path: Path) -> Path:
    """The threshold, which takes SLOW_S seconds a window and knows margin and entropy."""
    sleeping = THRESHOLD.replace(
        "        bright =",
        "        import os, time; time.sleep(float(os.environ.get('SLOW_S', 0)))\n        bright =",
    ).replace("np.full_like(label, 230))", "windows[..., 1] // 2 + 128, windows[..., 1], windows[..., 2])")
    (tmp_path / "site" / "threshold.py").write_text(sleeping, encoding="utf-8")
    return threshold_model


@pytest.fixture
def scenes(tmp_path: Path, labeltool: Run) -> Path:
    """A project of eight small images."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    rng = np.random.default_rng(5)
    for number in range(IMAGES):
        coarse = rng.integers(0, 256, (20, 30, 3), np.uint8)
        Image.fromarray(coarse).resize((300, 200)).save(folder / f"{number}.png")
    root = tmp_path / "scenes project"
    assert labeltool("new", root, "--classes", "nucleus").code == 0
    assert labeltool("add", root, folder).code == 0
    return root


def begun(root: Path, model: Path, *words: str, **environment: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "labeltool",
        "prelabel",
        str(root),
        "--model",
        str(model),
        "--json",
        *words,
    ]
    return subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process: subprocess.Popen[str]) -> dict:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return json.loads(out)


def killed_once(process: subprocess.Popen[str], there: Callable[[], bool]) -> None:
    """Kill a process as soon as it has got somewhere."""
    patience_ends_s = time.monotonic() + 60
    while not there():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < patience_ends_s
        time.sleep(0.02)
    process.kill()
    process.communicate()


def files(root: Path) -> dict[str, bytes]:
    """What the ranks of a project have made."""
    shards = root / "shards"
    return {
        str(path.relative_to(shards)): path.read_bytes()
        for path in sorted(shards.rglob("*"))
        if path.is_file()
    }


def rows(root: Path, table: str) -> list[tuple]:
    """A table of all mask files."""
    found: list[tuple] = []
    for path in sorted((root / "masks").glob("*/*.ltm")):
        with closing(sqlite3.connect(path)) as db:
            found += [(path.name, *row) for row in db.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4")]
    return found


def test_two_ranks_write_the_bytes_of_one_and_a_collected_project_is_a_pre_labelled_one(
    scenes: Path, slow_model: Path, tmp_path: Path, labeltool: Run
) -> None:
    two, plain = tmp_path / "two", tmp_path / "plain"
    for copy in (two, plain):
        shutil.copytree(scenes, copy)
    options = ("--doubt", "margin,entropy")
    one = ended(begun(scenes, slow_model, *options, RANK="0", WORLD_SIZE="1"))
    ranks = [
        begun(two, slow_model, *options, RANK="0", WORLD_SIZE="2"),
        begun(two, slow_model, *options, "--rank", "1", "--world-size", "2"),
    ]
    shares = [ended(rank)["images"] for rank in ranks]
    assert one["images"] == sum(shares) == IMAGES
    assert files(two) == files(scenes)
    assert not rows(two, "prediction_tiles")

    (state,) = labeltool("status", two, "--json").json["shards"]
    assert state["done"] == state["chunks"] > 1
    collected = labeltool("prelabel", two, "--collect", "--json").json
    assert (collected["images"], collected["shards"], collected["skipped"]) == (IMAGES, [], [])
    assert not (two / "shards").exists()
    ended(begun(plain, slow_model, *options))
    for table in ("prediction_tiles", "tiles"):
        assert rows(two, table) == rows(plain, table)
        assert rows(two, table)
    assert {plane for _, _, plane, *_ in rows(two, "prediction_tiles")} == {0, 1, 2, 3}
    assert labeltool("status", two, "--json").json["status"] == {"prelabelled": IMAGES}
    assert labeltool("prelabel", two, "--collect").out.startswith("There is nothing to collect")


@pytest.mark.slow
def test_a_killed_ranks_chunk_is_done_again_by_any_other_number_of_ranks(
    scenes: Path, slow_model: Path, tmp_path: Path, labeltool: Run
) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(scenes, alone)
    rank = begun(scenes, slow_model, RANK="0", WORLD_SIZE="2", SLOW_S="0.3")
    killed_once(rank, lambda: any(scenes.glob("shards/*/*.windows")))
    (state,) = labeltool("status", scenes, "--json").json["shards"]
    assert state["done"] < state["chunks"]
    early = labeltool("prelabel", scenes, "--collect", "--predict-only", "--json").json
    assert early["images"] < IMAGES
    assert early["shards"][0]["chunks"] == state["chunks"]
    left = ended(begun(scenes, slow_model, "--rank", "0", "--world-size", "1"))
    assert left["images"] + early["images"] == IMAGES
    labeltool("prelabel", scenes, "--collect", "--predict-only")
    ended(begun(alone, slow_model, "--predict-only"))
    assert rows(scenes, "prediction_tiles") == rows(alone, "prediction_tiles")
    assert not list(scenes.glob("shards/*/[!.]*")), "but for what the killed rank left half-written"
    assert labeltool("status", scenes, "--json").json["shards"] == []


@pytest.fixture
def raster(tmp_path: Path, labeltool: Run) -> Path:
    """A project of one image of 25 windows."""
    coarse = np.random.default_rng(6).integers(0, 256, (80, 80, 3), np.uint8)
    Image.fromarray(coarse).resize((1000, 1000)).save(tmp_path / "raster.png")
    root = tmp_path / "raster project"
    assert labeltool("new", root, "--classes", "nucleus").code == 0
    assert labeltool("add", root, tmp_path / "raster.png").code == 0
    return root


@pytest.mark.slow
def test_a_killed_pre_label_of_a_large_image_goes_on_where_it_was_to_the_same_bytes(
    raster: Path, slow_model: Path, tmp_path: Path, labeltool: Run
) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(raster, alone)
    total = ended(begun(alone, slow_model))["tiles"]
    assert total == 25
    process = begun(raster, slow_model, SLOW_S="0.15")
    killed_once(process, lambda: any(path.stat().st_size > 60_000 for path in raster.glob("unfinished/*")))
    assert labeltool("status", raster, "--json").json["status"] == {"new": 1}
    assert not rows(raster, "prediction_tiles")
    assert 0 < ended(begun(raster, slow_model))["tiles"] < total
    assert rows(raster, "prediction_tiles") == rows(alone, "prediction_tiles")
    assert not list((raster / "unfinished").iterdir())


def test_ranks_that_cannot_be_are_refused(scenes: Path, slow_model: Path, labeltool: Run) -> None:
    for words in (("--rank", 2, "--world-size", 2), ("--rank", 0), ("--world-size", 3)):
        refused = labeltool("prelabel", scenes, "--model", slow_model, *words)
        assert refused.code == 1
        assert "which of how many processes" in refused.err
