"""`labeltool review` on a small project: what is listed, in JSON and for people, and from the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from labeltool.cli.commands.review import KINDS
from labeltool.core.error_map import Kind
from labeltool.store.predictions import reference_key
from labeltool.store.project import ProjectStore
from tests.e2e.conftest import Run, two_blobs

KEY = reference_key("second")


@pytest.fixture
def labelled(project: Path, masks: Path, labeltool: Run) -> Path:
    """The project with imported masks and, as a second annotator's, the same with a blob more in each."""
    assert labeltool("import", project, masks, "--format", "png").code == 0
    with ProjectStore.open(project) as store:
        for record in store.images():
            label = two_blobs()
            label[45:49, 100:110] = 1
            label[10:30, 10:20] = 0
            sure = np.full_like(label, 255)
            store.save_prediction(record.id, KEY, [(record.size.box, label, sure)])
    return project


def listed(labeltool: Run, project: Path, *words: str) -> Any:
    ended = labeltool("review", project, "--reference", "second", "--json", *words)
    assert ended.code == 0, ended.err
    return ended.json


def test_disagreements_are_listed_with_their_figures(labelled: Path, labeltool: Run) -> None:
    found = listed(labeltool, labelled)
    assert (found["layer"], found["images"], found["compared_anew"]) == (KEY, 3, 3)
    assert found["total"] == {"disagreements": 6, "area": 3 * 240, "interior": 3 * 6 * 16, "images": 3}
    first = found["disagreements"][0]
    assert first["image"] == "a.png"
    assert (first["box"], first["area"], first["kind"]) == ([10, 10, 20, 30], 200, "false_negative")
    assert (first["truth"], first["predicted"]) == ("nucleus", "background")
    assert (first["confidence"], first["weight"]) == (1.0, 200.0)
    cells = {(cell["truth"], cell["predicted"]): cell["pixels"] for cell in found["confusion"]}
    assert cells["nucleus", "background"] == 600
    assert cells["background", "nucleus"] == 120


def test_the_second_time_nothing_is_compared(labelled: Path, labeltool: Run) -> None:
    first, second = listed(labeltool, labelled), listed(labeltool, labelled)
    assert (first["compared_anew"], second["compared_anew"]) == (3, 0)
    assert first | {"compared_anew": 0} == second


def test_filters_narrow_the_list(labelled: Path, labeltool: Run) -> None:
    assert listed(labeltool, labelled, "--kind", "false_positive")["total"]["disagreements"] == 3
    cell = listed(labeltool, labelled, "--cell", "nucleus:background", "--count", "2")
    assert (cell["total"]["disagreements"], len(cell["disagreements"])) == (3, 2)
    largest = listed(labeltool, labelled, "--order", "area", "--count", "6")["disagreements"]
    assert [row["area"] for row in largest] == [200] * 3 + [40] * 3


def test_every_kind_can_be_asked_for() -> None:
    assert tuple(Kind) == KINDS


def test_people_read_a_table(labelled: Path, labeltool: Run) -> None:
    ended = labeltool("review", labelled, "--reference", "second", "--count", "4")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert "nucleus : background" in lines[1]
    assert "10,10 10x20" in lines[1]
    assert lines[5] == "… and 2 more; --count lists more of them"
    assert lines[6].startswith("6 disagreements of 720 pixels")


def test_predictions_are_made_on_request(
    project: Path, masks: Path, labeltool: Run, threshold_model: Path
) -> None:
    assert labeltool("import", project, masks, "--format", "png").code == 0
    ended = labeltool("review", project, "--model", threshold_model)
    assert ended.code == 1
    assert "--predict" in ended.err
    ended = labeltool("review", project, "--model", threshold_model, "--predict", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["miou"] == 1.0
    assert ended.json["total"]["disagreements"] == 0
    assert labeltool("review", project, "--model", threshold_model, "--json").json["compared_anew"] == 0


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("--reference", "nobody"), 1, "There are: second"),
        (("--reference", "second", "--model", "x"), 2, "takes the place of a model"),
        (("--reference", "second", "--cell", "nucleus:nothing"), 2, "background, nucleus"),
        (("--reference", "second", "--count", "-1"), 2, "whole number"),
        (("--reference", "second", "--split", "test"), 1, "no image"),
    ],
)
def test_what_cannot_be_is_refused(
    labelled: Path, labeltool: Run, words: tuple[str, ...], code: int, text: str
) -> None:
    ended = labeltool("review", labelled, *words)
    assert ended.code == code
    assert text in ended.err


def test_hidden_gold_is_nobodys_to_look_at(labelled: Path, labeltool: Run) -> None:
    ended = labeltool("review", labelled, "--reference", "gold")
    assert ended.code == 2
    assert "hidden" in ended.err
    assert "gold DIR report" in ended.err


def test_a_damaged_cache_is_said_and_made_anew(labelled: Path, labeltool: Run) -> None:
    first = listed(labeltool, labelled)
    (labelled / "cache" / "comparisons.db").write_bytes(b"?" * 999)
    ended = labeltool("review", labelled, "--reference", "second", "--json")
    assert ended.code == 0
    assert "was damaged" in ended.err
    assert ended.json == first


def test_images_are_never_written(labelled: Path, labeltool: Run, images: Path) -> None:
    before = {path.name: np.asarray(Image.open(path)).sum() for path in images.iterdir()}
    masks = {path: path.read_bytes() for path in (labelled / "masks").rglob("*.ltm")}
    listed(labeltool, labelled)
    assert {path: path.read_bytes() for path in masks} == masks
    assert {path.name: np.asarray(Image.open(path)).sum() for path in images.iterdir()} == before
