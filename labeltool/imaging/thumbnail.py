"""Small pictures for lists, kept on disk because making them means decoding a whole image."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

import cv2
import numpy as np
from platformdirs import user_cache_path

from labeltool.core.progress import CancelToken
from labeltool.imaging.building import overview
from labeltool.imaging.display import first_display, render
from labeltool.imaging.file_pyramid import is_read_by_parts
from labeltool.imaging.open import open_image
from labeltool.imaging.pyramid_cache import PyramidCache
from labeltool.imaging.reader import Pixels
from labeltool.imaging.view import read_shown, sampled

CACHE_LIMIT = 256 << 20
"""Bytes of thumbnails kept on disk."""

_PRUNE_EVERY = 200


def thumbnail(
    path: Path,
    side: int,
    cache: ThumbnailCache | None = None,
    cancel: CancelToken | None = None,
    page: str = "",
) -> Pixels:
    """The image at a size whose longer side has at most ``side`` pixels; images are never enlarged.

    BadInputError as :func:`~labeltool.imaging.open.open_image`, CancelledError. Without ``cache`` the user's own is
    used.
    """
    cache = cache or ThumbnailCache()
    # Of a large image without overviews a rough one is all there is until its levels have been made; a fine one stays.
    levels = PyramidCache().has(path, page)
    kept = cache.get(_key(path, page, side, levels=True))
    if kept is None and not levels:
        kept = cache.get(_key(path, page, side, levels=False))
    if kept is not None:
        return kept
    with open_image(path, page) as reader:
        if is_read_by_parts(reader):
            values = overview(reader, side, PyramidCache(), cancel)
            display = first_display(reader.info, None if reader.info.is_plain else sampled(reader))
            pixels = render(values, display, reader.info.nodata)
        else:
            pixels = read_shown(reader)
        small = shrink(pixels, side)
    cache.put(_key(path, page, side, levels=levels), small)
    return small


def shrink(pixels: Pixels, side: int) -> Pixels:
    """Pixels at a size whose longer side has at most ``side`` pixels."""
    height, width = pixels.shape[:2]
    factor = min(1.0, side / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


class ThumbnailCache:
    """A folder of PNG files, the oldest deleted when they exceed ``limit`` bytes.

    A cache that cannot be read or written (disk full, no home) costs time and nothing else, so it never raises.
    """

    _puts = 0

    def __init__(self, folder: Path | None = None, limit: int = CACHE_LIMIT) -> None:
        self.folder = folder or user_cache_path("labeltool") / "thumbnails"
        self.limit = limit

    def get(self, key: str) -> Pixels | None:
        """The picture of a key, or None."""
        try:
            data = (self.folder / f"{key}.png").read_bytes()
        except OSError:
            return None
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
        return None if pixels is None else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)

    def put(self, key: str, pixels: Pixels) -> None:
        """Keep a picture; another process that reads meanwhile sees all of it or nothing."""
        _, data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_whole(self.folder / f"{key}.png", data.tobytes())
            if ThumbnailCache._puts % _PRUNE_EVERY == 0:
                self.prune()
            ThumbnailCache._puts += 1

    def prune(self) -> None:
        """Delete the oldest files until the rest fits the limit."""
        files = sorted(
            (entry.stat().st_mtime_ns, entry.stat().st_size, entry) for entry in self.folder.glob("*.png")
        )
        excess = sum(size for _, size, _ in files) - self.limit
        for _, size, entry in files:
            if excess <= 0:
                break
            entry.unlink(missing_ok=True)
            excess -= size


def _write_whole(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _key(path: Path, page: str, side: int, *, levels: bool) -> str:
    """Changes when the file does, and once its levels have been made; a missing file has a key too, and is refused when
    it is opened."""
    try:
        status = path.stat()
        stamp = f"{status.st_size}:{status.st_mtime_ns}"
    except OSError:
        stamp = "missing"
    name = f"{path.absolute()}:{page}:{stamp}:{side}{':levels' if levels else ''}"
    return hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()[:32]
