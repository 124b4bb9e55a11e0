"""What a run keeps is whole whenever it is read."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from labeltool.inference.run import BEST, METRICS, Manifest
from labeltool.inference.timetable import Timetable
from labeltool.inference.training_options import TrainingOptions
from labeltool.nn.checkpoint import read_state
from labeltool.nn.training import state
from labeltool.nn.training.journal import Journal
from labeltool.nn.training.state import Reached, best_card, keep_best, load_state, save_state, settle_best

from .conftest import CARD, CATALOG

MANIFEST = Manifest(TrainingOptions(), CATALOG, ())


def layer(value: float) -> nn.Module:
    network = nn.Linear(1, 1)
    nn.init.constant_(network.weight, value)
    return network


def kept(folder: Path) -> float:
    card = best_card(folder)
    assert card is not None
    return float(read_state(folder / BEST / "weights.safetensors", card.sha256)["weight"])


def test_the_state_comes_back_as_it_was(tmp_path: Path) -> None:
    assert load_state(tmp_path) is None
    reached = Reached(
        Timetable(((0, 9), (4, 7)), 3), 2, 5, 1.5, 4, 1, 0.25, 4, 88, "stopped early", (1.0, 2.0)
    )
    save_state(tmp_path, reached, {"weight": torch.arange(3.0), "steps": 5})
    found = load_state(tmp_path)
    assert found is not None and found[0] == reached
    assert found[1]["weight"].tolist() == [0, 1, 2] and found[1]["steps"] == 5


@pytest.mark.parametrize("killed_at", ["weights", "manifest", "set aside", "in place"])
def test_a_kill_while_the_best_is_replaced_leaves_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    keep_best(tmp_path, CARD, layer(1.0), MANIFEST, [])

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        if killed_at == "weights":
            patch.setattr(state, "save_network", die)
        elif killed_at == "manifest":
            patch.setattr(state, "_write", die)
        elif killed_at == "set aside":
            whole = Path.replace
            patch.setattr(Path, "replace", lambda a, b: die() if a.name == ".best.new" else whole(a, b))
        else:
            patch.setattr(
                state.shutil, "rmtree", lambda path, **_: die() if path.name == ".best.old" else None
            )
        keep_best(tmp_path, CARD, layer(2.0), MANIFEST, [])
    settle_best(tmp_path)
    assert kept(tmp_path) == (2.0 if killed_at in ("set aside", "in place") else 1.0)
    assert [path.name for path in tmp_path.iterdir()] == [BEST]


def test_half_of_a_first_best_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(state.atomic, "sync_folder", lambda path: (_ for _ in ()).throw(KeyboardInterrupt))
        keep_best(tmp_path, CARD, layer(1.0), MANIFEST, [])
    settle_best(tmp_path)
    assert best_card(tmp_path) is None


def test_half_of_a_state_that_a_kill_left_goes_when_the_run_goes_on(tmp_path: Path) -> None:
    keep_best(tmp_path, CARD, layer(1.0), MANIFEST, [])
    for half in (
        tmp_path / ".state.pt.0123abcd.partial",
        tmp_path / BEST / ".manifest.json.0123abcd.partial",
    ):
        half.write_bytes(b"half")
    settle_best(tmp_path)
    assert kept(tmp_path) == 1.0
    assert not list(tmp_path.rglob("*.partial"))


def test_rows_are_cut_back_and_then_go_on(tmp_path: Path) -> None:
    heard: list[object] = []
    with Journal(tmp_path, heard.append) as journal:
        journal.add(step=1, loss=0.123456789)
        place = journal.place
        journal.add(step=2, loss=float("nan"))
    with Journal(tmp_path, heard.append) as journal:
        journal.cut(place)
        journal.add(step=3)
    lines = (tmp_path / METRICS).read_text().splitlines()
    assert lines == ['{"step": 1, "loss": 0.123457}', '{"step": 3}']
    assert heard[1] == {"step": 2, "loss": None}


def test_a_place_beyond_the_end_cuts_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path, lambda row: None) as journal:
        journal.add(step=1)
        journal.cut(10_000)
        journal.add(step=2)
    assert len((tmp_path / METRICS).read_bytes().splitlines()) == 2
    assert b"\0" not in (tmp_path / METRICS).read_bytes()
