"""What a repair makes of damage: each kind of it, once with a backup at hand and once without."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from labeltool.core import atomic
from labeltool.core.errors import StoreError
from labeltool.core.geometry import TileIndex
from labeltool.core.mask import LabelMask
from labeltool.core.project import Status
from labeltool.store import backups, layout, remedy
from labeltool.store.database import DamagedError
from labeltool.store.fsck import check
from labeltool.store.mask_file import MaskFile
from labeltool.store.mending import EMPTIED
from labeltool.store.project import ProjectStore
from labeltool.store.repair import Step, repair

from .conftest import CELL, OTHER, mask_file, stroke
from .damage import flip, interrupt, sql, truncate
from .test_project import _window

pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture
def closed(store: ProjectStore, painted: LabelMask, root: Path) -> Path:
    """A closed project: three strokes on CELL, one on OTHER, and a backup of both."""
    store.commit(OTHER, stroke(store.load_mask(OTHER), 10), expected=0, status=Status.APPROVED)
    store.save_prediction(CELL, "m", [_window(painted.size.box, 1)])
    store.save_prediction(CELL, "reference:anna", [_window(painted.size.box, 2)])
    store.add_event(CELL, "comment", {"text": "look"})
    store.close()
    assert len(backups.keep(root).made) == 3
    return root


def without_backups(root: Path) -> None:
    shutil.rmtree(root / "backups")


def what(steps: list[Step]) -> str:
    return "\n".join(map(str, steps))


def loaded(root: Path, image_id: str = CELL) -> LabelMask:
    with ProjectStore.open(root) as store:
        return store.load_mask(image_id)


def quarantined(root: Path) -> list[Path]:
    return sorted((root / "quarantine").iterdir())


def clean(root: Path) -> bool:
    """True where a second look finds nothing and a second repair does nothing."""
    return check(root) == [] and repair(root) == []


def test_a_sound_project_is_left_alone(closed: Path) -> None:
    before = {p: p.read_bytes() for p in closed.rglob("*") if p.is_file() and p.name != "lock"}
    assert repair(closed) == []
    assert {p: p.read_bytes() for p in closed.rglob("*") if p.is_file() and p.name != "lock"} == before


def test_a_tile_that_the_journal_has_is_restored(closed: Path, painted: LabelMask) -> None:
    without_backups(closed)
    flip(mask_file(closed), "tiles")
    damaged = mask_file(closed).read_bytes()
    (step,) = repair(closed)
    assert "1 tile was restored, each proven by its hash; the damaged file is kept as" in step.done
    assert loaded(closed).same_pixels(painted)
    assert [each.read_bytes() for each in quarantined(closed)] == [damaged]
    assert clean(closed)


@pytest.mark.parametrize("table", ["both", "changes"])
def test_a_tile_that_only_a_backup_has_is_restored(closed: Path, painted: LabelMask, table: str) -> None:
    with ProjectStore.open(closed) as store:  # a stroke that is newer than the backup, and stays
        store.commit(CELL, stroke(painted, 330), expected=3)
    flip(mask_file(closed), "changes", "plane=0 AND row=0 AND col=0 AND revision=3")
    if table == "both":
        flip(mask_file(closed), "tiles", "plane=0 AND row=0 AND col=0")
    (step,) = repair(closed)
    assert ("1 tile was restored" in step.done) == (table == "both")
    assert "1 tile of the journal was restored" in step.done
    with ProjectStore.open(closed) as store:
        assert store.load_mask(CELL).same_pixels(painted)
        assert [store.patch(CELL, r).title for r in (1, 2, 3, 4)] == ["brush stroke"] * 4
    assert clean(closed)


def test_a_tile_that_nothing_brings_back_is_named_and_emptied_only_by_consent(closed: Path) -> None:
    without_backups(closed)
    flip(mask_file(closed), "tiles")
    sql(mask_file(closed), "UPDATE changes SET data=x'00' WHERE plane=0 AND row=0 AND col=0")
    before = mask_file(closed).read_bytes()
    (step,) = repair(closed)
    assert not step.mended and "row 0, column 0" in step.done and "--accept-loss" in step.done
    assert mask_file(closed).read_bytes() == before
    step, _ = repair(closed, accept_loss=True)
    assert step.mended and "emptied as r4" in step.done
    with ProjectStore.open(closed) as store:
        mask = store.load_mask(CELL)
        assert not any(
            plane.tile(index).any() for plane in mask.planes.values() for index in [TileIndex(0, 0)]
        )
        assert store.history(CELL).undo[-1].title == EMPTIED
        with pytest.raises(
            DamagedError, match="lost"
        ):  # undo must not bring back an empty tile as if it were known
            store.patch(CELL, 4)
        assert store.image(CELL).status is not Status.APPROVED
    assert clean(closed)


@pytest.mark.parametrize("left", [0, 100, 4096, 20000])
def test_a_truncated_mask_file_comes_back_from_the_newest_backup(
    closed: Path, painted: LabelMask, left: int
) -> None:
    then = painted.snapshot()
    with ProjectStore.open(closed) as store:
        store.commit(CELL, stroke(painted, 330), expected=3)
    truncate(mask_file(closed), left)
    step, behind = repair(closed)
    assert "the list of images did not say the same" in behind.what
    assert "r3 of " in step.done and "1 step that came after it is lost" in step.done
    assert loaded(closed).same_pixels(then)
    assert [each.stat().st_size for each in quarantined(closed)] == [left]
    with ProjectStore.open(closed) as store:
        assert [each.kind for each in store.events(CELL)] == ["comment", "restored"]
        assert store.references(CELL) == ["anna"]
    assert clean(closed)


def test_a_truncated_mask_file_without_a_backup_stays_as_it_is(closed: Path) -> None:
    without_backups(closed)
    truncate(mask_file(closed), 5000)
    (step,) = repair(closed)
    assert not step.mended and "no backup" in step.done
    assert mask_file(closed).stat().st_size == 5000
    with ProjectStore.open(closed) as store, pytest.raises(StoreError, match=CELL):
        store.load_mask(CELL)


def test_a_backup_that_is_damaged_is_passed_over_for_an_older_one(closed: Path, painted: LabelMask) -> None:
    then = painted.snapshot()
    with ProjectStore.open(closed) as store:
        store.commit(CELL, stroke(painted, 330), expected=3)
    (newer,) = [each for each in backups.keep(closed).made if each.of == CELL]
    truncate(newer.path, 9000)
    mask_file(closed).unlink()
    done = what(repair(closed))
    assert "is gone (it was at r4)" in done and "r3 of " in done and "this backup is damaged" in done
    assert loaded(closed).same_pixels(then)
    assert clean(closed)


def test_a_mask_file_that_is_gone_comes_back(closed: Path, painted: LabelMask) -> None:
    mask_file(closed).unlink()
    assert "it is the newest state" in what(repair(closed))
    assert loaded(closed).same_pixels(painted)
    assert clean(closed)


def test_index_and_masks_gone_come_back_from_their_backups(closed: Path, painted: LabelMask) -> None:
    (closed / "project.db").unlink()
    shutil.rmtree(closed / "masks")
    repair(closed)
    assert loaded(closed).same_pixels(painted)
    with ProjectStore.open(closed) as store:
        assert [image.id for image in store.images()] == [CELL, OTHER]
        assert store.image(OTHER).status is Status.APPROVED
    assert clean(closed)


@pytest.mark.parametrize("damage", ["missing", "foreign", "truncated", "table"])
def test_a_damaged_index_is_made_again(closed: Path, damage: str) -> None:
    index = closed / "project.db"
    if damage == "missing":
        index.unlink()
    elif damage == "foreign":
        index.write_bytes(b"<html>not found</html>" * 100)
    elif damage == "truncated":
        truncate(index, 5000)
    else:
        sql(index, "DROP TABLE images")
    (step,) = repair(closed)
    assert step.file == index and "the list of images was made again from 2 images" in step.done
    assert clean(closed)


def test_images_nobody_has_worked_on_come_back_with_the_index(
    store: ProjectStore, root: Path, painted: LabelMask
) -> None:
    store.close()
    backups.keep(root)
    (root / "project.db").write_bytes(b"nothing" * 1000)
    assert "of the backup of" in what(repair(root))
    with ProjectStore.open(root) as again:
        assert [image.id for image in again.images()] == [CELL, OTHER]


def test_an_interrupted_save_is_taken_back(closed: Path, painted: LabelMask) -> None:
    interrupt(mask_file(closed))
    (step,) = repair(closed)
    assert "the last saved state is back" in step.done
    assert loaded(closed).same_pixels(painted)
    assert clean(closed)


def foreign_journal(root: Path) -> Path:
    """A journal of another image's file beside this one's, as a copy gone wrong leaves it."""
    interrupt(mask_file(root, OTHER))
    journal = mask_file(root, OTHER).with_name(f"{OTHER}.ltm-journal")
    goal = mask_file(root).with_name(f"{CELL}.ltm-journal")
    rest = journal.read_bytes()
    with ProjectStore.open(root) as store:
        store.load_mask(OTHER)  # its own is applied
    goal.write_bytes(rest)
    return goal


def test_a_journal_of_another_file_is_refused_and_both_are_kept(closed: Path) -> None:
    journal = foreign_journal(closed)
    before = mask_file(closed).read_bytes(), journal.read_bytes()
    assert "does not belong to it" in "\n".join(map(str, check(closed)))
    with ProjectStore.open(closed) as store:
        with pytest.raises(
            StoreError, match="journal that is not its own: applied, it would leave this: "
        ) as told:
            store.load_mask(CELL)
        assert "sets aside what does not belong here" in str(told.value)
        with pytest.raises(StoreError, match="not its own"):
            store.commit(CELL, stroke(LabelMask(store.image(CELL).size), 400), expected=3)
        assert store.load_mask(OTHER).planes["label"].tiles
    assert (mask_file(closed).read_bytes(), journal.read_bytes()) == before


def test_a_journal_of_another_file_is_set_aside(closed: Path, painted: LabelMask) -> None:
    journal = foreign_journal(closed)
    rest = journal.read_bytes()
    (step,) = repair(closed)
    assert "the file is whole without it" in step.done
    assert [each.read_bytes() for each in quarantined(closed)] == [rest]
    assert loaded(closed).same_pixels(painted)
    assert clean(closed)


def test_a_file_whose_journal_is_missing_comes_back_from_a_backup(closed: Path, painted: LabelMask) -> None:
    interrupt(mask_file(closed))
    mask_file(closed).with_name(f"{CELL}.ltm-journal").unlink()
    assert any(f.severity == "error" for f in check(closed))
    assert repair(closed)[0].mended
    assert loaded(closed).same_pixels(painted)
    assert clean(closed)


def test_a_journal_without_a_mask_file_is_set_aside(closed: Path) -> None:
    journal = mask_file(closed).parent / f"{'ef' * 16}.ltm-journal"
    journal.write_bytes(b"something")
    assert "the mask file of this journal is gone" in what(repair(closed))
    assert not journal.exists()
    assert clean(closed)


def test_what_an_interrupted_save_left_is_set_aside(closed: Path) -> None:
    left = closed / "masks" / "ab" / ".x.ltm.1234.partial"
    left.write_bytes(b"half")
    repair(closed)
    assert [each.read_bytes() for each in quarantined(closed)] == [b"half"]
    assert clean(closed)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE meta SET value='2' WHERE key='revision'",
        "DELETE FROM tiles WHERE plane=2",
        "UPDATE meta SET value='{\"1\": 7}' WHERE key='class_pixels'",
        "UPDATE prediction_tiles SET sha256=x'00'",
        "UPDATE operations SET details='{' WHERE revision=2",
        "UPDATE operations SET chain=x'00' WHERE revision=2",
        "UPDATE events SET data='[' WHERE number=1",
        "DELETE FROM events WHERE number=1",
        "DROP INDEX changes_by_revision",
        "UPDATE meta SET value='{' WHERE key='image'",
        "UPDATE meta SET value='{}' WHERE key='catalog'",
    ],
)
@pytest.mark.parametrize("backed_up", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_what_hashes_prove_is_mended_and_no_step_is_lost(
    closed: Path, painted: LabelMask, tampering: str, backed_up: bool
) -> None:
    with ProjectStore.open(closed) as store:
        store.commit(CELL, stroke(painted, 330), expected=3)
        store.add_event(CELL, "comment", {"text": "later"})
    if not backed_up:
        without_backups(closed)
    sql(mask_file(closed), tampering)
    assert all(step.mended for step in repair(closed))
    with ProjectStore.open(closed) as store:
        assert store.history(CELL).revision == 4
        assert store.load_mask(CELL).same_pixels(painted)
    assert clean(closed)


LAST_EVENT = "SELECT MAX(number) FROM events"


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE events SET data='['",
        "UPDATE events SET kind=x'ff' WHERE number=2",
        "UPDATE events SET number=4611686018427387904 WHERE number=2",
        "UPDATE events SET number=-3 WHERE number=2",
        f"DELETE FROM events WHERE number=({LAST_EVENT})",
        "DELETE FROM events",
        "UPDATE sqlite_sequence SET seq=4611686018427387904 WHERE name='events'",
    ],
)
@pytest.mark.parametrize("backed_up", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_one_repair_of_an_image_mends_its_pixels_and_what_people_did(
    closed: Path, painted: LabelMask, harm: str, backed_up: bool
) -> None:
    """As the window does it, with what it writes down right afterwards; nothing is left for a second repair."""
    with ProjectStore.open(closed) as store:
        for text in ("two", "three"):
            store.add_event(CELL, "comment", {"text": text})
        store.commit(CELL, stroke(painted, 330), expected=3)
    if backed_up:
        backups.keep(closed)
    else:
        without_backups(closed)
    flip(mask_file(closed), "tiles")
    sql(mask_file(closed), harm)
    with ProjectStore.open(closed) as store:
        (offer, *_) = store.offers(CELL)
        assert offer.how == "mend"
        step = store.repair(CELL, offer)
        assert step is not None and step.mended
        assert store.load_mask(CELL).same_pixels(painted)
        assert len(store.events(CELL)) == 3
        if backed_up and "number=" not in harm:
            assert [each.data["text"] for each in store.events(CELL)] == ["look", "two", "three"]
        store.add_event(CELL, "worked", {"seconds": 1})
        assert [each.number for each in store.events(CELL)] == [1, 2, 3, 4]
    assert clean(closed)


@pytest.mark.parametrize("harm", ["cut off", "gone"])
def test_labels_that_nothing_brings_back_begin_afresh_and_the_damaged_file_is_kept(
    closed: Path, harm: str
) -> None:
    without_backups(closed)
    truncate(mask_file(closed), 5000)
    damaged = mask_file(closed).read_bytes()
    if harm == "gone":
        mask_file(closed).unlink()
    with ProjectStore.open(closed) as store:
        assert store.offers(CELL) == []
        step = store.begin_afresh(CELL)
        assert step is not None and step.mended
        assert "the 3 steps that led to r3, comments, decisions and layers are lost" in step.done
        assert not store.load_mask(CELL).planes["label"].tiles
        assert (store.image(CELL).status, store.image(CELL).revision) == (Status.NEW, 0)
        assert [(each.kind, each.data) for each in store.events(CELL)] == [("begun_afresh", {"lost": 3})]
        mask = store.load_mask(CELL)
        assert store.commit(CELL, stroke(mask, 10), expected=0) == 1
    assert ([each.read_bytes() for each in quarantined(closed)] == [damaged]) == (harm == "cut off")
    assert loaded(closed).same_pixels(mask)
    assert clean(closed)


def test_labels_that_can_be_restored_do_not_begin_afresh(closed: Path, painted: LabelMask) -> None:
    truncate(mask_file(closed), 5000)
    with ProjectStore.open(closed) as store:
        with pytest.raises(StoreError, match=r"the labels of cell\.png can be restored"):
            store.begin_afresh(CELL)
        assert mask_file(closed).stat().st_size == 5000
        store.repair(CELL, store.offers(CELL)[0])
        assert store.load_mask(CELL).same_pixels(painted)
        with pytest.raises(StoreError, match="do not begin afresh"):  # nothing is wrong any more
            store.begin_afresh(CELL)
    assert loaded(closed).same_pixels(painted)


def test_a_repair_that_accepts_losses_begins_afresh_what_cannot_be_read(closed: Path) -> None:
    without_backups(closed)
    truncate(mask_file(closed), 5000)
    (finding, *_) = check(closed)
    assert "--accept-loss` would let its labels begin afresh, without the 3 steps" in finding.hint
    (step, listed) = repair(closed, accept_loss=True)
    assert step.mended and "its labels begin afresh" in step.done
    assert "it says r0 now" in listed.done
    assert clean(closed)
    assert loaded(closed, OTHER).planes["label"].tiles


def test_an_older_backup_never_takes_the_place_of_what_a_newer_version_wrote(closed: Path) -> None:
    sql(mask_file(closed), "PRAGMA user_version=2")
    before = mask_file(closed).read_bytes()
    with ProjectStore.open(closed) as store:
        assert store.offers(CELL) == []
        step = store.begin_afresh(CELL)
    assert step is not None and not step.mended
    assert mask_file(closed).read_bytes() == before


def test_a_hash_of_the_journal_that_was_damaged_itself_is_made_again(
    closed: Path, painted: LabelMask
) -> None:
    without_backups(closed)
    flip(mask_file(closed), "changes", "plane=0 AND revision=2", "sha256")
    assert "made again from the pixels" in what(repair(closed))
    assert loaded(closed).same_pixels(painted)
    assert clean(closed)


def test_a_reference_that_was_damaged_comes_from_a_backup(closed: Path) -> None:
    where = "number=(SELECT number FROM predictions WHERE model_key='reference:anna')"
    sql(mask_file(closed), f"UPDATE prediction_tiles SET data=x'0000' WHERE {where}")
    assert "the reference anna was restored from a backup" in what(repair(closed))
    with ProjectStore.open(closed) as store:
        assert store.prediction(CELL, "reference:anna") is not None
    assert clean(closed)


def ruin_pages(path: Path, *names: str) -> None:
    """What lies on the pages of tables and indices is something else: nothing of them can be read."""
    with sqlite3.connect(path) as db:
        (size,) = db.execute("PRAGMA page_size").fetchone()
        roots = [
            db.execute("SELECT rootpage FROM sqlite_master WHERE name=?", (name,)).fetchone()[0]
            for name in names
        ]
    data = bytearray(path.read_bytes())
    for root in roots:
        data[(root - 1) * size : root * size] = b"\xee" * size
    path.write_bytes(data)


OF_PREDICTIONS = ("predictions", "sqlite_autoindex_predictions_1")


@pytest.mark.parametrize("ruined", [OF_PREDICTIONS, ("prediction_tiles",), ("events",)])
def test_pages_without_pixels_that_cannot_be_read_cost_no_step_that_a_backup_has_not(
    closed: Path, painted: LabelMask, ruined: tuple[str, ...]
) -> None:
    with ProjectStore.open(closed) as store:
        store.commit(CELL, stroke(painted, 330), expected=3)
        store.add_event(CELL, "comment", {"text": "later"})
    ruin_pages(mask_file(closed), *ruined)
    said = what(repair(closed))
    with ProjectStore.open(closed) as store:
        assert store.load_mask(CELL).same_pixels(painted)
        assert store.history(CELL).revision == 4
        assert store.prediction(CELL, "reference:anna") is not None
        kinds = [each.kind for each in store.events(CELL)]
        assert kinds == (["comment", "lost"] if ruined == ("events",) else ["comment", "comment"])
    gone = {"events": "event 2 of what people did could not be read, and was left out"}
    assert gone.get(ruined[0], "prediction of m could not be read, and was left out: pre-label") in said
    assert clean(closed)


def test_a_prediction_that_is_gone_is_named(closed: Path) -> None:
    sql(mask_file(closed), "DELETE FROM predictions WHERE model_key='m'")
    assert [each.what for each in check(closed)] == ["the prediction of m is gone"]
    assert "the prediction of m could not be read, and was left out" in what(repair(closed))
    assert clean(closed)


def test_a_reference_whose_digest_is_gone_is_not_believed_and_comes_from_a_backup(closed: Path) -> None:
    sql(mask_file(closed), "DELETE FROM meta WHERE key='prediction:reference:anna'")
    with ProjectStore.open(closed) as store, pytest.raises(StoreError, match="not what was kept"):
        store.prediction(CELL, "reference:anna")
    assert "the reference anna was restored from a backup" in what(repair(closed))
    with ProjectStore.open(closed) as store:
        assert store.prediction(CELL, "reference:anna") is not None
    assert clean(closed)


def test_answers_of_an_older_version_get_a_digest_with_the_next(closed: Path, painted: LabelMask) -> None:
    sql(mask_file(closed), "DELETE FROM meta WHERE key LIKE 'prediction:%'")
    with ProjectStore.open(closed) as store:
        assert store.prediction(CELL, "m") is not None
        store.save_prediction(CELL, "n", [_window(painted.size.box, 1)])
        assert store.prediction(CELL, "m") is not None
    sql(mask_file(closed), "DELETE FROM meta WHERE key='prediction:m'")
    with ProjectStore.open(closed) as store, pytest.raises(StoreError, match="not what was kept"):
        store.prediction(CELL, "m")


def test_a_mask_under_another_images_name_goes_where_it_belongs(closed: Path, painted: LabelMask) -> None:
    without_backups(closed)
    goal = mask_file(closed, OTHER)
    goal.unlink()
    mask_file(closed).replace(goal)
    repair(closed)
    assert loaded(closed).same_pixels(painted)
    assert "is gone" in "\n".join(map(str, check(closed)))  # OTHER's, of which there is no backup


def test_a_mask_file_that_no_image_knows_and_nobody_can_read_is_set_aside(closed: Path) -> None:
    stray = mask_file(closed).with_name(f"{'ef' * 16}.ltm")
    stray.write_bytes(b"not a database at all" * 300)
    assert "set aside" in what(repair(closed))
    assert not stray.exists()
    assert clean(closed)


def test_a_mask_the_index_does_not_know_is_listed(closed: Path) -> None:
    sql(closed / "project.db", f"DELETE FROM images WHERE id='{CELL}'")
    assert "was not in the list" in what(repair(closed))
    assert clean(closed)


def test_a_file_of_a_newer_version_is_no_damage(closed: Path) -> None:
    sql(mask_file(closed), "PRAGMA user_version=2")
    before = mask_file(closed).read_bytes()
    (step,) = repair(closed)
    assert not step.mended and "newer labeltool" in step.what
    assert mask_file(closed).read_bytes() == before


def test_what_a_repair_would_do_is_said_before_and_changes_nothing(closed: Path) -> None:
    truncate(mask_file(closed), 5000)
    before = {p: p.read_bytes() for p in closed.rglob("*") if p.is_file()}
    (finding, *_) = check(closed)
    assert "`labeltool fsck --repair`: r3 of " in finding.hint
    assert {p: p.read_bytes() for p in closed.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("harm", ["tile", "cut off", "event", "journal", "details"])
def test_what_would_be_done_is_foretold_and_then_told_of_the_image(closed: Path, harm: str) -> None:
    if harm == "tile":
        flip(mask_file(closed), "tiles")
    elif harm == "cut off":
        truncate(mask_file(closed), 5000)
    elif harm == "journal":
        foreign_journal(closed)
    else:
        table = "events" if harm == "event" else "operations"
        column = "data" if harm == "event" else "details"
        sql(mask_file(closed), f"UPDATE {table} SET {column}='[' WHERE rowid=1")
    finding, *_ = check(closed)
    assert str(finding).startswith(f"error: cell.png ({mask_file(closed)}): ")
    assert " would " in finding.hint
    assert not re.search(r"\b(was|were|came)\b (restored|back|left|written)", finding.hint)
    step, *_ = repair(closed)
    assert str(step).startswith(f"repaired: cell.png ({mask_file(closed)}): ")
    assert " would " not in step.done
    assert clean(closed)


@pytest.mark.slow
def test_a_repair_that_fails_anywhere_is_done_again(
    closed: Path, painted: LabelMask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails at each of the moments at which a file is moved or synced; the next repair finishes the work."""
    truncate(mask_file(closed), 5000)
    damaged = mask_file(closed).read_bytes()
    state = {p: p.read_bytes() for p in closed.rglob("*") if p.is_file()}
    for failing in range(1, 30):
        _put_back(closed, state)
        disk = FailingDisk(failing)
        with monkeypatch.context() as patched:
            for module in (atomic, layout, remedy):
                for name in ("sync_file", "sync_folder", "move"):
                    if hasattr(module, name):
                        patched.setattr(module, name, partial(disk.call, getattr(atomic, name)))
            with suppress(StoreError):
                repair(closed)
        if disk.left > 0:
            break
        content = mask_file(closed).read_bytes()
        assert content == damaged or MaskFile.open(mask_file(closed)).load().same_pixels(painted)
        repair(closed)
        assert loaded(closed).same_pixels(painted)
        assert damaged in [each.read_bytes() for each in quarantined(closed)]
        assert clean(closed)
    assert failing > 5


class FailingDisk:
    """Fails once, at the n-th call from now on."""

    def __init__(self, left: int) -> None:
        self.left = left

    def call(self, real: Callable[..., object], *args: object) -> object:
        self.left -= 1
        if self.left == 0:
            raise OSError(5, "Input/output error")
        return real(*args)


def _put_back(root: Path, state: dict[Path, bytes]) -> None:
    for path in [p for p in root.rglob("*") if p.is_file() and p not in state]:
        path.unlink()
    for path, content in state.items():
        path.write_bytes(content)
