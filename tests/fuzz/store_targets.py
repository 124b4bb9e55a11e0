"""The files of the store as targets: index, mask files, lock, shards, what is kept of comparisons."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from fuzz.bench import Asked, Specimen, Target, read_all
from fuzz.project_samples import BARE, CELL, MODEL, OTHER, SIZE, make, model_folder, older, quick_disk, stroke
from fuzz.samples import Files

from labeltool.app import effort, provenance
from labeltool.app.collecting import collect
from labeltool.app.people import comments, deciding, history, references
from labeltool.app.project import status
from labeltool.app.shards import Shards, all_shards, chunk_of, states
from labeltool.core.disagreement import TABLE
from labeltool.core.geometry import Box
from labeltool.core.mask import PLANES, LabelMask
from labeltool.core.patch import TileDelta
from labeltool.core.project import Status
from labeltool.inference.segmenter import Prediction
from labeltool.store import fsck
from labeltool.store.comparisons import Comparisons, ImageComparison, Sparse, State
from labeltool.store.predictions import reference_key
from labeltool.store.project import ProjectStore
from labeltool.store.spool import Spool, about, read_windows

IMAGES = (CELL, OTHER, BARE)
_MOST_REVISIONS = 8


def pixels(mask: LabelMask | None) -> object:
    """All that a mask says, to be compared."""
    return (
        None
        if mask is None
        else (mask.size, mask.unlabelled_value, *(mask.read(name).tobytes() for name in PLANES))
    )


def _deltas(found: dict[Any, TileDelta]) -> object:
    """What a step changes, to be compared."""
    return {
        p: tuple(None if t is None else t.tobytes() for t in (d.before, d.after)) for p, d in found.items()
    }


class StoreTarget(Target):
    """A project that is opened for viewing and looked through, then for writing and worked in."""

    images = IMAGES[:1]
    """Those that are looked at: the others' files are well."""

    @contextmanager
    def around(self) -> Iterator[None]:
        """Nobody waits for the disk."""
        with quick_disk():
            yield

    def read(self, folder: Path, ask: Asked) -> None:
        """Everything that viewing asks for."""
        root = folder / "project"
        ask("what fsck says", lambda: fsck.check(root))
        store = ask("the project for viewing", lambda: ProjectStore.open(root, write=False))
        if store is None:
            return
        records = ask("the list of images", store.images) or []
        ask("the project in numbers", lambda: status(store))
        ids = {each.id for each in records}
        for image_id in self.images:
            if image_id in ids:
                _look(store, image_id, ask)

    def write(self, folder: Path, ask: Asked) -> None:
        """Everything that working asks for; what is drawn must be there afterwards."""
        root = folder / "project"
        store = ask("the project for writing", lambda: ProjectStore.open(root))
        if store is None:
            ask("making the index again", lambda: fsck.rebuild_index(root))
            return
        thorough = sum(map(zlib.crc32, _mutable(root))) % 4 == 0
        with store:
            ids = {each.id for each in store.images()} & {*(IMAGES if thorough else IMAGES[:1])}
            drawn = {image_id: _work(store, image_id, ask) for image_id in sorted(ids)}
        again = ask("the project for viewing again", lambda: ProjectStore.open(root, write=False))
        for image_id, mask in drawn.items():
            if again is not None and mask is not None:
                found = ask(f"{image_id[:2]}: what was drawn", lambda i=image_id: pixels(again.load_mask(i)))
                ask.must(f"{image_id[:2]}: what was drawn is not there", holds=found == pixels(mask))
        if thorough:
            ask("making the index again", lambda: fsck.rebuild_index(root))


def _mutable(root: Path) -> Iterator[bytes]:
    """Of what a case's thoroughness is drawn."""
    for path in sorted(root.rglob("*")):
        if path.is_file():
            yield path.read_bytes()[-64:]


def _look(store: ProjectStore, image_id: str, ask: Asked) -> None:
    """What is read of one image. Pixels are exact: they are what was saved, or they do not come."""
    name = image_id[:2]
    is_kept = image_id != BARE  # of an image that nobody has labelled the index alone knows the size
    ask(f"{name}: the mask", lambda: pixels(store.load_mask(image_id)), exact=is_kept)
    ask(f"{name}: the root hash", lambda: store.root_hash(image_id), exact=True)
    ask(f"{name}: the class pixels", lambda: store.class_pixels(image_id))  # fsck counts them anew
    past = ask(f"{name}: undo and redo", lambda: store.history(image_id))
    if past is not None:
        steps = tuple(tuple(each.revision for each in stack) for stack in past[:2])
        ask(f"{name}: the order of undo and redo", lambda: (steps, past.revision), exact=True)
    ask(f"{name}: the journal", lambda: store.journal(image_id))
    for revision in range(min(store.image(image_id).revision, _MOST_REVISIONS) + 1):
        ask(f"{name}: r{revision}", lambda r=revision: pixels(store.mask_at(image_id, r)), exact=is_kept)
        if revision:
            ask(
                f"{name}: the step to r{revision}",
                lambda r=revision: _deltas(dict(store.patch(image_id, r).deltas)),
                exact=True,
            )
    for key in (MODEL, reference_key("Grace")):
        kept = ask(
            f"{name}: whether a prediction {key} is kept",
            lambda k=key: store.prediction(image_id, k) is not None,
        )
        if kept:  # fsck says that one is gone
            ask(f"{name}: the prediction {key}", lambda k=key: _prediction(store, image_id, k), exact=True)
    ask(f"{name}: the predictions", lambda: store.prediction_keys(image_id))
    ask(f"{name}: the references", lambda: references.kept(store, image_id))
    ask(f"{name}: its planes", lambda: store.prediction_planes(image_id, MODEL))
    ask(f"{name}: its states", lambda: store.states(image_id, MODEL))
    ask(f"{name}: the events", lambda: store.events(image_id))
    ask(f"{name}: the comments", lambda: comments.threads(store, image_id))
    ask(
        f"{name}: what was decided",
        lambda: (deciding.decided(store, image_id), deciding.state(store, image_id)),
    )
    ask(f"{name}: the past", lambda: history.past(store, image_id))
    ask(f"{name}: what was worked", lambda: effort.worked_on(store, image_id))
    ask(f"{name}: what was looked at", lambda: provenance.looked(store, store.image(image_id)).share)


def _prediction(store: ProjectStore, image_id: str, key: str) -> object:
    found = store.prediction(image_id, key)
    return found and (found.complete, found.label.dense().tobytes(), found.confidence.dense().tobytes())


def _work(store: ProjectStore, image_id: str, ask: Asked) -> LabelMask | None:
    """Draw, undo, comment, decide; the mask as it is in memory then, None where nothing could be drawn."""
    name = image_id[:2]
    mask = ask(f"{name}: the mask to draw on", lambda: store.load_mask(image_id))
    past = ask(f"{name}: the steps", lambda: store.history(image_id))
    if mask is None or past is None:
        return None
    ask(f"{name}: the mask for drawing", lambda: pixels(mask), exact=image_id != BARE)
    before = mask.snapshot()
    at = past.revision
    patch = stroke(mask, Box(250, 250, 280, 268), 2)
    done = ask(f"{name}: a stroke", lambda: store.commit(image_id, patch, expected=at, status=Status.IN_WORK))
    if done is None:
        return before
    undone = patch.inverse()
    if (
        ask(
            f"{name}: an undo",
            lambda: store.commit(image_id, undone, kind="undo", target=done, expected=done),
        )
        is not None
    ):
        mask.apply(undone)
    ask(f"{name}: a comment", lambda: comments.comment(store, image_id, 1.0, 1.0, "here"))
    ask(
        f"{name}: a decision",
        lambda: deciding.decide(store, image_id, Status.DONE, expected=store.image(image_id).revision),
    )
    ask(f"{name}: a prediction", lambda: store.save_prediction(image_id, "new@1-1", _answer()))
    ask(f"{name}: another split", lambda: store.put_into(image_id, "val"))
    return mask


def _answer() -> Iterator[Prediction]:
    one = np.ones((SIZE.height, SIZE.width), np.uint8)
    yield Prediction(SIZE.box, one, one * 100)


def _project(folder: Path) -> Files:
    make(folder / "project")
    return read_all(folder)


class IndexTarget(StoreTarget):
    """project.db, of this format and of older ones."""

    images = IMAGES

    def specimens(self, folder: Path) -> list[Specimen]:
        """The index is mutated, the mask files are well."""
        found = [Specimen("index", _project(folder), ("project/project.db",))]
        for version in (2, 1):
            older(folder / "project", version)
            found.append(Specimen(f"index of format {version}", read_all(folder), ("project/project.db",)))
        return found


class MaskTarget(StoreTarget):
    """A mask file."""

    def specimens(self, folder: Path) -> list[Specimen]:
        """One with everything in it."""
        files = _project(folder)
        return [Specimen("mask", files, tuple(n for n in files if n.endswith(f"{CELL}.ltm")))]


class LockTarget(StoreTarget):
    """The lock that a killed process has left, in the middle of a stroke."""

    def specimens(self, folder: Path) -> list[Specimen]:
        """With an image at hand."""
        make(folder / "project")
        with quick_disk():
            store = ProjectStore.open(folder / "project")
            store.stroke_began(CELL)
            left = (folder / "project" / "lock").read_bytes()
            store.close()
        return [Specimen("lock", {**read_all(folder), "project/lock": left}, ("project/lock",))]


class ShardsTarget(StoreTarget):
    """What ranks leave of a pre-labelling, and taking it into the project. What is damaged of it is made again."""

    keeps = False

    def specimens(self, folder: Path) -> list[Specimen]:
        """One image is done."""
        root = folder / "project"
        make(root)
        shards = Shards(root / "shards" / MODEL)
        model_folder(shards.folder)
        (shards.folder / "weights.safetensors").unlink()
        said = {"image": BARE * 2}
        with Spool(shards.windows(BARE), said) as file:
            for window in _answer():
                file.add(window)
            file.end()
        plan = f'{{"key": "{MODEL}", "doubts": [], "chunks": [{chunk_of(BARE)}]}}'
        (shards.folder / "plan.json").write_text(plan)
        shards.journal(chunk_of(BARE)).write_text(
            f'{{"images": ["{BARE}"], "skipped": {{"{CELL}": "gone"}}}}'
        )
        files = read_all(folder)
        return [Specimen("shards", files, tuple(n for n in files if "/shards/" in n))]

    def read(self, folder: Path, ask: Asked) -> None:
        """How far it is, and the windows themselves."""
        ask("how far the ranks are", lambda: states(folder / "project"))
        for shards in all_shards(folder / "project"):
            path = shards.windows(BARE)
            ask("what the windows are of", lambda p=path: about(p))
            if path.exists():
                ask(
                    "the windows",
                    lambda p=path: [(w.box, w.label.tobytes()) for w in read_windows(p)],
                    exact=True,
                )

    def write(self, folder: Path, ask: Asked) -> None:
        """Take them; a prediction that comes in is the one that was made."""
        store = ask("the project for writing", lambda: ProjectStore.open(folder / "project"))
        if store is None:
            return
        with store:
            for shards in list(all_shards(folder / "project")):
                path = shards.folder / f"{CELL}.windows"
                ask("going on with windows", lambda p=path: _gone_on(p))
            reports = ask("what was taken", lambda: collect(store))
            ask.messages += [
                f"skipped: {each.reason}"
                for report in reports or ()
                for each in report.skipped
                if each.reason != "gone"
            ]
            found = ask("what came in", lambda: _prediction(store, BARE, MODEL))
            ask.must("a prediction that nobody made", holds=found in (None, self._made()))

    def _made(self) -> object:
        window = next(_answer())
        return (True, window.label.tobytes(), window.confidence.tobytes())


def _gone_on(path: Path) -> int:
    with Spool(path, {"image": "x"}) as file:
        windows = file.windows
    path.unlink()
    return windows


class ComparisonsTarget(Target):
    """What is kept of comparisons; it may go at any time, but it must not lie."""

    keeps = False

    def specimens(self, folder: Path) -> list[Specimen]:
        """One layer of two images."""
        kept = Comparisons(folder)
        for number, image in enumerate((CELL, OTHER)):
            regions = np.zeros(3, TABLE)
            regions[TABLE.names[0]] = number
            found = ImageComparison(
                State(3, "1 now", "stamp"), Sparse.of(np.arange(4)), {1: 0.5, 2: None}, regions
            )
            kept.put(MODEL, image, found, Sparse.of(np.arange(5)))
        return [Specimen("comparisons", read_all(folder))]

    def read(self, folder: Path, ask: Asked) -> None:
        """It is a cache: whoever reads it may make it anew."""

    def write(self, folder: Path, ask: Asked) -> None:
        """Ask, then add."""
        kept = Comparisons(folder)
        found = ask("what is kept", lambda: kept.of_layer(MODEL)) or {}
        for image, each in found.items():
            name = {CELL: "ab", OTHER: "cd"}.get(image)
            if name and each.state.stamp == "stamp" and each.state.revision == 3:
                ask(f"{name}: a comparison", lambda e=each: (e.boundary, e.regions.tobytes()), exact=True)
        ask("the calibration", lambda: kept.add_calibration(MODEL, list(found), np.zeros(5, np.int64)))
        ask("adding", lambda: kept.still_holds(MODEL, [(CELL, "other")]))
        ask("forgetting", lambda: kept.forget(MODEL, [CELL]))
        shutil.rmtree(folder / "cache", ignore_errors=True)
