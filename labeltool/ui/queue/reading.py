"""``queue.json`` as it is on disk now, with what became of its entries. For a lane: it opens mask files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.progress import CancelToken
from labeltool.ui.words import translated

if TYPE_CHECKING:
    from labeltool.app.queue import Queue, State
    from labeltool.store.project import ProjectStore

Stamp = tuple[int, int]
NO_FILE: Stamp = (0, 0)


class Reading(NamedTuple):
    """The queue (None where nobody has ranked, or where the file is damaged, as ``problem`` says), the states of its
    entries, what its strategy is called and whether that ``asks`` a model. ``stamp`` tells one file from the next."""

    stamp: Stamp
    queue: Queue | None = None
    states: tuple[State, ...] = ()
    strategy: str = ""
    asks: bool = True
    problem: LabeltoolError | None = None


def read(store: ProjectStore, known: Stamp | None, cancel: CancelToken) -> Reading | None:
    """Read the queue of a project; None where it is the one that is ``known``."""
    from labeltool.app.queue import read_queue, states_of, strategy_called  # noqa: PLC0415

    stamp = _stamp(store.root)
    if stamp == known:
        return None
    try:
        queue = read_queue(store.root)
    except BadInputError as error:
        return Reading(stamp, problem=error)
    if queue is None:
        return Reading(stamp)
    states = tuple(states_of(store, queue.suggestions, cancel))
    try:
        strategy = strategy_called(queue.strategy)
    except LabeltoolError:  # of a plug-in that is not installed any more
        return Reading(stamp, queue, states, queue.strategy)
    return Reading(
        stamp, queue, states, translated(strategy.title), strategy.predictions or strategy.embeddings
    )


def _stamp(root: Path) -> Stamp:
    from labeltool.app.queue.queue import FILE  # noqa: PLC0415

    try:
        found = (root / FILE).stat()
    except OSError:
        return NO_FILE
    return found.st_mtime_ns, found.st_size
