"""The folder of a run, as both sides read it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import ModelError
from labeltool.core.project import Skipped
from labeltool.inference.run import (
    MANIFEST,
    STATE,
    Manifest,
    RunImage,
    RunState,
    at_work,
    is_at_work,
    read_state,
)
from labeltool.inference.timetable import Timetable
from labeltool.inference.training_options import Augmentation, TrainingOptions
from labeltool.inference.travelling import travelling_options

IMAGE = RunImage("1", "a.png", "/a.png", "", "train", "00", "11", "kind")


def test_a_manifest_comes_back_as_it_was(tmp_path: Path) -> None:
    options = TrainingOptions(losses=("focal",), augmentation=Augmentation(zoom=(1.0, 2.0)), crf={})
    manifest = Manifest(
        options,
        ClassCatalog.from_names(["disc"]),
        (IMAGE,),
        "now",
        Timetable(((0, 5),), 2, 3),
        2,
        (Skipped("b", "gone"),),
        "ab",
        ("cd",),
        ("a word",),
        False,
    )
    (tmp_path / MANIFEST).write_text(json.dumps(manifest.to_json()))
    assert Manifest.read(tmp_path) == manifest
    assert manifest.of("train") == (IMAGE,) and manifest.of("val") == ()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"options": {"nonsense": 1}}'])
def test_what_is_no_manifest_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(ModelError, match="not the manifest") as caught:
        Manifest.read(tmp_path)
    assert caught.value.file == str(tmp_path / MANIFEST)


@pytest.mark.parametrize("name", ["../other", "/etc/passwd", "a/b", "a\\b", "..", "", "C:x"])
def test_an_image_of_a_manifest_cannot_name_a_file_elsewhere(tmp_path: Path, name: str) -> None:
    manifest = Manifest(TrainingOptions(), ClassCatalog.from_names(["disc"]), (IMAGE,)).to_json()
    manifest["images"][0]["id"] = name
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="cannot be the id"):
        Manifest.read(tmp_path)


def test_a_trainer_waits_for_who_only_looks(tmp_path: Path) -> None:
    looking, left = threading.Event(), threading.Event()

    def look() -> None:
        with at_work(tmp_path):
            looking.set()
            left.wait()

    thread = threading.Thread(target=look)
    thread.start()
    looking.wait()
    with at_work(tmp_path) as free:
        assert not free
    threading.Timer(0.1, left.set).start()
    with at_work(tmp_path, 10) as free:
        assert free
    thread.join()


def test_a_state_that_is_missing_or_damaged_is_a_new_one(tmp_path: Path) -> None:
    assert read_state(tmp_path) == RunState()
    (tmp_path / STATE).write_text('{"state": "run')
    assert read_state(tmp_path) == RunState()
    (tmp_path / STATE).write_text('{"state": "running", "step": 3}')
    assert read_state(tmp_path) == RunState("running", 3)


def test_one_process_works_on_a_run(tmp_path: Path) -> None:
    assert not is_at_work(tmp_path)
    with at_work(tmp_path) as first, at_work(tmp_path) as second:
        assert first and not second
        assert is_at_work(tmp_path)
    assert not is_at_work(tmp_path)


def test_of_the_weights_that_a_run_began_with_the_bare_name_goes_with_its_model():
    command = "labeltool train DIR --weights '/data/jane doe/w.pth' --seed 1"
    began = TrainingOptions(weights="/data/jane doe/w.pth", command=command)
    left = travelling_options(began)
    assert (left.weights, left.command) == ("w.pth", "labeltool train DIR --weights w.pth --seed 1")
    assert travelling_options(TrainingOptions(command=command)).weights == ""
