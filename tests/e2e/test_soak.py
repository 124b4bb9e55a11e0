"""The rule by which a long game is flat, on games that are made up."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from tests.e2e import soak
from tests.e2e.soak import Figures, read, slope, verdict


def game(leak_mb_an_hour: float = 0.0, handles_an_hour: float = 0.0) -> list[dict[str, float]]:
    """Two hours: caches fill for twenty minutes, then memory goes up and down by some 20 MB; and what leaks."""
    rng = np.random.default_rng(4)
    wander = 0.0
    rows = []
    for minute in range(121):
        wander = 0.7 * wander + float(rng.normal(0, 12))
        rows.append(
            {
                "minute": float(minute),
                "window_at_rest_mb": 400
                - 120 * float(np.exp(-minute / 8))
                + wander
                + leak_mb_an_hour * minute / 60,
                "handles": 10.0 + minute % 3 + int(handles_an_hour * minute / 60),
            }
        )
    return rows


def test_memory_that_fills_caches_and_wanders_is_flat() -> None:
    assert verdict(game())[0]


@pytest.mark.parametrize("lost", [{"leak_mb_an_hour": 60.0}, {"handles_an_hour": 10.0}])
def test_a_leak_is_not_flat(lost: dict[str, float]) -> None:
    flat, said = verdict(game(**lost))
    assert not flat
    assert any("NOT FLAT" in line for line in said)


def test_the_slope_of_a_straight_line_is_its_slope() -> None:
    found = slope(range(121), [10 + minute / 2 for minute in range(121)])
    assert found.an_hour == pytest.approx(30)
    assert found.half == pytest.approx(0, abs=1e-6)


def test_a_short_game_is_never_called_flat() -> None:
    assert not verdict(game()[:3])[0]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="/proc tells what a process takes")
def test_a_line_of_figures_tells_what_this_process_takes(tmp_path: Path) -> None:
    file = tmp_path / "figures.jsonl"
    figures = Figures(file, lambda: {"deeds": 3})
    figures.write()
    held = [os.open(tmp_path, os.O_RDONLY) for _ in range(5)]
    figures.write()
    for each in held:
        os.close(each)
    with file.open("a") as lines:
        lines.write('{"minute": 3, "win')  # what a kill leaves
    first, second = read(file)
    assert first["window_mb"] > 20
    assert first["deeds"] == 3
    assert second["handles"] - first["handles"] == 5


def test_the_figures_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    file, picture = tmp_path / "figures.jsonl", tmp_path / "soak.png"
    file.write_text("".join(json.dumps(row) + "\n" for row in game()))
    monkeypatch.setattr("sys.argv", ["soak", "--plot", str(file), str(picture)])
    assert soak.main() == 0
    assert picture.stat().st_size > 10_000
