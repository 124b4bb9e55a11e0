"""Bad input through the command line: named, explained, left out; the rest goes on and the project stays whole."""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from labeltool import plugins
from labeltool.core.catalog import ClassCatalog
from labeltool.inference.card import CARD_NAME, WEIGHTS_NAME, ModelCard
from tests.e2e.conftest import Ended, Run, two_blobs


def sound(project: Path, labeltool: Run) -> bool:
    """True when fsck finds nothing wrong."""
    return bool(labeltool("fsck", project, "--json").json == {"errors": 0, "findings": []})


# ---- images


def empty_file(path: Path) -> None:
    path.write_bytes(b"")


def text_file(path: Path) -> None:
    path.write_text("Dear diary, today I named a text file like a picture.\n", encoding="utf-8")


def truncated_jpeg(path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (300, 400, 3), np.uint8)
    Image.fromarray(noise).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:-20_000])


def half_a_jpeg(path: Path) -> None:
    """Half of a photo that ends as a whole one does."""
    truncated_jpeg(path)
    path.write_bytes(path.read_bytes() + b"\xff\xd9")


def png_with_a_wrong_checksum(path: Path) -> None:
    Image.fromarray(two_blobs()).save(path)
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 8] ^= 1
    path.write_bytes(data)


def folder_like_an_image(path: Path) -> None:
    path.mkdir()


def bomb(path: Path) -> None:
    """A PNG of a megabyte that says it has 100,000 x 100,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(2**20), 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("name", "spoil", "said"),
    [
        ("empty.png", empty_file, "empty"),
        ("diary.png", text_file, "text"),
        ("cut.jpg", truncated_jpeg, "the JPEG file is cut off or damaged"),
        ("half.jpg", half_a_jpeg, "premature end of data segment behind about [0-9]+ % of its rows"),
        ("flipped.png", png_with_a_wrong_checksum, "the PNG file is cut off or damaged .*checksum"),
        ("folder.png", folder_like_an_image, "this is a folder, not an image"),
        ("bomb.png", bomb, "100.?000"),
    ],
)
def test_a_broken_image_is_named_and_the_others_are_added(
    tmp_path: Path, images: Path, labeltool: Run, name: str, spoil: Callable[[Path], None], said: str
) -> None:
    spoil(images / name)
    project = tmp_path / "project"
    labeltool("new", project, "--classes", "nucleus")
    ended = labeltool("add", project, images, "--json")
    assert ended.code == 0
    assert ended.json["added"] == 3
    (skipped,) = ended.json["skipped"]
    assert skipped["file"] == str(images / name)
    assert re.search(said, skipped["reason"])
    assert str(images / name) in ended.err
    assert sound(project, labeltool)


@pytest.mark.skipif(os.name == "nt", reason="no pipes in folders of Windows")
def test_of_a_batch_each_broken_file_is_named_and_every_good_one_added(
    tmp_path: Path, images: Path, labeltool: Run
) -> None:
    """Each kind of broken file stands before, among and behind good ones."""
    said = {
        "a0.png": (empty_file, "the file is empty (0 bytes)"),
        "a1.png": (text_file, "this is a text file, not an image"),
        "a2.png": (folder_like_an_image, "this is a folder, not an image"),
        "b0.png": (os.mkfifo, "this is not a file that holds data"),
        "b1.jpg": (truncated_jpeg, "the JPEG file is cut off or damaged"),
        "c0.jpg": (half_a_jpeg, "premature end of data segment"),
        "z.png": (png_with_a_wrong_checksum, "the PNG file is cut off or damaged"),
    }
    for name, (spoil, _) in said.items():
        spoil(images / name)
    project = tmp_path / "project"
    labeltool("new", project, "--classes", "nucleus")
    ended = labeltool("add", project, images, "--json")
    assert ended.code == 0
    assert ended.json["added"] == 3
    reasons = {Path(each["file"]).name: each["reason"] for each in ended.json["skipped"]}
    assert reasons.keys() == said.keys()
    for name, (_, words) in said.items():
        assert words in reasons[name]
        assert str(images / name) in ended.err
    assert sound(project, labeltool)


def test_names_that_differ_in_case_alone_are_told_when_they_are_added(
    tmp_path: Path, images: Path, labeltool: Run
) -> None:
    Image.fromarray(two_blobs()).save(images / "A.png")
    if len(list(images.glob("[aA].png"))) != 2:
        pytest.skip("this file system takes the two names for one")
    project = tmp_path / "project"
    labeltool("new", project, "--classes", "nucleus")
    ended = labeltool("add", project, images, "--json")
    assert ended.json["added"] == 4
    assert [sorted(each) for each in ended.json["alike"]] == [[str(images / "A.png"), str(images / "a.png")]]
    assert "are one name on some systems" in ended.err


def test_a_folder_without_images_is_a_failure(tmp_path: Path, project: Path, labeltool: Run) -> None:
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    ended = labeltool("add", project, nothing)
    assert ended.code == 1
    assert f"{nothing}: no images in this folder" in ended.err


# ---- labels


def test_a_mask_of_another_size_is_named_and_the_others_come_in(
    project: Path, masks: Path, labeltool: Run
) -> None:
    Image.fromarray(two_blobs()[:40]).save(masks / "b.png")
    ended = labeltool("import", project, masks, "--format", "png", "--json")
    assert ended.code == 0
    assert ended.json["images"] == 2
    (skipped,) = ended.json["skipped"]
    assert skipped["file"] == str(masks / "b.png")
    assert "120 x 40" in skipped["reason"].replace("×", "x").replace("120x40", "120 x 40")
    assert sound(project, labeltool)


def test_a_mask_value_without_a_class_is_named_and_the_others_come_in(
    project: Path, masks: Path, labeltool: Run
) -> None:
    label = two_blobs()
    label[0, 0] = 9
    Image.fromarray(label).save(masks / "b.png")
    ended = labeltool("import", project, masks, "--format", "png", "--json")
    assert ended.json["images"] == 2
    (skipped,) = ended.json["skipped"]
    assert "9" in skipped["reason"]
    assert sound(project, labeltool)


def coco(tmp_path: Path, file_name: str, counts: list[int]) -> Path:
    """A COCO file of one annotation on ``file_name`` and a good one on a.png."""
    pixels = 80 * 120
    data: dict[str, Any] = {
        "images": [
            {"id": 1, "file_name": file_name, "width": 120, "height": 80},
            {"id": 2, "file_name": "a.png", "width": 120, "height": 80},
        ],
        "categories": [{"id": 1, "name": "nucleus"}],
        "annotations": [
            {"id": i, "image_id": i, "category_id": 1, "iscrowd": 0, "area": 10, "bbox": [0, 0, 1, 10],
             "segmentation": {"size": [80, 120], "counts": c}}
            for i, c in ((1, counts), (2, [0, 10, pixels - 10]))
        ],
    }  # fmt: skip
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@pytest.mark.parametrize("file_name", ["../../etc/passwd", "/etc/passwd", "C:\\windows\\system.ini"])
def test_a_file_name_that_leaves_the_folder_is_refused_and_the_others_come_in(
    tmp_path: Path, project: Path, labeltool: Run, file_name: str
) -> None:
    ended = labeltool(
        "import", project, coco(tmp_path, file_name, [0, 10, 9590]), "--format", "coco", "--json"
    )
    assert ended.code == 0
    assert (ended.json["images"], ended.json["objects"]) == (1, 1)
    assert any(re.search("leads out of|inside", s["reason"]) for s in ended.json["skipped"])
    assert sound(project, labeltool)


def test_an_rle_that_does_not_sum_up_is_refused_and_the_others_come_in(
    tmp_path: Path, project: Path, labeltool: Run
) -> None:
    ended = labeltool("import", project, coco(tmp_path, "b.png", [0, 10, 7]), "--format", "coco", "--json")
    assert ended.code == 0
    assert ended.json["objects"] == 1
    assert any("17" in s["reason"] and "9600" in s["reason"].replace(",", "") for s in ended.json["skipped"])
    assert sound(project, labeltool)


# ---- models


def a_model(folder: Path, *classes: str) -> Path:
    folder.mkdir(parents=True)
    card = ModelCard(
        "new",
        "deeplabv3plus",
        "tu-mobilenetv3_small_050",
        ClassCatalog.from_names(list(classes)),
        decoder_channels=16,
    )
    (folder / CARD_NAME).write_text(json.dumps(card.to_json()), encoding="utf-8")
    return folder


def web_page(folder: Path) -> Path:
    (folder / WEIGHTS_NAME).write_text("<!DOCTYPE html><title>Sign in</title>", encoding="utf-8")
    return folder


class Malice:
    """Runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def malicious_pickle(folder: Path) -> Path:
    path = folder / "weights.pth"
    path.write_bytes(pickle.dumps(Malice(folder / "it ran")))
    return path


def three_classes(folder: Path) -> Path:
    """Weights made for a class more than the card says."""
    card = ModelCard.read(a_model(folder.with_name("other"), "nucleus", "cell"))
    network = plugins.load("labeltool.architectures", card.arch)(card)
    from labeltool.nn.checkpoint import save_network

    save_network(folder.with_name("other"), card, network)
    shutil.copy(folder.with_name("other") / WEIGHTS_NAME, folder)
    return folder


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (web_page, "this is a web page, not weights"),
        (malicious_pickle, "a pickle can run code"),
        (three_classes, "the weights are for 3 classes, the card has 2"),
    ],
)
def test_a_checkpoint_that_is_none_is_refused_with_the_reason(
    tmp_path: Path, project: Path, labeltool: Run, make: Callable[[Path], Path], said: str
) -> None:
    path = make(a_model(tmp_path / "model", "nucleus"))
    ended = labeltool("prelabel", project, "--model", path, "--device", "cpu")
    assert ended.code == 1
    assert said in ended.err
    assert "weights." in ended.err
    assert not (tmp_path / "model" / "it ran").exists()
    assert labeltool("status", project, "--json").json["status"] == {"new": 3}
    assert sound(project, labeltool)


def test_a_model_that_knows_other_classes_is_refused_before_it_is_loaded(
    tmp_path: Path, project: Path, labeltool: Run
) -> None:
    ended = labeltool("prelabel", project, "--model", a_model(tmp_path / "model", "road", "car"))
    assert ended.code == 1
    assert "road, car" in ended.err
    assert "nucleus" in ended.err


def test_a_model_that_is_not_there_is_answered_with_those_that_are(
    project: Path, threshold_model: Path, labeltool: Run
) -> None:
    labeltool("models", project, "add", threshold_model)
    ended = labeltool("prelabel", project, "--model", "nucleii")
    assert ended.code == 1
    assert "nucleii" in ended.err
    assert "bright" in ended.err


# ---- projects


@pytest.fixture
def read_only(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project without permission to write; root may write everywhere, so for root the system is overheard."""
    project.chmod(0o555)
    if os.access(project, os.W_OK):
        real = os.access
        monkeypatch.setattr(os, "access", lambda path, mode, **kw: mode != os.W_OK and real(path, mode, **kw))
    return project


def test_a_read_only_project_is_read_and_never_written(
    read_only: Path, masks: Path, tmp_path: Path, labeltool: Run
) -> None:
    before = {p: p.read_bytes() for p in read_only.rglob("*") if p.is_file()}
    ended = labeltool("import", read_only, masks, "--format", "png")
    assert ended.code == 1
    assert str(read_only) in ended.err
    assert "can only be read" in ended.err
    assert labeltool("status", read_only, "--json").json["images"] == 3
    assert {p: p.read_bytes() for p in read_only.rglob("*") if p.is_file()} == before


def damaged_mask(project: Path) -> Path:
    """One mask file of three, cut off."""
    path = sorted((project / "masks").glob("*/*.ltm"))[0]
    path.write_bytes(path.read_bytes()[:5000])
    return path


def test_a_damaged_mask_is_named_by_every_command_and_the_others_go_on(
    tmp_path: Path, project: Path, masks: Path, threshold_model: Path, labeltool: Run
) -> None:
    labeltool("import", project, masks, "--format", "png")
    labeltool("import", project, masks, "--format", "png", "--as", "anna")
    mask_file = damaged_mask(project)
    model, again = ("--model", threshold_model), ("import", project, masks, "--format", "png")
    batches: list[tuple[tuple[object, ...], Callable[[Any], int]]] = [
        (("export", project, tmp_path / "out", "--format", "coco"), lambda said: said["images"]),
        (("evaluate", project, *model), lambda said: said["images"]),
        (("prelabel", project, *model), lambda said: said["images"]),
        (("review", project, *model), lambda said: said["images"]),
        (("review", project, "--reference", "anna"), lambda said: said["images"]),
        (("agreement", project), lambda said: said["pairs"][0]["images"]),
        (("measure", project), lambda said: len({row["image"] for row in said["table"]})),
        (("split", project, "--to", "val"), lambda said: said["changed"]),
        (
            ("split", project, "--seed", "1", "--again", "--train", 100, "--val", 0, "--test", 0),
            lambda said: said["changed"],
        ),
        (("decide", project, "done", "*"), lambda said: len(said["images"])),
        (again, lambda said: said["images"]),
        ((*again, "--as", "ben"), lambda said: said["images"]),
        (("gold", project, "add", "*"), lambda said: len(said["added"])),
        (("gold", project, "report"), lambda said: said["waiting"]),
    ]
    missing = ("export", "evaluate", "review", "agreement", "measure", "decide")
    for words, others in batches:
        ended = labeltool(*words, "--json")
        assert ended.code == 1, (words, ended.err)
        assert others(ended.json) == 2, (words, ended.json)
        assert len(ended.json["skipped"]) == 1, (words, ended.json)
        assert mask_file.name in ended.err and "the file is damaged" in ended.err, (words, ended.err)
        if words[0] in missing:
            assert "1 LABELLED IMAGE IS MISSING IN THIS" in ended.err, words
    for words in (("status", project), ("loop", project, "status")):
        ended = labeltool(*words, "--json")
        assert ended.code == 1 and str(mask_file) in ended.err, words
    assert labeltool("status", project, "--json").json["damaged"] == [str(mask_file)]
    ended = labeltool("fsck", project, "--json")
    assert ended.code == 1
    assert ended.json["findings"][0]["file"] == str(mask_file)


def test_an_image_whose_labels_are_damaged_is_named_where_others_are_ranked(
    distinct: Path, masks: Path, labeltool: Run
) -> None:
    for name in "bc":
        (masks / f"{name}.png").unlink()
    labeltool("import", distinct, masks, "--format", "png")
    damaged_mask(distinct)
    ended = labeltool("rank", distinct, "--strategy", "random", "--regions", "--doubles", "--json")
    assert ended.code == 1, ended.err
    assert sorted(each["name"] for each in ended.json["suggestions"]) == ["b.png", "c.png"], ended.err
    assert [Path(each["file"]).name for each in ended.json["skipped"]] == ["a.png"]
    assert "the file is damaged" in ended.err


@pytest.mark.slow
def test_where_labels_may_be_wrong_is_listed_without_a_damaged_mask(
    distinct: Path, masks: Path, labeltool: Run
) -> None:
    labeltool("import", distinct, masks, "--format", "png")
    mask_file = damaged_mask(distinct)
    how = ("--encoder", "tu-mobilenetv3_small_050", "--crop", 64, "--batch", 2, "--device", "cpu")
    ended = labeltool("label-errors", distinct, "--folds", 2, "--steps", 2, *how, "--json")
    assert ended.code == 1, ended.err
    assert ended.json.get("images") == 2, ended.err
    assert str(mask_file) in ended.err and "1 LABELLED IMAGE IS MISSING IN THIS" in ended.err


def test_an_image_that_was_replaced_is_told_of_by_status_and_by_an_export(
    project: Path, images: Path, masks: Path, tmp_path: Path, labeltool: Run
) -> None:
    labeltool("import", project, masks, "--format", "png")
    for words in (("status", project), ("export", project, tmp_path / "before", "--format", "png")):
        assert "no longer" not in labeltool(*words).err
    noise = np.random.default_rng(0).integers(0, 255, (80, 120), np.uint8)
    Image.fromarray(noise).save(images / "b.png")
    ended = labeltool("status", project, "--json")
    assert ended.json["replaced"] == [str(images / "b.png")] and ended.json["missing"] == []
    assert f"{images / 'b.png'}: is no longer the file that was added" in ended.err
    ended = labeltool("export", project, tmp_path / "after", "--format", "png", "--json")
    assert "1 image is no longer the file that was added (b.png)" in ended.err
    assert any("no longer the file" in notice for notice in ended.json["notices"])


@pytest.mark.parametrize(
    "words", [("status",), ("fsck",), ("prelabel",), ("export", "out", "--format", "voc"), ("add", ".")]
)
def test_a_folder_that_is_no_project_is_said_to_be_none(
    tmp_path: Path, labeltool: Run, words: tuple[str, ...]
) -> None:
    command, *rest = words
    ended: Ended = labeltool(command, tmp_path / "nowhere", *rest)
    assert ended.code == 1
    assert str(tmp_path / "nowhere") in ended.err
    assert "there is no project here" in ended.err
    assert not (tmp_path / "nowhere").exists()


def test_a_new_project_never_takes_over_a_folder_with_something_in_it(images: Path, labeltool: Run) -> None:
    ended = labeltool("new", images, "--classes", "nucleus")
    assert ended.code == 1
    assert "not empty" in ended.err


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ("nucleus,nucleus", "one name"),
        ("", "a class beside the background"),
        ("missing.json", "no such file"),
    ],
)
def test_classes_that_cannot_be_are_refused(tmp_path: Path, labeltool: Run, classes: str, said: str) -> None:
    ended = labeltool("new", tmp_path / "project", "--classes", classes)
    assert ended.code == 1
    assert said in ended.err
    assert not (tmp_path / "project").exists()
