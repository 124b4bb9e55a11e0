"""What strangers wrote is read within limits and never leads out of its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from labeltool.core.errors import BadInputError
from labeltool.formats import untrusted
from labeltool.formats.untrusted import files_below, load_json, read_text, refused_name, stays_inside


@pytest.mark.parametrize("name", ["a.png", "sub/a.png", "sub\\a.png", "..a/b..png", "名前 😀.png"])
def test_a_name_below_the_folder_is_accepted(name: str) -> None:
    assert refused_name(name) == ""


@pytest.mark.parametrize(
    "name", ["../a", "a/../../b", "..\\a", "/a", "\\a", "//server/a", "C:a", "c:/a", "a\nb", " ", 5]
)
def test_a_name_that_leads_elsewhere_is_refused(name: object) -> None:
    assert "file name" in refused_name(name)


def test_a_file_larger_than_the_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1, 2, 3, 4, 5]")
    with pytest.raises(BadInputError, match="larger than"):
        load_json(tmp_path / "a.json", limit=10)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"none\.txt: the file cannot be read"):
        read_text(tmp_path / "none.txt")


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(untrusted, "MAX_FILES", 3)
    for number in range(4):
        (tmp_path / f"{number}.png").touch()
    with pytest.raises(BadInputError, match="more than 3 files"):
        list(files_below(tmp_path, (".png",)))


def test_links_to_folders_are_not_followed_even_in_a_loop(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "B.PNG").touch()
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert list(files_below(tmp_path, (".png",))) == [tmp_path / "a" / "B.PNG"]


def test_a_link_out_of_the_folder_does_not_stay_inside(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "secret").touch()
    (tmp_path / "a" / "link").symlink_to(tmp_path / "secret")
    assert not stays_inside(tmp_path / "a" / "link", tmp_path / "a")
    assert stays_inside(tmp_path / "a" / "other", tmp_path / "a")
