"""What gets into the log: our own words, in bounds, with every name of a file marked."""

from __future__ import annotations

import logging
from pathlib import Path

from labeltool.app.diagnosis import log, names


def written(folder: Path) -> str:
    return (folder / log.NAME).read_text(encoding="utf-8")


def test_words_of_libraries_stay_out_of_the_log(tmp_path: Path) -> None:
    with log.kept("test", lambda why: None, tmp_path):
        logging.getLogger("pydicom").error("Doe^John")
        logging.getLogger("labeltool.test").error("our own")
    assert "our own" in written(tmp_path) and "Doe" not in written(tmp_path)


def test_an_entry_is_cut_in_its_middle(tmp_path: Path) -> None:
    with log.kept("test", lambda why: None, tmp_path):
        logging.getLogger("labeltool.test").error("first %s last", "x" * 3 * log.LONGEST)
    text = written(tmp_path)
    assert "first" in text and " last" in text and len(text) < log.LONGEST + 1_000


def test_both_names_of_a_move_that_failed_are_marked() -> None:
    error = OSError(1, "no", "/photos/Jane Doe", None, "/backup/Jane Roe")
    told = names.told(error)
    assert names.marked("/photos/Jane Doe") in told and names.marked("/backup/Jane Roe") in told
    assert "Doe" not in names.stripped(told) and "Roe" not in names.stripped(told)


def test_a_name_cannot_end_its_own_mark() -> None:
    name = f"Jane{names.CLOSE} Doe{names.OPEN}.png"
    assert names.marked(name).count(names.CLOSE) == names.marked(name).count(names.OPEN) == 1
    assert "Doe" not in names.stripped(f"cannot read {names.marked(name)}")
