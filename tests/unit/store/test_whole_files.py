"""Files that are whole or not there, and readers that see one state of them."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from labeltool.core import lines
from labeltool.core.atomic import out_of_room, replacing
from labeltool.core.cold import deflate
from labeltool.core.mask import LabelMask
from labeltool.store.database import DamagedError
from labeltool.store.mask_file import MaskFile

from .conftest import mask_file

pytestmark = pytest.mark.usefixtures("quick_disk")


def test_two_who_replace_a_file_at_once_do_not_write_into_one_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "queue.json"
    with replacing(path) as mine:
        mine.write_text("mine")
        with replacing(path) as theirs:
            theirs.write_text("theirs")
        assert (path.read_text(), mine.read_text()) == ("theirs", "mine")
    assert (path.read_text(), [*tmp_path.iterdir()]) == ("mine", [path])


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_quota_that_is_used_up_is_a_full_disk(tmp_path: Path, code: int) -> None:
    assert out_of_room(OSError(code, os.strerror(code)), tmp_path)
    assert not out_of_room(OSError(errno.EIO, os.strerror(errno.EIO)), tmp_path)


def test_a_line_that_may_not_have_reached_the_disk_is_not_left_in_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.jsonl"
    lines.append(path, {"a": 1})
    before = path.read_bytes()

    def fails(handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails)
        with pytest.raises(OSError, match="error"):
            lines.append(path, {"b": 2})
    assert path.read_bytes() == before


def test_of_a_line_that_the_disk_takes_bit_by_bit_nothing_is_missing() -> None:
    class Slow(BytesIO):
        def write(self, data: Any) -> int:
            return super().write(bytes(data)[:3])

    file = Slow()
    lines._write_whole(cast(Any, file), b"0123456789\n")
    assert file.getvalue() == b"0123456789\n"


def test_nobody_can_save_between_two_reads_of_one_state(painted: LabelMask, root: Path) -> None:
    path = mask_file(root)
    with MaskFile(path).reading() as contents, closing(sqlite3.connect(path, timeout=0)) as db:
        assert contents.revision == 3
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            db.execute("BEGIN EXCLUSIVE")


@pytest.mark.parametrize("inflated", [True, False])
@pytest.mark.parametrize("harm", ["other pixels", "another value", "more behind it"])
def test_a_tile_that_can_be_read_and_is_not_the_one_that_was_saved_is_damaged(
    painted: LabelMask, root: Path, harm: str, inflated: bool
) -> None:
    path = mask_file(root)
    with closing(sqlite3.connect(path)) as db, db:
        where = "plane=0 AND row=0 AND col=0"
        (data,) = db.execute(f"SELECT data FROM tiles WHERE {where}").fetchone()
        other = {
            "other pixels": deflate(np.eye(256, dtype=np.uint8)),
            "another value": b"\1",
            "more behind it": data + b"more",
        }[harm]
        db.execute(f"UPDATE tiles SET data=? WHERE {where}", (other,))
    with pytest.raises(DamagedError, match="the label tile in row 0, column 0"):
        MaskFile(path).load(inflated=inflated)
