"""What the window said it has done, held against what is on disk once the project is closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from labeltool.core.mask import LabelMask
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.saving import SaveState
    from labeltool.app.session import Operation
    from labeltool.app.workbench import Workbench


class Done(NamedTuple):
    """An operation as the hand saw it."""

    revision: int
    kind: str
    title: str


class Left(NamedTuple):
    """The image at hand as it was when the project was closed."""

    image_id: str
    revision: int
    mask: LabelMask


class Ledger:
    """Keeps every operation of a project that is open, and every revision that was said to be saved."""

    def __init__(self) -> None:
        self.operations = 0
        self.opened = 0
        """Images that came to be at hand."""
        self._done: dict[str, list[Done]] = defaultdict(list)
        self._saved: dict[str, int] = {}
        self._left: Left | None = None
        self._bench: Workbench | None = None

    def follow(self, bench: Workbench) -> None:
        """Keep account of this project from now on."""
        self._done.clear()
        self._saved.clear()
        self._left, self._bench = None, bench
        bench.image_opened.connect(self._opened)
        bench.saved.connect(self._was_saved)
        if bench.open is not None:
            self._opened(bench.open)

    def leave(self) -> None:
        """It is about to be closed: what is seen now must be what is there afterwards."""
        image = None if self._bench is None else self._bench.open
        if image is not None and not image.session.painting:
            self._left = Left(image.record.id, image.session.revision, image.session.mask.snapshot())

    def lost(self, root: Path) -> list[str]:
        """Of a project that was closed: what was done or acknowledged, and is not there."""
        self._bench = None
        seen = set() if self._left is None else {self._left.image_id}
        _bring_back(root, {*self._done, *self._saved, *seen})
        with ProjectStore.open(root, write=False) as store:
            wrong = list(self._wrong(store))
        self._done.clear()
        self._left = None
        return wrong

    def _wrong(self, store: ProjectStore) -> Iterator[str]:
        for image_id, done in self._done.items():
            journal = {e.revision: Done(e.revision, e.kind, e.title) for e in store.journal(image_id)}
            yield from (f"{image_id}: {each} is lost" for each in done if journal.get(each.revision) != each)
        for image_id, revision in self._saved.items():
            there = store.image(image_id).revision
            if there < revision:
                yield f"{image_id}: r{revision} was acknowledged, r{there} is there"
        if self._left is not None:
            yield from self._compare(store, self._left)

    def _compare(self, store: ProjectStore, left: Left) -> list[str]:
        newest = store.image(left.image_id).revision
        if newest < left.revision:
            return [f"{left.image_id}: r{left.revision} was seen, r{newest} is there"]
        now = newest == left.revision
        there = store.load_mask(left.image_id) if now else store.mask_at(left.image_id, left.revision)
        if there.same_pixels(left.mask):
            return []
        return [f"{left.image_id}: r{left.revision} on disk is not what was seen"]

    def _opened(self, image: OpenImage | None) -> None:
        if image is None:
            return
        self.opened += 1
        image_id = image.record.id

        def committed(operation: Operation) -> None:
            self.operations += 1
            self._done[image_id].append(Done(operation.revision, operation.kind, operation.patch.title))

        image.session.committed.connect(committed)

    def _was_saved(self, state: SaveState) -> None:
        if state.error is None:
            self._saved[state.image_id] = max(state.saved, self._saved.get(state.image_id, 0))


def _bring_back(root: Path, worked_on: set[str]) -> None:
    """What was taken out of the project must come back from its trash as it was."""
    with ProjectStore.open(root, write=False) as store:
        gone = worked_on - {record.id for record in store.images()}
    if gone:
        with ProjectStore.open(root) as store:
            store.bring_back(gone)


def errors(root: Path) -> list[str]:
    """What fsck finds wrong."""
    return [str(finding) for finding in check(root) if finding.severity == "error"]
