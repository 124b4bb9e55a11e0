"""A file of JSON lines that only grows."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core import lines


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.jsonl"
    assert lines.read(path) == []
    for number in range(3):
        lines.append(path, {"number": number, "inner": {"a": [1, "ä\n"]}})
    assert [each["number"] for each in lines.read(path)] == [0, 1, 2]


def test_a_line_that_a_kill_cut_off_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    lines.append(path, {"a": 1})
    begun = path.read_bytes()
    lines.append(path, {"b": {"c": 2}, "d": 3})
    whole = path.read_bytes()
    for end in range(len(begun), len(whole)):
        path.write_bytes(whole[:end])
        lines.append(path, {"e": 4})
        found = lines.read(path)
        assert found[0] == {"a": 1} and found[-1] == {"e": 4}
        assert all(each is None for each in found[1:-1]) or end == len(whole) - 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=5))
def test_no_bytes_make_reading_fail(tmp_path_factory, rubbish: list[bytes]) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("lines") / "log.jsonl"
    path.write_bytes(b"\n".join(rubbish))
    lines.read(path)
    lines.append(path, {"a": 1})
    assert lines.read(path)[-1] == {"a": 1}
