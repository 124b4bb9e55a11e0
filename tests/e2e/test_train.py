"""`labeltool train` as people use it: while the window is open, stopped, gone on with, and made again."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from labeltool.core.progress import CancelToken, Progress
from labeltool.store.project import ProjectStore

from .conftest import Run, two_blobs

pytestmark = pytest.mark.slow
SMALL = ["--encoder", "tu-mobilenetv3_small_050", "--crop", "64", "--batch", "2", "--device", "cpu"]


def test_a_project_is_trained_on_while_the_window_has_it(project: Path, masks: Path, labeltool: Run) -> None:
    labeltool("import", project, masks, "--format", "png")
    with ProjectStore.open(project) as window:
        assert not window.read_only_reason
        ended = labeltool("train", project, *SMALL, "--steps", 4, "--name", "mine", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["run"] == str(project / "runs" / "mine")
    assert ended.json["folder"] == str(project / "models" / "mine")
    assert_made_again(project, labeltool)
    assert labeltool("fsck", project, "--json").json["errors"] == 0


def assert_made_again(project: Path, labeltool: Run) -> None:
    """The manifest of the model `mine` gives its weights once more."""
    again = labeltool("train", project, "--manifest", project / "models" / "mine", "--name", "twin", "--json")
    assert again.code == 0, again.err
    cards = [project / "models" / name / "card.json" for name in ("mine", "twin")]
    first, second = (json.loads(card.read_text())["sha256"] for card in cards)
    assert first == second


def until_a_score(project: Path, *words: object) -> subprocess.Popen[str]:
    """A training that has just evaluated its weights for the first time."""
    command = [sys.executable, "-m", "labeltool", "train", project, *SMALL, *words, "--progress", "jsonl"]
    child = subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    while "score" not in json.loads(child.stdout.readline()):
        pass
    return child


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_a_trainer_that_somebody_ends_is_no_success(project: Path, masks: Path, labeltool: Run) -> None:
    labeltool("import", project, masks, "--format", "png")
    child = until_a_score(project, "--steps", 20_000, "--evaluations", 2000, "--name", "mine")
    os.kill(json.loads((project / "runs" / "mine" / "state.json").read_text())["pid"], signal.SIGTERM)
    _, err = child.communicate(timeout=120)
    assert child.returncode == 1, err
    assert "ended from outside" in err
    assert f"labeltool train {project} --resume mine" in err
    assert not (project / "models" / "mine").exists()


def test_control_c_keeps_the_best_and_says_how_to_go_on(project: Path, masks: Path, labeltool: Run) -> None:
    labeltool("import", project, masks, "--format", "png")
    child = until_a_score(project, "--steps", 100, "--evaluations", 30, "--name", "mine")
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=120)
    assert child.returncode == 130, err
    assert "the best weights so far were kept" in err
    assert f"labeltool train {project} --resume mine" in err
    result = json.loads(out.splitlines()[-1])
    assert result["cancelled"] and result["folder"] == str(project / "models" / "mine")
    assert_made_again(project, labeltool)

    refused = labeltool("train", project, "--resume", "mine", "--steps", 5)
    assert refused.code == 2 and "--steps" in refused.err
    ended = labeltool("train", project, "--resume", "mine", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["folder"] == str(project / "models" / "mine-2")
    state = json.loads((project / "runs" / "mine" / "state.json").read_text())
    assert (state["state"], state["step"]) == ("finished", 100)


class InThisProcess:
    """The trainer without a process of its own, so that a step of it can be made to fail."""

    def __init__(self, folder: Path, *, processes: int = 1) -> None:
        self._folder = folder

    def follow(self, progress: Progress, cancel: CancelToken, log: Callable[[dict[str, Any]], None]) -> None:
        from labeltool.nn.training.train import train

        train(self._folder, cancel=cancel, progress=progress, log=log)


@pytest.mark.parametrize("command", ["train", "loop"])
def test_a_loss_that_is_not_a_number_is_said_with_the_weights_that_are_kept(
    distinct: Path, tmp_path: Path, labeltool: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    from labeltool.nn.training.learner import Learner

    whole = Learner.step

    def step(self: Learner, batch: Any, share: float, number: int) -> dict[str, float]:
        return whole(self, batch, share, number) if number < 4 else {"loss": math.nan}

    monkeypatch.setattr(Learner, "step", step)
    monkeypatch.setattr("labeltool.app.runs.following.TrainingProcess", InThisProcess)
    masks = tmp_path / "their_masks"
    masks.mkdir()
    for name in "abc":
        Image.fromarray(two_blobs()).save(masks / f"{name}.png")
    labeltool("import", distinct, masks, "--format", "png")
    labeltool("split", distinct, "--to", "test", "--images", "c.png")
    words = ["train", distinct] if command == "train" else ["loop", distinct, "round"]
    ended = labeltool(*words, *SMALL, "--steps", 8, "--evaluations", 8, "--name", "mine", "--json")
    assert ended.code == 0, ended.err
    said = re.search(
        r"the loss was not a number at step (\d+), and the training ended there: the best weights so far, "
        r"of step (\d+), are kept",
        ended.err,
    )
    assert said is not None, ended.err
    at, best = map(int, said.groups())
    state = json.loads((distinct / "runs" / "mine" / "state.json").read_text())
    assert (state["step"], state["best_step"]) == (at, best) == (4, best) and 0 < best <= 4


def test_a_run_that_is_not_there_is_named(project: Path, labeltool: Run) -> None:
    ended = labeltool("train", project, "--resume", "nothing")
    assert ended.code == 1
    assert "no training run here" in ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--device", "cuda"], "CUDA"),
        (["--encoder", "tu-no_such_encoder"], "no_such_encoder"),
        (["--name", "nuclei"], "comes with the program"),
    ],
)
def test_of_a_training_that_cannot_begin_the_cause_is_said_and_nothing_is_left(
    words: list[str], said: str, project: Path, masks: Path, labeltool: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    labeltool("import", project, masks, "--format", "png")
    ended = labeltool("train", project, "--steps", 4, *words)
    assert ended.code == 1
    assert said in ended.err
    assert "--resume" not in ended.err
    assert list((project / "runs").glob("[!.]*")) == []


def test_few_steps_are_only_remarked_on_where_there_was_no_time_for_more(
    project: Path, masks: Path, labeltool: Run
) -> None:
    labeltool("import", project, masks, "--format", "png")
    ended = labeltool("train", project, *SMALL, "--steps", 4)
    assert ended.code == 0, ended.err
    assert "more minutes" not in ended.err + ended.out
    (run,) = (project / "runs").glob("[!.]*")
    again = labeltool("train", project, "--resume", run.name)
    assert again.code == 0
    assert "has ended already" in again.out
    assert "Learning from" not in again.out
