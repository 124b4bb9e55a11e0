"""One setting bounds what is kept in memory."""

from __future__ import annotations

import os
import subprocess
import sys

import cv2
import pytest

from labeltool.core import memory


def test_the_memory_limit_can_be_set_and_is_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(memory.MEMORY_VARIABLE, "400")
    assert memory.memory_limit() == 400 << 20
    assert memory.share("undo") == 80 << 20
    assert memory.share("mask layer") == 40 << 20
    monkeypatch.setenv(memory.MEMORY_VARIABLE, "much")
    assert 0 < memory.memory_limit() <= memory.MOST


def test_the_shares_are_a_whole() -> None:
    assert sum(memory._SHARES.values()) == pytest.approx(1)


def test_masks_and_undo_keep_to_the_setting() -> None:
    script = "from labeltool.app import session; from labeltool.core import cold; "
    script += "print(cold.COLD_BYTES, session.HOT_BYTES)"
    environment = {**os.environ, memory.MEMORY_VARIABLE: "100"}
    said = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert [int(word) for word in said.split()] == [10 << 20, 5 << 20]


def test_a_lack_of_memory_is_told_from_other_errors_whoever_says_it() -> None:
    lack = cv2.error("no room")
    lack.code = -4
    assert (
        memory.ran_out(lack)
        and memory.ran_out(MemoryError())
        and memory.ran_out(RuntimeError("can't start new thread"))
    )
    for other in (
        RuntimeError("can't start"),
        cv2.error("x"),
        ValueError(),
        OSError(28, "No space left on device"),
    ):
        assert not memory.ran_out(other)
