"""A small project with everything in it that a project can hold, made by the program itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

import numpy as np

from labeltool.app.people.comments import answer, comment, resolve
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box, Size
from labeltool.core.looked import Looked
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, write
from labeltool.core.project import ImageRecord, Status
from labeltool.inference.card import CARD_NAME, ModelCard
from labeltool.store import database, index
from labeltool.store.predictions import reference_key
from labeltool.store.project import ProjectStore

CATALOG = ClassCatalog.from_names(["cell", "nucleus"])
CELL, OTHER, BARE = "ab" * 16, "cd" * 16, "ef" * 16
SIZE = Size(300, 270)
"""Two tiles by two, those at the border cut."""
MODEL = "cells@1-0f3a9c2d"


def record(image_id: str, name: str, split: str = "") -> ImageRecord:
    """An image that lies nowhere: masks are safe without."""
    return ImageRecord(image_id, Path("/nowhere") / name, SIZE, "png", image_id * 2, 1000, split)


@contextmanager
def quick_disk() -> Iterator[None]:
    """Nobody waits for the disk."""
    with ExitStack() as stack:
        for module in (database, index):
            stack.enter_context(mock.patch.object(module, "DURABLE", ("PRAGMA synchronous=OFF",)))
        yield


def stroke(mask: LabelMask, box: Box, label: int, **planes: int) -> Patch:
    """Paint a box, and the mask itself."""
    patch = write(
        mask, box, title="brush stroke", kind="brush", label=label, origin=planes.pop("origin", 2), **planes
    )
    mask.apply(patch)
    return patch


def make(root: Path) -> None:
    """Write the project and close it."""
    with quick_disk(), ProjectStore.create(root, "demo", CATALOG) as store:
        store.author = "Ada"
        store.add_images(
            [record(CELL, "cell.png", "train"), record(OTHER, "other.png", "test"), record(BARE, "bare.png")]
        )
        _work_on_cell(store)
        mask = store.load_mask(OTHER)
        store.commit(OTHER, stroke(mask, SIZE.box, 1, origin=1), expected=0, status=Status.PRELABELLED)
        store.set_catalog(store.catalog.add("vessel"))


def _work_on_cell(store: ProjectStore) -> None:
    mask = store.load_mask(CELL)
    noise = np.random.default_rng(3).integers(0, 3, (90, 120), np.uint8)
    patches = [stroke(mask, Box(200, 200, 290, 265), 1), stroke(mask, Box(10, 10, 90, 60), 2, object_id=7)]
    patches.append(write(mask, Box(150, 150, 270, 240), title="wand", kind="wand", label=noise, origin=2))
    mask.apply(patches[-1])
    for revision, patch in enumerate(patches):
        store.commit(CELL, patch, expected=revision, status=Status.IN_WORK)
    undone = patches[-1].inverse()
    store.commit(CELL, undone, kind="undo", target=3, expected=3)
    store.commit(CELL, patches[-1], kind="redo", target=3, expected=4)
    thread = comment(store, CELL, 20.5, 30.5, "Is this one?")
    answer(store, CELL, thread.number, "It is")
    resolve(store, CELL, thread.number)
    store.add_event(CELL, "worked", {"seconds": 12.5, "clicks": 4, "strokes": 3, "keys": 2})
    looked = Looked(SIZE)
    looked.add(Box(0, 0, 200, 200), 1.0, 3.0)
    store.add_event(CELL, "looked", looked.to_json())
    store.save_prediction(CELL, MODEL, _windows())
    store.save_prediction(CELL, reference_key("Grace"), _windows(5))
    store.set_status(CELL, Status.APPROVED, expected=5)


def _windows(seed: int = 4) -> Iterator[tuple[Box, np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    for box in (Box(0, 0, 200, 270), Box(200, 0, 300, 270)):
        yield (
            box,
            rng.integers(0, 3, (box.height, box.width), np.uint8),
            np.full((box.height, box.width), 200, np.uint8),
        )


def older(root: Path, version: int) -> None:
    """Make the index one of an older format."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(root / "project.db")) as db, db:
        if version == 1:
            db.executescript("".join(f"ALTER TABLE images DROP COLUMN {name};" for name in index.ADDED))
        db.execute("UPDATE project SET value=? WHERE key='format'", (str(version),))


def model_folder(folder: Path, name: str = "cells") -> Path:
    """A card and weights that nobody loads."""
    folder.mkdir(parents=True)
    card = ModelCard(
        name, "deeplabv3plus", "resnet18", ClassCatalog.from_names(["cell"]), sha256="0f3a9c2d" * 8
    )
    (folder / CARD_NAME).write_text(
        json.dumps({**card.to_json(), "figures": {"per_class": {"cell": {"iou": 0.5}}}})
    )
    (folder / "weights.safetensors").write_bytes(b"x" * 100)
    return folder
