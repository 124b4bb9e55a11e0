"""Opening a project for a command."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from labeltool.cli.output import Output
from labeltool.core.errors import StoreError

if TYPE_CHECKING:
    from labeltool.store.project import ProjectStore

log = logging.getLogger(__name__)


BACKUP_S = 2.0
"""Backups at the end of a command take no longer, or half as long as the command itself. What they leave out is due
until the window is opened, or the image is touched again."""


@contextmanager
def open_project(root: Path, out: Output, *, write: bool = True) -> Iterator[ProjectStore]:
    """The project at ``root``, until the block ends; says what was recovered. What was changed is backed up then.

    StoreError when it cannot be written and should be.
    """
    began_s = time.monotonic()
    with _opened(root, out, write=write) as store:
        yield store
        if write and not out.cancel.cancelled:
            _back_up(store, out, max(BACKUP_S, (time.monotonic() - began_s) / 2))


def _back_up(store: ProjectStore, out: Output, at_most_s: float) -> None:
    from labeltool.store.backups import keep

    kept = keep(store.root, store.touched, out.cancel, at_most_s)
    for error in kept.troubles:
        out.notice(str(error))


def _opened(root: Path, out: Output, *, write: bool) -> ProjectStore:
    from labeltool.store.project import ProjectStore

    store = ProjectStore.open(root, write=write)
    log.info("opened %s%s", store.root, "" if write else " for reading only")
    for line in (store.recovery, *store.notices):
        if line is not None:
            out.notice(str(line))
    if write and store.read_only_reason:
        store.close()
        raise StoreError("the project can only be read", file=root, hint=store.read_only_reason)
    return store
