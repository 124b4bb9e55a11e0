from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from labeltool.core.errors import CancelledError
from labeltool.core.progress import CancelToken
from labeltool.imaging.find import find_images, natural_key


def image(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((2, 3, 3), np.uint8)).save(path)
    return path


def test_a_folder_is_searched_to_the_bottom_in_natural_order(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/10.png", "b/1.png", "a/x.JPG", "top.tif"):
        image(tmp_path / name)
    found, skipped = find_images([tmp_path])
    names = [str(path.relative_to(tmp_path).as_posix()) for path in found]
    assert names == ["top.tif", "a/x.JPG", "b/1.png", "b/2.png", "b/10.png"]
    assert skipped == []


def test_hidden_files_and_what_lies_beside_images_are_passed_over(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    image(tmp_path / ".hidden.png")
    image(tmp_path / ".thumbs" / "b.png")
    for name in ("a.xml", "a.json", "README.txt", "labels.zip"):
        (tmp_path / name).write_text("x")
    found, skipped = find_images([tmp_path])
    assert [path.name for path in found] == ["a.png"]
    assert skipped == []


def test_kinds_that_are_not_read_are_reported_in_folders(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    (tmp_path / "drawing.psd").write_bytes(b"x")
    (tmp_path / "photo.dng").write_bytes(b"x")
    _, skipped = find_images([tmp_path])
    assert [(Path(s.file).name, s.reason.split(".")[0]) for s in skipped] == [
        ("drawing.psd", "this is a Photoshop file"),
        ("photo.dng", "this is a camera raw file"),
    ]


def test_a_file_that_is_named_and_is_no_image_is_reported_while_others_are_taken(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty.png").touch()
    good = image(tmp_path / "good.png")
    found, skipped = find_images(
        [tmp_path / "notes.txt", tmp_path / "empty.png", good, tmp_path / "gone.png"]
    )
    assert found == [good]
    assert [Path(s.file).name for s in skipped] == ["notes.txt", "empty.png", "gone.png"]
    assert "text file" in skipped[0].reason
    assert "0 bytes" in skipped[1].reason


def test_a_folder_without_images_is_reported(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    found, skipped = find_images([tmp_path])
    assert found == []
    assert skipped[0].reason == "no images in this folder"


def test_a_loop_of_links_ends_and_the_link_is_named_with_where_it_leads(tmp_path: Path) -> None:
    image(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "b").symlink_to(tmp_path / "a", target_is_directory=True)
    found, skipped = find_images([tmp_path])
    assert [path.name for path in found] == ["1.png"]
    assert {Path(each.file): each.reason for each in skipped} == {
        tmp_path / "a" / "loop": f"this leads to {tmp_path} again, where each image is taken once",
        tmp_path / "b": f"this leads to {tmp_path / 'a'} again, where each image is taken once",
    }


def test_a_folder_that_holds_nothing_but_a_loop_is_without_images(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    found, skipped = find_images([tmp_path])
    assert found == []
    assert [each.reason.split(" again")[0] for each in skipped] == [
        "no images in this folder",
        f"this leads to {tmp_path}",
    ]


def test_a_folder_called_like_an_image_is_named_and_searched(tmp_path: Path) -> None:
    inside = image(tmp_path / "x.png" / "1.png")
    found, skipped = find_images([tmp_path])
    assert found == [inside]
    (note,) = skipped
    assert note.file == str(tmp_path / "x.png")
    assert note.reason == "this is a folder, not an image; it was searched as one"
    assert find_images([tmp_path / "x.png"]) == (
        [inside],
        [],
    )  # which somebody meant as the folder that it is


@pytest.mark.skipif(os.name == "nt", reason="Windows takes the blank and the dot away")
def test_a_blank_or_a_dot_behind_the_suffix_hides_no_image(tmp_path: Path) -> None:
    names = ["a.png", "x.png ", "y.png.", "z.JPG. "]
    for name in names:
        Image.new("RGB", (3, 2)).save(tmp_path / name, "PNG")
    (tmp_path / "png.").write_text("x")
    found, skipped = find_images([tmp_path])
    assert sorted(path.name for path in found) == names
    assert skipped == []


def test_a_search_that_was_cancelled_looks_into_no_further_folder(tmp_path: Path) -> None:
    for number in range(20):
        image(tmp_path / str(number) / "1.png")
    cancel, told = CancelToken(), []

    def stop(done: float, total: float, text: str = "") -> None:
        told.append(text)
        if len(told) == 3:
            cancel.cancel()

    with pytest.raises(CancelledError):
        find_images([tmp_path], stop, cancel)
    assert len(told) == 3
    with pytest.raises(CancelledError):
        find_images([tmp_path / "0" / "1.png"], stop, cancel)


def test_an_image_that_is_named_twice_is_taken_once(tmp_path: Path) -> None:
    path = image(tmp_path / "a.png")
    assert find_images([path, tmp_path, path])[0] == [path]
    assert find_images([path, tmp_path, path])[1] == []


def test_progress_is_told_of_every_folder(tmp_path: Path) -> None:
    image(tmp_path / "a" / "1.png")
    told: list[str] = []
    find_images([tmp_path], lambda done, total, text="": told.append(text))
    assert told == [str(tmp_path), str(tmp_path / "a")]


@given(st.lists(st.text(max_size=6)))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    assert sorted(sorted(names, key=natural_key)) == sorted(names)
