"""Backups: of what changed, checked, few, and never in the way."""

from __future__ import annotations

import errno
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken
from labeltool.store import backups, copying
from labeltool.store.backups import Backup, keep, of_all_images, of_image, of_index, surplus
from labeltool.store.layout import leftovers
from labeltool.store.mask_file import MaskFile
from labeltool.store.project import ProjectStore

from .conftest import CELL, mask_file, stroke
from .damage import flip, sql, truncate
from .test_project import _window

pytestmark = pytest.mark.usefixtures("quick_disk")

Usage = namedtuple("Usage", "total used free")


def files(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in (root / "backups").rglob("*") if path.is_file()}


def test_a_backup_holds_everything_but_what_models_have_said(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    store.save_prediction(CELL, "m", [_window(painted.size.box, 1)])
    store.save_prediction(CELL, "reference:anna", [_window(painted.size.box, 2)])
    store.add_event(CELL, "comment", {"text": "look"})
    kept = keep(root)
    assert (len(kept.made), kept.damaged, kept.problem) == (2, [], None)
    (backup,) = of_image(root, CELL)
    assert (backup.revision, backup.number) == (3, 1)
    file, original = MaskFile.open(backup.path), MaskFile.open(mask_file(root))
    assert file.load().same_pixels(painted)
    assert file.root_hash() == original.root_hash()
    assert file.prediction_keys() == ["reference:anna"]
    assert file.events() == original.events()
    assert file.journal() == original.journal()


def test_what_did_not_change_is_not_copied_again(store: ProjectStore, painted: LabelMask, root: Path) -> None:
    store.update_image(store.image(CELL))  # else the index would catch up meanwhile
    keep(root)
    before = files(root)
    store.save_prediction(
        CELL, "m", [_window(painted.size.box, 1)]
    )  # the file is another one, and no backup is due
    assert keep(root).made == []
    assert files(root) == before
    store.commit(CELL, stroke(painted, 330), expected=3)
    store.close()
    assert [each.of for each in keep(root).made] == ["project", CELL]
    assert [each.revision for each in of_image(root, CELL)] == [4, 3]


def test_of_many_backups_the_newest_stay_and_one_of_an_earlier_day_and_week() -> None:
    now = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
    ages = [timedelta(minutes=m) for m in (0, 10, 20)] + [timedelta(days=d) for d in (1, 2, 5, 6, 30)]
    copies = [Backup(Path(f"{n}"), CELL, len(ages) - n, 20 - n, now - age) for n, age in enumerate(ages)]
    gone = surplus(copies)
    assert [n for n, each in enumerate(copies) if each not in gone] == [0, 1, 3, 5]
    assert surplus(copies[:2]) == [] and surplus([]) == []


def test_two_backups_of_the_same_labels_do_not_push_out_earlier_ones() -> None:
    now = datetime(2026, 11, 18, 12, tzinfo=UTC)
    revisions = (7, 7, 5, 4)
    copies = [
        Backup(Path(f"{n}"), CELL, 9 - n, revision, now - timedelta(seconds=n))
        for n, revision in enumerate(revisions)
    ]
    assert [each.path.name for each in surplus(copies)] == ["1", "3"]


def test_backups_rotate_by_number_whatever_the_clock_says(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    for revision in range(3, 8):
        store.commit(CELL, stroke(painted, revision * 40), expected=revision)
        keep(root, [CELL])
        newest = of_image(root, CELL)[0]
        assert newest.revision == revision + 1
        later = newest.path.name.replace(
            f"{newest.at:%Y%m%d}", "20991231"
        )  # the clock was wrong, and is put right
        newest.path.rename(newest.path.with_name(later))
    assert [each.number for each in of_image(root, CELL)] == [5, 4]


def test_a_damaged_file_is_not_copied_and_its_backups_stay(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    keep(root)
    store.commit(CELL, stroke(painted, 330), expected=3)
    before = files(root)
    flip(mask_file(root), "tiles", "plane=2")
    kept = keep(root, [CELL], index=False)
    (error,) = kept.damaged
    assert error.file == str(mask_file(root)) and "origin tile" in error.message
    assert kept.problem is None
    assert files(root) == before
    (backup,) = of_image(root, CELL)
    assert str(error).startswith(f"cell.png ({mask_file(root)}): the labels are damaged, so no new backup")
    assert f"The backup r3 of {backup.when} is kept" in str(error)
    assert f"labeltool fsck --repair {root}" in str(error)
    assert "backups" not in str(error).replace(str(root), "")


@pytest.mark.parametrize("listed", [True, False])
def test_a_file_that_cannot_be_read_at_all_is_told_by_its_image_while_anything_knows_it(
    store: ProjectStore, painted: LabelMask, root: Path, listed: bool
) -> None:
    truncate(mask_file(root), 5000)
    if not listed:
        sql(root / "project.db", f"DELETE FROM images WHERE id='{CELL}'")
    (error,) = keep(root, [CELL], index=False).damaged
    name = f"cell.png ({mask_file(root)})" if listed else str(mask_file(root))
    assert str(error).startswith(f"{name}: the labels are damaged")
    assert "There is no earlier backup" in str(error)


def test_a_copy_that_went_wrong_is_not_taken_for_a_damaged_file(
    store: ProjectStore, painted: LabelMask, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = copying.copy_rows

    def rotten(source: Path, target: Path, **how: Any) -> bool:
        done = real(source, target, **how)
        flip(target, "tiles")
        return done

    monkeypatch.setattr(copying, "copy_rows", rotten)
    kept = keep(root, [CELL], index=False)
    assert kept.damaged == [] and of_image(root, CELL) == []
    assert kept.problem is not None and "the copy is not equal" in kept.problem.message


def test_a_stroke_that_is_saved_meanwhile_puts_the_copy_off(
    store: ProjectStore, painted: LabelMask, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Painter(CancelToken):
        painted = False

        def check(self) -> None:
            if not self.painted and (root / "backups" / "masks" / CELL[:2]).exists():
                self.painted = True
                store.commit(CELL, stroke(painted, 330), expected=3)

    monkeypatch.setattr(copying, "ROWS", 1)
    painter = Painter()
    kept = keep(root, [CELL], painter, index=False)
    assert kept == backups.Kept()  # nobody needs to know
    assert painter.painted and of_image(root, CELL) == []
    assert [each.revision for each in keep(root, [CELL], index=False).made] == [4]


def test_a_stroke_that_is_saved_while_the_copy_is_looked_at_puts_it_off(
    store: ProjectStore, painted: LabelMask, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = copying.copy_rows

    def then_painted(source: Path, target: Path, **how: Any) -> bool:
        done = real(source, target, **how)
        store.commit(CELL, stroke(painted, 330), expected=3)
        return done

    monkeypatch.setattr(copying, "copy_rows", then_painted)
    assert keep(root, [CELL], index=False) == backups.Kept()
    assert of_image(root, CELL) == []
    monkeypatch.undo()
    assert [each.revision for each in keep(root, [CELL], index=False).made] == [4]


def test_where_the_disk_is_nearly_full_older_copies_go_first(
    store: ProjectStore, painted: LabelMask, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(root)
    store.commit(CELL, stroke(painted, 330), expected=3)
    keep(root)
    store.commit(CELL, stroke(painted, 400), expected=4)
    left = iter([0, 10**12])
    monkeypatch.setattr(backups.shutil, "disk_usage", lambda _: Usage(10**13, 0, next(left)))
    assert [each.revision for each in keep(root, [CELL], index=False).made] == [5]
    assert [each.revision for each in of_image(root, CELL)] == [5, 4]


@pytest.mark.parametrize("full", ["before", "meanwhile"])
def test_a_full_disk_is_one_notice_and_no_error(
    store: ProjectStore, painted: LabelMask, root: Path, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    keep(root)
    before = files(root)
    store.commit(CELL, stroke(painted, 330), expected=3)
    if full == "before":
        monkeypatch.setattr(backups.shutil, "disk_usage", lambda _: Usage(10**13, 10**13, 0))
    else:

        def no_room(*_: object, **__: object) -> bool:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(copying, "copy_rows", no_room)
    kept = keep(root)
    assert kept.problem is not None and "full" in kept.problem.message
    assert files(root) == before
    assert store.commit(CELL, stroke(painted, 400), expected=4) == 5


def test_nothing_more_is_begun_once_the_time_is_over(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    keep(root, at_most_s=0)
    assert of_all_images(root) == {} and len(of_index(root)) == 1


def test_who_leaves_has_a_backup_of_what_changed(store: ProjectStore, painted: LabelMask, root: Path) -> None:
    backups.keep_on_leaving(root, store.touched)
    assert [each.revision for each in of_image(root, CELL)] == [3]
    assert of_index(root) == []
    before = files(root)
    backups.keep_on_leaving(root, store.touched)
    assert files(root) == before


@pytest.mark.parametrize("late", ["time is over", "while copying", "a large file", "no folder"])
def test_who_leaves_waits_for_no_backup_that_takes_long(
    store: ProjectStore, painted: LabelMask, root: Path, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    if late == "a large file":
        monkeypatch.setattr(backups, "LEAVING_BYTES", 10)
    elif late == "no folder":
        (root / "backups").rmdir()
        (root / "backups").write_bytes(b"in the way")
    elif late == "time is over":
        monkeypatch.setattr(backups, "LEAVING_S", 0.0)
    else:
        clock = iter(range(1000))  # a second goes by whenever somebody looks
        monkeypatch.setattr(backups.time, "monotonic", lambda: next(clock) / 3)
    backups.keep_on_leaving(root, store.touched)
    assert of_all_images(root) == {}
    assert list(leftovers(root)) == []


def test_what_a_kill_left_of_a_backup_is_swept_away(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    keep(root)
    left = root / "backups" / "masks" / CELL[:2] / f".{CELL}.x.partial"
    left.write_bytes(b"half")
    assert left in list(leftovers(root))
    assert left not in {each.path for each in of_image(root, CELL)}
