"""A day's work on a project, the same for the same seed, and what a project holds."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from labeltool.app.journal import Journal
from labeltool.app.models.journal import note, promotions
from labeltool.app.queue.queue import Queue, read_queue
from labeltool.app.session import Operation, Session, Step
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box, Size
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord, Status
from labeltool.store.fsck import rebuild_index
from labeltool.store.index import Index
from labeltool.store.layout import INDEX, is_project, mask_path
from labeltool.store.mask_file import MaskFile
from labeltool.store.project import ProjectStore
from labeltool.store.trash import all_ids, kept_path

SIZE = Size(600, 300)
IMAGES = tuple(letter * 32 for letter in "abcde")
CLASSES = ClassCatalog.from_names(["cell", "nucleus"])
MODEL = "model@" + "1" * 8


def record(image: str) -> ImageRecord:
    """An image of the project."""
    return ImageRecord(image, Path("/images") / f"{image[0]}.png", SIZE, "raster", "0" * 64, 10)


@dataclass(frozen=True)
class Annotation:
    """All that a mask file holds, in short: equal states are equal values."""

    revision: int = 0
    pixels: str = ""
    undo: tuple[int, ...] = ()
    redo: tuple[int, ...] = ()
    events: tuple[str, ...] = ()
    predictions: tuple[str, ...] = ()
    status: str = Status.NEW.value


State = dict[str, Any]
"""What a project holds, part by part; a part is read or lost for itself. Empty where there is no project."""


def state_of(root: Path) -> State:
    """Read everything with the program's own code, without changing anything. StoreError where that fails."""
    if not is_project(root):
        return {}
    index = Index(root / INDEX, write=False)
    records = index.records()
    catalog, version = index.catalog()
    parts: State = {
        "classes": (version, tuple(each.name for each in catalog.classes)),
        "images": tuple((each.path.name, each.split) for each in records.values()),
        "queue": None if (queue := read_queue(root)) is None else queue.made_utc,
        "promotions": tuple(model for model, _ in groupby(each.model for each in promotions(root))),
        "trash": tuple((image, held(kept_path(root, image))) for image in all_ids(root)),
    }
    return parts | {image: annotation(root, image) for image in IMAGES}


def annotation(root: Path, image: str) -> Annotation:
    """What the mask file of an image holds."""
    return held(mask_path(root, image))


def held(path: Path) -> Annotation:
    """What a mask file holds; that of an untouched image where there is none, or nothing in it yet."""
    if not path.exists():
        return Annotation()
    if path.with_name(f"{path.name}-journal").exists():
        return _annotation(MaskFile.open(path))
    data = hashlib.sha256(path.read_bytes()).digest()
    if data not in _known:
        _known[data] = _annotation(MaskFile.open(path))
    return _known[data]


_known: dict[bytes, Annotation] = {}
"""Most files are the same after most cuts: each is read once."""


def _annotation(file: MaskFile) -> Annotation:
    history, mask = file.history(), file.load(inflated=True)
    pixels = hashlib.sha256(b"".join(plane.dense().tobytes() for plane in mask.planes.values()))
    found = Annotation(
        history.revision,
        pixels.hexdigest(),
        tuple(each.revision for each in history.undo),
        tuple(each.revision for each in history.redo),
        tuple(json.dumps([each.kind, each.data], sort_keys=True) for each in file.events()),
        tuple(f"{key} {_digest(file, key)}" for key in file.prediction_keys()),
        file.description().image.status.value,
    )
    return found if found.revision or found.events or found.predictions else Annotation()


def _digest(file: MaskFile, key: str) -> str:
    planes = file.prediction(key)
    assert planes is not None
    return hashlib.sha256(planes.label.dense().tobytes() + planes.confidence.dense().tobytes()).hexdigest()


class Annotator:
    """Somebody who works on the images of an open project, by sessions, as the window does."""

    def __init__(self, store: ProjectStore, seed: int) -> None:
        self.store = store
        self.chance = random.Random(seed)
        self.hold = False
        """True: what is done in sessions is not saved before :meth:`flush`."""
        self.waiting: list[tuple[str, Operation]] = []
        self._journal = Journal(store)
        self._sessions: dict[str, Session] = {}

    def session(self, image: str) -> Session:
        """The session of an image; what is done in it is on the disk when the call returns."""
        if image not in self._sessions:
            mask, history = self.store.load_mask(image), self.store.history(image)
            undo, redo = ([Step(i.revision, i.title) for i in each] for each in (history.undo, history.redo))

            def save(operation: Operation) -> None:
                self.waiting.append((image, operation))
                if not self.hold:
                    self.flush()

            self._sessions[image] = Session(
                mask,
                save,
                revision=history.revision,
                undo=undo,
                redo=redo,
                load_patch=lambda revision: self.store.patch(image, revision),
                began=lambda: self.store.stroke_began(image),
                dropped=self.store.stroke_dropped,
            )
        return self._sessions[image]

    def flush(self) -> None:
        """Save what waits, as the saver does: what fails goes on waiting."""
        while self.waiting:
            self._journal.commit_operation(*self.waiting[0])
            self.waiting.pop(0)

    def stroke(self, image: str) -> None:
        """Paint a rectangle somewhere: over one tile, or over several, plain or in many classes and objects."""
        session, chance = self.session(image), self.chance
        x, y = chance.randrange(SIZE.width - 60), chance.randrange(SIZE.height - 60)
        box = Box(x, y, x + chance.randrange(8, 200), y + chance.randrange(8, 200)).intersect(SIZE.box)
        label: Any = chance.randrange(2)
        if chance.random() < 0.3:
            noise = np.random.default_rng(chance.randrange(2**32))
            label = noise.integers(0, 2, (box.height, box.width), np.uint8)
        objects = chance.choice((None, 0, chance.randrange(1, 99)))
        session.apply(
            write(session.mask, box, title="stroke", kind="brush", label=label, origin=2, object_id=objects)
        )

    def undo(self, image: str) -> None:
        """Take back the last step, one of an earlier session, too."""
        assert self.session(image).undo()

    def redo(self, image: str) -> None:
        """Do it again."""
        assert self.session(image).redo()

    def predict(self, image: str) -> None:
        """Keep what a model says, window by window."""
        noise = np.random.default_rng(self.chance.randrange(2**32))

        def windows() -> Iterator[tuple[Box, Any, Any]]:
            for x in (0, 300):
                box = Box(x, 0, x + 300, 300)
                label = np.broadcast_to(np.uint8(x // 300), (300, 300))
                yield box, label, noise.integers(0, 255, (300, 300), np.uint8)

        self.store.save_prediction(image, MODEL, windows())

    def decide(self, image: str, status: Status) -> None:
        """Say that an image is done, or the like."""
        self.store.set_status(image, status, expected=self.store.history(image).revision)

    def comment(self, image: str) -> None:
        """Write something down."""
        self.store.add_event(image, "comment", {"text": f"word {self.chance.random()}", "at": [1, 2]})

    def classes(self, name: str) -> None:
        """Add a class."""
        names = [each.name for each in self.store.catalog.classes if each.value]
        self.store.set_catalog(ClassCatalog.from_names([*names, name]))

    def rank(self) -> None:
        """Put a new queue in the place of the old one."""
        Queue("random", "", f"2026-01-01T00:00:{self.chance.random()}", 0).save(self.store.root)

    def promote(self) -> None:
        """Put a model in use."""
        note(self.store.root, "promoted", f"model@{self.chance.randrange(10**8):08}", "")

    def split(self, image: str) -> None:
        """Put an image into a split."""
        self.store.put_into(image, self.chance.choice(("train", "val", "test")))


Call = tuple[str, Callable[[], object]]


def day(root: Path, seed: int, strokes: int = 24) -> Iterator[Call]:
    """Calls that make a project and work on it, each acknowledged when it returns; ``strokes`` after the first ones."""
    yield "create", lambda: start(root).close()
    store = ProjectStore.open(root)
    who, (a, b, c, d, e) = Annotator(store, seed), IMAGES
    yield "add images", lambda: store.add_images(record(each) for each in IMAGES)
    yield "first stroke", lambda: who.stroke(a)
    for kind, call in _strokes(who, (a,), 3):
        yield kind, call
    yield "undo", lambda: who.undo(a)
    yield "undo", lambda: who.undo(a)
    yield "redo", lambda: who.redo(a)
    yield "stroke", lambda: who.stroke(a)
    yield "decide", lambda: who.decide(a, Status.DONE)
    yield "comment", lambda: who.comment(a)
    yield "rank", who.rank
    yield "first stroke", lambda: who.stroke(b)
    yield "predict", lambda: who.predict(b)
    yield "classes", lambda: who.classes("wall")
    yield "split", lambda: who.split(b)
    yield "promote", who.promote
    yield "comment first", lambda: who.comment(c)
    yield "predict", lambda: who.predict(b)
    yield "predict first", lambda: who.predict(d)
    yield "undo to done", lambda: who.undo(a)
    for kind, call in _strokes(who, (a, b, c), strokes):
        yield kind, call
    yield "remove", lambda: store.remove_images([e])
    yield "close", store.close
    yield "age", lambda: age(root)
    store = ProjectStore.open(root)
    yield "migrate", lambda: None
    again = Annotator(store, seed + 1)
    yield "undo of before", lambda: again.undo(b)
    for kind, call in _strokes(again, (b, d), 3):
        yield kind, call
    yield "rank", again.rank
    yield "promote", again.promote
    yield "close", store.close
    yield "rebuild", lambda: rebuild_index(root)
    last = ProjectStore.open(root)
    yield "stroke", lambda: Annotator(last, seed + 2).stroke(c)
    last.close()


def _strokes(who: Annotator, images: tuple[str, ...], count: int) -> Iterator[Call]:
    """Strokes on these images, now and then with an undo."""
    for number in range(count):
        image = who.chance.choice(images)
        yield "stroke", lambda image=image: who.stroke(image)  # type: ignore[misc]
        if number % 6 == 5:
            yield "undo", lambda image=image: who.undo(image)  # type: ignore[misc]


def age(root: Path) -> None:
    """Make the list of images what the first version left, in one transaction."""
    db = sqlite3.connect((root / INDEX).as_uri(), uri=True, isolation_level=None)
    for statement in (
        "PRAGMA synchronous=EXTRA",
        "BEGIN",
        *(f"ALTER TABLE images DROP COLUMN {column}" for column in ("page", "series", "place", "subject")),
        "UPDATE project SET value = '1' WHERE key = 'format'",
        "COMMIT",
    ):
        db.execute(statement)
    db.close()


def start(root: Path) -> ProjectStore:
    """Begin where there is no project, perhaps only what is left of making one."""
    return ProjectStore.create(root, "demo", CLASSES)


def go_on(store: ProjectStore) -> None:
    """Paint a stroke more, and find it in the file."""
    if not store.images():
        store.add_images([record(IMAGES[0])])
    image = store.images()[0].id
    before = store.history(image).revision
    who = Annotator(store, 99)
    who.stroke(image)
    assert store.history(image).revision == before + 1
    assert who.session(image).mask.same_pixels(store.load_mask(image))
