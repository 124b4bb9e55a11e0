"""The folder of pyramids that were made for files without overviews; the oldest go when it becomes too large."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from pathlib import Path

from platformdirs import user_cache_path

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.memory import GIB, MIB
from labeltool.imaging.pyramid_file import PLAIN, Form, PyramidFile, length

LIMIT_VARIABLE = "LABELTOOL_CACHE_MB"
_DEFAULT_LIMIT = 20 * GIB
_SPARE = 256 * MIB
_DAY_S = 24 * 3600


def cache_limit() -> int:
    """Bytes that pyramids may take on disk: what the environment variable LABELTOOL_CACHE_MB says, else 20 GiB."""
    try:
        return int(os.environ[LIMIT_VARIABLE]) * MIB
    except (KeyError, ValueError):
        return _DEFAULT_LIMIT


class PyramidCache:
    """Pyramids by path, size and time of change of the image. ``limit`` is in bytes."""

    def __init__(self, folder: Path | None = None, limit: int | None = None) -> None:
        self.folder = folder or user_cache_path("labeltool") / "pyramids"
        self.limit = cache_limit() if limit is None else limit

    def find(self, image: Path, size: Size, form: Form = PLAIN, page: str = "") -> PyramidFile | None:
        """The pyramid of an image, None when it has not been made or the image has changed since."""
        path = self._path(image, page)
        found = PyramidFile.open(path, size, form)
        if found is None:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # used just now
        return found

    def has(self, image: Path, page: str = "") -> bool:
        """Whether there is a pyramid of an image as it is now; nobody has looked whether it is sound."""
        try:
            return self._path(image, page).exists()
        except OSError:
            return False

    def begin(self, image: Path, size: Size, first: int, form: Form = PLAIN, page: str = "") -> PyramidFile:
        """A new pyramid, to be handed to :meth:`finish` or :meth:`abandon`; ``first`` is its finest level.

        BadInputError that names how much is needed when it does not fit the limit or the disk.
        """
        needed = length(size, first, form)
        if needed > self.limit:
            raise self._no_room(
                image, needed, f"the cache may take {_mb(self.limit)} MB", f"Raise {LIMIT_VARIABLE}"
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.prune(needed)
            free = shutil.disk_usage(self.folder).free
            if needed + _SPARE > free:
                raise self._no_room(image, needed + _SPARE, f"{_mb(free)} MB are free", "Make room")
            path = self._path(image, page)
            partial = path.with_name(f"{path.stem}.{os.getpid()}-{time.monotonic_ns()}.partial")
            return PyramidFile(partial, size, first, form, new=True)
        except OSError as error:
            raise self._unwritable(error) from error

    def finish(self, made: PyramidFile, image: Path, page: str = "") -> None:
        """All tiles are written: others may find the pyramid from now on."""
        path = self._path(image, page)
        try:
            made.flush()
            made.path.replace(path)
        except OSError as error:
            raise self._unwritable(error) from error
        made.path = path

    def abandon(self, made: PyramidFile) -> None:
        """Throw away a pyramid that was not finished."""
        made.close()
        with contextlib.suppress(OSError):
            made.path.unlink(missing_ok=True)

    def prune(self, needed: int = 0) -> None:
        """Delete the oldest pyramids until the others and ``needed`` bytes fit the limit; remains of a crash go too."""
        now = time.time()
        for partial in self.folder.glob("*.partial"):
            with contextlib.suppress(OSError):
                if now - partial.stat().st_mtime > _DAY_S:
                    partial.unlink()
        kept = sorted(
            (each.stat().st_mtime_ns, each.stat().st_size, each) for each in self.folder.glob("*.tiles")
        )
        excess = sum(bytes_ for _, bytes_, _ in kept) + needed - self.limit
        for _, bytes_, path in kept:
            if excess <= 0:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                excess -= bytes_

    def _path(self, image: Path, page: str) -> Path:
        status = image.stat()
        name = f"{image.absolute()}:{page}:{status.st_size}:{status.st_mtime_ns}".encode(
            errors="surrogateescape"
        )
        return self.folder / f"{hashlib.sha256(name).hexdigest()[:32]}.tiles"

    def _unwritable(self, error: OSError) -> BadInputError:
        return BadInputError(
            f"the cache of large images cannot be written: {error.strerror or error}",
            file=self.folder,
            hint="Check the permissions and the space of that folder",
        )

    def _no_room(self, image: Path, needed: int, there: str, hint: str) -> BadInputError:
        return BadInputError(
            f"unpacking the image needs {_mb(needed)} MB in {self.folder}, and {there}",
            file=image,
            hint=f"{hint}, or save the image as a tiled TIFF with overviews, which needs nothing",
        )


def _mb(bytes_: int) -> str:
    return f"{-(-bytes_ // 1_000_000):,}"
