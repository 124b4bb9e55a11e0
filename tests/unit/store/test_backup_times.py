"""A backup is told from an old one by the time of its file: never where that might be another state's, too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labeltool.core.mask import LabelMask
from labeltool.store import backups, copying
from labeltool.store.project import ProjectStore

from .conftest import CELL, mask_file, stroke

pytestmark = pytest.mark.usefixtures("quick_disk")


def revisions(root: Path) -> list[int]:
    return [each.revision for each in backups.of_image(root, CELL)]


def test_what_is_written_within_one_tick_of_the_disks_clock_is_backed_up(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    backups.keep(root)
    before = mask_file(root).stat()
    store.commit(CELL, stroke(painted, 400), expected=3)
    os.utime(mask_file(root), ns=(before.st_atime_ns, before.st_mtime_ns))
    backups.keep(root)
    assert revisions(root) == [4, 3]


def test_what_is_saved_right_after_a_copy_was_checked_is_backed_up_the_next_time(
    store: ProjectStore, painted: LabelMask, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = copying.check_copy

    def then_a_stroke(source: Path, copy: Path) -> None:
        real(source, copy)
        if source == mask_file(root) and store.history(CELL).revision == 3:
            store.commit(CELL, stroke(painted, 400), expected=3)

    monkeypatch.setattr(backups, "FRESH_S", -1.0)
    monkeypatch.setattr(copying, "check_copy", then_a_stroke)
    backups.keep(root)
    assert revisions(root) == [3]
    backups.keep(root)
    assert revisions(root) == [4, 3]
