"""A clock that jumps, and time zones: order goes by revision and number, and what is kept is UTC (row 17)."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from labeltool.__main__ import main
from labeltool.app.models.journal import note, promotions
from labeltool.app.people.deciding import decide, decided, state
from labeltool.core.atomic import TEMPORARY
from labeltool.core.project import Status
from labeltool.store import backups, layout
from labeltool.store.fsck import check
from labeltool.store.mask_file import MaskFile
from labeltool.store.project import ProjectStore
from labeltool.ui.people.words import ago
from tests.faults.sharing_scene import make_images, make_project, paint

REAL = datetime
JUMPS_H = (0, 0.5, -24, -23, 1, -24 * 365, 24 * 400, 0)
"""Where the clock is at each step, in hours from now."""


class Clock:
    """The clock of the whole program; hours from the real one."""

    hours = 0.0

    def __init__(self, patched: pytest.MonkeyPatch) -> None:
        clock = self

        class Shifted(REAL):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:
                return REAL.now(tz) + timedelta(hours=clock.hours)

        for name, module in list(sys.modules.items()):
            if name.startswith("labeltool.") and getattr(module, "datetime", None) is REAL:
                patched.setattr(module, "datetime", Shifted)
            if name.startswith("labeltool.") and getattr(module, "time", None) is time:
                patched.setattr(module, "time", _Time(self))


class _Time:
    """The module ``time`` with the wall clock elsewhere; what a clock set by hand does not touch stays."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)

    def time(self) -> float:
        return time.time() + 3600 * self._clock.hours


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


SLOW = [
    pytest.param(each, marks=pytest.mark.slow)
    for each in ("UTC", "Pacific/Kiritimati", "XXX3YYY,J1/0,J365/23")
]


@pytest.fixture(params=["America/St_Johns", *SLOW])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A time zone of the computer; the last one is on summer time nearly all year."""
    if not hasattr(time, "tzset"):
        pytest.skip("the system keeps its time zone elsewhere")
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project", make_images(tmp_path / "images", "a"))


@pytest.mark.usefixtures("zone")
def test_a_clock_that_jumps_changes_no_order(
    project: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    image = ""
    decisions = []
    for number, clock.hours in enumerate(JUMPS_H):
        with ProjectStore.open(project) as store:
            assert store.recovery is None
            image = store.images()[0].id
            paint(store, store.images()[0], 10 + 35 * (number + 1))
            status = Status.APPROVED if number % 2 else Status.DONE
            decide(store, image, status, expected=number + 2)
            decisions.append(status)
            store.add_event(image, "note", {"number": number})
        backups.keep(project)
    with ProjectStore.open(project) as store:
        journal = store.journal(image)
        assert [entry.revision for entry in journal] == list(range(1, len(JUMPS_H) + 2))
        assert all(datetime.fromisoformat(entry.at_utc).utcoffset() == timedelta(0) for entry in journal)
        assert [entry.at_utc for entry in journal] != sorted(entry.at_utc for entry in journal)
        history = store.history(image)
        assert [step.revision for step in history.undo] == list(range(1, len(JUMPS_H) + 2))
        assert [each.status for each in decided(store, image)] == decisions
        assert state(store, image).status is decisions[-1]
        notes = [event.data["number"] for event in store.events(image, {"note"})]
        assert notes == list(range(len(JUMPS_H)))
        last = store.patch(image, history.revision)
        store.commit(image, last.inverse(), kind="undo", target=history.revision, expected=history.revision)
        assert state(store, image).status is decisions[-2]
    copies = backups.of_image(project, image)
    assert [copy.revision for copy in copies] == sorted((copy.revision for copy in copies), reverse=True)
    assert copies[0].revision == len(JUMPS_H) + 1
    capsys.readouterr()
    assert main(["history", str(project), "a.png", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [entry["revision"] for entry in told["operations"]] == list(range(1, len(JUMPS_H) + 3))
    assert [each["status"] for each in told["decisions"]] == [str(status) for status in decisions]
    assert check(project) == []


@pytest.mark.parametrize(("hours", "goes"), [(-24 * 365, False), (0, False), (24 * 400, True)])
def test_a_clock_that_lies_about_what_is_half_written_costs_no_label(
    project: Path, clock: Clock, hours: float, goes: bool
) -> None:
    """Whether a run that is half written is at work or left over is told by the clock: one that lies keeps a folder too
    many, or lets go of what can be made again, and of nothing that is whole."""
    half, whole = project / "runs" / f".one{TEMPORARY}", project / "runs" / "two"
    for folder in (half, whole):
        folder.mkdir(parents=True)
        (folder / "run.json").write_text("{}")
    with ProjectStore.open(project) as store:
        paint(store, store.images()[0], 100)
        image, pixels = store.images()[0].id, store.root_hash(store.images()[0].id)
    clock.hours = hours
    with ProjectStore.open(project) as store:
        assert store.root_hash(image) == pixels
        paint(store, store.images()[0], 150)
    assert (half.exists(), whole.exists()) == (not goes, True)
    assert check(project) == []


@pytest.mark.slow
def test_the_models_in_use_follow_the_lines_of_their_journal(project: Path, clock: Clock) -> None:
    for number, clock.hours in enumerate(JUMPS_H):
        note(project, "promoted", f"m{number}", "")
    found = promotions(project)
    assert [each.model for each in found] == [f"m{number}" for number in range(len(JUMPS_H))]


def test_names_of_files_that_are_set_aside_are_never_used_twice(project: Path, clock: Clock) -> None:
    """A clock that is set back comes to the same moment again."""
    names = set()
    moment = REAL.now(UTC)

    class Standing(REAL):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return moment

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(layout, "datetime", Standing)
        for number in range(3):
            path = project / "odd.ltm"
            path.write_text(str(number))
            names.add(layout.quarantine(project, path).name)
    assert len(names) == 3


def test_a_lock_is_judged_by_no_clock(project: Path, clock: Clock) -> None:
    clock.hours = 24 * 365
    store = ProjectStore.open(project)
    assert store._holding.lock is not None
    left = (project / "lock").read_bytes()
    store._holding.lock.release(lost=True)  # as after a kill: the name stays
    (project / "lock").write_bytes(left)
    clock.hours = -24
    with ProjectStore.open(project) as again:
        assert again.recovery is not None
        assert again.recovery.revision >= 0


@pytest.mark.slow
def test_what_happened_in_the_future_is_told_without_nonsense() -> None:
    assert ago((REAL.now(UTC) + timedelta(days=3)).isoformat()) == "just now"


def test_times_in_mask_files_are_utc_whatever_the_zone(project: Path, zone: str) -> None:
    with ProjectStore.open(project) as store:
        paint(store, store.images()[0], 100)
        image = store.images()[0].id
        at = datetime.fromisoformat(MaskFile(layout.mask_path(project, image)).journal()[-1].at_utc)
    assert os.environ["TZ"] == zone
    assert at.utcoffset() == timedelta(0)
    assert abs((REAL.now(UTC) - at).total_seconds()) < 3600
