import io
import json
import sys

import pytest

from labeltool.cli.output import Output


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_that_is_gone_before_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    err = Terminal()
    monkeypatch.setattr(sys, "stderr", err)
    out = Output()
    out.progress(1, 2, "reading a.png")
    assert "reading a.png" in err.getvalue()
    assert "50%" in err.getvalue()
    out.result({})
    assert err.getvalue().endswith("\r")


def test_nobody_gets_a_bar_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Output().progress(1, 2, "reading a.png")
    assert capsys.readouterr() == ("", "")


def test_progress_is_told_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output(jsonl=True)
    for number in range(1000):
        out.progress(number, 1000)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["done"] == 0
    assert len(lines) < 100


def test_what_is_no_number_is_never_written_as_json() -> None:
    with pytest.raises(ValueError, match="JSON"):
        Output(json=True).result({"miou": float("nan")})
