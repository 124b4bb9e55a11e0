"""Unsaved work of a project that is open: what an earlier session left goes on here, and what somebody else's changes
keep from being saved is kept beside them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from labeltool.app.filling import when_drawn
from labeltool.app.rescuing import BroughtBack, Resumed, keep_both, not_back, resume
from labeltool.app.saving import SaveState
from labeltool.core.change import Signal
from labeltool.core.errors import ConflictError, LabeltoolError
from labeltool.store.predictions import reference_key

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench

log = logging.getLogger(__name__)


class Unsaved:
    """Follows the saver of a workbench, on the workbench's thread."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self.kept_both: Signal[BroughtBack] = Signal()
        """Somebody else had changed an image: their work stays, and what could not be saved lies beside it."""
        self.brought_back: Signal[BroughtBack] = Signal()
        """Changes of an earlier session that could not be saved are in the project now."""
        self._keeping: set[str] = set()  # images whose changes are being kept beside somebody else's
        self._resumed: dict[str, Resumed] = {}

    @property
    def keeping(self) -> bool:
        """True while changes are being kept beside somebody else's: that is worth waiting for."""
        return bool(self._keeping)

    @property
    def resumed(self) -> list[Resumed]:
        """What waits to be saved since an earlier session."""
        return list(self._resumed.values())

    # ---- what an earlier session left

    def take_up(self, paths: Sequence[Path]) -> None:
        """Go on with files of unsaved work as if their session had never ended, before any image is opened: what they
        hold is shown, and waits to be saved with all else; ``brought_back`` or ``kept_both`` follows. What cannot be
        read stays where it is, and ``store.notices`` say why."""
        for path in paths:
            try:
                self._take_up(path)
            except LabeltoolError as error:
                self._bench.store.notices.append(not_back(path, error))

    def _take_up(self, path: Path) -> None:
        bench = self._bench
        try:
            found = resume(bench.store, path)
        except ConflictError:
            self._keep_file(path)
            return
        if found.image_id in self._resumed:  # of two files of one image only the first can follow
            self._keep_file(path)
        elif found.operations:
            self._resumed[found.image_id] = found
            bench.rescue.adopt(found)
            bench.saver.save(found.image_id, *found.operations)
            bench.renew_record(found.image_id)

    def _keep_file(self, path: Path) -> None:
        """What a file holds becomes a layer beside the annotation, with which nothing happens."""

        def work() -> BroughtBack:
            kept = keep_both(self._bench.store, path)
            path.unlink(missing_ok=True)
            return kept

        self._insist(work, lambda: None)

    def look(self, state: SaveState) -> None:
        """Something was saved, or was not."""
        if isinstance(state.error, ConflictError):
            self._keep_both(state.image_id)
        found = self._resumed.get(state.image_id)
        if found is not None and state.error is None and state.saved >= found.operations[-1].revision:
            del self._resumed[state.image_id]
            self.brought_back.emit(found.saved())

    # ---- what somebody else has changed meanwhile

    def _keep_both(self, image_id: str) -> None:
        """Somebody else has changed an image: what could not be saved becomes a layer beside their work, and the image
        is opened again."""
        bench = self._bench
        image = bench.open if bench.open is not None and bench.open.record.id == image_id else None
        if image is not None and image.session.painting:
            when_drawn(image.session, lambda: self._keep_both(image_id))
            return
        if image_id in self._keeping:
            return
        self._keeping.add(image_id)
        self._resumed.pop(image_id, None)
        mask = None
        if image is not None:
            bench.hold()
            mask = image.session.mask.snapshot()

        def work() -> BroughtBack:
            bench.rescue.keep(image_id, bench.saver.unsaved()[image_id])
            kept = keep_both(bench.store, bench.rescue.file_of(image_id), mask)
            bench.saver.settle(image_id)
            return kept

        def reopen() -> None:
            if bench.wanted == image_id:
                bench.open_image(image_id)

        self._insist(work, reopen, image_id)

    def _insist(self, work: Callable[[], BroughtBack], then: Callable[[], None], image_id: str = "") -> None:
        def told(future: Future[BroughtBack]) -> None:
            self._keeping.discard(image_id)
            if future.cancelled() or future.exception() is not None:
                self._bench.report(future)
            else:
                self._kept(future.result())
                then()

        deliver = self._bench.lanes.deliver
        self._bench.saver.insist(work).add_done_callback(lambda future: deliver(lambda: told(future)))

    def _kept(self, kept: BroughtBack) -> None:
        bench = self._bench
        log.info("%s", kept)
        bench.say_saved()
        bench.layers_changed.emit(None)
        bench.renew_record(kept.image_id)
        self.kept_both.emit(kept)
        if bench.wanted == kept.image_id:
            bench.show_layer(reference_key(kept.layer))
