from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from labeltool.core.errors import StoreError
from labeltool.core.mask import LabelMask
from labeltool.core.project import Status
from labeltool.store.fsck import check, rebuild_index
from labeltool.store.lock import ProjectLockedError
from labeltool.store.mask_file import Damage, MaskFile
from labeltool.store.project import ProjectStore

from .conftest import CELL, OTHER, mask_file, stroke
from .test_project import _sql, _window

pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture
def closed(store: ProjectStore, painted: LabelMask, root: Path) -> Path:
    """A closed project with three strokes on CELL, one on OTHER."""
    store.commit(OTHER, stroke(store.load_mask(OTHER), 10), expected=0, status=Status.APPROVED)
    store.save_prediction(CELL, "m", [_window(painted.size.box, 1)])
    store.close()
    return root


def what(root: Path) -> str:
    return "\n".join(map(str, check(root)))


def test_a_sound_project_has_no_findings(closed: Path) -> None:
    assert check(closed) == []


def test_checking_changes_no_byte(closed: Path) -> None:
    (closed / "masks" / "ab" / ".x.ltm.1234.partial").write_bytes(b"half")
    before = {p: p.read_bytes() for p in closed.rglob("*") if p.is_file()}
    assert "interrupted" in what(closed)
    assert {p: p.read_bytes() for p in closed.rglob("*") if p.is_file()} == before


def test_a_flipped_byte_in_a_tile_is_named_and_the_journal_restores_it(
    closed: Path, painted: LabelMask
) -> None:
    _flip_tile(mask_file(closed), "tiles")
    assert "label tile in row 0, column 0 is damaged" in what(closed)
    assert "(the journal still has it)" in what(closed)
    with ProjectStore.open(closed) as store:
        with pytest.raises(StoreError, match="label tile in row 0, column 0") as error:
            store.load_mask(CELL)
        assert error.value.file == str(mask_file(closed))
        assert store.load_mask(OTHER).planes["label"].tiles
    damaged: list[Damage] = []
    assert MaskFile.open(mask_file(closed)).load(damaged).same_pixels(painted)
    assert [each.restored for each in damaged] == [True]


def test_a_tile_damaged_in_the_journal_too_is_left_out_and_said(closed: Path) -> None:
    _flip_tile(mask_file(closed), "tiles")
    _sql(mask_file(closed), "UPDATE changes SET data=x'00' WHERE plane=0")
    damaged: list[Damage] = []
    mask = MaskFile.open(mask_file(closed)).load(damaged)
    assert [each.restored for each in damaged] == [False]
    assert not mask.planes["label"].tiles and mask.planes["origin"].tiles
    assert "cannot be undone" in what(closed)


@pytest.mark.parametrize(
    ("tampering", "finding"),
    [
        ("DELETE FROM operations WHERE revision=2", "gap between r1 and r3"),
        ("UPDATE operations SET kind='undo', target=2 WHERE revision=3", "changed at r3"),
        ("UPDATE operations SET kind='undo', target=1 WHERE revision=3", "changed at r3"),
        ("UPDATE meta SET value='2' WHERE key='revision'", "said to be r2, and the journal ends at r3"),
        ("DELETE FROM tiles WHERE plane=2", "origin tile in row 0, column 0 is not the one the journal"),
        ("DELETE FROM changes WHERE revision=3", "changed at r3"),
        ("UPDATE meta SET value='{\"1\": 7}' WHERE key='class_pixels'", "the pixels counted"),
        ("UPDATE meta SET value='[]' WHERE key='mask'", "damaged"),
        ("UPDATE meta SET value='{}' WHERE key='image'", "damaged"),
        ("UPDATE prediction_tiles SET sha256=x'00'", "prediction of m is damaged"),
        ("DROP TABLE changes", "lacks what we wrote"),
        ("PRAGMA user_version=2", "newer labeltool"),
        ("PRAGMA application_id=1", "not a mask file"),
    ],
)
def test_tampering_is_found(closed: Path, tampering: str, finding: str) -> None:
    _sql(mask_file(closed), tampering)
    errors = [f for f in check(closed) if f.severity == "error"]
    assert any(finding in f.what for f in errors), errors
    assert all(f.file == mask_file(closed) for f in errors)


@pytest.mark.parametrize("left", [0, 100, 4096, 20000])
def test_a_truncated_mask_file_is_named_and_never_an_empty_mask(closed: Path, left: int) -> None:
    path = mask_file(closed)
    path.write_bytes(path.read_bytes()[:left])
    assert any(f.severity == "error" and f.file == path for f in check(closed))
    with ProjectStore.open(closed) as store:
        for call in (store.load_mask, store.history, store.root_hash):
            with pytest.raises(StoreError, match=CELL):
                call(CELL)
        with pytest.raises(StoreError, match=CELL):
            store.commit(CELL, stroke(LabelMask(store.image(CELL).size), 400), expected=3)
        assert store.load_mask(OTHER).planes["label"].tiles
    assert path.stat().st_size == left


def test_a_mask_file_that_is_gone_is_an_error_and_never_an_empty_mask(closed: Path) -> None:
    mask_file(closed).unlink()
    assert "is gone (it was at r3)" in what(closed)
    with ProjectStore.open(closed) as store:
        with pytest.raises(StoreError, match="gone"):
            store.load_mask(CELL)
        with pytest.raises(StoreError, match="gone"):
            store.commit(CELL, stroke(LabelMask(store.image(CELL).size), 400), expected=0)
    assert not mask_file(closed).exists()


def test_a_missing_index_is_made_again_from_the_mask_files(closed: Path, painted: LabelMask) -> None:
    (closed / "project.db").unlink()
    assert "list of images is missing" in what(closed)
    with ProjectStore.open(closed) as store:
        assert "made again from 2 images" in store.notices[0]
        assert (store.name, [c.name for c in store.catalog.classes]) == (
            "demo",
            ["background", "cell", "nucleus"],
        )
        assert store.image(OTHER).status is Status.APPROVED
        assert store.image(CELL).revision == 3
        assert store.load_mask(CELL).same_pixels(painted)
    assert check(closed) == []


@pytest.mark.parametrize("damage", ["foreign", "truncated", "table", "status", "catalog"])
def test_a_damaged_index_goes_to_quarantine_and_is_made_again(closed: Path, damage: str) -> None:
    index = closed / "project.db"
    if damage == "foreign":
        index.write_bytes(b"<html>not found</html>" * 100)
    elif damage == "truncated":
        index.write_bytes(index.read_bytes()[:5000])
    else:
        statements = {
            "table": "DROP TABLE images",
            "status": "UPDATE images SET status='nonsense'",
            "catalog": "UPDATE catalogs SET data='[]'",
        }
        _sql(index, statements[damage])
    broken = index.read_bytes()
    (closed / "project.db-journal").write_bytes(b"a journal of something else")
    with ProjectStore.open(closed) as store:
        assert store.notices
        assert {image.id for image in store.images()} == {CELL, OTHER}
    kept = [p.read_bytes() for p in (closed / "quarantine").iterdir()]
    assert broken in kept
    assert check(closed) == []


def test_a_damaged_index_and_no_masks_is_an_error_that_keeps_the_file(closed: Path) -> None:
    shutil.rmtree(closed / "masks")
    (closed / "project.db").write_bytes(b"nothing" * 100)
    with pytest.raises(StoreError, match="neither the index nor any mask file"):
        ProjectStore.open(closed)
    assert (closed / "project.db").read_bytes() == b"nothing" * 100


def test_rebuilding_leaves_out_unreadable_files_and_says_so(closed: Path) -> None:
    mask_file(closed).write_bytes(b"")
    (closed / "project.db").unlink()
    notices = rebuild_index(closed)
    assert any(CELL in notice and "left out" in notice for notice in notices)
    with ProjectStore.open(closed) as store:
        assert [image.id for image in store.images()] == [OTHER]


def test_rebuilding_keeps_images_nobody_has_worked_on(closed: Path) -> None:
    mask_file(closed, OTHER).unlink()
    rebuild_index(closed)
    with ProjectStore.open(closed) as store:
        assert {image.id for image in store.images()} == {CELL, OTHER}


def test_an_open_project_is_not_rebuilt(store: ProjectStore, root: Path) -> None:
    with pytest.raises(ProjectLockedError):
        rebuild_index(root)


def test_a_mask_file_the_index_does_not_know_is_found(closed: Path) -> None:
    _sql(closed / "project.db", f"DELETE FROM images WHERE id='{CELL}'")
    assert "is not in the list of images" in what(closed)
    rebuild_index(closed)
    assert check(closed) == []


def test_a_mask_under_another_images_name_is_found(closed: Path) -> None:
    shutil.copy(mask_file(closed), mask_file(closed, OTHER))
    assert f"holds the mask of another image, {CELL}" in what(closed)


def test_an_index_that_lags_behind_is_a_notice_and_catches_up(closed: Path) -> None:
    _sql(closed / "project.db", f"UPDATE images SET revision=1 WHERE id='{CELL}'")
    (finding,) = check(closed)
    assert finding.severity == "notice" and "lags behind" in finding.what
    with ProjectStore.open(closed) as store:
        store.history(CELL)
    assert check(closed) == []


def test_an_interrupted_save_is_a_notice_and_the_file_stays_as_it_is(
    closed: Path, painted: LabelMask
) -> None:
    path = mask_file(closed)
    _interrupt(path)
    before = path.read_bytes()
    assert [f.severity for f in check(closed)] == ["notice"]
    assert path.read_bytes() == before
    with ProjectStore.open(closed, write=False) as viewer, pytest.raises(StoreError, match="interrupted"):
        viewer.load_mask(CELL)
    with ProjectStore.open(closed) as store:
        assert store.load_mask(CELL).same_pixels(painted)
    assert check(closed) == []


def test_a_journal_without_its_mask_file_stops_a_new_one(store: ProjectStore, root: Path) -> None:
    journal = mask_file(root).with_name(f"{CELL}.ltm-journal")
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"something")
    with pytest.raises(StoreError, match="ltm-journal"):
        store.commit(CELL, stroke(store.load_mask(CELL), 10), expected=0)
    assert not mask_file(root).exists()


def test_only_a_project_can_be_checked(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no project"):
        check(tmp_path)


def _flip_tile(path: Path, table: str) -> None:
    """Turn one bit in the middle of a stored label tile, as a failing disk does."""
    with sqlite3.connect(path) as db:
        (data,) = db.execute(f"SELECT data FROM {table} WHERE plane=0").fetchone()
    db.close()
    with sqlite3.connect(path) as db:
        rotten = bytearray(data)
        rotten[10] ^= 4
        db.execute(f"UPDATE {table} SET data=? WHERE plane=0", (bytes(rotten),))
    db.close()


def _interrupt(path: Path) -> None:
    """Leave a file as a kill in the middle of writing pages leaves it: changed, with a hot journal."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA cache_size=1")
    db.execute("PRAGMA cache_spill=1")
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE tiles SET data=zeroblob(60000)")
    db.execute("UPDATE changes SET data=zeroblob(60000)")
    journal = path.with_name(f"{path.name}-journal")
    half, rest = path.read_bytes(), journal.read_bytes()
    db.execute("ROLLBACK")
    db.close()
    assert half != path.read_bytes()
    path.write_bytes(half)
    journal.write_bytes(rest)
