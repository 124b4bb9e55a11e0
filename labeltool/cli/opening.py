"""Opening a project for a command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from labeltool.cli.output import Output
from labeltool.core.errors import StoreError

if TYPE_CHECKING:
    from labeltool.store.project import ProjectStore


def open_project(root: Path, out: Output, *, write: bool = True) -> ProjectStore:
    """The project at ``root``; says what was recovered. StoreError when it cannot be written and should be."""
    from labeltool.store.project import ProjectStore

    store = ProjectStore.open(root, write=write)
    for line in (store.recovery, *store.notices):
        if line is not None:
            out.notice(str(line))
    if write and store.read_only_reason:
        store.close()
        raise StoreError("the project can only be read", file=root, hint=store.read_only_reason)
    return store
