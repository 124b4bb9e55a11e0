"""The folder of a run, as both sides read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import ModelError
from labeltool.core.project import Skipped
from labeltool.inference.run import (
    MANIFEST,
    METRICS,
    STATE,
    Manifest,
    RunImage,
    RunState,
    at_work,
    is_at_work,
    read_state,
    rows,
)
from labeltool.inference.timetable import Timetable
from labeltool.inference.training_options import Augmentation, TrainingOptions

IMAGE = RunImage("1", "a.png", "/a.png", "", "train", "00", "11", "kind")


def test_a_manifest_comes_back_as_it_was(tmp_path: Path) -> None:
    options = TrainingOptions(losses=("focal",), augmentation=Augmentation(zoom=(1.0, 2.0)), crf={})
    manifest = Manifest(
        options,
        ClassCatalog.from_names(["disc"]),
        (IMAGE,),
        "now",
        Timetable(((0, 5),), 2),
        2,
        (Skipped("b", "gone"),),
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


def test_a_row_that_is_not_written_to_its_end_is_left_for_later(tmp_path: Path) -> None:
    assert list(rows(tmp_path)) == []
    (tmp_path / METRICS).write_text('{"step": 1}\n{"step": 2}\n{"st')
    assert list(rows(tmp_path)) == [{"step": 1}, {"step": 2}]
    assert list(rows(tmp_path, after=1)) == [{"step": 2}]


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
