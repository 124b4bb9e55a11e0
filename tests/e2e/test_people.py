"""Several people on one project, through the command line: decisions, second annotators, hidden gold, history."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.app.people.comments import comment, resolve
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.provenance import Origin
from labeltool.store.project import ProjectStore
from tests.e2e.conftest import Run, two_blobs


@pytest.fixture
def labelled(project: Path, masks: Path, labeltool: Run) -> Path:
    """The project, its three images labelled."""
    assert labeltool("import", project, masks, "--format", "png").code == 0
    return project


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """What a second annotator makes of two of the images: one object more, and nobody is asked about column 0."""
    folder = tmp_path / "ben"
    folder.mkdir()
    label = two_blobs()
    label[60:70, 5:15] = 1
    for name in ("a", "b"):
        Image.fromarray(label).save(folder / f"{name}.png")
    return folder


def _paint(root: Path, name: str, box: Box) -> None:
    with ProjectStore.open(root) as store:
        (record,) = (r for r in store.images() if r.name == name)
        patch = write(
            store.load_mask(record.id),
            box,
            title="brush stroke",
            kind="brush",
            label=1,
            origin=Origin.HUMAN,
        )
        store.commit(record.id, patch, expected=record.revision)


def test_a_second_annotator_is_compared_with_the_first(labelled: Path, second: Path, labeltool: Run) -> None:
    before = labeltool("status", labelled, "--json").json
    imported = labeltool("import", labelled, second, "--format", "png", "--as", "ben", "--json")
    assert (imported.code, imported.json["images"]) == (0, 2)
    assert labeltool("status", labelled, "--json").json == before
    ended = labeltool("agreement", labelled, "--json")
    (pair,) = ended.json["pairs"]
    assert (pair["a"], pair["b"], pair["images"]) == ("annotation", "ben", 2)
    blobs = int(two_blobs().sum())
    pooled = pair["pooled"]
    assert pooled["per_class"]["nucleus"]["iou"] == pytest.approx(blobs / (blobs + 100))
    assert pooled["pixels"] == {
        "counted": 2 * 80 * 119,
        "agreed": 2 * (80 * 119 - 100),
        "only_a": 0,
        "only_b": 2 * 80,
    }
    assert [row["name"] for row in pair["per_image"]] == ["a.png", "b.png"]
    told = labeltool("agreement", labelled, "--between", "ben", "annotation").out
    assert told.splitlines()[0] == "ben and annotation, 2 images"
    assert f"Cohen's kappa {pooled['kappa']:.3f}" in told
    missing = labeltool("agreement", labelled, "--between", "ben", "eve")
    assert (missing.code, "eve" in missing.err) == (1, True)


@pytest.mark.parametrize(("name", "code"), [("", 2), ("  ", 2), ("gold", 2)])
def test_a_reference_without_a_name_leaves_the_annotation_as_it_is(
    name: str, code: int, labelled: Path, second: Path, labeltool: Run
) -> None:
    before = labeltool("status", labelled, "--json").json
    ended = labeltool("import", labelled, second, "--format", "png", "--as", name)
    assert (ended.code, "--as" in ended.err) == (code, True)
    assert labeltool("status", labelled, "--json").json == before


def test_images_that_nobody_has_labelled_are_done_and_told_of(project: Path, labeltool: Run) -> None:
    ended = labeltool("decide", project, "done", "a.png", "b.png", "--json")
    assert (ended.code, ended.json["unlabelled"]) == (0, ["a.png", "b.png"])
    assert "2 of them have nothing labelled (a.png, b.png)" in ended.err
    told = labeltool("decide", project, "in-work", "a.png")
    assert (told.out, "nothing" in told.err) == ("1 image is in work now.\n", False)


def test_rejected_images_are_exported_and_told_of(labelled: Path, tmp_path: Path, labeltool: Run) -> None:
    labeltool("decide", labelled, "rejected", "b.png", "--reason", "too wide")
    for words in (("--dry-run",), ()):
        ended = labeltool("export", labelled, tmp_path / "out", "--format", "coco", "--json", *words)
        assert "1 image is rejected (b.png)" in ended.json["notices"]
        assert ended.json["images"] == 3


def test_the_history_is_told_in_order_of_time(labelled: Path, labeltool: Run) -> None:
    words = (("done",), ("rejected", "--reason", "too wide"), ("approved",))
    for status, *reason in words:
        labeltool("decide", labelled, status, "a.png", *reason)
    lines = labeltool("history", labelled, "a.png").out.splitlines()
    told = [line.split()[0].strip(":") for line in lines if " r1 " in line]
    assert told == ["import", "done", "rejected", "approved"]


def test_people_decide_and_everybody_sees_who_did(labelled: Path, labeltool: Run) -> None:
    assert labeltool("decide", labelled, "done", "a.png", "b.png").code == 0
    assert labeltool("decide", labelled, "rejected", "b.*").code == 2
    assert labeltool("decide", labelled, "rejected", "b.*", "--reason", "too wide").code == 0
    assert labeltool("status", labelled, "--json").json["status"] == {
        "done": 1,
        "rejected": 1,
        "in_work": 1,
    }
    found = labeltool("history", labelled, "b.png", "--json").json
    assert [(d["status"], d["reason"]) for d in found["decisions"]] == [
        ("done", ""),
        ("rejected", "too wide"),
    ]
    assert "rejected: too wide" in labeltool("history", labelled, "b.png").out
    nothing = labeltool("decide", labelled, "done", "nothing*")
    assert (nothing.code, "by 'nothing*'" in nothing.err) == (1, True)
    with ProjectStore.open(labelled) as store:
        (b,) = (r for r in store.images() if r.name == "b.png")
        resolve(store, b.id, comment(store, b.id, 12.5, 3, "is this a nucleus?").number)
    assert "at (12.5, 3) (resolved)" in labeltool("history", labelled, "b.png").out
    (thread,) = labeltool("history", labelled, "b.png", "--json").json["comments"]
    assert (thread["x"], thread["comments"][0]["text"]) == (12.5, "is this a nucleus?")
    assert labeltool("fsck", labelled).code == 0


def test_an_image_is_brought_back_to_what_it_was_and_approved_again(labelled: Path, labeltool: Run) -> None:
    labeltool("decide", labelled, "approved", "a.png")
    _paint(labelled, "a.png", Box(0, 0, 9, 9))
    told = labeltool("history", labelled, "a.png", "--json").json
    assert [(op["revision"], op["title"]) for op in told["operations"]] == [
        (1, "import"),
        (2, "brush stroke"),
    ]
    assert "r2" in labeltool("history", labelled, "a.png").out
    restored = labeltool("history", labelled, "a.png", "--restore", "1", "--json")
    assert (restored.json["restored"], restored.json["status"]) == (3, "approved")
    assert "already" in labeltool("history", labelled, "a.png", "--restore", "r1").out
    assert "'x1' is no revision" in labeltool("history", labelled, "a.png", "--restore", "x1").err
    for words, code in ((("a.png", "--restore", "99"), 1), (("*.png",), 1), (("none",), 1)):
        assert labeltool("history", labelled, *words).code == code
    assert labeltool("fsck", labelled).code == 0


def test_a_hidden_gold_image_tells_how_well_people_label(labelled: Path, labeltool: Run) -> None:
    added = labeltool("gold", labelled, "add", "a.png", "b.png", "--json")
    assert (added.code, added.json["added"]) == (0, ["a.png", "b.png"])
    told = labeltool("status", labelled, "--json").json
    assert told["status"] == {"new": 2, "in_work": 1}
    assert "gold" not in str({**told, "project": ""})
    assert labeltool("history", labelled, "a.png", "--json").json["operations"] == []
    assert "2 gold images wait" in labeltool("gold", labelled, "report").out
    _paint(labelled, "a.png", Box(10, 10, 50, 40))
    labeltool("decide", labelled, "done", "a.png")
    found = labeltool("gold", labelled, "report", "--json").json
    (annotator,) = found["annotators"].values()
    blobs, hit = two_blobs()[:, 1:].sum(), 40 * 30
    assert annotator["per_class"]["nucleus"]["recall"] == pytest.approx(hit / blobs)
    assert annotator["per_class"]["nucleus"]["precision"] == 1.0
    assert (found["images"], found["waiting"]) == (1, 1)
    assert "a.png" in labeltool("gold", labelled, "report").out
    again = labeltool("gold", labelled, "add", "a.png")
    assert (again.code, "already" in again.err) == (1, True)
    removed = labeltool("gold", labelled, "remove", "b.png", "--json").json["removed"]
    assert labeltool("history", labelled, "b.png", "--restore", removed["b.png"]).code == 0
    with ProjectStore.open(labelled, write=False) as store:
        (b,) = (r for r in store.images() if r.name == "b.png")
        label = store.load_mask(b.id).read("label")
    assert np.array_equal(label[:, 1:], two_blobs()[:, 1:])
    assert labeltool("fsck", labelled).code == 0


@pytest.mark.parametrize("words", [("add",), ("report", "a.png"), ("remove",), ("shine",)])
def test_a_gold_command_that_is_not_understood_says_how_it_goes(
    project: Path, labeltool: Run, words: tuple[str, ...]
) -> None:
    ended = labeltool("gold", project, *words)
    assert ended.code == 2
    assert "labeltool gold" in ended.err
