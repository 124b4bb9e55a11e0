"""Valid SQLite that says something else than was saved, or that was made to harm: named, and never a wrong mask."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fuzz.project_samples import CELL, MODEL, make, quick_disk

from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.store import fsck
from labeltool.store.predictions import reference_key
from labeltool.store.project import ProjectStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project in which somebody has worked; nobody waits for the disk."""
    make(tmp_path / "project")
    return tmp_path / "project"


def changed(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema=ON")
        for each in statements:
            db.execute(each)


def mask_file(root: Path) -> Path:
    return root / "masks" / CELL[:2] / f"{CELL}.ltm"


def viewed(root: Path) -> ProjectStore:
    return ProjectStore.open(root, write=False)


_LAST = "SELECT MAX(rowid) FROM tiles WHERE plane=0"


@pytest.mark.parametrize(
    "harm",
    [
        f"DELETE FROM tiles WHERE rowid=({_LAST})",
        f"""UPDATE tiles SET (data, sha256)=(SELECT data, sha256 FROM changes WHERE revision=1 AND plane=0 LIMIT 1)
            WHERE rowid=({_LAST})""",
        "UPDATE tiles SET row=7 WHERE plane=0 AND row=0 AND col=0",
        "UPDATE tiles SET plane=9 WHERE plane=0 AND row=0 AND col=0",
        "UPDATE tiles SET row='x' WHERE plane=0 AND row=0 AND col=0",
        "UPDATE tiles SET data='text' WHERE plane=0 AND row=0 AND col=0",
        "UPDATE tiles SET data=substr(data, 1, length(data) - 3) WHERE plane=0 AND length(data) > 20",
    ],
)
def test_a_tile_that_is_gone_or_lies_elsewhere_is_named_and_never_an_empty_one(root: Path, harm: str) -> None:
    changed(mask_file(root), harm)
    before = mask_file(root).read_bytes()
    with pytest.raises(StoreError, match=r"tile|damaged") as caught:
        viewed(root).load_mask(CELL)
    assert caught.value.file == str(mask_file(root))
    if "data=" not in harm:  # the root is over the hashes
        with pytest.raises(StoreError):
            viewed(root).root_hash(CELL)
    assert any(each.severity == "error" for each in fsck.check(root))
    assert mask_file(root).read_bytes() == before


def test_a_tile_that_is_gone_comes_back_from_the_journal(root: Path) -> None:
    from labeltool.store.mask_file import Damage, MaskFile

    whole = viewed(root).load_mask(CELL)
    changed(mask_file(root), f"DELETE FROM tiles WHERE rowid=({_LAST})")
    damaged: list[Damage] = []
    again = MaskFile.open(mask_file(root)).load(damaged)
    assert [each.restored for each in damaged] == [True]
    assert again.same_pixels(whole)


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM changes WHERE revision=2 AND plane=0",
        "DELETE FROM operations WHERE revision=5",
        "UPDATE operations SET kind='do' WHERE revision=4",
        "UPDATE changes SET sha256=zeroblob(32) WHERE revision=2 AND plane=0",
        "UPDATE meta SET value='4' WHERE key='revision'",
    ],
)
def test_undo_is_refused_where_the_journal_is_another_one(root: Path, harm: str) -> None:
    changed(mask_file(root), harm)
    for ask in (lambda s: s.history(CELL), lambda s: s.patch(CELL, 4), lambda s: s.mask_at(CELL, 4)):
        with pytest.raises(StoreError, match="journal"):
            ask(viewed(root))


def test_the_journal_is_looked_at_again_once_somebody_else_has_written(root: Path) -> None:
    store = viewed(root)
    store.history(CELL)
    changed(mask_file(root), "DELETE FROM changes WHERE revision=2 AND plane=0")
    with pytest.raises(StoreError, match="the journal was changed at r2"):
        store.history(CELL)


def test_what_this_program_writes_is_not_looked_at_from_the_beginning(root: Path) -> None:
    from labeltool.store import soundness

    with quick_disk(), ProjectStore.open(root) as store:
        store.history(CELL)
        store.add_event(CELL, "worked", {"seconds": 1.0})
        known = soundness.known(mask_file(root))
        assert known is not None
        assert known.revision == 5


@pytest.mark.parametrize("key", [MODEL, reference_key("Grace")])
@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM prediction_tiles WHERE plane=0 AND row=1",
        "UPDATE predictions SET number=number + 7",
        "UPDATE predictions SET complete=0",
    ],
)
def test_a_prediction_of_which_a_part_is_gone_is_named(root: Path, key: str, harm: str) -> None:
    changed(mask_file(root), harm)
    with pytest.raises(StoreError, match="is damaged") as caught:
        viewed(root).prediction(CELL, key)
    assert caught.value.file == str(mask_file(root))


def test_a_prediction_that_an_older_version_has_kept_is_read(root: Path) -> None:
    whole = viewed(root).prediction(CELL, MODEL)
    changed(mask_file(root), "DELETE FROM meta WHERE key LIKE 'prediction:%'")
    again = viewed(root).prediction(CELL, MODEL)
    assert again is not None and whole is not None
    assert (again.label.dense() == whole.label.dense()).all()


_ENDLESS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT "


@pytest.mark.parametrize("name", ["project.db", f"masks/{CELL[:2]}/{CELL}.ltm"])
@pytest.mark.parametrize(
    "harm",
    [
        f"CREATE VIEW {{table}} AS {_ENDLESS} n AS number, n AS id, n AS path, n AS plane, n AS row, n AS col FROM t",
        "CREATE TRIGGER quietly AFTER INSERT ON {kept} BEGIN DELETE FROM {kept}; END",
    ],
)
def test_a_view_that_never_ends_or_a_trigger_is_refused_by_name(root: Path, name: str, harm: str) -> None:
    table = "images" if name == "project.db" else "tiles"
    if "VIEW" in harm:
        changed(root / name, f"ALTER TABLE {table} RENAME TO kept")
    changed(root / name, harm.format(table=table, kept=table))
    with pytest.raises(StoreError, match="which we never write"):
        viewed(root).load_mask(CELL)


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE images SET id='../../../../etc/x' WHERE number=1",
        "UPDATE images SET width='wide' WHERE number=1",
        "UPDATE images SET height=-1 WHERE number=1",
        "UPDATE images SET revision=x'00' WHERE number=1",
        "UPDATE images SET split='none' WHERE number=1",
        "UPDATE catalogs SET data=NULL",
        "UPDATE catalogs SET data='[' || replace(hex(zeroblob(60000)), '00', '[')",
    ],
)
def test_an_index_that_holds_something_else_is_made_again_and_the_old_one_kept(root: Path, harm: str) -> None:
    changed(root / "project.db", "PRAGMA ignore_check_constraints=ON")
    try:
        changed(root / "project.db", harm)
    except sqlite3.IntegrityError:
        changed(root / "project.db", harm.replace("=NULL", "=x'00'"))
    damaged = (root / "project.db").read_bytes()
    with pytest.raises(LabeltoolError) as caught:
        viewed(root)
    assert caught.value.file == str(root / "project.db")
    with quick_disk(), ProjectStore.open(root) as store:
        assert CELL in {each.id for each in store.images()}
        assert any("made again" in notice for notice in store.notices)
    assert damaged in {each.read_bytes() for each in (root / "quarantine").iterdir()}
