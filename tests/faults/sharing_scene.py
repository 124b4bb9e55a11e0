"""What the tests of shared projects begin with: a project of three images, and a process that has it open."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord
from labeltool.store import database, index
from labeltool.store.project import ProjectStore

HOLDER = """
import sys
from pathlib import Path
from labeltool.store import database, index
from labeltool.store.project import ProjectStore
store = ProjectStore.open(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.readline()
store.close()
"""

EDITOR = """
import sys
from pathlib import Path
from labeltool.core.project import Status
from labeltool.store.project import ProjectStore
from tests.faults.sharing_scene import paint
store = ProjectStore.open(Path(sys.argv[1]))
print("open", flush=True)
for line in sys.stdin:
    what, which, *more = line.split()
    record = store.images()[int(which) if which.isdigit() else 0]
    if what == "class":
        store.set_catalog(store.catalog.add(which))
    elif what == "paint":
        paint(store, record, int(more[0]))
    elif what == "approve":
        store.set_status(record.id, Status.APPROVED, expected=record.revision)
    elif what == "remove":
        store.remove_images([record.id])
    print("done", flush=True)
"""

WIDTH, HEIGHT = 320, 240


def make_images(folder: Path, names: str = "abc") -> list[Path]:
    """Images of one size, each of other pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, name in enumerate(names):
        pixels = np.full((HEIGHT, WIDTH, 3), 20 + number, np.uint8)
        pixels[:, WIDTH // 2 :] = 220 - number
        paths.append(folder / f"{name}.png")
        Image.fromarray(pixels).save(paths[-1])
    return paths


def make_project(root: Path, images: list[Path]) -> Path:
    """A project of these images with a stroke on each. Nobody waits for the disk while it is made."""
    with pytest.MonkeyPatch.context() as patched:
        for module in (database, index):
            patched.setattr(module, "DURABLE", ("PRAGMA synchronous=OFF",))
        return _made(root, images)


def _made(root: Path, images: list[Path]) -> Path:
    with ProjectStore.create(root, "shared", ClassCatalog.from_names(["cell", "nucleus"])) as store:
        add_images(store, images)
        for record in store.images():
            paint(store, record)
    return root


def paint(store: ProjectStore, record: ImageRecord, x: int = 10, label: int = 1) -> LabelMask:
    """One more stroke on an image; the mask as it is then."""
    mask = store.load_mask(record.id)
    revision = store.history(record.id).revision
    patch = write(mask, Box(x, 20, x + 30, 60), title="brush stroke", kind="brush", label=label, origin=2)
    mask.apply(patch)
    store.commit(record.id, patch, expected=revision)
    return mask


@contextmanager
def held_elsewhere(root: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the project open for writing, until a line on its standard input or a kill."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        try:
            yield child
        finally:
            child.kill()


@contextmanager
def edited_elsewhere(root: Path) -> Iterator[Callable[[str], None]]:
    """Another process that edits the project: it is told what to do, as ``paint 0 100`` (an image by its number, and
    where), ``approve 0``, ``remove 0`` or ``class tissue``, and has done it then."""
    folder = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", EDITOR, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
    ) as child:
        assert child.stdin is not None and child.stdout is not None
        assert child.stdout.readline() == "open\n"

        def do(what: str) -> None:
            print(what, file=child.stdin, flush=True)
            assert child.stdout is not None and child.stdout.readline() == "done\n"

        try:
            yield do
        finally:
            child.kill()


def on_another_computer(root: Path, beat: int = 7, image_id: str = "") -> None:
    """What a computer that was switched off leaves in the lock, while it drew on an image."""
    who = {"pid": 4711, "host": "ward-3", "since_utc": "2026-01-02T03:04:05+00:00"}
    life = {"user": "anna", "started": "x 1", "machine": "another", "token": "t" * 32}
    (root / "lock").write_bytes(
        json.dumps(who).encode().ljust(511)
        + b"\n"
        + f"{image_id:<32} {0:>12} {0:>12} {0:>12}\n{beat:>16}\n".encode()
        + json.dumps(life).encode().ljust(1023)
        + b"\n"
    )


def until(reached: Callable[[], object], wait: Callable[[], None], seconds: float = 30) -> None:
    """Wait for something to come about; it has to before long."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "it did not come to that in time"
        wait()
