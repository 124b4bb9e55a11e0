"""The main job through the command line alone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool import plugins
from tests.e2e.conftest import Run, two_blobs

COMMANDS = plugins.names("labeltool.commands")


def test_the_whole_way_from_a_folder_of_images_to_files_of_masks(
    tmp_path: Path, images: Path, masks: Path, threshold_model: Path, labeltool: Run
) -> None:
    root = tmp_path / "project"
    made = labeltool("new", root, "--classes", "nucleus", "--json")
    assert made.code == 0
    assert [c["name"] for c in made.json["classes"]] == ["background", "nucleus"]

    assert labeltool("add", root, images, "--split", "val", "--json").json == {
        "added": 3,
        "known": 0,
        "relinked": 0,
        "alike": [],
        "skipped": [],
    }
    assert labeltool("add", root, images, "--json").json["known"] == 3

    imported = labeltool("import", root, masks, "--format", "png", "--json").json
    assert (imported["images"], imported["objects"], imported["skipped"]) == (3, 6, [])

    drawn = labeltool("prelabel", root, "--model", threshold_model, "--json").json
    assert (drawn["images"], drawn["device"], drawn["engine"]) == (3, "cpu", "threshold")
    assert drawn["model"].startswith("bright@1-")
    assert drawn["tiles"] >= 3
    assert drawn["seconds"] > 0

    scores = labeltool("evaluate", root, "--model", threshold_model, "--split", "val", "--json").json
    assert scores["images"] == 3
    assert scores["miou"] == scores["pixel_accuracy"] == 1.0
    assert scores["per_class"]["nucleus"] == {"iou": 1.0, "f1": 1.0, "precision": 1.0, "recall": 1.0}
    assert scores["mean_iou_over_images"]["nucleus"] == scores["boundary_iou"]["nucleus"] == 1.0
    assert scores["model"] == drawn["model"]

    for name in ("voc", "coco", "png"):
        written = labeltool("export", root, tmp_path / name, "--format", name, "--verify", "--json").json
        assert (written["format"], written["images"], written["verified"]) == (name, 3, True)
        assert written["objects"] == 6
        assert written["files"] == sum(p.is_file() for p in (tmp_path / name).rglob("*"))

    status = labeltool("status", root, "--json").json
    assert status["images"] == 3
    assert status["splits"] == {"val": 3}
    assert {c["name"]: c["pixels"] for c in status["classes"]}["nucleus"] == 3 * int(two_blobs().sum())
    assert labeltool("fsck", root, "--json").json == {"errors": 0, "findings": []}


@pytest.mark.parametrize("name", ["voc", "coco", "png"])
def test_an_export_comes_back_as_the_same_masks(
    tmp_path: Path, project: Path, masks: Path, labeltool: Run, name: str
) -> None:
    assert labeltool("import", project, masks, "--format", "png").code == 0
    assert labeltool("export", project, tmp_path / "out", "--format", name).code == 0
    again = tmp_path / "again"
    assert labeltool("new", again, "--classes", "nucleus").code == 0
    assert labeltool("add", again, tmp_path / "images").code == 0
    assert labeltool("import", again, tmp_path / "out", "--format", name).code == 0
    first, second = (labeltool("status", root, "--json").json["classes"] for root in (project, again))
    assert {c["name"]: c["pixels"] for c in first}["nucleus"] == {c["name"]: c["pixels"] for c in second}[
        "nucleus"
    ]


def test_predict_only_leaves_the_annotation_alone(
    project: Path, threshold_model: Path, tmp_path: Path, labeltool: Run
) -> None:
    labeltool("prelabel", project, "--model", threshold_model, "--predict-only")
    assert labeltool("status", project, "--json").json["status"] == {"new": 3}
    labeltool("prelabel", project, "--model", threshold_model, "--images", "a.*")
    assert labeltool("status", project, "--json").json["status"] == {"prelabelled": 1, "new": 2}
    planned = labeltool("export", project, tmp_path / "out", "--format", "coco", "--dry-run", "--json").json
    assert "1 image holds only what a model has drawn (a.png)" in planned["notices"]
    assert labeltool("decide", project, "done", "a.png", "--json").json["drawn_by_model"] == ["a.png"]


def test_evaluate_does_not_count_what_a_model_has_drawn(
    project: Path, threshold_model: Path, labeltool: Run
) -> None:
    labeltool("prelabel", project, "--model", threshold_model)
    ended = labeltool("evaluate", project, "--model", threshold_model)
    assert ended.code == 1
    assert "nobody has labelled" in ended.err


def test_people_read_a_table_of_scores(
    project: Path, masks: Path, threshold_model: Path, labeltool: Run
) -> None:
    labeltool("import", project, masks, "--format", "png")
    ended = labeltool("evaluate", project, "--model", threshold_model)
    assert ended.code == 0
    heads, background, nucleus, total, *rest = ended.out.splitlines()
    assert heads.split()[:3] == ["class", "IoU", "F1"]
    assert nucleus.split()[:2] == ["nucleus", "1.000"]
    assert len(heads) == len(background) == len(nucleus)
    assert "mIoU 1.000" in total
    assert "ECE 0.098" in total  # certain to 230 of 255, and always right
    assert rest[1].split() == ["confidence", "mean", "right", "pixels"]
    assert "Nobody recorded" in rest[-1]


def test_a_model_is_added_to_a_project_and_taken_once_it_is_promoted(
    project: Path, threshold_model: Path, labeltool: Run
) -> None:
    added = labeltool("models", project, "add", threshold_model, "--json")
    assert added.code == 0
    assert added.json["added"]["name"] == "bright"
    listed = labeltool("models", project, "--json").json["models"]
    assert (listed[0]["name"], listed[0]["source"]) == ("bright", "project")
    assert labeltool("models", project, "list", "--json").json["models"] == listed
    assert labeltool("prelabel", project, "--json").json["model"] != added.json["added"]["key"]
    assert labeltool("models", project, "promote", "bright").code == 0
    assert labeltool("prelabel", project, "--json").json["model"] == added.json["added"]["key"]


def test_progress_as_lines_ends_with_the_result(project: Path, masks: Path, labeltool: Run) -> None:
    ended = labeltool("import", project, masks, "--format", "png", "--progress", "jsonl")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert {line["event"] for line in lines[:-1]} == {"progress"}
    assert lines[-1]["event"] == "result"
    assert lines[-1]["images"] == 3


def test_a_project_that_can_be_written_is_not_called_read_only(project: Path, labeltool: Run) -> None:
    assert labeltool("status", project, "--json").json["read_only"] is None


def test_the_help_of_train_shows_its_defaults(labeltool: Run) -> None:
    assert "default: tu-resnet10t" in " ".join(labeltool("train", "--help").out.split())


def test_an_export_may_have_options_of_its_format(labeltool: Run) -> None:
    ended = labeltool("export", "--format", "voc", "--help")
    assert ended.code == 0
    assert "--no-objects" in ended.out
    every = labeltool("export", "--help").out
    assert "--include-unlabelled" in every
    assert "--no-objects" not in every


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_loads_nothing_heavy(command: str) -> None:
    code = (
        "import sys; from labeltool.__main__ import main; code = main(sys.argv[1:]);"
        "heavy = {'torch', 'cv2', 'sqlalchemy', 'PySide6', 'numpy', 'PIL', 'tqdm'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else code)"
    )
    words = [w for w in (command, "--help") if w]
    ended = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("usage: labeltool")


def test_control_c_ends_with_130_and_leaves_a_clean_project(
    tmp_path: Path, project: Path, threshold_model: Path, labeltool: Run
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(200):
        Image.fromarray(np.full((64, 64), number, np.uint8)).save(folder / f"{number}.png")
    labeltool("add", project, folder)
    words = [sys.executable, "-m", "labeltool", "prelabel", str(project), "--model", str(threshold_model)]
    child = subprocess.Popen(
        [*words, "--progress", "jsonl"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    while json.loads(child.stdout.readline())["done"] < 2:
        pass
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    assert "cancelled" in err
    assert labeltool("fsck", project, "--json").json["errors"] == 0
    drawn = labeltool("status", project, "--json").json["status"]["prelabelled"]
    assert 0 < drawn < 203


@pytest.mark.slow
def test_a_model_that_was_trained_here_is_used_here_once_it_is_promoted(
    project: Path, masks: Path, labeltool: Run
) -> None:
    labeltool("import", project, masks, "--format", "png")
    small = ["--encoder", "tu-mobilenetv3_small_050", "--steps", 4, "--crop", 64, "--device", "cpu"]
    ended = labeltool("train", project, *small, "--name", "mine", "--progress", "jsonl")
    assert ended.code == 0, ended.err
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert {"metrics", "progress"} <= {line["event"] for line in lines[:-1]}
    assert lines[-1]["event"] == "result"
    assert lines[-1]["folder"] == str(project / "models" / "mine")

    drawn = labeltool("prelabel", project, "--device", "cpu", "--json").json
    assert drawn["model"] != lines[-1]["model"]
    assert labeltool("models", project, "promote", "mine").code == 0
    drawn = labeltool("prelabel", project, "--device", "cpu", "--json").json
    assert drawn["model"] == lines[-1]["model"]
    assert drawn["images"] == 3

    again = labeltool("train", project, *small, "--name", "mine")
    assert again.code == 1
    assert "Choose another name" in again.err
