"""kill -9 at every change of a file and at random moments: nothing that was acknowledged is lost, and nothing is half
there. `run.py` beside this does the same for as long as it is let."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.kills.deeds import Blow, Toll, deeds, refer, slay
from tests.faults.kills.run import built, killed, trainings
from tests.faults.kills.scene import Scene, plugged_in
from tests.faults.kills.victims import NoReaperError, Victims, reaper
from tests.faults.kills.window import Desk, massacre

DEEDS = {deed.kind: deed for deed in deeds()}
QUICK = ("new", "decide", "import png", "models remove", "migration", "export coco")
"""What is killed whenever tests run."""
EVERY_CHANGE = (
    "import png",
    "history --restore",
    "models add",
    "migration",
    "remove --back",
    "recover",
    "export coco",
)
MANY = 300
"""Of so many changes every third is enough: a minute a hundred."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return reaper(tmp_path_factory.mktemp("reaper"))
    except NoReaperError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = built(tmp_path_factory.mktemp("kills") / "scene")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in plugged_in(made).items():
            patch.setenv(name, value)
        yield made


@pytest.fixture(scope="module")
def run(library: Path, scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victims]:
    with Victims(tmp_path_factory.mktemp("victims"), library) as found:
        yield found


def test_a_kill_of_any_command_loses_nothing_and_the_command_can_be_given_again(
    scene: Scene, run: Victims
) -> None:
    toll = Toll()
    for number, kind in enumerate(QUICK):
        toll.add(killed(scene, DEEDS[kind], run, 1, number))
    assert toll.lost == []
    assert toll.kills == len(QUICK)


def test_a_kill_of_the_window_loses_nothing_that_was_acknowledged(run: Victims, tmp_path: Path) -> None:
    toll = Desk(tmp_path / "desk", run).kill(7, at=400)
    assert toll.lost == []
    assert toll.left["told saved"] > 0, "the painter must have got something done, or this shows nothing"


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", EVERY_CHANGE)
def test_a_kill_at_every_change_of_a_file_leaves_the_old_state_or_the_new_one(
    scene: Scene, run: Victims, kind: str
) -> None:
    reference = refer(scene, DEEDS[kind], run)
    toll = Toll()
    places = range(1, reference.changes + 1, 1 if reference.changes < MANY else 3)
    for at in places:
        toll.add(slay(scene, DEEDS[kind], reference, run, Blow(at, torn=bool(at % 2))))
    assert toll.lost == []
    assert toll.kills >= 0.95 * len(places), "of some commands another process makes the last changes"
    assert len(toll.left) > 1, "of some kills something is left, and of others nothing"


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", DEEDS)
def test_many_kills_of_a_command_lose_nothing(scene: Scene, run: Victims, kind: str) -> None:
    toll = killed(scene, DEEDS[kind], run, 8, 11)
    assert toll.lost == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_kills_of_the_window_lose_nothing(run: Victims, tmp_path: Path) -> None:
    toll = massacre(Desk(tmp_path / "desk", run), 60, 5)
    print(toll)
    assert toll.lost == []
    assert toll.left["told saved"] > 60


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_kills_of_a_training_change_no_bit_of_what_comes_of_it(
    scene: Scene, library: Path, tmp_path: Path
) -> None:
    for row in trainings(tmp_path, scene, {"train": 8, "train command": 3}, 3):
        assert row.toll.lost == [], row.kind
        assert row.toll.kills > 0
