"""What strangers wrote is read within limits and never leads out of its folder."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from labeltool.core.errors import BadInputError
from labeltool.formats import untrusted
from labeltool.formats.untrusted import (
    files_below,
    found_below,
    load_json,
    read_text,
    refused_name,
    stays_inside,
)
from labeltool.formats.untrusted_yaml import load_yaml


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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": "NaN",\n "b": NaN}', "NaN is not a JSON number (line 2 column 7)"),
        ("[1,\n -Infinity]", "-Infinity is not a JSON number (line 2 column 2)"),
        (
            '{"a": {"b": 1}, "b": "\\"b\\": ", "c": {"b": 2},\n "b" : 3}',
            "'b' occurs twice in one object (line 2 column 2)",
        ),
        ('{"\\u00e9": 1, "é": 2}', "'é' occurs twice in one object (line 1 column 15)"),
        ("[1, " + "7" * 5_000 + "]", "thousands of digits (line 1 column 5)"),
        ('{"' + "[" * 600 + '": ' + "[" * 100_000, "nested too deeply (line 1 column 1105)"),
        ("[1, 2", "line 1 column 6"),
    ],
)
def test_what_is_wrong_with_json_is_told_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError) as refused:
        load_json(tmp_path / "a.json")
    assert said in str(refused.value) and "a.json" in str(refused.value)


def test_json_that_would_fill_the_memory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.json").write_text("[" + "[]," * 100_000 + "[]]")
    monkeypatch.setattr(untrusted, "physical_memory", lambda: 8 << 20)
    with pytest.raises(BadInputError, match=r"300,004 characters .* about 11 MB .* at most 4 MB"):
        load_json(tmp_path / "a.json")
    monkeypatch.setattr(untrusted, "physical_memory", lambda: 32 << 20)
    tracemalloc.start()
    assert len(load_json(tmp_path / "a.json")) == 100_001
    assert tracemalloc.get_traced_memory()[1] < 11_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system ['true']", "!mine [x]", "!!binary aGk=", "!!set {x}"]
)
def test_a_tag_of_yaml_is_refused_by_name(tag: str, tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text(f"names: {tag}\n")
    with pytest.raises(BadInputError, match=r"data\.yaml: .* holds a tag \("):
        load_yaml(tmp_path / "data.yaml")


def test_a_tag_of_a_plain_value_is_let_through(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text("names: !!seq [!!str 1, ! two]\n")
    assert load_yaml(tmp_path / "data.yaml") == {"names": ["1", "two"]}


def test_what_is_called_like_a_file_and_is_none_is_reported(tmp_path: Path) -> None:
    for called in ("a.png", "full.png/b.png", "empty.png/c.txt"):
        (tmp_path / called).parent.mkdir(exist_ok=True)
        (tmp_path / called).touch()
    os.mkfifo(tmp_path / "pipe.png")
    files, skipped = found_below(tmp_path, (".png",))
    assert [path.name for path in files] == ["a.png", "b.png"]
    assert [(Path(each.file).name, each.reason) for each in skipped] == [
        ("pipe.png", "this is a pipe or a device and not a file"),
        ("empty.png", "this is a folder and not a file"),
    ]


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
