"""What is wrong with the labels of one image leaves that one out of a batch, and the others go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from labeltool.app.project import reason
from labeltool.core.errors import StoreError
from labeltool.core.project import ImageRecord, Skipped
from labeltool.store.scope import is_of_one_image


@contextmanager
def left_out(skipped: list[Skipped] | None = None, record: ImageRecord | None = None) -> Iterator[None]:
    """Ends the block where the labels of an image are damaged, or cannot be read or written. ``skipped``, where that is
    given, gets their file and the reason; or the file of ``record``, and theirs within the reason. StoreError for what
    is wrong with the whole project."""
    try:
        yield
    except StoreError as error:
        if not is_of_one_image(error):
            raise
        if skipped is None:
            return
        if record is None:
            skipped.append(Skipped(error.file or "", reason(error)))
        else:
            skipped.append(Skipped(str(record.path), str(error)))
