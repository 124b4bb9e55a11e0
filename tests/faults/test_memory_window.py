"""The real window with little memory: it saves what it showed, and what it showed as saved is there (row 65)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults.kills.deeds import Toll
from tests.faults.kills.victims import NoReaperError, victims
from tests.faults.kills.window import Desk

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS as Linux has it")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_window_without_memory_saves_nothing_but_what_it_showed(tmp_path: Path) -> None:
    toll = Toll()
    try:
        with victims(tmp_path / "victims") as run:
            for number, spare_mb in enumerate((4, 16, 24, 26, 28, 32, 40, 60, 100)):
                toll.add(Desk(tmp_path / f"desk{number}", run).starve(number, spare_mb))
    except NoReaperError as error:
        pytest.skip(str(error))
    print(toll)
    assert toll.lost == []
    assert toll.left["told"] > 20 and toll.left["words of want"] > 0
