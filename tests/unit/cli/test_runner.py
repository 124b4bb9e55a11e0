"""What becomes of the words: exit codes, the streams, the wish for the window."""

import json
import os
import re
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labeltool import plugins
from labeltool.cli import Outcome, run
from labeltool.cli.naming import format_name
from labeltool.cli.output import SHOWN, Output
from labeltool.cli.runner import has_display
from labeltool.core.errors import BadInputError
from labeltool.core.project import Skipped

Work = Callable[[Namespace, Output], dict[str, Any]]
Install = Callable[[Work], None]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts one command, called `work`, in the place of all others."""

    def install(work: Work) -> None:
        def add_arguments(parser: ArgumentParser) -> None:
            parser.add_argument("--progress", choices=("auto", "jsonl"), default="auto")

        module = SimpleNamespace(SUMMARY="work hard", add_arguments=add_arguments, run=work)
        monkeypatch.setattr(plugins, "names", lambda group: ["work"])
        monkeypatch.setattr(plugins, "load", lambda group, name: module)

    return install


def succeed(args: Namespace, out: Output) -> dict[str, Any]:
    out.say("for people")
    out.progress(1, 2, "half")
    out.skipped([Skipped("a.png", "it is empty")])
    return {"images": 3}


def skip_many(args: Namespace, out: Output) -> dict[str, Any]:
    return {"skipped": out.skipped([Skipped(f"{i}.png", "it is empty") for i in range(100)])}


def fail(args: Namespace, out: Output) -> dict[str, Any]:
    raise BadInputError("it is broken", file="a.png", hint="Copy it again")


def interrupt_twice(args: Namespace, out: Output) -> dict[str, Any]:
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGINT)
    return {"the second one": "was ignored"}


def interrupt(args: Namespace, out: Output) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGINT)
    out.cancel.check()
    return {}


def test_people_get_lines_and_no_json(command: Install, capsys: pytest.CaptureFixture[str]) -> None:
    command(succeed)
    assert run(["work"]) == Outcome(0)
    out, err = capsys.readouterr()
    assert out == "for people\n"
    assert "skipped a.png: it is empty" in err


def test_json_puts_exactly_one_object_on_standard_output(
    command: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    command(succeed)
    assert run(["work", "--json"]).exit_code == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"images": 3}
    assert "a.png" in err


def test_jsonl_ends_with_the_result(command: Install, capsys: pytest.CaptureFixture[str]) -> None:
    command(succeed)
    assert run(["work", "--progress", "jsonl"]).exit_code == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        {"event": "progress", "done": 1, "total": 2, "text": "half"},
        {"event": "result", "images": 3},
    ]


def test_of_many_files_that_were_left_out_json_has_all_and_people_read_some(
    command: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    command(skip_many)
    run(["work", "--json"])
    out, err = capsys.readouterr()
    assert len(json.loads(out)["skipped"]) == 100
    assert err.splitlines() == [
        "labeltool work: skipped 100 (0.png, 1.png, 2.png, 3.png, 4.png and 95 more): it is empty"
    ]


def test_of_many_reasons_the_first_are_read_and_the_others_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = Output().skipped([Skipped(f"{i}.png", f"reason {i}") for i in range(50)])
    lines = capsys.readouterr().err.splitlines()
    assert len(rows) == 50
    assert len(lines) == SHOWN + 1
    assert "skipped 30 more" in lines[-1]


def test_the_slices_of_a_volume_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    rows = Output().skipped([Skipped(f"/data/head.nii [k{k}]", "it is no DICOM image") for k in range(35)])
    assert len(rows) == 35
    assert capsys.readouterr().err == "labeltool: skipped 35 (head.nii: 35 pages): it is no DICOM image\n"


def test_a_failure_names_file_cause_and_remedy_and_ends_with_1(
    command: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    command(fail)
    assert run(["work"]).exit_code == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "labeltool work: a.png: it is broken. Copy it again\n"


def test_a_failure_with_json_is_an_object_too(command: Install, capsys: pytest.CaptureFixture[str]) -> None:
    command(fail)
    assert run(["work", "--json"]).exit_code == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error == {"message": "it is broken", "file": "a.png", "hint": "Copy it again"}


def test_words_that_are_not_understood_end_with_2(
    command: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    command(succeed)
    assert run(["work", "--loud"]).exit_code == 2
    assert "usage: labeltool work" in capsys.readouterr().err


def test_a_usage_that_would_fill_the_screen_is_not_printed_after_what_was_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["train", "x", "--preset", "fast"]).exit_code == 2
    err = capsys.readouterr().err
    assert "invalid choice: 'fast'" in err
    assert "`labeltool train --help`" in err
    assert err.count("\n") == 1


def test_control_c_ends_with_130(command: Install, capsys: pytest.CaptureFixture[str]) -> None:
    command(interrupt)
    before = signal.getsignal(signal.SIGINT)
    assert run(["work"]).exit_code == 130
    assert signal.getsignal(signal.SIGINT) is before
    assert "cancelled" in capsys.readouterr().err


def test_the_second_control_c_stops_work_that_never_looks(command: Install) -> None:
    command(interrupt_twice)
    assert run(["work"]).exit_code == 130


def test_help_lists_every_command(command: Install, capsys: pytest.CaptureFixture[str]) -> None:
    command(succeed)
    assert run(["--help"]).exit_code == 0
    assert re.search(r"^  work +work hard$", capsys.readouterr().out, re.MULTILINE)


def test_a_path_is_a_wish_for_the_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert run([str(tmp_path)]) == Outcome(0, opens_window=True, path=tmp_path)
    assert run([]) == Outcome(0, opens_window=True)


def test_a_path_that_is_neither_there_nor_a_command_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["exprot", "rad"]).exit_code == 2
    err = capsys.readouterr().err
    assert "there is no command exprot" in err
    assert "Did you mean export?" in err
    assert "prelabel" in err
    assert run(["/no/such/place"]).exit_code == 2
    assert "/no/such/place: no such file or folder" in capsys.readouterr().err


@pytest.mark.parametrize("typed", ["dicomseg", "DICOM-SEG", "Dicom_Seg", "dicom seg"])
def test_a_format_is_known_however_it_is_written(typed: str) -> None:
    assert format_name("labeltool.exporters", typed) == "dicomseg"


@pytest.mark.parametrize(
    ("typed", "near"), [("ccoco", "coco"), ("YOLO-seg", "yolo"), ("PASCAL VOC 2012", "voc")]
)
def test_a_format_that_does_not_exist_is_answered_with_what_may_be_meant(
    typed: str, near: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["import", "p", "x"], ["export", "p", str(tmp_path)]):
        assert run([*words, "--format", typed]).exit_code == 2
        err = capsys.readouterr().err
        assert f"there is no format {typed!r}. Did you mean {near}" in err
        assert "GeoPackage" in err
        assert "usage" not in err


@pytest.mark.parametrize("command", ["import", "export"])
def test_help_says_that_each_format_has_options(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]).exit_code == 0
    assert f"labeltool {command} --format c" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("platform", "display", "seen"),
    [("offscreen", ":0", False), ("xcb", "", True), ("", ":0", True), ("", "", sys.platform != "linux")],
)
def test_a_window_is_seen_where_there_is_a_display_and_qt_uses_it(
    monkeypatch: pytest.MonkeyPatch, platform: str, display: str, seen: bool
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", platform)
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert has_display() is seen


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_no_display_is_said_rather_than_crashed_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert run([]).exit_code == 1
    assert "display" in capsys.readouterr().err
