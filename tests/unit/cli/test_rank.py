"""``labeltool rank`` without a model: what it prints, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.app.project import add_images
from labeltool.app.queue import read_queue
from labeltool.cli.runner import DONE, FAILED, MISUSED, run
from labeltool.core.catalog import ClassCatalog
from labeltool.store.project import ProjectStore


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Six images of noise, and a copy of the first, in classes that no model knows."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(6):
        pixels = np.random.default_rng(number).integers(0, 40 * (number + 1), (8, 8, 3)).astype(np.uint8)
        Image.fromarray(pixels).resize((80, 80), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    Image.open(folder / "0.png").save(folder / "copy of 0.png", compress_level=1)
    with ProjectStore.create(tmp_path / "project", "test", ClassCatalog.from_names(["unheard of"])) as store:
        add_images(store, [folder])
    return tmp_path / "project"


def test_a_table_for_people(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rank", str(project), "--count", "4"]).exit_code == DONE
    out, error = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].split() == ["image", "seconds", "score"] and len(lines) == 7
    assert "look alike" in lines[1] or "unlike all others" in lines[1]
    assert lines[-2:] == [
        "Left out, because they are nearly the same as another image:",
        "  copy of 0.png as 0.png",
    ]
    assert "thumbnails" in error


def test_one_object_for_programs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rank", str(project), "--strategy", "random", "--json"]).exit_code == DONE
    told = json.loads(capsys.readouterr().out)
    assert told["strategy"] == "random" and told["model"] == "" and told["measured"] == 0
    assert len(told["suggestions"]) == 6
    first = told["suggestions"][0]
    assert {"image", "name", "box", "strategy", "score", "why", "seconds", "control"} <= set(first)
    assert told["doubles"][0]["name"] == "copy of 0.png" and told["doubles"][0]["of_name"] == "0.png"
    assert "Too early" in told["helping"]["sentence"]
    queue = read_queue(project)
    assert queue is not None and [s.image for s in queue.suggestions] == [
        s["image"] for s in told["suggestions"]
    ]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--strategy", "magic"], MISUSED, "invalid choice: 'magic'"),
        (["--count", "0"], MISUSED, "--count"),
        (["--seed", "-1"], MISUSED, "--seed: must be 0 or more"),
        (["--strategy", "entropy"], FAILED, "needs a model"),
        (["--model", "nowhere"], FAILED, "no model called 'nowhere'"),
    ],
)
def test_what_cannot_be_is_said(
    project: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    assert run(["rank", str(project), *words]).exit_code == code
    assert said in capsys.readouterr().err
    assert read_queue(project) is None
