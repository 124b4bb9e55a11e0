"""Whatever is given where a file or a folder is asked for, the answer says what it is and what to do: at once, without
a traceback, and never that `fsck` puts it right, which is for what lies in a project."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.__main__ import main
from labeltool.core.resources import resource

STUCK_S = 60
"""Whoever opens a pipe waits for ever."""


def folder(path: Path) -> None:
    path.mkdir()


def empty(path: Path) -> None:
    path.touch()


def strange(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 8)


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def missing(path: Path) -> None:
    pass


def pipes_within(path: Path) -> None:
    path.mkdir()
    for name in ("card.json", "weights.safetensors", "manifest.json"):
        pipe(path / name)


def pipe_for_weights(path: Path) -> None:
    """A whole model but for its weights."""
    path.mkdir()
    (path / "card.json").write_bytes(resource("models", "nuclei", "card.json").read_bytes())
    pipe(path / "weights.safetensors")


Make = Callable[[Path], None]
NO_DATA, NO_LINK, FOLDER, NONE = (
    "this is not a file that holds data",
    "this is a link to a file that is not there",
    "this is a folder",
    "there is no such file",
)
UNSAVED = (
    (folder, FOLDER),
    (dangling, NO_LINK),
    (loop, NO_LINK),
    (pipe, NO_DATA),
    (device, NO_DATA),
    (missing, NONE),
)
TABLE: dict[tuple[str, ...], tuple[tuple[Make, str], ...]] = {
    ("recover", "P", "X"): (
        *((make, f"{said}. Choose a file .unsaved") for make, said in UNSAVED),
        (empty, "holds no unsaved work. Choose another"),
        (strange, "not ours, or damaged. Choose another"),
    ),
    ("new", "Q", "--classes", "X"): (
        *((make, f"{said}. Give a list of classes") for make, said in UNSAVED[:-1]),
        (empty, "the file is empty (0 bytes). Give a list of classes"),
        (strange, "not a list of classes: it is no text. Give a list of classes"),
    ),
    ("new", "X", "--classes", "a,b"): (
        (empty, "this is a file, and a project is a folder. Choose a new"),
        (dangling, "this is no folder. Choose a new"),
        (pipe, "this is no folder. Choose a new"),
    ),
    ("status", "X"): tuple(
        (make, "there is no project here. `labeltool new` makes one")
        for make in (folder, strange, loop, pipe, device, missing)
    ),
    ("import", "P", "X", "--format", "dicomseg"): (
        (pipe, f"{NO_DATA}. Give a file of labels"),
        (device, f"{NO_DATA}. Give a file of labels"),
        (strange, "this is not a DICOM file"),
        (loop, "no such file or folder of labels"),
    ),
    ("import", "P", "X", "--format", "coco"): (
        (pipe, f"{NO_DATA}. Give a file of labels"),
        (strange, "the file is not UTF-8 text"),
        (empty, "the file is empty"),
    ),
    ("models", "P", "add", "X"): (
        (folder, "no model card here. A model is a folder with"),
        (strange, "this is no file of weights. A model is a folder with"),
        (pipe, f"{NO_DATA}. A model is a folder with"),
        (pipes_within, f"not a model card: {NO_DATA}"),
        (pipe_for_weights, f"{NO_DATA}. A model is a folder with"),
        (dangling, "there is no such file or folder"),
    ),
    ("train", "P", "--manifest", "X"): (
        (empty, "this is a file, and a training run is a folder. A project's runs are"),
        (pipes_within, f"not the manifest of a run: {NO_DATA}"),
        (folder, "no training run here. A project's runs are"),
    ),
    ("add", "P", "X"): (
        (folder, "no images in this folder"),
        (loop, "cannot be read"),
        (pipe, NO_DATA),
        (device, NO_DATA),
    ),
    ("export", "P", "X", "--format", "coco"): (
        (loop, "the target is a link that leads to itself. Choose a new"),
    ),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of one image."""
    place = tmp_path_factory.mktemp("strange")
    Image.fromarray(np.full((9, 9, 3), 7, np.uint8)).save(place / "a.png")
    assert main(["new", str(place / "project"), "--classes", "cell"]) == 0
    assert main(["add", str(place / "project"), str(place / "a.png")]) == 0
    return place / "project"


@pytest.mark.timeout(STUCK_S)
@pytest.mark.skipif(os.name == "nt", reason="needs pipes and devices with a name")
@pytest.mark.parametrize("words", TABLE, ids=" ".join)
def test_what_is_given_for_a_file_is_called_what_it_is(
    words: tuple[str, ...], project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, (make, said) in enumerate(TABLE[words]):
        for name in (f"{number}.x", f"{number}\n.x", os.fsdecode(b"%d\xff.x" % number)):
            path = tmp_path / name
            try:
                make(path)
            except OSError:  # not every system has such names
                continue
            given = {"P": str(project), "Q": str(tmp_path / "new"), "X": str(path)}
            capsys.readouterr()
            code = main([given.get(word, word) for word in words])
            told = capsys.readouterr().err.encode(errors="backslashreplace").decode()
            assert code == 1, (make, name, told)
            assert said in told, (make, name, told)
            assert "fsck" not in told and "Traceback" not in told
            assert told.count("\n") == 1, (make, "a name does not break the line", told)


@pytest.mark.parametrize("words", [("add", "P", ""), ("new", "", "--classes", "a"), ("recover", "P", "")])
def test_an_empty_name_is_not_the_folder_at_hand(
    words: tuple[str, ...], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(project) if word == "P" else word for word in words]) == 2
    assert "an empty name is no file or folder" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="needs names with control characters")
def test_no_name_breaks_a_line_or_is_obeyed_by_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project, images = tmp_path / "a\nzz", [tmp_path / "c\nd.png", tmp_path / "e\x1b[31m.png"]
    for image in images:
        Image.fromarray(np.full((9, 9, 3), 7, np.uint8)).save(image)
    for words in (
        ("new", "--classes", "cell"),
        ("add", *map(str, images)),
        ("status",),
        ("status", "--sources"),
        ("remove", "*"),
        ("remove",),
        ("remove", "--back", "*"),
    ):
        if words == ("status",):
            for image in images:
                image.unlink()
        assert main([words[0], str(project), *words[1:]]) == 0
        said = capsys.readouterr()
        told = said.out + said.err
        assert "\x1b" not in told and "\nzz" not in told and "\nd.png" not in told, words
