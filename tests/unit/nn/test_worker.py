"""The process that trains: killed, told to stop, left alone by its parent, and several of it."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from labeltool.core.progress import CancelToken, silent
from labeltool.inference.run import BEST, STATE_TENSORS, is_at_work, read_state
from labeltool.inference.training import TrainingSet
from labeltool.inference.training_process import TrainingProcess
from labeltool.nn.checkpoint import load_network
from labeltool.nn.training.train import train

from .conftest import options
from .run_folders import begun, rows

pytestmark = pytest.mark.slow

WORKER = [sys.executable, "-m", "labeltool.nn.training.worker"]
SEVERAL: dict[str, Any] = {"precision": "float32", "dropout": 0.0, "batch": 4, "steps": 6, "evaluations": 2}
"""Few steps: AdamW makes rounding errors larger from step to step, as one and two threads of one process show, too."""


def started(run: Path, *words: str, **how: Any) -> subprocess.Popen[bytes]:
    """A worker that has begun to learn."""
    child = subprocess.Popen([*WORKER, str(run), *words], stdout=subprocess.DEVNULL, **how)
    while child.poll() is None and not any("loss" in row for row in rows(run)):
        time.sleep(0.01)
    return child


def test_a_run_that_was_killed_goes_on_with_the_same_result(discs: TrainingSet, tmp_path: Path) -> None:
    how = options(steps=20, evaluations=4)
    whole, killed = begun(tmp_path / "whole", discs, how), begun(tmp_path / "killed", discs, how)
    expected = train(whole)
    child = started(killed)
    time.sleep(random.uniform(0, 0.3))
    child.kill()
    child.wait()
    state = read_state(killed)
    assert state.state == "running" and state.pid == child.pid
    assert (killed / STATE_TENSORS).is_file() and not is_at_work(killed)
    found = train(killed)
    assert expected is not None and found is not None
    assert found.sha256 == expected.sha256
    losses = [[(row["step"], row["loss"]) for row in rows(run) if "loss" in row] for run in (whole, killed)]
    assert losses[0] == losses[1]
    assert "resumed" in [row.get("event") for row in rows(killed)]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_a_signal_ends_a_training_and_keeps_its_state(discs: TrainingSet, tmp_path: Path) -> None:
    run = begun(tmp_path / "run", discs, options(steps=399))
    child = started(run)
    child.send_signal(signal.SIGTERM)
    assert child.wait(60) == 0
    assert read_state(run).state == "cancelled"
    assert list(rows(run))[-1]["event"] == "cancelled"


def test_a_training_does_not_outlive_its_parent(discs: TrainingSet, tmp_path: Path) -> None:
    run = begun(tmp_path / "run", discs, options(steps=399))
    code = (
        "import sys; from pathlib import Path; from labeltool.core.progress import CancelToken, silent\n"
        "from labeltool.inference.training_process import TrainingProcess\n"
        "TrainingProcess(Path(sys.argv[1])).follow(silent, CancelToken(), lambda row: None)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(run)])
    while parent.poll() is None and not any("loss" in row for row in rows(run)):
        time.sleep(0.01)
    parent.kill()
    parent.wait()
    while is_at_work(run):
        time.sleep(0.05)
    assert read_state(run).state == "cancelled"
    assert (run / STATE_TENSORS).is_file()


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_two_processes_learn_what_one_does(discs: TrainingSet, tmp_path: Path, optimiser: str) -> None:
    how = options(**SEVERAL, optimiser=optimiser)
    one, two = begun(tmp_path / "one", discs, how), begun(tmp_path / "two", discs, how)
    train(one)
    TrainingProcess(two, processes=2).follow(silent, CancelToken(), lambda row: None)
    losses = [[row["loss"] for row in rows(run) if "loss" in row] for run in (one, two)]
    assert len(losses[0]) == 6
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)
    assert {row["event"]: row for row in rows(two) if "event" in row}["started"]["processes"] == 2
    cards = [load_network(run / BEST)[0] for run in (one, two)]
    assert cards[1].training["processes"] == 2
    scores = [card.figures["miou"] for card in cards]
    assert scores[1] == pytest.approx(scores[0], abs=0.01)


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_in_double_precision_two_processes_learn_the_same_for_longer(optimiser: str) -> None:
    learn = [str(Path(__file__).with_name("learn_in_double.py")), optimiser, "40"]
    together = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    losses = []
    for how in ([], together):
        said = subprocess.run([sys.executable, *how, *learn], capture_output=True, text=True, check=True)
        losses.append(json.loads(said.stdout))
    assert len(losses[0]) == 40 and losses[0][-1] < 0.8 * losses[0][0]
    assert losses[1] == pytest.approx(losses[0], abs=1e-6)


def test_two_processes_that_are_stopped_go_on_with_the_same_result(
    discs: TrainingSet, tmp_path: Path
) -> None:
    whole, halting = (begun(tmp_path / name, discs, options(**SEVERAL)) for name in ("whole", "halting"))
    TrainingProcess(whole, processes=2).follow(silent, CancelToken(), lambda row: None)
    cancel = CancelToken()
    stop_at = lambda row: cancel.cancel() if row.get("step") == 2 else None  # noqa: E731
    TrainingProcess(halting, processes=2).follow(silent, cancel, stop_at)
    assert read_state(halting).state == "cancelled"
    TrainingProcess(halting, processes=2).follow(silent, CancelToken(), lambda row: None)
    assert load_network(halting / BEST)[0].sha256 == load_network(whole / BEST)[0].sha256


def test_a_batch_that_cannot_be_divided_is_refused(discs: TrainingSet, tmp_path: Path) -> None:
    run = begun(tmp_path / "run", discs, options(batch=3))
    ended = subprocess.run([*WORKER, str(run), "--processes", "2"], capture_output=True, check=False)
    assert ended.returncode != 0
    assert "divided evenly" in json.loads(ended.stdout.splitlines()[-1])["error"]["message"]
