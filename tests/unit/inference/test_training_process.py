"""Following a training in a child process, with a trainer that does what it is told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labeltool import plugins
from labeltool.core.errors import BadInputError, ModelError
from labeltool.core.progress import CancelToken, silent
from labeltool.inference.training_process import TrainingProcess

Start = Callable[..., TrainingProcess]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr(plugins, "module", lambda group, name: "fake_trainer")

    def begin(what: str, **how: Any) -> TrainingProcess:
        (tmp_path / "what").write_text(what)
        return TrainingProcess(tmp_path, **how)

    return begin


def test_rows_and_progress_are_passed_on(start: Start) -> None:
    heard: list[Any] = []
    start("ends", processes=2).follow(lambda *now: heard.append(now), CancelToken(), heard.append)
    words = ["--attended", "--processes", "2"]
    assert heard == [{"event": "started", "words": words}, (1.0, 4.0, "step 1 of 4")]


def test_what_a_cluster_has_set_around_us_is_not_for_the_trainer(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    heard: list[Any] = []
    start("looks around").follow(silent, CancelToken(), heard.append)
    assert heard[1] == {"ranks": None, "path": True}


def test_an_error_arrives_as_what_it_was(start: Start) -> None:
    with pytest.raises(BadInputError, match="an odd label") as caught:
        start("fails").follow(silent, CancelToken(), lambda row: None)
    assert (caught.value.file, caught.value.hint) == ("a.png", "Look at it")


def test_a_trainer_that_dies_leaves_its_last_words(start: Start) -> None:
    with pytest.raises(ModelError, match="the training ended unexpectedly with code 1") as caught:
        start("dies").follow(silent, CancelToken(), lambda row: None)
    assert caught.value.hint is not None and "no room on the device" in caught.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_of_a_trainer_that_was_killed_people_read_that_it_can_go_on(start: Start) -> None:
    with pytest.raises(ModelError, match="the training was killed") as caught:
        start("is killed").follow(silent, CancelToken(), lambda row: None)
    assert caught.value.hint is not None and caught.value.hint.startswith("It can go on")


def test_what_is_not_a_frame_is_an_error(start: Start) -> None:
    with pytest.raises(ModelError, match="something else than a frame"):
        start("prints").follow(silent, CancelToken(), lambda row: None)


def test_a_cancel_asks_the_trainer_to_stop_and_waits_for_it(start: Start, tmp_path: Path) -> None:
    cancel = CancelToken()
    start("waits").follow(silent, cancel, lambda row: cancel.cancel())
    assert (tmp_path / "stopped").exists()


def test_a_trainer_that_does_not_stop_is_ended(start: Start) -> None:
    cancel = CancelToken()
    with pytest.raises(ModelError, match="did not stop"):
        start("hangs", patience_s=0.3).follow(silent, cancel, lambda row: cancel.cancel())
