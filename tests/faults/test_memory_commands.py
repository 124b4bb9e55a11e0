"""Commands without memory: refused in words, the project as before or as after, and done again with memory (row 65)."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.store.fsck import check
from tests.faults.kills.deeds import digests
from tests.faults.kills.scene import state_of
from tests.faults.kills.victims import NoReaperError, Victims, victims

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS as Linux has it")

SIDE = 2000
SPARE_MB = (1, 4, 12, 24, 48, 96, 160)
HARDLY_ANY_MB = 4
WORDS = (
    "there was not enough memory to go on. Close other programs, or work on fewer or smaller images; "
    "what was saved before is safe"
)
"""What every command says with hardly any memory; with more it may know what for it was not enough."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victims]:
    try:
        with victims(tmp_path_factory.mktemp("memory")) as found:
            yield found
    except NoReaperError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def world(run: Victims) -> Path:
    """Two images of 4 million pixels with labels, and projects: empty, with images, with labels."""
    rng, root = np.random.default_rng(0), run.work / "world"
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True)
    for name in "ab":
        pixels = np.kron(rng.integers(0, 256, (20, 20, 3), np.uint8), np.ones((100, 100, 1), np.uint8))
        Image.fromarray(pixels).save(root / "images" / f"{name}.png")
        Image.fromarray(pixels[..., 0] // 100).save(root / "labels" / f"{name}.png")
    words = (
        ("empty", ["new", root / "project", "--classes", "x,y"]),
        ("bare", ["add", root / "project", root / "images"]),
        ("labelled", ["import", root / "project", root / "labels", "--format", "png"]),
    )
    for name, command in words:
        assert run.run(command).code == 0, run.said
        shutil.copytree(root / "project", root / name)
    return root


COMMANDS = {
    "add": ("empty", ["add", "P", "@images"]),
    "import": ("bare", ["import", "P", "@labels", "--format", "png"]),
    "export coco": ("labelled", ["export", "P", "@out", "--format", "coco"]),
    "export voc": ("labelled", ["export", "P", "@out", "--format", "voc"]),
    "decide": ("labelled", ["decide", "P", "approved", "*"]),
    "measure": ("labelled", ["measure", "P", "@m.csv"]),
    "rank": ("bare", ["rank", "P", "--strategy", "typiclust"]),
    "fsck": ("labelled", ["fsck", "P"]),
}


def typed(world: Path, words: list[str]) -> list[object]:
    return [world / "project" if w == "P" else world / w[1:] if w.startswith("@") else w for w in words]


def set_up(world: Path, template: str) -> None:
    for name in ("project", "out"):
        shutil.rmtree(world / name, ignore_errors=True)
    (world / "m.csv").unlink(missing_ok=True)
    shutil.copytree(world / template, world / "project")


def refusals(run: Victims, world: Path, name: str, spares_mb: tuple[int, ...]) -> int:
    """Run a command with ever more memory; how often it was refused. Asserts what must hold of the rest."""
    template, words = COMMANDS[name]
    set_up(world, template)
    before, images = state_of(world / "project"), digests(world / "images")
    assert run.run(typed(world, words)).code == 0, run.said
    after, refused = state_of(world / "project"), 0
    for spare_mb in spares_mb:
        set_up(world, template)
        ended = run.run(typed(world, words), spare_mb=spare_mb)
        told = f"{name} with {spare_mb} MB: {run.said[-700:]}"
        assert ended.code in (0, 1), told
        assert "Traceback" not in run.said, told
        assert ended.code == 0 or "memory" in run.said or "library" in run.said, told
        assert spare_mb > HARDLY_ANY_MB or (ended.code == 1 and WORDS in run.said), told
        refused += ended.code
        found = state_of(world / "project")
        for key in {*before, *after}:
            assert found.get(key) in (before.get(key), after.get(key)), f"{key}: {told}"
        assert [each for each in check(world / "project") if each.severity == "error"] == [], told
        assert not list(world.glob("*.partial-*")) and (ended.code == 0 or not (world / "out").exists()), told
        assert digests(world / "images") == images
        if name not in ("export coco", "export voc", "measure") or ended.code:
            assert run.run(typed(world, words)).code == 0, f"done again, {name}: {run.said[-300:]}"
    return refused


@pytest.mark.slow
def test_a_command_without_memory_is_refused_in_words_and_loses_nothing(run: Victims, world: Path) -> None:
    assert refusals(run, world, "import", (4, 24)) > 0


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", COMMANDS)
def test_any_command_with_little_memory_ends_or_is_refused_in_words(
    run: Victims, world: Path, name: str
) -> None:
    assert refusals(run, world, name, SPARE_MB) > 0
