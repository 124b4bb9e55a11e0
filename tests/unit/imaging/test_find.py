from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

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


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    image(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "b").symlink_to(tmp_path / "a", target_is_directory=True)
    found, _ = find_images([tmp_path])
    assert [path.name for path in found] == ["1.png"]


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
