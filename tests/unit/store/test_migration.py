"""A project of the first format: brought up to date with a copy kept, or only looked at."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import StoreError
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord, Status
from labeltool.store import copying
from labeltool.store.index import FORMAT
from labeltool.store.project import ProjectStore

A = ImageRecord("a" * 32, Path("/photos/a.png"), Size(30, 20), "png", "0" * 64, 100, "val")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A project as the first version left it."""
    root = tmp_path / "project"
    with ProjectStore.create(root, "old", ClassCatalog.from_names(["cell"])) as store:
        store.add_images([A])
    with sqlite3.connect(root / "project.db") as db:
        for column in ("page", "series", "place", "subject"):
            db.execute(f"ALTER TABLE images DROP COLUMN {column}")
        db.execute("UPDATE project SET value = '1' WHERE key = 'format'")
    return root


def version(path: Path) -> int:
    with sqlite3.connect(path) as db:
        return int(db.execute("SELECT value FROM project WHERE key = 'format'").fetchone()[0])


def test_an_old_project_is_brought_up_to_date_and_its_old_list_is_kept(old: Path) -> None:
    with ProjectStore.open(old) as store:
        assert store.images() == [A]
        assert any("format 1" in notice for notice in store.notices)
    (copy,) = (old / "backups").glob("*.db")
    assert version(copy) == 1
    assert version(old / "project.db") == FORMAT
    with ProjectStore.open(old) as store:
        assert store.notices == []


def test_a_project_of_the_second_format_is_kept_as_it_was_before_an_image_can_be_done(old: Path) -> None:
    with ProjectStore.open(old):
        pass
    with sqlite3.connect(old / "project.db") as db:
        db.execute("UPDATE project SET value = '2' WHERE key = 'format'")
    (first,) = (old / "backups").glob("*.db")
    first.unlink()
    with ProjectStore.open(old) as store:
        store.set_status(A.id, Status.DONE, expected=0)
    (copy,) = (old / "backups").glob("*.db")
    assert version(copy) == 2
    with sqlite3.connect(copy) as db:
        assert db.execute("SELECT status FROM images").fetchall() == [("new",)]
    assert version(old / "project.db") == FORMAT


def test_looking_at_an_old_project_changes_nothing(old: Path) -> None:
    before = (old / "project.db").read_bytes()
    with ProjectStore.open(old, write=False) as store:
        assert store.images() == [A]
    assert (old / "project.db").read_bytes() == before
    assert list((old / "backups").iterdir()) == []


def test_a_copy_that_differs_leaves_the_project_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = copying.index_content
    monkeypatch.setattr(
        copying, "index_content", lambda path: real(path) if path.name == "project.db" else None
    )
    with pytest.raises(StoreError, match="nothing was changed"):
        ProjectStore.open(old)
    assert version(old / "project.db") == 1
