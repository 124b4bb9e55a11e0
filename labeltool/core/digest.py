"""What a file or an image is known by wherever it lies: SHA-256, as hexadecimal digits."""

from __future__ import annotations

import hashlib
from pathlib import Path

from labeltool.core.progress import CancelToken

PIECE_BYTES = 1 << 22


def file_hash(path: Path, cancel: CancelToken | None = None) -> str:
    """SHA-256 of a file's bytes. OSError when it cannot be read, CancelledError after a cancel."""
    with path.open("rb") as file:
        if cancel is None:
            return hashlib.file_digest(file, "sha256").hexdigest()
        digest = hashlib.sha256()
        while piece := file.read(PIECE_BYTES):
            cancel.check()
            digest.update(piece)
        return digest.hexdigest()


def image_digest(path: Path, page: str = "") -> str:
    """The digest of one image of a file, read from its bytes. OSError when it cannot be read."""
    return page_digest(file_hash(path), page)


def page_digest(sha256: str, page: str) -> str:
    """The same where the file's hash is known already, as that of an image record is; a file that holds one image (an
    empty ``page``) has the digest of its bytes."""
    return hashlib.sha256(f"{sha256}\n{page}".encode()).hexdigest() if page else sha256
