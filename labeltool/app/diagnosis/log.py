"""The log: what the program did and what went wrong, in a few files of bounded size in the user's folder of logs.

Versions, projects that were opened, long work begun and ended, errors with their tracebacks, what Qt complains of. No
pixels, no labels, nothing of what a file says of a patient: only the program's own words are written, not those of the
libraries, which quote what they stumble over. A log that cannot be written is one notice; the program goes on.
"""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import os
import platform
import time
import traceback
from collections.abc import Callable, Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from platformdirs import user_log_path

from labeltool import __version__
from labeltool.app.diagnosis import names
from labeltool.core.errors import LabeltoolError
from labeltool.core.system_lock import try_lock

NAME: Final = "labeltool.log"
MOST_BYTES: Final = 1_000_000
OLDER: Final = 4
"""Files that are kept beside the one that is written: ``labeltool.log.1`` is the newest of them."""
LONGEST: Final = 20_000
"""Characters of one entry."""
OFTEN: Final = 5
"""So often an entry is written; after that at the 10th, 100th, 1,000th ... time."""
_MOST_KNOWN: Final = 2_000

Trouble = Callable[[str], None]
log = logging.getLogger(__name__)


def folder() -> Path:
    """The user's folder of logs; it may not be there yet."""
    return user_log_path("labeltool", appauthor=False)


class RotatingLog(RotatingFileHandler):
    """Writes entries to a file that several processes share; the first of them that finds it too large moves it aside.

    Each entry is one write at the end of the file. ``trouble`` is told why, once, when nothing can be written.
    """

    def __init__(self, path: Path, trouble: Trouble, most_bytes: int = MOST_BYTES) -> None:
        super().__init__(
            path,
            maxBytes=most_bytes,
            backupCount=OLDER,
            encoding="utf-8",
            errors="backslashreplace",
            delay=True,
        )
        self._trouble = trouble
        self._told = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write an entry; nothing is raised."""
        try:
            text = self.format(record) + self.terminator
            stream = self._follow()
            if self._is_full(stream):
                stream = self._rotate()
            stream.write(text)
        except OSError as error:
            self._give_up(error)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Let go of the file, also where its last bytes cannot be written."""
        with contextlib.suppress(OSError):
            super().close()

    def _open(self) -> io.TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        raw = io.FileIO(self.baseFilename, "a")
        # Nothing between the text and the file: a buffer would try again and again what a full disk refuses.
        return io.TextIOWrapper(raw, "utf-8", self.errors, newline="\n", write_through=True)

    def _follow(self) -> io.TextIOWrapper:
        """Write where the name leads: another process may have moved the file aside, or somebody deleted it."""
        if self.stream is not None and not _same_file(self.stream.fileno(), Path(self.baseFilename)):
            with contextlib.suppress(OSError):
                self.stream.close()
            self.stream = None
        if self.stream is None:
            self.stream = self._open()
        return self.stream

    def _is_full(self, stream: io.TextIOWrapper) -> bool:
        return os.fstat(stream.fileno()).st_size >= self.maxBytes

    def _rotate(self) -> io.TextIOWrapper:
        """One process at a time; where another is at it, or holds the file (on Windows), this entry goes to the end."""
        with contextlib.suppress(OSError), Path(f"{self.baseFilename}.lock").open("a") as lock:
            if try_lock(lock.fileno()) is not False and self._is_full(self._follow()):
                self.doRollover()
        return self._follow()

    def _give_up(self, error: OSError) -> None:
        if not self._told:
            self._told = True
            self._trouble(error.strerror or str(error))


def _same_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False


class _Formatter(logging.Formatter):
    """``2026-01-31T09:05:00.123Z 4711 ERROR jobs: text``; what follows on more lines is indented, so that no text can
    look like an entry."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s.%(msecs)03dZ %(process)d %(levelname)s %(name)s: %(message)s")
        self.datefmt = "%Y-%m-%dT%H:%M:%S"

    def format(self, record: logging.LogRecord) -> str:
        """One entry, with the names of files marked."""
        entry = copy.copy(record)
        entry.exc_text = None  # another handler's, with the names as they are
        if isinstance(entry.args, tuple):
            entry.args = tuple(_plain(argument) for argument in entry.args)
        entry.name = entry.name.removeprefix("labeltool.")
        text = super().format(entry).replace("\r", "\n").replace("\n", "\n    ")
        return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}\n    …\n    {text[-LONGEST // 2 :]}"

    def formatException(self, info: Any) -> str:  # noqa: N802 - logging calls it so
        """A traceback, with the names of files marked."""
        return trace_of(info[1], info[2])


def _plain(argument: object) -> object:
    if isinstance(argument, BaseException):
        return names.told(argument)
    return names.marked(argument) if isinstance(argument, Path) else argument


def trace_of(error: BaseException, trace: TracebackType | None = None) -> str:
    """The traceback of an error and its causes as a text, with the names of files marked."""
    trace = trace or error.__traceback__
    text = "".join(traceback.format_exception(type(error), error, trace)).rstrip()
    return names.mark(text, error)


class _Seldom(logging.Filter):
    """Lets the same entry pass a few times, then at powers of ten only."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, int, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write it."""
        key = (record.name, record.levelno, record.getMessage()[:500])
        if len(self._seen) > _MOST_KNOWN:
            self._seen.clear()
        count = self._seen[key] = self._seen.get(key, 0) + 1
        return count <= OFTEN or is_power_of_ten(count)


def is_power_of_ten(count: int) -> bool:
    """1, 10, 100, ..."""
    return set(str(count)[1:]) <= {"0"} and str(count)[0] == "1"


@contextlib.contextmanager
def kept(what: str, trouble: Trouble, at: Path | None = None) -> Iterator[None]:
    """Keep the log while ``what`` ("window", "export") runs. ``trouble`` is told why, once, when it cannot
    be written."""
    ours = logging.getLogger("labeltool")
    level = ours.level
    handler = RotatingLog((at or folder()) / NAME, trouble)
    handler.setFormatter(_Formatter())
    handler.addFilter(_Seldom())
    ours.addHandler(handler)
    if not ours.isEnabledFor(logging.INFO):
        ours.setLevel(logging.INFO)
    begun_s = time.monotonic()
    log.info(
        "begin %s: labeltool %s, Python %s, %s",
        what,
        __version__,
        platform.python_version(),
        platform.platform(),
    )
    try:
        yield
    except BaseException as error:
        unexpected = error if isinstance(error, Exception) and not isinstance(error, LabeltoolError) else None
        log.log(logging.ERROR if unexpected else logging.WARNING, "%s: %s", what, error, exc_info=unexpected)
        raise
    finally:
        log.info("end %s, after %.1f s", what, time.monotonic() - begun_s)
        ours.removeHandler(handler)
        ours.setLevel(level)
        handler.close()


def end_of(process: int | None = None, since: str = "", at: Path | None = None, most: int = 60_000) -> str:
    """The newest entries of a process, or of all, from a time as the log writes it on: at most so many characters."""
    entries: list[str] = []
    for name in (f"{NAME}.1", NAME):
        try:
            lines = ((at or folder()) / name).read_text("utf-8", "replace").splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith("    ") and entries:
                entries[-1] += f"\n{line}"
            else:
                entries.append(line)
    found: list[str] = []
    size = 0
    for entry in reversed(entries):
        when, number, *_ = [*entry.split(" ", 2), "", ""]
        if (process is None or number == str(process)) and when >= since:
            size += len(entry)
            if size > most and found:
                break
            found.append(entry)
    return "\n".join(reversed(found))
