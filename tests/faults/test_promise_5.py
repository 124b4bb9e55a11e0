"""Promise 5: corrupt input is named (file, tile, reason), set aside, never deleted and never turned into an empty mask.

Whatever is done to the bytes of one mask file, each way to its labels either gives the labels that were saved or raises
an error that names the file; and a repair keeps the damaged bytes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from labeltool.core.errors import LabeltoolError
from labeltool.core.mask import LabelMask, PlaneName
from labeltool.store import backups
from labeltool.store.database import DamagedError
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from labeltool.store.repair import repair
from labeltool.store.tiles import PLANE_NUMBERS
from tests.unit.store.conftest import CELL, OTHER, mask_file, painted, root, store, stroke
from tests.unit.store.damage import flip, sql

__all__ = ["painted", "root", "store"]  # fixtures

pytestmark = pytest.mark.usefixtures("quick_disk")

Damage = Callable[[bytes, random.Random], bytes | None]


def cut_off(data: bytes, chance: random.Random) -> bytes:
    """A file that ends too early, perhaps at once."""
    return data[: chance.choice([0, 1, 100, 512, 4096, chance.randrange(len(data))])]


def zeroed(data: bytes, chance: random.Random) -> bytes:
    """A page that was never written."""
    page = chance.randrange(len(data) // 4096) * 4096
    return data[:page] + bytes(4096) + data[page + 4096 :]


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Bits that a disk has lost."""
    rotten = bytearray(data)
    for _ in range(chance.choice([1, 1, 8])):
        rotten[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(rotten)


def swapped(data: bytes, chance: random.Random) -> bytes:
    """A page in the place of another."""
    pages = [data[start : start + 4096] for start in range(0, len(data), 4096)]
    a, b = chance.randrange(len(pages)), chance.randrange(len(pages))
    pages[a] = pages[b]
    return b"".join(pages)


def replaced(data: bytes, chance: random.Random) -> bytes:
    """Something else under this name."""
    return chance.choice(
        [b"<html>not found</html>" * 500, chance.randbytes(20_000), b"SQLite format 3\0" + bytes(9000)]
    )


def gone(data: bytes, chance: random.Random) -> None:
    """No file at all."""


KINDS: tuple[Damage, ...] = (cut_off, zeroed, flipped, swapped, replaced, gone)


@pytest.fixture
def closed(store: ProjectStore, painted: LabelMask, root: Path) -> Path:
    """Three strokes on one image, one on another, and backups."""
    store.commit(OTHER, stroke(store.load_mask(OTHER), 10), expected=0)
    store.close()
    backups.keep(root)
    return root


@pytest.mark.parametrize("damage", KINDS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("rounds", [1, pytest.param(60, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_damage_is_named_and_never_read_as_an_empty_mask(
    closed: Path, painted: LabelMask, damage: Damage, rounds: int
) -> None:
    whole, chance = mask_file(closed).read_bytes(), random.Random(damage.__name__)
    for _ in range(rounds):
        rotten = damage(whole, chance)
        if rotten is None:
            mask_file(closed).unlink(missing_ok=True)
        else:
            mask_file(closed).write_bytes(rotten)
        labels_or_error(closed, painted)
        repaired(closed, painted, rotten)
        mask_file(closed).write_bytes(whole)


def labels_or_error(root: Path, painted: LabelMask) -> None:
    """Every way to the labels."""
    with ProjectStore.open(root) as store:
        assert store.load_mask(OTHER).planes["label"].tiles  # the rest is usable
        try:
            assert store.load_mask(CELL).same_pixels(painted)
            assert store.mask_at(CELL, 3).same_pixels(painted)
            assert sum(store.class_pixels(CELL).values())
        except LabeltoolError as error:
            assert CELL in str(error.file)
            assert error.message


def repaired(root: Path, painted: LabelMask, rotten: bytes | None) -> None:
    """A backup is at hand, so nothing is lost; what was there is kept."""
    damaged = any(each.severity == "error" for each in check(root))
    steps = repair(root)
    with ProjectStore.open(root) as store:
        assert store.load_mask(CELL).same_pixels(painted)
    assert [each for each in check(root) if each.severity == "error"] == []
    if damaged and rotten is not None:
        assert any(each.read_bytes() == rotten for each in (root / "quarantine").iterdir()), steps


@pytest.mark.parametrize("plane", ["label", "origin"])
@pytest.mark.parametrize("journal_too", [False, True])
def test_a_damaged_tile_is_named_by_its_place(closed: Path, plane: PlaneName, journal_too: bool) -> None:
    where = f"plane={PLANE_NUMBERS[plane]} AND row=0 AND col=0"
    flip(mask_file(closed), "tiles", where)
    if journal_too:
        sql(mask_file(closed), f"UPDATE changes SET data=x'00' WHERE {where}")
    with ProjectStore.open(closed) as store:
        with pytest.raises(DamagedError, match=f"the {plane} tile in row 0, column 0 is damaged") as named:
            store.load_mask(CELL)
        assert named.value.file == str(mask_file(closed))
    assert f"the {plane} tile in row 0, column 0 is damaged" in "\n".join(map(str, check(closed)))


@pytest.mark.parametrize("damage", KINDS, ids=lambda each: each.__name__)
def test_without_a_backup_a_repair_gives_the_labels_or_leaves_the_file(
    closed: Path, painted: LabelMask, damage: Damage
) -> None:
    for each in backups.of_image(closed, CELL):
        each.path.unlink()
    whole, chance = mask_file(closed).read_bytes(), random.Random(damage.__name__)
    for _ in range(2):
        rotten = damage(whole, chance)
        if rotten is None:
            mask_file(closed).unlink()
        else:
            mask_file(closed).write_bytes(rotten)
        repair(closed)
        labels_or_error(closed, painted)
        if any(each.severity == "error" for each in check(closed)):  # not repaired, so not touched
            assert rotten is None or mask_file(closed).read_bytes() == rotten
        mask_file(closed).write_bytes(whole)
