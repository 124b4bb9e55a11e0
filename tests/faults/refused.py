"""A process whose disk refuses reads, writes and syncs below SQLite (``refusing.c``): what becomes of saving, of
opening an image and of ``fsck``, printed as JSON. ``python -m tests.faults.refused FOLDER CALL...``."""

from __future__ import annotations

import ctypes
import errno
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from labeltool.app import saving
from labeltool.app.journal import Journal
from labeltool.app.saving import Saver, SaveState
from labeltool.app.session import Operation
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import StoreError
from labeltool.core.geometry import Box, Size
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord
from labeltool.store import backups
from labeltool.store.fsck import check
from labeltool.store.layout import INDEX, mask_path
from labeltool.store.project import ProjectStore
from labeltool.store.repair import repair

IMAGE = "a" * 32
ALWAYS = 1 << 40
AT = [int(each) for each in sys.argv[2:]]
"""The calls that are refused first."""
_DISK = ctypes.CDLL(None)
_DISK.refused.restype = ctypes.c_long


@contextmanager
def refusing(
    path: Path, kinds: str, code: int = errno.EIO, after: int = 0, times: int = ALWAYS
) -> Iterator[None]:
    """Calls about what lies below ``path`` fail meanwhile."""
    _DISK.refuse(str(path).encode(), kinds.encode(), code, ctypes.c_long(after), ctypes.c_long(times))
    try:
        yield
    finally:
        struck.append(_DISK.refused())
        _DISK.refuse(b"", b"", 0, ctypes.c_long(0), ctypes.c_long(0))


struck: list[int] = []
"""How many calls each block has refused."""


@dataclass
class Painter:
    """Somebody whose strokes go through the saver."""

    store: ProjectStore
    row: int = 0

    def stroke(self) -> Operation:
        mask = self.store.load_mask(IMAGE)
        self.row += 1
        box = Box(0, self.row, 300, self.row + 1)
        patch = write(mask, box, title="Brush", kind="brush", label=1, object_id=self.row, origin=2)
        return Operation("do", patch, self.store.history(IMAGE).revision + 1)

    def saved(self, path: Path, kinds: str, **how: int) -> dict[str, Any]:
        """What is said of a stroke while the disk refuses, and what becomes of it when it is well again."""
        stroke, told, said = self.stroke(), Event(), list[SaveState]()

        def tell(state: SaveState) -> None:
            said.append(state)
            told.set()

        saver = Saver(Journal(self.store), tell)
        with refusing(path, kinds, **how):
            saver.save(IMAGE, stroke)
            assert told.wait(30)
            error, waiting = saver.error, saver.waiting
            asked = None if error is None else saver.queued(IMAGE)
        found = {"error": _words(error), "waits": waiting, "aside": error is not None and asked is None}
        found["saved"] = saver.flush() and self.store.history(IMAGE).revision == stroke.revision
        saver.close()
        return found


def _words(error: object) -> str:
    return "" if error is None else f"{type(error).__name__}: {error}"


def _said(work: Callable[[], object]) -> str:
    try:
        work()
    except StoreError as error:
        return _words(error)
    return "nothing"


def swept(painter: Painter, path: Path, kinds: str, **how: int) -> list[dict[str, Any]]:
    """A commit with one of its calls of a kind refused, or all from that on: of the first ones each, then some."""
    found: list[dict[str, Any]] = []
    for after in AT:
        told = painter.saved(path, kinds, after=after, **how)
        if not struck[-1]:
            break
        found.append(told)
    return found


def read(path: Path, work: Callable[[], object]) -> list[str]:
    """What is said where a read is refused, and all that follow it."""
    found: list[str] = []
    for after in AT:
        with refusing(path, "r", after=after):
            told = _said(work)
        if not struck[-1]:
            break
        found.append(told)
    return found


def checked(root: Path, path: Path, after: int) -> dict[str, Any]:
    """What is found and done about files of which nobody can read more than a few pages."""
    before = {each: each.read_bytes() for each in root.rglob("*") if each.is_file() and each.name != "lock"}
    with refusing(path, "r", after=after):
        findings = [str(each) for each in check(root)]
    with refusing(path, "r", after=after):
        try:
            steps = [str(each) for each in repair(root)]
        except StoreError as error:
            steps = [_words(error)]
    now = {each: each.read_bytes() for each in root.rglob("*") if each.is_file() and each.name != "lock"}
    return {"findings": findings, "steps": steps, "untouched": before == now}


def main(folder: Path) -> dict[str, Any]:
    root = folder / "project"
    saving.RETRY_S = 0.02
    found: dict[str, Any] = {}
    with ProjectStore.create(root, "p", ClassCatalog.from_names(["nucleus", "cell"])) as store:
        store.add_images([ImageRecord(IMAGE, folder / "a.png", Size(600, 500), "raster", "0" * 64, 1)])
        painter, masks = Painter(store), root / "masks"
        store.commit(IMAGE, painter.stroke().patch, expected=0)
        backups.keep(root)
        store.commit(IMAGE, painter.stroke().patch, expected=1)
        for name in ("EIO", "ENXIO", "ESTALE"):
            found[f"reads, {name}"] = swept(painter, masks, "r", code=getattr(errno, name))
        found["a read"] = swept(painter, masks, "r", times=1)
        found["writes"] = swept(painter, masks, "w")
        found["syncs"] = swept(painter, masks, "s")
        found["a sync"] = swept(painter, masks, "s", times=1)
        found["opening"] = read(masks, lambda: store.load_mask(IMAGE))
        found["offers"] = read(masks, lambda: store.offers(IMAGE))
    for after in AT:
        for part in ("masks", INDEX, "backups"):
            found[f"fsck of {part} after {after}"] = checked(root, root / part, after)
    found["healthy"] = [str(each) for each in check(root)]
    with ProjectStore.open(root) as store:
        found["rows"] = int((store.load_mask(IMAGE).read("label")[:, 0] == 1).sum()) == painter.row
    found["file"] = str(mask_path(root, IMAGE))
    return found


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]).resolve())))
