"""The store as the saver sees it: an operation, and the status that follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeltool.app.session import Operation

if TYPE_CHECKING:
    from labeltool.store.project import ProjectStore


class Journal:
    """Writes operations of sessions."""

    def __init__(self, store: ProjectStore) -> None:
        self._store = store

    def commit_operation(self, image_id: str, operation: Operation) -> None:
        """Write one operation; the image is in work from now on, or pre-labelled when a model began it, or what
        somebody decided on the pixels that it leads to."""
        before = self._store.image(image_id).status
        revision = self._store.commit(
            image_id,
            operation.patch,
            kind=operation.kind,
            target=operation.target,
            expected=operation.revision - 1,
            status=before.after(operation.patch.kind),
        )
        if operation.kind == "do":
            self._store.stroke_saved(image_id, revision)
