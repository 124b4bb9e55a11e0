"""A network share of two computers, each of which locks files for itself alone: who edits, who takes over, and what a
share does to the window that does not answer (rows 10, 13 to 15, 70). `make shares` does more of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.shares.rounds import findings, make, races, sleepers
from tests.faults.shares.scene import Ward, network, until
from tests.faults.shares.talk import State, Talk, editor, window

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def wards(tmp_path: Path) -> Iterator[tuple[Ward, Ward]]:
    """Two computers that have the share."""
    with network(tmp_path) as (one, other):
        one.mount()
        other.mount()
        yield one, other


def is_saved(seen: State) -> bool:
    return bool(seen["revision"]) and seen["status"] == f"saved r{seen['revision']}"


def open_at(person: Talk, root: Path) -> None:
    """Open a project, and draw once: all that is loaded late is there then."""
    person.ask("open", str(root))
    person.until(lambda seen: seen["image"])
    person.ask("draw", 60)
    person.until(is_saved)


def view_at(person: Talk, root: Path) -> list[str]:
    """Look at a project that somebody edits; what the dialog said."""
    person.ask("open", str(root))
    said = person.until(lambda seen: seen["dialogs"])["dialogs"][0]
    person.ask("click", "dialog.locked.view")
    person.until(lambda seen: seen["image"])
    return list(said)


def where_it_stands(person: Talk) -> str:
    return json.dumps(person.ask("stalls"))


def test_two_computers_that_open_in_the_same_moment_are_never_both_editing(wards: tuple[Ward, Ward]) -> None:
    one, other = wards
    toll = races(one, other, make(one, "project"), 20)
    assert toll.lost == []
    assert toll.times == 20


def test_a_computer_that_wakes_while_it_writes_harms_nothing_of_who_took_over(
    wards: tuple[Ward, Ward],
) -> None:
    toll = sleepers(*wards, 4, seed=1)
    assert toll.lost == []
    assert toll.times == 4


def test_another_computer_is_told_who_edits_and_sees_what_is_drawn(wards: tuple[Ward, Ward]) -> None:
    one, other = wards
    root = make(one, "project")
    with window(one) as here, window(other) as there:
        open_at(here, root)
        said = view_at(there, root)
        assert any("on ward-1 (process" in each for each in said)
        for y in (100, 140):
            here.ask("draw", y)
            drawn = here.until(is_saved)
            there.until(lambda seen, drawn=drawn: seen["revision"] == drawn["revision"])
            assert there.done("state")["pixels"] == drawn["pixels"]
        here.ask("leave")
        there.until(lambda seen: "Nobody edits" in seen["banner"])
        there.ask("act", "edit_now")
        there.until(lambda seen: seen["editable"])
        there.ask("draw", 180)
        there.until(is_saved)
    assert findings(one, root) == []


def test_who_was_killed_on_another_computer_is_taken_over_and_nothing_is_lost(
    wards: tuple[Ward, Ward],
) -> None:
    one, other = wards
    root = make(one, "project")
    with window(one) as here:
        open_at(here, root)
        drawn = here.done("state")
        here.kill()
    refused = other.labeltool("decide", root, "done", "a.png")
    assert refused.returncode == 1
    assert "on ward-1 since" in refused.stderr and "labeltool unlock" in refused.stderr
    taken = other.labeltool("unlock", root)
    assert taken.returncode == 0, taken.stderr
    assert "Taken over from" in taken.stdout
    with window(other) as there:
        there.ask("open", str(root))
        assert there.until(lambda seen: seen["image"])["pixels"] == drawn["pixels"]
        there.ask("draw", 180)
        there.until(is_saved)
    assert findings(one, root) == []


def test_who_was_cut_off_is_taken_over_in_the_window_and_keeps_what_it_drew_when_it_wakes(
    wards: tuple[Ward, Ward],
) -> None:
    one, other = wards
    root = make(one, "project")
    with window(one) as here:
        with window(other) as there:
            open_at(here, root)
            one.unplug()
            here.ask("draw", 100)
            there.ask("open", str(root))
            there.until(lambda seen: seen["dialogs"])
            there.ask("click", "dialog.locked.take_over")
            there.until(lambda seen: "No sign of life" in str(seen["dialogs"]), 90)
            there.ask("check", "dialog.take_over.sure")
            there.ask("click", "dialog.take_over.run")
            there.until(lambda seen: seen["editable"])
            there.ask("draw", 180)
            theirs = there.until(is_saved)
            one.plug()
            told = here.until(lambda seen: "was taken over by" in seen["banner"], 90)
            assert "on ward-2 (process" in told["banner"]
            there.ask("draw", 200)
            theirs = there.until(is_saved)
            there.ask("leave")
            assert there.hear(60) == {"left": 0}
        assert findings(one, root) == []
        here.ask("leave")
        here.until(lambda seen: seen["dialogs"])
        here.ask("click", "dialog.unsaved.leave")
        assert here.hear(60) == {"left": 0}
    with window(one) as again:
        again.ask("open", str(root))
        back = again.until(lambda seen: seen["image"])
        assert back["pixels"] == theirs["pixels"]
        assert "Yours is kept beside it" in back["banner"]
    assert findings(one, root) == []


def test_a_share_that_hangs_while_somebody_draws_stops_nobody_and_loses_nothing(
    wards: tuple[Ward, Ward],
) -> None:
    one, _ = wards
    root = make(one, "project")
    with window(one) as here:
        open_at(here, root)
        before = here.done("state")["revision"]
        one.unplug()
        for number in range(6):
            here.done("draw", 100 + 10 * number)
        late = here.until(lambda seen: "does not answer" in seen["status"])
        assert "kept in" in late["status"], where_it_stands(here)
        assert late["revision"] == before + 6
        one.plug()
        assert here.until(is_saved)["revision"] == before + 6
    assert findings(one, root) == []


def test_a_share_that_hangs_does_not_freeze_who_leaves(wards: tuple[Ward, Ward]) -> None:
    one, _ = wards
    root = make(one, "project")
    with window(one) as here:
        open_at(here, root)
        one.unplug()
        here.ask("leave")
        assert here.hear(60) == {"left": 0}, where_it_stands(here)
        one.plug()
    with editor(one) as later:
        until(lambda: "done" in later.ask("open", str(root)), "the project is free again")
    assert findings(one, root) == []


def test_a_share_that_hangs_is_told_of_when_it_is_opened_and_on_the_start_page(
    wards: tuple[Ward, Ward],
) -> None:
    one, _ = wards
    root = make(one, "project")
    with window(one) as here:
        here.done("recent", str(root))
        one.unmount()
        one.mount("cache=no")
        here.done("refresh")
        assert here.done("state")["recent"][0].endswith(str(root.parent))
        one.unplug()

        def is_noticed() -> bool:  # what the system knows by heart is asked for after a second
            here.done("refresh")
            return "does not answer" in here.done("state")["recent"][0]

        until(is_noticed, "the list says that the drive does not answer")
        here.ask("open", str(root))
        here.until(lambda seen: f"The drive does not answer: {root}." in str(seen["dialogs"]))
        one.plug()
        here.until(lambda seen: seen["image"] and not seen["dialogs"])  # it goes on by itself
        here.ask("draw", 60)
        here.until(is_saved)
    assert findings(one, root) == []


def test_a_share_that_hangs_freezes_no_dialog_and_is_heard_when_it_answers(wards: tuple[Ward, Ward]) -> None:
    one, _ = wards
    root = make(one, "project")
    one.unmount()
    one.mount("cache=no")
    with window(one) as here:
        open_at(here, root)
        one.unplug()
        for action, line in (("import", "dialog.import.source"), ("export", "dialog.export.folder")):
            here.ask("act", action)
            here.done("type", line, str(root.parent / "beside"))
            here.until(lambda seen: f"does not answer: {root.parent / 'beside'}." in str(seen["dialogs"]))
            here.ask("click", line.rpartition(".")[0] + ".close")
            here.until(lambda seen: not seen["dialogs"])
        here.ask("act", "removed_images")
        here.until(lambda seen: f"does not answer: {root}." in str(seen["dialogs"]))
        one.plug()
        here.until(lambda seen: "There is no removed image." in str(seen["dialogs"]))
        here.ask("click", "dialog.removed.close")
        here.ask("draw", 100)
        here.until(is_saved)
    assert findings(one, root) == []


def test_a_share_that_hangs_while_another_image_is_opened_is_waited_for(wards: tuple[Ward, Ward]) -> None:
    one, _ = wards
    root = make(one, "project")
    with window(one) as here:
        open_at(here, root)
        one.unplug()
        here.ask("act", "next_image")
        told = here.until(lambda seen: "does not answer" in seen["banner"])
        assert told["image"] == "a.png", where_it_stands(here)
        one.plug()
        here.until(lambda seen: seen["image"] == "b.png" and "does not answer" not in seen["banner"])
        here.ask("draw", 100)
        here.until(is_saved)
    assert findings(one, root) == []


def test_a_share_that_is_given_up_and_comes_back_loses_nothing(wards: tuple[Ward, Ward]) -> None:
    """With ServerAliveInterval sshfs gives up, and whatever is asked for fails, until it has the share again."""
    one, _ = wards
    root = make(one, "project")
    one.unmount()
    one.mount("ServerAliveInterval=1", "ServerAliveCountMax=2", "reconnect")
    with window(one) as here:
        open_at(here, root)
        before = here.done("state")["revision"]
        one.unplug()
        for number in range(6):
            here.done("draw", 100 + 10 * number)
        failed = here.until(lambda seen: seen["status"].startswith("not saved: "))
        assert failed["revision"] == before + 6
        one.plug()
        assert here.until(is_saved, 90)["revision"] == before + 6
    assert findings(one, root) == []
