"""`labeltool loop` as people and programs use it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from labeltool.app.effort import Worked
from labeltool.app.models import promote
from labeltool.inference.run import Manifest
from labeltool.store.project import ProjectStore
from tests.e2e.conftest import Run
from tests.unit.app.loop_examples import Trainer, make_project, stand_in, write_model


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a model in use, that each test gets a copy of."""
    folder = tmp_path_factory.mktemp("made")
    with make_project(folder / "cells", folder / "pictures") as store:
        promote(store.root, write_model(store.root / "models" / "old", noise=0.1))
        store.add_event(store.images()[0].id, "worked", Worked(90, 7, 3, 2).to_json())
        return store.root


@pytest.fixture
def root(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is trained in earnest."""
    stand_in(monkeypatch)
    return shutil.copytree(made, tmp_path / "cells")


def test_a_round_promotes_and_the_status_shows_the_curve(root: Path, labeltool: Run) -> None:
    before = labeltool("loop", root)
    assert before.code == 0
    assert "1.5 minutes: 7 clicks" in before.out and "no round yet" in before.out
    ended = labeltool("loop", root, "round", "--minutes", 2, "--name", "next", "--json")
    assert ended.code == 0, ended.err
    assert (ended.json["outcome"], ended.json["run"]) == ("promoted", "next")
    options = Manifest.read(root / "runs" / "next").options
    assert (options.minutes, options.command) == (2, "labeltool loop DIR round --name next --minutes 2.0")
    status = labeltool("loop", root, "--json").json
    (point,) = status["curve"]
    assert (point["clicks"], point["minutes"], point["outcome"]) == (7, 1.5, "promoted")
    assert status["rounds"] == [ended.json]
    shown = labeltool("loop", root).out
    assert "promoted" in shown and "mIoU in use" in shown


def test_a_worse_model_is_refused_in_words(root: Path, labeltool: Run) -> None:
    Trainer.learns = {"noise": 0.02, "bad": 2}
    ended = labeltool("loop", root, "round")
    assert ended.code == 0
    assert "Refused: " in ended.out and "debris is worse: IoU" in ended.out
    assert "The model in use is old@" in ended.out


def test_settings_are_kept(root: Path, labeltool: Run) -> None:
    assert labeltool("loop", root, "settings", "--json").json["settings"]["every"] == 0
    ended = labeltool("loop", root, "settings", "--every", 10, "--minutes", 3, "--fresh", "--verified-only")
    assert "by itself after 10 approvals" in ended.out and "verified pixels alone" in ended.out
    wanted = {"every": 10, "minutes": 3.0, "fresh": True, "preset": "", "verified": True}
    assert labeltool("loop", root, "settings", "--json").json == {"settings": wanted}
    assert labeltool("loop", root, "settings", "--every", "-1").code == 1
    assert labeltool("loop", root, "--json").json["settings"] == wanted


def test_damaged_settings_are_told_of_and_can_be_set_again(root: Path, labeltool: Run) -> None:
    file = root / "loop" / "settings.json"
    file.parent.mkdir()
    file.write_text("{")
    shown = labeltool("loop", root)
    assert (shown.code, "no round yet" in shown.out, "not the settings" in shown.err) == (0, True, True)
    assert labeltool("loop", root, "settings").code == 1
    assert labeltool("loop", root, "settings", "--every", "-1").code == 1
    assert file.read_text() == "{"
    ended = labeltool("loop", root, "settings", "--every", 1)
    assert (ended.code, "by itself after 1 approval," in ended.out) == (0, True)
    (aside,) = (root / "quarantine").iterdir()
    assert aside.read_text() == "{" and str(aside) in ended.err
    assert labeltool("loop", root, "settings", "--json").json["settings"]["every"] == 1


def test_settings_of_before_are_read_and_what_cannot_be_is_refused(root: Path, labeltool: Run) -> None:
    (root / "loop").mkdir()
    (root / "loop" / "settings.json").write_text('{"every": 4, "minutes": 2, "fresh": false, "preset": ""}')
    found = labeltool("loop", root, "settings", "--json").json["settings"]
    assert found == {"every": 4, "minutes": 2.0, "fresh": False, "preset": "", "verified": False}
    refused = labeltool("loop", root, "settings", "--preset", "pretrained")
    assert refused.code == 1 and "no weights" in refused.err  # there is no place for them in the settings


@pytest.mark.parametrize(
    "words", [["settings", "--crop", "64"], ["round", "--every", "3"], ["rounds"], ["--every", "3"]]
)
def test_what_makes_no_sense_ends_with_two(root: Path, labeltool: Run, words: list[str]) -> None:
    assert labeltool("loop", root, *words).code == 2
    assert not (root / "loop").exists()


def test_a_project_that_is_open_elsewhere_is_not_changed(root: Path, labeltool: Run) -> None:
    with ProjectStore.open(root):
        ended = labeltool("loop", root, "round")
        assert labeltool("loop", root).code == 0
    assert ended.code == 1
    assert not (root / "loop").exists()


def test_a_failure_is_told_and_written_down(root: Path, labeltool: Run) -> None:
    with ProjectStore.open(root) as store:
        for record in store.images():
            if record.split == "test":
                store.put_into(record.id, "")
    ended = labeltool("loop", root, "round")
    assert ended.code == 1
    assert "no image of the split test is labelled" in ended.err
    assert [each["outcome"] for each in labeltool("loop", root, "--json").json["rounds"]] == ["failed"]


@pytest.mark.slow
def test_two_rounds_in_earnest(tmp_path: Path, labeltool: Run) -> None:
    make_project(tmp_path / "cells", tmp_path / "pictures").close()
    small = ["--encoder", "tu-mobilenetv3_small_050", "--crop", "64", "--batch", "2", "--device", "cpu"]
    words = ("loop", tmp_path / "cells", "round", "--steps", 60, "--json")
    first = labeltool(*words, *small)
    assert first.code == 0, first.err
    assert first.json["outcome"] in ("promoted", "refused")
    second = labeltool(*words)
    assert second.code == 0, second.err
    begun = Manifest.read(tmp_path / "cells" / "runs" / second.json["run"])
    assert Path(begun.options.weights).is_relative_to(tmp_path / "cells" / "models")
    assert begun.options.encoder == "tu-mobilenetv3_small_050"
    assert labeltool("fsck", tmp_path / "cells", "--json").json["errors"] == 0
