"""The monkey for a few seconds, and for minutes; `python tests/e2e/monkey.py --minutes 30` plays longer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from labeltool.app.journal import Journal
from labeltool.core.mask import LabelMask
from labeltool.store.project import ProjectStore
from labeltool.ui.collecting import Collector
from labeltool.ui.main import application
from tests.e2e.monkey import Monkey
from tests.e2e.monkey_world import World
from tests.e2e.pause import until
from tests.e2e.soak import resident_mb

DIALOGS = {
    "dialog.class", "dialog.export", "dialog.failure", "dialog.import", "dialog.keys", "dialog.measures", "dialog.new",
    "dialog.people", "dialog.rank", "dialog.references", "dialog.region", "dialog.reject", "dialog.rounds",
    "dialog.splits", "palette",
}  # fmt: skip
"""What a long game sees whatever the seed."""
MOST_MB = 700


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"))
    collector = Collector(application())
    yield made
    collector.stop()
    made.close()


def test_a_monkey_at_the_window_breaks_nothing_and_loses_nothing(world: World) -> None:
    monkey = Monkey(world, 1)
    before = resident_mb()
    monkey.play(2, least=60)
    monkey.leave()
    assert monkey.faults == []
    assert monkey.did.total() >= 60
    assert monkey.ledger.operations
    assert resident_mb() - before < MOST_MB


def strokes(monkey: Monkey, number: int) -> int:
    """So many steps of undo on the image at hand, at least; the revision before them."""
    bench = monkey.window.bench
    assert bench is not None and bench.open is not None
    session = bench.open.session
    before = session.revision
    while session.revision < before + number:
        monkey.begin_to_paint()
    return before


def wait_until_saved(monkey: Monkey) -> None:
    """Until the window has said so of every stroke: what closing saves is acknowledged by nothing."""
    bench = monkey.window.bench
    assert bench is not None and bench.open is not None
    session = bench.open.session
    until(lambda: bench.save_state.saved >= session.revision, so_far=lambda: bench.save_state)


def test_the_monkey_notices_strokes_that_were_acknowledged_and_never_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkey = Monkey(world, 2)
    strokes(monkey, 1)
    monkeypatch.setattr(Journal, "commit_operation", lambda *_: None)
    strokes(monkey, 2)
    wait_until_saved(monkey)
    monkey.leave()
    said = " ".join(monkey.faults)
    assert "is lost" in said
    assert "was acknowledged" in said
    assert "was seen" in said


def test_the_monkey_notices_a_mask_that_is_not_what_was_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkey = Monkey(world, 4)
    strokes(monkey, 2)
    bench = monkey.window.bench
    assert bench is not None and bench.open is not None
    empty = LabelMask(bench.open.record.size)
    monkeypatch.setattr(ProjectStore, "load_mask", lambda *_, **__: empty)
    monkey.leave()
    assert any("is not what was seen" in fault for fault in monkey.faults)


def test_the_monkey_notices_an_error_in_a_slot(world: World) -> None:
    monkey = Monkey(world, 3)

    def broken() -> None:
        raise ZeroDivisionError("on purpose")

    monkey.window.actions_["fit"].triggered.connect(broken)
    monkey.window.actions_["fit"].trigger()
    monkey.leave()
    assert any("on purpose" in fault for fault in monkey.faults)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_minutes_of_monkey_see_every_dialog_and_break_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, large=True)
    collector = Collector(application())
    try:
        monkey = Monkey(world, 10)
        monkey.play(480)
        monkey.see_the_rest()
        monkey.play(30)
        monkey.leave()
    finally:
        collector.stop()
        world.close()
    assert monkey.faults == []
    assert set(monkey.dialogs) - set(monkey.acted) == set()
    assert set(monkey.seen) >= DIALOGS
    assert {f"workspace_{space}" for space in ("annotate", "review", "train")} <= set(monkey.acted)
    assert min(monkey.done[name] for name in ("export", "import", "new")) > 0
    assert monkey.closings > 5
    assert monkey.prelabelled > 20
    assert not [w for w in QApplication.topLevelWidgets() if w.isVisible()]
