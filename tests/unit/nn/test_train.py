"""Training on the folder of a run: a few steps on a few drawn images."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from labeltool.core.boundary import boundary_ious
from labeltool.core.errors import (
    BadInputError,
    CancelledError,
    DiskFullError,
    LabeltoolError,
    ModelError,
)
from labeltool.core.extras import BOARD as EXTRA
from labeltool.core.geometry import Size
from labeltool.core.progress import CancelToken
from labeltool.inference.card import ModelCard
from labeltool.inference.run import (
    BEST,
    BOARD,
    LABELS,
    METRICS,
    PER_IMAGE,
    STATE_TENSORS,
    Manifest,
    at_work,
    read_state,
)
from labeltool.inference.training import TrainingSet
from labeltool.inference.travelling import travelling
from labeltool.nn.checkpoint import load_network
from labeltool.nn.training.journal import Journal
from labeltool.nn.training.learner import Learner
from labeltool.nn.training.train import train

from .conftest import CATALOG, drawn, drawn_set, options
from .run_folders import begun, rows, write_manifest

Row = dict[str, Any]

HALTING = options(steps=4, evaluations=2)


def stop_when(happens: Callable[[Row], bool]) -> dict[str, Any]:
    """Arguments of train: to be stopped when a row says so."""
    cancel = CancelToken()
    return {"cancel": cancel, "log": lambda row: cancel.cancel() if happens(row) else None}


def without_time(found: list[Row]) -> list[Row]:
    return [{key: value for key, value in row.items() if key != "seconds"} for row in found]


class Trained(NamedTuple):
    """A run that has ended, which several tests look at: its folder, what it learnt from, what it gave and said."""

    run: Path
    data: TrainingSet
    card: ModelCard
    heard: list[Row]


HOW = options(seed=3, command="labeltool train x")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder, heard = tmp_path_factory.mktemp("trained"), list[Row]()
    data = drawn_set(folder)
    card = train(begun(folder / "run", data, HOW), log=heard.append)
    assert card is not None
    return Trained(folder / "run", data, card, heard)


def test_a_training_leaves_a_model_that_loads_with_its_figures(trained: Trained) -> None:
    run, _, card, heard = trained
    assert load_network(run / BEST)[0] == card
    assert card.training["seed"] == 3 and card.training["steps"] == 3
    assert card.training["command"] == "labeltool train x"
    assert set(card.figures["per_class"]) == {"background", "disc"}
    assert "disc" in card.figures["groups"]["drawn"]
    assert list(rows(run)) == heard
    assert [row["event"] for row in heard if "event" in row] == ["started", "calibrated", "finished"]
    assert {"step", "loss", "learning_rate", "seconds", "cross_entropy", "dice"} <= set(heard[1])
    assert read_state(run)[:3] == ("finished", 3, 3)


def test_a_calibration_that_wipes_out_a_class_is_not_kept(
    discs: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter((0.1, 0.2))
    monkeypatch.setattr("labeltool.nn.training.lead.offsets", lambda *_: [0.0, 50.0])
    monkeypatch.setattr("labeltool.nn.training.lead.score", lambda *_: next(scores))
    run = begun(tmp_path / "run", discs, options(steps=40))
    train(run)
    (calibrated,) = [row for row in rows(run) if row.get("event") == "calibrated"]
    assert calibrated["val"]["per_class"]["background"]["iou"] == 0
    assert not calibrated["kept"]


def test_the_best_weights_come_with_their_manifest_and_a_row_for_each_image(trained: Trained) -> None:
    run = trained.run
    known, left = Manifest.read(run), Manifest.read(run / BEST)
    assert replace(left, timetable=None, threads=0) == travelling(known)
    assert left.timetable is not None and left.timetable.steps == 3
    assert left.threads > 0
    (row,) = json.loads((run / BEST / PER_IMAGE).read_text())
    assert row["sha256"] == known.of("val")[0].sha256
    assert not any("image3.png" in path.read_text() for path in (run / BEST).glob("*.json"))
    assert set(row["per_class"]) == {"background", "disc"}


def test_samples_are_what_the_network_made_of_validation_images(trained: Trained) -> None:
    run, discs = trained.run, trained.data
    (evaluated,) = [row for row in rows(run) if "score" in row and "event" not in row]
    assert evaluated["samples"] == "samples/000003"
    sample = cv2.imread(str(run / evaluated["samples"] / "0.png"), cv2.IMREAD_UNCHANGED)
    assert sample.shape == (70, 80) and sample.dtype == np.uint8
    right = (sample == discs.val[0].load_label())[3:]  # the first rows do not count
    assert right.mean() == pytest.approx(evaluated["val"]["pixel_accuracy"], abs=1e-5)
    planes = (discs.val[0].load_label(), sample)
    true, found = (lambda box, plane=plane: plane[box.slices()] for plane in planes)
    for value, name in enumerate(("background", "disc")):
        expected = boundary_ious(true, found, Size(80, 70), [value])[value]
        assert evaluated["val"]["boundary_iou"][name] == pytest.approx(expected, abs=1e-5)
    assert 0 <= evaluated["val"]["ece"] <= 1


@pytest.mark.skipif(bool(EXTRA.missing), reason="TensorBoard is not installed")
def test_the_board_has_the_curves(trained: Trained) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = trained.run
    board = EventAccumulator(str(run / BOARD)).Reload()
    assert [event.step for event in board.Scalars("training/loss")] == [1, 2, 3]
    (score,) = board.Scalars("validation/score")
    (evaluated,) = [row for row in rows(run) if "samples" in row]
    assert score.value == pytest.approx(evaluated["score"], abs=1e-5)
    assert board.Tags()["images"] == ["samples/0"]


def test_without_tensorboard_a_word_is_said(
    discs: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeltool.core.extras.find_spec", lambda name: None)
    run = begun(tmp_path / "run", discs, options())
    train(run)
    assert "labeltool[board]" in next(rows(run))["notice"]
    assert not (run / BOARD).exists()


def test_a_run_that_has_ended_keeps_no_state_and_stays_as_it_is(trained: Trained) -> None:
    run = trained.run
    assert not (run / STATE_TENSORS).exists()
    before = (run / METRICS).read_bytes()
    assert train(run) == trained.card
    assert (run / METRICS).read_bytes() == before


def test_the_same_manifest_gives_the_same_weights_and_another_seed_others(
    trained: Trained, tmp_path: Path
) -> None:
    hows = (HOW, replace(HOW, seed=4))
    cards = [train(begun(tmp_path / str(how.seed), trained.data, how)) for how in hows]
    same, other = (card.sha256 for card in cards if card is not None)
    assert same == trained.card.sha256 != other


def test_without_images_to_choose_on_the_last_weights_are_kept(discs: TrainingSet, tmp_path: Path) -> None:
    run = begun(tmp_path / "run", replace(discs, val=()), options(evaluations=2))
    card = train(run)
    assert card is not None and card.training["steps"] == 3 and card.figures == {}
    assert read_state(run).score is None


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing has stopped."""
    folder = tmp_path_factory.mktemp("whole")
    images = [drawn(folder, f"image{i}", i) for i in range(4)]
    data = TrainingSet(tuple(images[:3]), tuple(images[3:]), CATALOG)
    train(begun(folder / "run", data, HALTING))
    return folder / "run"


@pytest.mark.parametrize("where", ["step", "evaluation", "calibration"])
def test_a_run_that_was_stopped_goes_on_with_the_same_result(
    discs: TrainingSet, tmp_path: Path, whole: Path, where: str
) -> None:
    halting = begun(tmp_path / "halting", discs, HALTING)
    happens = {
        "step": lambda row: row.get("step") == 2 and "loss" in row,
        "evaluation": lambda row: "score" in row and row.get("step", 4) < 4,
        "calibration": lambda row: row.get("step") == 4 and "score" in row,
    }[where]
    with pytest.raises(CancelledError):
        train(halting, **stop_when(happens))
    stopped = read_state(halting)
    assert stopped.state == "cancelled" and stopped.pid == 0
    assert stopped.step == list(rows(halting))[-1]["step"]
    assert (halting / STATE_TENSORS).is_file()
    found, (expected, _) = train(halting), load_network(whole / BEST)
    assert found is not None and found.sha256 == expected.sha256
    assert found.figures == expected.figures
    of_steps = [
        [row for row in without_time(list(rows(run))) if "event" not in row] for run in (whole, halting)
    ]
    assert of_steps[0] == of_steps[1]
    events = [row["event"] for row in rows(halting) if "event" in row]
    assert events == ["started", "cancelled", "resumed", "calibrated", "finished"]


def test_what_was_undone_is_taken_off_the_rows(
    discs: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends after the fifth step as a kill would end it; the state is that of the evaluation before."""
    run = begun(tmp_path / "run", discs, options(steps=6, evaluations=2))
    whole = Learner.step

    def step(self: Learner, batch: Any, share: float, number: int) -> dict[str, float]:
        if number == 5:
            raise KeyboardInterrupt
        return whole(self, batch, share, number)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Learner, "step", step)
        train(run)
    before = list(rows(run))
    assert before[-1]["step"] == 5
    assert read_state(run).state == "running"
    train(run)
    after = list(rows(run))
    resumed = next(number for number, row in enumerate(after) if row.get("event") == "resumed")
    assert after[resumed]["step"] == 4
    assert after[:resumed] == before[:resumed]
    assert [row["step"] for row in after if "loss" in row] == list(range(1, 7))


def test_what_a_stop_leaves_is_the_best_so_far(discs: TrainingSet, tmp_path: Path) -> None:
    run = begun(tmp_path / "run", discs, options(steps=50, evaluations=25))
    with pytest.raises(CancelledError):
        train(run, **stop_when(lambda row: "score" in row))
    card, _ = load_network(run / BEST)
    assert card.training["steps"] < 50
    assert card.figures["per_class"]["disc"]["iou"] is not None


def test_what_a_stop_left_is_made_again_by_its_manifest(discs: TrainingSet, tmp_path: Path) -> None:
    how = options(steps=8, evaluations=4)
    run, again = (begun(tmp_path / name, discs, how) for name in ("run", "again"))
    with pytest.raises(CancelledError):
        train(run, **stop_when(lambda row: row.get("step", 0) > 4 and "loss" in row))
    (stopped, _), left = load_network(run / BEST), Manifest.read(run / BEST)
    write_manifest(again, replace(Manifest.read(run), timetable=left.timetable, threads=left.threads))
    same = train(again)
    assert same is not None and same.sha256 == stopped.sha256 and same.figures == stopped.figures
    assert read_state(again)[:3] == ("finished", stopped.training["steps"], stopped.training["steps"])
    assert "calibrated" not in [row.get("event") for row in rows(again)]
    made = Manifest.read(again / BEST).timetable
    assert made is not None and (made.steps, made.stop) == (8, stopped.training["steps"])
    train(run)
    ended = Manifest.read(run / BEST).timetable
    assert ended is not None and ended.stop is None


def test_a_run_that_was_killed_before_it_kept_a_state_begins_again(
    discs: TrainingSet, tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(tmp_path / "run", discs, HALTING)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("labeltool.nn.training.loop.check_files", killed)
        train(run)
    assert read_state(run).state == "running" and not (run / STATE_TENSORS).exists()
    found, (expected, _) = train(run), load_network(whole / BEST)
    assert found is not None and found.sha256 == expected.sha256


def test_a_stop_before_anything_was_learnt_leaves_no_weights(discs: TrainingSet, tmp_path: Path) -> None:
    run = begun(tmp_path / "run", discs, options())
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        train(run, cancel=cancel)
    assert read_state(run).state == "cancelled"
    assert not (run / BEST).exists()


def test_a_loss_that_is_not_a_number_ends_the_run_with_the_last_good_weights(
    discs: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Learner.step

    def step(self: Learner, batch: Any, share: float, number: int) -> dict[str, float]:
        return whole(self, batch, share, number) if share < 0.5 else {"loss": math.nan}

    monkeypatch.setattr(Learner, "step", step)
    run = begun(tmp_path / "run", discs, options(steps=8, evaluations=8))
    card = train(run)
    assert card is not None and 0 < card.training["steps"] <= 4
    ended = {"event": "the loss was not a number", "step": 4, "best": card.training["steps"]}
    assert ended in list(rows(run))
    monkeypatch.setattr(Learner, "step", lambda *_: {"loss": math.nan})
    again = begun(tmp_path / "again", discs, options())
    with pytest.raises(ModelError, match="not a number"):
        train(again)
    state = read_state(again)
    assert state.state == "failed" and "not a number" in state.error


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory. Tried ..."), MemoryError()])
def test_without_memory_a_training_fails_in_words_and_keeps_the_last_good_weights(
    discs: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    whole = Learner.step

    def step(self: Learner, batch: Any, share: float, number: int) -> dict[str, float]:
        if share >= 0.5:
            raise error
        return whole(self, batch, share, number)

    monkeypatch.setattr(Learner, "step", step)
    run = begun(tmp_path / "run", discs, options(steps=4, evaluations=4))
    with pytest.raises(ModelError, match="not enough memory for this training") as caught:
        train(run)
    assert caught.value.hint is not None and "smaller batch or crop" in caught.value.hint
    state = read_state(run)
    assert state.state == "failed" and "not enough memory" in state.error
    assert load_network(run / BEST)[0].training["steps"] > 0
    assert (run / STATE_TENSORS).is_file()


def test_a_run_whose_score_no_longer_rises_ends_early(
    discs: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeltool.nn.training.lead.score", lambda figures, names: 0.5)
    run = begun(tmp_path / "run", discs, options(steps=10, evaluations=8, patience=0.3))
    train(run)
    evaluated = [row["step"] for row in rows(run) if "samples" in row]
    assert len(evaluated) >= 3
    (early,) = [row for row in rows(run) if row.get("event") == "stopped early"]
    assert early["step"] == evaluated[-1] < 10
    assert early["step"] - evaluated[0] >= 3
    assert read_state(run).state == "finished"


def test_given_minutes_become_steps_that_a_second_run_takes_over(
    discs: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeltool.nn.training.starting._LEAST_S", 0.05)
    run = begun(tmp_path / "run", discs, options(steps=100_000, minutes=0.01, evaluations=2))
    card = train(run)
    steps = read_state(run).steps
    assert 1 <= steps < 100_000
    assert card is not None and card.training["options"]["minutes"] == 0.01
    again = begun(tmp_path / "again", discs, options())
    known = Manifest.read(run / BEST)
    asked = replace(
        Manifest.read(again), options=known.options, timetable=known.timetable, threads=known.threads
    )
    write_manifest(again, asked)
    same = train(again)
    assert same is not None and same.sha256 == card.sha256


def test_without_images_there_is_nothing_to_learn(tmp_path: Path) -> None:
    run = begun(tmp_path / "run", TrainingSet((), (), CATALOG), options())
    with pytest.raises(BadInputError, match="no labelled images"):
        train(run)


def test_an_image_or_a_label_that_has_changed_is_named(discs: TrainingSet, tmp_path: Path) -> None:
    run = begun(tmp_path / "run", discs, options())
    label = run / LABELS / "image1.png"
    Image.fromarray(np.zeros((70, 80), np.uint8)).save(label)
    with pytest.raises(BadInputError, match="not the label") as caught:
        train(run)
    assert caught.value.file == str(label)
    Image.new("RGB", (80, 70)).save(discs.train[0].path)
    with pytest.raises(BadInputError, match="has changed") as caught:
        train(run)
    assert caught.value.file == str(discs.train[0].path)
    assert read_state(run).state == "failed"
    assert list(rows(run))[-1]["event"] == "failed"


def test_two_processes_do_not_work_on_one_run(discs: TrainingSet, tmp_path: Path) -> None:
    run = begun(tmp_path / "run", discs, options())
    with at_work(run) as free, pytest.raises(ModelError, match="another process"):
        assert free
        train(run)
    assert not (run / METRICS).exists()


def test_on_a_full_disk_the_first_failure_is_told(
    discs: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    def fail(*_: object) -> None:
        raise ModelError("an encoder of lead")

    run = begun(tmp_path / "run", discs, options())
    monkeypatch.setattr("labeltool.nn.training.train.Lead", fail)
    monkeypatch.setattr("labeltool.nn.training.journal.Journal.add", full)
    with pytest.raises(ModelError, match="encoder of lead"):
        train(run)
    assert read_state(run)[0] == "failed" and "encoder of lead" in read_state(run).error


@pytest.mark.parametrize(
    ("cause", "kind", "said", "hint"),
    [
        (OSError(28, "No space left on device"), DiskFullError, "the disk is full", "Free some space"),
        (
            FileNotFoundError(2, "No such file", "board/rows"),
            ModelError,
            "could not go on: No such file",
            "can:",
        ),
    ],
)
def test_what_a_disk_does_to_a_training_is_said_in_words(
    discs: TrainingSet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cause: OSError,
    kind: type[LabeltoolError],
    said: str,
    hint: str,
) -> None:
    def fail(*_: object) -> None:
        raise cause

    run = begun(tmp_path / "run", discs, options())
    monkeypatch.setattr("labeltool.nn.training.train.Lead", fail)
    with pytest.raises(kind, match=said) as caught:
        train(run)
    assert caught.value.file == (cause.filename or str(run)) and hint in str(caught.value.hint)
    assert said in read_state(run).error


def test_rows_that_the_disk_has_no_room_for_do_not_hide_what_failed_first(tmp_path: Path) -> None:
    with Journal(tmp_path, lambda row: None) as journal:
        journal.add(event="started")
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no disk here that is always full")
    (tmp_path / METRICS).unlink()
    (tmp_path / METRICS).symlink_to(full)
    with pytest.raises(ModelError, match="first"), Journal(tmp_path, lambda row: None) as journal:
        with suppress(OSError):
            journal.add(event="failed")
        raise ModelError("first")
    with pytest.raises(OSError), Journal(tmp_path, lambda row: None) as journal, suppress(OSError):
        journal.add(event="failed")


def test_a_damaged_state_is_named(discs: TrainingSet, tmp_path: Path) -> None:
    run = begun(tmp_path / "run", discs, options())
    (run / STATE_TENSORS).write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ModelError, match="damaged") as caught:
        train(run)
    assert caught.value.file == str(run / STATE_TENSORS)
