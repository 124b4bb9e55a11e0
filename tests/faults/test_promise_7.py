"""Promise 7: opening with a newer or an older version never modifies a project without a verified backup."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.core.mask import LabelMask
from labeltool.store import backups, copying
from labeltool.store.database import NewerError
from labeltool.store.fsck import check
from labeltool.store.index import FORMAT, READABLE_BY
from labeltool.store.project import ProjectStore
from labeltool.store.repair import rebuild_index, repair
from tests.unit.store.conftest import CELL, mask_file, painted, root, store, stroke
from tests.unit.store.damage import sql

__all__ = ["painted", "root", "store"]  # fixtures

pytestmark = pytest.mark.usefixtures("quick_disk")

ADDED = ("page", "series", "place", "subject")


@pytest.fixture
def closed(store: ProjectStore, painted: LabelMask, root: Path) -> Path:
    store.close()
    return root


def state(root: Path) -> dict[str, bytes]:
    """Every byte of a project, but for the lock."""
    files = [path for path in root.rglob("*") if path.is_file() and path.name != "lock"]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def rows(path: Path) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as db:
        return [
            db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
            for table in ("project", "catalogs", "images")
        ]


def make_older(root: Path, version: int) -> None:
    """The index as an older version left it."""
    columns = [f"ALTER TABLE images DROP COLUMN {column}" for column in ADDED] if version == 1 else []
    sql(root / "project.db", *columns, f"UPDATE project SET value='{version}' WHERE key='format'")


def make_newer(root: Path, readable_by: int | None) -> None:
    """The project as a newer version may leave it, with things in it that this one does not know."""
    statements = [
        f"UPDATE project SET value='{FORMAT + 1}' WHERE key='format'",
        "ALTER TABLE images ADD COLUMN of_the_future TEXT NOT NULL DEFAULT 'x'",
        "CREATE TABLE more(a)",
    ]
    if readable_by is not None:
        statements.append(f"INSERT INTO project VALUES('{READABLE_BY}', '{readable_by}')")
    sql(root / "project.db", *statements)


@pytest.mark.parametrize("version", range(1, FORMAT))
def test_an_older_project_is_changed_only_once_a_copy_was_verified(closed: Path, version: int) -> None:
    make_older(closed, version)
    before, masks = rows(closed / "project.db"), mask_file(closed).read_bytes()
    with ProjectStore.open(closed) as opened:
        assert opened.image(CELL).revision == 3
        notices = opened.notices
    (copy,) = (closed / "backups").glob(f"project-format{version}-*.db")
    assert notices == [
        f"the list of images was brought from format {version} to {FORMAT}; the old one is kept as {copy}"
    ]
    assert rows(copy) == before
    assert mask_file(closed).read_bytes() == masks


DIFFERS = "the copy of the old list of images is not equal to it, so nothing was changed"
UNWRITTEN = r"project-format1-.*\.db: could not be read or written: "


@pytest.mark.parametrize(
    ("wrong", "words"), [("differs", DIFFERS), ("cannot be written", UNWRITTEN), ("is cut off", DIFFERS)]
)
def test_without_a_verified_copy_an_older_project_stays_as_it_is(
    closed: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, words: str
) -> None:
    make_older(closed, 1)
    if wrong == "differs":
        real = copying.index_content
        patched = lambda path: real(path) if path.name == "project.db" else None  # noqa: E731
        monkeypatch.setattr(copying, "index_content", patched)
    elif wrong == "cannot be written":
        (closed / "backups").rmdir()
        (closed / "backups").write_bytes(b"in the way")
    else:

        def cut_off(path: Path) -> None:
            path.write_bytes(path.read_bytes()[:4096])

        monkeypatch.setattr(copying, "sync_file", cut_off)
    before = state(closed)
    with pytest.raises(StoreError, match=words):
        ProjectStore.open(closed)
    assert state(closed) == before


def test_looking_at_an_older_project_changes_nothing(closed: Path) -> None:
    make_older(closed, 1)
    before = state(closed)
    with ProjectStore.open(closed, write=False) as opened:
        assert opened.load_mask(CELL).planes["label"].tiles
    check(closed)
    assert state(closed) == before


def test_a_newer_project_that_may_be_read_is_opened_for_looking_at_and_says_why(
    closed: Path, painted: LabelMask
) -> None:
    make_newer(closed, FORMAT)
    sql(mask_file(closed), "PRAGMA user_version=2", "INSERT INTO meta VALUES('readable_by', '1')")
    before = state(closed)
    with ProjectStore.open(closed) as opened:
        newer = (
            f"the project was written by a newer labeltool (format {FORMAT + 1}, this one writes {FORMAT})"
        )
        assert newer in opened.read_only_reason
        assert opened.load_mask(CELL).same_pixels(painted)
        with pytest.raises(StoreError, match="newer labeltool"):
            opened.commit(CELL, stroke(painted, 400), expected=3)
    for change in (repair, rebuild_index):
        with pytest.raises(NewerError):
            change(closed)
    check(closed)
    assert state(closed) == before


@pytest.mark.parametrize("readable_by", [None, FORMAT + 1])
def test_a_newer_project_that_cannot_be_read_is_refused_in_words(
    closed: Path, readable_by: int | None
) -> None:
    make_newer(closed, readable_by)
    before = state(closed)
    for write in (True, False):
        with pytest.raises(NewerError, match="newer labeltool") as refused:
            ProjectStore.open(closed, write=write)
        assert "cannot be read by this one" in str(refused.value)
        assert "Install the newer version to open it; nothing was changed" in str(refused.value)
    for change in (repair, rebuild_index, check):
        with suppress(LabeltoolError):
            change(closed)
    assert state(closed) == before


def test_a_newer_mask_file_in_a_project_of_ours_is_neither_written_nor_taken_for_damaged(
    closed: Path, painted: LabelMask
) -> None:
    sql(mask_file(closed), "PRAGMA user_version=2", "INSERT INTO meta VALUES('readable_by', '1')")
    before = mask_file(closed).read_bytes()
    with ProjectStore.open(closed) as opened:
        for call in (opened.load_mask, opened.history):
            with pytest.raises(NewerError, match="newer labeltool"):
                call(CELL)
        with pytest.raises(NewerError):
            opened.commit(CELL, stroke(painted, 400), expected=3)
    backups.keep(closed)
    assert all(not step.mended for step in repair(closed))
    with ProjectStore.open(closed, write=False) as viewed:
        assert viewed.load_mask(CELL).planes["label"].tiles
    assert mask_file(closed).read_bytes() == before
