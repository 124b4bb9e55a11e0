"""What people did to an image: kept in its mask file, in the order in which it happened."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from labeltool.core.errors import StoreError
from labeltool.core.mask import LabelMask
from labeltool.store.events import Entry
from labeltool.store.fsck import check
from labeltool.store.mask_file import MaskFile
from labeltool.store.project import ProjectStore
from tests.unit.store.conftest import CELL, OTHER, mask_file

pytestmark = pytest.mark.usefixtures("quick_disk")


def _sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def test_events_come_back_in_their_order_with_who_and_when(store: ProjectStore, root: Path) -> None:
    store.add_event(CELL, "comment", {"text": "Größe?", "x": 1.5})
    store.add_event(CELL, "worked", {"seconds": 3})
    store.add_event(CELL, "comment", {"text": "yes"})
    store.close()
    with ProjectStore.open(root) as again:
        found = again.events(CELL)
        assert [(e.number, e.kind, e.data) for e in found] == [
            (1, "comment", {"text": "Größe?", "x": 1.5}),
            (2, "worked", {"seconds": 3}),
            (3, "comment", {"text": "yes"}),
        ]
        assert {e.author for e in found} == {again.author}
        assert [e.at_utc for e in found] == sorted(e.at_utc for e in found)
        assert [e.number for e in again.events(CELL, {"worked"})] == [2]
        assert again.events(OTHER) == []


def test_an_event_changes_no_pixel_and_no_revision(store: ProjectStore, painted: LabelMask) -> None:
    before = store.root_hash(CELL), store.history(CELL)
    store.add_event(CELL, "worked", {"seconds": 3})
    assert (store.root_hash(CELL), store.history(CELL)) == before
    assert store.image(CELL).revision == 3


def test_an_image_that_nobody_has_labelled_may_have_events(store: ProjectStore, root: Path) -> None:
    store.add_event(OTHER, "comment", {"text": "out of focus"})
    assert store.image(OTHER).revision == 0
    assert not store.class_pixels(OTHER)
    store.close()
    assert check(root) == []


def test_a_file_of_an_older_version_has_no_events_and_gets_them(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    _sql(mask_file(root), "DROP TABLE events")
    assert store.events(CELL) == []
    assert store.load_mask(CELL).same_pixels(painted)
    store.add_event(CELL, "worked", {"seconds": 3})
    assert [e.number for e in store.events(CELL)] == [1]
    store.close()
    assert check(root) == []


def test_an_event_that_could_not_be_written_leaves_nothing(store: ProjectStore, root: Path) -> None:
    store.add_event(CELL, "worked", {"seconds": 3})
    with pytest.raises(TypeError):
        store.add_event(CELL, "worked", {"seconds": object()})
    assert [e.number for e in store.events(CELL)] == [1]


def test_the_same_said_twice_is_two_events(store: ProjectStore) -> None:
    for _ in range(50):  # many of them within one moment of the clock
        store.add_event(CELL, "worked", {"seconds": 3})
    assert len(store.events(CELL)) == 50


@pytest.mark.parametrize("committed", [True, False])
def test_an_event_that_is_repeated_because_nobody_knew_whether_it_was_written_is_there_once(
    store: ProjectStore, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    real = MaskFile.add_event
    store.add_event(CELL, "comment", {"text": "yes"})

    def unsure(self: MaskFile, entry: Entry, *, again: bool = False) -> None:
        if committed:
            real(self, entry, again=again)
        raise StoreError("the folder could not be flushed", file=self.path)

    with monkeypatch.context() as patched:
        patched.setattr(MaskFile, "add_event", unsure)
        for _ in range(2):
            with pytest.raises(StoreError):
                store.add_event(CELL, "comment", {"text": "yes"})
    store.add_event(CELL, "worked", {"seconds": 3})
    store.add_event(CELL, "comment", {"text": "yes"})
    assert [each.kind for each in store.events(CELL)].count("comment") == 2
    store.add_event(CELL, "comment", {"text": "yes"})
    assert [each.kind for each in store.events(CELL)].count("comment") == 3


def test_fsck_misses_the_last_event_when_it_is_gone(store: ProjectStore, root: Path) -> None:
    for seconds in range(3):
        store.add_event(CELL, "worked", {"seconds": seconds})
    store.close()
    _sql(mask_file(root), "DELETE FROM events WHERE number=3")
    assert any("gone after number 2" in finding.what for finding in check(root))


def test_fsck_misses_an_event_that_is_gone(store: ProjectStore, root: Path) -> None:
    for seconds in range(3):
        store.add_event(CELL, "worked", {"seconds": seconds})
    store.close()
    _sql(mask_file(root), "DELETE FROM events WHERE number=2")
    assert any("gone before number 3" in finding.what for finding in check(root))


def test_fsck_finds_an_event_that_cannot_be_read(store: ProjectStore, root: Path) -> None:
    store.add_event(CELL, "worked", {"seconds": 3})
    store.close()
    _sql(mask_file(root), "UPDATE events SET data='[1'")
    assert any("cannot be read" in finding.what for finding in check(root))
